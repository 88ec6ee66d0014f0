/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"

static bool
fail(struct error *err, const char *path)
{
	return error_set(err, "%s: %s", path, strerror(errno));
}

static int
open_regular(const char *path, struct stat *st, struct error *err)
{
	/* O_NONBLOCK: a FIFO must not hang us. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1 || fstat(fd, st) == -1) {
		fail(err, path);
		goto fail;
	}
	if (!S_ISREG(st->st_mode)) {
		error_set(err, "%s: not a regular file", path);
		goto fail;
	}
	return fd;
fail:
	fd_close(&fd);
	return -1;
}

static ssize_t
read_some(int fd, void *buf, size_t n)
{
	ssize_t got;

	do
		got = read(fd, buf, n);
	while (got < 0 && errno == EINTR);
	return got;
}

bool
file_read(
    const char *path, size_t max, char **data, size_t *len, struct error *err)
{
	VEC(char) text = {0};
	struct stat st;
	ssize_t n;
	int fd = open_regular(path, &st, err);

	if (fd == -1)
		return false;
	if ((uintmax_t)st.st_size > max)
		goto large;
	vec_reserve(&text, (size_t)st.st_size + 2);
	/* What stat said may have grown since, or be 0 (/proc). */
	do {
		vec_reserve(&text, text.n + 2);
		n = read_some(fd, text.at + text.n, text.cap - text.n - 1);
		if (n < 0) {
			fail(err, path);
			goto out;
		}
		text.n += (size_t)n;
	} while (n > 0 && text.n <= max);
	if (text.n > max)
		goto large;
	fd_close(&fd);
	text.at[text.n] = '\0';
	*data = text.at;
	*len = text.n;
	return true;
large:
	error_set(err, "%s: larger than %zu octets", path, max);
out:
	fd_close(&fd);
	vec_free(&text);
	return false;
}

bool
file_may_exist(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 || errno != ENOENT;
}

bool
file_write_all(int fd, const void *from, size_t len)
{
	const char *data = from;

	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

static int
open_folder(const char *path)
{
	char *copy = xstrdup(path);
	int fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	free(copy);
	return fd;
}

bool
file_sync_folder(const char *path)
{
	int fd = open_folder(path);
	bool ok = fd != -1 && fsync(fd) == 0;

	fd_close(&fd);
	return ok;
}

enum place { NOT_PLACED, SWAPPED, PLACED_FIRST, PLACED_OVER };

/* Gives the new file its name.  The old one (SWAPPED) has that of the new one
 * then, and can be put back. */
static enum place
put_in_place(const char *temporary, const char *path)
{
	struct stat st;
	bool is_first;

	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		errno = EISDIR;
		return NOT_PLACED;
	}
	if (renameat2(AT_FDCWD, temporary, AT_FDCWD, path, RENAME_EXCHANGE) ==
	    0)
		return SWAPPED;
	is_first = errno == ENOENT;
	/* Not every file system has such a call. */
	if ((!is_first && errno != EINVAL && errno != ENOSYS) ||
	    rename(temporary, path) != 0)
		return NOT_PLACED;
	return is_first ? PLACED_FIRST : PLACED_OVER;
}

/* What is not known to be on disk must not be there after kill -9 either. */
static void
take_back(const char *temporary, const char *path, enum place place)
{
	int error = errno;

	if (place == SWAPPED)
		rename(temporary, path);
	else if (place == PLACED_FIRST)
		unlink(path);
	errno = error;
}

bool
file_replace(const char *path, const void *data, size_t len, struct error *err)
{
	char temporary[4096];
	enum place place = NOT_PLACED;
	bool ok;
	int fd, folder;

	if ((size_t)snprintf(temporary, sizeof(temporary), "%s.tmp", path) >=
	    sizeof(temporary))
		return error_set(err, "%s: too long a path", path);
	/* First: without a descriptor for it, nothing is to be replaced. */
	folder = open_folder(path);
	if (folder == -1)
		return fail(err, path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0640);
	if (fd == -1) {
		fail(err, temporary);
		fd_close(&folder);
		return false;
	}
	ok = file_write_all(fd, data, len) && fsync(fd) == 0;
	ok = fd_close(&fd) && ok;
	if (ok)
		place = put_in_place(temporary, path);
	ok = place != NOT_PLACED && fsync(folder) == 0;
	if (!ok) {
		take_back(temporary, path, place);
		fail(err, path);
	}
	unlink(temporary);
	fd_close(&folder);
	return ok;
}

bool
file_make_folder(const char *path, unsigned mode, struct error *err)
{
	char *copy = xstrdup(path), *slash = copy;
	bool ok = true;

	while (ok && (slash = strchr(slash + 1, '/')) != NULL) {
		*slash = '\0';
		ok = mkdir(copy, 0755) == 0 || access(copy, F_OK) == 0 ||
		    fail(err, copy);
		*slash = '/';
	}
	free(copy);
	if (!ok || mkdir(path, mode) == 0 || errno == EEXIST)
		return ok;
	return fail(err, path);
}

static bool
copy_all(int from, int to, size_t *len)
{
	char buf[65536];
	ssize_t n;

	*len = 0;
	while ((n = read_some(from, buf, sizeof(buf))) > 0) {
		if (!file_write_all(to, buf, (size_t)n))
			return false;
		*len += (size_t)n;
	}
	return n == 0;
}

int
file_memfd(const char *path, size_t *len, struct error *err)
{
	struct stat st;
	int from, to;

	from = open_regular(path, &st, err);
	if (from == -1)
		return -1;
	to = memfd_create("meridian", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (to == -1 || !copy_all(from, to, len) ||
	    fcntl(to, F_ADD_SEALS,
		F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) ==
		-1) {
		fail(err, path);
		fd_close(&to);
	}
	fd_close(&from);
	return to;
}

char *
file_beside(const char *base, const char *path)
{
	const char *slash = strrchr(base, '/');
	char *joined;

	if (*path == '/' || slash == NULL)
		return xstrdup(path);
	if (asprintf(&joined, "%.*s/%s", (int)(slash - base), base, path) < 0)
		abort();
	return joined;
}
