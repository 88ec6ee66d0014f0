/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MMDB files of the shapes that geo/fact knows, read at load only, from a
 * sealed copy in memory.  Immutable once open; any thread.
 */
#ifndef GEO_MMDB_H
#define GEO_MMDB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/net.h"
#include "geo/fact.h"
#include "geo/place.h"

struct mmdb;

/* Which facts keys lead to, as they stand in the file: most stand in one place,
 * to which all records point. */
struct mmdb_key {
	const char *key;
	size_t len;
	uint64_t paths;
};

enum { MMDB_KEYS = 64 };

/* What records were like of which facts were asked; begins as zeros. */
struct mmdb_survey {
	struct mmdb_key keys[MMDB_KEYS]; /* the last ones, by address */
	uint64_t records;
	bool useful; /* one of them had a fact */
	/* Records with values that are none, and the first of those. */
	uint64_t unusable[FACT_COUNT];
	char first[FACT_COUNT][FACT_TEXT_MAX];
};

struct mmdb *mmdb_open(const char *path, struct error *err);
void mmdb_close(struct mmdb *m);

int64_t mmdb_build_time(const struct mmdb *m); /* seconds since 1970 */
const char *mmdb_type(const struct mmdb *m);
/* All of the file, as it is read. */
const void *mmdb_octets(const struct mmdb *m, size_t *len);

/*
 * Direct lookup.  Fills what *p lacks from the record, if there is one;
 * *depth is the length of the prefix of a's family that has this record (or
 * this absence of one); false when there is no record.
 */
bool mmdb_find(const struct mmdb *m, const struct addr *a, struct place *p,
    unsigned *depth);

/* The same without reading the record: its handle; 0: none. */
uint32_t mmdb_find_record(
    const struct mmdb *m, const struct addr *a, unsigned *depth);

/* A place in the tree. */
struct mmdb_step {
	bool is_node;
	uint32_t at; /* the node, or the handle of the record (0: none) */
};

/* Where the space of a family begins: IPv4's is ::/96 of a tree for IPv6. */
struct mmdb_step mmdb_root(const struct mmdb *m, uint8_t family);

/*
 * Calls fn for each leaf below a step in order of addresses, without gaps:
 * length of its prefix, and the handle of its record.  Aliases of IPv4 space
 * elsewhere are not followed but have no record.
 */
struct mmdb_walk {
	const struct mmdb *m;
	uint8_t family;
	bool (*fn)(unsigned len, uint32_t record, void *arg);
	void *arg;
	uint64_t left;      /* leaves that a tree of this size may have */
	const char *damage; /* NULL: none */
};

void mmdb_walk_init(struct mmdb_walk *w, const struct mmdb *m, uint8_t family);

/* len: of the prefix of the step.  False: fn said so, or the file is damaged.
 */
bool mmdb_walk(struct mmdb_walk *w, struct mmdb_step at, unsigned len);

/* The same by hand: from a node to one of its halves. */
bool mmdb_walk_down(struct mmdb_walk *w, struct mmdb_step at, unsigned len,
    bool right, struct mmdb_step *half);

/* Fills what *p lacks from the record of that handle, and adds to *survey,
 * which may be NULL. */
bool mmdb_record(const struct mmdb *m, uint32_t record, struct place *p,
    struct mmdb_survey *survey, struct error *err);

#endif
