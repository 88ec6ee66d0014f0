/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/room.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

enum { IPV6_CLIENT = 64 };

void
http_room_init(struct http_room *room, struct event_base *base,
    const struct http_service *service)
{
	memset(room, 0, sizeof(*room));
	room->base = base;
	room->service = service;
	TAILQ_INIT(&room->open);
	TAILQ_INIT(&room->peers);
}

static void
find_address(int fd, struct addr *a)
{
	struct sockaddr_storage ss = {0};
	socklen_t len = sizeof(ss);

	if (getpeername(fd, (struct sockaddr *)&ss, &len) != 0)
		return;
	addr_from_sockaddr(a, (const struct sockaddr *)&ss);
	if (a->family == 6)
		addr_mask(a, IPV6_CLIENT);
}

struct http_peer *
http_room_peer(struct http_room *room, int fd)
{
	struct http_peer want = {.uid = (uid_t)-1}, *peer;
	struct ucred cred;
	socklen_t len = sizeof(cred);

	if (!room->service->is_unix) {
		find_address(fd, &want.addr);
	} else if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &len) == 0) {
		want.is_user = true;
		want.uid = cred.uid;
	}
	for (peer = TAILQ_FIRST(&room->peers); peer != NULL;
	     peer = TAILQ_NEXT(peer, entry))
		if (peer->uid == want.uid &&
		    addr_equal(&peer->addr, &want.addr))
			return peer;
	peer = xcalloc(1, sizeof(*peer));
	*peer = want;
	TAILQ_INSERT_TAIL(&room->peers, peer, entry);
	return peer;
}

void
http_room_add(struct http_room *room, struct http_connection *c)
{
	unsigned one = !c->is_refused;

	TAILQ_INSERT_TAIL(&room->open, c, entry);
	room->n += one;
	room->nrefused += !one;
	c->peer->n += one;
	c->peer->total++;
}

void
http_room_remove(struct http_room *room, struct http_connection *c)
{
	unsigned one = !c->is_refused;
	struct http_peer *peer = c->peer;

	TAILQ_REMOVE(&room->open, c, entry);
	room->n -= one;
	room->nrefused -= !one;
	peer->n -= one;
	c->peer = NULL;
	if (--peer->total > 0)
		return;
	TAILQ_REMOVE(&room->peers, peer, entry);
	free(peer);
}

/* The client has not read for a while what is there for it. */
static bool
is_stalled(const struct http_connection *c)
{
	enum { STALLED_MS = 1000 };

	return http_connection_pending(c) > 0 &&
	    clock_mono_ms() - c->since_ms > STALLED_MS;
}

/* What is lost least; 0: it may not be closed. */
static unsigned
cheapness(const struct http_connection *c)
{
	if (c->is_refused)
		return 0;
	switch (c->state) {
	case HTTP_CLOSING:
		return 4;
	case HTTP_IDLE:
		return 3;
	case HTTP_READING:
		return 2;
	case HTTP_WRITING:
		return 1;
	case HTTP_STREAMING:
		return is_stalled(c);
	case HTTP_RUNNING:
		break;
	}
	return 0;
}

static bool
is_better(const struct http_connection *c, const struct http_connection *best)
{
	unsigned a = cheapness(c), b;

	if (a == 0 || best == NULL)
		return a > 0;
	if (c->peer->n != best->peer->n)
		return c->peer->n > best->peer->n;
	b = cheapness(best);
	return a != b ? a > b : c->since_ms < best->since_ms;
}

/* But for those looked at in this round. */
static struct http_connection *
cheapest(struct http_room *room, const struct http_peer *peer)
{
	struct http_connection *c, *best = NULL;

	for (c = TAILQ_FIRST(&room->open); c != NULL; c = TAILQ_NEXT(c, entry))
		if (c->round != room->round &&
		    (peer == NULL || c->peer == peer) && is_better(c, best))
			best = c;
	return best;
}

struct http_connection *
http_room_victim(struct http_room *room, const struct http_peer *peer)
{
	struct http_connection *c, *served = NULL;

	room->round++;
	while ((c = cheapest(room, peer)) != NULL) {
		if (http_connection_is_waiting(c))
			return c;
		if (served == NULL && c->is_served)
			served = c;
		c->round = room->round;
	}
	/* Some ask without end; each has had a reply. */
	return served;
}

struct http_connection *
http_room_refused(struct http_room *room)
{
	struct http_connection *c;

	for (c = TAILQ_FIRST(&room->open); c != NULL; c = TAILQ_NEXT(c, entry))
		if (c->is_refused)
			return c;
	return NULL;
}

struct http_connection *
http_room_slowest(struct http_room *room, const struct http_connection *but)
{
	struct http_connection *c, *slowest = NULL;

	for (c = TAILQ_FIRST(&room->open); c != NULL; c = TAILQ_NEXT(c, entry))
		if (c != but && c->state == HTTP_WRITING &&
		    (slowest == NULL || c->since_ms < slowest->since_ms))
			slowest = c;
	return slowest;
}

size_t
http_room_pending(const struct http_room *room)
{
	const struct http_connection *c;
	size_t sum = 0;

	for (c = TAILQ_FIRST(&room->open); c != NULL; c = TAILQ_NEXT(c, entry))
		sum += http_connection_pending(c);
	return sum;
}
