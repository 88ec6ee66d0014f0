/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "probe/tcp.h"

struct http {
	struct evhttp_connection *connection; /* NULL: none */
	struct tcp_attempt why;               /* why it does not connect */
	struct event *again; /* asks anew on a new connection */
	bool reused;         /* it has answered before */
	bool failed;         /* error says how */
	enum evhttp_request_error error;
};

static void http_request(struct probe *p);

static void
http_close(struct http *h)
{
	if (h->connection != NULL)
		evhttp_connection_free(h->connection);
	h->connection = NULL;
	h->reused = false;
}

static void
http_abort(struct probe *p)
{
	struct http *h = p->state;

	evtimer_del(h->again);
	attempt_stop(&h->why);
	http_close(h);
}

static bool
body_contains(struct evhttp_request *request, const char *text)
{
	struct evbuffer *body = evhttp_request_get_input_buffer(request);

	return evbuffer_search(body, text, strlen(text), NULL).pos >= 0;
}

static void
http_judge(struct probe *p, struct evhttp_request *request)
{
	const struct conf_monitor *m = p->watch->monitor;
	int status = evhttp_request_get_response_code(request);
	struct http *h = p->state;

	h->reused = true;
	if (status != m->status)
		probe_done(
		    p, false, "status", "status %d, not %u", status, m->status);
	else if (m->body != NULL && !body_contains(request, m->body))
		probe_done(p, false, "body",
		    "status %d, but the body has no "
		    "\"%.60s\"",
		    status, m->body);
	else
		probe_done(p, true, "ok", "status %d in %.1f ms", status,
		    (double)(clock_mono_us() - p->started_us) / 1000);
}

/* What evhttp says of a reply that broke off. */
static void
http_broken(struct probe *p, enum evhttp_request_error error)
{
	switch (error) {
	case EVREQ_HTTP_DATA_TOO_LONG:
		probe_done(
		    p, false, "body", "more than %d octets", HTTP_BODY_MAX);
		return;
	case EVREQ_HTTP_INVALID_HEADER:
		probe_done(p, false, "protocol", "the reply is not HTTP");
		return;
	case EVREQ_HTTP_TIMEOUT:
		probe_failed(p, ETIMEDOUT);
		return;
	default:
		probe_done(p, false, "reset", "closed before the reply ended");
	}
}

static void
http_error(enum evhttp_request_error error, void *arg)
{
	struct http *h = ((struct probe *)arg)->state;

	h->failed = true;
	h->error = error;
}

/* A connection cannot be freed within its own callback: later. */
static void
http_again(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	http_close(p->state);
	http_request(p);
}

static void
http_not_connected(struct probe *p, int error)
{
	probe_failed(p, error != 0 ? error : ECONNRESET);
}

static void
http_reply(struct evhttp_request *request, void *arg)
{
	struct probe *p = arg;
	struct http *h = p->state;
	const struct timeval now = {0};

	if (request != NULL && evhttp_request_get_response_code(request) != 0) {
		http_judge(p, request);
	} else if (h->reused && (!h->failed || h->error == EVREQ_HTTP_EOF)) {
		/* The peer closed while we asked: ask anew, once. */
		h->reused = false;
		evtimer_add(h->again, &now);
	} else if (h->failed) {
		http_broken(p, h->error);
	} else {
		/* evhttp has lost why by now. */
		attempt_begin(&h->why, p, http_not_connected);
	}
}

static void
http_connect(struct probe *p)
{
	char address[ADDR_TEXT_MAX];
	struct http *h = p->state;

	if (h->connection != NULL)
		return;
	h->connection =
	    evhttp_connection_base_bufferevent_new(probe_base(p), NULL, NULL,
		addr_format(address, &p->watch->addr), p->watch->monitor->port);
	if (h->connection == NULL)
		return;
	evhttp_connection_set_max_body_size(h->connection, HTTP_BODY_MAX);
	evhttp_connection_set_max_headers_size(h->connection, HTTP_HEADERS_MAX);
}

static void
http_request(struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	char host[ADDR_TEXT_MAX + 2], address[ADDR_TEXT_MAX];
	struct http *h = p->state;
	struct evhttp_request *request = NULL;
	struct evkeyvalq *headers;

	h->failed = false;
	http_connect(p);
	if (h->connection != NULL)
		request = evhttp_request_new(http_reply, p);
	if (request == NULL) {
		probe_failed(p, ENOMEM);
		return;
	}
	snprintf(host, sizeof(host), p->watch->addr.family == 6 ? "[%s]" : "%s",
	    addr_format(address, &p->watch->addr));
	evhttp_request_set_error_cb(request, http_error);
	headers = evhttp_request_get_output_headers(request);
	evhttp_add_header(headers, "Host", m->host != NULL ? m->host : host);
	evhttp_add_header(headers, "User-Agent", "meridian-probe");
	if (evhttp_make_request(h->connection, request, EVHTTP_REQ_GET,
		m->path != NULL ? m->path : "/") != 0 &&
	    p->busy)
		probe_failed(p, ECONNRESET);
}

static void
http_start(struct probe *p)
{
	struct http *h = p->state;

	if (h == NULL) {
		p->state = h = xcalloc(1, sizeof(*h));
		h->again = evtimer_new(probe_base(p), http_again, p);
	}
	http_request(p);
}

static void
http_free(struct probe *p)
{
	struct http *h = p->state;

	if (h == NULL)
		return;
	http_close(h);
	event_free(h->again);
	free(h);
}

const struct probe_type http_probe_type = {http_start, http_abort, http_free};
