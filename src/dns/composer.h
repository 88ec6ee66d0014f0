/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Composes bodies (dns/body).  A struct composer is large: keep it static per
 * thread or on the heap.
 */
#ifndef DNS_COMPOSER_H
#define DNS_COMPOSER_H

#include "dns/body.h"

enum body_section { BODY_ANSWER, BODY_AUTHORITY, BODY_ADDITIONAL };

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
	struct body_mixed head;
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

/* Writes the body to memory of composer_size() octets, a multiple of 4, aligned
 * to 2. */
size_t composer_size(const struct composer *c);
struct body *composer_end(struct composer *c, void *memory);

#endif
