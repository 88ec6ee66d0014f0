/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What regions carry, and what they would carry if something were drained or
 * down: the one answer that status, whatif and the safety check of drains
 * show, with what is unsafe about it.  Main thread; the caller owns the JSON.
 *
 * What is carried now is what was measured (traffic/capacity).  What would be
 * is the sampled traffic steered anew (traffic/model), scaled to that, with
 * what full regions would send on.  Where no pool has a cost the load that
 * answers bring is assumed (traffic/load), and no region sends on.
 */
#ifndef TRAFFIC_FORECAST_H
#define TRAFFIC_FORECAST_H

#include <jansson.h>

#include "traffic/capacity.h"

enum {
	FORECAST_ANSWERS_MIN = 100, /* sampled; of fewer nothing is judged */
	FORECAST_WHY_MAX = 160,
};

/* Drains that hold, as they will in the end, and what else is taken to be down
 * (NULL: nothing); health as it is. */
struct forecast_state {
	const struct drains *drains, *down;
	const struct drains *apart; /* all in which it differs from the state
				       before; NULL: it may in any */
};

/* Of conf.regions. */
struct forecast_region {
	bool used;            /* by a pool */
	double capacity;      /* 0: not declared */
	double before, after; /* answers a minute */
	double fill[2];       /* percent, now and then; NAN: not known */
	double sent_on[2];    /* percent of its clients */
	bool worse;           /* over the limit, and more than now and anyway */
};

/* From a region to another, or to a pool that stands in. */
struct forecast_move {
	uint16_t from, to; /* in conf */
	uint16_t pool;     /* CONF_NONE: the pool that was asked */
	double n;
};

/* The live words of a pool. */
struct forecast_live {
	uint64_t of[POOL_FAMILIES];
};

/* Clients that lose their last live region. */
struct forecast_loss {
	uint16_t pool;
	const struct conf_rule *rule;
	double n; /* answers a minute */
};

struct forecast {
	const struct snapshot *snapshot;
	struct forecast_region *regions;
	double *answers[2]; /* a minute, now and then, as tallies are */
	struct forecast_live *live[2]; /* of pools */
	double all_down[2]; /* answers a minute that find nothing live */
	double minutes, per_minute, unknown, sampled;
	double assumed; /* load of all regions; 0: it was measured */
	char why[FORECAST_WHY_MAX];      /* nothing is judged; "": it is */
	VEC(struct forecast_move) moves; /* most first */
	VEC(struct forecast_loss) losses;
};

/* The traffic is that of now, or of this second. */
void forecast_now(struct forecast *f, struct capacity *c,
    const struct snapshot *s, const struct traffic *t);

/*
 * Then as after has it.  before: what is there already, or will be, so that
 * only what gets worse is unsafe.
 */
void forecast_then(struct forecast *f, struct capacity *c,
    const struct snapshot *s, const struct traffic *t,
    const struct forecast_state *before, const struct forecast_state *after);

void forecast_fini(struct forecast *f);

/* The region would be over max_fill, and is not, or less. */
bool forecast_is_over(const struct forecast *f, size_t region);

/* [text]: what would be unsafe, as in "would ..." */
json_t *forecast_unsafe(const struct forecast *f);

/* [{"region", "capacity", "before", "after", "fill_before", "fill_after",
 * "sent_on_before", "sent_on_after"}] */
json_t *forecast_regions(const struct forecast *f);

#endif
