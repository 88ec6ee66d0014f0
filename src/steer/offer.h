/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a region of a pool answers now, composed.  Main makes one when
 * something changes, in one block, which is replaced as a whole; workers read.
 */
#ifndef STEER_OFFER_H
#define STEER_OFFER_H

#include "base/rcu.h"
#include "conf/pool.h"
#include "dns/body.h"
#include "steer/share.h"

struct pool;
struct pool_region;

/* One composed answer; of several (mode: one) the first whose until is above
 * a random number below the offer's total weight of that type. */
struct variant {
	uint32_t until;
	const struct body *body; /* in the offer's own block */
};

struct offer {
	struct rcu_head rcu; /* first: it is freed by it */
	struct share share;
	uint32_t total[CONF_POOL_TYPES_MAX]; /* of conf_pool.types */
	uint16_t count[CONF_POOL_TYPES_MAX];
	struct variant *variants[CONF_POOL_TYPES_MAX];
};

/* Of the targets that are live; the region's share is copied into it.  It is
 * freed by free(). */
struct offer *offer_make(const struct pool *p, const struct pool_region *r);

#endif
