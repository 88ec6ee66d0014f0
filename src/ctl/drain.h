/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands for drains and force-ups: find, safety check (ctl/safety), state
 * file, table, pools, event, reply; and what the clock does to them.  Main
 * thread.
 */
#ifndef CTL_DRAIN_H
#define CTL_DRAIN_H

#include "ctl/control.h"

enum { DRAIN_YEARS_MAX = 10 };

/* The replies to POST /v1/drain and /v1/undrain (/v1/force_up and
 * /v1/force_up_end), or {"error", "exit"}. */
json_t *drain_begin(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner);
json_t *drain_end(struct control *c, enum drain_kind kind, const json_t *body,
    const char *owner);

/* After loading: nothing is known of what was given out before, but that it
 * was not for longer than the largest TTL. */
void drain_restored(struct control *c);

/* Each second: begins those announced, ends those whose time is over. */
void drain_tick(struct control *c);

#endif
