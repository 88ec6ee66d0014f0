/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/spare.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"

static int
null_open(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

/* The lowest that is free is what one gets. */
static bool
is_among(int fd, unsigned last)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_NOFILE, &limit) == 0 &&
	    (rlim_t)fd + last >= limit.rlim_cur;
}

bool
spare_is_last(int fd)
{
	return is_among(fd, SPARE_LAST);
}

bool
spare_only_last(unsigned last)
{
	int fd = null_open();
	bool only = fd == -1 || is_among(fd, last);

	fd_close(&fd);
	return only;
}

int
spare_socket(int domain, int type)
{
	int fd = socket(domain, type, 0);

	if (fd == -1 || !spare_is_last(fd))
		return fd;
	fd_close(&fd);
	errno = EMFILE;
	return -1;
}

void
spare_init(struct spare *s)
{
	s->n = 0;
	s->source = null_open();
	spare_fill(s);
}

/* Files of their own, not copies: the system may be short of those, too. */
void
spare_fill(struct spare *s)
{
	int fd;

	while (s->n < SPARE_MAX && (fd = null_open()) != -1) {
		if (spare_is_last(fd)) {
			fd_close(&fd);
			return;
		}
		s->fds[s->n++] = fd;
	}
}

void
spare_fini(struct spare *s)
{
	while (spare_release(s))
		;
	fd_close(&s->source);
}

bool
spare_release(struct spare *s)
{
	if (s->n == 0)
		return false;
	fd_close(&s->fds[--s->n]);
	return true;
}

void
spare_close(struct spare *s, int fd)
{
	if (s->n < SPARE_MAX && s->source != -1 && fd_replace(fd, s->source))
		s->fds[s->n++] = fd;
	else
		fd_close(&fd);
}
