/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions within their capacity: what each carries is measured, and those that
 * would be over safety.max_fill spill their most distant clients to the next
 * region of their own list.
 *
 * Each CAPACITY_PERIOD_S the traffic of the last minutes is steered anew in a
 * model (pick_region() decides), scaled to what was measured; the least that
 * must be spilled is looked for.  What is in force follows it in bounded steps,
 * goes back later than it came (hysteresis), and jumps only when regions came
 * or went, as their clients move anyway.  Where all that clients may go to is
 * full together (a brownout), the limit is what keeps its parts proportional.
 * Main thread.
 */
#ifndef TRAFFIC_CAPACITY_H
#define TRAFFIC_CAPACITY_H

#include "traffic/model.h"
#include "traffic/rate.h"

enum {
	CAPACITY_PERIOD_S = RATE_PERIOD_S,
	CAPACITY_STEP = 10,     /* percent of capacity: sent on in a period */
	CAPACITY_STEP_BACK = 5, /* percent of positions: taken back in one */
	CAPACITY_PAST = 64,     /* looks that are remembered */
};

/* Of conf.regions. */
struct capacity_region {
	double capacity; /* 0: not declared, or no pool has a cost there */
	double load;     /* as measured, in the unit of capacity */
	bool reported;   /* by monitors, not by answers */
	double gone;     /* that pools brought which a reload renamed or took
			    away, until those that are new are known */
	uint32_t spill;  /* positions that it sends on */
	double sent_on;  /* 0 to 1: the part of the traffic that it would have
			    taken */
	bool over;       /* full, with all that its clients may go to */
	double relative; /* what it carries by what the model says, as compared
			    to all regions */
	double modelled; /* as the model says, so late as it is measured */
	double past[CAPACITY_PAST]; /* what it said at the last looks */
	/* By which what the model says becomes what is measured
	 * (capacity_scale()):
	 */
	double own, scale, base;
};

struct capacity {
	struct capacity_region *regions; /* NULL: no pool has a cost */
	size_t n;
	struct rate *rates; /* as tallies are */
	uint32_t looked_s;  /* monotonic */
	uint64_t live;      /* of live words, at the last look */
	double sampled;     /* load by the sample, unscaled, at that look */
	size_t past_n;
	double past_s[CAPACITY_PAST]; /* how long looks held, the last first */
	bool begun;
	bool brownout;
	struct flow flow; /* the traffic, ... */
	uint32_t flow_s;  /* ... of this second; 0: none */
};

void capacity_fini(struct capacity *c);

/*
 * s is about to go into service in place of before (NULL: the first).  What
 * regions send on goes on, and so does the counting: pools and regions of the
 * same name keep what was counted and since when, as snapshot_publish() keeps
 * their tallies.  A cost or a capacity that changed holds from now on.
 */
void capacity_adopt(struct capacity *c, const struct snapshot *s,
    const struct snapshot *before, uint32_t now_s);

/* Each second; true when it looked, as it does each period: then what regions
 * send on is in force. */
bool capacity_tick(struct capacity *c, const struct snapshot *s,
    const struct traffic *t, uint32_t now_s);

/* The traffic of this second, made once in it; capacity_renew() first: of this
 * moment. */
struct flow *capacity_flow(struct capacity *c, const struct snapshot *s,
    const struct traffic *t, uint32_t now_s);
void capacity_renew(struct capacity *c);

/* After model_steer() of pools as they are: its load becomes what was measured
 * at the last look, and its capacity that of regions. */
void capacity_scale(const struct capacity *c, struct model *m);

/* The model as regions will have settled in it: those that would be over the
 * limit send on what they must, others no more than they need not take back. */
void capacity_settle(const struct capacity *c, struct model *m);

#endif
