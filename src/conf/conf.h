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
#include "conf/geo.h"
#include "conf/policy.h"
#include "conf/pool.h"
#include "conf/server.h"
#include "conf/step.h"
#include "conf/test.h"
#include "conf/watch.h"
#include "dns/rr.h"

struct conf_zone {
	const char *origin; /* text, with the final dot, lower case */
	uint8_t name[DNS_NAME_MAX];
	const char *path;
	struct conf_mark mark;
};

/* What the prober believes, of itself and of before its start. */
struct conf_health {
	uint32_t keep_ms;         /* older health is unknown at start */
	unsigned suspect;         /* percent of the targets */
	unsigned suspect_min;     /* targets */
	uint32_t freeze_max_ms;   /* the longest that health is frozen */
	struct endpoint *anchors; /* what is up as long as the network is */
	size_t nanchors;
	uint32_t anchor_interval_ms, anchor_timeout_ms;
	struct conf_monitor *anchor_monitors; /* one for each */
};

struct conf {
	struct arena *arena;
	const char *path;
	struct conf_server server;
	struct conf_database *databases;
	size_t ndatabases;
	unsigned geoip_max_move; /* percent; 0: new ones are not held */
	struct conf_latency latency;
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
	struct conf_stage *stages;
	size_t nstages;
	struct conf_health health;
	struct conf_safety safety;
	struct conf_test *tests;
	size_t ntests;
};

#endif
