/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the traffic goes, as pools are and as they would be: pick_region()
 * itself decides, for clients drawn from the blocks that the traffic came from,
 * always the same ones.  Main thread.
 */
#ifndef TRAFFIC_FLOW_H
#define TRAFFIC_FLOW_H

#include "steer/pick.h"
#include "traffic/traffic.h"

/* A copy of the snapshot's pools, whose words can be set; free() it. */
struct pool *flow_pools(const struct snapshot *s);

struct flow_draw {
	const struct traffic_cell *cell;
	double n; /* answers a minute that this client stands for */
	struct pick before, after; /* pool NULL: the class is not known */
};

typedef void flow_tell(const struct flow_draw *d, void *arg);
void flow_walk(const struct snapshot *s, const struct pool *before,
    const struct pool *after, const struct traffic *t, uint32_t now_s,
    flow_tell *tell, void *arg);

#endif
