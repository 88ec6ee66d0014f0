/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/tests.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sample.h"
#include "snapshot/build.h"

static const char conf_text[] =
    "meridian: 1\n"
    "server: {ecs_from: [192.0.2.53/32, 81.2.0.53/32]}\n"
    "geoip: {nets: {euro: [81.2.0.0/16]}}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US}\n"
    "monitors:\n"
    "  web: {type: tcp, port: 80, interval: 2s, timeout: 500ms, fall: 3}\n"
    "  gate: {type: external}\n"
    "pools:\n"
    "  www:\n"
    "    monitor: [web, gate]\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::10\"]}, {addr: 192.0.2.11}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8:1::10\"]}]\n"
    "  one:\n"
    "    answer: {mode: one}\n"
    "    regions:\n"
    "      eu: [{addr: 192.0.2.20, weight: 3}, {addr: 192.0.2.21}]\n"
    "  sorry: {regions: {eu: [{addr: [192.0.2.250, \"2001:db8::250\"]}]}}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: euro, regions: [eu, us], fence: EU,\n"
    "         when_all_down: {pool: sorry}}\n"
    "      - {regions: nearest}\n"
    "    unlocated: [us, eu]\n"
    "    failback: {hold: 1h}\n"
    "  line: {rules: [{regions: [eu]}]}\n"
    "  draw: {rules: [{geo: [FR], regions: {eu: 1, us: 1}},\n"
    "                 {regions: {eu: 1, us: 1}, hash: random}]}\n"
    "  zero: {rules: [{regions: {eu: 0, us: 1}, hash: random}]}\n"
    "names:\n"
    "  zero.example.com: {pool: www, policy: zero}\n"
    "  www.example.com: {pool: www, policy: near, ttl: {max: 60, min: 5}}\n"
    "  \"*.one.example.com\": {pool: one, policy: line}\n"
    "  draw.example.com: {pool: www, policy: draw, ttl: {min: 5}}\n";

static struct sample sample;
static struct diag diag;
static json_t *results;

static void
setup(void)
{
	sample_open(&sample);
	diag_init(&diag);
	results = json_array();
}

static void
teardown(void)
{
	json_decref(results);
	diag_fini(&diag);
	sample_close(&sample);
}

/* With these lines of names and of tests. */
static bool
run_with(const char *names, const char *tests)
{
	FILE *f = fopen(sample.conf, "w");
	struct snapshot *s;

	ck_assert_ptr_nonnull(f);
	fprintf(f, "%s%stests:\n  - %s\n", conf_text, names, tests);
	fclose(f);
	s = tests_build(sample.conf, NULL, NULL, &diag, results);
	snapshot_free(s);
	return s != NULL;
}

static bool
run(const char *tests)
{
	return run_with("", tests);
}

static const char *
result_of(size_t i, const char *key)
{
	const char *text =
	    json_string_value(json_object_get(json_array_get(results, i), key));

	return text != NULL ? text : "";
}

/* clang-format off */
static const char *const passing[] = {
    "{name: www.example.com, from: 81.2.3.4, expect: eu}",
    "{name: WWW.example.com., from: 81.2.3.4, expect: www}",
    "{name: www.example.com, from: 9.9.9.9, expect: us}",
    "{name: www.example.com, from: DE, expect: eu}",
    /* what is assumed */
    "{name: www.example.com, from: DE, down: eu, expect: us}",
    "{name: www.example.com, from: DE, drained: [eu], expect: us}",
    "{name: www.example.com, from: 81.2.3.4, down: [eu], expect: sorry}",
    "{name: www.example.com, from: DE, signal: {gate: down},"
	" expect: {all_down: yes}}",
    "{name: www.example.com, from: DE, signal: {web: down, web/192.0.2.10: up,"
	" \"web/2001:db8::10\": up}, expect: {region: eu,"
	" addresses: [192.0.2.10]}}",
    "{name: www.example.com, from: DE, signal: {gate/192.0.2.10: down},"
	" expect: {addresses: [192.0.2.11]}}",
    "{name: www.example.com, from: 81.2.3.0/24, resolver: 192.0.2.53,"
	" expect: eu}",
    /* ecs_from does not believe this resolver */
    "{name: www.example.com, from: 81.2.3.0/24, resolver: 192.0.2.54,"
	" expect: us}",
    "{name: www.example.com, from: 192.168.1.0/24, resolver: 81.2.0.53,"
	" expect: eu}",
    /* what is expected */
    "{name: www.example.com, from: 81.2.3.4, down: [eu],"
	" expect: {region: eu, pool: sorry, all_down: yes, rcode: NOERROR}}",
    "{name: www.example.com, from: DE, expect: {region: eu, all_down: no}}",
    "{name: www.example.com, from: DE,"
	" expect: {addresses: [192.0.2.11, 192.0.2.10]}}",
    "{name: www.example.com, type: AAAA, from: DE,"
	" expect: {addresses: [\"2001:DB8:0::10\"]}}",
    "{name: www.example.com, type: TXT, from: DE,"
	" expect: {addresses: [], rcode: NOERROR}}",
    /* the gate may change at any time */
    "{name: www.example.com, from: 81.2.3.4, expect: {ttl: 5}}",
    "{name: www.example.com, from: 81.2.3.4, expect: {scope: 16}}",
    "{name: www.example.com, from: 81.2.3.0/24, resolver: 192.0.2.53,"
	" expect: {scope: 16}}",
    "{name: www.example.com, from: 9.9.9.0/24, resolver: 192.0.2.54,"
	" expect: {region: us, scope: 1}}",
    /* whichever is drawn */
    "{name: a.b.one.example.com, from: 9.9.9.9, expect: {region: eu,"
	" addresses: [192.0.2.20, 192.0.2.21]}}",
    /* what nothing steers */
    "{name: static.example.com, from: 9.9.9.9,"
	" expect: {addresses: [192.0.2.80], ttl: 3600, scope: 0}}",
    "{name: none.example.com, from: 9.9.9.9, expect: {rcode: NXDOMAIN}}",
    "{name: www.example.net, from: 9.9.9.9, expect: {rcode: REFUSED}}",
    "{name: alias.example.com, from: 81.2.3.4, expect: eu}",
    /* drawn, but from one */
    "{name: draw.example.com, from: 9.9.9.9, down: [us], expect: eu}",
    "{name: draw.example.com, from: FR, drained: [eu], expect: us}",
    "{name: draw.example.com, from: 9.9.9.9, expect: {all_down: no, ttl: 5}}",
    "{name: zero.example.com, from: 9.9.9.9, expect: us}",
    "{name: zero.example.com, from: 9.9.9.9, down: us, expect: eu}",
};

static const struct {
	const char *test, *message;
} failing[] = {
    {"{name: www.example.com, from: 81.2.3.4, expect: us}",
	"www.example.com. A from 81.2.3.4: region eu, not us"},
    {"{name: www.example.com, from: DE, expect: sorry}",
	"region eu, not sorry"},
    {"{name: www.example.com, from: 81.2.3.4, down: eu, expect: eu}",
	"sorry/eu, not eu"},
    {"{name: www.example.com, from: 81.2.3.4, down: eu,"
	" expect: {region: eu, pool: www}}", "pool sorry, not www"},
    {"{name: www.example.com, from: DE, expect: {pool: sorry}}",
	"pool www, not sorry"},
    {"{name: www.example.com, from: DE, expect: {addresses: [192.0.2.11]}}",
	"addresses 192.0.2.10, 192.0.2.11, not 192.0.2.11"},
    {"{name: www.example.com, from: DE, expect: {addresses: []}}", "not none"},
    {"{name: www.example.com, from: DE, expect: {ttl: 60}}", "TTL 5, not 60"},
    {"{name: www.example.com, from: 81.2.3.4, expect: {scope: 24}}",
	"scope 16, not 24"},
    {"{name: www.example.com, from: DE, expect: {all_down: yes}}",
	"not all is down"},
    {"{name: www.example.com, from: DE, signal: {web: down},"
	" expect: {all_down: no}}", "all is down"},
    {"{name: www.example.com, from: DE, expect: {rcode: NXDOMAIN}}",
	"NOERROR, not NXDOMAIN"},
    {"{name: static.example.com, from: DE, expect: eu}",
	"region none, not eu"},
    {"{name: www.example.com, from: DE, expect: {region: us, ttl: 1}}",
	"region eu, not us; TTL 5, not 1"},
    /* the luck of one draw */
    {"{name: draw.example.com, from: 9.9.9.9, expect: eu}",
	"the region is drawn at random: it cannot be expected"},
    {"{name: draw.example.com, from: 9.9.9.9, expect: us}",
	"the region is drawn at random: it cannot be expected"},
    {"{name: draw.example.com, from: DE, expect: {addresses: [192.0.2.1]}}",
	"the region is drawn at random: it cannot be expected"},
    {"{name: draw.example.com, from: FR, expect: eu}",
	"the region is drawn by the client's prefix: \"from\" must be an"
	" address or a prefix"},
};
/* clang-format on */

START_TEST(what_is_expected_passes)
{
	char *text;

	run(passing[_i]);
	text = diag_text(&diag);
	ck_assert_msg(diag.nerrors == 0, "%s", text);
	free(text);
	ck_assert_uint_eq(json_array_size(results), 1);
	ck_assert(
	    json_is_true(json_object_get(json_array_get(results, 0), "ok")));
	ck_assert_str_eq(result_of(0, "message"), "");
}
END_TEST

START_TEST(what_is_not_fails_with_what_it_got_and_why)
{
	const char *told;
	char *text;

	ck_assert(!run(failing[_i].test));
	ck_assert_uint_eq(diag.nerrors, 1);
	text = diag_text(&diag);
	told = strstr(text, failing[_i].message);
	ck_assert_msg(told != NULL, "%s", text);
	ck_assert_msg(told[strlen(failing[_i].message)] == '\n', "%s", text);
	ck_assert(strstr(text, "meridian.yaml:40:5: error: test: ") != NULL);
	ck_assert(strstr(text, "\n     1. Client ") != NULL);
	ck_assert(strstr(text, "\n    10. Scope ") != NULL);
	free(text);
	ck_assert(strstr(result_of(0, "explanation"), " 1. Client ") != NULL);
	ck_assert(*result_of(0, "message") != '\0');
}
END_TEST

static const struct {
	const char *test, *message;
} senseless[] = {
    {"{name: www.example.com, from: UK, expect: eu}",
	"from UK: no country has the code UK"},
    {"{name: www.example.com, from: DE, signal: {web/192.0.2.99: down},"
     " expect: eu}",
	"the monitor watches no target at that address"},
    {"{name: www.example.com, from: DE, signal: {web/192.0.2.20: down},"
     " expect: eu}",
	"the monitor watches no target at that address"},
};

START_TEST(what_makes_no_sense_fails)
{
	char *text;

	ck_assert(!run(senseless[_i].test));
	text = diag_text(&diag);
	ck_assert_msg(strstr(text, senseless[_i].message) != NULL, "%s", text);
	free(text);
}
END_TEST

START_TEST(every_test_runs_and_tells)
{
	ck_assert(!run("{name: www.example.com, from: DE, expect: us}\n"
		       "  - {name: www.example.com, from: DE, expect: eu}\n"
		       "  - {name: www.example.com, from: US, expect: eu}"));
	ck_assert_uint_eq(diag.nerrors, 2);
	ck_assert_uint_eq(json_array_size(results), 3);
	ck_assert_str_eq(result_of(1, "name"), "www.example.com.");
	ck_assert_str_eq(result_of(1, "type"), "A");
	ck_assert_str_eq(result_of(1, "from"), "DE");
	ck_assert_str_eq(result_of(2, "message"), "region us, not eu");
}
END_TEST

/* All of it; a failure is explained. */
static void
expect_result(size_t i, const char *from, int line, bool ok, bool skipped,
    const char *message)
{
	json_t *want =
	    json_pack("{s:s, s:s, s:s, s:s, s:i, s:b, s:b, s:s?, s:s?}", "name",
		"www.example.com.", "type", "A", "from", from, "file",
		sample.conf, "line", line, "ok", ok, "skipped", skipped,
		"message", message, "explanation",
		message != NULL ? result_of(i, "explanation") : NULL);
	char *got = json_dumps(json_array_get(results, i), JSON_SORT_KEYS);

	ck_assert_ptr_nonnull(want);
	ck_assert_msg(json_equal(json_array_get(results, i), want), "%s", got);
	free(got);
	json_decref(want);
	ck_assert_int_eq(*result_of(i, "explanation") != '\0', message != NULL);
}

START_TEST(a_result_says_what_was_asked_and_where_it_stands)
{
	ck_assert(!run_with("  staged.example.com: {pool: www}\n",
	    "{name: www.example.com, from: DE, expect: us}\n"
	    "  - {name: www.example.com, from: 81.2.3.4, expect: eu}\n\n"
	    "  - {name: www.example.com, from: DE, step: s/a, expect: eu}\n"
	    "  - {name: www.example.com, from: DE, step: s/b, expect: us}\n"
	    "  - {name: www.example.com, from: DE, step: [s/b, s/a],\n"
	    "     expect: us}\n"
	    "stages:\n"
	    "  s:\n"
	    "    steps:\n"
	    "      - {name: a, policies: {staged.example.com: near}}\n"
	    "      - {name: b, policies: {staged.example.com: line}}\n"));
	ck_assert_uint_eq(json_array_size(results), 5);
	expect_result(0, "DE", 41, false, false, "region eu, not us");
	expect_result(1, "81.2.3.4", 42, true, false, NULL);
	expect_result(2, "DE", 44, true, false, NULL);
	expect_result(3, "DE", 45, true, true, NULL);
	expect_result(4, "DE", 46, false, false, "region eu, not us");
	ck_assert_uint_eq(diag.nerrors, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tests");
	TCase *tc = tcase_create("tests");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, what_is_expected_passes, 0,
	    sizeof(passing) / sizeof(passing[0]));
	tcase_add_loop_test(tc, what_is_not_fails_with_what_it_got_and_why, 0,
	    sizeof(failing) / sizeof(failing[0]));
	tcase_add_loop_test(tc, what_makes_no_sense_fails, 0,
	    sizeof(senseless) / sizeof(senseless[0]));
	tcase_add_test(tc, every_test_runs_and_tells);
	tcase_add_test(tc, a_result_says_what_was_asked_and_where_it_stands);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
