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
#include "dns/rdata.h"

enum { QUERY_MAX = DNS_HEADER_SIZE + DNS_NAME_MAX + 4 };

struct dns {
	int fd;
	struct event *readable; /* NULL: none under way */
	uint8_t query[QUERY_MAX];
	size_t len;
};

/* A reply that is ours, after its question. */
struct reply {
	struct cursor at;
	uint16_t flags, answers;
};

static void
dns_abort(struct probe *p)
{
	struct dns *d = p->state;

	if (d->readable == NULL)
		return;
	event_free(d->readable);
	d->readable = NULL;
	fd_close(&d->fd);
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
	wire_init(&w, d->query, sizeof(d->query));
	wire_put_u16(&w, id);
	wire_put_u16(&w, q->recurse ? DNS_RD : 0);
	wire_put_u16(&w, 1);
	for (size_t i = 0; i < 3; i++)
		wire_put_u16(&w, 0);
	if (name_parse(q->name, name, &err))
		wire_put(&w, name, name_len(name));
	wire_put_u16(&w, q->type);
	wire_put_u16(&w, DNS_IN);
	d->len = w.len;
}

/* RFC 5452 9.1: its source was the kernel's to check, id and question are
 * ours. */
static bool
reply_read(
    const struct dns *d, const uint8_t *packet, size_t len, struct reply *r)
{
	struct cursor *c = &r->at;
	uint8_t name[DNS_NAME_MAX];
	bool same;

	*c = (struct cursor){.packet = packet, .end = len};
	same = cursor_get(c, 2) == wire_get_u16(d->query);
	r->flags = (uint16_t)cursor_get(c, 2);
	same = same && cursor_get(c, 2) == 1;
	r->answers = (uint16_t)cursor_get(c, 2);
	cursor_get(c, 4);
	cursor_name(c, name);
	same = same && !c->bad && name_equal(name, d->query + DNS_HEADER_SIZE);
	same = same &&
	    cursor_get(c, 4) == wire_get_u32(d->query + d->len - 4) && !c->bad;
	return same && (r->flags & DNS_QR) != 0 &&
	    (r->flags & DNS_OPCODE) == DNS_OPCODE_QUERY;
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
	uint16_t type;

	for (size_t n = r->answers; n > 0 && !c.bad; n--) {
		cursor_name(&c, name);
		type = (uint16_t)cursor_get(&c, 2);
		cursor_get(&c, 2); /* class */
		cursor_get(&c, 4); /* TTL */
		rdata = c;
		rdata.at += 2;
		rdata.end = rdata.at + cursor_get(&c, 2);
		if (!cursor_has(&c, rdata.end - rdata.at))
			return false;
		c.at = rdata.end;
		if (type != m->query.type)
			continue;
		wire_init(&w, have, sizeof(have));
		if (!rdata_read(type, &rdata, &w))
			return false;
		for (size_t i = 0; i < m->nrecords; i++) {
			wire_init(&v, want, sizeof(want));
			rdata_parse(type, m->records[i], &v, NULL);
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
	if (m->nrecords > 0 && !records_find(m, r, &found) &&
	    (r->flags & DNS_TC) == 0) {
		probe_done(p, false, "protocol", "the reply is broken");
		return;
	}
	while (i < m->nrecords && found >> i & 1)
		i++;
	if (i < m->nrecords)
		probe_done(p, false, "records", "%s, but %s%.80s", rcode,
		    r->flags & DNS_TC ? "truncated, without " : "no ",
		    m->records[i]);
	else
		probe_done(p, true, "ok", "%s, %u record%s in %.1f ms", rcode,
		    r->answers, r->answers == 1 ? "" : "s",
		    (double)(clock_mono_us() - p->started_us) / 1000);
}

/* What is not the reply to this query is not heard: it may be anyone's. */
static void
dns_readable(evutil_socket_t fd, short what, void *arg)
{
	uint8_t packet[DNS_MESSAGE_MAX];
	struct probe *p = arg;
	struct reply r;
	ssize_t len;

	(void)what;
	do {
		len = recv(fd, packet, sizeof(packet), 0);
	} while (len >= 0 && !reply_read(p->state, packet, (size_t)len, &r));
	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len < 0) {
		int error = errno;

		dns_abort(p);
		probe_failed(p, error);
		return;
	}
	dns_abort(p);
	dns_judge(p, &r);
}

static void
dns_start(struct probe *p)
{
	const struct conf_monitor *m = p->watch->monitor;
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&p->watch->addr, m->port, &ss);
	struct dns *d = p->state;

	if (d == NULL)
		p->state = d = xcalloc(1, sizeof(*d));
	query_make(d, &m->query);
	d->fd = spare_socket(
	    ss.ss_family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (d->fd == -1) {
		probe_failed(p, errno);
		return;
	}
	d->readable = event_new(
	    probe_base(p), d->fd, EV_READ | EV_PERSIST, dns_readable, p);
	event_add(d->readable, NULL);
	if (connect(d->fd, (struct sockaddr *)&ss, len) != 0 ||
	    send(d->fd, d->query, d->len, 0) < 0) {
		int error = errno;

		dns_abort(p);
		probe_failed(p, error);
	}
}

static void
dns_free(struct probe *p)
{
	free(p->state);
}

const struct probe_type dns_probe_type = {dns_start, dns_abort, dns_free};
