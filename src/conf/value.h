/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kinds of values: what a key of the configuration may say.  Each is a
 * schema_kind.  Any one thread.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include "conf/schema.h"

schema_kind value_none;    /* read elsewhere */
schema_kind value_number;  /* 16, 32 or 64 bits by the field's size */
schema_kind value_percent; /* 85% */
schema_kind value_decimal; /* 0.25: a double; the range is in whole numbers */
schema_kind value_span;    /* 5s; the field and its range in ms */
schema_kind value_text;    /* the range is that of its length */
schema_kind value_path;    /* as seen from the file that says it */
schema_kind value_word;    /* an enum: the index in .words */
schema_kind value_endpoint;
schema_kind value_prefix;
schema_kind value_ref;      /* .of: a schema_section; the index */
schema_kind value_location; /* [latitude, longitude] of a conf_region */
schema_kind value_ecs;      /* any, none, or prefixes of a conf_server */
schema_kind value_addrs;    /* of a conf_target */
schema_kind value_cname;
schema_kind value_records; /* of a conf_target: type to records */
schema_kind value_offers;  /* of a conf_pool: region to targets */
schema_kind value_database;

bool value_is_scalar(const struct yaml_node *node);

/* Reports that the value must be what; false. */
bool value_wrong(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, const char *what);

bool value_parse_integer(const char *text, size_t len, int64_t *value);
bool value_parse_degrees(
    const struct yaml_node *node, double limit, double *value);
bool value_in_range(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, int64_t value, const char *unit);
void value_store(void *field, size_t size, int64_t value);

/* False, and reported: an IPv4 address or prefix written as IPv6
 * (::ffff:192.0.2.1), which no socket for IPv6 alone can have. */
bool value_check_native(struct schema_reader *r, const struct conf_mark *mark,
    const struct prefix *p);

/* Lower case, wire form and text of a name; false: reported. */
bool value_read_name(struct schema_reader *r, const struct yaml_node *node,
    uint8_t name[DNS_NAME_MAX], const char **text);

/* "there is no region "ue"; did you mean "eu"?" Returns false. */
bool value_report_nothing(struct schema_reader *r, enum schema_section s,
    const struct yaml_node *node);

#endif
