/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/stretch.h"

#include <math.h>

/* To the first address after the prefix; false: there is none. */
static bool
prefix_next(struct prefix *p)
{
	unsigned bit = p->len;

	while (bit-- > 0) {
		uint8_t mask = (uint8_t)(0x80 >> (bit % 8));

		p->addr.bytes[bit / 8] ^= mask;
		if ((p->addr.bytes[bit / 8] & mask) != 0)
			return true;
	}
	return false;
}

/* IPv6 that holds IPv4: 6to4 (RFC 3056 2), Teredo (RFC 4380 4). */
static const struct prefix transitions[] = {
    {{{0x20, 0x02}, 6}, 16},
    {{{0x20, 0x01}, 6}, 32},
};

static unsigned
finest_of(const struct stretch_by *by, const struct addr *a)
{
	unsigned finest = by->finest[a->family == 6];

	for (size_t i = 0; i < 2; i++)
		if (prefix_covers(&transitions[i], a))
			finest = transitions[i].len;
	return finest;
}

/* What the tables say of the stretch's first address; how long a prefix of it
 * must be for that to hold in all of it. */
static unsigned
look(const struct stretch_by *by, struct stretch *s)
{
	const struct addr *a = &s->prefix.addr;
	unsigned depth = 0;

	for (size_t i = 0; i < 2; i++) {
		struct lookup_hit hit = lookup_find(&by->tables[i]->lookup, a);
		struct origin_hit origin = {0};

		if (by->origins[i] != NULL)
			origin = origin_find(by->origins[i], a);
		s->class[i] = hit.class;
		s->country[i] = origin.country;
		depth = hit.depth > depth ? hit.depth : depth;
		depth = origin.depth > depth ? origin.depth : depth;
	}
	return depth;
}

void
stretch_walk(const struct stretch_by *by, const struct prefix *p,
    stretch_tell *tell, void *arg)
{
	struct stretch s = {.prefix = *p};

	addr_mask(&s.prefix.addr, p->len);
	do {
		unsigned finest = finest_of(by, &s.prefix.addr);
		unsigned len = look(by, &s);

		if (len > finest)
			len = finest;
		s.prefix.len = (uint8_t)(len > p->len ? len : p->len);
		s.part = ldexp(1, (int)p->len - s.prefix.len);
		tell(&s, arg);
	} while (prefix_next(&s.prefix) && prefix_covers(p, &s.prefix.addr));
}
