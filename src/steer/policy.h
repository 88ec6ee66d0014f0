/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A policy compiled for the regions of one pool: client address to class to
 * ordered regions.
 *
 * Built once per pair of policy and pool that a name uses, in the snapshot's
 * arena; immutable; any thread.  Steps 2 to 4 of a decision.
 */
#ifndef STEER_POLICY_H
#define STEER_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"
#include "geo/lookup.h"
#include "geo/span.h"
#include "steer/far.h"
#include "steer/rendezvous.h"

/* What a class of clients gets. Orders are positions in conf_pool.regions. */
struct rank {
	const uint8_t *order;           /* regions of the pool, best first, */
	const struct conf_homes *homes; /* of CONF_HASH_QNAME; NULL: none */
	const struct lot *lots;         /* but when they are drawn: of each */
	const uint8_t *fallback; /* regions of when_down's pool, best first */
	uint8_t n, nfallback;
	uint8_t hash;    /* enum conf_hash: by what they are drawn */
	uint8_t trickle; /* percent */
	uint8_t action;  /* enum conf_all_down */
	bool unlocated;  /* by the policy's unlocated list */
	uint16_t pool;   /* of CONF_DOWN_POOL */
	uint16_t rule;   /* of the policy: the first that leads to the class,
			    or the first of those with a fence */
	const struct conf_failback *failback; /* NULL: at once */
	const struct far_table *far; /* of all classes; NULL: capacity does not
					count */
};

/* NULL when regions get their clients back at once. */
static inline const struct conf_failback *
policy_failback(const struct conf_policy *p)
{
	const struct conf_failback *f = &p->failback;

	return f->hold_ms + f->ramp_ms + f->manual > 0 ? f : NULL;
}

struct policy_table {
	struct lookup lookup;     /* client address to class, and the scope */
	const struct rank *ranks; /* by class */
	size_t nranks;
	const bool *met; /* by rule: it is the first to match of some place */
	/* Where clients of fenced rules are: the value is 1 + the first rule
	 * with that fence.  NULL: nowhere. */
	const struct spans *fences;
	uint16_t policy, pool; /* in conf */
};

/* The first rule of the policy that matches the place. */
uint16_t policy_rule(
    const struct conf *conf, uint16_t policy, const struct place *place);

/*
 * The ordered regions of a place by one scan of the rules (the first that
 * matches; nearest by distance times (100 + bias) percent, in bands by bias,
 * ties by order of declaration; without coordinates the unlocated list; regions
 * outside the fence or not in the pool left out).  The fallback pool's regions:
 * those of the list first, in its order, then the others as declared, fence
 * kept.  The arrays of the rank are in room; *rule is the rule's index.
 */
struct rank_room {
	uint8_t order[CONF_POOL_REGIONS_MAX], fallback[CONF_POOL_REGIONS_MAX];
	struct lot lots[CONF_POOL_REGIONS_MAX];
};

void policy_rank(const struct conf *conf, uint16_t policy, uint16_t pool,
    const struct place *place, struct rank *rank, struct rank_room *room,
    uint16_t *rule);

struct policy_pair {
	uint16_t policy, pool; /* in conf */
};

/* The tables of n pairs, which share what they look up by.  False: err (a
 * damaged database). */
bool policy_build(struct arena *a, const struct conf *conf, struct geo *geo,
    const struct policy_pair *pairs, size_t n, struct policy_table **tables,
    struct error *err);

#endif
