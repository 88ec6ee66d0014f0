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
#include "conf/step.h"
#include "conf/test.h"
#include "conf/watch.h"
#include "dns/cookie.h"
#include "dns/rr.h"

enum conf_limit_mode { CONF_LIMIT_ENFORCE, CONF_LIMIT_OBSERVE };

/* Replies over UDP to one prefix (serve/limit). */
struct conf_limit {
	unsigned per_second; /* of one kind; 0: no limit */
	unsigned slip;       /* every n-th beyond it goes with TC; 0: none */
	unsigned ipv4_prefix, ipv6_prefix; /* lengths */
	struct prefix *allow;              /* never limited */
	size_t nallow;
	enum conf_limit_mode mode;
};

struct conf_cookies {
	struct cookie_secret *secrets; /* the first one makes; none: our own */
	size_t nsecrets;
	uint16_t require;     /* 1: BADCOOKIE to who has a bad one */
	uint32_t max_without; /* octets over UDP to who has no good one */
};

struct conf_tcp {
	unsigned connections; /* in all */
	unsigned per_client;  /* from one address, or one IPv6 /64 */
	uint32_t idle_ms;
};

struct conf_server {
	struct endpoint *listen;
	size_t nlisten;
	unsigned workers;
	const char *state; /* paths are resolved, from the file's folder */
	const char *control;
	const char *control_read;   /* NULL: none */
	struct endpoint http;       /* addr.family 0: off */
	const char *nsid, *version; /* NULL: none */
	bool ecs_any;
	struct prefix *ecs_from; /* resolvers whose ECS is believed */
	size_t necs_from;
	struct conf_limit rate_limit;
	struct conf_cookies cookies;
	struct conf_tcp tcp;
};

struct conf_net {
	const char *name;
	struct prefix *prefixes;
	size_t nprefixes;
	struct conf_mark mark;
};

struct conf_database {
	const char *path, *file; /* resolved; read in its place, or NULL */
	struct conf_mark mark;
};

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
