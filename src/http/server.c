/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/server.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/spare.h"
#include "http/room.h"

enum { PAUSE_MS = 100, ACCEPT_AT_ONCE = 32, BACKLOG_MAX = 1024 };

static const char make_room[] =
    "busy: closed to make room for another connection";
static const char ending[] = "the daemon is shutting down";

struct http_server {
	struct http_room room;
	int fd;
	struct event *ready, *resume;
	struct log_gate starved, crowded, full;
};

static void
pause_accepting(struct http_server *s, int error)
{
	const struct timeval pause = {.tv_usec = PAUSE_MS * 1000};

	if (log_is_due(&s->starved))
		log_error("%s: connections cannot be accepted: %s",
		    s->room.service->what, strerror(error));
	event_del(s->ready);
	evtimer_add(s->resume, &pause);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;

	(void)fd;
	(void)what;
	event_add(s->ready, NULL);
}

/* Of one's own, or (NULL) of anybody's; false: all are at work. */
static bool
make_way(struct http_server *s, const struct http_peer *peer)
{
	struct http_connection *c = http_room_victim(&s->room, peer);

	if (c == NULL)
		return false;
	if (log_is_due(&s->crowded))
		log_warning(
		    "%s: %u connections are open: those waiting longest are closed for new ones",
		    s->room.service->what, s->room.n);
	http_connection_dismiss(c, EXIT_WRONG, make_room);
	return true;
}

static unsigned
places_for(const struct http_server *s, const struct http_peer *peer)
{
	bool is_root = peer->is_user && peer->uid == 0;

	return s->room.service->operators && !is_root
	    ? HTTP_CONNECTIONS_MAX - HTTP_RESERVED
	    : HTTP_CONNECTIONS_MAX;
}

/* One without a place is told so, while there are not too many of these. */
static void
admit(struct http_server *s, int fd)
{
	struct http_peer *peer = http_room_peer(&s->room, fd);
	bool has_place = true;

	/* A peer must outlive its connection that makes way: the new one is
	 * counted first. */
	peer->total++;
	if (peer->n >= s->room.service->peer_max)
		has_place = make_way(s, peer);
	if (has_place && s->room.n >= places_for(s, peer))
		has_place = make_way(s, NULL);
	if (!has_place && log_is_due(&s->full))
		log_warning(
		    "%s: busy: all %u connections are serving requests; new ones are refused",
		    s->room.service->what, s->room.n);
	if (!has_place && s->room.nrefused >= HTTP_REFUSED_MAX)
		http_connection_close(http_room_refused(&s->room));
	peer->total--;
	http_connection_begin(&s->room, peer, fd, !has_place);
}

/* The last descriptors are not for all. */
static bool
is_starved(const struct http_server *s)
{
	return spare_only_last(
	    s->room.service->operators ? SPARE_FILES : SPARE_LAST);
}

/* The next one that waits; false: none does, or there is no descriptor for it.
 * accept(2) says EMFILE before it looks whether any waits: only of the first it
 * is known that there is one for whom another can make way. */
static bool
accept_one(struct http_server *s, bool is_first)
{
	int fd;

	if (is_starved(s)) {
		/* What makes way is closed by the loop: its descriptor is for
		 * the next round, and none of the last ones until then. */
		if (is_first && !make_way(s, NULL))
			pause_accepting(s, EMFILE);
		return false;
	}
	fd = accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd >= 0)
		admit(s, fd);
	else if (errno == EINTR || errno == ECONNABORTED)
		return true;
	else if (errno != EAGAIN && is_first && !make_way(s, NULL))
		pause_accepting(s, errno);
	return fd >= 0;
}

static void
on_ready(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;

	(void)fd;
	(void)what;
	for (unsigned i = 0; i < ACCEPT_AT_ONCE; i++)
		if (!accept_one(s, i == 0))
			return;
}

struct http_server *
http_server_new(
    struct event_base *base, int fd, const struct http_service *service)
{
	struct http_server *s = xcalloc(1, sizeof(*s));

	http_room_init(&s->room, base, service);
	s->fd = fd;
	s->ready = event_new(base, fd, EV_READ | EV_PERSIST, on_ready, s);
	s->resume = evtimer_new(base, on_resume, s);
	event_add(s->ready, NULL);
	return s;
}

void
http_server_free(struct http_server *s)
{
	struct http_connection *c;

	if (s == NULL)
		return;
	for (unsigned i = 0; i < BACKLOG_MAX; i++) {
		int fd =
		    accept4(s->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			break;
		http_connection_begin(
		    &s->room, http_room_peer(&s->room, fd), fd, false);
	}
	fd_close(&s->fd);
	while ((c = TAILQ_FIRST(&s->room.open)) != NULL)
		http_connection_dismiss(c, EXIT_NO_DAEMON, ending);
	event_free(s->ready);
	event_free(s->resume);
	free(s);
}
