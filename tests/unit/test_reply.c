/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns/composer.h"
#include "dns/name.h"
#include "sample.h"
#include "serve/reply.h"

static struct composer composer;
static uint8_t packet[SAMPLE_QUERY_MAX], out[DNS_MESSAGE_MAX];
static struct query query;

static void
ask(const struct sample_query *q)
{
	size_t len = sample_packet(packet, q);
	uint16_t rcode;

	ck_assert_int_eq(
	    query_parse(&query, packet, len, &rcode), QUERY_ANSWER);
}

static void
begin(const char *owner)
{
	uint8_t name[DNS_NAME_MAX];

	ck_assert(name_parse(owner, name, NULL));
	composer_begin(&composer, name, false);
}

static void
put(enum body_section section, const char *owner, uint16_t type,
    const void *rdata, size_t len, bool optional)
{
	uint8_t name[DNS_NAME_MAX];

	ck_assert(name_parse(owner, name, NULL));
	ck_assert(composer_put(&composer, section, name, type, 300, rdata,
	    (uint16_t)len, optional));
}

static struct body *
end(void)
{
	return composer_end(&composer, malloc(composer_size(&composer)));
}

static uint16_t
header(size_t at)
{
	return wire_get_u16(out + at);
}

/* TXT records with 200 octets each. */
static struct body *
large(size_t n, size_t noptional)
{
	uint8_t text[200] = {199};

	begin("a.example.");
	for (size_t i = 0; i < n; i++) {
		text[1] = (uint8_t)i;
		put(BODY_ANSWER, "a.example.", DNS_TXT, text, sizeof(text),
		    false);
	}
	for (size_t i = 0; i < noptional; i++) {
		text[1] = (uint8_t)i;
		put(BODY_ADDITIONAL, "b.example.", DNS_TXT, text, sizeof(text),
		    true);
	}
	return end();
}

START_TEST(an_empty_reply_keeps_id_opcode_and_question)
{
	struct reply r;
	size_t len;

	ask(&(struct sample_query){.name = "A.example.",
	    .type = DNS_A,
	    .flags = DNS_RD | DNS_CD | DNS_AD | DNS_RA | DNS_AA | DNS_TC});
	reply_begin(&r, &query);
	r.rcode = DNS_REFUSED;
	len = reply_end(&r, out, DNS_UDP_MIN);
	ck_assert_uint_eq(len, DNS_HEADER_SIZE + query.question_len);
	ck_assert_uint_eq(header(0), 0x1234);
	ck_assert_uint_eq(header(2), DNS_QR | DNS_RD | DNS_REFUSED);
	ck_assert_uint_eq(header(4), 1);
	ck_assert_uint_eq(header(6) + header(8) + header(10), 0);
	ck_assert_mem_eq(out + 12, packet + 12, query.question_len);
}
END_TEST

START_TEST(what_fits_is_said_whole)
{
	struct body *b = large(1, 1);
	struct reply r;

	ask(&(struct sample_query){.name = "a.example.", .type = DNS_TXT});
	reply_begin(&r, &query);
	r.authoritative = true;
	ck_assert(reply_add(&r, b, 0, BODY_KEEP_TTL));
	ck_assert_uint_eq(reply_end(&r, out, DNS_UDP_MIN),
	    DNS_HEADER_SIZE + query.question_len + (size_t)b->len);
	ck_assert_uint_eq(header(2), DNS_QR | DNS_AA);
	ck_assert_uint_eq(header(6), 1);
	ck_assert_uint_eq(header(10), 1);
	free(b);
}
END_TEST

START_TEST(optional_records_go_before_anything_is_truncated)
{
	struct body *b = large(2, 2);
	struct reply r;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_TXT, .edns = true});
	reply_begin(&r, &query);
	ck_assert(reply_add(&r, b, 0, BODY_KEEP_TTL));
	reply_end(&r, out, DNS_UDP_MIN);
	ck_assert(!r.truncated);
	ck_assert_uint_eq(header(2) & DNS_TC, 0);
	ck_assert_uint_eq(header(6), 2);
	ck_assert_uint_eq(header(10), 1); /* the OPT */
	free(b);
}
END_TEST

START_TEST(a_truncated_reply_has_its_question_and_opt_alone)
{
	struct body *b = large(3, 0);
	struct reply r;
	size_t len;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_TXT, .ecs = "81.2.3.0/24"});
	reply_begin(&r, &query);
	r.edns.ecs = &query.ecs;
	r.edns.scope = 16;
	ck_assert(reply_add(&r, b, 0, BODY_KEEP_TTL));
	len = reply_end(&r, out, DNS_UDP_MIN);
	ck_assert(r.truncated);
	ck_assert_uint_eq(
	    len, DNS_HEADER_SIZE + query.question_len + edns_size(&r.edns));
	ck_assert_uint_eq(header(2) & DNS_TC, DNS_TC);
	ck_assert_uint_eq(header(6), 0);
	ck_assert_uint_eq(header(10), 1);
	free(b);
}
END_TEST

START_TEST(a_part_continues_at_the_cname_before_it)
{
	static const uint8_t target[] = "\1b\7example";
	static const uint8_t address[] = {192, 0, 2, 1};
	struct body *cname, *a;
	struct reply r;
	size_t len, at;

	begin("a.example.");
	put(BODY_ANSWER, "a.example.", DNS_CNAME, target, sizeof(target),
	    false);
	cname = end();
	begin("b.example.");
	put(BODY_ANSWER, "b.example.", DNS_A, address, sizeof(address), false);
	a = end();
	ask(&(struct sample_query){.name = "a.example.", .type = DNS_A});
	reply_begin(&r, &query);
	ck_assert(reply_add(&r, cname, 0, BODY_KEEP_TTL));
	ck_assert(reply_add(&r, a, 7, 0));
	len = reply_end(&r, out, DNS_UDP_MIN);
	at = DNS_HEADER_SIZE + query.question_len +
	    (size_t)body_target_at(cname);
	ck_assert_mem_eq(out + at, "\1b\xc0\x0e", 4);
	/* owner: a pointer to that target; TTL 7 */
	ck_assert_uint_eq(wire_get_u16(out + at + 4), 0xc000 | at);
	ck_assert_uint_eq(wire_get_u32(out + at + 4 + 6), 7);
	ck_assert_mem_eq(out + len - 4, address, 4);
	ck_assert_uint_eq(header(6), 2);
	free(cname);
	free(a);
}
END_TEST

/* A DNAME of example., with what is synthesised for x.a.example. */
static size_t
dname_reply(const char *target, struct reply *r, size_t prefix_len)
{
	uint8_t name[DNS_NAME_MAX], owner[DNS_NAME_MAX];
	size_t len;
	struct body *b;

	ck_assert(name_parse(target, name, NULL));
	ck_assert(name_parse("example.", owner, NULL));
	composer_begin(&composer, owner, true);
	put(BODY_ANSWER, "example.", DNS_DNAME, name, name_len(name), false);
	b = end();
	ask(&(struct sample_query){.name = "x.a.example.", .type = DNS_A});
	reply_begin(r, &query);
	ck_assert(reply_add_dname(r, b, 300, (uint8_t)prefix_len));
	ck_assert(reply_add_dname(r, b, 300, (uint8_t)prefix_len));
	len = reply_end(r, out, DNS_UDP_MIN);
	free(b);
	return len;
}

START_TEST(a_name_made_of_a_dname_ends_in_its_target)
{
	/* The DNAME's data is as it is (RFC 6672 2.5), what is made of it
	 * points there, the next owner to what was made. */
	static const uint8_t want[] =
	    "\xc0\x10\0\x27\0\1\0\0\1\x2c\0\7\5other\0"
	    "\xc0\x0c\0\5\0\1\0\0\1\x2c\0\6\1x\1a\xc0\x29"
	    "\xc0\x3c\0\5\0\1\0\0\1\x2c\0\6\1x\1a\xc0\x29";
	struct reply r;
	size_t len = dname_reply("other.", &r, 4);

	ck_assert_uint_eq(header(6), 3);
	ck_assert_uint_eq(
	    len, DNS_HEADER_SIZE + query.question_len + sizeof(want) - 1);
	ck_assert_mem_eq(
	    out + DNS_HEADER_SIZE + query.question_len, want, sizeof(want) - 1);
}
END_TEST

START_TEST(a_name_made_of_a_dname_to_the_root_ends_in_it)
{
	static const uint8_t made[] = "\0\5\1x\1a";
	struct reply r;
	size_t len = dname_reply(".", &r, 4);

	ck_assert_mem_eq(out + len - sizeof(made), made, sizeof(made));
}
END_TEST

START_TEST(a_full_chain_takes_no_more)
{
	struct body *b = large(1, 0);
	struct reply r;

	ask(&(struct sample_query){.name = "a.example.", .type = DNS_TXT});
	reply_begin(&r, &query);
	for (unsigned i = 0; i < REPLY_PARTS_MAX; i++)
		ck_assert(reply_add(&r, b, 0, 0));
	ck_assert(!reply_add(&r, b, 0, 0));
	ck_assert(!reply_add_dname(&r, b, 0, 1));
	ck_assert_uint_eq(r.nparts, REPLY_PARTS_MAX);
	free(b);
}
END_TEST

START_TEST(an_extended_rcode_is_split_between_header_and_opt)
{
	struct reply r;
	size_t len;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_A, .edns = true});
	reply_begin(&r, &query);
	r.rcode = DNS_BADVERS;
	len = reply_end(&r, out, DNS_UDP_MIN);
	ck_assert_uint_eq(header(2) & DNS_RCODE, 0);
	ck_assert_uint_eq(out[len - 6], DNS_BADVERS >> 4);
}
END_TEST

START_TEST(an_extended_error_is_not_worth_a_truncation)
{
	static const struct edns_error error = {DNS_ERROR_OTHER, "because"};
	const size_t opt = 11, option = 4 + 2 + 7;
	struct body *b = large(2, 0);
	struct reply r;
	size_t len;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_TXT, .edns = true});
	len = DNS_HEADER_SIZE + query.question_len + (size_t)b->len + opt;
	for (size_t spare = option - 1; spare <= option; spare++) {
		reply_begin(&r, &query);
		r.edns.error = &error;
		ck_assert(reply_add(&r, b, 0, BODY_KEEP_TTL));
		ck_assert_uint_eq(reply_end(&r, out, len + spare),
		    spare < option ? len : len + option);
		ck_assert(!r.truncated);
	}
	free(b);
}
END_TEST

START_TEST(an_nsid_that_does_not_fit_is_left_out)
{
	char nsid[501];
	struct reply r;
	size_t len;

	memset(nsid, 'x', sizeof(nsid) - 1);
	nsid[sizeof(nsid) - 1] = '\0';
	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_A, .edns = true, .nsid = true});
	reply_begin(&r, &query);
	r.edns.nsid = nsid;
	len = reply_end(&r, out, DNS_UDP_MIN);
	ck_assert_uint_eq(len, DNS_HEADER_SIZE + query.question_len + 11u);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reply");
	TCase *tc = tcase_create("reply");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, an_empty_reply_keeps_id_opcode_and_question);
	tcase_add_test(tc, what_fits_is_said_whole);
	tcase_add_test(tc, optional_records_go_before_anything_is_truncated);
	tcase_add_test(tc, a_truncated_reply_has_its_question_and_opt_alone);
	tcase_add_test(tc, a_part_continues_at_the_cname_before_it);
	tcase_add_test(tc, a_name_made_of_a_dname_ends_in_its_target);
	tcase_add_test(tc, a_name_made_of_a_dname_to_the_root_ends_in_it);
	tcase_add_test(tc, a_full_chain_takes_no_more);
	tcase_add_test(tc, an_extended_rcode_is_split_between_header_and_opt);
	tcase_add_test(tc, an_extended_error_is_not_worth_a_truncation);
	tcase_add_test(tc, an_nsid_that_does_not_fit_is_left_out);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
