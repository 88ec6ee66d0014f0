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

/* Kilometers at which a group ends: by the first region of the class (50, then
 * each half as far again), and by the second (100, then each twice as far). */
static const double ends_km[] = {50, 75, 100, 112.5, 168.75, 200, 253.125,
    379.6875, 400, 569.53, 800, 854.3, 1281.45, 1600, 1922.17, 2883.25, 3200,
    4324.88, 6400, 6487.32, 9730.98, 14596.47};

enum { ENDS = sizeof(ends_km) / sizeof(ends_km[0]), AT_ENDS = 2 * ENDS + 3 };

/* Eastwards on the equator, where both regions are. */
static struct place
place_at(double km)
{
	return (struct place){
	    .longitude = (float)(km / 111.1949), .located = true};
}

START_TEST(clients_of_a_group_are_about_as_far_away)
{
	static struct conf_region here[2] = {
	    {.name = "a", .located = true}, {.name = "b", .located = true}};
	static struct conf_pool_region in_here[2] = {
	    {.region = 0}, {.region = 1}};
	static struct conf_pool here_pool = {
	    .regions = in_here, .nregions = 2, .cost = 1};
	static const struct conf here_conf = {
	    .regions = here, .nregions = 2, .pools = &here_pool, .npools = 1};
	static const uint8_t both[1][2] = {{0, 1}};
	struct place at[AT_ENDS] = {place_at(0)};
	uint32_t class[AT_ENDS] = {0}, of[AT_ENDS];
	double part[AT_ENDS];
	const struct far_places p = {.places = at,
	    .classes = class,
	    .first = both,
	    .mass = part,
	    .n = AT_ENDS};
	const struct far_table *far;

	for (size_t i = 0; i < ENDS; i++) {
		at[2 * i + 1] = place_at(ends_km[i] * 0.9995);
		at[2 * i + 2] = place_at(ends_km[i] * 1.0005);
	}
	/* The last group has no end. */
	at[AT_ENDS - 2] = place_at(17000);
	at[AT_ENDS - 1] = place_at(20000);
	for (size_t i = 0; i < AT_ENDS; i++)
		part[i] = 1.0 / AT_ENDS;
	arena = arena_new();
	far = far_build(arena, &here_conf, 0, &p, of);
	ck_assert_uint_eq(far->ngroups, ENDS + 1);
	for (size_t i = 0; i < ENDS; i++) {
		ck_assert_uint_eq(of[2 * i], of[2 * i + 1]);
		ck_assert_uint_ne(of[2 * i + 1], of[2 * i + 2]);
	}
	ck_assert_uint_eq(of[AT_ENDS - 3], of[AT_ENDS - 2]);
	ck_assert_uint_eq(of[AT_ENDS - 3], of[AT_ENDS - 1]);
	arena_free(arena);
}
END_TEST

/* One near to us and one near to eu, with either as the first of the class. */
START_TEST(groups_go_by_the_first_two_regions_of_the_class)
{
	static const struct place three[3] = {
	    {.latitude = 39, .longitude = -77, .located = true},
	    {.latitude = 39.4f, .longitude = -77, .located = true},
	    {.latitude = 39.8f, .longitude = -77, .located = true}};
	/* 0, 44 and 89 km from us, as far as one another from eu. */
	static const struct {
		uint8_t first[1][2];
		size_t ngroups;
	} by[] = {{{{0, 1}}, 2}, {{{1, 0}}, 1}, {{{0, 2}}, 2}, {{{2, 1}}, 1}};
	static const uint32_t class[3] = {0, 0, 0};
	static const double third[3] = {0.4, 0.3, 0.3};

	for (size_t i = 0; i < sizeof(by) / sizeof(by[0]); i++) {
		const struct far_places p = {.places = three,
		    .classes = class,
		    .first = by[i].first,
		    .mass = third,
		    .n = 3};

		arena = arena_new();
		ck_assert_uint_eq(
		    far_build(arena, &conf, 0, &p, group)->ngroups,
		    by[i].ngroups);
		arena_free(arena);
	}
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
	tcase_add_test(tc, clients_of_a_group_are_about_as_far_away);
	tcase_add_test(tc, groups_go_by_the_first_two_regions_of_the_class);
	tcase_add_test(tc, cohorts_fill_the_room_of_their_class);
	tcase_add_test(tc, without_a_cost_there_is_none);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
