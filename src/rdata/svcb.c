/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/svcb.h"

#include <stdio.h>
#include <string.h>

#include "base/net.h"
#include "rdata/coding.h"
#include "rdata/number.h"
#include "rdata/param.h"
#include "rdata/text.h"

enum { VALUE_MAX = 65535, ITEM_MAX = 255, KEY_TEXT_MAX = 24 };

/* A value's octets: of the text, with the escapes of a string undone. */
struct value {
	const uint8_t *at;
	size_t len;
};

/* Items ------------------------------------------------------------------ */

/* The next item of a list without escapes; false: none is left. */
static bool
item_next(struct value *list, struct value *item)
{
	const uint8_t *comma;

	if (list->at == NULL)
		return false;
	comma = memchr(list->at, ',', list->len);
	item->at = list->at;
	item->len = comma != NULL ? (size_t)(comma - list->at) : list->len;
	if (comma == NULL) {
		list->at = NULL;
		return true;
	}
	list->len -= item->len + 1;
	list->at = comma + 1;
	return true;
}

/* RFC 9460 A.1: a backslash keeps the comma or backslash behind it. */
static const char *
alpn_make(struct value v, struct wire *w)
{
	uint8_t item[ITEM_MAX];
	size_t len = 0;

	for (size_t i = 0; i <= v.len; i++) {
		if (i < v.len && v.at[i] != ',') {
			if (v.at[i] == '\\' &&
			    (++i == v.len ||
				(v.at[i] != ',' && v.at[i] != '\\')))
				return "in a list a backslash may only precede a comma or a backslash";
			if (len == sizeof(item))
				return "a protocol longer than 255 octets";
			item[len++] = v.at[i];
			continue;
		}
		if (len == 0)
			return "an empty protocol";
		wire_put_u8(w, (uint8_t)len);
		wire_put(w, item, len);
		len = 0;
	}
	return NULL;
}

static bool key_find(const uint8_t *name, size_t len, uint16_t *key);

/* RFC 9460 8: in order, each once. */
static const char *
mandatory_make(struct value v, struct wire *w)
{
	size_t start = w->len;
	struct value item;
	uint16_t key;

	while (item_next(&v, &item)) {
		size_t at = start;

		if (!key_find(item.at, item.len, &key))
			return "it lists an invalid key";
		while (at < w->len && wire_get_u16(w->at + at) < key)
			at += 2;
		if (at < w->len && wire_get_u16(w->at + at) == key)
			return "it lists a key twice";
		wire_put_u16(w, key);
		memmove(w->at + at + 2, w->at + at, w->len - at - 2);
		wire_set_u16(w, at, key);
	}
	return NULL;
}

static const char *
port_make(struct value v, struct wire *w)
{
	uint64_t port;

	if (!digits_value((const char *)v.at, v.len, UINT16_MAX, &port))
		return "not a number from 0 to 65535";
	wire_put_u16(w, (uint16_t)port);
	return NULL;
}

static const char *
hints_make(struct value v, struct wire *w, uint8_t family, const char *wrong)
{
	char text[ADDR_TEXT_MAX];
	struct value item;
	struct addr a;

	while (item_next(&v, &item)) {
		if (item.len >= sizeof(text))
			return wrong;
		memcpy(text, item.at, item.len);
		text[item.len] = '\0';
		if (!addr_parse(text, &a) || a.family != family)
			return wrong;
		wire_put(w, a.bytes, addr_bits(&a) / 8);
	}
	return NULL;
}

static const char *
ipv4hint_make(struct value v, struct wire *w)
{
	return hints_make(v, w, 4, "not IPv4 addresses separated by commas");
}

static const char *
ipv6hint_make(struct value v, struct wire *w)
{
	return hints_make(v, w, 6, "not IPv6 addresses separated by commas");
}

static const char *
ech_make(struct value v, struct wire *w)
{
	return base64_put((const char *)v.at, v.len, w) ? NULL : "not base64";
}

static const char *
octets_make(struct value v, struct wire *w)
{
	wire_put(w, v.at, v.len);
	return NULL;
}

/* Text ------------------------------------------------------------------- */

static void
octets_print(const struct param *p, struct wire *text)
{
	for (size_t i = 0; i < p->len; i++)
		octet_print(text, p->value[i]);
}

/* Inside an item of a list (RFC 9460 A.1). */
static void
item_print(struct wire *text, uint8_t octet)
{
	if (octet == ',' || octet == '\\')
		octet_print(text, '\\');
	octet_print(text, octet);
}

static void
alpn_print(const struct param *p, struct wire *text)
{
	for (size_t at = 0; at < p->len; at += 1u + p->value[at]) {
		if (at > 0)
			wire_put_u8(text, ',');
		for (unsigned i = 1; i <= p->value[at]; i++)
			item_print(text, p->value[at + i]);
	}
}

static const char *key_format(char buf[KEY_TEXT_MAX], uint16_t key);

static void
mandatory_print(const struct param *p, struct wire *text)
{
	char buf[KEY_TEXT_MAX];

	for (size_t i = 0; i < p->len; i += 2) {
		const char *name = key_format(buf, wire_get_u16(p->value + i));

		if (i > 0)
			wire_put_u8(text, ',');
		wire_put(text, name, strlen(name));
	}
}

static void
numbers_print(const struct param *p, struct wire *text)
{
	char buf[8];

	for (size_t i = 0; i < p->len; i += 2) {
		int n = snprintf(buf, sizeof(buf), "%s%u", i > 0 ? "," : "",
		    wire_get_u16(p->value + i));

		wire_put(text, buf, (size_t)n);
	}
}

static void
hints_print(const struct param *p, struct wire *text, uint8_t family)
{
	struct addr a = {.family = family};
	size_t size = family == 4 ? 4 : 16;
	char buf[ADDR_TEXT_MAX];

	for (size_t i = 0; i < p->len; i += size) {
		memcpy(a.bytes, p->value + i, size);
		if (i > 0)
			wire_put_u8(text, ',');
		addr_format(buf, &a);
		wire_put(text, buf, strlen(buf));
	}
}

static void
ipv4hint_print(const struct param *p, struct wire *text)
{
	hints_print(p, text, 4);
}

static void
ipv6hint_print(const struct param *p, struct wire *text)
{
	hints_print(p, text, 6);
}

static void
ech_print(const struct param *p, struct wire *text)
{
	struct cursor c = {.packet = p->value, .end = p->len};

	base64_print(&c, p->len, text);
}

/* The keys --------------------------------------------------------------- */

static const struct key {
	const char *name;
	/* From text; NULL, or what is wrong. */
	const char *(*make)(struct value v, struct wire *w);
	void (*print)(const struct param *p, struct wire *text);
	bool plain; /* its value must not have escapes (RFC 9460 7.2, 7.3, 8) */
} keys[KEY_COUNT] = {
    [KEY_MANDATORY] = {"mandatory", mandatory_make, mandatory_print, true},
    [KEY_ALPN] = {"alpn", alpn_make, alpn_print, false},
    [KEY_NO_DEFAULT_ALPN] = {"no-default-alpn", octets_make, octets_print,
	false},
    [KEY_PORT] = {"port", port_make, numbers_print, true},
    [KEY_IPV4HINT] = {"ipv4hint", ipv4hint_make, ipv4hint_print, true},
    [KEY_ECH] = {"ech", ech_make, ech_print, true},
    [KEY_IPV6HINT] = {"ipv6hint", ipv6hint_make, ipv6hint_print, true},
    [KEY_DOHPATH] = {"dohpath", octets_make, octets_print, false},
    [KEY_OHTTP] = {"ohttp", octets_make, octets_print, false},
};

/* keyNNNNN without zeros before (RFC 9460 2.1). */
static bool
key_number(const uint8_t *name, size_t len, uint16_t *key)
{
	enum { PREFIX = 3 };
	uint64_t number;

	if (len <= PREFIX || memcmp(name, "key", PREFIX) != 0 ||
	    (len > PREFIX + 1 && name[PREFIX] == '0') ||
	    !digits_value((const char *)name + PREFIX, len - PREFIX,
		KEY_INVALID - 1, &number))
		return false;
	*key = (uint16_t)number;
	return true;
}

/* The value takes the form of the key; that of keyNNNNN is octets (RFC 9460
 * 2.1). */
static bool
is_name_of(const uint8_t *name, size_t len, uint16_t key)
{
	return key < KEY_COUNT && strlen(keys[key].name) == len &&
	    memcmp(keys[key].name, name, len) == 0;
}

static bool
key_find(const uint8_t *name, size_t len, uint16_t *key)
{
	for (uint16_t i = 0; i < KEY_COUNT; i++) {
		if (is_name_of(name, len, i)) {
			*key = i;
			return true;
		}
	}
	return key_number(name, len, key);
}

static const char *
key_format(char buf[KEY_TEXT_MAX], uint16_t key)
{
	if (key < KEY_COUNT)
		return keys[key].name;
	snprintf(buf, KEY_TEXT_MAX, "key%u", key);
	return buf;
}

/* From text -------------------------------------------------------------- */

struct param_text {
	struct lexeme key, value; /* value.len 0: none */
};

/* key, key=value or key="value". */
static bool
param_split(struct field_text *t, struct param_text *p)
{
	struct lexeme word;
	const char *equals;

	if (lex_next(t->lex, &word) == LEX_WRONG)
		return false;
	if (word.kind == LEX_QUOTED)
		return lex_fail(
		    t->lex, &word, "in quotes: write key=\"value\"");
	equals = memchr(word.at, '=', word.len);
	p->key = p->value = word;
	p->key.len = equals != NULL ? (size_t)(equals - word.at) : word.len;
	p->value.at = word.at + p->key.len + (equals != NULL);
	p->value.len = word.len - (size_t)(p->value.at - word.at);
	if (!word.joined)
		return true;
	if (equals == NULL || p->value.len > 0)
		return lex_fail(t->lex, &word,
		    "a quote inside a word: put quotes around the whole value, or write \\\"");
	return lex_next(t->lex, &p->value) != LEX_WRONG &&
	    (!p->value.joined ||
		lex_fail(t->lex, &p->value,
		    "characters after the closing quote of a value"));
}

/* Where the parameter belongs among those from start on, by its key; false: it
 * is there. */
static bool
param_place(const struct wire *w, size_t start, uint16_t key, size_t *at)
{
	for (*at = start; *at < w->len;
	     *at += PARAM_FIXED + wire_get_u16(w->at + *at + 2)) {
		uint16_t here = wire_get_u16(w->at + *at);

		if (here >= key)
			return here > key;
	}
	return true;
}

static void
param_put(
    struct wire *w, size_t at, uint16_t key, const uint8_t *value, size_t len)
{
	size_t behind = w->len - at;

	wire_put_u16(w, key);
	wire_put_u16(w, (uint16_t)len);
	wire_put(w, value, len);
	if (w->full)
		return;
	memmove(w->at + at + PARAM_FIXED + len, w->at + at, behind);
	wire_set_u16(w, at, key);
	wire_set_u16(w, at + 2, (uint16_t)len);
	memcpy(w->at + at + PARAM_FIXED, value, len);
}

/* The value of a key that is written by its name, into w. */
static const char *
value_make(
    uint16_t key, const struct lexeme *text, struct value v, struct wire *w)
{
	if (keys[key].plain && memchr(text->at, '\\', text->len) != NULL)
		return "an escape, which its value must not have (RFC 9460)";
	return v.len > 0 ? keys[key].make(v, w) : NULL;
}

static bool
param_parse(struct field_text *t, size_t start)
{
	uint8_t octets[VALUE_MAX], made[VALUE_MAX];
	const uint8_t *name;
	struct param_text p;
	const char *wrong;
	struct value v = {.at = octets};
	struct wire w;
	uint16_t key;
	size_t at;

	if (!param_split(t, &p) ||
	    !octets_read(t, &p.value, octets, sizeof(octets), &v.len,
		"a value may be: 65535 octets"))
		return false;
	name = (const uint8_t *)p.key.at;
	if (!key_find(name, p.key.len, &key))
		return field_not(t, &p.key,
		    "a known key, nor key followed by a number up to 65534");
	if (!param_place(t->w, start, key, &at))
		return lex_fail(t->lex, &p.key, "duplicate key %.*s",
		    (int)p.key.len, p.key.at);
	wire_init(&w, made, sizeof(made));
	wrong = is_name_of(name, p.key.len, key)
	    ? value_make(key, &p.value, v, &w)
	    : octets_make(v, &w);
	if (wrong != NULL)
		return lex_fail(
		    t->lex, &p.value, "%s: %s", keys[key].name, wrong);
	param_put(t->w, at, key, made, w.len);
	return true;
}

bool
svcb_parse(struct field_text *t)
{
	size_t start = t->w->len;
	struct lexeme first = *lex_peek(t->lex);
	char buf[KEY_TEXT_MAX];
	struct params all;
	const char *wrong;
	uint16_t key = 0;

	while (lex_peek(t->lex)->kind != LEX_END && !t->w->full)
		if (!param_parse(t, start))
			return false;
	if (t->w->full)
		return lex_fail(t->lex, &first, "longer than 65535 octets");
	all = (struct params){t->w->at + start, t->w->at + t->w->len};
	wrong = params_wrong(&all, &key);
	return wrong == NULL ||
	    lex_fail(t->lex, &first, "%s: %s", key_format(buf, key), wrong);
}

bool
svcb_read(struct field_wire *f)
{
	const struct params all = {
	    f->c.packet + f->c.at, f->c.packet + f->c.end};
	uint16_t key = 0;

	f->why = params_wrong(&all, &key);
	return f->why == NULL && field_copy(f, f->c.end - f->c.at);
}

void
svcb_format(struct cursor *c, struct wire *text)
{
	struct params left = {c->packet + c->at, c->packet + c->end};
	char buf[KEY_TEXT_MAX];
	struct param p;

	while (param_next(&left, &p)) {
		field_print(text, "%s", key_format(buf, p.key));
		if (p.len == 0)
			continue;
		wire_put(text, "=\"", 2);
		if (p.key < KEY_COUNT)
			keys[p.key].print(&p, text);
		else
			octets_print(&p, text);
		wire_put_u8(text, '"');
	}
	c->at = c->end;
}
