/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator declared, read and checked: the result of conf/load.
 *
 * Immutable once loaded; lives in one arena, which conf_free() frees.  All
 * references between objects are indices into the arrays here, and valid.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include "base/arena.h"
#include "conf/policy.h"
#include "conf/pool.h"
#include "conf/watch.h"
#include "dns/rr.h"

struct conf_server {
	struct endpoint *listen;
	size_t nlisten;
	unsigned workers;
	const char *state; /* folders and sockets: absolute, or as seen from
			      the configuration file's folder (resolved) */
	const char *control;
	const char *control_read; /* NULL: none */
	struct endpoint http;     /* addr.family 0: off */
	const char *nsid;         /* NULL: none */
	bool ecs_any;
	struct prefix *ecs_from; /* resolvers whose ECS is believed */
	size_t necs_from;
};

struct conf_net {
	const char *name;
	struct prefix *prefixes;
	size_t nprefixes;
	struct conf_mark mark;
};

struct conf_database {
	const char *path; /* resolved */
	struct conf_mark mark;
};

struct conf_zone {
	const char *origin; /* text, with the final dot, lower case */
	uint8_t name[DNS_NAME_MAX];
	const char *path;
	struct conf_mark mark;
};

struct conf_name {
	const char *text;           /* lower case, with the final dot */
	uint8_t name[DNS_NAME_MAX]; /* lower case */
	uint16_t pool, policy;
	uint32_t ttl_max, ttl_min; /* seconds; default 60, 10 */
	struct conf_mark mark;
};

/* What the prober believes, of itself and of before its start. */
struct conf_health {
	uint32_t keep_ms;         /* older health is unknown at start */
	unsigned suspect;         /* percent of the targets */
	unsigned suspect_min;     /* targets */
	struct endpoint *anchors; /* what is up as long as the network is */
	size_t nanchors;
	uint32_t anchor_interval_ms, anchor_timeout_ms;
	struct conf_monitor *anchor_monitors; /* one for each */
};

struct conf_safety {
	unsigned min_regions; /* default 1 */
	unsigned max_fill;    /* percent; default 100 */
};

struct conf_test {
	uint16_t name;
	struct addr from; /* family 0: from_geo instead */
	struct conf_geo from_geo;
	uint16_t *down_regions;
	size_t ndown;
	uint16_t *drained_regions;
	size_t ndrained;
	const char *expect; /* a region's or a pool's name */
	struct conf_mark mark;
};

struct conf {
	struct arena *arena;
	const char *path;
	struct conf_server server;
	struct conf_database *databases;
	size_t ndatabases;
	struct conf_net *nets;
	size_t nnets;
	struct conf_zone *zones;
	size_t nzones;
	struct conf_region *regions;
	size_t nregions;
	struct conf_monitor *monitors;
	size_t nmonitors;
	struct conf_pool *pools;
	size_t npools;
	struct conf_policy *policies;
	size_t npolicies;
	struct conf_name *names;
	size_t nnames;
	struct conf_health health;
	struct conf_safety safety;
	struct conf_test *tests;
	size_t ntests;
};

#endif
