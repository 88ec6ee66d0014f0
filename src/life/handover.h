/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Restart in place with the open sockets: execve(2) of its own program, while
 * queries wait in the sockets' buffers.  Only when the files on disk are such
 * that a start works (meridiand -n): else what runs goes on answering.
 */
#ifndef LIFE_HANDOVER_H
#define LIFE_HANDOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What an earlier image of this process left. */
struct handover {
	unsigned restarts;   /* since the process was started */
	unsigned in_a_row;   /* without a while of life between them */
	uint64_t at_ms;      /* clock_mono_ms() of the last one */
	uint64_t stalled_ms; /* for which main had hung */
	long helper;         /* a child of it, to be waited for */
};

/* At the start of main(), before any descriptor is opened: takes the sockets.
 * NULL: the process was started otherwise. */
const struct handover *handover_begin(void);

/* Is this the process by which handover_check() asks whether a start would
 * work?  It has the sockets, too. */
bool handover_is_check(void);

/* All that handover_go() needs, which cannot ask for it any more: when all
 * sockets are open.  argv stays the caller's. */
void handover_prepare(char **argv, const char *config);

/* Are the files such that a start works?  Waits for it, up to minutes; alive
 * says whether to go on waiting.  Any one thread. */
bool handover_check(bool (*go_on)(void));

/* Does not return, but where it cannot be done, with errno.  helper: a child
 * that is to be waited for, or 0. */
void handover_go(uint64_t stalled_ms, long helper);

#endif
