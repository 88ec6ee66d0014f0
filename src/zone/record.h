/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The records of a zone, as the loader leaves them and the compiler reads
 * them.  One thread; owner, data and file's name live in the loader's arenas.
 */
#ifndef ZONE_RECORD_H
#define ZONE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "conf/diag.h"
#include "dns/name.h"

struct zone_record {
	const uint8_t *owner; /* wire form, lower case */
	const uint8_t *rdata; /* uncompressed wire form */
	uint32_t ttl;
	uint16_t rdata_len;
	uint16_t type;
	uint32_t line; /* in file */
	uint8_t owner_len;
	bool repeated; /* says what an earlier one of its RRset says */
	const char *file;
};

static inline bool
record_same_owner(const struct zone_record *a, const struct zone_record *b)
{
	return a->owner == b->owner ||
	    (a->owner_len == b->owner_len &&
		name_same(a->owner, b->owner, a->owner_len));
}

struct zone_records {
	VEC(struct zone_record) all;
};

/* "owner: what is wrong with it", with the record's place and line; both
 * return false. */
typedef bool record_fn(struct diag *d, const struct zone_record *r,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));
bool record_error(struct diag *d, const struct zone_record *r, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
bool record_warning(struct diag *d, const struct zone_record *r,
    const char *fmt, ...) __attribute__((format(printf, 3, 4)));

/* Keeps the text of a zone's file, to show lines of it. */
void record_show_source(struct diag *d, const char *file);

/* Two records of one type with the same data (RFC 2181 5). */
bool record_equal(const struct zone_record *a, const struct zone_record *b);

/* A digest of all records but repeated ones, in any order; not of their files
 * and lines. */
uint64_t records_digest(const struct zone_records *r);

/* Compares two records by owner (shorter names first), type and line, for
 * qsort(). */
int record_by_owner_and_type(const void *x, const void *y);

/* How many owners there are, at most; the records are by owner. */
size_t records_owners(const struct zone_records *r);

/* Marks those that say what an earlier one says; they are by owner and type. */
void records_mark_repeated(struct zone_records *r);

#endif
