/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Main's end of the helper: requests and replies, and a helper that has ended
 * or does not answer is started again, after a delay that doubles each time
 * that it does not stay. There is one, as there is one helper.  Main thread
 * only.
 */
#ifndef PROBE_KEEPER_H
#define PROBE_KEEPER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

#include "probe/helper.h"

enum { KEEPER_WHY_MAX = 128 };

struct keeper_state {
	bool up;           /* and takes requests */
	uint64_t restarts; /* since main has started */
	uint64_t due_ms;   /* monotonic: when it is started again, unless up */
	char why[KEEPER_WHY_MAX]; /* it is not up: "it was ended by signal 9" */
};

/*
 * Looks after the helper that helper_start() has started, until keeper_end();
 * tell is called after each change.
 */
void keeper_begin(struct event_base *base,
    void (*tell)(const struct keeper_state *s, void *arg), void *arg);
void keeper_end(void);

const struct keeper_state *keeper_state(void);
/* Rounded up; 0: it is up, or starting. */
uint64_t keeper_due_s(const struct keeper_state *s);

/* Who gets replies from now on, and hears when the helper has ended, with
 * which all requests under way are lost; NULL: nobody. */
void keeper_listen(void (*reply)(struct helper_reply *r, void *arg),
    void (*lost)(void *arg), void *arg);

/* A request that nothing was heard of: a helper that says nothing for 10 s,
 * while requests wait, is killed, and so started again. */
void keeper_unanswered(void);

/* Returns 0 or errno; ESRCH: there is no helper now. */
int keeper_send(const void *request, size_t len);

#endif
