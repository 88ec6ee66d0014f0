/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/icmp.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/ping.h"
#include "dns/wire.h"

enum {
	HEADER = 8, /* type, code, checksum, identifier, sequence */
	NONCE = 16,
	SLOTS = UINT16_MAX + 1, /* sequence numbers */
	PACKET_MAX = 2048,
	BATCH = 256, /* packets, before something else has its turn */
};

/* What the prober's probes share. */
struct icmp_hub {
	struct event *readable[2]; /* IPv4, IPv6; NULL: not allowed */
	uint16_t last;
	size_t nwaiting;
	struct probe *waiting[SLOTS]; /* by sequence number */
};

struct echo {
	uint16_t sequence;
	bool waits;
	uint8_t nonce[NONCE]; /* a reply has it, and nobody else knows it */
};

static void icmp_abort(struct probe *p);

/* The ICMP message of a packet; NULL: it has none. */
static const uint8_t *
message_of(const uint8_t *packet, size_t *len, bool has_ip)
{
	size_t head = has_ip && *len > 0 ? (packet[0] & 0x0fu) * 4u : 0;

	if (*len < head || *len - head < HEADER + NONCE)
		return NULL;
	*len -= head;
	return packet + head;
}

static void
hub_hear(struct icmp_hub *hub, const uint8_t *m, const struct addr *from)
{
	uint8_t type = from->family == 4 ? ICMP_ECHOREPLY : ICMP6_ECHO_REPLY;
	struct probe *p = hub->waiting[wire_get_u16(m + 6)];
	const struct echo *i = p != NULL ? p->state : NULL;

	if (i == NULL || m[0] != type || !addr_equal(from, &p->watch->addr) ||
	    memcmp(m + HEADER, i->nonce, NONCE) != 0)
		return;
	icmp_abort(p);
	probe_done(p, true, "ok", "echo in %.1f ms",
	    (double)(clock_mono_us() - p->started_us) / 1000);
}

static void
hub_readable(evutil_socket_t fd, short what, void *arg)
{
	struct icmp_hub *hub = arg;
	struct sockaddr_storage ss;
	uint8_t packet[PACKET_MAX];
	socklen_t size;
	ssize_t n;

	(void)what;
	for (size_t i = 0; i < BATCH; i++) {
		const uint8_t *m;
		struct addr from;
		size_t len;
		bool raw;

		size = sizeof(ss);
		n = recvfrom(fd, packet, sizeof(packet), 0,
		    (struct sockaddr *)&ss, &size);
		if (n < 0)
			return;
		addr_from_sockaddr(&from, (struct sockaddr *)&ss);
		ping_socket(from.family, &raw);
		len = (size_t)n;
		m = message_of(packet, &len, raw && from.family == 4);
		if (m != NULL)
			hub_hear(hub, m, &from);
	}
}

static void *
hub_make(struct probe *p)
{
	struct icmp_hub *hub = xcalloc(1, sizeof(*hub));
	bool raw;

	for (size_t i = 0; i < 2; i++) {
		int fd = ping_socket(i == 0 ? 4 : 6, &raw);

		if (fd < 0)
			continue;
		hub->readable[i] = event_new(
		    probe_base(p), fd, EV_READ | EV_PERSIST, hub_readable, hub);
		event_add(hub->readable[i], NULL);
	}
	return hub;
}

static void
hub_end(void *shared)
{
	struct icmp_hub *hub = shared;

	for (size_t i = 0; i < 2; i++)
		if (hub->readable[i] != NULL)
			event_free(hub->readable[i]);
	free(hub);
}

static struct icmp_hub *
hub_of(struct probe *p)
{
	return probe_shared(p, hub_make, hub_end);
}

static void
icmp_abort(struct probe *p)
{
	struct icmp_hub *hub = hub_of(p);
	struct echo *i = p->state;

	if (!i->waits)
		return;
	i->waits = false;
	hub->waiting[i->sequence] = NULL;
	hub->nwaiting--;
}

/* RFC 1071; an even number of octets.  The kernel makes that of IPv6. */
static uint16_t
checksum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (size_t i = 0; i < len; i += 2)
		sum += wire_get_u16(p + i);
	sum = (sum & 0xffff) + (sum >> 16);
	sum += sum >> 16;
	return (uint16_t)~sum;
}

static void
request_make(struct wire *w, struct echo *i, uint8_t family)
{
	while (getrandom(i->nonce, sizeof(i->nonce), 0) < 0 && errno == EINTR)
		;
	wire_put_u8(w, family == 4 ? ICMP_ECHO : ICMP6_ECHO_REQUEST);
	wire_put_u8(w, 0);
	wire_put_u16(w, 0);
	/* Of a datagram socket the kernel sets it, else nobody needs it. */
	wire_put_u16(w, wire_get_u16(i->nonce));
	wire_put_u16(w, i->sequence);
	wire_put(w, i->nonce, sizeof(i->nonce));
	wire_set_u16(w, 2, checksum(w->at, w->len));
}

/* A sequence number that no other probe has; there must be one. */
static void
icmp_wait(struct probe *p, struct icmp_hub *hub)
{
	struct echo *i = p->state;

	while (hub->waiting[++hub->last] != NULL)
		;
	i->sequence = hub->last;
	i->waits = true;
	hub->waiting[i->sequence] = p;
	hub->nwaiting++;
}

static void
icmp_send(struct probe *p, struct icmp_hub *hub, int fd)
{
	uint8_t packet[HEADER + NONCE];
	struct sockaddr_storage ss;
	socklen_t size = addr_to_sockaddr(&p->watch->addr, 0, &ss);
	struct echo *i = p->state;
	struct wire w;
	int error;

	icmp_wait(p, hub);
	wire_init(&w, packet, sizeof(packet));
	request_make(&w, i, p->watch->addr.family);
	if (sendto(fd, packet, w.len, 0, (struct sockaddr *)&ss, size) >= 0)
		return;
	error = errno;
	icmp_abort(p);
	if (error == EAGAIN || error == ENOBUFS)
		probe_pass(p, p->watch->idle, "not sent: %s", strerror(error));
	else
		probe_failed(p, error);
}

static void
icmp_start(struct probe *p)
{
	struct icmp_hub *hub = hub_of(p);
	bool raw;

	if (p->state == NULL)
		p->state = xcalloc(1, sizeof(struct echo));
	if (hub->readable[p->watch->addr.family == 6] == NULL)
		probe_pass(p, p->watch->idle,
		    "not allowed: it needs CAP_NET_RAW or "
		    "net.ipv4.ping_group_range");
	else if (hub->nwaiting == SLOTS)
		probe_pass(p, p->watch->idle, "not sent: %zu are under way",
		    hub->nwaiting);
	else
		icmp_send(p, hub, ping_socket(p->watch->addr.family, &raw));
}

static void
icmp_free(struct probe *p)
{
	free(p->state);
}

const struct probe_type icmp_probe_type = {icmp_start, icmp_abort, icmp_free};
