/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/spare.h"
#include "dns/wire.h"
#include "sample.h"
#include "serve/count.h"
#include "serve/tcp.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

enum {
	WAIT_MS = 5000,
	FRAME_MAX = SAMPLE_QUERY_MAX + 2,
	CONNECTIONS = 40, /* as configured below */
	PER_CLIENT = 30,
	IDLE_MS = 300,
};

#define NSID "  nsid: test-1\n"
#define FEW "  tcp: {connections: 40, per_client: 30}\n"
#define SHORT "  tcp: {idle: 300ms}\n"

static struct sample sample;
static struct endpoint endpoint;
static struct tcp_service *service;

static void
setup_as(const char *server)
{
	struct diag d;
	struct error err = {""};

	diag_init(&d);
	sample_open(&sample);
	sample_replace(&sample, NSID, server);
	snapshot_publish(snapshot_build(sample.conf, &d));
	diag_fini(&d);
	ck_assert_ptr_nonnull(snapshot_current());
	ck_assert(endpoint_parse("127.0.0.1@0", &endpoint, &err));
	service = tcp_open(&endpoint, 1, &err);
	ck_assert_msg(service != NULL, "%s", err.text);
	ck_assert(tcp_start(service, NULL));
}

static void
setup(void)
{
	setup_as(NSID);
}

static void
setup_few(void)
{
	setup_as(FEW);
}

static void
setup_short(void)
{
	setup_as(SHORT);
}

static void
teardown(void)
{
	tcp_stop(service);
	snapshot_publish(NULL);
	rcu_drain();
	sample_close(&sample);
}

static int
client_socket(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_int_ne(fd, -1);
	return fd;
}

static void
client_connect(int fd, const char *address)
{
	struct sockaddr_storage ss;
	socklen_t len;
	struct addr from;

	ck_assert(addr_parse(address, &from));
	len = addr_to_sockaddr(&from, 0, &ss);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	len = addr_to_sockaddr(&endpoint.addr, endpoint.port, &ss);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, len), 0);
}

static int
client_at(const char *address)
{
	int fd = client_socket();

	client_connect(fd, address);
	return fd;
}

static int
client(void)
{
	return client_at("127.0.0.1");
}

static size_t
frame(uint8_t to[FRAME_MAX], const char *name, uint16_t type)
{
	const struct sample_query q = {.name = name, .type = type};
	size_t len = sample_packet(to + 2, &q);

	to[0] = (uint8_t)(len >> 8);
	to[1] = (uint8_t)len;
	return len + 2;
}

static void
send_all(int fd, const uint8_t *p, size_t len)
{
	ck_assert_int_eq(write(fd, p, len), (ssize_t)len);
}

/* False: the connection was closed, or nothing came in time. */
static bool
receive_octets(int fd, uint8_t *to, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};

	while (len > 0) {
		ssize_t n;

		if (poll(&p, 1, WAIT_MS) != 1)
			return false;
		n = read(fd, to, len);
		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

/* The length of the next reply; 0: none. */
static size_t
receive(int fd, uint8_t *reply)
{
	uint8_t size[2];

	if (!receive_octets(fd, size, 2) ||
	    !receive_octets(fd, reply, wire_get_u16(size)))
		return 0;
	return wire_get_u16(size);
}

static bool
is_closed(int fd)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t octet;

	return poll(&p, 1, WAIT_MS) == 1 && read(fd, &octet, 1) <= 0;
}

static uint8_t reply[DNS_MESSAGE_MAX];

START_TEST(a_message_in_pieces_is_answered)
{
	uint8_t octets[FRAME_MAX];
	size_t len = frame(octets, "static.example.com.", DNS_A);
	int fd = client();

	for (size_t i = 0; i < len; i++)
		send_all(fd, octets + i, 1);
	ck_assert_uint_gt(receive(fd, reply), len);
	close(fd);
}
END_TEST

START_TEST(several_messages_at_once_are_answered_in_order)
{
	uint8_t octets[3 * FRAME_MAX];
	size_t len = 0;
	int fd = client();

	for (uint8_t i = 0; i < 3; i++) {
		size_t n = frame(octets + len, "www.example.com.", DNS_A);

		octets[len + 2] = i;
		len += n;
	}
	send_all(fd, octets, len);
	for (uint8_t i = 0; i < 3; i++) {
		ck_assert_uint_gt(receive(fd, reply), 0);
		ck_assert_uint_eq(reply[0], i);
	}
	close(fd);
}
END_TEST

START_TEST(a_half_closed_connection_is_answered_then_closed)
{
	uint8_t octets[FRAME_MAX];
	size_t len = frame(octets, "static.example.com.", DNS_A);
	int fd = client();

	send_all(fd, octets, len);
	shutdown(fd, SHUT_WR);
	ck_assert_uint_gt(receive(fd, reply), 0);
	ck_assert(is_closed(fd));
	close(fd);
}
END_TEST

START_TEST(what_is_no_query_closes_the_connection_after_the_answers)
{
	uint8_t octets[FRAME_MAX + 4] = {0};
	size_t len = frame(octets, "static.example.com.", DNS_A);
	int fd = client();

	octets[len + 1] = 1; /* one octet is no message */
	send_all(fd, octets, len + 3);
	ck_assert_uint_gt(receive(fd, reply), 0);
	ck_assert(is_closed(fd));
	close(fd);
}
END_TEST

/* Sends queries until the service reads no more; returns how many whole ones
 * went. */
static size_t
fill(int fd, const uint8_t *octets, size_t len)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	size_t sent = 0;

	fcntl(fd, F_SETFL, O_NONBLOCK);
	while (poll(&p, 1, 300) == 1) {
		size_t at = sent % len;
		ssize_t n = send(fd, octets + at, len - at, MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		else if (errno != EAGAIN)
			break;
	}
	return sent / len;
}

START_TEST(a_client_that_does_not_read_is_read_no_more)
{
	const int size = 65536;
	uint8_t octets[FRAME_MAX];
	size_t len = frame(octets, "big.example.com.", DNS_TXT), n;
	int fd = client();
	struct counters sum;

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	n = fill(fd, octets, len);
	count_sum(&sum);
	ck_assert_uint_lt(sum.queries[COUNT_TCP][0], n);
	for (size_t i = 0; i < n; i++)
		ck_assert_uint_gt(receive(fd, reply), 1000);
	close(fd);
}
END_TEST

static void
allow_descriptors(rlim_t n)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = n;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Asks one query and is answered. */
static void
ask(int fd)
{
	uint8_t octets[FRAME_MAX];
	size_t len = frame(octets, "static.example.com.", DNS_A);

	send_all(fd, octets, len);
	ck_assert_uint_gt(receive(fd, reply), 0);
}

START_TEST(at_the_limit_the_idlest_connection_is_closed)
{
	int fds[CONNECTIONS + 1];
	struct counters sum;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		fds[i] = client_at(i & 1 ? "127.0.0.1" : "127.0.0.2");
		ask(fds[i]);
	}
	ask(fds[0]);
	fds[CONNECTIONS] = client();
	ck_assert(is_closed(fds[1]));
	ask(fds[0]);
	count_sum(&sum);
	ck_assert_uint_eq(sum.tcp_connections, CONNECTIONS);
	ck_assert_uint_eq(sum.tcp_refused, 1);
	for (size_t i = 0; i <= CONNECTIONS; i++)
		close(fds[i]);
}
END_TEST

START_TEST(a_client_has_no_more_than_its_share)
{
	int fds[PER_CLIENT + 1], other = client_at("127.0.0.2");

	ask(other);
	for (size_t i = 0; i <= PER_CLIENT; i++) {
		fds[i] = client();
		ask(fds[i]);
	}
	ck_assert(is_closed(fds[0]));
	ask(fds[1]);
	ask(other);
	for (size_t i = 0; i <= PER_CLIENT; i++)
		close(fds[i]);
	close(other);
}
END_TEST

START_TEST(an_idle_connection_is_closed)
{
	uint64_t start = clock_mono_ms();
	int fd = client();

	ck_assert(is_closed(fd));
	ck_assert_uint_ge(clock_mono_ms() - start, IDLE_MS - 1);
	close(fd);
}
END_TEST

/* A query now and then keeps a connection, octets do not. */
START_TEST(a_connection_is_kept_by_queries_alone)
{
	const uint8_t octets[] = {0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
	int asks = client(), drips = client();
	struct pollfd p = {.fd = drips, .events = POLLIN};
	size_t i = 0;

	while (poll(&p, 1, IDLE_MS / 6) == 0) {
		ck_assert_uint_lt(i, sizeof(octets));
		send_all(drips, &octets[i++], 1);
		ask(asks);
	}
	ck_assert(is_closed(drips));
	ask(asks);
	close(drips);
	close(asks);
}
END_TEST

START_TEST(a_client_that_never_reads_is_closed)
{
	const int size = 65536;
	uint8_t octets[FRAME_MAX];
	size_t len = frame(octets, "big.example.com.", DNS_TXT);
	int fd = client();
	struct pollfd p = {.fd = fd};

	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	fill(fd, octets, len);
	ck_assert_int_eq(poll(&p, 1, WAIT_MS), 1); /* reset */
	ck_assert(p.revents & (POLLERR | POLLHUP));
	close(fd);
}
END_TEST

/* Sockets that connect later, when there are no descriptors but these, and the
 * last. */
static void
take_descriptors(int later[], size_t n)
{
	int next;

	for (size_t i = 0; i < n; i++)
		later[i] = client_socket();
	next = dup(STDERR_FILENO);
	close(next);
	allow_descriptors((rlim_t)next + SPARE_LAST);
}

/* A connection that ends, whose place nobody but the server can have. */
static void
ask_and_end(int fd)
{
	client_connect(fd, "127.0.0.1");
	ask(fd);
	shutdown(fd, SHUT_WR);
	ck_assert(is_closed(fd));
}

static uint64_t
starved(void)
{
	struct counters sum;

	count_sum(&sum);
	return sum.tcp_starved;
}

static void
close_all(const int fds[], size_t n)
{
	for (size_t i = 0; i < n; i++)
		close(fds[i]);
}

START_TEST(without_descriptors_there_are_spares)
{
	enum { N = 3 * SPARE_MAX };
	int later[N];

	take_descriptors(later, N);
	for (size_t i = 0; i < N; i++)
		ask_and_end(later[i]);
	ck_assert_uint_eq(starved(), N);
	close_all(later, N);
}
END_TEST

START_TEST(without_descriptors_the_idlest_gives_its_own)
{
	enum { N = SPARE_MAX + 1 };
	int first = client(), second = client(), later[N];

	ask(first);
	ask(second);
	ask(first);
	take_descriptors(later, N);
	for (size_t i = 0; i < N; i++) {
		client_connect(later[i], "127.0.0.1");
		ask(later[i]);
	}
	ck_assert(is_closed(second));
	ask(first);
	ck_assert_uint_eq(starved(), N);
	close_all(later, N);
	close(first);
	close(second);
}
END_TEST

/* Not even the spares can be used: their places are beyond the limit. */
START_TEST(without_descriptors_connections_wait)
{
	int later[2];

	take_descriptors(later, 2);
	allow_descriptors(STDERR_FILENO + 1);
	client_connect(later[0], "127.0.0.1");
	while (starved() == 0)
		usleep(1000);
	usleep(10 * 1000); /* nothing is tried at once again: no spinning */
	ck_assert_uint_lt(starved(), 10);
	allow_descriptors((rlim_t)later[1] + 20);
	ask(later[0]);
	allow_descriptors((rlim_t)later[1] + 2 + SPARE_LAST);
	client_connect(later[1], "127.0.0.1");
	ask(later[1]); /* there are spares again */
	close_all(later, 2);
}
END_TEST

/* The first endpoint is bound, the second cannot be: both are given back. */
START_TEST(an_address_that_is_not_ours_is_an_error)
{
	struct endpoint both[2] = {endpoint};
	struct error err = {""};
	int fd = client_socket(), free_fd;

	close(fd);
	both[0].port = 0;
	ck_assert(endpoint_parse("203.0.113.1@0", &both[1], NULL));
	ck_assert_ptr_null(tcp_open(both, 2, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "203.0.113.1"));
	free_fd = client_socket();
	ck_assert_int_eq(free_fd, fd);
	close(free_fd);
}
END_TEST

/* Nor is anything closed that it has not opened. */
START_TEST(more_threads_than_rows_are_an_error)
{
	struct endpoint other = {.addr = endpoint.addr};
	int in = dup(STDIN_FILENO);
	struct error err = {""};
	unsigned row;

	while (count_new(&row) != NULL)
		;
	ck_assert_ptr_null(tcp_open(&other, 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "threads would answer"));
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFD) >= 0, in >= 0);
	close(in);
}
END_TEST

START_TEST(after_the_end_nobody_listens)
{
	struct endpoint other = {.addr = endpoint.addr};
	struct tcp_service *second = tcp_open(&other, 1, NULL);
	struct sockaddr_storage ss;
	socklen_t len;
	int fd = client_socket();

	ck_assert_ptr_nonnull(second);
	ck_assert_uint_ne(other.port, 0);
	ck_assert(tcp_start(second, NULL));
	len = addr_to_sockaddr(&other.addr, other.port, &ss);
	tcp_stop(second);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, len), -1);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
}
END_TEST

/* All places that there are, spares too, are among the last. */
START_TEST(without_a_place_a_connection_is_closed)
{
	struct counters sum;
	int later[2];

	take_descriptors(later, 2);
	allow_descriptors((rlim_t)later[1] + 2);
	client_connect(later[0], "127.0.0.1");
	ck_assert(is_closed(later[0]));
	allow_descriptors((rlim_t)later[1] + 2 * SPARE_LAST);
	client_connect(later[1], "127.0.0.1");
	ask(later[1]);
	count_sum(&sum);
	ck_assert_uint_eq(sum.tcp_connections, 1);
	close_all(later, 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("tcp");
	TCase *tc = tcase_create("tcp"), *few = tcase_create("few"),
	      *brief = tcase_create("brief");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_message_in_pieces_is_answered);
	tcase_add_test(tc, several_messages_at_once_are_answered_in_order);
	tcase_add_test(tc, a_half_closed_connection_is_answered_then_closed);
	tcase_add_test(
	    tc, what_is_no_query_closes_the_connection_after_the_answers);
	tcase_add_test(tc, a_client_that_does_not_read_is_read_no_more);
	tcase_add_test(tc, an_address_that_is_not_ours_is_an_error);
	tcase_add_test(tc, more_threads_than_rows_are_an_error);
	tcase_add_test(tc, after_the_end_nobody_listens);
	tcase_add_test(tc, without_descriptors_there_are_spares);
	tcase_add_test(tc, without_descriptors_the_idlest_gives_its_own);
	tcase_add_test(tc, without_descriptors_connections_wait);
	tcase_add_test(tc, without_a_place_a_connection_is_closed);
	suite_add_tcase(suite, tc);
	tcase_add_checked_fixture(few, setup_few, teardown);
	tcase_add_test(few, at_the_limit_the_idlest_connection_is_closed);
	tcase_add_test(few, a_client_has_no_more_than_its_share);
	suite_add_tcase(suite, few);
	tcase_add_checked_fixture(brief, setup_short, teardown);
	tcase_set_timeout(brief, 60);
	tcase_add_test(brief, an_idle_connection_is_closed);
	tcase_add_test(brief, a_connection_is_kept_by_queries_alone);
	tcase_add_test(brief, a_client_that_never_reads_is_closed);
	suite_add_tcase(suite, brief);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
