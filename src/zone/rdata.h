/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text to the data of records, through ldns: what it lets pass is looked at
 * again.  Load time; any one thread.
 */
#ifndef ZONE_RDATA_H
#define ZONE_RDATA_H

#include "conf/diag.h"

struct ldns_struct_rr;
struct ldns_struct_buffer;

/* Writes the uncompressed wire form to buf; text is what ldns read it from.
 * NULL, or what is wrong. */
const char *rdata_put(struct ldns_struct_buffer *buf,
    const struct ldns_struct_rr *rr, const char *text);

/* Reads the records of all pools; relative names are those below the root.
 * What is wrong with one, and two that are equal in a region, go to d: false.
 */
bool rdata_read_pools(struct conf *c, struct diag *d);

#endif
