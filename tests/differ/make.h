/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queries at random: the same number makes the same query.
 */
#ifndef DIFFER_MAKE_H
#define DIFFER_MAKE_H

#include "exchange.h"

/* Names of the zones, to ask for and around them: one a line in hexadecimal
 * wire form.  Ends the program if there is none. */
void make_names_load(const char *path);

/* Query number of the seed. */
void make_query(struct query *q, uint64_t seed, uint64_t number);

/* One that every server answers, to see that those before it are done. */
void make_sentinel(struct query *q);

#endif
