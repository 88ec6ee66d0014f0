/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that says where clients are, walked at once, to leaves of one place each.
 * One thread.
 */
#ifndef GEO_LAYERS_H
#define GEO_LAYERS_H

#include "geo/latency.h"
#include "geo/mmdb.h"
#include "geo/place.h"
#include "geo/prefix.h"

struct layers_database {
	struct mmdb *mmdb;
	char *path;
	struct mmdb_survey survey; /* of the records of its leaves */
};

/* Completed (place_complete()), equal ones once. */
struct places {
	VEC(struct place) all;
};

/*
 * The leaves of IPv4 and of IPv6: the values are indices into places, which
 * begins as zeros, or COVER_VALUE_MAX for what holds an IPv4 address.  A place
 * is made of the nets first; then each database in turn supplies what it lacks;
 * then what was measured.  False: err (a database is damaged); leaves and
 * places are the caller's to free in any case.
 */
bool layers_walk(const struct conf *conf, struct layers_database *databases,
    size_t n, const struct latency *latency, struct cover leaves[2],
    struct places *places, struct error *err);

#endif
