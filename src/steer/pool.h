/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools at work: the live word, and each region's offer.
 *
 * Part of a snapshot.  Main refreshes, workers read without waiting.  An offer
 * is one block, replaced as a whole and freed by rcu_defer().
 */
#ifndef STEER_POOL_H
#define STEER_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "steer/drain.h"
#include "steer/watch.h"
#include "steer/offer.h"
#include "steer/policy.h"

struct pool_target {
	const struct conf_target *conf;
	struct watch **watches; /* addresses x monitors; bound by main */
	size_t nwatches;
	enum health_state health; /* of its watches, steer/require; main only */
	bool live;                /* main only */
	const struct drain *drain, *up, *next; /* main only; next: announced */
};

struct pool_region {
	uint16_t region; /* in conf */
	const char *name;
	struct pool_target *targets;
	size_t ntargets;
	size_t nlive;                     /* main only */
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
	_Atomic uint64_t live;    /* bit i: regions[i]; main stores */
	_Atomic uint64_t drained; /* as a whole, or not live by drains alone */
	_Atomic uint64_t shared;  /* by the offer's share, or by spill */
	_Atomic uint64_t last_known; /* the last live word that was not 0 */
	bool out; /* main only: no region is live, and that was told */
};

/* pools[i] of conf.pools[i]; all regions live, nothing bound. */
struct pool *pools_build(struct arena *a, const struct conf *conf);
void pools_fini(struct pool *pools, size_t n);

/* Main, before publishing: finds or makes every target's watches. */
void pools_bind(
    struct pool *pools, size_t n, const struct conf *conf, struct watches *w);

/* Main: looks at the region's watches and drains again, composes its offer
 * (live targets, degraded ones last; all, if none is), stores offer, change and
 * live word.  True when the region's liveness changed: one that is live again
 * comes back as the policies' failback has it. */
bool pool_refresh(struct pool *p, size_t region, const struct drains *drains);

/* Main: those that went out since before (the live word then) went at once. */
void pool_refreshed(struct pool *p, uint64_t before);

/* Would the region be live with these drains, health as it is? */
bool pool_region_would_live(
    const struct pool *p, size_t region, const struct drains *drains);
/* Main, each second while a share is in force: trouble (a failed probe of a
 * live target) stops the clock of a region's coming back. */
void pool_share_tick(struct pool *p, size_t region);

/* Main: the region sends so many positions on from now on. */
void pool_spill(struct pool *p, size_t region, uint32_t spill);
/* Main: an operator lets the region come back; false: it is not coming. */
bool pool_resume(struct pool *p, size_t region);

/* Main: the part of its clients that a region takes, by the least policy. */
double pool_share(const struct pool *p, size_t region);

/* Main: what is left of its coming back, by the last policy; false: it is not
 * coming. */
bool pool_left(const struct pool *p, size_t region, struct share_left *left);

enum pool_reason {
	POOL_FIRST,
	POOL_FAILOVER,
	POOL_DRAINED,
	POOL_ALL_DOWN,
	POOL_UNLOCATED,
	POOL_TRICKLE,
	POOL_SPILLED, /* a better one is full */
	POOL_REASON_COUNT
};

extern const char *const pool_reason_names[POOL_REASON_COUNT];

#endif
