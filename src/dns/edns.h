/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The OPT record of a reply (RFC 6891 6.1).  Pure; any thread.
 */
#ifndef DNS_EDNS_H
#define DNS_EDNS_H

#include <stdbool.h>
#include <stdint.h>

#include "dns/query.h"
#include "dns/wire.h"

/* Why an answer is what it is, RFC 8914. */
struct edns_error {
	uint16_t code; /* enum dns_error */
	const char *text;
};

struct edns_reply {
	uint16_t rcode;                 /* its upper 8 bits go into the OPT */
	bool dnssec_ok;                 /* copied, RFC 3225 3 */
	const struct ecs *ecs;          /* NULL: none */
	uint8_t scope;                  /* bits, RFC 7871 7.2.1 */
	const char *nsid;               /* NULL: none */
	const uint8_t *cookie;          /* COOKIE_SIZE octets; NULL: none */
	uint16_t keepalive;             /* 100 ms each, RFC 7828 3.1; 0: none */
	const struct edns_error *error; /* NULL: none */
};

/* Octets of the record. */
size_t edns_size(const struct edns_reply *e);
/* size: edns_size(). */
void edns_put(struct wire *w, const struct edns_reply *e, size_t size);

#endif
