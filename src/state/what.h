/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The names of what can be drained, and of what is.  Main thread.
 */
#ifndef STATE_WHAT_H
#define STATE_WHAT_H

#include <jansson.h>

#include "conf/conf.h"
#include "steer/drain.h"

/* NULL when what is a region of conf, a pool's region or a target, else
 * {"error", "exit"} with the nearest name. */
json_t *what_unknown(const struct conf *conf, const char *what);

enum { WHAT_REASON_MAX = 1024 };

/* NULL when it is a line that says something, else {"error", "exit"}; noun is
 * what needs it. */
json_t *what_reason_wrong(const char *noun, const char *reason);

/* The leases of that kind in force that what is within: a list of their
 * names. */
json_t *what_still(
    const struct drains *drains, enum drain_kind kind, const char *what);

/* The leases of that kind, announced ones too, of what is within it and not all
 * of it: a list of their names. */
json_t *what_within(
    const struct drains *drains, enum drain_kind kind, const char *what);

/* {"error", "exit"} with the one that it is within, or the nearest name that
 * has a lease of that kind. */
json_t *what_not_leased(
    const struct drains *drains, enum drain_kind kind, const char *what);

#endif
