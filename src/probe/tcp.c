/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/tcp.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

struct tcp {
	int fd; /* -1: none */
	struct event *writable;
};

static void
tcp_close(struct tcp *t)
{
	if (t->fd == -1)
		return;
	event_free(t->writable);
	close(t->fd);
	t->fd = -1;
}

static void
tcp_abort(struct probe *p)
{
	tcp_close(p->state);
}

static void
tcp_finish(struct probe *p, int error)
{
	tcp_close(p->state);
	if (error != 0)
		probe_failed(p, error);
	else
		probe_done(p, true, "ok", "connected in %.1f ms",
		    (double)(clock_mono_us() - p->started_us) / 1000);
}

static void
tcp_connected(evutil_socket_t fd, short what, void *arg)
{
	int error = 0;
	socklen_t len = sizeof(error);

	(void)what;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == -1)
		error = errno;
	tcp_finish(arg, error);
}

static void
tcp_start(struct probe *p)
{
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&p->watch->addr,
	    p->watch->monitor.port, &ss);
	struct tcp *t = p->state;
	int error;

	if (t == NULL) {
		p->state = t = xcalloc(1, sizeof(*t));
		t->fd = -1;
	}
	t->fd = socket(ss.ss_family,
	    SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (t->fd == -1) {
		probe_failed(p, errno);
		return;
	}
	t->writable = event_new(probe_base(p), t->fd, EV_WRITE, tcp_connected,
	    p);
	error = connect(t->fd, (struct sockaddr *)&ss, len) == 0 ? 0 : errno;
	if (error == EINPROGRESS || error == 0)
		event_add(t->writable, NULL);
	else
		tcp_finish(p, error);
}

static void
tcp_free(struct probe *p)
{
	free(p->state);
}

const struct probe_type tcp_probe_type = {tcp_start, tcp_abort, tcp_free};
