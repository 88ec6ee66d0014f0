/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A small HTTP/1.1 server: one request at a time and connection, heads read
 * strictly (http/head), each wait bounded in time and memory.  When all places
 * are taken, the connection that waits for its client longest makes room, first
 * of the user or address that has the most.  Main thread.
 *
 * evhttp is not used, as it reads leniently what could be two requests, has no
 * limit of connections, spins when accept(2) fails and tells nothing of the end
 * of a connection without a request.
 */
#ifndef HTTP_SERVER_H
#define HTTP_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/error.h"
#include "http/head.h"

enum {
	HTTP_REQUEST_S = 10, /* from its first octet until it is complete */
	HTTP_IDLE_S = 60,    /* between requests */
	HTTP_REPLY_S = 60,   /* until a reply is read; a stream: all of it */
	HTTP_CONNECTIONS_MAX = 128,
	HTTP_RESERVED = 8,              /* of these, for root */
	HTTP_REFUSED_MAX = 32,          /* that are told why, at a time */
	HTTP_PENDING_MAX = 64 << 20,    /* unread octets of all replies */
	HTTP_STREAM_PENDING = 64 << 10, /* unread octets of a stream */
};

/* The service keeps it until it has replied. */
struct http_request {
	enum http_method method;
	char *path;        /* decoded */
	const char *query; /* as it came; NULL: none */
	const void *body;  /* until serve returns */
	size_t len;
	uid_t uid;         /* the client's, on a Unix socket */
	pid_t pid;         /* likewise; 0: not known */
	const char *value; /* of the field that the service wants; "": none */
	void *arg;         /* the service's */
};

struct http_service {
	const char *what;  /* in the log: "control socket" */
	unsigned methods;  /* of enum http_method */
	size_t body_max;   /* octets */
	const char *field; /* whose value it wants; NULL: none */
	unsigned peer_max; /* connections of a user, or an address */
	bool is_unix;
	bool operators; /* root has places of its own, and they may have the
			   last descriptors */
	bool (*has_host)(const char *host, void *arg); /* NULL: any will do */
	void (*serve)(struct http_request *r, void *arg);
	void *arg;
};

struct http_server;

/* fd listens, and is taken over; service stays the caller's. */
struct http_server *http_server_new(
    struct event_base *base, int fd, const struct http_service *service);

/* Writes what can be written at once, tells who waits that the daemon ends,
 * and closes all.  Requests may be replied to later, and are freed by that. */
void http_server_free(struct http_server *s);

/* The reply; r is gone. */
void http_reply(struct http_request *r, int status, const char *type,
    const void *text, size_t len);

/*
 * A reply (200) without end: pump is called whenever there is room, and lost
 * once, when the client is gone or reads nothing for HTTP_REPLY_S; after that r
 * is gone.  False: the client is gone already, and r with it.
 */
typedef void http_pump(struct http_request *r);
typedef void http_lost(struct http_request *r);
bool http_stream(
    struct http_request *r, const char *type, http_pump *pump, http_lost *lost);
/* False: what is unread is HTTP_STREAM_PENDING; pump will be called. */
bool http_stream_has_room(const struct http_request *r);
void http_stream_add(struct http_request *r, const char *text, size_t len);
/* Ends it; r is gone, and lost is not called. */
void http_stream_end(struct http_request *r);

#endif
