/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Covers: the space of a family cut into leaves, from prefixes, and covers laid
 * over each other.  Pure; a cover belongs to who made it (cover_free).
 */
#ifndef GEO_PREFIX_H
#define GEO_PREFIX_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/net.h"
#include "geo/trie.h"

/* Sorted, disjoint, without gaps. */
struct cover {
	VEC(struct trie_leaf) leaves;
};

/* A prefix and what it is part of. */
struct prefix_member {
	struct prefix prefix;
	uint64_t mask;
};

void cover_free(struct cover *c);

void cover_put(struct cover *c, const struct prefix *p, uint32_t value);

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

/* The common refinement; value combines those of both. */
void cover_overlay(struct cover *out, const struct cover *a,
    const struct cover *b, uint32_t (*value)(uint32_t a, uint32_t b, void *arg),
    void *arg);

#endif
