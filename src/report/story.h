/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The steps 2 to 10 of a steered answer, told from the oracle's decision.
 * Main thread (health and drains are its); the caller owns the JSON.
 */
#ifndef REPORT_STORY_H
#define REPORT_STORY_H

#include <jansson.h>

#include "snapshot/snapshot.h"
#include "steer/oracle.h"

struct story {
	const struct snapshot *snapshot;
	const struct drains *drains;
	const struct oracle_assume *assume;
	const struct oracle_decision *decision;
	const struct conf_name *name;
	uint16_t type;   /* asked: A or AAAA, for a pool of addresses */
	bool by_place;   /* the client is a place, not an address */
	bool by_ecs;     /* the client's address came by client subnet */
	unsigned bits;   /* of the client's address */
	unsigned scope;  /* step 10 */
	unsigned near;   /* >0: what is said of a subnet that does not count */
	unsigned source; /* >0: the length of the subnet that was sent, of which
			    another client than the one that counts decides */
	bool all_up;     /* no daemon: health is assumed */
	const char *place; /* of a place: its code */
};

/* {"step", "title", "text"}; details may be added to it. text is taken over,
 * steps keeps the object. */
json_t *story_step(json_t *steps, const char *title, json_t *text);

void story_tell(const struct story *s, json_t *steps);

#endif
