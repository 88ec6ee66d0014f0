/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove/subnet.h"

#include "geo/prefix.h"
#include "prove/space.h"

/* What a scan says of an address. */
struct scanned {
	bool counts;
	unsigned depth; /* of a prefix around it in which that is so */
};

static void
beside(const struct addr *a, const struct prefix *p, unsigned *depth)
{
	unsigned n = 0;

	if (a->family == p->addr.family)
		n = prefix_depth_beside(p, a);
	if (n > *depth)
		*depth = n;
}

static void
scan(const struct geo *geo, const struct addr *a, struct scanned *s)
{
	struct nets_found nets;
	size_t n;
	const struct prefix *p = addr_unroutable(&n);

	geo_find_nets(geo, a, &nets);
	s->depth = nets.depth;
	for (size_t i = 0; i < n; i++)
		beside(a, &p[i], &s->depth);
	s->counts = !addr_is_unroutable(a) || nets.nets != 0;
}

/* An IPv4 address within IPv6 counts as that. */
static void
scan_counted(const struct geo *geo, const struct addr *a, struct scanned *s)
{
	struct addr v4;
	unsigned offset;
	size_t n;
	const struct prefix *p = addr_embedding(&n);

	if (addr_embedded(a, &v4, &offset)) {
		scan(geo, &v4, s);
		s->depth += offset;
		return;
	}
	scan(geo, a, s);
	for (size_t i = 0; i < n; i++)
		beside(a, &p[i], &s->depth);
}

struct walk {
	const struct snapshot *snapshot;
	struct findings *findings;
	struct prefix last; /* the leaf before; family 0: none */
	bool last_counts;
	size_t leaves;
};

/* Is b the right sibling of a? */
static bool
is_sibling(const struct prefix *a, const struct prefix *b)
{
	return a->addr.family != 0 && a->len == b->len && b->len > 0 &&
	    addr_match(&a->addr, &b->addr, b->len - 1u) &&
	    addr_bit(&b->addr, b->len - 1u);
}

static void
look_at_leaf(struct walk *w, const struct addr *a, const struct client_hit *hit)
{
	struct prefix leaf = {*a, hit->depth};
	char buf[PREFIX_TEXT_MAX];

	addr_mask(&leaf.addr, leaf.len);
	if (w->leaves > 0 && leaf.len == w->last.len &&
	    addr_equal(&leaf.addr, &w->last.addr))
		return;
	if (is_sibling(&w->last, &leaf) && hit->counts == w->last_counts)
		findings_add(w->findings, CLAIM_CLIENTS, NULL,
		    "the leaf %s is longer than need be: its sibling is the "
		    "same",
		    prefix_format(buf, &leaf));
	w->last = leaf;
	w->last_counts = hit->counts;
	w->leaves++;
}

static void
walk_family(struct walk *w, uint8_t family)
{
	struct addr at = {.family = family};
	char buf[ADDR_TEXT_MAX];
	struct client_hit hit;
	struct scanned s;

	w->last.addr.family = 0;
	do {
		hit = client_find(w->snapshot->clients, &at);
		scan_counted(w->snapshot->geo, &at, &s);
		look_at_leaf(w, &at, &hit);
		if (hit.counts != s.counts)
			findings_add(w->findings, CLAIM_CLIENTS, NULL,
			    "a client subnet at %s %s", addr_format(buf, &at),
			    hit.counts ? "counts, and must not"
				       : "does not count, and must");
	} while (space_next(&at, hit.depth > s.depth ? hit.depth : s.depth));
}

size_t
subnet_prove(const struct snapshot *s, struct findings *findings)
{
	struct walk w = {.snapshot = s, .findings = findings};

	walk_family(&w, 4);
	walk_family(&w, 6);
	return w.leaves;
}
