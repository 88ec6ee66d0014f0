/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In which order a full region sends its clients on: the farthest first.
 *
 * All clients have a position among SHARE_COHORTS, from the nearest class to
 * the farthest, by the mean distance of its places; within a class by their
 * cohorts.  A region that is full keeps those below a bound (pool_spill()), so
 * that a client moves when the bound passes it, and no other.  Built with the
 * policy's table; immutable; any thread.
 */
#ifndef STEER_FAR_H
#define STEER_FAR_H

#include "geo/place.h"
#include "steer/share.h"

/* The positions of a class's clients in one region. */
struct far {
	uint32_t from, to;
};

static inline uint32_t
far_position(const struct far *f, uint32_t cohort)
{
	return f->from +
	    (uint32_t)((uint64_t)cohort * (f->to - f->from) / SHARE_COHORTS);
}

/* Of what distances are taken: places, the class of each, and how much of the
 * address space each is. */
struct far_places {
	const struct place *places;
	const uint32_t *classes;
	const double *mass;
	size_t n, nclasses;
};

/* [class * pool's regions + region]; NULL: the pool's answers do not count
 * against capacity. */
struct far *far_build(struct arena *a, const struct conf *conf, uint16_t pool,
    const struct far_places *p);

#endif
