/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/edns.h"

#include <check.h>
#include <ldns/ldns.h>
#include <string.h>

static uint8_t message[512];
static struct wire w;

/* A reply with that OPT alone, read by ldns. */
static ldns_pkt *
reply(const struct edns_reply *e)
{
	ldns_pkt *pkt;
	size_t before;

	wire_init(&w, message, sizeof(message));
	wire_put_u16(&w, 1);
	wire_put_u16(&w, (uint16_t)(DNS_QR | (e->rcode & DNS_RCODE)));
	wire_put(&w, "\0\1\0\0\0\0\0\1\0\0\1\0\1", 13);
	before = w.len;
	edns_put(&w, e, edns_size(e));
	ck_assert(!w.full);
	ck_assert_uint_eq(w.len - before, edns_size(e));
	ck_assert_int_eq(ldns_wire2pkt(&pkt, message, w.len), LDNS_STATUS_OK);
	ck_assert(ldns_pkt_edns(pkt));
	ck_assert_uint_eq(ldns_pkt_edns_udp_size(pkt), DNS_UDP_EDNS);
	ck_assert_uint_eq(ldns_pkt_edns_version(pkt), 0);
	return pkt;
}

START_TEST(a_bare_opt_says_size_and_version)
{
	struct edns_reply e = {0};
	ldns_pkt *pkt = reply(&e);

	ck_assert_uint_eq(edns_size(&e), 11);
	ck_assert(!ldns_pkt_edns_do(pkt));
	ck_assert_ptr_null(ldns_pkt_edns_data(pkt));
	ldns_pkt_free(pkt);
}
END_TEST

START_TEST(do_is_copied_and_the_rcode_extended)
{
	struct edns_reply e = {.rcode = DNS_BADVERS, .dnssec_ok = true};
	ldns_pkt *pkt = reply(&e);

	ck_assert(ldns_pkt_edns_do(pkt));
	ck_assert_uint_eq(ldns_pkt_edns_extended_rcode(pkt), 1);
	ck_assert_uint_eq(ldns_pkt_get_rcode(pkt), 0);
	ldns_pkt_free(pkt);
}
END_TEST

/* All octets of an OPT without options: only DO and the upper bits of the rcode
 * may be set in its TTL (RFC 6891 6.1.4). */
static const struct {
	struct edns_reply edns;
	uint8_t octets[11];
} bare[] = {
    {{.rcode = DNS_NOERROR}, {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0}},
    {{.rcode = DNS_REFUSED}, {0, 0, 41, 4, 0xd0, 0, 0, 0, 0, 0, 0}},
    {{.dnssec_ok = true}, {0, 0, 41, 4, 0xd0, 0, 0, 0x80, 0, 0, 0}},
    {{.rcode = DNS_BADVERS}, {0, 0, 41, 4, 0xd0, 1, 0, 0, 0, 0, 0}},
    {{.rcode = DNS_BADCOOKIE, .dnssec_ok = true},
	{0, 0, 41, 4, 0xd0, 1, 0, 0x80, 0, 0, 0}},
};

START_TEST(a_bare_opt_has_these_octets)
{
	const struct edns_reply *e = &bare[_i].edns;

	wire_init(&w, message, sizeof(message));
	edns_put(&w, e, edns_size(e));
	ck_assert_uint_eq(w.len, sizeof(bare[_i].octets));
	ck_assert_mem_eq(message, bare[_i].octets, w.len);
}
END_TEST

/* A length above 255 has both its octets. */
START_TEST(the_length_of_many_options_has_two_octets)
{
	char nsid[301];
	struct edns_reply e = {.nsid = nsid};

	memset(nsid, 'x', 300);
	nsid[300] = '\0';
	wire_init(&w, message, sizeof(message));
	edns_put(&w, &e, edns_size(&e));
	ck_assert_uint_eq(w.len, 11 + 4 + 300);
	ck_assert_mem_eq(message + 9, "\x01\x30\0\3\x01\x2c", 6);
}
END_TEST

static void
options_equal(const struct edns_reply *e, const char *want, size_t len)
{
	ldns_pkt *pkt = reply(e);

	ck_assert_uint_eq(ldns_rdf_size(ldns_pkt_edns_data(pkt)), len);
	ck_assert_mem_eq(ldns_rdf_data(ldns_pkt_edns_data(pkt)), want, len);
	ldns_pkt_free(pkt);
}

START_TEST(a_client_subnet_comes_back_with_its_scope)
{
	struct ecs ecs = {.present = true, .source = 23};
	struct edns_reply e = {.ecs = &ecs, .scope = 20};

	addr_parse("192.0.2.0", &ecs.addr);
	options_equal(&e, "\0\x8\0\7\0\1\x17\x14\xc0\0\2", 11);
	addr_parse("2001:db8::", &ecs.addr);
	ecs.source = 32;
	options_equal(&e, "\0\x8\0\x8\0\2\x20\x14\x20\1\xd\xb8", 12);
	ecs = (struct ecs){.present = true};
	e.scope = 0;
	options_equal(&e, "\0\x8\0\4\0\0\0\0", 8);
	ecs.addr.family = 4;
	options_equal(&e, "\0\x8\0\4\0\1\0\0", 8);
}
END_TEST

START_TEST(an_nsid_stands_beside_it)
{
	struct ecs ecs = {.present = true, .addr.family = 6};
	struct edns_reply e = {.ecs = &ecs, .nsid = "ams-1"};

	options_equal(&e, "\0\x8\0\4\0\2\0\0\0\3\0\5ams-1", 17);
}
END_TEST

START_TEST(what_was_read_is_what_is_sent)
{
	struct query q;
	struct ecs ecs = {.present = true, .source = 128};
	struct edns_reply e = {.ecs = &ecs};
	uint16_t rcode;

	addr_parse("2a00:1450:4001::1", &ecs.addr);
	ldns_pkt_free(reply(&e));
	wire_set_u16(&w, 2, 0);
	ck_assert_int_eq(query_parse(&q, message, w.len, &rcode), QUERY_ANSWER);
	ck_assert(addr_equal(&q.ecs.addr, &ecs.addr));
	ck_assert_uint_eq(q.ecs.source, 128);
}
END_TEST

/* RFC 6891 6.1.2, 7871, 5001, 7873, 7828, 8914: each in its form. */
START_TEST(each_option_has_its_octets)
{
	static const char cookie[] = "123456781\0\0\0time8octets!";
	static const struct edns_error error = {0x1234, "no"};
	struct ecs ecs = {.present = true, .source = 9, .addr.family = 4};
	struct edns_reply e = {.cookie = (const uint8_t *)cookie};

	options_equal(&e,
	    "\0\x0a\0\x18"
	    "123456781\0\0\0time8octets!",
	    28);
	e = (struct edns_reply){.keepalive = 0x102};
	options_equal(&e, "\0\x0b\0\2\1\2", 6);
	e = (struct edns_reply){.keepalive = 1};
	options_equal(&e, "\0\x0b\0\2\0\1", 6);
	e = (struct edns_reply){.error = &error};
	options_equal(&e, "\0\x0f\0\4\x12\x34no", 8);
	ecs.addr.bytes[0] = 10;
	e = (struct edns_reply){
	    .ecs = &ecs,
	    .scope = 7,
	    .nsid = "x",
	    .cookie = (const uint8_t *)cookie,
	    .keepalive = 0xffff,
	    .error = &error,
	};
	options_equal(&e,
	    "\0\x8\0\6\0\1\x9\7\x0a\0"
	    "\0\3\0\1x"
	    "\0\x0a\0\x18"
	    "123456781\0\0\0time8octets!"
	    "\0\x0b\0\2\xff\xff"
	    "\0\x0f\0\4\x12\x34no",
	    10 + 5 + 28 + 6 + 8);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("edns");
	TCase *tc = tcase_create("edns");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_bare_opt_says_size_and_version);
	tcase_add_test(tc, do_is_copied_and_the_rcode_extended);
	tcase_add_loop_test(
	    tc, a_bare_opt_has_these_octets, 0, sizeof(bare) / sizeof(bare[0]));
	tcase_add_test(tc, the_length_of_many_options_has_two_octets);
	tcase_add_test(tc, a_client_subnet_comes_back_with_its_scope);
	tcase_add_test(tc, an_nsid_stands_beside_it);
	tcase_add_test(tc, what_was_read_is_what_is_sent);
	tcase_add_test(tc, each_option_has_its_octets);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
