/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/rdata.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/net.h"
#include "dns/name.h"

enum { TOKEN_MAX = 1024, STRING_MAX = 255 };

static const struct {
	uint16_t type;
	const char *form;
} forms[] = {
    {DNS_A, "4"},
    {DNS_AAAA, "6"},
    {DNS_NS, "n"},
    {DNS_CNAME, "n"},
    {DNS_PTR, "n"},
    {DNS_DNAME, "n"},
    {DNS_SOA, "nnlllll"},
    {DNS_MX, "2n"},
    {DNS_TXT, "t"},
    {DNS_HINFO, "t"},
    {DNS_SRV, "222n"},
};

const char *
rdata_form(uint16_t type)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++)
		if (forms[i].type == type)
			return forms[i].form;
	return NULL;
}

/* Text ------------------------------------------------------------------- */

struct token {
	char text[TOKEN_MAX]; /* escapes are left in, quotes are not */
	size_t len;
};

/* The next word, or what stands in quotes; *text moves past it. */
static bool
token_next(const char **text, struct token *t)
{
	const char *p = *text + strspn(*text, " \t"), *end;
	bool quoted = *p == '"';

	if (*p == '\0')
		return false;
	p += quoted;
	for (end = p; *end != '\0'; end++) {
		if (quoted ? *end == '"' : *end == ' ' || *end == '\t')
			break;
		if (*end == '\\' && end[1] != '\0')
			end++;
	}
	if ((quoted && *end != '"') || (size_t)(end - p) >= TOKEN_MAX)
		return false;
	t->len = (size_t)(end - p);
	memcpy(t->text, p, t->len);
	t->text[t->len] = '\0';
	*text = end + quoted;
	return true;
}

static bool
put_number(struct wire *w, const char *text, unsigned octets)
{
	unsigned long long v;
	char *end;

	v = strtoull(text, &end, 10);
	if (!isdigit((unsigned char)*text) || *end != '\0' ||
	    v >> (8 * octets) != 0)
		return false;
	if (octets == 2)
		wire_put_u16(w, (uint16_t)v);
	else
		wire_put_u32(w, (uint32_t)v);
	return true;
}

static bool
put_name(struct wire *w, const char *text)
{
	uint8_t name[DNS_NAME_MAX];
	struct error err;

	if (!name_parse(text, name, &err))
		return false;
	name_lower(name);
	wire_put(w, name, name_len(name));
	return true;
}

static bool
put_addr(struct wire *w, const char *text, uint8_t family)
{
	struct addr a;

	if (!addr_parse(text, &a) || a.family != family)
		return false;
	wire_put(w, a.bytes, addr_bits(&a) / 8);
	return true;
}

/* RFC 1035 5.1: \\DDD is an octet, \\X is X. */
static bool
put_string(struct wire *w, const struct token *t)
{
	uint8_t octets[TOKEN_MAX];
	size_t n = 0;

	for (const char *p = t->text; *p != '\0'; p++) {
		unsigned v = (unsigned char)*p;

		if (*p == '\\' && isdigit((unsigned char)p[1])) {
			if (!isdigit((unsigned char)p[2]) ||
			    !isdigit((unsigned char)p[3]))
				return false;
			v = (p[1] - '0') * 100u + (p[2] - '0') * 10u +
			    (p[3] - '0');
			p += 3;
		} else if (*p == '\\' && p[1] != '\0') {
			v = (unsigned char)*++p;
		}
		if (v > UINT8_MAX || n == STRING_MAX)
			return false;
		octets[n++] = (uint8_t)v;
	}
	wire_put_u8(w, (uint8_t)n);
	wire_put(w, octets, n);
	return true;
}

static bool
put_strings(struct wire *w, const char **text)
{
	struct token t;

	while (token_next(text, &t))
		if (!put_string(w, &t))
			return false;
	return true;
}

static bool
put_field(struct wire *w, char form, const char **text)
{
	struct token t;

	if (!token_next(text, &t))
		return false;
	switch (form) {
	case 'n':
		return put_name(w, t.text);
	case '4':
		return put_addr(w, t.text, 4);
	case '6':
		return put_addr(w, t.text, 6);
	default:
		return put_number(w, t.text, form == '2' ? 2 : 4);
	}
}

static bool
hex_digit(char c, unsigned *v)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c != '\0' ? strchr(digits, tolower(c)) : NULL;

	if (at != NULL)
		*v = *v << 4 | (unsigned)(at - digits);
	return at != NULL;
}

/* RFC 3597 5: \\# LENGTH HEX ... */
static bool
put_unknown(struct wire *w, const char *text)
{
	size_t start = w->len;
	struct token t;
	unsigned long want;
	char *end;

	if (!token_next(&text, &t) || strcmp(t.text, "\\#") != 0 ||
	    !token_next(&text, &t))
		return false;
	want = strtoul(t.text, &end, 10);
	if (!isdigit((unsigned char)*t.text) || *end != '\0')
		return false;
	while (token_next(&text, &t)) {
		for (size_t i = 0; i < t.len; i += 2) {
			unsigned v = 0;

			if (!hex_digit(t.text[i], &v) ||
			    !hex_digit(t.text[i + 1], &v))
				return false;
			wire_put_u8(w, (uint8_t)v);
		}
	}
	return w->len - start == want;
}

static bool
put_form(struct wire *w, const char *form, const char *text)
{
	for (; *form != '\0'; form++) {
		if (*form == 't' ? !put_strings(w, &text)
				 : !put_field(w, *form, &text))
			return false;
	}
	return text[strspn(text, " \t")] == '\0';
}

bool
rdata_parse(uint16_t type, const char *text, struct wire *w, struct error *err)
{
	const char *form = rdata_form(type);
	char name[RR_TEXT_MAX];
	size_t start = w->len;
	bool ok;

	if (form == NULL || strncmp(text, "\\#", 2) == 0)
		ok = put_unknown(w, text);
	else
		ok = put_form(w, form, text);
	if (ok && !w->full && w->len > start)
		return true;
	return error_set(err, "\"%.200s\" is no data of %s%s", text,
	    rr_type_format(name, type),
	    form == NULL ? ": it is written as \\# LENGTH HEX" : "");
}

/* Messages --------------------------------------------------------------- */

static void
copy(struct cursor *c, struct wire *w, size_t n)
{
	if (!cursor_has(c, n))
		return;
	wire_put(w, c->packet + c->at, n);
	c->at += n;
}

static void
copy_name(struct cursor *c, struct wire *w)
{
	uint8_t name[DNS_NAME_MAX];

	cursor_name(c, name);
	if (c->bad)
		return;
	name_lower(name);
	wire_put(w, name, name_len(name));
}

bool
rdata_read(uint16_t type, struct cursor *c, struct wire *w)
{
	static const uint8_t octets[] = {
	    ['2'] = 2, ['4'] = 4, ['6'] = 16, ['l'] = 4};
	const char *form = rdata_form(type);

	for (; form != NULL && *form != '\0' && *form != 't'; form++) {
		if (*form == 'n')
			copy_name(c, w);
		else
			copy(c, w, octets[(unsigned char)*form]);
	}
	if (!c->bad && (form == NULL || *form == 't'))
		copy(c, w, c->end - c->at);
	return !c->bad && c->at == c->end && !w->full;
}

/* SVCB ------------------------------------------------------------------- */

/* RFC 9460 14.3.2 */
enum { KEY_MANDATORY = 0, KEY_IPV4HINT = 4, KEY_IPV6HINT = 6 };

struct hints {
	bool keep_ipv4, keep_ipv6;
};

static bool
is_kept(const struct hints *h, uint16_t key)
{
	return key == KEY_IPV4HINT ? h->keep_ipv4
	    : key == KEY_IPV6HINT  ? h->keep_ipv6
				   : true;
}

static size_t
put_param(uint8_t *out, uint16_t key, const uint8_t *value, size_t len)
{
	struct wire w;

	wire_init(&w, out, 4 + len);
	wire_put_u16(&w, key);
	wire_put_u16(&w, (uint16_t)len);
	wire_put(&w, value, len);
	return w.len;
}

/* The keys that are kept; nothing, where none is left. */
static size_t
put_mandatory(
    uint8_t *out, const struct hints *h, const uint8_t *keys, size_t len)
{
	uint8_t kept[UINT16_MAX];
	size_t n = 0;

	for (size_t i = 0; i + 2 <= len; i += 2) {
		if (!is_kept(h, wire_get_u16(keys + i)))
			continue;
		memcpy(kept + n, keys + i, 2);
		n += 2;
	}
	return n > 0 ? put_param(out, KEY_MANDATORY, kept, n) : 0;
}

size_t
rdata_drop_hints(uint8_t *out, const uint8_t *rdata, size_t len, bool keep_ipv4,
    bool keep_ipv6)
{
	const struct hints h = {keep_ipv4, keep_ipv6};
	size_t at = 2 + name_len(rdata + 2), n = at;

	memcpy(out, rdata, at);
	while (at + 4 <= len) {
		uint16_t key = wire_get_u16(rdata + at);
		size_t size = wire_get_u16(rdata + at + 2);
		const uint8_t *value = rdata + at + 4;

		if (key == KEY_MANDATORY)
			n += put_mandatory(out + n, &h, value, size);
		else if (is_kept(&h, key))
			n += put_param(out + n, key, value, size);
		at += 4 + size;
	}
	return n;
}
