/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a target answers to HTTP probes, without a network: connect(2) is the
 * one here, which leads to a socket that the octets wait in.  The first octet
 * says what is expected and how the reply comes; the probe after the first
 * goes over the connection that was kept, if it was.
 */
#include <event2/event.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "probe/probe.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
	EXPECT_BODY = 1,
	IN_PIECES = 2,
	STAY_OPEN = 4 | 16 | 32, /* until the timeout, if need be: seldom */
	ONCE_MORE = 8,           /* another probe, with a reply of its own */
	REPLY_MAX = 60000,       /* what a socket takes at once */
	TIMEOUT_MS = 2,
	PEERS_MAX = 8,
};

static struct conf_monitor monitor = {
    .name = "web",
    .type = CONF_MONITOR_HTTP,
    .port = 80,
    .path = "/",
    .statuses = (uint16_t[]){200},
    .nstatuses = 1,
    .body_max = 65536,
    .reconnect = 100,
    .interval_ms = 3600000,
    .timeout_ms = TIMEOUT_MS,
    .fall = 1,
    .rise = 1,
    .clear = 1,
};

static const struct conf conf; /* no pools, no anchors */

/* The target. */
static struct event_base *base;
static const uint8_t *reply;
static size_t reply_len;
static unsigned how;
static int peers[PEERS_MAX];
static size_t npeers;

static unsigned verdicts;

static void
send_reply(int fd)
{
	size_t first = how & IN_PIECES ? reply_len / 2 : reply_len;

	/* It may have been closed meanwhile. */
	if (send(fd, reply, first, MSG_NOSIGNAL) != (ssize_t)first)
		first = reply_len;
	reply += first;
	reply_len -= first;
	if (reply_len == 0 && (how & STAY_OPEN) != STAY_OPEN)
		shutdown(fd, SHUT_WR);
}

/* In place of libc's. */
int
connect(int fd, const struct sockaddr *sa, socklen_t len)
{
	int pair[2];

	(void)sa;
	(void)len;
	if (npeers == PEERS_MAX ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0,
		pair) != 0 ||
	    dup2(pair[0], fd) != fd)
		abort();
	close(pair[0]);
	peers[npeers++] = pair[1];
	send_reply(pair[1]);
	return 0;
}

static void
count(struct watch *w, const struct verdict *v, void *arg)
{
	(void)arg;
	/* A page must be able to show what is said. */
	if (v->ok != (strcmp(v->reason, "ok") == 0) ||
	    memchr(w->last, '\0', sizeof(w->last)) == NULL ||
	    w->health.state == HEALTH_UNKNOWN)
		abort();
	verdicts++;
}

static void
run_until(unsigned n)
{
	while (verdicts < n) {
		event_base_loop(base, EVLOOP_ONCE);
		if (reply_len > 0 && npeers > 0)
			send_reply(peers[npeers - 1]);
	}
}

/* The timer is the prober's own: its place on the grid is an hour away. */
static void
probe_again(struct watch *w)
{
	struct probe *p = w->probe;

	event_active(p->timer, EV_TIMEOUT, 0);
}

static void
run(const uint8_t *data, size_t size)
{
	struct suspect *suspect = suspect_new();
	struct watches *watches = watches_new();
	struct prober *prober = prober_new(base, suspect, count, NULL);
	struct watch watch = {
	    .key = (char[]){"fuzz"},
	    .addr = {.bytes = {127, 0, 0, 1}, .family = 4},
	    .monitor = &monitor,
	};
	size_t half = how & ONCE_MORE ? size / 2 : size;

	suspect_bind(suspect, &conf, NULL, watches);
	verdicts = 0;
	npeers = 0;
	reply = data;
	reply_len = half;
	prober_add(prober, &watch);
	run_until(1);
	if (how & ONCE_MORE) {
		reply = data + half;
		reply_len = size - half;
		probe_again(&watch);
		run_until(2);
	}
	prober_free(prober);
	suspect_free(suspect);
	watches_free(watches);
	event_base_loop(base, EVLOOP_NONBLOCK);
	while (npeers > 0)
		close(peers[--npeers]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 1 || size > REPLY_MAX)
		return 0;
	if (base == NULL) {
		base = event_base_new();
		log_set_level(LOG_LEVEL_ERROR);
	}
	how = data[0];
	monitor.body = how & EXPECT_BODY ? "fine" : NULL;
	run(data + 1, size - 1);
	return 0;
}
