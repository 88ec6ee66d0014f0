/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a drain would do to the pools, and whether that is safe.  Main thread.
 *
 * A drain is refused when a pool that a name uses would be left with fewer
 * live regions than it has now and than safety.min_regions, or when the
 * regions left would be filled beyond safety.max_fill.  All drains count that
 * hold at any time while this one does, announced ones too; what it renews has
 * been judged before, and only what changes counts.  Capacities are in any one
 * unit, so that answers cannot be compared with them directly: the load of a
 * pool is taken to be what fills it to max_fill without its largest region, or
 * less if a region would be beyond its capacity now.  It is spread over the
 * regions as the answers given since the start were; what a drained region had
 * goes to the ones left by capacity.  It is looked at only where all capacities
 * are declared and SAFETY_ANSWERS_MIN answers were given.
 */
#ifndef CTL_SAFETY_H
#define CTL_SAFETY_H

#include "ctl/control.h"
#include "report/text.h"

/* Each second: regions that are full send clients on; events tell which, and
 * when all are full together (traffic/capacity). */
void safety_tick(struct control *c);

enum { SAFETY_ANSWERS_MIN = 1000 };

/* The effects on all pools that d touches, d being announced in the drains or
 * not in them: [{"pool", "live_before", "live_after", "fill"}].  Where it is
 * not safe fault gets what it would do. */
json_t *safety_judge(const struct snapshot *s, const struct drains *drains,
    const struct drain *d, struct text *fault);

#endif
