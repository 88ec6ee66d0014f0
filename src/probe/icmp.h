/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes by ICMP echo (RFC 792, RFC 4443 4), over one socket of each family.
 * Where that is not allowed nothing is learnt.  Main thread only.
 */
#ifndef PROBE_ICMP_H
#define PROBE_ICMP_H

#include "probe/probe.h"

extern const struct probe_type icmp_probe_type;

#endif
