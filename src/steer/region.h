/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools, their regions and targets as they are now: data of steer/pool, which
 * says who may store what.
 */
#ifndef STEER_REGION_H
#define STEER_REGION_H

#include <stdbool.h>
#include <stdint.h>

#include "steer/drain.h"
#include "steer/family.h"
#include "steer/offer.h"
#include "steer/policy.h"
#include "steer/watch.h"

struct pool_target {
	const struct conf_target *conf;
	struct watch **watches; /* addresses x monitors; bound by main */
	size_t nwatches;
	/* Main only, as all that follows.  By what a question is of: an address
	 * of a family where the pool's families are apart. */
	enum health_state health[POOL_FAMILIES]; /* steer/require */
	bool well[POOL_FAMILIES];                /* by health alone */
	bool live[POOL_FAMILIES];
	const struct drain *drain, *up, *next; /* next: announced */
};

struct pool_region {
	uint16_t region; /* in conf */
	const char *name;
	struct pool_target *targets;
	struct pool_target **by_label; /* the same, in order of their labels */
	size_t ntargets;
	size_t nof[POOL_FAMILIES];        /* that are of a family */
	size_t nlive[POOL_FAMILIES];      /* main only, and likewise */
	size_t nwell[POOL_FAMILIES];      /* by health alone */
	bool drained;                     /* as a whole; main only */
	const struct drain *drain, *next; /* of the whole; as a target's */
	const struct drain *part;         /* of it; main only; NULL: none */
	struct share share;               /* main only; the offer has a copy */
	_Atomic(struct offer *) offer;    /* main stores, workers load */
	/* When it could change: low 32 bits seconds from any moment (probes),
	 * high 32 the monotonic second of a lease's end or begin (0: none). */
	_Atomic uint64_t change;
	/* Full: those of its clients that it sends on, as many positions from
	 * the farthest (steer/far); 0: none.  Main stores, workers load. */
	_Atomic uint32_t spill;
};

/* By which policy names are steered to the pool. */
struct pool_table {
	uint16_t policy;
	const struct policy_table *table;
};

struct pool {
	const struct conf_pool *conf;
	uint16_t index;
	uint32_t first_tally; /* of region 0, in the snapshot's tallies */
	size_t nregions;
	struct pool_region *regions;
	const struct conf_failback **failbacks; /* of names that use it */
	size_t nfailbacks;
	struct pool_table *tables; /* of the snapshot that it is part of */
	size_t ntables;
	/* Bit i: regions[i]; main stores, workers load. */
	struct pool_words words[POOL_FAMILIES];
	_Atomic uint64_t shared; /* by the offer's share, or by spill */
	/* Main only: no region is live, and that was told. */
	bool out[POOL_FAMILIES];
};

/* Are the families of the pool decided apart? */
static inline bool
pool_is_apart(const struct pool *p)
{
	return p->conf->families == CONF_FAMILIES_APART &&
	    conf_pool_has(p->conf, DNS_A) && conf_pool_has(p->conf, DNS_AAAA);
}

static inline uint64_t
pool_live(const struct pool *p, enum pool_family f)
{
	return atomic_load_explicit(&p->words[f].live, memory_order_acquire);
}

/* How many targets of a region are live, by family. */
struct region_live {
	size_t live[POOL_FAMILIES];
	bool drained;  /* as a whole */
	unsigned part; /* percent that a drain takes out that is not */
};

/* Main only, as all that follows.  Has the target an address of the family? */
bool region_target_is_of(const struct pool_target *t, enum pool_family f);

/* Counts nof, and orders by_label: when it is built. */
void region_begin(struct pool_region *r);

/* What health and leases make of each target, counted; healthy: how many would
 * be live without drains. */
void region_look(const struct pool *p, struct pool_region *r,
    const struct drains *drains, struct region_live *healthy);

/* How many targets would be live with these leases, health as it was at the
 * last look, where the region is not drained; healthy: the same without drains.
 */
struct region_live region_tally(const char *pool, const struct pool_region *r,
    const struct drains *drains, struct region_live *healthy);

/* Are so many enough for the region to be live? */
bool region_is_enough(const struct pool *p, const struct pool_region *r,
    const struct region_live *n, enum pool_family f);

#endif
