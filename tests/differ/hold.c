/* SPDX-License-Identifier: BSD-3-Clause */
#include "hold.h"

#include <string.h>

#include "code.h"
#include "compare.h"
#include "make.h"

enum { RR_FIXED = 10 /* octets between owner and data */ };

/* All of one type, but for the aliases that lead there. */
static bool
is_one_set(const struct record_set *s)
{
	const struct record *first = NULL;

	for (size_t i = 0; i < s->n; i++) {
		const struct record *r = &s->at[i];

		if (r->type == TYPE_CNAME || r->type == TYPE_DNAME)
			continue;
		if (first != NULL && r->type != first->type)
			return false;
		first = r;
	}
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

/* BIND leaves out what DNSSEC needs, which may be all there is. */
bool
any_without_ds(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *a = &m->sections[ANSWER];

	return x->query.type == TYPE_ANY && m->rcode == p->rcode &&
	    is_one_set(a) && has_type(a, TYPE_DS) &&
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
	return is_error(p);
}

static bool
same_answer(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *a = &m->sections[ANSWER];
	const struct record_set *b = &p->sections[ANSWER];

	if (flag(m, FLAG_TC) || flag(p, FLAG_TC))
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

		if (r != p && same_answer(x, m, r) &&
		    (r->rcode == m->rcode ||
			leads_across(&r->sections[ANSWER])))
			return true;
		answered = answered || (r != p && !is_error(r));
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

bool
we_notauth(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)p;
	return m->rcode == NOTAUTH;
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

/* NSD puts the bits of the one into the OPT, and those of the other into the
 * header. */
bool
we_badvers_signed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == BADVERS && (p->rcode & 15) == NOTAUTH;
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

/* Types that may stand beside a CNAME (RFC 4035 2.5). */
bool
alias_followed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)m;
	(void)p;
	return x->query.type == TYPE_RRSIG || x->query.type == TYPE_NSEC;
}

bool
ds_without_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_DS && m->rcode == 0 &&
	    m->sections[ANSWER].n == 0 && p->rcode == NXDOMAIN;
}
