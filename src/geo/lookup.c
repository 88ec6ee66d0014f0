/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/lookup.h"

#include <stdlib.h>
#include <string.h>

enum { AHEAD = 16 }; /* leaves whose values are fetched early */

struct lookups {
	const struct cover *leaves[2]; /* IPv4, IPv6 */
	size_t nplaces;
	VEC(uint32_t *) classes; /* of each lookup, by place */
	VEC(struct lookup) built;
	uint32_t *cell; /* by place */
	size_t ncells;
	struct sets sets; /* of cells */
};

struct lookups *
lookups_new(const struct cover *ipv4, const struct cover *ipv6, size_t nplaces)
{
	struct lookups *ls = xcalloc(1, sizeof(*ls));

	ls->leaves[0] = ipv4;
	ls->leaves[1] = ipv6;
	ls->nplaces = nplaces;
	return ls;
}

struct lookups *
lookups_of(struct geo *geo)
{
	size_t n;

	geo_places(geo, &n);
	return lookups_new(
	    geo_leaves(geo, 4, NULL), geo_leaves(geo, 6, NULL), n);
}

size_t
lookups_add(struct lookups *ls, uint32_t *classes)
{
	const size_t size = ls->nplaces * sizeof(*classes);

	for (size_t i = 0; i < ls->classes.n; i++) {
		if (memcmp(ls->classes.at[i], classes, size) == 0) {
			free(classes);
			return i;
		}
	}
	vec_push(&ls->classes, classes);
	return ls->classes.n - 1;
}

struct lookup
lookups_get(const struct lookups *ls, size_t number)
{
	return ls->built.at[number];
}

void
lookups_free(struct lookups *ls)
{
	for (size_t i = 0; i < ls->classes.n; i++)
		free(ls->classes.at[i]);
	vec_free(&ls->classes);
	vec_free(&ls->built);
	sets_free(&ls->sets);
	free(ls->cell);
	free(ls);
}

/* Building --------------------------------------------------------------- */

/* Places of different classes get different cells. */
static void
cells_split(struct lookups *ls, const uint32_t *classes)
{
	struct intern known = {0};
	uint32_t n = 0;

	for (size_t i = 0; i < ls->nplaces; i++) {
		uint64_t key = ((uint64_t)classes[i] << 32 | ls->cell[i]) + 1;
		struct interned *pair = intern_get(&known, key);

		ls->cell[i] = pair->key != 0
		    ? pair->value
		    : intern_put(&known, pair, key, n++);
	}
	ls->ncells = n;
	intern_free(&known);
}

/* The leaves with values by place, embedded where they stand for IPv4. */
static struct cover
cover_of(const struct cover *leaves, const uint32_t *values, uint32_t embedded)
{
	const uint32_t *leaf = leaves->leaves.at;
	const size_t n = leaves->leaves.n;
	struct cover c = {.end = 0};

	for (size_t i = 0; i < n; i++) {
		uint32_t place = cover_leaf_value(leaf[i]);

		/* Of a city's places, values are more than a cache holds. */
		__builtin_prefetch(
		    &values[leaf[i + AHEAD < n ? i + AHEAD : i] >> 8]);
		cover_put(&c, cover_leaf_len(leaf[i]),
		    place == GEO_EMBEDDED ? embedded : values[place]);
	}
	return c;
}

static struct lookup
build_one(struct lookups *ls, struct arena *a)
{
	struct lookup l = {NULL, NULL, NULL};
	const uint32_t *classes = ls->classes.at[0];
	struct cover c = cover_of(ls->leaves[0], classes, 0);
	/* All IPv4 alike: IPv6 needs no look inside. */
	uint32_t embedded =
	    c.leaves.n == 1 ? cover_leaf_value(c.leaves.at[0]) : GEO_EMBEDDED;

	l.ipv4 = trie_build(a, &c, 32, NULL);
	c = cover_of(ls->leaves[1], classes, embedded);
	l.ipv6 = trie_build(a, &c, 128, NULL);
	return l;
}

/* By cell and set of cells; the last cell is what stands for IPv4. */
static void
classes_fill(const struct lookups *ls, const uint32_t *classes,
    const struct trie *ipv4, uint32_t *all)
{
	for (size_t i = 0; i < ls->nplaces; i++)
		all[ls->cell[i]] = classes[i];
	all[ls->ncells] = GEO_EMBEDDED;
	sets_classes(&ls->sets, all);
	if (all[trie_set(ipv4)] == SETS_MIXED)
		return;
	all[ls->ncells] = all[trie_set(ipv4)];
	sets_classes(&ls->sets, all);
}

/* New numbers, in order, for cells and for the sets that are of one class in
 * some lookup; all others get the last one.  How many there are. */
static size_t
number_useful(
    const struct lookups *ls, const struct trie *ipv4, uint32_t *numbers)
{
	const size_t n = sets_count(&ls->sets);
	uint32_t *all = xcalloc(n, sizeof(*all));
	bool *useful = xcalloc(n, sizeof(*useful));
	uint32_t next = 0;

	for (size_t k = 0; k < ls->classes.n; k++) {
		classes_fill(ls, ls->classes.at[k], ipv4, all);
		for (size_t i = 0; i < n; i++)
			useful[i] = useful[i] || all[i] != SETS_MIXED;
	}
	for (size_t i = 0; i < n; i++)
		numbers[i] = useful[i] ? next++ : SETS_MIXED;
	for (size_t i = 0; i < n; i++)
		if (!useful[i])
			numbers[i] = next;
	free(useful);
	free(all);
	return next + 1u;
}

/* The sets that are useful to no lookup, which are most, take no memory in
 * each. */
static void
classes_build(
    struct lookups *ls, struct arena *a, struct trie *ipv4, struct trie *ipv6)
{
	const size_t n = sets_count(&ls->sets);
	uint32_t *all = xcalloc(n, sizeof(*all));
	uint32_t *numbers = xcalloc(n, sizeof(*numbers));
	size_t kept = number_useful(ls, ipv4, numbers);

	for (size_t k = 0; k < ls->classes.n; k++) {
		uint32_t *classes = arena_array(a, kept, sizeof(*classes));

		classes_fill(ls, ls->classes.at[k], ipv4, all);
		for (size_t i = 0; i < n; i++)
			classes[numbers[i]] = all[i];
		vec_push(&ls->built, ((struct lookup){ipv4, ipv6, classes}));
	}
	trie_renumber(ipv4, numbers);
	trie_renumber(ipv6, numbers);
	free(numbers);
	free(all);
}

static void
build_shared(struct lookups *ls, struct arena *a)
{
	struct trie *ipv4, *ipv6;
	struct cover c;

	ls->cell = xcalloc(ls->nplaces, sizeof(*ls->cell));
	for (size_t i = 0; i < ls->classes.n; i++)
		cells_split(ls, ls->classes.at[i]);
	ls->sets.nvalues = (uint32_t)ls->ncells + 1;
	c = cover_of(ls->leaves[0], ls->cell, 0);
	ipv4 = trie_build(a, &c, 32, &ls->sets);
	c = cover_of(ls->leaves[1], ls->cell, (uint32_t)ls->ncells);
	ipv6 = trie_build(a, &c, 128, &ls->sets);
	classes_build(ls, a, ipv4, ipv6);
}

void
lookups_build(struct lookups *ls, struct arena *a)
{
	if (ls->classes.n == 1)
		vec_push(&ls->built, build_one(ls, a));
	else if (ls->classes.n > 1)
		build_shared(ls, a);
}

/* Finding ---------------------------------------------------------------- */

static struct lookup_hit
find_in(
    const struct trie *t, const uint32_t *classes, const struct addr *address)
{
	struct trie_hit hit = classes == NULL
	    ? trie_find(t, address->bytes)
	    : trie_find_class(t, address->bytes, classes);

	return (struct lookup_hit){hit.value, hit.depth};
}

struct lookup_hit
lookup_find_any(const struct lookup *l, const struct addr *address)
{
	struct lookup_hit hit;
	struct addr v4;
	unsigned offset;

	if (address->family == 4)
		return find_in(l->ipv4, l->classes, address);
	hit = find_in(l->ipv6, l->classes, address);
	if (hit.class == GEO_EMBEDDED && addr_embedded(address, &v4, &offset)) {
		hit = find_in(l->ipv4, l->classes, &v4);
		hit.depth = (uint8_t)(offset + hit.depth);
	}
	return hit;
}
