/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/writer.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/fd.h"

struct writer {
	writer_work *work;
	int nice;
	pthread_t thread;
	bool threaded; /* there is one */
	sem_t begun;   /* main posts, the thread waits: job is its own */
	int fd;        /* eventfd; the thread writes: job is main's again */
	void *job;     /* NULL: the thread is to end */
	bool busy;     /* main's */
};

static void
work_begun(struct writer *w)
{
	while (sem_wait(&w->begun) != 0)
		;
}

static void
work_over(const struct writer *w)
{
	uint64_t one = 1;

	while (write(w->fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void *
writer_run(void *arg)
{
	struct writer *w = arg;

	/* On Linux this is the thread's own. */
	if (w->nice > 0)
		setpriority(PRIO_PROCESS, (id_t)gettid(), w->nice);
	for (work_begun(w); w->job != NULL; work_begun(w)) {
		w->work(w->job);
		work_over(w);
	}
	return NULL;
}

struct writer *
writer_new(writer_work *work, int nice)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->work = work;
	w->nice = nice;
	w->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	sem_init(&w->begun, 0, 0);
	return w;
}

int
writer_fd(const struct writer *w)
{
	return w->fd;
}

/* Not before there is something to do: a thread keeps the rights that the
 * process had when it was started. */
static void
start_thread(struct writer *w)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	w->threaded =
	    w->fd >= 0 && pthread_create(&w->thread, NULL, writer_run, w) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void
writer_start(struct writer *w, void *job)
{
	w->busy = true;
	w->job = job;
	if (!w->threaded)
		start_thread(w);
	if (w->threaded) {
		sem_post(&w->begun);
		return;
	}
	w->work(job);
	if (w->fd >= 0)
		work_over(w);
}

bool
writer_is_busy(const struct writer *w)
{
	return w->busy;
}

void *
writer_collect(struct writer *w)
{
	uint64_t n;

	if (!w->busy || (w->fd >= 0 && read(w->fd, &n, sizeof(n)) != sizeof(n)))
		return NULL;
	w->busy = false;
	return w->job;
}

void *
writer_wait(struct writer *w, int ms)
{
	struct pollfd p = {.fd = w->fd, .events = POLLIN};

	if (w->busy && w->threaded)
		while (poll(&p, 1, ms) < 0 && errno == EINTR)
			;
	return writer_collect(w);
}

void
writer_free(struct writer *w)
{
	if (w == NULL || w->busy)
		return;
	w->job = NULL;
	sem_post(&w->begun);
	if (w->threaded)
		pthread_join(w->thread, NULL);
	if (w->fd >= 0)
		fd_close(&w->fd);
	sem_destroy(&w->begun);
	free(w);
}
