/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/text.h"

#include <stdio.h>
#include <string.h>

#include "base/net.h"
#include "dns/name.h"
#include "rdata/number.h"

enum { STRING_MAX = 255 };

/* Names ------------------------------------------------------------------ */

const char *
field_name(const struct lexeme *word, const uint8_t *origin,
    uint8_t name[DNS_NAME_MAX])
{
	if (word->len != 1 || *word->at != '@')
		return name_parse_under(word->at, word->len, origin, name);
	memcpy(name, origin, name_len(origin));
	return NULL;
}

bool
domain_put(struct field_text *t, const struct lexeme *word)
{
	uint8_t name[DNS_NAME_MAX];
	const char *wrong = field_name(word, t->origin, name);

	for (size_t i = 0; i < word->len && t->unicode.len == 0; i++)
		if ((unsigned char)word->at[i] >= 0x80)
			t->unicode = *word;

	if (wrong != NULL)
		return lex_fail(t->lex, word, "not a name: %s", wrong);
	wire_put(t->w, name, name_len(name));
	return true;
}

bool
domain_parse(struct field_text *t)
{
	struct lexeme word;

	return field_word(t, &word) && domain_put(t, &word);
}

bool
domain_read(struct field_wire *f)
{
	uint8_t name[DNS_NAME_MAX];
	size_t at = f->c.at;

	cursor_name(&f->c, name);
	if (f->c.bad || (f->plain && f->c.at - at != name_len(name)))
		return false;
	if (f->w == NULL)
		return true;
	name_lower(name);
	wire_put(f->w, name, name_len(name));
	return true;
}

void
domain_format(struct cursor *c, struct wire *text)
{
	uint8_t name[DNS_NAME_MAX];
	char buf[NAME_TEXT_MAX];

	cursor_name(c, name);
	field_print(text, "%s", name_format(buf, name));
}

bool
domains_parse(struct field_text *t)
{
	while (lex_peek(t->lex)->kind != LEX_END)
		if (!domain_parse(t))
			return false;
	return true;
}

bool
domains_read(struct field_wire *f)
{
	while (f->c.at < f->c.end)
		if (!domain_read(f))
			return false;
	return true;
}

void
domains_format(struct cursor *c, struct wire *text)
{
	while (c->at < c->end && !c->bad)
		domain_format(c, text);
}

/* Addresses -------------------------------------------------------------- */

/* Four numbers, none with a 0 before it. */
static bool
ipv4_read(const char *p, const char *end, uint8_t octets[4])
{
	for (unsigned i = 0; i < 4; i++) {
		const char *first;
		unsigned v = 0;

		if (i > 0 && (p == end || *p++ != '.'))
			return false;
		for (first = p; p < end && *p >= '0' && *p <= '9' && v <= 255;)
			v = v * 10 + (unsigned)(*p++ - '0');
		if (p == first || v > 255 || (*first == '0' && p - first > 1))
			return false;
		octets[i] = (uint8_t)v;
	}
	return p == end;
}

static bool
ipv6_read(const struct lexeme *word, uint8_t octets[16])
{
	char text[ADDR_TEXT_MAX];
	struct addr a;

	if (word->len >= sizeof(text))
		return false;
	memcpy(text, word->at, word->len);
	text[word->len] = '\0';
	if (!addr_parse(text, &a) || a.family != 6)
		return false;
	memcpy(octets, a.bytes, sizeof(a.bytes));
	return true;
}

bool
addr_put(struct field_text *t, const struct lexeme *word, uint8_t family)
{
	uint8_t octets[16];
	bool ok = family == 4
	    ? ipv4_read(word->at, word->at + word->len, octets)
	    : ipv6_read(word, octets);

	if (!ok)
		return field_not(t, word,
		    family == 4 ? "an IPv4 address, as 192.0.2.1"
				: "an IPv6 address, as 2001:db8::1");
	wire_put(t->w, octets, family == 4 ? 4 : 16);
	return true;
}

bool
a_parse(struct field_text *t)
{
	struct lexeme word;

	return field_word(t, &word) && addr_put(t, &word, 4);
}

bool
aaaa_parse(struct field_text *t)
{
	struct lexeme word;

	return field_word(t, &word) && addr_put(t, &word, 6);
}

bool
aaaa_read(struct field_wire *f)
{
	return field_copy(f, 16);
}

static void
addr_print(struct cursor *c, struct wire *text, uint8_t family)
{
	struct addr a = {.family = family};
	size_t len = family == 4 ? 4 : 16;
	char buf[ADDR_TEXT_MAX];

	if (!cursor_has(c, len))
		return;
	memcpy(a.bytes, c->packet + c->at, len);
	c->at += len;
	field_print(text, "%s", addr_format(buf, &a));
}

void
a_format(struct cursor *c, struct wire *text)
{
	addr_print(c, text, 4);
}

void
aaaa_format(struct cursor *c, struct wire *text)
{
	addr_print(c, text, 6);
}

/* A6 (RFC 2874 3.1) ------------------------------------------------------ */

enum { A6_BITS = 128 };

/* Octets of the suffix behind a prefix of so many bits. */
static size_t
suffix_octets(size_t bits)
{
	return (A6_BITS - bits + 7) / 8;
}

static bool
suffix_put(struct field_text *t, uint8_t bits)
{
	size_t skip = 16 - suffix_octets(bits);
	uint8_t octets[16];
	struct wire w, *real = t->w;
	struct lexeme word;
	bool ok;

	if (!field_word(t, &word))
		return false;
	wire_init(&w, octets, sizeof(octets));
	t->w = &w;
	ok = addr_put(t, &word, 6);
	t->w = real;
	if (!ok)
		return false;
	for (size_t i = 0; i < bits; i++)
		if ((octets[i / 8] & 0x80 >> i % 8) != 0)
			return field_not(t, &word,
			    "a suffix: the bits of the prefix must be 0");
	wire_put(t->w, octets + skip, sizeof(octets) - skip);
	return true;
}

bool
a6_parse(struct field_text *t)
{
	struct lexeme word;
	uint64_t bits;

	if (!number_parse(t, A6_BITS, &bits))
		return false;
	wire_put_u8(t->w, (uint8_t)bits);
	if (bits < A6_BITS && !suffix_put(t, (uint8_t)bits))
		return false;
	return bits == 0 || (field_word(t, &word) && domain_put(t, &word));
}

bool
a6_read(struct field_wire *f)
{
	uint8_t bits;

	if (!cursor_has(&f->c, 1))
		return false;
	bits = f->c.packet[f->c.at];
	if (bits > A6_BITS || !cursor_has(&f->c, 1 + suffix_octets(bits)))
		return false;
	/* The bits before the suffix are 0 (RFC 2874 3.1). */
	if (bits < A6_BITS &&
	    (f->c.packet[f->c.at + 1] & 0xff00 >> bits % 8 & 0xff) != 0)
		return false;
	return field_copy(f, 1 + suffix_octets(bits)) &&
	    (bits == 0 || domain_read(f));
}

void
a6_format(struct cursor *c, struct wire *text)
{
	uint32_t bits = cursor_get(c, 1);
	struct addr a = {.family = 6};
	char buf[ADDR_TEXT_MAX];
	size_t len;

	if (bits > A6_BITS || !cursor_has(c, suffix_octets(bits)))
		return;
	field_print(text, "%u", bits);
	len = suffix_octets(bits);
	memcpy(a.bytes + sizeof(a.bytes) - len, c->packet + c->at, len);
	c->at += len;
	if (len > 0)
		field_print(text, "%s", addr_format(buf, &a));
	if (bits > 0)
		domain_format(c, text);
}

/* Strings ---------------------------------------------------------------- */

bool
octets_read(struct field_text *t, const struct lexeme *word, uint8_t *octets,
    size_t cap, size_t *len, const char *what)
{
	const char *p = word->at, *end = word->at + word->len;

	*len = 0;
	while (p < end) {
		if (*len == cap)
			return lex_fail(t->lex, word, "longer than %s", what);
		if (!lex_octet(&p, end, &octets[(*len)++]))
			return lex_fail(t->lex, word,
			    "a bad escape: \\DDD is a number up to 255");
	}
	return true;
}

static bool
put_string(struct field_text *t, const struct lexeme *word)
{
	uint8_t octets[STRING_MAX];
	size_t len;

	if (!octets_read(t, word, octets, sizeof(octets), &len,
		"a string may be: 255 octets"))
		return false;
	wire_put_u8(t->w, (uint8_t)len);
	wire_put(t->w, octets, len);
	return true;
}

bool
string_parse(struct field_text *t)
{
	struct lexeme word;

	return field_any(t, &word) && put_string(t, &word);
}

bool
string_read(struct field_wire *f)
{
	return cursor_has(&f->c, 1) && field_copy(f, 1u + f->c.packet[f->c.at]);
}

void
octet_print(struct wire *text, uint8_t b)
{
	char buf[8];

	if (b < 0x20 || b > 0x7e) {
		wire_put(
		    text, buf, (size_t)snprintf(buf, sizeof(buf), "\\%03u", b));
		return;
	}
	if (b == '"' || b == '\\')
		wire_put_u8(text, '\\');
	wire_put_u8(text, b);
}

/* len octets, in quotes. */
static void
string_print(struct cursor *c, struct wire *text, size_t len)
{
	wire_put(text, " \"", 2);
	for (; len > 0 && !c->bad; len--)
		octet_print(text, (uint8_t)cursor_get(c, 1));
	wire_put_u8(text, '"');
}

void
string_format(struct cursor *c, struct wire *text)
{
	uint32_t len = cursor_get(c, 1);

	string_print(c, text, len);
}

bool
string_optional_parse(struct field_text *t)
{
	return lex_peek(t->lex)->kind == LEX_END || string_parse(t);
}

bool
string_optional_read(struct field_wire *f)
{
	return f->c.at == f->c.end || string_read(f);
}

void
string_optional_format(struct cursor *c, struct wire *text)
{
	if (c->at < c->end)
		string_format(c, text);
}

bool
strings_parse(struct field_text *t)
{
	do {
		if (!string_parse(t))
			return false;
	} while (lex_peek(t->lex)->kind != LEX_END);
	return true;
}

bool
strings_read(struct field_wire *f)
{
	do {
		if (!string_read(f))
			return false;
	} while (f->c.at < f->c.end);
	return true;
}

void
strings_format(struct cursor *c, struct wire *text)
{
	while (c->at < c->end && !c->bad)
		string_format(c, text);
}

static bool
is_made_of(const uint8_t *p, size_t len, bool letters)
{
	for (size_t i = 0; i < len; i++) {
		bool digit = p[i] >= '0' && p[i] <= '9';
		bool letter = (p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'z';

		if (!digit && !(letters && letter))
			return false;
	}
	return true;
}

/* Is the string at the cursor of enough digits, or letters as well? */
static bool
made_of_read(struct field_wire *f, size_t least, bool letters)
{
	const uint8_t *p = f->c.packet + f->c.at;

	return string_read(f) && *p >= least && is_made_of(p + 1, *p, letters);
}

static bool
made_of_parse(
    struct field_text *t, size_t least, bool letters, const char *what)
{
	size_t start = t->w->len;
	struct lexeme word;

	if (!(letters ? field_word(t, &word) : field_any(t, &word)) ||
	    !put_string(t, &word))
		return false;
	if (t->w->full ||
	    (t->w->at[start] >= least &&
		is_made_of(t->w->at + start + 1, t->w->at[start], letters)))
		return true;
	return field_not(t, &word, what);
}

bool
digits_parse(struct field_text *t)
{
	return made_of_parse(t, 4, false, "a number of four digits or more");
}

bool
digits_read(struct field_wire *f)
{
	return made_of_read(f, 4, false);
}

bool
tag_parse(struct field_text *t)
{
	return made_of_parse(t, 1, true, "made of letters and digits");
}

bool
tag_read(struct field_wire *f)
{
	return made_of_read(f, 1, true);
}

void
tag_format(struct cursor *c, struct wire *text)
{
	uint32_t len = cursor_get(c, 1);

	if (cursor_has(c, len))
		field_print(text, "%.*s", (int)len, c->packet + c->at);
	c->at += len;
}

bool
text_parse(struct field_text *t)
{
	struct lexeme word;
	const char *p;

	if (!field_any(t, &word))
		return false;
	for (p = word.at; p < word.at + word.len;) {
		uint8_t octet;

		if (!lex_octet(&p, word.at + word.len, &octet))
			return lex_fail(t->lex, &word,
			    "a bad escape: \\DDD is a number up to 255");
		wire_put_u8(t->w, octet);
	}
	return true;
}

bool
text_read(struct field_wire *f)
{
	return field_copy(f, f->c.end - f->c.at);
}

void
text_format(struct cursor *c, struct wire *text)
{
	string_print(c, text, c->end - c->at);
}
