/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/accept.h"

#include <errno.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <string.h>
#include <sys/queue.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/spare.h"

enum { PAUSE_MS = 100 };

/* How long a socket may outlive its connection, which is shut down at once. */
static const struct timeval reap_every = {.tv_usec = 50000};

struct acceptor {
	LIST_ENTRY(acceptor) entry;
	struct evhttp *http;
	struct evconnlistener *listener; /* http's; NULL: at the end */
	struct event *resume, *reaper;
	const char *what;
	unsigned most;
	bool operators; /* who may have the last descriptors */
	/* evhttp tells of no end of a connection that made no request: each is
	 * held here too, until it is seen to be held by nobody else. */
	VEC(struct bufferevent *) open;
	struct log_gate starved;
};

/* evhttp hands nothing to the callback of an error but itself. */
static LIST_HEAD(acceptors, acceptor) all = LIST_HEAD_INITIALIZER(all);

static bool
is_starved(const struct acceptor *a)
{
	return spare_only_last(a->operators ? SPARE_FILES : SPARE_LAST);
}

static void
pause_for_descriptors(struct acceptor *a, int error)
{
	const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};

	if (log_is_due(&a->starved))
		log_error("%s: connections cannot be accepted: %s", a->what,
		    strerror(error));
	evconnlistener_disable(a->listener);
	evtimer_add(a->resume, &pause);
}

static void
go_on(struct acceptor *a)
{
	if (a->listener == NULL || a->open.n >= a->most ||
	    evtimer_pending(a->resume, NULL))
		return;
	if (is_starved(a))
		pause_for_descriptors(a, EMFILE);
	else
		evconnlistener_enable(a->listener);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	go_on(arg);
}

static void
on_accept_error(struct evconnlistener *listener, void *http)
{
	int code = EVUTIL_SOCKET_ERROR();
	struct acceptor *a = LIST_FIRST(&all);

	(void)listener;
	while (a->http != http)
		a = LIST_NEXT(a, entry);
	pause_for_descriptors(a, code);
}

/* evhttp takes its callbacks away from what it lets go. */
static bool
is_released(struct bufferevent *bev)
{
	bufferevent_event_cb on_event;

	bufferevent_getcb(bev, NULL, NULL, &on_event, NULL);
	return on_event == NULL;
}

static void
reap(struct acceptor *a)
{
	size_t kept = 0;

	for (size_t i = 0; i < a->open.n; i++) {
		if (is_released(a->open.at[i]))
			bufferevent_decref(a->open.at[i]);
		else
			a->open.at[kept++] = a->open.at[i];
	}
	a->open.n = kept;
}

static void
on_reap(evutil_socket_t fd, short what, void *arg)
{
	struct acceptor *a = arg;

	(void)fd;
	(void)what;
	reap(a);
	if (a->open.n > 0)
		evtimer_add(a->reaper, &reap_every);
	go_on(a);
}

/* A connection begins. */
static struct bufferevent *
on_open(struct event_base *base, void *arg)
{
	struct acceptor *a = arg;
	struct bufferevent *bev =
	    bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);

	reap(a);
	bufferevent_incref(bev);
	vec_push(&a->open, bev);
	if (a->open.n == a->most)
		evconnlistener_disable(a->listener);
	else if (is_starved(a))
		pause_for_descriptors(a, EMFILE);
	if (!evtimer_pending(a->reaper, NULL))
		evtimer_add(a->reaper, &reap_every);
	return bev;
}

struct acceptor *
accept_begin(struct event_base *base, struct evhttp *http, int fd,
    unsigned most, bool operators, const char *what)
{
	struct evhttp_bound_socket *bound =
	    evhttp_accept_socket_with_handle(http, fd);
	struct acceptor *a;

	if (bound == NULL)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->http = http;
	a->listener = evhttp_bound_socket_get_listener(bound);
	a->resume = evtimer_new(base, on_resume, a);
	a->reaper = evtimer_new(base, on_reap, a);
	a->what = what;
	a->most = most;
	a->operators = operators;
	LIST_INSERT_HEAD(&all, a, entry);
	evconnlistener_set_error_cb(a->listener, on_accept_error);
	evhttp_set_bevcb(http, on_open, a);
	return a;
}

void
accept_end(struct acceptor *a)
{
	if (a == NULL)
		return;
	a->listener = NULL;
	evhttp_free(a->http);
	reap(a);
	vec_free(&a->open);
	LIST_REMOVE(a, entry);
	event_free(a->resume);
	event_free(a->reaper);
	free(a);
}
