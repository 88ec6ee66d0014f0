/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/file.h"

enum { JOURNAL_MAX = 64 << 20, BLOCK = 4096 };

static char *
journal_path(const char *folder, const char *kind)
{
	char *path;

	if (asprintf(&path, "%s/%s.journal", folder, kind) < 0)
		abort();
	return path;
}

/* Where the last line ends; -1: errno. */
static off_t
lines_end(int fd)
{
	char block[BLOCK];
	struct stat st;
	off_t end;

	if (fstat(fd, &st) != 0)
		return -1;
	for (end = st.st_size; end > 0;) {
		off_t from =
		    end > (off_t)sizeof(block) ? end - (off_t)sizeof(block) : 0;
		ssize_t n = pread(fd, block, (size_t)(end - from), from);

		if (n < 0)
			return -1;
		while (n > 0 && block[n - 1] != '\n')
			n--;
		if (n > 0)
			return from + n;
		end = from;
	}
	return 0;
}

/* Opens it behind its last line, and makes its name last. */
static bool
journal_open(struct journal *j, const char *path, struct error *err)
{
	j->fd = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0640);
	if (j->fd >= 0) {
		j->end = lines_end(j->fd);
		j->broken = false;
		if (j->end >= 0 && ftruncate(j->fd, j->end) == 0 &&
		    file_sync_folder(path))
			return true;
	}
	error_set(err, "%s: %s", path, strerror(errno));
	journal_fini(j);
	return false;
}

/* Somebody may have removed it. */
static bool
is_there(const struct journal *j)
{
	struct stat st;

	return fstat(j->fd, &st) == 0 && st.st_nlink > 0;
}

static bool
append(struct journal *j, const char *lines, size_t len)
{
	int error;

	if (j->broken && ftruncate(j->fd, j->end) != 0)
		return false;
	j->broken = true;
	if (file_write_all(j->fd, lines, len) && fdatasync(j->fd) == 0) {
		j->broken = false;
		j->end += (int64_t)len;
		return true;
	}
	error = errno;
	j->broken = ftruncate(j->fd, j->end) != 0;
	errno = error;
	return false;
}

bool
journal_append(struct journal *j, const char *folder, const char *kind,
    const char *lines, size_t len, struct error *err)
{
	char *path = journal_path(folder, kind);
	bool ok;

	if (j->fd >= 0 && !is_there(j)) {
		j->removed = true;
		journal_fini(j);
	}
	ok = j->fd >= 0 || journal_open(j, path, err);
	if (ok && !append(j, lines, len))
		ok = error_set(err, "%s: %s", path, strerror(errno));
	free(path);
	return ok;
}

void
journal_clear(struct journal *j)
{
	if (j->fd < 0)
		return;
	j->end = 0;
	j->broken = ftruncate(j->fd, 0) != 0;
}

void
journal_fini(struct journal *j)
{
	fd_close(&j->fd);
}

static bool
line_load(const char *line, size_t len,
    bool (*fn)(const json_t *entry, void *arg), void *arg)
{
	json_t *entry = json_loadb(line, len, JSON_REJECT_DUPLICATES, NULL);
	bool ok = entry != NULL && fn(entry, arg);

	json_decref(entry);
	return ok;
}

bool
journal_load(const char *folder, const char *kind,
    bool (*fn)(const json_t *entry, void *arg), void *arg, size_t *len,
    struct error *err)
{
	char *path = journal_path(folder, kind), *text = NULL, *line, *end;
	size_t n = 0, bad = 0, first = 0;
	bool ok = true;

	*len = 0;
	if (file_may_exist(path))
		ok = file_read(path, JOURNAL_MAX, &text, len, err);
	line = text;
	while (*len > 0 &&
	    (end = memchr(line, '\n', (size_t)(text + *len - line))) != NULL) {
		n++;
		if (!line_load(line, (size_t)(end - line), fn, arg) &&
		    bad++ == 0)
			first = n;
		line = end + 1;
	}
	free(text);
	if (bad > 0)
		ok = error_set(err,
		    "%s:%zu: cannot be understood (%zu of %zu lines)", path,
		    first, bad, n);
	free(path);
	return ok;
}
