/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The connections of an HTTP server, by who is at the other end, and which one
 * makes room.  Of http/ and nobody else.  Main thread.
 */
#ifndef HTTP_ROOM_H
#define HTTP_ROOM_H

#include <sys/queue.h>

#include "base/net.h"
#include "http/connection.h"

struct http_peer {
	TAILQ_ENTRY(http_peer) entry;
	bool is_user;
	uid_t uid;
	struct addr addr; /* an IPv6 address: its /64 */
	unsigned n;       /* its connections, but for those refused */
	unsigned total;   /* with those */
};

TAILQ_HEAD(http_peers, http_peer);

struct http_room {
	struct event_base *base;
	const struct http_service *service;
	struct http_connections open;
	struct http_peers peers;
	unsigned n;        /* connections, but for those refused */
	unsigned nrefused; /* those */
	uint64_t round;    /* of looking for one that makes room */
};

void http_room_init(struct http_room *room, struct event_base *base,
    const struct http_service *service);

/* Who is at the other end of fd. */
struct http_peer *http_room_peer(struct http_room *room, int fd);

/* Puts a connection in, and takes it out, its peer with its last one. */
void http_room_add(struct http_room *room, struct http_connection *c);
void http_room_remove(struct http_room *room, struct http_connection *c);

/* The one that makes room: of a peer, or (NULL) of any; NULL: all are at
 * work. */
struct http_connection *http_room_victim(
    struct http_room *room, const struct http_peer *peer);

/* Of those refused, the first; NULL: none is. */
struct http_connection *http_room_refused(struct http_room *room);

/* Of those whose reply is on its way, the first but for one; NULL: none is. */
struct http_connection *http_room_slowest(
    struct http_room *room, const struct http_connection *but);

/* Unread octets of all replies. */
size_t http_room_pending(const struct http_room *room);

#endif
