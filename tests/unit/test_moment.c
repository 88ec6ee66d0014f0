/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/moment.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 2026-01-31T22:00:00Z */
enum { EVENING = 1769896800 };

static void
zone(const char *tz)
{
	setenv("TZ", tz, 1);
	tzset();
}

static const struct {
	const char *text;
	int64_t wall_s;
} moments[] = {
    {"2026-01-31T22:30:00Z", EVENING + 1800},
    {"2026-01-31T22:30Z", EVENING + 1800},
    {"2026-01-31t23:30:01+01:00", EVENING + 1801},
    {"2026-01-31T20:30:00-02:00", EVENING + 1800},
    {"2026-01-31T22:30", EVENING + 1800},
    {"2026-01-31T22:30:09", EVENING + 1809},
    {"2026-01-31T21:30", EVENING - 1800},
    /* The ends of each part. */
    {"1970-01-01T00:00:00Z", 0},
    {"1970-12-31T23:59:59z", 31535999},
    {"9999-12-31T23:59:59Z", 253402300799},
    {"1970-01-01T23:59:00+23:59", 0},
    {"1970-01-01T00:00-00:01", 60},
    {"+10m", EVENING + 600},
    {"+1h30m", EVENING + 5400},
    {"22:30", EVENING + 1800},
    {"22:00:30", EVENING + 30},
    {"22:00", EVENING + 86400},
    {"04:05", EVENING + 6 * 3600 + 300},
};

START_TEST(moments_are_absolute_relative_or_of_the_local_clock)
{
	struct error err;
	int64_t wall_s;

	zone("UTC");
	ck_assert_msg(moment_parse(moments[_i].text, EVENING, &wall_s, &err),
	    "%s", err.text);
	ck_assert_int_eq(wall_s, moments[_i].wall_s);
}
END_TEST

static const char *const no_moments[] = {"", "+", "+10", "10m", "24:00", "7:30",
    "22:60", "22:30Z", "now", "2026-02-30T00:00:00Z", "2026-02-30T00:00",
    "2026-13-01T00:00:00Z", "2026-01-31", "2026-01-31 22:30:00Z",
    "2026-01-31T22:30:00+1:00", "2026-01-31T22:30:00Zx", "2026-01-31T22:30x",
    "22:30x", "+99999999999d", "1969-12-31T23:59:59Z", "0000-01-01T00:00:00Z",
    "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-32T00:00:00Z",
    "2026-01-31T24:00:00Z", "2026-01-31T23:60:00Z", "2026-01-31T23:59:60Z",
    "2026-01-31T22:30:00+24:00", "2026-01-31T22:30:00+23:60",
    "2026-04-31T00:00:00Z", "2026-02-29T00:00:00Z", "2026/01-31T22:30:00Z",
    "2026-01/31T22:30:00Z", "2026-01-31T22.30", "2026-01-31T22:30:0x", "22:3x",
    "x2:30", "2026-01-31T22:30:00+01.00"};

START_TEST(what_is_no_moment_is_refused)
{
	struct error err;
	int64_t wall_s;

	ck_assert(!moment_parse(no_moments[_i], EVENING, &wall_s, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not a time: write 22:30"));
}
END_TEST

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3"
#define ADELAIDE "ACST-9:30ACDT,M10.1.0,M4.1.0/3"
#define LORD_HOWE "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"
#define HAVANA "CST5CDT,M3.2.0/0,M11.1.0/1"
#define SANTIAGO "<-04>4<-03>,M9.1.6/24,M4.1.6/24"
#define NEWFOUNDLAND "NST3:30NDT,M3.2.0,M11.1.0"
#define KATHMANDU "<+0545>-5:45"

/* now and wanted in UTC; NULL: refused, as the clock skips it. */
static const struct {
	const char *zone, *now, *text, *wanted;
} zones[] = {
    /* The hour is repeated: the first that is to come. */
    {BERLIN, "2026-10-24T20:00:00Z", "02:30", "2026-10-25T00:30:00Z"},
    {BERLIN, "2026-10-25T00:00:00Z", "02:30", "2026-10-25T00:30:00Z"},
    {BERLIN, "2026-10-25T00:29:59Z", "02:30", "2026-10-25T00:30:00Z"},
    {BERLIN, "2026-10-25T00:30:00Z", "02:30", "2026-10-25T01:30:00Z"},
    {BERLIN, "2026-10-25T00:55:00Z", "02:30", "2026-10-25T01:30:00Z"},
    {BERLIN, "2026-10-25T01:10:00Z", "02:05", "2026-10-26T01:05:00Z"},
    {BERLIN, "2026-10-25T01:10:00Z", "02:15", "2026-10-25T01:15:00Z"},
    {BERLIN, "2026-10-25T00:50:00Z", "03:00", "2026-10-25T02:00:00Z"},
    {BERLIN, "2026-10-25T00:50:00Z", "02:00", "2026-10-25T01:00:00Z"},
    {BERLIN, "2026-10-20T00:00:00Z", "2026-10-25T02:30",
	"2026-10-25T00:30:00Z"},
    {BERLIN, "2026-10-25T00:40:00Z", "2026-10-25T02:30",
	"2026-10-25T01:30:00Z"},
    {BERLIN, "2026-10-25T02:40:00Z", "2026-10-25T02:30",
	"2026-10-25T01:30:00Z"},
    {BERLIN, "2026-10-20T00:00:00Z", "2026-10-25T02:30:00+01:00",
	"2026-10-25T01:30:00Z"},
    /* The hour is skipped. */
    {BERLIN, "2026-03-29T00:10:00Z", "02:30", NULL},
    {BERLIN, "2026-03-28T20:00:00Z", "02:00", NULL},
    {BERLIN, "2026-03-28T20:00:00Z", "02:59:59", NULL},
    {BERLIN, "2026-03-29T00:10:00Z", "03:00", "2026-03-29T01:00:00Z"},
    {BERLIN, "2026-03-29T00:10:00Z", "01:59", "2026-03-29T00:59:00Z"},
    {BERLIN, "2026-03-29T00:59:40Z", "01:59:30", "2026-03-29T23:59:30Z"},
    {BERLIN, "2026-03-29T01:10:00Z", "02:30", "2026-03-30T00:30:00Z"},
    {BERLIN, "2026-03-01T00:00:00Z", "2026-03-29T02:30", NULL},
    {BERLIN, "2026-03-01T00:00:00Z", "2026-03-29T03:30",
	"2026-03-29T01:30:00Z"},
    /* Half hours, and half an hour of summer time. */
    {ADELAIDE, "2026-04-04T15:00:00Z", "02:30", "2026-04-04T16:00:00Z"},
    {ADELAIDE, "2026-04-04T16:05:00Z", "02:30", "2026-04-04T17:00:00Z"},
    {ADELAIDE, "2026-10-03T16:00:00Z", "02:30", NULL},
    {LORD_HOWE, "2026-04-04T14:00:00Z", "01:45", "2026-04-04T14:45:00Z"},
    {LORD_HOWE, "2026-04-04T14:50:00Z", "01:45", "2026-04-04T15:15:00Z"},
    {LORD_HOWE, "2026-10-03T15:00:00Z", "02:15", NULL},
    {LORD_HOWE, "2026-10-03T15:00:00Z", "02:30", "2026-10-03T15:30:00Z"},
    {NEWFOUNDLAND, "2026-11-01T03:00:00Z", "01:30", "2026-11-01T04:00:00Z"},
    {NEWFOUNDLAND, "2026-11-01T04:10:00Z", "01:30", "2026-11-01T05:00:00Z"},
    {KATHMANDU, "2026-05-01T00:00:00Z", "06:00", "2026-05-01T00:15:00Z"},
    /* At midnight. */
    {HAVANA, "2026-03-08T04:00:00Z", "00:30", NULL},
    {HAVANA, "2026-03-08T04:00:00Z", "01:00", "2026-03-08T05:00:00Z"},
    {HAVANA, "2026-11-01T04:10:00Z", "00:30", "2026-11-01T04:30:00Z"},
    {HAVANA, "2026-11-01T04:40:00Z", "00:30", "2026-11-01T05:30:00Z"},
    {SANTIAGO, "2026-09-06T03:00:00Z", "00:30", NULL},
    {SANTIAGO, "2026-09-06T03:00:00Z", "2026-09-06T00:30", NULL},
    {SANTIAGO, "2026-04-05T02:20:00Z", "23:30", "2026-04-05T02:30:00Z"},
    {SANTIAGO, "2026-04-05T02:40:00Z", "23:30", "2026-04-05T03:30:00Z"},
};

START_TEST(local_times_are_the_next_that_the_clock_shows)
{
	int64_t now, wanted = 0, got = -1;
	struct error err;
	bool ok;

	zone(zones[_i].zone);
	ck_assert(moment_parse(zones[_i].now, 0, &now, &err));
	ok = moment_parse(zones[_i].text, now, &got, &err);
	if (zones[_i].wanted == NULL) {
		ck_assert(!ok);
		ck_assert_ptr_nonnull(strstr(err.text, "the clock goes from"));
		return;
	}
	ck_assert(moment_parse(zones[_i].wanted, 0, &wanted, NULL));
	ck_assert_msg(ok, "%s", err.text);
	ck_assert_int_eq(got, wanted);
}
END_TEST

START_TEST(a_skipped_time_is_told_with_the_gap)
{
	struct error err;
	int64_t now, got;

	zone(BERLIN);
	ck_assert(moment_parse("2026-03-28T20:00:00Z", 0, &now, &err));
	ck_assert(!moment_parse("02:30", now, &got, &err));
	ck_assert_str_eq(err.text,
	    "02:30: this local time does not exist, the clock goes from 2026-03-29 02:00 to "
	    "03:00: give a time before or after that");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("base/moment");
	TCase *tc = tcase_create("base/moment");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc,
	    moments_are_absolute_relative_or_of_the_local_clock, 0,
	    sizeof(moments) / sizeof(moments[0]));
	tcase_add_loop_test(tc, what_is_no_moment_is_refused, 0,
	    sizeof(no_moments) / sizeof(no_moments[0]));
	tcase_add_loop_test(tc, local_times_are_the_next_that_the_clock_shows,
	    0, sizeof(zones) / sizeof(zones[0]));
	tcase_add_test(tc, a_skipped_time_is_told_with_the_gap);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
