/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/reply.h"

#include <assert.h>
#include <string.h>

/* Octets of the header. */
enum {
	AT_FLAGS = 2,
	AT_QDCOUNT = 4,
	AT_ANCOUNT = 6,
	AT_NSCOUNT = 8,
	AT_ARCOUNT = 10
};

struct counts {
	uint16_t an, ns, ar;
};

void
reply_begin(struct reply *r, const struct query *q)
{
	r->query = q;
	r->rcode = DNS_NOERROR;
	r->authoritative = false;
	r->truncated = false;
	r->edns = (struct edns_reply){.dnssec_ok = q->dnssec_ok};
	r->tsig = NULL;
	r->all = r->must = 0;
	r->nparts = 0;
}

bool
reply_add(struct reply *r, const struct body *b, uint32_t ttl, uint8_t flags)
{
	if (r->nparts == REPLY_PARTS_MAX)
		return false;
	r->parts[r->nparts++] = (struct reply_part){
	    .body = b,
	    .ttl = ttl,
	    .flags = flags,
	};
	r->all += b->len;
	r->must += body_must_len(b);
	return true;
}

/* Owner, type, class, TTL and length before the target. */
enum { CNAME_FIXED = 12, POINTER = 0xc000, POINTER_SIZE = 2 };

/* What the target of a DNAME takes after it: nothing points to the root. */
static size_t
tail_size(const struct body *b)
{
	return body_target_len(b) > 1 ? POINTER_SIZE : 1;
}

/* Octets of the CNAME made of a DNAME. */
static size_t
synthesis_size(const struct reply_part *p)
{
	return p->prefix_len > 0
	    ? CNAME_FIXED + p->prefix_len + tail_size(p->body)
	    : 0;
}

bool
reply_add_dname(
    struct reply *r, const struct body *b, uint32_t ttl, uint8_t prefix_len)
{
	struct reply_part *p = &r->parts[r->nparts];
	size_t size;

	if (!reply_add(r, b, ttl, BODY_KEEP_TTL))
		return false;
	p->prefix_len = prefix_len;
	size = synthesis_size(p);
	for (const struct reply_part *q = r->parts; q < p; q++)
		p->repeated = p->repeated || q->body == b;
	r->all += size - (p->repeated ? b->len : 0);
	r->must += size - (p->repeated ? body_must_len(b) : 0);
	return true;
}

/* The first len octets of the name at octet at, without pointers. */
static void
prefix_put(struct wire *w, size_t at, size_t len)
{
	while (len > 0) {
		size_t label;

		at = body_suffix_at(w, at, 0, 0);
		label = 1u + w->at[at];
		wire_put(w, w->at + at, label);
		at += label;
		len -= label;
	}
}

/* Where a DNAME stands that was written already. */
static size_t
dname_at(const struct reply *r, const struct body *b)
{
	const struct reply_part *p = r->parts;

	while (p->body != b)
		p++;
	return p->at;
}

static void
synthesis_put(const struct reply *r, const struct reply_part *p, struct wire *w,
    size_t owner_at)
{
	size_t target_at = dname_at(r, p->body) + body_target_at(p->body);

	wire_put_u16(w, (uint16_t)(POINTER | owner_at));
	wire_put_u16(w, DNS_CNAME);
	wire_put_u16(w, DNS_IN);
	wire_put_u32(w, p->ttl);
	wire_put_u16(w, (uint16_t)(p->prefix_len + tail_size(p->body)));
	prefix_put(w, owner_at, p->prefix_len);
	if (body_target_len(p->body) > 1)
		wire_put_u16(w, (uint16_t)(POINTER | target_at));
	else
		wire_put_u8(w, 0);
}

void
reply_truncate(struct reply *r)
{
	r->truncated = true;
	r->tsig = NULL;
	r->all = r->must = 0;
	r->nparts = 0;
}

/* The size of the OPT, without what is not worth a second query over TCP
 * (RFC 8914 3), or is too long for any reply. */
static size_t
options_fit(struct reply *r, size_t limit, size_t size)
{
	struct edns_reply *edns = &r->edns;
	size_t opt = edns_size(edns);

	edns->rcode = r->rcode;
	if (size + r->must + opt <= limit)
		return opt;
	edns->error = NULL;
	if (size + edns_size(edns) > limit)
		edns->nsid = NULL;
	return edns_size(edns);
}

/* Drops what the limit asks for; only the last part has optional records.
 * Returns the size of the OPT; 0: none. */
static size_t
fit(struct reply *r, size_t limit)
{
	const struct query *q = r->query;
	size_t size = DNS_HEADER_SIZE + q->question_len, opt = 0;

	if (r->tsig != NULL)
		size += tsig_size(r->tsig);
	if (q->edns)
		opt = options_fit(r, limit, size);
	size += opt;
	if (size + r->all <= limit)
		return opt;
	r->truncated = size + r->must > limit;
	for (size_t i = 0; i < r->nparts; i++)
		r->parts[i].flags |= BODY_LEAVE_OPTIONAL;
	return opt;
}

/* A part whose owner stands at octet owner_at.  Where its alias's target
 * stands, if it ends with one. */
static size_t
part_put(struct reply *r, struct reply_part *p, struct wire *w, size_t owner_at,
    size_t owner_len, struct counts *n)
{
	const struct body *b = p->body;
	size_t target_at = w->len + body_target_at(b);

	if (!p->repeated) {
		p->at = (uint16_t)w->len;
		body_put(w, b, owner_at, owner_len, p->ttl, p->flags);
		n->an += body_an(b);
		n->ns += body_ns(b);
		n->ar += p->flags & BODY_LEAVE_OPTIONAL ? body_must_ar(b)
							: body_ar(b);
	}
	if (p->prefix_len > 0) {
		target_at = w->len + CNAME_FIXED;
		synthesis_put(r, p, w, owner_at);
		n->an++;
	}
	assert(!w->full); /* fit() left out what would not fit */
	return target_at;
}

static void
put_parts(struct reply *r, struct wire *w, struct counts *n)
{
	size_t owner_at = DNS_HEADER_SIZE;
	size_t owner_len = r->query->name_len;

	for (size_t i = 0; i < r->nparts; i++) {
		struct reply_part *p = &r->parts[i];
		size_t at = part_put(r, p, w, owner_at, owner_len, n);

		if (i + 1 == r->nparts)
			return;
		owner_len = (size_t)body_target_len(p->body) + p->prefix_len;
		owner_at = body_suffix_at(w, at, owner_len, owner_len);
	}
}

static uint16_t
header_flags(const struct reply *r)
{
	/* RA and AD stay clear: neither recursion nor validation is done.  So
	 * does CD (RFC 4035 3.1.6). */
	uint16_t kept = r->query->flags & (DNS_OPCODE | DNS_RD);

	return (uint16_t)(DNS_QR | kept | (r->authoritative ? DNS_AA : 0) |
	    (r->truncated ? DNS_TC : 0) | (r->rcode & DNS_RCODE));
}

size_t
reply_end(struct reply *r, uint8_t *out, size_t limit)
{
	const struct query *q = r->query;
	const size_t opt = fit(r, limit);
	struct counts n = {0};
	/* The header follows what it counts. */
	struct wire w = {.at = out, .len = DNS_HEADER_SIZE, .cap = limit};

	assert(limit >= DNS_HEADER_SIZE);
	if (q->question_len > 0)
		wire_put(&w, q->question, q->question_len);
	if (!r->truncated)
		put_parts(r, &w, &n);
	if (opt > 0) {
		edns_put(&w, &r->edns, opt);
		n.ar++;
	}
	if (r->tsig != NULL && !r->truncated) {
		tsig_put(&w, r->tsig);
		n.ar++;
	}
	wire_set_u16(&w, 0, q->id);
	wire_set_u16(&w, AT_FLAGS, header_flags(r));
	wire_set_u16(&w, AT_QDCOUNT, q->question_len > 0);
	wire_set_u16(&w, AT_ANCOUNT, n.an);
	wire_set_u16(&w, AT_NSCOUNT, n.ns);
	wire_set_u16(&w, AT_ARCOUNT, n.ar);
	return w.len;
}
