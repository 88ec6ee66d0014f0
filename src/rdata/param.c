/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/param.h"

#include <string.h>

#include "dns/name.h"
#include "dns/wire.h"

bool
param_next(struct params *p, struct param *param)
{
	if (p->end - p->at < PARAM_FIXED)
		return false;
	param->key = wire_get_u16(p->at);
	param->len = wire_get_u16(p->at + 2);
	param->value = p->at + PARAM_FIXED;
	if ((size_t)(p->end - param->value) < param->len)
		return false;
	p->at = param->value + param->len;
	return true;
}

static bool
has_key(struct params all, uint16_t key)
{
	struct param p;

	while (param_next(&all, &p))
		if (p.key == key)
			return true;
	return false;
}

/* RFC 9460 8 */
static const char *
mandatory_wrong(const struct params *all, const struct param *p)
{
	int last = -1;

	if (p->len == 0 || p->len % 2 != 0)
		return "it lists no key";
	for (size_t i = 0; i < p->len; i += 2) {
		uint16_t key = wire_get_u16(p->value + i);

		if (key == KEY_MANDATORY)
			return "it lists itself";
		if (key <= last)
			return "its keys must be in ascending order, without duplicates";
		if (!has_key(*all, key))
			return "it lists a key that the record does not have";
		last = key;
	}
	return NULL;
}

/* RFC 9460 7.1.1: a list of strings, none of them empty. */
static const char *
alpn_wrong(const struct params *all, const struct param *p)
{
	size_t at = 0;

	(void)all;
	while (at < p->len && p->value[at] != 0)
		at += 1u + p->value[at];
	return p->len == 0 || at != p->len ? "not a list of protocols" : NULL;
}

static const char *
no_value_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len != 0 ? "it takes no value" : NULL;
}

static const char *
no_default_alpn_wrong(const struct params *all, const struct param *p)
{
	if (!has_key(*all, KEY_ALPN))
		return "it requires alpn (RFC 9460 7.1.1)";
	return no_value_wrong(all, p);
}

static const char *
port_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len == 2 ? NULL : "not a 16-bit number";
}

static const char *
ipv4hint_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len > 0 && p->len % 4 == 0 ? NULL : "not IPv4 addresses";
}

static const char *
ech_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len > 0 ? NULL : "without a value";
}

static const char *
ipv6hint_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len > 0 && p->len % 16 == 0 ? NULL : "not IPv6 addresses";
}

/* Does an expression of the template use the variable dns (RFC 6570 2.2)? */
static bool
has_dns_variable(const uint8_t *p, const uint8_t *end)
{
	while ((p = memchr(p, '{', (size_t)(end - p))) != NULL) {
		const uint8_t *close = memchr(p, '}', (size_t)(end - p));

		if (close == NULL)
			return false;
		p++;
		if (p < close && strchr("+#./;?&", *p) != NULL)
			p++;
		for (const uint8_t *comma; p < close; p = comma + 1) {
			comma = memchr(p, ',', (size_t)(close - p));
			if (comma == NULL)
				comma = close;
			if (comma - p >= 3 && memcmp(p, "dns", 3) == 0 &&
			    (comma - p == 3 || p[3] == '*' || p[3] == ':'))
				return true;
		}
		p = close;
	}
	return false;
}

/* RFC 9461 5 */
static const char *
dohpath_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len > 0 && *p->value == '/' &&
		has_dns_variable(p->value, p->value + p->len)
	    ? NULL
	    : "not a path with the variable dns, such as /dns-query{?dns}";
}

static const char *(*const rules[KEY_COUNT])(
    const struct params *all, const struct param *p) = {
    [KEY_MANDATORY] = mandatory_wrong,
    [KEY_ALPN] = alpn_wrong,
    [KEY_NO_DEFAULT_ALPN] = no_default_alpn_wrong,
    [KEY_PORT] = port_wrong,
    [KEY_IPV4HINT] = ipv4hint_wrong,
    [KEY_ECH] = ech_wrong,
    [KEY_IPV6HINT] = ipv6hint_wrong,
    [KEY_DOHPATH] = dohpath_wrong,
    [KEY_OHTTP] = no_value_wrong,
};

const char *
params_wrong(const struct params *all, uint16_t *key)
{
	struct params left = *all;
	const char *wrong;
	struct param p;
	int last = -1;

	while (left.at < left.end) {
		*key = last < 0 ? 0 : (uint16_t)last;
		if (!param_next(&left, &p))
			return "a truncated parameter";
		*key = p.key;
		if (p.key == KEY_INVALID)
			return "an invalid key (RFC 9460 14.3.2)";
		if (p.key <= last)
			return "duplicate or out of order";
		if (p.key < KEY_COUNT &&
		    (wrong = rules[p.key](all, &p)) != NULL)
			return wrong;
		last = p.key;
	}
	return NULL;
}

/* Without hints --------------------------------------------------------- */

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

static void
param_copy(struct wire *w, const struct param *p)
{
	wire_put_u16(w, p->key);
	wire_put_u16(w, (uint16_t)p->len);
	wire_put(w, p->value, p->len);
}

/* The keys that are kept; nothing, where none is left. */
static void
mandatory_copy(struct wire *w, const struct hints *h, const struct param *p)
{
	struct param kept = *p;
	size_t start = w->len;

	kept.len = 0;
	param_copy(w, &kept);
	for (size_t i = 0; i + 2 <= p->len; i += 2)
		if (is_kept(h, wire_get_u16(p->value + i)))
			wire_put(w, p->value + i, 2);
	if (w->len == start + PARAM_FIXED)
		w->len = start;
	else
		wire_set_u16(
		    w, start + 2, (uint16_t)(w->len - start - PARAM_FIXED));
}

size_t
params_drop_hints(uint8_t *out, const uint8_t *rdata, size_t len,
    bool keep_ipv4, bool keep_ipv6)
{
	const struct hints h = {keep_ipv4, keep_ipv6};
	size_t at = 2 + name_len(rdata + 2);
	struct params left = {rdata + at, rdata + len};
	struct param p;
	struct wire w;

	wire_init(&w, out, len);
	wire_put(&w, rdata, at);
	while (param_next(&left, &p)) {
		if (p.key == KEY_MANDATORY)
			mandatory_copy(&w, &h, &p);
		else if (is_kept(&h, p.key))
			param_copy(&w, &p);
	}
	return w.len;
}
