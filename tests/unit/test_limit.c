/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "serve/limit.h"

enum { RATE = 10, SECOND_US = 1000000, THREADS = 4, TAKES = 20000 };

static struct limit *limit;
static struct prefix allowed;
static struct conf_limit conf;
static const uint64_t start_us = UINT64_C(5000000000);

static void
setup(void)
{
	struct error err;

	limit = limit_new(&err);
	ck_assert_ptr_nonnull(limit);
	ck_assert(prefix_parse("192.0.2.0/28", &allowed, &err));
	conf = (struct conf_limit){
	    .per_second = RATE,
	    .slip = 2,
	    .ipv4_prefix = 24,
	    .ipv6_prefix = 56,
	};
}

static void
teardown(void)
{
	limit_free(limit);
}

static bool
take(const char *client, enum limit_kind kind, uint64_t us)
{
	struct addr a;

	ck_assert(addr_parse(client, &a));
	return limit_take(limit, &conf, &a, kind, start_us + us);
}

/* How many of n are within the limit at one moment. */
static unsigned
take_many(const char *client, enum limit_kind kind, uint64_t us, unsigned n)
{
	unsigned taken = 0;

	while (n-- > 0)
		taken += take(client, kind, us);
	return taken;
}

START_TEST(a_second_of_rest_is_worth_a_second_of_replies)
{
	ck_assert_uint_eq(take_many("192.0.2.1", LIMIT_ANSWER, 0, 50), RATE);
	ck_assert_uint_eq(
	    take_many("192.0.2.1", LIMIT_ANSWER, SECOND_US, 50), RATE);
	ck_assert_uint_eq(
	    take_many("192.0.2.1", LIMIT_ANSWER, 100 * SECOND_US, 50), RATE);
}
END_TEST

START_TEST(credit_comes_back_evenly)
{
	take_many("192.0.2.1", LIMIT_ANSWER, 0, RATE);
	ck_assert(!take("192.0.2.1", LIMIT_ANSWER, SECOND_US / RATE - 1));
	ck_assert(take("192.0.2.1", LIMIT_ANSWER, SECOND_US / RATE));
	ck_assert(!take("192.0.2.1", LIMIT_ANSWER, SECOND_US / RATE));
	ck_assert_uint_eq(
	    take_many("192.0.2.1", LIMIT_ANSWER, SECOND_US / 2, 50), 4);
}
END_TEST

START_TEST(who_asks_on_gets_the_rate_all_the_same)
{
	unsigned taken = 0;

	for (uint64_t us = 0; us < 10 * SECOND_US; us += 1000)
		taken += take("192.0.2.1", LIMIT_ANSWER, us);
	ck_assert_uint_ge(taken, 10 * RATE);
	ck_assert_uint_le(taken, 11 * RATE);
}
END_TEST

START_TEST(one_a_second_is_one_a_second)
{
	conf.per_second = 1;
	ck_assert_uint_eq(take_many("192.0.2.1", LIMIT_ANSWER, 0, 5), 1);
	ck_assert(!take("192.0.2.1", LIMIT_ANSWER, SECOND_US - 1));
	ck_assert(take("192.0.2.1", LIMIT_ANSWER, SECOND_US));
}
END_TEST

START_TEST(kinds_are_counted_apart)
{
	for (unsigned kind = LIMIT_ANSWER; kind <= LIMIT_ERROR; kind++)
		ck_assert_uint_eq(take_many("192.0.2.1", kind, 0, 50), RATE);
}
END_TEST

START_TEST(addresses_of_a_prefix_share_and_others_do_not)
{
	ck_assert_uint_eq(take_many("192.0.2.1", LIMIT_ANSWER, 0, 50), RATE);
	ck_assert(!take("192.0.2.200", LIMIT_ANSWER, 0));
	ck_assert(take("192.0.3.1", LIMIT_ANSWER, 0));
	take_many("2001:db8:0:100::1", LIMIT_ANSWER, 0, RATE);
	ck_assert(!take("2001:db8:0:1ff::2", LIMIT_ANSWER, 0));
	ck_assert(take("2001:db8:0:200::1", LIMIT_ANSWER, 0));
	conf.ipv4_prefix = 32;
	ck_assert(take("192.0.2.200", LIMIT_ANSWER, 0));
}
END_TEST

START_TEST(a_family_is_no_part_of_the_other)
{
	conf.ipv6_prefix = 24;
	take_many("192.0.2.1", LIMIT_ANSWER, 0, RATE);
	ck_assert(take("c000:2ff::1", LIMIT_ANSWER, 0)); /* the same octets */
}
END_TEST

START_TEST(the_allowed_are_never_limited)
{
	conf.allow = &allowed;
	conf.nallow = 1;
	ck_assert_uint_eq(take_many("192.0.2.1", LIMIT_ANSWER, 0, 50), 50);
	ck_assert(!take("192.0.2.16", LIMIT_ANSWER, 0));
}
END_TEST

START_TEST(each_prefix_that_is_allowed_counts)
{
	struct prefix both[2];
	struct error err;

	ck_assert(prefix_parse("192.0.2.0/28", &both[0], &err));
	ck_assert(prefix_parse("2001:db8::/32", &both[1], &err));
	conf.allow = both;
	conf.nallow = 2;
	ck_assert_uint_eq(take_many("192.0.2.1", LIMIT_ANSWER, 0, 50), 50);
	ck_assert_uint_eq(take_many("2001:db8::1", LIMIT_ANSWER, 0, 50), 50);
	ck_assert_uint_eq(take_many("2001:db9::1", LIMIT_ANSWER, 0, 50), RATE);
}
END_TEST

/* To the last octet of both families. */
START_TEST(each_address_can_be_counted_apart)
{
	conf.ipv4_prefix = 32;
	conf.ipv6_prefix = 128;
	for (unsigned i = 0; i < 2; i++) {
		ck_assert_uint_eq(take_many(i ? "2001:db8::2" : "2001:db8::1",
				      LIMIT_ANSWER, 0, 50),
		    RATE);
		ck_assert_uint_eq(take_many(i ? "192.0.2.2" : "192.0.2.1",
				      LIMIT_ANSWER, 0, 50),
		    RATE);
	}
}
END_TEST

START_TEST(a_flood_of_other_prefixes_does_not_free_the_worst)
{
	struct addr a = {.bytes = {10}, .family = 4};

	take_many("192.0.2.1", LIMIT_ANSWER, 0, 50);
	conf.ipv4_prefix = 32;
	for (unsigned i = 0; i < 400000; i++) {
		a.bytes[1] = (uint8_t)(i >> 16);
		a.bytes[2] = (uint8_t)(i >> 8);
		a.bytes[3] = (uint8_t)i;
		limit_take(limit, &conf, &a, LIMIT_ANSWER, start_us);
	}
	conf.ipv4_prefix = 24;
	ck_assert(!take("192.0.2.1", LIMIT_ANSWER, 0));
}
END_TEST

START_TEST(what_was_long_ago_is_forgotten)
{
	const uint64_t wrap_us = UINT64_C(1) << 40;

	take_many("192.0.2.1", LIMIT_ANSWER, 0, 50);
	ck_assert_uint_eq(
	    take_many("192.0.2.1", LIMIT_ANSWER, wrap_us / 2, 50), RATE);
	/* Across the wrap itself. */
	take_many("192.0.2.1", LIMIT_ANSWER, wrap_us - start_us - 1, 50);
	ck_assert(!take("192.0.2.1", LIMIT_ANSWER, wrap_us - start_us + 1));
	ck_assert_uint_eq(take_many("192.0.2.1", LIMIT_ANSWER,
			      wrap_us - start_us + SECOND_US, 50),
	    RATE);
}
END_TEST

/* Rates that divide a second, and those that do not. */
static const unsigned rates[] = {1, 2, 3, 7, 10, 999, 1000, 1001, 65535};

/* The model: credit that runs down, and is whole again a second later. */
START_TEST(any_rate_is_kept_at_any_moments)
{
	const uint64_t interval = SECOND_US / rates[_i];
	uint64_t us = 0, whole_us = 0;

	srandom((unsigned)_i);
	conf.per_second = rates[_i];
	for (unsigned i = 0; i < 5000; i++) {
		uint64_t from;
		bool has_credit;

		us += (uint64_t)random() % (2 * interval);
		if (random() % 200 == 0)
			us += (uint64_t)random() % (2 * SECOND_US);
		from = whole_us > us ? whole_us : us;
		has_credit = from + interval <= us + SECOND_US;
		ck_assert(take("192.0.2.1", LIMIT_ANSWER, us) == has_credit);
		if (has_credit)
			whole_us = from + interval;
	}
}
END_TEST

static _Atomic unsigned taken_by_all;

static void *
take_beside_others(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < TAKES; i++)
		atomic_fetch_add(
		    &taken_by_all, take("192.0.2.1", LIMIT_ANSWER, 0));
	return NULL;
}

/* One may be given away where others take from the same word all the time. */
START_TEST(threads_share_one_credit)
{
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, take_beside_others, NULL);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_ge(atomic_load(&taken_by_all), RATE);
	ck_assert_uint_le(atomic_load(&taken_by_all), RATE + THREADS);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("limit");
	TCase *t = tcase_create("limit");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_second_of_rest_is_worth_a_second_of_replies);
	tcase_add_test(t, credit_comes_back_evenly);
	tcase_add_test(t, who_asks_on_gets_the_rate_all_the_same);
	tcase_add_test(t, one_a_second_is_one_a_second);
	tcase_add_test(t, kinds_are_counted_apart);
	tcase_add_test(t, addresses_of_a_prefix_share_and_others_do_not);
	tcase_add_test(t, a_family_is_no_part_of_the_other);
	tcase_add_test(t, the_allowed_are_never_limited);
	tcase_add_test(t, each_prefix_that_is_allowed_counts);
	tcase_add_test(t, each_address_can_be_counted_apart);
	tcase_add_test(t, a_flood_of_other_prefixes_does_not_free_the_worst);
	tcase_add_test(t, what_was_long_ago_is_forgotten);
	tcase_add_loop_test(t, any_rate_is_kept_at_any_moments, 0,
	    sizeof(rates) / sizeof(rates[0]));
	tcase_add_test(t, threads_share_one_credit);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
