/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What says where clients are, and the words that rules have for it.  Part of
 * struct conf: see conf/conf.h.
 */
#ifndef CONF_GEO_H
#define CONF_GEO_H

#include <stddef.h>
#include <stdint.h>

#include "base/net.h"
#include "conf/mark.h"

struct conf_net {
	const char *name;
	struct prefix *prefixes;
	size_t nprefixes;
	struct conf_mark mark;
};

struct conf_database {
	const char *path; /* resolved */
	const char *file; /* read in its place; NULL: itself */
	struct conf_mark mark;
};

/* What was measured from a prefix to a region. */
struct conf_latency_row {
	struct prefix prefix;
	uint16_t region;
	uint32_t us;
	unsigned line;
};

struct conf_latency {
	const char *path; /* resolved; NULL: none */
	uint32_t min_samples;
	struct conf_latency_row *rows; /* with samples enough, by prefix */
	size_t nrows;
};

enum conf_geo_kind {
	CONF_GEO_CONTINENT,
	CONF_GEO_COUNTRY,
	CONF_GEO_SUBDIVISION,
	CONF_GEO_CITY
};

enum { CONF_CITY_MAX = 127 }; /* octets of a city's name */

/* Two letters are a continent when they are AF AN AS EU NA OC SA, else a
 * country; the countries of those letters are written "country:NA". */
struct conf_geo {
	enum conf_geo_kind kind;
	char code[2];        /* continent or country, upper case */
	char subdivision[3]; /* without the country; padded with NUL */
	const char *city;    /* of the country, or of the subdivision when there
				is one; NULL: by its id alone */
	uint32_t city_id;    /* GeoNames */
};

/* Degrees; west above east: across the 180th meridian. */
struct conf_box {
	float south, west, north, east;
};

#endif
