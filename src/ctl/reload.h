/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Builders: short-lived, niced threads that build a snapshot from the files,
 * while main goes on; main puts it into service, or it is checked or proven.
 * Main thread.
 */
#ifndef CTL_RELOAD_H
#define CTL_RELOAD_H

#include "conf/stage.h"
#include "ctl/control.h"

/* Gets the reply, which is its own. */
typedef void reload_done(json_t *reply, void *arg);

enum reload_work {
	RELOAD_ADOPT, /* into service */
	RELOAD_CHECK,
	RELOAD_PROVE
};

/*
 * Builds the daemon's configuration, for what the work is.  done is called
 * later, from the event loop.  False: one is being built (proven) already; a
 * proof and another work do not wait for each other.
 */
bool reload_start(
    struct control *c, enum reload_work work, reload_done *done, void *arg);

/* RELOAD_ADOPT with a step in force, which is saved before it comes into
 * service.
 */
bool reload_stage(struct control *c, const struct stage_want *want,
    reload_done *done, void *arg);

/* The same with another list of GeoIP databases (taken over; ctl/gate). */
bool reload_geoip(
    struct control *c, json_t *entries, reload_done *done, void *arg);

/* Adds a warning for each setting that needs a restart, compared with those of
 * the first configuration. */
void reload_warn(
    struct control *c, const struct conf_server *server, json_t *warnings);

/* SIGHUP: reload_start(RELOAD_ADOPT), or once more after the one that runs. */
void reload_signal(struct control *c);

/* Waits for those that run and throws them away: at the end. */
void reload_cancel(struct control *c);

#endif
