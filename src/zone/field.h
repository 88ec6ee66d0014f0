/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What ldns lets pass in the fields of a record: numbers too large for theirs,
 * digests of other lengths than their kind has, places beyond the poles.  Load
 * time; any thread.
 */
#ifndef ZONE_FIELD_H
#define ZONE_FIELD_H

#include "zone/text.h"

struct ldns_struct_rr;

/* What is wrong with the record that ldns made of a type's data in text, or
 * NULL. */
const char *field_wrong(const struct ldns_struct_rr *rr, const char *text);

/* Appends a type and its data in a form that ldns reads: it wants quotes
 * around the value of a CAA. */
void field_append(text_record *line, const char *text);

#endif
