/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Regions whose coordinates contradict where the databases have their targets.
 * The builder's thread.
 */
#ifndef SNAPSHOT_LOCATE_H
#define SNAPSHOT_LOCATE_H

#include "conf/diag.h"
#include "snapshot/snapshot.h"

/* Warns of each.  The databases must be loaded. */
void locate_check(const struct snapshot *s, struct diag *d);

#endif
