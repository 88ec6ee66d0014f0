/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tables of two snapshots side by side: a prefix cut into the stretches in
 * which each has one class.  Pure; any thread.
 */
#ifndef TRAFFIC_STRETCH_H
#define TRAFFIC_STRETCH_H

#include "geo/origin.h"
#include "steer/policy.h"

/* The tables, and the countries by which it is cut as well (NULL: not).  The
 * two may be the same. */
struct stretch_by {
	const struct policy_table *tables[2];
	const struct origin_table *origins[2];
	uint8_t finest[2]; /* IPv4, IPv6: length of prefixes that are not looked
			      into: the first address speaks for all */
};

struct stretch {
	struct prefix prefix;
	uint32_t class[2];
	uint16_t country[2];
	double part; /* of the prefix that is cut */
};

/* In order of addresses.  Of IPv6 that holds IPv4 (6to4, Teredo) one address is
 * looked at. */
typedef void stretch_tell(const struct stretch *s, void *arg);
void stretch_walk(const struct stretch_by *by, const struct prefix *p,
    stretch_tell *tell, void *arg);

#endif
