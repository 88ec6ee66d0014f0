/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a service manager is told: sd_notify(3) is one datagram; without a
 * service manager it is none.  Main thread.
 */
#ifndef LIFE_NOTIFY_H
#define LIFE_NOTIFY_H

#include <stdbool.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1". */
void notify(const char *state);

/* The service manager waits for "WATCHDOG=1" (WATCHDOG_USEC). */
bool notify_watches(void);

#endif
