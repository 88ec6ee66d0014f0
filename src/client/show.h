/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Replies as tables and sentences for people, on standard output; colour on a
 * terminal unless NO_COLOR is set.  One thread.
 */
#ifndef CLIENT_SHOW_H
#define CLIENT_SHOW_H

#include <jansson.h>

/* As it is, but its fractions are rounded. */
void json_show(json_t *report);

void check_show(const json_t *report);
void explain_show(const json_t *report);
void drain_show(const json_t *reply);
/* What is in force and not saved, in the reply or in the status. */
void unsaved_show(const json_t *unsaved);
void drains_show(const json_t *reply);
void probe_show(const json_t *reply);
void stages_show(const json_t *reply);
void reload_show(const json_t *reply);

/* prefix: what stands before each name; "" to begin with. */
void stats_show(const char *prefix, json_t *value);

void event_show(const json_t *event);

#endif
