/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Not assert(3): a build without assertions must not go on either. */
static void __attribute__((noreturn)) unexpected(int fd, const char *what)
{
	fprintf(stderr, "meridian: bug: descriptor %d %s\n", fd, what);
	abort();
}

void
fd_begin(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	fd_close(&fd);
}

static void
expect_own(int fd)
{
	if (fd <= STDERR_FILENO)
		unexpected(fd, "must never be closed");
}

bool
fd_close(int *fd)
{
	int closed = *fd;
	bool ok;

	if (closed == -1)
		return true;
	expect_own(closed);
	*fd = -1;
	ok = close(closed) == 0;
	if (!ok && errno == EBADF)
		unexpected(closed, "is closed but not open");
	/* Linux has closed it whatever it says. */
	return ok || errno == EINTR;
}

bool
fd_replace(int fd, int source)
{
	expect_own(fd);
	if (fcntl(fd, F_GETFD) == -1)
		unexpected(fd, "is replaced but not open");
	return dup3(source, fd, O_CLOEXEC) == fd;
}
