/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one table of names over all zones: open addressing by name_hash().
 * Grown while zones are compiled, then immutable.
 */
#ifndef ZONE_NODE_H
#define ZONE_NODE_H

#include "zone/compile.h"

/* Slots between a name's and where its hash points to, at most.  name_hash()
 * has no key, so that whoever writes a zone could make its names crowd; of a
 * hundred million names none comes as far by chance. */
enum { NODE_PROBES = 256 };

/* Growing it: nodes and slots are on the heap until node_finish(). */
struct node_builder {
	struct arena *arena;
	struct zones *zones;
	uint32_t *parents;      /* of nodes; ZONE_NONE at an apex */
	const uint8_t *crowded; /* a name further away: no more are put */
};

/* The node of the lower-case name, or ZONE_NONE. */
uint32_t node_find(const struct zones *z, const uint8_t *name, size_t len);

/* The deepest zone whose origin is name or above it, or CONF_NONE; all apexes
 * must have been put. */
uint16_t node_zone(const struct zones *z, const uint8_t *name);

void node_begin(struct node_builder *b, struct arena *a, struct zones *z);

/* n more nodes will be put: the table grows once. */
void node_reserve(struct node_builder *b, size_t n);

/* The node of a name at or below the zone's origin; made when it is missing,
 * with those between (RFC 4592 2.2.2: empty non-terminals).  name must live as
 * long as the zones.  ZONE_NONE: the table is crowded. */
uint32_t node_put(struct node_builder *b, const uint8_t *name, uint16_t zone);

/* Moves nodes and slots to the arena. */
void node_finish(struct node_builder *b);

#endif
