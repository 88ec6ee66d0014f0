/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/spare.h"

static void
unwatch(struct tcp_attempt *t)
{
	if (t->writable != NULL)
		event_free(t->writable);
	t->writable = NULL;
}

void
attempt_stop(struct tcp_attempt *t)
{
	unwatch(t);
	if (t->open)
		fd_close(&t->fd);
	t->open = false;
}

int
attempt_take(struct tcp_attempt *t)
{
	unwatch(t);
	t->open = false;
	return t->fd;
}

static void
attempt_fail(struct tcp_attempt *t, int error)
{
	attempt_stop(t);
	t->done(t->probe, error);
}

static void
tcp_connected(evutil_socket_t fd, short what, void *arg)
{
	struct tcp_attempt *t = arg;
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	unwatch(t);
	if (error != 0)
		attempt_fail(t, error);
	else
		t->done(t->probe, 0);
}

void
attempt_begin(struct tcp_attempt *t, struct probe *p,
    void (*done)(struct probe *p, int error))
{
	struct sockaddr_storage ss;
	socklen_t len =
	    addr_to_sockaddr(&p->watch->addr, p->watch->monitor->port, &ss);
	int error;

	t->probe = p;
	t->done = done;
	t->fd = spare_socket(
	    ss.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (t->fd == -1) {
		done(p, errno);
		return;
	}
	t->open = true;
	t->writable =
	    event_new(probe_base(p), t->fd, EV_WRITE, tcp_connected, t);
	error = connect(t->fd, (struct sockaddr *)&ss, len) == 0 ? 0 : errno;
	if (error == EINPROGRESS || error == 0)
		event_add(t->writable, NULL);
	else
		attempt_fail(t, error);
}

/* A reset of a connection that was made: one in place of it is ECONNREFUSED.
 * Whether it comes before the daemon looks is chance, which must not decide. */
static bool
is_reset_later(int error)
{
	return error == ECONNRESET || error == EPIPE;
}

static void
tcp_done(struct probe *p, int error)
{
	attempt_stop(p->state);
	if (error != 0 && !is_reset_later(error))
		probe_failed(p, error);
	else
		probe_done(p, true, "ok", "connected in %.1f ms",
		    (double)(clock_mono_us() - p->started_us) / 1000);
}

static void
tcp_start(struct probe *p)
{
	if (p->state == NULL)
		p->state = xcalloc(1, sizeof(struct tcp_attempt));
	attempt_begin(p->state, p, tcp_done);
}

static void
tcp_abort(struct probe *p)
{
	attempt_stop(p->state);
}

static void
tcp_free(struct probe *p)
{
	free(p->state);
}

const struct probe_type tcp_probe_type = {tcp_start, tcp_abort, tcp_free};
