/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The bounded writer of messages: what does not fit sets full and writes
 * nothing.  Pure; one thread at a time.
 */
#ifndef DNS_WIRE_H
#define DNS_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct wire {
	uint8_t *at; /* the message's first octet */
	size_t len;
	size_t cap;
	bool full;
};

void wire_init(struct wire *w, uint8_t *buf, size_t cap);
void wire_put_u8(struct wire *w, uint8_t v);
void wire_put_u16(struct wire *w, uint16_t v); /* network order */
void wire_put_u32(struct wire *w, uint32_t v);
void wire_put(struct wire *w, const void *p, size_t len);
/* Overwrites octets already written. */
void wire_set_u16(struct wire *w, size_t at, uint16_t v);
void wire_set_u32(struct wire *w, size_t at, uint32_t v);

uint16_t wire_get_u16(const uint8_t *p);
uint32_t wire_get_u32(const uint8_t *p);

#endif
