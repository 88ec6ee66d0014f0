/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sampled traffic as clients that stand for it: some for each class of
 * each name, always the same ones, so that pick_region() itself can decide
 * where they go.  Main thread.
 */
#ifndef TRAFFIC_FLOW_H
#define TRAFFIC_FLOW_H

#include "steer/pick.h"
#include "traffic/traffic.h"

/* A client that stands for others, and where it went (traffic/model). */
struct flow_unit {
	struct addr client;
	struct pick_question question;
	double answers; /* a second */
	double load;    /* that they bring, unscaled */
	const struct pool *pool;
	uint16_t at, region;  /* in the pool; in conf */
	uint16_t name;        /* that is asked for: of conf.names */
	uint16_t was, was_of; /* region to begin with, of this pool */
	uint32_t position;    /* among the region's clients */
	bool counts;          /* the pool's answers do */
	bool all_down;        /* it found nothing live */
	bool last_resort;     /* the region had sent it on: so had all others */
};

struct flow {
	struct flow_unit *units;
	size_t n;
	double minutes;    /* that were sampled */
	double sampled;    /* answers that were */
	double per_minute; /* answers, */
	double unknown;    /* of which it is not known where they go */
	uint64_t begun;    /* units are where they were to begin with by this
			      model_state(); 0: they are not */
	double *loads;     /* three of the model, as they were then */
};

/* Of t, which is of s and is not needed afterwards; s is, as long as the flow
 * is. */
void flow_make(
    struct flow *f, const struct snapshot *s, const struct traffic *t);
void flow_fini(struct flow *f);

/* A copy of the pools of s, whose words can be set; free() it. */
struct pool *flow_pools(const struct snapshot *s);

#endif
