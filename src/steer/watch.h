/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A watch is one monitor at one address; equal ones are one.  The table of
 * watches belongs to the main thread alone and outlives snapshots.
 */
#ifndef STEER_WATCH_H
#define STEER_WATCH_H

#include "steer/health.h"

struct watch {
	char *key; /* address and monitor's text: equal watches are one */
	struct addr addr;
	const struct conf_monitor *monitor; /* of the current snapshot */
	struct health health;
	char last[160];   /* what the last probe said: "200 in 1.2 ms" */
	uint32_t last_ms; /* its duration */
	int64_t last_at;  /* wall; 0: never probed */
	int64_t
	    first_failed_us; /* monotonic, of the failures counted; 0: none */
	int64_t certificate_until; /* wall; 0: none seen */
	double load;     /* of the target, as it last said: 1 is full, */
	int64_t load_ms; /* then, monotonic; 0: it never did */
	bool idle;       /* decides nothing until it is counted again */
	bool wanted;     /* by the current snapshot */
	bool restored;   /* all it knows is of before the start */
	bool fresh;      /* it has not inherited yet */
	/* What steer/suspect remembers; monotonic. */
	bool anchor;
	bool answered;        /* a probe, ever */
	bool failed;          /* the last probe */
	int64_t asked_us;     /* the last probe began; */
	int64_t heard_us;     /* its result came; 0: none yet */
	unsigned well;        /* successes in a row, begun since the freeze */
	int64_t streak_us;    /* the first of the last failures in a row */
	struct health before; /* that it was down last, at worse_us */
	int64_t worse_us;
	void *probe; /* the prober's own */
};

/* Did it say its load lately? */
bool watch_has_load(const struct watch *w);

struct watches; /* the table */

struct watches *watches_new(void);
void watches_free(struct watches *w);

/* Finds or adds the watch of a monitor at an address; m is its monitor from
 * now on. */
struct watch *watches_get(
    struct watches *w, const struct conf_monitor *m, const struct addr *a);
/* By its key, or its monitor and address; NULL: none. */
struct watch *watches_find(const struct watches *w, const char *key);
struct watch *watches_find_at(const struct watches *w,
    const struct conf_monitor *m, const struct addr *a);
/* All of them, in no order. */
struct watch **watches_all(const struct watches *w, size_t *n);
/*
 * Gives those that are new in the table (since the last call; all of them, when
 * from is another table) what was known of their addresses.  From one that
 * asked the same question, all: counters are bounded by what the new monitor
 * needs.  Else, where one is gone whose question nobody asks any more (that of
 * the same monitor's name before others), its state, which is unproven: a dead
 * target does not become live, nor a live one dead, by an edit of what it is
 * asked.  from: the same table, or one of what was saved.
 */
void watches_inherit(struct watches *w, const struct watches *from);
/* Frees those that are not wanted; gone is called for each before. */
void watches_sweep(
    struct watches *w, void (*gone)(struct watch *, void *), void *arg);

/* What several monitors say together of one target. */

/* Neither mode: observe nor idle. */
bool watch_decides(const struct watch *w);

/* health_change_ms() of a watch, whose word counts or not: UINT32_MAX when it
 * never does. */
uint32_t watch_change_ms(const struct watch *w);

/*
 * The worst of a target's addresses; of each the state that so many of the
 * watches that decide have, or a better one (0, or more than there are: all of
 * them).  Up where none decides.
 */
enum health_state require_health(
    unsigned require, struct watch *const *watches, size_t n);

/* The same of its address of one family, 4 or 6, alone. */
enum health_state require_family(
    unsigned require, struct watch *const *watches, size_t n, uint8_t family);

#endif
