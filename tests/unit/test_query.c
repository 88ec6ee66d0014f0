/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/query.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "dns/wire.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define OCTETS(s) (s), sizeof(s) - 1

static uint8_t packet[2048];
static struct wire w;
static struct query q;
static uint16_t rcode;

static void
header(uint16_t flags, uint16_t qd, uint16_t an, uint16_t ns, uint16_t ar)
{
	wire_init(&w, packet, sizeof(packet));
	wire_put_u16(&w, 0xbeef);
	wire_put_u16(&w, flags);
	wire_put_u16(&w, qd);
	wire_put_u16(&w, an);
	wire_put_u16(&w, ns);
	wire_put_u16(&w, ar);
}

static void
question(void)
{
	wire_put(&w, OCTETS("\3WwW\7exAmple\3com\0\0\1\0\1"));
}

static void
opt(uint16_t size, uint32_t ttl, const char *options, size_t len)
{
	wire_put_u8(&w, 0);
	wire_put_u16(&w, DNS_OPT);
	wire_put_u16(&w, size);
	wire_put_u32(&w, ttl);
	wire_put_u16(&w, (uint16_t)len);
	wire_put(&w, options, len);
}

/* Parses a copy of just that size, so that a sanitizer sees each octet read
 * beyond it. */
static enum query_verdict
parse(void)
{
	uint8_t *copy = malloc(w.len);
	enum query_verdict v;

	memcpy(copy, packet, w.len);
	rcode = 0xffff;
	v = query_parse(&q, copy, w.len, &rcode);
	free(copy);
	return v;
}

static enum query_verdict
parse_with_options(const char *options, size_t len)
{
	header(0, 1, 0, 0, 1);
	question();
	opt(1232, 0, options, len);
	return parse();
}

START_TEST(a_plain_query_is_read)
{
	header(DNS_RD, 1, 0, 0, 0);
	question();
	ck_assert_int_eq(parse(), QUERY_ANSWER);
	ck_assert_uint_eq(rcode, DNS_NOERROR);
	ck_assert_uint_eq(q.id, 0xbeef);
	ck_assert_uint_eq(q.flags, DNS_RD);
	ck_assert_uint_eq(q.type, DNS_A);
	ck_assert_uint_eq(q.class, DNS_IN);
	ck_assert_uint_eq(q.udp_size, 512);
	ck_assert_uint_eq(q.name_len, 17);
	ck_assert_mem_eq(q.name, "\3www\7example\3com", 17);
	ck_assert_uint_eq(q.question_len, 21);
	ck_assert(!q.edns && !q.dnssec_ok && !q.nsid && !q.ecs.present);
}
END_TEST

START_TEST(the_question_keeps_its_case_in_the_packet)
{
	header(0, 1, 0, 0, 0);
	question();
	ck_assert_int_eq(query_parse(&q, packet, w.len, &rcode), QUERY_ANSWER);
	ck_assert_ptr_eq(q.question, packet + DNS_HEADER_SIZE);
	ck_assert_mem_eq(q.question, "\3WwW\7exAmple", 12);
}
END_TEST

START_TEST(the_root_and_the_longest_name_are_read)
{
	header(0, 1, 0, 0, 0);
	wire_put(&w, OCTETS("\0\0\1\0\1"));
	ck_assert_int_eq(parse(), QUERY_ANSWER);
	ck_assert_uint_eq(q.name_len, 1);

	header(0, 1, 0, 0, 0);
	for (int i = 0; i < 127; i++)
		wire_put(&w, "\1A", 2);
	wire_put(&w, OCTETS("\0\0\1\0\1"));
	ck_assert_int_eq(parse(), QUERY_ANSWER);
	ck_assert_uint_eq(q.name_len, 255);
	ck_assert_uint_eq(q.question_len, 259);

	header(0, 1, 0, 0, 0);
	for (int i = 0; i < 128; i++)
		wire_put(&w, "\1A", 2);
	wire_put(&w, OCTETS("\0\0\1\0\1"));
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(q.question_len, 0);
}
END_TEST

/* RFC 4343 3: letters of ASCII, and no other octets. */
START_TEST(letters_alone_become_small)
{
	for (unsigned octet = 0; octet < 256; octet++) {
		bool letter = octet >= 'A' && octet <= 'Z';

		header(0, 1, 0, 0, 0);
		wire_put_u8(&w, 1);
		wire_put_u8(&w, (uint8_t)octet);
		wire_put(&w, OCTETS("\0\0\1\0\1"));
		ck_assert_int_eq(parse(), QUERY_ANSWER);
		ck_assert_uint_eq(q.name[1], letter ? octet + 32 : octet);
	}
}
END_TEST

START_TEST(responses_and_fragments_get_no_reply)
{
	header(DNS_QR, 1, 0, 0, 0);
	question();
	ck_assert_int_eq(parse(), QUERY_DROP);
	header(0, 1, 0, 0, 0);
	w.len = 11;
	ck_assert_int_eq(parse(), QUERY_DROP);
}
END_TEST

START_TEST(other_opcodes_are_not_implemented)
{
	header(0x2000, 1, 0, 0, 1);
	question();
	opt(1232, 0, "", 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_NOTIMP);
	ck_assert_uint_eq(q.question_len, 21);
	ck_assert(q.edns);
	header(0x7800, 0, 0, 0, 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_NOTIMP);
}
END_TEST

START_TEST(anything_but_one_question_is_an_error)
{
	for (uint16_t n = 0; n < 4; n++) {
		header(0, n, 0, 0, 0);
		for (unsigned i = 0; i < n; i++)
			question();
		ck_assert_int_eq(parse(), n == 1 ? QUERY_ANSWER : QUERY_ERROR);
		ck_assert_uint_eq(rcode, n == 1 ? DNS_NOERROR : DNS_FORMERR);
		ck_assert_uint_eq(q.question_len, n == 1 ? 21 : 0);
	}
}
END_TEST

START_TEST(an_opt_without_a_question_is_seen)
{
	header(0, 0, 0, 0, 1);
	opt(1400, 0x8000, "", 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_FORMERR);
	ck_assert(q.edns && q.dnssec_ok);
	ck_assert_uint_eq(q.udp_size, 1400);
	header(0, 0, 0, 0, 1);
	opt(1400, 0x10000, "", 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_BADVERS);
}
END_TEST

START_TEST(a_compressed_or_strange_question_is_an_error)
{
	static const uint8_t octets[] = {0xc0, 0x80, 0x40, 0xff};

	for (size_t i = 0; i < ROWS(octets); i++) {
		header(0, 1, 0, 0, 0);
		wire_put_u8(&w, octets[i]);
		wire_put(&w, OCTETS("\x0c\0\1\0\1"));
		ck_assert_int_eq(parse(), QUERY_ERROR);
		ck_assert_uint_eq(rcode, DNS_FORMERR);
		ck_assert_uint_eq(q.name_len, 0);
	}
}
END_TEST

START_TEST(every_truncation_is_an_error)
{
	size_t len;

	parse_with_options(OCTETS("\0\3\0\0\0\x8\0\7\0\1\x18\0\xc0\0\2"));
	for (len = w.len - 1; len >= DNS_HEADER_SIZE; len--) {
		w.len = len;
		ck_assert_int_eq(parse(), QUERY_ERROR);
		ck_assert_uint_eq(rcode, DNS_FORMERR);
		ck_assert_uint_eq(q.question_len, len < 33 ? 0 : 21);
	}
}
END_TEST

START_TEST(trailing_octets_are_an_error)
{
	header(0, 1, 0, 0, 0);
	question();
	wire_put_u8(&w, 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_FORMERR);
}
END_TEST

START_TEST(other_records_are_skipped)
{
	header(0, 1, 1, 1, 2);
	question();
	wire_put(&w, OCTETS("\xc0\x0c\0\1\0\1\0\0\0\0\0\4abcd"));
	wire_put(&w, OCTETS("\1a\xc0\x10\0\6\0\1\0\0\0\0\0\0"));
	opt(4096, 0x8000, "", 0);
	wire_put(&w, OCTETS("\3key\0\0\x18\0\xff\0\0\0\0\0\2xy"));
	ck_assert_int_eq(parse(), QUERY_ANSWER);
	ck_assert(q.edns);
	ck_assert(q.dnssec_ok);
	ck_assert_uint_eq(q.udp_size, 4096);
}
END_TEST

START_TEST(an_owner_that_is_no_name_is_an_error)
{
	static const struct {
		const char *name;
		size_t len;
	} rows[] = {
	    {OCTETS("\x40")}, /* a label type that is none (RFC 6891 5) */
	    {OCTETS("\x80\0")},
	    {OCTETS("\xbf\0")},
	    {OCTETS("\3ab")}, /* beyond the end */
	    {OCTETS("\xc0")},
	    {OCTETS("\1a")},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		header(0, 1, 1, 0, 0);
		question();
		wire_put(&w, rows[i].name, rows[i].len);
		ck_assert_int_eq(parse(), QUERY_ERROR);
		ck_assert_uint_eq(rcode, DNS_FORMERR);
	}
}
END_TEST

START_TEST(counts_without_records_are_an_error)
{
	header(0, 1, 0xffff, 0xffff, 0xffff);
	question();
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_FORMERR);
	ck_assert_uint_eq(q.question_len, 21);
}
END_TEST

START_TEST(edns_sizes_below_512_are_512)
{
	header(0, 1, 0, 0, 1);
	question();
	opt(100, 0, "", 0);
	ck_assert_int_eq(parse(), QUERY_ANSWER);
	ck_assert_uint_eq(q.udp_size, 512);
	ck_assert(!q.dnssec_ok);
}
END_TEST

START_TEST(edns_z_bits_and_unknown_options_are_ignored)
{
	header(0, 1, 0, 0, 1);
	question();
	opt(1232, 0x7fff,
	    OCTETS("\xff\xfe\0\3abc\0\x0a\0\x08"
		   "12345678"));
	ck_assert_int_eq(parse(), QUERY_ANSWER);
	ck_assert(q.edns && !q.dnssec_ok && !q.nsid);
	ck_assert_int_eq(parse_with_options(OCTETS("\0\3\0\0")), QUERY_ANSWER);
	ck_assert(q.nsid);
}
END_TEST

START_TEST(edns_versions_above_0_are_bad_whatever_follows)
{
	header(0, 1, 0, 0, 1);
	question();
	opt(1232, 0x00018000, OCTETS("garbage"));
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_BADVERS);
	ck_assert(q.edns && q.dnssec_ok);
}
END_TEST

START_TEST(an_opt_stands_once_in_its_place_owned_by_the_root)
{
	header(0, 1, 0, 0, 2);
	question();
	opt(1232, 0, "", 0);
	opt(1232, 0, "", 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_FORMERR);

	header(0, 1, 1, 0, 0);
	question();
	opt(1232, 0, "", 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);

	header(0, 1, 0, 0, 1);
	question();
	wire_put(&w, OCTETS("\1a\0\0\x29\4\xd0\0\0\0\0\0\0"));
	ck_assert_int_eq(parse(), QUERY_ERROR);
}
END_TEST

START_TEST(options_end_where_the_record_does)
{
	static const char *const options[] = {
	    "\0", "\0\3\0", "\0\3\0\1", "\0\3\0\0\0"};
	static const size_t lens[] = {1, 3, 4, 5};

	for (size_t i = 0; i < ROWS(lens); i++) {
		ck_assert_int_eq(
		    parse_with_options(options[i], lens[i]), QUERY_ERROR);
		ck_assert_uint_eq(rcode, DNS_FORMERR);
	}
}
END_TEST

START_TEST(a_client_subnet_is_read)
{
	char text[ADDR_TEXT_MAX];

	ck_assert_int_eq(
	    parse_with_options(OCTETS("\0\x8\0\7\0\1\x18\0\xc0\0\2")),
	    QUERY_ANSWER);
	ck_assert(q.ecs.present);
	ck_assert_uint_eq(q.ecs.source, 24);
	ck_assert_str_eq(addr_format(text, &q.ecs.addr), "192.0.2.0");

	ck_assert_int_eq(
	    parse_with_options(OCTETS("\0\x8\0\x9\0\2\x21\0\x20\1\xd\xb8\x80")),
	    QUERY_ANSWER);
	ck_assert_uint_eq(q.ecs.source, 33);
	ck_assert_str_eq(addr_format(text, &q.ecs.addr), "2001:db8:8000::");
}
END_TEST

START_TEST(a_client_subnet_of_no_bits_is_read)
{
	static const char *const options[] = {
	    "\0\x8\0\4\0\0\0\0", "\0\x8\0\4\0\1\0\0", "\0\x8\0\4\0\2\0\0"};
	static const uint8_t families[] = {0, 4, 6};

	for (size_t i = 0; i < ROWS(options); i++) {
		ck_assert_int_eq(
		    parse_with_options(options[i], 8), QUERY_ANSWER);
		ck_assert(q.ecs.present);
		ck_assert_uint_eq(q.ecs.source, 0);
		ck_assert_uint_eq(q.ecs.addr.family, families[i]);
	}
}
END_TEST

/* RFC 7871 6 and 7.1.2, a row a rule. */
START_TEST(a_wrong_client_subnet_is_known)
{
	static const struct {
		const char *options;
		size_t len;
	} rows[] = {
	    {OCTETS("\0\x8\0\0")},                        /* nothing */
	    {OCTETS("\0\x8\0\3\0\1\0")},                  /* too short */
	    {OCTETS("\0\x8\0\7\0\1\x18\x18\xc0\0\2")},    /* a scope */
	    {OCTETS("\0\x8\0\x8\0\1\x18\0\xc0\0\2\0")},   /* one octet more */
	    {OCTETS("\0\x8\0\6\0\1\x18\0\xc0\0")},        /* one less */
	    {OCTETS("\0\x8\0\7\0\1\x17\0\xc0\0\3")},      /* a bit beyond */
	    {OCTETS("\0\x8\0\x9\0\1\x21\0\xc0\0\2\1\0")}, /* 33 bits of IPv4 */
	    {OCTETS("\0\x8\0\x15\0\2\x81\0"
		    "1234567890123456"
		    "\0")},
	    {OCTETS("\0\x8\0\5\0\0\x08\0\x0a")}, /* bits of no family */
	    {OCTETS("\0\x8\0\5\0\0\0\0\x0a")},
	    {OCTETS("\0\x8\0\4\0\3\0\0")}, /* unknown family */
	    {OCTETS("\0\x8\0\4\1\1\0\0")},
	    {OCTETS("\0\x8\0\4\0\1\0\0\0\x8\0\4\0\1\0\0")}, /* twice */
	    {OCTETS("\0\x8\0\4\0\3\0\0\0\x8\0\4\0\1\0\0")},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		ck_assert_int_eq(
		    parse_with_options(rows[i].options, rows[i].len),
		    QUERY_ANSWER);
		ck_assert(q.ecs.wrong && !q.ecs.present);
		ck_assert_uint_eq(q.question_len, 21);
		ck_assert(q.edns);
	}
}
END_TEST

#define TSIG \
	"\3key\0\0\xfa\0\xff\0\0\0\0\0\x17" \
	"\3alg\0\0\0\1\2\3\4\1\x2c\0\2ab\x12\x34\0\0\0\0"

/* RFC 8945 5.1, 5.2.1 */
START_TEST(a_key_is_not_known)
{
	header(0, 1, 0, 0, 2);
	question();
	opt(1232, 0, "", 0);
	wire_put(&w, OCTETS(TSIG));
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_NOTAUTH);
	ck_assert(q.is_signed && q.edns);
	ck_assert_uint_eq(q.tsig.id, 0x1234);
	/* Whatever else is wrong is said first. */
	header(0, 1, 0, 0, 2);
	question();
	opt(1232, 0x10000, "", 0);
	wire_put(&w, OCTETS(TSIG));
	parse();
	ck_assert_uint_eq(rcode, DNS_BADVERS);
	header(0x2800, 1, 0, 0, 1);
	question();
	wire_put(&w, OCTETS(TSIG));
	parse();
	ck_assert_uint_eq(rcode, DNS_NOTIMP);
	header(0, 0, 0, 0, 1);
	wire_put(&w, OCTETS(TSIG));
	parse();
	ck_assert_uint_eq(rcode, DNS_FORMERR);
}
END_TEST

START_TEST(a_signature_is_the_last_record)
{
	header(0, 1, 0, 0, 2);
	question();
	wire_put(&w, OCTETS(TSIG));
	opt(1232, 0, "", 0);
	ck_assert_int_eq(parse(), QUERY_ERROR);
	ck_assert_uint_eq(rcode, DNS_FORMERR);
	header(0, 1, 0, 0, 2);
	question();
	wire_put(&w, OCTETS(TSIG TSIG));
	parse();
	ck_assert_uint_eq(rcode, DNS_FORMERR);
	header(0, 1, 1, 0, 0);
	question();
	wire_put(&w, OCTETS(TSIG));
	parse();
	ck_assert_uint_eq(rcode, DNS_FORMERR);
	header(0, 1, 0, 0, 1);
	question();
	wire_put(&w, OCTETS(TSIG));
	packet[w.len - (sizeof(TSIG) - 1) + 8] = 1; /* its class */
	parse();
	ck_assert_uint_eq(rcode, DNS_FORMERR);
	ck_assert(!q.is_signed);
}
END_TEST

START_TEST(nothing_is_left_of_the_query_before)
{
	parse_with_options(OCTETS("\0\3\0\0\0\x8\0\7\0\1\x18\0\xc0\0\2"));
	ck_assert(q.nsid && q.ecs.present);
	header(0, 1, 0, 0, 0);
	question();
	ck_assert_int_eq(parse(), QUERY_ANSWER);
	ck_assert(!q.edns && !q.nsid && !q.ecs.present);
	ck_assert_uint_eq(q.udp_size, 512);
}
END_TEST

/* RFC 7873 5.2, 5.2.2: the first one counts, and only it has to be valid. */
START_TEST(a_cookie_has_one_of_few_lengths)
{
	char options[2 * (4 + 48)] = "\0\x0a";
	const char *none = options + 4;

	for (char len = 0; len < 48; len++) {
		bool valid = len == 8 || (len >= 16 && len <= 40);
		size_t all = 4u + (size_t)len;

		options[3] = len;
		memset(options + 4, 'c', (size_t)len);
		ck_assert_int_eq(parse_with_options(options, all),
		    valid ? QUERY_ANSWER : QUERY_ERROR);
		ck_assert_uint_eq(q.cookie_len, valid ? len : 0);
		memcpy(options + all, "\0\x0a\0\1x", 5);
		parse_with_options(options, all + 5);
		ck_assert_uint_eq(q.cookie_len, valid ? len : 0);
	}
	options[3] = 8;
	header(0, 1, 0, 0, 1);
	question();
	opt(1232, 0, options, 12);
	ck_assert_int_eq(query_parse(&q, packet, w.len, &rcode), QUERY_ANSWER);
	ck_assert_mem_eq(q.cookie, none, 8);
	/* RFC 7873 5.4: without a question it is for its cookie. */
	header(0, 0, 0, 0, 1);
	opt(1232, 0, options, 12);
	ck_assert_int_eq(parse(), QUERY_COOKIE);
	ck_assert_uint_eq(rcode, DNS_NOERROR);
	header(0, 2, 0, 0, 1);
	opt(1232, 0, options, 12);
	ck_assert_int_eq(parse(), QUERY_ERROR);
}
END_TEST

/* RFC 7828 3.2.1 */
START_TEST(a_keepalive_is_empty)
{
	parse_with_options(OCTETS("\0\x0b\0\0"));
	ck_assert_int_eq(q.keepalive, KEEPALIVE_ASKED);
	parse_with_options(OCTETS("\0\x0b\0\1x"));
	ck_assert_int_eq(q.keepalive, KEEPALIVE_WRONG);
	parse_with_options(OCTETS("\0\x0c\0\0"));
	ck_assert_int_eq(q.keepalive, KEEPALIVE_NONE);
}
END_TEST

/* What says how to reply, whatever it was before. */
static void
check_same(const struct query *a, const struct query *b, size_t len)
{
	ck_assert_msg(a->id == b->id && a->flags == b->flags &&
		a->type == b->type && a->class == b->class &&
		a->udp_size == b->udp_size && a->name_len == b->name_len &&
		a->question_len == b->question_len &&
		a->question == b->question && a->cookie == b->cookie &&
		a->cookie_len == b->cookie_len &&
		a->keepalive == b->keepalive && a->edns == b->edns &&
		a->dnssec_ok == b->dnssec_ok && a->nsid == b->nsid &&
		a->is_signed == b->is_signed,
	    "%zu octets", len);
	ck_assert_mem_eq(a->name, b->name, a->name_len);
	ck_assert_int_eq(a->ecs.present, b->ecs.present);
	ck_assert_int_eq(a->ecs.wrong, b->ecs.wrong);
	if (a->ecs.present)
		ck_assert(addr_equal(&a->ecs.addr, &b->ecs.addr) &&
		    a->ecs.source == b->ecs.source);
}

START_TEST(what_was_read_before_does_not_matter)
{
	static struct query zeros, ones;
	uint16_t codes[2];

	for (uint16_t flags = 0; flags <= 0x2800; flags += 0x2800) {
		header(flags, 1, 0, 0, 2);
		question();
		opt(1400, 0x8000,
		    OCTETS("\0\3\0\0\0\x0b\0\0\0\x0a\0\x08"
			   "12345678\0\x8\0\7\0\1\x18\0\xc0\0\2"));
		wire_put(&w, OCTETS(TSIG));
		for (size_t len = DNS_HEADER_SIZE; len <= w.len; len++) {
			memset(&zeros, 0, sizeof(zeros));
			memset(&ones, 0xff, sizeof(ones));
			ck_assert_int_eq(
			    query_parse(&zeros, packet, len, &codes[0]),
			    query_parse(&ones, packet, len, &codes[1]));
			ck_assert_uint_eq(codes[0], codes[1]);
			check_same(&zeros, &ones, len);
		}
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("query");
	TCase *tc = tcase_create("query");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_plain_query_is_read);
	tcase_add_test(tc, the_question_keeps_its_case_in_the_packet);
	tcase_add_test(tc, the_root_and_the_longest_name_are_read);
	tcase_add_test(tc, responses_and_fragments_get_no_reply);
	tcase_add_test(tc, other_opcodes_are_not_implemented);
	tcase_add_test(tc, anything_but_one_question_is_an_error);
	tcase_add_test(tc, an_opt_without_a_question_is_seen);
	tcase_add_test(tc, a_compressed_or_strange_question_is_an_error);
	tcase_add_test(tc, every_truncation_is_an_error);
	tcase_add_test(tc, trailing_octets_are_an_error);
	tcase_add_test(tc, other_records_are_skipped);
	tcase_add_test(tc, an_owner_that_is_no_name_is_an_error);
	tcase_add_test(tc, counts_without_records_are_an_error);
	tcase_add_test(tc, edns_sizes_below_512_are_512);
	tcase_add_test(tc, edns_z_bits_and_unknown_options_are_ignored);
	tcase_add_test(tc, edns_versions_above_0_are_bad_whatever_follows);
	tcase_add_test(tc, an_opt_stands_once_in_its_place_owned_by_the_root);
	tcase_add_test(tc, options_end_where_the_record_does);
	tcase_add_test(tc, a_client_subnet_is_read);
	tcase_add_test(tc, a_client_subnet_of_no_bits_is_read);
	tcase_add_test(tc, a_wrong_client_subnet_is_known);
	tcase_add_test(tc, a_key_is_not_known);
	tcase_add_test(tc, a_signature_is_the_last_record);
	tcase_add_test(tc, nothing_is_left_of_the_query_before);
	tcase_add_test(tc, letters_alone_become_small);
	tcase_add_test(tc, a_cookie_has_one_of_few_lengths);
	tcase_add_test(tc, a_keepalive_is_empty);
	tcase_add_test(tc, what_was_read_before_does_not_matter);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
