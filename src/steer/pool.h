/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools at work: the live word, each region's offer, and the pick.
 *
 * Part of a snapshot.  Main refreshes (pool_refresh), workers pick
 * (pool_pick) without waiting.  An offer is one block, replaced as a whole and
 * freed by rcu_defer().  Steps 5 to 9 of a decision.
 */
#ifndef STEER_POOL_H
#define STEER_POOL_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/rcu.h"
#include "dns/body.h"
#include "steer/drain.h"
#include "steer/health.h"
#include "steer/policy.h"

/* One composed answer; of several (mode: one) the first whose until is above
 * a random number below the offer's total weight of that type. */
struct variant {
	uint32_t until;
	const struct body *body; /* in the offer's own block */
};

struct offer {
	struct rcu_head rcu;                 /* first: it is freed by it */
	uint32_t total[CONF_POOL_TYPES_MAX]; /* of conf_pool.types */
	uint16_t count[CONF_POOL_TYPES_MAX];
	struct variant *variants[CONF_POOL_TYPES_MAX];
};

struct pool_target {
	const struct conf_target *conf;
	struct watch **watches; /* addresses x monitors; bound by main */
	size_t nwatches;
	enum health_state health;  /* the worst of its watches; main only */
	bool live;                 /* main only */
	const struct drain *drain; /* main only; NULL: not drained */
};

struct pool_region {
	uint16_t region; /* in conf */
	struct pool_target *targets;
	size_t ntargets;
	size_t nlive;                  /* main only */
	bool drained;                  /* as a whole; main only */
	const struct drain *drain;     /* of the whole; main only; NULL: none */
	_Atomic(struct offer *) offer; /* main stores, workers load */
	/* When it could change: low 32 bits seconds from any moment (probes),
	 * high 32 the monotonic second of a drain's end (0: none). */
	_Atomic uint64_t change;
};

struct pool {
	const struct conf_pool *conf;
	uint16_t index;
	uint32_t first_tally; /* of region 0, in the snapshot's tallies */
	size_t nregions;
	struct pool_region *regions;
	_Atomic uint64_t live;    /* bit i: regions[i]; main stores */
	_Atomic uint64_t drained; /* as a whole, or not live by drains alone */
	_Atomic uint64_t last_known; /* the last live word that was not 0 */
};

/* pools[i] of conf.pools[i]; all regions live, nothing bound. */
struct pool *pools_build(struct arena *a, const struct conf *conf);
void pools_fini(struct pool *pools, size_t n); /* frees the offers */

/* Main, before publishing: finds or makes every target's watches. */
void pools_bind(
    struct pool *pools, size_t n, const struct conf *conf, struct watches *w);

/* Main: looks at the region's watches and drains again, composes its offer
 * (live targets; all, if none is), stores offer, change and live word.  True
 * when the region's liveness changed. */
bool pool_refresh(struct pool *p, size_t region, const struct drains *drains,
    const struct conf *conf);

/* Would the region be live if these drains held, health as it is? */
bool pool_region_would_live(const struct pool *p, size_t region,
    const struct drains *drains, const struct conf *conf);

enum pool_reason {
	POOL_FIRST,
	POOL_FAILOVER,
	POOL_DRAINED,
	POOL_ALL_DOWN,
	POOL_UNLOCATED,
	POOL_REASON_COUNT
};

extern const char *const pool_reason_names[POOL_REASON_COUNT];

struct pick {
	const struct pool *pool; /* another than asked, by when_all_down */
	uint16_t region;         /* in pool->regions */
	uint8_t reason;          /* enum pool_reason */
	uint32_t ttl;            /* seconds */
	const struct body *body;
};

/*
 * The first live region of the rank, else what its action says (all: the first
 * not drained, else the first; last_known: the first of the last live word,
 * else as all; pool: its first live one, else as all there).  ttl: the least
 * change of all regions looked at, within min..max.  random: uniform.
 */
void pool_pick(const struct pool *pools, uint16_t pool, const struct rank *rank,
    uint16_t type, uint32_t ttl_min, uint32_t ttl_max, uint32_t now_s,
    uint32_t random, struct pick *pick);

#endif
