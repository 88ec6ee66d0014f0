/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP service: one thread with its own event base; pipelining (RFC 7766
 * 6.2.1.1), idle timeout, limits of connections (RFC 7766 6.1, 6.2; RFC 9210
 * 4).
 */
#ifndef SERVE_TCP_H
#define SERVE_TCP_H

#include "base/net.h"

enum { TCP_PENDING_MAX = 256 * 1024 }; /* unread replies that stop reading */

struct tcp_service;

struct tcp_service *tcp_open(
    struct endpoint *endpoints, size_t nendpoints, struct error *err);
bool tcp_start(struct tcp_service *t, struct error *err);
void tcp_stop(struct tcp_service *t);

#endif
