/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A file of lines that only grows, beside a state file: what has changed since
 * that was written.  The lines are JSON, a later one takes the place of an
 * earlier one, so that reading one twice does no harm.  What a crash has cut
 * off has no newline at its end, was never acknowledged, and counts for
 * nothing.  One thread at a time.
 */
#ifndef STATE_JOURNAL_H
#define STATE_JOURNAL_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

struct journal {
	int fd;       /* -1: to be opened */
	int64_t end;  /* of what counts */
	bool broken;  /* there is more behind that */
	bool removed; /* somebody did, with what it said; the caller's to clear
		       */
};

/* Appends whole lines, and returns when they are on disk; false: they are not,
 * and are taken back. */
bool journal_append(struct journal *j, const char *folder, const char *kind,
    const char *lines, size_t len, struct error *err);
/* Empties it: the state file says the same, on disk. */
void journal_clear(struct journal *j);
void journal_fini(struct journal *j);

/* Gives each line of kind.journal to fn, which says whether it made sense.
 * *len is how many octets there are.  False: err; what made sense counts. */
bool journal_load(const char *folder, const char *kind,
    bool (*fn)(const json_t *entry, void *arg), void *arg, size_t *len,
    struct error *err);

#endif
