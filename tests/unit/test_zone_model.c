/* SPDX-License-Identifier: BSD-3-Clause */
/* Random zones, beside a plain reading of RFC 1034 4.3.2, 4592 and 6672 over
 * the list of their records. */
#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone_sample.h"

enum { ZONES = 80, RECORDS = 40, NAME = 64 };

#define PARENT "example.com."
#define CHILD "b.a.example.com."
#define SOA() "ns.example.net. h.example.net. 7 3600 900 604800 30"

struct record {
	char owner[NAME];
	const char *type;
	unsigned number, ttl; /* of the type; as written */
	char data[NAME];
	bool repeated; /* said before */
};

struct model {
	const char *origin;
	struct record all[RECORDS + 2]; /* in order of the file */
	size_t n;
};

static struct zone_sample sample;
static struct model zones[2]; /* the parent, and its child if there is one */
static size_t nzones;
static char want[8192];
static size_t length;

static void __attribute__((format(printf, 1, 2))) say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	length +=
	    (size_t)vsnprintf(want + length, sizeof(want) - length, fmt, ap);
	va_end(ap);
	ck_assert_uint_lt(length, sizeof(want));
}

static const char *
parent_of(const char *name)
{
	return strchr(name, '.') + 1;
}

static bool
is_under(const char *name, const char *suffix)
{
	size_t n = strlen(name), s = strlen(suffix);

	return n >= s && strcmp(name + n - s, suffix) == 0 &&
	    (n == s || name[n - s - 1] == '.');
}

/* The zone that a name belongs to; NULL: none. */
static const struct model *
zone_of(const char *name)
{
	for (size_t i = nzones; i-- > 0;)
		if (is_under(name, zones[i].origin))
			return &zones[i];
	return NULL;
}

/* What is the child's own in the parent's file does not count. */
static bool
counts(const struct model *z, const struct record *r)
{
	return zone_of(r->owner) == z;
}

static bool
has(const struct model *z, const char *owner, const char *type)
{
	for (size_t i = 0; i < z->n; i++)
		if (counts(z, &z->all[i]) &&
		    strcmp(z->all[i].owner, owner) == 0 &&
		    (type == NULL || strcmp(z->all[i].type, type) == 0))
			return true;
	return false;
}

static bool
exists(const struct model *z, const char *name)
{
	for (size_t i = 0; i < z->n; i++)
		if (counts(z, &z->all[i]) && is_under(z->all[i].owner, name))
			return true;
	/* Names above another zone of ours exist, too. */
	return z == &zones[0] && nzones > 1 && is_under(parent_of(CHILD), name);
}

/* The delegation or DNAME nearest to the apex that hides the name; NULL: none.
 */
static const char *
cut_of(const struct model *z, const char *name)
{
	const char *found = NULL;

	for (const char *up = name;; up = parent_of(up)) {
		bool apex = strcmp(up, z->origin) == 0;

		if ((!apex && has(z, up, "NS")) ||
		    (up != name && has(z, up, "DNAME")))
			found = up;
		if (apex)
			return found;
	}
}

/* Answers ----------------------------------------------------------------- */

/* The RRset of an owner, as if it were that of asked. */
static unsigned
say_set(const struct model *z, const char *section, const char *owner,
    const char *type, const char *asked)
{
	unsigned ttl = UINT32_MAX, n = 0;

	for (size_t i = 0; i < z->n; i++) {
		const struct record *r = &z->all[i];

		if (strcmp(r->owner, owner) == 0 &&
		    strcmp(r->type, type) == 0 && r->ttl < ttl)
			ttl = r->ttl;
	}
	for (size_t i = 0; i < z->n; i++) {
		const struct record *r = &z->all[i];

		if (strcmp(r->owner, owner) != 0 ||
		    strcmp(r->type, type) != 0 || r->repeated)
			continue;
		say("%s %s %u IN %s %s\n", section, asked, ttl, type, r->data);
		n++;
	}
	return n;
}

static void
say_glue(const char *server)
{
	const struct model *z = zone_of(server);
	const char *cut = z != NULL ? cut_of(z, server) : NULL;

	if (z == NULL || (cut != NULL && has(z, cut, "DNAME")))
		return;
	say_set(z, "ar", server, "A", server);
	say_set(z, "ar", server, "AAAA", server);
}

static void
say_negative(const struct model *z, const char *kind)
{
	say("%s in %s\nns %s 30 IN SOA " SOA() "\n", kind, z->origin,
	    z->origin);
}

/* Servers, then addresses: first those that stand below the cut. */
static void
say_referral(const struct model *z, const char *cut)
{
	say("referral in %s\n", z->origin);
	say_set(z, "ns", cut, "NS", cut);
	for (unsigned below = 2; below-- > 0;)
		for (size_t i = 0; i < z->n; i++)
			if (strcmp(z->all[i].owner, cut) == 0 &&
			    strcmp(z->all[i].type, "NS") == 0 &&
			    !z->all[i].repeated &&
			    is_under(z->all[i].data, cut) == below)
				say_glue(z->all[i].data);
}

static void
say_cut(const struct model *z, const char *cut)
{
	if (!has(z, cut, "DNAME")) {
		say_referral(z, cut);
		return;
	}
	say("dname in %s\n", z->origin);
	say_set(z, "an", cut, "DNAME", cut);
}

static void
say_data(const struct model *z, const char *node, const char *type,
    const char *asked)
{
	const char *first = NULL;
	unsigned least = UINT32_MAX;

	for (size_t i = 0; i < z->n; i++)
		if (counts(z, &z->all[i]) &&
		    strcmp(z->all[i].owner, node) == 0 &&
		    z->all[i].number < least) {
			least = z->all[i].number;
			first = z->all[i].type;
		}
	if (strcmp(type, "ANY") == 0 && first != NULL)
		type = first;
	if (has(z, node, type)) {
		say("data in %s\n", z->origin);
		say_set(z, "an", node, type, asked);
		if (strcmp(type, "NS") == 0)
			for (size_t i = 0; i < z->n; i++)
				if (strcmp(z->all[i].owner, node) == 0 &&
				    strcmp(z->all[i].type, "NS") == 0 &&
				    !z->all[i].repeated)
					say_glue(z->all[i].data);
	} else if (has(z, node, "CNAME")) {
		say("cname in %s\n", z->origin);
		say_set(z, "an", node, "CNAME", asked);
	} else {
		say_negative(z, "nodata");
	}
}

/* From the records of the zone above the name. */
static void
say_ds(const struct model *z, const char *name)
{
	say("data in %s\n", z->origin);
	if (say_set(z, "an", name, "DS", name) > 0)
		return;
	length = 0;
	say_negative(z, "nodata");
}

/* RFC 4035 3.1.4.1: DS is the parent's. */
static bool
say_parents_ds(const struct model *z, const char *name, const char *type)
{
	bool apex = strcmp(name, z->origin) == 0;
	const char *above = apex && z == &zones[1] ? parent_of(name) : NULL;
	const char *cut;

	if (strcmp(type, "DS") != 0)
		return false;
	if (above != NULL) {
		cut = cut_of(&zones[0], above);
		if (cut == NULL && has(&zones[0], above, "DNAME"))
			cut = above;
		if (cut != NULL)
			say_cut(&zones[0], cut);
		else
			say_ds(&zones[0], name);
		return true;
	}
	cut = cut_of(z, name);
	if (apex || cut == NULL || strcmp(cut, name) != 0)
		return false;
	say_ds(z, name);
	return true;
}

static const char *
expected(const char *name, const char *type)
{
	const struct model *z = zone_of(name);
	const char *encloser = name, *cut;
	char wildcard[NAME + 2];

	length = 0;
	if (z == NULL) {
		say("foreign\n");
		return want;
	}
	cut = cut_of(z, name);
	if (say_parents_ds(z, name, type))
		return want;
	if (cut != NULL) {
		say_cut(z, cut);
		return want;
	}
	if (exists(z, name)) {
		say_data(z, name, type, name);
		return want;
	}
	while (!exists(z, encloser))
		encloser = parent_of(encloser);
	snprintf(wildcard, sizeof(wildcard), "*.%s", encloser);
	if (exists(z, wildcard))
		say_data(z, wildcard, type, name);
	else
		say_negative(z, "nxdomain");
	return want;
}

/* Random zones ------------------------------------------------------------ */

static unsigned
roll(unsigned n)
{
	return (unsigned)random() % n;
}

static void
random_name(char name[NAME], const char *origin)
{
	static const char *const labels[] = {"a.", "b.", "*.", "c."};

	*name = '\0';
	for (unsigned n = roll(4); n > 0; n--)
		strcat(name, labels[roll(4)]);
	strcat(name, origin);
}

static const struct kind {
	const char *type;
	unsigned number;
	bool alone, at_wildcard, once;
} kinds[] = {
    {"A", 1, false, true, false},
    {"AAAA", 28, false, true, false},
    {"TXT", 16, false, true, false},
    {"NS", 2, false, false, false},
    {"CNAME", 5, true, true, true},
    {"DNAME", 39, false, false, true},
    {"DS", 43, false, true, false},
};

static void
random_data(char data[NAME], const char *type, const char *origin)
{
	unsigned n = roll(3);

	if (strcmp(type, "A") == 0)
		snprintf(data, NAME, "192.0.2.%u", n);
	else if (strcmp(type, "AAAA") == 0)
		snprintf(data, NAME, "2001:db8::%x", n + 1);
	else if (strcmp(type, "TXT") == 0)
		snprintf(data, NAME, "\"%u\"", n);
	else if (strcmp(type, "DS") == 0)
		snprintf(data, NAME, "%u 8 9 abcd", n);
	else if (strcmp(type, "NS") == 0 && n == 0)
		strcpy(data, "ns.example.net.");
	else
		random_name(data, origin);
}

/* May the record stand beside those that are there? */
static bool
is_allowed(const struct model *z, const char *owner, const struct kind *kind)
{
	bool apex = strcmp(owner, z->origin) == 0;

	if (*owner == '*' && !kind->at_wildcard)
		return false;
	if (apex &&
	    (kind->alone || strcmp(kind->type, "NS") == 0 ||
		strcmp(kind->type, "DS") == 0))
		return false;
	for (size_t i = 0; i < z->n; i++) {
		const struct record *r = &z->all[i];
		bool same = strcmp(r->type, kind->type) == 0;
		bool pair = (r->number == 39 && kind->number == 2) ||
		    (r->number == 2 && kind->number == 39);

		if (strcmp(r->owner, owner) == 0 &&
		    ((same && kind->once) ||
			(!same && (kind->alone || r->number == 5)) ||
			(pair && !apex)))
			return false;
	}
	return true;
}

static void
put(struct model *z, const char *owner, const char *type, unsigned number,
    unsigned ttl, const char *data)
{
	struct record *r = &z->all[z->n++];

	*r = (struct record){.type = type, .number = number, .ttl = ttl};
	strcpy(r->owner, owner);
	strcpy(r->data, data);
	for (const struct record *b = z->all; b < r; b++)
		r->repeated = r->repeated ||
		    (strcmp(b->owner, owner) == 0 &&
			strcmp(b->type, type) == 0 &&
			strcmp(b->data, data) == 0);
}

static void
zone_make(struct model *z, const char *origin)
{
	char owner[NAME], data[NAME], text[8192];
	size_t n = 0;

	*z = (struct model){.origin = origin};
	put(z, origin, "SOA", 6, 60, SOA());
	put(z, origin, "NS", 2, 60, "ns.example.net.");
	for (unsigned tries = 0; tries < RECORDS; tries++) {
		const struct kind *kind =
		    &kinds[roll(sizeof(kinds) / sizeof(kinds[0]))];

		random_name(owner, origin);
		random_data(data, kind->type, origin);
		if (is_allowed(z, owner, kind))
			put(z, owner, kind->type, kind->number, 60 + roll(3),
			    data);
	}
	for (size_t i = 0; i < z->n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n,
		    "%s %u %s %s\n", z->all[i].owner, z->all[i].ttl,
		    z->all[i].type, z->all[i].data);
	zone_sample_zone(&sample, origin, text);
}

START_TEST(a_zone_answers_as_its_records_say)
{
	static const char *const types[] = {
	    "A", "AAAA", "TXT", "NS", "CNAME", "DNAME", "DS", "SOA", "ANY"};
	char name[NAME];

	srandom((unsigned)_i);
	zone_sample_open(&sample);
	zone_make(&zones[0], PARENT);
	nzones = 1 + roll(2);
	if (nzones > 1)
		zone_make(&zones[1], CHILD);
	ck_assert_msg(
	    zone_sample_build(&sample), "%s", zone_sample_diag(&sample));
	for (unsigned i = 0; i < 400; i++) {
		const char *type = types[roll(9)];

		random_name(name,
		    roll(8) == 0       ? "com."
			: roll(4) == 0 ? CHILD
				       : PARENT);
		zone_sample_ask(&sample, name, type);
		ck_assert_msg(strcmp(sample.text, expected(name, type)) == 0,
		    "%s %s: %s, not %s", name, type, sample.text, want);
	}
	zone_sample_close(&sample);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("zone/model");
	TCase *tc = tcase_create("zone/model");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, a_zone_answers_as_its_records_say, 0, ZONES);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
