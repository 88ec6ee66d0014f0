/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Changes of drains, force-ups and signals: each takes effect and is
 * acknowledged once it is on disk, and main never waits for that.  A writer
 * (state/writer) puts a batch on disk; what is asked for meanwhile is the next
 * batch, written at once (group commit).  Main thread.
 */
#ifndef CTL_COMMIT_H
#define CTL_COMMIT_H

#include "ctl/control.h"
#include "state/batch.h"

enum {
	COMMIT_END_MS = 2000, /* what is under way gets so long at the end */
	COMMIT_SLOW_S = 5     /* then --unsaved waits for the disk no longer */
};

/* What is asked for; the first member of what its owner knows of it. */
struct change {
	struct change *next;
	enum batch_file file;
	bool unsaved;       /* takes effect also where it cannot be saved */
	const char *record; /* of a signal: its JSON, for the journal */
	/* Once.  why is NULL: it is saved.  Else a sentence why it is not, and
	 * unless unsaved is set nothing may change.  Frees it. */
	void (*end)(struct control *c, struct change *change, const char *why);
};

struct commit;

struct commit *commit_new(struct control *c);
void commit_free(struct commit *m);

/* Takes it over; its end is called later, or at once when the daemon ends. */
void commit_add(struct control *c, struct change *change);

/* {"error", "exit"}: what why says of a change that is refused. */
json_t *commit_refused(const struct control *c, const char *why);

/* Drains have changed by themselves (signals are to be written anew): they are
 * saved, again each second until they could be. */
void commit_drains(struct control *c);
void commit_signals(struct control *c);

/* Those of a file whose end was not called yet, oldest first. */
void commit_each(const struct control *c, enum batch_file file,
    void (*fn)(const struct change *change, void *arg), void *arg);

/* Something is on its way to the disk, or waits for that. */
bool commit_is_busy(const struct control *c);

/* Each second. */
void commit_tick(struct control *c);

/* How long the disk may still be waited for at the end: all that waits has one
 * limit together, COMMIT_END_MS from the first call on. */
int commit_left_ms(struct control *c);

/* Something is wrong with a file of the state directory: an event, and status
 * says so until commit_mended(). */
void commit_fault(struct control *c, const char *file, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void commit_mended(struct control *c, const char *file);

/* At the end: gives the disk up to ms, then refuses what is left. */
void commit_finish(struct control *c, int ms);

#endif
