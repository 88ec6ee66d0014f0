/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A target with its watches, as status and explain show it, and as explain
 * tells of it.  Main thread; the caller owns the JSON.
 */
#ifndef REPORT_TARGET_H
#define REPORT_TARGET_H

#include <jansson.h>

#include "report/text.h"
#include "steer/oracle.h"

json_t *target_report(const struct pool_target *t);

/* {"owner", "reason", "at", "until", "share", "over_s"}, or null. */
json_t *target_lease(const struct drain *d);

/* A line, begun by a new one.  all_up: no daemon, what is not assumed is up. */
void target_describe(
    struct text *t, const struct pool_target *target, bool all_up);

/* ", drained by ann (core switch) for another 5m"; NULL: nothing. */
void target_describe_drain(
    struct text *t, const char *is, const struct drain *d);

/* A line, begun by a new one: a share in force of the region, and whether the
 * client is of it; nothing where there is none. */
void target_describe_share(struct text *t, const struct oracle_region *r,
    const struct pool_region *pr);

/* The same of a full region: which of its clients it keeps. */
void target_describe_full(struct text *t, const struct oracle_region *r);

/* The watch changed often: it must stay well longer than rise. */
bool target_is_damped(const struct watch *w);

#endif
