/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone/pools.h"
#include "zone_sample.h"

static struct zone_sample sample;
static struct conf_record records[3];
static struct conf_target targets[3];
static struct conf_pool_region region;

static void
setup(void)
{
	zone_sample_open(&sample);
	sample.conf.arena = sample.arena;
	memset(records, 0, sizeof(records));
	memset(targets, 0, sizeof(targets));
	memset(&region, 0, sizeof(region));
	region.targets = targets;
	region.mark = (struct conf_mark){"m.yaml", 1, 1};
	sample.pool[POOL_IPV4].regions = &region;
	sample.pool[POOL_IPV4].nregions = 1;
}

static void
teardown(void)
{
	zone_sample_close(&sample);
}

/* Each record is a target's. */
static void
put(uint16_t type, const char *text)
{
	struct conf_record *r = &records[region.ntargets];
	struct conf_target *t = &targets[region.ntargets++];

	r->type = type;
	r->text = text;
	r->mark =
	    (struct conf_mark){"m.yaml", 1 + (unsigned)region.ntargets, 5};
	t->records = r;
	t->nrecords = 1;
	t->mark = r->mark;
}

static void
expect(const char *want)
{
	bool ok = strstr(want, "error") == NULL;

	ck_assert(pools_read(&sample.conf, &sample.diag) == ok);
	ck_assert_str_eq(zone_sample_diag(&sample), want);
}

START_TEST(records_of_pools_are_read_as_in_a_zone_file)
{
	static const uint8_t mx[] = "\0\12\1a\4Mail\0";

	put(DNS_MX, "10 a.Mail.");
	put(DNS_MX, "20 ; no more");
	put(DNS_TXT, "( a\n\"b c\" )");
	expect("m.yaml:3: error: MX: exchange: missing\n");
	ck_assert_uint_eq(records[0].rdata_len, sizeof(mx) - 1);
	ck_assert_mem_eq(records[0].rdata, mx, sizeof(mx) - 1);
	ck_assert_uint_eq(records[2].rdata_len, 6);
	ck_assert_mem_eq(records[2].rdata, "\1a\3b c", 6);
}
END_TEST

START_TEST(a_record_is_one_line)
{
	put(DNS_MX, "10 a.\n20 b.");
	put(DNS_TXT, "( a");
	put(DNS_TXT, "\"a");
	expect(
	    "m.yaml:2: error: more than one line: write the record on one, or in parentheses\n"
	    "m.yaml:3: error: '(' without ')'\n"
	    "m.yaml:4: error: a quote that is not closed on its line\n");
}
END_TEST

START_TEST(words_without_quotes_are_warned_of)
{
	put(DNS_TXT, "v=spf1 -all");
	put(DNS_TXT, "\"v=spf1 -all\"");
	put(DNS_TXT, "one");
	expect(
	    "m.yaml:2: warning: words without quotes are separate strings: write '\"v=spf1 -all\"' for one\n");
}
END_TEST

START_TEST(names_beyond_ascii_are_warned_of)
{
	put(DNS_MX, "10 m\xc3\xbcn.example.");
	put(DNS_MX, "20 m\\195\\188n.example.");
	put(DNS_TXT, "\"m\xc3\xbcn\"");
	expect("m.yaml:2: warning: octets beyond ASCII stand for themselves: "
	       "m\xc3\xbcn.example. is written with labels xn--...\n");
}
END_TEST

START_TEST(a_region_says_a_record_once)
{
	put(DNS_MX, "10 a.");
	put(DNS_TXT, "a");
	put(DNS_MX, "010 a");
	expect("m.yaml:4: error: duplicate of the record at m.yaml:2:5\n");
}
END_TEST

/* The last as it stands in the configuration, in whatever order they are
 * compared; what cannot be read says nothing. */
START_TEST(the_later_of_equal_records_is_at_fault)
{
	put(DNS_MX, "10 a.");
	put(DNS_MX, "10 a.");
	put(DNS_MX, "10 a.");
	for (size_t i = 0; i < 3; i++)
		records[i].mark.line = 5;
	records[0].mark.column = 9;
	records[1].mark.column = 7;
	expect("m.yaml:5: error: duplicate of the record at m.yaml:5:7\n"
	       "m.yaml:5: error: duplicate of the record at m.yaml:5:5\n");
}
END_TEST

START_TEST(what_cannot_be_read_is_not_compared)
{
	put(65280, "x");
	put(65280, "\\# 0");
	put(65280, "x");
	expect(
	    "m.yaml:2: error: TYPE65280: its data must be written as \\# LENGTH HEX (RFC 3597 5)\n"
	    "m.yaml:4: error: TYPE65280: its data must be written as \\# LENGTH HEX (RFC 3597 5)\n");
}
END_TEST

START_TEST(records_without_data_are_equal)
{
	put(65280, "\\# 0");
	put(65280, "\\# 0");
	expect("m.yaml:3: error: duplicate of the record at m.yaml:2:5\n");
}
END_TEST

START_TEST(one_at_a_time_may_be_equal)
{
	sample.pool[POOL_IPV4].mode = CONF_ANSWER_ONE;
	put(DNS_MX, "10 a.");
	put(DNS_MX, "10 a.");
	expect("");
}
END_TEST

START_TEST(records_must_fit_into_a_message)
{
	static char large[2][40000];

	for (size_t i = 0; i < 2; i++) {
		char *p = large[i];

		for (int k = 0; k < 150; k++)
			p += sprintf(p, "\"%0255zu\" ", i);
		put(DNS_TXT, large[i]);
	}
	expect("m.yaml:1: error: its records do not fit into a message\n");
}
END_TEST

/* So many octets of data, in generic form. */
static const char *
generic(size_t octets)
{
	char *text = arena_alloc(sample.arena, 2 * octets + 16);
	int n = sprintf(text, "\\# %zu ", octets);

	memset(text + n, '0', 2 * octets);
	text[(size_t)n + 2 * octets] = '\0';
	return text;
}

/* 512 octets are for all else, and 12 for what precedes the data. */
START_TEST(records_fill_a_message_to_the_last_octet)
{
	enum { ROOM = 65535 - 512 };
	static const struct {
		size_t first, second; /* 0: one record */
		bool one, fits;
	} rows[] = {
	    {ROOM - 12, 0, false, true},
	    {ROOM - 12 + 1, 0, false, false},
	    {ROOM - 12, 0, true, true},
	    {ROOM - 12 + 1, 0, true, false},
	    {30000, ROOM - 24 - 30000, false, true},
	    {30000, ROOM - 24 - 30000 + 1, false, false},
	    {30000, ROOM - 24 - 30000 + 1, true, true},
	    {30000, ROOM - 12, true, true},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		region.ntargets = 0;
		put(65280, generic(rows[i].first));
		if (rows[i].second > 0)
			put(65280, generic(rows[i].second));
		sample.pool[POOL_IPV4].mode =
		    rows[i].one ? CONF_ANSWER_ONE : CONF_ANSWER_ALL;
		diag_fini(&sample.diag);
		diag_init(&sample.diag);
		expect(rows[i].fits ? ""
			: rows[i].one
			? "m.yaml:2: error: its records do not fit into a message\n"
			: "m.yaml:1: error: its records do not fit into a message\n");
	}
}
END_TEST

START_TEST(a_record_that_is_too_long_harms_none_after_it)
{
	put(65280, generic(140000));
	put(DNS_MX, "10 a.");
	expect(
	    "m.yaml:2: error: TYPE65280: \\# LENGTH (RFC 3597 5): \"140000\" is not a number from 0 to 65535\n");
	ck_assert_uint_eq(records[1].rdata_len, 5);
	region.ntargets = 0;
	diag_fini(&sample.diag);
	diag_init(&sample.diag);
	put(DNS_SVCB,
	    arena_printf(
		sample.arena, "1 . key9=%065535d key10=%065535d", 0, 0));
	put(DNS_MX, "10 a.");
	expect("m.yaml:2: error: SVCB: parameter: longer than 65535 octets\n");
}
END_TEST

/* Hints of the region "de" (EU), whose pool has "fr" (EU), "us" (US) and "xx"
 * (of no jurisdiction) as well: n.0.2.1 and 2001:db8::n are of the n-th. */
static const struct {
	const char *jurisdiction; /* of de */
	const char *text, *want;
} hints[] = {
    {"EU", "1 . ipv4hint=1.0.2.1 ipv6hint=2001:db8::1", ""},
    {"EU", "1 . ipv4hint=9.0.2.1 ipv6hint=2001:db8::9 key9=abcd", ""},
    {"EU", "1 . key9=\\002\\000\\002\\001", ""},
    {"EU", "1 . ipv4hint=2.0.2.1",
	"m.yaml:2: warning: the hint 2.0.2.1 is an address of region \"fr\": it is answered while that region is down or drained\n"},
    {"EU", "1 a.b. ipv6hint=2001:db8::1,2001:db8::2",
	"m.yaml:2: warning: the hint 2001:db8::2 is an address of region \"fr\": it is answered while that region is down or drained\n"},
    {"EU", "1 . ipv4hint=9.0.2.1,3.0.2.1 alpn=h2",
	"m.yaml:2: error: the hint 3.0.2.1 is an address of region \"us\", whose jurisdiction is another\n"},
    {"EU", "1 . ipv4hint=4.0.2.1",
	"m.yaml:2: error: the hint 4.0.2.1 is an address of region \"xx\", whose jurisdiction is another\n"},
    {NULL, "1 . ipv4hint=2.0.2.1",
	"m.yaml:2: error: the hint 2.0.2.1 is an address of region \"fr\", whose jurisdiction is another\n"},
    {NULL, "1 . ipv4hint=4.0.2.1",
	"m.yaml:2: warning: the hint 4.0.2.1 is an address of region \"xx\": it is answered while that region is down or drained\n"},
    {"EU", "1 . ipv6hint=2001:db8::3,2001:db8::2",
	"m.yaml:2: error: the hint 2001:db8::3 is an address of region \"us\", whose jurisdiction is another\n"
	"m.yaml:2: warning: the hint 2001:db8::2 is an address of region \"fr\": it is answered while that region is down or drained\n"},
};

START_TEST(hints_are_addresses_of_their_own_region)
{
	static struct conf_pool_region regions[4];
	static struct conf_target others[4][2];
	struct conf_region all[] = {{.name = "de"},
	    {.name = "fr", .jurisdiction = "EU"},
	    {.name = "us", .jurisdiction = "US"}, {.name = "xx"}};

	put(_i % 2 ? DNS_SVCB : DNS_HTTPS, hints[_i].text);
	all[0].jurisdiction = hints[_i].jurisdiction;
	sample.conf.regions = all;
	for (unsigned i = 0; i < 4; i++) {
		struct conf_target *t = &others[i][1]; /* behind an empty one */

		t->addr[0] = (struct addr){
		    .family = 4, .bytes = {(uint8_t)(i + 1), 0, 2, 1}};
		t->addr[1] = (struct addr){.family = 6,
		    .bytes = {0x20, 1, 0xd, 0xb8, [15] = (uint8_t)(i + 1)}};
		regions[i] = (struct conf_pool_region){
		    .region = (uint16_t)i, .targets = others[i], .ntargets = 2};
	}
	others[0][0] = targets[0]; /* its records */
	sample.pool[POOL_IPV4].regions = regions;
	sample.pool[POOL_IPV4].nregions = 4;
	expect(hints[_i].want);
}
END_TEST

/* RFC 9460 appendix D, and what ldns lets pass. */
static const struct {
	const char *text, *wrong;
} svcb[] = {
    {"0 foo.example.com.", NULL},
    {"1 .", NULL},
    {"16 foo.example.com. port=53", NULL},
    {"1 foo.example.com. key667=hello", NULL},
    {"1 foo.example.com. key667=\"hello\\210qoo\"", NULL},
    {"1 foo.example.com. ipv6hint=\"2001:db8::1,2001:db8::53:1\"", NULL},
    {"16 foo.example.org. alpn=h2,h3-19 mandatory=ipv4hint,alpn "
     "ipv4hint=192.0.2.1",
	NULL},
    {"16 foo.example.org. alpn=\"f\\\\\\\\oo\\\\,bar,h2\"", NULL},
    {"1 . alpn=h2 no-default-alpn ech=AAAA", NULL},
    {"1 a. key123=abc key123=def", "*: parameter: duplicate key key123"},
    {"1 a. mandatory", "*: parameter: mandatory: it lists no key"},
    {"1 a. alpn", "*: parameter: alpn: not a list of protocols"},
    {"1 a. port", "*: parameter: port: not a 16-bit number"},
    {"1 a. ipv4hint", "*: parameter: ipv4hint: not IPv4 addresses"},
    {"1 a. ipv6hint", "*: parameter: ipv6hint: not IPv6 addresses"},
    {"1 a. no-default-alpn=abc",
	"*: parameter: no-default-alpn: it requires alpn (RFC 9460 7.1.1)"},
    {"1 a. no-default-alpn",
	"*: parameter: no-default-alpn: it requires alpn (RFC 9460 7.1.1)"},
    {"1 a. mandatory=key123",
	"*: parameter: mandatory: it lists a key that the record does not have"},
    {"1 a. mandatory=mandatory", "*: parameter: mandatory: it lists itself"},
    {"1 a. port=65536", "*: parameter: port: not a number from 0 to 65535"},
    {"1 a. port=\"65536\"", "*: parameter: port: not a number from 0 to 65535"},
    {"1 a. key65535=a",
	"*: parameter: \"key65535\" is not a known key, nor key followed by a number up to 65534"},
    {"\\# 3 000000", NULL},
    {"\\# 2 0001", "*: target: invalid or truncated"},
    {"\\# 5 0001000001", "*: parameter: a truncated parameter"},
    {"\\# 9 000100000100020202", "*: parameter: not a list of protocols"},
    {"\\# 18 000100000000040001000100010003026832",
	"*: parameter: its keys must be in ascending order, without duplicates"},
    {"\\# 9 000100000100020268", "*: parameter: not a list of protocols"},
    {"\\# 8 0001000001000100", "*: parameter: not a list of protocols"},
    {"\\# 7 00010000030002", "*: parameter: a truncated parameter"},
    {"\\# 8 0001000000000100", "*: parameter: it lists no key"},
    {"\\# 8 0001000002000161",
	"*: parameter: it requires alpn (RFC 9460 7.1.1)"},
    {"\\# 8 0001000004000101", "*: parameter: not IPv4 addresses"},
    {"\\# 7 00010000050000", "*: parameter: without a value"},
    {"\\# 8 0001000006000101", "*: parameter: not IPv6 addresses"},
};

START_TEST(svcb_is_checked)
{
	const char *wrong = svcb[_i].wrong;
	char want[200] = "";

	put(_i % 2 != 0 ? DNS_SVCB : DNS_HTTPS, svcb[_i].text);
	if (wrong != NULL)
		snprintf(want, sizeof(want), "m.yaml:2: error: %s%s\n",
		    _i % 2 != 0 ? "SVCB" : "HTTPS", wrong + 1);
	expect(want);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("zone_rdata");
	TCase *tc = tcase_create("zone_rdata");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, records_of_pools_are_read_as_in_a_zone_file);
	tcase_add_test(tc, a_record_is_one_line);
	tcase_add_test(tc, words_without_quotes_are_warned_of);
	tcase_add_test(tc, names_beyond_ascii_are_warned_of);
	tcase_add_test(tc, a_region_says_a_record_once);
	tcase_add_test(tc, the_later_of_equal_records_is_at_fault);
	tcase_add_test(tc, what_cannot_be_read_is_not_compared);
	tcase_add_test(tc, records_without_data_are_equal);
	tcase_add_test(tc, one_at_a_time_may_be_equal);
	tcase_add_test(tc, records_must_fit_into_a_message);
	tcase_add_test(tc, records_fill_a_message_to_the_last_octet);
	tcase_add_test(tc, a_record_that_is_too_long_harms_none_after_it);
	tcase_add_loop_test(tc, hints_are_addresses_of_their_own_region, 0,
	    (int)(sizeof(hints) / sizeof(hints[0])));
	tcase_add_loop_test(
	    tc, svcb_is_checked, 0, (int)(sizeof(svcb) / sizeof(svcb[0])));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
