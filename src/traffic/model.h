/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The traffic steered in a copy of the pools, whose regions can be drained and
 * made to send clients on; and the least of that by which none is over a
 * limit.  Main thread.
 */
#ifndef TRAFFIC_MODEL_H
#define TRAFFIC_MODEL_H

#include "traffic/flow.h"

struct model {
	const struct snapshot *snapshot;
	struct flow *flow; /* its units say where they went */
	struct pool *pools;
	struct pool_region *regions; /* of all of them */
	struct offer *offers;        /* likewise, of regions drained in part */
	bool assumed; /* no pool has a cost: each answer counts alike */
	uint32_t now_s;
	/* Of conf.regions: */
	double *own;            /* of what clients bring that are there to
				   begin with (model_begin()), */
	double *scale;          /* and of others; 1 to begin with */
	double *base;           /* what it carries besides */
	double *capacity;       /* 0: not limited */
	double *load, *refused; /* after model_steer() */
	double *unscaled; /* likewise: load with own and scale 1, no base */
	bool *over;       /* after model_solve() */
};

/* Of pools as they are. */
void model_init(
    struct model *m, const struct snapshot *s, struct flow *f, uint32_t now_s);
void model_fini(struct model *m);

/* As if these drains held, as wholly as they ever will, and what is in down
 * (NULL: nothing) were down; health as it is. */
void model_drain(
    struct model *m, const struct drains *drains, const struct drains *down);

/* In one pool only. */
void model_drain_pool(struct model *m, size_t pool, const struct drains *drains,
    const struct drains *down);

/* Equal ones steer alike: those of the same drains, in effect; never 0. */
uint64_t model_state(const struct model *m);
uint64_t model_state_pool(const struct model *m, size_t pool);

void model_spill(struct model *m, uint16_t region, uint32_t spill);

/* Each unit to its region; what was refused is counted where regions are in
 * order, not drawn. */
void model_steer(struct model *m);

/* Steers: where units are is where they were to begin with.  Does nothing that
 * another model of the same state has done last. */
void model_begin(struct model *m);

/* 1: its capacity. */
struct model_limit {
	double aim;   /* for each region, if that can be */
	double max;   /* else no more than this */
	double slack; /* if that cannot be, either: so much above the average */
};

/*
 * The least that regions send on so that none is over the limit; they end up so
 * in the model.  True: some are over max even so; those and all that their
 * clients may go to are told in over, and have the same limit.
 */
bool model_solve(struct model *m, const struct model_limit *l, uint32_t *spill);

/* From what the region sends on now towards more, by clients that bring no more
 * than allowed. */
uint32_t model_step(const struct model *m, uint16_t region, uint32_t from,
    uint32_t to, double allowed);

#endif
