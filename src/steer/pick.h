/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One client's region of a pool.  Workers call it; it reads the words that
 * main stores, waits for nothing and allocates nothing.  Steps 5 to 9 of a
 * decision.
 */
#ifndef STEER_PICK_H
#define STEER_PICK_H

#include "steer/pool.h"

/* What is asked of a pool. */
struct pick_question {
	const struct rank *rank;
	const struct addr *client; /* NULL: a place, which is of no cohort, and
				      for which no region is drawn */
	const uint8_t *name;  /* that was asked for, lower case; NULL: any, by
				 random */
	const uint8_t *owner; /* conf_name.name that it is steered by */
	uint16_t pool, type;
	uint32_t ttl_min, ttl_max; /* seconds */
	uint32_t now_s;            /* monotonic */
	uint32_t random;           /* uniform */
};

struct pick {
	const struct pool *pool; /* another than asked, by when_all_down */
	uint16_t region;         /* in pool->regions */
	uint8_t reason;          /* enum pool_reason */
	uint8_t cohort_len;      /* the prefix that a share in force, or a
				    draw, told the client by; 0: none did */
	uint32_t ttl;            /* seconds */
	const struct body *body;
};

/*
 * By the words of the family that is asked for (steer/region): the first live
 * region of the rank (in its order, or drawn by its lots) whose
 * share takes the client's cohort; if
 * none does, the first live one; if none is live, what the rank's action says
 * (all: the first not drained, else the first; last_known: the first of the
 * last live word, else as all; pool: its first live one, else as all there).
 * ttl: the least change of all regions looked at, within min..max.
 */
void pick_region(
    const struct pool *pools, const struct pick_question *q, struct pick *pick);

#endif
