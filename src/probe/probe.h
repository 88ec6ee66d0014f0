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

#include "steer/health.h"

struct prober;

struct verdict {
	bool ok;
	const char *reason;    /* a short label; "ok" when ok */
	bool changed;          /* the state of the watch */
	enum health_state old; /* the state before */
};

/* verdict is called after each probe, the watch being up to date. */
struct prober *prober_new(struct event_base *base,
    void (*verdict)(struct watch *w, const struct verdict *v, void *arg),
    void *arg);
void prober_free(struct prober *p);

/* Nothing happens to a watch that is probed already. */
void prober_add(struct prober *p, struct watch *w);
void prober_remove(struct prober *p, struct watch *w);

/* What follows is for the types of probes. */

struct probe {
	struct prober *prober;
	struct watch *watch;
	struct event *timer;    /* the next one */
	struct event *deadline; /* of the one under way */
	uint64_t grid_us;       /* monotonic: the next one without jitter */
	uint64_t started_us;
	uint64_t random;
	bool busy;
	void *state; /* of its type */
};

/* One row per type of monitor. */
struct probe_type {
	void (*start)(
	    struct probe *p); /* ends in probe_done(), maybe at once */
	void (*abort)(struct probe *p); /* the one under way */
	void (*free)(struct probe *p);  /* state, whatever it is */
};

struct event_base *probe_base(const struct probe *p);

/* reason: "ok" or a short label; detail: what status shows, as
 * "status 503, not 200". */
void probe_done(struct probe *p, bool ok, const char *reason,
    const char *detail, ...) __attribute__((format(printf, 4, 5)));

/* probe_done() for what errno says; no result when it is not the target's. */
void probe_failed(struct probe *p, int error);

#endif
