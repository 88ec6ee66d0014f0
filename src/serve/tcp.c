/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/tcp.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/queue.h>
#include <sys/random.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/fd.h"
#include "base/log.h"
#include "base/spare.h"
#include "serve/answer.h"
#include "snapshot/publish.h"

enum {
	LENGTH_SIZE = 2,       /* RFC 1035 4.2.2 */
	ACCEPT_PAUSE_MS = 100, /* when there are no descriptors left */
	BUCKETS = 1024,
	IPV6_CLIENT_BITS = 64,
};

struct connection {
	TAILQ_ENTRY(connection) entry, kin; /* the idlest first */
	struct bucket *bucket;
	uint64_t active_ms; /* when it last did what is worth keeping it for */
	struct tcp_service *service;
	struct bufferevent *bev;
	struct addr peer;
	bool closing; /* what was asked is answered, then it is closed */
};

TAILQ_HEAD(bucket, connection);

struct listener {
	struct tcp_service *service;
	struct evconnlistener *listener;
	struct event *resume;
};

struct tcp_service {
	struct event_base *base;
	struct listener *listeners;
	size_t nlisteners;
	int stop_fd;
	struct event *stop;
	pthread_t thread;
	bool running;
	struct answerer answerer;
	struct conf_tcp conf; /* as of the last accept or sweep */
	struct bucket connections;
	struct bucket clients[BUCKETS]; /* the same by address */
	uint64_t secret;                /* of which bucket */
	size_t nconnections;
	struct event *sweep; /* when the idlest has been idle too long */
	struct log_gate starved;
	struct spare spare;
	uint8_t reply[LENGTH_SIZE + DNS_MESSAGE_MAX];
};

static void
connection_free(struct connection *c)
{
	struct tcp_service *t = c->service;
	int fd = bufferevent_getfd(c->bev);

	TAILQ_REMOVE(&t->connections, c, entry);
	TAILQ_REMOVE(c->bucket, c, kin);
	t->nconnections--;
	atomic_store_explicit(&t->answerer.counters->tcp_connections,
	    t->nconnections, memory_order_relaxed);
	bufferevent_setfd(c->bev, -1);
	bufferevent_free(c->bev);
	spare_close(&t->spare, fd);
	free(c);
}

/* A whole query, or all replies taken: octets alone would let a client hold a
 * connection by one now and then (RFC 9210 4.2). */
static void
connection_touch(struct connection *c)
{
	struct tcp_service *t = c->service;

	c->active_ms = t->answerer.now_us / 1000;
	TAILQ_REMOVE(&t->connections, c, entry);
	TAILQ_INSERT_TAIL(&t->connections, c, entry);
	TAILQ_REMOVE(c->bucket, c, kin);
	TAILQ_INSERT_TAIL(c->bucket, c, kin);
}

/* The next whole message, and its octets with the length; NULL: not yet. */
static const uint8_t *
next_message(struct evbuffer *in, size_t *size)
{
	uint8_t length[LENGTH_SIZE];

	if (evbuffer_copyout(in, length, LENGTH_SIZE) != LENGTH_SIZE)
		return NULL;
	*size = LENGTH_SIZE + (size_t)wire_get_u16(length);
	if (evbuffer_get_length(in) < *size)
		return NULL;
	return evbuffer_pullup(in, (ev_ssize_t)*size);
}

/* False: it is no query, and nothing after it can be trusted to be one. */
static bool
answer_message(struct connection *c, const struct snapshot *s,
    const uint8_t *message, size_t size)
{
	struct tcp_service *t = c->service;
	const struct answer_input input = {
	    .packet = message + LENGTH_SIZE,
	    .len = size - LENGTH_SIZE,
	    .source = c->peer,
	    .proto = COUNT_TCP,
	    .idle_ms = t->conf.idle_ms,
	};
	size_t len = answer(
	    &t->answerer, s, &input, t->reply + LENGTH_SIZE, DNS_MESSAGE_MAX);

	if (len == 0)
		return false;
	t->reply[0] = (uint8_t)(len >> 8);
	t->reply[1] = (uint8_t)len;
	return evbuffer_add(bufferevent_get_output(c->bev), t->reply,
		   LENGTH_SIZE + len) == 0;
}

static bool
is_full(const struct connection *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev)) >=
	    TCP_PENDING_MAX;
}

static void
answer_messages(struct connection *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct tcp_service *t = c->service;
	const uint8_t *message;
	size_t size;

	answerer_refresh(&t->answerer);
	rcu_wake();
	while (!is_full(c) && (message = next_message(in, &size)) != NULL) {
		/* A sweep may come before the reply has been taken. */
		connection_touch(c);
		if (answer_message(c, snapshot_current(), message, size)) {
			evbuffer_drain(in, size);
		} else {
			evbuffer_drain(in, evbuffer_get_length(in));
			c->closing = true;
		}
	}
	rcu_sleep();
}

/* Answers what has come, reads on or not, and closes what is done. */
static void
connection_go_on(struct connection *c)
{
	answer_messages(c);
	if (c->closing &&
	    evbuffer_get_length(bufferevent_get_output(c->bev)) == 0)
		connection_free(c);
	else if (c->closing || is_full(c))
		bufferevent_disable(c->bev, EV_READ);
	else
		bufferevent_enable(c->bev, EV_READ);
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	(void)bev;
	connection_go_on(arg);
}

/* All replies have been sent. */
static void
on_write(struct bufferevent *bev, void *arg)
{
	(void)bev;
	answerer_refresh(&((struct connection *)arg)->service->answerer);
	connection_touch(arg);
	connection_go_on(arg);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct connection *c = arg;

	(void)bev;
	if (!(what & BEV_EVENT_EOF)) {
		connection_free(c);
		return;
	}
	c->closing = true;
	connection_go_on(c);
}

/* The client's connections, and others that happen to share its bucket. */
static struct bucket *
bucket_of(struct tcp_service *t, const struct addr *peer)
{
	struct addr client = *peer;

	if (client.family == 6)
		addr_mask(&client, IPV6_CLIENT_BITS);
	return &t->clients[XXH3_64bits_withSeed(
			       client.bytes, sizeof(client.bytes), t->secret) %
	    BUCKETS];
}

static bool
is_same_client(const struct addr *a, const struct addr *b)
{
	return addr_match(a, b, a->family == 6 ? IPV6_CLIENT_BITS : 32);
}

/* The client's idlest connection, when it has all that it may have. */
static struct connection *
client_idlest(struct bucket *bucket, const struct addr *peer, unsigned most)
{
	struct connection *c, *idlest = NULL;
	unsigned n = 0;

	for (c = TAILQ_FIRST(bucket); c != NULL; c = TAILQ_NEXT(c, kin)) {
		if (!is_same_client(&c->peer, peer))
			continue;
		if (idlest == NULL)
			idlest = c;
		if (++n == most)
			return idlest;
	}
	return NULL;
}

/* RFC 7766 6.2.3: the idlest is closed. */
static void
make_room(struct tcp_service *t, struct bucket *bucket, const struct addr *peer)
{
	struct connection *c = client_idlest(bucket, peer, t->conf.per_client);

	if (c == NULL && t->nconnections >= t->conf.connections)
		c = TAILQ_FIRST(&t->connections);
	if (c == NULL)
		return;
	count_add(&t->answerer.counters->tcp_refused, 1);
	connection_free(c);
}

/* What the configuration in service says. */
static void
conf_refresh(struct tcp_service *t)
{
	rcu_wake();
	t->conf = snapshot_current()->conf->server.tcp;
	rcu_sleep();
	answerer_refresh(&t->answerer);
}

static void
sweep_arm(struct tcp_service *t)
{
	uint64_t now_ms = t->answerer.now_us / 1000, end_ms, left_ms;
	struct timeval left;

	if (TAILQ_EMPTY(&t->connections) || evtimer_pending(t->sweep, NULL))
		return;
	end_ms = TAILQ_FIRST(&t->connections)->active_ms + t->conf.idle_ms;
	left_ms = end_ms > now_ms ? end_ms - now_ms : 0;
	left.tv_sec = (time_t)(left_ms / 1000);
	left.tv_usec = (suseconds_t)(left_ms % 1000 * 1000);
	evtimer_add(t->sweep, &left);
}

static void
on_sweep(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_service *t = arg;
	struct connection *c;

	(void)fd;
	(void)what;
	conf_refresh(t);
	while ((c = TAILQ_FIRST(&t->connections)) != NULL &&
	    c->active_ms + t->conf.idle_ms <= t->answerer.now_us / 1000)
		connection_free(c);
	sweep_arm(t);
}

static struct connection *
connection_new(struct tcp_service *t, int fd, const struct addr *peer)
{
	struct connection *c = xcalloc(1, sizeof(*c));

	c->bev = bufferevent_socket_new(t->base, fd, 0);
	if (c->bev == NULL) {
		free(c);
		return NULL;
	}
	c->service = t;
	c->peer = *peer;
	c->bucket = bucket_of(t, peer);
	c->active_ms = t->answerer.now_us / 1000;
	TAILQ_INSERT_TAIL(&t->connections, c, entry);
	TAILQ_INSERT_TAIL(c->bucket, c, kin);
	t->nconnections++;
	atomic_store_explicit(&t->answerer.counters->tcp_connections,
	    t->nconnections, memory_order_relaxed);
	return c;
}

static void
note_starved(struct tcp_service *t, int error)
{
	count_add(&t->answerer.counters->tcp_starved, 1);
	if (log_is_due(&t->starved))
		log_error("TCP connections cannot be accepted: %s; %zu are "
			  "open",
		    strerror(error), t->nconnections);
}

/* A spare, or else what the idlest connection had, is free. */
static bool
release_one(struct tcp_service *t)
{
	if (t->spare.n == 0 && !TAILQ_EMPTY(&t->connections))
		connection_free(TAILQ_FIRST(&t->connections));
	return spare_release(&t->spare);
}

/* Where fd may stay: one of the last is moved to a place of ours.  -1: there is
 * none. */
static int
place_for(struct tcp_service *t, int fd)
{
	bool last = spare_is_last(fd);
	int at = fd;

	if (last)
		note_starved(t, EMFILE);
	while (last && release_one(t)) {
		at = fcntl(fd, F_DUPFD_CLOEXEC, 0);
		last = at == -1 || spare_is_last(at);
		fd_close(last ? &at : &fd);
	}
	if (!last)
		return at;
	fd_close(&fd);
	return -1;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd,
    struct sockaddr *sa, int len, void *arg)
{
	const int one = 1;
	struct tcp_service *t = ((struct listener *)arg)->service;
	struct connection *c;
	struct addr peer;

	(void)listener;
	(void)len;
	addr_from_sockaddr(&peer, sa);
	conf_refresh(t);
	make_room(t, bucket_of(t, &peer), &peer);
	fd = place_for(t, fd);
	if (fd == -1)
		return;
	c = connection_new(t, fd, &peer);
	if (c == NULL) {
		fd_close(&fd);
		return;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
	bufferevent_setwatermark(
	    c->bev, EV_READ, 0, LENGTH_SIZE + DNS_MESSAGE_MAX);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
	sweep_arm(t);
}

/* Not even one of the last was left, as a rule: what is released is accepted
 * next, or all wait. */
static void
on_accept_error(struct evconnlistener *listener, void *arg)
{
	const struct timeval pause = {.tv_usec = ACCEPT_PAUSE_MS * 1000};
	struct listener *l = arg;
	int code = EVUTIL_SOCKET_ERROR();
	bool full = code == EMFILE || code == ENFILE;
	struct pollfd waiting = {
	    .fd = evconnlistener_get_fd(listener),
	    .events = POLLIN,
	};

	/* accept(2) wants a descriptor before it looks who is there. */
	if (full && poll(&waiting, 1, 0) == 0)
		return;
	note_starved(l->service, code);
	if (full && release_one(l->service))
		return;
	evconnlistener_disable(listener);
	event_add(l->resume, &pause);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct listener *l = arg;

	(void)fd;
	(void)what;
	spare_fill(&l->service->spare);
	evconnlistener_enable(l->listener);
}

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_service *t = arg;

	(void)fd;
	(void)what;
	event_base_loopbreak(t->base);
}

static bool
listener_open(struct listener *l, struct endpoint *e, struct error *err)
{
	int fd = net_listen_tcp(e, err);

	if (fd == -1)
		return false;
	if (e->port == 0 && !net_bound_endpoint(fd, e)) {
		error_set(err, "getsockname: %s", strerror(errno));
		fd_close(&fd);
		return false;
	}
	/* A backlog of 0 says that it listens already. */
	l->listener = evconnlistener_new(l->service->base, on_accept, l,
	    LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
	if (l->listener == NULL) {
		fd_close(&fd);
		return error_set(err, "evconnlistener_new failed");
	}
	evconnlistener_set_error_cb(l->listener, on_accept_error);
	l->resume = evtimer_new(l->service->base, on_resume, l);
	return l->resume != NULL || error_set(err, "evtimer_new failed");
}

static bool
service_open(struct tcp_service *t, struct error *err)
{
	t->answerer.counters = count_new(&t->answerer.row);
	if (t->answerer.counters == NULL)
		return error_set(
		    err, "more than %d threads would answer", SNAPSHOT_ROWS);
	t->answerer.sampler = sampler_new();
	if (getrandom(&t->answerer.random, sizeof(t->answerer.random), 0) < 0)
		return error_set(err, "getrandom: %s", strerror(errno));
	t->answerer.random |= 1;
	t->secret = t->answerer.random; /* which goes on from there */
	t->base = event_base_new();
	t->stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->base == NULL || t->stop_fd == -1)
		return error_set(err, "event base: %s", strerror(errno));
	t->stop = event_new(t->base, t->stop_fd, EV_READ, on_stop, t);
	t->sweep = evtimer_new(t->base, on_sweep, t);
	if (t->stop == NULL || t->sweep == NULL ||
	    event_add(t->stop, NULL) == -1)
		return error_set(err, "event_new failed");
	return true;
}

static void
service_free(struct tcp_service *t)
{
	while (!TAILQ_EMPTY(&t->connections))
		connection_free(TAILQ_FIRST(&t->connections));
	for (size_t i = 0; i < t->nlisteners; i++) {
		if (t->listeners[i].listener != NULL)
			evconnlistener_free(t->listeners[i].listener);
		if (t->listeners[i].resume != NULL)
			event_free(t->listeners[i].resume);
	}
	spare_fini(&t->spare);
	if (t->stop != NULL)
		event_free(t->stop);
	if (t->sweep != NULL)
		event_free(t->sweep);
	fd_close(&t->stop_fd);
	if (t->base != NULL)
		event_base_free(t->base);
	free(t->listeners);
	free(t);
}

struct tcp_service *
tcp_open(struct endpoint *endpoints, size_t nendpoints, struct error *err)
{
	struct tcp_service *t = xcalloc(1, sizeof(*t));

	TAILQ_INIT(&t->connections);
	for (size_t i = 0; i < BUCKETS; i++)
		TAILQ_INIT(&t->clients[i]);
	t->stop_fd = -1;
	spare_init(&t->spare);
	t->listeners = xcalloc(nendpoints, sizeof(*t->listeners));
	if (!service_open(t, err))
		goto out;
	while (t->nlisteners < nendpoints) {
		struct listener *l = &t->listeners[t->nlisteners];

		l->service = t;
		if (!listener_open(l, &endpoints[t->nlisteners++], err))
			goto out;
	}
	return t;
out:
	service_free(t);
	return NULL;
}

static void *
service_run(void *arg)
{
	struct tcp_service *t = arg;

	rcu_thread_begin();
	rcu_sleep();
	event_base_dispatch(t->base);
	rcu_thread_end();
	return NULL;
}

bool
tcp_start(struct tcp_service *t, struct error *err)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	rc = pthread_create(&t->thread, NULL, service_run, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	t->running = rc == 0;
	return rc == 0 ||
	    error_set(err,
		"the thread of the TCP service cannot be started: %s",
		strerror(rc));
}

void
tcp_stop(struct tcp_service *t)
{
	const uint64_t one = 1;

	while (write(t->stop_fd, &one, sizeof(one)) == -1 && errno == EINTR)
		;
	if (t->running)
		pthread_join(t->thread, NULL);
	service_free(t);
}
