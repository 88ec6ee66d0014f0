/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "base/fd.h"
#include "base/log.h"

/* "1: FLOCK  ADVISORY  WRITE 4711 fe:00:131 0 EOF" in /proc/locks; 0: not that
 * folder, or a process outside the PID namespace. */
static long
line_holder(const char *line, const struct stat *st)
{
	unsigned major, minor;
	unsigned long long inode;
	long pid;

	if (sscanf(line, "%*d: FLOCK ADVISORY WRITE %ld %x:%x:%llu", &pid,
		&major, &minor, &inode) != 4)
		return 0;
	return inode == st->st_ino && makedev(major, minor) == st->st_dev &&
		pid > 0
	    ? pid
	    : 0;
}

/* The process that holds the lock; 0: not to be found out. */
static long
lock_holder(int fd)
{
	FILE *locks = fopen("/proc/locks", "re");
	char line[256];
	struct stat st;
	long pid = 0;

	if (locks == NULL)
		return 0;
	if (fstat(fd, &st) == 0)
		while (pid == 0 && fgets(line, sizeof(line), locks) != NULL)
			pid = line_holder(line, &st);
	fclose(locks);
	return pid;
}

static bool
is_held(const char *folder, int fd, struct error *err)
{
	char who[64] = "another process";
	long pid = lock_holder(fd);

	if (pid != 0)
		snprintf(who, sizeof(who), "process %ld", pid);
	return error_set(err,
	    "%s: %s already uses this state directory: stop it, or give this daemon its own server.state",
	    folder, who);
}

int
state_lock(const char *folder, struct error *err)
{
	int fd = -1;

	if (mkdir(folder, 0750) == 0 || errno == EEXIST)
		fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd == -1) {
		error_set(err, "%s: %s", folder, strerror(errno));
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	if (errno == EWOULDBLOCK) {
		is_held(folder, fd, err);
		fd_close(&fd);
		return -1;
	}
	log_warning(
	    "%s: cannot be locked (%s): make sure that no other daemon uses it",
	    folder, strerror(errno));
	return fd;
}
