/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The TSIG of a query (RFC 8945): no key is known here, and the reply says so.
 * Pure; any thread.
 */
#ifndef DNS_TSIG_H
#define DNS_TSIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/rr.h"
#include "dns/wire.h"

struct tsig {
	const uint8_t *signer; /* in the packet: algorithm, time and fudge */
	uint16_t signer_len;
	uint16_t id;               /* of the query, when it was signed */
	uint8_t key[DNS_NAME_MAX]; /* the key's name, uncompressed */
};

/* The record from octet at of the packet to octet end; false where it has not
 * the form of RFC 8945 4.2. */
bool tsig_read(struct tsig *t, const uint8_t *packet, size_t at, size_t end);

/* Octets that tsig_put will write. */
size_t tsig_size(const struct tsig *t);

/* That the key is not known, unsigned (RFC 8945 5.2.1, 5.3.2). */
void tsig_put(struct wire *w, const struct tsig *t);

#endif
