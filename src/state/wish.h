/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a request for a drain or force-up says.  Main thread.
 */
#ifndef STATE_WISH_H
#define STATE_WISH_H

#include <jansson.h>

#include "steer/drain.h"

enum { DRAIN_YEARS_MAX = 10 };

/* The lease of owner that body asks for; *unsaved: also where it cannot be
 * saved.  NULL: *error, {"error", "exit"}, says what is wrong with it. */
struct drain *wish_drain(const json_t *body, const char *owner,
    enum drain_kind kind, bool *unsaved, json_t **error);

#endif
