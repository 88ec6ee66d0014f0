/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>
#include <string.h>

#include "zone_sample.h"

#define APEX "@ 60 SOA ns host 7 3600 900 604800 300\n@ 60 NS ns\n"
#define WHOLE APEX "ns 60 A 192.0.2.1\n"

static struct zone_sample sample;

static void
setup(void)
{
	zone_sample_open(&sample);
}

static void
teardown(void)
{
	zone_sample_close(&sample);
}

static void
expect_wrong(const char *want)
{
	ck_assert(!zone_sample_build(&sample));
	ck_assert_str_eq(zone_sample_diag(&sample), want);
}

static void
expect_warned(const char *want)
{
	ck_assert_msg(
	    zone_sample_build(&sample), "%s", zone_sample_diag(&sample));
	ck_assert_str_eq(zone_sample_diag(&sample), want);
}

START_TEST(a_good_zone_is_compiled_without_a_word)
{
	zone_sample_zone(&sample, "example.com.", WHOLE);
	expect_warned("");
	ck_assert_uint_eq(sample.zones->zones[0].serial, 7);
	ck_assert_uint_eq(sample.zones->zones[0].nrecords, 3);
	ck_assert_uint_eq(sample.zones->max_labels, 3);
}
END_TEST

START_TEST(no_zones_are_fine)
{
	expect_warned("");
	ck_assert_str_eq(zone_sample_ask(&sample, "a.", "A"), "foreign\n");
}
END_TEST

START_TEST(soa_and_ns_must_be_at_the_apex)
{
	zone_sample_zone(&sample, "example.com.", "ns 60 A 192.0.2.1\n");
	zone_sample_zone(&sample, "example.org.",
	    WHOLE "sub 60 SOA ns host 1 2 3 4 5\n"
		  "@ 60 SOA ns host 2 2 3 4 5\n");
	expect_wrong(
	    "example.org.:5: error: example.org.: a second SOA\n"
	    "example.org.:4: error: sub.example.org.: SOA below the zone's apex\n"
	    "example.com.:1: error: zone example.com.: no SOA record at its apex: a zone begins with one, such as \"@ SOA ns1 hostmaster 1 2h 15m 14d 1m\"\n"
	    "example.com.:1: error: zone example.com.: no NS record at its apex: a zone names its servers, such as \"@ NS ns1\"\n");
}
END_TEST

START_TEST(syntax_errors_do_not_hide_the_errors_of_other_zones)
{
	zone_sample_zone(&sample, "example.com.", "@ 60 SOA wrong\n");
	zone_sample_zone(&sample, "example.org.", "@ 60 NS ns.example.net.\n");
	expect_wrong(
	    "example.com.:1: error: SOA: rname: missing\n"
	    "example.org.:1: error: zone example.org.: no SOA record at its apex: a zone begins with one, such as \"@ SOA ns1 hostmaster 1 2h 15m 14d 1m\"\n");
}
END_TEST

START_TEST(a_cname_stands_alone)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 CNAME ns\na 60 A 192.0.2.2\n"
		  "b 60 CNAME ns\nb 60 CNAME a\n"
		  "same 60 CNAME ns\nsame 60 CNAME ns\n"
		  "signed 60 CNAME ns\nsigned 60 NSEC a CNAME\n");
	expect_wrong(
	    "example.com.:4: error: a.example.com.: CNAME beside other data\n"
	    "example.com.:7: error: b.example.com.: a second CNAME\n");
}
END_TEST

/* RFC 4035 2.5 */
START_TEST(signatures_and_keys_stand_beside_a_cname)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 CNAME ns\na 60 NSEC b CNAME RRSIG NSEC\n"
		  "a 60 RRSIG CNAME 8 3 60 20300101000000 20200101000000 1 "
		  "example.com. AAAA\n"
		  "a 60 KEY 256 3 8 AAAA\nb 60 KEY 256 3 8 AAAA\n"
		  "b 60 CNAME ns\n");
	ck_assert(zone_sample_build(&sample));
	ck_assert_uint_eq(sample.diag.nerrors, 0);
}
END_TEST

START_TEST(what_is_not_served_is_refused)
{
	zone_sample_zone(
	    &sample, "example.com.", WHOLE "*.a 60 DNAME ns\n*.b 60 NS ns\n");
	expect_wrong(
	    "example.com.:4: error: *.a.example.com.: DNAME at a wildcard "
	    "(RFC 6672 3.3)\n"
	    "example.com.:5: error: *.b.example.com.: NS at a wildcard "
	    "(RFC 4592 4.2)\n");
}
END_TEST

/* RFC 6672 2.3, 2.4 */
START_TEST(a_dname_is_one_and_neither_alias_nor_cut)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 DNAME b\na 60 DNAME c\n"
		  "d 60 DNAME e\nd 60 NS ns\n"
		  "f 60 DNAME g\nf 60 CNAME g\n"
		  "same 60 DNAME ns\nsame 60 DNAME ns\nsame 60 A 192.0.2.2\n");
	ck_assert(!zone_sample_build(&sample));
	zone_sample_diag(&sample);
	ck_assert_ptr_nonnull(strstr(sample.text,
	    ":5: error: a.example.com.: a second DNAME (RFC 6672 2.4)\n"));
	ck_assert_ptr_nonnull(strstr(sample.text,
	    ":6: error: d.example.com.: DNAME at a delegation "
	    "(RFC 6672 2.3)\n"));
	ck_assert_ptr_nonnull(strstr(sample.text,
	    ":8: error: f.example.com.: CNAME beside other data\n"));
	ck_assert_uint_eq(sample.diag.nerrors, 3);
}
END_TEST

START_TEST(what_is_below_a_dname_is_warned_of)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 DNAME net.\nx.a 60 A 192.0.2.2\n"
		  "y.x.a 60 NS ns\n@ 60 MX 1 mail.a\n"
		  "x.a 60 MX 1 missing\n");
	expect_warned(
	    "example.com.:5: warning: x.a.example.com.: never answered: below "
	    "the DNAME of a.example.com. (RFC 6672 2.4)\n"
	    "example.com.:6: warning: y.x.a.example.com.: never answered: "
	    "below the DNAME of a.example.com. (RFC 6672 2.4)\n"
	    "example.com.:7: warning: example.com.: MX: mail.a.example.com. "
	    "is an alias (RFC 2181 10.3)\n");
}
END_TEST

START_TEST(the_least_of_ttls_that_differ_is_taken)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 A 192.0.2.2\na 30 A 192.0.2.3\na 40 A 192.0.2.4\n");
	expect_warned(
	    "example.com.:4: warning: a.example.com.: the TTLs of "
	    "its records of one type differ: 30 is taken (RFC 2181 5.2)\n");
	ck_assert_str_eq(zone_sample_ask(&sample, "a.example.com.", "A"),
	    "data in example.com.\n"
	    "an a.example.com. 30 IN A 192.0.2.2\n"
	    "an a.example.com. 30 IN A 192.0.2.3\n"
	    "an a.example.com. 30 IN A 192.0.2.4\n");
}
END_TEST

START_TEST(records_said_twice_are_served_once)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE
	    "a 60 A 192.0.2.2\nA 60 A 192.0.2.3\na 60 A 192.0.2.2\n"
	    "cut 60 NS ns.cut\ncut 60 NS ns.cut\nns.cut 60 A 192.0.2.9\n");
	expect_warned("");
	ck_assert_str_eq(zone_sample_ask(&sample, "a.example.com.", "A"),
	    "data in example.com.\n"
	    "an a.example.com. 60 IN A 192.0.2.2\n"
	    "an a.example.com. 60 IN A 192.0.2.3\n");
	ck_assert_str_eq(zone_sample_ask(&sample, "cut.example.com.", "A"),
	    "referral in example.com.\n"
	    "ns cut.example.com. 60 IN NS ns.cut.example.com.\n"
	    "ar ns.cut.example.com. 60 IN A 192.0.2.9\n");
}
END_TEST

START_TEST(records_said_twice_far_apart_are_served_once)
{
	char text[8192] = WHOLE;
	size_t n = strlen(text);

	for (unsigned i = 0; i < 202; i++)
		n += (size_t)snprintf(
		    text + n, sizeof(text) - n, "a 60 A 192.0.2.%u\n", i % 101);
	zone_sample_zone(&sample, "example.com.", text);
	expect_warned("");
	zone_sample_ask(&sample, "a.example.com.", "A");
	ck_assert_uint_eq(body_an(sample.found.body), 101);
	ck_assert_ptr_nonnull(strstr(sample.text,
	    "data in example.com.\n"
	    "an a.example.com. 60 IN A 192.0.2.0\n"
	    "an a.example.com. 60 IN A 192.0.2.1\n"));
}
END_TEST

START_TEST(servers_said_twice_come_once)
{
	zone_sample_zone(&sample, "example.com.", WHOLE "@ 60 NS NS\n");
	expect_warned("");
	ck_assert_str_eq(zone_sample_ask(&sample, "example.com.", "NS"),
	    "data in example.com.\n"
	    "an example.com. 60 IN NS ns.example.com.\n"
	    "ar ns.example.com. 60 IN A 192.0.2.1\n");
}
END_TEST

/* RFC 6672 2.4 */
START_TEST(what_is_below_a_dname_is_no_glue)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "d 60 DNAME net.\nns.d 60 A 192.0.2.2\n"
		  "cut 60 NS ns.d\n");
	ck_assert(zone_sample_build(&sample));
	ck_assert_str_eq(zone_sample_ask(&sample, "cut.example.com.", "A"),
	    "referral in example.com.\n"
	    "ns cut.example.com. 60 IN NS ns.d.example.com.\n");
}
END_TEST

/* That of the zone next above counts, and at the child's apex alone. */
START_TEST(ds_of_zones_further_above_is_hidden)
{
	static const char ds[] =
	    "child.of 60 DS 1 8 9 00\nx.child.of 60 DS 1 8 9 00\n";

	zone_sample_zone(&sample, "child.of.example.com.", WHOLE);
	zone_sample_zone(
	    &sample, "of.example.com.", WHOLE "x.child 60 DS 1 8 9 00\n");
	zone_sample_zone(&sample, "example.com.",
	    arena_printf(sample.arena, "%s%s", WHOLE, ds));
	expect_warned("");
	ck_assert_str_eq(
	    zone_sample_ask(&sample, "child.of.example.com.", "DS"),
	    "nodata in of.example.com.\n"
	    "ns of.example.com. 60 IN SOA ns.of.example.com. "
	    "host.of.example.com. 7 3600 900 604800 300\n");
}
END_TEST

START_TEST(missing_glue_is_warned_about)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 NS ns.a\nb 60 NS ns.a\nc 60 NS elsewhere.net.\n");
	expect_warned("example.com.:4: warning: a.example.com.: a name server "
		      "below the cut has no glue\n");
}
END_TEST

START_TEST(glue_has_the_least_of_its_ttls)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 NS ns.a\nns.a 60 A 192.0.2.2\nns.a 30 A 192.0.2.3\n");
	ck_assert(zone_sample_build(&sample));
	ck_assert_str_eq(zone_sample_ask(&sample, "a.example.com.", "A"),
	    "referral in example.com.\n"
	    "ns a.example.com. 60 IN NS ns.a.example.com.\n"
	    "ar ns.a.example.com. 30 IN A 192.0.2.2\n"
	    "ar ns.a.example.com. 30 IN A 192.0.2.3\n");
}
END_TEST

START_TEST(a_referral_larger_than_a_message_is_refused)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "$GENERATE 1-6000 a 60 NS ${0,30}.b$\n");
	ck_assert(!zone_sample_build(&sample));
}
END_TEST

START_TEST(steered_names_are_in_zones_and_above_cuts)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "cut 60 NS ns.elsewhere.net.\nd 60 DNAME net.\n");
	zone_sample_steer(&sample, "www.example.org.", POOL_IPV4);
	zone_sample_steer(&sample, "x.d.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "cut.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "x.cut.example.com.", POOL_IPV4);
	expect_wrong(
	    "meridian.yaml:9: error: www.example.org.: in none of the zones; "
	    "did you mean \"www.example.com.\"?\n"
	    "meridian.yaml:9: error: cut.example.com.: at or below a "
	    "delegation\n"
	    "meridian.yaml:9: error: x.d.example.com.: below a DNAME\n"
	    "meridian.yaml:9: error: x.cut.example.com.: at or below a "
	    "delegation\n");
}
END_TEST

/* The path of the file is part of these messages. */
static void
expect_clash(size_t entry, const char *want)
{
	const char *message = sample.diag.entries.at[entry].message;

	ck_assert_msg(strstr(message, want) != NULL, "%s", message);
}

START_TEST(steered_names_may_not_be_in_the_file_too)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "a 60 A 192.0.2.2\nb 60 CNAME a\nc 60 TXT x\nd 60 TXT x\n"
		  "e 60 AAAA ::1\nf 60 TXT x\nf 60 MX 1 a\n");
	sample.pool[POOL_BOTH].types[2] = DNS_TXT;
	sample.pool[POOL_BOTH].ntypes = 3;
	zone_sample_steer(&sample, "f.example.com.", POOL_BOTH);
	zone_sample_steer(&sample, "a.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "b.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "c.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "d.example.com.", POOL_CNAME);
	zone_sample_steer(&sample, "e.example.com.", POOL_IPV4);
	ck_assert(!zone_sample_build(&sample));
	ck_assert_uint_eq(sample.diag.nerrors, 5);
	expect_clash(4, "example.com.:9 has TXT for it too");
	expect_clash(0, "example.com.:4 has an address or CNAME for it too");
	expect_clash(1, "example.com.:5 has an address or CNAME for it too");
	expect_clash(2, "example.com.:7 has data for it too");
	expect_clash(3, "example.com.:8 has an address or CNAME for it too");
}
END_TEST

START_TEST(an_rrset_larger_than_a_message_is_refused)
{
	zone_sample_zone(&sample, "example.com.",
	    WHOLE "$GENERATE 1-6000 a 60 AAAA 2001:db8::${0,0,x}\n"
		  "b 60 A 192.0.2.1\n");
	expect_wrong("example.com.:4: error: a.example.com.: its records do "
		     "not fit into a message\n");
}
END_TEST

/* Data of len octets of a.example.com. */
static const char *
large_zone(size_t len)
{
	static char text[2 * DNS_MESSAGE_MAX + 200];
	int n = sprintf(
	    text, WHOLE "a 60 TYPE65280 \\# %zu %0*d\n", len, 2 * (int)len, 0);

	ck_assert_int_lt(n, (int)sizeof(text));
	return text;
}

START_TEST(a_record_leaves_room_for_header_and_question)
{
	size_t most = DNS_MESSAGE_MAX - 12 - (15 + 4) - (2 + 10);

	zone_sample_zone(&sample, "example.com.", large_zone(most + 1));
	expect_wrong("example.com.:4: error: a.example.com.: its records do "
		     "not fit into a message\n");
	zone_sample_close(&sample);
	zone_sample_open(&sample);
	zone_sample_zone(&sample, "example.com.", large_zone(most));
	expect_warned("");
}
END_TEST

START_TEST(many_names_are_all_found_again)
{
	char name[64];

	zone_sample_zone(&sample, "example.com.",
	    WHOLE "$GENERATE 0-19999 n$.sub${0,5} 60 A 192.0.2.1\n");
	expect_warned("");
	ck_assert_uint_eq(sample.zones->nnodes, 40002);
	for (int i = 0; i < 20000; i += 7) {
		snprintf(name, sizeof(name), "n%d.sub%05d.example.com.", i, i);
		zone_sample_ask(&sample, name, "A");
		ck_assert_int_eq(sample.found.kind, FIND_DATA);
		ck_assert_ptr_eq(
		    strstr(zone_sample_ask(&sample, name + 1, "A"), "nxdomain"),
		    sample.text);
	}
}
END_TEST

#define ODD UINT64_C(0x9e3779b97f4a7c15)

/* What name_hash() makes of the words before. */
static uint64_t
mixed(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * ODD;
	return hash ^ hash >> 32;
}

/* Labels of 23 octets whose names, with "\1z" behind, all have one hash: the
 * second word undoes what the first one made. */
static size_t
crowd_line(char *line, uint64_t number)
{
	uint64_t words[3] = {number << 8 | 23, 0, 0};
	const uint8_t *octet = (const uint8_t *)words;
	size_t len = 0;

	words[1] =
	    mixed((23 + 1 + 3) * ODD, words[0]) ^ UINT64_C(0x0123456789abcdef);
	for (size_t i = 1; i < sizeof(words); i++) {
		if (octet[i] >= 'A' && octet[i] <= 'Z')
			return 0;
		len += (size_t)sprintf(line + len, "\\%03u", octet[i]);
	}
	return len + (size_t)sprintf(line + len, " 60 A 192.0.2.1\n");
}

static void
crowd_zone(size_t names)
{
	static char text[1000 * 120];
	size_t len = (size_t)sprintf(text, WHOLE);

	for (uint64_t number = 0; names > 0; number++) {
		size_t line = crowd_line(text + len, number);

		len += line;
		names -= line > 0;
	}
	text[len] = '\0';
	zone_sample_zone(&sample, "z.", text);
}

START_TEST(names_that_crowd_the_table_are_refused)
{
	crowd_zone(900);
	ck_assert(!zone_sample_build(&sample));
	ck_assert_uint_eq(sample.diag.nerrors, 1);
	ck_assert_ptr_nonnull(strstr(zone_sample_diag(&sample),
	    "more than 256 names have the same hash"));
}
END_TEST

START_TEST(names_with_one_hash_are_all_found)
{
	crowd_zone(200);
	expect_warned("");
	ck_assert_uint_eq(sample.zones->nnodes, 202);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zone_compile");
	TCase *tc = tcase_create("zone_compile");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_good_zone_is_compiled_without_a_word);
	tcase_add_test(tc, no_zones_are_fine);
	tcase_add_test(tc, soa_and_ns_must_be_at_the_apex);
	tcase_add_test(tc, syntax_errors_do_not_hide_the_errors_of_other_zones);
	tcase_add_test(tc, a_cname_stands_alone);
	tcase_add_test(tc, signatures_and_keys_stand_beside_a_cname);
	tcase_add_test(tc, what_is_not_served_is_refused);
	tcase_add_test(tc, a_dname_is_one_and_neither_alias_nor_cut);
	tcase_add_test(tc, what_is_below_a_dname_is_warned_of);
	tcase_add_test(tc, the_least_of_ttls_that_differ_is_taken);
	tcase_add_test(tc, records_said_twice_are_served_once);
	tcase_add_test(tc, records_said_twice_far_apart_are_served_once);
	tcase_add_test(tc, servers_said_twice_come_once);
	tcase_add_test(tc, what_is_below_a_dname_is_no_glue);
	tcase_add_test(tc, ds_of_zones_further_above_is_hidden);
	tcase_add_test(tc, missing_glue_is_warned_about);
	tcase_add_test(tc, glue_has_the_least_of_its_ttls);
	tcase_add_test(tc, a_referral_larger_than_a_message_is_refused);
	tcase_add_test(tc, steered_names_are_in_zones_and_above_cuts);
	tcase_add_test(tc, steered_names_may_not_be_in_the_file_too);
	tcase_add_test(tc, an_rrset_larger_than_a_message_is_refused);
	tcase_add_test(tc, a_record_leaves_room_for_header_and_question);
	tcase_add_test(tc, many_names_are_all_found_again);
	tcase_add_test(tc, names_that_crowd_the_table_are_refused);
	tcase_add_test(tc, names_with_one_hash_are_all_found);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
