/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A body: the sections of a reply after the question, composed and compressed
 * when it is built, so that putting it into a reply is a copy and a patch.
 *
 * A body is one block of memory, immutable and without pointers.  Its octets
 * hold names compressed against each other and against the owner name (the
 * name asked, or the target of the CNAME before it), wherever that will stand;
 * "fixes" say which octets depend on that place, and where TTLs are.
 *
 * Building uses one struct composer (large: keep it static per thread or on
 * the heap); putting allocates nothing.
 */
#ifndef DNS_BODY_H
#define DNS_BODY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/rr.h"
#include "dns/wire.h"

enum body_section { BODY_ANSWER, BODY_AUTHORITY, BODY_ADDITIONAL };

/* In memory: this, body_fix[nfixes], octets[len], target[target_len]. */
struct body {
	uint16_t len;        /* octets of all records */
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

enum {
	COMPOSER_BYTES = DNS_MESSAGE_MAX,
	COMPOSER_FIXES = 8192,
	COMPOSER_NAMES = 256,    /* names that later ones compress against */
	BODY_POINTER_MAX = 4096, /* octets that pointers may point into */
};

struct composer {
	struct wire wire;
	uint8_t owner[DNS_NAME_MAX]; /* lower case */
	uint8_t owner_len;
	bool below, wildcard; /* owner, or its parent, is all that is known */
	uint16_t class;       /* IN, unless it is set after composer_begin() */
	struct body head;
	size_t nnames;
	uint16_t names[COMPOSER_NAMES]; /* where names stand in the body */
	uint8_t target[DNS_NAME_MAX];
	struct body_fix fixes[COMPOSER_FIXES];
	uint8_t bytes[COMPOSER_BYTES];
};

/* Starts a body for queries of owner (wire form).  A wildcard makes a body for
 * any name below its parent: records of that owner get the name asked.  For
 * negative answers and referrals, owner is the zone's or the cut's name and
 * any_below is true: the name asked ends with it. */
void composer_begin(struct composer *c, const uint8_t *owner, bool any_below);

/*
 * Adds a record; sections in order only.  rdata is uncompressed wire form;
 * names in it are compressed for the types of RFC 1035 alone (RFC 3597 4).
 * optional (additional section only, after all others): may be left out.
 * False: too large for a message with its header and question, and the body
 * stays as it was.
 */
bool composer_put(struct composer *c, enum body_section section,
    const uint8_t *owner, uint16_t type, uint32_t ttl, const uint8_t *rdata,
    uint16_t rdata_len, bool optional);

/* Writes the body to memory of composer_size() octets, aligned to 2. */
size_t composer_size(const struct composer *c);
struct body *composer_end(struct composer *c, void *memory);

/* Octets of a body, all included. */
size_t body_size(const struct body *b);

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

/* Where the last want octets of the name at octet at, of len, stand. */
size_t body_suffix_at(const struct wire *w, size_t at, size_t len, size_t want);

/* The target that it ends with, uncompressed. */
static inline const uint8_t *
body_target(const struct body *b)
{
	const struct body_fix *fixes = (const struct body_fix *)(b + 1);

	return (const uint8_t *)(fixes + b->nfixes) + b->len;
}

#endif
