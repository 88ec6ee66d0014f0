/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/cursor.h"

#include <string.h>

enum { POINTERS_MAX = 128 };

bool
cursor_has(struct cursor *c, size_t n)
{
	if (c->bad || c->end - c->at < n)
		c->bad = true;
	return !c->bad;
}

uint32_t
cursor_get(struct cursor *c, unsigned octets)
{
	uint32_t v = 0;

	if (!cursor_has(c, octets))
		return 0;
	while (octets-- > 0)
		v = v << 8 | c->packet[c->at++];
	return v;
}

void
cursor_name(struct cursor *c, uint8_t name[DNS_NAME_MAX])
{
	struct cursor in = *c;
	unsigned hops = 0;
	size_t len = 0;
	uint8_t label;

	name[0] = 0;
	do {
		label = (uint8_t)cursor_get(&in, 1);
		if (label >= 0xc0) {
			uint8_t low = (uint8_t)cursor_get(&in, 1);

			if (hops++ == 0)
				c->at = in.at;
			in.at = (label & 0x3fu) << 8 | low;
			if (in.at >= in.end || hops > POINTERS_MAX)
				in.bad = true;
			continue;
		}
		if (label > DNS_LABEL_MAX || !cursor_has(&in, label) ||
		    len + label + 1 + (label > 0) > DNS_NAME_MAX) {
			in.bad = true;
			break;
		}
		name[len] = label;
		memcpy(name + len + 1, in.packet + in.at, label);
		in.at += label;
		len += label + (label > 0);
	} while (label != 0 && !in.bad);
	name[len] = 0;
	if (hops == 0)
		c->at = in.at;
	c->bad = in.bad;
}
