/* SPDX-License-Identifier: BSD-3-Clause */
/* Main's sum of what threads have counted: what is left of it as time goes on,
 * and how much of it there can be. */
#include "traffic/traffic.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { GENERATION = 5, BEGIN_S = 600 };

static struct sampler *sampler;
static struct snapshot *s;
static struct traffic t;

static void
setup(void)
{
	if (sampler == NULL)
		sampler = sampler_new();
	s = xcalloc(1, sizeof(*s));
	s->generation = GENERATION;
	memset(&t, 0, sizeof(t));
}

static void
teardown(void)
{
	traffic_fini(&t);
	free(s);
}

static void
seen(uint32_t now_s, const char *client, uint16_t class, unsigned n)
{
	struct addr a;
	const struct sample_seen one = {.generation = GENERATION,
	    .now_s = now_s,
	    .class = class,
	    .client = &a};

	ck_assert(addr_parse(client, &a));
	while (n-- > 0)
		sampler_add(sampler, &one);
}

static double
sum_of(const struct traffic *of)
{
	double sum = 0;

	for (size_t i = 0; i < of->cells.n; i++)
		sum += of->cells.at[i].n;
	return sum;
}

START_TEST(a_minute_is_taken_in_when_it_is_over)
{
	traffic_look(&t, s, BEGIN_S);
	ck_assert_uint_eq(t.since_s, BEGIN_S);
	seen(BEGIN_S, "192.0.2.1", 1, 40);
	seen(BEGIN_S + 59, "192.0.2.1", 1, 20);
	traffic_look(&t, s, BEGIN_S + 61);
	ck_assert_double_eq(sum_of(&t), 0);
	ck_assert_double_eq(t.minutes, 0);
	traffic_look(&t, s, BEGIN_S + 62);
	ck_assert_double_eq(sum_of(&t), 60);
	ck_assert_double_eq(t.minutes, 1);
	ck_assert_uint_eq(t.since_s, BEGIN_S + 60);
	/* Once. */
	traffic_look(&t, s, BEGIN_S + 63);
	ck_assert_double_eq(sum_of(&t), 60);
	ck_assert_double_eq(t.minutes, 1);
}
END_TEST

/* Half in five minutes, and the minutes that it is of likewise. */
START_TEST(what_was_seen_is_forgotten_by_half)
{
	t.since_s = BEGIN_S;
	seen(BEGIN_S, "192.0.2.1", 1, 64);
	traffic_look(&t, s, BEGIN_S + 62);
	traffic_look(&t, s, BEGIN_S + 362);
	ck_assert_double_eq_tol(sum_of(&t), 32, 1e-9);
	ck_assert_double_eq_tol(t.minutes, 1 * 0.5 + 5, 1e-9);
	traffic_look(&t, s, BEGIN_S + 422);
	ck_assert_double_eq_tol(sum_of(&t), 32 * exp2(-0.2), 1e-9);
	ck_assert_double_eq_tol(t.minutes, 5.5 * exp2(-0.2) + 1, 1e-9);
	ck_assert_uint_eq(t.cells.n, 1);
	/* Below a twentieth of an answer it goes: after 10.3 halves of 64. */
	traffic_look(&t, s, BEGIN_S + 62 + 51 * 60);
	ck_assert_uint_eq(t.cells.n, 1);
	traffic_look(&t, s, BEGIN_S + 62 + 52 * 60);
	ck_assert_uint_eq(t.cells.n, 0);
}
END_TEST

START_TEST(now_is_a_copy_with_what_is_counted_since)
{
	struct traffic now;

	t.since_s = BEGIN_S;
	seen(BEGIN_S, "192.0.2.1", 1, 10);
	traffic_look(&t, s, BEGIN_S + 62);
	seen(BEGIN_S + 70, "192.0.2.1", 1, 5);
	seen(BEGIN_S + 70, "192.1.2.1", 1, 3);
	now = traffic_now(&t, s, BEGIN_S + 90);
	ck_assert_uint_eq(now.cells.n, 2);
	ck_assert_double_eq_tol(now.cells.at[0].n, 10 * exp2(-0.1) + 5, 1e-9);
	ck_assert_double_eq(now.cells.at[1].n, 3);
	ck_assert_double_eq_tol(now.minutes, exp2(-0.1) + 0.5, 1e-9);
	traffic_fini(&now);
	ck_assert_uint_eq(t.cells.n, 1);
	ck_assert_double_eq(sum_of(&t), 10);
	ck_assert_double_eq(t.minutes, 1);
	/* Of no time at all it is of a second. */
	memset(&now, 0, sizeof(now));
	now = traffic_now(&now, s, BEGIN_S + 90);
	ck_assert_double_eq(now.minutes, 1.0 / 60);
	ck_assert_double_eq(sum_of(&now), 8);
	traffic_fini(&now);
}
END_TEST

START_TEST(cells_are_in_order)
{
	static const struct {
		const char *client;
		uint16_t class;
	} order[] = {{"10.0.0.1", 0}, {"10.1.0.1", 0}, {"2001:db8::1", 0},
	    {"10.0.0.1", 1}, {"9.0.0.1", 2}, {"10.0.0.1", 2}};
	static const size_t mixed[] = {4, 2, 5, 0, 3, 1, 2, 0};

	t.since_s = BEGIN_S;
	for (size_t i = 0; i < sizeof(mixed) / sizeof(mixed[0]); i++)
		seen(BEGIN_S, order[mixed[i]].client, order[mixed[i]].class, 1);
	traffic_look(&t, s, BEGIN_S + 62);
	ck_assert_uint_eq(t.cells.n, 6);
	for (size_t i = 0; i < 6; i++) {
		struct addr a;

		ck_assert(addr_parse(order[i].client, &a));
		ck_assert_uint_eq(t.cells.at[i].class, order[i].class);
		ck_assert_uint_eq(t.cells.at[i].block, sample_block(&a));
		ck_assert_double_eq(t.cells.at[i].n, i == 0 || i == 2 ? 2 : 1);
	}
}
END_TEST

/* n cells of a block each, with so much in them by turns. */
static void
fill(size_t n, const double *each, size_t neach)
{
	for (size_t i = 0; i < n; i++) {
		struct traffic_cell c = {.name = (uint16_t)(i >> 15),
		    .class = (uint16_t)(i & 0x7fff),
		    .block = 0x10000000 | 7,
		    .n = each[i % neach]};

		vec_push(&t.cells, c);
	}
	t.since_s = BEGIN_S;
}

START_TEST(as_many_cells_as_there_may_be_keep_their_blocks)
{
	static const double small[] = {0.5};

	fill(TRAFFIC_CELLS_MAX, small, 1);
	traffic_look(&t, s, BEGIN_S + 62);
	ck_assert_uint_eq(t.cells.n, TRAFFIC_CELLS_MAX);
	for (size_t i = 0; i < t.cells.n; i++)
		ck_assert(t.cells.at[i].block != SAMPLE_NOWHERE);
}
END_TEST

/* Below one first, then below two; without a block they are one a class. */
START_TEST(beyond_that_the_least_lose_their_blocks_then_go)
{
	static const double each[] = {0.9, 1.5, 2.5, 8};
	size_t n[3] = {0};

	fill(2 * TRAFFIC_CELLS_MAX, each, 4);
	t.since_s = BEGIN_S + 60; /* nothing ages */
	traffic_look(&t, s, BEGIN_S + 122);
	ck_assert_uint_le(t.cells.n, TRAFFIC_CELLS_MAX);
	for (size_t i = 0; i < t.cells.n; i++)
		n[t.cells.at[i].n < 1.4 ? 0 : t.cells.at[i].n < 3 ? 1 : 2]++;
	/* Those of 0.9 and 1.5 have gone; a minute has passed. */
	ck_assert_uint_eq(n[0], 0);
	ck_assert_uint_eq(n[1], TRAFFIC_CELLS_MAX / 2);
	ck_assert_uint_eq(n[2], TRAFFIC_CELLS_MAX / 2);
	for (size_t i = 0; i < t.cells.n; i++)
		ck_assert(t.cells.at[i].block != SAMPLE_NOWHERE ||
		    t.cells.at[i].n < 3);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("traffic");
	TCase *tc = tcase_create("traffic");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_minute_is_taken_in_when_it_is_over);
	tcase_add_test(tc, what_was_seen_is_forgotten_by_half);
	tcase_add_test(tc, now_is_a_copy_with_what_is_counted_since);
	tcase_add_test(tc, cells_are_in_order);
	tcase_add_test(tc, as_many_cells_as_there_may_be_keep_their_blocks);
	tcase_add_test(tc, beyond_that_the_least_lose_their_blocks_then_go);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
