/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Health as believed from probes: counters, and when they could next change.
 *
 * A watch is one monitor at one address; equal ones are one.  The table of
 * watches belongs to the main thread alone and outlives snapshots.
 */
#ifndef STEER_HEALTH_H
#define STEER_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/conf.h"

enum health_state {
	HEALTH_UNKNOWN,
	HEALTH_UP,
	HEALTH_DEGRADED,
	HEALTH_DOWN,
	HEALTH_STATE_COUNT
};

extern const char *const health_state_names[HEALTH_STATE_COUNT];

/* What one probe says; slow is a success that took longer than it may. */
enum health_result { HEALTH_FAILED, HEALTH_OK, HEALTH_SLOW };

struct health {
	enum health_state state;
	unsigned failures;  /* not cleared by an interleaved success */
	unsigned successes; /* in a row */
	unsigned slows;     /* as failures; 0 but when up */
	unsigned quicks;    /* successes in a row that were not slow */
	unsigned flaps;     /* changes for the worse that count still */
	unsigned needed;    /* successes in a row to be up again, when damped;
			       0: rise */
	int64_t flap_ms;    /* monotonic: from when flaps are forgotten */
	int64_t since;      /* wall, of the state */
};

/* The moment of a probe's result. */
struct health_time {
	int64_t wall_s;
	int64_t mono_ms; /* may be below 0: before the machine started */
};

/*
 * Counts one probe: up fails after fall failures, which clear successes in a
 * row forget; down recovers after rise successes in a row; unknown becomes up
 * at the first success.  Slow answers are counted in the same way: up is
 * degraded after fall of them and up again after rise quick ones in a row, and
 * what recovers without rise quick ones is degraded.  True when the state
 * changed.
 *
 * Damping: each change for the worse beyond the first damp.after doubles the
 * successes needed to be up again, up to damp.max_ms of them; one is forgotten
 * each damp.forget_ms.  What is needed is fixed when the state gets worse, so
 * that health_change_ms() stays true while time goes on.
 */
bool health_count(struct health *h, const struct conf_monitor *m,
    enum health_result result, const struct health_time *now);

/* Successes in a row that make it up again: rise, or more when damped. */
unsigned health_rise(const struct health *h, const struct conf_monitor *m);

/* Milliseconds until probes could change the state: interval times the checks
 * left; 0 when unknown. */
uint32_t health_change_ms(const struct health *h, const struct conf_monitor *m);

struct watch {
	char *key; /* address and monitor's text: equal watches are one */
	struct addr addr;
	const struct conf_monitor *monitor; /* of the current snapshot */
	struct health health;
	char last[160];   /* what the last probe said: "200 in 1.2 ms" */
	uint32_t last_ms; /* its duration */
	int64_t last_at;  /* wall; 0: never probed */
	int64_t
	    first_failed_us; /* monotonic, of the failures counted; 0: none */
	int64_t certificate_until; /* wall; 0: none seen */
	double load;     /* of the target, as it last said: 1 is full, */
	int64_t load_ms; /* then, monotonic; 0: it never did */
	bool idle;       /* decides nothing until it is counted again */
	bool wanted;     /* by the current snapshot */
	bool restored;   /* all it knows is of before the start */
	/* What steer/suspect remembers; monotonic. */
	bool anchor;
	bool answered;        /* a probe, ever */
	bool failed;          /* the last probe */
	int64_t heard_us;     /* of the last probe; 0: none yet */
	int64_t streak_us;    /* the first of the last failures in a row */
	struct health before; /* that it was down last, at worse_us */
	int64_t worse_us;
	void *probe; /* the prober's own */
};

/* Did it say its load lately? */
bool watch_has_load(const struct watch *w);

struct watches; /* the table */

struct watches *watches_new(void);
void watches_free(struct watches *w);

/* Finds or adds the watch of a monitor at an address; m is its monitor from
 * now on. */
struct watch *watches_get(
    struct watches *w, const struct conf_monitor *m, const struct addr *a);
/* By its key; NULL: none. */
struct watch *watches_find(const struct watches *w, const char *key);
/* All of them, in no order. */
struct watch **watches_all(const struct watches *w, size_t *n);
/* Frees those that are not wanted; gone is called for each before. */
void watches_sweep(
    struct watches *w, void (*gone)(struct watch *, void *), void *arg);

#endif
