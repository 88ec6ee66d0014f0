/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * UDP workers: one thread and one socket (SO_REUSEPORT) each.
 */
#ifndef SERVE_UDP_H
#define SERVE_UDP_H

#include "base/net.h"

struct udp_workers;

/* Opens n sockets per endpoint (before privileges are dropped). An endpoint
 * with port 0 gets one of the kernel's choice, written back. NULL: err. */
struct udp_workers *udp_open(struct endpoint *endpoints, size_t nendpoints,
    unsigned n, struct error *err);
/* Their threads, with signals blocked; false: one of them cannot be started,
 * and its socket would take queries that nobody answers. */
bool udp_start(struct udp_workers *w, struct error *err);
void udp_stop(struct udp_workers *w); /* joins them, closes, frees */

/*
 * True for the source ports of services that reply to any datagram, and for 0,
 * which no reply can reach.  Packets from them are dropped before they are
 * parsed: an error reply would be answered in turn, without end (CERT advisory
 * CA-1996-01).  port is in host order.  Any thread.
 */
bool udp_port_reflects(uint16_t port);

#endif
