/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include <check.h>
#include <time.h>

START_TEST(a_fake_clock_stands_still)
{
	clock_fake(12345, 1000);
	ck_assert_uint_eq(clock_mono_us(), 12345000);
	ck_assert_uint_eq(clock_mono_ms(), 12345);
	ck_assert_uint_eq(clock_mono_s(), 12);
	ck_assert_int_eq(clock_wall_s(), 1000);
	clock_real();
	ck_assert_int_ge(clock_wall_s(), time(NULL) - 1);
}
END_TEST

START_TEST(the_real_clock_never_goes_back)
{
	uint64_t a = clock_mono_us(), b = clock_mono_us();

	ck_assert_uint_le(a, b);
	ck_assert_uint_ge(clock_mono_ms(), b / 1000);
}
END_TEST

START_TEST(wall_time_is_utc)
{
	char buf[CLOCK_TEXT_MAX];

	ck_assert_str_eq(clock_format(buf, 0), "1970-01-01T00:00:00Z");
	ck_assert_str_eq(clock_format(buf, 1769832306), "2026-01-31T04:05:06Z");
	ck_assert_ptr_eq(clock_format(buf, INT64_MAX), buf);
}
END_TEST

START_TEST(spans_are_short)
{
	static const struct {
		uint64_t ms;
		const char *text;
	} rows[] = {
	    {0, "0ms"},
	    {800, "800ms"},
	    {1000, "1s"},
	    {1500, "1.5s"},
	    {45000, "45s"},
	    {60000, "1m"},
	    {61000, "1m 1s"},
	    {3900000, "1h 5m"},
	    {3600000, "1h"},
	    {90000000, "1d 1h"},
	};
	char buf[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_str_eq(
		    clock_format_span(buf, rows[i].ms), rows[i].text);
	ck_assert_ptr_eq(clock_format_span(buf, UINT64_MAX), buf);
}
END_TEST

START_TEST(durations_have_units)
{
	static const struct {
		const char *text;
		uint64_t ms;
	} rows[] = {
	    {"800ms", 800},
	    {"5s", 5000},
	    {"1h30m", 5400000},
	    {"2d", 172800000},
	    {"0s", 0},
	    {"1m", 60000},
	};
	uint64_t ms;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert(clock_parse_span(rows[i].text, &ms));
		ck_assert_uint_eq(ms, rows[i].ms);
	}
}
END_TEST

START_TEST(what_is_no_duration_is_refused)
{
	static const char *const rows[] = {"", "5", "s", "-5s", "5 s", "5x",
	    "5sec", "1.5s", "5s ", "1h30", "99999999999999999999s",
	    "18446744073709551615d", "18446744073709551615ms1ms"};
	uint64_t ms;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ck_assert_msg(!clock_parse_span(rows[i], &ms), "%s", rows[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("clock");
	TCase *tc = tcase_create("clock");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_fake_clock_stands_still);
	tcase_add_test(tc, the_real_clock_never_goes_back);
	tcase_add_test(tc, wall_time_is_utc);
	tcase_add_test(tc, spans_are_short);
	tcase_add_test(tc, durations_have_units);
	tcase_add_test(tc, what_is_no_duration_is_refused);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
