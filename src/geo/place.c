/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/place.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "geo/country.h"

void
place_complete(struct place *p)
{
	const struct country *c = country_find(p->country);
	const char *continent = country_continent(p->country);

	if (continent != NULL && p->continent[0] == '\0')
		memcpy(p->continent, continent, sizeof(p->continent));
	if (c == NULL || p->located)
		return;
	p->latitude = c->latitude;
	p->longitude = c->longitude;
	p->located = true;
}

void
place_from_geo(struct place *p, const struct conf_geo *geo)
{
	memset(p, 0, sizeof(*p));
	if (geo->kind == CONF_GEO_CONTINENT) {
		memcpy(p->continent, geo->code, sizeof(p->continent));
		return;
	}
	memcpy(p->country, geo->code, sizeof(p->country));
	memcpy(p->subdivision, geo->subdivision, sizeof(p->subdivision));
	p->city = geo->city;
	p->city_len = (uint8_t)(geo->city != NULL ? strlen(geo->city) : 0);
	p->city_id = geo->city_id;
	place_complete(p);
}

bool
place_matches_geo(const struct place *p, const struct conf_geo *geo)
{
	if (geo->kind == CONF_GEO_CONTINENT)
		return memcmp(p->continent, geo->code, 2) == 0;
	if (geo->city_id != 0)
		return p->city_id == geo->city_id;
	if (memcmp(p->country, geo->code, 2) != 0)
		return false;
	if (geo->subdivision[0] != '\0' &&
	    memcmp(p->subdivision, geo->subdivision, 3) != 0)
		return false;
	return geo->city == NULL ||
	    (p->city_len == strlen(geo->city) &&
		memcmp(p->city, geo->city, p->city_len) == 0);
}

char *
place_format(char buf[PLACE_TEXT_MAX], const struct place *p)
{
	int len = 0;

	buf[0] = '\0';
	if (p->continent[0] != '\0')
		len += sprintf(buf + len, "%.2s", p->continent);
	/* Without a continent, as rules write a country that could be one. */
	if (p->country[0] != '\0')
		len += sprintf(buf + len, "%s%.2s",
		    len > 0 ? "/" : "country:", p->country);
	if (p->subdivision[0] != '\0')
		len += sprintf(buf + len, "-%.3s", p->subdivision);
	if (p->city_len > 0)
		len += sprintf(buf + len, "/%.*s", p->city_len, p->city);
	if (p->city_id != 0)
		len += sprintf(
		    buf + len, "%scity:%u", len > 0 ? " " : "", p->city_id);
	if (p->asn != 0)
		len += sprintf(buf + len, "%sAS%u", len > 0 ? " " : "", p->asn);
	if (p->located)
		len += sprintf(buf + len, "%sat %.2f,%.2f", len > 0 ? " " : "",
		    (double)p->latitude, (double)p->longitude);
	if (len == 0)
		strcpy(buf, "unknown");
	return buf;
}

static double
radians(double degrees)
{
	return degrees * (M_PI / 180);
}

double
place_distance_km(double lat1, double lon1, double lat2, double lon2)
{
	double dlat = sin(radians(lat2 - lat1) / 2);
	double dlon = sin(radians(lon2 - lon1) / 2);
	double h =
	    dlat * dlat + cos(radians(lat1)) * cos(radians(lat2)) * dlon * dlon;

	return 2 * 6371.0 * asin(sqrt(h < 1 ? h : 1));
}
