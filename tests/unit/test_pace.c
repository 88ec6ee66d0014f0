/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/pace.h"

#include <check.h>
#include <stdbool.h>

enum { MOST_US = 100, BEGIN_US = 5000000 };

static struct pace pace;
static uint64_t now_us;

/* So many batches, each of got packets and that long after the one before: how
 * often the worker is told to gather. */
static unsigned
batches(unsigned n, uint64_t apart_us, unsigned got)
{
	unsigned gathers = 0;

	for (unsigned i = 0; i < n; i++) {
		uint32_t us;

		now_us += apart_us;
		us = pace_gather(&pace, now_us, got, MOST_US);
		ck_assert(us == 0 || us == MOST_US);
		gathers += us != 0;
	}
	return gathers;
}

static void
begin(void)
{
	now_us = BEGIN_US;
	pace_init(&pace, now_us);
}

static const struct {
	uint64_t apart_us;
	unsigned got;
	bool gathers; /* in the end */
} loads[] = {
    {1000000, 1, false},  /* one a second */
    {1000000, 31, false}, /* a burst a second: 1000 us at most count */
    {100, 1, false},      /* 10 000 a second: one is expected */
    {26, 1, false},       /* 38 000 a second */
    {25, 1, true},        /* 40 000 a second: four are */
    {20, 1, true},
    {120, 4, false}, /* 33 000 a second, gathered */
    {120, 6, true},  /* 50 000 a second, gathered */
    {3, 1, true},
    {0, 31, true},
};

START_TEST(four_packets_must_be_expected)
{
	begin();
	batches(200, loads[_i].apart_us, loads[_i].got);
	ck_assert_uint_eq(batches(100, loads[_i].apart_us, loads[_i].got),
	    loads[_i].gathers ? 100 : 0);
}
END_TEST

START_TEST(a_few_packets_after_silence_are_answered_at_once)
{
	begin();
	ck_assert_uint_eq(batches(1, 10000000, 1), 0);
	/* Two right behind it, and one more. */
	ck_assert_uint_eq(batches(3, 1, 1), 0);
}
END_TEST

START_TEST(a_load_that_ends_is_waited_for_no_longer)
{
	begin();
	batches(200, 20, 1);
	ck_assert_uint_eq(batches(1, 20, 1), 1);
	ck_assert_uint_eq(batches(1, 1000000, 1), 0);
	ck_assert_uint_eq(batches(100, 1000, 1), 0);
}
END_TEST

START_TEST(none_is_waited_for_where_it_is_turned_off)
{
	begin();
	for (unsigned i = 0; i < 200; i++)
		ck_assert_uint_eq(pace_gather(&pace, now_us += 20, 1, 0), 0);
	/* 50 000 a second: 80 us are worth it, 79 are not. */
	ck_assert_uint_eq(pace_gather(&pace, now_us += 20, 1, 79), 0);
	ck_assert_uint_eq(pace_gather(&pace, now_us += 20, 1, 80), 80);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("serve/pace");
	TCase *t = tcase_create("pace");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(t, four_packets_must_be_expected, 0,
	    sizeof(loads) / sizeof(loads[0]));
	tcase_add_test(t, a_few_packets_after_silence_are_answered_at_once);
	tcase_add_test(t, a_load_that_ends_is_waited_for_no_longer);
	tcase_add_test(t, none_is_waited_for_where_it_is_turned_off);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
