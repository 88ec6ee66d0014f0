/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long resolvers may still hold answers with what is drained.  Main thread.
 */
#ifndef SNAPSHOT_CACHES_H
#define SNAPSHOT_CACHES_H

#include "snapshot/snapshot.h"
#include "steer/drain.h"

/* Moves d->let_go to where the last answer given so far has expired, if that is
 * later.  Of a target or a share only what was given out until it was drained
 * counts: the region still is. */
void caches_look(const struct snapshot *s, struct drain *d);

/* Seconds until that, for one that is announced. */
int64_t caches_announced_s(const struct snapshot *s, const struct drain *d);

/* Sets d->let_go after a start: nothing is known of what was given out before,
 * but that it was not for longer than the largest TTL. */
void caches_restore(const struct snapshot *s, struct drain *d);

#endif
