/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets for ICMP echo, one of each family for the process: a right to open
 * them may be gone when privileges are dropped.  Main opens them before
 * threads start; then any thread may ask whether it is allowed.
 */
#ifndef BASE_PING_H
#define BASE_PING_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

/* What the kernel allows of it is opened. */
void ping_open(void);
void ping_close(void);

/* Of family 4 or 6, non-blocking; *raw: IPv4 packets begin with their header.
 * -1: not allowed.  Main thread. */
int ping_socket(uint8_t family, bool *raw);

/* False: which right is missing. */
bool ping_allowed(struct error *err);

#endif
