/* SPDX-License-Identifier: BSD-3-Clause */
#include "hold.h"

#include <string.h>

#include "compare.h"
#include "make.h"

enum {
	FORMERR = 1,
	SERVFAIL = 2,
	NOTIMP = 4,
	REFUSED = 5,
	YXDOMAIN = 6,
	BADVERS = 16,
	BADCOOKIE = 23,
	NXDOMAIN = 3,
	TYPE_A = 1,
	TYPE_NS = 2,
	TYPE_AAAA = 28,
	TYPE_CNAME = 5,
	TYPE_DNAME = 39,
	TYPE_DS = 43,
	TYPE_RRSIG = 46,
	TYPE_NSEC = 47,
	TYPE_SVCB = 64,
	TYPE_HTTPS = 65,
	TYPE_ANY = 255,
	FLAG_TC = 0x200,
	FLAG_CD = 0x10,
	FLAG_AD = 0x20,
	RR_FIXED = 10, /* octets between owner and data */
	UDP_LEAST = 512,
	OPT_ROOM = 64, /* the largest OPT of a reply, and more */
};

static size_t
limit_of(const struct query *q)
{
	size_t size = q->edns && q->size > UDP_LEAST ? q->size : UDP_LEAST;

	if (q->tcp)
		return REPLY_MAX;
	return size < UDP_LIMIT ? size : UDP_LIMIT;
}

/* Octets of a reply without any compression. */
static size_t
largest(const struct reply *r)
{
	size_t n = 12 + OPT_ROOM;

	for (size_t i = 0; i < r->question.n; i++)
		n += r->question.at[i].len;
	for (int s = 0; s < SECTIONS; s++)
		for (size_t i = 0; i < r->sections[s].n; i++)
			n += r->sections[s].at[i].len;
	return n;
}

bool
both_truncated(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return flag(m, FLAG_TC) && flag(p, FLAG_TC);
}

/* One cuts what the other just fits in. */
bool
near_limit(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct reply *whole = flag(m, FLAG_TC) ? p : m;

	return flag(m, FLAG_TC) != flag(p, FLAG_TC) &&
	    largest(whole) > limit_of(&x->query);
}

/* What may be added for a target (RFC 1034 4.3.2, RFC 9460 4.1). */
static bool
is_helpful(const struct record *r)
{
	return r->type == TYPE_A || r->type == TYPE_AAAA ||
	    r->type == TYPE_SVCB || r->type == TYPE_HTTPS;
}

static bool
is_below(const uint8_t *name, size_t len, const struct record *cut)
{
	return len >= cut->name_len &&
	    memcmp(name + len - cut->name_len, cut->wire, cut->name_len) == 0;
}

/* Glue that a resolver cannot do without: an address below the cut. */
static bool
is_needed(const struct reply *r, const struct record *glue)
{
	const struct record_set *ns = &r->sections[AUTHORITY];

	for (size_t i = 0; i < ns->n; i++)
		if (ns->at[i].type == TYPE_NS &&
		    is_below(glue->wire, glue->name_len, &ns->at[i]))
			return true;
	return false;
}

/* Has whole all of part but addresses that may be left out? */
static bool
lacks_optional(const struct reply *part, const struct reply *whole)
{
	const struct record_set *a = &part->sections[ADDITIONAL];
	const struct record_set *b = &whole->sections[ADDITIONAL];

	for (size_t i = 0; i < b->n; i++) {
		struct record_set one = {&b->at[i], 1};

		if (!set_within(&one, a) &&
		    (!is_helpful(one.at) || is_needed(part, one.at)))
			return false;
	}
	return true;
}

bool
optional_differs(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == p->rcode && lacks_optional(m, p) &&
	    lacks_optional(p, m);
}

static bool
is_one_set(const struct record_set *s)
{
	for (size_t i = 1; i < s->n; i++)
		if (s->at[i].type != s->at[0].type)
			return false;
	return s->n > 0;
}

bool
any_differs(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_ANY && m->rcode == p->rcode &&
	    (flag(m, FLAG_TC) || is_one_set(&m->sections[ANSWER])) &&
	    (flag(p, FLAG_TC) || is_one_set(&p->sections[ANSWER]) ||
		set_within(&m->sections[ANSWER], &p->sections[ANSWER]));
}

static bool
has_type(const struct record_set *s, unsigned type)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].type == type)
			return true;
	return false;
}

/* BIND leaves out what DNSSEC needs, which may be all there is. */
bool
any_without_ds(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *a = &m->sections[ANSWER];

	return x->query.type == TYPE_ANY && m->rcode == p->rcode &&
	    is_one_set(a) && a->at[0].type == TYPE_DS &&
	    !has_type(&p->sections[ANSWER], TYPE_DS);
}

static const uint8_t *
alias_target(const struct record *r)
{
	return r->wire + r->name_len + RR_FIXED;
}

static size_t
alias_target_len(const struct record *r)
{
	return r->len - r->name_len - (size_t)RR_FIXED;
}

/* The alias of a name; NULL if there is none. */
static const struct record *
alias_of(const struct record_set *s, const uint8_t *name, size_t len)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].type == TYPE_CNAME && s->at[i].name_len == len &&
		    memcmp(s->at[i].wire, name, len) == 0)
			return &s->at[i];
	return NULL;
}

static const struct record *
alias_next(const struct record_set *s, const struct record *r)
{
	return alias_of(s, alias_target(r), alias_target_len(r));
}

/* Do aliases in it lead back to the first of them? */
static bool
loops(const struct record_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct record *a = &s->at[i], *r = a;

		if (a->type != TYPE_CNAME)
			continue;
		for (size_t k = 0; k < s->n && r != NULL; k++) {
			r = alias_next(s, r);
			if (r == a)
				return true;
		}
	}
	return false;
}

bool
alias_loops(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *a = &m->sections[ANSWER];
	const struct record_set *b = &p->sections[ANSWER];

	(void)x;
	return m->rcode == 0 && loops(flag(m, FLAG_TC) ? b : a) &&
	    (p->rcode == SERVFAIL || loops(b));
}

/* Where the chain ends: the target of the last alias; NULL without one. */
static const struct record *
last_alias(const struct record_set *s)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].type == TYPE_CNAME &&
		    alias_next(s, &s->at[i]) == NULL)
			return &s->at[i];
	return NULL;
}

/* Is a DNAME of it there already, which the chain ends below? */
static bool
grows(const struct record_set *s)
{
	const struct record *last = last_alias(s);

	for (size_t i = 0; i < s->n && last != NULL; i++)
		if (s->at[i].type == TYPE_DNAME &&
		    is_below(
			alias_target(last), alias_target_len(last), &s->at[i]))
			return true;
	return false;
}

/* A DNAME that leads below itself: how often it is followed is free. */
bool
chain_grows(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *a = &m->sections[ANSWER];
	const struct record_set *b = &p->sections[ANSWER];

	(void)x;
	return grows(b) && (p->rcode == 0 || p->rcode == SERVFAIL) &&
	    (flag(m, FLAG_TC) || (set_within(b, a) && grows(a)));
}

/* Does an alias in it lead to another zone of this server? */
static bool
leads_across(const struct record_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct record *r = &s->at[i];
		const uint8_t *to = r->type != TYPE_CNAME
		    ? NULL
		    : make_zone_of(alias_target(r), alias_target_len(r), 0);

		if (to != NULL && to != make_zone_of(r->wire, r->name_len, 0))
			return true;
	}
	return false;
}

bool
chain_goes_on(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *theirs = &p->sections[ANSWER];

	(void)x;
	return (p->rcode == 0 || p->rcode == NXDOMAIN) &&
	    leads_across(theirs) &&
	    (flag(m, FLAG_TC) || set_within(theirs, &m->sections[ANSWER]));
}

bool
other_is_error(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)m;
	return p->rcode != 0 && p->rcode != NXDOMAIN;
}

static bool
same_answer(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *a = &m->sections[ANSWER];
	const struct record_set *b = &p->sections[ANSWER];

	if (flag(m, FLAG_TC) && flag(p, FLAG_TC))
		return true;
	return (a->n > 0) == (b->n > 0) &&
	    (x->query.type == TYPE_ANY || set_within(b, a));
}

/* One of the two others says what we do, as far as it goes, or both say that
 * they do not answer such a query. */
static bool
stands_alone(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	bool answered = false;

	for (int i = NSD; i < SERVERS; i++) {
		const struct reply *r = &x->replies[i];

		if (r != p && r->rcode == m->rcode && same_answer(x, m, r))
			return true;
		answered = answered || (r != p && !other_is_error(x, m, r));
	}
	return !answered;
}

/* Below a zone and another one around it, or led there. */
static bool
is_nested(const struct exchange *x)
{
	const struct record_set *a = &x->replies[OURS].sections[ANSWER];

	if (make_zone_of(x->query.name, x->query.name_len, 1) != NULL)
		return true;
	for (size_t i = 0; i < a->n; i++)
		if (a->at[i].type == TYPE_CNAME &&
		    make_zone_of(alias_target(&a->at[i]),
			alias_target_len(&a->at[i]), 1) != NULL)
			return true;
	return false;
}

bool
name_shared(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return is_nested(x) && stands_alone(x, m, p) &&
	    (p->rcode == NXDOMAIN || p->rcode == 0);
}

bool
any_not_followed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_ANY && p->rcode == 0 &&
	    has_type(&p->sections[ANSWER], TYPE_DNAME) &&
	    (flag(m, FLAG_TC) ||
		set_within(&p->sections[ANSWER], &m->sections[ANSWER]));
}

bool
ds_by_alias(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)p;
	return x->query.type == TYPE_DS &&
	    has_type(&m->sections[ANSWER], TYPE_CNAME);
}

bool
says_ad(const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return flag(p, FLAG_AD) && !flag(m, FLAG_AD);
}

bool
we_yxdomain(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == YXDOMAIN &&
	    (p->rcode == YXDOMAIN || p->rcode == NXDOMAIN);
}

bool
other_is_formerr(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)m;
	return p->rcode == FORMERR;
}

bool
error_without_question(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)m;
	return p->question.n == 0 && p->rcode != 0;
}

bool
error_in_haste(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return p->rcode == BADVERS || error_without_question(x, m, p);
}

bool
error_without_opt(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return p->edns == 0 && m->edns != 0 && x->query.edns &&
	    other_is_error(x, m, p);
}

bool
we_refuse(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)p;
	return m->rcode == REFUSED;
}

bool
we_formerr(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)p;
	return m->rcode == FORMERR;
}

bool
asked_cd(const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)m;
	return (x->query.flags & FLAG_CD) && flag(p, FLAG_CD);
}

bool
other_is_silent(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->came && !p->came;
}

static bool
all_fit(const struct exchange *x)
{
	bool fits = true;

	for (int i = 0; i < SERVERS; i++)
		fits = fits && largest(&x->replies[i]) <= limit_of(&x->query);
	return fits;
}

/* The other leaves out what is needed, as not all addresses would fit. */
bool
glue_is_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return !all_fit(x) && m->rcode == p->rcode && lacks_optional(m, p) &&
	    !lacks_optional(p, m);
}

/* The other cuts, for addresses that are not below the cut. */
bool
sibling_is_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	for (int i = NSD; i < SERVERS; i++)
		if (!lacks_optional(m, &x->replies[i]))
			return false;
	return flag(p, FLAG_TC) && has_type(&m->sections[AUTHORITY], TYPE_NS);
}

/* Is glue left out that another server has? */
static bool
lacks_glue(const struct exchange *x, const struct reply *p)
{
	for (int i = NSD; i < SERVERS; i++)
		if (!lacks_optional(p, &x->replies[i]))
			return true;
	return false;
}

/* We cut what fits nowhere with the options that we say. */
bool
none_fits(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)p;
	for (int i = NSD; i < SERVERS; i++) {
		const struct reply *r = &x->replies[i];

		if (!flag(r, FLAG_TC) && !lacks_glue(x, r) &&
		    r->len - r->opt_len + m->opt_len <= limit_of(&x->query))
			return false;
	}
	return flag(m, FLAG_TC);
}

bool
we_notimp(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	bool cut = x->query.odd & (ODD_SHORT | ODD_POINTER);

	(void)p;
	return m->rcode == NOTIMP || (cut && m->rcode == FORMERR);
}

/* Types that might stand beside a CNAME once (RFC 2181 10.1), and others of
 * DNSSEC. */
bool
alias_not_followed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	static const uint16_t types[] = {24, 25, 30, 50, 51};
	const struct record_set *a = &m->sections[ANSWER];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (x->query.type == types[i])
			return p->rcode == 0 &&
			    (flag(m, FLAG_TC) ||
				(set_within(&p->sections[ANSWER], a) &&
				    a->n > 0));
	return false;
}

bool
we_badvers(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == BADVERS && p->rcode == FORMERR;
}

/* What is wrong beside the version would be an error in version 0. */
bool
we_badvers_first(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return (x->query.odd & ODD_OPTION) && we_badvers(x, m, p);
}

bool
other_badvers(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == FORMERR && p->rcode == BADVERS;
}

/* Without a question only a cookie may be asked for. */
bool
no_question(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)p;
	return x->query.cookie ? m->rcode == 0 || m->rcode == BADCOOKIE
			       : m->rcode == FORMERR;
}

bool
other_badcookie(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)m;
	return x->query.cookie && p->rcode == BADCOOKIE;
}

/* Types that may stand beside a CNAME (RFC 4035 2.5). */
bool
alias_followed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)m;
	(void)p;
	return x->query.type == TYPE_RRSIG || x->query.type == TYPE_NSEC;
}

/* As one below a cut is no wildcard, it makes no glue: what else the other
 * says has owners that are in the zones. */
bool
glue_by_wildcard(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *a = &m->sections[ADDITIONAL];
	const struct record_set *b = &p->sections[ADDITIONAL];
	size_t made = 0;

	for (size_t i = 0; i < b->n; i++) {
		struct record_set one = {&b->at[i], 1};

		if (!make_is_known(one.at->wire, one.at->name_len))
			made++;
		else if (!set_within(&one, a) &&
		    (!is_helpful(one.at) || is_needed(m, one.at)))
			return false;
	}
	return made > 0 && m->rcode == p->rcode &&
	    (lacks_optional(p, m) || !all_fit(x));
}

bool
ds_without_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_DS && m->rcode == 0 &&
	    m->sections[ANSWER].n == 0 && p->rcode == NXDOMAIN;
}
