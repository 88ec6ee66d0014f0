/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What outlives the daemon: drains.json, health.json and failback.json in the
 * state folder, replaced as a whole.  Main thread; health is saved by one of
 * its own, as it is large and often saved: main does not wait for the disk.
 */
#ifndef STATE_STATE_H
#define STATE_STATE_H

#include <jansson.h>
#include <stdbool.h>

#include "base/error.h"
#include "steer/drain.h"
#include "steer/watch.h"

/* {"version", kind: list} in kind.json; takes list over. */
bool state_save(
    const char *folder, const char *kind, json_t *list, struct error *err);
/* False: there is a file, which cannot be read at all. */
bool state_can_read(const char *folder, const char *kind, struct error *err);
/* Gives each entry of the list to fn, which says whether it made sense.  No
 * file is true; one that cannot be read is moved aside as .bad, and what of it
 * could be understood is kept; false, err says what and where. */
bool state_load(const char *folder, const char *kind,
    bool (*fn)(const json_t *entry, void *arg), void *arg, struct error *err);

bool state_save_drains(
    const char *folder, const struct drains *drains, struct error *err);

/* As state_load(). */
bool state_load_drains(
    const char *folder, struct drains *drains, struct error *err);
/* To the watches that there are, as watches_inherit() has it; what was last
 * heard more than keep_s ago is left unknown. */
bool state_load_health(const char *folder, struct watches *watches,
    int64_t keep_s, struct error *err);

struct saver;

struct saver *saver_new(const char *folder);
void saver_free(struct saver *s);
/* Begins to save copies of the watches, and the list of failback, which it
 * takes over.  Not while it is busy, nor before saver_finish(). */
void saver_start(
    struct saver *s, const struct watches *watches, json_t *failback);
bool saver_is_busy(const struct saver *s);
/* Waits for it; false: what was saved last could not be, as err says. */
bool saver_finish(struct saver *s, struct error *err);

#endif
