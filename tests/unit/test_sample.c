/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traffic/sample.h"

enum { MINUTE = 60, FIRST = 1, SECOND = 2 };

static struct sampler *sampler;

static void
setup(void)
{
	sampler = sampler_new();
}

static void
seen(uint64_t generation, uint32_t now_s, uint32_t class, const char *client)
{
	static uint32_t random = 1;
	struct sample_seen s = {.generation = generation,
	    .now_s = now_s,
	    .class = class,
	    .name = 7};
	struct addr a;

	random = random * 1664525 + 1013904223;
	s.random = random >> 8;
	ck_assert(addr_parse(client, &a));
	s.client = &a;
	sampler_add(sampler, &s);
}

struct told {
	struct sample_cell cells[10000];
	size_t n;
	uint64_t sum;
};

static void
tell(const struct sample_cell *cell, void *arg)
{
	struct told *t = arg;

	t->cells[t->n++] = *cell;
	t->sum += cell->n;
}

static struct told *
take(uint64_t generation, uint32_t now_s, enum sample_what what)
{
	static struct told t;

	memset(&t, 0, sizeof(t));
	sample_take(generation, now_s, what, tell, &t);
	return &t;
}

START_TEST(a_block_is_the_network_around_a_client)
{
	static const struct {
		const char *client, *block;
	} rows[] = {
	    {"192.0.2.1", "192.0.0.0/16"},
	    {"255.255.255.255", "255.255.0.0/16"},
	    {"0.0.0.0", "0.0.0.0/16"},
	    {"::ffff:192.0.2.1", "192.0.0.0/16"},
	    {"2002:c000:201::1", "192.0.0.0/16"},
	    {"2001:db8:1234::1", "2001:db8::/32"},
	    {"3fff:ffff::", "3fff:ffff::/32"},
	    {"2000::", "2000::/32"},
	};
	char buf[PREFIX_TEXT_MAX];
	struct prefix p;
	struct addr a;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert(addr_parse(rows[i].client, &a));
		ck_assert(sample_block_prefix(sample_block(&a), &p));
		ck_assert_str_eq(prefix_format(buf, &p), rows[i].block);
	}
	ck_assert(addr_parse("fd00::1", &a));
	ck_assert(!sample_block_prefix(sample_block(&a), &p));
}
END_TEST

START_TEST(what_is_counted_is_told_once_when_its_minute_is_over)
{
	struct told *t;

	seen(FIRST, 10 * MINUTE, 3, "192.0.2.1");
	seen(FIRST, 10 * MINUTE + 59, 3, "192.0.200.1");
	seen(FIRST, 10 * MINUTE + 59, 4, "192.0.2.1");
	ck_assert_uint_eq(take(FIRST, 11 * MINUTE + 1, SAMPLE_OVER)->n, 0);
	t = take(FIRST, 11 * MINUTE + 2, SAMPLE_OVER);
	ck_assert_uint_eq(t->n, 2);
	ck_assert_uint_eq(t->sum, 3);
	for (size_t i = 0; i < t->n; i++) {
		ck_assert_uint_eq(t->cells[i].name, 7);
		ck_assert_uint_eq(
		    t->cells[i].n, t->cells[i].class == 3 ? 2 : 1);
	}
	ck_assert_uint_eq(take(FIRST, 11 * MINUTE + 3, SAMPLE_OVER)->n, 0);
	ck_assert_uint_eq(take(FIRST, 11 * MINUTE + 3, SAMPLE_ALL)->n, 0);
}
END_TEST

START_TEST(a_peek_leaves_what_it_saw)
{
	seen(FIRST, 10 * MINUTE, 3, "192.0.2.1");
	ck_assert_uint_eq(take(FIRST, 10 * MINUTE, SAMPLE_PEEK)->n, 1);
	ck_assert_uint_eq(take(FIRST, 10 * MINUTE, SAMPLE_PEEK)->n, 1);
	ck_assert_uint_eq(take(FIRST, 10 * MINUTE, SAMPLE_ALL)->n, 1);
	ck_assert_uint_eq(take(FIRST, 10 * MINUTE, SAMPLE_PEEK)->n, 0);
}
END_TEST

START_TEST(snapshots_are_kept_apart)
{
	seen(FIRST, 10 * MINUTE, 3, "192.0.2.1");
	seen(SECOND, 10 * MINUTE, 5, "192.0.2.1");
	ck_assert_uint_eq(take(FIRST, 10 * MINUTE, SAMPLE_ALL)->n, 1);
	ck_assert_uint_eq(
	    take(SECOND, 12 * MINUTE, SAMPLE_OVER)->cells[0].class, 5);
	/* Both tables have been in use: the next minute empties one. */
	seen(SECOND, 11 * MINUTE, 6, "192.0.2.1");
	ck_assert_uint_eq(take(SECOND, 13 * MINUTE, SAMPLE_OVER)->n, 1);
}
END_TEST

START_TEST(beyond_so_many_a_second_the_sum_is_still_right)
{
	enum { SECONDS = 20, MANY = 20 * SAMPLE_PER_SECOND };
	double sum;

	for (uint32_t s = 0; s < SECONDS; s++)
		for (unsigned i = 0; i < MANY; i++)
			seen(FIRST, 10 * MINUTE + s, i % 4, "192.0.2.1");
	sum = (double)take(FIRST, 12 * MINUTE, SAMPLE_OVER)->sum;
	/* About 12000 were counted: their error is within 5 percent. */
	ck_assert_double_eq_tol(
	    sum, SECONDS * (double)MANY, SECONDS * MANY * 0.05);
}
END_TEST

START_TEST(what_finds_no_room_loses_its_block_alone)
{
	struct told *t;
	uint64_t nowhere = 0;
	char client[ADDR_TEXT_MAX];

	for (unsigned i = 0; i < 20000; i++) {
		snprintf(client, sizeof(client), "%u.%u.2.1", i / 256, i % 256);
		seen(FIRST, 10 * MINUTE + i / 1000, 1, client);
	}
	t = take(FIRST, 12 * MINUTE, SAMPLE_OVER);
	ck_assert_uint_eq(t->sum, 20000);
	for (size_t i = 0; i < t->n; i++)
		if (t->cells[i].block == SAMPLE_NOWHERE)
			nowhere += t->cells[i].n;
	ck_assert_uint_gt(nowhere, 10000);
	ck_assert_uint_lt(nowhere, 14000);
}
END_TEST

START_TEST(a_class_beyond_16_bits_is_not_taken_for_another)
{
	seen(FIRST, 10 * MINUTE, 70000, "192.0.2.1");
	ck_assert_uint_eq(take(FIRST, 12 * MINUTE, SAMPLE_OVER)->cells[0].class,
	    SAMPLE_CLASS_MAX);
}
END_TEST

/* After a second with so many answers, each that is counted counts as many. */
START_TEST(a_busy_second_makes_each_count_for_more_in_the_next)
{
	static const struct {
		unsigned answers;
		uint64_t each;
	} rows[] = {{1, 1}, {1024, 1}, {1025, 2}, {2049, 2}, {2050, 4},
	    {4099, 4}, {4100, 8}};
	struct addr a;

	ck_assert(addr_parse("192.0.2.1", &a));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct sample_seen s = {.generation = FIRST, .client = &a};
		uint64_t sum;

		s.now_s = (uint32_t)(10 + i) * MINUTE;
		for (unsigned k = 0; k < rows[i].answers; k++)
			sampler_add(sampler, &s);
		sum = take(FIRST, s.now_s, SAMPLE_PEEK)->sum;
		s.now_s++;
		sampler_add(sampler, &s);
		ck_assert_uint_eq(
		    take(FIRST, s.now_s, SAMPLE_PEEK)->sum, sum + rows[i].each);
		/* The others of as many do not. */
		for (s.random = 1; s.random < rows[i].each; s.random++)
			sampler_add(sampler, &s);
		ck_assert_uint_eq(
		    take(FIRST, s.now_s, SAMPLE_ALL)->sum, sum + rows[i].each);
	}
}
END_TEST

static const struct {
	const char *client;
	uint32_t class;
	uint16_t name, told_class;
	uint8_t family;
} kept[] = {
    {"192.0.2.1", 0, 0, 0, 0},
    {"192.0.2.1", 65534, 65535, 65534, 1},
    {"192.0.2.1", 65535, 1, 65535, 2},
    {"192.0.2.1", 65536, 1, 65535, 2},
    {"255.255.0.1", 7, 2, 7, 3},
    {"2001:db8::1", 7, 2, 7, 0},
    {"3fff:ffff::1", 7, 2, 7, 2},
    {"2000::", 0, 0, 0, 1},
    {"fd00::1", 9, 3, 9, 0},
    {"fd00::1", 9, 3, 9, 1},
    {"::", 0, 0, 0, 2},
};

START_TEST(a_cell_is_told_as_it_was_seen)
{
	struct addr a;
	const struct sample_seen s = {.generation = FIRST,
	    .now_s = 10 * MINUTE,
	    .class = kept[_i].class,
	    .name = kept[_i].name,
	    .family = kept[_i].family,
	    .client = &a};
	struct told *t;

	ck_assert(addr_parse(kept[_i].client, &a));
	sampler_add(sampler, &s);
	sampler_add(sampler, &s);
	t = take(FIRST, 10 * MINUTE, SAMPLE_ALL);
	ck_assert_uint_eq(t->n, 1);
	ck_assert_uint_eq(t->cells[0].n, 2);
	ck_assert_uint_eq(t->cells[0].class, kept[_i].told_class);
	ck_assert_uint_eq(t->cells[0].name, kept[_i].name);
	ck_assert_uint_eq(t->cells[0].family, kept[_i].family);
	ck_assert_uint_eq(t->cells[0].block, sample_block(&a));
}
END_TEST

/* What differs in one of these alone is another cell. */
START_TEST(cells_are_apart_by_each_of_their_parts)
{
	static const char *const clients[] = {
	    "192.0.2.1", "192.1.2.1", "2001:db8::1", "2001:db9::1", "fd00::1"};
	struct addr a;
	struct told *t;

	for (unsigned i = 0; i < 5 * 2 * 3 * 2; i++) {
		const struct sample_seen s = {.generation = FIRST,
		    .now_s = 10 * MINUTE,
		    .class = i / 5 % 2,
		    .family = (uint8_t)(i / 10 % 3),
		    .name = (uint16_t)(i / 30),
		    .client = &a};

		ck_assert(addr_parse(clients[i % 5], &a));
		sampler_add(sampler, &s);
	}
	t = take(FIRST, 10 * MINUTE, SAMPLE_ALL);
	ck_assert_uint_eq(t->n, 60);
	ck_assert_uint_eq(t->sum, 60);
}
END_TEST

/* What main reads beside a thread that counts is of one minute. */
static void *
count_on(void *arg)
{
	_Atomic bool *stop = arg;

	for (uint32_t s = 0; !*stop; s++)
		for (unsigned i = 0; i < 100; i++)
			seen(FIRST, s * MINUTE, s, "192.0.2.1");
	return NULL;
}

START_TEST(reading_beside_counting_mixes_no_minutes)
{
	_Atomic bool stop = false;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, count_on, &stop), 0);
	for (unsigned i = 0; i < 2000; i++) {
		struct told *t = take(FIRST, UINT32_MAX, SAMPLE_PEEK);

		/* Two tables, of one class each. */
		ck_assert_uint_le(t->n, 2);
		ck_assert_uint_le(t->sum, 200);
	}
	stop = true;
	pthread_join(thread, NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("sample");
	TCase *tc = tcase_create("sample");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, NULL);
	tcase_add_test(tc, a_block_is_the_network_around_a_client);
	tcase_add_test(
	    tc, what_is_counted_is_told_once_when_its_minute_is_over);
	tcase_add_test(tc, a_peek_leaves_what_it_saw);
	tcase_add_test(tc, snapshots_are_kept_apart);
	tcase_add_test(tc, beyond_so_many_a_second_the_sum_is_still_right);
	tcase_add_test(tc, what_finds_no_room_loses_its_block_alone);
	tcase_add_test(tc, a_class_beyond_16_bits_is_not_taken_for_another);
	tcase_add_test(tc, a_busy_second_makes_each_count_for_more_in_the_next);
	tcase_add_loop_test(tc, a_cell_is_told_as_it_was_seen, 0,
	    sizeof(kept) / sizeof(kept[0]));
	tcase_add_test(tc, cells_are_apart_by_each_of_their_parts);
	tcase_add_test(tc, reading_beside_counting_mixes_no_minutes);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
