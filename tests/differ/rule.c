/* SPDX-License-Identifier: BSD-3-Clause */
#include "rule.h"

#include <stdio.h>
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
	FROM_NSD = 1 << NSD,
	FROM_KNOT = 1 << KNOT,
	FROM_BIND = 1 << BIND,
	FROM_ALL = FROM_NSD | FROM_KNOT | FROM_BIND,
};

/* x, ours, the other's */
typedef bool rule_fn(
    const struct exchange *x, const struct reply *m, const struct reply *p);

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

static bool
both_truncated(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return flag(m, FLAG_TC) && flag(p, FLAG_TC);
}

/* One cuts what the other just fits in. */
static bool
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

static bool
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

static bool
any_differs(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_ANY && m->rcode == p->rcode &&
	    (flag(m, FLAG_TC) || is_one_set(&m->sections[ANSWER])) &&
	    (flag(p, FLAG_TC) || is_one_set(&p->sections[ANSWER]) ||
		set_within(&m->sections[ANSWER], &p->sections[ANSWER]));
}

/* BIND leaves out what DNSSEC needs, which may be all there is. */
static bool
any_is_empty(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_ANY && m->rcode == p->rcode &&
	    is_one_set(&m->sections[ANSWER]) && p->sections[ANSWER].n == 0;
}

static bool
has_type(const struct record_set *s, unsigned type)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->at[i].type == type)
			return true;
	return false;
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

/* Does a CNAME in it point to the owner of one in it? */
static bool
loops(const struct record_set *s)
{
	for (size_t i = 0; i < s->n; i++) {
		const struct record *a = &s->at[i];

		for (size_t k = 0; k < s->n && a->type == TYPE_CNAME; k++)
			if (alias_target_len(a) == s->at[k].name_len &&
			    memcmp(alias_target(a), s->at[k].wire,
				s->at[k].name_len) == 0)
				return true;
	}
	return false;
}

static bool
alias_loops(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == 0 && loops(&m->sections[ANSWER]) &&
	    (p->rcode == SERVFAIL || loops(&p->sections[ANSWER]));
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

static bool
chain_goes_on(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct record_set *theirs = &p->sections[ANSWER];

	(void)x;
	return (p->rcode == 0 || p->rcode == NXDOMAIN) &&
	    leads_across(theirs) && set_within(theirs, &m->sections[ANSWER]);
}

static bool
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

/* One of the two others says what we do, as far as it goes. */
static bool
stands_alone(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	for (int i = NSD; i < SERVERS; i++) {
		const struct reply *r = &x->replies[i];

		if (r != p && r->rcode == m->rcode && same_answer(x, m, r))
			return true;
	}
	return false;
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

static bool
name_shared(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return is_nested(x) && stands_alone(x, m, p) &&
	    (p->rcode == NXDOMAIN || p->rcode == 0);
}

static bool
any_not_followed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_ANY && p->rcode == 0 &&
	    has_type(&p->sections[ANSWER], TYPE_DNAME) &&
	    (flag(m, FLAG_TC) ||
		set_within(&p->sections[ANSWER], &m->sections[ANSWER]));
}

static bool
ds_by_alias(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)p;
	return x->query.type == TYPE_DS &&
	    has_type(&m->sections[ANSWER], TYPE_CNAME);
}

static bool
says_ad(const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return flag(p, FLAG_AD) && !flag(m, FLAG_AD);
}

static bool
we_yxdomain(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == YXDOMAIN &&
	    (p->rcode == YXDOMAIN || p->rcode == NXDOMAIN);
}

static bool
other_is_formerr(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)m;
	return p->rcode == FORMERR;
}

static bool
error_without_question(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)m;
	return p->question.n == 0 && p->rcode != 0;
}

static bool
error_in_haste(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return p->rcode == BADVERS || error_without_question(x, m, p);
}

static bool
error_without_opt(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return p->edns == 0 && m->edns != 0 && x->query.edns &&
	    other_is_error(x, m, p);
}

static bool
we_refuse(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)p;
	return m->rcode == REFUSED;
}

static bool
we_formerr(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	(void)p;
	return m->rcode == FORMERR;
}

static bool
asked_cd(const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)m;
	return (x->query.flags & FLAG_CD) && flag(p, FLAG_CD);
}

static bool
other_is_silent(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->came && !p->came;
}

/* The other leaves out what is needed, as not all addresses would fit. */
static bool
glue_is_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	bool fits = true;

	for (int i = 0; i < SERVERS; i++)
		fits = fits && largest(&x->replies[i]) <= limit_of(&x->query);
	return !fits && m->rcode == p->rcode && lacks_optional(m, p) &&
	    !lacks_optional(p, m);
}

static bool
we_notimp(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	bool cut = x->query.odd & (ODD_SHORT | ODD_POINTER);

	(void)p;
	return m->rcode == NOTIMP || (cut && m->rcode == FORMERR);
}

/* Types that might stand beside a CNAME once (RFC 2181 10.1), and others of
 * DNSSEC. */
static bool
alias_not_followed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	static const uint16_t types[] = {24, 25, 30, 50, 51};
	const struct record_set *a = &m->sections[ANSWER];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (x->query.type == types[i])
			return p->rcode == 0 &&
			    set_within(&p->sections[ANSWER], a) && a->n > 0;
	return false;
}

static bool
we_badvers(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)x;
	return m->rcode == BADVERS && p->rcode == FORMERR;
}

/* Types that may stand beside a CNAME (RFC 4035 2.5). */
static bool
alias_followed(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	(void)m;
	(void)p;
	return x->query.type == TYPE_RRSIG || x->query.type == TYPE_NSEC;
}

/* As one below a cut is no wildcard, it makes no glue. */
static bool
glue_by_wildcard(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	const struct reply *r = &x->replies[BIND];

	return r->rcode == m->rcode && lacks_optional(r, m) &&
	    lacks_optional(m, r) && lacks_optional(p, m);
}

static bool
ds_without_cut(
    const struct exchange *x, const struct reply *m, const struct reply *p)
{
	return x->query.type == TYPE_DS && m->rcode == 0 &&
	    m->sections[ANSWER].n == 0 && p->rcode == NXDOMAIN;
}

static struct rule {
	const char *name;
	const char *why;
	unsigned from;    /* which servers differ so */
	unsigned odd;     /* only for queries with one of these; 0: all */
	unsigned aspects; /* what it permits */
	bool alone;       /* even where all others agree */
	rule_fn *holds;   /* NULL: always */
	uint64_t count[SERVERS]; /* [OURS]: all others agreed */
} rules[] = {
    {"truncated", "RFC 2181 9: what has TC is not used, but asked again by TCP",
	FROM_ALL, 0, IN_SECTIONS, true, both_truncated, {0}},
    {"near-limit",
	"RFC 1035 4.1.4: how much is compressed is free, and so what fits",
	FROM_ALL, 0, IN_RCODE | IN_TC | IN_SECTIONS, false, near_limit, {0}},
    {"optional-address",
	"RFC 9471 3: only glue below the cut must be there; others may help",
	FROM_ALL, 0, IN_ADDITIONAL, true, optional_differs, {0}},
    {"any", "RFC 8482 4.1: any RRset may stand for all", FROM_ALL, 0,
	IN_TC | IN_ANSWER | IN_ADDITIONAL, false, any_differs, {0}},
    {"nsd-strict",
	"RFC 1035 4.1.1, RFC 6891 6.1.1: NSD takes no strange bits or records",
	FROM_NSD, ODD_FLAGS | ODD_RECORDS | ODD_FIRST,
	IN_ALL & ~(IN_REPLY | IN_FLAGS), false, other_is_formerr, {0}},
    {"question-kept",
	"RFC 1035 4.1.2: an error has the question, so that it can be matched",
	FROM_NSD | FROM_BIND, 0, IN_QUESTION, false, error_without_question,
	{0}},
    {"opt-in-error",
	"RFC 6891 7: a query with an OPT gets one, also with FORMERR", FROM_ALL,
	0, IN_EDNS, true, error_without_opt, {0}},
    {"class", "RFC 1035 4.1.1: no zone of that class is here; REFUSED",
	FROM_ALL, ODD_CLASS, IN_ALL & ~(IN_FLAGS | IN_REPLY), false, we_refuse,
	{0}},
    {"transfer", "RFC 5936 4.2, RFC 1995: none is given; REFUSED", FROM_ALL,
	ODD_META, IN_ALL & ~(IN_FLAGS | IN_REPLY | IN_QUESTION), true,
	we_refuse, {0}},
    {"meta-type", "RFC 6895 3.1: a type that holds no data has none here",
	FROM_ALL, ODD_META, IN_ALL & ~(IN_FLAGS | IN_REPLY | IN_QUESTION),
	false, other_is_error, {0}},
    {"knot-silent", "RFC 1035 7.3: Knot says nothing where it cannot parse",
	FROM_KNOT,
	ODD_SHORT | ODD_POINTER | ODD_QDCOUNT | ODD_OPT_OWNER | ODD_OPTION,
	IN_REPLY, false, other_is_silent, {0}},
    {"trailing", "RFC 1035 4.1: octets after the message are no message",
	FROM_ALL, ODD_TRAILING, IN_ALL & ~(IN_FLAGS | IN_REPLY), false,
	we_formerr, {0}},
    {"opt-owner", "RFC 6891 6.1.2: the OPT's name must be the root", FROM_ALL,
	ODD_OPT_OWNER, IN_ALL & ~(IN_FLAGS | IN_REPLY), false, we_formerr, {0}},
    {"do-copied", "RFC 3225 3: DO is copied, also with BADVERS", FROM_NSD,
	ODD_VERSION, IN_EDNS, false, NULL, {0}},
    {"rd-copied", "RFC 1035 4.1.1: RD is copied, whatever the opcode",
	FROM_BIND, ODD_OPCODE, IN_FLAGS, false, NULL, {0}},
    {"cd-clear", "RFC 4035 3.1.6: an authoritative server clears CD", FROM_BIND,
	0, IN_FLAGS, false, asked_cd, {0}},
    {"ad-clear", "RFC 4035 3.1.6: AD is for what was verified", FROM_BIND, 0,
	IN_FLAGS, false, says_ad, {0}},
    {"nsd-echo", "RFC 1035 4.1.1: NSD's errors keep bits that mean nothing",
	FROM_NSD, 0, IN_FLAGS | IN_AA | IN_TC, false, error_in_haste, {0}},
    {"opcode", "RFC 1035 4.1.1: NOTIFY and UPDATE are not implemented",
	FROM_ALL, ODD_OPCODE, IN_ALL & ~(IN_FLAGS | IN_REPLY), true, we_notimp,
	{0}},
    {"glue-needed", "RFC 9471 3.1: glue below the cut stays, or TC is set",
	FROM_NSD | FROM_BIND, 0, IN_ADDITIONAL, false, glue_is_cut, {0}},
    {"any-empty", "RFC 8482 4.1: a DS alone is an RRset too", FROM_BIND, 0,
	IN_SECTIONS | IN_FLAGS, false, any_is_empty, {0}},
    {"version-first", "RFC 6891 6.1.3: other versions may look otherwise",
	FROM_KNOT | FROM_BIND, ODD_VERSION, IN_RCODE | IN_EDNS, false,
	we_badvers, {0}},
    {"no-question", "RFC 1035 4.1.1, RFC 7873 5.4: no question is FORMERR",
	FROM_NSD | FROM_BIND, ODD_QDCOUNT, IN_RCODE, false, NULL, {0}},
    {"loop", "RFC 1034 4.3.2: a loop of aliases ends where it closes", FROM_ALL,
	0, IN_RCODE | IN_TC | IN_SECTIONS, false, alias_loops, {0}},
    {"chain-across",
	"RFC 1034 4.3.2 3a: an alias is followed into all zones served here",
	FROM_ALL, 0, IN_RCODE | IN_TC | IN_SECTIONS, false, chain_goes_on, {0}},
    {"any-followed", "RFC 6672 3.2: the CNAME of a DNAME is followed for ANY",
	FROM_BIND, 0, IN_RCODE | IN_TC | IN_SECTIONS, false, any_not_followed,
	{0}},
    {"nsd-shared-names",
	"RFC 1034 4.2.1: what a parent holds below a cut makes no name there",
	FROM_NSD, 0, IN_RCODE | IN_AA | IN_TC | IN_SECTIONS, false, name_shared,
	{0}},
    {"dname-too-long", "RFC 6672 2.2: YXDOMAIN, which needs no SOA", FROM_KNOT,
	0, IN_RCODE | IN_TC | IN_ANSWER | IN_AUTHORITY, false, we_yxdomain,
	{0}},
    {"ds-at-parent",
	"RFC 4035 3.1.4.1: DS is the parent's, also where an alias leads to it",
	FROM_KNOT | FROM_BIND, 0, IN_ANSWER | IN_AUTHORITY, false, ds_by_alias,
	{0}},
    {"truncated-rcode", "RFC 2181 9: nor is the rcode used", FROM_ALL, 0,
	IN_RCODE, true, both_truncated, {0}},
    {"bind-silent", "BIND limits the rate of what it says of class CH",
	FROM_BIND, ODD_CLASS, IN_REPLY, false, other_is_silent, {0}},
    {"alias-followed",
	"RFC 1034 3.6.2: an alias stands for all types that are not beside it",
	FROM_ALL, 0, IN_RCODE | IN_AA | IN_TC | IN_SECTIONS, false,
	alias_not_followed, {0}},
    {"beside-alias", "RFC 4035 2.5: RRSIG and NSEC may be beside a CNAME",
	FROM_NSD, 0, IN_RCODE | IN_AA | IN_TC | IN_SECTIONS, false,
	alias_followed, {0}},
    {"glue-wildcard", "RFC 4592 4.2: below a cut no name is a wildcard",
	FROM_NSD | FROM_KNOT, 0, IN_ADDITIONAL, false, glue_by_wildcard, {0}},
    {"ds-without-cut",
	"RFC 8020 2: a zone served here exists, though its parent lacks the "
	"cut",
	FROM_KNOT | FROM_BIND, 0, IN_RCODE, false, ds_without_cut, {0}},
};

enum { RULES = sizeof(rules) / sizeof(rules[0]) };

unsigned
rule_explain(const struct exchange *x, enum server other, unsigned differences,
    unsigned agreed)
{
	const struct reply *m = &x->replies[OURS], *p = &x->replies[other];

	for (size_t i = 0; i < RULES && differences != 0; i++) {
		struct rule *r = &rules[i];
		unsigned here = differences & r->aspects;

		if (!r->alone)
			here &= ~agreed;
		if (here == 0 || !(r->from & 1u << other) ||
		    (r->odd != 0 && !(r->odd & x->query.odd)) ||
		    (r->holds != NULL && !r->holds(x, m, p)))
			continue;
		r->count[other]++;
		r->count[OURS] += other == NSD && (here & agreed) != 0;
		differences &= ~here;
	}
	return differences;
}

void
rule_print_counts(void)
{
	for (size_t i = 0; i < RULES; i++)
		printf("rule %s %lu %lu %lu %lu: %s\n", rules[i].name,
		    (unsigned long)rules[i].count[NSD],
		    (unsigned long)rules[i].count[KNOT],
		    (unsigned long)rules[i].count[BIND],
		    (unsigned long)rules[i].count[OURS], rules[i].why);
}
