/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the operator declared, read and checked: the result of conf/load.
 *
 * Immutable once loaded; lives in one arena, which conf_free() frees.  All
 * references between objects are indices into the arrays here, and valid.
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/net.h"
#include "dns/rr.h"

enum {
	CONF_POOL_REGIONS_MAX = 64, /* bits of a live word */
	CONF_NETS_MAX = 64,         /* bits of a place's nets */
	CONF_NONE = UINT16_MAX,     /* an index that refers to nothing */
};

struct conf_mark {
	const char *file;
	unsigned line, column; /* from 1 */
};

struct conf_server {
	struct endpoint *listen;
	size_t nlisten;
	unsigned workers;
	const char *state;    /* folders and sockets: absolute, or as seen from
				 the configuration file's folder (resolved) */
	const char *control;
	struct endpoint http; /* addr.family 0: off */
	const char *nsid;     /* NULL: none */
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

struct conf_region {
	const char *name;
	const char *jurisdiction; /* NULL: none */
	double latitude, longitude;
	bool located;
	uint64_t capacity; /* 0: not declared */
	int bias;          /* percent of distance, -90..900 */
	struct conf_mark mark;
};

enum conf_monitor_type { CONF_MONITOR_TCP, CONF_MONITOR_HTTP };

struct conf_monitor {
	const char *name;
	enum conf_monitor_type type;
	uint16_t port;
	const char *host;  /* Host header; NULL: the address */
	const char *path;
	uint16_t status;   /* expected */
	const char *body;  /* expected substring; NULL: any */
	uint32_t interval_ms, timeout_ms;
	unsigned fall, rise, clear;
	struct conf_mark mark;
};

struct conf_target {
	const char *label;   /* how drains and logs call it: the first address,
				or the CNAME target's text */
	struct addr addr[2]; /* IPv4, IPv6; family 0: none */
	const uint8_t *cname; /* wire form; NULL: none */
	unsigned weight;     /* 1..1000000, default 1 */
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
	uint16_t *monitors; /* all must pass; none: always up */
	size_t nmonitors;
	unsigned min_healthy;
	enum conf_answer_mode mode;
	unsigned max;
	struct conf_pool_region *regions;
	size_t nregions;    /* 1..CONF_POOL_REGIONS_MAX */
	bool has_ipv4, has_ipv6, has_cname; /* the same in every region */
	struct conf_mark mark;
};

enum conf_geo_kind { CONF_GEO_CONTINENT, CONF_GEO_COUNTRY,
	CONF_GEO_SUBDIVISION };

/* Two letters are a continent when they are AF AN AS EU NA OC SA, else a
 * country; the countries of those letters are written "country:NA". */
struct conf_geo {
	enum conf_geo_kind kind;
	char code[2];        /* continent or country, upper case */
	char subdivision[3]; /* without the country; padded with NUL */
};

enum conf_all_down { CONF_DOWN_ALL, CONF_DOWN_LAST_KNOWN, CONF_DOWN_POOL };

struct conf_when_down {
	enum conf_all_down action;
	uint16_t pool; /* for CONF_DOWN_POOL */
};

struct conf_rule {
	bool by_net, by_geo, by_asn; /* all that is declared must match */
	uint64_t nets;               /* bit i: conf.nets[i]; any of them */
	struct conf_geo *geo;        /* any of them */
	size_t ngeo;
	uint32_t *asn;               /* any of them */
	size_t nasn;
	bool nearest;
	uint16_t *regions; /* ordered; without nearest */
	size_t nregions;
	const char *fence; /* NULL: none */
	struct conf_when_down when_down; /* the policy's when not its own */
	struct conf_mark mark;
};

struct conf_policy {
	const char *name;
	struct conf_rule *rules; /* the last one matches everything */
	size_t nrules;
	uint16_t *unlocated;     /* ordered regions for nearest without a place;
				    default: all in order of declaration */
	size_t nunlocated;
	struct conf_when_down when_down;
	struct conf_mark mark;
};

struct conf_name {
	const char *text; /* lower case, with the final dot */
	uint8_t name[DNS_NAME_MAX]; /* lower case */
	uint16_t pool, policy;
	uint32_t ttl_max, ttl_min; /* seconds; default 60, 10 */
	struct conf_mark mark;
};

struct conf_safety {
	unsigned min_regions; /* default 1 */
	unsigned max_fill;    /* percent; default 100 */
};

struct conf_test {
	uint16_t name;
	struct addr from;        /* family 0: from_geo instead */
	struct conf_geo from_geo;
	uint16_t *down_regions;
	size_t ndown;
	uint16_t *drained_regions;
	size_t ndrained;
	const char *expect;      /* a region's or a pool's name */
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
	struct conf_safety safety;
	struct conf_test *tests;
	size_t ntests;
};

#endif
