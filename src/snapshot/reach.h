/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rules of the policies in force that no address comes to, and their country
 * codes that no country has.  The builder's thread.
 */
#ifndef SNAPSHOT_REACH_H
#define SNAPSHOT_REACH_H

#include "conf/diag.h"
#include "snapshot/snapshot.h"

/* Warns of each.  The policies must be built. */
void reach_check(const struct snapshot *s, struct diag *d);

#endif
