/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/loc.h"

#include <stdio.h>

enum {
	LOC_VERSION = 0,
	LOC_SIZE = 16,
	SIZE_DEFAULT = 0x12,       /* RFC 1876 3: 1 m, */
	HORIZONTAL_DEFAULT = 0x16, /* 10 km, */
	VERTICAL_DEFAULT = 0x13,   /* 10 m */
};

#define EQUATOR INT64_C(2147483648)     /* thousandths of a second of arc */
#define ALTITUDE_BASE INT64_C(10000000) /* centimetres */
#define ALTITUDE_MAX INT64_C(4284967295)
#define PRECISION_MAX INT64_C(9000000000)

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "-12.5" in units of 10^-places; false: no such number. */
static bool
decimal(const char *p, size_t len, unsigned places, int64_t *value)
{
	const char *end = p + len;
	bool negative = len > 0 && *p == '-', digits = false;
	int64_t v = 0;

	p += negative;
	for (; p < end && is_digit(*p); p++, digits = true)
		if ((v = v * 10 + (*p - '0')) > PRECISION_MAX)
			return false;
	if (p < end && *p == '.' && digits)
		for (p++; p < end && is_digit(*p) && places > 0; places--)
			v = v * 10 + (*p++ - '0');
	for (; places > 0; places--)
		v *= 10;
	*value = negative ? -v : v;
	return digits && p == end && p[-1] != '.';
}

/* Degrees, minutes and seconds, then one of two letters: thousandths of a
 * second from the equator or the meridian. */
static bool
angle_parse(
    struct field_text *t, const char letters[3], int64_t most, const char *what)
{
	static const int64_t unit[] = {3600000, 60000, 1};
	static const unsigned places[] = {0, 0, 3};
	const int64_t limit[] = {most, 59, 59999};
	int64_t sum = 0, part;
	struct lexeme word, first = *lex_peek(t->lex);

	for (size_t i = 0; field_word(t, &word); i++) {
		if (i > 0 && word.len == 1 &&
		    ((*word.at & ~0x20) == letters[0] ||
			(*word.at & ~0x20) == letters[1])) {
			if (sum > most * unit[0])
				return lex_fail(t->lex, &first,
				    "more than %d degrees", (int)most);
			if ((*word.at & ~0x20) == letters[1])
				sum = -sum;
			wire_put_u32(t->w, (uint32_t)(EQUATOR + sum));
			return true;
		}
		if (i == 3 || !decimal(word.at, word.len, places[i], &part) ||
		    *word.at == '-' || part > limit[i])
			return field_not(t, &word, what);
		sum += part * unit[i];
	}
	return false;
}

/* Metres, with or without the unit, in centimetres. */
static bool
metres(const struct lexeme *word, int64_t *centimetres)
{
	size_t len = word->len;

	if (len > 0 && (word->at[len - 1] | 0x20) == 'm')
		len--;
	return decimal(word->at, len, 2, centimetres);
}

/* RFC 1876 2: a digit and a power of ten. */
static uint8_t
precision_octet(int64_t centimetres)
{
	uint8_t power = 0;

	while (centimetres > 9) {
		centimetres /= 10;
		power++;
	}
	return (uint8_t)(centimetres << 4 | power);
}

static bool
precision_parse(struct field_text *t, uint8_t *octet)
{
	struct lexeme word;
	int64_t v;

	if (lex_peek(t->lex)->kind == LEX_END)
		return true;
	if (!field_word(t, &word))
		return false;
	if (!metres(&word, &v) || *word.at == '-' || v > PRECISION_MAX)
		return field_not(
		    t, &word, "a size: metres from 0 to 90000000.00");
	*octet = precision_octet(v);
	return true;
}

static bool
altitude_parse(struct field_text *t)
{
	struct lexeme word;
	int64_t v;

	if (!field_word(t, &word))
		return false;
	if (!metres(&word, &v) || v < -ALTITUDE_BASE || v > ALTITUDE_MAX)
		return field_not(t, &word,
		    "an altitude: metres from -100000.00 to 42849672.95");
	wire_put_u32(t->w, (uint32_t)(v + ALTITUDE_BASE));
	return true;
}

bool
loc_parse(struct field_text *t)
{
	uint8_t precision[] = {
	    SIZE_DEFAULT, HORIZONTAL_DEFAULT, VERTICAL_DEFAULT};
	size_t start = t->w->len;

	/* Their place is before the angles, their text is behind. */
	wire_put_u8(t->w, LOC_VERSION);
	wire_put(t->w, precision, sizeof(precision));
	if (!angle_parse(t, "NS", 90,
		"a latitude: degrees up to 90, minutes and seconds below 60, then N or S") ||
	    !angle_parse(t, "EW", 180,
		"a longitude: degrees up to 180, minutes and seconds below 60, then E or W") ||
	    !altitude_parse(t))
		return false;
	for (size_t i = 0; i < sizeof(precision); i++) {
		if (!precision_parse(t, &precision[i]))
			return false;
		if (!t->w->full)
			t->w->at[start + 1 + i] = precision[i];
	}
	return true;
}

static bool
angle_fits(uint32_t angle, int64_t degrees)
{
	int64_t apart = (int64_t)angle - EQUATOR;

	return apart >= -degrees * 3600000 && apart <= degrees * 3600000;
}

bool
loc_read(struct field_wire *f)
{
	const uint8_t *p = f->c.packet + f->c.at;

	if (!cursor_has(&f->c, LOC_SIZE) || p[0] != LOC_VERSION)
		return false;
	for (unsigned i = 1; i <= 3; i++) /* RFC 1876 2: 9e9 at most, no 0e1 */
		if (p[i] >> 4 > 9 || (p[i] & 0xf) > 9 ||
		    (p[i] >> 4 == 0 && p[i] != 0))
			return false;
	return angle_fits(wire_get_u32(p + 4), 90) &&
	    angle_fits(wire_get_u32(p + 8), 180) && field_copy(f, LOC_SIZE);
}

static void
angle_format(uint32_t angle, const char letters[3], struct wire *text)
{
	int64_t v = (int64_t)angle - EQUATOR;
	char letter = letters[v < 0];

	v = v < 0 ? -v : v;
	field_print(text, "%d %d %d.%03d %c", (int)(v / 3600000),
	    (int)(v / 60000 % 60), (int)(v / 1000 % 60), (int)(v % 1000),
	    letter);
}

static void
precision_format(uint8_t octet, struct wire *text)
{
	int64_t v = octet >> 4;

	for (unsigned i = octet & 0xf; i > 0; i--)
		v *= 10;
	field_print(
	    text, "%lld.%02lldm", (long long)(v / 100), (long long)(v % 100));
}

void
loc_format(struct cursor *c, struct wire *text)
{
	const uint8_t *p = c->packet + c->at;
	int64_t altitude;

	if (!cursor_has(c, LOC_SIZE))
		return;
	c->at += LOC_SIZE;
	angle_format(wire_get_u32(p + 4), "NS", text);
	angle_format(wire_get_u32(p + 8), "EW", text);
	altitude = (int64_t)wire_get_u32(p + 12) - ALTITUDE_BASE;
	field_print(text, "%s%lld.%02lldm", altitude < 0 ? "-" : "",
	    (long long)(altitude < 0 ? -altitude : altitude) / 100,
	    (long long)(altitude < 0 ? -altitude : altitude) % 100);
	for (unsigned i = 1; i <= 3; i++)
		precision_format(p[i], text);
}
