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

/* entries (taken over) are in force from now on, once saved: events tell what
 * is new.  False: they are not. */
bool geoip_adopt(struct control *c, json_t *entries, struct error *err);

/* [database] of those that are held. */
json_t *geoip_held(const struct control *c);

/* {"databases": entries}. */
json_t *geoip_report(const struct control *c);

enum geoip_word { GEOIP_ACCEPT, GEOIP_ROLLBACK };

/* POST /v1/geoip_accept and /v1/geoip_rollback: {"database"}, which may be left
 * out.  done gets the reply. */
void geoip_say(struct control *c, enum geoip_word word, const json_t *body,
    const char *owner, reload_done *done, void *arg);

#endif
