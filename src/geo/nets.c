/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/nets.h"

#include <stdlib.h>
#include <string.h>

#include "geo/prefix.h"

struct entry {
	struct prefix prefix;
	uint16_t net;
	uint32_t around; /* the entry that covers it, + 1; 0: none */
};

struct nets {
	VEC(struct entry) families[2]; /* IPv4, IPv6; by address, then length */
};

static int
compare(const void *x, const void *y)
{
	const struct entry *a = x, *b = y;
	int c = memcmp(a->prefix.addr.bytes, b->prefix.addr.bytes,
	    sizeof(a->prefix.addr.bytes));

	if (c != 0)
		return c;
	if (a->prefix.len != b->prefix.len)
		return a->prefix.len < b->prefix.len ? -1 : 1;
	return a->net - b->net;
}

static void
put(struct nets *n, const struct prefix *p, size_t net)
{
	const struct entry e = {.prefix = *p, .net = (uint16_t)net};

	vec_push(&n->families[p->addr.family == 6], e);
}

/* Prefixes lie in each other or apart: the one around an entry is the one
 * before it, or one around that. */
static void
nest(struct entry *all, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		uint32_t around = (uint32_t)i;

		while (around > 0 &&
		    !prefix_covers(
			&all[around - 1].prefix, &all[i].prefix.addr))
			around = all[around - 1].around;
		all[i].around = around;
	}
}

struct nets *
nets_new(const struct conf *conf)
{
	struct nets *n = xcalloc(1, sizeof(*n));

	for (size_t i = 0; i < conf->nnets; i++)
		for (size_t k = 0; k < conf->nets[i].nprefixes; k++)
			put(n, &conf->nets[i].prefixes[k], i);
	for (size_t f = 0; f < 2; f++) {
		if (n->families[f].n == 0)
			continue;
		qsort(n->families[f].at, n->families[f].n, sizeof(struct entry),
		    compare);
		nest(n->families[f].at, n->families[f].n);
	}
	return n;
}

void
nets_free(struct nets *n)
{
	if (n == NULL)
		return;
	vec_free(&n->families[0]);
	vec_free(&n->families[1]);
	free(n);
}

/* How many entries begin at a or before it. */
static size_t
count_before(const struct entry *all, size_t n, const struct addr *a)
{
	size_t low = 0, high = n;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (memcmp(all[middle].prefix.addr.bytes, a->bytes,
			sizeof(a->bytes)) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
stay_outside(const struct prefix *p, const struct addr *a, unsigned *depth)
{
	unsigned beside = prefix_depth_beside(p, a);

	if (beside > *depth)
		*depth = beside;
}

void
nets_find(const struct nets *n, const struct addr *a, struct nets_found *f)
{
	const struct entry *all = n->families[a->family == 6].at;
	size_t count = n->families[a->family == 6].n;
	size_t next = count_before(all, count, a), last = next;
	uint32_t at = (uint32_t)next;

	*f = (struct nets_found){.net = CONF_NONE};
	/* The nearest on either side that do not cover. */
	if (next < count)
		stay_outside(&all[next].prefix, a, &f->depth);
	while (last > 0 && prefix_covers(&all[last - 1].prefix, a))
		last--;
	if (last > 0)
		stay_outside(&all[last - 1].prefix, a, &f->depth);
	for (; at > 0; at = all[at - 1].around) {
		const struct entry *e = &all[at - 1];

		if (!prefix_covers(&e->prefix, a))
			continue;
		f->nets |= UINT64_C(1) << e->net;
		if (f->net != CONF_NONE)
			continue;
		f->net = e->net;
		f->longest = e->prefix;
		if (e->prefix.len > f->depth)
			f->depth = e->prefix.len;
	}
}
