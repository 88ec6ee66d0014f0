/* SPDX-License-Identifier: BSD-3-Clause */
#include "life/watch.h"

#include <check.h>
#include <stdlib.h>

START_TEST(time_without_a_beat_counts)
{
	struct watch_count c = {0};

	ck_assert_uint_eq(watch_tick(&c, 100000, 7), 0);
	for (uint64_t i = 1; i <= 100; i++)
		ck_assert_uint_eq(watch_tick(&c, 100000 + i * WATCH_TICK_MS, 7),
		    i * WATCH_TICK_MS);
}
END_TEST

START_TEST(a_beat_begins_the_count_anew)
{
	struct watch_count c = {0};

	watch_tick(&c, 100000, 7);
	ck_assert_uint_eq(watch_tick(&c, 100500, 7), 500);
	ck_assert_uint_eq(watch_tick(&c, 101000, 8), 0);
	ck_assert_uint_eq(watch_tick(&c, 101250, 8), 250);
}
END_TEST

/* SIGSTOP, a machine that sleeps, a debugger: the thread slept, too. */
START_TEST(time_in_which_nobody_ran_does_not_count)
{
	struct watch_count c = {0};

	watch_tick(&c, 100000, 7);
	ck_assert_uint_eq(watch_tick(&c, 100250, 7), 250);
	ck_assert_uint_eq(watch_tick(&c, 100250 + 3600000, 7), 0);
	ck_assert_uint_eq(watch_tick(&c, 100500 + 3600000, 7), 250);
	ck_assert_uint_eq(
	    watch_tick(&c, 100500 + 3600000 + WATCH_GAP_MS + 1, 7), 0);
}
END_TEST

START_TEST(a_stop_again_and_again_is_no_hang)
{
	struct watch_count c = {0};
	uint64_t now = 100000;

	for (int i = 0; i < 1000; i++) {
		now += i % 4 == 0 ? WATCH_GAP_MS + 1 : WATCH_TICK_MS;
		ck_assert_uint_le(watch_tick(&c, now, 7), 3 * WATCH_TICK_MS);
	}
}
END_TEST

START_TEST(the_longest_stall_is_forgotten_after_a_while)
{
	uint64_t now = 1000000;

	watch_beat(now);
	watch_beat(now += 1000);
	watch_beat(now += 5000);
	for (int i = 0; i < WATCH_SPAN_S; i++)
		watch_beat(now += 1000);
	ck_assert_uint_eq(watch_stall_ms(now), 5000);
	ck_assert_uint_eq(watch_stall_ms(now + 7000), 7000);
	for (int i = 0; i < 2 * WATCH_SPAN_S + 2; i++)
		watch_beat(now += 1000);
	ck_assert_uint_eq(watch_stall_ms(now), 1000);
	ck_assert_uint_eq(watch_beats(), 3 * WATCH_SPAN_S + 5);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watch");
	TCase *t = tcase_create("watch");
	SRunner *r;
	int failed;

	tcase_add_test(t, time_without_a_beat_counts);
	tcase_add_test(t, a_beat_begins_the_count_anew);
	tcase_add_test(t, time_in_which_nobody_ran_does_not_count);
	tcase_add_test(t, a_stop_again_and_again_is_no_hang);
	tcase_add_test(t, the_longest_stall_is_forgotten_after_a_while);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
