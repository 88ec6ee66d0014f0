/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The second net under main: a thread that sees to it that a signal to end ends
 * the process, and that main is heard from.  A thread that is not scheduled
 * itself (SIGSTOP, a machine that sleeps, a debugger) does not count that time
 * against main.
 */
#ifndef LIFE_WATCH_H
#define LIFE_WATCH_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

enum {
	WATCH_TICK_MS = 250,
	WATCH_GAP_MS = 1000, /* a tick that late was not scheduled in time */
	WATCH_END_MS = 4000, /* from the signal to the end of the process */
	WATCH_SPAN_S = 60,   /* that watch_stall_ms() looks back, or twice it */
};

/* What the thread counts; zero at first. */
struct watch_count {
	uint64_t tick_ms;    /* the last one */
	uint64_t beats;      /* as they were then */
	uint64_t stalled_ms; /* without a beat, while it ticked */
};

/* One tick: how long there has been no beat. */
uint64_t watch_tick(struct watch_count *c, uint64_t now_ms, uint64_t beats);

/* Main lives: once a second. */
void watch_beat(uint64_t now_ms);
/* The number of beats so far.  Any thread. */
uint64_t watch_beats(void);
/* The longest time between two beats lately; main's. */
uint64_t watch_stall_ms(uint64_t now_ms);

/*
 * Starts the thread.  hung is called in it after limit_ms (0: never) without a
 * beat, and again after each further while that it returns (0: never again).
 * False: it cannot be started.
 */
bool watch_start(uint64_t limit_ms, uint64_t (*hung)(uint64_t stalled_ms),
    struct error *err);

#endif
