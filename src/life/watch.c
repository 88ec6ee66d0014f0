/* SPDX-License-Identifier: BSD-3-Clause */
#include "life/watch.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "life/signals.h"

static _Atomic uint64_t beats; /* main stores, the thread loads */

/* Main's: the longest gaps of this span and of the one before. */
static struct {
	uint64_t beat_ms, span_ms;
	uint64_t longest_ms, before_ms;
} gaps;

/* The thread's, once it is there. */
static uint64_t limit_ms;
static uint64_t (*on_hung)(uint64_t stalled_ms);

void
watch_beat(uint64_t now_ms)
{
	uint64_t gap = gaps.beat_ms != 0 ? now_ms - gaps.beat_ms : 0;

	gaps.beat_ms = now_ms;
	if (now_ms - gaps.span_ms > UINT64_C(1000) * WATCH_SPAN_S) {
		gaps.before_ms = gaps.longest_ms;
		gaps.longest_ms = 0;
		gaps.span_ms = now_ms;
	}
	if (gap > gaps.longest_ms)
		gaps.longest_ms = gap;
	atomic_fetch_add(&beats, 1);
}

uint64_t
watch_beats(void)
{
	return atomic_load(&beats);
}

uint64_t
watch_stall_ms(uint64_t now_ms)
{
	uint64_t gap = gaps.beat_ms != 0 ? now_ms - gaps.beat_ms : 0;

	if (gaps.longest_ms > gap)
		gap = gaps.longest_ms;
	return gaps.before_ms > gap ? gaps.before_ms : gap;
}

uint64_t
watch_tick(struct watch_count *c, uint64_t now_ms, uint64_t now_beats)
{
	uint64_t gap = now_ms - c->tick_ms;

	c->tick_ms = now_ms;
	if (now_beats != c->beats || gap > WATCH_GAP_MS)
		c->stalled_ms = 0;
	else
		c->stalled_ms += gap;
	c->beats = now_beats;
	return c->stalled_ms;
}

/* However main hangs: whoever ends the daemon need not wait. */
static void
end_when_due(void)
{
	uint64_t since = signals_end_ms();

	if (since == 0 || clock_mono_ms() - since < WATCH_END_MS)
		return;
	log_error(
	    "shutdown takes longer than %d s: ending now, unsaved changes are lost",
	    WATCH_END_MS / 1000);
	_exit(1);
}

static void *
watch_run(void *arg)
{
	const struct timespec tick = {.tv_nsec = WATCH_TICK_MS * 1000000L};
	struct watch_count count = {0};
	uint64_t at_ms = limit_ms;

	(void)arg;
	for (;;) {
		uint64_t stalled;

		clock_nanosleep(CLOCK_MONOTONIC, 0, &tick, NULL);
		end_when_due();
		stalled = watch_tick(&count, clock_mono_ms(), watch_beats());
		if (stalled == 0)
			at_ms = limit_ms;
		if (at_ms == 0 || stalled < at_ms || signals_end_ms() != 0)
			continue;
		at_ms = on_hung(stalled);
		if (at_ms != 0)
			at_ms += stalled;
		/* What it took is no time in which main was watched. */
		count.tick_ms = clock_mono_ms();
	}
	return NULL;
}

bool
watch_start(
    uint64_t limit, uint64_t (*hung)(uint64_t stalled_ms), struct error *err)
{
	sigset_t all, before;
	pthread_t thread;
	int rc;

	limit_ms = limit;
	on_hung = hung;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&thread, NULL, watch_run, NULL);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		pthread_detach(thread);
	return rc == 0 ||
	    error_set(err, "the watchdog's thread cannot be started: %s",
		strerror(rc));
}
