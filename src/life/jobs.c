/* SPDX-License-Identifier: BSD-3-Clause */
#include "life/jobs.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/exit.h"
#include "base/fd.h"

enum { JOB_NICE = 10 };

struct lane {
	struct event *event;
	int fd; /* an eventfd: the thread that runs has ended, or will soon */
	struct job *running;
	TAILQ_HEAD(job_line, job) waiting;
	size_t nwaiting;
};

struct jobs {
	struct lane lanes[JOB_LANES];
	bool ended;
};

/* What a request is told that changes nothing; takes text over. */
static json_t *
refusal(json_t *text)
{
	return json_pack("{s:o, s:i}", "error", text, "exit", EXIT_WRONG);
}

/* A job ------------------------------------------------------------------ */

static void
job_free(struct job *j)
{
	json_decref(j->before);
	free(j->name);
	j->kind->free(j);
}

/* Whole seconds are what people wait. */
static int64_t
seconds_since(uint64_t ms)
{
	return (int64_t)((clock_mono_ms() - ms) / 1000);
}

/* The reply, and the end of the job. */
static void
job_tell(struct job *j, json_t *reply)
{
	uint64_t begun_ms = j->begun_ms != 0 ? j->begun_ms : clock_mono_ms();

	json_object_set_new(reply, "waited_s",
	    json_real((double)(begun_ms - j->asked_ms) / 1000));
	json_object_set(reply, "waited_for", j->before);
	if (j->done != NULL)
		j->done(reply, j->arg);
	else
		json_decref(reply);
	job_free(j);
}

bool
job_may_commit(struct job *j)
{
	int begun = JOB_BEGUN;

	return atomic_compare_exchange_strong(&j->phase, &begun, JOB_COMMITS);
}

static void *
job_run(void *arg)
{
	struct job *j = arg;
	const uint64_t one = 1;
	int fd = j->lane->fd;

	/* On Linux this is the thread's own. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), JOB_NICE);
	j->kind->run(j);
	atomic_store(&j->over, true);
	while (write(fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
	return NULL;
}

/* Returns 0 or an error number. */
static int
job_start(struct job *j)
{
	sigset_t all, before;
	int rc;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&j->thread, NULL, job_run, j);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc;
}

/* Lanes ----------------------------------------------------------------- */

static void
lane_next(struct lane *lane)
{
	while (lane->running == NULL && !TAILQ_EMPTY(&lane->waiting)) {
		struct job *j = TAILQ_FIRST(&lane->waiting);
		json_t *reply;
		int rc = 0;

		TAILQ_REMOVE(&lane->waiting, j, entry);
		lane->nwaiting--;
		j->begun_ms = clock_mono_ms();
		lane->running = j;
		reply = j->kind->begin != NULL ? j->kind->begin(j) : NULL;
		if (reply == NULL && (rc = job_start(j)) == 0)
			return;
		lane->running = NULL;
		if (reply == NULL)
			reply = refusal(json_sprintf(
			    "nothing has changed, because no thread can be started: %s",
			    strerror(rc)));
		job_tell(j, reply);
	}
}

/* The thread of what runs has done its work. */
static void
lane_finish(struct lane *lane)
{
	struct job *j = lane->running;
	json_t *reply;

	pthread_join(j->thread, NULL);
	reply = j->kind->finish(j);
	lane->running = NULL;
	job_tell(j, reply);
}

static bool
lane_is_over(struct lane *lane)
{
	uint64_t n;

	return read(lane->fd, &n, sizeof(n)) == sizeof(n) &&
	    lane->running != NULL && atomic_load(&lane->running->over);
}

static void
on_over(evutil_socket_t fd, short what, void *arg)
{
	struct lane *lane = arg;

	(void)fd;
	(void)what;
	if (lane_is_over(lane)) {
		lane_finish(lane);
		lane_next(lane);
	}
}

struct jobs *
jobs_new(struct event_base *base, struct error *err)
{
	struct jobs *jobs = xcalloc(1, sizeof(*jobs));
	bool ok = true;

	for (size_t i = 0; i < JOB_LANES; i++) {
		struct lane *lane = &jobs->lanes[i];

		TAILQ_INIT(&lane->waiting);
		lane->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
		ok = lane->fd >= 0 && ok;
		if (!ok)
			continue;
		lane->event = event_new(
		    base, lane->fd, EV_READ | EV_PERSIST, on_over, lane);
		event_add(lane->event, NULL);
	}
	if (ok)
		return jobs;
	error_set(err, "eventfd: %s", strerror(errno));
	jobs_free(jobs);
	return NULL;
}

static json_t *
names_before(const struct lane *lane)
{
	json_t *names = json_array();
	const struct job *j;

	if (lane->running != NULL)
		json_array_append_new(names, json_string(lane->running->name));
	for (j = TAILQ_FIRST(&lane->waiting); j != NULL;
	     j = TAILQ_NEXT(j, entry))
		json_array_append_new(names, json_string(j->name));
	return names;
}

void
jobs_put(struct jobs *jobs, enum job_lane lane, struct job *j,
    const struct job_asker *by)
{
	struct lane *l = &jobs->lanes[lane];

	j->lane = l;
	j->pid = by->pid;
	j->done = by->done;
	j->arg = by->arg;
	j->asked_ms = clock_mono_ms();
	j->before = names_before(l);
	if (jobs->ended) {
		job_tell(
		    j, refusal(json_string("the daemon is shutting down")));
	} else if (l->nwaiting >= JOBS_WAITING_MAX) {
		job_tell(j,
		    refusal(json_sprintf(
			"busy: %zu jobs are waiting already; nothing has changed, try again later",
			l->nwaiting)));
	} else {
		TAILQ_INSERT_TAIL(&l->waiting, j, entry);
		l->nwaiting++;
		lane_next(l);
	}
}

bool
jobs_has_waiting(const struct jobs *jobs, enum job_lane lane, const char *name)
{
	const struct job *j;

	for (j = TAILQ_FIRST(&jobs->lanes[lane].waiting); j != NULL;
	     j = TAILQ_NEXT(j, entry))
		if (strcmp(j->name, name) == 0)
			return true;
	return false;
}

static json_t *
job_report(const struct job *j, const char *lane, uint64_t since_ms)
{
	return json_pack("{s:o, s:s, s:I, s:I}", "name", json_string(j->name),
	    "lane", lane, "for_s", (json_int_t)seconds_since(since_ms), "pid",
	    (json_int_t)j->pid);
}

json_t *
jobs_report(const struct jobs *jobs)
{
	static const char *const lanes[] = {
	    [JOB_BUILD] = "build", [JOB_PROVE] = "prove"};
	json_t *running = json_array(), *waiting = json_array();

	for (size_t i = 0; i < JOB_LANES; i++) {
		const struct lane *lane = &jobs->lanes[i];
		const struct job *j = lane->running;

		if (j != NULL)
			json_array_append_new(
			    running, job_report(j, lanes[i], j->begun_ms));
		for (j = TAILQ_FIRST(&lane->waiting); j != NULL;
		     j = TAILQ_NEXT(j, entry))
			json_array_append_new(
			    waiting, job_report(j, lanes[i], j->asked_ms));
	}
	return json_pack("{s:o, s:o}", "running", running, "waiting", waiting);
}

/* The end --------------------------------------------------------------- */

static bool
lane_wait(struct lane *lane, int ms)
{
	uint64_t end = clock_mono_ms() + (uint64_t)ms;
	struct pollfd fd = {.fd = lane->fd, .events = POLLIN};

	while (!atomic_load(&lane->running->over)) {
		uint64_t now = clock_mono_ms();

		if (now >= end)
			return false;
		poll(&fd, 1, (int)(end - now));
	}
	return true;
}

/* False: its thread is left behind. */
static bool
running_end(struct lane *lane, int leave_ms)
{
	struct job *j = lane->running;
	int begun = JOB_BEGUN;
	bool left;

	if (j == NULL)
		return true;
	atomic_store(&j->stop, true);
	left = atomic_compare_exchange_strong(&j->phase, &begun, JOB_LEFT);
	if (!lane_wait(lane, left ? leave_ms : JOBS_END_MS)) {
		if (j->done != NULL)
			j->done(
			    refusal(json_sprintf(
				"the daemon is shutting down%s",
				left
				    ? ": nothing has changed"
				    : " while this is being saved: check after its next start")),
			    j->arg);
		j->done = NULL;
		pthread_detach(j->thread);
		return false;
	}
	if (!left) {
		lane_finish(lane);
		return true;
	}
	pthread_join(j->thread, NULL);
	lane->running = NULL;
	job_tell(j,
	    refusal(json_string(
		"the daemon is shutting down: nothing has changed")));
	return true;
}

bool
jobs_end(struct jobs *jobs, int leave_ms)
{
	bool all = true;

	jobs->ended = true;
	for (size_t i = 0; i < JOB_LANES; i++) {
		struct lane *lane = &jobs->lanes[i];
		struct job *j;

		while ((j = TAILQ_FIRST(&lane->waiting)) != NULL) {
			TAILQ_REMOVE(&lane->waiting, j, entry);
			lane->nwaiting--;
			job_tell(j,
			    refusal(json_string(
				"the daemon is shutting down: nothing has changed")));
		}
		all = running_end(lane, leave_ms) && all;
	}
	return all;
}

void
jobs_free(struct jobs *jobs)
{
	if (jobs == NULL)
		return;
	for (size_t i = 0; i < JOB_LANES; i++) {
		if (jobs->lanes[i].event != NULL)
			event_free(jobs->lanes[i].event);
		fd_close(&jobs->lanes[i].fd);
	}
	free(jobs);
}
