/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Locations (LOC, RFC 1876).  A row of rdata/field.  Pure; any thread.
 */
#ifndef RDATA_LOC_H
#define RDATA_LOC_H

#include "rdata/field.h"

bool loc_parse(struct field_text *t);
bool loc_read(struct field_wire *f);
void loc_format(struct cursor *c, struct wire *text);

#endif
