/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/udp.h"

#include <errno.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "serve/answer.h"
#include "serve/pace.h"
#include "snapshot/publish.h"

enum {
	BATCH = 32,
	/* What servers have announced for long; longer ones have no valid form
	 * after the cut.  The rest keeps the buffers' beginnings in different
	 * sets of the cache. */
	QUERY_MAX = 4096 + 64,
	RECEIVE_BUFFER = 4 * 1024 * 1024,
};

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
};

struct worker {
	int fd, stop_fd;
	bool running;
	_Atomic bool stop; /* main stores, the worker loads */
	pthread_t thread;
	struct answerer answerer;
	struct pace pace;
	struct mmsghdr in[BATCH], out[BATCH];
	struct iovec in_iov[BATCH], out_iov[BATCH];
	struct sockaddr_storage peer[BATCH];
	union control control[BATCH];
	uint8_t query[BATCH][QUERY_MAX];
	uint8_t reply[BATCH][DNS_UDP_EDNS];
};

struct udp_workers {
	struct limit *limit; /* of all */
	struct worker **all;
	size_t n;
};

static void
receive_prepare(struct worker *w, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		w->in[i].msg_hdr.msg_namelen = sizeof(w->peer[i]);
		w->in[i].msg_hdr.msg_controllen = sizeof(w->control[i]);
	}
}

static void
buffers_init(struct worker *w)
{
	for (unsigned i = 0; i < BATCH; i++) {
		struct msghdr *in = &w->in[i].msg_hdr;

		w->in_iov[i].iov_base = w->query[i];
		w->in_iov[i].iov_len = QUERY_MAX;
		in->msg_name = &w->peer[i];
		in->msg_iov = &w->in_iov[i];
		in->msg_iovlen = 1;
		in->msg_control = &w->control[i];
		w->out[i].msg_hdr.msg_iov = &w->out_iov[i];
		w->out[i].msg_hdr.msg_iovlen = 1;
	}
	receive_prepare(w, BATCH);
}

/*
 * What the kernel said of where a packet was sent to, as what it wants to hear
 * of where the reply leaves from; nothing for a socket that is bound to one
 * address.  The interface is left to routing, but for link-local addresses,
 * which mean nothing without it.
 */
static void
control_turn(struct msghdr *m)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);

	if (c == NULL) {
		m->msg_control = NULL;
		m->msg_controllen = 0;
	} else if (c->cmsg_level == IPPROTO_IP) {
		struct in_pktinfo *info = (void *)CMSG_DATA(c);

		info->ipi_ifindex = 0;
	} else {
		struct in6_pktinfo *info = (void *)CMSG_DATA(c);

		if (!IN6_IS_ADDR_LINKLOCAL(&info->ipi6_addr))
			info->ipi6_ifindex = 0;
	}
}

bool
udp_port_reflects(uint16_t port)
{
	static const uint64_t low = 1ull << 0 | 1ull << 7 /* echo */ |
	    1ull << 11 /* systat */ | 1ull << 13 /* daytime */ |
	    1ull << 17 /* qotd */ | 1ull << 19 /* chargen */ |
	    1ull << 37 /* time */;
	const uint16_t kpasswd = 464;

	return port < 64 ? (low >> port & 1) != 0 : port == kpasswd;
}

static uint16_t
peer_port(const struct sockaddr_storage *peer)
{
	return ntohs(peer->ss_family == AF_INET6
		? ((const struct sockaddr_in6 *)peer)->sin6_port
		: ((const struct sockaddr_in *)peer)->sin_port);
}

/* Answers message i as number n of those to send; false: nothing to say. */
static bool
worker_answer(
    struct worker *w, const struct snapshot *s, unsigned i, unsigned n)
{
	const struct msghdr *from = &w->in[i].msg_hdr;
	struct msghdr *to = &w->out[n].msg_hdr;
	struct answer_input input = {
	    .packet = w->query[i],
	    .len = w->in[i].msg_len,
	    .proto = COUNT_UDP,
	};
	size_t len;

	if (udp_port_reflects(peer_port(&w->peer[i]))) {
		count_add(&w->answerer.counters->source_port_dropped, 1);
		return false;
	}
	addr_from_sockaddr(&input.source, (struct sockaddr *)&w->peer[i]);
	len = answer(&w->answerer, s, &input, w->reply[n], DNS_UDP_EDNS);
	if (len == 0)
		return false;
	w->out_iov[n].iov_base = w->reply[n];
	w->out_iov[n].iov_len = len;
	to->msg_name = from->msg_name;
	to->msg_namelen = from->msg_namelen;
	to->msg_control = from->msg_control;
	to->msg_controllen = from->msg_controllen;
	control_turn(to);
	return true;
}

static void
worker_send(struct worker *w, unsigned n)
{
	unsigned sent = 0;

	while (sent < n) {
		int k = sendmmsg(w->fd, w->out + sent, n - sent, 0);

		if (k > 0) {
			sent += (unsigned)k;
		} else if (errno != EINTR) {
			/* The first of them cannot be sent; the others may. */
			count_add(&w->answerer.counters->send_failed, 1);
			sent++;
		}
	}
}

/* A socket that was full has more than a batch waiting afterwards. */
static void
count_overflows(struct worker *w)
{
	uint32_t info[SK_MEMINFO_VARS] = {0};
	socklen_t len = sizeof(info);

	if (getsockopt(w->fd, SOL_SOCKET, SO_MEMINFO, info, &len) == 0)
		atomic_store_explicit(&w->answerer.counters->udp_overflows,
		    info[SK_MEMINFO_DROPS], memory_order_relaxed);
}

static void
worker_wait(struct worker *w)
{
	struct pollfd fds[] = {
	    {.fd = w->fd, .events = POLLIN},
	    {.fd = w->stop_fd, .events = POLLIN},
	};

	rcu_sleep();
	poll(fds, 2, -1);
	rcu_wake();
}

static void
worker_gather(uint32_t us)
{
	const struct timespec t = {.tv_nsec = (long)us * 1000};

	nanosleep(&t, NULL);
}

/* How long to wait for the next batch, in us; what more there is, it gathers
 * meanwhile. */
static uint32_t
worker_batch(struct worker *w, unsigned got)
{
	const struct snapshot *s = snapshot_current();
	uint32_t most_us = s->conf->server.coalesce_us;
	unsigned n = 0;

	answerer_refresh(&w->answerer);
	for (unsigned i = 0; i < got; i++)
		n += worker_answer(w, s, i, n);
	worker_send(w, n);
	receive_prepare(w, got);
	return pace_gather(&w->pace, w->answerer.now_us, got, most_us);
}

static void *
worker_run(void *arg)
{
	struct worker *w = arg;

	/* A sleep is to be no longer than asked for. */
	prctl(PR_SET_TIMERSLACK, 1);
	pace_init(&w->pace, clock_mono_us());
	rcu_thread_begin();
	while (!atomic_load_explicit(&w->stop, memory_order_relaxed)) {
		int got = recvmmsg(w->fd, w->in, BATCH, MSG_DONTWAIT, NULL);
		uint32_t gather_us;

		if (got <= 0) {
			worker_wait(w);
			continue;
		}
		gather_us = worker_batch(w, (unsigned)got);
		rcu_quiescent();
		if (got == BATCH)
			count_overflows(w);
		else if (gather_us > 0)
			worker_gather(gather_us);
		else
			worker_wait(w);
	}
	rcu_thread_end();
	return NULL;
}

static void
worker_free(struct worker *w)
{
	fd_close(&w->fd);
	fd_close(&w->stop_fd);
	free(w);
}

static bool
worker_open(struct worker *w, struct endpoint *e, struct error *err)
{
	const int size = RECEIVE_BUFFER;

	w->answerer.counters = count_new(&w->answerer.row);
	if (w->answerer.counters == NULL)
		return error_set(
		    err, "more than %d threads would answer", SNAPSHOT_ROWS);
	w->answerer.sampler = sampler_new();
	if (getrandom(&w->answerer.random, sizeof(w->answerer.random), 0) < 0)
		return error_set(err, "getrandom: %s", strerror(errno));
	w->answerer.random |= 1;
	w->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (w->stop_fd == -1)
		return error_set(err, "eventfd: %s", strerror(errno));
	w->fd = net_listen_udp(e, err);
	if (w->fd == -1)
		return false;
	/* A flood fills what net.core.rmem_max allows within a millisecond. */
	if (setsockopt(
		w->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) != 0)
		setsockopt(w->fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
	buffers_init(w);
	return e->port != 0 || net_bound_endpoint(w->fd, e) ||
	    error_set(err, "getsockname: %s", strerror(errno));
}

static void
workers_free(struct udp_workers *w)
{
	for (size_t i = 0; i < w->n; i++)
		worker_free(w->all[i]);
	limit_free(w->limit);
	free(w->all);
	free(w);
}

struct udp_workers *
udp_open(struct endpoint *endpoints, size_t nendpoints, unsigned n,
    struct error *err)
{
	struct udp_workers *w = xcalloc(1, sizeof(*w));

	w->all = xcalloc(nendpoints * n, sizeof(struct worker *));
	w->limit = limit_new(err);
	if (w->limit == NULL) {
		workers_free(w);
		return NULL;
	}
	for (size_t i = 0; i < nendpoints * n; i++) {
		struct worker *worker = xcalloc(1, sizeof(*worker));

		worker->fd = worker->stop_fd = -1;
		worker->answerer.limit = w->limit;
		w->all[w->n++] = worker;
		if (!worker_open(worker, &endpoints[i / n], err)) {
			workers_free(w);
			return NULL;
		}
	}
	return w;
}

bool
udp_start(struct udp_workers *w, struct error *err)
{
	sigset_t all, before;
	bool ok = true;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	for (size_t i = 0; ok && i < w->n; i++) {
		struct worker *worker = w->all[i];
		int rc =
		    pthread_create(&worker->thread, NULL, worker_run, worker);

		worker->running = rc == 0;
		if (rc != 0)
			ok = error_set(err,
			    "the thread of UDP worker %zu cannot be started: %s",
			    i, strerror(rc));
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return ok;
}

void
udp_stop(struct udp_workers *w)
{
	const uint64_t one = 1;

	for (size_t i = 0; i < w->n; i++) {
		struct worker *worker = w->all[i];

		atomic_store_explicit(
		    &worker->stop, true, memory_order_relaxed);
		while (write(worker->stop_fd, &one, sizeof(one)) == -1 &&
		    errno == EINTR)
			;
	}
	for (size_t i = 0; i < w->n; i++) {
		if (w->all[i]->running)
			pthread_join(w->all[i]->thread, NULL);
	}
	workers_free(w);
}
