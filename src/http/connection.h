/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One connection of an HTTP server: a request is read, handed to the service,
 * and its reply written; then the next.  Of http/ and nobody else.  Main
 * thread.
 */
#ifndef HTTP_CONNECTION_H
#define HTTP_CONNECTION_H

#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/exit.h"
#include "http/head.h"
#include "http/server.h"

enum http_state {
	HTTP_IDLE,      /* nothing of the next request has come */
	HTTP_READING,   /* a request is not complete */
	HTTP_RUNNING,   /* the service has it */
	HTTP_WRITING,   /* the reply is on its way */
	HTTP_STREAMING, /* the service adds to the reply, without end */
	HTTP_CLOSING,   /* all is said; what still comes is thrown away */
};

/* http/room.h */
struct http_peer;
struct http_room;

struct http_connection {
	TAILQ_ENTRY(http_connection) entry;
	struct http_room *room;
	struct http_peer *peer;
	struct bufferevent *bev; /* NULL: the client is gone */
	struct event *timer;
	enum http_state state;
	uint64_t since_ms; /* of the state, but READING: of the request */
	uint64_t round;    /* http/room looked at it in */
	bool is_refused;   /* there was no place for it */
	bool is_served;    /* it has had a reply */
	bool has_ended;    /* the client sends no more */
	bool has_head;     /* READING: the body is not complete */
	struct http_head head;
	struct http_request request;
	http_pump *pump; /* while STREAMING */
	http_lost *lost;
};

TAILQ_HEAD(http_connections, http_connection);

/* Takes over fd, and its place in the room. */
void http_connection_begin(
    struct http_room *room, struct http_peer *peer, int fd, bool is_refused);

/* Closes it at once.  One that RUNS is kept until its reply. */
void http_connection_close(struct http_connection *c);

/* The same, but writes what can be written at once, and tells who waits why. */
void http_connection_dismiss(
    struct http_connection *c, enum exit_code code, const char *why);

/* Nothing of a request has come that was not read. */
bool http_connection_is_waiting(const struct http_connection *c);

/* Octets of replies that the client has not read. */
size_t http_connection_pending(const struct http_connection *c);

#endif
