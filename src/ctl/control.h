/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What main owns: the snapshot in service, health, drains, events, the state
 * folder; and how a change of one reaches the pools.  Main thread.
 */
#ifndef CTL_CONTROL_H
#define CTL_CONTROL_H

#include <event2/event.h>
#include <jansson.h>
#include <sys/types.h>
#include <time.h>

#include "conf/diag.h"
#include "ctl/event.h"
#include "probe/signal.h"
#include "report/status.h"
#include "traffic/capacity.h"

enum { HEALTH_SAVE_S = 10, CLOCK_STEP_S = 2, CONTROL_FIXED = 7 };

struct commit;
struct jobs;
struct tries;
struct prober;

/* Gets the reply to a command, which is its own from then on. */
typedef void reply_fn(json_t *reply, void *arg);

/* A target that uses a watch. */
struct use {
	const struct watch *watch;
	uint16_t pool, region, target;
	uint32_t change_ms; /* watch_change_ms() that the pool was told */
};

struct control {
	struct event_base *base;
	struct status status; /* snapshot: the current one */
	struct watches *watches;
	struct drains drains; /* that hold */
	struct drains wanted; /* borrowed from them and from the commit: */
	bool wanted_stale;    /* drain_wanted() makes it */
	struct drains ended;  /* and not saved: a restart brings them back */
	struct signals signals;
	int64_t signals_version; /* of signals.json, or of the next one */
	struct prober *prober;
	struct suspect *suspect;
	struct events *events;
	struct traffic traffic;     /* of the last minutes */
	struct capacity capacity;   /* what regions carry of it */
	char *path;                 /* configuration */
	char *folder;               /* state */
	int lock;                   /* of the folder; -1: none */
	VEC(struct use) uses;       /* by watch */
	char *fixed[CONTROL_FIXED]; /* settings that need a restart */
	struct event *tick;
	unsigned ticks;
	int64_t clock_apart_s;          /* wall less boot */
	struct saver *saver;            /* of health */
	bool health_changed;            /* and has to be saved */
	struct commit *commit;          /* of drains and signals */
	struct log_gate health_unsaved; /* when that is told */
	ino_t glass_inode; /* the break-glass file that was looked at, */
	struct timespec glass_changed; /* as it was */
	struct jobs *jobs;             /* what builds and proves */
	json_t *stages;                /* which steps are in force: ctl/stage */
	struct tries *tries;           /* probes asked for, under way */
};

/*
 * Puts s into service with the state that was saved: nothing probes yet.
 * d: warnings of its build.  NULL: the state folder cannot be used.
 */
struct control *control_new(struct event_base *base, const char *path,
    struct snapshot *s, const struct diag *d, struct error *err);

/* Begins to probe and to look at the clock. */
void control_start(struct control *c);

/* Answers whoever waits: before the sockets are closed. */
void control_end(struct control *c);

/* Saves the state; a disk that does not come back holds it up for a bounded
 * time only. */
void control_save(struct control *c);

/* Saves it, too; the snapshot in service stays. */
void control_free(struct control *c);

/* Puts s into service in place of the one before; warnings (taken over) gets
 * those that settings need a restart. */
void control_adopt(struct control *c, struct snapshot *s, json_t *warnings);

/* Looks again at the regions of that name in the pool; NULL: in all. */
void control_refresh(struct control *c, const char *pool, const char *region);

/* Tells pools and people when the prober began, or ceased, to suspect itself;
 * owner, reason: who made it so, or NULL. */
void control_suspicion(
    struct control *c, const char *owner, const char *reason);

#endif
