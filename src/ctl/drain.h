/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands for drains and force-ups: find, safety check (ctl/safety), state
 * file (ctl/commit), table, pools, event, reply; and what the clock does to
 * them.  Main thread.
 */
#ifndef CTL_DRAIN_H
#define CTL_DRAIN_H

#include "ctl/control.h"

/* done gets the reply to POST /v1/drain and /v1/undrain (/v1/force_up and
 * /v1/force_up_end), or {"error", "exit"}: at once, or once it is saved. */
void drain_begin(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner, reply_fn *done, void *arg);
void drain_end(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner, reply_fn *done, void *arg);

/* The drains as they are once all is saved that was asked for: what comes next
 * is judged by them.  They are not its own. */
const struct drains *drain_wanted(struct control *c);

/* drains.json says what drain_wanted() did when its batch was made. */
void drain_saved(struct control *c);

/* Each second: looks whether the wall clock was set, since the start or since
 * the last look. */
void drain_clock_init(struct control *c);
void drain_clock(struct control *c);

/* Each second: begins those announced, ends those whose time is over. */
void drain_tick(struct control *c);

#endif
