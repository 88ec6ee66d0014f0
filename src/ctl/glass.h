/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The break-glass file: drains by a file in the state folder, for when the
 * control socket is out of reach.  Main thread.
 *
 * A line is a drain: what, how long ("30m", or "until-cancelled"), and the
 * reason; empty lines and those with # at their beginning are none.  The owner
 * is that of the file, and safety is overridden.
 */
#ifndef CTL_GLASS_H
#define CTL_GLASS_H

#include "ctl/control.h"

#define GLASS_FILE "break-glass"

/* Each second.  Takes what the file says once it is whole (it ends with a
 * newline, or has not grown for a second), then renames it: to .taken, or where
 * a line is wrong, which is reported, to .wrong. */
void glass_look(struct control *c);

#endif
