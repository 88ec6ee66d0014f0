/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions that come back by and by: their clock, what survives a reload and a
 * restart, and the operator's word.  Main thread.
 */
#ifndef CTL_FAILBACK_H
#define CTL_FAILBACK_H

#include "ctl/control.h"

/* Each second. */
void failback_tick(struct control *c);

/* Before the pools of next are refreshed for the first time: what they share
 * with those of the snapshot in service stays as it is. */
void failback_inherit(const struct control *c, struct snapshot *next);

/* As inherit, from the state folder; false: err. */
bool failback_load(const char *folder, struct snapshot *s, struct error *err);
/* What is to be saved for it. */
json_t *failback_list(const struct snapshot *s);

/* {"what": "eu" or "www/eu"}: comes back now, without hold. */
json_t *failback_resume(
    struct control *c, const json_t *body, const char *owner);

#endif
