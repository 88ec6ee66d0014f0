/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/serving.h"

#include <ctype.h>
#include <string.h>

#include "dns/cursor.h"

enum {
	/* Protocol buffers: a tag is the field's number and how its value is
	 * written, in the lower three bits. */
	WIRE_BITS = 3,
	WIRE_VARINT = 0,
	WIRE_64 = 1,
	WIRE_LENGTH = 2,
	WIRE_32 = 5,
	FIELD_SERVICE = 1,
	FIELD_STATUS = 1,
	VARINT_MAX = 10, /* octets */
};

const char serving_yes[] = "SERVING";

static const char *const statuses[] = {
    "UNKNOWN", serving_yes, "NOT_SERVING", "SERVICE_UNKNOWN"};

static const char *const codes[] = {"OK", "CANCELLED", "UNKNOWN",
    "INVALID_ARGUMENT", "DEADLINE_EXCEEDED", "NOT_FOUND", "ALREADY_EXISTS",
    "PERMISSION_DENIED", "RESOURCE_EXHAUSTED", "FAILED_PRECONDITION", "ABORTED",
    "OUT_OF_RANGE", "UNIMPLEMENTED", "INTERNAL", "UNAVAILABLE", "DATA_LOSS",
    "UNAUTHENTICATED"};

const char *
serving_code_name(long code)
{
	if (code < 0 || (size_t)code >= sizeof(codes) / sizeof(*codes))
		return "no known code";
	return codes[code];
}

static void
put_varint(struct wire *w, uint64_t v)
{
	for (; v > 0x7f; v >>= 7)
		wire_put_u8(w, (uint8_t)(v | 0x80));
	wire_put_u8(w, (uint8_t)v);
}

void
serving_put_request(struct wire *w, const char *service)
{
	size_t length_at = w->len + 1, len = strlen(service);

	wire_put_u8(w, 0); /* not compressed */
	wire_put_u32(w, 0);
	if (len > 0) {
		put_varint(w, FIELD_SERVICE << WIRE_BITS | WIRE_LENGTH);
		put_varint(w, len);
		wire_put(w, service, len);
	}
	if (!w->full)
		wire_set_u32(w, length_at, (uint32_t)(w->len - length_at - 4));
}

static uint64_t
get_varint(struct cursor *c)
{
	uint64_t v = 0;

	for (unsigned i = 0; i < VARINT_MAX; i++) {
		uint64_t octet = cursor_get(c, 1);

		v |= (octet & 0x7f) << (7 * i);
		if (octet < 0x80)
			return v;
	}
	c->bad = true;
	return 0;
}

/* A value of no interest. */
static void
skip(struct cursor *c, unsigned how)
{
	uint64_t n = SIZE_MAX; /* no such kind */

	if (how == WIRE_VARINT)
		n = (get_varint(c), 0);
	else if (how == WIRE_LENGTH)
		n = get_varint(c);
	else if (how == WIRE_64 || how == WIRE_32)
		n = how == WIRE_64 ? 8 : 4;
	if (n > c->end - c->at)
		c->bad = true;
	else
		c->at += (size_t)n;
}

const char *
serving_read_reply(const uint8_t *body, size_t len)
{
	struct cursor c = {.packet = body, .end = len};
	uint64_t status = 0; /* it is not written then */
	bool compressed = cursor_get(&c, 1) != 0;
	uint32_t length = cursor_get(&c, 4);

	if (compressed || length != len - c.at)
		return NULL;
	while (!c.bad && c.at < c.end) {
		uint64_t tag = get_varint(&c);

		if (tag == (FIELD_STATUS << WIRE_BITS | WIRE_VARINT))
			status = get_varint(&c);
		else
			skip(&c, tag & ((1 << WIRE_BITS) - 1));
	}
	if (c.bad || status >= sizeof(statuses) / sizeof(*statuses))
		return NULL;
	return statuses[status];
}

static unsigned
hex_digit(char c)
{
	return isdigit((unsigned char)c)
	    ? (unsigned)(c - '0')
	    : (unsigned)(tolower((unsigned char)c) - 'a' + 10);
}

/* gRPC over HTTP/2, "Responses": the octet at *at, which moves behind it. */
static unsigned char
message_octet(const char *s, size_t len, size_t *at)
{
	size_t i = (*at)++;

	if (s[i] != '%' || len - i < 3 || !isxdigit((unsigned char)s[i + 1]) ||
	    !isxdigit((unsigned char)s[i + 2]))
		return (unsigned char)s[i];
	*at = i + 3;
	return (unsigned char)(hex_digit(s[i + 1]) << 4 | hex_digit(s[i + 2]));
}

void
serving_format_message(char *buf, size_t size, const char *message, size_t len)
{
	size_t n = 0;

	for (size_t at = 0; at < len && n + 1 < size; n++) {
		unsigned char octet = message_octet(message, len, &at);

		buf[n] = isascii(octet) && isprint(octet) ? (char)octet : '?';
	}
	buf[n] = '\0';
}
