/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Spans: the parts of the address space that have a value, and whether a client
 * subnet of any length holds some of one.
 *
 * In a subnet what is unroutable and in no net does not count: it is no
 * client's address.  Built from the leaves of both families; immutable once
 * built; any thread; dies with its arena.  A question takes two or three dozen
 * steps, and neither allocates nor waits.
 */
#ifndef GEO_SPAN_H
#define GEO_SPAN_H

#include "geo/geo.h"

struct spans;

/*
 * value_of: of each of geo_places(); 0: none.  NULL: no address has one.  geo's
 * leaves of both families must have been made (geo_leaves()).
 */
const struct spans *spans_build(
    struct arena *a, struct geo *geo, const uint32_t *value_of);

/* What a subnet holds. */
struct span_hit {
	uint32_t value;    /* of the first address that has one; 0: none has */
	uint32_t other;    /* another value in the subnet; 0: there is none */
	struct addr first; /* that address: IPv4 where it counts as such */
};

/* p: bits beyond its length are 0. */
struct span_hit spans_find(const struct spans *s, const struct prefix *p);

/* Of an address alone, which counts in any case. */
uint32_t spans_value(const struct spans *s, const struct addr *a);

/* How much of the space has the value: IPv4 addresses, and /48s of IPv6 that do
 * not count as IPv4. */
void spans_measure(const struct spans *s, uint32_t value, double size[2]);

/*
 * Each pair of neighbours with different values that lie in one prefix of that
 * length (of IPv4, IPv6) or a longer one.
 */
struct span_clash {
	struct prefix prefix; /* the longest that holds some of both */
	uint32_t values[2];
	struct addr at[2]; /* of each value: those that are nearest */
};

typedef void span_tell(const struct span_clash *c, void *arg);
void spans_clashes(
    const struct spans *s, const unsigned len[2], span_tell *tell, void *arg);

#endif
