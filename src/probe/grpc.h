/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes by the gRPC health checking protocol: grpc.health.v1.Health/Check
 * over HTTP/2, with TLS or without.  Each has a connection of its own.  Main
 * thread only.
 */
#ifndef PROBE_GRPC_H
#define PROBE_GRPC_H

#include "probe/probe.h"

extern const struct probe_type grpc_probe_type;

#endif
