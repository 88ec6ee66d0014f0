/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sets of the values of a trie, as they lie below its prefixes: numbers, so
 * that who maps values to classes of its own maps each set once, to the one
 * class of all its values or to none.
 *
 * A number below nvalues is that value alone.  A set of more has a number from
 * nvalues on, above those of the two that it was made of.  One of up to
 * SETS_SMALL values has one number, however it is made; a larger one may have
 * several.
 */
#ifndef GEO_SETS_H
#define GEO_SETS_H

#include "base/arena.h"
#include "geo/intern.h"

enum { SETS_MIXED = UINT32_MAX }; /* values of several classes */

enum { SETS_SMALL = 16 };

struct set {
	uint32_t parts[2];
	size_t first;   /* of its values, in order: in members */
	size_t nvalues; /* 0: too many */
};

struct sets {
	uint32_t nvalues;
	VEC(struct set) unions; /* by number, less nvalues */
	VEC(uint32_t) members;
	struct intern small; /* by a hash of the values */
	struct intern known;
};

uint32_t sets_union(struct sets *s, uint32_t a, uint32_t b);

/* How many numbers there are. */
size_t sets_count(const struct sets *s);

/* classes has room for sets_count(), and the classes of the values: those of
 * the sets are filled in. */
void sets_classes(const struct sets *s, uint32_t *classes);

void sets_free(struct sets *s);

#endif
