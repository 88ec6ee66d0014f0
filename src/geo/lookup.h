/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From an address to a class: what policies, the order of spillover and
 * countries are looked up by.
 *
 * Many lookups share one trie per family.  Its values are cells: two places are
 * in the same cell if every lookup gives them the same class.  Each lookup has
 * an array with the class of each cell and of each set of cells (geo/sets), of
 * some kilobytes.  Immutable once built; any thread; dies with its arena.
 */
#ifndef GEO_LOOKUP_H
#define GEO_LOOKUP_H

#include "base/net.h"
#include "geo/geo.h"
#include "geo/trie.h"

struct lookup {
	const struct trie *ipv4, *ipv6;
	const uint32_t *classes; /* of sets of cells; NULL: the cells are the
				    classes */
};

struct lookup_hit {
	uint32_t class;
	uint8_t depth; /* of the shortest prefix around the address, in its own
			  family, in which every address has this class */
};

/* An IPv6 address that holds an IPv4 address has its class. */
static inline struct lookup_hit lookup_find(
    const struct lookup *l, const struct addr *address);

/*
 * Lookups that share their tries, while they are built.  The leaves of both
 * families are kept as long; nplaces: of the places that they refer to.
 */
struct lookups;

struct lookups *lookups_new(
    const struct cover *ipv4, const struct cover *ipv6, size_t nplaces);

/* Of what geo_leaves() and geo_places() have. */
struct lookups *lookups_of(struct geo *geo);

/* classes: below GEO_EMBEDDED, by index of the places; malloced, taken over.
 * The number of the lookup. */
size_t lookups_add(struct lookups *ls, uint32_t *classes);

/* Once all are added. */
void lookups_build(struct lookups *ls, struct arena *a);

struct lookup lookups_get(const struct lookups *ls, size_t number);

void lookups_free(struct lookups *ls);

/* The same for what is not found at once. */
struct lookup_hit lookup_find_any(
    const struct lookup *l, const struct addr *address);

static inline struct lookup_hit
lookup_find(const struct lookup *l, const struct addr *address)
{
	struct trie_hit hit;

	if (address->family != 4 || l->classes != NULL)
		return lookup_find_any(l, address);
	hit = trie_find(l->ipv4, address->bytes);
	return (struct lookup_hit){hit.value, hit.depth};
}

#endif
