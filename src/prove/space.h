/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All addresses of a family, cut into segments of one place each by asking the
 * nets and databases directly (geo_find), not the leaves that policies are
 * compiled from.
 *
 * In Teredo's 2001::/32 only the last 32 bits matter (RFC 4380 4): one /96 of
 * it stands for all the others.  One thread; space_fini() frees it.
 */
#ifndef PROVE_SPACE_H
#define PROVE_SPACE_H

#include <stdatomic.h>

#include "geo/geo.h"

struct space {
	uint8_t family;
	VEC(uint8_t) depths;  /* of the segments, in order */
	VEC(uint32_t) places; /* theirs, in all */
	VEC(struct space_place {
		struct geo_key key;
		struct place place;
	})
	all;
	bool by_key;     /* places are told apart by their keys */
	uint32_t *slots; /* of all, by hash: + 1; 0: free */
	size_t nslots;
};

/* False: *stop became true. */
bool space_cut(struct space *s, const struct geo *geo, uint8_t family,
    const _Atomic bool *stop);
void space_fini(struct space *s);

/* To the first address after a's prefix of that length, in Teredo to the first
 * one that stands for others; false: none. */
bool space_next(struct addr *a, unsigned len);

#endif
