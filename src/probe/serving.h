/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The messages of grpc.health.v1.Health/Check, as they stand in the bodies of
 * a request and its reply: five octets of gRPC (compressed or not, the length)
 * and a message of protocol buffers.  Pure; any thread.
 */
#ifndef PROBE_SERVING_H
#define PROBE_SERVING_H

#include "dns/wire.h"

enum { SERVING_MESSAGE_MAX = 1024 };

/* HealthCheckRequest; "" is the server as a whole. */
void serving_put_request(struct wire *w, const char *service);

/* The status in HealthCheckResponse; NULL: it is none. */
const char *serving_read_reply(const uint8_t *body, size_t len);

/* That of a service that serves. */
extern const char serving_yes[];

/* What grpc-status says, as "NOT_FOUND". */
const char *serving_code_name(long code);

#endif
