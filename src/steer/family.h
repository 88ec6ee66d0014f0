/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Families of addresses.  A pool with addresses of both (families: apart) is
 * decided for each of them by itself: a question for A sees the IPv4 addresses
 * alone, one for AAAA the IPv6 addresses, and one for other types a region as
 * live that is so for any family.  Of any other pool the three are equal.
 */
#ifndef STEER_FAMILY_H
#define STEER_FAMILY_H

#include <stdatomic.h>
#include <stdint.h>

#include "dns/rr.h"

enum pool_family { POOL_ANY, POOL_IPV4, POOL_IPV6, POOL_FAMILIES };

struct pool_words {
	_Atomic uint64_t live;
	_Atomic uint64_t drained; /* as a whole, or not live by drains alone */
	_Atomic uint64_t last_known; /* the last live word that was not 0 */
};

/* What a question for records of the type is of. */
static inline enum pool_family
pool_family(uint16_t type)
{
	return type == DNS_A   ? POOL_IPV4
	    : type == DNS_AAAA ? POOL_IPV6
			       : POOL_ANY;
}

#endif
