/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * In which order a full region sends its clients on: the farthest first.
 *
 * All clients have a position among SHARE_COHORTS, from the nearest to the
 * farthest.  Clients of one order of regions are told apart by how far they are
 * from the first two of it, in bands that grow with the distance (16 from 50 km
 * on, each half as far again; 8 from 100 km on, each twice as far); groups of
 * clients follow each other by their mean distance, within one cohorts decide.
 * A region that is full keeps those below a bound (pool_spill()), so that a
 * client moves when the bound passes it, and no other.
 *
 * Where a client is stands in a trie of its own, that is looked at while a
 * region is full, so that scopes are as wide as policies allow while none is.
 * Built with the policy's table; immutable; any thread.
 */
#ifndef STEER_FAR_H
#define STEER_FAR_H

#include "geo/lookup.h"
#include "geo/place.h"
#include "steer/share.h"

/* The positions of a group of clients in one region. */
struct far {
	uint32_t from, to;
};

struct far_table {
	struct lookup lookup; /* address to group */
	const struct far *at; /* [group * nregions + region] */
	size_t nregions;      /* of the pool */
	size_t ngroups;
};

static inline uint32_t
far_position(const struct far *f, uint32_t cohort)
{
	return f->from +
	    (uint32_t)((uint64_t)cohort * (f->to - f->from) / SHARE_COHORTS);
}

/* Of the client, by the pool's regions; *depth: of the prefix, of the client's
 * own family, in which that holds. */
const struct far *far_find(
    const struct far_table *t, const struct addr *client, uint8_t *depth);

/* Of what distances are taken: places, the class of each, and how much of the
 * address space each is. */
struct far_places {
	const struct place *places;
	const uint32_t *classes;
	const uint8_t (*first)[2]; /* by class: the first two of its regions */
	const double *mass;
	size_t n;
};

/* The groups without the lookup; group gets that of each place.  NULL: the
 * pool's answers do not count against capacity. */
struct far_table *far_build(struct arena *a, const struct conf *conf,
    uint16_t pool, const struct far_places *p, uint32_t *group);

/* How much of the address space each of geo_places() is; half of it is IPv4.
 * free() it. */
double *far_mass(struct geo *geo);

#endif
