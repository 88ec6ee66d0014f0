/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A type in two octets, then text and, the same again, octets of its data.
 * Text that is read is data of its type, and is the same octets when it is
 * written and read again; so is data that is right.
 */
#include "rdata/rdata.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t origin[] = "\7example\3org";

static bool
parse(uint16_t type, const char *text, size_t len, struct wire *w)
{
	struct lex l;
	struct field_text t = {.lex = &l, .origin = origin, .w = w};
	bool blank, ok;

	lex_init(&l, text, len);
	lex_begin(&l, &blank);
	ok = rdata_parse(type, &t);
	if (ok == l.wrong)
		abort();
	return ok;
}

/* Data that is right, as text and back. */
static void
check(uint16_t type, const uint8_t *rdata, size_t len)
{
	static uint8_t text[5 * DNS_MESSAGE_MAX], text2[5 * DNS_MESSAGE_MAX];
	static uint8_t octets[2 * DNS_MESSAGE_MAX],
	    octets2[2 * DNS_MESSAGE_MAX];
	struct cursor c = {.packet = rdata, .end = len};
	struct wire t, w, t2, w2;

	wire_init(&t, text, sizeof(text));
	rdata_format(type, &c, &t);
	wire_init(&w, octets, sizeof(octets));
	if (t.full || !parse(type, (const char *)text, t.len, &w))
		abort();
	/* Bit maps of old types may end with octets 0, which text does not
	 * say. */
	c = (struct cursor){.packet = octets, .end = w.len};
	wire_init(&t2, text2, sizeof(text2));
	rdata_format(type, &c, &t2);
	wire_init(&w2, octets2, sizeof(octets2));
	if (t2.len != t.len || memcmp(text, text2, t.len) != 0 ||
	    !parse(type, (const char *)text2, t2.len, &w2) || w2.len != w.len ||
	    memcmp(octets, octets2, w.len) != 0)
		abort();
	if (w.len != len && len > 0 && rdata[len - 1] != 0)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t octets[2 * DNS_MESSAGE_MAX];
	struct error err;
	struct wire w;
	uint16_t type;

	if (size < 2 || size > DNS_MESSAGE_MAX)
		return 0;
	type = wire_get_u16(data);
	data += 2;
	size -= 2;
	if (rdata_check(type, data, size, &err))
		check(type, data, size);
	wire_init(&w, octets, sizeof(octets));
	if (!parse(type, (const char *)data, size, &w))
		return 0;
	if (!rdata_check(type, octets, w.len, &err))
		abort();
	check(type, octets, w.len);
	return 0;
}
