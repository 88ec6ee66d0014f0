/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is known of a client address.  Plain data, pure functions.
 */
#ifndef GEO_PLACE_H
#define GEO_PLACE_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

enum { PLACE_TEXT_MAX = 256 };

struct place {
	uint64_t nets;             /* bit i: in conf.nets[i] */
	uint32_t asn;              /* 0: unknown */
	float latitude, longitude; /* degrees, when located */
	char continent[2];         /* NULs: unknown */
	char country[2];
	char subdivision[3]; /* without the country, padded with NUL */
	uint8_t city_len;
	const char *city; /* in its database's memory, or what it was made of;
			     not terminated; NULL: unknown */
	uint32_t city_id; /* GeoNames; 0: unknown */
	uint16_t nquickest;
	const uint16_t *quickest; /* regions in order of measured latency */
	bool located;             /* the coordinates are known */
};

/* Supplies the continent and, when the place has none, the coordinates of its
 * country (geoip/countries.tab). */
void place_complete(struct place *p);

/* The place that a geo code stands for, completed; of a continent only its
 * code is known. */
void place_from_geo(struct place *p, const struct conf_geo *geo);

bool place_matches_geo(const struct place *p, const struct conf_geo *geo);

/* "EU/DE-BE AS64496 at 50.10,8.70", "EU" for the continent alone, "country:XX"
 * for a country whose continent is not known. Returns buf. */
char *place_format(char buf[PLACE_TEXT_MAX], const struct place *p);

/* Great-circle distance in km (haversine, mean radius 6371 km). */
double place_distance_km(double lat1, double lon1, double lat2, double lon2);

#endif
