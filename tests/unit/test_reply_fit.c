/* SPDX-License-Identifier: BSD-3-Clause */
/* The form that a reply takes at each limit of its size, octet by octet. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns/composer.h"
#include "dns/name.h"
#include "sample.h"
#include "serve/reply.h"

enum { OPT = 11, OPTION = 4, TSIG_AROUND = 10 + 8 };

static const char nsid[] = "server-one";
static const struct edns_error error = {DNS_ERROR_OTHER, "because"};
static struct composer composer;
static uint8_t packet[SAMPLE_QUERY_MAX], out[DNS_MESSAGE_MAX];
static struct query query;

static void
ask(const struct sample_query *q)
{
	uint16_t rcode;
	size_t len = sample_packet(packet, q);

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

/* A TXT record of 100 octets. */
static void
put_text(enum body_section section, const char *owner, bool optional)
{
	static uint8_t text[100] = {99};
	uint8_t name[DNS_NAME_MAX];

	text[1]++;
	ck_assert(name_parse(owner, name, NULL));
	ck_assert(composer_put(&composer, section, name, DNS_TXT, 300, text,
	    sizeof(text), optional));
}

static struct body *
end(void)
{
	return composer_end(&composer, malloc(composer_size(&composer)));
}

/* 3 records for the answer, 2 of authority, 2 additional ones of which one is
 * optional. */
static struct body *
all_sections(void)
{
	begin("a.example.");
	for (size_t i = 0; i < 3; i++)
		put_text(BODY_ANSWER, "a.example.", false);
	for (size_t i = 0; i < 2; i++)
		put_text(BODY_AUTHORITY, "example.", false);
	put_text(BODY_ADDITIONAL, "b.example.", false);
	put_text(BODY_ADDITIONAL, "c.example.", true);
	return end();
}

/* Forms of one reply, from the longest on. */
struct form {
	size_t len;
	bool truncated;
	uint16_t counts[3]; /* answer, authority, additional */
};

/* The first that fits is the one that is written. */
static const struct form *
first_that_fits(const struct form *f, size_t limit)
{
	while (f->len > limit)
		f++;
	return f;
}

static void
check_form(const struct reply *r, size_t len, const struct form *f)
{
	ck_assert_uint_eq(len, f->len);
	ck_assert(r->truncated == f->truncated);
	ck_assert_uint_eq(wire_get_u16(out), query.id);
	ck_assert_uint_eq(wire_get_u16(out + 2),
	    DNS_QR | (f->truncated ? DNS_TC : 0) | r->rcode);
	ck_assert_uint_eq(wire_get_u16(out + 4), 1);
	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(wire_get_u16(out + 6 + 2 * i), f->counts[i]);
}

static size_t
begin_reply(struct reply *r)
{
	reply_begin(r, &query);
	return DNS_HEADER_SIZE + query.question_len;
}

START_TEST(without_an_opt_optional_records_go_first)
{
	struct body *b = all_sections();
	struct reply r;
	size_t least;

	ask(&(struct sample_query){.name = "a.example.", .type = DNS_TXT});
	least = begin_reply(&r);
	const struct form forms[] = {
	    {least + b->len, false, {3, 2, 2}},
	    {least + body_must_len(b), false, {3, 2, 1}},
	    {least, true, {0, 0, 0}},
	};

	ck_assert_uint_gt(body_must_len(b), DNS_UDP_MIN);
	for (size_t limit = DNS_UDP_MIN; limit <= forms[0].len + 1; limit++) {
		begin_reply(&r);
		ck_assert(reply_add(&r, b, 0, BODY_KEEP_TTL));
		check_form(&r, reply_end(&r, out, limit),
		    first_that_fits(forms, limit));
	}
	free(b);
}
END_TEST

/* RFC 8914 3: an error is not worth a second query; the NSID is sent as long as
 * it has room in a reply without records. */
START_TEST(with_an_opt_the_error_goes_before_records_do)
{
	struct body *b = all_sections();
	struct reply r;
	size_t least, whole;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_TXT, .edns = true, .nsid = true});
	least = begin_reply(&r) + OPT + OPTION + strlen(nsid);
	whole = least + OPTION + 2 + strlen(error.text);
	const struct form forms[] = {
	    {whole + b->len, false, {3, 2, 3}},
	    {whole + body_must_len(b), false, {3, 2, 2}},
	    {least + body_must_len(b), false, {3, 2, 2}},
	    {least, true, {0, 0, 1}},
	};

	for (size_t limit = DNS_UDP_MIN; limit <= forms[0].len + 1; limit++) {
		begin_reply(&r);
		r.edns.nsid = nsid;
		r.edns.error = &error;
		ck_assert(reply_add(&r, b, 0, BODY_KEEP_TTL));
		check_form(&r, reply_end(&r, out, limit),
		    first_that_fits(forms, limit));
	}
	free(b);
}
END_TEST

START_TEST(an_nsid_goes_when_no_reply_has_room_for_it)
{
	char text[DNS_UDP_MIN];
	struct reply r;
	size_t least, longest;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_A, .edns = true, .nsid = true});
	least = begin_reply(&r) + OPT;
	longest = DNS_UDP_MIN - least - OPTION;
	for (size_t n = longest - 1; n <= longest + 1; n++) {
		const struct form f = {
		    n <= longest ? least + OPTION + n : least, false,
		    {0, 0, 1}};

		memset(text, 'x', n);
		text[n] = '\0';
		begin_reply(&r);
		r.edns.nsid = text;
		check_form(&r, reply_end(&r, out, DNS_UDP_MIN), &f);
	}
}
END_TEST

/* RFC 8945 5.3: without the TSIG a reply is truncated. */
START_TEST(a_tsig_that_has_no_room_is_left_out_with_tc)
{
	static const uint8_t signer[DNS_UDP_MIN];
	struct tsig tsig = {.signer = signer, .key = "\3key"};
	struct reply r;
	size_t least, longest;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_A, .edns = true});
	least = begin_reply(&r) + OPT;
	longest = DNS_UDP_MIN - least - TSIG_AROUND - 5;
	for (size_t n = longest - 1; n <= longest + 1; n++) {
		const struct form fits = {least + TSIG_AROUND + 5 + n, false,
				      {0, 0, 2}},
				  not = {least, true, {0, 0, 1}};

		begin_reply(&r);
		tsig.signer_len = (uint16_t)n;
		r.rcode = DNS_NOTAUTH;
		r.tsig = &tsig;
		check_form(&r, reply_end(&r, out, DNS_UDP_MIN),
		    n <= longest ? &fits : &not );
	}
}
END_TEST

/* A DNAME of owner to target. */
static struct body *
dname(const char *owner, const char *target)
{
	uint8_t name[DNS_NAME_MAX], data[DNS_NAME_MAX];

	ck_assert(name_parse(owner, name, NULL));
	ck_assert(name_parse(target, data, NULL));
	composer_begin(&composer, name, true);
	ck_assert(composer_put(&composer, BODY_ANSWER, name, DNS_DNAME, 300,
	    data, (uint16_t)name_len(data), false));
	return end();
}

/* x.a.one. -> x.a.two. -> x.a.one. -> x.a.two. -> texts. */
static void
add_chain(struct reply *r, const struct body *one, const struct body *two,
    const struct body *texts)
{
	ck_assert(reply_add_dname(r, one, 7, 4));
	ck_assert(reply_add_dname(r, two, 8, 4));
	ck_assert(reply_add_dname(r, one, 9, 4));
	ck_assert(reply_add(r, texts, 0, BODY_KEEP_TTL));
}

/* Records with a pointer for their owner, and for the end of a target. */
#define DNAME(owner, target) owner "\0\x27\0\1\0\0\1\x2c\0\5" target "\0"
#define CNAME(owner, ttl, target) owner "\0\5\0\1\0\0\0" ttl "\0\6\1x\1a" target

/* Each DNAME is there once, each CNAME points to the DNAME that it is made of.
 */
START_TEST(dnames_and_what_is_made_of_them_are_said_in_order)
{
	/* clang-format off */
	static const uint8_t want[] =
	    DNAME("\xc0\x10", "\3two")
	    CNAME("\xc0\x0c", "\7", "\xc0\x25")
	    DNAME("\xc0\x25", "\3one")
	    CNAME("\xc0\x36", "\x8", "\xc0\x48")
	    CNAME("\xc0\x59", "\x9", "\xc0\x25");
	/* clang-format on */
	struct body *one = dname("one.", "two."), *two = dname("two.", "one.");
	struct body *texts;
	struct reply r;
	size_t least, len;

	begin("x.a.two.");
	put_text(BODY_ANSWER, "x.a.two.", false);
	texts = end();
	ask(&(struct sample_query){.name = "x.a.one.", .type = DNS_TXT});
	least = begin_reply(&r);
	add_chain(&r, one, two, texts);
	len = reply_end(&r, out, DNS_UDP_MIN);
	ck_assert_uint_eq(len, least + sizeof(want) - 1 + texts->len);
	ck_assert_mem_eq(out + least, want, sizeof(want) - 1);
	ck_assert_uint_eq(wire_get_u16(out + 6), 6);
	/* The owner of the texts is the last CNAME's target. */
	ck_assert_uint_eq(wire_get_u16(out + len - texts->len),
	    0xc000 | (least + sizeof(want) - 1 - 6));
	free(one);
	free(two);
	free(texts);
}
END_TEST

START_TEST(a_chain_fits_with_all_that_is_made_of_dnames)
{
	struct body *one = dname("one.", "two."), *two = dname("two.", "one.");
	struct body *texts;
	struct reply r;
	size_t whole;

	begin("x.a.two.");
	for (size_t i = 0; i < 4; i++)
		put_text(BODY_ANSWER, "x.a.two.", false);
	put_text(BODY_ADDITIONAL, "b.two.", true);
	texts = end();
	ask(&(struct sample_query){.name = "x.a.one.", .type = DNS_TXT});
	whole = begin_reply(&r) + one->len + two->len + 3 * (12 + 4 + 2);
	const struct form forms[] = {
	    {whole + texts->len, false, {9, 0, 1}},
	    {whole + body_must_len(texts), false, {9, 0, 0}},
	    {begin_reply(&r), true, {0, 0, 0}},
	};

	for (size_t limit = DNS_UDP_MIN; limit <= forms[0].len + 1; limit++) {
		begin_reply(&r);
		add_chain(&r, one, two, texts);
		check_form(&r, reply_end(&r, out, limit),
		    first_that_fits(forms, limit));
	}
	free(one);
	free(two);
	free(texts);
}
END_TEST

START_TEST(a_reply_cut_by_the_rate_limit_has_its_question_and_opt)
{
	static const struct tsig tsig = {.key = "\3key"};
	struct body *b = all_sections();
	struct reply r;
	size_t least;

	ask(&(struct sample_query){
	    .name = "a.example.", .type = DNS_TXT, .edns = true});
	least = begin_reply(&r) + OPT;
	r.tsig = &tsig;
	ck_assert(reply_add(&r, b, 0, BODY_KEEP_TTL));
	reply_truncate(&r);
	check_form(&r, reply_end(&r, out, DNS_MESSAGE_MAX),
	    &(struct form){least, true, {0, 0, 1}});
	free(b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("reply_fit");
	TCase *tc = tcase_create("reply_fit");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, without_an_opt_optional_records_go_first);
	tcase_add_test(tc, with_an_opt_the_error_goes_before_records_do);
	tcase_add_test(tc, an_nsid_goes_when_no_reply_has_room_for_it);
	tcase_add_test(tc, a_tsig_that_has_no_room_is_left_out_with_tc);
	tcase_add_test(tc, dnames_and_what_is_made_of_them_are_said_in_order);
	tcase_add_test(tc, a_chain_fits_with_all_that_is_made_of_dnames);
	tcase_add_test(
	    tc, a_reply_cut_by_the_rate_limit_has_its_question_and_opt);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
