/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/series.h"

#include <string.h>

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
