/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is counted through all snapshots: for metrics by main itself, histograms
 * and failed probes; and the counters of workers as JSON.  Main thread.
 */
#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "snapshot/snapshot.h"

struct counters;
struct text;

enum { HISTOGRAM_BOUNDS = 14 };

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last one: above all */
	double sum;
};

extern const double histogram_bounds[HISTOGRAM_BOUNDS]; /* seconds */

void histogram_add(struct histogram *h, double seconds);

/* One that is a number of the workers' each, by its metric:
 * "meridian_truncated_total". */
uint64_t series_counter(const struct counters *sum, const char *metric);

/* As the metric of that name. */
void histogram_print(
    const struct histogram *h, const char *name, struct text *t);

/* Failed probes by pool, region and reason; they outlive snapshots. */
struct failure {
	char *pool, *region, *reason;
	uint64_t n;
};

struct failures {
	VEC(struct failure) all;
};

void failures_count(struct failures *f, const char *pool, const char *region,
    const char *reason);
void failures_fini(struct failures *f);

/* The counters of workers, of all snapshots; the caller owns the JSON. */
json_t *series_stats(const struct snapshot *s);

#endif
