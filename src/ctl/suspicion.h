/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the prober believes of itself, told: the events of steer/suspect, and
 * the command by which an operator lifts it.  Main thread.
 */
#ifndef CTL_SUSPICION_H
#define CTL_SUSPICION_H

#include "ctl/control.h"

/* The event of the last freeze or thaw.  owner, reason: of an operator who
 * lifted it; NULL: nobody did. */
void suspicion_tell(struct control *c, const char *owner, const char *reason);

/* The event of an anchor whose state has changed. */
void suspicion_anchor(struct control *c, const struct watch *w);

/* Each second: what was frozen for health.freeze_max thaws. */
void suspicion_tick(struct control *c);

/* The command thaw: {reason}.  {"thawed", "most_fail", "anchors_fail"}, or
 * {"error", "exit"}; the caller owns it. */
json_t *suspicion_lift(
    struct control *c, const json_t *body, const char *owner);

#endif
