/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is written at once: the drains as a whole, signals behind their journal.
 * Main makes a batch, a writer (state/writer) puts it on disk, main reads how
 * that went and frees it.
 */
#ifndef STATE_BATCH_H
#define STATE_BATCH_H

#include "report/text.h"
#include "state/journal.h"

enum batch_file { BATCH_DRAINS, BATCH_SIGNALS, BATCH_FILES };

struct batch {
	char *folder;
	struct journal *journal; /* of signals; the writer's meanwhile */
	bool wants[BATCH_FILES]; /* there is something for it */
	struct text drains;      /* the file */
	struct text signals; /* the file, in place of its journal; or none */
	struct text lines;   /* of the journal: less than the file */
	/* How it went: */
	bool ok[BATCH_FILES];
	bool whole; /* the file of signals is written */
	struct error err[BATCH_FILES];
};

/* Copies folder. */
struct batch *batch_new(const char *folder, struct journal *j);
void batch_free(struct batch *b);

/* Writes it, in any thread: a writer_work. */
void batch_write(void *batch);

#endif
