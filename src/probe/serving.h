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

/* A grpc-message for people: percent-encoding is decoded (a percent sign that
 * begins none stays), and '?' stands for each octet that ASCII does not print.
 * buf: size octets, of which the last is 0; more is cut off. */
void serving_format_message(
    char *buf, size_t size, const char *message, size_t len);

#endif
