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

/* The continent of a country, and of EU and AP, which some databases write for
 * a country of Europe, or of Asia and the Pacific, that they do not know.  NULL
 * for any other code. */
const char *country_continent(const char code[2]);

#endif
