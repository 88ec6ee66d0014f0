/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The prober: each watch is probed at once, then on a grid of its interval,
 * with a phase of its own and a little jitter that does not add up.
 *
 * Main thread only.  probe_done() is the only exit of every probe, whatever
 * its type; it counts into the watch's health and calls the verdict function.
 */
#ifndef PROBE_PROBE_H
#define PROBE_PROBE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "steer/suspect.h"

struct probe;
struct prober;
struct signals;
struct tls_contexts;

struct verdict {
	bool ok;
	const char *reason;    /* a short label; "ok" when ok */
	bool late;             /* begun too late by a tenth of the interval */
	bool counted;          /* else only what status shows is new */
	bool changed;          /* the state of the watch */
	bool idle_changed;     /* whether it decides */
	enum health_state old; /* the state before */
};

/* verdict is called after each probe, the watch being up to date. */
struct prober *prober_new(struct event_base *base, struct suspect *suspect,
    void (*verdict)(struct watch *w, const struct verdict *v, void *arg),
    void *arg);
void prober_free(struct prober *p);

/* Where probes of type external look; they stay the caller's. */
void prober_set_signals(struct prober *p, const struct signals *signals);

/* Nothing happens to a watch that is probed already. */
void prober_add(struct prober *p, struct watch *w);
void prober_remove(struct prober *p, struct watch *w);
/* Probes at once, unless one is under way; the next come as they would. */
void prober_now(struct watch *w);

/*
 * Probes once, whatever the schedule: w, which is the caller's and in no
 * table, has what was learnt, and nothing is counted anywhere.  done is called
 * later, unless probe_cancel() comes before.
 */
struct probe *prober_once(struct prober *p, struct watch *w,
    void (*done)(struct watch *w, const struct verdict *v, void *arg),
    void *arg);
void probe_cancel(struct probe *p);

/* How long nothing happened that was due; when a probe ended last (0: none). */
uint64_t prober_stalled_us(const struct prober *p, uint64_t now_us);
uint64_t prober_last_us(const struct prober *p);

/* What follows is for the types of probes. */

struct probe {
	struct prober *prober;
	struct watch *watch;
	struct event *timer, *deadline; /* the next one; of the one under way */
	uint64_t grid_us, due_us; /* the next one without and with jitter */
	uint64_t started_us, random;
	bool waiting;            /* due, but not begun */
	TAILQ_ENTRY(probe) next; /* in the queue of those */
	bool busy, slept, late;  /* the one under way, or the last */
	const char *doing; /* what a timeout adds, with its ": "; "" at first */
	const char *hindered; /* why a timeout is not the target's; NULL */
	/* Once, beside the schedule; NULL: it is of the schedule. */
	void (*once)(struct watch *w, const struct verdict *v, void *arg);
	void *once_arg;
	struct verdict *said; /* what once is to be told; NULL: nothing yet */
	void *state;          /* of its type */
};

/* One row per type of monitor.  start ends in probe_done(), maybe at once. */
struct probe_type {
	void (*start)(struct probe *p);
	void (*abort)(struct probe *p); /* the one under way */
	void (*free)(struct probe *p);  /* state, whatever it is */
};

/* When the probe after the one that started then is due: at the next place of
 * the grid, give or take the jitter; *grid_us moves on.  One that took longer
 * than that leaves no place out. */
uint64_t probe_due_us(uint64_t *grid_us, uint32_t interval_ms,
    uint64_t started_us, uint64_t random);

struct event_base *probe_base(const struct probe *p);
const struct signals *probe_signals(const struct probe *p);
struct tls_contexts *probe_tls(const struct probe *p);

/* What the prober's probes of this one's type share: made for the first of
 * them, ended with the prober. */
void *probe_shared(
    struct probe *p, void *(*make)(struct probe *p), void (*end)(void *shared));

/* reason: "ok" or a short label; detail: what status shows, as
 * "status 503, not 200". */
void probe_done(struct probe *p, bool ok, const char *reason,
    const char *detail, ...) __attribute__((format(printf, 4, 5)));

/* In place of probe_done() where nothing was learnt of the target: nothing is
 * counted.  idle: until something is, the watch decides nothing. */
void probe_pass(struct probe *p, bool idle, const char *detail, ...)
    __attribute__((format(printf, 3, 4)));

/* probe_done() for what errno says; no result when it is not the target's. */
void probe_failed(struct probe *p, int error);
/* And in status what came before it. */
void probe_failed_after(struct probe *p, int error, const char *before);

#endif
