/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules of what there is room for: limits, TC, and the glue of referrals.
 */
#include <string.h>

#include "code.h"
#include "compare.h"
#include "hold.h"
#include "make.h"

enum {
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

/* The other cuts what just fits in as we say it. */
bool
we_compress(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return !flag(m, FLAG_TC) && flag(p, FLAG_TC) &&
	    largest(m) > limit_of(&x->query) && m->len <= limit_of(&x->query);
}

/* What may be added for a target (RFC 1034 4.3.2, RFC 9460 4.1). */
static bool
is_helpful(const struct record *r)
{
	return r->type == TYPE_A || r->type == TYPE_AAAA ||
	    r->type == TYPE_SVCB || r->type == TYPE_HTTPS;
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

/* The other leaves out what is needed, and says no TC. */
bool
glue_is_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == p->rcode && lacks_optional(m, p) &&
	    !lacks_optional(p, m) && !flag(p, FLAG_TC);
}

/* The same where we say TC, as does another, or no other answers. */
bool
glue_is_dropped(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	bool another = false;

	for (int i = NSD; i < SERVERS; i++)
		another = another || flag(&x->replies[i], FLAG_TC) ||
		    is_error(&x->replies[i]);
	return another && flag(m, FLAG_TC) && !flag(p, FLAG_TC) &&
	    has_type(&p->sections[AUTHORITY], TYPE_NS);
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

/* The other leaves the SOA out, and says no TC. */
bool
soa_is_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return largest(m) > limit_of(&x->query) && m->rcode == p->rcode &&
	    has_type(&m->sections[AUTHORITY], TYPE_SOA) &&
	    p->sections[AUTHORITY].n == 0;
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

/* We cut what fits nowhere with the options that we say.  The other may have
 * spared one name more, against the question. */
bool
none_fits(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)p;
	for (int i = NSD; i < SERVERS; i++) {
		const struct reply *r = &x->replies[i];

		if (!flag(r, FLAG_TC) && !lacks_glue(x, r) &&
		    r->len - r->opt_len + m->opt_len + x->query.name_len <=
			limit_of(&x->query))
			return false;
	}
	return flag(m, FLAG_TC);
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

	(void)x;
	for (size_t i = 0; i < b->n; i++) {
		struct record_set one = {&b->at[i], 1};

		if (!make_is_known(one.at->wire, one.at->name_len))
			made++;
		else if (!set_within(&one, a) &&
		    (!is_helpful(one.at) || is_needed(m, one.at)))
			return false;
	}
	return made > 0 && m->rcode == p->rcode;
}
