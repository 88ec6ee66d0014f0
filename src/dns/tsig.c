/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/tsig.h"

#include "dns/cursor.h"
#include "dns/name.h"

enum {
	FIXED_SIZE = 10, /* type, class, TTL and length */
	TIME_SIZE = 8,   /* time signed and fudge */
	END_SIZE = 8,    /* lengths of MAC and other data, ID and error */
	BADKEY = 17,
};

static void
skip(struct cursor *c, size_t n)
{
	if (cursor_has(c, n))
		c->at += n;
}

bool
tsig_read(struct tsig *t, const uint8_t *packet, size_t at, size_t end)
{
	struct cursor c = {.packet = packet, .at = at, .end = end};
	uint16_t class;

	cursor_name(&c, t->key);
	skip(&c, 2); /* the type */
	class = (uint16_t)cursor_get(&c, 2);
	skip(&c, 4 + 2); /* TTL, length */
	if (c.bad || class != DNS_CLASS_ANY ||
	    !name_is_within(packet + c.at, end - c.at))
		return false;
	t->signer = packet + c.at;
	t->signer_len = (uint16_t)(name_len(t->signer) + TIME_SIZE);
	skip(&c, t->signer_len);
	skip(&c, cursor_get(&c, 2)); /* the MAC */
	t->id = (uint16_t)cursor_get(&c, 2);
	skip(&c, 2); /* the error */
	skip(&c, cursor_get(&c, 2));
	return !c.bad && c.at == end;
}

size_t
tsig_size(const struct tsig *t)
{
	return name_len(t->key) + FIXED_SIZE + t->signer_len + END_SIZE;
}

void
tsig_put(struct wire *w, const struct tsig *t)
{
	wire_put(w, t->key, name_len(t->key));
	wire_put_u16(w, DNS_TSIG);
	wire_put_u16(w, DNS_CLASS_ANY);
	wire_put_u32(w, 0);
	wire_put_u16(w, (uint16_t)(t->signer_len + END_SIZE));
	wire_put(w, t->signer, t->signer_len);
	wire_put_u16(w, 0); /* no MAC */
	wire_put_u16(w, t->id);
	wire_put_u16(w, BADKEY);
	wire_put_u16(w, 0);
}
