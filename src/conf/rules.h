/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The rules of policies, as declared.  Part of struct conf: see conf/conf.h.
 */
#ifndef CONF_RULES_H
#define CONF_RULES_H

#include "conf/geo.h"
#include "conf/pool.h"

/* Which of the pool's regions a rule means, and in what order. */
enum conf_order {
	CONF_ORDER_LIST, /* those that it lists */
	CONF_ORDER_ALL,  /* as declared */
	CONF_ORDER_NEAREST,
	CONF_ORDER_LATENCY
};

/* By what the first region is drawn, in place of the order. */
enum conf_hash {
	CONF_HASH_NONE,
	CONF_HASH_CLIENT,
	CONF_HASH_RANDOM,
	CONF_HASH_QNAME
};

extern const char *const conf_hash_names[];

enum { CONF_WEIGHT_MAX = 1000000 };

enum conf_all_down { CONF_DOWN_ALL, CONF_DOWN_LAST_KNOWN, CONF_DOWN_POOL };

struct conf_when_down {
	enum conf_all_down action;
	uint16_t pool; /* for CONF_DOWN_POOL */
};

struct conf_rule {
	/* The rule that uses the policy of this one: it must match, and its
	 * fence holds, as well.  NULL: none does. */
	const struct conf_rule *outer;
	uint16_t owner;  /* the policy that declares it, */
	uint16_t number; /* as which of its rules, from 1 */
	uint16_t uses;   /* a policy, whose rules take its place when all are
			    read; CONF_NONE: none */
	bool by_net, by_geo, by_asn, by_box; /* all of them must match */
	uint64_t nets;        /* bit i: conf.nets[i]; any of them */
	struct conf_geo *geo; /* any of them */
	size_t ngeo;
	uint32_t *asn; /* any of them */
	size_t nasn;
	struct conf_box box;
	enum conf_order order;
	uint16_t *regions; /* of CONF_ORDER_LIST, best first */
	size_t nregions;
	uint32_t *weights; /* of regions; NULL: all the same */
	enum conf_hash hash;
	const struct conf_homes *homes; /* of CONF_HASH_QNAME; NULL: none */
	unsigned trickle;  /* percent of clients for the next region; 0: none */
	unsigned band_km;  /* regions so far apart are as near; 0: none */
	const char *fence; /* NULL: none */
	struct conf_when_down when_down; /* the policy's when not its own */
	struct conf_mark mark;
};

/* Where the client is decides what order its regions are in. */
static inline bool
conf_rule_is_by_place(const struct conf_rule *r)
{
	return r->order == CONF_ORDER_NEAREST || r->order == CONF_ORDER_LATENCY;
}

/* Every client, as far as the rule alone says. */
static inline bool
conf_rule_is_catch_all(const struct conf_rule *r)
{
	return !r->by_net && !r->by_geo && !r->by_asn && !r->by_box;
}

/* The fence that holds for it; where there are several, they are the same, or
 * no region would be left. */
static inline const char *
conf_rule_fence(const struct conf_rule *r)
{
	while (r != NULL && r->fence == NULL)
		r = r->outer;
	return r != NULL ? r->fence : NULL;
}

/* The rule by which a policy comes to it. */
static inline const struct conf_rule *
conf_rule_outermost(const struct conf_rule *r)
{
	while (r->outer != NULL)
		r = r->outer;
	return r;
}

#endif
