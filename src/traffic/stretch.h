/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two policy tables side by side: a prefix cut into the stretches in which each
 * of them has one class.  Pure; any thread.
 */
#ifndef TRAFFIC_STRETCH_H
#define TRAFFIC_STRETCH_H

#include "steer/policy.h"

struct stretch {
	struct prefix prefix;
	uint32_t class[2];
	double part; /* of the prefix that is cut */
};

/*
 * In order of addresses.  Nothing is looked at more closely than in prefixes of
 * so many bits (finest[family == 6]): the first address speaks for all of one.
 * b may be a.  Of 2001::/32 (Teredo) one address is looked at.
 */
typedef void stretch_tell(const struct stretch *s, void *arg);
void stretch_walk(const struct policy_table *a, const struct policy_table *b,
    const struct prefix *p, const uint8_t finest[2], stretch_tell *tell,
    void *arg);

#endif
