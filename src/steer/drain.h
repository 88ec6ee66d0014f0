/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Drains: leases that take a region, a pool's region or a target out; and
 * force-ups, the same lease the other way: probes are not believed.
 *
 * Of one kind and one what there is at most one in force and one announced
 * for later, which takes the place of the first when its time comes.
 *
 * The table belongs to the main thread; it does no I/O (state/ does).
 * Announced ones begin by the wall clock, as people do.  In force they end by
 * the boot clock: how long one lasts is not changed by setting a clock.  They
 * grow by the monotonic one.  The wall clock counts across restarts.
 */
#ifndef STEER_DRAIN_H
#define STEER_DRAIN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/error.h"

enum {
	DRAIN_FOREVER = 0, /* until cancelled */
	DRAIN_WHOLE = 100, /* percent */
	DRAIN_OVER_MAX_S = 7 * 86400,
};

enum drain_kind { DRAIN_OUT, DRAIN_UP, DRAIN_KIND_COUNT };

/* "drain" and "force_up", in files; "drain" and "force-up", for people. */
extern const char *const drain_kind_names[DRAIN_KIND_COUNT];
extern const char *const drain_nouns[DRAIN_KIND_COUNT];

struct drain {
	enum drain_kind kind; /* DRAIN_OUT unless set by the caller */
	char *what;           /* "eu", "www/eu", "www/eu/192.0.2.10" */
	char *pool;           /* NULL: every one */
	char *region;
	char *target; /* its label; NULL: all of the region */
	char *owner;
	char *reason;
	int64_t since, until; /* wall, until DRAIN_FOREVER or expiry */
	int64_t at;           /* wall, announced for then; 0: in force */
	unsigned share;       /* percent of the clients that it takes out, */
	int64_t over_s;       /* by and by for so long from since on */
	bool forced;
	/* Of one in force; not saved: */
	int64_t end_ms;    /* boot clock: it is over; or DRAIN_FOREVER */
	int64_t whole_s;   /* monotonic s: all of its share is out */
	int64_t let_go;    /* likewise: the last honest cache lets go */
	unsigned settling; /* ticks until what was on its way counts in it */
	bool gone;         /* it was told that it has let go */
	uint64_t hash[2];  /* of what it is part of, and of all of what */
	/* The state file's: */
	char *record; /* as it stands there; NULL: not made yet */
	bool unsaved; /* it does not stand there: a restart forgets it */
};

struct drains {
	VEC(struct drain *) all; /* read only, but by drains_...() */
	bool ahead; /* the announced ones count as in force (what if) */
	struct drain_link *links; /* an index by what they name */
	uint32_t *heads;
	size_t nheads;
};

/* A drain with its own copies, what parsed; NULL when what has not the form
 * region, pool/region or pool/region/target. */
struct drain *drain_new(const char *what, const char *owner, const char *reason,
    int64_t since, int64_t until, bool forced, struct error *err);
void drain_free(struct drain *d);
/* From now on it grows, since d->since, and ends by steady clocks. */
void drain_start(struct drain *d);
/* Seconds until it ends, 0: it is over; INT64_MAX: not by itself. */
int64_t drain_left_s(const struct drain *d);
/* The wall clock was set: moments of one in force move with it. */
void drain_set_clock(struct drain *d, int64_t step_s);

void drains_fini(struct drains *t);
/* Of tables that borrow: puts d in, whatever is there; takes all out. */
void drains_lend(struct drains *t, struct drain *d);
void drains_return(struct drains *t);

/* Takes d over; replaces the one of the same kind and what that is in force
 * (announced) as it is (a renewal): drains_put() frees it, drains_replace()
 * returns it (NULL: none). */
void drains_put(struct drains *t, struct drain *d);
struct drain *drains_replace(struct drains *t, struct drain *d);
struct drain *drains_find(const struct drains *t, enum drain_kind kind,
    const char *what, bool announced);
/* Takes it, which is in the table, out of it; the caller frees it. */
struct drain *drains_remove(struct drains *t, const struct drain *d);
/* Takes out one that is over; finds an announced one that is due; or NULL. */
struct drain *drains_expire(struct drains *t);
struct drain *drains_due(const struct drains *t, int64_t now);
/* It is in force from now on; the caller frees what it replaced (or NULL). */
struct drain *drains_begin(struct drains *t, struct drain *d);

/* The leases on something that count; NULL: none. */
struct drains_on {
	/* In force, whole by now, the one that ends last; by kind. */
	const struct drain *cover[DRAIN_KIND_COUNT];
	const struct drain *next; /* announced: the first that takes it out */
	const struct drain *part; /* the largest that is not whole yet */
};

/* On a target, or on the whole region of a pool (target NULL). */
struct drains_on drains_on(const struct drains *t, const char *pool,
    const char *region, const char *target);
/* Does a lease name the region of the pool, or targets of it? */
bool drains_name(const struct drains *t, const char *pool, const char *region);
/* Calls fn for each target of the region that has leases of its own; what is on
 * the whole region is on it, too. */
typedef void drains_fn(
    const char *target, const struct drains_on *on, void *arg);
void drains_each(const struct drains *t, const char *pool, const char *region,
    const struct drains_on *whole, drains_fn *fn, void *arg);

#endif
