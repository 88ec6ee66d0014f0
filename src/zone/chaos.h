/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a server says of itself in the class CH (RFC 4892): id.server and
 * hostname.bind, version.server and version.bind.  Immutable once built; any
 * thread; dies with its arena.
 */
#ifndef ZONE_CHAOS_H
#define ZONE_CHAOS_H

#include "conf/conf.h"
#include "dns/body.h"

struct chaos {
	const struct body *id, *version; /* NULL: not said */
};

void chaos_build(
    struct chaos *c, struct arena *a, const struct conf_server *server);

/* name: lower case wire form.  NULL: nothing is said to that. */
const struct body *chaos_find(
    const struct chaos *c, const uint8_t *name, uint16_t type);

#endif
