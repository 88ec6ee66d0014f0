/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tests of the configuration: what they may assume and expect.  Any one
 * thread.
 */
#ifndef CONF_EXPECT_H
#define CONF_EXPECT_H

#include "conf/schema.h"

/* Kinds of values (conf/value.h). */
schema_kind expect_from;     /* the text of an address, prefix or place */
schema_kind expect_resolver; /* the text of an address */
schema_kind expect_address;
schema_kind expect_signals; /* of a conf_test: a map */
schema_kind expect_read;    /* a conf_expect: a word, or a map */

/* The words by which a monitor's name (or its and an address's, apart by /)
 * says something; false: *monitor is CONF_NONE, or what follows is no address.
 */
bool expect_monitor(
    const struct conf *c, const char *what, uint16_t *monitor, struct addr *a);

void check_expect(
    struct schema_reader *r, const struct yaml_node *node, void *object);
void check_test(
    struct schema_reader *r, const struct yaml_node *node, void *object);

#endif
