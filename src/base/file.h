/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whole files.  Any thread; the caller frees what is read.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

/* Reads a regular file of at most max octets; *data is NUL-terminated beyond
 * its length, and freed by the caller. */
bool file_read(
    const char *path, size_t max, char **data, size_t *len, struct error *err);

/* Something has that name, or nobody can say: a symbolic link to nothing, a
 * folder that may not be searched. */
bool file_may_exist(const char *path);

/* Replaces path by temporary file, fsync, rename, fsync of the folder.  False:
 * what was there before is there still or again (where the file system knows
 * renameat2(2)). */
bool file_replace(
    const char *path, const void *data, size_t len, struct error *err);

/* What file_replace() is made of; false: errno. */
bool file_write_all(int fd, const void *data, size_t len);
bool file_sync_folder(const char *path); /* that path is in */

/* Makes the folder and all that are missing above it, which get mode 0755.
 * True where it is there already. */
bool file_make_folder(const char *path, unsigned mode, struct error *err);

/* A read-only sealed copy in memory (memfd), that truncating the file cannot
 * touch.  Returns a descriptor, or -1; *len is its length. */
int file_memfd(const char *path, size_t *len, struct error *err);

/* path as seen from the folder of base, unless it is absolute; free it. */
char *file_beside(const char *base, const char *path);

#endif
