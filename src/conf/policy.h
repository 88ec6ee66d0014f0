/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who goes where, as declared, and what must hold of it.  Part of struct conf:
 * see conf/conf.h.
 */
#ifndef CONF_POLICY_H
#define CONF_POLICY_H

#include "conf/geo.h"
#include "conf/pool.h"
#include "dns/rr.h"

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

/* Every client. */
static inline bool
conf_rule_is_catch_all(const struct conf_rule *r)
{
	return !r->by_net && !r->by_geo && !r->by_asn && !r->by_box;
}

/* How a region that is live again gets its clients back. */
struct conf_failback {
	uint32_t hold_ms; /* none of them so long, */
	uint32_t ramp_ms; /* then by and by for so long */
	uint32_t manual;  /* not before the operator says so */
};

struct conf_policy {
	const char *name;
	struct conf_rule *rules; /* the last one matches everything */
	size_t nrules;
	uint16_t *unlocated; /* ordered regions for nearest without a place;
				default: all in order of declaration */
	size_t nunlocated;
	struct conf_when_down when_down;
	struct conf_failback failback; /* all 0: at once */
	struct conf_mark mark;
};

struct conf_name {
	const char *text;           /* lower case, with the final dot */
	uint8_t name[DNS_NAME_MAX]; /* lower case */
	uint16_t pool, policy;
	bool staged;               /* the policy is that of a stage's step */
	uint32_t ttl_max, ttl_min; /* seconds; default 60, 10 */
	uint32_t rto_ms; /* a dead region must be left by then; 0: any time */
	struct conf_mark mark;
};

struct conf_safety {
	unsigned min_regions; /* default 1 */
	unsigned max_fill;    /* percent; default 100 */
};

#endif
