/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/far.h"

#include <check.h>
#include <stdlib.h>

enum { EU, US, UNPLACED, NREGIONS };
enum { BERLIN, LONDON, TOKYO, NOWHERE, PLACES };

static struct conf_region regions[NREGIONS] = {
    [EU] = {.name = "eu", .latitude = 50, .longitude = 8, .located = true},
    [US] = {.name = "us", .latitude = 39, .longitude = -77, .located = true},
    [UNPLACED] = {.name = "unplaced"},
};
static struct conf_pool_region in_pool[] = {
    {.region = US}, {.region = EU}, {.region = UNPLACED}};
static struct conf_pool pool = {.name = "www",
    .regions = in_pool,
    .nregions = NREGIONS,
    .cost = 1};
static const struct conf conf = {.regions = regions,
    .nregions = NREGIONS,
    .pools = &pool,
    .npools = 1};
static const struct place places[PLACES] = {
    [BERLIN] = {.latitude = 52.5f, .longitude = 13.4f, .located = true},
    [LONDON] = {.latitude = 51.5f, .longitude = -0.1f, .located = true},
    [TOKYO] = {.latitude = 35.7f, .longitude = 139.7f, .located = true},
};
/* A class for each, in another order. */
static const uint32_t classes[PLACES] = {2, 0, 3, 1};
static const double mass[PLACES] = {0.1, 0.1, 0.1, 0.7};

static const uint8_t first[PLACES][2] = {{1, 0}, {1, 0}, {1, 0}, {1, 0}};

static struct arena *arena;
static uint32_t group[PLACES];

static const struct far_table *
build(const uint32_t *class)
{
	const struct far_places p = {
	    .places = places,
	    .classes = class,
	    .first = first,
	    .mass = mass,
	    .n = PLACES,
	};

	arena = arena_new();
	return far_build(arena, &conf, 0, &p, group);
}

static const struct far *
of(const struct far_table *far, unsigned place, unsigned at)
{
	return &far->at[group[place] * NREGIONS + at];
}

START_TEST(the_far_come_after_the_near_and_the_unknown_last)
{
	const struct far_table *far = build(classes);

	/* From eu, at 1 in the pool. */
	ck_assert_uint_eq(of(far, BERLIN, 1)->from, 0);
	ck_assert_uint_eq(of(far, BERLIN, 1)->to, of(far, LONDON, 1)->from);
	ck_assert_uint_eq(of(far, LONDON, 1)->to, of(far, TOKYO, 1)->from);
	ck_assert_uint_eq(of(far, TOKYO, 1)->to, of(far, NOWHERE, 1)->from);
	ck_assert_uint_eq(of(far, NOWHERE, 1)->to, SHARE_COHORTS);
	/* From us London is nearer than Berlin. */
	ck_assert_uint_lt(of(far, LONDON, 0)->from, of(far, BERLIN, 0)->from);
	ck_assert_uint_lt(of(far, BERLIN, 0)->from, of(far, TOKYO, 0)->from);
	arena_free(arena);
}
END_TEST

/* All have one order of regions. */
START_TEST(the_far_of_one_class_come_after_the_near)
{
	static const uint32_t one[PLACES] = {0, 0, 0, 0};
	const struct far_table *far = build(one);

	ck_assert_uint_eq(far->ngroups, 4);
	ck_assert_uint_eq(of(far, BERLIN, 1)->from, 0);
	ck_assert_uint_eq(of(far, BERLIN, 1)->to, of(far, LONDON, 1)->from);
	ck_assert_uint_eq(of(far, LONDON, 1)->to, of(far, TOKYO, 1)->from);
	ck_assert_uint_eq(of(far, NOWHERE, 1)->to, SHARE_COHORTS);
	arena_free(arena);
}
END_TEST

START_TEST(a_class_has_room_by_its_size_and_some_in_any_case)
{
	const struct far_table *far = build(classes);
	const struct far *small = of(far, TOKYO, 1);
	const struct far *large = of(far, NOWHERE, 1);

	/* 1/8 and half of what it is of all. */
	ck_assert_double_eq_tol(
	    (small->to - small->from) / (double)SHARE_COHORTS, 0.175, 0.001);
	ck_assert_double_eq_tol(
	    (large->to - large->from) / (double)SHARE_COHORTS, 0.475, 0.001);
	arena_free(arena);
}
END_TEST

START_TEST(cohorts_fill_the_room_of_their_class)
{
	const struct far f = {1000, 3000};

	ck_assert_uint_eq(far_position(&f, 0), 1000);
	ck_assert_uint_eq(far_position(&f, SHARE_COHORTS / 2), 2000);
	ck_assert_uint_eq(far_position(&f, SHARE_COHORTS - 1), 2999);
}
END_TEST

START_TEST(without_a_cost_there_is_none)
{
	pool.cost = 0;
	ck_assert_ptr_null(build(classes));
	pool.cost = 1;
	arena_free(arena);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("far");
	TCase *tc = tcase_create("far");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, the_far_come_after_the_near_and_the_unknown_last);
	tcase_add_test(tc, the_far_of_one_class_come_after_the_near);
	tcase_add_test(tc, a_class_has_room_by_its_size_and_some_in_any_case);
	tcase_add_test(tc, cohorts_fill_the_room_of_their_class);
	tcase_add_test(tc, without_a_cost_there_is_none);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
