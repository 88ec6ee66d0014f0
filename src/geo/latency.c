/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/latency.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

struct latency_entry {
	struct prefix prefix;
	uint32_t around; /* index + 1 of the next shorter one that covers it */
	uint32_t first, n; /* in rows */
	uint32_t order;    /* number: index + 1 */
};

/* Regions, the quickest first. */
struct order {
	const uint16_t *regions;
	uint16_t n;
};

struct latency {
	struct conf_latency_row *rows; /* by family, prefix and region */
	size_t nrows;
	VEC(struct latency_entry) entries; /* in order of prefixes */
	size_t first[3];                   /* of IPv4, of IPv6, and their end */
	struct arena *arena;               /* of orders */
	VEC(struct order) orders;
	uint32_t *slots; /* by hash: number of an order; 0: free */
	size_t nslots;
};

static int
compare_prefixes(const struct prefix *a, const struct prefix *b)
{
	int order = a->addr.family - b->addr.family;

	if (order == 0)
		order = memcmp(a->addr.bytes, b->addr.bytes, 16);
	return order != 0 ? order : a->len - b->len;
}

static int
compare_rows(const void *x, const void *y)
{
	const struct conf_latency_row *a = x, *b = y;
	int order = compare_prefixes(&a->prefix, &b->prefix);

	return order != 0 ? order : a->region - b->region;
}

/* Building ---------------------------------------------------------------- */

static uint32_t *
order_slot(const struct latency *l, const struct order *o)
{
	size_t size = o->n * sizeof(*o->regions);
	size_t i = XXH3_64bits(o->regions, size) & (l->nslots - 1);

	for (; l->slots[i] != 0; i = (i + 1) & (l->nslots - 1)) {
		const struct order *other = &l->orders.at[l->slots[i] - 1];

		if (other->n == o->n &&
		    memcmp(other->regions, o->regions, size) == 0)
			break;
	}
	return &l->slots[i];
}

static void
orders_grow(struct latency *l)
{
	l->nslots = l->nslots == 0 ? 64 : 2 * l->nslots;
	free(l->slots);
	l->slots = xcalloc(l->nslots, sizeof(*l->slots));
	for (size_t i = 0; i < l->orders.n; i++)
		*order_slot(l, &l->orders.at[i]) = (uint32_t)i + 1;
}

static uint32_t
order_number(struct latency *l, const struct order *o)
{
	struct order copy = *o;
	uint32_t *slot;

	if (2 * l->orders.n >= l->nslots)
		orders_grow(l);
	slot = order_slot(l, o);
	if (*slot == 0) {
		copy.regions =
		    arena_dup(l->arena, o->regions, o->n * sizeof(*o->regions));
		vec_push(&l->orders, copy);
		*slot = (uint32_t)l->orders.n;
	}
	return *slot;
}

static const struct latency_entry *
entry_around(const struct latency *l, const struct latency_entry *e)
{
	return e->around != 0 ? &l->entries.at[e->around - 1] : NULL;
}

/* Regions as they are gathered for one entry. */
struct gathered {
	VEC(struct measured {
		uint32_t us;
		uint16_t region;
	})
	all;
	uint32_t *seen; /* of each region: the round it was last put in */
	uint32_t round;
	VEC(uint16_t) regions;
};

static int
compare_measured(const void *x, const void *y)
{
	const struct measured *a = x, *b = y;

	if (a->us != b->us)
		return a->us < b->us ? -1 : 1;
	return a->region - b->region;
}

/* The longest prefix that has a region counts. */
static uint32_t
entry_order(
    struct latency *l, const struct latency_entry *e, struct gathered *g)
{
	struct order o = {.n = 0};

	g->round++;
	g->all.n = g->regions.n = 0;
	for (; e != NULL; e = entry_around(l, e)) {
		for (uint32_t i = 0; i < e->n; i++) {
			const struct conf_latency_row *r =
			    &l->rows[e->first + i];

			if (g->seen[r->region] == g->round)
				continue;
			g->seen[r->region] = g->round;
			vec_push(
			    &g->all, ((struct measured){r->us, r->region}));
		}
	}
	qsort(g->all.at, g->all.n, sizeof(*g->all.at), compare_measured);
	for (size_t i = 0; i < g->all.n; i++)
		vec_push(&g->regions, g->all.at[i].region);
	o.regions = g->regions.at;
	o.n = (uint16_t)g->regions.n;
	return order_number(l, &o);
}

/* What the entries before make of those that cover the new one. */
static uint32_t
find_around(const struct latency *l, const struct prefix *p)
{
	const struct latency_entry *e;

	if (l->entries.n == 0)
		return 0;
	e = &l->entries.at[l->entries.n - 1];
	while (e != NULL &&
	    (e->prefix.addr.family != p->addr.family ||
		!prefix_covers(&e->prefix, &p->addr)))
		e = entry_around(l, e);
	return e != NULL ? (uint32_t)(e - l->entries.at) + 1 : 0;
}

static void
entries_make(struct latency *l)
{
	for (size_t i = 0; i < l->nrows; i++) {
		const struct prefix *p = &l->rows[i].prefix;
		struct latency_entry e = {
		    .prefix = *p, .first = (uint32_t)i, .n = 1};

		if (l->entries.n > 0 &&
		    compare_prefixes(
			&l->entries.at[l->entries.n - 1].prefix, p) == 0) {
			l->entries.at[l->entries.n - 1].n++;
			continue;
		}
		e.around = find_around(l, p);
		if (p->addr.family == 4)
			l->first[1] = l->entries.n + 1;
		vec_push(&l->entries, e);
	}
	l->first[2] = l->entries.n;
}

static size_t
regions_end(const struct conf_latency *conf)
{
	size_t end = 1;

	for (size_t i = 0; i < conf->nrows; i++)
		if (conf->rows[i].region >= end)
			end = conf->rows[i].region + 1u;
	return end;
}

struct latency *
latency_build(const struct conf_latency *conf)
{
	struct latency *l = xcalloc(1, sizeof(*l));
	struct gathered g = {.round = 0};

	l->arena = arena_new();
	l->nrows = conf->nrows;
	l->rows = xcalloc(l->nrows + 1, sizeof(*l->rows));
	if (l->nrows > 0)
		memcpy(l->rows, conf->rows, l->nrows * sizeof(*l->rows));
	qsort(l->rows, l->nrows, sizeof(*l->rows), compare_rows);
	entries_make(l);
	g.seen = xcalloc(regions_end(conf), sizeof(*g.seen));
	for (size_t i = 0; i < l->entries.n; i++)
		l->entries.at[i].order = entry_order(l, &l->entries.at[i], &g);
	free(g.seen);
	vec_free(&g.all);
	vec_free(&g.regions);
	return l;
}

void
latency_free(struct latency *l)
{
	if (l == NULL)
		return;
	vec_free(&l->entries);
	vec_free(&l->orders);
	free(l->rows);
	free(l->slots);
	arena_free(l->arena);
	free(l);
}

/* Asking ------------------------------------------------------------------ */

/* How many of the family's entries stand at the address or before it. */
static size_t
count_before(const struct latency *l, const struct addr *a)
{
	size_t from = l->first[a->family == 6];
	size_t end = l->first[1 + (a->family == 6)], first = from;

	while (from < end) {
		size_t middle = from + (end - from) / 2;

		if (memcmp(l->entries.at[middle].prefix.addr.bytes, a->bytes,
			addr_bits(a) / 8) <= 0)
			from = middle + 1;
		else
			end = middle;
	}
	return from - first;
}

/* In order of prefixes, those beside an address have the most bits in common
 * with it of all that do not cover it. */
const struct latency_entry *
latency_find(const struct latency *l, const struct addr *a, unsigned *depth)
{
	size_t first = l->first[a->family == 6];
	size_t end = l->first[1 + (a->family == 6)];
	size_t at = first + count_before(l, a);
	const struct latency_entry *e =
	    at > first ? &l->entries.at[at - 1] : NULL;
	unsigned beside;

	*depth = 0;
	if (at < end)
		*depth = prefix_depth_beside(&l->entries.at[at].prefix, a);
	for (; e != NULL; e = entry_around(l, e)) {
		beside = prefix_depth_beside(&e->prefix, a);
		*depth = beside > *depth ? beside : *depth;
		if (prefix_covers(&e->prefix, a))
			return e;
	}
	return NULL;
}

void
latency_tell_order(const struct latency *l, uint32_t order, struct place *p)
{
	if (order == 0)
		return;
	p->quickest = l->orders.at[order - 1].regions;
	p->nquickest = l->orders.at[order - 1].n;
}

void
latency_tell(
    const struct latency *l, const struct latency_entry *e, struct place *p)
{
	if (e != NULL)
		latency_tell_order(l, e->order, p);
}

void
latency_cover(const struct latency *l, uint8_t family, struct cover *cover)
{
	VEC(struct prefix_member) members = {0};

	for (size_t i = l->first[family == 6]; i < l->first[1 + (family == 6)];
	     i++) {
		const struct latency_entry *e = &l->entries.at[i];

		vec_push(
		    &members, ((struct prefix_member){e->prefix, e->order}));
	}
	cover_nest(cover, family, members.at, members.n);
	vec_free(&members);
}

uint32_t
latency_us(
    const struct latency *l, const struct latency_entry *e, uint16_t region)
{
	for (; e != NULL; e = entry_around(l, e))
		for (uint32_t i = 0; i < e->n; i++)
			if (l->rows[e->first + i].region == region)
				return l->rows[e->first + i].us;
	return LATENCY_UNKNOWN;
}
