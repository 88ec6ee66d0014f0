/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Clocks that are set, and a machine that sleeps, by LD_PRELOAD: the wall clock
 * and the boot clock are so many seconds ahead as the file called $SET_CLOCK
 * says ("3600 0").  No other process sees that.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void
ahead(long *wall, long *boot)
{
	const char *path = getenv("SET_CLOCK");
	int fd = path != NULL ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	char text[64];
	ssize_t n;

	*wall = *boot = 0;
	if (fd < 0)
		return;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	text[n > 0 ? n : 0] = '\0';
	if (sscanf(text, "%ld %ld", wall, boot) != 2)
		*wall = *boot = 0;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int rc = (int)syscall(SYS_clock_gettime, clock, ts);
	long wall, boot;

	if (clock != CLOCK_REALTIME && clock != CLOCK_BOOTTIME)
		return rc;
	ahead(&wall, &boot);
	ts->tv_sec += clock == CLOCK_REALTIME ? wall : boot;
	return rc;
}

time_t
time(time_t *t)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	if (t != NULL)
		*t = ts.tv_sec;
	return ts.tv_sec;
}
