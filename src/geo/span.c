/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/span.h"

#include <math.h>
#include <string.h>

#include "geo/prefix.h"

struct span {
	uint8_t first[16], last[16];
	uint32_t value;
	uint32_t other; /* of what counts as IPv4: a second value in it */
	uint32_t turn;  /* the next one that has another value */
};

struct list {
	const struct span *all;
	size_t n;
};

struct spans {
	struct list clients[2]; /* what counts in IPv4, IPv6; */
	struct list rest[2];    /* and what does not */
	struct span_hit ipv4;   /* of all IPv4 */
};

/* Building --------------------------------------------------------------- */

struct put_list {
	VEC(struct span) all;
};

struct put {
	const struct place *places;
	const uint32_t *value_of; /* them */
	unsigned bits;            /* of an address */
	struct put_list clients, rest;
};

static void
last_of(uint8_t last[16], const uint8_t *first, unsigned len, unsigned bits)
{
	memcpy(last, first, 16);
	if (len == bits)
		return;
	last[len / 8] |= (uint8_t)(0xff >> (len % 8));
	memset(last + len / 8 + 1, 0xff, (bits - 1) / 8 - len / 8);
}

/* Does b begin where a ends? */
static bool
is_next(const struct span *a, const struct span *b, unsigned bits)
{
	struct addr after; /* its octets alone */

	memcpy(after.bytes, a->last, sizeof(after.bytes));
	return addr_next(&after, bits) &&
	    memcmp(after.bytes, b->first, sizeof(after.bytes)) == 0;
}

static void
put(struct put_list *l, const struct span *s, unsigned bits)
{
	struct span *before = l->all.n > 0 ? &l->all.at[l->all.n - 1] : NULL;

	if (before != NULL && before->value == s->value &&
	    before->other == s->other && is_next(before, s, bits))
		memcpy(before->last, s->last, sizeof(s->last));
	else
		vec_push(&l->all, *s);
}

/* All that counts as IPv4 is one span, whose inside is found there. */
static void
put_embedding(
    struct put *p, const struct prefix *prefix, const struct span_hit *ipv4)
{
	struct span s = {.value = ipv4->value, .other = ipv4->other};

	memcpy(s.first, prefix->addr.bytes, sizeof(s.first));
	last_of(s.last, s.first, prefix->len, p->bits);
	put(&p->clients, &s, p->bits);
}

enum part { ALL_ROUTABLE, SOME_ROUTABLE, NONE_ROUTABLE };

static enum part
part_of(const struct prefix *p)
{
	enum part part = ALL_ROUTABLE;
	size_t n;
	const struct prefix *un = addr_unroutable(&n);

	for (size_t i = 0; i < n; i++) {
		if (un[i].len <= p->len && prefix_covers(&un[i], &p->addr))
			return NONE_ROUTABLE;
		if (un[i].len > p->len && prefix_covers(p, &un[i].addr))
			part = SOME_ROUTABLE;
	}
	return part;
}

static void
put_prefix(struct put *p, const struct prefix *prefix, uint32_t value, bool net)
{
	enum part part = net ? ALL_ROUTABLE : part_of(prefix);
	struct span s = {.value = value};
	struct prefix half = *prefix;

	if (part == SOME_ROUTABLE) {
		half.len++;
		put_prefix(p, &half, value, net);
		half.addr.bytes[prefix->len / 8] |=
		    (uint8_t)(0x80 >> (prefix->len % 8));
		put_prefix(p, &half, value, net);
	} else {
		memcpy(s.first, prefix->addr.bytes, sizeof(s.first));
		last_of(s.last, s.first, prefix->len, p->bits);
		put(part == NONE_ROUTABLE ? &p->rest : &p->clients, &s,
		    p->bits);
	}
}

static void
put_leaves(
    struct put *p, struct geo *geo, uint8_t family, const struct span_hit *ipv4)
{
	const struct cover *leaves = geo_leaves(geo, family, NULL);
	cover_place at = 0;

	p->bits = family == 4 ? 32 : 128;
	for (size_t i = 0; i < leaves->leaves.n; i++) {
		uint32_t place = cover_leaf_value(leaves->leaves.at[i]);
		struct prefix prefix = cover_prefix(
		    &at, family, cover_leaf_len(leaves->leaves.at[i]));

		if (place == GEO_EMBEDDED) {
			if (ipv4->value != 0)
				put_embedding(p, &prefix, ipv4);
		} else if (p->value_of[place] != 0) {
			put_prefix(p, &prefix, p->value_of[place],
			    p->places[place].nets != 0);
		}
	}
}

static struct list
keep(struct arena *a, struct put_list *l)
{
	const size_t n = l->all.n;
	struct span *all = l->all.at;
	struct list list = {.n = n};

	for (size_t i = n; i-- > 0;) {
		all[i].turn = (uint32_t)i + 1;
		while (all[i].turn < n &&
		    all[all[i].turn].value == all[i].value &&
		    all[all[i].turn].other == 0)
			all[i].turn = all[all[i].turn].turn;
	}
	list.all = arena_dup(a, all, n * sizeof(*all));
	vec_free(&l->all);
	return list;
}

const struct spans *
spans_build(struct arena *a, struct geo *geo, const uint32_t *value_of)
{
	static const struct prefix ipv4 = {.addr = {.family = 4}};
	struct spans *s = arena_alloc(a, sizeof(*s));
	struct put p = {.value_of = value_of};
	size_t n;

	p.places = geo_places(geo, &n);
	put_leaves(&p, geo, 4, NULL);
	s->clients[0] = keep(a, &p.clients);
	s->rest[0] = keep(a, &p.rest);
	s->ipv4 = spans_find(s, &ipv4);
	put_leaves(&p, geo, 6, &s->ipv4);
	s->clients[1] = keep(a, &p.clients);
	s->rest[1] = keep(a, &p.rest);
	return s->clients[0].n + s->clients[1].n + s->rest[0].n + s->rest[1].n >
		0
	    ? s
	    : NULL;
}

/* Finding ---------------------------------------------------------------- */

/* The first one that does not end before the address; n: none. */
static size_t
reach(const struct list *l, const uint8_t *first)
{
	size_t low = 0, n = l->n;

	while (low < n) {
		size_t middle = low + (n - low) / 2;

		if (memcmp(l->all[middle].last, first, 16) < 0)
			low = middle + 1;
		else
			n = middle;
	}
	return low;
}

static struct addr
first_of(const struct spans *s, const struct span *at, const struct prefix *p)
{
	struct addr first = p->addr, v4;
	unsigned offset;

	if (memcmp(at->first, p->addr.bytes, sizeof(at->first)) > 0)
		memcpy(first.bytes, at->first, sizeof(at->first));
	return addr_embedded(&first, &v4, &offset) ? s->ipv4.first : first;
}

static struct span_hit
find(const struct spans *s, const struct prefix *p)
{
	const struct list *l = &s->clients[p->addr.family == 6];
	const struct span *at, *next;
	struct span_hit hit = {.value = 0};
	uint8_t last[16];
	size_t i = reach(l, p->addr.bytes);

	last_of(last, p->addr.bytes, p->len, addr_bits(&p->addr));
	if (i == l->n || memcmp(l->all[i].first, last, sizeof(last)) > 0)
		return hit;
	at = &l->all[i];
	hit.value = at->value;
	hit.other = at->other;
	hit.first = first_of(s, at, p);
	if (hit.other != 0 || at->turn == l->n)
		return hit;
	next = &l->all[at->turn];
	if (memcmp(next->first, last, sizeof(last)) <= 0)
		hit.other =
		    next->value != hit.value ? next->value : next->other;
	return hit;
}

struct span_hit
spans_find(const struct spans *s, const struct prefix *p)
{
	struct prefix inner;
	unsigned offset;

	if (!addr_embedded(&p->addr, &inner.addr, &offset) || p->len < offset)
		return find(s, p);
	/* What is 0 beyond the length may be 1 inside (RFC 4380 4). */
	inner.len = (uint8_t)(p->len - offset > 32 ? 32 : p->len - offset);
	addr_mask(&inner.addr, inner.len);
	return find(s, &inner);
}

uint32_t
spans_value(const struct spans *s, const struct addr *a)
{
	struct prefix p = {*a, (uint8_t)addr_bits(a)};
	uint32_t value = spans_find(s, &p).value;
	const struct list *l;
	unsigned offset;
	size_t i;

	if (value != 0)
		return value;
	if (!addr_embedded(a, &p.addr, &offset))
		p.addr = *a;
	l = &s->rest[p.addr.family == 6];
	i = reach(l, p.addr.bytes);
	return i < l->n && memcmp(l->all[i].first, p.addr.bytes, 16) <= 0
	    ? l->all[i].value
	    : 0;
}

/* Of both ends and what is between, in units of which a prefix of so many bits
 * is one. */
static double
size_of(const struct span *s, unsigned bits, unsigned address_bits)
{
	double size = ldexp(1, (int)bits - (int)address_bits);

	for (int i = 0; i < (int)address_bits / 8; i++)
		size +=
		    ldexp(s->last[i] - s->first[i], (int)bits - 8 * (i + 1));
	return size;
}

void
spans_measure(const struct spans *s, uint32_t value, double size[2])
{
	static const unsigned bits[2] = {32, 48};

	for (size_t f = 0; f < 2; f++) {
		size[f] = 0;
		for (size_t i = 0; i < s->clients[f].n; i++) {
			const struct span *at = &s->clients[f].all[i];
			struct addr first = {.family = f == 0 ? 4 : 6};
			struct addr v4;
			unsigned offset;

			memcpy(first.bytes, at->first, sizeof(at->first));
			if (at->value == value &&
			    !addr_embedded(&first, &v4, &offset))
				size[f] +=
				    size_of(at, bits[f], f == 0 ? 32 : 128);
		}
	}
}

/* The longest prefix that holds both. */
static struct prefix
around(const struct span *a, const struct span *b, uint8_t family)
{
	struct prefix p = {.addr = {.family = family}};
	struct addr other = {.family = family};

	memcpy(p.addr.bytes, a->last, sizeof(p.addr.bytes));
	memcpy(other.bytes, b->first, sizeof(other.bytes));
	while (addr_bit(&p.addr, p.len) == addr_bit(&other, p.len))
		p.len++;
	addr_mask(&p.addr, p.len);
	return p;
}

void
spans_clashes(
    const struct spans *s, const unsigned len[2], span_tell *tell, void *arg)
{
	for (size_t f = 0; f < 2; f++) {
		const struct list *l = &s->clients[f];

		for (size_t i = 0; i + 1 < l->n; i++) {
			const struct span *a = &l->all[i], *b = a + 1;
			struct span_clash c = {
			    .prefix = around(a, b, f == 0 ? 4 : 6),
			    .values = {a->value, b->value},
			};

			c.at[0].family = c.at[1].family = c.prefix.addr.family;
			memcpy(c.at[0].bytes, a->last, sizeof(a->last));
			memcpy(c.at[1].bytes, b->first, sizeof(b->first));
			if (a->value != b->value && c.prefix.len >= len[f])
				tell(&c, arg);
		}
	}
}
