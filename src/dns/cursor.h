/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading a message from its beginning: every read is checked against the
 * end, and what did not fit makes all that follows bad.  Pure; any thread.
 */
#ifndef DNS_CURSOR_H
#define DNS_CURSOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dns/rr.h"

/* Where reading is. */
struct cursor {
	const uint8_t *packet;
	size_t at, end;
	bool bad;
};

bool cursor_has(struct cursor *c, size_t n);

/* A number of up to four octets; 0 when it did not fit. */
uint32_t cursor_get(struct cursor *c, unsigned octets);

/* A name, with its compression undone (RFC 1035 4.1.4). */
void cursor_name(struct cursor *c, uint8_t name[DNS_NAME_MAX]);

#endif
