/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The parameters of SVCB and HTTPS records in wire form (RFC 9460 2.2).  Pure;
 * any thread.
 */
#ifndef RDATA_PARAM_H
#define RDATA_PARAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PARAM_FIXED = 4 };

/* RFC 9460 14.3.2, RFC 9461, RFC 9540 */
enum svcb_key {
	KEY_MANDATORY = 0,
	KEY_ALPN = 1,
	KEY_NO_DEFAULT_ALPN = 2,
	KEY_PORT = 3,
	KEY_IPV4HINT = 4,
	KEY_ECH = 5,
	KEY_IPV6HINT = 6,
	KEY_DOHPATH = 7,
	KEY_OHTTP = 8,
	KEY_COUNT = 9,
	KEY_INVALID = 65535,
};

struct param {
	uint16_t key;
	const uint8_t *value;
	size_t len;
};

/* What is left of them. */
struct params {
	const uint8_t *at, *end;
};

/* The next one; false: there is none that is whole. */
bool param_next(struct params *p, struct param *param);

/*
 * The data of a well-formed SVCB or HTTPS record, without the address hints of
 * a family that is not kept, and without their keys among the mandatory ones
 * (RFC 9460 7.3, 8).  out: room for len octets; the length written.
 */
size_t params_drop_hints(uint8_t *out, const uint8_t *rdata, size_t len,
    bool keep_ipv4, bool keep_ipv6);

/* RFC 9460 2.2, 7, 8; RFC 9461 5; RFC 9540 4: NULL, or what is wrong with them,
 * *key being the one. */
const char *params_wrong(const struct params *all, uint16_t *key);

#endif
