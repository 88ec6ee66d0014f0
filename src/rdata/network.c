/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/network.h"

#include <stdio.h>
#include <string.h>

#include "base/net.h"
#include "dns/name.h"
#include "rdata/coding.h"
#include "rdata/number.h"
#include "rdata/text.h"

enum { OCTETS_MAX = 255 };

/* APL (RFC 3123) --------------------------------------------------------- */

enum { APL_NEGATED = 0x80, APL_FIXED = 4 };

/* By address family number (IANA): 1 is IPv4, 2 is IPv6. */
static const uint8_t family_bits[] = {0, 32, 128};
enum { FAMILIES = sizeof(family_bits) };

static bool
prefix_put(struct field_text *t, const struct lexeme *word, const char *p)
{
	const char *colon = memchr(p, ':', (size_t)(word->at + word->len - p));
	const char *slash, *end = word->at + word->len;
	char text[ADDR_TEXT_MAX];
	uint64_t family, bits;
	struct addr a;
	uint8_t len;

	slash =
	    colon != NULL ? memchr(colon, '/', (size_t)(end - colon)) : NULL;
	if (slash == NULL || slash - colon - 1 >= (long)sizeof(text) ||
	    !digits_value(p, (size_t)(colon - p), FAMILIES - 1, &family) ||
	    !digits_value(slash + 1, (size_t)(end - slash - 1),
		family_bits[family], &bits))
		return false;
	memcpy(text, colon + 1, (size_t)(slash - colon - 1));
	text[slash - colon - 1] = '\0';
	if (!addr_parse(text, &a) || addr_bits(&a) != family_bits[family])
		return false;
	for (len = family_bits[family] / 8; len > 0 && a.bytes[len - 1] == 0;)
		len--;
	wire_put_u16(t->w, (uint16_t)family);
	wire_put_u8(t->w, (uint8_t)bits);
	wire_put_u8(t->w, len | (*word->at == '!' ? APL_NEGATED : 0));
	wire_put(t->w, a.bytes, len);
	return true;
}

bool
apl_parse(struct field_text *t)
{
	struct lexeme word;

	while (lex_peek(t->lex)->kind != LEX_END) {
		if (!field_word(t, &word))
			return false;
		if (!prefix_put(t, &word, word.at + (*word.at == '!')))
			return field_not(t, &word,
			    "a prefix, as 1:192.0.2.0/24 or !2:2001:db8::/32");
	}
	return true;
}

/* RFC 3123 4: no octet 0 at the end of an address. */
bool
apl_read(struct field_wire *f)
{
	while (f->c.at < f->c.end) {
		const uint8_t *p = f->c.packet + f->c.at;
		uint16_t family;
		uint8_t len;

		if (!cursor_has(&f->c, APL_FIXED))
			return false;
		family = wire_get_u16(p);
		len = p[3] & (uint8_t)~APL_NEGATED;
		if (!cursor_has(&f->c, (size_t)APL_FIXED + len) ||
		    (len > 0 && p[APL_FIXED + len - 1] == 0) || family == 0 ||
		    family >= FAMILIES || p[2] > family_bits[family] ||
		    len * 8 > family_bits[family])
			return false;
		field_copy(f, (size_t)APL_FIXED + len);
	}
	return true;
}

void
apl_format(struct cursor *c, struct wire *text)
{
	while (c->at < c->end && !c->bad) {
		uint32_t family = cursor_get(c, 2), bits = cursor_get(c, 1);
		uint32_t flags = cursor_get(c, 1);
		size_t len = flags & ~(uint32_t)APL_NEGATED;
		struct addr a = {.family = family == 1 ? 4 : 6};
		char buf[ADDR_TEXT_MAX];

		if (len > sizeof(a.bytes) || !cursor_has(c, len))
			return;
		memcpy(a.bytes, c->packet + c->at, len);
		c->at += len;
		field_print(text, "%s%u:%s/%u",
		    (flags & APL_NEGATED) != 0 ? "!" : "", family,
		    addr_format(buf, &a), bits);
	}
}

/* Gateways --------------------------------------------------------------- */

/* RFC 4025 2.5, RFC 8777 4.2.3 */
enum gateway_type { GATEWAY_NONE, GATEWAY_A, GATEWAY_AAAA, GATEWAY_NAME };

static bool
host_parse(struct field_text *t, uint64_t type)
{
	struct lexeme word;

	if (!field_word(t, &word))
		return false;
	if (type == GATEWAY_A)
		return addr_put(t, &word, 4);
	if (type == GATEWAY_AAAA)
		return addr_put(t, &word, 6);
	if (type == GATEWAY_NAME)
		return domain_put(t, &word);
	return lex_is(&word, ".") ||
	    field_not(t, &word, "\".\", as gateway type 0 has none");
}

static bool
host_read(struct field_wire *f, uint8_t type)
{
	switch (type) {
	case GATEWAY_NONE:
		return true;
	case GATEWAY_A:
		return field_copy(f, 4);
	case GATEWAY_AAAA:
		return field_copy(f, 16);
	case GATEWAY_NAME:
		return domain_read(f);
	default:
		return false;
	}
}

static void
host_format(struct cursor *c, uint32_t type, struct wire *text)
{
	if (type == GATEWAY_A)
		a_format(c, text);
	else if (type == GATEWAY_AAAA)
		aaaa_format(c, text);
	else if (type == GATEWAY_NAME)
		domain_format(c, text);
	else
		field_print(text, ".");
}

bool
gateway_parse(struct field_text *t)
{
	uint64_t type, algorithm;

	if (!number_parse(t, GATEWAY_NAME, &type) ||
	    !number_parse(t, UINT8_MAX, &algorithm))
		return false;
	wire_put_u8(t->w, (uint8_t)type);
	wire_put_u8(t->w, (uint8_t)algorithm);
	return host_parse(t, type);
}

bool
gateway_read(struct field_wire *f)
{
	const uint8_t *type = f->c.packet + f->c.at;

	return field_copy(f, 2) && host_read(f, *type);
}

void
gateway_format(struct cursor *c, struct wire *text)
{
	uint32_t type = cursor_get(c, 1);

	field_print(text, "%u", type);
	field_print(text, "%u", cursor_get(c, 1));
	host_format(c, type, text);
}

enum { RELAY_DISCOVERY = 0x80 };

bool
relay_parse(struct field_text *t)
{
	uint64_t discovery, type;

	if (!number_parse(t, 1, &discovery) ||
	    !number_parse(t, GATEWAY_NAME, &type))
		return false;
	wire_put_u8(
	    t->w, (uint8_t)(discovery != 0 ? type | RELAY_DISCOVERY : type));
	return host_parse(t, type);
}

bool
relay_read(struct field_wire *f)
{
	const uint8_t *octet = f->c.packet + f->c.at;

	return field_copy(f, 1) &&
	    host_read(f, *octet & (uint8_t)~RELAY_DISCOVERY);
}

void
relay_format(struct cursor *c, struct wire *text)
{
	uint32_t octet = cursor_get(c, 1);
	uint32_t type = octet & ~(uint32_t)RELAY_DISCOVERY;

	field_print(text, "%u", octet >> 7);
	field_print(text, "%u", type);
	host_format(c, type, text);
}

/* HIP (RFC 8005 5) ------------------------------------------------------- */

bool
hip_parse(struct field_text *t)
{
	size_t start = t->w->len, key;
	struct lexeme word;
	uint64_t algorithm;

	if (!number_parse(t, UINT8_MAX, &algorithm) || !field_word(t, &word))
		return false;
	wire_put_u8(t->w, 0);
	wire_put_u8(t->w, (uint8_t)algorithm);
	wire_put_u16(t->w, 0);
	if (!hex_word(t, &word, "a HIT: hexadecimal digits"))
		return false;
	key = t->w->len;
	if (key - start - 4 > OCTETS_MAX)
		return lex_fail(t->lex, &word, "longer than 255 octets");
	if (!field_word(t, &word) || !base64_word(t, &word))
		return false;
	if (t->w->full || t->w->len - key > UINT16_MAX)
		return lex_fail(t->lex, &word, "longer than 65535 octets");
	t->w->at[start] = (uint8_t)(key - start - 4);
	wire_set_u16(t->w, start + 2, (uint16_t)(t->w->len - key));
	return true;
}

bool
hip_read(struct field_wire *f)
{
	const uint8_t *p = f->c.packet + f->c.at;

	return cursor_has(&f->c, 4) && p[0] > 0 && wire_get_u16(p + 2) > 0 &&
	    field_copy(f, (size_t)4 + p[0] + wire_get_u16(p + 2));
}

void
hip_format(struct cursor *c, struct wire *text)
{
	uint32_t hit = cursor_get(c, 1), algorithm = cursor_get(c, 1);
	uint32_t key = cursor_get(c, 2);

	field_print(text, "%u ", algorithm);
	hex_print(c, hit, text);
	wire_put_u8(text, ' ');
	base64_print(c, key, text);
}

/* WKS (RFC 1035 3.4.2) --------------------------------------------------- */

enum { PORTS = 65536, NAMES_SIZE = 12 };

struct well_known {
	char name[NAMES_SIZE];
	uint16_t number;
};

static const struct well_known protocols[] = {
    {"icmp", 1}, {"tcp", 6}, {"udp", 17}, {"", 0}};
static const struct well_known services[] = {{"ftp-data", 20}, {"ftp", 21},
    {"ssh", 22}, {"telnet", 23}, {"smtp", 25}, {"time", 37}, {"nameserver", 42},
    {"domain", 53}, {"tftp", 69}, {"gopher", 70}, {"finger", 79}, {"http", 80},
    {"pop3", 110}, {"auth", 113}, {"nntp", 119}, {"ntp", 123}, {"imap", 143},
    {"snmp", 161}, {"https", 443}, {"", 0}};

static bool
well_known_parse(struct field_text *t, const struct well_known *known,
    uint64_t most, uint64_t *number, const char *what)
{
	struct lexeme word;

	if (!field_word(t, &word))
		return false;
	while (*known->name != '\0' && !lex_is(&word, known->name))
		known++;
	*number = known->number;
	return *known->name != '\0' ||
	    digits_value(word.at, word.len, most, number) ||
	    field_not(t, &word, what);
}

bool
wks_parse(struct field_text *t)
{
	uint8_t bits[PORTS / 8] = {0};
	uint64_t protocol, port;
	size_t len = 0;

	if (!well_known_parse(t, protocols, UINT8_MAX, &protocol,
		"tcp, udp, or a number from 0 to 255"))
		return false;
	while (lex_peek(t->lex)->kind != LEX_END) {
		if (!well_known_parse(t, services, PORTS - 1, &port,
			"a well-known service, or a port from 0 to 65535"))
			return false;
		bits[port / 8] |= (uint8_t)(0x80 >> port % 8);
		if (len < port / 8 + 1)
			len = port / 8 + 1;
	}
	wire_put_u8(t->w, (uint8_t)protocol);
	wire_put(t->w, bits, len);
	return true;
}

bool
wks_read(struct field_wire *f)
{
	return field_copy(f, 1) && f->c.end - f->c.at <= PORTS / 8 &&
	    field_copy(f, f->c.end - f->c.at);
}

/* The numbers of the bits that are set, by print. */
static void
bits_format(struct cursor *c, struct wire *text,
    void (*print)(struct wire *text, uint16_t number))
{
	for (uint32_t first = 0; c->at < c->end; first += 8) {
		uint32_t octet = cursor_get(c, 1);

		for (uint32_t k = 0; k < 8; k++)
			if ((octet & 0x80 >> k) != 0)
				print(text, (uint16_t)(first + k));
	}
}

static void
port_print(struct wire *text, uint16_t port)
{
	field_print(text, "%u", port);
}

void
wks_format(struct cursor *c, struct wire *text)
{
	field_print(text, "%u", cursor_get(c, 1));
	bits_format(c, text, port_print);
}

/* NXT (RFC 2535 5.2) ----------------------------------------------------- */

enum { NXT_TYPES = 128 };

/* Types are written as mnemonics or decimal numbers (RFC 2065 5.2). */
static bool
nxt_type(struct field_text *t, uint16_t *type)
{
	struct lexeme word;
	uint64_t number;

	if (!field_word(t, &word))
		return false;
	*type = digits_value(word.at, word.len, NXT_TYPES - 1, &number)
	    ? (uint16_t)number
	    : type_find(word.at, word.len);
	return (*type > 0 && *type < NXT_TYPES) ||
	    field_not(t, &word, "a type's name, or a number from 1 to 127");
}

bool
nxt_parse(struct field_text *t)
{
	uint8_t bits[NXT_TYPES / 8] = {0};
	size_t len = 0;
	uint16_t type;

	while (lex_peek(t->lex)->kind != LEX_END) {
		if (!nxt_type(t, &type))
			return false;
		bits[type / 8] |= (uint8_t)(0x80 >> type % 8);
		if (len < type / 8u + 1)
			len = type / 8u + 1;
	}
	wire_put(t->w, bits, len);
	return true;
}

bool
nxt_read(struct field_wire *f)
{
	size_t len = f->c.end - f->c.at;

	/* There is no type 0 (RFC 6895 3.1), and no octet 0 is at the end (RFC
	 * 2535 5.2). */
	return len <= NXT_TYPES / 8 &&
	    (len == 0 ||
		((f->c.packet[f->c.at] & 0x80) == 0 &&
		    f->c.packet[f->c.end - 1] != 0)) &&
	    field_copy(f, len);
}

static void
type_print(struct wire *text, uint16_t type)
{
	char buf[RR_TEXT_MAX];

	field_print(text, "%s", rr_type_format(buf, type));
}

void
nxt_format(struct cursor *c, struct wire *text)
{
	bits_format(c, text, type_print);
}

/* Addresses of other networks -------------------------------------------- */

bool
nsap_parse(struct field_text *t)
{
	static const char what[] =
	    "an NSAP address: 0x and hexadecimal digits, two per octet";
	struct lexeme word;

	if (!field_word(t, &word))
		return false;
	if (word.len < 2 || word.at[0] != '0' || (word.at[1] | 0x20) != 'x')
		return field_not(t, &word, what);
	return hex_dotted(t, &word, 2, what);
}

void
nsap_format(struct cursor *c, struct wire *text)
{
	field_print(text, "0x");
	hex_print(c, c->end - c->at, text);
}

enum atma_format { ATMA_AESA, ATMA_E164 };

bool
atma_parse(struct field_text *t)
{
	struct lexeme word;

	if (!field_word(t, &word))
		return false;
	if (*word.at != '+') {
		wire_put_u8(t->w, ATMA_AESA);
		return hex_dotted(t, &word, 0,
		    "an ATM address: + and digits, or hexadecimal digits");
	}
	wire_put_u8(t->w, ATMA_E164);
	for (size_t i = 1; i < word.len; i++)
		if (word.at[i] < '0' || word.at[i] > '9')
			return field_not(t, &word, "+ and decimal digits");
	wire_put(t->w, word.at + 1, word.len - 1);
	return word.len > 1 || field_not(t, &word, "+ and decimal digits");
}

bool
atma_read(struct field_wire *f)
{
	const uint8_t *p = f->c.packet + f->c.at;
	size_t len = f->c.end - f->c.at;

	if (len < 2 || *p > ATMA_E164)
		return false;
	for (size_t i = 1; *p == ATMA_E164 && i < len; i++)
		if (p[i] < '0' || p[i] > '9')
			return false;
	return field_copy(f, len);
}

void
atma_format(struct cursor *c, struct wire *text)
{
	if (cursor_get(c, 1) == ATMA_AESA) {
		wire_put_u8(text, ' ');
		hex_print(c, c->end - c->at, text);
		return;
	}
	field_print(text, "+");
	wire_put(text, c->packet + c->at, c->end - c->at);
	c->at = c->end;
}
