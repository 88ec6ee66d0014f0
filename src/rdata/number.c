/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/number.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { DATE_DIGITS = 14 };

/* Numbers ---------------------------------------------------------------- */

bool
digits_value(const char *text, size_t len, uint64_t most, uint64_t *value)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++) {
		if (text[i] < '0' || text[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(text[i] - '0');
		if (v > most)
			return false;
	}
	*value = v;
	return len > 0;
}

bool
number_parse(struct field_text *t, uint64_t most, uint64_t *value)
{
	struct lexeme word;
	char what[64];

	if (!field_word(t, &word))
		return false;
	if (digits_value(word.at, word.len, most, value))
		return true;
	snprintf(what, sizeof(what), "a number from 0 to %llu",
	    (unsigned long long)most);
	return field_not(t, &word, what);
}

bool
u8_parse(struct field_text *t)
{
	uint64_t v;

	if (!number_parse(t, UINT8_MAX, &v))
		return false;
	wire_put_u8(t->w, (uint8_t)v);
	return true;
}

bool
u16_parse(struct field_text *t)
{
	uint64_t v;

	if (!number_parse(t, UINT16_MAX, &v))
		return false;
	wire_put_u16(t->w, (uint16_t)v);
	return true;
}

bool
u32_parse(struct field_text *t)
{
	uint64_t v;

	if (!number_parse(t, UINT32_MAX, &v))
		return false;
	wire_put_u32(t->w, (uint32_t)v);
	return true;
}

bool
u8_read(struct field_wire *f)
{
	return field_copy(f, 1);
}

bool
u16_read(struct field_wire *f)
{
	return field_copy(f, 2);
}

bool
u32_read(struct field_wire *f)
{
	return field_copy(f, 4);
}

void
u8_format(struct cursor *c, struct wire *text)
{
	field_print(text, "%u", cursor_get(c, 1));
}

void
u16_format(struct cursor *c, struct wire *text)
{
	field_print(text, "%u", cursor_get(c, 2));
}

void
u32_format(struct cursor *c, struct wire *text)
{
	field_print(text, "%u", cursor_get(c, 4));
}

/* Times ------------------------------------------------------------------ */

static uint32_t
unit_seconds(char unit)
{
	switch (unit | 0x20) {
	case 's':
		return 1;
	case 'm':
		return 60;
	case 'h':
		return 3600;
	case 'd':
		return 86400;
	case 'w':
		return 604800;
	default:
		return 0;
	}
}

bool
time_seconds(const char *text, size_t len, uint64_t most, uint32_t *seconds)
{
	uint64_t sum = 0, n = 0;
	bool digits = false;

	if (digits_value(text, len, most, &sum)) {
		*seconds = (uint32_t)sum;
		return true;
	}
	for (size_t i = 0; i < len; i++) {
		if (text[i] >= '0' && text[i] <= '9') {
			n = n * 10 + (uint64_t)(text[i] - '0');
			digits = true;
		} else if (digits && unit_seconds(text[i]) != 0) {
			sum += n * unit_seconds(text[i]);
			n = 0;
			digits = false;
		} else {
			return false;
		}
		if (n > most || sum > most)
			return false;
	}
	*seconds = (uint32_t)sum;
	return len > 0 && !digits;
}

bool
time_parse(struct field_text *t)
{
	struct lexeme word;
	uint32_t seconds;

	if (!field_word(t, &word))
		return false;
	if (!time_seconds(word.at, word.len, UINT32_MAX, &seconds))
		return field_not(t, &word,
		    "a time: seconds up to 4294967295, or units as in 1h30m");
	wire_put_u32(t->w, seconds);
	return true;
}

/* YYYYMMDDHHmmSS; false: not a moment. */
static bool
moment_parse(const char *p, struct tm *tm)
{
	uint64_t part[6];
	const size_t at[] = {0, 4, 6, 8, 10, 12, DATE_DIGITS};
	const struct tm *again;
	time_t moment;
	struct tm back;

	for (size_t i = 0; i < 6; i++)
		if (!digits_value(
			p + at[i], at[i + 1] - at[i], UINT16_MAX, &part[i]))
			return false;
	*tm = (struct tm){
	    .tm_year = (int)part[0] - 1900,
	    .tm_mon = (int)part[1] - 1,
	    .tm_mday = (int)part[2],
	    .tm_hour = (int)part[3],
	    .tm_min = (int)part[4],
	    .tm_sec = (int)part[5],
	};
	back = *tm;
	moment = timegm(&back);
	again = gmtime_r(&moment, &back);
	return again != NULL && back.tm_year == tm->tm_year &&
	    back.tm_mon == tm->tm_mon && back.tm_mday == tm->tm_mday &&
	    back.tm_hour == tm->tm_hour && back.tm_min == tm->tm_min &&
	    back.tm_sec == tm->tm_sec;
}

/* RFC 4034 3.2: serial arithmetic counts modulo 2^32. */
bool
date_parse(struct field_text *t)
{
	struct lexeme word;
	uint64_t seconds;
	struct tm tm;

	if (!field_word(t, &word))
		return false;
	if (word.len == DATE_DIGITS && moment_parse(word.at, &tm))
		seconds = (uint64_t)timegm(&tm);
	else if (!digits_value(word.at, word.len, UINT32_MAX, &seconds))
		return field_not(t, &word, "a moment: YYYYMMDDHHmmSS");
	wire_put_u32(t->w, (uint32_t)seconds);
	return true;
}

void
date_format(struct cursor *c, struct wire *text)
{
	time_t moment = cursor_get(c, 4);
	struct tm tm;

	if (gmtime_r(&moment, &tm) != NULL)
		field_print(text, "%04d%02d%02d%02d%02d%02d", tm.tm_year + 1900,
		    tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		    tm.tm_sec);
}

/* Numbers with names ----------------------------------------------------- */

struct named {
	uint16_t value;
	const char *name;
};

/* The IANA registries of DNS Security Algorithm Numbers, Digest Algorithms,
 * CERT RR Certificate Types (RFC 4398 2.1) and DSYNC schemes (RFC 9859). */
static const struct named algorithms[] = {{0, "DELETE"}, {1, "RSAMD5"},
    {2, "DH"}, {3, "DSA"}, {5, "RSASHA1"}, {6, "DSA-NSEC3-SHA1"},
    {6, "NSEC3DSA"}, {7, "RSASHA1-NSEC3-SHA1"}, {7, "NSEC3RSASHA1"},
    {8, "RSASHA256"}, {10, "RSASHA512"}, {12, "ECC-GOST"}, {12, "ECCGOST"},
    {13, "ECDSAP256SHA256"}, {14, "ECDSAP384SHA384"}, {15, "ED25519"},
    {16, "ED448"}, {252, "INDIRECT"}, {253, "PRIVATEDNS"}, {254, "PRIVATEOID"},
    {0, NULL}};
static const struct named digests[] = {{1, "SHA-1"}, {1, "SHA1"},
    {2, "SHA-256"}, {2, "SHA256"}, {3, "GOST"}, {4, "SHA-384"}, {4, "SHA384"},
    {0, NULL}};
static const struct named certs[] = {{1, "PKIX"}, {2, "SPKI"}, {3, "PGP"},
    {4, "IPKIX"}, {5, "ISPKI"}, {6, "IPGP"}, {7, "ACPKIX"}, {8, "IACPKIX"},
    {253, "URI"}, {254, "OID"}, {0, NULL}};
static const struct named schemes[] = {{1, "NOTIFY"}, {0, NULL}};
/* RFC 7218 2 */
static const struct named usages[] = {{0, "PKIX-TA"}, {1, "PKIX-EE"},
    {2, "DANE-TA"}, {3, "DANE-EE"}, {255, "PrivCert"}, {0, NULL}};
static const struct named selectors[] = {
    {0, "Cert"}, {1, "SPKI"}, {255, "PrivSel"}, {0, NULL}};
static const struct named matchings[] = {{0, "Full"}, {1, "SHA2-256"},
    {2, "SHA2-512"}, {255, "PrivMatch"}, {0, NULL}};
/* RFC 2535 7.1 */
static const struct named protocols[] = {{0, "NONE"}, {1, "TLS"}, {2, "EMAIL"},
    {3, "DNSSEC"}, {4, "IPSEC"}, {255, "ALL"}, {0, NULL}};

static bool
named_parse(struct field_text *t, const struct named *names, unsigned octets,
    const char *what)
{
	struct lexeme word;
	uint64_t value;

	if (!field_word(t, &word))
		return false;
	while (names->name != NULL && !lex_is(&word, names->name))
		names++;
	if (names->name != NULL)
		value = names->value;
	else if (!digits_value(
		     word.at, word.len, octets == 1 ? 255 : 65535, &value))
		return field_not(t, &word, what);
	if (octets == 2)
		wire_put_u16(t->w, (uint16_t)value);
	else
		wire_put_u8(t->w, (uint8_t)value);
	return true;
}

bool
algorithm_parse(struct field_text *t)
{
	return named_parse(
	    t, algorithms, 1, "an algorithm's name, or a number from 0 to 255");
}

bool
digest_parse(struct field_text *t)
{
	return named_parse(
	    t, digests, 1, "a digest's name, or a number from 0 to 255");
}

bool
cert_parse(struct field_text *t)
{
	return named_parse(t, certs, 2,
	    "a certificate type's name, or a number from 0 to 65535");
}

bool
scheme_parse(struct field_text *t)
{
	return named_parse(t, schemes, 1, "NOTIFY, or a number from 0 to 255");
}

bool
usage_parse(struct field_text *t)
{
	return named_parse(t, usages, 1,
	    "a certificate usage's name, or a number from 0 to 255");
}

bool
selector_parse(struct field_text *t)
{
	return named_parse(
	    t, selectors, 1, "a selector's name, or a number from 0 to 255");
}

bool
matching_parse(struct field_text *t)
{
	return named_parse(t, matchings, 1,
	    "a matching type's name, or a number from 0 to 255");
}

bool
protocol_parse(struct field_text *t)
{
	return named_parse(
	    t, protocols, 1, "a protocol's name, or a number from 0 to 255");
}

/* Flags of a key (RFC 2535 7.1) ------------------------------------------ */

/* Names of the values of the bits of mask. */
static const struct key_flag {
	uint16_t mask, value;
	const char *name;
} key_flags[] = {
    {0xc000, 0x4000, "NOCONF"},
    {0xc000, 0x8000, "NOAUTH"},
    {0xc000, 0xc000, "NOKEY"},
    {0x2000, 0x2000, "FLAG2"},
    {0x1000, 0x1000, "EXTEND"},
    {0x0800, 0x0800, "FLAG4"},
    {0x0400, 0x0400, "FLAG5"},
    {0x0300, 0x0000, "USER"},
    {0x0300, 0x0100, "ZONE"},
    {0x0300, 0x0200, "HOST"},
    {0x0300, 0x0300, "NTYP3"},
    {0x0080, 0x0080, "FLAG8"},
    {0x0040, 0x0040, "FLAG9"},
    {0x0020, 0x0020, "FLAG10"},
    {0x0010, 0x0010, "FLAG11"},
    {0x000f, 0, "SIG0"},
    {0x000f, 1, "SIG1"},
    {0x000f, 2, "SIG2"},
    {0x000f, 3, "SIG3"},
    {0x000f, 4, "SIG4"},
    {0x000f, 5, "SIG5"},
    {0x000f, 6, "SIG6"},
    {0x000f, 7, "SIG7"},
    {0x000f, 8, "SIG8"},
    {0x000f, 9, "SIG9"},
    {0x000f, 10, "SIG10"},
    {0x000f, 11, "SIG11"},
    {0x000f, 12, "SIG12"},
    {0x000f, 13, "SIG13"},
    {0x000f, 14, "SIG14"},
    {0x000f, 15, "SIG15"},
};

static const struct key_flag *
key_flag_find(const struct lexeme *name)
{
	for (size_t i = 0; i < sizeof(key_flags) / sizeof(key_flags[0]); i++)
		if (lex_is(name, key_flags[i].name))
			return &key_flags[i];
	return NULL;
}

/* Names with "|" between. */
static bool
key_flags_value(const struct lexeme *word, uint64_t *value)
{
	const char *end = word->at + word->len;
	struct lexeme name = *word;
	uint16_t known = 0;

	*value = 0;
	for (;;) {
		const char *bar = memchr(name.at, '|', (size_t)(end - name.at));
		const struct key_flag *flag;

		name.len = (size_t)((bar != NULL ? bar : end) - name.at);
		flag = key_flag_find(&name);
		if (flag == NULL || (known & flag->mask) != 0)
			return false;
		known |= flag->mask;
		*value |= flag->value;
		if (bar == NULL)
			return true;
		name.at = bar + 1;
	}
}

bool
key_flags_parse(struct field_text *t)
{
	struct lexeme word;
	uint64_t value;

	if (!field_word(t, &word))
		return false;
	if (!digits_value(word.at, word.len, UINT16_MAX, &value) &&
	    !key_flags_value(&word, &value))
		return field_not(t, &word,
		    "a number from 0 to 65535, nor names of different flags with \"|\" between, as in NOAUTH|ZONE");
	wire_put_u16(t->w, (uint16_t)value);
	return true;
}
