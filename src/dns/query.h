/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet to a query: header, question, OPT, ECS.  Every read is checked
 * against the packet's length.  Pure, allocates nothing; any thread.
 */
#ifndef DNS_QUERY_H
#define DNS_QUERY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/net.h"
#include "dns/tsig.h"

/* RFC 7871 6: what the client sent, bits beyond source are 0. */
struct ecs {
	struct addr addr;
	uint8_t source; /* bits */
	bool present;
	bool wrong; /* there is one without a valid form, or a second one */
};

/* edns-tcp-keepalive, RFC 7828: what is wrong over TCP is ignored over UDP. */
enum query_keepalive { KEEPALIVE_NONE, KEEPALIVE_ASKED, KEEPALIVE_WRONG };

struct query {
	uint16_t id;
	uint16_t flags; /* as received */
	uint16_t type;
	uint16_t class;
	uint16_t udp_size;          /* what the client takes over UDP; >= 512 */
	uint8_t name_len;           /* 0: the question could not be read */
	uint8_t name[DNS_NAME_MAX]; /* lower case, for lookups */
	uint16_t question_len;   /* octets at 12 to copy, case kept; 0: none */
	const uint8_t *question; /* in the packet: uncompressed name */
	struct ecs ecs;
	const uint8_t *cookie; /* in the packet, of a valid length */
	uint8_t cookie_len;    /* 0: none */
	enum query_keepalive keepalive;
	bool edns; /* has an OPT: so has the reply */
	uint8_t edns_version;
	bool dnssec_ok; /* DO */
	bool nsid;      /* asked for NSID, RFC 5001 */
	bool options;   /* has any of ECS, cookie, keepalive and NSID */
	bool is_signed; /* with a key, by tsig */
	struct tsig tsig;
};

enum query_verdict {
	QUERY_ANSWER, /* answer it */
	QUERY_COOKIE, /* no question: for a cookie alone, RFC 7873 5.4 */
	QUERY_DROP,   /* say nothing: too short, or a response itself */
	QUERY_ERROR,  /* reply with *rcode, the question kept when readable */
};

/*
 * Reads the packet.  What has no valid form is DNS_FORMERR (RFC 1035 4.1.1,
 * RFC 6891 6.1.1, RFC 7873 5.2.2, RFC 8945 5.1, RFC 9619), an opcode but
 * QUERY DNS_NOTIMP, an EDNS version above 0 DNS_BADVERS, a TSIG DNS_NOTAUTH, as
 * no key is known.  A compressed question name is FORMERR.  question_len may
 * exceed 255: it is name + 4, at most 259.
 */
enum query_verdict query_parse(
    struct query *q, const uint8_t *packet, size_t len, uint16_t *rcode);

#endif
