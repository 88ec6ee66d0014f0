/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The homes of tenants: a file that says which region is whose, in place of
 * what rendezvous hashing draws.  Read by any one thread; immutable, lives in
 * conf's arena.
 */
#ifndef CONF_HOME_H
#define CONF_HOME_H

#include "conf/schema.h"

enum { HOME_MAX = 1000000 }; /* lines of a file */

struct conf_home {
	const uint8_t *name; /* wire form, lower case; NULL: a free slot */
	uint16_t region;     /* in conf */
	unsigned line;
};

struct conf_homes {
	const char *path;
	struct conf_home *slots; /* by hash of the name */
	size_t nslots;           /* a power of two, more than there are homes */
};

schema_kind home_read; /* a pointer to conf_homes, from a file */

/* A rule's homes are of its regions, and within the fence. */
void home_check(
    struct schema_reader *r, const struct conf_rule *rule, const char *fence);

/* NULL: none is declared. */
const struct conf_home *home_find(
    const struct conf_homes *h, const uint8_t *name);

#endif
