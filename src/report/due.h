/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Step 9 told: what of a region could change first.  Main thread (health and
 * drains are its).
 */
#ifndef REPORT_DUE_H
#define REPORT_DUE_H

#include "report/text.h"
#include "steer/pool.h"

/* A probe's turn, or a lease's begin or end. */
struct due {
	int64_t seconds; /* INT64_MAX: nothing */
	const struct watch *watch;
	const struct drain *drain;
	bool begins; /* the drain does */
};

/* due becomes what of the region comes sooner, if anything. */
void due_find(struct due *due, const struct pool_region *r);

/* "web at 192.0.2.1: 2 checks left, one each 5s". */
void due_describe(const struct due *due, struct text *t);

#endif
