/* SPDX-License-Identifier: BSD-3-Clause */
/* Which steps of stages are in force: by the state directory, by what the
 * daemon knows, and by who wants another step. */
#include "conf/stage.h"

#include <sys/stat.h>

#include <check.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "conf/load.h"
#include "conf/value.h"

static char folder[64], path[128], state_path[128];
static struct diag diag;

static void
setup(void)
{
	strcpy(folder, "/tmp/meridian-stage-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/m.yaml", folder);
	snprintf(state_path, sizeof(state_path), "%s/stages.json", folder);
	diag_init(&diag);
}

static void
teardown(void)
{
	unlink(path);
	unlink(state_path);
	rmdir(folder);
	diag_fini(&diag);
}

static void
put(const char *at, const char *text)
{
	struct error err;

	ck_assert_msg(
	    file_replace(at, text, strlen(text), &err), "%s", err.text);
}

/* Two stages of three and two steps. */
static struct conf *
load(const struct stage_state *state)
{
	char text[2048];

	snprintf(text, sizeof(text),
	    "meridian: 1\nserver: {state: %s}\nregions: {eu: {}, us: {}}\n"
	    "pools: {w: {regions: {eu: [{addr: 192.0.2.1}],"
	    " us: [{addr: 192.0.2.2}]}}}\n"
	    "policies:\n"
	    "  p: {rules: [{regions: [eu]}]}\n"
	    "  q: {rules: [{regions: [us]}]}\n"
	    "names: {a.example.com: {pool: w}, b.example.com: {pool: w}}\n"
	    "stages:\n"
	    "  s:\n    steps:\n"
	    "      - {name: one, policies: {a.example.com: p}}\n"
	    "      - {name: two, policies: {a.example.com: q}}\n"
	    "      - {name: three, policies: {a.example.com: p}}\n"
	    "  t:\n    steps:\n"
	    "      - {name: one, policies: {b.example.com: p}}\n"
	    "      - {name: two, policies: {b.example.com: q}}\n",
	    folder);
	put(path, text);
	return conf_load_stages(path, state, &diag);
}

#define ENTRY(stage, step) \
	"{\"stage\": \"" stage "\", \"step\": \"" step "\", " \
	"\"owner\": \"ana\", \"reason\": \"why\", \"since\": 7}"
#define FILE_OF(entries) "{\"version\": 1, \"stages\": [" entries "]}"
#define MEND \
	"; repair the file, or move it away: then each stage is in its first " \
	"step"

static void
expect_error(unsigned line, const char *message)
{
	ck_assert_uint_eq(diag.nerrors, 1);
	ck_assert_str_eq(diag.entries.at[0].message, message);
	ck_assert_uint_eq(diag.entries.at[0].mark.line, line);
}

static void
expect_step(const struct conf *c, size_t stage, size_t step, bool entered)
{
	const struct conf_stage *s = &c->stages[stage];

	ck_assert_uint_eq(s->step, step);
	ck_assert_int_eq(s->since, entered ? 7 : 0);
	if (entered) {
		ck_assert_str_eq(s->owner, "ana");
		ck_assert_str_eq(s->reason, "why");
	}
	ck_assert_uint_eq(c->names[stage].policy, step == 1);
}

/* steps -1: it is refused. */
static const struct {
	const char *file; /* NULL: none */
	int s, t;
	bool s_entered, t_entered;
	unsigned line;
	const char *error;
} files[] = {
    {NULL, 0, 0, false, false, 0, NULL},
    {FILE_OF(""), 0, 0, false, false, 0, NULL},
    {FILE_OF(ENTRY("s", "two")), 1, 0, true, false, 0, NULL},
    {FILE_OF(ENTRY("s", "three")), 2, 0, true, false, 0, NULL},
    {FILE_OF(ENTRY("s", "one")), 0, 0, true, false, 0, NULL},
    {FILE_OF(ENTRY("t", "two") ", " ENTRY("s", "two")), 1, 1, true, true, 0,
	NULL},
    {FILE_OF(ENTRY("u", "two") ", " ENTRY("t", "two")), 0, 1, false, true, 0,
	NULL},
    {"{", -1, 0, false, false, 1,
	"not JSON: string or '}' expected near end of file" MEND},
    {"{\"version\": 1,\n\n\"stages\": [}", -1, 0, false, false, 3,
	"not JSON: unexpected token near '}'" MEND},
    {"{\"version\": 1, \"version\": 1, \"stages\": []}", -1, 0, false, false, 1,
	"not JSON: duplicate object key near '\"version\"'" MEND},
    {"{\"version\": 2, \"stages\": []}", -1, 0, false, false, 0,
	"no stages of version 1" MEND},
    {"{\"version\": 0, \"stages\": []}", -1, 0, false, false, 0,
	"no stages of version 1" MEND},
    {"{\"version\": 1, \"stages\": {}}", -1, 0, false, false, 0,
	"no stages of version 1" MEND},
    {"{\"version\": 1}", -1, 0, false, false, 0, "no stages of version 1" MEND},
    {"[]", -1, 0, false, false, 0, "no stages of version 1" MEND},
    {FILE_OF(ENTRY("s", "two") ", 1"), -1, 0, false, false, 0,
	"entry 2 of \"stages\" cannot be understood" MEND},
    {FILE_OF("{\"stage\": \"s\"}"), -1, 0, false, false, 0,
	"entry 1 of \"stages\" cannot be understood" MEND},
    {FILE_OF(ENTRY("t", "three")), -1, 0, false, false, 15, NULL},
};

START_TEST(the_state_directory_says_which_steps_are_in_force)
{
	struct conf *c;

	if (files[_i].file != NULL)
		put(state_path, files[_i].file);
	c = load(NULL);
	ck_assert_int_eq(c != NULL, files[_i].s >= 0);
	if (files[_i].error != NULL)
		expect_error(files[_i].line, files[_i].error);
	else
		ck_assert_uint_eq(diag.nerrors, files[_i].s < 0);
	if (c == NULL)
		return;
	ck_assert_uint_eq(diag.nerrors, 0);
	expect_step(c, 0, (size_t)files[_i].s, files[_i].s_entered);
	expect_step(c, 1, (size_t)files[_i].t, files[_i].t_entered);
	conf_free(c);
}
END_TEST

START_TEST(a_step_in_force_that_is_gone_is_an_error)
{
	char want[512];

	put(state_path, FILE_OF(ENTRY("t", "three")));
	ck_assert_ptr_null(load(NULL));
	snprintf(want, sizeof(want),
	    "stage \"t\" is in its step \"three\" by %s, which is not declared: "
	    "declare it, or go to another step first, by meridianctl promote or "
	    "rollback",
	    state_path);
	expect_error(15, want);
}
END_TEST

/* What the daemon knows is above the file. */
START_TEST(what_the_daemon_knows_overrides_the_file)
{
	json_t *saved = json_loads("[" ENTRY("s", "three") "]", 0, NULL);
	struct stage_state state = {.saved = saved, .folder = folder};
	struct conf *c;

	put(state_path, FILE_OF(ENTRY("s", "two") ", " ENTRY("t", "two")));
	c = load(&state);
	ck_assert_ptr_nonnull(c);
	expect_step(c, 0, 2, true);
	expect_step(c, 1, 0, false);
	conf_free(c);
	json_decref(saved);
}
END_TEST

START_TEST(a_wanted_step_is_above_all)
{
	static const struct {
		const char *stage, *step, *error;
		unsigned line;
	} rows[] = {
	    {"s", "two", NULL, 0},
	    {"s", "four", "stage \"s\" has no step \"four\"", 10},
	    {"x", "two", "there is no stage \"x\"", 0},
	};

	put(state_path, FILE_OF(ENTRY("s", "gone") ", " ENTRY("t", "two")));
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		const struct stage_want want = {
		    rows[i].stage, rows[i].step, "ana", "why", 7};
		const struct stage_state state = {.want = &want};
		struct conf *c;

		diag_fini(&diag);
		diag_init(&diag);
		c = load(&state);
		ck_assert_int_eq(c != NULL, rows[i].error == NULL);
		if (c == NULL) {
			size_t last = diag.entries.n - 1;

			ck_assert_str_eq(
			    diag.entries.at[last].message, rows[i].error);
			ck_assert_uint_eq(
			    diag.entries.at[last].mark.line, rows[i].line);
			continue;
		}
		expect_step(c, 0, 1, true);
		expect_step(c, 1, 1, true);
		conf_free(c);
	}
}
END_TEST

/* One that was removed meanwhile, and its step with it: nobody could go back
 * to that step before. */
START_TEST(a_stage_that_comes_back_without_its_step_is_in_its_first)
{
	json_t *saved = json_loads(
	    "[" ENTRY("s", "gone") ", " ENTRY("t", "two") "]", 0, NULL);
	json_t *known = json_pack("{s:b}", "t", 1);
	const struct stage_state state = {
	    .saved = saved, .folder = folder, .known = known};
	struct conf *c = load(&state);

	ck_assert_ptr_nonnull(c);
	ck_assert_uint_eq(diag.entries.n, 1);
	ck_assert_str_eq(diag.entries.at[0].message,
	    "stage \"s\" was in step \"gone\" before it was removed, and this "
	    "step is no longer declared: its first step is in force");
	expect_step(c, 0, 0, false);
	expect_step(c, 1, 1, true);
	conf_free(c);
	/* Of one that is in service it is an error. */
	json_object_set_new(known, "s", json_true());
	ck_assert_ptr_null(load(&state));
	json_decref(known);
	json_decref(saved);
}
END_TEST

START_TEST(what_is_saved_keeps_stages_that_are_not_declared)
{
	json_t *saved = json_loads(
	    "[" ENTRY("gone", "x") ", " ENTRY("s", "two") ", 1]", 0, NULL);
	json_t *want = json_loads(
	    "[" ENTRY("s", "three") ", " ENTRY("gone", "x") "]", 0, NULL);
	const struct stage_want step = {"s", "three", "ana", "why", 7};
	const struct stage_state state = {.want = &step};
	struct conf *c = load(&state);
	json_t *list;

	ck_assert_ptr_nonnull(c);
	list = stages_saved(saved, c);
	ck_assert(json_equal(list, want));
	json_decref(list);
	json_decref(want);
	json_decref(saved);
	conf_free(c);
}
END_TEST

START_TEST(a_stage_and_its_step_are_split_at_the_slash)
{
	static const struct {
		const char *text, *stage, *step;
	} rows[] = {
	    {"a/b", "a", "b"},
	    {"ab/cd", "ab", "cd"},
	    {"a/b/c", "a", "b/c"},
	    {"a/", NULL, NULL},
	    {"/b", NULL, NULL},
	    {"/", NULL, NULL},
	    {"ab", NULL, NULL},
	    {"", NULL, NULL},
	};
	struct arena *arena = arena_new();

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct stage_want want;

		ck_assert_int_eq(stage_split(arena, rows[i].text, &want),
		    rows[i].stage != NULL);
		if (rows[i].stage == NULL)
			continue;
		ck_assert_str_eq(want.stage, rows[i].stage);
		ck_assert_str_eq(want.step, rows[i].step);
	}
	arena_free(arena);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("stage");
	TCase *tc = tcase_create("stage");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    the_state_directory_says_which_steps_are_in_force, 0,
	    sizeof(files) / sizeof(files[0]));
	tcase_add_test(tc, a_step_in_force_that_is_gone_is_an_error);
	tcase_add_test(tc, what_the_daemon_knows_overrides_the_file);
	tcase_add_test(tc, a_wanted_step_is_above_all);
	tcase_add_test(
	    tc, a_stage_that_comes_back_without_its_step_is_in_its_first);
	tcase_add_test(tc, what_is_saved_keeps_stages_that_are_not_declared);
	tcase_add_test(tc, a_stage_and_its_step_are_split_at_the_slash);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
