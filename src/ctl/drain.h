/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The drain commands: find, safety check, state file, table, pools, event,
 * reply.  Main thread.
 *
 * Safety.  A drain is refused when a pool that a name uses would be left with
 * fewer live regions than it has now and than safety.min_regions, or when the
 * regions left would be filled beyond safety.max_fill.  Capacities are in any
 * one unit, so that answers cannot be compared with them directly: the load
 * of a pool is taken to be what fills it to max_fill without its largest
 * region, or less if a region would be beyond its capacity now.  It is spread
 * over the regions as the answers given since the start were; what a drained
 * region had goes to the ones left by capacity.  It is looked at only where
 * all capacities are declared and DRAIN_ANSWERS_MIN answers were given.
 */
#ifndef CTL_DRAIN_H
#define CTL_DRAIN_H

#include "ctl/control.h"

enum { DRAIN_ANSWERS_MIN = 1000, DRAIN_YEARS_MAX = 10 };

/* The replies to POST /v1/drain and /v1/undrain, or {"error", "exit"}. */
json_t *drain_begin(struct control *c, const json_t *body, const char *owner);
json_t *drain_end(struct control *c, const json_t *body, const char *owner);

/* Ends the drains whose time is over. */
void drain_expire(struct control *c);

/* NULL when what names something of conf, else {"error", "exit"} with the
 * nearest name. */
json_t *drain_unknown(const struct conf *conf, const struct drain *d);

#endif
