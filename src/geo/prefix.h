/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Covers: the space of a family cut into leaves, which are prefixes with a
 * value.  Pure; a cover belongs to who made it (cover_free).
 */
#ifndef GEO_PREFIX_H
#define GEO_PREFIX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/net.h"

enum { COVER_VALUE_MAX = 0xffffff };

/*
 * A place in the space of either family: an address whose first bit is the
 * highest.  Beyond the last address it is 0 again.
 */
typedef unsigned __int128 cover_place;

/*
 * Leaves in order of addresses, without gaps, so that their lengths say where
 * each begins: value << 8 | length.  Begins as zeros.
 */
struct cover {
	VEC(uint32_t) leaves;
	cover_place end; /* of those that are put */
};

static inline uint32_t
cover_leaf_value(uint32_t leaf)
{
	return leaf >> 8;
}

static inline unsigned
cover_leaf_len(uint32_t leaf)
{
	return leaf & 0xff;
}

/* A prefix and what it is part of. */
struct prefix_member {
	struct prefix prefix;
	uint64_t mask;
};

void cover_free(struct cover *c);

/* Is the last prefix of that length before the place the second half of the one
 * that is a bit shorter? */
static inline bool
cover_is_second(cover_place end, unsigned len)
{
	uint64_t high = (uint64_t)(end >> 64);

	return len <= 64 ? (high >> (64 - len) & 1) == 0
			 : ((uint64_t)end >> (128 - len) & 1) == 0;
}

/* The next leaf, as a prefix of that length.  Siblings of equal value become
 * one leaf, as long as there are any. */
static inline void
cover_put(struct cover *c, unsigned len, uint32_t value)
{
	uint32_t leaf = value << 8 | len;
	size_t n = c->leaves.n;

	if (len > 0 && len <= 64)
		c->end += (cover_place)(1ull << (64 - len)) << 64;
	else if (len > 64)
		c->end += 1ull << (128 - len);
	while (n > 0 && c->leaves.at[n - 1] == leaf && len > 0 &&
	    cover_is_second(c->end, len)) {
		n--;
		leaf--;
		len--;
	}
	c->leaves.n = n;
	vec_push(&c->leaves, leaf);
}

/* The prefix of that length at the place, which moves behind it. */
struct prefix cover_prefix(cover_place *at, uint8_t family, unsigned len);

/*
 * The space of a family cut so that each leaf lies in the same prefixes; value
 * turns the union of their masks into the leaf's value.  Sorts the members,
 * which are all of that family.
 */
void cover_cut(struct cover *c, uint8_t family, struct prefix_member *members,
    size_t n, uint32_t (*value)(uint64_t mask, void *arg), void *arg);

/* The same with the mask, as a number, of the longest prefix around each leaf;
 * 0: there is none. */
void cover_nest(
    struct cover *c, uint8_t family, struct prefix_member *members, size_t n);

/* How long a prefix of a must be to lie wholly in p, or wholly outside. */
unsigned prefix_depth_beside(const struct prefix *p, const struct addr *a);

#endif
