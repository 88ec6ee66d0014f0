/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/edns.h"

#include <string.h>

#include "dns/cookie.h"

enum {
	BARE_SIZE = 11, /* of a record without options */
	OPTION_SIZE = 4,
	ECS_FIXED = 4,
	KEEPALIVE_SIZE = 2,
	ERROR_FIXED = 2,
	EDNS_DO = 0x8000
};

static size_t
ecs_octets(const struct ecs *e)
{
	return (e->source + 7u) / 8;
}

size_t
edns_size(const struct edns_reply *e)
{
	size_t size = BARE_SIZE;

	if (e->ecs != NULL)
		size += OPTION_SIZE + ECS_FIXED + ecs_octets(e->ecs);
	if (e->nsid != NULL)
		size += OPTION_SIZE + strlen(e->nsid);
	if (e->cookie != NULL)
		size += OPTION_SIZE + COOKIE_SIZE;
	if (e->keepalive > 0)
		size += OPTION_SIZE + KEEPALIVE_SIZE;
	if (e->error != NULL)
		size += OPTION_SIZE + ERROR_FIXED + strlen(e->error->text);
	return size;
}

/* RFC 7871 7.2.1: family, source and address as they came. */
static void
ecs_put(struct wire *w, const struct ecs *e, uint8_t scope)
{
	const uint8_t families[] = {[0] = 0, [4] = 1, [6] = 2};
	const size_t octets = ecs_octets(e);
	const uint8_t fixed[OPTION_SIZE + ECS_FIXED] = {0, DNS_OPTION_ECS, 0,
	    (uint8_t)(ECS_FIXED + octets), 0, families[e->addr.family],
	    e->source, scope};

	wire_put(w, fixed, sizeof(fixed));
	wire_put(w, e->addr.bytes, octets);
}

/* The text has no NUL at its end (RFC 8914 2). */
static void
error_put(struct wire *w, const struct edns_error *e)
{
	size_t len = strlen(e->text);

	wire_put_u16(w, DNS_OPTION_EDE);
	wire_put_u16(w, (uint16_t)(ERROR_FIXED + len));
	wire_put_u16(w, e->code);
	wire_put(w, e->text, len);
}

void
edns_put(struct wire *w, const struct edns_reply *e, size_t size)
{
	const size_t options = size - BARE_SIZE;
	const uint8_t fixed[BARE_SIZE] = {0, /* the root */
	    0, DNS_OPT, DNS_UDP_EDNS >> 8, DNS_UDP_EDNS & 0xff,
	    (uint8_t)(e->rcode >> 4), 0, /* version */
	    e->dnssec_ok ? EDNS_DO >> 8 : 0, 0, (uint8_t)(options >> 8),
	    (uint8_t)options};

	wire_put(w, fixed, sizeof(fixed));
	if (options == 0)
		return;
	if (e->ecs != NULL)
		ecs_put(w, e->ecs, e->scope);
	if (e->nsid != NULL) {
		wire_put_u16(w, DNS_OPTION_NSID);
		wire_put_u16(w, (uint16_t)strlen(e->nsid));
		wire_put(w, e->nsid, strlen(e->nsid));
	}
	if (e->cookie != NULL) {
		wire_put_u16(w, DNS_OPTION_COOKIE);
		wire_put_u16(w, COOKIE_SIZE);
		wire_put(w, e->cookie, COOKIE_SIZE);
	}
	if (e->keepalive > 0) {
		wire_put_u16(w, DNS_OPTION_KEEPALIVE);
		wire_put_u16(w, KEEPALIVE_SIZE);
		wire_put_u16(w, e->keepalive);
	}
	if (e->error != NULL)
		error_put(w, e->error);
}
