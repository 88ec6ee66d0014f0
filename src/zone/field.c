/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/field.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "dns/wire.h"

enum { CAA_WORDS = 4 }; /* CAA flags tag value */

/* The fields of a record as they stand in the text, a word each. */
struct words {
	const char *at;
	size_t len;
};

/* Its length; a backslash escapes the space behind it. */
static size_t
word_len(const char *word)
{
	const char *p = word;

	for (; *p != ' ' && *p != '\0'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return (size_t)(p - word);
}

static bool
word_next(struct words *w)
{
	w->at += w->len;
	w->at += strspn(w->at, " ");
	w->len = word_len(w->at);
	return w->len > 0;
}

/* One a word says what its number is; the rest may take any words. */
static bool
is_one_word(ldns_rdf_type type)
{
	static const ldns_rdf_type types[] = {LDNS_RDF_TYPE_DNAME,
	    LDNS_RDF_TYPE_INT8, LDNS_RDF_TYPE_INT16, LDNS_RDF_TYPE_INT32,
	    LDNS_RDF_TYPE_ALG, LDNS_RDF_TYPE_CERT_ALG,
	    LDNS_RDF_TYPE_CERTIFICATE_USAGE, LDNS_RDF_TYPE_SELECTOR,
	    LDNS_RDF_TYPE_MATCHING_TYPE, LDNS_RDF_TYPE_A, LDNS_RDF_TYPE_AAAA,
	    LDNS_RDF_TYPE_TYPE, LDNS_RDF_TYPE_PERIOD};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (types[i] == type)
			return true;
	return false;
}

static uint32_t
number_of(const ldns_rdf *f)
{
	const uint8_t *p = ldns_rdf_data(f);
	uint32_t n = 0;

	for (size_t i = 0; i < ldns_rdf_size(f); i++)
		n = n << 8 | p[i];
	return n;
}

/* ldns takes numbers modulo the size of their field, and negative ones. */
static bool
number_fits(const ldns_rdf *f, const struct words *w)
{
	char *end;
	ldns_rdf_type type = ldns_rdf_get_type(f);

	if (type == LDNS_RDF_TYPE_DNAME || type == LDNS_RDF_TYPE_A ||
	    type == LDNS_RDF_TYPE_AAAA)
		return true;
	if (*w->at == '-')
		return false;
	if (!isdigit((unsigned char)*w->at))
		return true;
	return strtoull(w->at, &end, 10) == number_of(f) ||
	    end != w->at + w->len;
}

/* ldns takes an odd digit for a half of an octet, or for none. */
static bool
is_even(const char *digits)
{
	size_t n = 0;

	for (; *digits != '\0'; digits++)
		n += isxdigit((unsigned char)*digits) != 0;
	return n % 2 == 0;
}

/* Octets of a digest of its kind, which stands in the field before it or two
 * before: RFC 3658, 4509, 5933, 6605; RFC 4255, 6594; RFC 8976. */
static const struct digest {
	ldns_rr_type type;
	unsigned kind, size;
} digests[] = {
    {LDNS_RR_TYPE_DS, 1, 20},
    {LDNS_RR_TYPE_DS, 2, 32},
    {LDNS_RR_TYPE_DS, 3, 32},
    {LDNS_RR_TYPE_DS, 4, 48},
    {LDNS_RR_TYPE_CDS, 1, 20},
    {LDNS_RR_TYPE_CDS, 2, 32},
    {LDNS_RR_TYPE_CDS, 3, 32},
    {LDNS_RR_TYPE_CDS, 4, 48},
    {LDNS_RR_TYPE_SSHFP, 1, 20},
    {LDNS_RR_TYPE_SSHFP, 2, 32},
    {LDNS_RR_TYPE_ZONEMD, 1, 48},
    {LDNS_RR_TYPE_ZONEMD, 2, 64},
};

static bool
digest_fits(const ldns_rr *rr)
{
	size_t n = ldns_rr_rd_count(rr);

	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++)
		if (digests[i].type == ldns_rr_get_type(rr) && n >= 2 &&
		    digests[i].kind == number_of(ldns_rr_rdf(rr, n - 2)))
			return ldns_rdf_size(ldns_rr_rdf(rr, n - 1)) ==
			    digests[i].size;
	return true;
}

/* RFC 1876 3: degrees, minutes and seconds before N or S, and E or W. */
static bool
angle_fits(struct words *w, double degrees)
{
	const double most[] = {degrees, 59, 59.9995};
	double sum = 0, unit = 1;

	for (size_t i = 0; word_next(w); i++) {
		double part;

		if (isalpha((unsigned char)*w->at))
			return sum <= degrees;
		part = strtod(w->at, NULL);
		if (i >= sizeof(most) / sizeof(most[0]) || part < 0 ||
		    part > most[i])
			return false;
		sum += part * unit;
		unit /= 60;
	}
	return false;
}

/* RFC 1876 2: metres above -100 km, in centimetres. */
static bool
height_fits(struct words *w)
{
	double metres = word_next(w) ? strtod(w->at, NULL) : 0;

	return metres >= -100000 && metres <= 42849672.95;
}

static bool
place_fits(const char *text)
{
	struct words w = {text, 0};

	return angle_fits(&w, 90) && angle_fits(&w, 180) && height_fits(&w);
}

/* RFC 3123 4 */
static bool
prefixes_fit(const ldns_rdf *f)
{
	static const uint8_t bits[] = {0, 32, 128}; /* by address family */
	const uint8_t *p = ldns_rdf_data(f), *end = p + ldns_rdf_size(f);

	for (; end - p >= 4; p += 4 + (p[3] & 0x7f)) {
		uint16_t family = wire_get_u16(p);

		if (family < sizeof(bits) && p[2] > bits[family])
			return false;
	}
	return true;
}

static const char *
special_wrong(const ldns_rdf *f, const char *text)
{
	if (ldns_rdf_get_type(f) == LDNS_RDF_TYPE_HEX && !is_even(text))
		return "half of an octet";
	if (ldns_rdf_get_type(f) == LDNS_RDF_TYPE_LOC && !place_fits(text))
		return "a place that is not on Earth";
	if (ldns_rdf_get_type(f) == LDNS_RDF_TYPE_APL && !prefixes_fit(f))
		return "too long a prefix";
	return NULL;
}

const char *
field_wrong(const struct ldns_struct_rr *rr, const char *text)
{
	struct words w = {text, 0};

	if (!digest_fits(rr))
		return "a digest of another length";
	if (strncmp(text, "\\#", 2) == 0)
		return NULL;
	for (size_t i = 0; i < ldns_rr_rd_count(rr) && word_next(&w); i++) {
		const ldns_rdf *f = ldns_rr_rdf(rr, i);

		if (!is_one_word(ldns_rdf_get_type(f))) {
			const char *wrong = special_wrong(f, w.at);

			if (wrong != NULL)
				return wrong;
			break;
		}
		if (!number_fits(f, &w))
			return "a number that its field does not hold";
	}
	return NULL;
}

void
field_append(text_record *line, const char *text)
{
	struct words w = {text, 0};
	bool caa = strncasecmp(text, "CAA ", 4) == 0;
	const char *end;

	for (unsigned i = 0; caa && i < CAA_WORDS; i++)
		caa = word_next(&w) && *w.at != '"' &&
		    strncmp(w.at, "\\#", 2) != 0;
	end = caa ? w.at + w.len : text;
	if (caa) {
		text_append(line, text, (size_t)(w.at - text));
		text_append(line, "\"", 1);
		text_append(line, w.at, w.len);
		text_append(line, "\"", 1);
	}
	text_append(line, end, strlen(end) + 1);
}
