/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stages: the operator's word, by which several names change their policies
 * at once.  Main thread.
 */
#ifndef CTL_STAGE_H
#define CTL_STAGE_H

#include "ctl/reload.h"

enum stage_way { STAGE_PROMOTE, STAGE_ROLLBACK };

/*
 * {"stage", "step", "reason"}: to that step, or without one to the next, or
 * back to the one before, as seen when it is asked.  The configuration is built
 * anew, with all that is checked then, and is in service when done is told so.
 */
void stage_switch(struct control *c, enum stage_way way, const json_t *body,
    const struct job_asker *by);

/* At the start: c->stages (see struct stage_state), as stages.json and the
 * configuration in service say. */
void stage_load(struct control *c, const struct snapshot *s);

/* Saves a list; false: err.  Any one thread. */
bool stage_save(const char *folder, json_t *list, struct error *err);

/* What has come into force, for the log. */
void stage_tell(struct control *c, const struct stage_want *want);

#endif
