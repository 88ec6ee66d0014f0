/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replies to sets of records, through ldns, and what differs in them.
 */
#ifndef DIFFER_COMPARE_H
#define DIFFER_COMPARE_H

#include "exchange.h"

/* Parses a reply's octets; the records live until compare_reset().  False
 * where the octets do not parse, or where what was parsed, encoded again, gives
 * another header or other records. */
bool compare_parse(struct reply *r);
void compare_reset(void);

/* Aspects in which they differ. */
unsigned compare_replies(const struct reply *a, const struct reply *b);

bool set_equal(const struct record_set *a, const struct record_set *b);
bool set_within(const struct record_set *part, const struct record_set *whole);
bool has_type(const struct record_set *s, unsigned type);
/* Is the name at or below the record's owner? */
bool is_below(const uint8_t *name, size_t len, const struct record *cut);
/* Does it say neither what there is nor that there is nothing? */
bool is_error(const struct reply *r);

#endif
