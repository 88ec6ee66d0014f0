/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What was decided to say, and how it is said: header, question, bodies, OPT,
 * within the limit of the transport.  Pure, allocates nothing; any thread.
 */
#ifndef SERVE_REPLY_H
#define SERVE_REPLY_H

#include "dns/body.h"
#include "dns/edns.h"
#include "dns/query.h"

enum { REPLY_PARTS_MAX = 17 }; /* CNAMEs of a chain, and its end */

/* The first part's owner is the name asked, another's the CNAME target that
 * ends the part before it. */
struct reply_part {
	const struct body *body;
	uint32_t ttl;
	uint8_t flags;      /* enum body_put_flag */
	uint8_t prefix_len; /* >0: a DNAME's, with the CNAME made of it */
	bool repeated;      /* the DNAME stands in an earlier part */
	uint16_t at;        /* where it stands, when it is written */
};

struct reply {
	const struct query *query;
	uint16_t rcode;
	bool authoritative;
	bool truncated;          /* set by reply_truncate and reply_end */
	struct edns_reply edns;  /* said when the query has an OPT */
	const struct tsig *tsig; /* whose key is not known; NULL: none */
	size_t all, must; /* octets of the parts, with optional ones and without
			   */
	size_t nparts;
	struct reply_part parts[REPLY_PARTS_MAX];
};

/* An empty reply to q, which stays the caller's. */
void reply_begin(struct reply *r, const struct query *q);

/* False, and nothing is added, when the chain is full. */
bool reply_add(
    struct reply *r, const struct body *b, uint32_t ttl, uint8_t flags);

/* The same with a DNAME, and a CNAME with its TTL from the owner, of which
 * prefix_len octets precede the DNAME's owner, to the same below the target
 * (RFC 6672 3.1); none where that is 0.  The DNAME itself is said once. */
bool reply_add_dname(
    struct reply *r, const struct body *b, uint32_t ttl, uint8_t prefix_len);

/* It goes without records and with TC. */
void reply_truncate(struct reply *r);

/*
 * Writes it to out, at most limit octets (DNS_UDP_MIN or more).  What does not
 * fit goes without optional records, then without any and with TC
 * (RFC 2181 9).  Returns the length.
 */
size_t reply_end(struct reply *r, uint8_t *out, size_t limit);

#endif
