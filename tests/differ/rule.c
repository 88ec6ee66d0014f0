/* SPDX-License-Identifier: BSD-3-Clause */
#include "rule.h"

#include <stdio.h>

#include "hold.h"

enum {
	FROM_NSD = 1 << NSD,
	FROM_KNOT = 1 << KNOT,
	FROM_BIND = 1 << BIND,
	FROM_ALL = FROM_NSD | FROM_KNOT | FROM_BIND,
};

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
    {"compressed",
	"RFC 1035 4.1.4: names made of a DNAME may point into its data",
	FROM_ALL, 0, IN_TC | IN_SECTIONS, true, we_compress, {0}},
    {"options-first",
	"RFC 7871 7.2.1, RFC 7873 5.2: the options of a reply take their room",
	FROM_ALL, 0, IN_TC | IN_SECTIONS, true, none_fits, {0}},
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
    {"glue-dropped", "RFC 9471 3.1: TC is set where glue does not fit",
	FROM_NSD | FROM_BIND, 0, IN_TC | IN_SECTIONS, false, glue_is_dropped,
	{0}},
    {"sibling-cut", "RFC 9471 3.2: TC is not for addresses beside the cut",
	FROM_NSD, 0, IN_TC, false, sibling_is_cut, {0}},
    {"soa-kept", "RFC 2308 3: the SOA is said, or TC is set", FROM_KNOT, 0,
	IN_AUTHORITY, false, soa_is_cut, {0}},
    {"any-ds", "RFC 8482 4.1: a DS is an RRset too", FROM_BIND, 0,
	IN_SECTIONS | IN_FLAGS, false, any_without_ds, {0}},
    {"key-first",
	"RFC 8945 5.2.1: an unknown key is said, whatever is asked for",
	FROM_KNOT | FROM_BIND, ODD_SIGNED, IN_RCODE | IN_AA | IN_SECTIONS,
	false, we_notauth, {0}},
    {"version-signed",
	"RFC 6891 6.1.3: the version is looked at before the key", FROM_NSD,
	ODD_SIGNED, IN_RCODE | IN_EDNS, false, we_badvers_signed, {0}},
    {"version-first", "RFC 6891 6.1.3: other versions may look otherwise",
	FROM_ALL, ODD_VERSION, IN_RCODE | IN_EDNS, false, we_badvers, {0}},
    {"version-alone",
	"RFC 6891 6.1.3: BADVERS, as options of another version may be others",
	FROM_ALL, ODD_VERSION, IN_RCODE | IN_EDNS, true, we_badvers_first, {0}},
    {"version-cut", "RFC 1035 4.1.3: a record that is cut has no version",
	FROM_NSD, ODD_SHORT, IN_RCODE | IN_EDNS, false, other_badvers, {0}},
    {"no-question",
	"RFC 1035 4.1.1, RFC 7873 5.4: no question is FORMERR, but for a "
	"cookie",
	FROM_ALL, ODD_QDCOUNT, IN_RCODE, false, no_question, {0}},
    {"loop", "RFC 1034 4.3.2: a loop of aliases ends where it closes", FROM_ALL,
	0, IN_RCODE | IN_TC | IN_SECTIONS, false, alias_loops, {0}},
    {"chain-grows",
	"RFC 6672 2.2: a DNAME to below itself has no end; work is bounded",
	FROM_ALL, 0, IN_RCODE | IN_TC | IN_SECTIONS, false, chain_grows, {0}},
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
