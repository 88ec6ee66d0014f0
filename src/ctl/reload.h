/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reloads, checks and proofs: jobs (life/jobs) that build a snapshot from the
 * files, while main goes on.  What is to come into service is saved by the
 * job's thread, and put into service by main, which cannot fail any more.  Main
 * thread.
 */
#ifndef CTL_RELOAD_H
#define CTL_RELOAD_H

#include "conf/stage.h"
#include "ctl/control.h"
#include "ctl/gate.h"
#include "life/jobs.h"

enum reload_work {
	RELOAD_ADOPT, /* into service */
	RELOAD_CHECK,
	RELOAD_PROVE
};

/* Builds the daemon's configuration, for what the work is. */
void reload_start(
    struct control *c, enum reload_work work, const struct job_asker *by);

/*
 * Changes what is built, when its turn comes: the step that is wanted (copied),
 * or the list of GeoIP databases.  NULL, or the reply: nothing is built.
 */
typedef json_t *reload_prepare(
    struct control *c, struct gate_job *job, void *arg);

/* RELOAD_ADOPT so prepared.  by->arg is prepare's, too. */
void reload_prepared(struct control *c, const char *name,
    reload_prepare *prepare, const struct job_asker *by);

/* Adds, and logs, what is odd about the next configuration after the one in
 * service: settings that need a restart, compared with those of the first one,
 * zones that changed under their serials, and drains of what it has not. */
void reload_warn(
    struct control *c, const struct snapshot *next, json_t *warnings);

/* SIGHUP: a reload, unless one for a SIGHUP waits to begin already. */
void reload_signal(struct control *c);

#endif
