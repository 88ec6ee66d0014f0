/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/svcb.h"

#include <stdbool.h>

#include "dns/name.h"
#include "dns/wire.h"

/* RFC 9460 14.3.2 */
enum svcb_key {
	KEY_MANDATORY = 0,
	KEY_ALPN = 1,
	KEY_NO_DEFAULT_ALPN = 2,
	KEY_PORT = 3,
	KEY_IPV4HINT = 4,
	KEY_ECH = 5,
	KEY_IPV6HINT = 6,
	KEY_INVALID = 65535,
};

struct param {
	uint16_t key;
	const uint8_t *value;
	size_t len;
};

struct params {
	const uint8_t *at, *end;
};

static bool
param_next(struct params *p, struct param *param)
{
	if (p->end - p->at < 4)
		return false;
	param->key = wire_get_u16(p->at);
	param->len = wire_get_u16(p->at + 2);
	param->value = p->at + 4;
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
	int last = KEY_MANDATORY;

	if (p->len == 0 || p->len % 2 != 0)
		return "mandatory without keys";
	for (size_t i = 0; i < p->len; i += 2) {
		uint16_t key = wire_get_u16(p->value + i);

		if (key <= last)
			return key == KEY_MANDATORY
			    ? "mandatory names itself"
			    : "mandatory names a key twice";
		if (!has_key(*all, key))
			return "a mandatory key that it has not";
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
	return p->len == 0 || at != p->len ? "alpn without a protocol" : NULL;
}

static const char *
no_default_alpn_wrong(const struct params *all, const struct param *p)
{
	if (p->len != 0)
		return "no-default-alpn with a value";
	return has_key(*all, KEY_ALPN) ? NULL : "no-default-alpn without alpn";
}

static const char *
port_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len == 2 ? NULL : "port without a number";
}

static const char *
ipv4hint_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len > 0 && p->len % 4 == 0 ? NULL
					     : "ipv4hint without an address";
}

static const char *
ech_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len > 0 ? NULL : "ech without a value";
}

static const char *
ipv6hint_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	return p->len > 0 && p->len % 16 == 0 ? NULL
					      : "ipv6hint without an address";
}

static const char *
invalid_wrong(const struct params *all, const struct param *p)
{
	(void)all;
	(void)p;
	return "the key 65535";
}

static const struct rule {
	uint16_t key;
	const char *(*wrong)(const struct params *all, const struct param *p);
} rules[] = {
    {KEY_MANDATORY, mandatory_wrong},
    {KEY_ALPN, alpn_wrong},
    {KEY_NO_DEFAULT_ALPN, no_default_alpn_wrong},
    {KEY_PORT, port_wrong},
    {KEY_IPV4HINT, ipv4hint_wrong},
    {KEY_ECH, ech_wrong},
    {KEY_IPV6HINT, ipv6hint_wrong},
    {KEY_INVALID, invalid_wrong},
};

static const char *
param_wrong(const struct params *all, const struct param *p)
{
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		if (rules[i].key == p->key)
			return rules[i].wrong(all, p);
	return NULL;
}

const char *
svcb_wrong(const uint8_t *rdata, size_t len)
{
	struct params all = {rdata + 2, rdata + len}, left;
	struct param p;
	const char *wrong;
	int last = -1;

	if (len < 3 || !name_is_within(rdata + 2, len - 2))
		return "no priority and target";
	all.at += name_len(all.at);
	for (left = all; left.at < left.end; last = p.key) {
		if (!param_next(&left, &p))
			return "a parameter that does not end";
		if (p.key <= last)
			return "a key stands twice or out of order";
		if ((wrong = param_wrong(&all, &p)) != NULL)
			return wrong;
	}
	return NULL;
}
