/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Monitors, as declared.  Part of struct conf: see conf/conf.h.
 */
#ifndef CONF_MONITOR_H
#define CONF_MONITOR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/net.h"

struct conf_mark {
	const char *file;
	unsigned line, column; /* from 1 */
};

enum conf_monitor_type {
	CONF_MONITOR_TCP,
	CONF_MONITOR_HTTP,
	CONF_MONITOR_DNS,
	CONF_MONITOR_EXTERNAL,
	CONF_MONITOR_TYPES
};

/* As they are written; ended by NULL. */
extern const char *const conf_monitor_types[CONF_MONITOR_TYPES + 1];

/* What a monitor of type dns asks. */
struct conf_query {
	const char *name; /* lower case, with the final dot */
	uint16_t type;
	unsigned recurse; /* asks for recursion: 0 or 1 */
};

/* What changed often must stay well longer. */
struct conf_damp {
	unsigned after;     /* changes for the worse that cost nothing */
	uint32_t forget_ms; /* after each of which one is forgotten */
	uint32_t max_ms;    /* the longest that it must stay well */
};

/* What a monitor of type external does with nothing fresh. */
enum conf_stale { CONF_STALE_KEEP, CONF_STALE_DOWN, CONF_STALE_IGNORE };

struct conf_monitor {
	const char *name;
	enum conf_monitor_type type;
	uint16_t port;
	const char *host; /* Host header; NULL: the address */
	const char *path;
	uint16_t status;  /* expected */
	const char *body; /* expected substring; NULL: any */
	struct conf_query query;
	uint16_t rcode;       /* expected */
	const char **records; /* of the query's type: all must be there */
	size_t nrecords;
	const char *file;  /* external: resolved; NULL: signals alone */
	uint32_t fresh_ms; /* the age up to which the file is believed */
	enum conf_stale on_stale;
	uint32_t interval_ms, timeout_ms;
	uint32_t slow_ms; /* an answer that takes longer degrades; 0: none */
	unsigned fall, rise, clear;
	struct conf_damp damp;
	unsigned observe; /* decides nothing: 0 or 1 */
	const char *text; /* all of this; equal for equal monitors */
	struct conf_mark mark;
};

#endif
