/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "zone_sample.h"

#define SOA \
	"@ 3600 SOA ns.example.com. host.example.com. " \
	"7 3600 900 604800 300\n"
#define NEGATIVE \
	"ns example.com. 300 IN SOA ns.example.com. " \
	"host.example.com. 7 3600 900 604800 300\n"
#define NODATA "nodata in example.com.\n" NEGATIVE
#define NXDOMAIN "nxdomain in example.com.\n" NEGATIVE

static struct zone_sample sample;

static const char zone_text[] = "$TTL 60\n" SOA "@ NS ns\n"
				"@ NS ns.elsewhere.net.\n"
				"@ MX 10 mail\n"
				"ns A 192.0.2.1\n"
				"www A 192.0.2.2\n"
				"www A 192.0.2.3\n"
				"www TXT \"a\" \"b c\"\n"
				"alias CNAME www\n"
				"keyed CNAME www\n"
				"keyed KEY 256 3 8 AAAA\n"
				"out CNAME www.Elsewhere.NET.\n"
				"a.b.deep A 192.0.2.4\n"
				"odd TYPE65280 \\# 4 0a0b0c0d\n"
				"*.wild A 192.0.2.5\n"
				"*.wild MX 10 mail\n"
				"host.wild A 192.0.2.6\n"
				"below.host.wild A 192.0.2.7\n"
				"sub.*.wild TXT \"sub\"\n"
				"*.calias CNAME www\n"
				"x.*.empty A 192.0.2.8\n"
				"cut NS ns.cut\n"
				"cut NS ns\n"
				"cut NS ns.sister\n"
				"cut DS 1 8 9 00\n"
				"cut TXT \"hidden\"\n"
				"ns.cut A 192.0.2.9\n"
				"ns.cut AAAA 2001:db8::9\n"
				"*.cut A 192.0.2.10\n"
				"deep.cut NS ns.deep.cut\n"
				"ns.deep.cut A 192.0.2.11\n"
				"sister NS ns.sister\n"
				"ns.sister A 192.0.2.12\n";

static const char child_text[] = "$TTL 60\n"
				 "@ SOA ns host 1 2 3 4 5\n"
				 "@ NS ns\n"
				 "ns A 192.0.2.20\n";

static const char parent_extra[] = "child.of NS ns.child.of\n"
				   "child.of DS 2 8 9 00\n"
				   "ns.child.of A 192.0.2.66\n"
				   "bare NS ns.bare\n"
				   "away NS ns.elsewhere.net.\n";

static void
setup(void)
{
	zone_sample_open(&sample);
	zone_sample_zone(&sample, "example.com.", zone_text);
}

static void
teardown(void)
{
	zone_sample_close(&sample);
}

static void
build(void)
{
	ck_assert_msg(
	    zone_sample_build(&sample), "%s", zone_sample_diag(&sample));
}

/* Builds when that was not done yet. */
static void
expect(const char *name, const char *type, const char *want)
{
	if (sample.zones == NULL)
		build();
	ck_assert_str_eq(zone_sample_ask(&sample, name, type), want);
}

static void
expect_start(const char *name, const char *type, const char *want)
{
	if (sample.zones == NULL)
		build();
	zone_sample_ask(&sample, name, type);
	sample.text[strlen(want)] = '\0';
	ck_assert_str_eq(sample.text, want);
}

START_TEST(an_exact_name_has_its_rrset)
{
	expect("www.example.com.", "A",
	    "data in example.com.\n"
	    "an www.example.com. 60 IN A 192.0.2.2\n"
	    "an www.example.com. 60 IN A 192.0.2.3\n");
	expect("WWW.Example.COM.", "TXT",
	    "data in example.com.\n"
	    "an www.example.com. 60 IN TXT \"a\" \"b c\"\n");
}
END_TEST

START_TEST(the_apex_has_soa_and_ns)
{
	expect("example.com.", "SOA",
	    "data in example.com.\n"
	    "an example.com. 3600 IN SOA ns.example.com. host.example.com. "
	    "7 3600 900 604800 300\n");
	expect("example.com.", "NS",
	    "data in example.com.\n"
	    "an example.com. 60 IN NS ns.example.com.\n"
	    "an example.com. 60 IN NS ns.elsewhere.net.\n"
	    "ar ns.example.com. 60 IN A 192.0.2.1\n");
	ck_assert_int_eq(body_must_ar(sample.found.body), 0);
	expect("example.com.", "A", NODATA);
	expect("example.com.", "DS", NODATA);
}
END_TEST

START_TEST(unknown_types_are_served)
{
	expect("odd.example.com.", "TYPE65280",
	    "data in example.com.\n"
	    "an odd.example.com. 60 IN TYPE65280 \\# 4 0a0b0c0d\n");
}
END_TEST

START_TEST(negative_answers_have_the_soa_with_the_lesser_ttl)
{
	expect("www.example.com.", "AAAA", NODATA);
	expect("none.example.com.", "A", NXDOMAIN);
	expect("none.www.example.com.", "A", NXDOMAIN);
}
END_TEST

START_TEST(a_short_soa_ttl_bounds_negative_answers)
{
	zone_sample_zone(&sample, "short.org.",
	    "@ 5 SOA ns.example.com. host 1 2 3 4 300\n"
	    "@ 60 NS ns.example.com.\n");
	expect("x.short.org.", "A",
	    "nxdomain in short.org.\n"
	    "ns short.org. 5 IN SOA ns.example.com. host.short.org. "
	    "1 2 3 4 300\n");
}
END_TEST

START_TEST(empty_non_terminals_exist)
{
	expect("b.deep.example.com.", "A", NODATA);
	expect("deep.example.com.", "A", NODATA);
	expect("c.deep.example.com.", "A", NXDOMAIN);
}
END_TEST

START_TEST(foreign_names_are_foreign)
{
	expect("example.org.", "A", "foreign\n");
	expect("com.", "A", "foreign\n");
	expect(".", "NS", "foreign\n");
	expect("notexample.com.", "A", "foreign\n");
}
END_TEST

START_TEST(a_cname_stands_for_other_types)
{
	expect("alias.example.com.", "A",
	    "cname in example.com.\n"
	    "an alias.example.com. 60 IN CNAME www.example.com.\n");
	ck_assert_int_eq(body_target_len(sample.found.body), 17);
	expect("alias.example.com.", "CNAME",
	    "data in example.com.\n"
	    "an alias.example.com. 60 IN CNAME www.example.com.\n");
	expect("out.example.com.", "A",
	    "cname in example.com.\n"
	    "an out.example.com. 60 IN CNAME www.Elsewhere.NET.\n");
	ck_assert_mem_eq(
	    body_target(sample.found.body), "\3www\11Elsewhere\3NET", 19);
	expect("alias.example.com.", "RRSIG", NODATA);
	expect("alias.example.com.", "NSEC", NODATA);
	expect("keyed.example.com.", "KEY",
	    "data in example.com.\n"
	    "an keyed.example.com. 60 IN KEY 256 3 8 AAAA\n");
	expect("keyed.example.com.", "A",
	    "cname in example.com.\n"
	    "an keyed.example.com. 60 IN CNAME www.example.com.\n");
	expect("below.alias.example.com.", "A", NXDOMAIN);
}
END_TEST

#define DNAME \
	"dname in dn.org.\n" \
	"an old.dn.org. 60 IN DNAME new.example.net.\n"

static void
with_dname(void)
{
	zone_sample_zone(&sample, "dn.org.",
	    "@ 60 SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ 60 NS ns.example.com.\n"
	    "old 60 DNAME new.example.net.\n"
	    "old 60 TXT \"own\"\n"
	    "occluded.old 60 A 192.0.2.1\n"
	    "cut.old 60 NS ns.example.com.\n"
	    "*.old 60 A 192.0.2.1\n"
	    "cut 60 NS ns.example.com.\n"
	    "dn.cut 60 DNAME elsewhere.net.\n");
}

/* RFC 6672 2.3: not of the owner itself. */
START_TEST(a_dname_redirects_what_is_below_it)
{
	with_dname();
	expect("x.old.dn.org.", "A", DNAME);
	ck_assert_uint_eq(sample.found.prefix_len, 2);
	ck_assert_uint_eq(sample.found.ttl, 60);
	ck_assert_uint_eq(body_target_len(sample.found.body), 17);
	expect("one.two.old.dn.org.", "DNAME", DNAME);
	ck_assert_uint_eq(sample.found.prefix_len, 8);
	expect("x.old.dn.org.", "DS", DNAME);
	expect("x.old.dn.org.", "ANY", DNAME);
	expect("old.dn.org.", "A",
	    "nodata in dn.org.\n"
	    "ns dn.org. 5 IN SOA ns.example.com. host.dn.org. 1 2 3 4 5\n");
	expect("old.dn.org.", "DNAME",
	    "data in dn.org.\n"
	    "an old.dn.org. 60 IN DNAME new.example.net.\n");
	expect("old.dn.org.", "TXT",
	    "data in dn.org.\nan old.dn.org. 60 IN TXT \"own\"\n");
	expect_start("xold.dn.org.", "A", "nxdomain");
}
END_TEST

START_TEST(what_is_below_a_dname_is_hidden)
{
	with_dname();
	expect("occluded.old.dn.org.", "A", DNAME);
	expect("x.occluded.old.dn.org.", "A", DNAME);
	expect("cut.old.dn.org.", "NS", DNAME);
	expect("x.cut.old.dn.org.", "A", DNAME);
	expect("cut.old.dn.org.", "DS", DNAME);
	expect("*.old.dn.org.", "A", DNAME);
	expect_start("dn.cut.dn.org.", "DNAME", "referral");
	expect_start("x.dn.cut.dn.org.", "A", "referral");
}
END_TEST

START_TEST(a_dname_at_the_apex_leaves_the_apex)
{
	zone_sample_zone(&sample, "dn.org.",
	    "@ 60 SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ 60 NS ns.example.com.\n"
	    "@ 60 DNAME example.com.\n");
	zone_sample_zone(&sample, "own.deep.dn.org.",
	    "@ 60 SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ 60 NS ns.example.com.\n");
	expect_start("dn.org.", "SOA", "data in dn.org.\n");
	expect_start("dn.org.", "DNAME", "data in dn.org.\n");
	expect("www.dn.org.", "A",
	    "dname in dn.org.\nan dn.org. 60 IN DNAME example.com.\n");
	expect_start("own.deep.dn.org.", "SOA", "data in own.deep.dn.org.\n");
	expect_start("own.deep.dn.org.", "DS", "dname in dn.org.\n");
	expect_start("deep.dn.org.", "A", "dname in dn.org.\n");
}
END_TEST

START_TEST(a_dname_of_the_root_is_above_all)
{
	zone_sample_zone(&sample, ".",
	    "@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS ns.example.com.\n"
	    "@ 60 DNAME example.com.\n");
	expect("www.", "A", "dname in .\nan . 60 IN DNAME example.com.\n");
	expect("example.com.", "DS",
	    "dname in .\nan . 60 IN DNAME example.com.\n");
	expect_start(".", "DS", "nodata in .\n");
}
END_TEST

START_TEST(a_wildcard_stands_for_names_that_do_not_exist)
{
	expect("x.wild.example.com.", "A",
	    "data in example.com.\n"
	    "an x.wild.example.com. 60 IN A 192.0.2.5\n");
	expect("y.x.wild.example.com.", "MX",
	    "data in example.com.\n"
	    "an y.x.wild.example.com. 60 IN MX 10 mail.example.com.\n");
	expect("x.wild.example.com.", "AAAA", NODATA);
	expect("*.wild.example.com.", "A",
	    "data in example.com.\n"
	    "an *.wild.example.com. 60 IN A 192.0.2.5\n");
	expect("x.calias.example.com.", "A",
	    "cname in example.com.\n"
	    "an x.calias.example.com. 60 IN CNAME www.example.com.\n");
}
END_TEST

/* RFC 4592 2.2.1, 3.3.1 */
START_TEST(a_wildcard_does_not_reach_past_names_that_exist)
{
	expect("host.wild.example.com.", "MX", NODATA);
	expect("x.host.wild.example.com.", "A", NXDOMAIN);
	expect("wild.example.com.", "A", NODATA);
	expect("x.*.wild.example.com.", "A", NXDOMAIN);
	expect("sub.*.wild.example.com.", "TXT",
	    "data in example.com.\n"
	    "an sub.*.wild.example.com. 60 IN TXT \"sub\"\n");
}
END_TEST

/* RFC 4592 2.2.2: what is synthesised from an empty non-terminal is empty. */
START_TEST(an_empty_wildcard_gives_nodata)
{
	expect("y.empty.example.com.", "A", NODATA);
	expect("*.empty.example.com.", "A", NODATA);
}
END_TEST

static void
with_rfc4592(void)
{
	zone_sample_zone(&sample, "example.",
	    "$TTL 3600\n@ SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ NS ns.example.com.\n@ NS ns.example.net.\n"
	    "* TXT \"this is a wildcard\"\n"
	    "* MX 10 host1\n"
	    "sub.* TXT \"this is not a wildcard\"\n"
	    "host1 A 192.0.2.1\n"
	    "_ssh._tcp.host1 SRV 0 0 22 host1\n"
	    "_ssh._tcp.host2 SRV 0 0 22 host1\n"
	    "subdel NS ns.example.com.\nsubdel NS ns.example.net.\n");
}

/* RFC 4592 2.2.1: its zone and its queries. */
START_TEST(the_examples_of_rfc_4592_hold)
{
	with_rfc4592();
	expect("host3.example.", "MX",
	    "data in example.\nan host3.example. 3600 IN MX 10 "
	    "host1.example.\n");
	expect_start("host3.example.", "A", "nodata in example.\n");
	expect("foo.bar.example.", "TXT",
	    "data in example.\nan foo.bar.example. 3600 IN TXT "
	    "\"this is a wildcard\"\n");
	expect_start("host1.example.", "MX", "nodata in example.\n");
	expect_start("sub.*.example.", "MX", "nodata in example.\n");
	expect_start(
	    "_telnet._tcp.host1.example.", "SRV", "nxdomain in example.\n");
	expect_start("host.subdel.example.", "A", "referral in example.\n");
	expect_start("ghost.*.example.", "MX", "nxdomain in example.\n");
	/* 2.2.2: names between exist. */
	expect_start("_tcp.host1.example.", "MX", "nodata in example.\n");
	expect_start("host2.example.", "MX", "nodata in example.\n");
	expect_start("x.host2.example.", "MX", "nxdomain in example.\n");
	/* 2.3: the wildcard asked for itself is data. */
	expect("*.example.", "MX",
	    "data in example.\nan *.example. 3600 IN MX 10 host1.example.\n");
	/* 2.1.1: an asterisk alone in a label, not as a part of it. */
	expect("a*.example.", "MX",
	    "data in example.\nan a*.example. 3600 IN MX 10 host1.example.\n");
	expect("*.*.*.example.org.", "MX", "foreign\n");
}
END_TEST

/* RFC 4592 2.1.3, 4.6 */
START_TEST(asterisks_within_names_are_labels_as_others)
{
	zone_sample_zone(&sample, "st.org.",
	    "$TTL 60\n@ SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ NS ns.example.com.\n"
	    "**.a TXT \"two\"\n"
	    "x.*.b TXT \"in the middle\"\n"
	    "*.*.c TXT \"on top\"\n"
	    "*.cut.d A 192.0.2.1\n"
	    "cut.d NS ns.example.com.\n"
	    "* TYPE65280 \\# 0\n"
	    "*.ds DS 1 8 9 00\n");
	expect_start("y.a.st.org.", "TXT", "nxdomain");
	expect_start("**.a.st.org.", "TXT", "data");
	expect_start("y.b.st.org.", "TXT", "nodata");
	expect_start("x.y.b.st.org.", "TXT", "nodata");
	expect_start("x.*.b.st.org.", "TXT", "data");
	expect_start("y.*.c.st.org.", "TXT", "data");
	expect_start("y.c.st.org.", "TXT", "nodata");
	expect_start("y.z.c.st.org.", "TXT", "nodata");
	expect_start("y.cut.d.st.org.", "A", "referral");
	expect("none.st.org.", "TYPE65280",
	    "data in st.org.\nan none.st.org. 60 IN TYPE65280 \\# 0\n");
	/* 4.6: a DS where no delegation is. */
	expect_start("y.ds.st.org.", "DS", "data");
}
END_TEST

/* RFC 4592 4.1: a zone of that name is no wildcard of the one above. */
START_TEST(a_zone_may_be_called_by_an_asterisk)
{
	zone_sample_zone(&sample, "st.org.",
	    "$TTL 60\n@ SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ NS ns.example.com.\n@ TXT \"st\"\n");
	zone_sample_zone(&sample, "*.st.org.",
	    "$TTL 60\n@ SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ NS ns.example.com.\n@ TXT \"star\"\n");
	expect("*.st.org.", "TXT",
	    "data in *.st.org.\nan *.st.org. 60 IN TXT \"star\"\n");
	expect_start("x.st.org.", "TXT", "nxdomain in st.org.\n");
	expect_start("x.*.st.org.", "TXT", "nxdomain in *.st.org.\n");
}
END_TEST

/* RFC 2181 11, RFC 4343 2 */
START_TEST(any_octet_may_be_in_a_label)
{
	zone_sample_zone(&sample, "oct.org.",
	    "$TTL 60\n@ SOA ns.example.com. host 1 2 3 4 5\n"
	    "@ NS ns.example.com.\n"
	    "\\000\\001\\255 TXT \"binary\"\n"
	    "a\\.b TXT \"dot\"\n"
	    "\\\\\\\" TXT \"marks\"\n"
	    "\\065\\192 TXT \"case\"\n"
	    "\\* TXT \"wildcard\"\n"
	    "two\\ words TXT \"space\"\n");
	expect_start("\\000\\001\\255.oct.org.", "TXT",
	    "data in oct.org.\nan \\000\\001\\255.oct.org.");
	expect("a\\.b.oct.org.", "TXT",
	    "data in oct.org.\nan a\\.b.oct.org. 60 IN TXT \"dot\"\n");
	expect_start("\\\\\\\".oct.org.", "TXT", "data");
	expect_start("a\\192.oct.org.", "TXT", "data");
	expect_start("two\\032words.oct.org.", "TXT", "data");
	/* No letters beyond ASCII; an escaped asterisk is one. */
	expect("a\\224.oct.org.", "TXT",
	    "data in oct.org.\n"
	    "an a\\224.oct.org. 60 IN TXT \"wildcard\"\n");
	expect_start("b.a.oct.org.", "TXT", "data");
}
END_TEST

START_TEST(names_are_as_long_as_can_be)
{
	char label[64], name[300];

	memset(label, 'l', 63);
	label[63] = '\0';
	/* 3 labels of 63, one of 61 with the zone's two: 255 octets. */
	snprintf(name, sizeof(name), "%s.%s.%s.%.52s.long.org.", label, label,
	    label, label);
	zone_sample_zone(&sample, "long.org.",
	    arena_printf(sample.arena,
		"$TTL 60\n@ SOA ns.example.com. host 1 2 3 4 5\n"
		"@ NS ns.example.com.\n%s TXT \"long\"\n"
		"*.x MX 1 %s\n",
		name, name));
	expect_start(name, "TXT", "data in long.org.\n");
	expect_start(name, "A", "nodata in long.org.\n");
	expect_start(name + 64, "TXT", "nodata in long.org.\n");
	name[0] = 'm';
	expect_start(name, "TXT", "nxdomain in long.org.\n");
	snprintf(name, sizeof(name), "%s.%s.%s.%.50s.x.long.org.", label, label,
	    label, label);
	expect_start(name, "MX", "data in long.org.\n");
}
END_TEST

#define REFERRAL \
	"referral in example.com.\n" \
	"ns cut.example.com. 60 IN NS ns.cut.example.com.\n" \
	"ns cut.example.com. 60 IN NS ns.example.com.\n" \
	"ns cut.example.com. 60 IN NS ns.sister.example.com.\n" \
	"ar ns.cut.example.com. 60 IN A 192.0.2.9\n" \
	"ar ns.cut.example.com. 60 IN AAAA 2001:db8::9\n" \
	"ar ns.example.com. 60 IN A 192.0.2.1\n" \
	"ar ns.sister.example.com. 60 IN A 192.0.2.12\n"

START_TEST(a_cut_refers_for_itself_and_all_below)
{
	expect("cut.example.com.", "A", REFERRAL);
	expect("cut.example.com.", "NS", REFERRAL);
	expect("cut.example.com.", "TXT", REFERRAL);
	expect("x.y.cut.example.com.", "A", REFERRAL);
	expect("x.cut.example.com.", "ANY", REFERRAL);
}
END_TEST

START_TEST(the_glue_below_the_cut_alone_is_needed)
{
	expect("cut.example.com.", "A", REFERRAL);
	ck_assert_int_eq(body_must_ar(sample.found.body), 2);
	ck_assert_int_eq(body_ar(sample.found.body), 4);
}
END_TEST

START_TEST(what_is_below_a_cut_is_hidden)
{
	expect("ns.cut.example.com.", "A", REFERRAL);
	expect("deep.cut.example.com.", "NS", REFERRAL);
	expect("ns.deep.cut.example.com.", "A", REFERRAL);
	expect("deep.cut.example.com.", "DS", REFERRAL);
	expect("*.cut.example.com.", "A", REFERRAL);
}
END_TEST

START_TEST(records_that_differ_in_case_are_one)
{
	zone_sample_zone(&sample, "case.",
	    "@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS ns.example.com.\n"
	    "a 60 CNAME b.c.\na 60 CNAME B.c.\n"
	    "c 60 NS ns.c\nc 60 NS NS.c\nns.c 60 A 192.0.2.1\n"
	    "t 60 TXT \"x\"\nt 60 TXT \"X\"\n");
	expect(
	    "a.case.", "CNAME", "data in case.\nan a.case. 60 IN CNAME b.c.\n");
	expect_start("x.c.case.", "A", "referral in case.\n");
	ck_assert_int_eq(body_ns(sample.found.body), 1);
	ck_assert_int_eq(body_ar(sample.found.body), 1);
	expect("t.case.", "TXT",
	    "data in case.\nan t.case. 60 IN TXT \"x\"\n"
	    "an t.case. 60 IN TXT \"X\"\n");
}
END_TEST

START_TEST(ds_is_of_the_zone_next_above_alone)
{
	zone_sample_zone(&sample, ".",
	    "@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS ns.example.com.\n"
	    "example.com. 60 NS ns.example.com.\n"
	    "cut.example.com. 60 DS 3 8 9 00\n");
	zone_sample_zone(&sample, "cut.example.com.", child_text);
	expect("cut.example.com.", "DS",
	    "data in example.com.\nan cut.example.com. 60 IN DS 1 8 9 00\n");
}
END_TEST

START_TEST(ds_at_a_cut_is_ours)
{
	expect("cut.example.com.", "DS",
	    "data in example.com.\n"
	    "an cut.example.com. 60 IN DS 1 8 9 00\n");
	expect("sister.example.com.", "DS", NODATA);
}
END_TEST

static void
with_child(void)
{
	zone_sample_close(&sample);
	zone_sample_open(&sample);
	zone_sample_zone(&sample, "child.of.example.com.", child_text);
	zone_sample_zone(&sample, "example.com.",
	    arena_printf(sample.arena, "%s%s", zone_text, parent_extra));
	zone_sample_zone(&sample, "bare.example.com.", child_text);
	zone_sample_zone(&sample, "far.away.example.com.", child_text);
}

START_TEST(a_child_zone_of_ours_answers_for_itself)
{
	with_child();
	expect("ns.child.of.example.com.", "A",
	    "data in child.of.example.com.\n"
	    "an ns.child.of.example.com. 60 IN A 192.0.2.20\n");
	expect_start("x.child.of.example.com.", "A",
	    "nxdomain in child.of.example.com.\n");
	expect_start(
	    "child.of.example.com.", "NS", "data in child.of.example.com.\n");
	expect("of.example.com.", "A", NODATA);
	expect("x.of.example.com.", "A", NXDOMAIN);
}
END_TEST

START_TEST(the_parent_answers_for_ds)
{
	with_child();
	expect("child.of.example.com.", "DS",
	    "data in example.com.\n"
	    "an child.of.example.com. 60 IN DS 2 8 9 00\n");
	expect("bare.example.com.", "DS", NODATA);
	expect("far.away.example.com.", "DS",
	    "referral in example.com.\n"
	    "ns away.example.com. 60 IN NS ns.elsewhere.net.\n");
	expect("x.away.example.com.", "A",
	    "referral in example.com.\n"
	    "ns away.example.com. 60 IN NS ns.elsewhere.net.\n");
	expect_start("x.far.away.example.com.", "A",
	    "nxdomain in far.away.example.com.\n");
}
END_TEST

/* The parent's DNAME hides what it has of the child; the child is served all
 * the same, but DS is the parent's. */
START_TEST(ds_of_a_zone_below_a_dname_is_redirected)
{
	zone_sample_zone(&sample, "c.d.dname.example.com.", child_text);
	zone_sample_zone(&sample, "dname.example.com.",
	    "$TTL 60\n@ SOA ns host 1 2 3 4 5\n@ NS ns\nns A 192.0.2.20\n"
	    "d DNAME example.net.\n");
	expect("c.d.dname.example.com.", "DS",
	    "dname in dname.example.com.\n"
	    "an d.dname.example.com. 60 IN DNAME example.net.\n");
}
END_TEST

START_TEST(the_root_zone_answers_for_all)
{
	zone_sample_zone(&sample, ".",
	    "@ 60 SOA a. b. 1 2 3 4 5\n@ 60 NS ns.example.com.\n"
	    "org. 60 NS ns.example.com.\n");
	expect_start("nowhere.", "A", "nxdomain in .\n");
	expect_start(".", "SOA", "data in .\n");
	expect_start(".", "DS", "nodata in .\n");
	expect_start("x.org.", "A", "referral in .\n");
	expect_start("example.com.", "DS", "nodata in .\n");
	expect_start("com.", "A", "nodata in .\n");
	expect_start("www.example.com.", "A", "data in example.com.\n");
}
END_TEST

START_TEST(steered_names_exist_without_the_file)
{
	zone_sample_steer(&sample, "geo.far.example.com.", POOL_BOTH);
	expect("geo.far.example.com.", "A",
	    "steered geo.far.example.com. type 1 in example.com.\n");
	expect("geo.far.example.com.", "AAAA",
	    "steered geo.far.example.com. type 28 in example.com.\n");
	expect("geo.far.example.com.", "ANY",
	    "steered geo.far.example.com. type 1 in example.com.\n");
	expect("geo.far.example.com.", "MX", NODATA);
	expect("far.example.com.", "A", NODATA);
}
END_TEST

START_TEST(a_pool_without_a_family_gives_nodata)
{
	zone_sample_steer(&sample, "four.example.com.", POOL_IPV4);
	expect("four.example.com.", "AAAA", NODATA);
	expect("four.example.com.", "A",
	    "steered four.example.com. type 1 in example.com.\n");
}
END_TEST

START_TEST(a_cname_pool_answers_any_type)
{
	zone_sample_steer(&sample, "cdn.example.com.", POOL_CNAME);
	expect("cdn.example.com.", "A",
	    "steered cdn.example.com. type 5 in example.com.\n");
	expect("cdn.example.com.", "TXT",
	    "steered cdn.example.com. type 5 in example.com.\n");
	expect("cdn.example.com.", "ANY",
	    "steered cdn.example.com. type 5 in example.com.\n");
	/* RFC 4035 2.5: these may be beside it. */
	expect_start("cdn.example.com.", "RRSIG", "nodata in example.com.\n");
	expect_start("cdn.example.com.", "NSEC", "nodata in example.com.\n");
}
END_TEST

START_TEST(a_steered_wildcard_steers_what_it_stands_for)
{
	zone_sample_steer(&sample, "*.api.example.com.", POOL_IPV4);
	expect("x.y.api.example.com.", "A",
	    "steered *.api.example.com. type 1 in example.com.\n");
	expect("x.api.example.com.", "TXT", NODATA);
	expect("api.example.com.", "A", NODATA);
}
END_TEST

START_TEST(the_apex_may_be_steered)
{
	zone_sample_steer(&sample, "example.com.", POOL_BOTH);
	expect("example.com.", "A",
	    "steered example.com. type 1 in example.com.\n");
	expect("example.com.", "MX",
	    "data in example.com.\n"
	    "an example.com. 60 IN MX 10 mail.example.com.\n");
	expect("example.com.", "TXT", NODATA);
}
END_TEST

START_TEST(any_gets_one_rrset)
{
	expect("www.example.com.", "ANY",
	    "data in example.com.\n"
	    "an www.example.com. 60 IN A 192.0.2.2\n"
	    "an www.example.com. 60 IN A 192.0.2.3\n");
	expect("deep.example.com.", "ANY", NODATA);
}
END_TEST

START_TEST(names_of_127_labels_are_found_or_not)
{
	char name[300] = "", *p = name;

	for (int i = 0; i < 121; i++)
		p += sprintf(p, "%d.", i % 10);
	strcpy(p, "example.com.");
	expect(name, "A", NXDOMAIN);
	zone_sample_steer(&sample, name, POOL_IPV4);
	build();
	expect_start(name, "A", "steered 0.1.2.");
	expect(name + 2, "A", NODATA);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zone_find");
	TCase *tc = tcase_create("zone_find");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, an_exact_name_has_its_rrset);
	tcase_add_test(tc, the_apex_has_soa_and_ns);
	tcase_add_test(tc, unknown_types_are_served);
	tcase_add_test(tc, negative_answers_have_the_soa_with_the_lesser_ttl);
	tcase_add_test(tc, a_short_soa_ttl_bounds_negative_answers);
	tcase_add_test(tc, empty_non_terminals_exist);
	tcase_add_test(tc, foreign_names_are_foreign);
	tcase_add_test(tc, a_cname_stands_for_other_types);
	tcase_add_test(tc, a_dname_redirects_what_is_below_it);
	tcase_add_test(tc, what_is_below_a_dname_is_hidden);
	tcase_add_test(tc, a_dname_at_the_apex_leaves_the_apex);
	tcase_add_test(tc, a_dname_of_the_root_is_above_all);
	tcase_add_test(tc, a_wildcard_stands_for_names_that_do_not_exist);
	tcase_add_test(tc, a_wildcard_does_not_reach_past_names_that_exist);
	tcase_add_test(tc, an_empty_wildcard_gives_nodata);
	tcase_add_test(tc, the_examples_of_rfc_4592_hold);
	tcase_add_test(tc, asterisks_within_names_are_labels_as_others);
	tcase_add_test(tc, a_zone_may_be_called_by_an_asterisk);
	tcase_add_test(tc, any_octet_may_be_in_a_label);
	tcase_add_test(tc, names_are_as_long_as_can_be);
	tcase_add_test(tc, a_cut_refers_for_itself_and_all_below);
	tcase_add_test(tc, the_glue_below_the_cut_alone_is_needed);
	tcase_add_test(tc, what_is_below_a_cut_is_hidden);
	tcase_add_test(tc, records_that_differ_in_case_are_one);
	tcase_add_test(tc, ds_is_of_the_zone_next_above_alone);
	tcase_add_test(tc, ds_at_a_cut_is_ours);
	tcase_add_test(tc, a_child_zone_of_ours_answers_for_itself);
	tcase_add_test(tc, the_parent_answers_for_ds);
	tcase_add_test(tc, ds_of_a_zone_below_a_dname_is_redirected);
	tcase_add_test(tc, the_root_zone_answers_for_all);
	tcase_add_test(tc, steered_names_exist_without_the_file);
	tcase_add_test(tc, a_pool_without_a_family_gives_nodata);
	tcase_add_test(tc, a_cname_pool_answers_any_type);
	tcase_add_test(tc, a_steered_wildcard_steers_what_it_stands_for);
	tcase_add_test(tc, the_apex_may_be_steered);
	tcase_add_test(tc, any_gets_one_rrset);
	tcase_add_test(tc, names_of_127_labels_are_found_or_not);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
