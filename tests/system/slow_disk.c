/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A disk that does not come back, by LD_PRELOAD: fsync(2) and fdatasync(2) wait
 * as long as there is a file called $SLOW_DISK.  And one on the main thread is
 * told on standard error, as the disk would hold up all that main does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void
wait_for_disk(const char *call)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	const char *path = getenv("SLOW_DISK");

	if (gettid() == getpid())
		fprintf(stderr, "%s on the main thread\n", call);
	while (path != NULL && access(path, F_OK) == 0)
		nanosleep(&pause, NULL);
}

int
fsync(int fd)
{
	wait_for_disk("fsync");
	return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
	wait_for_disk("fdatasync");
	return (int)syscall(SYS_fdatasync, fd);
}
