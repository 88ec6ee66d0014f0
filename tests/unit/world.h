/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random configurations with nets and databases of their own, and random
 * addresses near what they declare: for differential tests.  Depends on
 * srandom() alone.
 */
#ifndef TESTS_WORLD_H
#define TESTS_WORLD_H

#include "conf/conf.h"

struct world {
	struct arena *arena;
	struct conf *conf;
	struct prefix *prefixes; /* all that anything declares */
	size_t nprefixes;
};

void world_new(struct world *w);
void world_free(struct world *w); /* the databases' files too */

uint32_t world_dice(uint32_t sides);

/* Of either family; often at the edge of a declared prefix, often IPv4 inside
 * IPv6. */
void world_addr(const struct world *w, struct addr *a);

/* One that the names' wildcard covers, whole; some have homes. */
const uint8_t *world_tenant(void);

/* Any address of a prefix. */
void world_addr_in(const struct prefix *p, struct addr *a);

#endif
