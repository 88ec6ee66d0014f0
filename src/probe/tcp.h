/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes that connect, and no more.  Main thread only.
 */
#ifndef PROBE_TCP_H
#define PROBE_TCP_H

#include "probe/probe.h"

extern const struct probe_type tcp_probe_type;

#endif
