/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The commands signal (what somebody says to a monitor of type external, in
 * the state folder before it is believed) and probe (one probe now of each
 * target asked for, which decides nothing).  Main thread.
 */
#ifndef CTL_MONITOR_H
#define CTL_MONITOR_H

#include "ctl/control.h"

enum { SIGNAL_DAYS_MAX = 7, MONITOR_TRIES_MAX = 1024 };

/* {"what": "MONITOR" or "MONITOR/ADDRESS", "value": "up" or "down", "for_s",
 * "unsaved"}; done gets the reply: at once, or once it is saved. */
void monitor_signal(struct control *c, const json_t *body, const char *owner,
    reply_fn *done, void *arg);

/* The wall clock was set: moments of signals move with it. */
void monitor_set_clock(struct control *c, int64_t step_s);

/* Adds all that hold to the file; and that is on disk. */
void monitor_records(struct control *c, struct text *t);
/* A line of the journal: which version of the file the next ones follow. */
void monitor_version(const struct control *c, struct text *t);
void monitor_saved(struct control *c);

/* Those that were saved and still hold. */
bool monitor_load(struct control *c, struct error *err);

typedef void monitor_done(json_t *reply, void *arg);

/* {"what": "POOL/REGION" or "POOL/REGION/TARGET"}; done is called once, with
 * the reply, when all probes have ended. */
void monitor_probe(
    struct control *c, const json_t *body, monitor_done *done, void *arg);

/* Before what is probed may go: those under way are answered with why. */
void monitor_cancel(struct control *c, const char *why);

#endif
