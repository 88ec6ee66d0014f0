/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare.h"

#include <err.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "code.h"

enum {
	HEADER = 12,
	OPT_FIXED = 11,
	FLAGS_COMPARED = 0xf9f0 /* less AA, TC, rcode */
};

/* Memory for the records of one batch. */
static struct {
	uint8_t *at;
	size_t len, cap;
} store;

static void *
store_alloc(size_t len)
{
	void *p = store.at + store.len;

	if (store.at == NULL) {
		store.cap = (size_t)256 << 20;
		p = store.at = malloc(store.cap);
		if (p == NULL)
			err(2, "memory");
	}
	len = (len + 15) & ~(size_t)15;
	if (store.cap - store.len < len)
		errx(2, "replies too large for one batch");
	store.len += len;
	return p;
}

void
compare_reset(void)
{
	store.len = 0;
}

static int
by_octets(const void *x, const void *y)
{
	const struct record *a = x, *b = y;
	size_t least = a->len < b->len ? a->len : b->len;
	int order = memcmp(a->wire, b->wire, least);

	return order != 0 ? order : (int)a->len - (int)b->len;
}

/* ldns lowers the names in the data of RFC 4034's types; here those of others
 * are, as servers may (RFC 4343 3). */
static void
lower_names(const ldns_rr *rr)
{
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		ldns_rdf *f = ldns_rr_rdf(rr, i);

		if (ldns_rdf_get_type(f) == LDNS_RDF_TYPE_DNAME)
			ldns_dname2canonical(f);
	}
}

static bool
record_read(struct record *r, ldns_rr *rr, int section)
{
	static ldns_buffer *buffer;

	if (buffer == NULL)
		buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN);
	ldns_buffer_clear(buffer);
	ldns_rr2canonical(rr);
	lower_names(rr);
	if (ldns_rr2buffer_wire(buffer, rr, section) != LDNS_STATUS_OK)
		return false;
	r->len = (uint16_t)ldns_buffer_position(buffer);
	r->wire =
	    memcpy(store_alloc(r->len), ldns_buffer_begin(buffer), r->len);
	r->type = (uint16_t)ldns_rr_get_type(rr);
	r->name_len = (uint16_t)ldns_rdf_size(ldns_rr_owner(rr));
	r->ttl = section == LDNS_SECTION_QUESTION ? 0 : ldns_rr_ttl(rr);
	return true;
}

static bool
set_read(struct record_set *set, const ldns_rr_list *list, int section)
{
	size_t n = list == NULL ? 0 : ldns_rr_list_rr_count(list);

	set->at = store_alloc(n * sizeof(*set->at));
	set->n = n;
	for (size_t i = 0; i < n; i++)
		if (!record_read(
			&set->at[i], ldns_rr_list_rr(list, i), section))
			return false;
	if (n > 1)
		qsort(set->at, n, sizeof(*set->at), by_octets);
	return true;
}

static bool
sets_read(struct reply *r, const ldns_pkt *p)
{
	return set_read(
		   &r->question, ldns_pkt_question(p), LDNS_SECTION_QUESTION) &&
	    set_read(&r->sections[ANSWER], ldns_pkt_answer(p),
		LDNS_SECTION_ANSWER) &&
	    set_read(&r->sections[AUTHORITY], ldns_pkt_authority(p),
		LDNS_SECTION_AUTHORITY) &&
	    set_read(&r->sections[ADDITIONAL], ldns_pkt_additional(p),
		LDNS_SECTION_ADDITIONAL);
}

bool
set_equal(const struct record_set *a, const struct record_set *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (by_octets(&a->at[i], &b->at[i]) != 0)
			return false;
	return true;
}

bool
set_within(const struct record_set *part, const struct record_set *whole)
{
	for (size_t i = 0; i < part->n; i++)
		if (bsearch(&part->at[i], whole->at, whole->n,
			sizeof(*whole->at), by_octets) == NULL)
			return false;
	return true;
}

unsigned
compare_replies(const struct reply *a, const struct reply *b)
{
	unsigned changed = a->flags ^ b->flags, d = 0;

	if (a->came != b->came || a->parsed != b->parsed)
		return IN_REPLY;
	if (!a->parsed)
		return 0;
	d |= changed & FLAGS_COMPARED ? IN_FLAGS : 0;
	d |= changed & 0x400 ? IN_AA : 0;
	d |= changed & 0x200 ? IN_TC : 0;
	d |= a->rcode != b->rcode ? IN_RCODE : 0;
	d |= a->edns != b->edns ? IN_EDNS : 0;
	d |= set_equal(&a->question, &b->question) ? 0 : IN_QUESTION;
	for (int i = 0; i < SECTIONS; i++)
		d |= set_equal(&a->sections[i], &b->sections[i])
		    ? 0u
		    : (unsigned)IN_ANSWER << i;
	return d;
}

static size_t
opt_len(const ldns_pkt *p)
{
	const ldns_rdf *data = ldns_pkt_edns_data(p);

	if (!ldns_pkt_edns(p))
		return 0;
	return OPT_FIXED + (data == NULL ? 0 : ldns_rdf_size(data));
}

static bool
reply_read(struct reply *r, const ldns_pkt *p)
{
	r->rcode = (uint16_t)(ldns_pkt_get_rcode(p) |
	    (ldns_pkt_edns(p) ? ldns_pkt_edns_extended_rcode(p) << 4 : 0));
	r->edns = ldns_pkt_edns(p)
	    ? 0x1000000u | (uint32_t)ldns_pkt_edns_version(p) << 16 |
		(ldns_pkt_edns_do(p) ? 0x8000u : 0)
	    : 0;
	r->opt_len = opt_len(p);
	return sets_read(r, p);
}

static bool
reencodes(const struct reply *r, const ldns_pkt *p)
{
	struct reply again = {.came = true};
	uint8_t *wire = NULL;
	size_t len;
	ldns_pkt *q = NULL;

	if (ldns_pkt2wire(&wire, p, &len) == LDNS_STATUS_OK &&
	    ldns_wire2pkt(&q, wire, len) == LDNS_STATUS_OK) {
		again.flags = get_u16(wire + 2);
		again.parsed = reply_read(&again, q);
	}
	free(wire);
	ldns_pkt_free(q);
	return again.parsed && compare_replies(&again, r) == 0;
}

bool
compare_parse(struct reply *r)
{
	ldns_pkt *p = NULL;

	memset(&r->question, 0, sizeof(r->question));
	memset(r->sections, 0, sizeof(r->sections));
	r->parsed = false;
	if (r->len < HEADER ||
	    ldns_wire2pkt(&p, r->wire, r->len) != LDNS_STATUS_OK)
		return false;
	r->flags = get_u16(r->wire + 2);
	r->parsed = reply_read(r, p);
	bool same = r->parsed && reencodes(r, p);
	ldns_pkt_free(p);
	return same;
}

bool
has_type(const struct record_set *s, unsigned type)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].type == type)
			return true;
	return false;
}

bool
is_below(const uint8_t *name, size_t len, const struct record *cut)
{
	return len >= cut->name_len &&
	    memcmp(name + len - cut->name_len, cut->wire, cut->name_len) == 0;
}

bool
is_error(const struct reply *r)
{
	return r->rcode != 0 && r->rcode != NXDOMAIN;
}
