/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Answers a second with each pool's region, counted on through reloads: pools
 * and regions of the same names keep what was counted, since when, and at what
 * rate, as snapshot_publish() keeps their tallies.  Main thread.
 */
#ifndef TRAFFIC_RATE_H
#define TRAFFIC_RATE_H

#include "snapshot/snapshot.h"

enum { RATE_PERIOD_S = 5 }; /* that a rate is of */

/* Of one pool's region, as tallies are. */
struct rate {
	double answers;   /* that were looked at, ... */
	uint32_t since_s; /* ... at this monotonic second */
	double rate;      /* answers a second */
	bool known;       /* the rate is */
};

/* Those of s, which takes the place of before (NULL: the first), that has from
 * (NULL: nothing was counted). */
void rates_inherit(struct rate *rates, const struct snapshot *s,
    const struct rate *from, const struct snapshot *before, uint32_t now_s);

/* All of them.  Of less than a period what was known counts for the rest of it;
 * what is new is known after a whole one, or when at_once. */
void rates_count(
    struct rate *rates, const struct snapshot *s, uint32_t now_s, bool at_once);

/* What the answers of pools that other has too (or has not) bring a region, by
 * the costs of s. */
double rates_load(const struct rate *rates, const struct snapshot *s,
    const char *region, const struct snapshot *other, bool has);

#endif
