/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Trials of the sockets and folders that a configuration names: each is opened
 * and closed again.  Before threads start.
 */
#ifndef CTL_TRIAL_H
#define CTL_TRIAL_H

#include <stdbool.h>

#include "base/error.h"

/* Whether the start would fail for its sockets or folders, which is told before
 * databases and zones are read, as that takes long: false, err.  A
 * configuration that cannot be read is told of when it is built. */
bool trial_start(const char *path, struct error *err);

/* For a process that has the sockets of the one that asks (life/handover):
 * could it bind all that the configuration names by now? */
bool trial_bind(const char *path);

#endif
