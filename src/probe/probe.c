/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/probe.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "probe/http.h"
#include "probe/tcp.h"

struct prober {
	struct event_base *base;
	void (*verdict)(struct watch *w, const struct verdict *v, void *arg);
	void *arg;
	VEC(struct probe *) probes;
	struct log_gate starved;
};

static const struct probe_type *const types[] = {
    [CONF_MONITOR_TCP] = &tcp_probe_type,
    [CONF_MONITOR_HTTP] = &http_probe_type,
};

enum { JITTER_PERCENT = 5 };

static const struct probe_type *
type_of(const struct probe *p)
{
	return types[p->watch->monitor->type];
}

struct event_base *
probe_base(const struct probe *p)
{
	return p->prober->base;
}

static void
timer_set(struct event *timer, uint64_t us)
{
	struct timeval tv = {
	    .tv_sec = (time_t)(us / 1000000),
	    .tv_usec = (suseconds_t)(us % 1000000),
	};

	evtimer_add(timer, &tv);
}

/* xorshift64 */
static uint64_t
random_next(struct probe *p)
{
	p->random ^= p->random << 13;
	p->random ^= p->random >> 7;
	p->random ^= p->random << 17;
	return p->random;
}

static void
schedule(struct probe *p)
{
	uint64_t interval_us = 1000 * (uint64_t)p->watch->monitor->interval_ms;
	uint64_t jitter_us = interval_us * JITTER_PERCENT / 100;
	uint64_t now = clock_mono_us(), at;

	while (p->grid_us <= now)
		p->grid_us += interval_us;
	at = p->grid_us + random_next(p) % (2 * jitter_us + 1);
	at = at > now + jitter_us ? at - jitter_us : now;
	timer_set(p->timer, at - now);
	/* The jitter may have come before its place on the grid. */
	p->grid_us += interval_us;
}

static void
probe_start(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	p->busy = true;
	p->started_us = clock_mono_us();
	timer_set(p->deadline, 1000 * (uint64_t)p->watch->monitor->timeout_ms);
	type_of(p)->start(p);
}

static void
probe_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	type_of(p)->abort(p);
	probe_done(p, false, "timeout", "timeout %u ms",
	    p->watch->monitor->timeout_ms);
}

static void
watch_count(struct probe *p, struct verdict *v)
{
	struct watch *w = p->watch;
	uint64_t now = clock_mono_us();

	w->last_ms = (uint32_t)((now - p->started_us) / 1000);
	w->last_at = clock_wall_s();
	if (!v->ok && w->health.failures == 0 && w->health.state != HEALTH_DOWN)
		w->first_failed_us = (int64_t)p->started_us;
	v->old = w->health.state;
	v->changed = health_count(&w->health, w->monitor, v->ok, w->last_at);
	if (w->health.failures == 0 && w->health.state != HEALTH_DOWN)
		w->first_failed_us = 0;
}

void
probe_done(
    struct probe *p, bool ok, const char *reason, const char *detail, ...)
{
	struct verdict v = {.ok = ok, .reason = reason};
	va_list ap;

	p->busy = false;
	evtimer_del(p->deadline);
	va_start(ap, detail);
	vsnprintf(p->watch->last, sizeof(p->watch->last), detail, ap);
	va_end(ap);
	watch_count(p, &v);
	schedule(p);
	p->prober->verdict(p->watch, &v, p->prober->arg);
}

/* What is lacking here says nothing of the target. */
static bool
is_our_own(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM;
}

/* No result: the next one comes in its time. */
static void
probe_forget(struct probe *p, int error)
{
	p->busy = false;
	evtimer_del(p->deadline);
	snprintf(p->watch->last, sizeof(p->watch->last), "not probed: %s",
	    strerror(error));
	if (log_is_due(&p->prober->starved))
		log_error("targets cannot be probed, their health stays: %s",
		    strerror(error));
	schedule(p);
}

void
probe_failed(struct probe *p, int error)
{
	static const struct {
		int error;
		const char *reason;
	} reasons[] = {
	    {ECONNREFUSED, "refused"},
	    {ECONNRESET, "reset"},
	    {EPIPE, "reset"},
	    {ETIMEDOUT, "timeout"},
	    {EHOSTUNREACH, "unreachable"},
	    {ENETUNREACH, "unreachable"},
	};

	if (is_our_own(error)) {
		probe_forget(p, error);
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error == error) {
			probe_done(p, false, reasons[i].reason, "%s",
			    reasons[i].reason);
			return;
		}
	}
	probe_done(p, false, "error", "%s", strerror(error));
}

struct prober *
prober_new(struct event_base *base,
    void (*verdict)(struct watch *w, const struct verdict *v, void *arg),
    void *arg)
{
	struct prober *p = xcalloc(1, sizeof(*p));

	p->base = base;
	p->verdict = verdict;
	p->arg = arg;
	return p;
}

static void
probe_free(struct probe *p)
{
	if (p->busy)
		type_of(p)->abort(p);
	type_of(p)->free(p);
	event_free(p->timer);
	event_free(p->deadline);
	p->watch->probe = NULL;
	free(p);
}

void
prober_free(struct prober *p)
{
	if (p == NULL)
		return;
	for (size_t i = 0; i < p->probes.n; i++)
		probe_free(p->probes.at[i]);
	vec_free(&p->probes);
	free(p);
}

void
prober_add(struct prober *prober, struct watch *w)
{
	struct probe *p;
	uint64_t hash = XXH3_64bits(w->key, strlen(w->key));

	if (w->probe != NULL)
		return;
	p = xcalloc(1, sizeof(*p));
	p->prober = prober;
	p->watch = w;
	p->random = hash | 1;
	p->grid_us =
	    clock_mono_us() + hash % (1000 * (uint64_t)w->monitor->interval_ms);
	p->timer = evtimer_new(prober->base, probe_start, p);
	p->deadline = evtimer_new(prober->base, probe_timeout, p);
	w->probe = p;
	vec_push(&prober->probes, p);
	timer_set(p->timer, 0);
}

void
prober_remove(struct prober *prober, struct watch *w)
{
	for (size_t i = 0; i < prober->probes.n; i++) {
		if (prober->probes.at[i] != w->probe)
			continue;
		prober->probes.at[i] = prober->probes.at[--prober->probes.n];
		probe_free(w->probe);
		return;
	}
}
