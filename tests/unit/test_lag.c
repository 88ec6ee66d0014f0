/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Load that targets report follows answers by a TTL: resolvers keep theirs, and
 * what their clients bring can grow without one query more.  The limit is held
 * all the same, without swinging, for short and long TTLs.
 */
#include "traffic/capacity.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

enum {
	EU,
	US,
	AP,
	REGIONS,
	RESOLVERS = 6000,
	START_S = 10000,
	PROBE_S = 2,
	CALM = 400
};

static const char conf_text[] =
    "meridian: 1\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], capacity: 1000}\n"
    "  us: {location: [39.0, -77.5], capacity: 1500}\n"
    "  ap: {location: [35.7, 139.7], capacity: 3000}\n"
    "monitors:\n"
    "  web: {type: http, interval: 2s, timeout: 1s, load: {header: X-Load}}\n"
    "pools:\n"
    "  www:\n"
    "    monitor: web\n"
    "    cost: %.3f\n"
    "    regions:\n"
    "      eu: [{addr: 192.0.2.1}]\n"
    "      us: [{addr: 192.0.2.2}]\n"
    "      ap: [{addr: 192.0.2.3}]\n"
    "policies: {p: {rules: [{regions: [eu, us, ap]}]}}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: p, ttl: {max: %u, min: %u}}\n"
    "safety: {max_fill: 80%%}\n";

struct resolver {
	struct addr addr;
	uint32_t asks_s;
	unsigned region;
};

static struct sample sample;
static struct snapshot *snapshot;
static struct watches *watches;
static struct sampler *sampler;
static struct traffic traffic;
static struct capacity capacity;
static struct resolver resolvers[RESOLVERS];
static uint32_t now_s, ttl_s;
static uint64_t random_state;
static double noise; /* of what targets report: as much up or down */

static void
begin(unsigned ttl)
{
	char text[2048];
	struct diag d;
	FILE *f;

	sample_open(&sample);
	snprintf(text, sizeof(text), conf_text, CALM / (double)RESOLVERS * ttl,
	    ttl, ttl);
	f = fopen(sample.conf, "w");
	ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	diag_init(&d);
	snapshot = snapshot_build(sample.conf, &d);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&d));
	diag_fini(&d);
	watches = watches_new();
	pools_bind(
	    snapshot->pools, snapshot->conf->npools, snapshot->conf, watches);
	snapshot_publish(snapshot);
	now_s = START_S;
	clock_fake((uint64_t)now_s * 1000, now_s);
	random_state = 1;
	ttl_s = ttl;
	sampler = sampler_new();
	memset(&traffic, 0, sizeof(traffic));
	memset(&capacity, 0, sizeof(capacity));
	capacity_adopt(&capacity, snapshot, NULL, now_s);
	for (unsigned i = 0; i < RESOLVERS; i++)
		resolvers[i] = (struct resolver){
		    .addr = {.family = 4,
			.bytes = {81, (uint8_t)(i / 251), (uint8_t)(i % 251)}},
		    .asks_s = now_s + 1 + answer_random(&random_state) % ttl,
		    .region = REGIONS};
}

static void
end(void)
{
	capacity_fini(&capacity);
	traffic_fini(&traffic);
	snapshot_publish(NULL);
	rcu_drain();
	watches_free(watches);
	sample_close(&sample);
	clock_real();
}

static void
ask(struct resolver *r)
{
	struct answer_steer steer = {.client = r->addr, .by_ecs = true};
	struct tally *t = snapshot_row(snapshot, 0);

	answer_decide(snapshot,
	    &(struct answer_question){.type = DNS_A,
		.now_s = now_s,
		.random = answer_random(&random_state)},
	    &steer);
	r->region = steer.pick.pool->regions[steer.pick.region].region;
	r->asks_s = now_s + ttl_s;
	t += steer.pick.pool->first_tally + steer.pick.region;
	atomic_fetch_add(&t->steered[steer.pick.reason], 1);
	sampler_add(sampler,
	    &(struct sample_seen){.generation = snapshot->generation,
		.now_s = now_s,
		.class = steer.hit.class,
		.client = &r->addr});
}

/* Of what caches hold, in percent; demand: what all resolvers' clients bring.
 */
static void
fills(double demand, double fill[REGIONS])
{
	memset(fill, 0, REGIONS * sizeof(*fill));
	for (unsigned i = 0; i < RESOLVERS; i++)
		if (resolvers[i].region < REGIONS)
			fill[resolvers[i].region] += demand / RESOLVERS;
	for (unsigned i = 0; i < REGIONS; i++)
		fill[i] *= 100 / (double)snapshot->conf->regions[i].capacity;
}

static void
report(const double fill[REGIONS])
{
	const struct pool *p = &snapshot->pools[0];

	for (size_t i = 0; i < p->nregions; i++) {
		struct watch *w = p->regions[i].targets[0].watches[0];
		double by = answer_random(&random_state) / 4294967296.0;

		w->load = fill[p->regions[i].region] / 100 *
		    (1 + noise * (2 * by - 1));
		w->load_ms = clock_mono_ms();
	}
}

/* What was seen in some seconds. */
struct seen {
	double most[REGIONS];         /* fill, */
	double last[REGIONS];         /* at the end */
	double sent_least, sent_most; /* percent, of eu */
};

static struct seen
run(unsigned seconds, double from, double to)
{
	struct seen seen = {.sent_least = 100};
	double fill[REGIONS];

	for (unsigned s = 0; s < seconds; s++) {
		double demand = from + (to - from) * (s + 1) / seconds, sent;

		now_s++;
		clock_fake((uint64_t)now_s * 1000, now_s);
		for (unsigned i = 0; i < RESOLVERS; i++)
			if (resolvers[i].asks_s <= now_s)
				ask(&resolvers[i]);
		fills(demand, fill);
		if (now_s % PROBE_S == 0)
			report(fill);
		traffic_look(&traffic, snapshot, now_s);
		capacity_tick(&capacity, snapshot, &traffic, now_s);
		sent = 100 * capacity.regions[EU].sent_on;
		seen.sent_least = fmin(seen.sent_least, sent);
		seen.sent_most = fmax(seen.sent_most, sent);
		for (unsigned i = 0; i < REGIONS; i++)
			seen.most[i] = fmax(seen.most[i], fill[i]);
	}
	memcpy(seen.last, fill, sizeof(fill));
	return seen;
}

static void
say(const char *what, const struct seen *s)
{
	printf("ttl %u: %s: eu %.0f%% (at most %.0f%%) us %.0f%% (%.0f%%) ap "
	       "%.0f%% (%.0f%%); eu sends %.0f%% to %.0f%% on\n",
	    ttl_s, what, s->last[EU], s->most[EU], s->last[US], s->most[US],
	    s->last[AP], s->most[AP], s->sent_least, s->sent_most);
	fflush(stdout);
}

static const unsigned ttls[] = {5, 20, 60, 300};

enum { TTLS = sizeof(ttls) / sizeof(ttls[0]) };

START_TEST(a_load_that_grows_tenfold_is_held)
{
	const unsigned ttl = ttls[_i % TTLS];
	struct seen s;

	noise = _i >= TTLS ? 0.1 : 0;
	begin(ttl);
	s = run(2 * ttl + 60, 400, 400);
	say("calm", &s);
	ck_assert_double_eq(s.sent_most, 0);
	/* 4000 of 4400 within max_fill, of which eu may have 800. */
	s = run(20 + ttl, 4000, 4000);
	say("ten times as much", &s);
	s = run(60 + ttl, 4000, 4000);
	say("a while", &s);
	s = run(300 + ttl, 4000, 4000);
	say("later", &s);
	for (unsigned i = 0; i < REGIONS; i++)
		ck_assert_double_le(s.most[i], 80 + 5 + 100 * noise);
	ck_assert_double_ge(s.sent_least, 75);
	ck_assert_double_le(s.sent_most - s.sent_least, 6 + 60 * noise);
	s = run(600 + 4 * ttl, 400, 400);
	say("calm again", &s);
	s = run(60, 400, 400);
	ck_assert_double_eq(s.sent_most, 0);
	end();
}
END_TEST

START_TEST(a_load_that_grows_slowly_is_followed)
{
	const unsigned ttl = ttls[_i % TTLS];
	struct seen s;

	noise = _i >= TTLS ? 0.1 : 0;
	begin(ttl);
	run(2 * ttl + 60, 400, 400);
	s = run(600 + 2 * ttl, 400, 3000);
	say("growing", &s);
	s = run(100 + ttl, 3000, 3000);
	say("grown", &s);
	for (unsigned i = 0; i < REGIONS; i++)
		ck_assert_double_le(s.last[i], 80 + 5 + 100 * noise);
	end();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lag");
	TCase *tc = tcase_create("lag");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_load_that_grows_tenfold_is_held, 0, 2 * TTLS);
	tcase_add_loop_test(
	    tc, a_load_that_grows_slowly_is_followed, 0, 2 * TTLS);
	tcase_set_timeout(tc, 300);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
