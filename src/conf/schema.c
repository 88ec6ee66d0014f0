/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/schema.h"

#include <string.h>

#include "conf/check.h"
#include "conf/expect.h"
#include "conf/files.h"
#include "conf/home.h"
#include "conf/http.h"
#include "conf/monitor.h"
#include "conf/rule.h"
#include "conf/stage.h"
#include "conf/value.h"
#include "conf/walk.h"

enum {
	TARGETS_MAX = 1024, /* of a region of a pool */
	RULES_MAX = 1000,
	LIST_MAX = 1000, /* words of a list in a rule */
	TTL_MAX = 86400,
	SECRETS_MAX = 8,
	LATENCY_MAX = 1000000, /* lines of the table */
	STEPS_MAX = 64,
	HOUR_MS = 3600000,
	DAY_MS = 24 * HOUR_MS,
};

static const char *const monitor_modes[] = {"decide", "observe", NULL};
static const char *const stale_actions[] = {"keep", "down", "ignore", NULL};
static const char *const no_yes[] = {"no", "yes", NULL};
static const char *const switches[] = {"off", "on", NULL};
static const char *const limit_modes[] = {"enforce", "observe", NULL};
static const char *const methods[] = {
    "GET", "HEAD", "POST", "PUT", "OPTIONS", NULL};
static const char *const verify_words[] = {"on", "off", NULL};
static const char *const answer_modes[] = {"all", "one", NULL};
static const char *const families[] = {"apart", "together", NULL};

#define AT(type, f) \
	.offset = offsetof(struct type, f), \
	.size = sizeof(((struct type *)NULL)->f)
#define MANY(type, f, counter, least, most) \
	.offset = offsetof(struct type, f), \
	.size = sizeof(*((struct type *)NULL)->f), \
	.count = offsetof(struct type, counter), .list = true, \
	.nmin = (least), .nmax = (most)
#define RANGE(least, most) .min = (least), .max = (most)

/* clang-format off */
static const struct schema_key keys[] = {
{SCHEMA_TOP, "meridian", value_number, .required = true, RANGE(1, 1)},
{SCHEMA_TOP, "include", value_none, .offset = 0},
{SCHEMA_TOP, "server", schema_read_map, AT(conf, server),
	.of = SCHEMA_SERVER},
{SCHEMA_TOP, "geoip", schema_read_map, .of = SCHEMA_GEOIP},
{SCHEMA_TOP, "zones", files_zones, .nmax = WALK_OBJECTS_MAX},
{SCHEMA_TOP, "regions", schema_read_section, .of = SECTION_REGIONS},
{SCHEMA_TOP, "latency", schema_read_map, AT(conf, latency),
	.of = SCHEMA_LATENCY},
{SCHEMA_TOP, "monitors", schema_read_section, .of = SECTION_MONITORS},
{SCHEMA_TOP, "pools", schema_read_section, .of = SECTION_POOLS},
{SCHEMA_TOP, "policies", schema_read_section, .of = SECTION_POLICIES},
{SCHEMA_TOP, "names", schema_read_section, .of = SECTION_NAMES},
{SCHEMA_TOP, "stages", schema_read_section, .of = SECTION_STAGES},
{SCHEMA_TOP, "health", schema_read_map, AT(conf, health),
	.of = SCHEMA_HEALTH},
{SCHEMA_TOP, "safety", schema_read_map, AT(conf, safety),
	.of = SCHEMA_SAFETY},
{SCHEMA_TOP, "tests", schema_read_map, .of = SCHEMA_TEST,
	MANY(conf, tests, ntests, 0, WALK_OBJECTS_MAX)},

{SCHEMA_SERVER, "listen", value_endpoint,
	MANY(conf_server, listen, nlisten, 1, 64),
	.fallback = "[\"0.0.0.0@53\", \"::@53\"]"},
{SCHEMA_SERVER, "workers", value_number, AT(conf_server, workers),
	RANGE(1, 256)},
{SCHEMA_SERVER, "coalesce_us", value_number, AT(conf_server, coalesce_us),
	RANGE(0, 100), .fallback = "100"},
{SCHEMA_SERVER, "state", value_path, AT(conf_server, state),
	.fallback = MERIDIAN_STATE},
{SCHEMA_SERVER, "control", value_path, AT(conf_server, control),
	.fallback = MERIDIAN_SOCKET},
{SCHEMA_SERVER, "control_read", value_path, AT(conf_server, control_read)},
{SCHEMA_SERVER, "http", value_endpoint, AT(conf_server, http)},
{SCHEMA_SERVER, "http_names", http_host_name,
	MANY(conf_server, http_names, nhttp_names, 1, 64)},
{SCHEMA_SERVER, "nsid", value_text, AT(conf_server, nsid), RANGE(1, 128)},
{SCHEMA_SERVER, "version", value_text, AT(conf_server, version),
	RANGE(1, 255)},
{SCHEMA_SERVER, "ecs_from", value_ecs, .nmin = 1, .nmax = LIST_MAX,
	.fallback = "any"},
{SCHEMA_SERVER, "rate_limit", schema_read_map, AT(conf_server, rate_limit),
	.of = SCHEMA_LIMIT},
{SCHEMA_SERVER, "cookies", schema_read_map, AT(conf_server, cookies),
	.of = SCHEMA_COOKIES},
{SCHEMA_SERVER, "tcp", schema_read_map, AT(conf_server, tcp),
	.of = SCHEMA_TCP},
{SCHEMA_SERVER, "watchdog", value_span, AT(conf_server, watchdog_ms),
	RANGE(0, HOUR_MS), .fallback = "30s"},

{SCHEMA_LIMIT, "per_second", value_number, AT(conf_limit, per_second),
	RANGE(1, 100000)},
{SCHEMA_LIMIT, "slip", value_number, AT(conf_limit, slip), RANGE(0, 100),
	.fallback = "2"},
{SCHEMA_LIMIT, "ipv4_prefix", value_number, AT(conf_limit, ipv4_prefix),
	RANGE(8, 32), .fallback = "24"},
{SCHEMA_LIMIT, "ipv6_prefix", value_number, AT(conf_limit, ipv6_prefix),
	RANGE(16, 128), .fallback = "56"},
{SCHEMA_LIMIT, "allow", value_prefix,
	MANY(conf_limit, allow, nallow, 0, LIST_MAX)},
{SCHEMA_LIMIT, "mode", value_word, AT(conf_limit, mode),
	.words = limit_modes, .fallback = "enforce"},

{SCHEMA_COOKIES, "secrets", files_secret,
	MANY(conf_cookies, secrets, nsecrets, 1, SECRETS_MAX)},
{SCHEMA_COOKIES, "secrets_file", files_secrets, .offset = 0,
	.nmax = SECRETS_MAX},
{SCHEMA_COOKIES, "require", value_word, AT(conf_cookies, require),
	.words = switches, .fallback = "off"},
{SCHEMA_COOKIES, "max_without", value_number, AT(conf_cookies, max_without),
	RANGE(DNS_UDP_MIN, DNS_UDP_EDNS), .fallback = "1232"},
{SCHEMA_TCP, "connections", value_number, AT(conf_tcp, connections),
	RANGE(1, 1000000), .fallback = "1000"},
{SCHEMA_TCP, "per_client", value_number, AT(conf_tcp, per_client),
	RANGE(1, 1000000), .fallback = "100"},
{SCHEMA_TCP, "idle", value_span, AT(conf_tcp, idle_ms),
	RANGE(100, HOUR_MS), .fallback = "10s"},

{SCHEMA_GEOIP, "databases", value_database,
	MANY(conf, databases, ndatabases, 0, 16)},
{SCHEMA_GEOIP, "max_move", value_percent, AT(conf, geoip_max_move),
	RANGE(1, 100)},
{SCHEMA_GEOIP, "nets", files_nets, .nmax = CONF_NETS_MAX},

{SCHEMA_LATENCY, "min_samples", value_number, AT(conf_latency, min_samples),
	RANGE(1, UINT32_MAX), .fallback = "1"},
{SCHEMA_LATENCY, "file", files_latency, .offset = 0, .nmax = LATENCY_MAX},

{SCHEMA_REGION, "location", value_location, .offset = 0},
{SCHEMA_REGION, "jurisdiction", value_text, AT(conf_region, jurisdiction),
	RANGE(1, 63)},
{SCHEMA_REGION, "capacity", value_number, AT(conf_region, capacity),
	RANGE(1, INT64_C(1) << 53)},
{SCHEMA_REGION, "bias", value_number, AT(conf_region, bias), RANGE(-90, 900),
	.fallback = "0"},

{SCHEMA_MONITOR, "type", value_word, AT(conf_monitor, type),
	.words = conf_monitor_types, .required = true},
{SCHEMA_MONITOR, "port", value_number, AT(conf_monitor, port),
	RANGE(1, 65535)},
{SCHEMA_MONITOR, "host", value_text, AT(conf_monitor, host), RANGE(1, 255)},
{SCHEMA_MONITOR, "path", value_text, AT(conf_monitor, path), RANGE(1, 1024)},
{SCHEMA_MONITOR, "method", value_word, AT(conf_monitor, method),
	.words = methods, .fallback = "GET"},
{SCHEMA_MONITOR, "headers", http_headers, AT(conf_monitor, headers),
	RANGE(1, 1024), .nmax = 32},
{SCHEMA_MONITOR, "payload", value_text, AT(conf_monitor, payload),
	RANGE(1, 65536)},
{SCHEMA_MONITOR, "reconnect", value_number, AT(conf_monitor, reconnect),
	RANGE(1, 1000000), .fallback = "20"},
{SCHEMA_MONITOR, "service", value_text, AT(conf_monitor, service),
	RANGE(1, 255)},
{SCHEMA_MONITOR, "tls", value_word, AT(conf_monitor, tls),
	.words = switches, .fallback = "off"},
{SCHEMA_MONITOR, "sni", value_text, AT(conf_monitor, sni), RANGE(1, 253)},
{SCHEMA_MONITOR, "verify", value_word, AT(conf_monitor, verify),
	.words = verify_words, .fallback = "on"},
{SCHEMA_MONITOR, "ca", value_path, AT(conf_monitor, ca)},
{SCHEMA_MONITOR, "query", schema_read_map, .of = SCHEMA_QUERY},
{SCHEMA_MONITOR, "expect", schema_read_map, .of = SCHEMA_EXPECT},
{SCHEMA_MONITOR, "command", value_text, RANGE(1, 1024),
	MANY(conf_monitor, command, ncommand, 1, 64)},
{SCHEMA_MONITOR, "file", value_path, AT(conf_monitor, file)},
{SCHEMA_MONITOR, "fresh", value_span, AT(conf_monitor, fresh_ms),
	RANGE(1000, DAY_MS), .fallback = "60s"},
{SCHEMA_MONITOR, "on_stale", value_word, AT(conf_monitor, on_stale),
	.words = stale_actions, .fallback = "keep"},
{SCHEMA_MONITOR, "interval", value_span, AT(conf_monitor, interval_ms),
	RANGE(100, HOUR_MS), .fallback = "5s"},
{SCHEMA_MONITOR, "timeout", value_span, AT(conf_monitor, timeout_ms),
	RANGE(10, HOUR_MS), .fallback = "2s"},
{SCHEMA_MONITOR, "slow", value_span, AT(conf_monitor, slow_ms),
	RANGE(1, HOUR_MS)},
{SCHEMA_MONITOR, "fall", value_number, AT(conf_monitor, fall), RANGE(1, 100),
	.fallback = "3"},
{SCHEMA_MONITOR, "rise", value_number, AT(conf_monitor, rise), RANGE(1, 100),
	.fallback = "4"},
{SCHEMA_MONITOR, "clear", value_number, AT(conf_monitor, clear),
	RANGE(1, 100), .fallback = "6"},
{SCHEMA_MONITOR, "damp", schema_read_map, .of = SCHEMA_DAMP},
{SCHEMA_MONITOR, "load", schema_read_map, .of = SCHEMA_LOAD},
{SCHEMA_MONITOR, "mode", value_word, AT(conf_monitor, observe),
	.words = monitor_modes, .fallback = "decide"},

{SCHEMA_QUERY, "name", monitor_name, AT(conf_monitor, query.name)},
{SCHEMA_QUERY, "type", monitor_type, AT(conf_monitor, query.type),
	.fallback = "A"},
{SCHEMA_QUERY, "recurse", value_word, AT(conf_monitor, query.recurse),
	.words = no_yes, .fallback = "no"},

{SCHEMA_EXPECT, "status", value_number, RANGE(100, 599),
	MANY(conf_monitor, statuses, nstatuses, 1, 64), .fallback = "[200]"},
{SCHEMA_EXPECT, "body", value_text, AT(conf_monitor, body), RANGE(1, 1024)},
{SCHEMA_EXPECT, "max_body", value_number, AT(conf_monitor, body_max),
	RANGE(1, 16777216), .fallback = "65536"},
{SCHEMA_EXPECT, "rcode", monitor_rcode, AT(conf_monitor, rcode),
	.fallback = "NOERROR"},
{SCHEMA_EXPECT, "records", value_text, RANGE(1, 1024),
	MANY(conf_monitor, records, nrecords, 1, 64)},

{SCHEMA_DAMP, "after", value_number, AT(conf_monitor, damp.after),
	RANGE(0, 100), .fallback = "3"},
{SCHEMA_DAMP, "forget", value_span, AT(conf_monitor, damp.forget_ms),
	RANGE(1000, DAY_MS), .fallback = "5m"},
{SCHEMA_DAMP, "max", value_span, AT(conf_monitor, damp.max_ms),
	RANGE(0, HOUR_MS), .fallback = "5m"},

{SCHEMA_LOAD, "header", value_text, AT(conf_monitor, load.header),
	RANGE(1, 128)},
{SCHEMA_LOAD, "metric", value_text, AT(conf_monitor, load.metric),
	RANGE(1, 256)},
{SCHEMA_LOAD, "full", value_decimal, AT(conf_monitor, load.full),
	RANGE(0, 1000000000), .fallback = "1"},

{SCHEMA_POOL, "monitor", value_ref, .of = SECTION_MONITORS,
	MANY(conf_pool, monitors, nmonitors, 1, 16)},
{SCHEMA_POOL, "require", monitor_require, AT(conf_pool, require),
	RANGE(1, 16), .fallback = "all"},
{SCHEMA_POOL, "min_healthy", value_number, AT(conf_pool, min_healthy),
	RANGE(1, TARGETS_MAX), .fallback = "1"},
{SCHEMA_POOL, "families", value_word, AT(conf_pool, families),
	.words = families, .fallback = "apart"},
{SCHEMA_POOL, "cost", value_decimal, AT(conf_pool, cost), RANGE(0, 1000000)},
{SCHEMA_POOL, "answer", schema_read_map, .of = SCHEMA_ANSWER},
{SCHEMA_POOL, "regions", value_offers, .required = true,
	RANGE(1, TARGETS_MAX), .nmin = 1, .nmax = CONF_POOL_REGIONS_MAX},

{SCHEMA_ANSWER, "mode", value_word, AT(conf_pool, mode),
	.words = answer_modes, .fallback = "all"},
{SCHEMA_ANSWER, "max", value_number, AT(conf_pool, max), RANGE(1, 64),
	.fallback = "8"},

{SCHEMA_TARGET, "addr", value_addrs, AT(conf_target, addr)},
{SCHEMA_TARGET, "cname", value_cname, AT(conf_target, cname)},
{SCHEMA_TARGET, "probe", value_addrs, AT(conf_target, probe)},
{SCHEMA_TARGET, "records", value_records, .nmin = 1, .nmax = 64},
{SCHEMA_TARGET, "weight", value_number, AT(conf_target, weight),
	RANGE(1, 1000000), .fallback = "1"},

{SCHEMA_POLICY, "rules", schema_read_map, .of = SCHEMA_RULE,
	.required = true, MANY(conf_policy, rules, nrules, 1, RULES_MAX)},
{SCHEMA_POLICY, "unlocated", value_ref, .of = SECTION_REGIONS,
	MANY(conf_policy, unlocated, nunlocated, 1, LIST_MAX)},
{SCHEMA_POLICY, "when_all_down", rule_down, AT(conf_policy, when_down),
	.fallback = "all"},

{SCHEMA_POLICY, "failback", schema_read_map, .of = SCHEMA_FAILBACK},

{SCHEMA_FAILBACK, "hold", value_span, AT(conf_policy, failback.hold_ms),
	RANGE(0, DAY_MS), .fallback = "0s"},
{SCHEMA_FAILBACK, "ramp", value_span, AT(conf_policy, failback.ramp_ms),
	RANGE(0, DAY_MS), .fallback = "0s"},
{SCHEMA_FAILBACK, "manual", value_word, AT(conf_policy, failback.manual),
	.words = no_yes, 	.fallback = "no"},

{SCHEMA_RULE, "nets", rule_nets, AT(conf_rule, nets), .nmin = 1,
	.nmax = CONF_NETS_MAX},
{SCHEMA_RULE, "geo", rule_geo, MANY(conf_rule, geo, ngeo, 1, LIST_MAX)},
{SCHEMA_RULE, "asn", value_number, MANY(conf_rule, asn, nasn, 1, LIST_MAX),
	RANGE(1, UINT32_MAX)},
{SCHEMA_RULE, "box", rule_box, AT(conf_rule, box)},
{SCHEMA_RULE, "regions", rule_regions, .nmin = 1, .nmax = LIST_MAX},
{SCHEMA_RULE, "policy", value_ref, AT(conf_rule, uses),
	.of = SECTION_POLICIES},
{SCHEMA_RULE, "hash", value_word, AT(conf_rule, hash),
	.words = conf_hash_names},
{SCHEMA_RULE, "homes", home_read, AT(conf_rule, homes)},
{SCHEMA_RULE, "trickle", value_percent, AT(conf_rule, trickle), RANGE(1, 50)},
{SCHEMA_RULE, "band", rule_km, AT(conf_rule, band_km), RANGE(1, 20000)},
{SCHEMA_RULE, "fence", value_text, AT(conf_rule, fence), RANGE(1, 63)},
{SCHEMA_RULE, "when_all_down", rule_down, AT(conf_rule, when_down)},

{SCHEMA_DOWN, "pool", value_ref, AT(conf_when_down, pool),
	.of = SECTION_POOLS, .required = true},

{SCHEMA_NAME, "pool", value_ref, AT(conf_name, pool), .of = SECTION_POOLS,
	.required = true},
{SCHEMA_NAME, "policy", value_ref, AT(conf_name, policy),
	.of = SECTION_POLICIES},
{SCHEMA_NAME, "ttl", schema_read_map, .of = SCHEMA_TTL},
{SCHEMA_NAME, "rto", value_span, AT(conf_name, rto_ms), RANGE(1000, DAY_MS)},

{SCHEMA_TTL, "max", value_number, AT(conf_name, ttl_max), RANGE(1, TTL_MAX),
	.fallback = "60"},
{SCHEMA_TTL, "min", value_number, AT(conf_name, ttl_min), RANGE(1, TTL_MAX),
	.fallback = "10"},

{SCHEMA_STAGE, "steps", schema_read_map, .of = SCHEMA_STEP,
	.required = true, MANY(conf_stage, steps, nsteps, 2, STEPS_MAX)},

{SCHEMA_STEP, "name", value_text, AT(conf_step, name), RANGE(1, 63),
	.required = true},
{SCHEMA_STEP, "policies", stage_policies, .required = true},

{SCHEMA_HEALTH, "keep", value_span, AT(conf_health, keep_ms),
	RANGE(0, INT64_C(7) * DAY_MS), .fallback = "1h"},
{SCHEMA_HEALTH, "suspect", value_percent, AT(conf_health, suspect),
	RANGE(1, 100), .fallback = "80%"},
{SCHEMA_HEALTH, "suspect_min", value_number, AT(conf_health, suspect_min),
	RANGE(2, 1000000), .fallback = "4"},
{SCHEMA_HEALTH, "freeze_max", value_span, AT(conf_health, freeze_max_ms),
	RANGE(1000, INT64_C(7) * DAY_MS), .fallback = "5m"},
{SCHEMA_HEALTH, "anchors", value_endpoint,
	MANY(conf_health, anchors, nanchors, 1, 64)},
{SCHEMA_HEALTH, "anchor_interval", value_span,
	AT(conf_health, anchor_interval_ms), RANGE(100, HOUR_MS),
	.fallback = "2s"},
{SCHEMA_HEALTH, "anchor_timeout", value_span,
	AT(conf_health, anchor_timeout_ms), RANGE(10, HOUR_MS),
	.fallback = "1s"},

{SCHEMA_SAFETY, "min_regions", value_number, AT(conf_safety, min_regions),
	RANGE(0, CONF_POOL_REGIONS_MAX), .fallback = "1"},
{SCHEMA_SAFETY, "max_fill", value_percent, AT(conf_safety, max_fill),
	RANGE(1, 1000), .fallback = "100%"},

{SCHEMA_TEST, "name", monitor_name, AT(conf_test, name), .required = true},
{SCHEMA_TEST, "type", monitor_type, AT(conf_test, type), .fallback = "A"},
{SCHEMA_TEST, "from", expect_from, AT(conf_test, from), .required = true},
{SCHEMA_TEST, "resolver", expect_resolver, AT(conf_test, resolver)},
{SCHEMA_TEST, "down", value_ref, .of = SECTION_REGIONS,
	MANY(conf_test, down_regions, ndown, 0, LIST_MAX)},
{SCHEMA_TEST, "drained", value_ref, .of = SECTION_REGIONS,
	MANY(conf_test, drained_regions, ndrained, 0, LIST_MAX)},
{SCHEMA_TEST, "step", stage_step, MANY(conf_test, steps, nsteps, 1, LIST_MAX)},
{SCHEMA_TEST, "signal", expect_signals, .offset = 0},
{SCHEMA_TEST, "expect", expect_read, AT(conf_test, expect),
	.required = true},

{SCHEMA_WANT, "region", value_ref, AT(conf_expect, region),
	.of = SECTION_REGIONS},
{SCHEMA_WANT, "pool", value_ref, AT(conf_expect, pool), .of = SECTION_POOLS},
{SCHEMA_WANT, "addresses", expect_address,
	MANY(conf_expect, addresses, naddresses, 0, LIST_MAX)},
{SCHEMA_WANT, "ttl", value_number, AT(conf_expect, ttl),
	RANGE(0, INT32_MAX)},
{SCHEMA_WANT, "scope", value_number, AT(conf_expect, scope), RANGE(0, 128)},
{SCHEMA_WANT, "all_down", value_word, AT(conf_expect, all_down),
	.words = no_yes},
{SCHEMA_WANT, "rcode", monitor_rcode, AT(conf_expect, rcode)},
};

const struct walk_map walk_maps[SCHEMA_MAPS] = {
	[SCHEMA_TOP] = {.title = "top level", .what = "the configuration"},
	[SCHEMA_SERVER] = {.title = "server", .what = "server",
	    .check = check_server},
	[SCHEMA_LIMIT] = {.title = "server.rate_limit", .what = "rate_limit",
	    .check = check_limit},
	[SCHEMA_COOKIES] = {.title = "server.cookies", .what = "cookies"},
	[SCHEMA_TCP] = {.title = "server.tcp", .what = "tcp"},
	[SCHEMA_GEOIP] = {.title = "geoip", .what = "geoip"},
	[SCHEMA_LATENCY] = {.title = "latency", .what = "latency",
	    .check = check_latency},
	[SCHEMA_REGION] = {.title = "regions.NAME", .what = "a region",
	    .mark = offsetof(struct conf_region, mark)},
	[SCHEMA_MONITOR] = {.title = "monitors.NAME", .what = "a monitor",
	    .mark = offsetof(struct conf_monitor, mark),
	    .check = check_monitor},
	[SCHEMA_QUERY] = {.title = "monitors.NAME.query", .what = "query"},
	[SCHEMA_EXPECT] = {.title = "monitors.NAME.expect", .what = "expect"},
	[SCHEMA_DAMP] = {.title = "monitors.NAME.damp", .what = "damp"},
	[SCHEMA_LOAD] = {.title = "monitors.NAME.load", .what = "load"},
	[SCHEMA_POOL] = {.title = "pools.NAME", .what = "a pool",
	    .mark = offsetof(struct conf_pool, mark), .check = check_pool},
	[SCHEMA_ANSWER] = {.title = "pools.NAME.answer", .what = "answer"},
	[SCHEMA_TARGET] = {.title = "pools.NAME.regions.REGION[]",
	    .what = "a target", .mark = offsetof(struct conf_target, mark),
	    .check = check_target},
	[SCHEMA_POLICY] = {.title = "policies.NAME", .what = "a policy",
	    .mark = offsetof(struct conf_policy, mark),
	    .check = rule_check_policy},
	[SCHEMA_RULE] = {.title = "policies.NAME.rules[]", .what = "a rule",
	    .mark = offsetof(struct conf_rule, mark), .check = rule_check},
	[SCHEMA_FAILBACK] = {.title = "policies.NAME.failback",
	    .what = "failback"},
	[SCHEMA_DOWN] = {.title = "when_all_down", .what = "when_all_down"},
	[SCHEMA_NAME] = {.title = "names.NAME", .what = "a name",
	    .mark = offsetof(struct conf_name, mark), .check = check_name},
	[SCHEMA_TTL] = {.title = "names.NAME.ttl", .what = "ttl"},
	[SCHEMA_STAGE] = {.title = "stages.NAME", .what = "a stage",
	    .mark = offsetof(struct conf_stage, mark)},
	[SCHEMA_STEP] = {.title = "stages.NAME.steps[]", .what = "a step",
	    .mark = offsetof(struct conf_step, mark)},
	[SCHEMA_HEALTH] = {.title = "health", .what = "health",
	    .check = check_health},
	[SCHEMA_SAFETY] = {.title = "safety", .what = "safety"},
	[SCHEMA_TEST] = {.title = "tests[]", .what = "a test",
	    .mark = offsetof(struct conf_test, mark), .check = check_test},
	[SCHEMA_WANT] = {.title = "tests[].expect", .what = "expect",
	    .check = check_expect},
};

#define OBJECTS(type, f, counter, text) \
	sizeof(struct type), offsetof(struct conf, f), \
	offsetof(struct conf, counter), offsetof(struct type, text)

const struct walk_section walk_sections[SECTION_COUNT] = {
	[SECTION_NETS] = {"net", SCHEMA_MAPS,
	    OBJECTS(conf_net, nets, nnets, name)},
	[SECTION_REGIONS] = {"region", SCHEMA_REGION,
	    OBJECTS(conf_region, regions, nregions, name)},
	[SECTION_MONITORS] = {"monitor", SCHEMA_MONITOR,
	    OBJECTS(conf_monitor, monitors, nmonitors, name)},
	[SECTION_POOLS] = {"pool", SCHEMA_POOL,
	    OBJECTS(conf_pool, pools, npools, name)},
	[SECTION_POLICIES] = {"policy", SCHEMA_POLICY,
	    OBJECTS(conf_policy, policies, npolicies, name)},
	[SECTION_NAMES] = {"name", SCHEMA_NAME,
	    OBJECTS(conf_name, names, nnames, text)},
	[SECTION_STAGES] = {"stage", SCHEMA_STAGE,
	    OBJECTS(conf_stage, stages, nstages, name)},
};
/* clang-format on */

const struct schema_key *
schema_keys(size_t *n)
{
	*n = sizeof(keys) / sizeof(*keys);
	return keys;
}

bool
schema_is_aside(const char *key)
{
	return strncmp(key, SCHEMA_ASIDE, strlen(SCHEMA_ASIDE)) == 0;
}

const char *
schema_title(enum schema_map map)
{
	return walk_maps[map].title;
}

const char *
schema_noun(enum schema_section s)
{
	return walk_sections[s].noun;
}

size_t
schema_count(const struct conf *c, enum schema_section s)
{
	return walk_count(c, walk_sections[s].count);
}

const char *
schema_name(const struct conf *c, enum schema_section s, size_t i)
{
	const struct walk_section *t = &walk_sections[s];
	const char *objects = walk_pointer(c, t->objects);

	return walk_pointer(objects + i * t->size, t->name);
}

uint16_t
schema_find(const struct conf *c, enum schema_section s, const char *name)
{
	size_t i, n = schema_count(c, s);
	const char *own;

	for (i = 0; i < n; i++) {
		own = schema_name(c, s, i);
		if (own && strcmp(own, name) == 0)
			return (uint16_t)i;
	}
	return CONF_NONE;
}
