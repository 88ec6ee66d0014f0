/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What outlives the daemon: files in the state folder, replaced as a whole.
 * Main thread, but for state_write() and state_save(), which wait for the disk
 * and are for other threads.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "report/text.h"
#include "steer/drain.h"
#include "steer/watch.h"

/* Replaces kind.json.  Any thread. */
bool state_write(const char *folder, const char *kind, const char *text,
    size_t len, struct error *err);
/* {"version", kind: list} in kind.json; takes list over.  Any thread. */
bool state_save(
    const char *folder, const char *kind, json_t *list, struct error *err);
/* False: there is a file, which cannot be read at all. */
bool state_can_read(const char *folder, const char *kind, struct error *err);
/* Gives each entry of the list to fn, which says whether it made sense.  No
 * file is true; one that cannot be read is moved aside as .bad, and what of it
 * could be understood is kept; false, err says what and where. */
bool state_load(const char *folder, const char *kind,
    bool (*fn)(const json_t *entry, void *arg), void *arg, struct error *err);

/* The same file, made of records that are JSON already. */
void state_begin(struct text *t, const char *kind);
void state_add(struct text *t, const char *record);
void state_end(struct text *t);

/* drains.json; a drain keeps its record (see steer/drain.h). */
void state_drains(const struct drains *drains, struct text *t);

/* As state_load(). */
bool state_load_drains(
    const char *folder, struct drains *drains, struct error *err);
/* To the watches that there are, as watches_inherit() has it; what was last
 * heard more than keep_s ago is left unknown. */
bool state_load_health(const char *folder, struct watches *watches,
    int64_t keep_s, struct error *err);

/* Gives the folder, the files in it and those in folders of it to a user, who
 * is to replace and append to what a daemon has left there as root. */
bool state_give(const char *folder, uid_t uid, gid_t gid, struct error *err);

struct saver;

struct saver *saver_new(const char *folder);
void saver_free(struct saver *s);
/* Begins to save copies of the watches, and the list of failback, which it
 * takes over, in a thread of its own: health is large.  Not before
 * saver_finish(). */
void saver_start(
    struct saver *s, const struct watches *watches, json_t *failback);
/* It was started, and saver_finish() has not found it over. */
bool saver_is_busy(const struct saver *s);
/* Waits up to so long, -1: without limit; false: what was saved last could not
 * be, as err says. */
bool saver_finish(struct saver *s, int ms, struct error *err);

#endif
