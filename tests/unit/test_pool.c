/* SPDX-License-Identifier: BSD-3-Clause */
/* Pools at work: liveness with leases, in copies too, and how a region comes
 * back. */
#include "steer/pool.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "world.h"

enum { WORLDS = 60, STATES = 6, WALL = 1700000000, MONO = 5000 };

/* Copies against the pool itself ------------------------------------------ */

static struct world world;
static struct watches *watches;
static struct arena *arena;
static struct pool *pools;
static struct drains drains;

static void
world_begin(unsigned seed)
{
	srandom(seed);
	world_new(&world);
	watches = watches_new();
	arena = arena_new();
	pools = pools_build(arena, world.conf);
	pools_bind(pools, world.conf->npools, world.conf, watches);
	drains = (struct drains){.ahead = false};
}

static void
world_end(void)
{
	drains_fini(&drains);
	pools_fini(pools, world.conf->npools);
	watches_free(watches);
	arena_free(arena);
	world_free(&world);
}

static const char *
any_what(const struct conf_pool *p)
{
	const struct conf_pool_region *r =
	    &p->regions[world_dice((uint32_t)p->nregions)];
	const char *region = world.conf->regions[r->region].name;
	const char *target =
	    r->targets[world_dice((uint32_t)r->ntargets)].label;

	switch (world_dice(4)) {
	case 0:
		return region;
	case 1:
		return arena_printf(arena, "%s/%s", p->name, region);
	default:
		return arena_printf(arena, "%s/%s/%s", p->name, region, target);
	}
}

static void
any_drain(struct drains *to)
{
	const struct conf_pool *p =
	    &world.conf->pools[world_dice((uint32_t)world.conf->npools)];
	struct drain *d =
	    drain_new(any_what(p), "me", "x", WALL, DRAIN_FOREVER, false, NULL);

	if (world_dice(4) == 0)
		d->kind = DRAIN_UP;
	else if (world_dice(4) == 0)
		d->at = WALL + 100;
	else if (d->target == NULL && world_dice(3) == 0)
		d->share = 1 + world_dice(99);
	drain_start(d);
	drains_put(to, d);
}

static void
any_health(void)
{
	static const enum health_state states[] = {HEALTH_UNKNOWN, HEALTH_UP,
	    HEALTH_DEGRADED, HEALTH_DOWN, HEALTH_DOWN};
	size_t n;
	struct watch **all = watches_all(watches, &n);

	for (size_t i = 0; i < n; i++)
		all[i]->health.state = states[world_dice(5)];
}

static void
refresh_all(const struct drains *by)
{
	for (size_t i = 0; i < world.conf->npools; i++)
		for (size_t r = 0; r < pools[i].nregions; r++)
			pool_refresh(&pools[i], r, by);
}

struct words {
	uint64_t live[POOL_FAMILIES], drained[POOL_FAMILIES];
};

static struct words
words_of(const struct pool *p)
{
	struct words w;

	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		w.live[f] = atomic_load(&p->words[f].live);
		w.drained[f] = atomic_load(&p->words[f].drained);
	}
	return w;
}

/* The pool as it would be, from a copy that says the contrary. */
static struct words
supposed(
    const struct pool *p, const struct drains *with, const struct drains *down)
{
	struct pool copy;

	memcpy(&copy, p, sizeof(copy));
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		atomic_store(&copy.words[f].live, ~words_of(p).live[f]);
		atomic_store(&copy.words[f].drained, ~words_of(p).drained[f]);
	}
	for (size_t r = 0; r < p->nregions; r++) {
		struct drains_on on =
		    drains_on(with, p->conf->name, p->regions[r].name, NULL);

		ck_assert_uint_eq(pool_suppose(&copy, r, with, down),
		    on.part != NULL ? on.part->share : 0);
	}
	return words_of(&copy);
}

static void
expect_words(
    const struct pool *p, const struct words *got, const struct words *want)
{
	uint64_t all = UINT64_MAX >> (CONF_POOL_REGIONS_MAX - p->nregions);

	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		ck_assert_uint_eq(got->live[f] & all, want->live[f]);
		ck_assert_uint_eq(got->drained[f] & all, want->drained[f]);
	}
}

/* Each target has the leases that are on it, whatever its place. */
static void
expect_leases(const struct pool *p)
{
	for (size_t r = 0; r < p->nregions; r++) {
		const struct pool_region *region = &p->regions[r];
		const char *pool = p->conf->name;
		struct drains_on on =
		    drains_on(&drains, pool, region->name, NULL);

		ck_assert_ptr_eq(region->drain, on.cover[DRAIN_OUT]);
		ck_assert_ptr_eq(region->next, on.next);
		ck_assert_ptr_eq(region->part, on.part);
		for (size_t i = 0; i < region->ntargets; i++) {
			const struct pool_target *t = &region->targets[i];

			on = drains_on(
			    &drains, pool, region->name, t->conf->label);
			ck_assert_ptr_eq(t->drain, on.cover[DRAIN_OUT]);
			ck_assert_ptr_eq(t->up, on.cover[DRAIN_UP]);
			ck_assert_ptr_eq(t->next, on.next);
		}
	}
}

/* What whatif foresees of leases is what becomes of them. */
START_TEST(a_copy_with_leases_is_as_the_pool_would_be)
{
	for (unsigned i = 0; i < WORLDS; i++) {
		world_begin(i);
		for (unsigned k = 0; k < STATES; k++) {
			struct words foreseen[8];

			any_health();
			refresh_all(&drains);
			any_drain(&drains);
			for (size_t p = 0; p < world.conf->npools; p++)
				foreseen[p] =
				    supposed(&pools[p], &drains, NULL);
			refresh_all(&drains);
			for (size_t p = 0; p < world.conf->npools; p++) {
				struct words now = words_of(&pools[p]);

				expect_words(&pools[p], &foreseen[p], &now);
				expect_leases(&pools[p]);
			}
		}
		world_end();
	}
}
END_TEST

/* What is down is so as if it were drained, but for the word of drains. */
START_TEST(a_copy_of_what_is_down_has_it_neither_live_nor_drained)
{
	for (unsigned i = 0; i < WORLDS; i++) {
		struct drains down = {.ahead = false};

		world_begin(i);
		any_health();
		refresh_all(&drains);
		any_drain(&down);
		any_drain(&down);
		for (size_t p = 0; p < world.conf->npools; p++) {
			struct words now = words_of(&pools[p]);
			struct words out = supposed(&pools[p], &down, NULL);
			struct words got = supposed(&pools[p], &drains, &down);

			for (unsigned f = 0; f < POOL_FAMILIES; f++)
				now.live[f] &= out.live[f];
			expect_words(&pools[p], &got, &now);
		}
		drains_fini(&down);
		world_end();
	}
}
END_TEST

static void
expect_all(const struct pool *p, uint64_t live, uint64_t drained)
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		ck_assert_uint_eq(words_of(p).live[f], live);
		ck_assert_uint_eq(words_of(p).drained[f], drained);
	}
}

START_TEST(a_region_of_a_copy_goes_out_alone)
{
	world_begin(1);
	for (size_t i = 0; i < world.conf->npools; i++) {
		struct pool *p = &pools[i];
		size_t last = p->nregions - 1;
		uint64_t all = UINT64_MAX >> (63 - last);
		uint64_t bit = UINT64_C(1) << last;

		expect_all(p, all, 0);
		pool_suppose_out(p, last, false);
		expect_all(p, all & ~bit, 0);
		pool_suppose_out(p, last, true);
		pool_suppose_out(p, last, false);
		expect_all(p, all & ~bit, bit);
		pool_spill(p, last, 1);
		ck_assert_uint_eq(atomic_load(&p->shared), bit);
		pool_suppose_up(p);
		expect_all(p, all, 0);
		ck_assert_uint_eq(atomic_load(&p->shared), 0);
	}
	world_end();
}
END_TEST

/* Coming back -------------------------------------------------------------- */

enum { EU, US, AP, NREGIONS };

static struct conf_region regions[NREGIONS] = {
    {.name = "eu"}, {.name = "us"}, {.name = "ap"}};
static struct conf_target targets[NREGIONS] = {
    {.label = "10.0.0.1", .addr = {{{10, 0, 0, 1}, 4}}, .weight = 1},
    {.label = "10.0.0.2", .addr = {{{10, 0, 0, 2}, 4}}, .weight = 1},
    {.label = "10.0.0.3", .addr = {{{10, 0, 0, 3}, 4}}, .weight = 1}};
static struct conf_pool_region in_pool[NREGIONS] = {
    {.region = EU, .targets = &targets[0], .ntargets = 1},
    {.region = US, .targets = &targets[1], .ntargets = 1},
    {.region = AP, .targets = &targets[2], .ntargets = 1}};
static uint16_t monitor_of_pool[] = {0};
static struct conf_monitor monitor = {.name = "m",
    .text = "m",
    .question = "m",
    .interval_ms = 5000,
    .fall = 3,
    .rise = 1,
    .clear = 1};
static struct conf_pool conf_pools[] = {{.name = "www",
					    .regions = in_pool,
					    .nregions = NREGIONS,
					    .min_healthy = 1,
					    .max = 8,
					    .types = {DNS_A},
					    .ntypes = 1,
					    .monitors = monitor_of_pool,
					    .nmonitors = 1},
    {.name = "cdn",
	.regions = in_pool,
	.nregions = NREGIONS,
	.min_healthy = 1,
	.max = 8,
	.types = {DNS_A},
	.ntypes = 1}};

enum { AT_ONCE, SLOWLY, BY_HAND, UNUSED, NPOLICIES };

static struct conf_policy policies[NPOLICIES] = {
    [AT_ONCE] = {.name = "at_once"},
    [SLOWLY] = {.name = "slowly",
	.failback = {.hold_ms = 10000, .ramp_ms = 100000}},
    [BY_HAND] = {.name = "by_hand",
	.failback = {.ramp_ms = 50000, .manual = 1}},
    [UNUSED] = {.name = "unused", .failback = {.hold_ms = 1000000}},
};
static struct conf_name names[] = {{.text = "a.", .pool = 0, .policy = AT_ONCE},
    {.text = "b.", .pool = 0, .policy = SLOWLY},
    {.text = "c.", .pool = 0, .policy = SLOWLY},
    {.text = "d.", .pool = 0, .policy = BY_HAND},
    {.text = "e.", .pool = 1, .policy = UNUSED}};
static struct conf conf = {.regions = regions,
    .nregions = NREGIONS,
    .pools = conf_pools,
    .npools = 2,
    .policies = policies,
    .npolicies = NPOLICIES,
    .names = names,
    .nnames = 5,
    .monitors = &monitor,
    .nmonitors = 1};

static void
now(unsigned s)
{
	clock_fake((MONO + (uint64_t)s) * 1000, WALL + s);
}

static struct pool *
pools_begin(size_t nnames)
{
	conf.nnames = nnames;
	arena = arena_new();
	watches = watches_new();
	drains = (struct drains){.ahead = false};
	pools = pools_build(arena, &conf);
	pools_bind(pools, conf.npools, &conf, watches);
	now(0);
	return pools;
}

static void
pools_end(void)
{
	drains_fini(&drains);
	pools_fini(pools, conf.npools);
	watches_free(watches);
	arena_free(arena);
	clock_real();
}

static struct health *
health_of(size_t region)
{
	return &watches_find_at(watches, &monitor, &targets[region].addr[0])
		    ->health;
}

/* True when the pool's live words change. */
static bool
becomes(size_t region, enum health_state state)
{
	health_of(region)->state = state;
	return pool_refresh(&pools[0], region, &drains);
}

static void
goes_out_and_comes_back(size_t region)
{
	ck_assert(becomes(region, HEALTH_DOWN));
	ck_assert(!becomes(region, HEALTH_DOWN));
	ck_assert(becomes(region, HEALTH_UP));
	ck_assert(!becomes(region, HEALTH_UP));
}

START_TEST(a_pool_has_the_failbacks_of_its_names_once)
{
	const struct pool *p = pools_begin(5);

	ck_assert_uint_eq(p[0].nfailbacks, 2);
	ck_assert_ptr_eq(p[0].failbacks[0], &policies[SLOWLY].failback);
	ck_assert_ptr_eq(p[0].failbacks[1], &policies[BY_HAND].failback);
	ck_assert_uint_eq(p[1].nfailbacks, 1);
	ck_assert_ptr_eq(p[1].failbacks[0], &policies[UNUSED].failback);
	ck_assert_uint_eq(p[0].first_tally, 0);
	ck_assert_uint_eq(p[1].first_tally, NREGIONS);
	ck_assert_uint_eq(p[1].index, 1);
	pools_end();
}
END_TEST

START_TEST(a_region_comes_back_by_and_by)
{
	struct pool *p = pools_begin(3); /* at_once, slowly */
	struct share_left left;

	becomes(EU, HEALTH_UP);
	ck_assert(!pool_left(p, EU, &left));
	ck_assert_double_eq(pool_share(p, EU), 1);
	now(100);
	goes_out_and_comes_back(EU);
	ck_assert_uint_eq(atomic_load(&p->shared), 1 << EU);
	ck_assert(pool_left(p, EU, &left));
	ck_assert(!left.manual && !left.frozen);
	ck_assert_uint_eq(left.hold_s, 10);
	ck_assert_uint_eq(left.all_s, 110);
	ck_assert_double_eq(pool_share(p, EU), 0);
	now(160);
	ck_assert_double_eq(pool_share(p, EU), 0.5);
	ck_assert(pool_left(p, EU, &left));
	ck_assert_uint_eq(left.hold_s, 0);
	ck_assert_uint_eq(left.all_s, 50);
	now(209);
	becomes(EU, HEALTH_UP);
	ck_assert_uint_eq(atomic_load(&p->shared), 1 << EU);
	now(210);
	ck_assert_double_eq(pool_share(p, EU), 1);
	becomes(EU, HEALTH_UP);
	ck_assert_uint_eq(atomic_load(&p->shared), 0);
	ck_assert(!p->regions[EU].share.back);
	ck_assert(!pool_resume(p, EU));
	pools_end();
}
END_TEST

/* Who goes out again begins anew. */
START_TEST(a_return_that_fails_begins_anew)
{
	struct pool *p = pools_begin(3);
	struct share_left left;

	goes_out_and_comes_back(US);
	ck_assert(pool_resume(p, US));
	now(60);
	ck_assert_double_eq(pool_share(p, US), 39321.0 / SHARE_COHORTS);
	becomes(US, HEALTH_DOWN);
	ck_assert(!p->regions[US].share.back);
	ck_assert_uint_eq(atomic_load(&p->shared), 0);
	now(70);
	becomes(US, HEALTH_UP);
	ck_assert(pool_left(p, US, &left));
	ck_assert_uint_eq(left.hold_s, 10);
	ck_assert_uint_eq(left.all_s, 110);
	pools_end();
}
END_TEST

START_TEST(the_policy_that_waits_longest_is_told)
{
	struct pool *p = pools_begin(5); /* slowly, by_hand */
	struct share_left left;

	goes_out_and_comes_back(AP);
	now(500);
	ck_assert(pool_left(p, AP, &left));
	ck_assert(left.manual);
	ck_assert_uint_eq(left.all_s, 50);
	ck_assert_double_eq(pool_share(p, AP), 0);
	ck_assert(pool_resume(p, AP));
	ck_assert(pool_left(p, AP, &left));
	ck_assert(!left.manual);
	ck_assert_uint_eq(left.hold_s, 0);
	ck_assert_uint_eq(left.all_s, 100);
	now(525);
	ck_assert_double_eq(pool_share(p, AP), 0.25);
	now(600);
	ck_assert(!pool_left(p, AP, &left));
	pools_end();
}
END_TEST

/* One failure of a probe that decides is trouble, where the target is live. */
START_TEST(trouble_stops_the_return)
{
	struct pool *p = pools_begin(3);
	struct share_left left;

	goes_out_and_comes_back(EU);
	now(60);
	pool_share_tick(p, EU);
	ck_assert(pool_left(p, EU, &left) && !left.frozen);
	health_of(EU)->failures = 1;
	pool_share_tick(p, EU);
	pool_share_tick(p, US);
	ck_assert(pool_left(p, EU, &left) && left.frozen);
	ck_assert_int_eq(p->regions[US].share.frozen_s, 0);
	now(100);
	ck_assert(pool_left(p, EU, &left));
	ck_assert_uint_eq(left.all_s, 49); /* from the second after */
	monitor.observe = 1;
	pool_share_tick(p, EU);
	monitor.observe = 0;
	ck_assert(pool_left(p, EU, &left) && !left.frozen);
	ck_assert_uint_eq(left.all_s, 49);
	pool_share_tick(p, EU);
	ck_assert(pool_left(p, EU, &left) && left.frozen);
	ck_assert(pool_resume(p, EU));
	ck_assert(pool_left(p, EU, &left) && !left.frozen);
	ck_assert_uint_eq(left.all_s, 100);
	pools_end();
}
END_TEST

START_TEST(a_part_of_a_region_is_drained)
{
	struct pool *p = pools_begin(1);
	struct drain *d =
	    drain_new("eu", "me", "x", WALL, WALL + 900, false, NULL);

	d->share = 25;
	d->over_s = 100;
	drain_start(d);
	drains_put(&drains, d);
	ck_assert(!pool_refresh(p, EU, &drains));
	ck_assert_uint_eq(atomic_load(&p->shared), 1 << EU);
	ck_assert_uint_eq(p->regions[EU].share.out, SHARE_COHORTS / 4);
	ck_assert_uint_eq(p->regions[EU].share.out_over_s, 100);
	ck_assert_int_eq(p->regions[EU].share.out_end_s, MONO + 100);
	ck_assert_double_eq(pool_share(p, EU), 1);
	now(50);
	ck_assert_double_eq(pool_share(p, EU), 0.875);
	now(100);
	ck_assert_double_eq(pool_share(p, EU), 0.75);
	drain_free(drains_remove(&drains, d));
	ck_assert(!pool_refresh(p, EU, &drains));
	ck_assert_uint_eq(atomic_load(&p->shared), 0);
	ck_assert_uint_eq(p->regions[EU].share.out, 0);
	pools_end();
}
END_TEST

/* Those that went out at once, in whatever order they were refreshed. */
START_TEST(those_known_last_are_all_that_were_live_before)
{
	struct pool *p = pools_begin(1);
	uint64_t before[POOL_FAMILIES];

	becomes(AP, HEALTH_DOWN);
	ck_assert_uint_eq(atomic_load(&p->words[POOL_ANY].last_known), 3);
	pool_live_words(p, before);
	ck_assert_uint_eq(before[POOL_ANY], 3);
	becomes(EU, HEALTH_DOWN);
	pool_refreshed(p, before);
	ck_assert_uint_eq(atomic_load(&p->words[POOL_ANY].last_known), 2);
	becomes(EU, HEALTH_UP);
	pool_live_words(p, before);
	becomes(EU, HEALTH_DOWN);
	becomes(US, HEALTH_DOWN);
	ck_assert_uint_eq(atomic_load(&p->words[POOL_ANY].last_known), 2);
	pool_refreshed(p, before);
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		ck_assert_uint_eq(atomic_load(&p->words[f].last_known), 3);
	pool_live_words(p, before);
	pool_refreshed(p, before);
	ck_assert_uint_eq(atomic_load(&p->words[POOL_ANY].last_known), 3);
	pools_end();
}
END_TEST

START_TEST(watches_of_pools_alone_are_wanted)
{
	struct conf_monitor other = {.name = "o", .text = "o"};
	struct watch *w;
	size_t n;

	pools_begin(1);
	watches_all(watches, &n);
	ck_assert_uint_eq(n, NREGIONS);
	ck_assert_uint_eq(pools[0].regions[EU].targets[0].nwatches, 1);
	ck_assert_uint_eq(pools[1].regions[EU].targets[0].nwatches, 0);
	w = watches_get(watches, &other, &targets[0].addr[0]);
	w->wanted = true;
	pools_bind(pools, conf.npools, &conf, watches);
	ck_assert(!w->wanted);
	w = watches_get(watches, &monitor, &targets[0].addr[0]);
	ck_assert(w->wanted);
	ck_assert_ptr_eq(pools[0].regions[EU].targets[0].watches[0], w);
	ck_assert_uint_eq(pools[0].regions[EU].targets[0].nwatches, 1);
	pools_end();
}
END_TEST

/* When a region could change: low word probes, high word leases. */
static void
expect_change(size_t region, uint32_t probes_s, uint32_t lease_s)
{
	uint64_t change = atomic_load(&pools[0].regions[region].change);

	ck_assert_uint_eq((uint32_t)change, probes_s);
	ck_assert_uint_eq(
	    (uint32_t)(change >> 32), lease_s == 0 ? 0 : MONO + lease_s);
}

static struct drain *
lease(const char *what, enum drain_kind kind, int64_t at_s, int64_t until_s)
{
	struct drain *d =
	    drain_new(what, "me", "x", WALL, WALL + until_s, false, NULL);

	d->kind = kind;
	d->at = at_s != 0 ? WALL + at_s : 0;
	drain_start(d);
	drains_put(&drains, d);
	pool_refresh(&pools[0], EU, &drains);
	return d;
}

START_TEST(a_region_tells_when_it_could_change)
{
	struct drain *d;

	pools_begin(1);
	expect_change(EU, 0, 0); /* nothing is known */
	becomes(EU, HEALTH_UP);
	expect_change(EU, 15, 0);
	health_of(EU)->failures = 1;
	pool_refresh(&pools[0], EU, &drains);
	expect_change(EU, 10, 0);
	d = lease("www/eu/10.0.0.1", DRAIN_OUT, 0, 300);
	expect_change(EU, 10, 300);
	lease("eu", DRAIN_OUT, 0, 200);
	expect_change(EU, 10, 200);
	lease("www/eu", DRAIN_OUT, 150, 900);
	expect_change(EU, 10, 150);
	lease("www/eu/10.0.0.1", DRAIN_OUT, 140, 900);
	expect_change(EU, 10, 140);
	lease("www/eu", DRAIN_UP, 0, 130); /* probes are not believed */
	expect_change(EU, UINT32_MAX, 130);
	ck_assert_ptr_eq(pools[0].regions[EU].targets[0].drain, d);
	drains_fini(&drains);
	drains = (struct drains){.ahead = false};
	d = lease("eu", DRAIN_OUT, 0, 400);
	d->share = 10;
	pool_refresh(&pools[0], EU, &drains);
	expect_change(EU, 10, 400);
	becomes(US, HEALTH_DOWN);
	expect_change(US, 5, 0);
	pools_end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("pool");
	TCase *t = tcase_create("pool");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, NULL, rcu_drain);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_copy_with_leases_is_as_the_pool_would_be);
	tcase_add_test(
	    t, a_copy_of_what_is_down_has_it_neither_live_nor_drained);
	tcase_add_test(t, a_region_of_a_copy_goes_out_alone);
	tcase_add_test(t, a_pool_has_the_failbacks_of_its_names_once);
	tcase_add_test(t, a_region_comes_back_by_and_by);
	tcase_add_test(t, a_return_that_fails_begins_anew);
	tcase_add_test(t, the_policy_that_waits_longest_is_told);
	tcase_add_test(t, trouble_stops_the_return);
	tcase_add_test(t, a_part_of_a_region_is_drained);
	tcase_add_test(t, those_known_last_are_all_that_were_live_before);
	tcase_add_test(t, watches_of_pools_alone_are_wanted);
	tcase_add_test(t, a_region_tells_when_it_could_change);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
