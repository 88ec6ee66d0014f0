/* SPDX-License-Identifier: BSD-3-Clause */
/* Names of what can be drained, reasons, and requests at their limits. */
#include "state/what.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sample.h"
#include "snapshot/build.h"
#include "state/lease.h"
#include "state/wish.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { WALL_S = 1780000000 };

#define YEARS INT64_C(316224000) /* ten, of 366 days */

static struct sample sample;
static struct snapshot *snapshot;
static const struct conf *conf;

static void
setup(void)
{
	struct diag diag;

	clock_fake(5000000, WALL_S);
	sample_open(&sample);
	diag_init(&diag);
	snapshot = snapshot_build(sample.conf, &diag);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&diag));
	diag_fini(&diag);
	conf = snapshot->conf;
}

static void
teardown(void)
{
	snapshot_free(snapshot);
	sample_close(&sample);
	clock_real();
}

/* Takes error over; NULL where nothing is wrong. */
static void
expect_error(json_t *error, const char *text)
{
	if (text == NULL) {
		ck_assert_ptr_null(error);
		return;
	}
	ck_assert_ptr_nonnull(error);
	ck_assert_str_eq(
	    json_string_value(json_object_get(error, "error")), text);
	json_decref(error);
}

static const struct {
	const char *what, *error;
} known[] = {
    {"eu", NULL},
    {"us", NULL},
    {"www/eu", NULL},
    {"cut/us", NULL},
    {"www/eu/192.0.2.10", NULL},
    {"www/eu/192.0.2.11", NULL},
    {"away/eu/eu.example.net.", NULL},
    {"", "there is no "},
    {"e", "there is no e; did you mean eu?"},
    {"eur", "there is no eur; did you mean eu?"},
    {"zz", "there is no zz"},
    {"www", "www is a pool: name a region of it, such as www/eu"},
    {"cut", "cut is a pool: name a region of it, such as cut/eu"},
    {"www/", "there is no www/; did you mean www/eu?"},
    {"www/e", "there is no www/e; did you mean www/eu?"},
    {"ww/eu", "there is no ww/eu; did you mean www/eu?"},
    {"wwww/eu", "there is no wwww/eu; did you mean www/eu?"},
    {"/eu", "there is no /eu; did you mean eu?"},
    {"eu/", "there is no eu/; did you mean eu?"},
    {"eu/www", "there is no eu/www"},
    {"www/eu/192.0.2.1",
	"there is no www/eu/192.0.2.1; did you mean www/eu/192.0.2.10?"},
    {"www/us/192.0.2.10",
	"there is no www/us/192.0.2.10; did you mean www/eu/192.0.2.10?"},
    {"www/eu/", "there is no www/eu/; did you mean www/eu?"},
    {"www/eu/192.0.2.10/",
	"there is no www/eu/192.0.2.10/; did you mean www/eu/192.0.2.10?"},
};

START_TEST(names_are_those_of_the_configuration)
{
	expect_error(what_unknown(conf, known[_i].what), known[_i].error);
}
END_TEST

/* The code point in a reason; control: it is refused. */
static const struct {
	unsigned point;
	bool control;
} points[] = {
    {0x01, true},
    {0x08, true},
    {0x09, false},
    {0x0a, true},
    {0x0d, true},
    {0x1f, true},
    {0x20, false},
    {0x7e, false},
    {0x7f, true},
    {0x80, true},
    {0x85, true},
    {0x9f, true},
    {0xa0, false},
    {0xff, false},
    {0x200d, false},
    {0x200e, true},
    {0x200f, true},
    {0x2010, false},
    {0x2027, false},
    {0x2028, true},
    {0x202e, true},
    {0x202f, false},
    {0x2065, false},
    {0x2066, true},
    {0x2069, true},
    {0x206a, false},
    {0x20ac, false},
    {0x3028, false},
};

static size_t
put_utf8(char *to, unsigned point)
{
	if (point < 0x80) {
		to[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		to[0] = (char)(0xc0 | point >> 6);
		to[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	to[0] = (char)(0xe0 | point >> 12);
	to[1] = (char)(0x80 | (point >> 6 & 0x3f));
	to[2] = (char)(0x80 | (point & 0x3f));
	return 3;
}

/* At its beginning, within, and at its end. */
START_TEST(a_reason_is_one_line_that_looks_as_it_is)
{
	static const char *const around[][2] = {
	    {"", "x"}, {"x", "y"}, {"x", ""}};
	char reason[32], error[128];

	snprintf(error, sizeof(error),
	    "the reason has the control character U+%04X: it is one line of plain text",
	    points[_i].point);
	for (size_t i = 0; i < ROWS(around); i++) {
		size_t len = strlen(around[i][0]);

		memcpy(reason, around[i][0], len);
		len += put_utf8(reason + len, points[_i].point);
		strcpy(reason + len, around[i][1]);
		expect_error(what_reason_wrong("drain", reason),
		    points[_i].control ? error : NULL);
	}
}
END_TEST

START_TEST(a_reason_has_a_word_and_an_end)
{
	char reason[WHAT_REASON_MAX + 2];

	expect_error(what_reason_wrong("thaw", ""), "a thaw needs a reason");
	expect_error(
	    what_reason_wrong("drain", " \t\r\n"), "a drain needs a reason");
	expect_error(what_reason_wrong("drain", "\xe2"), NULL);
	memset(reason, 'x', sizeof(reason));
	reason[WHAT_REASON_MAX] = '\0';
	expect_error(what_reason_wrong("drain", reason), NULL);
	reason[WHAT_REASON_MAX] = 'x';
	reason[WHAT_REASON_MAX + 1] = '\0';
	expect_error(what_reason_wrong("drain", reason),
	    "the reason has 1025 octets: at most 1024 are kept");
}
END_TEST

/* What contains what ------------------------------------------------------ */

static const char *const leases[] = {"eu", "us", "www/eu", "www/us", "still/eu",
    "www/eu/192.0.2.10", "www/eu/192.0.2.1"};

static const struct {
	const char *what, *still, *within; /* words with a blank after each */
} parts[] = {
    {"eu", "eu ", "www/eu still/eu www/eu/192.0.2.10 www/eu/192.0.2.1 "},
    {"us", "us ", "www/us "},
    {"ap", "", ""},
    {"e", "", ""},
    {"www/eu", "eu www/eu ", "www/eu/192.0.2.10 www/eu/192.0.2.1 "},
    {"www/us", "us www/us ", ""},
    {"www/e", "", ""},
    {"cut/eu", "eu ", ""},
    {"cut/eur", "", ""},
    {"www/eu/192.0.2.10", "eu www/eu www/eu/192.0.2.10 ", ""},
    {"www/eu/192.0.2.1", "eu www/eu www/eu/192.0.2.1 ", ""},
    {"www/eu/192.0.2.100", "eu www/eu ", ""},
    {"still/us/x", "us ", ""},
};

static void
put_lease(
    struct drains *drains, const char *what, enum drain_kind kind, int64_t at)
{
	struct drain *d =
	    drain_new(what, "me", "x", 0, DRAIN_FOREVER, false, NULL);

	ck_assert_ptr_nonnull(d);
	d->kind = kind;
	d->at = at;
	drains_put(drains, d);
}

static void
expect_words(json_t *list, const char *words)
{
	char text[256] = "";
	const json_t *word;
	size_t i;

	json_array_foreach(list, i, word)
	{
		strcat(text, json_string_value(word));
		strcat(text, " ");
	}
	ck_assert_str_eq(text, words);
	json_decref(list);
}

START_TEST(a_lease_holds_for_all_that_it_contains)
{
	struct drains drains = {0};

	for (size_t i = 0; i < ROWS(leases); i++)
		put_lease(&drains, leases[i], DRAIN_OUT, 0);
	put_lease(&drains, parts[_i].what, DRAIN_UP, 0);
	expect_words(
	    what_still(&drains, DRAIN_OUT, parts[_i].what), parts[_i].still);
	expect_words(
	    what_within(&drains, DRAIN_OUT, parts[_i].what), parts[_i].within);
	drains_fini(&drains);
}
END_TEST

START_TEST(an_announced_lease_does_not_hold_yet)
{
	struct drains drains = {0};

	put_lease(&drains, "eu", DRAIN_OUT, WALL_S + 5);
	expect_words(what_still(&drains, DRAIN_OUT, "eu"), "");
	expect_words(what_within(&drains, DRAIN_OUT, "eu"), "");
	drains_fini(&drains);
}
END_TEST

/* Requests ---------------------------------------------------------------- */

static const struct {
	int64_t for_s, at, share, over_s;
	bool forever, wrong;
} wishes[] = {
    {0, 0, 100, 0, false, true},
    {1, 0, 100, 0, false, false},
    {-1, 0, 100, 0, false, true},
    {1, 0, 100, 0, true, true},
    {0, 0, 100, 0, true, false},
    {YEARS, 0, 100, 0, false, false},
    {YEARS + 1, 0, 100, 0, false, true},
    {60, 0, 0, 0, false, true},
    {60, 0, 1, 0, false, false},
    {60, 0, 101, 0, false, true},
    {60, 0, -1, 0, false, true},
    {1, 0, 100, 1, false, true},
    {2, 0, 100, 1, false, false},
    {60, 0, 100, 59, false, false},
    {60, 0, 100, 60, false, true},
    {60, 0, 100, 61, false, true},
    {60, 0, 100, -1, false, true},
    {0, 0, 100, 604800, true, false},
    {0, 0, 100, 604801, true, true},
    {700000, 0, 100, 604800, false, false},
    {700000, 0, 100, 604801, false, true},
    {60, WALL_S - 1, 100, 0, false, true},
    {60, WALL_S, 100, 0, false, true},
    {60, WALL_S + 1, 100, 0, false, false},
    {60, WALL_S + YEARS, 100, 0, false, false},
    {60, WALL_S + YEARS + 1, 100, 0, false, true},
    {60, -1, 100, 0, false, true},
};

START_TEST(a_request_is_within_its_limits)
{
	json_t *body = json_pack("{s:s, s:s, s:I, s:I, s:I, s:I, s:b, s:b}",
	    "what", "www/eu", "reason", "x", "for_s",
	    (json_int_t)wishes[_i].for_s, "at", (json_int_t)wishes[_i].at,
	    "share", (json_int_t)wishes[_i].share, "over_s",
	    (json_int_t)wishes[_i].over_s, "until_cancelled",
	    wishes[_i].forever, "force", 1);
	int64_t begin = wishes[_i].at != 0 ? wishes[_i].at : WALL_S;
	json_t *error;
	bool unsaved;
	struct drain *d = wish_drain(body, "ana", DRAIN_OUT, &unsaved, &error);

	ck_assert((d == NULL) == wishes[_i].wrong);
	ck_assert((error != NULL) == wishes[_i].wrong);
	ck_assert(!unsaved);
	if (d != NULL) {
		ck_assert_int_eq(d->since, WALL_S);
		ck_assert_int_eq(d->until,
		    wishes[_i].forever ? DRAIN_FOREVER
				       : begin + wishes[_i].for_s);
		ck_assert_int_eq(d->at, wishes[_i].at);
		ck_assert_uint_eq(d->share, wishes[_i].share);
		ck_assert_int_eq(d->over_s, wishes[_i].over_s);
		ck_assert(d->forced);
		drain_free(d);
	}
	json_decref(error);
	json_decref(body);
}
END_TEST

/* As the state file has it: what no daemon writes is not loaded. */
static const struct {
	const char *more;
	bool wrong;
} records[] = {
    {"\"at\": 0", false},
    {"\"at\": -1", true},
    {"\"share\": 0", true},
    {"\"share\": 1", false},
    {"\"share\": 100", false},
    {"\"share\": 101", true},
    {"\"over_s\": -1", true},
    {"\"over_s\": 604800", false},
    {"\"over_s\": 604801", true},
    {"\"kind\": \"drain\"", false},
    {"\"kind\": \"force_up\"", false},
    {"\"kind\": \"force\"", true},
};

START_TEST(a_saved_lease_is_within_its_limits)
{
	struct drains drains = {0};
	char text[256];
	json_t *entry;

	snprintf(text, sizeof(text),
	    "{\"what\": \"eu\", \"owner\": \"a\", \"reason\": \"x\", \"since\": %d, \"until\": 0, \"forced\": false, %s}",
	    WALL_S, records[_i].more);
	entry = json_loads(text, 0, NULL);
	ck_assert_ptr_nonnull(entry);
	ck_assert(lease_load(entry, &drains) == !records[_i].wrong);
	ck_assert_uint_eq(drains.all.n, !records[_i].wrong);
	json_decref(entry);
	drains_fini(&drains);
}
END_TEST

/* How a lease is described; the clock is 5 s after the boot of the machine. */
static const struct {
	enum drain_kind kind;
	unsigned share;
	int64_t over_s, at, left_s; /* until its end; 0: until cancelled */
	const char *text;
} described[] = {
    {DRAIN_OUT, 100, 0, 0, 0, "drain of www/eu until cancelled"},
    {DRAIN_UP, 100, 0, 0, 0, "force-up of www/eu until cancelled"},
    {DRAIN_OUT, 99, 0, 0, 0, "drain of www/eu (99%) until cancelled"},
    {DRAIN_OUT, 100, 1, 0, 0, "drain of www/eu (100% over 1s) until cancelled"},
    {DRAIN_OUT, 1, 59999, 0, 0,
	"drain of www/eu (1% over 16h 39m) until cancelled"},
    {DRAIN_OUT, 100, 0, 0, -1, "drain of www/eu for 1s"},
    {DRAIN_OUT, 100, 0, 0, 1, "drain of www/eu for 1s"},
    {DRAIN_OUT, 100, 0, 0, 2, "drain of www/eu for 2s"},
    {DRAIN_OUT, 100, 0, 0, 59999, "drain of www/eu for 16h 39m"},
    {DRAIN_OUT, 100, 0, WALL_S + 9, 59999, "drain of www/eu for 16h 39m"},
    {DRAIN_OUT, 100, 0, WALL_S + 9, 1, "drain of www/eu for 1s"},
};

START_TEST(a_lease_is_described_by_what_is_special_of_it)
{
	int64_t begin = described[_i].at != 0 ? described[_i].at : WALL_S;
	struct drain *d = drain_new("www/eu", "me", "x", WALL_S,
	    described[_i].left_s != 0 ? begin + described[_i].left_s
				      : DRAIN_FOREVER,
	    false, NULL);
	struct text t = {0};

	d->kind = described[_i].kind;
	d->share = described[_i].share;
	d->over_s = described[_i].over_s;
	d->at = described[_i].at;
	drain_start(d);
	lease_describe(&t, d);
	lease_add_span(&t, d);
	ck_assert_str_eq(t.at, described[_i].text);
	text_fini(&t);
	drain_free(d);
}
END_TEST

START_TEST(an_end_is_a_moment_or_nobodys)
{
	struct text t = {0};

	lease_add_until(&t, "until ", DRAIN_FOREVER);
	lease_add_until(&t, ", until ", WALL_S + 1);
	ck_assert_str_eq(t.at, "until cancelled, until 2026-05-28T20:26:41Z");
	text_fini(&t);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("what");
	TCase *tc = tcase_create("what");
	SRunner *r;
	int failed;

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, names_are_those_of_the_configuration, 0, ROWS(known));
	tcase_add_loop_test(
	    tc, a_reason_is_one_line_that_looks_as_it_is, 0, ROWS(points));
	tcase_add_test(tc, a_reason_has_a_word_and_an_end);
	tcase_add_loop_test(
	    tc, a_lease_holds_for_all_that_it_contains, 0, ROWS(parts));
	tcase_add_test(tc, an_announced_lease_does_not_hold_yet);
	tcase_add_loop_test(
	    tc, a_request_is_within_its_limits, 0, ROWS(wishes));
	tcase_add_loop_test(
	    tc, a_saved_lease_is_within_its_limits, 0, ROWS(records));
	tcase_add_loop_test(tc, a_lease_is_described_by_what_is_special_of_it,
	    0, ROWS(described));
	tcase_add_test(tc, an_end_is_a_moment_or_nobodys);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
