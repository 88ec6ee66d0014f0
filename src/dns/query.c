/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/query.h"

#include <string.h>

#include "dns/cookie.h"
#include "dns/name.h"
#include "dns/wire.h"

enum {
	QUESTION_FIXED = 4, /* type and class */
	RECORD_FIXED = 10,  /* these, the TTL and the length of the RDATA */
};

/* Octets of the name at p, which is uncompressed, as it is the first of the
 * packet; 0: it has no valid form, or ends behind the packet. */
static size_t
question_name_len(const uint8_t *p, size_t left)
{
	const size_t limit = left < DNS_NAME_MAX ? left : DNS_NAME_MAX;
	size_t len = 0;

	while (len < limit) {
		unsigned n = p[len++];

		if (n == 0)
			return len;
		if (n > DNS_LABEL_MAX)
			return 0;
		len += n;
	}
	return 0;
}

/* The octets behind the question at p; NULL: it cannot be read. */
static const uint8_t *
read_question(struct query *q, const uint8_t *p, const uint8_t *end)
{
	size_t left = (size_t)(end - p), len = question_name_len(p, left);

	if (len == 0 || left - len < QUESTION_FIXED)
		return NULL;
	name_copy_lower(q->name, p, len);
	q->name_len = (uint8_t)len;
	q->type = wire_get_u16(p + len);
	q->class = wire_get_u16(p + len + 2);
	q->question = p;
	q->question_len = (uint16_t)(len + QUESTION_FIXED);
	return p + len + QUESTION_FIXED;
}

/* RFC 7871 6. */
static bool
parse_ecs(struct ecs *e, const uint8_t *p, size_t len)
{
	static const uint8_t bits[] = {0, 32, 128}, families[] = {0, 4, 6};
	uint16_t family;
	size_t octets;

	if (len < 4)
		return false;
	family = wire_get_u16(p);
	e->source = p[2];
	octets = (e->source + 7u) / 8;
	if (family > 2 || e->source > bits[family] || p[3] != 0 ||
	    len - 4 != octets)
		return false;
	e->addr.family = families[family];
	memcpy(e->addr.bytes, p + 4, octets);
	return e->source % 8 == 0 ||
	    (p[3 + octets] & 0xff >> e->source % 8) == 0;
}

/* Only to who is believed does it matter that it is wrong. */
static bool
read_ecs(struct query *q, const uint8_t *p, size_t len)
{
	if (q->ecs.present || q->ecs.wrong || !parse_ecs(&q->ecs, p, len))
		q->ecs = (struct ecs){.wrong = true};
	else
		q->ecs.present = true;
	return true;
}

static bool
read_nsid(struct query *q, const uint8_t *p, size_t len)
{
	(void)p;
	(void)len;
	q->nsid = true;
	return true;
}

/* RFC 7873 5.2: of several, the first one counts. */
static bool
read_cookie(struct query *q, const uint8_t *p, size_t len)
{
	if (q->cookie_len > 0)
		return true;
	if (!cookie_length_valid(len))
		return false;
	q->cookie = p;
	q->cookie_len = (uint8_t)len;
	return true;
}

static bool
read_keepalive(struct query *q, const uint8_t *p, size_t len)
{
	(void)p;
	/* RFC 7828 3.2.1: in a query it is empty. */
	q->keepalive = len == 0 ? KEEPALIVE_ASKED : KEEPALIVE_WRONG;
	return true;
}

static const struct option {
	uint16_t code;
	bool (*read)(struct query *q, const uint8_t *p, size_t len);
} known[] = {
    {DNS_OPTION_NSID, read_nsid},
    {DNS_OPTION_ECS, read_ecs},
    {DNS_OPTION_COOKIE, read_cookie},
    {DNS_OPTION_KEEPALIVE, read_keepalive},
};

/* Others are ignored, RFC 6891 6.1.2. */
static bool
read_option(struct query *q, uint16_t code, const uint8_t *p, size_t len)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (known[i].code == code) {
			q->options = true;
			return known[i].read(q, p, len);
		}
	return true;
}

static bool
read_options(struct query *q, const uint8_t *p, size_t len)
{
	while (len > 0) {
		uint16_t code, n;

		if (len < 4)
			return false;
		code = wire_get_u16(p);
		n = wire_get_u16(p + 2);
		if (len - 4 < n)
			return false;
		if (!read_option(q, code, p + 4, n))
			return false;
		p += 4 + n;
		len -= 4u + n;
	}
	return true;
}

/* Past the owner of a record, which may be compressed; NULL: the packet ends
 * in it. */
static const uint8_t *
skip_name(const uint8_t *p, const uint8_t *end)
{
	while (p < end) {
		unsigned n = *p++;

		if (n == 0)
			return p;
		if (n >= 0xc0)
			return p < end ? p + 1 : NULL;
		if (n > DNS_LABEL_MAX || n > (size_t)(end - p))
			return NULL;
		p += n;
	}
	return NULL;
}

/* RFC 6891 6.1.3: the format of options is that of version 0. */
static bool
read_opt(struct query *q, const uint8_t *fixed, size_t rdlen)
{
	uint16_t size = wire_get_u16(fixed + 2);

	q->edns = true;
	q->edns_version = fixed[5];
	q->dnssec_ok = (fixed[6] & 0x80) != 0;
	q->udp_size = size < DNS_UDP_MIN ? DNS_UDP_MIN : size;
	return q->edns_version != 0 ||
	    read_options(q, fixed + RECORD_FIXED, rdlen);
}

enum place { PLACE_BEFORE, PLACE_ADDITIONAL, PLACE_LAST };

/* Any record; an OPT or TSIG among the additional ones is taken in.  The octets
 * behind it; NULL: it has no valid form. */
static const uint8_t *
read_record(struct query *q, const uint8_t *packet, const uint8_t *p,
    const uint8_t *end, enum place place)
{
	const uint8_t *fixed = skip_name(p, end), *next;
	size_t left, rdlen;
	uint16_t type;

	if (fixed == NULL || end - fixed < RECORD_FIXED)
		return NULL;
	type = wire_get_u16(fixed);
	rdlen = wire_get_u16(fixed + 8);
	left = (size_t)(end - fixed) - RECORD_FIXED;
	if (left < rdlen)
		return NULL;
	next = fixed + RECORD_FIXED + rdlen;
	if (type == DNS_OPT) {
		/* RFC 6891 6.1.1: one, in the additional section, owned by
		 * root. */
		if (place == PLACE_BEFORE || fixed != p + 1 || q->edns ||
		    !read_opt(q, fixed, rdlen))
			return NULL;
	} else if (type == DNS_TSIG) {
		/* RFC 8945 5.1: one, and the last of all. */
		q->is_signed = place == PLACE_LAST &&
		    tsig_read(&q->tsig, packet, (size_t)(p - packet),
			(size_t)(next - packet));
		if (!q->is_signed)
			return NULL;
	}
	return next;
}

/* All from p, which is behind the question, to the packet's end. */
static bool
read_records(struct query *q, const uint8_t *packet, const uint8_t *p,
    const uint8_t *end)
{
	unsigned before = wire_get_u16(packet + 6) + wire_get_u16(packet + 8);
	unsigned all = before + wire_get_u16(packet + 10);

	for (unsigned i = 0; i < all; i++) {
		enum place place = i + 1 < all ? PLACE_ADDITIONAL : PLACE_LAST;

		if (i < before)
			place = PLACE_BEFORE;
		p = read_record(q, packet, p, end, place);
		if (p == NULL)
			return false;
	}
	return p == end;
}

/* As if there were nothing after the flags. */
static void
query_begin(struct query *q, const uint8_t *packet)
{
	q->id = wire_get_u16(packet);
	q->flags = wire_get_u16(packet + 2);
	q->type = q->class = 0;
	q->udp_size = DNS_UDP_MIN;
	q->name_len = 0;
	q->question_len = 0;
	q->question = NULL;
	memset(&q->ecs, 0, sizeof(q->ecs));
	q->cookie = NULL;
	q->cookie_len = 0;
	q->keepalive = KEEPALIVE_NONE;
	q->edns = q->dnssec_ok = q->nsid = q->options = q->is_signed = false;
	q->edns_version = 0;
}

enum query_verdict
query_parse(struct query *q, const uint8_t *packet, size_t len, uint16_t *rcode)
{
	const uint8_t *p = packet + DNS_HEADER_SIZE, *end = packet + len;
	uint16_t questions;

	if (len < DNS_HEADER_SIZE || (wire_get_u16(packet + 2) & DNS_QR) != 0)
		return QUERY_DROP;
	query_begin(q, packet);
	*rcode = DNS_FORMERR;
	questions = wire_get_u16(packet + 4);
	if (questions == 1 && (p = read_question(q, p, end)) == NULL)
		return QUERY_ERROR;
	if ((q->flags & DNS_OPCODE) != DNS_OPCODE_QUERY) {
		/* Only for its OPT: the reply shall have one then. */
		if (questions <= 1)
			read_records(q, packet, p, end);
		*rcode = DNS_NOTIMP;
		return QUERY_ERROR;
	}
	if (questions > 1 || !read_records(q, packet, p, end))
		return QUERY_ERROR;
	if (q->edns_version != 0) {
		*rcode = DNS_BADVERS;
		return QUERY_ERROR;
	}
	if (questions == 0 && q->cookie_len == 0)
		return QUERY_ERROR;
	/* RFC 8945 5.2.1: an answer without the key's MAC is of no use. */
	if (q->is_signed) {
		*rcode = DNS_NOTAUTH;
		return QUERY_ERROR;
	}
	*rcode = DNS_NOERROR;
	return questions == 0 ? QUERY_COOKIE : QUERY_ANSWER;
}
