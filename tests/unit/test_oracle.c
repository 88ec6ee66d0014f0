/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/oracle.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "steer/scope.h"
#include "world.h"

enum {
	WORLDS = 120,
	STATES = 12,
	ADDRESSES = 25,
	WITHIN = 8,
	TUPLES = 60000,
	WALL = 1767225600,
	MONO = 5000,
	DEMO_WORLDS = 10,
	DEMO_ADDRESSES = 10000
};

/* A world at work: both ways to a decision. */
struct both {
	struct world world;
	struct arena *arena;
	struct geo *geo;
	struct policy_table **tables; /* of each name */
	struct watches *watches;
	struct pool *pools;
	struct drains drains;
	struct oracle oracle;
};

static void
table_add(struct both *b, size_t name)
{
	const struct conf *conf = b->world.conf;
	struct pool *p = &b->pools[conf->names[name].pool];

	if (p->tables == NULL)
		p->tables =
		    arena_array(b->arena, conf->nnames, sizeof(*p->tables));
	p->tables[p->ntables++] =
	    (struct pool_table){conf->names[name].policy, b->tables[name]};
}

/* Some regions are full. */
static void
spill_random(struct pool *p)
{
	for (size_t i = 0; p->conf->cost > 0 && i < p->nregions; i++)
		pool_spill(p, i,
		    world_dice(2) == 0 ? 0 : world_dice(SHARE_COHORTS + 1));
}

static void
both_new(struct both *b, unsigned seed)
{
	struct policy_pair *pairs;
	struct conf *conf;
	struct error err;

	memset(b, 0, sizeof(*b));
	srandom(seed);
	world_new(&b->world);
	conf = b->world.conf;
	b->arena = arena_new();
	b->geo = geo_load(conf, &err);
	ck_assert_msg(b->geo != NULL, "%s", err.text);
	b->tables = xcalloc(conf->nnames, sizeof(*b->tables));
	pairs = xcalloc(conf->nnames, sizeof(*pairs));
	for (size_t i = 0; i < conf->nnames; i++)
		pairs[i] = (struct policy_pair){
		    conf->names[i].policy, conf->names[i].pool};
	ck_assert_msg(policy_build(b->arena, conf, b->geo, pairs, conf->nnames,
			  b->tables, &err),
	    "%s", err.text);
	free(pairs);
	b->watches = watches_new();
	b->pools = pools_build(b->arena, conf);
	pools_bind(b->pools, conf->npools, conf, b->watches);
	for (size_t i = 0; i < conf->nnames; i++)
		table_add(b, i);
	b->oracle = (struct oracle){conf, b->geo, b->pools};
}

static int64_t now_s; /* wall; monotonic: as much before */

static void
time_goes_on(int64_t s)
{
	now_s += s;
	clock_fake((uint64_t)(MONO + now_s - WALL) * 1000, now_s);
}

static void
time_begins(void)
{
	now_s = WALL;
	time_goes_on(0);
}

static void
drains_clear(struct both *b)
{
	while (b->drains.all.n > 0)
		drain_free(drains_remove(&b->drains, b->drains.all.at[0]));
}

static void
both_free(struct both *b)
{
	drains_clear(b);
	drains_fini(&b->drains);
	pools_fini(b->pools, b->world.conf->npools);
	watches_free(b->watches);
	geo_free(b->geo);
	arena_free(b->arena);
	free(b->tables);
	world_free(&b->world);
}

static void
drain_random(struct both *b)
{
	const struct conf *conf = b->world.conf;
	const struct conf_pool *p =
	    &conf->pools[world_dice((uint32_t)conf->npools)];
	const struct conf_pool_region *r =
	    &p->regions[world_dice((uint32_t)p->nregions)];
	const struct conf_target *t =
	    &r->targets[world_dice((uint32_t)r->ntargets)];
	const char *region = conf->regions[r->region].name;
	const char *const forms[] = {region,
	    arena_printf(b->arena, "%s/%s", p->name, region),
	    arena_printf(b->arena, "%s/%s/%s", p->name, region, t->label)};
	unsigned form = world_dice(3);
	int64_t until =
	    world_dice(3) == 0 ? DRAIN_FOREVER : now_s + 1 + world_dice(90);
	struct error err;
	struct drain *d = drain_new(forms[form], "me", "test",
	    now_s - world_dice(100), until, false, &err);

	ck_assert_msg(d != NULL, "%s", err.text);
	if (world_dice(3) == 0)
		d->kind = DRAIN_UP;
	else if (world_dice(3) == 0)
		d->at = now_s + 1 + world_dice(60);
	if (d->kind == DRAIN_OUT && form < 2 && world_dice(2) == 0) {
		d->share = 1 + world_dice(100);
		d->over_s = world_dice(200);
	}
	drain_start(d);
	drains_put(&b->drains, d);
}

static enum health_result
random_result(uint32_t failing)
{
	if (world_dice(100) < failing)
		return HEALTH_FAILED;
	return world_dice(3) == 0 ? HEALTH_SLOW : HEALTH_OK;
}

/* Other health and other drains, as the main thread would see them come. */
static void
shake(struct both *b)
{
	const struct conf *conf = b->world.conf;
	struct health_time now;
	uint32_t failing = world_dice(101);
	struct watch **all;
	size_t n;

	time_goes_on(world_dice(100));
	now = (struct health_time){now_s, clock_mono_ms()};
	drains_clear(b);
	for (uint32_t i = world_dice(6); i > 0; i--)
		drain_random(b);
	all = watches_all(b->watches, &n);
	for (size_t i = 0; i < n; i++) {
		all[i]->idle = world_dice(8) == 0;
		for (uint32_t k = world_dice(8); k > 0; k--)
			health_count(&all[i]->health, all[i]->monitor,
			    random_result(failing), &now);
	}
	for (size_t i = 0; i < conf->npools; i++) {
		spill_random(&b->pools[i]);
		for (size_t r = 0; r < conf->pools[i].nregions; r++)
			pool_refresh(&b->pools[i], r, &b->drains);
	}
}

/* As the configuration's checks make sure of. */
static bool
has_regions(const struct rank *r)
{
	return r->n > 0 && (r->action != CONF_DOWN_POOL || r->nfallback > 0);
}

/* What regions are drawn by: of the query. */
static struct oracle_assume drawn;
static const struct oracle_assume of_a = {.type = DNS_A};

static void
expect_pick(const struct both *b, const struct conf_name *name,
    const struct rank *rank, const struct addr *client,
    const struct oracle_decision *d)
{
	struct pick_question q = {
	    .rank = rank,
	    .client = client,
	    .pool = name->pool,
	    .type = drawn.type,
	    .ttl_min = name->ttl_min,
	    .ttl_max = name->ttl_max,
	    .now_s = clock_mono_s(),
	    .random = drawn.random,
	    .name = drawn.name,
	    .owner = name->name,
	};
	struct pick pick;

	pick_region(b->pools, &q, &pick);
	ck_assert_uint_eq(pick.pool->index, d->pool);
	ck_assert_uint_eq(pick.pool->regions[pick.region].region, d->region);
	ck_assert_uint_eq(pick.reason, d->reason);
	ck_assert_uint_eq(pick.ttl, d->ttl);
	ck_assert(d->unlocated == rank->unlocated);
	ck_assert(d->ttl >= name->ttl_min);
}

enum { RDATA_AT = 12 };

static size_t
target_of(const struct pool_region *r, const uint8_t *rdata, size_t len)
{
	size_t i = 0;

	while (i < r->ntargets &&
	    (r->targets[i].conf->addr[len == 16].family == 0 ||
		memcmp(r->targets[i].conf->addr[len == 16].bytes, rdata, len) !=
		    0))
		i++;
	ck_assert_uint_lt(i, r->ntargets);
	return i;
}

/* Every region's answer is of the targets that the oracle uses. */
static void
expect_targets(const struct pool *p, size_t region, uint16_t type)
{
	uint8_t order[] = {(uint8_t)region}, bytes[4096];
	struct rank rank = {.order = order, .n = 1};
	const struct pick_question q = {
	    .rank = &rank,
	    .pool = p->index,
	    .type = type,
	    .ttl_min = 1,
	    .ttl_max = 60,
	    .random = (uint32_t)random(),
	};
	const struct pool_region *r = &p->regions[region];
	size_t used = 0, most = p->conf->max, len = type == DNS_A ? 4 : 16;
	struct pick pick;
	struct wire w;

	for (size_t i = 0; i < r->ntargets; i++)
		used += oracle_uses(p, r, i, type);
	if (p->conf->mode == CONF_ANSWER_ONE)
		most = 1;
	pick_region(p - p->index, &q, &pick);
	ck_assert_uint_eq(body_an(pick.body), used < most ? used : most);
	wire_init(&w, bytes, sizeof(bytes));
	body_put(&w, pick.body, 0, 1, 60, 0);
	ck_assert_uint_eq(w.len, (RDATA_AT + len) * body_an(pick.body));
	for (size_t i = 0; i < body_an(pick.body); i++)
		ck_assert(oracle_uses(p, r,
		    target_of(r, &bytes[(RDATA_AT + len) * i + RDATA_AT], len),
		    type));
}

static void
expect_all_targets(const struct both *b)
{
	for (size_t i = 0; i < b->world.conf->npools; i++) {
		const struct conf_pool *p = &b->world.conf->pools[i];

		for (size_t r = 0; r < p->nregions; r++)
			for (unsigned t = 0; t < p->ntypes; t++)
				expect_targets(&b->pools[i], r, p->types[t]);
	}
}

/* Of addresses of either family, or of others. */
static uint16_t
random_type(const struct conf_pool *p)
{
	return p->types[world_dice(p->ntypes)];
}

static size_t
random_name(const struct both *b)
{
	return world_dice((uint32_t)b->world.conf->nnames);
}

/* How many were decided both ways. */
static unsigned
expect_same_picks(struct both *b)
{
	unsigned tuples = 0;

	for (unsigned i = 0; i < ADDRESSES; i++) {
		size_t n = random_name(b);
		const struct conf_name *name = &b->world.conf->names[n];
		const struct policy_table *t = b->tables[n];
		struct oracle_decision d;
		struct lookup_hit hit;
		struct addr a;

		world_addr(&b->world, &a);
		hit = lookup_find(&t->lookup, &a);
		drawn.random = (uint32_t)random();
		drawn.name = world_dice(4) > 0 ? world_tenant() : NULL;
		drawn.type = random_type(&b->world.conf->pools[name->pool]);
		oracle_decide(&b->oracle, name, &a, &drawn, false, &d);
		if (!has_regions(&t->ranks[hit.class]))
			continue;
		expect_pick(b, name, &t->ranks[hit.class], &a, &d);
		tuples++;
	}
	return tuples;
}

/* One configuration; each of its states twice, as time goes on. */
static unsigned
expect_same_world(unsigned seed)
{
	unsigned tuples = 0;
	struct both b;

	both_new(&b, seed);
	for (unsigned k = 0; k < STATES; k++) {
		shake(&b);
		tuples += expect_same_picks(&b);
		expect_all_targets(&b);
		time_goes_on(world_dice(60));
		tuples += expect_same_picks(&b);
	}
	both_free(&b);
	return tuples;
}

/* make oracle asks for many more than make check. */
static unsigned
wanted(const char *variable, unsigned otherwise)
{
	const char *text = getenv(variable);

	return text != NULL ? (unsigned)strtoul(text, NULL, 10) : otherwise;
}

START_TEST(both_ways_agree_in_every_state_of_health)
{
	unsigned all = wanted("ORACLE_TUPLES", TUPLES), tuples = 0;
	unsigned first = wanted("ORACLE_SEED", 0), world = first;

	time_begins();
	while (tuples < all)
		tuples += expect_same_world(world++);
	printf("%u tuples of worlds %u to %u\n", tuples, first, world - 1);
	rcu_drain();
	clock_real();
}
END_TEST

/* What a client gets, and for how long a prefix around it. */
static unsigned
decide_for(struct both *b, size_t n, const struct addr *a, struct pick *pick)
{
	const struct conf_name *name = &b->world.conf->names[n];
	struct lookup_hit hit = lookup_find(&b->tables[n]->lookup, a);
	struct pick_question q = {
	    .rank = &b->tables[n]->ranks[hit.class],
	    .client = a,
	    .pool = name->pool,
	    .type = DNS_A,
	    .ttl_min = name->ttl_min,
	    .ttl_max = name->ttl_max,
	    .now_s = clock_mono_s(),
	};

	if (!has_regions(q.rank))
		return 0;
	pick_region(b->pools, &q, pick);
	return hit.depth > pick->cohort_len ? hit.depth : pick->cohort_len;
}

static bool
expect_shared_scope(struct both *b)
{
	size_t n = random_name(b);
	struct oracle_decision d;
	struct pick pick = {.pool = NULL}, other;
	struct prefix around;
	struct addr a;

	world_addr(&b->world, &a);
	around = (struct prefix){a, (uint8_t)decide_for(b, n, &a, &pick)};
	if (pick.pool == NULL)
		return false;
	oracle_decide(
	    &b->oracle, &b->world.conf->names[n], &a, &of_a, true, &d);
	ck_assert_uint_eq(around.len, d.scope);
	addr_mask(&around.addr, around.len);
	for (unsigned k = 0; k < WITHIN; k++) {
		world_addr_in(&around, &a);
		ck_assert_uint_eq(decide_for(b, n, &a, &other), around.len);
		ck_assert_ptr_eq(other.pool, pick.pool);
		ck_assert_uint_eq(other.region, pick.region);
		ck_assert_uint_eq(other.ttl, pick.ttl);
	}
	return pick.cohort_len != 0;
}

START_TEST(shares_narrow_scopes_to_the_cohort)
{
	unsigned shared = 0;

	time_begins();
	for (unsigned i = 0; i < WORLDS; i++) {
		struct both b;

		both_new(&b, 2000 + i);
		shake(&b);
		shake(&b);
		for (unsigned k = 0; k < ADDRESSES; k++)
			shared += expect_shared_scope(&b);
		both_free(&b);
	}
	ck_assert_uint_gt(shared, 100);
	rcu_drain();
	clock_real();
}
END_TEST

static void
expect_scope(struct both *b)
{
	size_t n = random_name(b);
	struct oracle_decision d;
	struct lookup_hit hit, other;
	struct prefix around;
	struct addr a;
	unsigned depth;

	world_addr(&b->world, &a);
	hit = lookup_find(&b->tables[n]->lookup, &a);
	oracle_decide(
	    &b->oracle, &b->world.conf->names[n], &a, &of_a, true, &d);
	depth = hit.depth > d.cohort_len ? hit.depth : d.cohort_len;
	ck_assert_uint_eq(depth, d.scope);
	ck_assert_uint_le(hit.depth, d.found.depth);
	around = (struct prefix){a, hit.depth};
	addr_mask(&around.addr, around.len);
	for (unsigned k = 0; k < WITHIN; k++) {
		world_addr_in(&around, &a);
		other = lookup_find(&b->tables[n]->lookup, &a);
		ck_assert_uint_eq(other.class, hit.class);
		ck_assert_uint_eq(other.depth, hit.depth);
	}
}

START_TEST(scopes_are_right_and_minimal)
{
	for (unsigned i = 0; i < WORLDS; i++) {
		struct both b;

		both_new(&b, 1000 + i);
		for (unsigned k = 0; k < ADDRESSES; k++)
			expect_scope(&b);
		both_free(&b);
	}
	rcu_drain();
}
END_TEST

/* A prefix of any length, near what is declared. */
static struct prefix
random_subnet(const struct both *b)
{
	struct prefix p = {.len = 0};

	world_addr(&b->world, &p.addr);
	p.len = (uint8_t)world_dice(addr_bits(&p.addr) + 1);
	addr_mask(&p.addr, p.len);
	return p;
}

/* Whether there was one, or two. */
static unsigned
expect_fence(struct both *b)
{
	size_t n = random_name(b);
	const struct conf_name *name = &b->world.conf->names[n];
	const struct conf_rule *rules =
	    b->world.conf->policies[name->policy].rules;
	struct prefix p = random_subnet(b);
	struct scope_fence slow;
	struct span_hit fast;

	if (b->tables[n]->fences == NULL)
		return 0;
	fast = spans_find(b->tables[n]->fences, &p);
	scope_find_fence(&b->oracle, name, &p, &slow);
	ck_assert((fast.value != 0) == (slow.rule != NULL));
	if (fast.value == 0)
		return 0;
	ck_assert_str_eq(conf_rule_fence(slow.rule),
	    conf_rule_fence(&rules[fast.value - 1]));
	ck_assert(addr_equal(&fast.first, &slow.client));
	ck_assert((fast.other != 0) == (slow.other != NULL));
	if (fast.other != 0)
		ck_assert_str_ne(conf_rule_fence(&rules[fast.other - 1]),
		    conf_rule_fence(&rules[fast.value - 1]));
	return fast.other != 0 ? 2 : 1;
}

START_TEST(fences_of_subnets_are_as_a_scan_says)
{
	unsigned seen[3] = {0};

	for (unsigned i = 0; i < WORLDS; i++) {
		struct both b;

		both_new(&b, 3000 + i);
		for (unsigned k = 0; k < 8 * ADDRESSES; k++)
			seen[expect_fence(&b)]++;
		both_free(&b);
	}
	ck_assert_uint_gt(seen[0], 1000);
	ck_assert_uint_gt(seen[1], 1000);
	ck_assert_uint_gt(seen[2], 20);
	rcu_drain();
}
END_TEST

/* One pool in two regions, one of them near; a fallback within the fence. */
static struct conf_region regions[] = {{.name = "eu",
					   .jurisdiction = "EU",
					   .latitude = 50,
					   .longitude = 8,
					   .located = true},
    {.name = "us",
	.jurisdiction = "US",
	.latitude = 39,
	.longitude = -77,
	.located = true}};
static struct conf_target targets[] = {
    {.label = "127.0.0.1", .addr = {{{127, 0, 0, 1}, 4}}, .weight = 1},
    {.label = "127.0.0.2", .addr = {{{127, 0, 0, 2}, 4}}, .weight = 1},
    {.label = "127.0.0.3", .addr = {{{127, 0, 0, 3}, 4}}, .weight = 1}};
static struct conf_pool_region www[] = {
    {.region = 0, .targets = &targets[0], .ntargets = 1},
    {.region = 1, .targets = &targets[1], .ntargets = 1}};
static struct conf_pool_region sorry[] = {
    {.region = 0, .targets = &targets[2], .ntargets = 1}};
static uint16_t monitors[] = {0};
static struct conf_monitor monitor = {.name = "web",
    .text = "web",
    .interval_ms = 5000,
    .fall = 3,
    .rise = 4,
    .clear = 6};
static struct conf_pool pools[] = {{.name = "www",
				       .regions = www,
				       .nregions = 2,
				       .min_healthy = 1,
				       .max = 8,
				       .types = {DNS_A},
				       .ntypes = 1,
				       .monitors = monitors,
				       .nmonitors = 1},
    {.name = "sorry",
	.regions = sorry,
	.nregions = 1,
	.min_healthy = 1,
	.max = 8,
	.types = {DNS_A},
	.ntypes = 1}};
static struct conf_geo germany = {.kind = CONF_GEO_COUNTRY, .code = "DE"};
static struct conf_rule rules[] = {{.by_geo = true,
				       .geo = &germany,
				       .ngeo = 1,
				       .order = CONF_ORDER_NEAREST,
				       .fence = "EU",
				       .when_down = {CONF_DOWN_POOL, 1}},
    {.order = CONF_ORDER_NEAREST, .when_down = {CONF_DOWN_ALL, CONF_NONE}}};
static uint16_t unlocated[] = {1, 0};
static struct conf_policy policy = {.name = "near",
    .rules = rules,
    .nrules = 2,
    .unlocated = unlocated,
    .nunlocated = 2};
static struct conf_name name = {.text = "www.", .ttl_max = 60, .ttl_min = 5};
static struct conf conf = {.regions = regions,
    .nregions = 2,
    .pools = pools,
    .npools = 2,
    .policies = &policy,
    .npolicies = 1,
    .names = &name,
    .nnames = 1,
    .monitors = &monitor,
    .nmonitors = 1};

static struct arena *arena;
static struct watches *watches;
static struct oracle oracle;
static struct oracle_decision d;
static struct place de, fr, nowhere;

static void
setup(void)
{
	struct conf_geo france = {.kind = CONF_GEO_COUNTRY, .code = "FR"};
	struct pool *p;

	arena = arena_new();
	watches = watches_new();
	p = pools_build(arena, &conf);
	pools_bind(p, 2, &conf, watches);
	oracle = (struct oracle){.conf = &conf, .pools = p};
	place_from_geo(&de, &germany);
	place_from_geo(&fr, &france);
	memset(&nowhere, 0, sizeof(nowhere));
}

static void
teardown(void)
{
	pools_fini(&((struct pool *)(uintptr_t)oracle.pools)[0], 2);
	watches_free(watches);
	arena_free(arena);
}

static struct health *
health_of(size_t target)
{
	return &watches_get(watches, &monitor, &targets[target].addr[0])
		    ->health;
}

static void
decide(const struct place *p, const struct oracle_assume *assume)
{
	oracle_decide_place(&oracle, &name, p, assume, &d);
}

static const bool first[2] = {true, false}, second[2] = {false, true};

START_TEST(the_nearest_live_region_is_the_first)
{
	decide(&fr, NULL);
	ck_assert_uint_eq(d.region, 0);
	ck_assert_uint_eq(d.reason, POOL_FIRST);
	ck_assert_uint_eq(d.rule, 1);
	ck_assert(
	    d.regions[0].distance_km > 100 && d.regions[0].distance_km < 1000);
	health_of(0)->state = HEALTH_DOWN;
	decide(&fr, NULL);
	ck_assert_uint_eq(d.region, 1);
	ck_assert_uint_eq(d.reason, POOL_FAILOVER);
	ck_assert_uint_eq(d.regions[0].struck, STRUCK_DOWN);
}
END_TEST

START_TEST(a_fence_holds_when_all_is_down)
{
	struct oracle_assume assume = {.down = first, .ignore_health = true};

	decide(&de, &assume);
	ck_assert_uint_eq(d.pool, 1);
	ck_assert_uint_eq(d.region, 0);
	ck_assert_uint_eq(d.reason, POOL_ALL_DOWN);
	ck_assert_uint_eq(d.regions[1].struck, STRUCK_FENCE);
}
END_TEST

START_TEST(assumptions_strike_regions_out)
{
	struct oracle_assume assume = {.drained = first, .ignore_health = true};

	decide(&fr, &assume);
	ck_assert_uint_eq(d.region, 1);
	ck_assert_uint_eq(d.reason, POOL_DRAINED);
	assume.down = second;
	decide(&fr, &assume);
	ck_assert_uint_eq(d.reason, POOL_ALL_DOWN);
	ck_assert_uint_eq(d.region, 1);
}
END_TEST

START_TEST(who_has_no_place_gets_the_unlocated_list)
{
	decide(&nowhere, NULL);
	ck_assert(d.unlocated);
	ck_assert_uint_eq(d.region, 1);
	ck_assert_uint_eq(d.reason, POOL_UNLOCATED);
}
END_TEST

START_TEST(the_ttl_is_the_least_that_probes_leave)
{
	decide(&fr, NULL);
	ck_assert_uint_eq(d.ttl, 5); /* unknown: the minimum */
	ck_assert_uint_eq(d.ttl_region, 0);
	*health_of(0) = (struct health){.state = HEALTH_UP, .failures = 1};
	decide(&fr, NULL);
	ck_assert_uint_eq(d.ttl, 10);
	*health_of(0) = (struct health){.state = HEALTH_DOWN, .successes = 0};
	*health_of(1) = (struct health){.state = HEALTH_UP};
	decide(&fr, NULL);
	ck_assert_uint_eq(d.ttl, 15);
	ck_assert_uint_eq(d.ttl_region, 1);
	decide(&fr, &(struct oracle_assume){.ignore_health = true});
	ck_assert_uint_eq(d.ttl, 60);
	ck_assert_uint_eq(d.ttl_region, CONF_NONE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("oracle");
	TCase *by_hand = tcase_create("by hand");
	TCase *both = tcase_create("both ways");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(by_hand, setup, teardown);
	tcase_add_test(by_hand, the_nearest_live_region_is_the_first);
	tcase_add_test(by_hand, a_fence_holds_when_all_is_down);
	tcase_add_test(by_hand, assumptions_strike_regions_out);
	tcase_add_test(by_hand, who_has_no_place_gets_the_unlocated_list);
	tcase_add_test(by_hand, the_ttl_is_the_least_that_probes_leave);
	suite_add_tcase(s, by_hand);
	tcase_set_timeout(both, 3600);
	tcase_add_test(both, both_ways_agree_in_every_state_of_health);
	tcase_add_test(both, scopes_are_right_and_minimal);
	tcase_add_test(both, fences_of_subnets_are_as_a_scan_says);
	tcase_add_test(both, shares_narrow_scopes_to_the_cohort);
	suite_add_tcase(s, both);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
