/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Facts of a client's place as GeoIP databases write them: under which keys of
 * a record each one is, and which values are taken for it.  Knows nothing of
 * the file format.  Constant data and pure functions; any thread.
 */
#ifndef GEO_FACT_H
#define GEO_FACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum fact {
	FACT_CONTINENT,   /* two upper-case letters */
	FACT_COUNTRY,     /* likewise */
	FACT_SUBDIVISION, /* 1 to 3 upper-case letters and digits */
	FACT_CITY,        /* a name */
	FACT_CITY_ID,     /* GeoNames' number */
	FACT_LATITUDE,    /* degrees */
	FACT_LONGITUDE,
	FACT_ASN,
	FACT_COUNT
};

enum { FACT_PATHS = 8, FACT_TEXT_MAX = 64 };
_Static_assert(FACT_COUNT *FACT_PATHS <= 64, "a bit for each path");

/* A number of any type of the file, or text that it does not own. */
struct fact_value {
	const char *text; /* NULL: a number */
	size_t len;
	double number; /* exact up to 2^53 */
};

/* The keys that lead to a fact, ended by NULL; a digit is an index of an array.
 * i is from 0 in the order of preference; NULL: there is no such path. */
const char *const *fact_path(enum fact f, size_t i);

/* The bit of that path, and those of all paths that begin with a key. */
uint64_t fact_bit(enum fact f, size_t i);
uint64_t fact_bits(const char *key, size_t len);

const char *fact_name(enum fact f); /* as messages call it */
const char *fact_form(enum fact f); /* what a value of it must be */

/* True where databases write this for a value that they do not have: empty
 * text, "-", the AS number 0. */
bool fact_is_absent(enum fact f, const struct fact_value *v);

/* Text for a code or a name; false when v is none. */
bool fact_is_code(enum fact f, const struct fact_value *v);
bool fact_is_city(const struct fact_value *v);

/* A number, or text that is one as a whole ("8.68", "AS64496", and for an AS
 * "AS64496 and a name"), within the fact's range: -90 to 90, -180 to 180, whole
 * numbers from 1 to 2^32 - 1.  False when v is none. */
bool fact_number(enum fact f, const struct fact_value *v, double *number);

/* For messages: at most 30 octets of it, printable. Returns buf. */
char *fact_format(char buf[FACT_TEXT_MAX], const struct fact_value *v);

#endif
