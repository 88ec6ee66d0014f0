/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions within their capacity: what each carries is measured, and those that
 * would be over safety.max_fill send their farthest clients on to the next
 * region of their own list.
 *
 * Each CAPACITY_PERIOD_S the traffic of the last minutes is steered anew in a
 * model (pick_region() decides), scaled to what was measured; the least that
 * must be sent on is looked for.  What is in force follows it in bounded steps,
 * goes back later than it came (hysteresis), and jumps only when regions came
 * or went, as their clients move anyway.  Where all that clients may go to is
 * full together (a brownout), the limit is what keeps its parts proportional.
 * Main thread.
 */
#ifndef TRAFFIC_CAPACITY_H
#define TRAFFIC_CAPACITY_H

#include "traffic/traffic.h"

enum {
	CAPACITY_PERIOD_S = 5,
	CAPACITY_STEP = 10,     /* percent of capacity: sent on in a period */
	CAPACITY_STEP_BACK = 5, /* percent of positions: taken back in one */
};

/* Of conf.regions. */
struct capacity_region {
	double capacity; /* 0: not declared, or no pool has a cost there */
	double load;     /* as measured, in the unit of capacity */
	bool reported;   /* by monitors, not by answers */
	uint32_t spill;  /* positions that it sends on */
	double sent_on;  /* 0 to 1: the part of the traffic that it would have
			    taken */
	bool over;       /* full, with all that its clients may go to */
	double relative; /* what it carries by what the model says, as compared
			    to all regions */
	double modelled; /* as the model says, so late as it is measured */
};

struct capacity {
	struct capacity_region *regions; /* NULL: no pool has a cost */
	size_t n;
	double *counted;  /* answers so far, as tallies are */
	uint32_t since_s; /* monotonic, of counted; 0: not counted yet */
	uint64_t live;    /* of live words, at the last look */
	bool begun;
	bool brownout;
};

void capacity_fini(struct capacity *c);

/* s is about to go into service in place of before (NULL: the first): what
 * regions send on goes on. */
void capacity_adopt(struct capacity *c, const struct snapshot *s,
    const struct snapshot *before);

/* Each second; true when it looked, as it does each period: then what regions
 * send on is in force. */
bool capacity_tick(struct capacity *c, const struct snapshot *s,
    const struct traffic *t, uint32_t now_s);

#endif
