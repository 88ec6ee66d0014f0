/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a row of the schema cannot say: how the keys of one object, and what it
 * refers to, fit together.  Any one thread.
 */
#ifndef CONF_CHECK_H
#define CONF_CHECK_H

#include "conf/schema.h"

/* Completes an object that was just read, and looks at it alone. */
void check_server(
    struct schema_reader *r, const struct yaml_node *node, void *object);
void check_limit(
    struct schema_reader *r, const struct yaml_node *node, void *object);
void check_latency(
    struct schema_reader *r, const struct yaml_node *node, void *object);
void check_pool(
    struct schema_reader *r, const struct yaml_node *node, void *object);
void check_target(
    struct schema_reader *r, const struct yaml_node *node, void *object);
void check_name(
    struct schema_reader *r, const struct yaml_node *node, void *object);

/* What sections make of each other, as warnings: a pool with fewer regions than
 * safety.min_regions, a prefix that is in two nets. */
void check_sections(const struct conf *c, struct diag *d);

/* "A and AAAA", "CNAME alone"; in the arena. */
const char *check_types(struct arena *a, const uint16_t *types, unsigned n);
bool check_types_equal(
    const struct conf_pool *p, const uint16_t *types, unsigned n);

/* Loads, costs and capacities that count for nothing: warnings. */
void check_loads(const struct conf *c, struct diag *d);

bool check_is_jurisdiction(const struct conf *c, const char *word);

/* Without a fence every region is within. */
bool check_is_within(const struct conf *c, uint16_t region, const char *fence);

#endif
