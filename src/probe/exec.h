/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes that run a command, through the helper: exit code 0 is a success.
 * Main thread only, which never waits for it.
 */
#ifndef PROBE_EXEC_H
#define PROBE_EXEC_H

#include "probe/probe.h"

extern const struct probe_type exec_probe_type;

#endif
