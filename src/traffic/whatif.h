/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the traffic of the last minutes would go after drains or failures,
 * against capacity (traffic/forecast).  Main thread; the caller owns the JSON.
 */
#ifndef TRAFFIC_WHATIF_H
#define TRAFFIC_WHATIF_H

#include "traffic/forecast.h"

struct drains;

/* What is assumed: regions, pools' regions and targets, as drains call them. */
struct whatif_query {
	const char *const *down;
	size_t ndown;
	const char *const *drain;
	size_t ndrain;
};

/*
 * {"per_minute", "minutes", "sampled", "unknown", "max_fill", "assumed_load",
 * "judged", "why", "regions": forecast_regions(), "pools": [{"pool", "regions":
 * [{"region", "families", "live_before", "live_after", "before", "after"}]}],
 * "moves":
 * [{"from", "to", "pool", "n"}], "all_down": {"before", "after"}, "over":
 * [region], "unsafe": [text], "exit"}.  All counts are of answers a minute; a
 * fill is in percent, null where it cannot be said; why says why nothing is
 * judged, or is null.  exit is 1 when anything is unsafe.
 */
json_t *whatif_report(const struct snapshot *s, const struct drains *drains,
    struct capacity *c, const struct traffic *t, const struct whatif_query *q);

#endif
