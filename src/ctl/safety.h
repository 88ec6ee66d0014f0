/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a drain would do to the pools, and whether that is safe.  Main thread.
 *
 * It is judged as whatif does, by traffic/forecast, and refused for whatever
 * that finds unsafe: a pool with fewer live regions than it has now and than
 * safety.min_regions, clients whose last live region goes, a region filled
 * beyond safety.max_fill.  All drains count that hold at any time while this
 * one does, announced ones and those that are being saved too; what it renews
 * has been judged before, and only what gets worse counts.
 */
#ifndef CTL_SAFETY_H
#define CTL_SAFETY_H

#include "ctl/control.h"
#include "report/text.h"

/* Each second: regions that are full send clients on; events tell which, and
 * when all are full together (traffic/capacity). */
void safety_tick(struct control *c);

/*
 * The effects of d, which is announced in the drains or not in them: {"pools":
 * [{"pool", "live_before", "live_after", "fill"}] of those that it touches,
 * "regions": forecast_regions(), "judged", "why", "unsafe": [text]}; why says
 * why fills are not judged, or is null.  Where a drain is not safe fault gets
 * what it would do.
 */
json_t *safety_judge(
    struct control *c, const struct drain *d, struct text *fault);

#endif
