/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A snapshot as it would be: what explain and the tests in a configuration
 * ask.  Copies what is assumed and what answering counts into, so that nothing
 * is changed that others see.
 *
 * The thread that may refresh the snapshot's pools: main's, or its builder's.
 */
#ifndef REPORT_VIEW_H
#define REPORT_VIEW_H

#include "snapshot/snapshot.h"

/* What a monitor is taken to say of an address. */
struct view_signal {
	uint16_t monitor;
	struct addr addr; /* family 0: of all its targets */
	bool up;
};

struct view_assume {
	const bool *down, *drained; /* of each of conf.regions */
	const struct view_signal *signals;
	size_t nsignals;
};

struct view {
	struct snapshot snapshot; /* ask it */
	struct arena *arena;      /* of built */
	struct pool *built;       /* pools of its own; NULL: copies */
	struct watches *watches;  /* built's */
};

/* Of a snapshot in service, or of one that view_init_up() made. */
void view_init(struct view *v, const struct snapshot *s,
    const struct drains *drains, const struct view_assume *a);

/* Of a snapshot that is not in service: all targets are up. */
void view_init_up(struct view *v, const struct snapshot *s);

void view_fini(struct view *v);

#endif
