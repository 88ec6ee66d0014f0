/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monitors that speak HTTP: what their keys may say, and how they fit
 * together.  Any one thread.
 */
#ifndef CONF_HTTP_H
#define CONF_HTTP_H

#include "conf/schema.h"

/* A map of texts; the field gets lines "Name: value\n". */
schema_kind http_headers;

/* One of server.http_names. */
schema_kind http_host_name;

/* Complete a monitor that was just read. */
void check_http(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m);
void check_https(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m);
void check_grpc(struct schema_reader *r, const struct yaml_node *node,
    struct conf_monitor *m);

#endif
