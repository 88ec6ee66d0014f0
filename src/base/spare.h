/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * File descriptors when there are few.  The last below the limit are for what
 * operators ask for, and the very last for files that this needs (state,
 * configuration, databases): others do without, as if there were none.  And who
 * must be served then holds spares: one is released, and what it makes room for
 * is opened at once; a struct spare is of one thread.
 */
#ifndef BASE_SPARE_H
#define BASE_SPARE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	SPARE_LAST = 16,
	SPARE_FILES = 8, /* of those */
	SPARE_MAX = 4,   /* others may be quicker, now and then */
};

struct spare {
	int source; /* what the others are; -1: none could be opened */
	int fds[SPARE_MAX];
	size_t n;
};

bool spare_is_last(int fd);

/* No others than the last so many are left. */
bool spare_only_last(unsigned last);

/* As socket(2); EMFILE when it would be one of the last. */
int spare_socket(int domain, int type);

/* Opens as many as there are to be had; so does fill, later. */
void spare_init(struct spare *s);
void spare_fill(struct spare *s);
void spare_fini(struct spare *s);

/* False: there was none left. */
bool spare_release(struct spare *s);

/* Closes fd.  When a spare is missing its place is kept for one, and is free at
 * no time, for others to take. */
void spare_close(struct spare *s, int fd);

#endif
