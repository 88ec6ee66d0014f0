/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/share.h"

#include <check.h>
#include <stdlib.h>
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

/* Cohorts of a client are the same on every server and in every version. */
START_TEST(cohorts_do_not_change_with_the_build)
{
	static const struct {
		const char *client, *region;
		uint32_t number;
	} rows[] = {
	    {"192.0.2.1", "eu", 34812},
	    {"192.0.3.1", "eu", 32052},
	    {"192.0.2.1", "us-west", 34123},
	    {"2001:db8:1::1", "eu", 33004},
	    {"2001:db8:2::1", "us-west", 59085},
	};
	static const uint8_t tenant[] = {4, 'a', 'c', 'm', 'e', 1, 't', 0};
	struct addr a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		ck_assert(addr_parse(rows[i].client, &a));
		ck_assert_uint_eq(
		    share_cohort(&a, rows[i].region).number, rows[i].number);
	}
	ck_assert_uint_eq(share_cohort_name(tenant, "eu").number, 21339);
	ck_assert(addr_parse("192.0.2.1", &a));
	ck_assert_uint_eq(share_trickle(&a).number, 52468);
}
END_TEST

/* Second by second -------------------------------------------------------- */

enum { MODEL_SECONDS = 700 };

static uint32_t
dice(uint32_t sides)
{
	return (uint32_t)random() % sides;
}

/* So many of all have had their turn, so many seconds after the first. */
static uint32_t
turned(uint32_t all, int64_t after_s, uint32_t of_s)
{
	if (after_s < 0)
		return 0;
	if (after_s >= of_s)
		return all;
	return (uint32_t)((uint64_t)all * (uint64_t)after_s / of_s);
}

static uint32_t
whole_seconds(uint32_t ms)
{
	return ms / 1000 + (ms % 1000 != 0);
}

/* Cohorts that are back, so many seconds from now on without trouble. */
static uint32_t
model_back(const struct share *s, const struct conf_failback *f, int64_t now)
{
	int64_t from = s->back_s;

	if (f->manual && !s->resumed)
		return 0;
	if (!s->resumed)
		from += whole_seconds(f->hold_ms);
	return turned(SHARE_COHORTS, now - from, whole_seconds(f->ramp_ms));
}

static uint32_t
model_out(const struct share *s, int64_t now)
{
	return turned(
	    s->out, now - (s->out_end_s - s->out_over_s), s->out_over_s);
}

/* Trouble stops the clock of the return. */
static int64_t
model_clock(const struct share *s, int64_t now)
{
	return s->frozen_s != 0 && s->frozen_s < now ? s->frozen_s : now;
}

static uint32_t
model_taken(const struct share *s, const struct conf_failback *f, int64_t now)
{
	uint32_t taken = SHARE_COHORTS - model_out(s, now), back;

	if (f == NULL || !s->back)
		return taken;
	back = model_back(s, f, model_clock(s, now));
	return back < taken ? back : taken;
}

/* The first second from now on in which the cohort's turn has come. */
static uint32_t
model_change(const struct share *s, const struct conf_failback *f,
    uint32_t cohort, int64_t now)
{
	int64_t clock = model_clock(s, now);
	bool in = f != NULL && s->back && cohort >= model_back(s, f, clock);
	bool out = cohort < SHARE_COHORTS - model_out(s, now);

	for (uint32_t i = 1; i < MODEL_SECONDS; i++)
		if ((in && cohort < model_back(s, f, clock + i)) ||
		    (out && cohort >= SHARE_COHORTS - model_out(s, now + i)))
			return i;
	return SHARE_NEVER;
}

static struct share
any_share(int64_t now)
{
	struct share s = {.back = dice(3) > 0,
	    .resumed = dice(3) == 0,
	    .back_s = now - dice(200)};

	if (dice(2) == 0) {
		s.out = dice(SHARE_COHORTS + 1);
		s.out_over_s = dice(3) * dice(100);
		s.out_end_s = now + 100 - dice(200);
	}
	if (s.back && dice(3) == 0)
		s.frozen_s = s.back_s + dice((uint32_t)(now + 2 - s.back_s));
	return s;
}

static struct conf_failback
any_failback(void)
{
	return (struct conf_failback){
	    .hold_ms = dice(3) * (1000 * dice(50) + dice(3)),
	    .ramp_ms = dice(3) * (1000 * dice(100) + dice(3)),
	    .manual = dice(4) == 0};
}

static void
expect_left(const struct share *s, const struct conf_failback *f, uint32_t now)
{
	int64_t clock = model_clock(s, now);
	struct share after = *s;
	struct share_left left;
	uint32_t hold = 0, all = 0;
	bool held = f != NULL && f->manual && !s->resumed;
	bool coming =
	    f != NULL && s->back && model_back(s, f, clock) < SHARE_COHORTS;

	ck_assert(share_left(s, f, now, &left) == coming);
	ck_assert(share_in_force(s, f, now) == (s->out > 0 || coming));
	if (!coming)
		return;
	if (held) { /* as from the operator's word on */
		after.resumed = true;
		after.back_s = clock;
	}
	while (model_back(&after, f, clock + all) < SHARE_COHORTS)
		all++;
	if (!held && !s->resumed)
		while (clock + hold < s->back_s + whole_seconds(f->hold_ms))
			hold++;
	ck_assert(left.manual == held);
	ck_assert(left.frozen == (s->frozen_s != 0));
	ck_assert_uint_eq(left.hold_s, hold);
	ck_assert_uint_eq(left.all_s, all);
}

START_TEST(shares_are_as_a_count_second_by_second_says)
{
	srandom(1);
	for (unsigned i = 0; i < 3000; i++) {
		uint32_t now = 1000 + dice(1000);
		struct share s = any_share(now);
		struct conf_failback f = any_failback();
		const struct conf_failback *by = dice(5) > 0 ? &f : NULL;
		uint32_t taken = model_taken(&s, by, now);
		const uint32_t cohorts[] = {0, taken - (taken > 0),
		    taken % SHARE_COHORTS, dice(SHARE_COHORTS),
		    SHARE_COHORTS - 1};

		ck_assert_uint_eq(share_taken(&s, by, now), taken);
		for (size_t k = 0; k < 5; k++)
			ck_assert_uint_eq(
			    share_change_s(&s, by, cohorts[k], now),
			    model_change(&s, by, cohorts[k], now));
		expect_left(&s, by, now);
	}
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
	tcase_add_test(tc, cohorts_do_not_change_with_the_build);
	tcase_add_test(tc, shares_are_as_a_count_second_by_second_says);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
