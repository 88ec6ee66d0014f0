/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A packet is parsed; what was read has to hold together.  When it has a
 * question, a reply is composed, its records chosen by the octets
 * behind the question, and ldns has to read it with all of them.
 */
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "dns/composer.h"
#include "dns/cookie.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "dns/query.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(claim) \
	do { \
		if (!(claim)) \
			abort(); \
	} while (0)

/* Octets to choose by; 0 when there are no more. */
struct choices {
	const uint8_t *at;
	size_t left;
};

static uint8_t
choose(struct choices *c)
{
	if (c->left == 0)
		return 0;
	c->left--;
	return *c->at++;
}

static void
check_ecs(const struct ecs *e)
{
	struct addr masked = e->addr;

	if (!e->present)
		return;
	must(e->addr.family == 0 ? e->source == 0
				 : e->source <= addr_bits(&e->addr));
	addr_mask(&masked, e->source);
	must(addr_equal(&masked, &e->addr));
}

static void
check_query(const struct query *q, enum query_verdict verdict, uint16_t rcode,
    const uint8_t *packet, size_t len)
{
	must(q->udp_size >= DNS_UDP_MIN);
	must((verdict == QUERY_ERROR) == (rcode != DNS_NOERROR));
	check_ecs(&q->ecs);
	must(q->cookie_len == 0 || cookie_length_valid(q->cookie_len));
	must(q->cookie_len == 0 ||
	    (q->cookie > packet && q->cookie + q->cookie_len <= packet + len));
	must(!q->is_signed ||
	    (q->tsig.signer > packet &&
		q->tsig.signer + q->tsig.signer_len <= packet + len));
	if (q->question_len == 0) {
		must(verdict != QUERY_ANSWER && q->name_len == 0);
		return;
	}
	must(q->question == packet + DNS_HEADER_SIZE);
	must(DNS_HEADER_SIZE + (size_t)q->question_len <= len);
	must(q->name_len == name_len(q->name));
	must(q->question_len == q->name_len + 4);
	must(name_equal(q->question, q->name));
}

/* A few labels, and then the end of known. */
static void
choose_name(struct choices *c, const uint8_t *known, uint8_t name[DNS_NAME_MAX])
{
	static const char labels[] = "\1a\1*\3ns1\7example";
	static const uint8_t starts[] = {0, 2, 4, 8};
	uint8_t how = choose(c);
	size_t len = 0;

	for (unsigned n = how & 3; n > 0; n--) {
		const char *label = labels + starts[choose(c) & 3];

		memcpy(name + len, label, 1u + (unsigned)*label);
		len += 1u + (unsigned)*label;
	}
	for (how >>= 2; how > 0 && *known != 0; how--)
		known = name_parent(known);
	while (len + name_len(known) > DNS_NAME_MAX)
		known = name_parent(known);
	memcpy(name + len, known, name_len(known));
}

static uint16_t
choose_rdata(
    struct choices *c, const uint8_t *known, uint16_t type, uint8_t rdata[1024])
{
	size_t len = 0;

	memset(rdata, 0, 1024);
	if (type == DNS_A)
		return 4;
	if (type == DNS_MX)
		len = 2;
	choose_name(c, known, rdata + len);
	len += name_len(rdata + len);
	if (type != DNS_SOA)
		return (uint16_t)len;
	choose_name(c, known, rdata + len);
	return (uint16_t)(len + name_len(rdata + len) + 20);
}

static void
choose_records(
    struct choices *c, struct composer *composer, const uint8_t *known)
{
	static const uint16_t types[] = {DNS_A, DNS_NS, DNS_CNAME, DNS_SOA,
	    DNS_MX, DNS_PTR, DNS_DNAME, DNS_A};
	enum body_section section = BODY_ANSWER;
	uint8_t owner[DNS_NAME_MAX], rdata[1024];

	for (unsigned n = choose(c) & 31; n > 0; n--) {
		uint8_t how = choose(c);
		uint16_t type = types[how & 7], len;

		if (how & 8 && section != BODY_ADDITIONAL)
			section++;
		if (how & 16)
			memcpy(owner, composer->owner, composer->owner_len);
		else
			choose_name(c, known, owner);
		len = choose_rdata(c, known, type, rdata);
		must(composer_put(composer, section, owner, type, how, rdata,
		    len, section == BODY_ADDITIONAL));
	}
}

/* The name asked, the wildcard beside it, or one above it. */
static struct body *
compose(const struct query *q, struct choices *c)
{
	static struct composer composer;
	uint8_t owner[DNS_NAME_MAX], how = choose(c);
	bool any_below = false;

	memcpy(owner, q->name, q->name_len);
	if (how & 1 && owner[0] != 0) {
		const uint8_t *parent = name_parent(q->name);

		memcpy(owner, "\1*", 2);
		memcpy(owner + 2, parent, name_len(parent));
	} else if (how & 2) {
		const uint8_t *above = q->name;

		for (how >>= 2; how > 0 && *above != 0; how--)
			above = name_parent(above);
		memcpy(owner, above, name_len(above));
		any_below = true;
	}
	composer_begin(&composer, owner, any_below);
	choose_records(c, &composer, owner);
	return composer_end(&composer, malloc(composer_size(&composer)));
}

static void
check_reply(
    const struct wire *w, const struct body *b, bool optional, bool edns)
{
	ldns_pkt *pkt = NULL;

	must(!w->full);
	must(ldns_wire2pkt(&pkt, w->at, w->len) == LDNS_STATUS_OK);
	must(ldns_rr_list_rr_count(ldns_pkt_answer(pkt)) == body_an(b));
	must(ldns_rr_list_rr_count(ldns_pkt_authority(pkt)) == body_ns(b));
	must(ldns_rr_list_rr_count(ldns_pkt_additional(pkt)) ==
	    (optional ? body_ar(b) : body_must_ar(b)));
	must(ldns_pkt_edns(pkt) == edns);
	ldns_pkt_free(pkt);
}

static void
reply(const struct query *q, uint16_t rcode, struct choices *c)
{
	static uint8_t message[DNS_MESSAGE_MAX];
	struct body *b = compose(q, c);
	bool optional = choose(c) & 1;
	struct edns_reply e = {
	    .rcode = rcode,
	    .dnssec_ok = q->dnssec_ok,
	    .ecs = q->ecs.present ? &q->ecs : NULL,
	    .scope = choose(c),
	    .nsid = q->nsid ? "nsid" : NULL,
	    .cookie = q->cookie_len >= COOKIE_SIZE ? q->cookie : NULL,
	    .keepalive = (uint16_t)q->keepalive,
	};
	struct wire w;
	size_t before;

	wire_init(&w, message, sizeof(message));
	wire_put_u16(&w, q->id);
	wire_put_u16(&w, (uint16_t)(DNS_QR | (rcode & DNS_RCODE)));
	wire_put_u16(&w, 1);
	wire_put_u16(&w, body_an(b));
	wire_put_u16(&w, body_ns(b));
	wire_put_u16(&w,
	    (uint16_t)((optional ? body_ar(b) : body_must_ar(b)) + q->edns));
	wire_put(&w, q->question, q->question_len);
	body_put(&w, b, DNS_HEADER_SIZE, q->name_len, 60,
	    optional ? 0 : BODY_LEAVE_OPTIONAL);
	before = w.len;
	if (q->edns) {
		edns_put(&w, &e, edns_size(&e));
		must(w.len - before == edns_size(&e));
	}
	check_reply(&w, b, optional, q->edns);
	free(b);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Of just that size, so that a sanitizer sees what is read beyond. */
	uint8_t *packet = malloc(size > 0 ? size : 1);
	enum query_verdict verdict;
	struct choices c;
	uint16_t rcode = DNS_NOERROR;
	struct query q;

	if (size > 0)
		memcpy(packet, data, size);
	verdict = query_parse(&q, packet, size, &rcode);
	if (verdict != QUERY_DROP) {
		check_query(&q, verdict, rcode, packet, size);
		c.at = packet + DNS_HEADER_SIZE + q.question_len;
		c.left = size - DNS_HEADER_SIZE - q.question_len;
		if (q.question_len > 0)
			reply(&q, rcode, &c);
	}
	free(packet);
	return 0;
}
