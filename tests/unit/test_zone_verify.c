/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>

#include "zone_sample.h"

#define SOA "@ 60 SOA ns host 7 3600 900 604800 300\n"
#define NAME(s) ((const uint8_t *)(s))
#define APEX SOA "@ 60 NS ns.example.net.\n"

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
expect(const char *text, bool fine, const char *want)
{
	zone_sample_zone(&sample, "example.com.", text);
	ck_assert_int_eq(zone_sample_build(&sample), fine);
	ck_assert_str_eq(zone_sample_diag(&sample), want);
}

START_TEST(the_apex_name_servers_need_addresses)
{
	expect(SOA "@ 60 NS ns\n@ 60 NS other\nother 60 CNAME www\n"
		   "@ 60 NS real\nreal 60 AAAA ::1\n",
	    false,
	    "example.com.:2: error: example.com.: NS: ns.example.com. has no "
	    "address\n"
	    "example.com.:3: error: example.com.: NS: other.example.com. is "
	    "an alias (RFC 2181 10.3)\n");
}
END_TEST

START_TEST(other_targets_are_warned_about)
{
	expect(APEX "d 60 NS ns\n"
		    "m 60 MX 1 gone\nm 60 MX 2 CNAME\nm 60 MX 3 txt\n"
		    "s 60 SRV 1 2 3 gone\ns 60 SRV 4 5 6 cname\n"
		    "cname 60 CNAME www\ntxt 60 TXT x\n",
	    true,
	    "example.com.:3: warning: d.example.com.: NS: ns.example.com. "
	    "has no address\n"
	    "example.com.:4: warning: m.example.com.: MX: gone.example.com. "
	    "has no address\n"
	    "example.com.:5: warning: m.example.com.: MX: cname.example.com. "
	    "is an alias (RFC 2181 10.3)\n"
	    "example.com.:6: warning: m.example.com.: MX: txt.example.com. "
	    "has no address\n"
	    "example.com.:7: warning: s.example.com.: SRV: gone.example.com. "
	    "has no address\n"
	    "example.com.:8: warning: s.example.com.: SRV: "
	    "cname.example.com. is an alias (RFC 2782)\n");
}
END_TEST

START_TEST(what_others_hold_is_not_our_business)
{
	expect(APEX "m 60 MX 1 other.example.org.\nm 60 MX 2 mail.cut\n"
		    "none 60 MX 0 .\nnone 60 SRV 0 0 0 .\n"
		    "cut 60 NS ns.cut\nns.cut 60 A 192.0.2.1\n"
		    "mx.cut 60 MX 1 gone\n",
	    true, "");
}
END_TEST

START_TEST(wildcards_and_steered_names_have_addresses)
{
	zone_sample_steer(&sample, "www.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "cdn.example.com.", POOL_CNAME);
	expect(APEX "*.w 60 A 192.0.2.1\n"
		    "m 60 MX 1 a.w\nm 60 MX 1 www\nm 60 MX 1 cdn\n",
	    true,
	    "example.com.:6: warning: m.example.com.: MX: cdn.example.com. "
	    "is an alias (RFC 2181 10.3)\n");
}
END_TEST

START_TEST(a_signed_zone_is_warned_of)
{
	static const char rrsig[] =
	    "RRSIG A 8 2 60 20300101000000 20200101000000 1 @ AQ==\n";
	char text[512];

	snprintf(text, sizeof(text), APEX "a 60 %sb 60 %s", rrsig, rrsig);
	expect(text, true,
	    "example.com.:3: warning: a.example.com.: a signed zone: answers "
	    "come without signatures, and are refused by who validates where "
	    "a DS says that it is signed\n");
}
END_TEST

/* Each a region of the pool of aliases. */
static void
point_to(struct conf_target *targets, size_t n)
{
	static struct conf_pool_region regions[3];
	struct conf_pool *pool = &sample.pool[POOL_CNAME];

	for (size_t i = 0; i < n; i++) {
		targets[i].mark =
		    (struct conf_mark){"m.yaml", 5 + (unsigned)i, 1};
		regions[i].targets = &targets[i];
		regions[i].ntargets = 1;
	}
	pool->regions = regions;
	pool->nregions = n;
}

START_TEST(aliases_of_steered_names_lead_elsewhere)
{
	struct conf_target targets[] = {
	    {.label = "www", .cname = NAME("\3www\7eXample\3com")},
	    {.label = "net", .cname = NAME("\3cdn\7example\3net")},
	};

	point_to(targets, 2);
	zone_sample_steer(&sample, "cdn.example.com.", POOL_CNAME);
	expect(APEX, true,
	    "m.yaml:5: warning: www, where cdn.example.com. "
	    "leads, does not exist\n");
}
END_TEST

START_TEST(no_alias_of_a_steered_name_leads_back)
{
	struct conf_target targets[] = {
	    {.label = "cdn", .cname = NAME("\3cdN\7eXample\3com")},
	    {.label = "a.w", .cname = NAME("\1a\1w\7eXample\3com")},
	};

	point_to(targets, 2);
	zone_sample_steer(&sample, "cdn.example.com.", POOL_CNAME);
	zone_sample_steer(&sample, "*.w.example.com.", POOL_CNAME);
	expect(APEX, false,
	    "m.yaml:5: error: cdn leads cdn.example.com. to "
	    "itself\n"
	    "m.yaml:6: error: a.w leads *.w.example.com. to "
	    "itself\n");
}
END_TEST

/* RFC 4592 2.1.1: in the name of a zone they are ordinary labels. */
START_TEST(asterisks_within_steered_names_are_the_zones_alone)
{
	zone_sample_zone(&sample, "a.*.example.net.",
	    "@ 60 SOA ns h 1 2 3 4 5\n@ 60 NS ns.example.org.\n");
	zone_sample_steer(&sample, "www.a.*.example.net.", POOL_IPV4);
	zone_sample_steer(&sample, "*.b.a.*.example.net.", POOL_IPV4);
	zone_sample_steer(&sample, "*.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "b.*.example.com.", POOL_IPV4);
	zone_sample_steer(&sample, "*.*.a.*.example.net.", POOL_IPV4);
	zone_sample_steer(&sample, "a*.example.com.", POOL_IPV4);
	expect(APEX, false,
	    "meridian.yaml:9: error: \"b.*.example.com.\": the asterisk of a wildcard must be the whole first label\n"
	    "meridian.yaml:9: error: \"*.*.a.*.example.net.\": the asterisk of a wildcard must be the whole first label\n"
	    "meridian.yaml:9: error: \"a*.example.com.\": the asterisk of a wildcard must be the whole first label\n");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("zone_verify");
	TCase *tc = tcase_create("zone_verify");
	SRunner *runner = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_apex_name_servers_need_addresses);
	tcase_add_test(tc, other_targets_are_warned_about);
	tcase_add_test(tc, what_others_hold_is_not_our_business);
	tcase_add_test(tc, wildcards_and_steered_names_have_addresses);
	tcase_add_test(tc, a_signed_zone_is_warned_of);
	tcase_add_test(tc, aliases_of_steered_names_lead_elsewhere);
	tcase_add_test(tc, no_alias_of_a_steered_name_leads_back);
	tcase_add_test(tc, asterisks_within_steered_names_are_the_zones_alone);
	suite_add_tcase(s, tc);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
