/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/inherit.h"

bool
addr_parse(const char *text, struct addr *a)
{
	memset(a, 0, sizeof(*a));
	if (inet_pton(AF_INET, text, a->bytes) == 1)
		a->family = 4;
	else if (inet_pton(AF_INET6, text, a->bytes) == 1)
		a->family = 6;
	return a->family != 0;
}

char *
addr_format(char buf[ADDR_TEXT_MAX], const struct addr *a)
{
	int af = a->family == 4 ? AF_INET : AF_INET6;

	if (a->family == 0 ||
	    inet_ntop(af, a->bytes, buf, ADDR_TEXT_MAX) == NULL)
		snprintf(buf, ADDR_TEXT_MAX, "none");
	return buf;
}

bool
addr_is_any(const struct addr *a)
{
	static const struct addr any = {.family = 0};

	return memcmp(a->bytes, any.bytes, sizeof(a->bytes)) == 0;
}

/* RFC 6890 2.2, RFC 4291 2.4, RFC 4007 6 */
const char *
addr_why_no_host(const struct addr *a)
{
	const uint8_t *b = a->bytes;

	if (addr_is_any(a))
		return "the unspecified address";
	if (a->family == 4 && b[0] >= 224 && b[0] < 240)
		return "a multicast address";
	if (a->family == 4 && b[0] == 255 && b[1] == 255 && b[2] == 255 &&
	    b[3] == 255)
		return "the broadcast address";
	if (a->family == 4 && b[0] == 0)
		return "not the address of a host (RFC 6890)";
	if (a->family == 6 && b[0] == 0xff)
		return "a multicast address";
	if (a->family == 6 && b[0] == 0xfe && (b[1] & 0xc0) == 0x80)
		return "a link-local address, which names no interface";
	return NULL;
}

bool
addr_equal(const struct addr *a, const struct addr *b)
{
	return a->family == b->family && memcmp(a->bytes, b->bytes, 16) == 0;
}

unsigned
addr_bits(const struct addr *a)
{
	return a->family == 4 ? 32 : 128;
}

bool
addr_bit(const struct addr *a, unsigned i)
{
	return (a->bytes[i / 8] >> (7 - i % 8)) & 1;
}

void
addr_mask(struct addr *a, unsigned len)
{
	if (len >= 128)
		return;
	a->bytes[len / 8] &= (uint8_t)(0xff00 >> (len % 8));
	memset(a->bytes + len / 8 + 1, 0, 15 - len / 8);
}

bool
addr_next(struct addr *a, unsigned len)
{
	addr_mask(a, len);
	while (len-- > 0) {
		uint8_t bit = (uint8_t)(0x80 >> (len % 8));

		a->bytes[len / 8] ^= bit;
		if ((a->bytes[len / 8] & bit) != 0)
			return true;
	}
	return false;
}

bool
addr_match(const struct addr *a, const struct addr *b, unsigned len)
{
	uint8_t rest = (uint8_t)(0xff00 >> (len % 8));

	if (a->family != b->family || memcmp(a->bytes, b->bytes, len / 8) != 0)
		return false;
	return len % 8 == 0 ||
	    ((a->bytes[len / 8] ^ b->bytes[len / 8]) & rest) == 0;
}

#define P4(len, ...) \
	{ \
		{{__VA_ARGS__}, 4}, len \
	}
#define P6(len, ...) \
	{ \
		{{__VA_ARGS__}, 6}, len \
	}

/* RFC 6890 and the registries that it began. */
static const struct prefix unroutable[] = {
    P4(8, 0),
    P4(8, 10),
    P4(10, 100, 64),
    P4(8, 127),
    P4(16, 169, 254),
    P4(12, 172, 16),
    P4(24, 192, 0, 0),
    P4(24, 192, 0, 2),
    P4(16, 192, 168),
    P4(15, 198, 18),
    P4(24, 198, 51, 100),
    P4(24, 203, 0, 113),
    P4(3, 224),
    P6(96, 0), /* ::, ::1 and IPv4-compatible */
    P6(48, 0x00, 0x64, 0xff, 0x9b, 0x00, 0x01),
    P6(64, 0x01, 0x00),
    P6(48, 0x20, 0x01, 0x00, 0x02),
    P6(32, 0x20, 0x01, 0x0d, 0xb8),
    P6(20, 0x3f, 0xff),
    P6(7, 0xfc),
    P6(10, 0xfe, 0x80),
    P6(8, 0xff),
};

const struct prefix *
addr_unroutable(size_t *n)
{
	*n = sizeof(unroutable) / sizeof(unroutable[0]);
	return unroutable;
}

bool
addr_is_unroutable(const struct addr *a)
{
	struct addr v4;
	unsigned offset;
	size_t n;
	const struct prefix *p = addr_unroutable(&n);

	if (addr_embedded(a, &v4, &offset))
		return addr_is_unroutable(&v4);
	for (size_t i = 0; i < n; i++)
		if (prefix_covers(&p[i], a))
			return true;
	return false;
}

/* As addr_embedded() looks for them. */
static const struct prefix embedding[] = {
    P6(96, [10] = 0xff, [11] = 0xff),
    P6(16, 0x20, 0x02),
    P6(32, 0x20, 0x01),
};

const struct prefix *
addr_embedding(size_t *n)
{
	*n = sizeof(embedding) / sizeof(embedding[0]);
	return embedding;
}

bool
addr_embedded(const struct addr *a, struct addr *v4, unsigned *offset)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	static const uint8_t teredo[4] = {0x20, 0x01};
	uint8_t obfuscated = 0;

	if (a->family != 6)
		return false;
	if (memcmp(a->bytes, mapped, sizeof(mapped)) == 0) {
		*offset = 96;
	} else if (a->bytes[0] == 0x20 && a->bytes[1] == 0x02) {
		*offset = 16;
	} else if (memcmp(a->bytes, teredo, sizeof(teredo)) == 0) {
		*offset = 96;
		obfuscated = 0xff;
	} else {
		return false;
	}
	memset(v4, 0, sizeof(*v4));
	v4->family = 4;
	for (size_t i = 0; i < 4; i++)
		v4->bytes[i] = a->bytes[*offset / 8 + i] ^ obfuscated;
	return true;
}

void
addr_from_sockaddr(struct addr *a, const struct sockaddr *sa)
{
	struct addr v4;
	unsigned offset;

	memset(a, 0, sizeof(*a));
	if (sa->sa_family == AF_INET) {
		const struct sockaddr_in *sin = (const void *)sa;

		a->family = 4;
		memcpy(a->bytes, &sin->sin_addr, 4);
	} else if (sa->sa_family == AF_INET6) {
		const struct sockaddr_in6 *sin6 = (const void *)sa;

		a->family = 6;
		memcpy(a->bytes, &sin6->sin6_addr, 16);
		if (a->bytes[0] == 0 && addr_embedded(a, &v4, &offset))
			*a = v4;
	}
}

socklen_t
addr_to_sockaddr(
    const struct addr *a, uint16_t port, struct sockaddr_storage *ss)
{
	memset(ss, 0, sizeof(*ss));
	if (a->family == 4) {
		struct sockaddr_in *sin = (void *)ss;

		sin->sin_family = AF_INET;
		sin->sin_port = htons(port);
		memcpy(&sin->sin_addr, a->bytes, 4);
		return sizeof(*sin);
	}
	struct sockaddr_in6 *sin6 = (void *)ss;

	sin6->sin6_family = AF_INET6;
	sin6->sin6_port = htons(port);
	memcpy(&sin6->sin6_addr, a->bytes, 16);
	return sizeof(*sin6);
}

static bool
number_parse(const char *text, unsigned max, unsigned *n)
{
	char *end;
	unsigned long v;

	if (*text < '0' || *text > '9')
		return false;
	errno = 0;
	v = strtoul(text, &end, 10);
	if (errno != 0 || *end != '\0' || v > max)
		return false;
	*n = (unsigned)v;
	return true;
}

static const char not_prefix[] =
    "%s: not an address or a prefix, as 192.0.2.0/24 or 2001:db8::/32";

bool
prefix_parse(const char *text, struct prefix *p, struct error *err)
{
	char address[ADDR_TEXT_MAX];
	const char *slash = strchr(text, '/');
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);
	struct addr masked;
	unsigned len;

	if (n >= sizeof(address))
		return error_set(err, not_prefix, text);
	memcpy(address, text, n);
	address[n] = '\0';
	if (!addr_parse(address, &p->addr))
		return error_set(err, not_prefix, text);
	len = addr_bits(&p->addr);
	if (slash != NULL && !number_parse(slash + 1, len, &len))
		return error_set(err, "%s: not a prefix length: 0 to %u", text,
		    addr_bits(&p->addr));
	masked = p->addr;
	addr_mask(&masked, len);
	if (!addr_equal(&masked, &p->addr))
		return error_set(err,
		    "%s: has bits beyond its length: %s/%u "
		    "is meant?",
		    text, addr_format(address, &masked), len);
	p->len = (uint8_t)len;
	return true;
}

char *
prefix_format(char buf[PREFIX_TEXT_MAX], const struct prefix *p)
{
	char address[ADDR_TEXT_MAX];

	snprintf(buf, PREFIX_TEXT_MAX, "%.47s/%u",
	    addr_format(address, &p->addr), p->len);
	return buf;
}

bool
prefix_covers(const struct prefix *p, const struct addr *a)
{
	return addr_match(&p->addr, a, p->len);
}

bool
endpoint_parse(const char *text, struct endpoint *e, struct error *err)
{
	char address[ADDR_TEXT_MAX];
	const char *at = strchr(text, '@');
	unsigned port;

	if (at == NULL || (size_t)(at - text) >= sizeof(address))
		return error_set(err,
		    "%s: not address@port, as 192.0.2.1@53 or ::1@53", text);
	memcpy(address, text, (size_t)(at - text));
	address[at - text] = '\0';
	if (!addr_parse(address, &e->addr))
		return error_set(err, "%s: not an address", text);
	if (!number_parse(at + 1, 65535, &port))
		return error_set(err, "%s: not a port: 0 to 65535", text);
	e->port = (uint16_t)port;
	return true;
}

char *
endpoint_format(char buf[ENDPOINT_TEXT_MAX], const struct endpoint *e)
{
	char address[ADDR_TEXT_MAX];

	snprintf(buf, ENDPOINT_TEXT_MAX, "%.47s@%u",
	    addr_format(address, &e->addr), e->port);
	return buf;
}

static bool
set_option(int fd, int level, int option, int value)
{
	return setsockopt(fd, level, option, &value, sizeof(value)) == 0;
}

static const char *
listen_mend(int error, uint16_t port)
{
	if (error == EACCES && port != 0 && port < IPPORT_RESERVED)
		return ": a port below 1024 needs CAP_NET_BIND_SERVICE, or a start as root (with -u)";
	if (error == EADDRINUSE)
		return ": another process uses it";
	if (error == EADDRNOTAVAIL)
		return ": this machine has no such address";
	return "";
}

static bool
is_any(const struct addr *a)
{
	static const uint8_t none[sizeof(a->bytes)];

	return memcmp(a->bytes, none, sizeof(none)) == 0;
}

static int
listen_on(const struct endpoint *e, int type, struct error *err)
{
	char text[ENDPOINT_TEXT_MAX];
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&e->addr, e->port, &ss);
	bool v6 = e->addr.family == 6, any = is_any(&e->addr);
	int fd = inherit_take(type, (struct sockaddr *)&ss, len);

	if (fd != -1)
		return fd;
	fd = socket(ss.ss_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1)
		goto fail;
	/* Workers share a port of UDP.  Not of TCP: a second daemon, which
	 * would take queries off the first, cannot have it. */
	if (!set_option(fd, SOL_SOCKET,
		type == SOCK_DGRAM ? SO_REUSEPORT : SO_REUSEADDR, 1) ||
	    (v6 && !set_option(fd, IPPROTO_IPV6, IPV6_V6ONLY, 1)))
		goto fail;
	/* Replies leave from the address that a socket is bound to. */
	if (type == SOCK_DGRAM && v6 && any &&
	    !set_option(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, 1))
		goto fail;
	if (type == SOCK_DGRAM && !v6 &&
	    ((any && !set_option(fd, IPPROTO_IP, IP_PKTINFO, 1)) ||
		/* RFC 9715 3.1: no fragments by a forged path MTU. */
		!set_option(fd, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_OMIT)))
		goto fail;
	if (bind(fd, (struct sockaddr *)&ss, len) == -1 ||
	    (type == SOCK_STREAM && listen(fd, 511) == -1))
		goto fail;
	return fd;
fail:
	error_set(err, "%s over %s: %s%s", endpoint_format(text, e),
	    type == SOCK_DGRAM ? "UDP" : "TCP", strerror(errno),
	    listen_mend(errno, e->port));
	fd_close(&fd);
	return -1;
}

int
net_listen_udp(const struct endpoint *e, struct error *err)
{
	return listen_on(e, SOCK_DGRAM, err);
}

int
net_listen_tcp(const struct endpoint *e, struct error *err)
{
	return listen_on(e, SOCK_STREAM, err);
}

bool
net_bound_endpoint(int fd, struct endpoint *e)
{
	struct sockaddr_storage ss;
	socklen_t len = sizeof(ss);

	if (getsockname(fd, (struct sockaddr *)&ss, &len) == -1)
		return false;
	addr_from_sockaddr(&e->addr, (struct sockaddr *)&ss);
	if (ss.ss_family == AF_INET)
		e->port = ntohs(((struct sockaddr_in *)&ss)->sin_port);
	else
		e->port = ntohs(((struct sockaddr_in6 *)&ss)->sin6_port);
	return true;
}
