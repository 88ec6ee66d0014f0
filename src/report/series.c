/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/series.h"

#include <string.h>

#include "base/number.h"
#include "report/text.h"
#include "serve/count.h"
#include "snapshot/build.h"
#include "steer/pool.h"

const double histogram_bounds[HISTOGRAM_BOUNDS] = {
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30};

void
histogram_add(struct histogram *h, double seconds)
{
	size_t i = 0;

	while (i < HISTOGRAM_BOUNDS && seconds > histogram_bounds[i])
		i++;
	h->counts[i]++;
	h->sum += seconds;
}

void
histogram_print(const struct histogram *h, const char *name, struct text *t)
{
	unsigned long long n = 0;
	char sum[NUMBER_TEXT_MAX];

	for (size_t i = 0; i < HISTOGRAM_BOUNDS; i++) {
		n += h->counts[i];
		text_add(t, "%s_bucket{le=\"%g\"} %llu\n", name,
		    histogram_bounds[i], n);
	}
	n += h->counts[HISTOGRAM_BOUNDS];
	text_add(t,
	    "%s_bucket{le=\"+Inf\"} %llu\n%s_sum %s\n"
	    "%s_count %llu\n",
	    name, n, name, number_format(sum, h->sum), name, n);
}

void
failures_count(struct failures *f, const char *pool, const char *region,
    const char *reason)
{
	struct failure row = {.n = 1};

	for (size_t i = 0; i < f->all.n; i++) {
		struct failure *at = &f->all.at[i];

		if (strcmp(at->pool, pool) == 0 &&
		    strcmp(at->region, region) == 0 &&
		    strcmp(at->reason, reason) == 0) {
			at->n++;
			return;
		}
	}
	row.pool = xstrdup(pool);
	row.region = xstrdup(region);
	row.reason = xstrdup(reason);
	vec_push(&f->all, row);
}

void
failures_fini(struct failures *f)
{
	for (size_t i = 0; i < f->all.n; i++) {
		free(f->all.at[i].pool);
		free(f->all.at[i].region);
		free(f->all.at[i].reason);
	}
	vec_free(&f->all);
}

/* Counters --------------------------------------------------------------- */

static json_t *
counter(const _Atomic uint64_t *c)
{
	return json_integer(
	    (json_int_t)atomic_load_explicit(c, memory_order_relaxed));
}

static json_t *
stats_queries(const struct counters *sum, enum count_proto proto)
{
	return json_pack("{s:o, s:o}", "ipv4", counter(&sum->queries[proto][0]),
	    "ipv6", counter(&sum->queries[proto][1]));
}

static json_t *
stats_responses(const struct counters *sum)
{
	json_t *responses = json_object();
	char name[RR_TEXT_MAX];

	for (uint16_t i = 0; i < DNS_RCODE_COUNT; i++)
		if (atomic_load(&sum->responses[i]) > 0)
			json_object_set_new(responses, rr_rcode_format(name, i),
			    counter(&sum->responses[i]));
	return responses;
}

static void
stats_region(
    json_t *list, const struct snapshot *s, const struct pool *p, size_t region)
{
	const char *name = s->conf->regions[p->regions[region].region].name;

	for (unsigned reason = 0; reason < POOL_REASON_COUNT; reason++) {
		uint64_t n =
		    snapshot_steered(s, p, region, (enum pool_reason)reason);

		if (n > 0)
			json_array_append_new(list,
			    json_pack("{s:s, s:s, s:s, s:I}", "pool",
				p->conf->name, "region", name, "reason",
				pool_reason_names[reason], "count",
				(json_int_t)n));
	}
}

/* Counters that are one number each. */
static const struct {
	const char *name;
	size_t offset;
} plain[] = {
    {"ecs_queries", offsetof(struct counters, ecs_queries)},
    {"truncated", offsetof(struct counters, truncated)},
    {"dropped", offsetof(struct counters, dropped)},
    {"source_port_dropped", offsetof(struct counters, source_port_dropped)},
    {"send_failed", offsetof(struct counters, send_failed)},
    {"udp_overflows", offsetof(struct counters, udp_overflows)},
    {"tcp_connections", offsetof(struct counters, tcp_connections)},
    {"tcp_refused", offsetof(struct counters, tcp_refused)},
    {"tcp_starved", offsetof(struct counters, tcp_starved)},
};

uint64_t
series_counter(const struct counters *sum, const char *metric)
{
	const char *name = metric + strlen("meridian_");

	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		size_t n = strlen(plain[i].name);

		if (strncmp(name, plain[i].name, n) == 0 &&
		    (name[n] == '\0' || strcmp(name + n, "_total") == 0))
			return atomic_load_explicit(
			    (const _Atomic uint64_t *)((const char *)sum +
				plain[i].offset),
			    memory_order_relaxed);
	}
	return 0;
}

static void
stats_plain(json_t *stats, const struct counters *sum)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++)
		json_object_set_new(stats, plain[i].name,
		    counter((const _Atomic uint64_t *)((const char *)sum +
			plain[i].offset)));
}

json_t *
series_stats(const struct snapshot *s)
{
	json_t *steered = json_array(), *stats;
	struct counters sum;

	count_sum(&sum);
	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++)
			stats_region(steered, s, p, r);
	}
	stats = json_pack("{s:{s:o, s:o}, s:o, s:{s:o, s:o, s:o}}", "queries",
	    "udp", stats_queries(&sum, COUNT_UDP), "tcp",
	    stats_queries(&sum, COUNT_TCP), "responses", stats_responses(&sum),
	    "rate_limited", "dropped",
	    counter(&sum.limited[COUNT_LIMITED_DROPPED]), "slipped",
	    counter(&sum.limited[COUNT_LIMITED_SLIPPED]), "observed",
	    counter(&sum.limited[COUNT_LIMITED_OBSERVED]));
	stats_plain(stats, &sum);
	json_object_set_new(stats, "steered", steered);
	return stats;
}
