/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/glass.h"

#include <check.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "service.h"

static struct service s;
static struct log {
	char text[4096];
} told;

static void
tell(const char *line, void *arg)
{
	struct log *log = arg;

	strncat(log->text, line, sizeof(log->text) - strlen(log->text) - 1);
}

static void
setup(void)
{
	service_open(&s);
	told.text[0] = '\0';
	events_listen(s.control->events, tell, &told);
}

static const char *
path_of(const char *suffix)
{
	static char path[SERVICE_PATH_MAX + 64];

	snprintf(
	    path, sizeof(path), "%s/state/" GLASS_FILE "%s", s.folder, suffix);
	return path;
}

static void
teardown(void)
{
	unlink(path_of(""));
	unlink(path_of(".taken"));
	unlink(path_of(".wrong"));
	service_close(&s);
}

static void
put(const char *text)
{
	service_write(&s, "state/" GLASS_FILE, text);
	glass_look(s.control);
	service_settle(&s);
}

static bool
is_there(const char *suffix)
{
	struct stat st;

	return lstat(path_of(suffix), &st) == 0;
}

START_TEST(its_lines_are_drains_of_its_owner)
{
	const struct passwd *pw = getpwuid(getuid());
	const struct drain *d;

	put("# by hand\n\neu 30m core switch\n"
	    "www/us until-cancelled  and \tmore \r\nap 5m \x1b[31m\n");
	ck_assert_uint_eq(s.control->drains.all.n, 3);
	d = drains_find(&s.control->drains, DRAIN_OUT, "eu", false);
	ck_assert_int_eq(d->until - d->since, 1800);
	ck_assert_str_eq(d->reason, "core switch");
	if (pw != NULL)
		ck_assert_str_eq(d->owner, pw->pw_name);
	ck_assert(d->forced);
	d = drains_find(&s.control->drains, DRAIN_OUT, "www/us", false);
	ck_assert_int_eq(d->until, DRAIN_FOREVER);
	ck_assert_str_eq(d->reason, "and \tmore");
	ck_assert_str_eq(s.control->drains.all.at[2]->reason, "?[31m");
	ck_assert_uint_eq(service_live(&s, "www"), 0);
	ck_assert(!is_there("") && is_there(".taken"));
	service_restart(&s);
	ck_assert_uint_eq(service_live(&s, "www"), 0);
}
END_TEST

START_TEST(a_file_that_is_not_whole_waits)
{
	put("");
	ck_assert(is_there(""));
	put("eu 30m co");
	ck_assert(is_there(""));
	ck_assert_uint_eq(s.control->drains.all.n, 0);
	put("eu 30m core switch\n");
	ck_assert_uint_eq(s.control->drains.all.n, 1);
	ck_assert_str_eq(s.control->drains.all.at[0]->reason, "core switch");
}
END_TEST

static const struct {
	const char *line, *problem;
} wrong[] = {
    {"eu", "no drain: WHAT TIME REASON"},
    {"eu 30m", "a drain needs a reason"},
    {"eu 30m \t\r", "a drain needs a reason"},
    {"eu 30 x", "30: not a time of at least 1s, such as 30m"},
    {"eu 5ms x", "5ms: not a time of at least 1s"},
    {"eu for 5m x", "for: not a time"},
    {"eu 0s x", "0s: not a time"},
    {"eu 99999d x", "1 s to 10 years"},
    {"eux 30m x", "did you mean eu?"},
    {"/eu 30m x", "neither region"},
    {"\xef\xbb\xbf"
     "eu 30m x",
	"a byte order mark (U+FEFF) within the file"},
};

START_TEST(what_is_wrong_is_told_by_its_line)
{
	char text[256];

	snprintf(text, sizeof(text), "us 30m good\n%s\n", wrong[_i].line);
	put(text);
	ck_assert_uint_eq(s.control->drains.all.n, 1);
	ck_assert_ptr_nonnull(strstr(told.text, GLASS_FILE ":2: "));
	ck_assert_ptr_nonnull(strstr(told.text, wrong[_i].problem));
	ck_assert(!is_there("") && is_there(".wrong"));
}
END_TEST

START_TEST(it_may_begin_with_a_byte_order_mark)
{
	put("\xef\xbb\xbf"
	    "eu 30m core switch\r\n");
	ck_assert_uint_eq(s.control->drains.all.n, 1);
	ck_assert_str_eq(s.control->drains.all.at[0]->what, "eu");
	ck_assert(is_there(".taken"));
}
END_TEST

START_TEST(in_utf_16_it_is_refused_by_name)
{
	put("\xff\xfe \n");
	ck_assert_uint_eq(s.control->drains.all.n, 0);
	ck_assert_ptr_nonnull(
	    strstr(told.text, GLASS_FILE ": is UTF-16: save it as UTF-8"));
	ck_assert(is_there(".wrong"));
}
END_TEST

START_TEST(a_link_is_not_followed)
{
	service_write(&s, "state/elsewhere", "eu 30m x\n");
	ck_assert_int_eq(symlink("elsewhere", path_of("")), 0);
	glass_look(s.control);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
	ck_assert_ptr_nonnull(strstr(told.text, "not a regular file"));
	ck_assert(!is_there("") && is_there(".wrong"));
	snprintf(told.text, sizeof(told.text), "%s/state/elsewhere", s.folder);
	unlink(told.text);
}
END_TEST

/* Who writes the file has no other way, and is not there to be asked. */
START_TEST(what_cannot_be_saved_takes_effect_and_is_told)
{
	char *folder = s.control->folder;
	char blocked[SERVICE_PATH_MAX + 64];

	/* A folder in the way of the state file. */
	snprintf(blocked, sizeof(blocked), "%s/drains.json", folder);
	unlink(blocked);
	ck_assert_int_eq(mkdir(blocked, 0700), 0);
	put("eu 30m x\n");
	ck_assert_uint_eq(s.control->drains.all.n, 1);
	ck_assert(s.control->drains.all.at[0]->unsaved);
	ck_assert_ptr_nonnull(strstr(told.text, "cannot be saved"));
	ck_assert_ptr_nonnull(strstr(told.text, "a restart loses it"));
	ck_assert(is_there(".taken"));
	rmdir(blocked);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl/glass");
	TCase *t = tcase_create("glass");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, its_lines_are_drains_of_its_owner);
	tcase_add_test(t, a_file_that_is_not_whole_waits);
	tcase_add_loop_test(t, what_is_wrong_is_told_by_its_line, 0,
	    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(t, it_may_begin_with_a_byte_order_mark);
	tcase_add_test(t, in_utf_16_it_is_refused_by_name);
	tcase_add_test(t, a_link_is_not_followed);
	tcase_add_test(t, what_cannot_be_saved_takes_effect_and_is_told);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
