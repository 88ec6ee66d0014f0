/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The builder: a short-lived, niced thread that builds a snapshot from the
 * files, while main goes on; main puts it into service.  Main thread.
 */
#ifndef CTL_RELOAD_H
#define CTL_RELOAD_H

#include "conf/stage.h"
#include "ctl/control.h"

/* Gets the reply, which is its own. */
typedef void reload_done(json_t *reply, void *arg);

/*
 * Builds the daemon's configuration; puts it into service unless only_check.
 * done is called later, from the event loop.  False: one is being built.
 */
bool reload_start(
    struct control *c, bool only_check, reload_done *done, void *arg);

/* The same with a step in force, which is saved before it comes into service.
 */
bool reload_stage(struct control *c, const struct stage_want *want,
    reload_done *done, void *arg);

/* SIGHUP: reload_start(), or once more after the one that runs. */
void reload_signal(struct control *c);

/* Waits for the one that runs and throws it away: at the end. */
void reload_cancel(struct control *c);

#endif
