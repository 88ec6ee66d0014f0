/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Signals: what somebody says of the targets of a monitor of type external, or
 * of one of them, for a time.
 *
 * The table belongs to the main thread; it does no I/O (ctl/monitor does).  How
 * long one holds is counted on the monotonic clock: a wall clock that is set
 * makes no signal last.
 */
#ifndef PROBE_SIGNAL_H
#define PROBE_SIGNAL_H

#include "base/arena.h"
#include "base/net.h"

struct signal {
	char *monitor;
	struct addr addr; /* family 0: every target */
	bool up;
	char *owner;
	int64_t since, until; /* wall */
	int64_t until_ms;     /* boot clock */
	char *record;         /* as the state folder has it; NULL: not made */
	bool unsaved;         /* it has not: a restart forgets it */
};

struct signals {
	VEC(struct signal *) all; /* in no order */
	uint32_t *slots;          /* index + 1 into all; 0: free */
	size_t size;              /* a power of two, or 0 */
};

/* Of now, for that long; with copies of its own. */
struct signal *signal_new(const char *monitor, const struct addr *addr, bool up,
    const char *owner, uint64_t for_s);
void signal_free(struct signal *s);

void signals_fini(struct signals *t);

/* Takes s over; the one that it replaces (NULL: none) is the caller's. */
struct signal *signals_put(struct signals *t, struct signal *s);
/* Frees those whose time is over. */
void signals_expire(struct signals *t);

/* The wall clock was set: their moments move with it. */
void signals_set_clock(struct signals *t, int64_t step_s);

/* The one that holds for an address, its own first; NULL: none. */
const struct signal *signals_find(
    const struct signals *t, const char *monitor, const struct addr *addr);

#endif
