/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What traffic may go to, as declared: regions, pools and their targets.  Part
 * of struct conf: see conf/conf.h.
 */
#ifndef CONF_POOL_H
#define CONF_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/net.h"
#include "conf/mark.h"

enum {
	CONF_POOL_REGIONS_MAX = 64, /* bits of a live word */
	CONF_NETS_MAX = 64,         /* bits of a place's nets */
	CONF_POOL_TYPES_MAX = 16,   /* record types of a pool */
	CONF_NONE = UINT16_MAX,     /* an index that refers to nothing */
};

struct conf_region {
	const char *name;
	const char *jurisdiction; /* NULL: none */
	double latitude, longitude;
	bool located;
	uint64_t capacity; /* 0: not declared */
	int bias;          /* percent of distance, -90..900 */
	struct conf_mark mark;
};

/* Another record of a target.  text is all that is known before zone/pools
 * has read it. */
struct conf_record {
	uint16_t type;
	uint16_t rdata_len;
	const uint8_t *rdata; /* uncompressed wire form */
	const char *text;
	struct conf_mark mark;
};

struct conf_target {
	const char *label;    /* how drains and logs call it: the first address,
				 the CNAME target's text, or the first
				 record with its type */
	struct addr addr[2];  /* IPv4, IPv6; family 0: none */
	const uint8_t *cname; /* wire form; NULL: none */
	struct addr probe[2]; /* as addr: where a CNAME's name is probed */
	struct conf_record *records; /* with addresses or alone */
	size_t nrecords;
	unsigned weight; /* 1..1000000, default 1 */
	struct conf_mark mark;
};

/* The address that is probed, of IPv4 (0) or IPv6 (1); family 0: none. */
static inline const struct addr *
conf_target_probed(const struct conf_target *t, size_t family)
{
	return t->cname != NULL ? &t->probe[family] : &t->addr[family];
}

struct conf_pool_region {
	uint16_t region;
	struct conf_target *targets;
	size_t ntargets;
	struct conf_mark mark;
};

enum conf_answer_mode { CONF_ANSWER_ALL, CONF_ANSWER_ONE };

/* Of a pool with addresses of both families: is each decided by itself, or is a
 * region live when both are? */
enum conf_families { CONF_FAMILIES_APART, CONF_FAMILIES_TOGETHER };

struct conf_pool {
	const char *name;
	uint16_t *monitors; /* none: always up */
	size_t nmonitors;
	unsigned require; /* so many must pass; 0: all */
	unsigned min_healthy;
	enum conf_answer_mode mode;
	unsigned max;
	enum conf_families families;
	double cost; /* of capacity: an answer a second; 0: it does not count */
	struct conf_pool_region *regions;
	size_t nregions; /* 1..CONF_POOL_REGIONS_MAX */
	/* What it offers, the same in every region; ascending. CNAME alone. */
	uint16_t types[CONF_POOL_TYPES_MAX];
	unsigned ntypes;
	struct conf_mark mark;
};

/* The position of a type among the pool's, or ntypes. */
static inline unsigned
conf_pool_type(const struct conf_pool *p, uint16_t type)
{
	unsigned i;

	for (i = 0; i < p->ntypes && p->types[i] != type; i++)
		;
	return i;
}

static inline bool
conf_pool_has(const struct conf_pool *p, uint16_t type)
{
	return conf_pool_type(p, type) < p->ntypes;
}

#endif
