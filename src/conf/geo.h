/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words that rules have for where clients are.  Part of struct conf: see
 * conf/conf.h.
 */
#ifndef CONF_GEO_H
#define CONF_GEO_H

#include <stdint.h>

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
