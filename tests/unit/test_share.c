/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/share.h"

#include <check.h>
#include <string.h>

static const struct conf_failback gentle = {.hold_ms = 300 * 1000,
    .ramp_ms = 600 * 1000};
static const struct conf_failback by_hand = {.ramp_ms = 100 * 1000,
    .manual = 1};

static uint32_t
cohort_of(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(text, &a));
	return share_cohort(&a, "eu").number;
}

static unsigned
len_of(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(text, &a));
	return share_cohort(&a, "eu").len;
}

START_TEST(cohorts_are_those_of_a_prefix)
{
	ck_assert_uint_eq(cohort_of("192.0.2.1"), cohort_of("192.0.2.200"));
	ck_assert_uint_ne(cohort_of("192.0.2.1"), cohort_of("192.0.3.1"));
	ck_assert_uint_eq(
	    cohort_of("2001:db8:1::1"), cohort_of("2001:db8:1:ffff::2"));
	ck_assert_uint_ne(
	    cohort_of("2001:db8:1::1"), cohort_of("2001:db8:2::"));
	ck_assert_uint_eq(
	    cohort_of("192.0.2.1"), cohort_of("::ffff:192.0.2.9"));
	ck_assert_uint_eq(
	    cohort_of("192.0.2.1"), cohort_of("2002:c000:0201::"));
	ck_assert_uint_eq(len_of("192.0.2.1"), 24);
	ck_assert_uint_eq(len_of("2001:db8::"), 48);
	ck_assert_uint_eq(len_of("::ffff:192.0.2.1"), 120);
	ck_assert_uint_eq(len_of("2002:c000:0201::"), 40);
}
END_TEST

START_TEST(regions_draw_their_cohorts_apart)
{
	struct addr a;

	ck_assert(addr_parse("192.0.2.1", &a));
	ck_assert_uint_ne(
	    share_cohort(&a, "eu").number, share_cohort(&a, "us").number);
}
END_TEST

START_TEST(without_a_share_all_are_taken)
{
	const struct share whole = {.out = 0}, back = {.back = true};

	ck_assert(!share_in_force(&whole, &gentle, 7));
	ck_assert_uint_eq(share_taken(&whole, &gentle, 7), SHARE_COHORTS);
	ck_assert(!share_in_force(&back, NULL, 7));
	ck_assert_uint_eq(share_taken(&back, NULL, 7), SHARE_COHORTS);
	ck_assert_uint_eq(share_change_s(&whole, &gentle, 5, 7), SHARE_NEVER);
}
END_TEST

/* Every cohort, by every second: taken from the second on that was told. */
static void
expect_turns(const struct share *s, const struct conf_failback *f, bool taken,
    uint32_t from, uint32_t to)
{
	for (uint32_t c = 0; c < SHARE_COHORTS; c += 997) {
		bool turned = false;

		for (uint32_t now = from; now < to; now++) {
			uint32_t change = share_change_s(s, f, c, now);
			bool now_taken = c < share_taken(s, f, now);

			if (turned)
				ck_assert_uint_eq(change, SHARE_NEVER);
			else if (change != SHARE_NEVER)
				ck_assert((c < share_taken(s, f,
						   now + change)) != now_taken);
			turned = now_taken == taken;
			if (!turned && change != SHARE_NEVER)
				ck_assert(
				    (c < share_taken(s, f, now + change - 1)) ==
				    now_taken);
		}
	}
}

START_TEST(clients_come_back_one_by_one_and_once)
{
	const struct share s = {.back = true, .back_s = 1000};

	ck_assert_uint_eq(share_taken(&s, &gentle, 1299), 0);
	ck_assert_uint_eq(share_taken(&s, &gentle, 1600), SHARE_COHORTS / 2);
	ck_assert(share_in_force(&s, &gentle, 1899));
	ck_assert(!share_in_force(&s, &gentle, 1900));
	expect_turns(&s, &gentle, true, 1000, 1950);
}
END_TEST

/* Who has moved stays, and the others wait so much longer. */
START_TEST(trouble_stops_the_return_and_takes_nothing_back)
{
	struct share s = {.back = true, .back_s = 1000};
	const struct share before = s;

	share_freeze(&s, 1600);
	share_freeze(&s, 1650);
	for (uint32_t now = 1400; now <= 1601; now++)
		ck_assert_uint_eq(share_taken(&s, &gentle, now),
		    share_taken(&before, &gentle, now));
	ck_assert_uint_eq(share_taken(&s, &gentle, 5000),
	    share_taken(&before, &gentle, 1601));
	ck_assert(share_in_force(&s, &gentle, 5000));
	/* It may go on the next moment. */
	ck_assert_uint_eq(
	    share_change_s(&s, &gentle, SHARE_COHORTS - 1, 5000), 1900 - 1601);
	share_thaw(&s, 5000);
	share_thaw(&s, 5005);
	for (uint32_t now = 5000; now <= 5400; now++)
		ck_assert_uint_eq(share_taken(&s, &gentle, now),
		    share_taken(&before, &gentle, now - 5000 + 1601));
	expect_turns(&s, &gentle, true, 5000, 5400);
}
END_TEST

START_TEST(an_operator_lets_a_region_come_back)
{
	struct share s = {.back = true, .back_s = 1000};

	ck_assert_uint_eq(share_taken(&s, &by_hand, 100000), 0);
	ck_assert_uint_eq(share_change_s(&s, &by_hand, 0, 100000), SHARE_NEVER);
	s.resumed = true;
	s.back_s = 100000;
	ck_assert_uint_eq(share_taken(&s, &by_hand, 100050), SHARE_COHORTS / 2);
	expect_turns(&s, &by_hand, true, 100000, 100110);
}
END_TEST

/* gentle: a hold of 300 s, a ramp of 600 s; by_hand: a ramp of 100 s. */
START_TEST(what_is_left_of_a_return_is_told)
{
	struct share s = {.back = true, .back_s = 1000};
	struct share_left left;

	ck_assert(!share_left(&s, NULL, 1000, &left));
	ck_assert(share_left(&s, &gentle, 1100, &left));
	ck_assert(!left.manual && !left.frozen);
	ck_assert_uint_eq(left.hold_s, 200);
	ck_assert_uint_eq(left.all_s, 800);
	share_freeze(&s, 1600);
	ck_assert(share_left(&s, &gentle, 5000, &left) && left.frozen);
	ck_assert_uint_eq(left.hold_s, 0);
	ck_assert_uint_eq(left.all_s, 1900 - 1601);
	s.frozen_s = 0;
	ck_assert(!share_left(&s, &gentle, 1900, &left));
	ck_assert(share_left(&s, &by_hand, 100000, &left) && left.manual);
	ck_assert_uint_eq(left.hold_s, 0);
	ck_assert_uint_eq(left.all_s, 100);
}
END_TEST

START_TEST(a_partial_drain_takes_its_share_out)
{
	struct share s = {.out = SHARE_COHORTS / 2, .out_end_s = 50};

	ck_assert(share_in_force(&s, NULL, 60));
	ck_assert_uint_eq(share_taken(&s, NULL, 60), SHARE_COHORTS / 2);
	s.out_over_s = 40;
	s.out_end_s = 140;
	ck_assert_uint_eq(share_taken(&s, NULL, 99), SHARE_COHORTS);
	ck_assert_uint_eq(share_taken(&s, NULL, 120), SHARE_COHORTS * 3 / 4);
	expect_turns(&s, NULL, false, 100, 150);
}
END_TEST

START_TEST(a_tenant_is_of_one_cohort_whoever_asks)
{
	static const uint8_t a[] = {1, 'a', 1, 't', 0};
	static const uint8_t b[] = {1, 'b', 1, 't', 0};

	ck_assert_uint_eq(share_cohort_name(a, "eu").len, 0);
	ck_assert_uint_lt(share_cohort_name(a, "eu").number, SHARE_COHORTS);
	ck_assert_uint_ne(share_cohort_name(a, "eu").number,
	    share_cohort_name(b, "eu").number);
	ck_assert_uint_ne(share_cohort_name(a, "eu").number,
	    share_cohort_name(a, "us").number);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("share");
	TCase *tc = tcase_create("share");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_tenant_is_of_one_cohort_whoever_asks);
	tcase_add_test(tc, cohorts_are_those_of_a_prefix);
	tcase_add_test(tc, regions_draw_their_cohorts_apart);
	tcase_add_test(tc, without_a_share_all_are_taken);
	tcase_add_test(tc, clients_come_back_one_by_one_and_once);
	tcase_add_test(tc, trouble_stops_the_return_and_takes_nothing_back);
	tcase_add_test(tc, an_operator_lets_a_region_come_back);
	tcase_add_test(tc, what_is_left_of_a_return_is_told);
	tcase_add_test(tc, a_partial_drain_takes_its_share_out);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
