/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pools at work: the live word, and each region's offer.
 *
 * Part of a snapshot.  Main refreshes, workers read without waiting.  An offer
 * is one block, replaced as a whole and freed by rcu_defer().
 */
#ifndef STEER_POOL_H
#define STEER_POOL_H

#include "steer/region.h"

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

/* Main: regions that went out since before (the live words then) did so at
 * once, whatever the order in which they were refreshed: where none is live
 * now, all that were are those known last. */
void pool_refreshed(struct pool *p, const uint64_t before[POOL_FAMILIES]);
void pool_live_words(const struct pool *p, uint64_t live[POOL_FAMILIES]);

/* In a copy of a pool: the region as it would be with these drains, and with
 * those beside them by which it is down (NULL: none).  Returns the percentage
 * that one of them takes out which is not whole; 0: none. */
unsigned pool_suppose(struct pool *p, size_t region,
    const struct drains *drains, const struct drains *down);
/* In a copy: the region is down, or drained; one that is drained stays so when
 * it is down, too. */
void pool_suppose_out(struct pool *p, size_t region, bool is_drain);
/* In a copy: all regions are live. */
void pool_suppose_up(struct pool *p);
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
