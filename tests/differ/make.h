/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queries at random: the same number makes the same query.
 */
#ifndef DIFFER_MAKE_H
#define DIFFER_MAKE_H

#include "exchange.h"

/* Names to ask for and around them: one a line in hexadecimal wire form, the
 * first ones, after "=", those of zones.  Ends the program if there is none. */
void make_names_load(const char *path);

/* The zone that the name is in, by its labels alone; above: how many zones
 * above the nearest.  NULL: none. */
const uint8_t *make_zone_of(const uint8_t *name, size_t len, unsigned above);

/* Is the name one of those loaded? */
bool make_is_known(const uint8_t *name, size_t len);

/* Query number of the seed. */
void make_query(struct query *q, uint64_t seed, uint64_t number);

/* One that every server answers, to see that those before it are done. */
void make_sentinel(struct query *q);

#endif
