/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The traffic steered in a copy of the pools, whose regions can be made to send
 * clients on; and the least of that by which none is over a limit.  Main
 * thread.
 */
#ifndef TRAFFIC_MODEL_H
#define TRAFFIC_MODEL_H

#include "steer/pick.h"
#include "traffic/traffic.h"

/* A client that stands for others, and where it went. */
struct model_unit {
	struct addr client;
	struct pick_question question;
	double n;          /* units of capacity, unscaled */
	uint16_t region;   /* in conf; CONF_NONE: it does not count */
	uint32_t position; /* among the region's clients */
	bool last_resort;  /* the region had sent it on: so had all others */
};

struct model {
	const struct snapshot *snapshot;
	struct pool *pools;
	struct pool_region *regions; /* of all of them */
	struct model_unit *units;
	size_t n;
	/* Of conf.regions: */
	double *scale;          /* of n, in the region; 1 to begin with */
	double *base;           /* what it carries besides */
	double *capacity;       /* 0: not limited */
	double *load, *refused; /* after model_steer() */
	bool *over;             /* after model_solve() */
};

/* Of pools with a cost, as they are. */
void model_init(struct model *m, const struct snapshot *s,
    const struct traffic *t, uint32_t now_s);
void model_fini(struct model *m);

void model_spill(struct model *m, uint16_t region, uint32_t spill);

/* Each unit to its region; what was refused is counted where regions are in
 * order, not drawn. */
void model_steer(struct model *m);

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
