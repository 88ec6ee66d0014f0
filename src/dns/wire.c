/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/wire.h"

#include <string.h>

void
wire_init(struct wire *w, uint8_t *buf, size_t cap)
{
	*w = (struct wire){.at = buf, .cap = cap};
}

void
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

void
wire_put_u8(struct wire *w, uint8_t v)
{
	wire_put(w, &v, sizeof(v));
}

void
wire_put_u16(struct wire *w, uint16_t v)
{
	uint8_t b[2] = {(uint8_t)(v >> 8), (uint8_t)v};

	wire_put(w, b, sizeof(b));
}

void
wire_put_u32(struct wire *w, uint32_t v)
{
	uint8_t b[4] = {(uint8_t)(v >> 24), (uint8_t)(v >> 16),
	    (uint8_t)(v >> 8), (uint8_t)v};

	wire_put(w, b, sizeof(b));
}

void
wire_set_u16(struct wire *w, size_t at, uint16_t v)
{
	w->at[at] = (uint8_t)(v >> 8);
	w->at[at + 1] = (uint8_t)v;
}

void
wire_set_u32(struct wire *w, size_t at, uint32_t v)
{
	wire_set_u16(w, at, (uint16_t)(v >> 16));
	wire_set_u16(w, at + 2, (uint16_t)v);
}

uint16_t
wire_get_u16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
wire_get_u32(const uint8_t *p)
{
	return (uint32_t)wire_get_u16(p) << 16 | wire_get_u16(p + 2);
}
