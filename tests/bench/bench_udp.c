/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Steered answers per second of one worker, beside an echo of the same packets
 * over the same socket calls: bench_udp [SECONDS PER RUN].
 *
 * The server is a process of its own on one CPU; clients run on the others.
 * On a machine with few CPUs the clients are the bottleneck, so that what is
 * counted is answers per second of CPU time that the server used; the ratio is
 * of the medians of runs that alternate.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../unit/sample.h"
#include "serve/udp.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

enum {
	BATCH = 32,
	WINDOW = 192,
	PACKETS = 1024,
	OCTETS = 1232,
	RUNS = 5,
	CLIENTS_MAX = 3
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct batch {
	struct mmsghdr m[BATCH];
	struct iovec iov[BATCH];
	struct sockaddr_storage peer[BATCH];
	union control control[BATCH];
	uint8_t octets[BATCH][OCTETS];
};

static uint8_t packets[PACKETS][SAMPLE_QUERY_MAX];
static size_t lengths[PACKETS];
static struct endpoint endpoint;
static _Atomic bool stop;
static _Atomic uint64_t received;

static void __attribute__((noreturn)) fail(const char *what)
{
	perror(what);
	exit(EXIT_FAILURE);
}

static void
use_cpu(int first, int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	for (int i = first; i < first + n; i++)
		CPU_SET(i, &set);
	sched_setaffinity(0, sizeof(set), &set); /* or wherever it may run */
}

static void
batch_prepare(struct batch *b, bool with_names)
{
	for (int i = 0; i < BATCH; i++) {
		struct msghdr *h = &b->m[i].msg_hdr;

		b->iov[i] = (struct iovec){b->octets[i], OCTETS};
		h->msg_iov = &b->iov[i];
		h->msg_iovlen = 1;
		if (!with_names)
			continue;
		h->msg_name = &b->peer[i];
		h->msg_namelen = sizeof(b->peer[i]);
		h->msg_control = &b->control[i];
		h->msg_controllen = sizeof(b->control[i]);
	}
}

static void __attribute__((noreturn)) echo(int fd)
{
	static struct batch b;
	struct pollfd p = {.fd = fd, .events = POLLIN};

	for (;;) {
		int n;

		batch_prepare(&b, true);
		n = recvmmsg(fd, b.m, BATCH, MSG_DONTWAIT, NULL);
		if (n <= 0) {
			poll(&p, 1, -1);
			continue;
		}
		for (int i = 0; i < n; i++)
			b.iov[i].iov_len = b.m[i].msg_len;
		sendmmsg(fd, b.m, (unsigned)n, 0);
	}
}

static void __attribute__((noreturn)) serve_echo(int ready)
{
	int fd = net_listen_udp(&endpoint, NULL);

	if (fd == -1 || !net_bound_endpoint(fd, &endpoint) ||
	    write(ready, &endpoint.port, 2) != 2)
		fail("echo");
	echo(fd);
}

static void __attribute__((noreturn)) serve_answers(int ready)
{
	struct sample sample;
	struct udp_workers *w;
	struct diag d;

	diag_init(&d);
	sample_open(&sample);
	snapshot_publish(snapshot_build(sample.conf, &d));
	sample_close(&sample);
	w = udp_open(&endpoint, 1, 1, NULL);
	if (snapshot_current() == NULL || w == NULL)
		fail("worker");
	udp_start(w, NULL);
	if (write(ready, &endpoint.port, 2) != 2)
		fail("worker");
	for (;;)
		pause();
}

static pid_t
start_server(void (*serve)(int ready))
{
	int fds[2];
	pid_t pid;

	endpoint_parse("127.0.0.1@0", &endpoint, NULL);
	if (pipe(fds) == -1 || (pid = fork()) == -1)
		fail("fork");
	if (pid == 0) {
		use_cpu(0, 1);
		serve(fds[1]);
	}
	if (read(fds[0], &endpoint.port, 2) != 2)
		fail("server");
	close(fds[0]);
	close(fds[1]);
	return pid;
}

static int
client_socket(void)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&endpoint.addr, endpoint.port, &ss);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	if (fd == -1 || connect(fd, (struct sockaddr *)&ss, len) == -1)
		fail("client");
	return fd;
}

static unsigned
client_send(int fd, struct batch *b, size_t *next)
{
	int n;

	for (int i = 0; i < BATCH; i++) {
		b->iov[i] = (struct iovec){packets[*next], lengths[*next]};
		*next = (*next + 1) % PACKETS;
	}
	n = sendmmsg(fd, b->m, BATCH, 0);
	return n > 0 ? (unsigned)n : 0;
}

static void *
client(void *arg)
{
	struct batch *in = calloc(1, sizeof(*in)), *to = calloc(1, sizeof(*to));
	int fd = client_socket();
	struct pollfd p = {.fd = fd, .events = POLLIN};
	size_t next = (size_t)arg * 100 % PACKETS;
	unsigned waiting = 0;

	batch_prepare(in, false);
	batch_prepare(to, false);
	while (!stop) {
		int n;

		if (waiting + BATCH <= WINDOW)
			waiting += client_send(fd, to, &next);
		n = recvmmsg(fd, in->m, BATCH, MSG_DONTWAIT, NULL);
		if (n > 0) {
			waiting -=
			    (unsigned)n > waiting ? waiting : (unsigned)n;
			received += (unsigned)n;
		} else if (waiting + BATCH > WINDOW && poll(&p, 1, 20) == 0) {
			waiting = 0; /* lost */
		}
	}
	close(fd);
	free(in);
	free(to);
	return NULL;
}

static double
cpu_seconds(pid_t pid)
{
	struct timespec ts;
	clockid_t clock;

	if (clock_getcpuclockid(pid, &clock) != 0 ||
	    clock_gettime(clock, &ts) == -1)
		fail("CPU clock");
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/* Answers per second of the server's CPU time. */
static double
run(void (*serve)(int ready), double seconds)
{
	const struct timespec wait = {
	    (time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};
	pthread_t threads[CLIENTS_MAX];
	long ncpus = sysconf(_SC_NPROCESSORS_ONLN);
	int nclients = ncpus - 1 < 1  ? 1
	    : ncpus - 1 > CLIENTS_MAX ? CLIENTS_MAX
				      : (int)ncpus - 1;
	pid_t pid = start_server(serve);
	double used = cpu_seconds(pid);

	stop = false;
	received = 0;
	if (ncpus > 1)
		use_cpu(1, (int)ncpus - 1);
	for (int i = 0; i < nclients; i++)
		pthread_create(&threads[i], NULL, client, (void *)(size_t)i);
	nanosleep(&wait, NULL);
	stop = true;
	used = cpu_seconds(pid) - used;
	for (int i = 0; i < nclients; i++)
		pthread_join(threads[i], NULL);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return (double)received / used;
}

static int
compare(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static void
make_packets(void)
{
	char ecs[PREFIX_TEXT_MAX];

	srandom(1);
	for (size_t i = 0; i < PACKETS; i++) {
		long r = random();

		snprintf(ecs, sizeof(ecs), "%ld.%ld.%ld.0/24",
		    1 + (r >> 16 & 0xff) % 223, r >> 8 & 0xff, r & 0xff);
		lengths[i] = sample_packet(packets[i],
		    &(struct sample_query){.name = "www.example.com.",
			.type = DNS_AAAA,
			.ecs = ecs});
	}
}

int
main(int argc, char **argv)
{
	double seconds = argc > 1 ? atof(argv[1]) : 1;
	double answers[RUNS], echoes[RUNS];

	make_packets();
	for (int i = 0; i < RUNS; i++) {
		echoes[i] = run(serve_echo, seconds);
		answers[i] = run(serve_answers, seconds);
	}
	qsort(echoes, RUNS, sizeof(echoes[0]), compare);
	qsort(answers, RUNS, sizeof(answers[0]), compare);
	printf("echoes  per CPU second %10.0f\n", echoes[RUNS / 2]);
	printf("answers per CPU second %10.0f\n", answers[RUNS / 2]);
	printf("ratio %.3f\n", answers[RUNS / 2] / echoes[RUNS / 2]);
	return EXIT_SUCCESS;
}
