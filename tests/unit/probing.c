/* SPDX-License-Identifier: BSD-3-Clause */
#include "probing.h"

#include <check.h>
#include <dirent.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"

static void
verdict_heard(struct watch *w, const struct verdict *v, void *arg)
{
	struct probing *g = arg;

	(void)w;
	g->told = *v;
	g->ntold++;
}

/* Of this process that are open. */
static size_t
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

void
probing_open(struct probing *g, enum conf_monitor_type type)
{
	static const struct conf none;
	static char key[] = "127.0.0.1 m";

	memset(g, 0, sizeof(*g));
	g->descriptors = count_descriptors();
	g->base = event_base_new();
	g->watches = watches_new();
	g->suspect = suspect_new();
	suspect_bind(g->suspect, &none, NULL, g->watches);
	g->prober = prober_new(g->base, g->suspect, verdict_heard, g);
	g->monitor = (struct conf_monitor){.name = "m",
	    .type = type,
	    .interval_ms = 5000,
	    .timeout_ms = 5000,
	    .fall = 3,
	    .rise = 4,
	    .clear = 6,
	    .text = "m",
	    .question = "m"};
	g->watch.monitor = &g->monitor;
	g->watch.key = key;
	g->watch.addr = (struct addr){{127, 0, 0, 1}, 4};
}

void
probing_close(struct probing *g)
{
	prober_free(g->prober);
	suspect_free(g->suspect);
	watches_free(g->watches);
	event_base_free(g->base);
	clock_real();
	/* Probes that are over leave none open. */
	ck_assert_uint_eq(count_descriptors(), g->descriptors);
}

struct probe *
probing_once(struct probing *g)
{
	return prober_once(g->prober, &g->watch, verdict_heard, g);
}

void
probing_wait(struct probing *g)
{
	unsigned before = g->ntold;

	while (g->ntold == before)
		event_base_loop(g->base, EVLOOP_ONCE);
}

void
probing_wait_for(struct probing *g, int fd)
{
	struct pollfd p = {fd, POLLIN, 0};
	unsigned before = g->ntold;

	while (poll(&p, 1, 1) == 0) {
		event_base_loop(g->base, EVLOOP_NONBLOCK);
		ck_assert_msg(g->ntold == before, "%s", g->watch.last);
	}
}

/* -1: the port is taken. */
static int
socket_of(struct probing *g, int type)
{
	const struct endpoint here = {g->watch.addr, g->monitor.port};
	struct endpoint got;
	struct error err;
	int fd = type == SOCK_STREAM ? net_listen_tcp(&here, &err)
				     : net_listen_udp(&here, &err);

	if (fd < 0)
		return -1;
	ck_assert(net_bound_endpoint(fd, &got));
	g->monitor.port = got.port;
	return fd;
}

int
probing_listen(struct probing *g)
{
	int fd;

	g->monitor.port = 0;
	fd = socket_of(g, SOCK_STREAM);
	ck_assert_int_ge(fd, 0);
	return fd;
}

int
probing_datagrams(struct probing *g, int *listener)
{
	int fd;

	for (;;) {
		*listener = probing_listen(g);
		fd = socket_of(g, SOCK_DGRAM);
		if (fd >= 0)
			return fd;
		close(*listener);
	}
}

int
probing_accept(struct probing *g, int listener)
{
	int fd;

	probing_wait_for(g, listener);
	fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ck_assert_int_ge(fd, 0);
	return fd;
}

const char *
probing_said(const struct probing *g)
{
	static char said[sizeof(g->watch.last)];
	const char *in = strstr(g->watch.last, " in "), *ms;

	ms = in != NULL ? strstr(in, " ms") : NULL;
	if (ms == NULL)
		return g->watch.last;
	snprintf(said, sizeof(said), "%.*s in #%s", (int)(in - g->watch.last),
	    g->watch.last, ms);
	return said;
}
