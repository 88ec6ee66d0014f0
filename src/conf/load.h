/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The one way from files to struct conf.  Any one thread.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/conf.h"
#include "conf/diag.h"

/*
 * Reads path and all that it includes, checks it, and returns it; or NULL with
 * errors in d.  Warnings do not fail.  It reads only configuration, files of
 * prefixes and which steps are in force; zone files and databases are not
 * opened.
 */
struct conf *conf_load(const char *path, struct diag *d);

/* The same with the steps in force that state says (conf/stage). */
struct stage_state;
struct conf *conf_load_stages(
    const char *path, const struct stage_state *state, struct diag *d);

/* The same of a text that stands alone: it can point to no other file but
 * zones and databases (which are not opened). */
struct conf *conf_load_text(const char *file, const char *text, struct diag *d);

void conf_free(struct conf *c);

/* "EU", "DE", "US-CA", "country:NA", "DE/Berlin", "US-CA/San Jose",
 * "city:2950159"; upper case but for a city, which stays in text.  False when
 * it is none. */
bool conf_geo_parse(const char *text, struct conf_geo *geo);

enum { CONF_GEO_MAX = 160 };

/* The same text again.  Returns buf. */
char *conf_geo_format(char buf[CONF_GEO_MAX], const struct conf_geo *geo);

/* The index of the object of that name in the configuration, or CONF_NONE. */
uint16_t conf_find_region(const struct conf *c, const char *name);
uint16_t conf_find_pool(const struct conf *c, const char *name);

#endif
