/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Nanoseconds of CPU per step of the query path: bench_path [CONFIGURATION].
 * The first name of the configuration is asked for from random places; each
 * figure is the median of several runs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "../unit/sample.h"
#include "dns/query.h"
#include "serve/answer.h"
#include "serve/reply.h"
#include "snapshot/build.h"
#include "zone/find.h"

enum { PACKETS = 4096, RUNS = 7, ROUNDS = 100 };

static struct snapshot *snapshot;
static uint8_t packets[PACKETS][SAMPLE_QUERY_MAX];
static size_t lengths[PACKETS];
static struct query queries[PACKETS];
static struct pick picks[PACKETS];
static uint32_t classes[PACKETS];
static uint8_t out[DNS_UDP_EDNS];
static struct counters counters;
static struct answerer answerer = {.counters = &counters, .random = 1};
static struct addr resolver = {.bytes = {127, 0, 0, 1}, .family = 4};
static volatile size_t sink;

static void
step_parse(size_t i)
{
	uint16_t rcode;

	sink = query_parse(&queries[i], packets[i], lengths[i], &rcode);
}

static void
step_zone(size_t i)
{
	const struct query *q = &queries[i];
	struct found f;

	zone_find(snapshot->zones, q->name, q->name_len, q->type, &f);
	sink = f.steered;
}

static void
step_policy(size_t i)
{
	const struct policy_table *t = snapshot->steered[0].table;

	classes[i] = lookup_find(&t->lookup, &queries[i].ecs.addr).class;
}

static void
step_pool(size_t i)
{
	const struct steered *n = &snapshot->steered[0];

	const struct pick_question q = {
	    .rank = &n->table->ranks[classes[i]],
	    .client = &queries[i].ecs.addr,
	    .pool = n->pool,
	    .type = queries[i].type,
	    .ttl_min = n->ttl_min,
	    .ttl_max = n->ttl_max,
	    .random = (uint32_t)i,
	};

	pick_region(snapshot->pools, &q, &picks[i]);
}

static void
step_reply(size_t i)
{
	struct reply r;

	reply_begin(&r, &queries[i]);
	r.edns.ecs = &queries[i].ecs;
	reply_add(&r, picks[i].body, picks[i].ttl, 0);
	sink = reply_end(&r, out, sizeof(out));
}

/* A good one with a secret of our own, and the next. */
static void
step_cookie(size_t i)
{
	static const uint8_t client[COOKIE_CLIENT_SIZE];
	static uint8_t cookie[COOKIE_SIZE];

	(void)i;
	sink = cookie_check(
	    &snapshot->cookies, cookie, sizeof(cookie), &resolver, 1);
	cookie_make(&snapshot->cookies, client, &resolver, 1, cookie);
}

static void
step_answer(size_t i)
{
	const struct answer_input in = {
	    .packet = packets[i],
	    .len = lengths[i],
	    .source = resolver,
	    .proto = COUNT_UDP,
	};

	sink = answer(&answerer, snapshot, &in, out, sizeof(out));
}

static struct limit *limit;

/* Clients of 4096 prefixes, none of which comes to its limit. */
static void
step_limit(size_t i)
{
	static const struct conf_limit conf = {
	    .per_second = 100000, .ipv4_prefix = 24, .ipv6_prefix = 56};

	sink = limit_take(limit, &conf, &queries[i].ecs.addr, LIMIT_ANSWER,
	    answerer.now_us += 100);
}

/* One that is far beyond it. */
static void
step_limit_flood(size_t i)
{
	static const struct conf_limit conf = {
	    .per_second = 1, .ipv4_prefix = 24, .ipv6_prefix = 56};

	(void)i;
	sink = limit_take(limit, &conf, &resolver, LIMIT_ERROR, 0);
}

/* The same as the step before, and what is answered is counted as traffic. */
static void
step_sampled(size_t i)
{
	struct sampler *none = answerer.sampler;
	static struct sampler *sampler;

	if (sampler == NULL)
		sampler = sampler_new();
	answerer.sampler = sampler;
	step_answer(i);
	answerer.sampler = none;
}

static const struct {
	const char *name;
	void (*fn)(size_t i);
} steps[] = {
    {"query_parse", step_parse},
    {"zone_find", step_zone},
    {"policy_find", step_policy},
    {"pick_region", step_pool},
    {"reply", step_reply},
    {"cookie", step_cookie},
    {"limit", step_limit},
    {"limit (flood)", step_limit_flood},
    {"answer (whole)", step_answer},
    {"and its sample", step_sampled},
};

static double
now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double
measure(void (*fn)(size_t i))
{
	double runs[RUNS];

	for (int run = 0; run < RUNS; run++) {
		double start = now_ns();

		for (int round = 0; round < ROUNDS; round++) {
			for (size_t i = 0; i < PACKETS; i++)
				fn(i);
		}
		runs[run] = (now_ns() - start) / ((double)ROUNDS * PACKETS);
	}
	qsort(runs, RUNS, sizeof(runs[0]), compare);
	return runs[RUNS / 2];
}

static void
make_packets(void)
{
	const struct conf *conf = snapshot->conf;
	char ecs[PREFIX_TEXT_MAX];

	srandom(1);
	for (size_t i = 0; i < PACKETS; i++) {
		long r = random();

		snprintf(ecs, sizeof(ecs), "%ld.%ld.%ld.0/24",
		    1 + (r >> 16 & 0xff) % 223, r >> 8 & 0xff, r & 0xff);
		lengths[i] = sample_packet(packets[i],
		    &(struct sample_query){.name = conf->names[0].text,
			.type = conf->pools[conf->names[0].pool].types[0],
			.ecs = ecs});
	}
}

static bool
load(const char *path)
{
	struct sample sample;
	struct diag d;

	diag_init(&d);
	if (path == NULL)
		sample_open(&sample);
	snapshot = snapshot_build(path != NULL ? path : sample.conf, &d);
	if (path == NULL)
		sample_close(&sample);
	if (snapshot == NULL || snapshot->conf->nnames == 0) {
		fprintf(stderr, "%s", diag_text(&d));
		return false;
	}
	diag_fini(&d);
	return true;
}

int
main(int argc, char **argv)
{
	if (!load(argc > 1 ? argv[1] : NULL))
		return EXIT_FAILURE;
	make_packets();
	limit = limit_new(NULL);
	if (limit == NULL)
		return EXIT_FAILURE;
	printf("%-16s %8s\n", "step", "ns");
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		printf("%-16s %8.1f\n", steps[i].name, measure(steps[i].fn));
	limit_free(limit);
	snapshot_free(snapshot);
	return EXIT_SUCCESS;
}
