/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bounded writer of messages: what does not fit sets full and writes
 * nothing.  Numbers are in network order, at any address.  Pure; one thread at
 * a time.  All is inline: the query path writes a reply by these.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct wire {
	uint8_t *at; /* the message's first octet */
	size_t len;
	size_t cap;
	bool full;
};

static inline uint16_t
wire_get_u16(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return be16toh(v);
}

static inline uint32_t
wire_get_u32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return be32toh(v);
}

static inline void
wire_init(struct wire *w, uint8_t *buf, size_t cap)
{
	*w = (struct wire){.at = buf, .cap = cap};
}

static inline void
wire_put(struct wire *w, const void *p, size_t len)
{
	if (w->cap - w->len < len) {
		w->full = true;
		return;
	}
	if (len > 0)
		memcpy(w->at + w->len, p, len);
	w->len += len;
}

static inline void
wire_put_u8(struct wire *w, uint8_t v)
{
	wire_put(w, &v, sizeof(v));
}

static inline void
wire_put_u16(struct wire *w, uint16_t v)
{
	v = htobe16(v);
	wire_put(w, &v, sizeof(v));
}

static inline void
wire_put_u32(struct wire *w, uint32_t v)
{
	v = htobe32(v);
	wire_put(w, &v, sizeof(v));
}

/* Overwrites octets already written. */
static inline void
wire_set_u16(struct wire *w, size_t at, uint16_t v)
{
	v = htobe16(v);
	memcpy(w->at + at, &v, sizeof(v));
}

static inline void
wire_set_u32(struct wire *w, size_t at, uint32_t v)
{
	v = htobe32(v);
	memcpy(w->at + at, &v, sizeof(v));
}

#endif
