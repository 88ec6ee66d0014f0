/* SPDX-License-Identifier: BSD-3-Clause */
/* Messages as they are on the wire: what is asked octet by octet, and what
 * comes back. */
#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/name.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

#define RESOLVER "127.0.0.1"
#define CLIENT_COOKIE "clients!"

enum { NOW = 1700000000, IDLE_MS = 10000 };

static struct sample sample;
static struct snapshot *snapshot;
static struct counters counters;
static uint8_t packet[4096], out[DNS_MESSAGE_MAX];
static struct wire query;
static size_t opt_at; /* of the OPT's length */
static size_t out_len;
static uint32_t now_s;
static const char *resolver;

static void
build(void)
{
	struct diag d;

	diag_init(&d);
	snapshot_free(snapshot);
	snapshot = snapshot_build(sample.conf, &d);
	if (snapshot == NULL)
		fputs(diag_text(&d), stderr);
	diag_fini(&d);
	ck_assert_ptr_nonnull(snapshot);
}

static void
setup(void)
{
	sample_open(&sample);
	build();
	memset(&counters, 0, sizeof(counters));
	now_s = NOW;
	resolver = RESOLVER;
}

static void
teardown(void)
{
	snapshot_free(snapshot);
	snapshot = NULL;
	sample_close(&sample);
}

static void
configure(const char *server_lines)
{
	char with[256];

	snprintf(with, sizeof(with), "  nsid: test-1\n%s", server_lines);
	sample_replace(&sample, "  nsid: test-1\n", with);
	build();
}

/* The query -------------------------------------------------------------- */

static void
begin(uint16_t flags, uint16_t qd, uint16_t ar)
{
	wire_init(&query, packet, sizeof(packet));
	wire_put_u16(&query, 0xbeef);
	wire_put_u16(&query, flags);
	wire_put_u16(&query, qd);
	wire_put_u32(&query, 0);
	wire_put_u16(&query, ar);
}

static void
question(const char *text, uint16_t type, uint16_t class)
{
	uint8_t name[DNS_NAME_MAX];

	ck_assert(name_parse(text, name, NULL));
	wire_put(&query, name, name_len(name));
	wire_put_u16(&query, type);
	wire_put_u16(&query, class);
}

static void
opt(uint16_t size, uint8_t version)
{
	wire_put_u8(&query, 0);
	wire_put_u16(&query, DNS_OPT);
	wire_put_u16(&query, size);
	wire_put_u8(&query, 0);
	wire_put_u8(&query, version);
	wire_put_u16(&query, 0);
	opt_at = query.len;
	wire_put_u16(&query, 0);
}

static void
option(uint16_t code, const void *data, size_t len)
{
	wire_put_u16(&query, code);
	wire_put_u16(&query, (uint16_t)len);
	wire_put(&query, data, len);
	wire_set_u16(&query, opt_at, (uint16_t)(query.len - opt_at - 2));
}

/* For that name, with an OPT that is still open. */
static void
ask(const char *name, uint16_t type)
{
	begin(0, 1, 1);
	question(name, type, DNS_IN);
	opt(DNS_UDP_EDNS, 0);
}

/* The reply -------------------------------------------------------------- */

static uint16_t
header(size_t at)
{
	return wire_get_u16(out + at);
}

static ldns_pkt *
reply(void)
{
	ldns_pkt *pkt;

	ck_assert_int_eq(ldns_wire2pkt(&pkt, out, out_len), LDNS_STATUS_OK);
	return pkt;
}

static void
check_reply(void)
{
	if (out_len == 0)
		return;
	ck_assert_uint_eq(header(0), 0xbeef);
	ck_assert(header(2) & DNS_QR);
	ck_assert_uint_eq(header(2) & (DNS_RA | DNS_Z | DNS_AD), 0);
	ldns_pkt_free(reply());
}

static void
send_over(enum count_proto proto)
{
	struct answerer a = {
	    .counters = &counters, .random = 1, .now_s = 1, .wall_s = now_s};
	struct answer_input in = {
	    .packet = packet,
	    .len = query.len,
	    .proto = proto,
	    .idle_ms = proto == COUNT_TCP ? IDLE_MS : 0,
	};

	ck_assert(!query.full);
	ck_assert(addr_parse(resolver, &in.source));
	out_len = answer(&a, snapshot, &in, out,
	    proto == COUNT_UDP ? (size_t)DNS_UDP_EDNS : sizeof(out));
	check_reply();
}

/* The RCODE, with its upper bits. */
static unsigned
rcode(void)
{
	ldns_pkt *pkt = reply();
	unsigned r = ldns_pkt_get_rcode(pkt);

	if (ldns_pkt_edns(pkt))
		r |= (unsigned)ldns_pkt_edns_extended_rcode(pkt) << 4;
	ldns_pkt_free(pkt);
	return r;
}

static bool
has_opt(void)
{
	ldns_pkt *pkt = reply();
	bool has = ldns_pkt_edns(pkt);

	ldns_pkt_free(pkt);
	return has;
}

/* The data of an option of the reply; NULL: it has none. */
static const uint8_t *
reply_option(uint16_t code, size_t *len)
{
	static uint8_t copy[512];
	ldns_pkt *pkt = reply();
	ldns_rdf *data = ldns_pkt_edns_data(pkt);
	const uint8_t *found = NULL;
	size_t at = 0, n = data != NULL ? ldns_rdf_size(data) : 0;

	ck_assert_uint_le(n, sizeof(copy));
	if (n > 0)
		memcpy(copy, ldns_rdf_data(data), n);
	ldns_pkt_free(pkt);
	while (at < n && found == NULL) {
		*len = wire_get_u16(copy + at + 2);
		if (wire_get_u16(copy + at) == code)
			found = copy + at + 4;
		at += 4 + *len;
	}
	return found;
}

static bool
has_option(uint16_t code)
{
	size_t len;

	return reply_option(code, &len) != NULL;
}

/* Extended errors, RFC 8914 ---------------------------------------------- */

static void
ask_opt(const char *name, uint16_t type, uint16_t class)
{
	begin(0, 1, 1);
	question(name, type, class);
	opt(DNS_UDP_EDNS, 0);
	send_over(COUNT_UDP);
}

/* The code, -1: none. */
static int
extended_error(const char *text)
{
	size_t len;
	const uint8_t *e = reply_option(DNS_OPTION_EDE, &len);

	if (e == NULL)
		return -1;
	ck_assert_uint_eq(len, 2 + strlen(text));
	ck_assert_mem_eq(e + 2, text, len - 2);
	return wire_get_u16(e);
}

START_TEST(why_a_query_is_refused_is_said)
{
	ask_opt("www.example.net.", DNS_A, DNS_IN);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
	ck_assert_int_eq(extended_error(""), DNS_ERROR_NOT_AUTHORITATIVE);
	ask_opt("example.com.", DNS_AXFR, DNS_IN);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
	ck_assert_int_eq(extended_error(""), DNS_ERROR_NOT_SUPPORTED);
	ask_opt("example.com.", DNS_A, 4);
	ck_assert_int_eq(extended_error(""), DNS_ERROR_NOT_SUPPORTED);
	ask_opt("other.server.", DNS_TXT, DNS_CH);
	ck_assert_int_eq(extended_error(""), DNS_ERROR_NOT_AUTHORITATIVE);
	/* Without an OPT there is no place for it. */
	begin(0, 1, 0);
	question("www.example.net.", DNS_A, DNS_IN);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(10), 0);
}
END_TEST

START_TEST(that_no_region_is_live_is_said)
{
	struct pool *www = &snapshot->pools[0];

	ask_opt("www.example.com.", DNS_A, DNS_IN);
	ck_assert_int_eq(extended_error(""), -1);
	for (size_t f = 0; f < POOL_FAMILIES; f++)
		atomic_store(&www->words[f].live, 0);
	ask_opt("www.example.com.", DNS_A, DNS_IN);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_gt(header(6), 0);
	ck_assert_int_eq(extended_error("no region is live"), DNS_ERROR_OTHER);
	ask_opt("static.example.com.", DNS_A, DNS_IN);
	ck_assert_int_eq(extended_error(""), -1);
	ask_opt("nope.example.com.", DNS_A, DNS_IN);
	ck_assert_int_eq(extended_error(""), -1);
}
END_TEST

/* Header and question, RFC 1035 4.1 -------------------------------------- */

START_TEST(other_opcodes_are_not_implemented_and_keep_the_question)
{
	for (uint16_t opcode = 1; opcode < 16; opcode++) {
		for (uint16_t with = 0; with < 2; with++) {
			begin((uint16_t)(opcode << 11 | DNS_RD), 1, with);
			question("Static.example.com.", DNS_SOA, DNS_IN);
			if (with)
				opt(4096, 0);
			send_over(COUNT_UDP);
			ck_assert_uint_eq(header(2),
			    DNS_QR | opcode << 11 | DNS_RD | DNS_NOTIMP);
			ck_assert_uint_eq(header(4), 1);
			ck_assert_mem_eq(out + 12, packet + 12, 24);
			ck_assert_uint_eq(header(6) + header(8), 0);
			ck_assert_uint_eq(header(10), with);
		}
	}
	/* An update may have any number in its first count. */
	begin(5 << 11, 0, 0);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_NOTIMP);
	begin(5 << 11, 7, 0);
	question("static.example.com.", DNS_SOA, DNS_IN);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_NOTIMP);
}
END_TEST

/* So that two servers do not answer each other for ever. */
START_TEST(responses_get_no_reply)
{
	for (unsigned opcode = 0; opcode < 16; opcode++) {
		begin((uint16_t)(DNS_QR | opcode << 11), 1, 0);
		question("static.example.com.", DNS_A, DNS_IN);
		send_over(COUNT_UDP);
		ck_assert_uint_eq(out_len, 0);
		send_over(COUNT_TCP);
		ck_assert_uint_eq(out_len, 0);
	}
	ck_assert_uint_eq(counters.dropped, 32);
}
END_TEST

/* RFC 9619. */
START_TEST(a_query_has_one_question)
{
	static const uint16_t counts[] = {0, 2, 3, 65535};

	for (size_t i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		begin(DNS_RD, counts[i], 0);
		if (counts[i] > 0)
			question("static.example.com.", DNS_A, DNS_IN);
		if (counts[i] > 1)
			question("static.example.com.", DNS_AAAA, DNS_IN);
		send_over(COUNT_UDP);
		ck_assert_uint_eq(header(2), DNS_QR | DNS_RD | DNS_FORMERR);
		ck_assert_uint_eq(out_len, DNS_HEADER_SIZE);
		ck_assert_uint_eq(header(4), 0);
	}
}
END_TEST

START_TEST(trailing_octets_are_formerr)
{
	ask("static.example.com.", DNS_A);
	wire_put_u8(&query, 0);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
	ck_assert_uint_eq(header(4), 1);
	ck_assert(has_opt());
	begin(0, 1, 0);
	question("static.example.com.", DNS_A, DNS_IN);
	wire_put(&query, "trailing", 8);
	send_over(COUNT_TCP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
}
END_TEST

/* There is nothing before it to point to; forward and in circles even less. */
START_TEST(a_pointer_in_the_question_is_formerr)
{
	static const uint16_t pointers[] = {
	    0xc000, 0xc00b, 0xc00c, 0xc00e, 0xc012, 0xffff, 0x8001, 0x4001};

	for (size_t i = 0; i < sizeof(pointers) / sizeof(pointers[0]); i++) {
		for (int labels = 0; labels < 2; labels++) {
			begin(0, 1, 0);
			if (labels)
				wire_put(&query, "\3www", 4);
			wire_put_u16(&query, pointers[i]);
			wire_put_u32(&query, DNS_A << 16 | DNS_IN);
			wire_put(&query, "\7example\3com", 13);
			send_over(COUNT_UDP);
			ck_assert_uint_eq(rcode(), DNS_FORMERR);
			ck_assert_uint_eq(out_len, DNS_HEADER_SIZE);
		}
	}
}
END_TEST

/* EDNS, RFC 6891 --------------------------------------------------------- */

/* 6.1.3: the version is said, and no more. */
START_TEST(other_versions_are_badvers_whatever_they_say)
{
	for (unsigned version = 1; version < 256; version++) {
		begin(0, 1, 1);
		question("static.example.com.", DNS_A, DNS_IN);
		opt(4096, (uint8_t)version);
		option(DNS_OPTION_ECS, "what?", 5);
		send_over(COUNT_UDP);
		ck_assert_uint_eq(rcode(), DNS_BADVERS);
		ck_assert_uint_eq(header(6) + header(8), 0);
		/* The OPT stands last: its version. */
		ck_assert_uint_eq(out[out_len - 5], 0);
		ck_assert(!has_option(DNS_OPTION_ECS));
	}
}
END_TEST

static void
put_record(const char *owner, uint16_t type)
{
	question(owner, type, DNS_IN);
	wire_put_u32(&query, 60);
	wire_put_u16(&query, 4);
	wire_put_u32(&query, 0xc0000201);
}

/* 6.1.1: anywhere in the additional section. */
START_TEST(the_opt_need_not_be_last)
{
	begin(0, 1, 3);
	question("static.example.com.", DNS_A, DNS_IN);
	put_record("a.example.", DNS_A);
	opt(4096, 0);
	option(DNS_OPTION_NSID, "", 0);
	put_record("b.example.", DNS_A);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(header(6), 1);
	ck_assert(has_option(DNS_OPTION_NSID));
}
END_TEST

/* 6.1.1. */
START_TEST(a_second_opt_is_formerr)
{
	for (int apart = 0; apart < 2; apart++) {
		begin(0, 1, (uint16_t)(2 + apart));
		question("static.example.com.", DNS_A, DNS_IN);
		opt(4096, 0);
		if (apart)
			put_record("a.example.", DNS_A);
		opt(4096, 0);
		send_over(COUNT_UDP);
		ck_assert_uint_eq(rcode(), DNS_FORMERR);
		ck_assert(has_opt());
	}
}
END_TEST

START_TEST(an_opt_out_of_its_place_is_formerr)
{
	for (size_t count = 6; count <= 8; count += 2) {
		begin(0, 1, 0);
		question("static.example.com.", DNS_A, DNS_IN);
		opt(4096, 0);
		wire_set_u16(&query, count, 1);
		send_over(COUNT_UDP);
		ck_assert_uint_eq(rcode(), DNS_FORMERR);
	}
	begin(0, 1, 1);
	question("static.example.com.", DNS_A, DNS_IN);
	put_record("a.example.", DNS_OPT);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
}
END_TEST

/* 6.2.3 and 6.2.5: what is below 512 is 512. */
START_TEST(the_payload_size_bounds_the_reply)
{
	static const struct {
		uint16_t size;
		bool truncated;
	} rows[] = {{0, true}, {1, true}, {511, true}, {512, true},
	    {1231, false}, {1232, false}, {4096, false}, {65535, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(0, 1, 1);
		question("medium.example.com.", DNS_TXT, DNS_IN);
		opt(rows[i].size, 0);
		send_over(COUNT_UDP);
		ck_assert_uint_eq((header(2) & DNS_TC) != 0, rows[i].truncated);
		ck_assert_uint_eq(header(6), rows[i].truncated ? 0 : 10);
		ck_assert_uint_le(out_len, rows[i].truncated ? 512 : 1232);
		/* What we take ourselves: the OPT stands last. */
		ck_assert_uint_eq(header(out_len - 8), DNS_UDP_EDNS);
	}
	/* Never more than 1232, whatever is asked for. */
	begin(0, 1, 1);
	question("big.example.com.", DNS_TXT, DNS_IN);
	opt(65535, 0);
	send_over(COUNT_UDP);
	ck_assert(header(2) & DNS_TC);
	send_over(COUNT_TCP);
	ck_assert_uint_eq(header(2) & DNS_TC, 0);
	ck_assert_uint_eq(header(6), 20);
}
END_TEST

START_TEST(who_sends_no_opt_gets_none)
{
	begin(0, 1, 0);
	question("www.example.com.", DNS_A, DNS_IN);
	send_over(COUNT_UDP);
	ck_assert(!has_opt());
	ck_assert_uint_eq(header(10), 0);
}
END_TEST

/* Client subnets, RFC 7871 ----------------------------------------------- */

/* 7.2.1: FORMERR; a server that has it not enabled ignores it. */
START_TEST(a_wrong_client_subnet_is_formerr_for_who_is_believed)
{
	static const struct {
		const char *data;
		size_t len;
	} rows[] = {
	    {"", 0},                       /* nothing */
	    {"\0\3\0\0", 4},               /* unknown family */
	    {"\0\1\x18\x10\xc0\0\2", 7},   /* a scope in a query */
	    {"\0\1\x18\0\xc0\0\2\0", 8},   /* an octet too many */
	    {"\0\1\x18\0\xc0\0", 6},       /* one too few */
	    {"\0\1\x17\0\xc0\0\3", 7},     /* a bit beyond the source */
	    {"\0\1\x21\0\xc0\0\2\1\0", 9}, /* 33 bits of IPv4 */
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ask("static.example.com.", DNS_A);
		option(DNS_OPTION_ECS, rows[i].data, rows[i].len);
		resolver = RESOLVER;
		send_over(COUNT_UDP);
		ck_assert_uint_eq(rcode(), DNS_FORMERR);
		ck_assert(has_opt() && !has_option(DNS_OPTION_ECS));
		resolver = "64.10.0.53";
		send_over(COUNT_UDP);
		ck_assert_uint_eq(rcode(), DNS_NOERROR);
		ck_assert_uint_eq(header(6), 1);
		ck_assert(has_opt() && !has_option(DNS_OPTION_ECS));
	}
}
END_TEST

/* 7.2.1, 12.1: in all of the responses, so that it is not taken for lost. */
START_TEST(every_reply_to_a_client_subnet_has_it)
{
	static const char subnet[] = "\0\1\x10\0\x51\2";
	static const struct {
		const char *name;
		uint16_t type, flags;
		unsigned rcode;
	} rows[] = {
	    {"www.example.com.", DNS_A, 0, DNS_BADCOOKIE},
	    {"www.example.net.", DNS_A, 0, DNS_BADCOOKIE},
	    {"www.example.com.", DNS_A, 4 << 11, DNS_NOTIMP},
	};
	size_t len;

	configure("  cookies: {require: on}\n");
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		begin(rows[i].flags, 1, 1);
		question(rows[i].name, rows[i].type, DNS_IN);
		opt(DNS_UDP_EDNS, 0);
		option(DNS_OPTION_ECS, subnet, 6);
		option(DNS_OPTION_COOKIE, CLIENT_COOKIE, 8);
		send_over(COUNT_UDP);
		ck_assert_uint_eq(rcode(), rows[i].rcode);
		ck_assert_mem_eq(reply_option(DNS_OPTION_ECS, &len), subnet, 6);
	}
	configure("");
	ask("www.example.net.", DNS_A);
	option(DNS_OPTION_ECS, subnet, 6);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
	ck_assert_mem_eq(reply_option(DNS_OPTION_ECS, &len), subnet, 6);
	/* Truncated too: the scope is that of the answer over TCP. */
	ask("big.example.com.", DNS_TXT);
	option(DNS_OPTION_ECS, subnet, 6);
	send_over(COUNT_UDP);
	ck_assert(header(2) & DNS_TC);
	ck_assert_mem_eq(reply_option(DNS_OPTION_ECS, &len), subnet, 6);
	/* No address, and no family either. */
	ask("www.example.com.", DNS_A);
	option(DNS_OPTION_ECS, "\0\0\0\0", 4);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(6), 1);
	ck_assert_mem_eq(reply_option(DNS_OPTION_ECS, &len), "\0\0\0\0", 4);
	ck_assert_uint_eq(len, 4);
}
END_TEST

START_TEST(a_second_client_subnet_is_formerr)
{
	ask("static.example.com.", DNS_A);
	option(DNS_OPTION_ECS, "\0\1\x08\0\x51", 5);
	option(DNS_OPTION_ECS, "\0\1\x08\0\x51", 5);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
}
END_TEST

/* Truncation ------------------------------------------------------------- */

/* RFC 2181 9: no part of an RRset; RFC 9471 3.1: needed glue is not left out
 * in silence. */
START_TEST(a_referral_has_all_the_glue_it_needs_or_tc)
{
	begin(0, 1, 0);
	question("x.many.example.com.", DNS_A, DNS_IN);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(2), DNS_QR | DNS_TC);
	ck_assert_uint_eq(header(6) + header(8) + header(10), 0);
	send_over(COUNT_TCP);
	ck_assert_uint_eq(header(2), DNS_QR);
	ck_assert_uint_eq(header(8), 12);
	ck_assert_uint_eq(header(10), 24);
	ask("x.many.example.com.", DNS_A);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(2), DNS_QR);
	ck_assert_uint_eq(header(10), 24 + 1);
}
END_TEST

/* RFC 9471 3.2: sibling glue goes when there is no room. */
START_TEST(a_referral_may_lack_the_glue_of_siblings)
{
	begin(0, 1, 0);
	question("x.kin.example.com.", DNS_A, DNS_IN);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(2), DNS_QR);
	ck_assert_uint_eq(header(8), 12);
	ck_assert_uint_eq(header(10), 0);
	ask("x.kin.example.com.", DNS_A);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(10), 24 + 1);
}
END_TEST

/* Cookies, RFC 7873 ------------------------------------------------------ */

/* The cookie of the reply, of which the client's is the one sent. */
static void
learn(uint8_t cookie[COOKIE_SIZE])
{
	size_t len;
	const uint8_t *got = reply_option(DNS_OPTION_COOKIE, &len);

	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(len, COOKIE_SIZE);
	ck_assert_mem_eq(got, CLIENT_COOKIE, COOKIE_CLIENT_SIZE);
	memcpy(cookie, got, COOKIE_SIZE);
}

static void
ask_with_cookie(const char *name, uint16_t type, const void *cookie, size_t len)
{
	ask(name, type);
	option(DNS_OPTION_COOKIE, cookie, len);
	send_over(COUNT_UDP);
}

static void
ask_cookie_alone(const void *cookie, size_t len)
{
	begin(0, 0, 1);
	opt(DNS_UDP_EDNS, 0);
	option(DNS_OPTION_COOKIE, cookie, len);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(4) + header(6) + header(8), 0);
}

START_TEST(a_client_learns_a_cookie_that_is_good_afterwards)
{
	uint8_t cookie[COOKIE_SIZE], again[COOKIE_SIZE];

	ask_with_cookie("static.example.com.", DNS_A, CLIENT_COOKIE, 8);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(header(6), 1);
	learn(cookie);
	now_s += 1800;
	ask_with_cookie("static.example.com.", DNS_A, cookie, COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	learn(again);
	ck_assert_mem_ne(cookie, again, COOKIE_SIZE);
	ck_assert_uint_eq(counters.cookies[COOKIE_CLIENT], 1);
	ck_assert_uint_eq(counters.cookies[COOKIE_GOOD], 1);
	ask("static.example.com.", DNS_A);
	send_over(COUNT_UDP);
	ck_assert(!has_option(DNS_OPTION_COOKIE));
}
END_TEST

/* RFC 7873 5.2.2. */
START_TEST(a_cookie_of_an_impossible_length_is_formerr)
{
	uint8_t cookie[64] = CLIENT_COOKIE;

	for (size_t len = 0; len < sizeof(cookie); len++) {
		bool valid = len == 8 || (len >= 16 && len <= 40);

		ask_with_cookie("static.example.com.", DNS_A, cookie, len);
		ck_assert_uint_eq(rcode(), valid ? DNS_NOERROR : DNS_FORMERR);
		ck_assert_uint_eq(has_option(DNS_OPTION_COOKIE), valid);
		ck_assert(has_opt());
	}
}
END_TEST

/* RFC 7873 5.2. */
START_TEST(of_several_cookies_the_first_one_counts)
{
	uint8_t cookie[COOKIE_SIZE];

	ask("static.example.com.", DNS_A);
	option(DNS_OPTION_COOKIE, CLIENT_COOKIE, 8);
	option(DNS_OPTION_COOKIE, "others", 6);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	learn(cookie);
}
END_TEST

START_TEST(a_bad_cookie_is_answered_unless_one_is_required)
{
	uint8_t cookie[COOKIE_SIZE] = CLIENT_COOKIE;

	ask_with_cookie("static.example.com.", DNS_A, cookie, COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(header(6), 1);
	configure("  cookies: {require: on}\n");
	ask_with_cookie("static.example.com.", DNS_A, cookie, COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_BADCOOKIE);
	ck_assert_uint_eq(header(4), 1);
	ck_assert_uint_eq(header(6) + header(8), 0);
	learn(cookie);
	ask_with_cookie("static.example.com.", DNS_A, CLIENT_COOKIE, 8);
	ck_assert_uint_eq(rcode(), DNS_BADCOOKIE);
	ask_with_cookie("static.example.com.", DNS_A, cookie, COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(header(6), 1);
	/* From elsewhere it is a bad one. */
	resolver = "127.0.0.2";
	ask_with_cookie("static.example.com.", DNS_A, cookie, COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_BADCOOKIE);
	/* Over TCP it is no question where the client is. */
	send_over(COUNT_TCP);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	/* Who knows no cookies is answered. */
	ask("static.example.com.", DNS_A);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(header(6), 1);
}
END_TEST

/* RFC 7873 5.4. */
START_TEST(a_cookie_may_be_asked_for_alone)
{
	uint8_t cookie[COOKIE_SIZE];

	ask_cookie_alone(CLIENT_COOKIE, 8);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	learn(cookie);
	ask_cookie_alone(cookie, COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	learn(cookie);
	cookie[COOKIE_SIZE - 1] ^= 1;
	ask_cookie_alone(cookie, COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_BADCOOKIE);
	learn(cookie);
	/* Without one there is nothing to say. */
	begin(0, 0, 1);
	opt(DNS_UDP_EDNS, 0);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
	ck_assert(has_opt());
}
END_TEST

START_TEST(a_fleet_shares_secrets_and_rolls_them_over)
{
	static const char *const steps[] = {
	    "  cookies: {secrets: [00112233445566778899aabbccddeeff]}\n",
	    "  cookies: {secrets: [00112233445566778899aabbccddeeff, "
	    "445536bcd2513298075a5d379663c962]}\n",
	    "  cookies: {secrets: [445536bcd2513298075a5d379663c962, "
	    "00112233445566778899AABBCCDDEEFF]}\n",
	    "  cookies: {secrets: 445536bcd2513298075a5d379663c962}\n",
	};
	uint8_t cookies[4][COOKIE_SIZE];

	for (size_t i = 0; i < 4; i++) {
		configure(steps[i]);
		ask_cookie_alone(CLIENT_COOKIE, 8);
		learn(cookies[i]);
		/* Of servers that are a step behind or ahead too. */
		for (size_t k = i > 0 ? i - 1 : 0; k <= i; k++) {
			ask_cookie_alone(cookies[k], COOKIE_SIZE);
			ck_assert_uint_eq(rcode(), DNS_NOERROR);
		}
	}
	ck_assert_mem_eq(cookies[0], cookies[1], COOKIE_SIZE);
	ck_assert_mem_eq(cookies[2], cookies[3], COOKIE_SIZE);
	configure(steps[1]);
	ask_cookie_alone(cookies[2], COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	configure(steps[0]);
	ask_cookie_alone(cookies[3], COOKIE_SIZE);
	ck_assert_uint_eq(rcode(), DNS_BADCOOKIE);
}
END_TEST

START_TEST(replies_to_who_has_no_good_cookie_can_be_limited)
{
	uint8_t cookie[COOKIE_SIZE];

	configure("  cookies: {max_without: 512}\n");
	ask("medium.example.com.", DNS_TXT);
	send_over(COUNT_UDP);
	ck_assert(header(2) & DNS_TC);
	ask_with_cookie("medium.example.com.", DNS_TXT, CLIENT_COOKIE, 8);
	ck_assert(header(2) & DNS_TC);
	ck_assert_uint_eq(header(6), 0);
	learn(cookie);
	ask_with_cookie("medium.example.com.", DNS_TXT, cookie, COOKIE_SIZE);
	ck_assert_uint_eq(header(2) & DNS_TC, 0);
	ck_assert_uint_eq(header(6), 10);
	ck_assert_uint_gt(out_len, 512);
	ask("medium.example.com.", DNS_TXT);
	send_over(COUNT_TCP);
	ck_assert_uint_eq(header(6), 10);
}
END_TEST

/* edns-tcp-keepalive, RFC 7828 ------------------------------------------- */

START_TEST(the_idle_timeout_is_said_over_tcp_to_who_asks)
{
	size_t len;
	const uint8_t *got;

	ask("static.example.com.", DNS_A);
	option(DNS_OPTION_KEEPALIVE, "", 0);
	send_over(COUNT_TCP);
	got = reply_option(DNS_OPTION_KEEPALIVE, &len);
	ck_assert_ptr_nonnull(got);
	ck_assert_uint_eq(len, 2);
	ck_assert_uint_eq(wire_get_u16(got), IDLE_MS / 100);
	/* 3.3.2: over UDP it is ignored. */
	send_over(COUNT_UDP);
	ck_assert(!has_option(DNS_OPTION_KEEPALIVE));
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ask("static.example.com.", DNS_A);
	send_over(COUNT_TCP);
	ck_assert(!has_option(DNS_OPTION_KEEPALIVE));
}
END_TEST

/* RFC 7828 3.2.1: a client does not say how long. */
START_TEST(a_timeout_in_a_query_is_formerr_over_tcp)
{
	ask("static.example.com.", DNS_A);
	option(DNS_OPTION_KEEPALIVE, "\0\1", 2);
	send_over(COUNT_TCP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
	send_over(COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert(!has_option(DNS_OPTION_KEEPALIVE));
}
END_TEST

/* The class CH, RFC 4892 ------------------------------------------------- */

static void
ask_chaos(const char *name, uint16_t type)
{
	begin(0, 1, 0);
	question(name, type, DNS_CH);
	send_over(COUNT_UDP);
}

static bool
says(const char *text)
{
	ldns_pkt *pkt = reply();
	char *all = ldns_pkt2str(pkt);
	bool found = strstr(all, text) != NULL;

	free(all);
	ldns_pkt_free(pkt);
	return found;
}

START_TEST(the_server_says_its_id_in_class_ch)
{
	ask_chaos("id.server.", DNS_TXT);
	ck_assert_uint_eq(header(2), DNS_QR | DNS_AA);
	ck_assert(says("id.server.\t0\tCH\tTXT\t\"test-1\"\n"));
	ask_chaos("HostName.Bind.", DNS_TXT);
	ck_assert(says("HostName.Bind.\t0\tCH\tTXT\t\"test-1\"\n"));
	ask_chaos("id.server.", DNS_ANY);
	ck_assert_uint_eq(header(6), 1);
}
END_TEST

START_TEST(its_version_is_said_when_it_is_configured)
{
	static const char *const names[] = {"version.bind.", "version.server."};

	for (size_t i = 0; i < 2; i++) {
		ask_chaos(names[i], DNS_TXT);
		ck_assert_uint_eq(header(2), DNS_QR | DNS_REFUSED);
	}
	configure("  version: none of yours\n");
	for (size_t i = 0; i < 2; i++) {
		ask_chaos(names[i], DNS_TXT);
		ck_assert_uint_eq(header(2), DNS_QR | DNS_AA);
		ck_assert(says("0\tCH\tTXT\t\"none of yours\"\n"));
	}
	sample_replace(&sample, "  nsid: test-1\n", "");
	build();
	ask_chaos("id.server.", DNS_TXT);
	ck_assert_uint_eq(header(2), DNS_QR | DNS_REFUSED);
}
END_TEST

START_TEST(anything_else_in_other_classes_is_refused)
{
	static const uint16_t classes[] = {DNS_CH, 2, 4, 254, DNS_CLASS_ANY};

	ask_chaos("id.server.", DNS_A);
	ck_assert_uint_eq(header(2), DNS_QR | DNS_REFUSED);
	for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++) {
		begin(DNS_RD, 1, 0);
		question("static.example.com.", DNS_A, classes[i]);
		send_over(COUNT_UDP);
		ck_assert_uint_eq(header(2), DNS_QR | DNS_RD | DNS_REFUSED);
		ck_assert_uint_eq(header(4), 1);
		ck_assert_uint_eq(header(6) + header(8) + header(10), 0);
	}
}
END_TEST

static void
add_cookies(TCase *tc)
{
	tcase_add_test(tc, a_client_learns_a_cookie_that_is_good_afterwards);
	tcase_add_test(tc, a_cookie_of_an_impossible_length_is_formerr);
	tcase_add_test(tc, of_several_cookies_the_first_one_counts);
	tcase_add_test(tc, a_bad_cookie_is_answered_unless_one_is_required);
	tcase_add_test(tc, a_cookie_may_be_asked_for_alone);
	tcase_add_test(tc, a_fleet_shares_secrets_and_rolls_them_over);
	tcase_add_test(tc, replies_to_who_has_no_good_cookie_can_be_limited);
	tcase_add_test(tc, the_idle_timeout_is_said_over_tcp_to_who_asks);
	tcase_add_test(tc, a_timeout_in_a_query_is_formerr_over_tcp);
}

static void
add_messages(TCase *tc)
{
	tcase_add_test(
	    tc, other_opcodes_are_not_implemented_and_keep_the_question);
	tcase_add_test(tc, responses_get_no_reply);
	tcase_add_test(tc, a_query_has_one_question);
	tcase_add_test(tc, trailing_octets_are_formerr);
	tcase_add_test(tc, a_pointer_in_the_question_is_formerr);
	tcase_add_test(tc, why_a_query_is_refused_is_said);
	tcase_add_test(tc, that_no_region_is_live_is_said);
	tcase_add_test(tc, other_versions_are_badvers_whatever_they_say);
	tcase_add_test(tc, the_opt_need_not_be_last);
	tcase_add_test(tc, a_second_opt_is_formerr);
	tcase_add_test(tc, an_opt_out_of_its_place_is_formerr);
	tcase_add_test(tc, the_payload_size_bounds_the_reply);
	tcase_add_test(tc, who_sends_no_opt_gets_none);
	tcase_add_test(
	    tc, a_wrong_client_subnet_is_formerr_for_who_is_believed);
	tcase_add_test(tc, every_reply_to_a_client_subnet_has_it);
	tcase_add_test(tc, a_second_client_subnet_is_formerr);
	tcase_add_test(tc, a_referral_has_all_the_glue_it_needs_or_tc);
	tcase_add_test(tc, a_referral_may_lack_the_glue_of_siblings);
}

int
main(void)
{
	Suite *s = suite_create("exchange");
	TCase *tc = tcase_create("exchange");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	add_messages(tc);
	add_cookies(tc);
	tcase_add_test(tc, the_server_says_its_id_in_class_ch);
	tcase_add_test(tc, its_version_is_said_when_it_is_configured);
	tcase_add_test(tc, anything_else_in_other_classes_is_refused);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
