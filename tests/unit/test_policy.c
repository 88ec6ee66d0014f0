/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/policy.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "steer/far.h"
#include "steer/oracle.h"
#include "world.h"

enum { EU, US, AP, NREGIONS, WORLDS = 60, ADDRESSES = 200 };

static struct conf_region regions[NREGIONS] = {
    [EU] = {.name = "eu",
	.jurisdiction = "EU",
	.latitude = 50,
	.longitude = 8,
	.located = true},
    [US] = {.name = "us",
	.jurisdiction = "US",
	.latitude = 39,
	.longitude = -77,
	.located = true},
    [AP] = {.name = "ap",
	.jurisdiction = "JP",
	.latitude = 35,
	.longitude = 139,
	.located = true},
};

/* Positions in the pools differ from those in the configuration. */
static struct conf_pool_region in_www[] = {
    {.region = AP}, {.region = US}, {.region = EU}};
static struct conf_pool_region in_sorry[] = {{.region = US}, {.region = EU}};
static struct conf_pool pools[] = {
    {.name = "www", .regions = in_www, .nregions = 3},
    {.name = "sorry", .regions = in_sorry, .nregions = 2}};

static struct conf_policy policy = {.name = "policy"};
static struct conf conf = {.regions = regions,
    .nregions = NREGIONS,
    .pools = pools,
    .npools = 2,
    .policies = &policy,
    .npolicies = 1};

static struct rank rank;
static struct rank_room room;
static uint16_t rule;

static void
setup(void)
{
	for (size_t i = 0; i < NREGIONS; i++)
		regions[i].bias = 0;
	policy.unlocated = NULL;
	policy.nunlocated = 0;
}

static void
rank_of(struct conf_rule *rules, size_t n, const struct place *p)
{
	policy.rules = rules;
	policy.nrules = n;
	policy_rank(&conf, 0, 0, p, &rank, &room, &rule);
}

static void
expect_regions(const uint8_t *at, size_t n, const struct conf_pool *pool,
    const char *expected)
{
	char got[64] = "";

	for (size_t i = 0; i < n; i++) {
		strcat(got, i > 0 ? " " : "");
		strcat(got, regions[pool->regions[at[i]].region].name);
	}
	ck_assert_str_eq(got, expected);
}

static void
expect_order(const char *expected)
{
	expect_regions(rank.order, rank.n, &pools[0], expected);
}

static struct place
place(const char *country)
{
	struct conf_geo g = {.kind = CONF_GEO_COUNTRY};
	struct place p;

	memcpy(g.code, country, 2);
	place_from_geo(&p, &g);
	return p;
}

START_TEST(nearest_orders_by_distance)
{
	struct conf_rule r = {.order = CONF_ORDER_NEAREST};
	struct place fr = place("FR"), us = place("US"), jp = place("JP");

	rank_of(&r, 1, &fr);
	expect_order("eu us ap");
	rank_of(&r, 1, &us);
	expect_order("us eu ap");
	rank_of(&r, 1, &jp);
	expect_order("ap eu us");
	ck_assert(!rank.unlocated && rank.pool == CONF_NONE);
}
END_TEST

START_TEST(bias_is_a_percentage_of_distance)
{
	struct conf_rule r = {.order = CONF_ORDER_NEAREST};
	struct place fr = place("FR");

	regions[EU].bias = 900;
	regions[US].bias = -50;
	rank_of(&r, 1, &fr);
	expect_order("us eu ap");
}
END_TEST

START_TEST(within_a_band_the_bias_decides)
{
	struct conf_rule r = {.order = CONF_ORDER_NEAREST, .band_km = 5000};
	struct place fr = place("FR");

	rank_of(&r, 1, &fr);
	expect_order("eu us ap");
	r.band_km = 8000;
	regions[US].bias = -1;
	rank_of(&r, 1, &fr);
	expect_order("us eu ap");
	/* It makes the distance shorter too. */
	r.band_km = 5000;
	regions[US].bias = -20;
	rank_of(&r, 1, &fr);
	expect_order("us eu ap");
	/* A band is as wide from its nearest region, not from each. */
	regions[US].bias = 0;
	regions[AP].bias = -10;
	r.band_km = 7000;
	rank_of(&r, 1, &fr);
	expect_order("eu us ap");
}
END_TEST

START_TEST(latency_orders_what_was_measured_then_by_distance)
{
	static const uint16_t quickest[] = {AP, US};
	struct conf_rule r = {.order = CONF_ORDER_LATENCY};
	struct place p = place("FR");
	uint16_t list[] = {EU};

	rank_of(&r, 1, &p);
	expect_order("eu us ap");
	p.quickest = quickest;
	p.nquickest = 1;
	rank_of(&r, 1, &p);
	expect_order("ap eu us");
	p.nquickest = 2;
	rank_of(&r, 1, &p);
	expect_order("ap us eu");
	p.located = false;
	policy.unlocated = list;
	policy.nunlocated = 1;
	rank_of(&r, 1, &p);
	expect_order("ap us eu");
	ck_assert(!rank.unlocated);
	/* Nothing that may be used was measured. */
	r.fence = "EU";
	rank_of(&r, 1, &p);
	expect_order("eu");
	ck_assert(rank.unlocated);
}
END_TEST

START_TEST(all_are_in_order_of_declaration)
{
	struct conf_rule r = {.order = CONF_ORDER_ALL};
	struct place nowhere;

	memset(&nowhere, 0, sizeof(nowhere));
	rank_of(&r, 1, &nowhere);
	expect_order("eu us ap");
	ck_assert(!rank.unlocated);
}
END_TEST

START_TEST(a_box_takes_whose_coordinates_are_in_it)
{
	uint16_t us[] = {US};
	struct conf_rule r[] = {{.by_box = true,
				    .box = {40, 0, 55, 10},
				    .regions = us,
				    .nregions = 1},
	    {.order = CONF_ORDER_ALL}};
	struct place p = place("FR"), nowhere;

	memset(&nowhere, 0, sizeof(nowhere));
	rank_of(r, 2, &p);
	ck_assert_uint_eq(rule, 0);
	rank_of(r, 2, &nowhere);
	ck_assert_uint_eq(rule, 1);
	r[0].box.west = 170;
	r[0].box.east = -170;
	rank_of(r, 2, &p);
	ck_assert_uint_eq(rule, 1);
	for (unsigned i = 0; i < 2; i++) {
		p.longitude = i == 0 ? 175 : -175;
		rank_of(r, 2, &p);
		ck_assert_uint_eq(rule, 0);
	}
}
END_TEST

/* Its edges are of it: whether a place at these degrees is inside. */
static const struct box_row {
	struct conf_box box; /* south, west, north, east */
	float latitude, longitude;
	bool inside;
} box_rows[] = {
    {{10, 20, 30, 40}, 10, 20, true},
    {{10, 20, 30, 40}, 30, 40, true},
    {{10, 20, 30, 40}, 9.5f, 30, false},
    {{10, 20, 30, 40}, 30.5f, 30, false},
    {{10, 20, 30, 40}, 20, 19.5f, false},
    {{10, 20, 30, 40}, 20, 40.5f, false},
    {{10, 20, 10, 20}, 10, 20, true},
    {{10, 20, 10, 20}, 10, 20.5f, false},
    /* across 180 degrees */
    {{10, 170, 30, -160}, 20, 170, true},
    {{10, 170, 30, -160}, 20, -160, true},
    {{10, 170, 30, -160}, 20, 180, true},
    {{10, 170, 30, -160}, 20, -180, true},
    {{10, 170, 30, -160}, 20, 169.5f, false},
    {{10, 170, 30, -160}, 20, -159.5f, false},
    {{10, 170, 30, -160}, 9.5f, 180, false},
    {{-90, -180, 90, 180}, -90, -180, true},
    {{-90, -180, 90, 180}, 90, 180, true},
};

/* Any of them makes clients come back by and by. */
START_TEST(a_failback_is_one_that_waits_for_something)
{
	static const struct conf_failback rows[] = {{0, 0, 0}, {1, 0, 0},
	    {0, 1, 0}, {0, 0, 1}, {5000, 5000, 0}, {1, 2, 1}, {1, 1, 1}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct conf_policy p = {.failback = rows[i]};

		ck_assert_ptr_eq(
		    policy_failback(&p), i > 0 ? &p.failback : NULL);
	}
}
END_TEST

START_TEST(the_edges_of_a_box_are_of_it)
{
	const struct box_row *b = &box_rows[_i];
	struct conf_rule r[] = {
	    {.by_box = true, .box = b->box}, {.order = CONF_ORDER_ALL}};
	const struct place p = {.located = true,
	    .latitude = b->latitude,
	    .longitude = b->longitude};
	const struct conf_name name = {.ttl_max = 60};
	struct arena *a = arena_new();
	struct pool *all = pools_build(a, &conf);
	const struct oracle o = {.conf = &conf, .pools = all};
	struct oracle_decision d;

	rank_of(r, 2, &p);
	ck_assert_uint_eq(rule, !b->inside);
	oracle_decide_place(&o, &name, &p, NULL, &d);
	ck_assert_uint_eq(d.rule, !b->inside);
	pools_fini(all, conf.npools);
	arena_free(a);
}
END_TEST

START_TEST(ties_are_in_order_of_declaration)
{
	struct conf_rule r = {.order = CONF_ORDER_NEAREST};
	struct conf_region ap = regions[AP];
	struct place fr = place("FR");

	regions[AP].latitude = regions[EU].latitude;
	regions[AP].longitude = regions[EU].longitude;
	rank_of(&r, 1, &fr);
	expect_order("eu ap us");
	regions[AP] = ap;
}
END_TEST

START_TEST(a_region_without_location_is_the_farthest)
{
	struct conf_rule r = {.order = CONF_ORDER_NEAREST};
	struct place fr = place("FR");

	regions[EU].located = false;
	rank_of(&r, 1, &fr);
	expect_order("us ap eu");
	regions[EU].located = true;
}
END_TEST

START_TEST(without_a_place_the_unlocated_list_counts)
{
	struct conf_rule r = {.order = CONF_ORDER_NEAREST};
	uint16_t list[] = {AP, EU};
	struct place nowhere;

	memset(&nowhere, 0, sizeof(nowhere));
	rank_of(&r, 1, &nowhere);
	expect_order("eu us ap");
	ck_assert(rank.unlocated);
	policy.unlocated = list;
	policy.nunlocated = 2;
	rank_of(&r, 1, &nowhere);
	expect_order("ap eu");
	ck_assert(rank.unlocated);
}
END_TEST

START_TEST(the_first_rule_that_matches_decides)
{
	struct conf_geo de = {.kind = CONF_GEO_COUNTRY, .code = "DE"};
	struct conf_geo europe = {.kind = CONF_GEO_CONTINENT, .code = "EU"};
	uint16_t us[] = {US}, ap[] = {AP, US}, eu[] = {EU};
	uint32_t asn = 64496;
	struct conf_rule r[] = {
	    {.by_net = true, .nets = 2, .regions = us, .nregions = 1},
	    {.by_geo = true,
		.geo = &de,
		.ngeo = 1,
		.by_asn = true,
		.asn = &asn,
		.nasn = 1,
		.regions = ap,
		.nregions = 2},
	    {.by_geo = true,
		.geo = &europe,
		.ngeo = 1,
		.regions = eu,
		.nregions = 1},
	    {.order = CONF_ORDER_NEAREST}};
	struct place p = place("DE"), jp = place("JP");

	rank_of(r, 4, &p);
	expect_order("eu");
	p.asn = 64496;
	rank_of(r, 4, &p);
	expect_order("ap us");
	ck_assert_uint_eq(rule, 1);
	p.nets = 3;
	rank_of(r, 4, &p);
	expect_order("us");
	rank_of(r, 4, &jp);
	ck_assert_uint_eq(rule, 3);
}
END_TEST

START_TEST(the_fence_leaves_out_what_is_outside)
{
	uint16_t list[] = {US, EU, AP};
	struct conf_rule r = {.regions = list, .nregions = 3, .fence = "EU"};
	struct place de = place("DE");

	rank_of(&r, 1, &de);
	expect_order("eu");
}
END_TEST

START_TEST(the_fallback_pool_is_ordered_and_fenced_too)
{
	uint16_t list[] = {AP, EU};
	struct conf_rule r = {
	    .regions = list, .nregions = 2, .when_down = {CONF_DOWN_POOL, 1}};
	struct place de = place("DE");

	rank_of(&r, 1, &de);
	expect_order("ap eu");
	ck_assert_uint_eq(rank.pool, 1);
	ck_assert_uint_eq(rank.action, CONF_DOWN_POOL);
	expect_regions(rank.fallback, rank.nfallback, &pools[1], "eu us");
	r.fence = "EU";
	rank_of(&r, 1, &de);
	expect_regions(rank.fallback, rank.nfallback, &pools[1], "eu");
}
END_TEST

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(text, &a));
	return a;
}

static struct policy_table *
build(struct arena *a, const struct conf *c, struct geo *g)
{
	static const struct policy_pair pair = {0, 0};
	struct policy_table *t;
	struct error err;

	ck_assert_msg(g != NULL && policy_build(a, c, g, &pair, 1, &t, &err),
	    "%s", err.text);
	return t;
}

static void
expect_hit(
    const struct policy_table *t, const char *text, size_t n, unsigned depth)
{
	struct addr a = address(text);
	struct lookup_hit hit = lookup_find(&t->lookup, &a);

	ck_assert_uint_lt(hit.class, t->nranks);
	ck_assert_uint_eq(t->ranks[hit.class].n, n);
	ck_assert_msg(hit.depth == depth, "%s: depth %u", text, hit.depth);
}

START_TEST(depth_is_of_the_family_that_was_asked)
{
	struct prefix p = {{{192, 0, 2}, 4}, 24};
	struct conf_net net = {.name = "net", .prefixes = &p, .nprefixes = 1};
	struct conf with_net = conf;
	uint16_t eu[] = {EU};
	struct conf_rule r[] = {
	    {.by_net = true, .nets = 1, .regions = eu, .nregions = 1},
	    {.order = CONF_ORDER_NEAREST}};
	struct arena *a = arena_new();
	struct error err;
	struct policy_table *t;
	struct geo *g;

	with_net.nets = &net;
	with_net.nnets = 1;
	policy.rules = r;
	policy.nrules = 2;
	g = geo_load(&with_net, &err);
	t = build(a, &with_net, g);
	ck_assert_uint_eq(t->nranks, 2);
	expect_hit(t, "192.0.2.1", 1, 24);
	expect_hit(t, "::ffff:192.0.2.1", 1, 120);
	expect_hit(t, "2002:c000:0201::", 1, 40);
	expect_hit(t, "2001:0:1:2:3:4:3fff:fdfe", 1, 120);
	expect_hit(t, "2001:0:1:2:3:4:bfff:fdfe", 3, 97);
	expect_hit(t, "128.0.0.1", 3, 2);
	expect_hit(t, "8000::", 3, 1);
	geo_free(g);
	arena_free(a);
}
END_TEST

START_TEST(where_all_are_alike_the_scope_is_0)
{
	struct conf_rule r = {.order = CONF_ORDER_NEAREST};
	struct arena *a = arena_new();
	struct error err;
	struct policy_table *t;
	struct geo *g;

	policy.rules = &r;
	policy.nrules = 1;
	g = geo_load(&conf, &err);
	t = build(a, &conf, g);
	expect_hit(t, "192.0.2.1", 3, 0);
	expect_hit(t, "2001:0:1:2:3:4:5:6", 3, 0);
	geo_free(g);
	arena_free(a);
}
END_TEST

static void
expect_rank(const struct world *w, const struct geo *g,
    const struct policy_table *t, const struct addr *a)
{
	struct lookup_hit hit = lookup_find(&t->lookup, a);
	const struct rank *got = &t->ranks[hit.class];
	struct geo_found f;

	ck_assert_uint_lt(hit.class, t->nranks);
	geo_find(g, a, &f);
	policy_rank(w->conf, t->policy, t->pool, &f.place, &rank, &room, &rule);
	ck_assert_uint_eq(rank.n, got->n);
	ck_assert_uint_eq(rank.nfallback, got->nfallback);
	ck_assert_uint_eq(rank.action, got->action);
	ck_assert_uint_eq(rank.pool, got->pool);
	ck_assert(rank.unlocated == got->unlocated);
	ck_assert_mem_eq(rank.order, got->order, rank.n);
	ck_assert_uint_eq(rank.hash, got->hash);
	ck_assert_uint_eq(rank.trickle, got->trickle);
	ck_assert_ptr_eq(rank.homes, got->homes);
	ck_assert_ptr_eq(rank.failback, got->failback);
	ck_assert(t->met[rule]);
	for (size_t i = 0; rank.hash != CONF_HASH_NONE && i < rank.n; i++)
		ck_assert_uint_eq(rank.lots[i].weight, got->lots[i].weight);
	ck_assert_mem_eq(rank.fallback, got->fallback, rank.nfallback);
}

START_TEST(the_table_says_what_the_rules_say)
{
	for (unsigned i = 0; i < WORLDS; i++) {
		struct arena *arena = arena_new();
		struct error err;
		struct world w;
		struct geo *g;
		struct policy_table *t;

		srandom(i);
		world_new(&w);
		g = geo_load(w.conf, &err);
		ck_assert(g != NULL);
		t = build(arena, w.conf, g);
		for (unsigned k = 0; k < ADDRESSES; k++) {
			struct addr a;

			world_addr(&w, &a);
			expect_rank(&w, g, t, &a);
		}
		geo_free(g);
		world_free(&w);
		arena_free(arena);
	}
}
END_TEST

/* Where the client is among those of a region, as a part of all. */
static void
expect_far(const struct far_table *t, const char *client, unsigned depth,
    size_t region, double from, double to)
{
	const struct far *f;
	struct addr a;
	uint8_t len;

	ck_assert(addr_parse(client, &a));
	f = far_find(t, &a, &len);
	ck_assert_uint_eq(len, depth);
	ck_assert_double_eq_tol(
	    f[region].from / (double)SHARE_COHORTS, from, 1e-4);
	ck_assert_double_eq_tol(f[region].to / (double)SHARE_COHORTS, to, 1e-4);
}

/* Half of the room by the number of groups, half by the space that they are
 * of, half of which is IPv4's.  Of one order of regions: those near to the
 * first two are told apart by the first, the others by the second. */
START_TEST(who_is_sent_on_first_goes_by_distance_and_by_space)
{
	char path[] = "/tmp/test_policy.XXXXXX";
	struct mmdb_row rows[] = {
	    {.place = {.country = "DE", .latitude = 50, .longitude = 8}},
	    {.place = {.country = "PL", .latitude = 52, .longitude = 21}},
	    {.place = {.country = "US", .latitude = 39, .longitude = -77}},
	};
	static const char *const prefixes[] = {
	    "16.0.0.0/4", "32.0.0.0/3", "64.0.0.0/2"};
	uint16_t list[] = {EU, US, AP};
	struct conf_rule rules[] = {
	    {.order = CONF_ORDER_LIST, .regions = list, .nregions = NREGIONS}};
	struct conf_database database = {.path = path};
	struct conf with = conf;
	struct arena *arena = arena_new();
	struct policy_table *t;
	const struct far_table *far;
	struct error err = {""};
	struct geo *g;
	double at = 0, part;
	static const double space[] = {1 / 32.0, 1 / 16.0, 1 / 8.0};
	static const char *const clients[] = {
	    "16.0.0.1", "32.0.0.1", "64.0.0.1"};

	ck_assert_int_ne(mkstemp(path), -1);
	for (size_t i = 0; i < 3; i++) {
		rows[i].place.located = true;
		ck_assert(prefix_parse(prefixes[i], &rows[i].prefix, &err));
	}
	mmdb_make(path, 4, MMDB_NESTED, rows, 3);
	with.databases = &database;
	with.ndatabases = 1;
	policy.rules = rules;
	policy.nrules = 1;
	pools[0].cost = 1;
	g = geo_load(&with, &err);
	ck_assert_msg(g != NULL, "%s", err.text);
	t = build(arena, &with, g);
	far = t->ranks[0].far;
	ck_assert_ptr_nonnull(far);
	ck_assert_uint_eq(far->ngroups, 4);
	for (size_t i = 0; i < 3; i++) { /* of eu, at 2 in the pool */
		part = 0.5 / 4 + 0.5 * space[i];
		expect_far(far, clients[i], 4 - (unsigned)i, 2, at, at + part);
		at += part;
	}
	expect_far(far, "128.0.0.1", 1, 2, at, 1);
	/* of us, at 1: the third of them is the nearest. */
	expect_far(far, "64.0.0.1", 2, 1, 0, 0.125 + 0.0625);
	pools[0].cost = 0;
	geo_free(g);
	arena_free(arena);
	unlink(path);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("policy");
	TCase *c = tcase_create("policy");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(c, 120);
	tcase_add_checked_fixture(c, setup, NULL);
	suite_add_tcase(s, c);
	tcase_add_test(c, nearest_orders_by_distance);
	tcase_add_test(c, bias_is_a_percentage_of_distance);
	tcase_add_test(c, within_a_band_the_bias_decides);
	tcase_add_test(c, latency_orders_what_was_measured_then_by_distance);
	tcase_add_test(c, all_are_in_order_of_declaration);
	tcase_add_test(c, a_box_takes_whose_coordinates_are_in_it);
	tcase_add_test(c, a_failback_is_one_that_waits_for_something);
	tcase_add_loop_test(c, the_edges_of_a_box_are_of_it, 0,
	    sizeof(box_rows) / sizeof(*box_rows));
	tcase_add_test(c, ties_are_in_order_of_declaration);
	tcase_add_test(c, a_region_without_location_is_the_farthest);
	tcase_add_test(c, without_a_place_the_unlocated_list_counts);
	tcase_add_test(c, the_first_rule_that_matches_decides);
	tcase_add_test(c, the_fence_leaves_out_what_is_outside);
	tcase_add_test(c, the_fallback_pool_is_ordered_and_fenced_too);
	tcase_add_test(c, depth_is_of_the_family_that_was_asked);
	tcase_add_test(c, where_all_are_alike_the_scope_is_0);
	tcase_add_test(c, the_table_says_what_the_rules_say);
	tcase_add_test(c, who_is_sent_on_first_goes_by_distance_and_by_space);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
