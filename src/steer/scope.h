/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The oracle's way to a scope: from the client's prefix outwards, as long as
 * every address beside it gets the same verdict; and to the fences of a client
 * subnet, by a look at all that is in it.  Slow; any thread.
 */
#ifndef STEER_SCOPE_H
#define STEER_SCOPE_H

#include "steer/oracle.h"

/* found: what geo_find() says of the client. */
unsigned scope_find(const struct oracle *o, const struct conf_name *name,
    const struct addr *client, const struct geo_found *found);

/* Whose fence an answer must obey that may be given to everyone in a subnet. */
struct scope_fence {
	const struct conf_rule *rule; /* the first that is fenced; NULL: none */
	const struct conf_rule *other; /* one with another fence; NULL: none */
	struct addr client; /* the first of the rule's: what it counts as */
};

void scope_find_fence(const struct oracle *o, const struct conf_name *name,
    const struct prefix *subnet, struct scope_fence *f);

#endif
