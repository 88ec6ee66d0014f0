/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A body: the sections of a reply after the question, composed and compressed
 * when it is built (dns/composer), so that putting it into a reply is a copy
 * and a patch.
 *
 * A body is one block of memory, immutable and without pointers.  Names in it
 * are compressed against each other and against the owner name (the name asked,
 * or the target of the CNAME before it), wherever that will stand.
 */
#ifndef DNS_BODY_H
#define DNS_BODY_H

#include <stddef.h>
#include <stdint.h>

#include "dns/rr.h"
#include "dns/wire.h"

/*
 * Most bodies are plain: an answer with records of the name asked, all of one
 * size, without pointers in their data.  In memory: this, octets[len].
 */
struct body {
	uint16_t len;   /* octets of all records */
	uint16_t plain; /* records; 0: it is the head of a body_mixed */
};

/* All others: this, body_fix[nfixes], octets[len], target[target_len].  Fixes
 * say which octets depend on the owner's place, and where TTLs are. */
struct body_mixed {
	struct body body;
	uint16_t must_len;   /* up to the last record that cannot be left out */
	uint16_t an, ns, ar; /* records per section */
	uint16_t must_ar;    /* additional ones within must_len */
	uint16_t nfixes;
	/* Of the alias it ends with, or 0: uncompressed; where it stands. */
	uint16_t target_len, target_at;
};

enum body_fix_kind {
	BODY_FIX_OWNER, /* pointer to the owner name's last value octets */
	BODY_FIX_WHOLE, /* pointer to the whole owner name */
	BODY_FIX_BODY,  /* pointer to octet value of this body */
	BODY_FIX_TTL,   /* a TTL that the caller may replace */
};

struct body_fix {
	uint16_t at; /* octet in the body */
	uint16_t kind : 2;
	uint16_t value : 14;
};

enum body_put_flag {
	BODY_KEEP_TTL = 0x1,      /* the TTLs that it was composed with */
	BODY_LEAVE_OPTIONAL = 0x2 /* without the optional records */
};

/*
 * Copies b to w.  The owner name starts at octet owner_at of the message; it
 * may be compressed there, owner_len is its length uncompressed.  ttl replaces
 * the TTLs unless BODY_KEEP_TTL.  Counts in the header are the caller's.
 */
void body_put(struct wire *w, const struct body *b, size_t owner_at,
    size_t owner_len, uint32_t ttl, unsigned flags);

/* Octets of a body, all included. */
size_t body_size(const struct body *b);

/* Where the last want octets of the name at octet at, of len, stand. */
size_t body_suffix_at(const struct wire *w, size_t at, size_t len, size_t want);

/* Records per section. */
uint16_t body_an(const struct body *b);
uint16_t body_ns(const struct body *b);
uint16_t body_ar(const struct body *b);

/* The same and octets, without the optional records. */
uint16_t body_must_ar(const struct body *b);
uint16_t body_must_len(const struct body *b);

/* Of the alias that it ends with, or 0: its target's octets uncompressed, and
 * at which octet of the body it stands. */
uint16_t body_target_len(const struct body *b);
uint16_t body_target_at(const struct body *b);

/* That target; only where there is one. */
const uint8_t *body_target(const struct body *b);

#endif
