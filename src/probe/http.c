/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/spare.h"
#include "probe/load.h"
#include "probe/response.h"
#include "probe/tcp.h"
#include "probe/tls.h"

enum { LOAD_TEXT_MAX = 32, READ_MAX = 64 << 10 };

struct http {
	struct tcp_attempt attempt; /* to connect */
	struct bufferevent *bev;    /* the connection; NULL: none */
	struct tls tls;             /* of the connection */
	struct event *again;        /* asks anew on a new connection */
	unsigned answers;           /* on this connection */
	bool there;                 /* the peer, as far as is known */
	bool stale;                 /* the connection is not to be used again */
	bool asked;                 /* a reply is waited for */
	struct response_reader reply;
};

static const char *const methods[] = {
    [CONF_METHOD_GET] = "GET",
    [CONF_METHOD_HEAD] = "HEAD",
    [CONF_METHOD_POST] = "POST",
    [CONF_METHOD_PUT] = "PUT",
    [CONF_METHOD_OPTIONS] = "OPTIONS",
};

static bool
is_https(const struct probe *p)
{
	return p->watch->monitor->type == CONF_MONITOR_HTTPS;
}

static void
http_close(struct http *h)
{
	attempt_stop(&h->attempt);
	if (h->bev != NULL) {
		bufferevent_disable(h->bev, EV_READ | EV_WRITE);
		bufferevent_setcb(h->bev, NULL, NULL, NULL, NULL);
		tls_end(&h->tls, h->there);
		bufferevent_free(h->bev);
	}
	h->bev = NULL;
	h->answers = 0;
	h->stale = h->asked = false;
	response_fini(&h->reply);
}

static void
http_abort(struct probe *p)
{
	struct http *h = p->state;

	evtimer_del(h->again);
	http_close(h);
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
http_load(char buf[LOAD_TEXT_MAX], struct probe *p)
{
	const struct conf_load *l = &p->watch->monitor->load;
	const struct response_reader *r = &((struct http *)p->state)->reply;
	double load;

	*buf = '\0';
	if (l->header == NULL && l->metric == NULL)
		return buf;
	if (!load_find(l, r->value[0] != '\0' ? r->value : NULL,
		r->body.n > 0 ? r->body.at : "", r->body.n, &load)) {
		snprintf(buf, LOAD_TEXT_MAX, ", no load in it");
		return buf;
	}
	p->watch->load = load;
	p->watch->load_ms = clock_mono_ms();
	snprintf(buf, LOAD_TEXT_MAX, ", load %.0f%%", 100 * load);
	return buf;
}

static bool
body_contains(const struct response_reader *r, const char *text)
{
	return r->body.n > 0 &&
	    memmem(r->body.at, r->body.n, text, strlen(text)) != NULL;
}

static void
http_judge(struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	const struct response_reader *r = &((struct http *)p->state)->reply;
	char buf[64], left[TLS_LEFT_MAX], load[LOAD_TEXT_MAX];

	if (!status_expected(m, (int)r->status))
		probe_done(p, false, "status", "status %u, not %s", r->status,
		    statuses_format(buf, sizeof(buf), m));
	else if (m->body != NULL && !body_contains(r, m->body))
		probe_done(p, false, "body",
		    "status %u, but the body has no \"%.60s\"", r->status,
		    m->body);
	else
		probe_done(p, true, "ok", "status %u in %.1f ms%s%s", r->status,
		    (double)(clock_mono_us() - p->started_us) / 1000,
		    http_load(load, p), tls_left(left, p->watch));
}

/* Replies ----------------------------------------------------------------- */

/* A whole reply: octets behind it belong to none, so that the connection is
 * not used again, and the target is judged by what it said (RFC 9112 6.3). */
static void
http_replied(struct probe *p)
{
	struct http *h = p->state;

	h->asked = false;
	h->answers++;
	h->stale = !h->there || !h->reply.keeps ||
	    evbuffer_get_length(bufferevent_get_input(h->bev)) > 0;
	http_judge(p);
}

static void
http_wrong(struct probe *p, enum response_result result)
{
	struct http *h = p->state;
	char why[sizeof(h->reply.err.text)];

	snprintf(why, sizeof(why), "%.100s", h->reply.err.text);
	http_close(h);
	if (result == RESPONSE_TOO_LONG)
		probe_done(p, false, "too_long", "%s", why);
	else
		probe_done(
		    p, false, "protocol", "the reply is not HTTP: %s", why);
}

static void
http_readable(struct bufferevent *bev, void *arg)
{
	struct evbuffer *in = bufferevent_get_input(bev);
	size_t len = evbuffer_get_length(in), used;
	struct probe *p = arg;
	struct http *h = p->state;
	enum response_result result;

	if (!h->asked) { /* nobody asked for it */
		http_close(h);
		return;
	}
	result = response_feed(
	    &h->reply, (char *)evbuffer_pullup(in, -1), len, &used);
	evbuffer_drain(in, used);
	if (result == RESPONSE_DONE)
		http_replied(p);
	else if (result != RESPONSE_MORE)
		http_wrong(p, result);
}

/* The connection ---------------------------------------------------------- */

static bool
tls_is_wrong(const struct probe *p)
{
	struct http *h = p->state;
	unsigned long error;

	while (
	    is_https(p) && (error = bufferevent_get_openssl_error(h->bev)) != 0)
		tls_blame(&h->tls, error);
	return h->tls.wrong[0] != '\0';
}

static bool
in_handshake(const struct probe *p)
{
	const struct http *h = p->state;

	return is_https(p) && !tls_is_begun(&h->tls);
}

/* It has ended before the reply did; error: of the system, or 0. */
static void
http_ended(struct probe *p, int error)
{
	struct http *h = p->state;
	bool handshake = in_handshake(p);
	char why[sizeof(h->tls.wrong)];
	const struct timeval now = {0};

	/* The peer closed while we asked: ask anew, once. */
	if (h->answers > 0 && !handshake && h->reply.octets == 0) {
		h->answers = 0;
		evtimer_add(h->again, &now);
		return;
	}
	if (tls_is_wrong(p)) {
		snprintf(why, sizeof(why), "%s", h->tls.wrong);
		http_close(h);
		probe_done(p, false, "tls", "TLS: %s", why);
		return;
	}
	http_close(h);
	if (handshake)
		probe_done(
		    p, false, "reset", "closed during the TLS handshake");
	else if (error == 0 || error == ECONNRESET || error == EPIPE)
		probe_done(p, false, "reset", "closed before the reply ended");
	else
		probe_failed(p, error);
}

static void
http_event(struct bufferevent *bev, short what, void *arg)
{
	int error = EVUTIL_SOCKET_ERROR();
	struct probe *p = arg;
	struct http *h = p->state;

	(void)bev;
	if ((what & BEV_EVENT_CONNECTED) != 0)
		return;
	h->there = false;
	if (!h->asked) {
		http_close(h);
		return;
	}
	if ((what & BEV_EVENT_EOF) != 0 && !in_handshake(p) &&
	    response_end(&h->reply) == RESPONSE_DONE)
		http_replied(p);
	else
		http_ended(p, (what & BEV_EVENT_ERROR) != 0 ? error : 0);
}

static struct bufferevent *
http_tls(struct probe *p, int fd)
{
	struct http *h = p->state;
	SSL *ssl = tls_begin(&h->tls, probe_tls(p), p->watch);
	struct bufferevent *bev;

	if (ssl == NULL)
		return NULL;
	bev = bufferevent_openssl_socket_new(probe_base(p), fd, ssl,
	    BUFFEREVENT_SSL_CONNECTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
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

/* What goes out; no header of the configuration frames it. */
static void
http_send(const struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	const struct http *h = p->state;
	struct evbuffer *out = bufferevent_get_output(h->bev);
	uint16_t usual = is_https(p) ? CONF_HTTPS_PORT : CONF_HTTP_PORT;
	const char *line = m->headers;
	char host[HTTP_HOST_MAX];
	bool has_agent = false;
	size_t len;

	evbuffer_add_printf(out, "%s %s HTTP/1.1\r\nHost: %s\r\n",
	    methods[m->method], m->path, http_host(host, p->watch, usual));
	for (; line != NULL && *line != '\0';
	     line += len + (line[len] != '\0')) {
		len = strcspn(line, "\n");
		has_agent |= strncasecmp(line, "User-Agent:", 11) == 0;
		evbuffer_add_printf(out, "%.*s\r\n", (int)len, line);
	}
	if (!has_agent)
		evbuffer_add_printf(out, "User-Agent: meridian-probe\r\n");
	if (m->payload != NULL)
		evbuffer_add_printf(out, "Content-Length: %zu\r\n\r\n%s",
		    strlen(m->payload), m->payload);
	else
		evbuffer_add_printf(out, "%s\r\n",
		    m->method == CONF_METHOD_POST ||
			    m->method == CONF_METHOD_PUT
			? "Content-Length: 0\r\n"
			: "");
}

/* The connection is there: asks. */
static void
http_ask(struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	struct http *h = p->state;

	response_begin(&h->reply, m->method == CONF_METHOD_HEAD, m->body_max,
	    m->load.header);
	h->asked = true;
	http_send(p);
}

static void
http_connected(struct probe *p, int error)
{
	struct http *h = p->state;
	int one = 1, fd;

	if (error != 0) {
		probe_failed(p, error);
		return;
	}
	fd = attempt_take(&h->attempt);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	h->bev = is_https(p)
	    ? http_tls(p, fd)
	    : bufferevent_socket_new(probe_base(p), fd, BEV_OPT_CLOSE_ON_FREE);
	if (h->bev == NULL) {
		fd_close(&fd);
		probe_failed(p, ENOMEM);
		return;
	}
	h->there = true;
	bufferevent_setcb(h->bev, http_readable, NULL, http_event, p);
	bufferevent_setwatermark(h->bev, EV_READ, 0, READ_MAX);
	bufferevent_enable(h->bev, EV_READ | EV_WRITE);
	http_ask(p);
}

static void
http_connect(struct probe *p)
{
	struct http *h = p->state;

	http_close(h);
	if (spare_only_last(SPARE_LAST))
		probe_failed(p, EMFILE);
	else
		attempt_begin(&h->attempt, p, http_connected);
}

static void
http_again(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	http_connect(arg);
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
	if (h->stale || h->answers == 0 ||
	    h->answers >= p->watch->monitor->reconnect)
		http_connect(p);
	else
		http_ask(p);
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
