/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/composer.h"

#include <check.h>
#include <ldns/ldns.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct composer composer;
static uint8_t message[DNS_MESSAGE_MAX];
static struct wire w;
static size_t owner_at, owner_len;

static void
begin(const char *owner, bool any_below)
{
	uint8_t name[DNS_NAME_MAX];

	ck_assert(name_parse(owner, name, NULL));
	composer_begin(&composer, name, any_below);
}

/* A record as a zone file has it. */
static bool
put_any(enum body_section section, const char *text, bool optional)
{
	uint8_t rdata[DNS_MESSAGE_MAX];
	size_t len = 0;
	ldns_rr *rr;
	bool ok;

	ck_assert_msg(
	    ldns_rr_new_frm_str(&rr, text, 3600, NULL, NULL) == LDNS_STATUS_OK,
	    "%s", text);
	for (size_t i = 0; i < ldns_rr_rd_count(rr); i++) {
		ldns_rdf *f = ldns_rr_rdf(rr, i);

		memcpy(rdata + len, ldns_rdf_data(f), ldns_rdf_size(f));
		len += ldns_rdf_size(f);
	}
	ok = composer_put(&composer, section, ldns_rdf_data(ldns_rr_owner(rr)),
	    (uint16_t)ldns_rr_get_type(rr), ldns_rr_ttl(rr), rdata,
	    (uint16_t)len, optional);
	ldns_rr_free(rr);
	return ok;
}

static void
put(enum body_section section, const char *text)
{
	ck_assert_msg(put_any(section, text, false), "%s", text);
}

static struct body *
end(void)
{
	size_t size = composer_size(&composer);
	struct body *b = composer_end(&composer, malloc(size));

	ck_assert_uint_eq(body_size(b), size);
	return b;
}

/* The reply to a query of type A, without a body yet. */
static void
ask(const char *asked)
{
	uint8_t name[DNS_NAME_MAX];

	ck_assert(name_parse(asked, name, NULL));
	wire_init(&w, message, sizeof(message));
	wire_put(&w, "\0\1\x84\0\0\1\0\0\0\0\0\0", 12);
	owner_at = w.len;
	owner_len = name_len(name);
	wire_put(&w, name, owner_len);
	wire_put_u16(&w, DNS_A);
	wire_put_u16(&w, DNS_IN);
}

static void
counts_add(const struct body *b, unsigned flags)
{
	uint16_t ar =
	    flags & BODY_LEAVE_OPTIONAL ? body_must_ar(b) : body_ar(b);

	wire_set_u16(&w, 6, (uint16_t)(wire_get_u16(message + 6) + body_an(b)));
	wire_set_u16(&w, 8, (uint16_t)(wire_get_u16(message + 8) + body_ns(b)));
	wire_set_u16(&w, 10, (uint16_t)(wire_get_u16(message + 10) + ar));
}

/* Adds a body for the current owner; the next is of its CNAME's target. */
static void
answer(struct body *b, uint32_t ttl, unsigned flags)
{
	size_t start = w.len;

	body_put(&w, b, owner_at, owner_len, ttl, flags);
	ck_assert(!w.full);
	counts_add(b, flags);
	owner_at = start + body_target_at(b);
	owner_len = body_target_len(b);
	free(b);
}

/* All that ldns reads in the message, a line a record. */
static char *
read_back(void)
{
	ldns_rr_list *all;
	ldns_pkt *pkt;
	char *text;

	ck_assert_int_eq(ldns_wire2pkt(&pkt, message, w.len), LDNS_STATUS_OK);
	all = ldns_pkt_all_noquestion(pkt);
	text = ldns_rr_list2str(all);
	ldns_rr_list_deep_free(all);
	ldns_pkt_free(pkt);
	return text;
}

static void
expect(const char *want)
{
	char *text = read_back();

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(an_answer_has_the_case_that_was_asked)
{
	begin("www.example.com", false);
	put(BODY_ANSWER, "www.example.com. 60 IN A 192.0.2.1");
	put(BODY_ANSWER, "www.example.com. 60 IN A 192.0.2.2");
	ask("WWW.example.COM");
	answer(end(), 5, 0);
	expect("WWW.example.COM.\t5\tIN\tA\t192.0.2.1\n"
	       "WWW.example.COM.\t5\tIN\tA\t192.0.2.2\n");
	/* Header, question, and two records with a pointer each. */
	ck_assert_uint_eq(w.len, 12 + 21 + 2 * 16);
}
END_TEST

START_TEST(ttls_are_kept_or_replaced)
{
	begin("example.com", false);
	put(BODY_ANSWER, "example.com. 4000000 IN A 192.0.2.1");
	put(BODY_ANSWER, "example.com. 0 IN A 192.0.2.2");
	ask("example.com");
	answer(end(), 77, BODY_KEEP_TTL);
	expect("example.com.\t4000000\tIN\tA\t192.0.2.1\n"
	       "example.com.\t0\tIN\tA\t192.0.2.2\n");
	begin("example.com", false);
	put(BODY_ANSWER, "example.com. 60 IN A 192.0.2.1");
	ask("example.com");
	answer(end(), 0x7fffffff, 0);
	expect("example.com.\t2147483647\tIN\tA\t192.0.2.1\n");
}
END_TEST

START_TEST(a_wildcard_answers_with_the_name_asked)
{
	static const char *const asked[] = {
	    "a.example.com.", "x.y.Z.example.com.", "\\001.example.com."};
	char want[300];

	for (size_t i = 0; i < ROWS(asked); i++) {
		begin("*.example.com", false);
		put(BODY_ANSWER, "*.example.com. 60 IN MX 10 mx.example.com.");
		put(BODY_ANSWER, "*.example.com. 60 IN MX 20 *.example.com.");
		put(BODY_ADDITIONAL, "mx.example.com. 60 IN A 192.0.2.1");
		ask(asked[i]);
		answer(end(), 60, 0);
		snprintf(want, sizeof(want),
		    "%s\t60\tIN\tMX\t10 mx.example.com.\n"
		    "%s\t60\tIN\tMX\t20 *.example.com.\n"
		    "mx.example.com.\t60\tIN\tA\t192.0.2.1\n",
		    asked[i], asked[i]);
		expect(want);
	}
}
END_TEST

START_TEST(a_negative_answer_is_of_any_name_below)
{
	static const char *const asked[] = {
	    "example.com", "no.example.com", "a.b.c.d.example.com"};

	for (size_t i = 0; i < ROWS(asked); i++) {
		begin("example.com", true);
		put(BODY_AUTHORITY,
		    "example.com. 300 IN SOA ns1.example.com. "
		    "hostmaster.example.com. 1 7200 3600 1209600 300");
		ask(asked[i]);
		answer(end(), 0, BODY_KEEP_TTL);
		expect("example.com.\t300\tIN\tSOA\tns1.example.com. "
		       "hostmaster.example.com. 1 7200 3600 1209600 300\n");
		/* Owner 2, fixed 10, ns1 4+2, hostmaster 11+2, numbers 20. */
		ck_assert_uint_eq(
		    w.len, 12 + owner_len + 4 + 51 + strlen(asked[i]) + 2);
	}
}
END_TEST

START_TEST(the_root_zone_has_no_pointer_to_the_root)
{
	begin(".", true);
	put(BODY_AUTHORITY, ". 300 IN SOA a.nstld. b.nstld. 1 2 3 4 5");
	ask("a.test");
	answer(end(), 0, BODY_KEEP_TTL);
	expect(".\t300\tIN\tSOA\ta.nstld. b.nstld. 1 2 3 4 5\n");
}
END_TEST

static struct body *
referral(void)
{
	begin("sub.example.com", true);
	put(BODY_AUTHORITY, "sub.example.com. 900 IN NS ns1.sub.example.com.");
	put(BODY_AUTHORITY, "sub.example.com. 900 IN NS ns2.example.net.");
	put(BODY_ADDITIONAL, "ns1.sub.example.com. 900 IN A 192.0.2.1");
	ck_assert(put_any(
	    BODY_ADDITIONAL, "ns2.example.net. 800 IN A 192.0.2.2", true));
	ck_assert(put_any(
	    BODY_ADDITIONAL, "ns2.example.net. 800 IN AAAA 2001:db8::2", true));
	return end();
}

START_TEST(a_referral_has_its_glue)
{
	struct body *b = referral();

	ck_assert_uint_eq(body_ns(b), 2);
	ck_assert_uint_eq(body_ar(b), 3);
	ck_assert_uint_eq(body_must_ar(b), 1);
	/* NS: 12+6, 12+17; glue: each owner is two octets. */
	ck_assert_uint_eq(body_must_len(b), 18 + 29 + 16);
	ck_assert_uint_eq(b->len, 18 + 29 + 16 + 16 + 28);
	ask("deep.in.SUB.example.com");
	answer(b, 0, BODY_KEEP_TTL);
	expect("SUB.example.com.\t900\tIN\tNS\tns1.SUB.example.com.\n"
	       "SUB.example.com.\t900\tIN\tNS\tns2.example.net.\n"
	       "ns1.SUB.example.com.\t900\tIN\tA\t192.0.2.1\n"
	       "ns2.example.net.\t800\tIN\tA\t192.0.2.2\n"
	       "ns2.example.net.\t800\tIN\tAAAA\t2001:db8::2\n");
}
END_TEST

START_TEST(optional_records_can_be_left_out)
{
	ask("a.sub.example.com");
	answer(referral(), 0, BODY_KEEP_TTL | BODY_LEAVE_OPTIONAL);
	expect("sub.example.com.\t900\tIN\tNS\tns1.sub.example.com.\n"
	       "sub.example.com.\t900\tIN\tNS\tns2.example.net.\n"
	       "ns1.sub.example.com.\t900\tIN\tA\t192.0.2.1\n");
}
END_TEST

START_TEST(a_chain_goes_on_from_the_targets_name)
{
	struct body *first;

	begin("www.example.com", false);
	put(BODY_ANSWER, "www.example.com. 60 IN CNAME Web.example.NET.");
	first = end();
	ck_assert_uint_eq(body_target_len(first), 17);
	ask("www.example.com");
	answer(first, 0, BODY_KEEP_TTL);
	ck_assert_mem_eq(message + owner_at, "\3Web\7example\3NET", 17);
	begin("web.example.net", false);
	put(BODY_ANSWER, "web.example.net. 30 IN CNAME a.example.org.");
	answer(end(), 0, BODY_KEEP_TTL);
	begin("a.example.org", false);
	put(BODY_ANSWER, "a.example.org. 10 IN A 192.0.2.1");
	put(BODY_ADDITIONAL, "b.example.org. 10 IN A 192.0.2.2");
	answer(end(), 0, BODY_KEEP_TTL);
	expect("www.example.com.\t60\tIN\tCNAME\tWeb.example.NET.\n"
	       "Web.example.NET.\t30\tIN\tCNAME\ta.example.org.\n"
	       "a.example.org.\t10\tIN\tA\t192.0.2.1\n"
	       "b.example.org.\t10\tIN\tA\t192.0.2.2\n");
}
END_TEST

START_TEST(a_target_is_compressed_and_owns_what_follows)
{
	struct body *first;

	begin("*.example.com", false);
	put(BODY_ANSWER, "*.example.com. 60 IN CNAME b.a.example.com.");
	first = end();
	ck_assert_mem_eq(body_target(first), "\1b\1a\7example\3com", 17);
	/* Owner 2, fixed 10, two labels and a pointer. */
	ck_assert_uint_eq(first->len, 12 + 6);
	ask("x.y.EXAMPLE.com");
	answer(first, 0, BODY_KEEP_TTL);
	/* The whole target is a name within the target before it. */
	begin("b.a.example.com", false);
	put(BODY_ANSWER, "b.a.example.com. 60 IN CNAME a.example.com.");
	answer(end(), 0, BODY_KEEP_TTL);
	begin("a.example.com", false);
	put(BODY_ANSWER, "a.example.com. 60 IN MX 1 c.a.example.com.");
	put(BODY_ADDITIONAL, "c.a.example.com. 60 IN A 192.0.2.1");
	put(BODY_ADDITIONAL, "com. 60 IN A 192.0.2.2");
	answer(end(), 0, BODY_KEEP_TTL);
	expect("x.y.EXAMPLE.com.\t60\tIN\tCNAME\tb.a.EXAMPLE.com.\n"
	       "b.a.EXAMPLE.com.\t60\tIN\tCNAME\ta.EXAMPLE.com.\n"
	       "a.EXAMPLE.com.\t60\tIN\tMX\t1 c.a.EXAMPLE.com.\n"
	       "c.a.EXAMPLE.com.\t60\tIN\tA\t192.0.2.1\n"
	       "com.\t60\tIN\tA\t192.0.2.2\n");
	/* Question 21; records 18, 14, 12 + 2 + 4, 16, 16. */
	ck_assert_uint_eq(w.len, 12 + 21 + 18 + 14 + 18 + 16 + 16);
}
END_TEST

START_TEST(names_of_newer_types_are_not_compressed)
{
	begin("example.com", false);
	put(BODY_ANSWER, "example.com. 60 IN SRV 1 2 3 a.example.com.");
	ask("example.com");
	answer(end(), 60, 0);
	expect("example.com.\t60\tIN\tSRV\t1 2 3 a.example.com.\n");
	ck_assert_uint_eq(w.len, 12 + 17 + 12 + 6 + 15);
}
END_TEST

START_TEST(rdata_that_is_no_name_is_left_as_it_is)
{
	static const uint8_t owner[] = "\1a", rdata[] = "\5abc";

	composer_begin(&composer, owner, false);
	ck_assert(composer_put(
	    &composer, BODY_ANSWER, owner, DNS_NS, 60, rdata, 4, false));
	ck_assert_uint_eq(composer.head.body.len, 16);
	ck_assert(composer_put(
	    &composer, BODY_ANSWER, owner, DNS_MX, 60, rdata, 1, false));
	ck_assert_uint_eq(composer.head.body.len, 29);
}
END_TEST

START_TEST(a_record_that_is_too_large_leaves_the_others)
{
	static uint8_t rdata[DNS_MESSAGE_MAX];
	static const uint8_t owner[] = "\1a";
	unsigned n = 0;
	struct body *b;

	composer_begin(&composer, owner, false);
	ck_assert(composer_put(
	    &composer, BODY_ANSWER, owner, DNS_A, 60, rdata, 4, false));
	ck_assert(!composer_put(&composer, BODY_ANSWER, owner, 65280, 60, rdata,
	    sizeof(rdata), false));
	ck_assert(composer_put(
	    &composer, BODY_ANSWER, owner, DNS_A, 60, rdata, 4, false));
	ask("a");
	answer(end(), 60, 0);
	expect("a.\t60\tIN\tA\t0.0.0.0\na.\t60\tIN\tA\t0.0.0.0\n");

	composer_begin(&composer, owner, false);
	while (composer_put(
	    &composer, BODY_ANSWER, owner, DNS_A, 60, rdata, 4, false))
		n++;
	b = end();
	ck_assert_uint_eq(body_an(b), n);
	ck_assert_uint_eq(b->len, n * 16);
	/* Less header and question: 12 octets, "a.", type and class. */
	ck_assert_uint_eq(n, (COMPOSER_BYTES - 12 - 3 - 4) / 16);
	free(b);
}
END_TEST

static bool
put_wire(const char *owner, uint16_t type, const char *rdata, size_t len)
{
	return composer_put(&composer, BODY_ANSWER, (const uint8_t *)owner,
	    type, 60, (const uint8_t *)rdata, (uint16_t)len, false);
}

/* So many records, each with three things to fix, that two more fit. */
static void
fill_but_two(void)
{
	begin("a", false);
	ck_assert(put_wire("\1a", DNS_PTR, "\4else", 6)); /* two */
	for (unsigned i = 0; composer.head.nfixes + 5 <= COMPOSER_FIXES; i++) {
		const char name[] = {
		    2, (char)(i >> 8), (char)(i & 0xff), 1, 'a', 0};

		ck_assert(put_wire("\1a", DNS_PTR, name, sizeof(name)));
	}
	while (composer.head.nfixes + 2 < COMPOSER_FIXES)
		ck_assert(put_wire("\1b", DNS_A, "1234", 4)); /* one */
	ck_assert_uint_eq(composer.head.nfixes + 2, COMPOSER_FIXES);
}

/* Data that are no names of their type are put as they are, whole: nothing of
 * them is compressed. */
START_TEST(names_that_do_not_end_are_not_compressed)
{
	static const struct {
		uint16_t type;
		const char *rdata;
		size_t len;
		bool names;
	} rows[] = {
	    {DNS_NS, "\1a", 3, true},
	    {DNS_NS, "\1a", 2, false},
	    {DNS_NS, "", 0, false},
	    {DNS_MX, "\0\1\1a", 5, true},
	    {DNS_MX, "\0\1\1a", 4, false},
	    {DNS_MX, "\0\1", 2, false},
	    {DNS_SOA,
		"\1a\0\1b\0"
		"12345678901234567890",
		26, true},
	    {DNS_SOA, "\1a\0\1b\0", 6, true},
	    {DNS_SOA, "\1a\0\1b", 5, false},
	    {DNS_SOA,
		"\1a\0\77b\0"
		"12345678901234567890",
		26, false},
	    {DNS_SOA, "\1a", 3, false},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t plain;

		begin("a", false);
		ck_assert(put_wire("\1b", DNS_A, "1234", 4));
		plain = composer.head.nfixes;
		ck_assert(put_wire("\1b", DNS_A, "1234", 4));
		plain = composer.head.nfixes - plain;
		ck_assert(
		    put_wire("\1b", rows[i].type, rows[i].rdata, rows[i].len));
		ck_assert_msg(
		    (composer.head.nfixes > 1 + 2 * plain) == rows[i].names,
		    "row %zu: %u fixes", i, (unsigned)composer.head.nfixes);
		free(end());
	}
}
END_TEST

START_TEST(more_records_than_can_be_fixed_do_not_fit)
{
	fill_but_two();
	/* Two for the record, and one for the name in its data. */
	ck_assert(!put_wire("\1a", DNS_PTR, "\1x\1a", 5));
	ck_assert(!put_wire("\1a", DNS_PTR, "\4else", 6));
	ck_assert(put_wire("\1b", DNS_A, "1234", 4));
	ck_assert(!put_wire("\1a", DNS_A, "1234", 4)); /* its TTL */
	ck_assert(put_wire("\1b", DNS_A, "1234", 4));
	ck_assert(!put_wire("\1a", DNS_A, "1234", 4)); /* its owner */
	ck_assert(!put_wire("\1x\1a", DNS_A, "1234", 4));
	ck_assert_uint_eq(composer.head.nfixes, COMPOSER_FIXES);
	free(end());
}
END_TEST

START_TEST(a_body_that_does_not_fit_is_not_written)
{
	struct body *b = referral();
	size_t before;

	ask("sub.example.com");
	before = w.len;
	w.cap = before + b->len - 1;
	body_put(&w, b, owner_at, owner_len, 0, BODY_KEEP_TTL);
	ck_assert(w.full);
	ck_assert_uint_eq(w.len, before);
	w.full = false;
	w.cap = before + body_must_len(b);
	body_put(
	    &w, b, owner_at, owner_len, 0, BODY_KEEP_TTL | BODY_LEAVE_OPTIONAL);
	ck_assert(!w.full);
	free(b);
}
END_TEST

static const char *
random_name(char buf[128])
{
	static const char *const labels[] = {
	    "a", "bb", "ccc", "example", "com", "*", "x.y"};

	buf[0] = '\0';
	for (int n = 1 + rand() % 5; n > 0; n--) {
		const char *label = labels[rand() % ROWS(labels)];

		strcat(buf, label);
		strcat(buf, ".");
	}
	if (rand() % 3 != 0)
		strcat(buf, "www.example.com.");
	return buf;
}

static void
random_record(char text[512])
{
	char owner[128], one[128], two[128];

	random_name(owner);
	random_name(one);
	random_name(two);
	switch (rand() % 5) {
	case 0:
		snprintf(text, 512, "%s\t60\tIN\tNS\t%s\n", owner, one);
		break;
	case 1:
		snprintf(text, 512, "%s\t60\tIN\tMX\t7 %s\n", owner, one);
		break;
	case 2:
		snprintf(text, 512, "%s\t60\tIN\tSOA\t%s %s 1 2 3 4 5\n", owner,
		    one, two);
		break;
	case 3:
		snprintf(text, 512, "%s\t60\tIN\tCNAME\t%s\n", owner, one);
		break;
	default:
		snprintf(text, 512, "%s\t60\tIN\tA\t192.0.2.1\n", owner);
	}
}

/* Whatever the names are, ldns reads the very records that were put. */
START_TEST(compression_changes_no_record)
{
	static char want[200000];
	char record[512];

	srand(1);
	for (int round = 0; round < 300; round++) {
		/* The largest go beyond what pointers can reach. */
		int n = round < 290 ? rand() % 20 : 1000;
		size_t len = 0;

		begin("www.example.com", round % 2);
		want[0] = '\0';
		for (int i = 0; i < n; i++) {
			random_record(record);
			put(BODY_ANSWER, record);
			strcpy(want + len, record);
			len += strlen(record);
		}
		ask(round % 4 == 3 ? "a.b.www.example.com" : "www.example.com");
		answer(end(), 60, 0);
		expect(want);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("body");
	TCase *tc = tcase_create("body");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, an_answer_has_the_case_that_was_asked);
	tcase_add_test(tc, ttls_are_kept_or_replaced);
	tcase_add_test(tc, a_wildcard_answers_with_the_name_asked);
	tcase_add_test(tc, a_negative_answer_is_of_any_name_below);
	tcase_add_test(tc, the_root_zone_has_no_pointer_to_the_root);
	tcase_add_test(tc, a_referral_has_its_glue);
	tcase_add_test(tc, optional_records_can_be_left_out);
	tcase_add_test(tc, a_chain_goes_on_from_the_targets_name);
	tcase_add_test(tc, a_target_is_compressed_and_owns_what_follows);
	tcase_add_test(tc, names_of_newer_types_are_not_compressed);
	tcase_add_test(tc, rdata_that_is_no_name_is_left_as_it_is);
	tcase_add_test(tc, a_record_that_is_too_large_leaves_the_others);
	tcase_add_test(tc, names_that_do_not_end_are_not_compressed);
	tcase_add_test(tc, more_records_than_can_be_fixed_do_not_fit);
	tcase_add_test(tc, a_body_that_does_not_fit_is_not_written);
	tcase_add_test(tc, compression_changes_no_record);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
