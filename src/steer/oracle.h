/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The slow reference decider: scans rules, nets and databases directly and
 * shares no code with the compiled path (policy, trie, pick_region); tests hold
 * both against each other, explain and the tests in a configuration tell its
 * story.  Main thread, or a test's.
 */
#ifndef STEER_ORACLE_H
#define STEER_ORACLE_H

#include "steer/pick.h"

/* Assumptions on top of (or in place of) what is believed. */
struct oracle_assume {
	const bool *down, *drained; /* of each of conf.regions; NULL: none */
	bool ignore_health;         /* all targets up, no drains */
	uint16_t type;              /* of the records asked for; 0: any */
	uint32_t random;            /* what a region is drawn by at random, */
	const uint8_t *name; /* and by name: the one asked for, lower case;
				NULL: any, at random */
};

enum oracle_struck {
	STRUCK_NOT,
	STRUCK_FENCE,
	STRUCK_DRAINED,
	STRUCK_DOWN,
	STRUCK_SHARE, /* live, but its share does not take the client */
	STRUCK_FULL,  /* live, but it sends the client on */
	STRUCK_NOT_IN_POOL
};

extern const char *const oracle_struck_names[];

struct oracle_region {
	uint16_t region;    /* in conf */
	double distance_km; /* < 0: unknown */
	double adjusted_km;
	unsigned band;   /* of distance, from 1; 0: none are declared */
	uint32_t weight; /* by which it is drawn; */
	uint64_t draw;   /* 0: it is not */
	enum oracle_struck struck;
	bool shared;          /* a share is in force, ... */
	struct cohort cohort; /* ... by which the client is in this cohort, */
	uint32_t taken;       /* and the region takes those below */
	bool full;            /* the region is, ... */
	uint32_t position;    /* ... the client is there among its clients, */
	uint32_t kept;        /* and it keeps those below */
};

struct oracle_decision {
	struct geo_found found; /* step 2; for an address */
	uint16_t rule;          /* step 3 */
	bool unlocated;
	struct oracle_region regions[CONF_POOL_REGIONS_MAX]; /* steps 3-5 */
	size_t nregions;
	uint16_t pool;   /* steps 6, 7 */
	uint16_t region; /* in conf */
	enum pool_reason reason;
	uint32_t ttl;        /* step 9; uses watches */
	uint16_t ttl_region; /* conf region whose change set it;
				CONF_NONE: the maximum did */
	bool drawn;          /* step 3: the regions stand as they were drawn, */
	const struct conf_home *home; /* but for this one; NULL: all */
	bool trickled;      /* step 6: the client is of the rule's trickle */
	uint8_t cohort_len; /* a share, or a draw, told the client by it; 0:
			       none did */
	unsigned scope;     /* step 10; for an address */
};

struct oracle {
	const struct conf *conf;
	const struct geo *geo;    /* for a client address */
	const struct pool *pools; /* for a decision: health as believed */
};

/* For a client address. scope is computed only if want_scope (slow). */
void oracle_decide(const struct oracle *o, const struct conf_name *name,
    const struct addr *client, const struct oracle_assume *assume,
    bool want_scope, struct oracle_decision *d);

/* For a place. */
void oracle_decide_place(const struct oracle *o, const struct conf_name *name,
    const struct place *place, const struct oracle_assume *assume,
    struct oracle_decision *d);

/* Step 8: whether the region answers the type with the target, as far as the
 * pool's max goes; CNAME for a pool of CNAMEs. */
bool oracle_uses(const struct pool *p, const struct pool_region *r,
    size_t target, uint16_t type);

/* What makes decisions the same in every state of health. */
struct oracle_verdict {
	struct oracle_region regions[CONF_POOL_REGIONS_MAX];
	struct oracle_region fallback[CONF_POOL_REGIONS_MAX];
	size_t n, nfallback;
	enum conf_all_down action;
	enum conf_hash hash;
	const struct conf_homes *homes;
	unsigned trickle;
	uint16_t pool;
	bool unlocated;
};

/* rule NULL: the one that matches. */
void oracle_judge(const struct oracle *o, const struct conf_name *name,
    const struct conf_rule *rule, const struct place *place,
    struct oracle_verdict *v);
bool oracle_verdict_equal(
    const struct oracle_verdict *a, const struct oracle_verdict *b);

#endif
