/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/probe.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <xxhash.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/log.h"
#include "config.h"
#include "probe/dns.h"
#include "probe/exec.h"
#include "probe/external.h"
#include "probe/grpc.h"
#include "probe/http.h"
#include "probe/icmp.h"
#include "probe/tcp.h"
#include "probe/tls.h"

TAILQ_HEAD(queue, probe);

struct prober {
	struct event_base *base;
	struct suspect *suspect;
	void (*verdict)(struct watch *w, const struct verdict *v, void *arg);
	void *arg;
	const struct signals *signals;
	struct shared {
		void *it;
		void (*end)(void *it);
	} shared[CONF_MONITOR_TYPES];
	VEC(struct probe *) probes;
	struct tls_contexts *tls;
	struct log_gate starved;
	struct queue due; /* in the order in which they begin */
	struct event *starter;
	uint64_t began_us, ended_us; /* a probe, last */
};

static const struct probe_type *const types[] = {
    [CONF_MONITOR_TCP] = &tcp_probe_type,
    [CONF_MONITOR_HTTP] = &http_probe_type,
    [CONF_MONITOR_HTTPS] = &http_probe_type,
    [CONF_MONITOR_DNS] = &dns_probe_type,
    [CONF_MONITOR_EXTERNAL] = &external_probe_type,
    [CONF_MONITOR_EXEC] = &exec_probe_type,
    [CONF_MONITOR_ICMP] = &icmp_probe_type,
#if WITH_GRPC
    [CONF_MONITOR_GRPC] = &grpc_probe_type,
#endif
};

enum {
	JITTER_PERCENT = 5, /* of the interval */
	LATE_PERCENT = 10,
	JITTER_MAX_US = 250000, /* the bound on a cut-over has a second for
				   both ends of it */
	STARTS_MAX = 32,        /* in a round of the loop */
};

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

const struct signals *
probe_signals(const struct probe *p)
{
	return p->prober->signals;
}

void *
probe_shared(
    struct probe *p, void *(*make)(struct probe *p), void (*end)(void *shared))
{
	struct shared *s = &p->prober->shared[p->watch->monitor->type];

	if (s->it == NULL)
		*s = (struct shared){make(p), end};
	return s->it;
}

void
prober_set_signals(struct prober *p, const struct signals *signals)
{
	p->signals = signals;
}

struct tls_contexts *
probe_tls(const struct probe *p)
{
	return p->prober->tls;
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

uint64_t
probe_due_us(uint64_t *grid_us, uint32_t interval_ms, uint64_t started_us,
    uint64_t random)
{
	uint64_t interval_us = 1000 * (uint64_t)interval_ms;
	uint64_t jitter_us = interval_us * JITTER_PERCENT / 100;
	uint64_t due;

	if (jitter_us > JITTER_MAX_US)
		jitter_us = JITTER_MAX_US;
	while (*grid_us <= started_us)
		*grid_us += interval_us;
	due = *grid_us - jitter_us + random % (2 * jitter_us + 1);
	/* The jitter may have come before its place on the grid. */
	*grid_us += interval_us;
	return due;
}

static uint64_t
late_us(const struct probe *p)
{
	return 1000 * (uint64_t)p->watch->monitor->interval_ms * LATE_PERCENT /
	    100;
}

static void
schedule(struct probe *p, uint64_t started_us)
{
	uint64_t now = clock_mono_us();

	p->due_us = probe_due_us(&p->grid_us, p->watch->monitor->interval_ms,
	    started_us, random_next(p));
	if (p->due_us < now)
		p->due_us = now;
	timer_set(p->timer, p->due_us - now);
}

/* After a sleep of the machine or the process every probe is late: each waits
 * once for its place on the grid, so that they do not all start at once. */
static bool
has_slept(struct probe *p, uint64_t now)
{
	uint64_t interval_us = 1000 * (uint64_t)p->watch->monitor->interval_ms;
	bool late = p->due_us != 0 && now > p->due_us + interval_us;

	p->slept = late && !p->slept;
	return p->slept;
}

static void
probe_wait(struct probe *p)
{
	if (TAILQ_EMPTY(&p->prober->due))
		timer_set(p->prober->starter, 0);
	p->waiting = true;
	TAILQ_INSERT_TAIL(&p->prober->due, p, next);
}

/* Out of the queue. */
static void
probe_go(struct probe *p)
{
	if (p->waiting)
		TAILQ_REMOVE(&p->prober->due, p, next);
	p->waiting = false;
}

static void
probe_start(struct probe *p)
{
	p->busy = true;
	p->doing = "";
	p->hindered = NULL;
	p->started_us = clock_mono_us();
	p->prober->began_us = p->started_us;
	p->late = p->started_us > p->due_us + late_us(p);
	timer_set(p->deadline, 1000 * (uint64_t)p->watch->monitor->timeout_ms);
	type_of(p)->start(p);
}

/* So many at a time that what is under way is heard in between: a timeout is
 * the target's, not that of a queue here. */
static void
prober_begin(evutil_socket_t fd, short what, void *arg)
{
	struct prober *prober = arg;
	struct probe *p;

	(void)fd;
	(void)what;
	for (int i = 0;
	     i < STARTS_MAX && (p = TAILQ_FIRST(&prober->due)) != NULL; i++) {
		probe_go(p);
		probe_start(p);
	}
	if (!TAILQ_EMPTY(&prober->due))
		timer_set(prober->starter, 0);
}

static void
probe_due(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;
	uint64_t now = clock_mono_us();

	(void)fd;
	(void)what;
	if (has_slept(p, now))
		schedule(p, now);
	else
		probe_wait(p);
}

static void
probe_timeout(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg;

	(void)fd;
	(void)what;
	type_of(p)->abort(p);
	if (p->hindered != NULL)
		probe_pass(p, p->watch->idle, "not run: %s", p->hindered);
	else
		probe_done(p, false, "timeout", "timeout %u ms%s",
		    p->watch->monitor->timeout_ms, p->doing);
}

static enum health_result
result_of(struct watch *w, bool ok)
{
	uint32_t slow_ms = w->monitor->slow_ms;
	size_t len = strlen(w->last);

	if (!ok)
		return HEALTH_FAILED;
	if (slow_ms == 0 || w->last_ms < slow_ms)
		return HEALTH_OK;
	snprintf(w->last + len, sizeof(w->last) - len, ", slow: %u ms or more",
	    slow_ms);
	return HEALTH_SLOW;
}

static void
watch_count(struct probe *p, struct verdict *v)
{
	struct watch *w = p->watch;
	const struct health_time at = {
	    clock_wall_s(), (int64_t)clock_mono_ms()};

	w->restored = false;
	if (!v->ok && w->health.failures == 0 && w->health.state != HEALTH_DOWN)
		w->first_failed_us = (int64_t)p->started_us;
	v->old = w->health.state;
	v->changed = suspect_count(p->prober->suspect, w, result_of(w, v->ok),
	    (int64_t)p->started_us, &at);
	if (w->health.failures == 0 && w->health.state != HEALTH_DOWN)
		w->first_failed_us = 0;
}

/* The probe is over: what it says is shown, and the next one is set. */
static void __attribute__((format(printf, 2, 0)))
probe_end(struct probe *p, const char *detail, va_list ap)
{
	struct watch *w = p->watch;

	p->busy = false;
	p->prober->ended_us = clock_mono_us();
	evtimer_del(p->deadline);
	vsnprintf(w->last, sizeof(w->last), detail, ap);
	/* What targets said is in it, and goes to terminals. */
	for (char *c = w->last; *c != '\0'; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
	w->last_ms = (uint32_t)((clock_mono_us() - p->started_us) / 1000);
	w->last_at = clock_wall_s();
}

/* A probe cannot be freed within its own type's callback: later. */
static void
once_tell(struct probe *p, const struct verdict *v)
{
	if (v->counted)
		result_of(p->watch, v->ok); /* it says when it was slow */
	p->said = xmalloc(sizeof(*p->said));
	*p->said = *v;
	timer_set(p->timer, 0);
}

static void
probe_tell(struct probe *p, struct verdict *v, bool idle)
{
	v->idle_changed = p->watch->idle != idle;
	p->watch->idle = idle;
	v->late = p->late;
	schedule(p, p->started_us);
	p->prober->verdict(p->watch, v, p->prober->arg);
}

void
probe_done(
    struct probe *p, bool ok, const char *reason, const char *detail, ...)
{
	struct verdict v = {.ok = ok, .reason = reason, .counted = true};
	va_list ap;

	va_start(ap, detail);
	probe_end(p, detail, ap);
	va_end(ap);
	if (p->once != NULL) {
		once_tell(p, &v);
		return;
	}
	watch_count(p, &v);
	probe_tell(p, &v, false);
}

void
probe_pass(struct probe *p, bool idle, const char *detail, ...)
{
	struct verdict v = {.ok = true, .reason = "ok"};
	va_list ap;

	va_start(ap, detail);
	probe_end(p, detail, ap);
	va_end(ap);
	if (p->once != NULL)
		once_tell(p, &v);
	else
		probe_tell(p, &v, idle);
}

/* When something has to happen to it; 0: it is new. */
static uint64_t
expected_us(const struct probe *p)
{
	return p->busy
	    ? p->started_us + 1000 * (uint64_t)p->watch->monitor->timeout_ms
	    : p->due_us;
}

uint64_t
prober_stalled_us(const struct prober *p, uint64_t now_us)
{
	uint64_t since = p->began_us > p->ended_us ? p->began_us : p->ended_us;
	uint64_t first = now_us;

	for (size_t i = 0; i < p->probes.n; i++) {
		uint64_t us = expected_us(p->probes.at[i]);

		if (us != 0 && us < first)
			first = us;
	}
	since = first > since ? first : since;
	return now_us > since ? now_us - since : 0;
}

uint64_t
prober_last_us(const struct prober *p)
{
	return p != NULL ? p->ended_us : 0;
}

/* What is lacking here says nothing of the target. */
static bool
is_our_own(int error)
{
	return error == EMFILE || error == ENFILE || error == ENOBUFS ||
	    error == ENOMEM || error == EADDRNOTAVAIL;
}

static void
probe_starve(struct probe *p, int error)
{
	if (log_is_due(&p->prober->starved))
		log_error("targets cannot be probed, their health stays: %s",
		    strerror(error));
	probe_pass(p, false, "not probed: %s", strerror(error));
}

void
probe_failed_after(struct probe *p, int error, const char *before)
{
	static const struct {
		int error;
		const char *reason, *detail;
	} reasons[] = {
	    {ECONNREFUSED, "refused", "refused"},
	    {ECONNRESET, "reset", "reset"},
	    {EPIPE, "reset", "reset"},
	    {ETIMEDOUT, "timeout", "timeout"},
	    {EHOSTUNREACH, "unreachable", "unreachable: no route to the host"},
	    {ENETUNREACH, "unreachable",
		"unreachable: no route to the network"},
	};

	if (is_our_own(error)) {
		probe_starve(p, error);
		return;
	}
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error == error) {
			probe_done(p, false, reasons[i].reason, "%s%s", before,
			    reasons[i].detail);
			return;
		}
	}
	probe_done(p, false, "error", "%s%s", before, strerror(error));
}

void
probe_failed(struct probe *p, int error)
{
	probe_failed_after(p, error, "");
}

struct prober *
prober_new(struct event_base *base, struct suspect *suspect,
    void (*verdict)(struct watch *w, const struct verdict *v, void *arg),
    void *arg)
{
	struct prober *p = xcalloc(1, sizeof(*p));

	p->base = base;
	p->suspect = suspect;
	p->verdict = verdict;
	p->arg = arg;
	p->tls = tls_contexts_new();
	TAILQ_INIT(&p->due);
	p->starter = evtimer_new(base, prober_begin, p);
	return p;
}

static void
probe_free(struct probe *p)
{
	if (p->busy)
		type_of(p)->abort(p);
	probe_go(p);
	type_of(p)->free(p);
	event_free(p->timer);
	event_free(p->deadline);
	p->watch->probe = NULL;
	free(p->said);
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
	for (size_t i = 0; i < CONF_MONITOR_TYPES; i++)
		if (p->shared[i].it != NULL)
			p->shared[i].end(p->shared[i].it);
	tls_contexts_free(p->tls);
	event_free(p->starter);
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
	p->timer = evtimer_new(prober->base, probe_due, p);
	p->deadline = evtimer_new(prober->base, probe_timeout, p);
	w->probe = p;
	vec_push(&prober->probes, p);
	p->due_us = clock_mono_us();
	timer_set(p->timer, 0);
}

static void
once_due(evutil_socket_t fd, short what, void *arg)
{
	struct probe *p = arg, over;
	struct verdict said;

	(void)fd;
	(void)what;
	if (p->said == NULL) {
		probe_start(p);
		return;
	}
	over = *p;
	said = *p->said;
	probe_free(p);
	over.once(over.watch, &said, over.once_arg);
}

struct probe *
prober_once(struct prober *prober, struct watch *w,
    void (*done)(struct watch *w, const struct verdict *v, void *arg),
    void *arg)
{
	struct probe *p = xcalloc(1, sizeof(*p));

	p->prober = prober;
	p->watch = w;
	p->once = done;
	p->once_arg = arg;
	p->timer = evtimer_new(prober->base, once_due, p);
	p->deadline = evtimer_new(prober->base, probe_timeout, p);
	timer_set(p->timer, 0);
	return p;
}

void
probe_cancel(struct probe *p)
{
	probe_free(p);
}

void
prober_now(struct watch *w)
{
	struct probe *p = w->probe;

	if (p == NULL || p->busy || p->waiting)
		return;
	/* It takes the place of none. */
	p->grid_us -= 1000 * (uint64_t)w->monitor->interval_ms;
	evtimer_del(p->timer);
	p->due_us = clock_mono_us();
	probe_start(p);
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
