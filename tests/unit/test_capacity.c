/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cascade that does not happen, on an injected clock: clients all over the
 * world keep their answer for a TTL and ask again; regions die at peak.  The
 * answers are those of the query path, the load is that of what caches hold.
 */
#include "traffic/capacity.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

enum {
	EU,
	US,
	AP,
	SA,
	AU,
	REGIONS,
	TTL_S = 30,
	CLIENTS_MAX = 8000,
	START_S = 10000,
};

static const char *const region_names[REGIONS] = {"eu", "us", "ap", "sa", "au"};

/* An answer a second stands for as many clients as keep it for the TTL. */
static const char conf_text[] =
    "meridian: 1\n"
    "zones: {example.com: example.com.zone}\n"
    "geoip: {databases: [geo.mmdb]}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], capacity: 3000}\n"
    "  us: {location: [39.0, -77.5], capacity: 3000}\n"
    "  ap: {location: [35.7, 139.7], capacity: 2000}\n"
    "  sa: {location: [-23.5, -46.6], capacity: 1500}\n"
    "  au: {location: [-33.9, 151.2], capacity: 1500}\n"
    "pools:\n"
    "  www:\n"
    "    cost: 30\n"
    "    regions:\n"
    "      eu: [{addr: 192.0.2.1}]\n"
    "      us: [{addr: 192.0.2.2}]\n"
    "      ap: [{addr: 192.0.2.3}]\n"
    "      sa: [{addr: 192.0.2.4}]\n"
    "      au: [{addr: 192.0.2.5}]\n"
    "policies:\n"
    "  near: {rules: [{regions: nearest}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near, ttl: {max: 30, min: 30}}\n"
    "safety: {max_fill: 85%}\n";

/* Where clients are, and how many of a hundred. */
static const struct {
	float latitude, longitude;
	unsigned percent;
} cities[] = {
    {52.5f, 13.4f, 6},
    {51.5f, -0.1f, 9},
    {48.9f, 2.3f, 6},
    {41.9f, 12.5f, 4},
    {40.4f, -3.7f, 3},
    {59.3f, 18.1f, 2},
    {30.0f, 31.2f, 2},
    {40.7f, -74.0f, 9},
    {41.9f, -87.6f, 6},
    {34.1f, -118.2f, 7},
    {25.8f, -80.2f, 4},
    {19.4f, -99.1f, 4},
    {35.7f, 139.7f, 8},
    {37.6f, 127.0f, 4},
    {22.3f, 114.2f, 4},
    {1.4f, 103.8f, 3},
    {-23.5f, -46.6f, 5},
    {-34.6f, -58.4f, 3},
    {4.7f, -74.1f, 2},
    {-33.9f, 151.2f, 4},
    {-37.8f, 145.0f, 3},
    {-36.8f, 174.8f, 1},
    {-26.2f, 28.0f, 1},
};

enum { CITIES = sizeof(cities) / sizeof(cities[0]) };

struct client {
	struct addr addr;
	uint32_t asks_s; /* again */
	unsigned region; /* REGIONS: none yet */
};

static struct sample sample;
static struct snapshot *snapshot;
static struct sampler *sampler;
static struct traffic traffic;
static struct capacity capacity;
static struct client clients[CLIENTS_MAX];
static size_t nclients;
static uint32_t now_s;
static uint64_t random_state;
/* Of what caches hold: the most that each region had, and who moved. */
static double peak[REGIONS];
static unsigned moved;

static void
database_make(const char *path)
{
	struct mmdb_row rows[CITIES];

	memset(rows, 0, sizeof(rows));
	for (size_t i = 0; i < CITIES; i++) {
		rows[i].prefix.addr.family = 4;
		rows[i].prefix.addr.bytes[0] = 81;
		rows[i].prefix.addr.bytes[1] = (uint8_t)i;
		rows[i].prefix.len = 16;
		rows[i].place.latitude = cities[i].latitude;
		rows[i].place.longitude = cities[i].longitude;
		rows[i].place.located = true;
	}
	mmdb_make(path, 4, MMDB_NESTED, rows, CITIES);
}

static void
clients_make(size_t n)
{
	nclients = 0;
	for (size_t i = 0; i < CITIES; i++) {
		for (size_t k = 0; k < n * cities[i].percent / 100; k++) {
			struct client *c = &clients[nclients++];

			ck_assert_uint_le(nclients, CLIENTS_MAX);
			*c = (struct client){
			    .addr = {.bytes = {81, (uint8_t)i,
					 (uint8_t)(k % 251),
					 (uint8_t)(k / 251)},
				.family = 4},
			    .asks_s =
				now_s + answer_random(&random_state) % TTL_S,
			    .region = REGIONS,
			};
		}
	}
}

static struct snapshot *
build(const char *text)
{
	char path[SAMPLE_PATH_MAX + 16];
	struct snapshot *s;
	struct diag d;
	FILE *f;

	snprintf(path, sizeof(path), "%s/geo.mmdb", sample.folder);
	database_make(path);
	f = fopen(sample.conf, "w");
	ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	diag_init(&d);
	s = snapshot_build(sample.conf, &d);
	if (s == NULL)
		fputs(diag_text(&d), stderr);
	ck_assert_ptr_nonnull(s);
	diag_fini(&d);
	unlink(path);
	return s;
}

static void
setup(void)
{
	sample_open(&sample);
	snapshot = build(conf_text);
	snapshot_publish(snapshot);
	now_s = START_S;
	random_state = 1;
	sampler = sampler_new();
	memset(&traffic, 0, sizeof(traffic));
	memset(&capacity, 0, sizeof(capacity));
	capacity_adopt(&capacity, snapshot, NULL, now_s);
}

static void
teardown(void)
{
	capacity_fini(&capacity);
	traffic_fini(&traffic);
	snapshot_publish(NULL);
	rcu_drain();
	sample_close(&sample);
}

/* In the configuration that is in service. */
static uint16_t
region_in(const char *name)
{
	const struct conf *conf = snapshot->conf;
	uint16_t i = 0;

	while (i < conf->nregions && strcmp(conf->regions[i].name, name) != 0)
		i++;
	ck_assert_uint_lt(i, conf->nregions);
	return i;
}

static unsigned
region_number(const char *name)
{
	unsigned i = 0;

	while (i < REGIONS && strcmp(region_names[i], name) != 0)
		i++;
	return i;
}

static const struct capacity_region *
carried(unsigned region)
{
	return &capacity.regions[region_in(region_names[region])];
}

static void
ask(struct client *c)
{
	struct answer_steer steer = {.client = c->addr, .by_ecs = true};
	struct tally *row = snapshot_row(snapshot, 0);
	unsigned region;

	answer_decide(snapshot,
	    &(struct answer_question){
		.type = DNS_A,
		.now_s = now_s,
		.random = answer_random(&random_state),
	    },
	    &steer);
	region =
	    region_number(steer.pick.pool->regions[steer.pick.region].name);
	moved += c->region != region;
	c->region = region;
	c->asks_s = now_s + TTL_S;
	atomic_fetch_add(&row[steer.pick.pool->first_tally + steer.pick.region]
			      .steered[steer.pick.reason],
	    1);
	sampler_add(sampler,
	    &(struct sample_seen){.generation = snapshot->generation,
		.now_s = now_s,
		.class = steer.hit.class,
		.client = &c->addr});
}

static double
capacity_of(unsigned region)
{
	return (double)snapshot->conf->regions[region_in(region_names[region])]
	    .capacity;
}

/* In percent, of what caches hold. */
static void
fills(double fill[REGIONS])
{
	memset(fill, 0, REGIONS * sizeof(*fill));
	for (size_t i = 0; i < nclients; i++)
		if (clients[i].region < REGIONS)
			fill[clients[i].region]++;
	for (unsigned i = 0; i < REGIONS; i++)
		fill[i] *= 100 / capacity_of(i);
}

static void
run(uint32_t seconds)
{
	double fill[REGIONS];

	memset(peak, 0, sizeof(peak));
	moved = 0;
	while (seconds-- > 0) {
		now_s++;
		for (size_t i = 0; i < nclients; i++)
			if (clients[i].asks_s <= now_s)
				ask(&clients[i]);
		traffic_look(&traffic, snapshot, now_s);
		capacity_tick(&capacity, snapshot, &traffic, now_s);
		fills(fill);
		for (unsigned i = 0; i < REGIONS; i++)
			peak[i] = fmax(peak[i], fill[i]);
	}
}

static void
live(unsigned region, bool is)
{
	struct pool *p = &snapshot->pools[0];

	for (size_t i = 0; i < p->nregions; i++) {
		if (strcmp(p->regions[i].name, region_names[region]) != 0)
			continue;
		for (size_t f = 0; f < POOL_FAMILIES; f++) {
			if (is)
				atomic_fetch_or(
				    &p->words[f].live, UINT64_C(1) << i);
			else
				atomic_fetch_and(
				    &p->words[f].live, ~(UINT64_C(1) << i));
		}
	}
}

static void
say(const char *what)
{
	double fill[REGIONS];

	fills(fill);
	printf("%s:", what);
	for (unsigned i = 0; i < REGIONS; i++)
		printf(" %s %.1f%% (at most %.1f%%, sends on %.1f%%)",
		    region_names[i], fill[i], peak[i],
		    100 * carried(i)->sent_on);
	printf("; %u moved%s\n", moved, capacity.brownout ? "; BROWNOUT" : "");
	fflush(stdout);
}

/* A configuration with every from replaced by to, and so on. */
static char *
changed(const char *const (*swaps)[2])
{
	char *text = strdup(conf_text);

	for (; (*swaps)[0] != NULL; swaps++) {
		const char *from = (*swaps)[0], *to = (*swaps)[1];
		char *at = strstr(text, from), *next;

		ck_assert_ptr_nonnull(at);
		for (; at != NULL; at = strstr(at, from)) {
			size_t before = (size_t)(at - text);

			next = calloc(1, strlen(text) + strlen(to) + 1);
			memcpy(next, text, before);
			strcpy(next + before, to);
			strcat(next, at + strlen(from));
			free(text);
			text = next;
			at = text + before + strlen(to);
		}
	}
	return text;
}

/* As control_adopt() does; dead regions stay so. */
static void
reload(const char *text)
{
	struct snapshot *next = build(text);

	for (size_t i = 0; i < next->conf->npools; i++) {
		struct pool *p = &next->pools[i];

		for (size_t r = 0; r < p->nregions; r++)
			if (strcmp(p->regions[r].name, "eu") == 0)
				pool_suppose_out(p, r, false);
	}
	traffic_move(&traffic, snapshot, next, now_s);
	capacity_adopt(&capacity, next, snapshot, now_s);
	snapshot_publish(next);
	snapshot = next;
	rcu_drain();
}

START_TEST(nobody_is_sent_on_while_there_is_room)
{
	clients_make(6000);
	run(300);
	say("calm");
	run(600);
	ck_assert_uint_eq(moved, 0);
	for (unsigned i = 0; i < REGIONS; i++)
		ck_assert_uint_eq(capacity.regions[i].spill, 0);
	ck_assert(!capacity.brownout);
}
END_TEST

START_TEST(a_region_dies_at_peak_and_no_other_is_over)
{
	double fill[REGIONS];

	clients_make(6300);
	run(300);
	say("peak");
	live(EU, false);
	run(TTL_S);
	say("eu died a TTL ago");
	for (unsigned i = US; i < REGIONS; i++)
		ck_assert_double_le(peak[i], 85 + 1);
	run(300);
	say("later");
	for (unsigned i = US; i < REGIONS; i++)
		ck_assert_double_le(peak[i], 85 + 1);
	ck_assert(!capacity.brownout);
	fills(fill);
	ck_assert_double_eq(fill[EU], 0);
	/* It stays as it is. */
	run(1800);
	say("after half an hour");
	for (unsigned i = US; i < REGIONS; i++)
		ck_assert_double_le(peak[i], 85 + 1);
	ck_assert_double_le(moved, 0.02 * (double)nclients);

	/* It comes back: all go home, by and by. */
	live(EU, true);
	run(900);
	say("eu is back");
	fills(fill);
	ck_assert_double_ge(fill[EU], 55);
	for (unsigned i = 0; i < REGIONS; i++) {
		ck_assert_double_le(peak[i], 85 + 1);
		ck_assert_uint_eq(capacity.regions[i].spill, 0);
	}
}
END_TEST

START_TEST(the_farthest_are_sent_on_first)
{
	unsigned near = 0, far = 0;

	clients_make(6300);
	run(120);
	live(EU, false);
	run(300);
	/* New York stays in us; of those who came from eu some go on. */
	for (size_t i = 0; i < nclients; i++) {
		if (clients[i].addr.bytes[1] == 7)
			near += clients[i].region != US;
		if (clients[i].addr.bytes[1] == 6)
			far += clients[i].region == US;
	}
	ck_assert_uint_eq(near, 0);
	ck_assert_uint_eq(far, 0);
}
END_TEST

/* All have one order of regions: within it by distance. */
START_TEST(the_farthest_of_one_order_are_sent_on_first)
{
	static const unsigned near[] = {0, 1, 2, 3, 4};
	static const char *const rule[][2] = {
	    {"{regions: nearest}", "{regions: [eu, us, ap, sa, au]}"},
	    {NULL, NULL}};
	char *text = changed(rule);
	unsigned away = 0, here = 0;

	clients_make(4500);
	reload(text);
	live(EU, true);
	run(300);
	say("all want eu");
	for (size_t i = 0; i < nclients; i++) {
		unsigned city = clients[i].addr.bytes[1];

		/* Berlin to Madrid are near it; the south of America and
		 * Australia are the farthest. */
		if (city < sizeof(near) / sizeof(near[0]))
			away += clients[i].region != EU;
		if (city == 16 || city == 17 || (city >= 19 && city < 22))
			here += clients[i].region == EU;
	}
	ck_assert_uint_eq(away, 0);
	ck_assert_uint_eq(here, 0);
	free(text);
}
END_TEST

/* The least and the most of those that are live. */
static double
spread(uint64_t dead)
{
	double fill[REGIONS], least = INFINITY, most = 0;

	fills(fill);
	for (unsigned i = 0; i < REGIONS; i++) {
		if (dead >> i & 1)
			continue;
		least = fmin(least, fill[i]);
		most = fmax(most, fill[i]);
	}
	return most - least;
}

START_TEST(when_all_are_over_they_are_so_in_proportion)
{
	clients_make(6300);
	run(300);
	live(EU, false);
	live(AP, false);
	/* 6300 for 6000. */
	run(300);
	say("eu and ap died");
	ck_assert(capacity.brownout);
	ck_assert_double_le(spread(1 << EU | 1 << AP), 12);
	run(600);
	say("later");
	ck_assert_double_le(spread(1 << EU | 1 << AP), 12);
	for (unsigned i = 0; i < REGIONS; i++)
		ck_assert_double_le(peak[i], 105 * 1.07);

	live(AP, true);
	run(900);
	say("ap is back");
	ck_assert(!capacity.brownout);
	run(60);
	for (unsigned i = 0; i < REGIONS; i++)
		ck_assert_double_le(peak[i], 85 + 1);
}
END_TEST

struct seen {
	double fill, sent_on;
};

static void
look(struct seen seen[REGIONS])
{
	for (unsigned i = 0; i < REGIONS; i++)
		seen[i] = (struct seen){100 * carried(i)->load / capacity_of(i),
		    100 * carried(i)->sent_on};
}

/* Nothing happens but reloads.  Clients ask in step, so that periods differ:
 * by so much without reloads, too. */
static void
same(const struct seen was[REGIONS], const char *what)
{
	struct seen is[REGIONS];

	look(is);
	for (unsigned i = US; i < REGIONS; i++) {
		ck_assert_msg(fabs(is[i].fill - was[i].fill) < 35,
		    "%s: %s was filled to %.1f%%, is to %.1f%%", what,
		    region_names[i], was[i].fill, is[i].fill);
		ck_assert_msg(fabs(is[i].sent_on - was[i].sent_on) < 8,
		    "%s: %s sent %.1f%% on, sends %.1f%%", what,
		    region_names[i], was[i].sent_on, is[i].sent_on);
	}
}

static const struct {
	const char *what;
	const char *swaps[8][2];
} reloads[] = {
    {"the same again", {{NULL, NULL}}},
    {"regions in another order",
	{{"  eu: {location: [50.1, 8.7], capacity: 3000}\n", ""},
	    {"  au: {location: [-33.9, 151.2], capacity: 1500}\n",
		"  au: {location: [-33.9, 151.2], capacity: 1500}\n"
		"  eu: {location: [50.1, 8.7], capacity: 3000}\n"},
	    {"      eu: [{addr: 192.0.2.1}]\n", ""},
	    {"      au: [{addr: 192.0.2.5}]\n",
		"      au: [{addr: 192.0.2.5}]\n"
		"      eu: [{addr: 192.0.2.1}]\n"}}},
    {"the pool has another name",
	{{"  www:\n", "  web:\n"}, {"pool: www", "pool: web"}}},
    {"the policy has another name",
	{{"  near: {", "  close: {"}, {"policy: near", "policy: close"}}},
    {"one more pool before it",
	{{"pools:\n",
	    "pools:\n  aaa: {cost: 7, regions: {us: [{addr: "
	    "192.0.2.9}], sa: [{addr: 192.0.2.8}]}}\n"}}},
    {"one more region",
	{{"regions:\n  eu",
	    "regions:\n  aa: {location: [0, 0], capacity: 9}"
	    "\n  eu"}}},
    {"one more name",
	{{"names:\n",
	    "names:\n  a.example.com: {pool: www, policy: "
	    "near}\n"}}},
    {"costs and capacities in another unit",
	{{"cost: 30", "cost: 60"}, {"3000", "6000"}, {"2000", "4000"},
	    {"1500", "3000"}}},
};

enum { RELOADS = sizeof(reloads) / sizeof(reloads[0]) };

START_TEST(reloads_change_nothing_of_what_regions_carry)
{
	char *text = changed(reloads[_i].swaps);
	struct seen was[REGIONS];

	clients_make(6300);
	run(300);
	live(EU, false);
	run(300);
	look(was);
	ck_assert_double_gt(was[US].sent_on, 1);
	for (unsigned i = 0; i < 40; i++) {
		reload(i % 2 == 0 ? text : conf_text);
		same(was, reloads[_i].what);
		/* Twice quickly, and at any moment of a period. */
		if (i % 3 != 0)
			run(1 + i % 7);
		same(was, reloads[_i].what);
	}
	free(text);
}
END_TEST

START_TEST(a_cost_that_is_new_does_not_count_what_was_before)
{
	const char *const swaps[][2] = {{"    cost: 30\n", ""}, {NULL, NULL}};
	char *text = changed(swaps);

	clients_make(3000);
	reload(text);
	run(600);
	ck_assert_ptr_null(capacity.regions);
	reload(conf_text);
	run(2);
	ck_assert_double_le(carried(US)->load / capacity_of(US), 2);
	run(600);
	ck_assert_double_le(carried(US)->load / capacity_of(US), 0.85);
	ck_assert_uint_eq(carried(US)->spill, 0);
	free(text);
}
END_TEST

/* Below one unit in all, too. */
START_TEST(a_cost_that_changes_scales_what_was_modelled)
{
	const char *const small[][2] = {{"cost: 30", "cost: 1"}, {NULL, NULL}};
	const char *const twice[][2] = {{"cost: 30", "cost: 2"}, {NULL, NULL}};
	char *texts[] = {changed(small), changed(twice)};
	struct capacity_region was;

	clients_make(100);
	reload(texts[0]);
	run(600);
	was = *carried(SA);
	ck_assert_double_gt(was.load, 0);
	ck_assert_double_lt(was.load, 0.5);
	ck_assert_double_gt(was.modelled, 0);
	reload(texts[1]);
	ck_assert_double_eq_tol(carried(SA)->load, 2 * was.load, 1e-9);
	ck_assert_double_eq_tol(carried(SA)->modelled, 2 * was.modelled, 1e-9);
	for (size_t i = 0; i < CAPACITY_PAST; i++)
		ck_assert_double_eq_tol(
		    carried(SA)->past[i], 2 * was.past[i], 1e-9);
	free(texts[0]);
	free(texts[1]);
}
END_TEST

START_TEST(without_declared_capacity_nothing_happens)
{
	struct conf_region *regions = snapshot->conf->regions;

	for (unsigned i = 0; i < REGIONS; i++)
		regions[i].capacity = 0;
	capacity_adopt(&capacity, snapshot, snapshot, now_s);
	ck_assert_ptr_null(capacity.regions);
	ck_assert(!capacity_tick(&capacity, snapshot, &traffic, now_s + 60));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("capacity");
	TCase *tc = tcase_create("capacity");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, nobody_is_sent_on_while_there_is_room);
	tcase_add_test(tc, a_region_dies_at_peak_and_no_other_is_over);
	tcase_add_test(tc, the_farthest_are_sent_on_first);
	tcase_add_test(tc, the_farthest_of_one_order_are_sent_on_first);
	tcase_add_test(tc, when_all_are_over_they_are_so_in_proportion);
	tcase_add_loop_test(
	    tc, reloads_change_nothing_of_what_regions_carry, 0, RELOADS);
	tcase_add_test(tc, a_cost_that_is_new_does_not_count_what_was_before);
	tcase_add_test(tc, a_cost_that_changes_scales_what_was_modelled);
	tcase_add_test(tc, without_declared_capacity_nothing_happens);
	tcase_set_timeout(tc, 300);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
