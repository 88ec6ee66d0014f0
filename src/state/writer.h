/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A thread that waits for the disk in place of main: one job at a time.  Main
 * thread, but for the work, which has the job to itself until it is collected.
 */
#ifndef STATE_WRITER_H
#define STATE_WRITER_H

#include <stdbool.h>

typedef void writer_work(void *job);

struct writer;

/* nice: of the thread, 0 to 19, which the first job starts: main has given up
 * its rights by then.  Without a thread (none can be started) jobs run where
 * they are begun. */
struct writer *writer_new(writer_work *work, int nice);

/* Readable once a job is over; -1: jobs run where they are begun. */
int writer_fd(const struct writer *w);

/* Begins a job.  Not before the one before was collected. */
void writer_start(struct writer *w, void *job);

/* A job was begun and not collected. */
bool writer_is_busy(const struct writer *w);

/* The job that is over; NULL: there is none, or it goes on. */
void *writer_collect(struct writer *w);

/* Waits up to so long for the job that is under way, and collects it; -1:
 * without limit; NULL: there is none, or it goes on. */
void *writer_wait(struct writer *w, int ms);

/* A thread that a disk holds up is left behind with its job: its end is that
 * of the process. */
void writer_free(struct writer *w);

#endif
