/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/net.h"

#include <check.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_msg(addr_parse(text, &a), "%s", text);
	return a;
}

START_TEST(addresses_are_read_and_written)
{
	static const char *const good[] = {"192.0.2.1", "::", "2001:db8::1"};
	static const char *const bad[] = {"", "192.0.2", "192.0.2.256", "x",
	    "1.2.3.4 ", "2001:db8::1::", "::1%lo"};
	char buf[ADDR_TEXT_MAX];
	struct addr a;

	for (size_t i = 0; i < ROWS(good); i++) {
		a = addr(good[i]);
		ck_assert_str_eq(addr_format(buf, &a), good[i]);
	}
	for (size_t i = 0; i < ROWS(bad); i++) {
		ck_assert_msg(!addr_parse(bad[i], &a), "%s", bad[i]);
		ck_assert_str_eq(addr_format(buf, &a), "none");
	}
}
END_TEST

START_TEST(bits_count_from_the_first)
{
	struct addr a = addr("128.0.0.1");

	ck_assert_uint_eq(addr_bits(&a), 32);
	ck_assert(addr_bit(&a, 0));
	ck_assert(!addr_bit(&a, 1));
	ck_assert(addr_bit(&a, 31));
	a = addr("8000::1");
	ck_assert_uint_eq(addr_bits(&a), 128);
	ck_assert(addr_bit(&a, 0));
	ck_assert(addr_bit(&a, 127));
}
END_TEST

START_TEST(masking_and_matching_agree_for_every_length)
{
	static const char *const rows[] = {
	    "255.255.255.255", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct addr ones = addr(rows[i]);

		for (unsigned len = 0; len <= addr_bits(&ones); len++) {
			struct addr a = ones;

			addr_mask(&a, len);
			for (unsigned b = 0; b < addr_bits(&ones); b++)
				ck_assert_int_eq(addr_bit(&a, b), b < len);
			ck_assert(addr_match(&a, &ones, len));
			if (len < addr_bits(&ones))
				ck_assert(!addr_match(&a, &ones, len + 1));
		}
	}
}
END_TEST

START_TEST(families_never_match)
{
	struct addr a = addr("0.0.0.0"), b = addr("::");

	ck_assert(!addr_equal(&a, &b));
	ck_assert(!addr_match(&a, &b, 0));
}
END_TEST

START_TEST(unroutable_addresses_are_known)
{
	static const char *const yes[] = {"0.0.0.0", "10.1.2.3", "100.64.0.1",
	    "127.0.0.1", "169.254.1.1", "172.16.0.1", "172.31.255.255",
	    "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1",
	    "203.0.113.9", "224.0.0.1", "255.255.255.255", "::", "::1",
	    "fe80::1", "fd00::1", "ff02::1", "2001:db8::1", "100::1",
	    "::ffff:10.0.0.1", "2002:a00:1::1", "3fff::1"};
	static const char *const no[] = {"1.1.1.1", "100.128.0.1", "172.32.0.1",
	    "11.0.0.1", "192.0.3.1", "223.255.255.255", "2a00::1",
	    "2001:4860::1", "::ffff:1.1.1.1", "2002:101:101::1"};

	for (size_t i = 0; i < ROWS(yes); i++) {
		struct addr a = addr(yes[i]);

		ck_assert_msg(addr_is_unroutable(&a), "%s", yes[i]);
	}
	for (size_t i = 0; i < ROWS(no); i++) {
		struct addr a = addr(no[i]);

		ck_assert_msg(!addr_is_unroutable(&a), "%s", no[i]);
	}
}
END_TEST

START_TEST(embedded_addresses_are_found)
{
	static const struct {
		const char *text, *v4;
		unsigned offset;
	} rows[] = {
	    {"::ffff:192.0.2.33", "192.0.2.33", 96},
	    {"2002:c000:221::1", "192.0.2.33", 16},
	    /* RFC 4380 4: the client's address, its bits inverted. */
	    {"2001:0:4136:e378:8000:63bf:3fff:fdd2", "192.0.2.45", 96},
	};
	static const char *const none[] = {
	    "192.0.2.1", "::1", "2001:db8::1", "2003::1", "2001:1::1"};
	struct addr a, v4;
	char buf[ADDR_TEXT_MAX];
	unsigned offset;

	for (size_t i = 0; i < ROWS(rows); i++) {
		a = addr(rows[i].text);
		ck_assert(addr_embedded(&a, &v4, &offset));
		ck_assert_str_eq(addr_format(buf, &v4), rows[i].v4);
		ck_assert_uint_eq(offset, rows[i].offset);
	}
	for (size_t i = 0; i < ROWS(none); i++) {
		a = addr(none[i]);
		ck_assert_msg(!addr_embedded(&a, &v4, &offset), "%s", none[i]);
	}
}
END_TEST

START_TEST(prefixes_are_read_and_written)
{
	static const char *const rows[][2] = {
	    {"192.0.2.0/24", "192.0.2.0/24"},
	    {"0.0.0.0/0", "0.0.0.0/0"},
	    {"192.0.2.1", "192.0.2.1/32"},
	    {"2001:db8::/33", "2001:db8::/33"},
	    {"::1", "::1/128"},
	};
	char buf[PREFIX_TEXT_MAX];
	struct prefix p;
	struct error err;

	for (size_t i = 0; i < ROWS(rows); i++) {
		ck_assert(prefix_parse(rows[i][0], &p, &err));
		ck_assert_str_eq(prefix_format(buf, &p), rows[i][1]);
	}
}
END_TEST

START_TEST(what_is_no_prefix_is_refused_with_the_reason)
{
	static const char *const rows[][2] = {
	    {"192.0.2.0/33", "not a prefix length"},
	    {"192.0.2.0/", "not a prefix length"},
	    {"192.0.2.0/+8", "not a prefix length"},
	    {"192.0.2.0/24x", "not a prefix length"},
	    {"2001:db8::/129", "not a prefix length"},
	    {"host/24", "not an address"},
	    {"", "not an address"},
	    {"192.0.2.1/24", "192.0.2.0/24 is meant?"},
	};
	struct prefix p;
	struct error err;

	for (size_t i = 0; i < ROWS(rows); i++) {
		ck_assert(!prefix_parse(rows[i][0], &p, &err));
		ck_assert_ptr_nonnull(strstr(err.text, rows[i][1]));
	}
}
END_TEST

START_TEST(a_prefix_covers_its_addresses_alone)
{
	struct prefix p;
	struct addr in = addr("192.0.2.255"), out = addr("192.0.3.0");

	ck_assert(prefix_parse("192.0.2.0/24", &p, NULL));
	ck_assert(prefix_covers(&p, &in));
	ck_assert(!prefix_covers(&p, &out));
}
END_TEST

START_TEST(endpoints_are_read_and_written)
{
	static const char *const good[] = {"192.0.2.1@53", "::@0", "::1@65535"};
	static const char *const bad[] = {"192.0.2.1", "192.0.2.1:53", "@53",
	    "::1@", "::1@65536", "::1@-1", "::1@5 3", "host@53"};
	char buf[ENDPOINT_TEXT_MAX];
	struct endpoint e;
	struct error err;

	for (size_t i = 0; i < ROWS(good); i++) {
		ck_assert(endpoint_parse(good[i], &e, &err));
		ck_assert_str_eq(endpoint_format(buf, &e), good[i]);
	}
	for (size_t i = 0; i < ROWS(bad); i++)
		ck_assert_msg(!endpoint_parse(bad[i], &e, &err), "%s", bad[i]);
}
END_TEST

START_TEST(socket_addresses_go_both_ways)
{
	static const char *const rows[] = {"192.0.2.1", "2001:db8::1"};
	struct sockaddr_storage ss;
	struct addr a, b;

	for (size_t i = 0; i < ROWS(rows); i++) {
		a = addr(rows[i]);
		ck_assert_uint_gt(addr_to_sockaddr(&a, 53, &ss), 0);
		addr_from_sockaddr(&b, (struct sockaddr *)&ss);
		ck_assert(addr_equal(&a, &b));
	}
	a = addr("::ffff:192.0.2.1");
	addr_to_sockaddr(&a, 53, &ss);
	addr_from_sockaddr(&b, (struct sockaddr *)&ss);
	a = addr("192.0.2.1");
	ck_assert(addr_equal(&a, &b));
}
END_TEST

START_TEST(sockets_of_one_port_are_shared_over_udp_alone)
{
	struct endpoint e = {.addr = addr("127.0.0.1")};
	struct error err;
	/* A port that is free for TCP is mostly free for UDP. */
	int tcp = net_listen_tcp(&e, &err), one, two;

	ck_assert_msg(tcp >= 0, "%s", err.text);
	ck_assert(net_bound_endpoint(tcp, &e));
	ck_assert_uint_ne(e.port, 0);
	one = net_listen_udp(&e, &err);
	ck_assert_msg(one >= 0, "%s", err.text);
	two = net_listen_udp(&e, &err);
	ck_assert_msg(two >= 0, "%s", err.text);
	ck_assert_int_eq(net_listen_tcp(&e, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "over TCP: Address already"));
	ck_assert(fcntl(one, F_GETFL) & O_NONBLOCK);
	ck_assert(fcntl(one, F_GETFD) & FD_CLOEXEC);
	close(one);
	close(two);
	close(tcp);
}
END_TEST

START_TEST(the_next_prefix_follows)
{
	static const struct row {
		const char *from, *to; /* NULL: it was the last */
		unsigned len;
	} rows[] = {
	    {"192.0.2.77", "192.0.3.0", 24},
	    {"192.0.255.1", "192.1.0.0", 24},
	    {"192.0.2.255", "192.0.3.0", 32},
	    {"255.255.255.9", NULL, 24},
	    {"0.0.0.0", NULL, 0},
	    {"2001:db8:ffff::1", "2001:db9::", 48},
	    {"ffff::", NULL, 1},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct addr a = addr(rows[i].from), to;

		ck_assert_int_eq(
		    addr_next(&a, rows[i].len), rows[i].to != NULL);
		if (rows[i].to == NULL)
			continue;
		to = addr(rows[i].to);
		ck_assert(addr_equal(&a, &to));
	}
}
END_TEST

START_TEST(an_address_of_another_machine_is_refused)
{
	struct endpoint e = {.addr = addr("192.0.2.1"), .port = 5353};
	struct error err;

	ck_assert_int_eq(net_listen_udp(&e, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "192.0.2.1@5353 over UDP"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("net");
	TCase *tc = tcase_create("net");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, addresses_are_read_and_written);
	tcase_add_test(tc, bits_count_from_the_first);
	tcase_add_test(tc, masking_and_matching_agree_for_every_length);
	tcase_add_test(tc, families_never_match);
	tcase_add_test(tc, unroutable_addresses_are_known);
	tcase_add_test(tc, embedded_addresses_are_found);
	tcase_add_test(tc, prefixes_are_read_and_written);
	tcase_add_test(tc, what_is_no_prefix_is_refused_with_the_reason);
	tcase_add_test(tc, a_prefix_covers_its_addresses_alone);
	tcase_add_test(tc, endpoints_are_read_and_written);
	tcase_add_test(tc, socket_addresses_go_both_ways);
	tcase_add_test(tc, sockets_of_one_port_are_shared_over_udp_alone);
	tcase_add_test(tc, the_next_prefix_follows);
	tcase_add_test(tc, an_address_of_another_machine_is_refused);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
