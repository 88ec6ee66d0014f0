/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Step 1 of a decision, compiled: whose client subnet is believed, and which
 * addresses in one count.  Built in the snapshot's arena; immutable; any
 * thread.
 */
#ifndef STEER_CLIENT_H
#define STEER_CLIENT_H

#include "conf/conf.h"
#include "geo/lookup.h"

struct client_table {
	struct lookup counts;            /* which count */
	bool any;                        /* every resolver is believed */
	const struct trie *resolvers[2]; /* else: IPv4, IPv6; NULL: none */
};

const struct client_table *client_build(
    struct arena *a, const struct conf *conf);

bool client_believes(const struct client_table *t, const struct addr *resolver);

struct client_hit {
	bool counts;   /* it is routable, or in one of the nets */
	uint8_t depth; /* of the prefix around it for which that is so too */
};

struct client_hit client_find(
    const struct client_table *t, const struct addr *a);

#endif
