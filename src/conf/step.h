/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Stages, as declared, and which step of each is in force.  Part of struct
 * conf: see conf/conf.h.
 */
#ifndef CONF_STEP_H
#define CONF_STEP_H

#include <stdint.h>

#include "conf/mark.h"

struct conf_choice {
	uint16_t name, policy;
};

struct conf_step {
	const char *name;
	struct conf_choice *choices; /* of the same names in every step */
	size_t nchoices;
	struct conf_mark mark;
};

/* Policies of several names that are switched together. */
struct conf_stage {
	const char *name;
	struct conf_step *steps;
	size_t nsteps;
	size_t step; /* in force, ... */
	const char *owner, *reason;
	int64_t since; /* ... by whom since when; 0: it is the first step */
	struct conf_mark mark;
};

#endif
