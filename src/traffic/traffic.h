/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The traffic of the last minutes: what threads sampled (traffic/sample),
 * summed; what is older counts less, half of it each TRAFFIC_HALF_S.  It goes
 * on through reloads.  Main thread.
 */
#ifndef TRAFFIC_TRAFFIC_H
#define TRAFFIC_TRAFFIC_H

#include "snapshot/snapshot.h"
#include "traffic/sample.h"

enum {
	TRAFFIC_HALF_S = 300,
	TRAFFIC_CELLS_MAX = 1 << 15, /* what is beyond loses its block */
};

struct traffic_cell {
	uint16_t name, class; /* of the snapshot in service; class may be
				 SAMPLE_CLASS_MAX: not known */
	uint8_t family;       /* enum pool_family */
	uint32_t block;
	double n; /* answers, in traffic.minutes */
};

struct traffic {
	VEC(struct traffic_cell) cells; /* by name, class, family and block */
	double minutes;   /* that they are of, weighed as they are */
	uint32_t since_s; /* monotonic: not looked at yet; 0: from now on */
};

void traffic_fini(struct traffic *t);

/* Each second: takes in what threads have counted for s. */
void traffic_look(struct traffic *t, const struct snapshot *s, uint32_t now_s);

/* A copy with what has been counted by now; traffic_fini() it. */
struct traffic traffic_now(
    const struct traffic *t, const struct snapshot *s, uint32_t now_s);

/* A copy of t, which is of s, in words of next; traffic_fini() it.  Any thread,
 * as long as nobody changes t. */
struct traffic traffic_translate(const struct traffic *t,
    const struct snapshot *s, const struct snapshot *next);

/* Before next goes into service in place of s: cells become those of next. */
void traffic_move(struct traffic *t, const struct snapshot *s,
    const struct snapshot *next, uint32_t now_s);

#endif
