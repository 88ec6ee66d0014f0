/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "dns/wire.h"
#include "sample.h"
#include "serve/count.h"
#include "serve/udp.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

enum { WAIT_MS = 5000, MANY = 200 };

static struct sample sample;
static const char *const listen_on[] = {
    "0.0.0.0@0", "::@0", "127.0.0.3@0", "::1@0"};
enum { ENDPOINTS = sizeof(listen_on) / sizeof(listen_on[0]) };
static struct endpoint endpoints[ENDPOINTS];
static struct udp_workers *workers;

static void
setup(void)
{
	struct diag d;
	struct error err = {""};

	diag_init(&d);
	sample_open(&sample);
	snapshot_publish(snapshot_build(sample.conf, &d));
	diag_fini(&d);
	ck_assert_ptr_nonnull(snapshot_current());
	for (size_t i = 0; i < ENDPOINTS; i++)
		ck_assert(endpoint_parse(listen_on[i], &endpoints[i], &err));
	workers = udp_open(endpoints, ENDPOINTS, 2, &err);
	ck_assert_msg(workers != NULL, "%s", err.text);
	ck_assert(udp_start(workers, NULL));
}

static void
teardown(void)
{
	udp_stop(workers);
	snapshot_publish(NULL);
	rcu_drain();
	sample_close(&sample);
}

static int
client(int family)
{
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
send_to(int fd, const char *to, uint16_t port, const void *packet, size_t len)
{
	struct sockaddr_storage ss;
	struct addr a;
	socklen_t ss_len;

	ck_assert(addr_parse(to, &a));
	ss_len = addr_to_sockaddr(&a, port, &ss);
	ck_assert_int_eq(
	    sendto(fd, packet, len, 0, (struct sockaddr *)&ss, ss_len),
	    (ssize_t)len);
}

/* The length of the next reply, and where it came from; 0: none came. */
static size_t
receive(int fd, uint8_t reply[DNS_UDP_EDNS], struct addr *from, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);
	ssize_t n;

	if (poll(&p, 1, wait_ms) != 1)
		return 0;
	n = recvfrom(fd, reply, DNS_UDP_EDNS, 0, (struct sockaddr *)&ss, &len);
	ck_assert_int_gt(n, 0);
	addr_from_sockaddr(from, (struct sockaddr *)&ss);
	return (size_t)n;
}

static void
check_asked(int family, const char *to, uint16_t port)
{
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A};
	uint8_t packet[SAMPLE_QUERY_MAX], reply[DNS_UDP_EDNS];
	size_t len = sample_packet(packet, &q);
	int fd = client(family);
	struct addr from, asked;

	send_to(fd, to, port, packet, len);
	ck_assert_uint_gt(receive(fd, reply, &from, WAIT_MS), len);
	ck_assert(addr_parse(to, &asked));
	ck_assert(addr_equal(&from, &asked));
	close(fd);
}

START_TEST(a_port_of_the_kernels_choice_is_written_back)
{
	for (size_t i = 0; i < ENDPOINTS; i++)
		ck_assert_uint_ne(endpoints[i].port, 0);
}
END_TEST

START_TEST(replies_leave_from_the_address_that_was_asked)
{
	check_asked(AF_INET, "127.0.0.1", endpoints[0].port);
	check_asked(AF_INET, "127.0.0.2", endpoints[0].port);
	check_asked(AF_INET6, "::1", endpoints[1].port);
	check_asked(AF_INET, "127.0.0.3", endpoints[2].port);
	check_asked(AF_INET6, "::1", endpoints[3].port);
}
END_TEST

START_TEST(what_is_no_query_gets_no_reply_and_stops_nothing)
{
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A};
	uint8_t packet[SAMPLE_QUERY_MAX], reply[DNS_UDP_EDNS];
	size_t len = sample_packet(packet, &q);
	int fd = client(AF_INET);
	struct counters sum;
	struct addr from;

	send_to(fd, "127.0.0.1", endpoints[0].port, packet, 0);
	send_to(fd, "127.0.0.1", endpoints[0].port, packet, 5);
	send_to(fd, "127.0.0.1", endpoints[0].port, packet, len);
	ck_assert_uint_gt(receive(fd, reply, &from, WAIT_MS), len);
	ck_assert_uint_eq(receive(fd, reply, &from, 20), 0);
	close(fd);
	count_sum(&sum);
	ck_assert_uint_eq(sum.dropped, 2);
}
END_TEST

START_TEST(ports_of_services_that_answer_anything_are_known)
{
	static const uint16_t ports[] = {0, 7, 11, 13, 17, 19, 37, 464};
	size_t n = 0;

	for (unsigned port = 0; port <= UINT16_MAX; port++) {
		bool listed =
		    n < sizeof(ports) / sizeof(ports[0]) && ports[n] == port;

		ck_assert_msg(udp_port_reflects((uint16_t)port) == listed,
		    "port %u", port);
		n += listed;
	}
	ck_assert_uint_eq(n, sizeof(ports) / sizeof(ports[0]));
}
END_TEST

/* Where a user may bind such a port. */
START_TEST(a_query_from_such_a_port_gets_no_reply)
{
	static const uint16_t ports[] = {7, 464};
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A};
	uint8_t packet[SAMPLE_QUERY_MAX], reply[DNS_UDP_EDNS];
	size_t len = sample_packet(packet, &q), n = 0;
	struct counters sum;
	struct addr from;

	for (size_t i = 0; i < 4; i++) {
		struct sockaddr_storage ss;
		int fd = client(i < 2 ? AF_INET : AF_INET6);
		socklen_t ss_len;

		ck_assert(addr_parse(i < 2 ? "127.0.0.1" : "::1", &from));
		ss_len = addr_to_sockaddr(&from, ports[i % 2], &ss);
		if (bind(fd, (struct sockaddr *)&ss, ss_len) == 0) {
			send_to(fd, i < 2 ? "127.0.0.1" : "::1",
			    endpoints[i / 2].port, packet, len);
			ck_assert_uint_eq(receive(fd, reply, &from, 20), 0);
			n++;
		}
		close(fd);
	}
	check_asked(AF_INET, "127.0.0.1", endpoints[0].port);
	count_sum(&sum);
	ck_assert_uint_le(sum.source_port_dropped, n);
	ck_assert_uint_eq(sum.queries[COUNT_UDP][0], 1);
	ck_assert_uint_eq(sum.queries[COUNT_UDP][1], 0);
	ck_assert_uint_eq(sum.responses[DNS_NOERROR], 1);
}
END_TEST

/* More than we announce, and as much as others do (RFC 6891 6.2.5). */
START_TEST(a_query_of_4096_octets_is_answered)
{
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A, .edns = true};
	uint8_t packet[4096] = "", reply[DNS_UDP_EDNS];
	size_t len = sample_packet(packet, &q), left = sizeof(packet) - len;
	int fd = client(AF_INET);
	struct addr from;
	struct wire w;

	wire_init(&w, packet, sizeof(packet));
	w.len = len;
	wire_set_u16(&w, len - 2, (uint16_t)left);
	wire_put_u16(&w, DNS_OPTION_PADDING);
	wire_put_u16(&w, (uint16_t)(left - 4));
	send_to(fd, "127.0.0.1", endpoints[0].port, packet, sizeof(packet));
	ck_assert_uint_gt(receive(fd, reply, &from, WAIT_MS), len);
	ck_assert_uint_eq(reply[3] & 15, DNS_NOERROR);
	close(fd);
}
END_TEST

START_TEST(every_query_of_a_burst_is_answered)
{
	const struct sample_query q = {
	    .name = "www.example.com.", .type = DNS_A};
	uint8_t packet[SAMPLE_QUERY_MAX], reply[DNS_UDP_EDNS];
	size_t len = sample_packet(packet, &q);
	bool seen[MANY] = {false};
	int fd = client(AF_INET);
	struct addr from;

	for (unsigned sent = 0; sent < MANY; sent += 50) {
		for (unsigned i = sent; i < sent + 50; i++) {
			packet[1] = (uint8_t)i;
			send_to(
			    fd, "127.0.0.1", endpoints[0].port, packet, len);
		}
		for (unsigned i = 0; i < 50; i++) {
			ck_assert_uint_gt(
			    receive(fd, reply, &from, WAIT_MS), len);
			ck_assert(!seen[reply[1]]);
			seen[reply[1]] = true;
		}
	}
	close(fd);
}
END_TEST

START_TEST(an_address_that_is_not_ours_is_an_error)
{
	struct endpoint e;
	struct error err = {""};

	ck_assert(endpoint_parse("203.0.113.1@0", &e, NULL));
	ck_assert_ptr_null(udp_open(&e, 1, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "203.0.113.1"));
	ck_assert(endpoint_parse("203.0.113.1@5353", &e, NULL));
	ck_assert_ptr_null(udp_open(&e, 1, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "203.0.113.1@5353"));
}
END_TEST

START_TEST(more_threads_than_rows_are_an_error)
{
	struct endpoint e;
	struct error err = {""};
	unsigned row;

	while (count_new(&row) != NULL)
		;
	ck_assert(endpoint_parse("127.0.0.1@0", &e, NULL));
	ck_assert_ptr_null(udp_open(&e, 1, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "threads would answer"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("udp");
	TCase *tc = tcase_create("udp");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_port_of_the_kernels_choice_is_written_back);
	tcase_add_test(tc, replies_leave_from_the_address_that_was_asked);
	tcase_add_test(tc, what_is_no_query_gets_no_reply_and_stops_nothing);
	tcase_add_test(tc, ports_of_services_that_answer_anything_are_known);
	tcase_add_test(tc, a_query_from_such_a_port_gets_no_reply);
	tcase_add_test(tc, a_query_of_4096_octets_is_answered);
	tcase_add_test(tc, every_query_of_a_burst_is_answered);
	tcase_add_test(tc, an_address_that_is_not_ours_is_an_error);
	tcase_add_test(tc, more_threads_than_rows_are_an_error);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
