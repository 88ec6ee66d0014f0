/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parameters of SVCB and HTTPS records (RFC 9460).  A row of rdata/field.
 * Pure; any thread.
 */
#ifndef RDATA_SVCB_H
#define RDATA_SVCB_H

#include "rdata/field.h"

bool svcb_parse(struct field_text *t);
bool svcb_read(struct field_wire *f);
void svcb_format(struct cursor *c, struct wire *text);

#endif
