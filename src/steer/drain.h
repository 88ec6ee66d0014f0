/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drains: leases that take a region, a pool's region or a target out.
 *
 * The table belongs to the main thread; it does no I/O (ctl/state does).
 * Wall clock.
 */
#ifndef STEER_DRAIN_H
#define STEER_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum { DRAIN_FOREVER = 0 }; /* until cancelled */

struct drain {
	char *what; /* "eu", "www/eu", "www/eu/192.0.2.10" */
	char *pool; /* NULL: every one */
	char *region;
	char *target; /* its label; NULL: all of the region */
	char *owner;
	char *reason;
	int64_t since, until; /* wall, until DRAIN_FOREVER or expiry */
	bool forced;
};

struct drains {
	VEC(struct drain *) all;
};

/* A drain with its own copies, what parsed; NULL when what has not the form
 * region, pool/region or pool/region/target. */
struct drain *drain_new(const char *what, const char *owner, const char *reason,
    int64_t since, int64_t until, bool forced, struct error *err);
void drain_free(struct drain *d);

void drains_fini(struct drains *t);

/* Takes d over; replaces a drain of the same what (a renewal). */
void drains_put(struct drains *t, struct drain *d);
const struct drain *drains_find(const struct drains *t, const char *what);
/* Takes it out of the table; the caller frees it; NULL: no such drain. */
struct drain *drains_remove(struct drains *t, const char *what);
/* Takes out one drain whose time is over, or returns NULL. */
struct drain *drains_expire(struct drains *t, int64_t now);

/* The drain that takes this out, the one that ends last; NULL: none. target
 * NULL asks whether the whole region of the pool is out. */
const struct drain *drains_cover(const struct drains *t, const char *pool,
    const char *region, const char *target);

#endif
