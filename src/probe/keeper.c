/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/keeper.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"

enum {
	DELAY_MIN_MS = 250,
	DELAY_MAX_MS = 64000, /* who has stayed up so long has stayed */
	SILENCE_MAX_MS = 10000
};

static struct keeper {
	struct event_base *base; /* NULL: not begun */
	struct event *readable;  /* NULL: there is no helper */
	struct event *timer;     /* of the next start */
	uint64_t delay_ms;       /* before it */
	uint64_t up_ms;          /* monotonic: since when it is up */
	uint64_t silent_ms;      /* since when it says nothing; 0: it does */
	bool killed;             /* for that */
	struct keeper_state state;
	void (*tell)(const struct keeper_state *s, void *arg);
	void *tell_arg;
	void (*reply)(struct helper_reply *r, void *arg);
	void (*lost)(void *arg);
	void *arg;
} keeper;

const struct keeper_state *
keeper_state(void)
{
	return &keeper.state;
}

uint64_t
keeper_due_s(const struct keeper_state *s)
{
	uint64_t now = clock_mono_ms();

	return s->up || s->due_ms <= now ? 0 : (s->due_ms - now + 999) / 1000;
}

/* why is kept. */
static void
start_later(const char *why)
{
	struct keeper *k = &keeper;
	const struct timeval tv = {.tv_sec = (time_t)(k->delay_ms / 1000),
	    .tv_usec = (suseconds_t)(k->delay_ms % 1000 * 1000)};

	k->state.up = false;
	k->state.due_ms = clock_mono_ms() + k->delay_ms;
	snprintf(k->state.why, sizeof(k->state.why), "%s", why);
	evtimer_add(k->timer, &tv);
	if (k->delay_ms < DELAY_MAX_MS)
		k->delay_ms *= 2;
	k->tell(&k->state, k->tell_arg);
}

/* said: what it said last, when it could not begin; "": nothing. */
static void
helper_lost(const char *said)
{
	struct keeper *k = &keeper;
	char why[KEEPER_WHY_MAX];
	bool was_up = k->state.up;

	event_free(k->readable);
	k->readable = NULL;
	helper_bury(why, sizeof(why));
	if (was_up && clock_mono_ms() >= k->up_ms + DELAY_MAX_MS)
		k->delay_ms = DELAY_MIN_MS;
	start_later(*said != '\0' ? said
		: k->killed       ? "it did not answer, and was killed"
				  : why);
	k->killed = false;
	k->silent_ms = 0;
	if (was_up && k->lost != NULL)
		k->lost(k->arg);
}

/* The first packet says that it has begun, or why it could not. */
static void
helper_begun(const char *said)
{
	struct keeper *k = &keeper;

	if (*said != '\0') {
		helper_lost(said);
		return;
	}
	k->state.up = true;
	k->up_ms = clock_mono_ms();
	k->state.restarts++;
	k->tell(&k->state, k->tell_arg);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct keeper *k = &keeper;
	union {
		struct helper_reply reply;
		char said[sizeof(struct helper_reply) + 1];
	} packet;
	ssize_t n;

	(void)what;
	(void)arg;
	/* A listener may be told, and gone, in between. */
	while (k->readable != NULL &&
	    (n = recv(fd, &packet, sizeof(packet.reply), 0)) != -1) {
		k->silent_ms = 0;
		if (n == 0) {
			helper_lost("");
		} else if (!k->state.up) {
			packet.said[n] = '\0';
			helper_begun(packet.said);
		} else if (n == (ssize_t)sizeof(packet.reply) &&
		    k->reply != NULL) {
			k->reply(&packet.reply, k->arg);
		}
	}
	if (k->readable != NULL && errno != EAGAIN && errno != EINTR)
		helper_lost("");
}

static void
helper_watch(void)
{
	struct keeper *k = &keeper;

	k->readable = event_new(
	    k->base, helper_socket(), EV_READ | EV_PERSIST, on_readable, NULL);
	event_add(k->readable, NULL);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct error err = {""};

	(void)fd;
	(void)what;
	(void)arg;
	if (helper_restart(&err))
		helper_watch();
	else
		start_later(err.text);
}

void
keeper_begin(struct event_base *base,
    void (*tell)(const struct keeper_state *s, void *arg), void *arg)
{
	keeper = (struct keeper){.base = base,
	    .delay_ms = DELAY_MIN_MS,
	    .tell = tell,
	    .tell_arg = arg,
	    .up_ms = clock_mono_ms()};
	keeper.timer = evtimer_new(base, on_timer, NULL);
	if (helper_socket() < 0)
		return;
	keeper.state.up = true;
	helper_watch();
}

void
keeper_end(void)
{
	if (keeper.base == NULL)
		return;
	if (keeper.readable != NULL)
		event_free(keeper.readable);
	event_free(keeper.timer);
	keeper = (struct keeper){.base = NULL};
}

void
keeper_listen(void (*reply)(struct helper_reply *r, void *arg),
    void (*lost)(void *arg), void *arg)
{
	keeper.reply = reply;
	keeper.lost = lost;
	keeper.arg = arg;
}

void
keeper_unanswered(void)
{
	struct keeper *k = &keeper;
	uint64_t now = clock_mono_ms();

	if (!k->state.up || k->killed)
		return;
	if (k->silent_ms == 0)
		k->silent_ms = now;
	if (now - k->silent_ms < SILENCE_MAX_MS)
		return;
	k->killed = true;
	kill((pid_t)helper_process(), SIGKILL);
}

int
keeper_send(const void *request, size_t len)
{
	if (!keeper.state.up)
		return ESRCH;
	return send(helper_socket(), request, len, MSG_NOSIGNAL) < 0 ? errno
								     : 0;
}
