/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What traffic may go to, as declared: regions, monitors, pools and their
 * targets.  Part of struct conf: see conf/conf.h.
 */
#ifndef CONF_POOL_H
#define CONF_POOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/net.h"

enum {
	CONF_POOL_REGIONS_MAX = 64, /* bits of a live word */
	CONF_NETS_MAX = 64,         /* bits of a place's nets */
	CONF_NONE = UINT16_MAX,     /* an index that refers to nothing */
};

struct conf_mark {
	const char *file;
	unsigned line, column; /* from 1 */
};

struct conf_region {
	const char *name;
	const char *jurisdiction; /* NULL: none */
	double latitude, longitude;
	bool located;
	uint64_t capacity; /* 0: not declared */
	int bias;          /* percent of distance, -90..900 */
	struct conf_mark mark;
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

struct conf_target {
	const char *label;    /* how drains and logs call it: the first address,
				 or the CNAME target's text */
	struct addr addr[2];  /* IPv4, IPv6; family 0: none */
	const uint8_t *cname; /* wire form; NULL: none */
	unsigned weight;      /* 1..1000000, default 1 */
	struct conf_mark mark;
};

struct conf_pool_region {
	uint16_t region;
	struct conf_target *targets;
	size_t ntargets;
	struct conf_mark mark;
};

enum conf_answer_mode { CONF_ANSWER_ALL, CONF_ANSWER_ONE };

struct conf_pool {
	const char *name;
	uint16_t *monitors; /* none: always up */
	size_t nmonitors;
	unsigned require; /* so many must pass; 0: all */
	unsigned min_healthy;
	enum conf_answer_mode mode;
	unsigned max;
	struct conf_pool_region *regions;
	size_t nregions;                    /* 1..CONF_POOL_REGIONS_MAX */
	bool has_ipv4, has_ipv6, has_cname; /* the same in every region */
	struct conf_mark mark;
};

#endif
