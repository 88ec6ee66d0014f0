/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * SIGHUP, SIGTERM and SIGINT at any moment of the daemon's life: while it
 * starts, an end is at once (nothing is in service, and files are replaced as a
 * whole), and SIGHUP is kept for later; afterwards main's loop is told.
 */
#ifndef LIFE_SIGNALS_H
#define LIFE_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* At the start of main().  False, with errno: there are no descriptors. */
bool signals_begin(void);

/* From now on an end is main's to carry out.  Returns a descriptor that is
 * readable when there are signals to take, those before this included. */
int signals_ready(void);

/* Those that came since: whether SIGHUP did, and the number of SIGTERM or
 * SIGINT (0: none).  Main thread. */
bool signals_take(int *end);

/* When the first signal to end came, by clock_mono_ms(); 0: none did.  Any
 * thread. */
uint64_t signals_end_ms(void);

#endif
