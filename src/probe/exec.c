/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/exec.h"

#include <errno.h>
#include <paths.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "probe/keeper.h"

/* What the prober's probes share. */
struct exec_hub {
	uint64_t last_id;
	VEC(struct probe *) waiting;
};

struct exec {
	uint64_t id; /* of the request under way */
};

static const char silent[] = "the exec helper does not answer";

struct packet {
	char at[HELPER_REQUEST_MAX];
	size_t len;
	bool full;
};

static void
hub_forget(struct exec_hub *hub, const struct probe *p)
{
	for (size_t i = 0; i < hub->waiting.n; i++) {
		if (hub->waiting.at[i] != p)
			continue;
		hub->waiting.at[i] = hub->waiting.at[--hub->waiting.n];
		return;
	}
}

/* Nothing is known of the targets then. */
static void
exec_unable(struct probe *p, const char *why)
{
	probe_pass(p, p->watch->idle, "not run: %s", why);
}

static void
exec_helpless(struct probe *p)
{
	const struct keeper_state *s = keeper_state();

	probe_pass(p, p->watch->idle,
	    "not run: the exec helper is not running (%s): it is being restarted%s",
	    s->why, keeper_due_s(s) > 0 ? "" : " now");
}

/* Commands under way ended with it, and nobody knows how. */
static void
hub_lost(void *arg)
{
	struct exec_hub *hub = arg;

	while (hub->waiting.n > 0)
		exec_helpless(hub->waiting.at[--hub->waiting.n]);
}

static void
exec_exited(struct probe *p, const struct helper_reply *r)
{
	const char *colon = *r->text != '\0' ? ": " : "";

	if (r->value == 0)
		probe_done(p, true, "ok", "exit 0 in %.1f ms%s%s",
		    (double)(clock_mono_us() - p->started_us) / 1000, colon,
		    r->text);
	else
		probe_done(
		    p, false, "exit", "exit %d%s%s", r->value, colon, r->text);
}

static void
exec_judge(struct probe *p, const struct helper_reply *r)
{
	switch ((enum helper_end)r->end) {
	case HELPER_BEGUN:
		break;
	case HELPER_EXITED:
		exec_exited(p, r);
		return;
	case HELPER_KILLED:
		probe_done(p, false, "signal", "ended by signal %d (%s)",
		    r->value, strsignal(r->value));
		return;
	case HELPER_TIMEOUT:
		probe_failed(p, ETIMEDOUT);
		return;
	case HELPER_OUTPUT:
		probe_done(p, false, "output", "more than %d octets of output",
		    HELPER_OUTPUT_MAX);
		return;
	case HELPER_FAILED:
		exec_unable(p, strerror(r->value));
		return;
	}
}

/* A reply to what was given up is nobody's. */
static void
hub_reply(struct helper_reply *r, void *arg)
{
	struct exec_hub *hub = arg;

	r->text[HELPER_TEXT_MAX - 1] = '\0';
	for (size_t i = 0; i < hub->waiting.n; i++) {
		struct probe *p = hub->waiting.at[i];

		if (((const struct exec *)p->state)->id != r->id)
			continue;
		p->hindered = NULL;
		if (r->end == HELPER_BEGUN)
			return;
		hub_forget(hub, p);
		exec_judge(p, r);
		return;
	}
}

static void *
hub_make(struct probe *p)
{
	struct exec_hub *hub = xcalloc(1, sizeof(*hub));

	(void)p;
	keeper_listen(hub_reply, hub_lost, hub);
	return hub;
}

static void
hub_end(void *shared)
{
	struct exec_hub *hub = shared;

	keeper_listen(NULL, NULL, NULL);
	vec_free(&hub->waiting);
	free(hub);
}

static struct exec_hub *
hub_of(struct probe *p)
{
	return probe_shared(p, hub_make, hub_end);
}

static void packet_add(struct packet *k, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
packet_add(struct packet *k, const char *fmt, ...)
{
	size_t left = sizeof(k->at) - k->len;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(k->at + k->len, left, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= left)
		k->full = true;
	else
		k->len += (size_t)n + 1;
}

static void
packet_make(struct packet *k, const struct watch *w, uint64_t id)
{
	const struct conf_monitor *m = w->monitor;
	struct helper_request r = {.id = id, .timeout_ms = m->timeout_ms};
	char address[ADDR_TEXT_MAX];

	k->len = sizeof(r);
	k->full = false;
	for (; r.nargs < m->ncommand; r.nargs++)
		packet_add(k, "%s", m->command[r.nargs]);
	packet_add(k, "PATH=%s", _PATH_STDPATH);
	packet_add(k, "MERIDIAN_MONITOR=%s", m->name);
	packet_add(k, "MERIDIAN_ADDRESS=%s", addr_format(address, &w->addr));
	packet_add(k, "MERIDIAN_TIMEOUT_MS=%u", m->timeout_ms);
	r.nenv = 4;
	if (m->port != 0) {
		packet_add(k, "MERIDIAN_PORT=%u", m->port);
		r.nenv++;
	}
	memcpy(k->at, &r, sizeof(r));
}

static void
exec_start(struct probe *p)
{
	struct exec_hub *hub = hub_of(p);
	struct exec *e = p->state;
	static struct packet k; /* main's alone */
	int error;

	if (e == NULL)
		p->state = e = xcalloc(1, sizeof(*e));
	e->id = ++hub->last_id;
	packet_make(&k, p->watch, e->id);
	if (k.full) {
		exec_unable(p, "the command is too long");
		return;
	}
	error = keeper_send(k.at, k.len);
	if (error == 0) {
		vec_push(&hub->waiting, p);
		p->hindered = silent; /* until it says that it has begun */
	} else if (error == ESRCH) {
		exec_helpless(p);
	} else {
		if (error == EAGAIN)
			keeper_unanswered();
		exec_unable(p, error == EAGAIN ? silent : strerror(error));
	}
}

/* The helper ends the command when its time is over. */
static void
exec_abort(struct probe *p)
{
	hub_forget(hub_of(p), p);
	if (p->hindered != NULL)
		keeper_unanswered();
}

static void
exec_free(struct probe *p)
{
	free(p->state);
}

const struct probe_type exec_probe_type = {exec_start, exec_abort, exec_free};
