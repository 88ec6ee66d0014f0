/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/coding.h"

#include <stdio.h>
#include <string.h>

enum { BITMAP_OCTETS = 32, WINDOWS = 256, STRING_MAX = 255, TYPE_0 = 0x80 };

static const char base32_digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUV";
static const char base64_digits[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/* Bits of digits of bits each, gathered to octets; words may end anywhere. */
struct gather {
	struct wire *w;
	unsigned bits; /* of a digit */
	bool dotted;   /* dots between digits count for nothing */
	uint32_t held; /* bits that make no octet yet, nheld of them */
	unsigned nheld;
	unsigned padding; /* '=' seen */
	size_t digits;
};

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static int
base32_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if ((c | 0x20) >= 'a' && (c | 0x20) <= 'v')
		return (c | 0x20) - 'a' + 10;
	return -1;
}

static int
base64_value(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static int
digit_value(unsigned bits, char c)
{
	return bits == 4 ? hex_value(c)
	    : bits == 5  ? base32_value(c)
			 : base64_value(c);
}

static bool
gather_word(struct gather *g, const struct lexeme *word)
{
	for (size_t i = 0; i < word->len; i++) {
		int v = digit_value(g->bits, word->at[i]);

		if (g->dotted && word->at[i] == '.')
			continue;
		if (g->bits == 6 && word->at[i] == '=') {
			g->padding++;
			continue;
		}
		if (v < 0 || g->padding > 0)
			return false;
		g->held = g->held << g->bits | (uint32_t)v;
		g->nheld += g->bits;
		g->digits++;
		if (g->nheld < 8)
			continue;
		g->nheld -= 8;
		wire_put_u8(g->w, (uint8_t)(g->held >> g->nheld));
		g->held &= (1u << g->nheld) - 1;
	}
	return true;
}

/* Are the digits whole octets (RFC 4648 3.5: what is left over is 0)? */
static bool
gather_ends(const struct gather *g)
{
	if (g->held != 0 || g->nheld >= g->bits)
		return false;
	return g->bits != 6 ||
	    (g->padding <= 2 && (g->digits + g->padding) % 4 == 0);
}

/* To the end of the entry. */
static bool
gather_rest(struct field_text *t, unsigned bits, const char *what)
{
	struct gather g = {.w = t->w, .bits = bits};
	struct lexeme word;

	do {
		if (!field_word(t, &word))
			return false;
		if (!gather_word(&g, &word))
			return field_not(t, &word, what);
	} while (lex_peek(t->lex)->kind != LEX_END);
	if (!gather_ends(&g))
		return lex_fail(t->lex, &word, "not %s: %s", what,
		    g.held != 0 && g.nheld < bits
			? "the last digit has bits that are in no octet"
			: "a digit is missing");
	return true;
}

static bool
gather_one(struct field_text *t, const struct lexeme *word, struct wire *w,
    unsigned bits, const char *what)
{
	struct gather g = {.w = w, .bits = bits};

	return (gather_word(&g, word) && gather_ends(&g)) ||
	    field_not(t, word, what);
}

bool
hex_parse(struct field_text *t)
{
	return gather_rest(t, 4, "hexadecimal digits, two per octet");
}

bool
hex_words_parse(struct field_text *t)
{
	struct lexeme word;

	do {
		if (!field_word(t, &word) ||
		    !hex_word(t, &word, "hexadecimal digits, two per octet"))
			return false;
	} while (lex_peek(t->lex)->kind != LEX_END);
	return true;
}

bool
hex_word(struct field_text *t, const struct lexeme *word, const char *what)
{
	return gather_one(t, word, t->w, 4, what);
}

bool
hex_dotted(struct field_text *t, const struct lexeme *word, size_t skip,
    const char *what)
{
	struct lexeme digits = *word;
	struct gather g = {.w = t->w, .bits = 4, .dotted = true};

	digits.at += skip;
	digits.len -= skip;
	return (gather_word(&g, &digits) && gather_ends(&g) && g.digits > 0) ||
	    field_not(t, word, what);
}

bool
base64_parse(struct field_text *t)
{
	return gather_rest(t, 6, "base64");
}

bool
base64_word(struct field_text *t, const struct lexeme *word)
{
	return gather_one(t, word, t->w, 6, "base64");
}

bool
base64_put(const char *text, size_t len, struct wire *w)
{
	const struct lexeme word = {.at = text, .len = len};
	struct gather g = {.w = w, .bits = 6};

	return gather_word(&g, &word) && gather_ends(&g);
}

bool
base64_parse_optional(struct field_text *t)
{
	return lex_peek(t->lex)->kind == LEX_END || base64_parse(t);
}

bool
rest_read(struct field_wire *f)
{
	return f->c.at < f->c.end && field_copy(f, f->c.end - f->c.at);
}

void
hex_print(struct cursor *c, size_t n, struct wire *text)
{
	static const char digits[] = "0123456789ABCDEF";

	for (; n > 0 && !c->bad; n--) {
		uint32_t b = cursor_get(c, 1);

		wire_put_u8(text, (uint8_t)digits[b >> 4]);
		wire_put_u8(text, (uint8_t)digits[b & 0xf]);
	}
}

void
hex_format(struct cursor *c, struct wire *text)
{
	wire_put_u8(text, ' ');
	hex_print(c, c->end - c->at, text);
}

void
base64_print(struct cursor *c, size_t n, struct wire *text)
{
	while (n > 0 && !c->bad) {
		unsigned have = n < 3 ? (unsigned)n : 3;
		uint32_t v = cursor_get(c, have) << 8 * (3 - have);

		for (unsigned i = 0; i < 4; i++)
			wire_put_u8(text,
			    i <= have
				? (uint8_t)
				      base64_digits[v >> (18 - 6 * i) & 0x3f]
				: '=');
		n -= have;
	}
}

void
base64_format(struct cursor *c, struct wire *text)
{
	if (c->at == c->end)
		return;
	wire_put_u8(text, ' ');
	base64_print(c, c->end - c->at, text);
}

static bool
is_dash(const struct lexeme *word)
{
	return word->kind == LEX_WORD && word->len == 1 && *word->at == '-';
}

bool
data_parse(struct field_text *t)
{
	struct lexeme word;

	if (!is_dash(lex_peek(t->lex)))
		return base64_parse(t);
	lex_next(t->lex, &word);
	return true;
}

void
data_format(struct cursor *c, struct wire *text)
{
	if (c->at == c->end)
		field_print(text, "-");
	base64_format(c, text);
}

/* NSEC3 (RFC 5155 3.3) --------------------------------------------------- */

/* Octets behind their number. */
static bool
parse_counted(struct field_text *t, const struct lexeme *word, unsigned bits,
    const char *what)
{
	uint8_t octets[STRING_MAX];
	struct wire w;

	wire_init(&w, octets, sizeof(octets));
	if (!gather_one(t, word, &w, bits, what))
		return false;
	if (w.full)
		return lex_fail(t->lex, word, "longer than 255 octets");
	wire_put_u8(t->w, (uint8_t)w.len);
	wire_put(t->w, octets, w.len);
	return true;
}

bool
salt_parse(struct field_text *t)
{
	struct lexeme word;

	if (!field_word(t, &word))
		return false;
	if (is_dash(&word)) {
		wire_put_u8(t->w, 0);
		return true;
	}
	return parse_counted(
	    t, &word, 4, "\"-\", or hexadecimal digits, two per octet");
}

void
salt_format(struct cursor *c, struct wire *text)
{
	uint32_t len = cursor_get(c, 1);

	wire_put_u8(text, ' ');
	if (len == 0)
		wire_put_u8(text, '-');
	hex_print(c, len, text);
}

bool
hash_parse(struct field_text *t)
{
	struct lexeme word;

	return field_word(t, &word) &&
	    parse_counted(t, &word, 5, "base32hex without padding");
}

bool
hash_read(struct field_wire *f)
{
	return cursor_has(&f->c, 1) && f->c.packet[f->c.at] > 0 &&
	    field_copy(f, 1u + f->c.packet[f->c.at]);
}

void
hash_format(struct cursor *c, struct wire *text)
{
	uint32_t len = cursor_get(c, 1), held = 0, nheld = 0;

	wire_put_u8(text, ' ');
	for (; len > 0 && !c->bad; len--) {
		held = held << 8 | cursor_get(c, 1);
		for (nheld += 8; nheld >= 5; nheld -= 5)
			wire_put_u8(text,
			    (uint8_t)base32_digits[held >> (nheld - 5) & 0x1f]);
	}
	if (nheld > 0)
		wire_put_u8(
		    text, (uint8_t)base32_digits[held << (5 - nheld) & 0x1f]);
}

/* Types ------------------------------------------------------------------ */

static bool
word_type(struct field_text *t, const struct lexeme *word, uint16_t *type)
{
	*type = type_find(word->at, word->len);
	return *type != 0 ||
	    field_not(t, word,
		"a known type, nor TYPE followed by a number from 1 to 65535");
}

bool
type_parse(struct field_text *t)
{
	struct lexeme word;
	uint16_t type;

	if (!field_word(t, &word) || !word_type(t, &word, &type))
		return false;
	wire_put_u16(t->w, type);
	return true;
}

bool
type_read(struct field_wire *f)
{
	const uint8_t *p = f->c.packet + f->c.at;

	return field_copy(f, 2) && wire_get_u16(p) != 0;
}

void
type_format(struct cursor *c, struct wire *text)
{
	char buf[RR_TEXT_MAX];

	field_print(
	    text, "%s", rr_type_format(buf, (uint16_t)cursor_get(c, 2)));
}

static void
window_put(struct wire *w, unsigned window, const uint8_t bits[BITMAP_OCTETS])
{
	uint8_t len = BITMAP_OCTETS;

	while (len > 0 && bits[len - 1] == 0)
		len--;
	if (len == 0)
		return;
	wire_put_u8(w, (uint8_t)window);
	wire_put_u8(w, len);
	wire_put(w, bits, len);
}

bool
types_parse(struct field_text *t)
{
	uint8_t bits[WINDOWS][BITMAP_OCTETS] = {{0}};
	struct lexeme word;
	uint16_t type;

	while (lex_peek(t->lex)->kind != LEX_END) {
		if (!field_word(t, &word) || !word_type(t, &word, &type))
			return false;
		bits[type >> 8][(type & 0xff) / 8] |=
		    (uint8_t)(0x80 >> type % 8);
	}
	for (unsigned i = 0; i < WINDOWS; i++)
		window_put(t->w, i, bits[i]);
	return true;
}

bool
types_parse_some(struct field_text *t)
{
	struct lexeme word = *lex_peek(t->lex);

	return word.kind != LEX_END
	    ? types_parse(t)
	    : lex_fail(t->lex, &word, "missing: at least one type is required");
}

/* RFC 4034 4.1.2: windows in order, no octet 0 at the end of one; there is no
 * type 0 (RFC 6895 3.1). */
bool
types_read(struct field_wire *f)
{
	int last = -1;

	while (f->c.at < f->c.end) {
		const uint8_t *p = f->c.packet + f->c.at;

		if (!cursor_has(&f->c, 2) || p[0] <= last || p[1] == 0 ||
		    p[1] > BITMAP_OCTETS || !cursor_has(&f->c, 2u + p[1]) ||
		    p[1 + p[1]] == 0 || (p[0] == 0 && (p[2] & TYPE_0) != 0))
			return false;
		last = p[0];
		field_copy(f, 2u + p[1]);
	}
	return true;
}

bool
types_read_some(struct field_wire *f)
{
	return f->c.at < f->c.end && types_read(f);
}

void
types_format(struct cursor *c, struct wire *text)
{
	char buf[RR_TEXT_MAX];

	while (c->at < c->end && !c->bad) {
		uint32_t window = cursor_get(c, 1), len = cursor_get(c, 1);

		for (uint32_t i = 0; i < len && !c->bad; i++) {
			uint32_t octet = cursor_get(c, 1);

			for (uint32_t k = 0; k < 8; k++)
				if ((octet & 0x80 >> k) != 0)
					field_print(text, "%s",
					    rr_type_format(buf,
						(uint16_t)(window << 8 |
						    (i * 8 + k))));
		}
	}
}

/* Groups of digits ------------------------------------------------------- */

/* groups of digits digits, with a mark between. */
static bool
groups_parse(struct field_text *t, size_t groups, size_t digits, char between,
    const char *what)
{
	struct lexeme word, group;

	if (!field_word(t, &word))
		return false;
	if (word.len != groups * (digits + 1) - 1)
		return field_not(t, &word, what);
	for (size_t i = 0; i < groups; i++) {
		struct gather g = {.w = t->w, .bits = 4};

		group = word;
		group.at += i * (digits + 1);
		group.len = digits;
		if ((i > 0 && group.at[-1] != between) ||
		    !gather_word(&g, &group))
			return field_not(t, &word, what);
	}
	return true;
}

static void
groups_format(struct cursor *c, size_t groups, size_t octets, char between,
    struct wire *text)
{
	for (size_t i = 0; i < groups; i++) {
		wire_put_u8(text, i == 0 ? ' ' : (uint8_t)between);
		hex_print(c, octets, text);
	}
}

bool
eui48_parse(struct field_text *t)
{
	return groups_parse(
	    t, 6, 2, '-', "an EUI-48 address, as 00-00-5e-00-53-2a");
}

bool
eui48_read(struct field_wire *f)
{
	return field_copy(f, 6);
}

void
eui48_format(struct cursor *c, struct wire *text)
{
	groups_format(c, 6, 1, '-', text);
}

bool
eui64_parse(struct field_text *t)
{
	return groups_parse(
	    t, 8, 2, '-', "an EUI-64 address, as 00-00-5e-ef-10-00-00-2a");
}

bool
eui64_read(struct field_wire *f)
{
	return field_copy(f, 8);
}

void
eui64_format(struct cursor *c, struct wire *text)
{
	groups_format(c, 8, 1, '-', text);
}

/* RFC 6742 2.1.2: four groups of one to four digits. */
bool
locator_parse(struct field_text *t)
{
	static const char what[] = "four groups of 16 bits, as 2001:0db8:0:1";
	struct lexeme word;
	const char *p, *end;

	if (!field_word(t, &word))
		return false;
	p = word.at;
	end = word.at + word.len;
	for (unsigned i = 0; i < 4; i++) {
		unsigned v = 0, digits = 0;

		for (; p < end && hex_value(*p) >= 0; digits++)
			v = v << 4 | (unsigned)hex_value(*p++);
		if (digits == 0 || digits > 4 ||
		    (i < 3 ? p == end || *p++ != ':' : p != end))
			return field_not(t, &word, what);
		wire_put_u16(t->w, (uint16_t)v);
	}
	return true;
}

void
locator_format(struct cursor *c, struct wire *text)
{
	groups_format(c, 4, 2, ':', text);
}
