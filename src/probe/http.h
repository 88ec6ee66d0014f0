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

enum { HTTP_HEADERS_MAX = 16 * 1024 };

extern const struct probe_type http_probe_type;

#endif
