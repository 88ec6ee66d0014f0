/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the traffic of the last minutes would go after drains or failures,
 * against capacity.  Main thread; the caller owns the JSON.
 */
#ifndef TRAFFIC_WHATIF_H
#define TRAFFIC_WHATIF_H

#include <jansson.h>

#include "traffic/traffic.h"

struct drains;

/* What is assumed: regions, pools' regions and targets, as drains call them. */
struct whatif_query {
	const char *const *down;
	size_t ndown;
	const char *const *drain;
	size_t ndrain;
};

/*
 * {"per_minute", "minutes", "unknown", "max_fill", "assumed_load", "regions":
 * [{"region", "capacity", "before", "after", "fill_before", "fill_after"}],
 * "pools": [{"pool", "regions": [{"region", "live", "before", "after"}]}],
 * "moves": [{"from", "to", "n"}], "all_down": {"before", "after"}, "over":
 * [region], "exit"}.  All counts are of answers a minute; a fill is in percent,
 * null where it cannot be said.  exit is 1 when a region would be over
 * max_fill, or more clients than now would get what is not live.
 */
json_t *whatif_report(const struct snapshot *s, const struct drains *drains,
    const struct traffic *t, const struct whatif_query *q);

#endif
