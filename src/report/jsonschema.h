/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The keys of the configuration as JSON Schema (draft 7), for editors: from
 * the rows that the daemon itself reads by.  Any one thread; the caller owns
 * the JSON.
 */
#ifndef REPORT_JSONSCHEMA_H
#define REPORT_JSONSCHEMA_H

#include <jansson.h>

/* What it accepts is a superset of what meridiand -n accepts: what keys make
 * of each other is beyond it. */
json_t *jsonschema_report(void);

#endif
