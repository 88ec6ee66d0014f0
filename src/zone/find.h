/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Name and type to what to say.  Reads zones, allocates nothing; any thread.
 */
#ifndef ZONE_FIND_H
#define ZONE_FIND_H

#include "zone/compile.h"

enum find_kind {
	FIND_FOREIGN,  /* in none of our zones */
	FIND_DATA,     /* body: the RRset */
	FIND_CNAME,    /* body: a CNAME (type was not CNAME or ANY) */
	FIND_DNAME,    /* body: the DNAME above the name */
	FIND_STEERED,  /* names[steered] offers type */
	FIND_NODATA,   /* body: the zone's SOA */
	FIND_NXDOMAIN, /* body: the zone's SOA */
	FIND_REFERRAL, /* body: the cut's NS and glue; not authoritative */
};

struct found {
	enum find_kind kind;
	const struct body *body;
	uint16_t steered; /* index into conf.names; CONF_NONE: not steered */
	uint16_t type;    /* what is answered: as asked, but for ANY the first
			     type there is (RFC 8482 4.1), for a CNAME pool
			     CNAME */
	uint16_t zone;
	uint8_t prefix_len; /* DNAME: octets of the name before its owner's */
	uint32_t ttl;       /* DNAME: its TTL */
};

/*
 * name: lower case wire form, its length.  The algorithm of RFC 1034 4.3.2,
 * wildcards by RFC 4592, DNAME by RFC 6672 3.2.  DS at a cut is asked of the
 * parent (RFC 4035 3.1.4.1).
 */
void zone_find(const struct zones *z, const uint8_t *name, size_t name_len,
    uint16_t type, struct found *f);

#endif
