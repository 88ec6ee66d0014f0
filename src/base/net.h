/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Addresses, prefixes, endpoints and sockets.  Pure but for the sockets; any
 * thread.
 */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <sys/socket.h>

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum { ADDR_TEXT_MAX = 48, PREFIX_TEXT_MAX = 52, ENDPOINT_TEXT_MAX = 56 };

/* Network order; an IPv4 address is in the first four octets, the rest 0. */
struct addr {
	uint8_t bytes[16];
	uint8_t family; /* 4 or 6; 0: none */
};

/* len counts bits of the family: 0..32 or 0..128; bits beyond it are 0. */
struct prefix {
	struct addr addr;
	uint8_t len;
};

struct endpoint {
	struct addr addr;
	uint16_t port;
};

bool addr_parse(const char *text, struct addr *a);
char *addr_format(char buf[ADDR_TEXT_MAX], const struct addr *a);

bool addr_is_any(const struct addr *a); /* 0.0.0.0 or :: */
/* Why no host has the address, as "a multicast address"; NULL: one may. */
const char *addr_why_no_host(const struct addr *a);
bool addr_equal(const struct addr *a, const struct addr *b);
unsigned addr_bits(const struct addr *a);        /* 32 or 128 */
bool addr_bit(const struct addr *a, unsigned i); /* 0 is the first */
void addr_mask(struct addr *a, unsigned len);
/* To the first one after a's prefix of that length; false: there is none. */
bool addr_next(struct addr *a, unsigned len);
/* Both addresses' first len bits are equal (and the families). */
bool addr_match(const struct addr *a, const struct addr *b, unsigned len);
/* Loopback, private, link-local, multicast, documentation, unspecified and
 * the like (RFC 6890): says nothing of where a client is.  By a scan. */
bool addr_is_unroutable(const struct addr *a);
const struct prefix *addr_unroutable(size_t *n); /* what is scanned */

/*
 * The IPv4 address inside an IPv4-mapped (::ffff:0:0/96), 6to4 (2002::/16,
 * RFC 3056) or Teredo (2001::/32, RFC 4380 4, obfuscated) address.  *offset is
 * the number of bits before it: 96, 16, 96.  False for any other.
 */
bool addr_embedded(const struct addr *a, struct addr *v4, unsigned *offset);
const struct prefix *addr_embedding(size_t *n); /* where it is true */

void addr_from_sockaddr(struct addr *a, const struct sockaddr *sa);
socklen_t addr_to_sockaddr(
    const struct addr *a, uint16_t port, struct sockaddr_storage *ss);

/* "192.0.2.0/24", or an address alone; bits beyond the length must be 0. */
bool prefix_parse(const char *text, struct prefix *p, struct error *err);
char *prefix_format(char buf[PREFIX_TEXT_MAX], const struct prefix *p);
bool prefix_covers(const struct prefix *p, const struct addr *a);

/* "192.0.2.1@53", "::@53"; port 0 lets the kernel choose. */
bool endpoint_parse(const char *text, struct endpoint *e, struct error *err);
char *endpoint_format(char buf[ENDPOINT_TEXT_MAX], const struct endpoint *e);

/* Non-blocking, close-on-exec, IPV6_V6ONLY; -1 with err set on failure.  UDP:
 * SO_REUSEPORT; recvmsg() reports the asked address (IP_PKTINFO) where that is
 * not known: for 0.0.0.0 and ::. */
int net_listen_udp(const struct endpoint *e, struct error *err);
int net_listen_tcp(const struct endpoint *e, struct error *err);

/* What a bound socket got (for port 0). */
bool net_bound_endpoint(int fd, struct endpoint *e);

#endif
