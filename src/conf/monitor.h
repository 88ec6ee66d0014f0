/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monitors: which keys belong to which type, and how they fit together.  Any
 * one thread.
 */
#ifndef CONF_MONITOR_H
#define CONF_MONITOR_H

#include "conf/schema.h"

/* Completes a monitor that was just read, and makes its text. */
void check_monitor(
    struct schema_reader *r, const struct yaml_node *node, void *object);

/* A pool's monitors can do what it requires of them. */
void check_require(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_pool *pool);

/* Kinds of values (conf/value.h). */
schema_kind monitor_name;    /* the text of a name */
schema_kind monitor_type;    /* of records: AAAA, TYPE257 */
schema_kind monitor_rcode;   /* NXDOMAIN */
schema_kind monitor_require; /* of a conf_pool: all, any or a number */

/* Makes the monitors of the anchors. */
void check_health(
    struct schema_reader *r, const struct yaml_node *node, void *object);

/* Seconds that a cut-over (conf/use) may take longer, as health may be frozen:
 * anchors are declared, or targets of two pools and two regions are probed.  0:
 * it never is. */
double monitor_frozen_s(const struct conf *conf);

#endif
