/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/fact.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "conf/geo.h"

/* Keys are looked for by their length first. */
#define PATH1(a) \
	{ \
		sizeof(a) - 1, \
		{ \
			a \
		} \
	}
#define PATH2(a, b) \
	{ \
		sizeof(a) - 1, \
		{ \
			a, b \
		} \
	}
#define PATH3(a, b, c) \
	{ \
		sizeof(a) - 1, \
		{ \
			a, b, c \
		} \
	}

struct path {
	size_t len; /* of the first key; 0: no path */
	const char *keys[4];
};

enum { NUMBER_MAX = 40, SHOWN_MAX = 30 };

/*
 * Nested keys are those of MaxMind, DB-IP and IP2Location; flat ones those of
 * IPinfo and of databases made from CSV files.  A registered country, where the
 * network's owner is, is better than none; a represented one is not read.
 */
static const struct {
	const char *name, *form;
	struct path paths[FACT_PATHS];
} facts[FACT_COUNT] = {
    [FACT_CONTINENT] = {"continent", "a code of two upper-case letters",
	{PATH2("continent", "code"), PATH1("continent_code"),
	    PATH1("continent")}},
    [FACT_COUNTRY] = {"country", "a code of two upper-case letters",
	{PATH2("country", "iso_code"), PATH1("country_code"),
	    PATH1("country_iso_code"), PATH1("country"),
	    PATH2("registered_country", "iso_code"),
	    PATH1("registered_country_code"), PATH1("registered_country")}},
    [FACT_SUBDIVISION] = {"subdivision", "a code of 1 to 3 characters",
	{PATH3("subdivisions", "0", "iso_code"), PATH1("subdivision_code"),
	    PATH1("region_code"), PATH1("subdivision_1_iso_code")}},
    [FACT_CITY] = {"city", "a name",
	{PATH3("city", "names", "en"), PATH1("city"), PATH1("city_name")}},
    [FACT_CITY_ID] = {"GeoNames number", "a whole number from 1 to 4294967295",
	{PATH2("city", "geoname_id"), PATH1("city_geoname_id"),
	    PATH1("geoname_id")}},
    [FACT_LATITUDE] = {"latitude", "a number from -90 to 90",
	{PATH2("location", "latitude"), PATH1("latitude"), PATH1("lat")}},
    [FACT_LONGITUDE] = {"longitude", "a number from -180 to 180",
	{PATH2("location", "longitude"), PATH1("longitude"), PATH1("lng"),
	    PATH1("lon"), PATH1("long")}},
    [FACT_ASN] = {"AS number", "a whole number from 1 to 4294967295",
	{PATH1("autonomous_system_number"), PATH1("asn"), PATH1("as_number"),
	    PATH2("traits", "autonomous_system_number")}},
};

const char *const *
fact_path(enum fact f, size_t i)
{
	return i < FACT_PATHS && facts[f].paths[i].len > 0
	    ? facts[f].paths[i].keys
	    : NULL;
}

uint64_t
fact_bit(enum fact f, size_t i)
{
	return (uint64_t)1 << (f * FACT_PATHS + i);
}

uint64_t
fact_bits(const char *key, size_t len)
{
	uint64_t bits = 0;

	if (len == 0)
		return 0;
	for (enum fact f = 0; f < FACT_COUNT; f++)
		for (size_t i = 0; i < FACT_PATHS; i++)
			if (facts[f].paths[i].len == len &&
			    memcmp(facts[f].paths[i].keys[0], key, len) == 0)
				bits |= fact_bit(f, i);
	return bits;
}

const char *
fact_name(enum fact f)
{
	return facts[f].name;
}

const char *
fact_form(enum fact f)
{
	return facts[f].form;
}

bool
fact_is_absent(enum fact f, const struct fact_value *v)
{
	if (v->text == NULL)
		return v->number == 0 && (f == FACT_ASN || f == FACT_CITY_ID);
	return v->len == 0 || (v->len == 1 && v->text[0] == '-') ||
	    (v->len == 1 && v->text[0] == '0' &&
		(f == FACT_ASN || f == FACT_CITY_ID));
}

bool
fact_is_code(enum fact f, const struct fact_value *v)
{
	bool digits = f == FACT_SUBDIVISION;
	size_t min = digits ? 1 : 2, max = digits ? 3 : 2;

	if (v->text == NULL || v->len < min || v->len > max)
		return false;
	for (size_t i = 0; i < v->len; i++)
		if (!isupper((unsigned char)v->text[i]) &&
		    (!digits || !isdigit((unsigned char)v->text[i])))
			return false;
	return true;
}

bool
fact_is_city(const struct fact_value *v)
{
	return v->text != NULL && v->len > 0 && v->len <= CONF_CITY_MAX &&
	    !fact_is_absent(FACT_CITY, v);
}

/* "AS64496", "AS64496 and a name": the digits. */
static void
cut_asn(const char **text, size_t *len)
{
	const char *end;

	if (*len > 2 && strncasecmp(*text, "AS", 2) == 0) {
		*text += 2;
		*len -= 2;
	}
	end = memchr(*text, ' ', *len);
	if (end != NULL)
		*len = (size_t)(end - *text);
}

/* Decimal, and nothing else: strtod() takes blanks, words and hexadecimal. */
static bool
parse_number(const char *text, size_t len, double *number)
{
	char copy[NUMBER_MAX + 1];
	char *end;

	if (len == 0 || len > NUMBER_MAX)
		return false;
	for (size_t i = 0; i < len; i++)
		if (strchr("0123456789+-.eE", text[i]) == NULL ||
		    text[i] == '\0')
			return false;
	memcpy(copy, text, len);
	copy[len] = '\0';
	*number = strtod(copy, &end);
	return *end == '\0' && end != copy;
}

static bool
in_range(enum fact f, double n)
{
	if (!isfinite(n))
		return false;
	if (f == FACT_LATITUDE)
		return n >= -90 && n <= 90;
	if (f == FACT_LONGITUDE)
		return n >= -180 && n <= 180;
	return n >= 1 && n <= UINT32_MAX && n == floor(n);
}

bool
fact_number(enum fact f, const struct fact_value *v, double *number)
{
	const char *text = v->text;
	size_t len = v->len;

	*number = v->number;
	if (text != NULL && f == FACT_ASN)
		cut_asn(&text, &len);
	return (text == NULL || parse_number(text, len, number)) &&
	    in_range(f, *number);
}

char *
fact_format(char buf[FACT_TEXT_MAX], const struct fact_value *v)
{
	size_t n = 0;

	if (v->text == NULL) {
		snprintf(buf, FACT_TEXT_MAX, "%.15g", v->number);
		return buf;
	}
	buf[n++] = '"';
	for (size_t i = 0; i < v->len && i < SHOWN_MAX; i++)
		buf[n++] =
		    (char)(isprint((unsigned char)v->text[i]) ? v->text[i]
							      : '?');
	strcpy(buf + n, v->len > SHOWN_MAX ? "...\"" : "\"");
	return buf;
}
