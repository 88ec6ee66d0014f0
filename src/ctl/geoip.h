/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What main does about the GeoIP gate (ctl/gate): the list of what is accepted
 * and held, its file, its events, and the operator's word.  Main thread.
 */
#ifndef CTL_GEOIP_H
#define CTL_GEOIP_H

#include "ctl/control.h"
#include "ctl/reload.h"

/* At the start, with the snapshot that comes into service. */
void geoip_load(struct control *c, const struct snapshot *s);

/* Is there a database in place of which an accepted copy is in service, without
 * it having been judged? */
bool geoip_is_open(const struct control *c);

/* Saves entries, when they are not those of before; false: err.  Any thread. */
bool geoip_save(const char *folder, const json_t *before, json_t *entries,
    struct error *err);

/* entries are in force, as they are saved: events tell what is new. */
void geoip_adopt(struct control *c, json_t *entries);

/* [database] of those that are held. */
json_t *geoip_held(const struct control *c);

/* {"databases": entries}. */
json_t *geoip_report(const struct control *c);

enum geoip_word { GEOIP_ACCEPT, GEOIP_ROLLBACK };

/* POST /v1/geoip_accept and /v1/geoip_rollback: {"database"}, which may be left
 * out, and what is held is meant as it is now. */
void geoip_say(struct control *c, enum geoip_word word, const json_t *body,
    const struct job_asker *by);

#endif
