/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Queries for a server on loopback, and whether its answers are right:
 *
 *     load ADDRESS@PORT KIND NAMES RATE SECONDS
 *
 * KIND is steered (www.example.com A, with client subnets all over IPv4),
 * static (one of NAMES hosts h0000000.example.com, A), nxdomain (every other
 * one does not exist), or echo (what is sent for steered must come back).  RATE
 * is of queries a second; 0: as many as are answered, WINDOW in flight; tcp:
 * one in flight on each of CONNECTIONS.  A query is scheduled at its moment,
 * however late it is sent: its latency counts from there.  Prints a line of
 * JSON.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "../unit/sample.h"
#include "base/net.h"
#include "dns/rr.h"
#include "dns/wire.h"

enum {
	PACKETS = 8192,
	SOCKETS = 16, /* as many source ports: resolvers are many */
	WINDOW = 192,
	CONNECTIONS = 64,
	BATCH = 32,
	OCTETS = 1232,
	IDS = 1 << 16,
	LATENCY_MAX_US = 20000,
	LOST_NS = 1000000000,
};

enum kind { STEERED, STATIC, NXDOMAIN, ECHO, KINDS };
static const char *const kind_names[] = {
    "steered", "static", "nxdomain", "echo"};

struct query_made {
	uint8_t octets[SAMPLE_QUERY_MAX];
	size_t len, question_len;
	bool exists;
};

struct flight {
	uint64_t at_ns; /* scheduled; 0: none */
	uint32_t packet;
};

struct client {
	int fd;
	uint16_t next_id;
	struct flight flights[IDS];
};

static enum kind kind;
static struct query_made made[PACKETS];
static struct client clients[CONNECTIONS];
static uint64_t sent, answered, wrong, lost, in_flight;
static uint32_t latency[LATENCY_MAX_US + 1];

static uint64_t
now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

/* Queries ---------------------------------------------------------------- */

static void
make_query(struct query_made *m, unsigned names)
{
	char name[64], ecs[PREFIX_TEXT_MAX];
	struct sample_query q = {.name = name,
	    .type = DNS_A,
	    .edns = true,
	    .udp_size = DNS_UDP_EDNS};
	long r = random();

	m->exists = true;
	if (kind == STEERED || kind == ECHO) {
		snprintf(name, sizeof(name), "www.example.com");
		snprintf(ecs, sizeof(ecs), "%ld.%ld.%ld.0/24",
		    1 + (r >> 16 & 0xff) % 223, r >> 8 & 0xff, r & 0xff);
		q.ecs = ecs;
	} else {
		m->exists = kind == STATIC || (random() >> 4 & 1) != 0;
		snprintf(name, sizeof(name), "%s%07u.example.com",
		    m->exists ? "h" : "no", (unsigned)r % names);
	}
	m->len = sample_packet(m->octets, &q);
	m->question_len = strlen(name) + 2 + 4;
}

static bool
is_right(const struct query_made *m, const uint8_t *p, size_t len)
{
	if (kind == ECHO)
		return len == m->len &&
		    memcmp(p + 2, m->octets + 2, len - 2) == 0;
	return len >= DNS_HEADER_SIZE + m->question_len &&
	    (wire_get_u16(p + 2) & (DNS_QR | DNS_TC)) == DNS_QR &&
	    (p[3] & DNS_RCODE) == (m->exists ? DNS_NOERROR : DNS_NXDOMAIN) &&
	    wire_get_u16(p + 6) == m->exists &&
	    memcmp(p + DNS_HEADER_SIZE, m->octets + DNS_HEADER_SIZE,
		m->question_len) == 0;
}

/* One more, scheduled for that moment: its octets in out. */
static size_t
query_next(struct client *c, uint64_t at_ns, uint8_t *out)
{
	static uint32_t next;
	const struct query_made *m = &made[next++ % PACKETS];
	struct flight *f = &c->flights[c->next_id];

	if (f->at_ns != 0) {
		lost++;
		in_flight--;
	}
	*f = (struct flight){at_ns, (uint32_t)(m - made)};
	memcpy(out, m->octets, m->len);
	out[0] = (uint8_t)(c->next_id >> 8);
	out[1] = (uint8_t)c->next_id;
	c->next_id++;
	sent++;
	in_flight++;
	return m->len;
}

static void
take_answer(struct client *c, const uint8_t *p, size_t len, uint64_t now)
{
	struct flight *f = &c->flights[len >= 2 ? wire_get_u16(p) : 0];
	uint64_t us;

	if (len < 2 || f->at_ns == 0) {
		wrong++;
		return;
	}
	us = (now - f->at_ns) / 1000;
	latency[us < LATENCY_MAX_US ? us : LATENCY_MAX_US]++;
	if (is_right(&made[f->packet], p, len))
		answered++;
	else
		wrong++;
	f->at_ns = 0;
	in_flight--;
}

/* UDP -------------------------------------------------------------------- */

static struct mmsghdr out[BATCH], in[BATCH];
static struct iovec out_iov[BATCH], in_iov[BATCH];
static uint8_t out_octets[BATCH][SAMPLE_QUERY_MAX], in_octets[BATCH][OCTETS];

static void
batches_init(void)
{
	for (int i = 0; i < BATCH; i++) {
		in_iov[i] = (struct iovec){in_octets[i], OCTETS};
		in[i].msg_hdr.msg_iov = &in_iov[i];
		in[i].msg_hdr.msg_iovlen = 1;
		out[i].msg_hdr.msg_iov = &out_iov[i];
		out[i].msg_hdr.msg_iovlen = 1;
	}
}

/* n queries, the first scheduled for that moment, the others step_ns apart. */
static void
udp_send(struct client *c, unsigned n, uint64_t at_ns, uint64_t step_ns)
{
	for (unsigned i = 0; i < n; i++, at_ns += step_ns)
		out_iov[i] = (struct iovec){
		    out_octets[i], query_next(c, at_ns, out_octets[i])};
	if (sendmmsg(c->fd, out, n, 0) != (int)n)
		fail("sendmmsg");
}

static void
udp_receive(struct client *c)
{
	int n = recvmmsg(c->fd, in, BATCH, MSG_DONTWAIT, NULL);
	uint64_t now = now_ns();

	for (int i = 0; i < n; i++)
		take_answer(c, in_octets[i], in[i].msg_len, now);
}

/* What is waited for in vain is lost. */
static void
udp_expire(uint64_t now)
{
	for (int k = 0; k < SOCKETS; k++)
		for (int id = 0; id < IDS; id++) {
			struct flight *f = &clients[k].flights[id];

			if (f->at_ns == 0 || now < f->at_ns + LOST_NS)
				continue;
			f->at_ns = 0;
			lost++;
			in_flight--;
		}
}

static void
run_closed(uint64_t end_ns)
{
	uint64_t progress = 0, since = now_ns(), now;

	for (unsigned k = 0; (now = now_ns()) < end_ns; k++) {
		struct client *c = &clients[k % SOCKETS];

		if (in_flight + BATCH <= WINDOW)
			udp_send(c, BATCH, now, 0);
		udp_receive(c);
		if (progress != answered + wrong) {
			progress = answered + wrong;
			since = now;
		} else if (now > since + LOST_NS) {
			udp_expire(now);
			since = now;
		}
	}
}

static void
run_rate(double rate, uint64_t begin_ns, uint64_t end_ns)
{
	const double step_ns = 1e9 / rate;
	uint64_t scheduled = 0, now;

	for (unsigned k = 0; (now = now_ns()) < end_ns; k++) {
		struct client *c = &clients[k % SOCKETS];
		uint64_t due = (uint64_t)((double)(now - begin_ns) / step_ns);
		uint64_t n = due - scheduled;

		if (n > BATCH)
			n = BATCH;
		if (n > 0)
			udp_send(c, (unsigned)n,
			    begin_ns + (uint64_t)((double)scheduled * step_ns),
			    (uint64_t)step_ns);
		scheduled += n;
		for (int i = 0; i < SOCKETS; i++)
			udp_receive(&clients[i]);
	}
}

/* TCP -------------------------------------------------------------------- */

static void
tcp_ask(struct client *c)
{
	uint8_t message[2 + SAMPLE_QUERY_MAX];
	size_t len = query_next(c, now_ns(), message + 2);

	message[0] = (uint8_t)(len >> 8);
	message[1] = (uint8_t)len;
	if (write(c->fd, message, len + 2) != (ssize_t)(len + 2))
		fail("write");
}

static void
run_tcp(uint64_t end_ns)
{
	struct epoll_event events[CONNECTIONS];
	int ep = epoll_create1(0);

	for (uint32_t k = 0; k < CONNECTIONS; k++) {
		struct epoll_event e = {.events = EPOLLIN, .data.u32 = k};

		epoll_ctl(ep, EPOLL_CTL_ADD, clients[k].fd, &e);
		tcp_ask(&clients[k]);
	}
	while (now_ns() < end_ns) {
		int n = epoll_wait(ep, events, CONNECTIONS, 100);

		for (int i = 0; i < n; i++) {
			struct client *c = &clients[events[i].data.u32];
			uint8_t p[2 + OCTETS];
			ssize_t len = read(c->fd, p, sizeof(p));

			/* An answer this short comes in one piece. */
			if (len < 2 || wire_get_u16(p) != len - 2)
				fail("read");
			take_answer(c, p + 2, (size_t)len - 2, now_ns());
			tcp_ask(c);
		}
	}
	close(ep);
}

/* All -------------------------------------------------------------------- */

static void
clients_open(const struct endpoint *e, int n, int type)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&e->addr, e->port, &ss);
	const int size = 4 << 20;

	for (int k = 0; k < n; k++) {
		clients[k].fd = socket(ss.ss_family, type, 0);
		if (clients[k].fd == -1 ||
		    connect(clients[k].fd, (struct sockaddr *)&ss, len) == -1)
			fail("connect");
		setsockopt(clients[k].fd, SOL_SOCKET, SO_RCVBUFFORCE, &size,
		    sizeof(size));
	}
}

static unsigned
percentile(double part)
{
	uint64_t all = 0, sum = 0;

	for (unsigned us = 0; us <= LATENCY_MAX_US; us++)
		all += latency[us];
	for (unsigned us = 0; us <= LATENCY_MAX_US; us++) {
		sum += latency[us];
		if ((double)sum >= part * (double)all)
			return us;
	}
	return LATENCY_MAX_US;
}

int
main(int argc, char **argv)
{
	struct endpoint e;
	struct error err;
	uint64_t begin, end;
	double seconds, took;
	bool tcp;

	while (
	    argc == 6 && kind < KINDS && strcmp(argv[2], kind_names[kind]) != 0)
		kind++;
	if (argc != 6 || kind == KINDS || !endpoint_parse(argv[1], &e, &err)) {
		fprintf(stderr,
		    "usage: %s ADDRESS@PORT KIND NAMES RATE|tcp SECONDS\n",
		    argv[0]);
		return 2;
	}
	tcp = strcmp(argv[4], "tcp") == 0;
	seconds = atof(argv[5]);
	srandom(1);
	for (size_t i = 0; i < PACKETS; i++)
		make_query(&made[i], (unsigned)atoi(argv[3]));
	batches_init();
	clients_open(
	    &e, tcp ? CONNECTIONS : SOCKETS, tcp ? SOCK_STREAM : SOCK_DGRAM);
	begin = now_ns();
	end = begin + (uint64_t)(seconds * 1e9);
	if (tcp)
		run_tcp(end);
	else if (atof(argv[4]) > 0)
		run_rate(atof(argv[4]), begin, end);
	else
		run_closed(end);
	took = (double)(now_ns() - begin) / 1e9;
	printf("{\"sent\": %llu, \"answered\": %llu, \"wrong\": %llu, "
	       "\"lost\": %llu, \"seconds\": %.3f, \"p50_us\": %u, "
	       "\"p99_us\": %u, \"p999_us\": %u}\n",
	    (unsigned long long)sent, (unsigned long long)answered,
	    (unsigned long long)wrong, (unsigned long long)lost, took,
	    percentile(0.5), percentile(0.99), percentile(0.999));
	return EXIT_SUCCESS;
}
