/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Health as believed from probes: counters, and when they could next change.
 * Pure; main thread.
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
	bool unproven;      /* the state is that of another question */
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
 * what recovers without rise quick ones is degraded.  A state that is unproven
 * recovers at the first success, as unknown does.  True when the state
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

/* Bounds counters that are of a monitor with other thresholds, so that none of
 * them is beyond what would have changed the state. */
void health_bound(struct health *h, const struct conf_monitor *m);

/* Milliseconds until probes could change the state: interval times the checks
 * left; 0 when unknown or unproven. */
uint32_t health_change_ms(const struct health *h, const struct conf_monitor *m);

#endif
