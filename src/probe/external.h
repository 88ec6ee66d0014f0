/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Probes that ask nobody: they look for a signal that still holds, then into a
 * file that is fresh.  Main thread only.
 */
#ifndef PROBE_EXTERNAL_H
#define PROBE_EXTERNAL_H

#include "probe/probe.h"

enum { EXTERNAL_FILE_MAX = 256 * 1024 };

extern const struct probe_type external_probe_type;

#endif
