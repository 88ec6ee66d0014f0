/* SPDX-License-Identifier: BSD-3-Clause */
/* Workers under load while main reloads, drains and refreshes in a loop: for
 * the sanitizers of addresses and threads. */
#include <check.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "dns/wire.h"
#include "sample.h"
#include "serve/count.h"
#include "serve/tcp.h"
#include "serve/udp.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

enum {
	RUN_MS = 2000,
	WAIT_MS = 5000,
	CLIENTS = 2,
	PIPELINED = 8,
	REPLY_MAX = 4096
};

static const struct sample_query queries[] = {
    {.name = "www.example.com.", .type = DNS_A, .ecs = "81.2.3.0/24"},
    {.name = "www.example.com.", .type = DNS_AAAA, .ecs = "64.10.3.0/24"},
    {.name = "x.api.example.com.", .type = DNS_A},
    {.name = "alias2.example.com.", .type = DNS_A, .ecs = "81.2.3.0/24"},
    {.name = "still.example.com.", .type = DNS_A, .ecs = "64.10.3.0/24"},
    {.name = "again.example.com.", .type = DNS_A},
    {.name = "nope.example.com.", .type = DNS_A, .edns = true},
    {.name = "x.sub.example.com.", .type = DNS_A},
};

enum { QUERIES = sizeof(queries) / sizeof(queries[0]) };

static struct endpoint endpoints[2];
static _Atomic bool stop;
static _Atomic uint64_t answered, lost;

static int
connect_to(const struct endpoint *e, int type)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&e->addr, e->port, &ss);
	int fd = socket(ss.ss_family, type | SOCK_CLOEXEC, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&ss, len) == -1)
		abort();
	return fd;
}

static bool
is_reply(const uint8_t *reply, size_t len, uint16_t id)
{
	return len >= DNS_HEADER_SIZE && wire_get_u16(reply) == id &&
	    (reply[2] & 0x80) != 0 && (reply[3] & DNS_RCODE) != DNS_SERVFAIL;
}

static void *
ask_udp(void *arg)
{
	int fd = connect_to(arg, SOCK_DGRAM);
	uint8_t packet[SAMPLE_QUERY_MAX], reply[REPLY_MAX];

	for (uint16_t id = 0; !stop; id++) {
		size_t len = sample_packet(packet, &queries[id % QUERIES]);
		struct pollfd p = {.fd = fd, .events = POLLIN};
		ssize_t n = -1;

		packet[0] = (uint8_t)(id >> 8);
		packet[1] = (uint8_t)id;
		if (send(fd, packet, len, 0) == (ssize_t)len &&
		    poll(&p, 1, WAIT_MS) == 1)
			n = recv(fd, reply, sizeof(reply), 0);
		if (n > 0 && is_reply(reply, (size_t)n, id))
			answered++;
		else
			lost++;
	}
	close(fd);
	return NULL;
}

static bool
read_all(int fd, uint8_t *to, size_t len)
{
	while (len > 0) {
		ssize_t n = read(fd, to, len);

		if (n <= 0)
			return false;
		to += n;
		len -= (size_t)n;
	}
	return true;
}

static size_t
write_queries(uint8_t *to)
{
	size_t at = 0;

	for (uint16_t i = 0; i < PIPELINED; i++) {
		size_t len = sample_packet(to + at + 2, &queries[i % QUERIES]);

		to[at] = (uint8_t)(len >> 8);
		to[at + 1] = (uint8_t)len;
		at += 2 + len;
	}
	return at;
}

/* A connection with several queries at once, closed on our side first. */
static void *
ask_tcp(void *arg)
{
	uint8_t octets[PIPELINED * (SAMPLE_QUERY_MAX + 2)], reply[REPLY_MAX];
	size_t len = write_queries(octets);

	while (!stop) {
		int fd = connect_to(arg, SOCK_STREAM);

		if (write(fd, octets, len) != (ssize_t)len)
			abort();
		shutdown(fd, SHUT_WR);
		for (unsigned i = 0; i < PIPELINED; i++) {
			uint8_t size[2];

			if (read_all(fd, size, 2) &&
			    read_all(fd, reply, wire_get_u16(size)) &&
			    is_reply(reply, wire_get_u16(size), 0x1234))
				answered++;
			else
				lost++;
		}
		if (read(fd, reply, 1) != 0)
			lost++;
		close(fd);
	}
	return NULL;
}

static struct snapshot *
build(const struct sample *sample, const char *more)
{
	struct snapshot *s;
	struct diag d;

	diag_init(&d);
	sample_configure(sample, more);
	s = snapshot_build(sample->conf, &d);
	diag_fini(&d);
	return s;
}

static void
refresh_all(struct snapshot *s, const struct drains *drains)
{
	for (size_t i = 0; i < s->conf->npools; i++) {
		for (size_t r = 0; r < s->pools[i].nregions; r++)
			pool_refresh(&s->pools[i], r, drains);
	}
}

static void
drain_and_undrain(struct snapshot *s, struct drains *drains)
{
	static const char *const what[] = {"eu", "www/us", "www/eu/192.0.2.10"};

	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		drains_put(drains,
		    drain_new(what[i], "test", "stress", 0, DRAIN_FOREVER, true,
			NULL));
		refresh_all(s, drains);
	}
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		drain_free(drains_remove(
		    drains, drains_find(drains, DRAIN_OUT, what[i], false)));
		refresh_all(s, drains);
	}
}

static void
reload_and_drain(const struct sample *sample)
{
	struct watches *watches = watches_new();
	struct drains drains = {0};
	uint64_t end = clock_mono_ms() + RUN_MS;

	for (unsigned n = 0; clock_mono_ms() < end; n++) {
		struct snapshot *s;

		ck_assert_ptr_null(build(sample, "nonsense: 1\n"));
		s = build(sample, NULL);
		ck_assert_ptr_nonnull(s);
		pools_bind(s->pools, s->conf->npools, s->conf, watches);
		refresh_all(s, &drains);
		snapshot_publish(s);
		for (int i = 0; i < 20; i++)
			drain_and_undrain(s, &drains);
	}
	drains_fini(&drains);
	watches_free(watches);
}

/* Ports of the kernel's choice for TCP; UDP's of these numbers may be taken. */
static void
open_both(struct udp_workers **udp, struct tcp_service **tcp)
{
	struct error err = {""};

	for (int tries = 0; tries < 20; tries++) {
		ck_assert(endpoint_parse("127.0.0.1@0", &endpoints[0], &err));
		ck_assert(endpoint_parse("::@0", &endpoints[1], &err));
		*tcp = tcp_open(endpoints, 2, &err);
		ck_assert_msg(*tcp != NULL, "%s", err.text);
		*udp = udp_open(endpoints, 2, 2, &err);
		if (*udp != NULL)
			return;
		tcp_stop(*tcp);
	}
	ck_abort_msg("%s", err.text);
}

START_TEST(no_query_is_lost_while_main_reloads_and_drains)
{
	pthread_t udp_clients[CLIENTS], tcp_client;
	struct sample sample;
	struct udp_workers *udp;
	struct tcp_service *tcp;
	struct counters sum;
	uint64_t responses = 0;

	sample_open(&sample);
	snapshot_publish(build(&sample, NULL));
	ck_assert_ptr_nonnull(snapshot_current());
	open_both(&udp, &tcp);
	ck_assert(udp_start(udp, NULL));
	ck_assert(tcp_start(tcp, NULL));
	ck_assert(addr_parse("::1", &endpoints[1].addr));
	for (int i = 0; i < CLIENTS; i++)
		pthread_create(
		    &udp_clients[i], NULL, ask_udp, &endpoints[i % 2]);
	pthread_create(&tcp_client, NULL, ask_tcp, &endpoints[0]);

	reload_and_drain(&sample);
	stop = true;
	for (int i = 0; i < CLIENTS; i++)
		pthread_join(udp_clients[i], NULL);
	pthread_join(tcp_client, NULL);
	udp_stop(udp);
	tcp_stop(tcp);
	snapshot_publish(NULL);
	rcu_drain();
	sample_close(&sample);
	ck_assert_uint_eq(lost, 0);
	ck_assert_uint_gt(answered, 100);
	count_sum(&sum);
	for (int i = 0; i < DNS_RCODE_COUNT; i++)
		responses += sum.responses[i];
	ck_assert_uint_eq(responses, answered);
	ck_assert_uint_eq(sum.send_failed, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("stress");
	TCase *tc = tcase_create("stress");
	SRunner *runner;
	int failed;

	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, no_query_is_lost_while_main_reloads_and_drains);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
