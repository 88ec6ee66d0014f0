/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Zones as queries read them: one table of names over all zones, each with
 * composed bodies.  Built in the snapshot's arena, immutable, any thread.
 */
#ifndef ZONE_COMPILE_H
#define ZONE_COMPILE_H

#include <stdint.h>

#include "dns/body.h"
#include "zone/load.h"

enum { ZONE_NONE = UINT32_MAX };

/* One RRset of a name. */
struct zone_set {
	uint16_t type;
	uint32_t ttl;
	const struct body *body; /* CNAME, DNAME: ends with the target */
};

enum zone_node_kind {
	ZONE_NODE_DATA,  /* authoritative data, or an empty non-terminal */
	ZONE_NODE_CUT,   /* NS of a delegation: referral is its body */
	ZONE_NODE_DNAME, /* its own data, but no name below it */
	ZONE_NODE_BELOW, /* below a cut or DNAME: occluded, or glue */
};

struct zone_node {
	const uint8_t *name; /* lower case, wire form */
	uint8_t name_len;
	uint8_t kind; /* enum zone_node_kind */
	uint16_t zone;
	uint16_t nsets;
	uint16_t steered;            /* index into conf.names, or CONF_NONE */
	uint32_t wildcard;           /* node of "*" below it, or ZONE_NONE */
	uint32_t cut;                /* BELOW: the topmost cut or DNAME above;
					CUT: itself; else ZONE_NONE */
	const struct zone_set *sets; /* by type, ascending; behind those of a
					cut: its referral */
};

struct zone {
	const uint8_t *origin;
	uint8_t origin_len;
	uint16_t parent; /* the zone around it, or CONF_NONE */
	uint32_t apex;   /* node */
	uint32_t serial;
	uint64_t content;            /* equal for equal records, in any order */
	const struct body *negative; /* SOA in authority, TTL by RFC 2308 5;
					for any name at or below the origin */
	const struct conf_zone *conf;
	size_t nrecords;
};

struct zones {
	const struct conf *conf;
	struct zone *zones; /* zones[i] of conf.zones[i] */
	size_t nzones;
	struct zone_node *nodes;
	size_t nnodes;
	uint32_t *slots; /* open addressing: nodes with tags (zone/node) */
	uint64_t mask;
	unsigned max_labels; /* of any name */
};

/*
 * Loads all zones of conf and compiles them with conf's steered names.  What
 * is wrong goes to d, with file and line: no SOA or not at the apex, no NS at
 * the apex, CNAME beside other data, two CNAMEs or DNAMEs, a DNAME at a cut or
 * a wildcard, data below a DNAME (warning), TTLs that differ in an RRset
 * (warning), missing glue (warning), a steered name out of every zone, below a
 * cut or DNAME, or one that also has an address (CNAME pool: any data) or CNAME
 * in the file.  NULL if there was an error.
 */
struct zones *zones_build(
    struct arena *a, const struct conf *conf, struct diag *d);

#endif
