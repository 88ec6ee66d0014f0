/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Puts the same queries to four servers of the same zones, and compares:
 *	differ seed first count names ours nsd knot bind
 * The last four are ports of 127.0.0.1.  What differs and what no rule
 * permits is printed with all that is needed to ask it again.
 */
#include <err.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ask.h"
#include "compare.h"
#include "make.h"
#include "rule.h"
#include "stream.h"

enum { ARGUMENTS = 9, KINDS_MAX = 256 };

const char *const server_names[SERVERS] = {"ours", "nsd", "knot", "bind"};

static struct {
	uint64_t seed, queries, replies, wrong, same;
	uint64_t parsed; /* of ours, and encoded again to the same */
} totals;

static bool verbose;

static const struct {
	unsigned bit;
	const char *name;
} aspects[] = {
    {IN_REPLY, "reply"},
    {IN_FLAGS, "flags"},
    {IN_RCODE, "rcode"},
    {IN_AA, "AA"},
    {IN_TC, "TC"},
    {IN_QUESTION, "question"},
    {IN_EDNS, "EDNS"},
    {IN_ANSWER, "answer"},
    {IN_AUTHORITY, "authority"},
    {IN_ADDITIONAL, "additional"},
};

static void
print_aspects(unsigned mask)
{
	for (size_t i = 0; i < sizeof(aspects) / sizeof(aspects[0]); i++)
		if (mask & aspects[i].bit)
			printf(" %s", aspects[i].name);
}

static void
print_message(const char *who, const uint8_t *wire, size_t len)
{
	ldns_pkt *p = NULL;

	printf("---- %s (%zu octets)\n", who, len);
	if (ldns_wire2pkt(&p, wire, len) == LDNS_STATUS_OK)
		ldns_pkt_print(stdout, p);
	else
		for (size_t i = 0; i < len; i++)
			printf("%02x%s", wire[i], i + 1 == len ? "\n" : "");
	ldns_pkt_free(p);
}

static void
print_exchange(const struct exchange *x)
{
	printf("seed %lu query %lu odd %x%s\n", (unsigned long)totals.seed,
	    (unsigned long)x->query.number, x->query.odd,
	    x->query.tcp ? " tcp" : "");
	print_message("query", x->query.wire, x->query.len);
	for (int i = 0; i < SERVERS; i++) {
		const struct reply *r = &x->replies[i];

		if (r->came)
			print_message(server_names[i], r->wire, r->len);
		else
			printf("---- %s: no reply\n", server_names[i]);
	}
}

/* Differences of one kind: where each server differs, and what is odd about
 * the query.  The first of each is printed whole. */
static struct kind {
	unsigned aspects[SERVERS], odd;
	bool agreed, broken;
	uint64_t count, first;
} kinds[KINDS_MAX];
static size_t nkinds;

static void
print_kind(const struct kind *k)
{
	if (k->broken)
		printf("our reply does not parse, or not to the same again");
	for (int i = NSD; i < SERVERS; i++) {
		if (k->aspects[i] == 0)
			continue;
		printf("differs from %s in", server_names[i]);
		print_aspects(k->aspects[i]);
		printf("; ");
	}
	printf("%sodd %x\n", k->agreed ? "the three agree; " : "", k->odd);
}

static void
say_wrong(const struct exchange *x, const struct kind *wrong)
{
	struct kind *k = kinds;

	totals.wrong++;
	while (k < kinds + nkinds &&
	    (memcmp(k->aspects, wrong->aspects, sizeof(k->aspects)) != 0 ||
		k->odd != wrong->odd || k->agreed != wrong->agreed ||
		k->broken != wrong->broken))
		k++;
	if (k == kinds + KINDS_MAX)
		return;
	if (k == kinds + nkinds) {
		*k = *wrong;
		k->first = x->query.number;
		nkinds++;
		print_kind(k);
		print_exchange(x);
	}
	k->count++;
}

static void
print_kinds(void)
{
	for (size_t i = 0; i < nkinds; i++) {
		printf("seed %lu query %lu and %lu more: ",
		    (unsigned long)totals.seed, (unsigned long)kinds[i].first,
		    (unsigned long)kinds[i].count - 1);
		print_kind(&kinds[i]);
	}
}

/* Aspects in which the three agree.  What is said counts as a whole: where one
 * part differs, the same in another may not mean the same. */
static unsigned
agreed(const struct exchange *x)
{
	unsigned d = compare_replies(&x->replies[NSD], &x->replies[KNOT]) |
	    compare_replies(&x->replies[NSD], &x->replies[BIND]);

	if (d & IN_REPLY)
		return 0;
	return IN_ALL & ~(d & IN_SAID & ~IN_ADDITIONAL ? d | IN_SAID : d);
}

static void
judge(const struct exchange *x)
{
	struct kind wrong = {.odd = x->query.odd};
	unsigned all = agreed(x), any = 0, raw = 0;

	for (int i = NSD; i < SERVERS; i++) {
		unsigned d = compare_replies(&x->replies[OURS], &x->replies[i]);

		raw |= d;
		if (d != 0)
			d = rule_explain(x, (enum server)i, d, all);
		wrong.aspects[i] = d;
		any |= d;
	}
	wrong.agreed = (all & any) != 0;
	totals.same += raw == 0;
	if (any != 0)
		say_wrong(x, &wrong);
	else if (verbose)
		print_exchange(x);
}

static void
take_in(struct exchange *x)
{
	struct kind broken = {.odd = x->query.odd, .broken = true};

	for (int i = 0; i < SERVERS; i++) {
		struct reply *r = &x->replies[i];

		r->parsed = false;
		if (!r->came)
			continue;
		totals.replies++;
		if (i != OURS)
			compare_parse(r);
		else if (compare_parse(r))
			totals.parsed++;
		else
			say_wrong(x, &broken);
	}
}

static void
batch(uint64_t first, size_t n)
{
	static struct exchange x[BATCH];

	for (size_t i = 0; i < n; i++)
		make_query(&x[i].query, totals.seed, first + i);
	if (x[0].query.tcp)
		stream_batch(x, n);
	else
		ask_batch(x, n);
	for (size_t i = 0; i < n; i++) {
		totals.queries++;
		take_in(&x[i]);
		judge(&x[i]);
	}
	compare_reset();
}

int
main(int argc, char **argv)
{
	uint16_t ports[SERVERS];
	uint64_t first, count;

	if (argc != ARGUMENTS)
		errx(2, "usage: differ seed first count names ports...");
	totals.seed = strtoull(argv[1], NULL, 10);
	first = strtoull(argv[2], NULL, 10);
	count = strtoull(argv[3], NULL, 10);
	verbose = count == 1;
	make_names_load(argv[4]);
	for (int i = 0; i < SERVERS; i++)
		ports[i] = (uint16_t)atoi(argv[5 + i]);
	ask_open(ports);
	stream_open(ports);
	for (uint64_t i = 0; i < count; i += BATCH)
		batch(first + i,
		    count - i < BATCH ? (size_t)(count - i) : (size_t)BATCH);
	ask_close();
	print_kinds();
	rule_print_counts();
	printf("total %lu queries, %lu replies, %lu the same from all, "
	       "%lu not permitted, %lu of ours parsed\n",
	    (unsigned long)totals.queries, (unsigned long)totals.replies,
	    (unsigned long)totals.same, (unsigned long)totals.wrong,
	    (unsigned long)totals.parsed);
	return totals.wrong != 0;
}
