/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one pointer.  Main publishes; all threads read between quiescent states.
 */
#ifndef SNAPSHOT_PUBLISH_H
#define SNAPSHOT_PUBLISH_H

#include "snapshot/snapshot.h"

struct snapshot *snapshot_current(void); /* NULL before the first */

/* Sets the generation, replaces the current one, and frees that one when no
 * reader is left; what it counted goes on in s. NULL: at the end. */
void snapshot_publish(struct snapshot *s);

#endif
