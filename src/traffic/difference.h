/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What traffic/compare found, told: as a number and as JSON.  Any one thread.
 */
#ifndef TRAFFIC_DIFFERENCE_H
#define TRAFFIC_DIFFERENCE_H

#include <jansson.h>

#include "traffic/compare.h"

/* The largest part that moves, in percent: of a family's addresses for any one
 * name, or of all the traffic, when it is of COMPARE_ANSWERS_MIN answers. */
double compare_most(const struct compared *c);

/*
 * {"ipv4", "ipv6", "traffic", "reordered", "names": [{"name", ...}],
 * "countries": [{"country", ...}], "moves": [{"from", "to", ...}], "fences":
 * [{"name", "fence", "before": {"ipv4", "ipv6"}, "after"}], "added",
 * "removed"}: the first three stand in each object but fences, in percent, null
 * of nothing, and in reordered again; in moves of all, else of what the object
 * is about.  Those that nothing changes in are left out.
 */
json_t *compare_json(const struct compared *c);

#endif
