/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that says where clients are: databases and the operator's nets.
 *
 * geo_find() asks them directly (slow: explain, oracle); geo_leaves() is the
 * whole space cut into prefixes of one place each, from which policies are
 * compiled.  Immutable once loaded; whoever calls geo_load() calls geo_free().
 */
#ifndef GEO_GEO_H
#define GEO_GEO_H

#include "geo/latency.h"
#include "geo/layers.h"
#include "geo/mmdb.h"
#include "geo/nets.h"
#include "geo/place.h"
#include "geo/prefix.h"

struct geo;

/* Opens conf's databases (none is fine). NULL: err names the file. */
struct geo *geo_load(const struct conf *conf, struct error *err);
void geo_free(struct geo *g);

struct geo_found {
	struct place place;
	unsigned depth;      /* length of the prefix, in a's family, in which
				every address has just this place */
	struct addr counted; /* a, or the IPv4 address inside it */
	const char *net;     /* the longest net prefix that covers, or NULL */
	struct prefix net_prefix;
	const char *database; /* the first file with a record, or NULL */
	struct prefix database_prefix;
	const struct latency_entry *latency; /* what was measured, or NULL */
};

/* IPv4-mapped, 6to4 and Teredo addresses count as their IPv4. */
void geo_find(const struct geo *g, const struct addr *a, struct geo_found *f);

/* Of what was found, in microseconds; LATENCY_UNKNOWN. */
uint32_t geo_latency_us(
    const struct geo *g, const struct geo_found *f, uint16_t region);

/* The nets alone, a counting as it is. */
void geo_find_nets(
    const struct geo *g, const struct addr *a, struct nets_found *f);

/*
 * What a place is made of: equal keys are equal places, so that who walks many
 * addresses need not read every record.  False: too many databases for one.
 */
enum { GEO_KEY_DATABASES = 4 };

struct geo_key {
	uint64_t nets;
	const uint16_t *quickest;
	uint32_t records[GEO_KEY_DATABASES];
};

bool geo_find_key(const struct geo *g, const struct addr *a,
    struct geo_key *key, unsigned *depth);

/*
 * The space of a family (4, 6): leaves whose value is an index into
 * geo_places().  In IPv6 each prefix whose addresses hold an IPv4 address
 * (addr_embedding()) is one leaf of value GEO_EMBEDDED: look up the IPv4
 * address.  Those of both families are made at the first call (not
 * thread-safe); geo_forget_leaves() frees them.  NULL: err (a database is
 * damaged).
 */
enum { GEO_EMBEDDED = COVER_VALUE_MAX };

const struct cover *geo_leaves(
    struct geo *g, uint8_t family, struct error *err);
const struct place *geo_places(const struct geo *g, size_t *n);
void geo_forget_leaves(struct geo *g);

/* The same for the caller alone, who frees both (cover_free(), vec_free()): any
 * thread, at any time. */
bool geo_walk(const struct geo *g, struct cover leaves[2],
    struct places *places, struct error *err);

size_t geo_ndatabases(const struct geo *g);
const struct mmdb *geo_database(
    const struct geo *g, size_t i, const char **path);
/* Of the records that geo_leaves() has read of that database. */
const struct mmdb_survey *geo_survey(const struct geo *g, size_t i);

#endif
