/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Jobs that take long (a reload, a check, a proof): each lane runs one at a
 * time in a niced thread of its own, in the order in which they were asked for;
 * the others wait, and their replies come when they were done.  Main thread,
 * but for what is said to be the job's thread's.
 */
#ifndef LIFE_JOBS_H
#define LIFE_JOBS_H

#include <event2/event.h>
#include <jansson.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "base/error.h"

enum { JOBS_WAITING_MAX = 64, JOBS_LEAVE_MS = 200, JOBS_END_MS = 1000 };

/* Proofs change nothing: they and the other jobs do not wait for each other. */
enum job_lane { JOB_BUILD, JOB_PROVE, JOB_LANES };

/* Gets the reply, which is its own. */
typedef void job_done(json_t *reply, void *arg);

/* Who asks for a job, and is told. */
struct job_asker {
	const char *owner; /* a user's name */
	long pid;          /* of the client; 0: none */
	job_done *done;    /* NULL: nobody waits for it */
	void *arg;
};

enum job_phase { JOB_BEGUN, JOB_COMMITS, JOB_LEFT };

struct job;

struct job_kind {
	/* When its turn comes: NULL, or the reply, and it does not run. */
	json_t *(*begin)(struct job *j);
	void (*run)(struct job *j); /* in the thread */
	/* After run: puts its result into service; the reply. */
	json_t *(*finish)(struct job *j);
	/* The job itself, in any state but running; what run left in it. */
	void (*free)(struct job *j);
};

/* The first member of what a kind makes, zero but for the kind and the name. */
struct job {
	const struct job_kind *kind;
	char *name;        /* "reload", "promote shop": freed with the job */
	_Atomic bool stop; /* main stores, the thread may look */

	/* Of this module. */
	TAILQ_ENTRY(job) entry;
	struct lane *lane;
	uint64_t asked_ms, begun_ms; /* monotonic */
	json_t *before;              /* names of those that it waits for */
	long pid;
	job_done *done;
	void *arg;
	pthread_t thread;
	_Atomic int phase; /* enum job_phase: the thread and main, once */
	_Atomic bool over; /* the thread stores, main loads */
};

struct jobs;

/* NULL: there are no descriptors; err. */
struct jobs *jobs_new(struct event_base *base, struct error *err);

/*
 * Takes j over.  The reply comes at once, or later from the event loop, with
 * "waited_s" and "waited_for", the names of the jobs that were before it.
 */
void jobs_put(struct jobs *jobs, enum job_lane lane, struct job *j,
    const struct job_asker *by);

/* Does one of that name wait to begin? */
bool jobs_has_waiting(
    const struct jobs *jobs, enum job_lane lane, const char *name);

/*
 * The job's thread, before it writes what lasts: true, and main will wait for
 * the end of the job; false: the daemon ends, and nothing may be written.
 */
bool job_may_commit(struct job *j);

/* {"running": [job], "waiting": [job]} of {"name", "lane", "for_s",
 * "pid"}: for how long it has been running, or waiting. */
json_t *jobs_report(const struct jobs *jobs);

/*
 * At the end: tells all who wait.  A job that is being saved is waited for, for
 * JOBS_END_MS; any other is told to stop, and has leave_ms (main:
 * JOBS_LEAVE_MS) for it.  False: a job's thread is still running, and nothing
 * that it may use can be freed, jobs neither.
 */
bool jobs_end(struct jobs *jobs, int leave_ms);

void jobs_free(struct jobs *jobs);

#endif
