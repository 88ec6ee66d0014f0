/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What main itself counts for metrics, through all snapshots: histograms, and
 * failed probes.  Main thread.
 */
#ifndef REPORT_SERIES_H
#define REPORT_SERIES_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"

enum { HISTOGRAM_BOUNDS = 14 };

struct histogram {
	uint64_t counts[HISTOGRAM_BOUNDS + 1]; /* the last one: above all */
	double sum;
};

extern const double histogram_bounds[HISTOGRAM_BOUNDS]; /* seconds */

void histogram_add(struct histogram *h, double seconds);

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

#endif
