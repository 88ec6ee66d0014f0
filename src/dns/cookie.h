/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS cookies (RFC 7873) with the interoperable server cookie (RFC 9018):
 * version, reserved, time and SipHash-2-4 over these, the client's cookie and
 * its address.  Pure; any thread.
 */
#ifndef DNS_COOKIE_H
#define DNS_COOKIE_H

#include <stdbool.h>

#include "base/net.h"
#include "dns/siphash.h"

enum cookie_size {
	COOKIE_CLIENT_SIZE = 8,
	COOKIE_SIZE = 24, /* the client's and the server's */
	COOKIE_MAX = 40,  /* of other servers, RFC 7873 4 */
};

enum cookie_state {
	COOKIE_NONE,   /* the query has none */
	COOKIE_CLIENT, /* the client's alone */
	COOKIE_BAD,    /* with one that no secret of ours made, or too old */
	COOKIE_GOOD,   /* the client has seen a reply to its address */
	COOKIE_STATES,
};

struct cookie_secret {
	uint8_t key[SIPHASH_KEY_SIZE];
};

/* What cookies are made and checked with. */
struct cookie_secrets {
	const struct cookie_secret *all; /* the first one makes */
	size_t n;                        /* 0: those of own, one a day */
	struct cookie_secret own;
};

/* Whether an option may have that length (RFC 7873 4). */
bool cookie_length_valid(size_t len);

/* cookie: as received, of a valid length; 0: none. now_s: wall. */
enum cookie_state cookie_check(const struct cookie_secrets *secrets,
    const uint8_t *cookie, size_t len, const struct addr *client,
    uint32_t now_s);

/* The reply to that client's cookie. */
void cookie_make(const struct cookie_secrets *secrets,
    const uint8_t *client_cookie, const struct addr *client, uint32_t now_s,
    uint8_t cookie[COOKIE_SIZE]);

#endif
