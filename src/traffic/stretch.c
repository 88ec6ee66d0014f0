/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/stretch.h"

#include <math.h>

enum { TEREDO_BITS = 32 };

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

static bool
is_teredo(const struct addr *a)
{
	static const struct addr teredo = {{0x20, 0x01}, 6};

	return addr_match(a, &teredo, TEREDO_BITS);
}

/* The longest prefix of what both have, as close as one may look. */
static uint8_t
depth_of(const struct stretch *s, const struct policy_hit hits[2],
    const struct prefix *p, uint8_t finest)
{
	uint8_t depth =
	    hits[0].depth > hits[1].depth ? hits[0].depth : hits[1].depth;

	if (is_teredo(&s->prefix.addr) && depth > TEREDO_BITS)
		depth = TEREDO_BITS;
	if (depth > finest)
		depth = finest;
	return depth > p->len ? depth : p->len;
}

void
stretch_walk(const struct policy_table *a, const struct policy_table *b,
    const struct prefix *p, const uint8_t finest[2], stretch_tell *tell,
    void *arg)
{
	struct stretch s = {.prefix = *p};

	addr_mask(&s.prefix.addr, p->len);
	do {
		const struct policy_hit hits[2] = {
		    policy_find(a, &s.prefix.addr),
		    policy_find(b, &s.prefix.addr),
		};

		s.prefix.len =
		    depth_of(&s, hits, p, finest[p->addr.family == 6]);
		s.class[0] = hits[0].class;
		s.class[1] = hits[1].class;
		s.part = ldexp(1, (int)p->len - s.prefix.len);
		tell(&s, arg);
	} while (prefix_next(&s.prefix) && prefix_covers(p, &s.prefix.addr));
}
