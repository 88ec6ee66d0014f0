/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The oracle's way to a scope: from the client's prefix outwards, as long as
 * every address beside it gets the same verdict.  Slow; any thread.
 */
#ifndef STEER_SCOPE_H
#define STEER_SCOPE_H

#include "steer/oracle.h"

/* found: what geo_find() says of the client. */
unsigned scope_find(const struct oracle *o, const struct conf_name *name,
    const struct addr *client, const struct geo_found *found);

#endif
