/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stages: the policies of several names, step by step; which step is in force
 * is state, not configuration.  Any one thread.
 */
#ifndef CONF_STAGE_H
#define CONF_STAGE_H

#include <jansson.h>

#include "conf/schema.h"
#include "conf/step.h"

/* A step that is to be in force, whatever the state says. */
struct stage_want {
	const char *stage, *step, *owner, *reason;
	int64_t since; /* wall clock seconds */
};

/* What says which steps are in force. */
struct stage_state {
	/* What the daemon knows, as stages.json has it: [{"stage", "step",
	 * "owner", "reason", "since"}]; NULL: stages.json in the state
	 * directory says it. */
	const json_t *saved;
	const char *folder;  /* of saved, for what is told to be read */
	const json_t *known; /* {stage: ...} of what is in service; NULL */
	const struct stage_want *want; /* above all; NULL: nothing */
};

schema_kind stage_policies; /* of conf_step: name to policy */
schema_kind stage_step;     /* a conf_at: "STAGE/STEP" */

/* "STAGE/STEP" in two; false: it is none. */
bool stage_split(struct arena *a, const char *text, struct stage_want *want);

/*
 * Gives each name its policy, by the step that state (NULL: stages.json) says,
 * else the first; reports names with none or with several, and steps that do
 * not speak of all names of their stage.  Without files the first steps are in
 * force.
 */
void stage_apply(struct schema_reader *r, const struct stage_state *state);

/*
 * The list (see struct stage_state) after saved, with c in service.  What is
 * saved of stages that c has not is kept, as they may come back.
 */
json_t *stages_saved(const json_t *saved, const struct conf *c);

/* The index of a step, or n. */
size_t stage_find_step(const struct conf_stage *s, const char *step);

#endif
