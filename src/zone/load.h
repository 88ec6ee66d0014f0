/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Master files (RFC 1035 5) to records, through ldns, which is used nowhere
 * else.  Any one thread.
 */
#ifndef ZONE_LOAD_H
#define ZONE_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "conf/diag.h"

struct zone_record {
	const uint8_t *owner; /* wire form, lower case */
	const uint8_t *rdata; /* uncompressed wire form */
	uint32_t ttl;
	uint16_t rdata_len;
	uint16_t type;
	uint32_t line; /* in file */
	const char *file;
};

struct zone_records {
	VEC(struct zone_record) all;
};

/*
 * Reads zone's file and appends its records, kept in the arena.  Errors (all
 * of them: syntax, a class but IN, a record out of the zone) go to d with file
 * and line; false if there was any.
 */
bool zone_load(struct arena *a, const struct conf_zone *zone,
    struct zone_records *records, struct diag *d);

#endif
