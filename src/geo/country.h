/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where countries are: their continent and the coordinates of where their
 * people are, from geoip/countries.tab.  Constant; any thread.
 */
#ifndef GEO_COUNTRY_H
#define GEO_COUNTRY_H

struct country {
	char code[3];
	char continent[3];
	float latitude, longitude;
};

/* NULL when there is no such country. code: two upper-case letters. */
const struct country *country_find(const char code[2]);

#endif
