/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Policies and their rules: the kinds of their values, and what must hold
 * among them.  Any one thread.
 */
#ifndef CONF_RULE_H
#define CONF_RULE_H

#include "conf/schema.h"

schema_kind rule_nets; /* a list of conf_net: sets a bit each */
schema_kind rule_geo;
schema_kind rule_box;     /* [south, west, north, east] */
schema_kind rule_regions; /* of a conf_rule: a list, a map of weights, or
			     an order of all */
schema_kind rule_km;      /* 500km */
schema_kind rule_down;    /* when_all_down */

void rule_check(
    struct schema_reader *r, const struct yaml_node *node, void *object);
void rule_check_policy(
    struct schema_reader *r, const struct yaml_node *node, void *object);

/* When all policies are read: where a rule uses a policy, its rules. */
void rule_unfold(struct schema_reader *r);

#endif
