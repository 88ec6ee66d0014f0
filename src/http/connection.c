/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/connection.h"

#include <event2/buffer.h>
#include <jansson.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "base/clock.h"
#include "base/exit.h"
#include "base/number.h"
#include "http/param.h"
#include "http/room.h"

enum { LINGER_S = 1, REFUSED_S = 1, DATE_MAX = 64 };

enum http_status {
	STATUS_OK = 200,
	STATUS_BAD_REQUEST = 400,
	STATUS_BAD_METHOD = 405,
	STATUS_TIMED_OUT = 408,
	STATUS_TOO_LARGE = 413,
	STATUS_MISDIRECTED = 421,
	STATUS_BUSY = 503,
};

static const char busy[] =
    "busy: all connections are in use: try again, or close some of them";

static void take_input(struct http_connection *c);

static struct http_connection *
connection_of(const struct http_request *r)
{
	return (struct http_connection *)((char *)(uintptr_t)r -
	    offsetof(struct http_connection, request));
}

static struct evbuffer *
input_of(const struct http_connection *c)
{
	return bufferevent_get_input(c->bev);
}

static struct evbuffer *
output_of(const struct http_connection *c)
{
	return bufferevent_get_output(c->bev);
}

static void
enter(struct http_connection *c, enum http_state state, time_t limit_s)
{
	const struct timeval limit = {.tv_sec = limit_s};

	c->state = state;
	c->since_ms = clock_mono_ms();
	if (limit_s > 0)
		evtimer_add(c->timer, &limit);
	else
		evtimer_del(c->timer);
}

/* The end -------------------------------------------------------------- */

static void
connection_free(struct http_connection *c)
{
	event_free(c->timer);
	http_head_fini(&c->head);
	free(c);
}

void
http_connection_close(struct http_connection *c)
{
	http_room_remove(c->room, c);
	bufferevent_free(c->bev);
	c->bev = NULL;
	evtimer_del(c->timer);
	if (c->state == HTTP_RUNNING)
		return;
	if (c->state == HTTP_STREAMING)
		c->lost(&c->request);
	connection_free(c);
}

/* All is said.  What was sent is thrown away for a while: unread, it would
 * destroy the reply (RFC 9112 9.6). */
static void
finish(struct http_connection *c)
{
	if (c->has_ended || shutdown(bufferevent_getfd(c->bev), SHUT_WR) != 0) {
		http_connection_close(c);
		return;
	}
	evbuffer_drain(input_of(c), evbuffer_get_length(input_of(c)));
	enter(c, HTTP_CLOSING, LINGER_S);
}

/* Replies ---------------------------------------------------------------- */

static const char *
reason_of(int status)
{
	static const struct {
		int status;
		const char *reason;
	} all[] = {
	    {200, "OK"},
	    {400, "Bad Request"},
	    {403, "Forbidden"},
	    {404, "Not Found"},
	    {405, "Method Not Allowed"},
	    {408, "Request Timeout"},
	    {409, "Conflict"},
	    {413, "Content Too Large"},
	    {414, "URI Too Long"},
	    {417, "Expectation Failed"},
	    {421, "Misdirected Request"},
	    {422, "Unprocessable Content"},
	    {431, "Request Header Fields Too Large"},
	    {501, "Not Implemented"},
	    {503, "Service Unavailable"},
	    {504, "Gateway Timeout"},
	    {505, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (all[i].status == status)
			return all[i].reason;
	return "";
}

static void
add_head(struct http_connection *c, int status, const char *type)
{
	char date[DATE_MAX];
	time_t now = (time_t)clock_wall_s();
	struct tm tm;

	/* RFC 9110 6.6.1, 5.6.7 */
	gmtime_r(&now, &tm);
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	evbuffer_add_printf(output_of(c),
	    "HTTP/1.1 %d %s\r\n"
	    "Date: %s\r\n"
	    "Content-Type: %s\r\n"
	    "Cache-Control: no-store\r\n"
	    "X-Content-Type-Options: nosniff\r\n",
	    status, reason_of(status), date, type);
	if (status == STATUS_BAD_METHOD) /* RFC 9110 15.5.6 */
		evbuffer_add_printf(output_of(c), "Allow: GET, HEAD%s\r\n",
		    c->room->service->methods & HTTP_POST ? ", POST" : "");
	if (c->head.close)
		evbuffer_add_printf(output_of(c), "Connection: close\r\n");
	else if (c->head.is_old)
		evbuffer_add_printf(output_of(c), "Connection: keep-alive\r\n");
}

/* Others read too slowly for all to be kept in memory. */
static void
bound_pending(struct http_connection *c)
{
	struct http_connection *slowest;

	while (http_room_pending(c->room) > HTTP_PENDING_MAX &&
	    (slowest = http_room_slowest(c->room, c)) != NULL)
		http_connection_close(slowest);
}

static void
respond(struct http_connection *c, int status, const char *type,
    const void *text, size_t len)
{
	add_head(c, status, type);
	evbuffer_add_printf(output_of(c), "Content-Length: %zu\r\n\r\n", len);
	if (c->head.method != HTTP_HEAD)
		evbuffer_add(output_of(c), text, len);
	enter(c, HTTP_WRITING, HTTP_REPLY_S);
	bound_pending(c);
}

/* The server's own word; after it nobody knows where the next request would
 * begin. */
static void
refuse(
    struct http_connection *c, int status, enum exit_code code, const char *why)
{
	json_t *error =
	    json_pack("{s:s, s:i}", "error", why, "exit", (int)code);
	char *text = number_json(error, JSON_COMPACT);
	size_t len = strlen(text);

	c->head.close = true;
	text[len] = '\n'; /* in place of the NUL */
	respond(c, status, "application/json", text, len + 1);
	free(text);
	json_decref(error);
}

void
http_reply(struct http_request *r, int status, const char *type,
    const void *text, size_t len)
{
	struct http_connection *c = connection_of(r);

	if (c->bev == NULL)
		connection_free(c);
	else
		respond(c, status, type, text, len);
}

/* Streams ---------------------------------------------------------------- */

bool
http_stream(
    struct http_request *r, const char *type, http_pump *pump, http_lost *lost)
{
	struct http_connection *c = connection_of(r);

	if (c->bev == NULL) {
		connection_free(c);
		return false;
	}
	c->head.close |= c->head.is_old;
	add_head(c, STATUS_OK, type);
	evbuffer_add_printf(output_of(c), "%s\r\n",
	    c->head.is_old ? "" : "Transfer-Encoding: chunked\r\n");
	if (c->head.method == HTTP_HEAD) {
		enter(c, HTTP_WRITING, HTTP_REPLY_S);
		return false;
	}
	c->pump = pump;
	c->lost = lost;
	enter(c, HTTP_STREAMING, HTTP_REPLY_S);
	return true;
}

bool
http_stream_has_room(const struct http_request *r)
{
	return http_connection_pending(connection_of(r)) < HTTP_STREAM_PENDING;
}

void
http_stream_add(struct http_request *r, const char *text, size_t len)
{
	struct http_connection *c = connection_of(r);

	if (!evtimer_pending(c->timer, NULL))
		enter(c, HTTP_STREAMING, HTTP_REPLY_S);
	if (c->head.is_old) {
		evbuffer_add(output_of(c), text, len);
		return;
	}
	evbuffer_add_printf(output_of(c), "%zx\r\n", len);
	evbuffer_add(output_of(c), text, len);
	evbuffer_add(output_of(c), "\r\n", 2);
}

void
http_stream_end(struct http_request *r)
{
	struct http_connection *c = connection_of(r);

	if (!c->head.is_old)
		evbuffer_add_printf(output_of(c), "0\r\n\r\n");
	enter(c, HTTP_WRITING, HTTP_REPLY_S);
	bufferevent_trigger(c->bev, EV_WRITE, BEV_TRIG_DEFER_CALLBACKS);
}

/* Requests --------------------------------------------------------------- */

static pid_t
find_process(const struct http_connection *c)
{
	struct ucred cred = {0};
	socklen_t len = sizeof(cred);

	if (c->room->service->is_unix &&
	    getsockopt(bufferevent_getfd(c->bev), SOL_SOCKET, SO_PEERCRED,
		&cred, &len) == 0)
		return cred.pid;
	return 0;
}

static void
run(struct http_connection *c)
{
	const struct http_service *service = c->room->service;
	size_t len = c->head.length;
	char *query = strchr(c->head.target, '?'), *body;
	struct error err;

	if (query != NULL)
		*query++ = '\0';
	if (!http_decode(c->head.target, "the path", &err)) {
		refuse(c, STATUS_BAD_REQUEST, EXIT_USAGE, err.text);
		return;
	}
	body = xmalloc(len + 1);
	evbuffer_remove(input_of(c), body, len);
	c->request = (struct http_request){
	    .method = c->head.method,
	    .path = c->head.target,
	    .query = query,
	    .body = body,
	    .len = len,
	    .uid = c->peer->uid,
	    .pid = find_process(c),
	    .value = c->head.value,
	};
	enter(c, HTTP_RUNNING, 0);
	service->serve(&c->request, service->arg);
	free(body);
}

/* The head is complete: may it be served?  Else it is refused. */
static bool
is_welcome(struct http_connection *c)
{
	const struct http_service *service = c->room->service;
	char why[HTTP_HOST_MAX + 128];

	if (c->is_refused) {
		refuse(c, STATUS_BUSY, EXIT_WRONG, busy);
		return false;
	}
	/* RFC 9110 15.5.20, 7.4 */
	if (service->has_host != NULL &&
	    (c->head.host[0] != '\0' || !c->head.is_old) &&
	    !service->has_host(c->head.host, service->arg)) {
		snprintf(why, sizeof(why),
		    "Host \"%s\": neither an address, nor localhost, nor one of server.http_names: add it there",
		    c->head.host);
		refuse(c, STATUS_MISDIRECTED, EXIT_WRONG, why);
		return false;
	}
	if ((service->methods & c->head.method) == 0) {
		refuse(c, STATUS_BAD_METHOD, EXIT_WRONG,
		    "this listener is read-only: it accepts GET and HEAD");
		return false;
	}
	if (c->head.length > service->body_max) {
		snprintf(why, sizeof(why), "the body is larger than %zu octets",
		    service->body_max);
		refuse(c, STATUS_TOO_LARGE, EXIT_USAGE, why);
		return false;
	}
	return true;
}

/* False: it is not complete, or refused. */
static bool
take_head(struct http_connection *c)
{
	struct evbuffer *in = input_of(c);
	size_t len = evbuffer_get_length(in), used;
	enum http_result result = http_head_feed(
	    &c->head, (const char *)evbuffer_pullup(in, -1), len, &used);

	evbuffer_drain(in, used);
	if (result == HTTP_WRONG)
		refuse(c, c->head.status, EXIT_USAGE, c->head.err.text);
	if (result != HTTP_DONE || !is_welcome(c))
		return false;
	c->has_head = true;
	if (c->head.expects_continue &&
	    evbuffer_get_length(in) < c->head.length)
		evbuffer_add_printf(
		    output_of(c), "HTTP/1.1 100 Continue\r\n\r\n");
	return true;
}

static void
take_input(struct http_connection *c)
{
	if (evbuffer_get_length(input_of(c)) == 0 && !c->has_head)
		return;
	if (c->state == HTTP_IDLE)
		enter(c, HTTP_READING, HTTP_REQUEST_S);
	if (!c->has_head && !take_head(c))
		return;
	if (evbuffer_get_length(input_of(c)) < c->head.length)
		return;
	c->has_head = false;
	run(c);
}

/* The reply is written. */
static void
go_on(struct http_connection *c)
{
	if (c->head.close) {
		finish(c);
		return;
	}
	http_head_fini(&c->head);
	c->head.wanted = c->room->service->field;
	c->is_served = true;
	enter(c, HTTP_IDLE, HTTP_IDLE_S);
	take_input(c);
	if (c->has_ended && (c->state == HTTP_IDLE || c->state == HTTP_READING))
		http_connection_close(c);
}

/* Events ----------------------------------------------------------------- */

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct http_connection *c = arg;

	(void)bev;
	if (c->state == HTTP_IDLE || c->state == HTTP_READING)
		take_input(c);
	else if (c->state == HTTP_CLOSING)
		evbuffer_drain(input_of(c), evbuffer_get_length(input_of(c)));
}

static void
on_write(struct bufferevent *bev, void *arg)
{
	struct http_connection *c = arg;

	(void)bev;
	if (c->state == HTTP_WRITING) {
		go_on(c);
	} else if (c->state == HTTP_STREAMING) {
		evtimer_del(c->timer);
		c->pump(&c->request);
	}
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct http_connection *c = arg;

	(void)bev;
	c->has_ended = true;
	/* One that sends no more may still read what it has asked for. */
	if ((what & BEV_EVENT_ERROR) != 0 ||
	    (c->state != HTTP_RUNNING && c->state != HTTP_WRITING))
		http_connection_close(c);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct http_connection *c = arg;

	(void)fd;
	(void)what;
	if (c->is_refused && c->state == HTTP_READING)
		refuse(c, STATUS_BUSY, EXIT_WRONG, busy);
	else if (c->state == HTTP_READING)
		refuse(c, STATUS_TIMED_OUT, EXIT_WRONG,
		    "the request was not complete in time");
	else
		http_connection_close(c);
}

void
http_connection_begin(
    struct http_room *room, struct http_peer *peer, int fd, bool is_refused)
{
	struct http_connection *c = xcalloc(1, sizeof(*c));

	c->room = room;
	c->peer = peer;
	c->is_refused = is_refused;
	c->head.wanted = room->service->field;
	c->bev = bufferevent_socket_new(room->base, fd, BEV_OPT_CLOSE_ON_FREE);
	c->timer = evtimer_new(room->base, on_timer, c);
	http_room_add(room, c);
	bufferevent_setcb(c->bev, on_read, on_write, on_event, c);
	bufferevent_setwatermark(
	    c->bev, EV_READ, 0, HTTP_HEAD_MAX + room->service->body_max);
	enter(c, HTTP_READING, is_refused ? REFUSED_S : HTTP_REQUEST_S);
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

/* For others ------------------------------------------------------------- */

static void
write_now(struct http_connection *c)
{
	struct evbuffer *out = output_of(c);
	int fd = bufferevent_getfd(c->bev);

	bufferevent_disable(c->bev, EV_READ | EV_WRITE);
	evbuffer_unfreeze(out, 1);
	while (evbuffer_get_length(out) > 0 && evbuffer_write(out, fd) > 0)
		;
}

void
http_connection_dismiss(
    struct http_connection *c, enum exit_code code, const char *why)
{
	enum http_state state = c->state;

	if (state == HTTP_STREAMING) {
		c->pump(&c->request);
		if (!c->head.is_old)
			evbuffer_add_printf(output_of(c), "0\r\n\r\n");
	} else if (state == HTTP_RUNNING || state == HTTP_READING) {
		refuse(c, STATUS_BUSY, code, why);
		c->state = state;
	}
	write_now(c);
	http_connection_close(c);
}

bool
http_connection_is_waiting(const struct http_connection *c)
{
	char octet;

	return (c->state != HTTP_IDLE && c->state != HTTP_READING) ||
	    recv(bufferevent_getfd(c->bev), &octet, 1,
		MSG_PEEK | MSG_DONTWAIT) <= 0;
}

size_t
http_connection_pending(const struct http_connection *c)
{
	return evbuffer_get_length(output_of(c));
}
