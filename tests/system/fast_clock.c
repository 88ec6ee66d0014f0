/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time that passes $FAST_CLOCK times as fast, by LD_PRELOAD, so that limits of
 * a minute can be tested: the monotonic clock, and what is waited for events
 * and slept.  Leases, by the boot clock, last as ever.  No other process sees
 * that.
 */
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000LL

static long
speed(void)
{
	static long times;

	if (times == 0) {
		const char *text = getenv("FAST_CLOCK");

		times = text != NULL ? strtol(text, NULL, 10) : 1;
	}
	return times > 0 ? times : 1;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);
	long long ns = ts->tv_sec * SECOND + ts->tv_nsec;

	if (clock != CLOCK_MONOTONIC && clock != CLOCK_MONOTONIC_COARSE)
		return rc;
	ns *= speed();
	ts->tv_sec = ns / SECOND;
	ts->tv_nsec = ns % SECOND;
	return rc;
}

int
epoll_wait(int fd, struct epoll_event *events, int n, int ms)
{
	return (int)syscall(SYS_epoll_pwait, fd, events, n,
	    ms > 0 ? (int)((ms + speed() - 1) / speed()) : ms, NULL, 0);
}

int
clock_nanosleep(clockid_t clock, int flags, const struct timespec *wanted,
    struct timespec *left)
{
	long long ns = (wanted->tv_sec * SECOND + wanted->tv_nsec) / speed();
	struct timespec ts = {ns / SECOND, ns % SECOND};

	(void)left;
	return (int)syscall(SYS_clock_nanosleep, clock, flags, &ts, NULL);
}
