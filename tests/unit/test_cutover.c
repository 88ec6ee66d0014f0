/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bound that check prints, held by what the prober, health and the pick do
 * together: random monitors, random moments of death, on an injected clock.
 * Caches honour TTLs and ask at the worst moments.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/rcu.h"
#include "conf/use.h"
#include "dns/rr.h"
#include "probe/probe.h"
#include "steer/pick.h"

enum { DEATHS = 300, MONITORS = 2, WALL = 1767225600, WARM_UP = 4 };

static struct conf_region regions[] = {{.name = "eu"}, {.name = "us"}};
static struct conf_target targets[] = {
    {.label = "a", .addr = {{{127, 0, 0, 1}, 4}}, .weight = 1},
    {.label = "b", .addr = {{{127, 0, 0, 2}, 4}}, .weight = 1}};
static struct conf_pool_region places[] = {
    {.region = 0, .targets = &targets[0], .ntargets = 1},
    {.region = 1, .targets = &targets[1], .ntargets = 1}};
static uint16_t numbers[MONITORS] = {0, 1};
static struct conf_monitor monitors[MONITORS];
static struct conf_pool pool = {.name = "www",
    .monitors = numbers,
    .regions = places,
    .nregions = 2,
    .min_healthy = 1,
    .max = 8,
    .types = {DNS_A},
    .ntypes = 1};
static struct conf_name name = {.text = "www."};
static struct conf conf = {.regions = regions,
    .nregions = 2,
    .monitors = monitors,
    .nmonitors = MONITORS,
    .pools = &pool,
    .npools = 1,
    .names = &name,
    .nnames = 1};

/* One watch as the prober treats it. */
struct probing {
	struct watch *watch;
	uint64_t grid_us, due_us, end_us; /* end 0: none under way */
	bool ok;
};

struct run {
	struct arena *arena;
	struct watches *watches;
	struct pool *pools;
	struct drains drains;
	struct probing all[2 * MONITORS];
	size_t n;
	uint64_t now_us, dead_us;
	bool blackholed;  /* else refused at once */
	uint64_t last_us; /* that a cache holds the dead target until */
};

static uint32_t
dice(uint32_t sides)
{
	return (uint32_t)random() % sides;
}

static void
declare(void)
{
	static const uint32_t intervals[] = {
	    100, 300, 1000, 1500, 5000, 9999, 30000, 600000};

	for (size_t i = 0; i < MONITORS; i++) {
		struct conf_monitor *m = &monitors[i];
		uint32_t interval_ms = intervals[dice(8)];

		*m = (struct conf_monitor){.name = "m",
		    .text = i == 0 ? "a" : "b",
		    .interval_ms = interval_ms,
		    .timeout_ms = dice(3) == 0 ? interval_ms
					       : 10 + dice(interval_ms - 10),
		    .slow_ms = 5,
		    .fall = 1 + dice(5),
		    .rise = 1 + dice(5),
		    .clear = 1 + dice(5),
		    .damp = {
			.after = dice(3), .forget_ms = 60000, .max_ms = 60000}};
	}
	pool.nmonitors = 1 + dice(MONITORS);
	pool.require = dice((uint32_t)pool.nmonitors + 1);
	name.ttl_min = 1 + dice(30);
	name.ttl_max = name.ttl_min + dice(3600);
}

static void
tell_time(const struct run *r)
{
	clock_fake(r->now_us / 1000, WALL + (int64_t)(r->now_us / 1000000));
}

static void
begin(struct run *r)
{
	struct watch **all;

	memset(r, 0, sizeof(*r));
	r->arena = arena_new();
	r->watches = watches_new();
	r->pools = pools_build(r->arena, &conf);
	pools_bind(r->pools, 1, &conf, r->watches);
	r->now_us = 1000000;
	r->dead_us = UINT64_MAX;
	all = watches_all(r->watches, &r->n);
	for (size_t i = 0; i < r->n; i++)
		r->all[i] = (struct probing){.watch = all[i],
		    .due_us = r->now_us,
		    .grid_us =
			r->now_us + dice(1000 * all[i]->monitor->interval_ms)};
	tell_time(r);
	for (size_t i = 0; i < 2; i++)
		pool_refresh(r->pools, i, &r->drains);
}

static void
end(struct run *r)
{
	pools_fini(r->pools, 1);
	rcu_drain();
	watches_free(r->watches);
	arena_free(r->arena);
}

/* A cache asks, and keeps what it gets. */
static void
ask(struct run *r)
{
	static uint8_t order[] = {0, 1};
	static const struct rank rank = {.order = order, .n = 2};
	const struct pick_question q = {.rank = &rank,
	    .type = DNS_A,
	    .ttl_min = name.ttl_min,
	    .ttl_max = name.ttl_max,
	    .now_s = (uint32_t)(r->now_us / 1000000)};
	uint64_t until_us;
	struct pick pick;

	tell_time(r);
	pick_region(r->pools, &q, &pick);
	until_us = r->now_us + 1000000 * (uint64_t)pick.ttl;
	if (pick.region == 0 && until_us > r->last_us)
		r->last_us = until_us;
}

static void
probe_begin(struct run *r, struct probing *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	bool dead = p->watch->addr.bytes[3] == 1 && r->now_us >= r->dead_us;
	uint64_t took_ms = dead && r->blackholed ? m->timeout_ms : 1;

	p->ok = !dead;
	p->due_us = probe_due_us(
	    &p->grid_us, m->interval_ms, r->now_us, (uint64_t)random());
	p->end_us = r->now_us + 1000 * took_ms;
}

static void
probe_end(struct run *r, struct probing *p)
{
	const struct health_time now = {WALL, (int64_t)(r->now_us / 1000)};
	struct watch *w = p->watch;

	health_count(&w->health, w->monitor,
	    !p->ok              ? HEALTH_FAILED
		: dice(10) == 0 ? HEALTH_SLOW
				: HEALTH_OK,
	    &now);
	p->end_us = 0;
	if (p->due_us < r->now_us)
		p->due_us = r->now_us;
	tell_time(r);
	for (size_t i = 0; i < 2; i++)
		pool_refresh(r->pools, i, &r->drains);
}

static uint64_t
moment_of(const struct probing *p)
{
	return p->end_us != 0 ? p->end_us : p->due_us;
}

/* To the next probe's start or end; caches ask just before it and after. */
static void
step(struct run *r)
{
	struct probing *next = &r->all[0];
	uint64_t before_us;

	for (size_t i = 1; i < r->n; i++)
		if (moment_of(&r->all[i]) < moment_of(next))
			next = &r->all[i];
	before_us = moment_of(next) - 1;
	if (before_us > r->now_us) {
		r->now_us = before_us;
		ask(r);
	}
	r->now_us = moment_of(next);
	if (next->end_us != 0)
		probe_end(r, next);
	else
		probe_begin(r, next);
	ask(r);
}

static bool
is_live(const struct run *r, size_t region)
{
	return pool_live(r->pools, POOL_ANY) >> region & 1;
}

static void
live_and_die(struct run *r)
{
	uint32_t longest_ms = 0;
	uint64_t until_us;

	for (size_t i = 0; i < pool.nmonitors; i++)
		if (monitors[i].interval_ms > longest_ms)
			longest_ms = monitors[i].interval_ms;
	until_us = r->now_us + 1000 * (uint64_t)longest_ms * WARM_UP +
	    dice(1000 * longest_ms);
	while (r->now_us < until_us)
		step(r);
	ck_assert(is_live(r, 0));
	r->dead_us = r->now_us;
	r->blackholed = dice(2) == 0;
	r->last_us = 0;
	ask(r);
	while (is_live(r, 0))
		step(r);
}

START_TEST(caches_have_let_go_within_the_bound)
{
	for (unsigned i = 0; i < DEATHS; i++) {
		struct run r;
		double bound_s, took_s;

		srandom(i);
		declare();
		begin(&r);
		live_and_die(&r);
		bound_s = use_cutover_s(&conf, &name);
		took_s = (double)(r.last_us - r.dead_us) / 1e6;
		ck_assert_msg(took_s <= bound_s,
		    "seed %u: the last cache lets go after %g s, not %g s", i,
		    took_s, bound_s);
		end(&r);
	}
	clock_real();
}
END_TEST

/* A probe that takes its whole interval does not make the next one wait for
 * the interval after. */
START_TEST(long_probes_leave_no_place_of_the_grid_out)
{
	uint64_t grid_us = 1500000, started_us = 1000000, first_us = 0;

	for (unsigned i = 0; i < 100; i++) {
		uint64_t due = probe_due_us(
		    &grid_us, 1000, started_us, (uint64_t)random());
		uint64_t ended_us = started_us + 1000000;

		started_us = due > ended_us ? due : ended_us;
		if (i == 0)
			first_us = started_us;
	}
	ck_assert_uint_le(started_us - first_us, 100 * 1000000);
	ck_assert_uint_ge(started_us - first_us, 98 * 1000000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("cutover");
	TCase *t = tcase_create("cutover");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, caches_have_let_go_within_the_bound);
	tcase_add_test(t, long_probes_leave_no_place_of_the_grid_out);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
