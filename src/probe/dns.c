/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/dns.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/spare.h"
#include "dns/name.h"
#include "rdata/rdata.h"

enum {
	LENGTH_SIZE = 2, /* before a message over TCP (RFC 1035 4.2.2) */
	QUERY_MAX = DNS_HEADER_SIZE + DNS_NAME_MAX + 4,
	PACKETS_MAX = 64, /* that are heard before others have their turn */
};

struct dns {
	int fd;
	struct event *event; /* NULL: none under way */
	uint8_t message[LENGTH_SIZE + QUERY_MAX];
	const uint8_t *query; /* in it */
	size_t len;
	uint8_t *reply; /* over TCP, with its length; NULL: over UDP */
	size_t have;
};

/* A reply that is ours, after its question. */
struct reply {
	struct cursor at;
	uint16_t flags, answers;
	const char *over; /* " over TCP", or "" */
};

static void
dns_abort(struct probe *p)
{
	struct dns *d = p->state;

	if (d->event != NULL)
		event_free(d->event);
	d->event = NULL;
	fd_close(&d->fd);
	free(d->reply);
	d->reply = NULL;
}

/* It ends with nothing heard. */
static void
dns_failed(struct probe *p, int error)
{
	dns_abort(p);
	probe_failed(p, error);
}

/* 0: the peer has closed. */
static void
dns_failed_over_tcp(struct probe *p, int error)
{
	dns_abort(p);
	if (error == 0)
		probe_done(p, false, "reset",
		    "truncated, and over TCP closed before the reply ended");
	else
		probe_failed_after(p, error, "truncated, and over TCP ");
}

/* Waits for what on a new socket that connects to the target. */
static int
dns_connect(struct probe *p, int type, short what, event_callback_fn heard)
{
	struct sockaddr_storage ss;
	socklen_t len =
	    addr_to_sockaddr(&p->watch->addr, p->watch->monitor->port, &ss);
	struct dns *d = p->state;

	d->fd = spare_socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (d->fd == -1)
		return errno;
	d->event = event_new(probe_base(p), d->fd, what, heard, p);
	event_add(d->event, NULL);
	return connect(d->fd, (struct sockaddr *)&ss, len) == 0 ? 0 : errno;
}

static void
query_make(struct dns *d, const struct conf_query *q)
{
	uint8_t name[DNS_NAME_MAX];
	struct error err;
	struct wire w;
	uint16_t id = 0;

	while (getrandom(&id, sizeof(id), 0) < 0 && errno == EINTR)
		;
	d->query = d->message + LENGTH_SIZE;
	wire_init(&w, d->message, sizeof(d->message));
	wire_put_u16(&w, 0);
	wire_put_u16(&w, id);
	wire_put_u16(&w, q->recurse ? DNS_RD : 0);
	wire_put_u16(&w, 1);
	for (size_t i = 0; i < 3; i++)
		wire_put_u16(&w, 0);
	if (name_parse(q->name, name, &err))
		wire_put(&w, name, name_len(name));
	wire_put_u16(&w, q->type);
	wire_put_u16(&w, DNS_IN);
	d->len = w.len - LENGTH_SIZE;
	wire_set_u16(&w, 0, (uint16_t)d->len);
}

/* RFC 5452 9.1: its source was the kernel's to check, id and question are
 * ours. */
static bool
reply_read(
    const struct dns *d, const uint8_t *packet, size_t len, struct reply *r)
{
	struct cursor *c = &r->at;
	uint8_t name[DNS_NAME_MAX];
	bool same, ours;
	uint32_t questions;

	*c = (struct cursor){.packet = packet, .end = len};
	same = cursor_get(c, 2) == wire_get_u16(d->query);
	r->flags = (uint16_t)cursor_get(c, 2);
	questions = cursor_get(c, 2);
	r->answers = (uint16_t)cursor_get(c, 2);
	cursor_get(c, 4);
	ours = same && !c->bad && (r->flags & DNS_QR) != 0 &&
	    (r->flags & DNS_OPCODE) == DNS_OPCODE_QUERY;
	/* Who could not read the question need not repeat it. */
	if (questions == 0 && (r->flags & DNS_RCODE) == DNS_FORMERR)
		return ours;
	cursor_name(c, name);
	same = !c->bad && name_equal(name, d->query + DNS_HEADER_SIZE) &&
	    cursor_get(c, 4) == wire_get_u32(d->query + d->len - 4) && !c->bad;
	return ours && questions == 1 && same;
}

/* Which of the records expected are there, a bit each; false: the reply is
 * broken. */
static bool
records_find(
    const struct conf_monitor *m, const struct reply *r, uint64_t *found)
{
	uint8_t name[DNS_NAME_MAX], have[DNS_MESSAGE_MAX];
	uint8_t want[DNS_MESSAGE_MAX];
	struct cursor c = r->at, rdata;
	struct wire w, v;
	uint16_t type, class;

	for (size_t n = r->answers; n > 0 && !c.bad; n--) {
		cursor_name(&c, name);
		type = (uint16_t)cursor_get(&c, 2);
		class = (uint16_t)cursor_get(&c, 2);
		cursor_get(&c, 4); /* TTL */
		rdata = c;
		rdata.at += 2;
		rdata.end = rdata.at + cursor_get(&c, 2);
		if (!cursor_has(&c, rdata.end - rdata.at))
			return false;
		c.at = rdata.end;
		if (type != m->query.type || class != DNS_IN)
			continue;
		wire_init(&w, have, sizeof(have));
		if (!rdata_read(type, &rdata, &w))
			return false;
		for (size_t i = 0; i < m->nrecords; i++) {
			wire_init(&v, want, sizeof(want));
			rdata_parse_text(type, m->records[i], &v, NULL);
			if (v.len == w.len && memcmp(want, have, v.len) == 0)
				*found |= UINT64_C(1) << i;
		}
	}
	return !c.bad;
}

static void
dns_judge(struct probe *p, const struct reply *r)
{
	const struct conf_monitor *m = p->watch->monitor;
	char rcode[RR_TEXT_MAX], want[RR_TEXT_MAX];
	uint64_t found = 0;
	size_t i = 0;

	rr_rcode_format(rcode, r->flags & DNS_RCODE);
	if ((r->flags & DNS_RCODE) != m->rcode) {
		probe_done(p, false, "rcode", "%s, not %s", rcode,
		    rr_rcode_format(want, m->rcode));
		return;
	}
	if (m->nrecords > 0 && !records_find(m, r, &found)) {
		probe_done(p, false, "protocol", "the reply is broken");
		return;
	}
	while (i < m->nrecords && found >> i & 1)
		i++;
	if (i < m->nrecords)
		probe_done(p, false, "records", "%s, but no %.80s%s", rcode,
		    m->records[i], r->over);
	else
		probe_done(p, true, "ok", "%s, %u record%s in %.1f ms%s", rcode,
		    r->answers, r->answers == 1 ? "" : "s",
		    (double)(clock_mono_us() - p->started_us) / 1000, r->over);
}

/* Over TCP ---------------------------------------------------------------- */

/* The whole message is there. */
static void
stream_judge(struct probe *p, uint8_t *reply, size_t len)
{
	struct dns *d = p->state;
	struct reply r = {.over = " over TCP"};
	bool ours = reply_read(d, reply + LENGTH_SIZE, len, &r);

	d->reply = NULL; /* r is in it */
	dns_abort(p);
	if (!ours)
		probe_done(p, false, "protocol",
		    "truncated, and the reply over TCP is not to the query");
	else if ((r.flags & DNS_TC) != 0)
		probe_done(p, false, "protocol", "truncated, over TCP too");
	else
		dns_judge(p, &r);
	free(reply);
}

static void
stream_readable(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	struct dns *d = p->state;
	size_t want = LENGTH_SIZE;
	ssize_t n;

	(void)what;
	for (;;) {
		if (d->have >= LENGTH_SIZE)
			want = LENGTH_SIZE + wire_get_u16(d->reply);
		if (d->have >= LENGTH_SIZE && d->have == want)
			break;
		n = recv(fd, d->reply + d->have, want - d->have, 0);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			return;
		if (n <= 0) {
			dns_failed_over_tcp(p, n < 0 ? errno : 0);
			return;
		}
		d->have += (size_t)n;
	}
	stream_judge(p, d->reply, want - LENGTH_SIZE);
}

/* RFC 7766 8: length and message leave at once. */
static void
stream_connected(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	struct dns *d = p->state;
	socklen_t len = sizeof(int);
	int error = 0;

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	if (error == 0 &&
	    send(fd, d->message, LENGTH_SIZE + d->len, MSG_NOSIGNAL) < 0)
		error = errno;
	if (error != 0) {
		dns_failed_over_tcp(p, error);
		return;
	}
	event_free(d->event);
	d->event = event_new(
	    probe_base(p), fd, EV_READ | EV_PERSIST, stream_readable, p);
	event_add(d->event, NULL);
}

/* RFC 2181 9, RFC 7766 5: a truncated reply is ignored, the same is asked over
 * TCP, within the time that is left. */
static void
stream_start(struct probe *p)
{
	struct dns *d = p->state;
	int error;

	dns_abort(p);
	p->doing = ": truncated over UDP, then no reply over TCP";
	error = dns_connect(p, SOCK_STREAM, EV_WRITE, stream_connected);
	d->reply = xmalloc(LENGTH_SIZE + DNS_MESSAGE_MAX);
	d->have = 0;
	if (error != 0 && error != EINPROGRESS)
		dns_failed_over_tcp(p, error);
}

/* Over UDP ---------------------------------------------------------------- */

/* What is not the reply to this query is not heard: it may be anyone's. */
static void
dns_readable(evutil_socket_t fd, short what, void *arg)
{
	uint8_t packet[DNS_MESSAGE_MAX];
	struct probe *p = arg;
	struct reply r = {.over = ""};
	ssize_t len;
	int n = 0;

	(void)what;
	do {
		if (n++ == PACKETS_MAX)
			return;
		len = recv(fd, packet, sizeof(packet), 0);
	} while (len >= 0 && !reply_read(p->state, packet, (size_t)len, &r));
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len < 0) {
		dns_failed(p, errno);
		return;
	}
	if ((r.flags & DNS_TC) != 0) {
		stream_start(p);
		return;
	}
	dns_abort(p);
	dns_judge(p, &r);
}

static void
dns_start(struct probe *p)
{
	struct dns *d = p->state;
	int error;

	if (d == NULL) {
		p->state = d = xcalloc(1, sizeof(*d));
		d->fd = -1;
	}
	query_make(d, &p->watch->monitor->query);
	error = dns_connect(p, SOCK_DGRAM, EV_READ | EV_PERSIST, dns_readable);
	if (error == 0 && send(d->fd, d->query, d->len, 0) < 0)
		error = errno;
	if (error != 0)
		dns_failed(p, error);
}

static void
dns_free(struct probe *p)
{
	free(p->state);
}

const struct probe_type dns_probe_type = {dns_start, dns_abort, dns_free};
