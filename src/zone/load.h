/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Master files (RFC 1035 5) to records.  Any one thread.
 */
#ifndef ZONE_LOAD_H
#define ZONE_LOAD_H

#include "zone/record.h"

enum { ZONE_FILE_MAX = 1 << 30 }; /* octets */

/*
 * Reads zone's file and appends its records: their owners and the names of
 * files are kept in a, their data in scratch.  Errors (all of them: syntax, a
 * class but IN) go to d with file and line; false if there was any.  A record
 * out of the zone is left out, with a warning.
 */
bool zone_load(struct arena *a, struct arena *scratch,
    const struct conf_zone *zone, struct zone_records *records, struct diag *d);

#endif
