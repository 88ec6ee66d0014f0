/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The country of each address, compiled: what comparisons are told by, which
 * build it.
 * Immutable once built; any thread; dies with its arena.
 */
#ifndef GEO_ORIGIN_H
#define GEO_ORIGIN_H

#include "geo/lookup.h"

enum {
	ORIGIN_UNKNOWN = 0, /* no database knows it */
	ORIGIN_LETTERS = 26,
	ORIGIN_NETS = ORIGIN_LETTERS * ORIGIN_LETTERS + 1, /* in the operator's
							     nets alone */
	ORIGIN_COUNT,
	ORIGIN_TEXT_MAX = 8,
};

struct origin_table {
	struct lookup countries;
};

/* Walks all of geo; any thread, at any time.  NULL: err. */
struct origin_table *origin_build(
    struct arena *a, const struct geo *geo, struct error *err);

struct origin_hit {
	uint16_t country;
	uint8_t depth; /* of the prefix around the address that is all of it */
};

struct origin_hit origin_find(
    const struct origin_table *t, const struct addr *a);

/* "DE", "nets"; "--" when it is not known.  Returns buf. */
char *origin_format(char buf[ORIGIN_TEXT_MAX], uint16_t country);

#endif
