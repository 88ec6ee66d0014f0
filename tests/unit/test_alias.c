/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Aliases of fenced names: those that lead to a region outside the fence are
 * errors, wherever they pass; those that lead to what has no region are
 * warnings.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"
#include "snapshot/build.h"

static struct sample sample;

/* www is fenced; inner is not, within gives clients of the EU its region. */
static const char before[] =
    "meridian: 1\n"
    "geoip: {nets: {corp: [81.2.3.16/28], usa: [81.2.9.0/24]}}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {jurisdiction: EU, location: [50, 8]},\n"
    "          us: {jurisdiction: US, location: [39, -77]}}\n"
    "pools:\n"
    "  all: {regions: {eu: [{addr: 192.0.2.1}], us: [{addr: 192.0.2.2}]}}\n"
    "  one: {regions: {eu: [{addr: 192.0.2.1}]}}\n"
    "  loop: {regions: {eu: [{cname: www.example.com.}]}}\n"
    "policies:\n"
    "  fenced:\n"
    "    rules:\n"
    "      - {nets: corp, regions: [eu], fence: EU}\n"
    "      - {regions: [us, eu]}\n"
    "  free: {rules: [{regions: [us, eu]}]}\n"
    "  by-net: {rules: [{nets: corp, regions: [eu]}, {regions: [us]}]}\n"
    "  other: {rules: [{nets: usa, regions: [us, eu]}, {regions: [eu],\n"
    "    fence: EU}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: fenced}\n"
    "  inner.example.com: {pool: all, policy: free}\n"
    "  within.example.com: {pool: all, policy: fenced}\n"
    "  single.example.com: {pool: one, policy: free}\n"
    "  shared.example.com: {pool: all, policy: by-net}\n"
    "  other.example.com: {pool: all, policy: other}\n"
    "  looped.example.com: {pool: loop, policy: fenced}\n";

static const char zone_text[] = "$ORIGIN example.com.\n"
				"$TTL 3600\n"
				"@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n"
				"@ NS ns1\n"
				"ns1 A 192.0.2.53\n"
				"static A 192.0.2.80\n"
				"alias CNAME alias2\n"
				"alias2 CNAME inner\n"
				"good CNAME within\n"
				"tree DNAME below\n"
				"*.below CNAME inner\n"
				"svc HTTPS 0 svc2\n"
				"svc2 HTTPS 1 inner alpn=h2\n"
				"sub NS ns.sub\n"
				"ns.sub A 192.0.2.54\n"
				"ring CNAME ring2\n"
				"ring2 CNAME ring\n"
				"mail MX 10 mx.example.net.\n"
				"mail MX 20 inner\n"
				"*.mail MX 10 inner\n"
				"sip SRV 0 0 5060 Inner.Example.COM.\n"
				"fine MX 10 within\n"
				"nomail MX 0 .\n"
				"web HTTPS 1 mail alpn=h2\n"
				"empty TXT \"nothing to follow\"\n";

static const struct row {
	const char *region;   /* of the pool that www answers from, eu */
	const char *policy;   /* of www */
	const char *expected; /* "": neither an error nor a warning */
} rows[] = {
    {"{cname: inner.example.com.}", "fenced",
	"error: www.example.com.: inner.example.com. leads clients of policy "
	"fenced, rule 1"},
    {"{cname: inner.example.com.}", "free",
	"error: looped.example.com.: www.example.com. leads"},
    {"{cname: within.example.com.}", "fenced", ""},
    {"{cname: single.example.com.}", "fenced", ""},
    {"{cname: other.example.com.}", "fenced", ""},
    {"{cname: looped.example.com.}", "fenced", ""},
    {"{cname: shared.example.com.}", "fenced",
	"has no fence, so a client subnet that they share with clients of "
	"policy by-net, rule 2"},
    {"{cname: alias.example.com.}", "fenced",
	"at inner.example.com., policy free, rule 1"},
    {"{cname: good.example.com.}", "fenced", ""},
    {"{cname: a.tree.example.com.}", "fenced",
	"error: www.example.com.: a.tree.example.com. leads"},
    {"{cname: any.below.example.com.}", "fenced",
	"error: www.example.com.: any.below.example.com. leads"},
    {"{cname: svc.example.com.}", "fenced", "gives them region us"},
    {"{cname: ring.example.com.}", "fenced", ""},
    {"{cname: empty.example.com.}", "fenced", ""},
    {"{cname: www.example.net.}", "fenced",
	"warning: www.example.com.: www.example.net. leads to "
	"www.example.net., which is in none of the zones"},
    {"{cname: a.sub.example.com.}", "fenced", "which is delegated"},
    {"{cname: static.example.com.}", "fenced",
	"which has addresses of the zone file"},
    {"{addr: 192.0.2.1, records: {HTTPS: [\"0 inner.example.com.\"]}}",
	"fenced", "error: www.example.com.: inner.example.com. leads"},
    {"{addr: 192.0.2.1, records: {HTTPS: [\"1 INNER.example.com. alpn=h2\"]}}",
	"fenced", "gives them region us"},
    {"{addr: 192.0.2.1, records: {HTTPS: [\"1 . alpn=h2\"]}}", "fenced", ""},
    {"{records: {SVCB: [\"0 alias.example.com.\"]}}", "fenced",
	"gives them region us"},
    {"{records: {MX: [\"10 inner.example.com.\"]}}", "fenced",
	"gives them region us"},
    {"{records: {SRV: [\"0 0 443 inner.example.com.\"]}}", "fenced",
	"gives them region us"},
    {"{records: {MX: [\"0 .\"]}}", "fenced", ""},
    {"{cname: mail.example.com.}", "fenced", "gives them region us"},
    {"{cname: x.mail.example.com.}", "fenced", "gives them region us"},
    {"{cname: sip.example.com.}", "fenced", "gives them region us"},
    {"{cname: fine.example.com.}", "fenced", ""},
    {"{cname: nomail.example.com.}", "fenced", ""},
    {"{cname: web.example.com.}", "fenced", ""},
    {"{addr: 192.0.2.1, records: {HTTPS: 1 mail.example.com.}}", "fenced", ""},
    {"{records: {MX: 10 mail.example.com.}}", "fenced", ""},
    {"{addr: 192.0.2.1, records: {HTTPS: 1 . ipv4hint=192.0.2.1}}", "fenced",
	""},
    {"{addr: 192.0.2.1, records: {HTTPS: \"1 . ipv4hint=192.0.2.1,192.0.2.2\""
     "}}], us: [{addr: 192.0.2.2, records: {HTTPS: 1 .}}",
	"fenced",
	"error: the hint 192.0.2.2 is an address of region \"us\", whose "
	"jurisdiction is another"},
    {"{addr: [192.0.2.1, \"2001:db8::1\"], records: {SVCB: 1 . "
     "ipv6hint=2001:db8::2}}], "
     "us: [{addr: [192.0.2.2, \"2001:db8::2\"], records: {SVCB: 1 .}}",
	"fenced", "error: the hint 2001:db8::2 is an address of region \"us\""},
    {"{addr: 192.0.2.1, records: {HTTPS: 1 . ipv4hint=203.0.113.9}}", "fenced",
	""},
};

static void
put(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	ck_assert_int_eq(fclose(f), 0);
}

/* All that is wrong with a configuration. */
static char *
build_text(const char *text)
{
	struct snapshot *s;
	struct diag d;
	char *said;

	put(sample.conf, text);
	diag_init(&d);
	s = snapshot_build(sample.conf, &d);
	ck_assert((s != NULL) == (d.nerrors == 0));
	snapshot_free(s);
	said = diag_text(&d);
	diag_fini(&d);
	return said;
}

/* What was written by check(), with the line replaced. */
static void
replace_line(const char *line, const char *with, char *text, size_t size)
{
	char was[8192], *at;
	FILE *f = fopen(sample.conf, "r");

	ck_assert_ptr_nonnull(f);
	was[fread(was, 1, sizeof(was) - 1, f)] = '\0';
	fclose(f);
	at = strstr(was, line);
	ck_assert_ptr_nonnull(at);
	snprintf(text, size, "%.*s%s%s", (int)(at - was), was, with,
	    at + strlen(line));
}

static char *
check(const struct row *row, const char *zone)
{
	char path[SAMPLE_PATH_MAX + 32], text[8192], pool[512];
	const char *names = strstr(before, "policies:\n");

	snprintf(path, sizeof(path), "%s/example.com.zone", sample.folder);
	put(path, zone);
	snprintf(
	    pool, sizeof(pool), "  www: {regions: {eu: [%s]}}\n", row->region);
	snprintf(text, sizeof(text), "%.*s%s%s", (int)(names - before), before,
	    pool, names);
	if (strcmp(row->policy, "free") == 0)
		memcpy(strstr(text, "policy: fenced"), "policy: free  ", 14);
	return build_text(text);
}

static void
setup(void)
{
	sample_open(&sample);
}

static void
teardown(void)
{
	sample_close(&sample);
}

START_TEST(an_alias_is_followed_to_where_it_leads)
{
	const struct row *row = &rows[_i];
	char *text = check(row, zone_text);

	if (*row->expected == '\0')
		ck_assert_msg(*text == '\0', "%s: %s", row->region, text);
	else
		ck_assert_msg(strstr(text, row->expected) != NULL, "%s: %s",
		    row->region, text);
	free(text);
}
END_TEST

START_TEST(a_record_of_the_zone_file_beside_the_pool_is_followed)
{
	const struct row row = {
	    "{addr: 192.0.2.1}", "fenced", "gives them region us"};
	static const char *const records[] = {"HTTPS 0 alias", "SVCB 1 inner",
	    "MX 10 inner", "MX 10 within\nwww MX 20 alias", "SRV 0 0 80 INNER"};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		char zone[2048], *text;

		snprintf(
		    zone, sizeof(zone), "%swww %s\n", zone_text, records[i]);
		text = check(&row, zone);
		ck_assert_msg(strstr(text,
				  "error: www.example.com.: a record of the "
				  "zone file leads") != NULL,
		    "%s: %s", records[i], text);
		free(text);
	}
}
END_TEST

/* Whatever the order of regions is, of the fenced rule and of the one that the
 * alias leads to. */
static const struct {
	const char *fenced, *free;
	bool leads_out;
} orders[] = {
    {"regions: nearest", "regions: [us, eu]", true},
    {"regions: all", "regions: [us, eu]", true},
    {"regions: [us, eu]", "regions: [us, eu]", true},
    {"regions: {eu: 1}", "regions: [us, eu]", true},
    {"regions: [eu]", "regions: nearest", true},
    {"regions: [eu]", "regions: all", true},
    {"regions: [eu]", "regions: {eu: 1, us: 1}", true},
    {"regions: [eu]", "regions: {eu: 1, us: 0}", true},
    {"regions: [eu]", "regions: [eu]", false},
    {"regions: nearest", "regions: [eu]", false},
};

START_TEST(an_alias_is_followed_in_every_order_of_regions)
{
	const struct row row = {"{cname: inner.example.com.}", "fenced", ""};
	char text[8192], rule[128], *said;

	free(check(&row, zone_text)); /* writes the files */
	snprintf(rule, sizeof(rule), "{nets: corp, %s, fence: EU}",
	    orders[_i].fenced);
	replace_line(
	    "{nets: corp, regions: [eu], fence: EU}", rule, text, sizeof(text));
	free(build_text(text));
	snprintf(rule, sizeof(rule), "free: {rules: [{%s}]}", orders[_i].free);
	replace_line(
	    "free: {rules: [{regions: [us, eu]}]}", rule, text, sizeof(text));
	said = build_text(text);
	ck_assert_msg((strstr(said,
			   "error: www.example.com.: "
			   "inner.example.com. leads clients") != NULL) ==
		orders[_i].leads_out,
	    "%s to %s: %s", orders[_i].fenced, orders[_i].free, said);
	free(said);
}
END_TEST

/* Rules of a fenced name's policy f and of g, to which its alias leads: the
 * clients of which rule of f are led out by which of g; NULL: none are. */
static const struct {
	const char *f, *g, *from, *by;
} meets[] = {
    {"{nets: b, regions: [us]}, {nets: a, regions: [eu], fence: EU},\n"
     "{regions: [us]}",
	"{nets: b, regions: [us]}, {nets: a, regions: [eu], fence: EU},\n"
	"{regions: [us]}",
	NULL, NULL},
    {"{nets: b, regions: [us]}, {nets: a, regions: [eu], fence: EU},\n"
     "{regions: [us]}",
	"{nets: b, regions: [eu]}, {nets: a, regions: [us]},\n"
	"{regions: [eu]}",
	"policy f, rule 2", "policy g, rule 2"},
    {"{nets: b, regions: [us]}, {nets: c, regions: [us]},\n"
     "{nets: a, regions: [eu], fence: EU}, {regions: [us]}",
	"{nets: c, regions: [us]}, {nets: b, regions: [us]},\n"
	"{nets: a, regions: [us]}, {regions: [eu]}",
	"policy f, rule 3", "policy g, rule 3"},
    {"{nets: b, regions: [us]}, {nets: c, regions: [us]},\n"
     "{nets: a, regions: [eu], fence: EU}, {regions: [us]}",
	"{nets: c, regions: [us]}, {nets: b, regions: [us]},\n"
	"{nets: a, regions: [eu], fence: EU}, {regions: [us]}",
	NULL, NULL},
    /* Of IPv6 alone. */
    {"{nets: c, regions: [eu], fence: EU}, {regions: [us]}",
	"{nets: c, regions: [us]}, {regions: [eu]}", "policy f, rule 1",
	"policy g, rule 1"},
    {"{nets: c, regions: [eu], fence: EU}, {regions: [us]}",
	"{nets: c, regions: [eu], fence: EU}, {regions: [us]}", NULL, NULL},
    /* Whoever is in no net. */
    {"{nets: [a, b], regions: [us]}, {regions: [eu], fence: EU}",
	"{nets: [a, b, c], regions: [eu]}, {regions: [us]}", "policy f, rule 2",
	"policy g, rule 2"},
    {"{nets: [a, b], regions: [us]}, {regions: [eu], fence: EU}",
	"{nets: [a, b], regions: [us]}, {regions: [eu], fence: EU}", NULL,
	NULL},
    /* Two fences, each of its own. */
    {"{nets: a, regions: [eu], fence: EU}, {nets: b, regions: [us],\n"
     "fence: US}, {regions: [us]}",
	"{nets: b, regions: [us], fence: US}, {nets: a, regions: [eu],\n"
	"fence: EU}, {regions: [us]}",
	NULL, NULL},
    {"{nets: a, regions: [us, eu], fence: EU}, {nets: b,\n"
     "regions: [us, eu], fence: US}, {regions: [us]}",
	"{nets: b, regions: [eu]}, {nets: a, regions: [eu], fence: EU},\n"
	"{regions: [us]}",
	"policy f, rule 2", "policy g, rule 1"},
    /* Another fence than theirs. */
    {"{nets: a, regions: [eu], fence: EU}, {regions: [us]}",
	"{nets: a, regions: [us], fence: US}, {regions: [eu]}",
	"policy f, rule 1", "policy g, rule 1"},
    /* Pools that stand in. */
    {"{nets: a, regions: [eu], fence: EU}, {regions: [us]}",
	"{nets: a, regions: [eu], when_all_down: {pool: far}},\n"
	"{regions: [eu]}",
	"policy f, rule 1", "policy g, rule 1"},
    {"{nets: a, regions: [eu], fence: EU}, {regions: [us]}",
	"{nets: a, regions: [eu], when_all_down: {pool: near}},\n"
	"{regions: [eu]}",
	NULL, NULL},
    {"{nets: a, regions: [eu], fence: EU, when_all_down: {pool: leads}},\n"
     "{regions: [us]}",
	"{regions: [eu]}", "policy f, rule 1", "policy h, rule 1"},
    {"{nets: a, regions: [eu], fence: EU}, {regions: [us],\n"
     "when_all_down: {pool: leads}}",
	"{regions: [eu]}", NULL, NULL},
};

/* Of www, and of looped, which leads to www: each alias is told, but once for
 * all that it leads to. */
static const struct {
	const char *region;
	unsigned told;
} unknown[] = {
    {"{cname: a.example.net.}", 1 + 1},
    {"{cname: static.example.com.}", 1 + 1},
    {"{addr: 192.0.2.1, records: {MX: [10 a.example.net., 20 b.example.net.]}}",
	2 + 1},
    {"{addr: 192.0.2.1, records: {MX: [10 mail.example.com.]}}", 0},
};

START_TEST(what_cannot_be_checked_is_told_once_an_alias)
{
	const struct row row = {unknown[_i].region, "fenced", ""};
	char *text = check(&row, zone_text), *at = text;
	unsigned n = 0;

	while ((at = strstr(at, "it cannot be checked")) != NULL) {
		n++;
		at++;
	}
	ck_assert_msg(n == unknown[_i].told, "%s", text);
	free(text);
}
END_TEST

START_TEST(clients_meet_the_rules_that_they_come_to)
{
	char text[4096], path[SAMPLE_PATH_MAX + 32], *said;

	snprintf(path, sizeof(path), "%s/example.com.zone", sample.folder);
	put(path, zone_text);
	snprintf(text, sizeof(text),
	    "meridian: 1\n"
	    "geoip: {nets: {a: [81.2.0.0/16], b: [82.0.0.0/8, \"2600::/16\"],\n"
	    "               c: [\"2001:db8::/32\"]}}\n"
	    "zones: {example.com: example.com.zone}\n"
	    "regions: {eu: {jurisdiction: EU}, us: {jurisdiction: US}}\n"
	    "pools:\n"
	    "  www: {regions: {eu: [{cname: inner.example.com.}],\n"
	    "                  us: [{cname: inner.example.com.}]}}\n"
	    "  all: {regions: {eu: [{addr: 192.0.2.1}],\n"
	    "                  us: [{addr: 192.0.2.2}]}}\n"
	    "  near: {regions: {eu: [{addr: 192.0.2.3}]}}\n"
	    "  far: {regions: {us: [{addr: 192.0.2.4}]}}\n"
	    "  leads: {regions: {eu: [{cname: outer.example.com.}]}}\n"
	    "policies:\n"
	    "  h: {rules: [{regions: [us]}]}\n"
	    "  f: {rules: [%s]}\n"
	    "  g: {rules: [%s]}\n"
	    "names: {www.example.com: {pool: www, policy: f},\n"
	    "        inner.example.com: {pool: all, policy: g},\n"
	    "        outer.example.com: {pool: far, policy: h}}\n",
	    meets[_i].f, meets[_i].g);
	said = build_text(text);
	if (meets[_i].from == NULL)
		ck_assert_msg(strstr(said, "error") == NULL, "%s", said);
	else
		ck_assert_msg(strstr(said, meets[_i].from) != NULL &&
			strstr(said, meets[_i].by) != NULL &&
			strstr(said, "leads clients of") != NULL,
		    "%s", said);
	free(said);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("alias");
	TCase *tc = tcase_create("alias");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, an_alias_is_followed_to_where_it_leads, 0,
	    sizeof(rows) / sizeof(rows[0]));
	tcase_add_loop_test(tc, an_alias_is_followed_in_every_order_of_regions,
	    0, sizeof(orders) / sizeof(orders[0]));
	tcase_add_test(
	    tc, a_record_of_the_zone_file_beside_the_pool_is_followed);
	tcase_add_loop_test(tc, what_cannot_be_checked_is_told_once_an_alias, 0,
	    sizeof(unknown) / sizeof(unknown[0]));
	tcase_add_loop_test(tc, clients_meet_the_rules_that_they_come_to, 0,
	    sizeof(meets) / sizeof(meets[0]));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
