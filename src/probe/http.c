/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <event2/http.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/spare.h"
#include "probe/load.h"
#include "probe/tcp.h"
#include "probe/tls.h"

enum { LOAD_TEXT_MAX = 32 };

struct http {
	struct evhttp_connection *connection; /* NULL: none */
	struct tls tls;                       /* of the connection */
	struct tcp_attempt why;               /* why it does not connect */
	struct event *again; /* asks anew on a new connection */
	unsigned answers;    /* on this connection */
	size_t received;     /* octets of the reply */
	bool closed;         /* by the peer */
	bool failed;         /* error says how */
	enum evhttp_request_error error;
};

static const struct method {
	enum evhttp_cmd_type type;
} methods[] = {
    [CONF_METHOD_GET] = {EVHTTP_REQ_GET},
    [CONF_METHOD_HEAD] = {EVHTTP_REQ_HEAD},
    [CONF_METHOD_POST] = {EVHTTP_REQ_POST},
    [CONF_METHOD_PUT] = {EVHTTP_REQ_PUT},
    [CONF_METHOD_OPTIONS] = {EVHTTP_REQ_OPTIONS},
};

static void http_request(struct probe *p);

static bool
is_https(const struct probe *p)
{
	return p->watch->monitor->type == CONF_MONITOR_HTTPS;
}

/* Not within a callback of the connection. */
static void
http_close(struct http *h)
{
	if (h->connection != NULL) {
		evhttp_connection_set_closecb(h->connection, NULL, NULL);
		tls_end(&h->tls, !h->closed);
		evhttp_connection_free(h->connection);
	}
	h->connection = NULL;
	h->closed = false;
	h->answers = 0;
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

static bool
status_expected(const struct conf_monitor *m, int status)
{
	for (size_t i = 0; i < m->nstatuses; i++)
		if (m->statuses[i] == status)
			return true;
	return false;
}

/* "200 or 204" */
static const char *
statuses_format(char *buf, size_t size, const struct conf_monitor *m)
{
	size_t len = 0;

	for (size_t i = 0; i < m->nstatuses && len < size; i++)
		len += (size_t)snprintf(buf + len, size - len, "%s%u",
		    i == 0 ? "" : " or ", m->statuses[i]);
	return buf;
}

/* ", load 83%", when it says so: returns buf. */
static const char *
http_load(
    char buf[LOAD_TEXT_MAX], struct probe *p, struct evhttp_request *request)
{
	const struct conf_load *l = &p->watch->monitor->load;
	struct evbuffer *body = evhttp_request_get_input_buffer(request);
	size_t len = evbuffer_get_length(body);
	const char *header = NULL;
	double load;

	*buf = '\0';
	if (l->header == NULL && l->metric == NULL)
		return buf;
	if (l->header != NULL)
		header = evhttp_find_header(
		    evhttp_request_get_input_headers(request), l->header);
	if (!load_find(l, header,
		len > 0 ? (const char *)evbuffer_pullup(body, -1) : "", len,
		&load)) {
		snprintf(buf, LOAD_TEXT_MAX, ", no load in it");
		return buf;
	}
	p->watch->load = load;
	p->watch->load_ms = clock_mono_ms();
	snprintf(buf, LOAD_TEXT_MAX, ", load %.0f%%", 100 * load);
	return buf;
}

static void
http_judge(struct probe *p, struct evhttp_request *request)
{
	const struct conf_monitor *m = p->watch->monitor;
	int status = evhttp_request_get_response_code(request);
	struct http *h = p->state;
	char buf[64], left[TLS_LEFT_MAX], load[LOAD_TEXT_MAX];

	h->answers++;
	if (!status_expected(m, status))
		probe_done(p, false, "status", "status %d, not %s", status,
		    statuses_format(buf, sizeof(buf), m));
	else if (m->body != NULL && !body_contains(request, m->body))
		probe_done(p, false, "body",
		    "status %d, but the body has no "
		    "\"%.60s\"",
		    status, m->body);
	else
		probe_done(p, true, "ok", "status %d in %.1f ms%s%s", status,
		    (double)(clock_mono_us() - p->started_us) / 1000,
		    http_load(load, p, request), tls_left(left, p->watch));
}

/* What evhttp says of a reply that broke off.  It calls a header that is too
 * long an invalid one. */
static void
http_broken(struct probe *p, enum evhttp_request_error error)
{
	const struct http *h = p->state;

	switch (error) {
	case EVREQ_HTTP_DATA_TOO_LONG:
		probe_done(p, false, "too_long",
		    "the body has more than %u octets",
		    p->watch->monitor->body_max);
		return;
	case EVREQ_HTTP_INVALID_HEADER:
		if (h->received > HTTP_HEADERS_MAX)
			probe_done(p, false, "too_long",
			    "the header has more than %d octets",
			    HTTP_HEADERS_MAX);
		else
			probe_done(
			    p, false, "protocol", "the reply is not HTTP");
		return;
	case EVREQ_HTTP_TIMEOUT:
		probe_failed(p, ETIMEDOUT);
		return;
	default:
		probe_done(p, false, "reset", "closed before the reply ended");
	}
}

static void
http_received(
    struct evbuffer *input, const struct evbuffer_cb_info *info, void *arg)
{
	struct http *h = arg;

	(void)input;
	h->received += info->n_added;
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
	if (error == 0 && is_https(p))
		probe_done(p, false, "reset", "closed in the TLS handshake");
	else
		probe_failed(p, error != 0 ? error : ECONNRESET);
}

static bool
tls_is_wrong(const struct probe *p)
{
	struct http *h = p->state;
	struct bufferevent *bev =
	    evhttp_connection_get_bufferevent(h->connection);
	unsigned long error;

	while (is_https(p) && (error = bufferevent_get_openssl_error(bev)) != 0)
		tls_blame(&h->tls, error);
	return h->tls.wrong[0] != '\0';
}

static void
http_reply(struct evhttp_request *request, void *arg)
{
	struct probe *p = arg;
	struct http *h = p->state;
	const struct timeval now = {0};

	if (request != NULL && evhttp_request_get_response_code(request) != 0) {
		http_judge(p, request);
	} else if (h->answers > 0 &&
	    (!h->failed || h->error == EVREQ_HTTP_EOF)) {
		/* The peer closed while we asked: ask anew, once. */
		h->answers = 0;
		evtimer_add(h->again, &now);
	} else if (tls_is_wrong(p)) {
		probe_done(p, false, "tls", "TLS: %s", h->tls.wrong);
	} else if (h->failed) {
		http_broken(p, h->error);
	} else {
		/* evhttp has lost why by now. */
		attempt_begin(&h->why, p, http_not_connected);
	}
}

static void
http_closed(struct evhttp_connection *connection, void *arg)
{
	struct http *h = ((struct probe *)arg)->state;

	(void)connection;
	h->closed = true;
}

static struct bufferevent *
http_tls(struct probe *p)
{
	struct http *h = p->state;
	SSL *ssl = tls_begin(&h->tls, probe_tls(p), p->watch);
	struct bufferevent *bev;

	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(probe_base(p), -1, ssl,
	    BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

static bool
http_connect(struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	char address[ADDR_TEXT_MAX];
	struct http *h = p->state;
	struct bufferevent *bev = NULL;

	if (is_https(p) && (bev = http_tls(p)) == NULL)
		return false;
	h->connection = evhttp_connection_base_bufferevent_new(probe_base(p),
	    NULL, bev, addr_format(address, &p->watch->addr), m->port);
	if (h->connection == NULL)
		return false;
	evhttp_connection_set_max_body_size(h->connection, m->body_max);
	evhttp_connection_set_max_headers_size(h->connection, HTTP_HEADERS_MAX);
	/* evhttp's own timeouts come after those of the probe. */
	evhttp_connection_set_timeout(
	    h->connection, (int)((m->interval_ms + m->timeout_ms) / 1000 + 1));
	evhttp_connection_set_closecb(h->connection, http_closed, p);
	evbuffer_add_cb(bufferevent_get_input(
			    evhttp_connection_get_bufferevent(h->connection)),
	    http_received, h);
	return true;
}

const char *
http_host(char buf[HTTP_HOST_MAX], const struct watch *w, uint16_t usual)
{
	const struct conf_monitor *m = w->monitor;
	char address[ADDR_TEXT_MAX];
	int n;

	if (m->host != NULL)
		return m->host;
	n = snprintf(buf, HTTP_HOST_MAX, w->addr.family == 6 ? "[%s]" : "%s",
	    addr_format(address, &w->addr));
	if (m->port != usual)
		snprintf(buf + n, HTTP_HOST_MAX - (size_t)n, ":%u", m->port);
	return buf;
}

static void
http_add_headers(const struct probe *p, struct evkeyvalq *headers)
{
	const char *line = p->watch->monitor->headers;
	uint16_t usual = is_https(p) ? CONF_HTTPS_PORT : CONF_HTTP_PORT;
	char *name, *value, host[HTTP_HOST_MAX];
	size_t len;

	evhttp_add_header(headers, "Host", http_host(host, p->watch, usual));
	for (; line != NULL && *line != '\0'; line += len + 1) {
		len = strcspn(line, "\n");
		name = strndup(line, len);
		value = name != NULL ? strstr(name, ": ") : NULL;
		if (value == NULL)
			abort();
		*value = '\0';
		evhttp_add_header(headers, name, value + 2);
		free(name);
	}
	if (evhttp_find_header(headers, "User-Agent") == NULL)
		evhttp_add_header(headers, "User-Agent", "meridian-probe");
}

static void
http_request(struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	struct http *h = p->state;
	struct evhttp_request *request = NULL;

	h->failed = false;
	h->received = 0;
	if (h->connection == NULL && spare_only_last()) {
		probe_failed(p, EMFILE);
		return;
	}
	if (h->connection != NULL || http_connect(p))
		request = evhttp_request_new(http_reply, p);
	if (request == NULL) {
		probe_failed(p, ENOMEM);
		return;
	}
	evhttp_request_set_error_cb(request, http_error);
	http_add_headers(p, evhttp_request_get_output_headers(request));
	if (m->payload != NULL)
		evbuffer_add(evhttp_request_get_output_buffer(request),
		    m->payload, strlen(m->payload));
	if (evhttp_make_request(h->connection, request, methods[m->method].type,
		m->path) != 0 &&
	    p->busy)
		probe_failed(p, ECONNRESET);
}

/* What is a fresh connection now may fail where the one kept would not. */
static void
http_start(struct probe *p)
{
	struct http *h = p->state;

	if (h == NULL) {
		p->state = h = xcalloc(1, sizeof(*h));
		h->again = evtimer_new(probe_base(p), http_again, p);
	}
	if (h->closed || h->answers == 0 ||
	    h->answers >= p->watch->monitor->reconnect)
		http_close(h);
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
