/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * HTTP/1.1 probes, over TLS too: a status, a substring of the body.  The
 * connection is kept alive for as many probes as the monitor says; one that
 * turns out stale is replaced once.  Redirects are not followed.  Main thread
 * only.
 */
#ifndef PROBE_HTTP_H
#define PROBE_HTTP_H

#include "probe/probe.h"

enum { HTTP_HEADERS_MAX = 16 * 1024, HTTP_HOST_MAX = 256 };

extern const struct probe_type http_probe_type;

/* What a request says that it is for: the monitor's host, or the address, with
 * the port unless it is the usual one (RFC 9110 7.2). */
const char *http_host(
    char buf[HTTP_HOST_MAX], const struct watch *w, uint16_t usual);

#endif
