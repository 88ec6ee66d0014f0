/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/query.h"

#include <string.h>

#include "dns/cookie.h"
#include "dns/name.h"
#include "dns/wire.h"

struct reader {
	const uint8_t *packet;
	size_t at, len;
};

static bool
take(struct reader *r, size_t n)
{
	if (r->len - r->at < n)
		return false;
	r->at += n;
	return true;
}

static bool
take_u16(struct reader *r, uint16_t *v)
{
	if (!take(r, 2))
		return false;
	*v = wire_get_u16(r->packet + r->at - 2);
	return true;
}

/* The question's name: uncompressed, as it is the first in the packet. */
static bool
read_name(struct reader *r, struct query *q)
{
	const uint8_t *first = r->packet + r->at;
	size_t left = r->len - r->at, len = 0;

	for (;;) {
		size_t n;

		if (len >= left)
			return false;
		n = first[len++];
		if (n == 0)
			break;
		len += n;
		/* The root label is still to come. */
		if (n > DNS_LABEL_MAX || len >= DNS_NAME_MAX)
			return false;
	}
	name_copy_lower(q->name, first, len);
	q->name_len = (uint8_t)len;
	r->at += len;
	return true;
}

static bool
read_question(struct reader *r, struct query *q)
{
	size_t start = r->at;

	if (!read_name(r, q))
		return false;
	if (!take_u16(r, &q->type) || !take_u16(r, &q->class)) {
		q->name_len = 0;
		return false;
	}
	q->question = r->packet + start;
	q->question_len = (uint16_t)(r->at - start);
	return true;
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
	struct ecs e = {.present = true};

	if (q->ecs.present || q->ecs.wrong || !parse_ecs(&e, p, len))
		e = (struct ecs){.wrong = true};
	q->ecs = e;
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
		if (known[i].code == code)
			return known[i].read(q, p, len);
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

/* Past the owner of a record, which may be compressed. */
static bool
skip_name(struct reader *r)
{
	for (;;) {
		unsigned n;

		if (!take(r, 1))
			return false;
		n = r->packet[r->at - 1];
		if (n == 0)
			return true;
		if (n >= 0xc0)
			return take(r, 1);
		if (n > DNS_LABEL_MAX || !take(r, n))
			return false;
	}
}

enum place { PLACE_BEFORE, PLACE_ADDITIONAL, PLACE_LAST };

/* Any record; an OPT or TSIG among the additional ones is taken in. */
static bool
read_record(
    struct reader *r, struct query *q, enum place place, uint8_t *version)
{
	size_t start = r->at;
	bool root = r->at < r->len && r->packet[r->at] == 0;
	uint16_t type, class, rdlen;
	const uint8_t *ttl;

	if (!skip_name(r) || !take_u16(r, &type) || !take_u16(r, &class) ||
	    !take(r, 4) || !take_u16(r, &rdlen) || !take(r, rdlen))
		return false;
	/* RFC 8945 5.1: one, and the last of all. */
	if (type == DNS_TSIG) {
		q->is_signed = place == PLACE_LAST &&
		    tsig_read(&q->tsig, r->packet, start, r->at);
		return q->is_signed;
	}
	if (type != DNS_OPT)
		return true;
	/* RFC 6891 6.1.1: one, in the additional section, owned by root. */
	if (place == PLACE_BEFORE || !root || q->edns)
		return false;
	ttl = r->packet + r->at - rdlen - 6;
	q->edns = true;
	*version = ttl[1];
	q->dnssec_ok = (ttl[2] & 0x80) != 0;
	q->udp_size = class < DNS_UDP_MIN ? DNS_UDP_MIN : class;
	/* The format of options is that of version 0 (RFC 6891 6.1.3). */
	return *version != 0 ||
	    read_options(q, r->packet + r->at - rdlen, rdlen);
}

static bool
read_records(struct reader *r, struct query *q, uint8_t *version)
{
	unsigned before =
	    wire_get_u16(r->packet + 6) + wire_get_u16(r->packet + 8);
	unsigned all = before + wire_get_u16(r->packet + 10);

	for (unsigned i = 0; i < all; i++) {
		enum place place = i + 1 < all ? PLACE_ADDITIONAL : PLACE_LAST;

		if (i < before)
			place = PLACE_BEFORE;
		if (!read_record(r, q, place, version))
			return false;
	}
	return r->at == r->len;
}

enum query_verdict
query_parse(struct query *q, const uint8_t *packet, size_t len, uint16_t *rcode)
{
	struct reader r = {.packet = packet, .at = DNS_HEADER_SIZE, .len = len};
	uint8_t version = 0;
	uint16_t questions;

	if (len < DNS_HEADER_SIZE)
		return QUERY_DROP;
	q->id = wire_get_u16(packet);
	q->flags = wire_get_u16(packet + 2);
	if (q->flags & DNS_QR)
		return QUERY_DROP;
	q->type = q->class = 0;
	q->udp_size = DNS_UDP_MIN;
	q->name_len = 0;
	q->question_len = 0;
	q->question = NULL;
	memset(&q->ecs, 0, sizeof(q->ecs));
	q->cookie = NULL;
	q->cookie_len = 0;
	q->keepalive = KEEPALIVE_NONE;
	q->edns = q->dnssec_ok = q->nsid = q->is_signed = false;

	*rcode = DNS_FORMERR;
	questions = wire_get_u16(packet + 4);
	if (questions == 1 && !read_question(&r, q))
		return QUERY_ERROR;
	if ((q->flags & DNS_OPCODE) != DNS_OPCODE_QUERY) {
		/* Only for its OPT: the reply shall have one then. */
		if (questions <= 1)
			read_records(&r, q, &version);
		*rcode = DNS_NOTIMP;
		return QUERY_ERROR;
	}
	if (questions > 1 || !read_records(&r, q, &version))
		return QUERY_ERROR;
	if (version != 0) {
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
