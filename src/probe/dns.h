/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * DNS probes: one query over UDP from a port of its own, and over TCP when the
 * reply is truncated; an expected rcode and expected records.  Main thread
 * only.
 */
#ifndef PROBE_DNS_H
#define PROBE_DNS_H

#include "probe/probe.h"

extern const struct probe_type dns_probe_type;

#endif
