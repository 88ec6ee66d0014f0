/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/status.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/show.h"
#include "client/table.h"
#include "report/text.h"

enum { SHARE_TEXT_MAX = 64, LEASE_TEXT_MAX = 256, ALL_PERCENT = 100 };

/* As of the two addresses of one target. */
static bool
says_same(const json_t *a, const json_t *b)
{
	static const char *const keys[] = {"monitor", "last", "decides",
	    "restored", "unproven", "damped", "needed"};

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (!json_equal(json_object_get(a, keys[i]),
			json_object_get(b, keys[i])))
			return false;
	return true;
}

/* What the probes of a target last said; free it. */
static char *
last_of(const json_t *target)
{
	const json_t *watches = json_object_get(target, "watches"), *watch;
	struct text t = {0};
	size_t i;

	text_add(&t, "%s", "");
	json_array_foreach(watches, i, watch)
	{
		if (i > 0 && says_same(json_array_get(watches, i - 1), watch))
			continue;
		if (json_array_size(watches) > 1)
			text_add(&t, "%s%s: ", i > 0 ? "; " : "",
			    text_of(watch, "monitor"));
		text_add(&t, "%s%s", text_of(watch, "last"),
		    json_is_false(json_object_get(watch, "decides"))
			? " (decides nothing)"
			: "");
		if (json_is_true(json_object_get(watch, "restored")))
			text_add(&t, " (before the start)");
		if (json_is_true(json_object_get(watch, "unproven")))
			text_add(&t, " (before the monitor was changed)");
		if (json_is_true(json_object_get(watch, "damped")))
			text_add(&t, " (damped: %lld successes in a row)",
			    int_of(watch, "needed"));
	}
	return t.at;
}

/* "root, 29m left" and "root, 30%, until cancelled"; "root, in 5m" of one that
 * is announced. */
static const char *
lease_of(const json_t *lease, char buf[LEASE_TEXT_MAX])
{
	const json_t *until = json_object_get(lease, "until");
	const json_t *at = json_object_get(lease, "at");
	int64_t now = clock_wall_s(), left;
	char span[CLOCK_TEXT_MAX], share[SHARE_TEXT_MAX] = "";

	*buf = '\0';
	if (!json_is_object(lease))
		return buf;
	if (int_of(lease, "share") < ALL_PERCENT)
		snprintf(
		    share, sizeof(share), ", %lld%%", int_of(lease, "share"));
	left = json_integer_value(json_is_integer(at) ? at : until) - now;
	clock_format_span(span, 1000 * (uint64_t)(left > 0 ? left : 0));
	snprintf(buf, LEASE_TEXT_MAX, "%s%s, %s%s%s", text_of(lease, "owner"),
	    share, json_is_integer(at) ? "in " : "",
	    json_is_integer(at) || json_is_integer(until) ? span
							  : "until cancelled",
	    !json_is_integer(at) && json_is_integer(until) ? " left" : "");
	return buf;
}

/* The drain that takes the target out, else what is on its way. */
static const json_t *
drain_of(const json_t *region, const json_t *target)
{
	const json_t *drain = json_object_get(target, "drain");

	if (!json_is_object(drain))
		drain = json_object_get(region, "part");
	if (!json_is_object(drain))
		drain = json_object_get(target, "announced");
	return drain;
}

/* "live", "out", "live 25%" */
static const char *
state_of(const json_t *region, char buf[SHARE_TEXT_MAX])
{
	double share = json_number_value(json_object_get(region, "share"));

	if (!json_is_true(json_object_get(region, "live")))
		return json_is_true(json_object_get(region, "drained"))
		    ? "drained"
		    : "out";
	if (share >= ALL_PERCENT)
		return "live";
	snprintf(buf, SHARE_TEXT_MAX, "live %.1f%%", share);
	return buf;
}

/* For how long the health has been so. */
static const char *
age_of(const json_t *target, char buf[CLOCK_TEXT_MAX])
{
	int64_t s = clock_wall_s() - int_of(target, "since");

	if (int_of(target, "since") == 0 || s < 0)
		return "";
	return clock_format_span(buf, 1000 * (uint64_t)(s > 0 ? s : 1));
}

static const char *
health_of(const json_t *target)
{
	const char *health = text_of(target, "health");

	return strcmp(health, "not_monitored") == 0 ? "not monitored" : health;
}

static void
status_targets(
    struct libscols_table *t, const json_t *pool, const json_t *region)
{
	size_t i;
	const json_t *target;

	json_array_foreach(json_object_get(region, "targets"), i, target)
	{
		char *last = last_of(target), state[SHARE_TEXT_MAX];
		char age[CLOCK_TEXT_MAX];
		char by[LEASE_TEXT_MAX], up[LEASE_TEXT_MAX];
		const json_t *drain = drain_of(region, target);
		const char *health = health_of(target);
		const char *cells[] = {text_of(pool, "name"),
		    text_of(region, "region"), text_of(target, "target"),
		    state_of(region, state), health, age_of(target, age), last,
		    lease_of(drain, by),
		    lease_of(json_object_get(target, "force_up"), up), NULL};
		struct libscols_line *line = table_row(t, cells);

		free(last);
		if (strcmp(health, "down") == 0)
			scols_line_set_color(line, "red");
		else if (json_is_object(drain))
			scols_line_set_color(line, "yellow");
	}
}

static void
capacity_show(const json_t *capacity)
{
	const json_t *r;
	size_t i;

	if (json_is_true(json_object_get(capacity, "brownout")))
		printf("%sBROWNOUT: regions are over %lld%% of their capacity "
		       "together%s\n",
		    RED, int_of(capacity, "max_fill"), PLAIN);
	if (*text_of(capacity, "why") != '\0')
		printf("the load of regions after a drain is not judged: %s\n",
		    text_of(capacity, "why"));
	json_array_foreach(json_object_get(capacity, "regions"), i, r)
	{
		printf("region %s: %.0f%% of its capacity%s",
		    text_of(r, "region"),
		    json_number_value(json_object_get(r, "fill")),
		    json_is_true(json_object_get(r, "reported"))
			? ", as reported by its targets"
			: json_is_true(json_object_get(r, "assumed"))
			? ", with the load that whatif assumes"
			: "");
		if (json_number_value(json_object_get(r, "sent_on")) > 0)
			printf(", it spills %.0f%% of its clients",
			    json_number_value(json_object_get(r, "sent_on")));
		putchar('\n');
	}
}

static void
held_show(const json_t *databases)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(databases, i, entry)
	{
		if (json_is_object(json_object_get(entry, "held")))
			printf("%sGeoIP database %s is held%s: see "
			       "meridianctl geoip\n",
			    YELLOW, text_of(entry, "database"), PLAIN);
	}
}

/* One that never answered may be a mistake, and when all fail the next target
 * that does freezes health. */
static void
anchors_show(const json_t *anchors)
{
	const json_t *a;
	size_t i;

	json_array_foreach(anchors, i, a)
	{
		if (json_is_true(json_object_get(a, "answered")) &&
		    json_is_true(json_object_get(a, "fails")))
			printf("%sanchor %s fails%s: %s\n", RED,
			    text_of(a, "anchor"), PLAIN, text_of(a, "last"));
		if (json_is_false(json_object_get(a, "answered")))
			printf("%sanchor %s has never answered, and does not "
			       "count%s: %s\n",
			    YELLOW, text_of(a, "anchor"), PLAIN,
			    *text_of(a, "last") != '\0' ? text_of(a, "last")
							: "not probed yet");
	}
}

static void
back_show(const json_t *pool, const json_t *region)
{
	const json_t *back = json_object_get(region, "back");
	const char *p = text_of(pool, "name"), *r = text_of(region, "region");
	char hold[CLOCK_TEXT_MAX], left[CLOCK_TEXT_MAX];

	if (!json_is_object(back))
		return;
	span_of(back, "hold_s", hold);
	span_of(back, "left_s", left);
	printf("pool %s: region %s ", p, r);
	if (json_is_true(json_object_get(back, "manual")))
		printf(
		    "waits to come back: meridianctl failback %s/%s\n", p, r);
	else if (json_is_true(json_object_get(back, "frozen")))
		printf("comes back, and waits while probes of it fail; then "
		       "it has all its clients in %s\n",
		    left);
	else if (int_of(back, "hold_s") > 0)
		printf("comes back: held for %s, all its clients in %s\n", hold,
		    left);
	else
		printf("comes back: all its clients in %s\n", left);
}

/* The regions of the pool that are live for the family; free it. */
static char *
live_for(const json_t *pool, const char *family)
{
	struct text t = {0};
	const json_t *region;
	size_t i;

	json_array_foreach(json_object_get(pool, "regions"), i, region)
	{
		const json_t *is = json_object_get(
		    json_object_get(region, "families"), family);

		if (json_is_true(json_object_get(is, "live")))
			text_add(&t, "%s%s", t.len > 0 ? ", " : "",
			    text_of(region, "region"));
	}
	return t.at;
}

/* "pool www: region eu has no live IPv6 target: AAAA is served by us" */
static void
family_show(const json_t *pool, const json_t *region, const char *family,
    const char *word, const char *type)
{
	const json_t *families = json_object_get(region, "families");
	const json_t *is = json_object_get(families, family);
	char *others;

	if (!json_is_object(is) || json_is_true(json_object_get(is, "live")) ||
	    !json_is_true(json_object_get(region, "live")))
		return;
	others = live_for(pool, family);
	printf("%spool %s: region %s is out for %s%s: %s is served by %s\n",
	    YELLOW, text_of(pool, "name"), text_of(region, "region"), word,
	    PLAIN, type, others != NULL ? others : "no live region");
	free(others);
}

static void
pools_show(const json_t *pools)
{
	const json_t *pool, *out, *region;
	size_t i, k;

	json_array_foreach(pools, i, pool)
	{
		json_array_foreach(json_object_get(pool, "all_down"), k, out)
		{
			const char *family = text_of(out, "family");

			printf("%spool %s: NO REGION IS LIVE%s%s%s, %s\n", RED,
			    text_of(pool, "name"),
			    *family != '\0' ? " FOR " : "", family, PLAIN,
			    text_of(out, "answering"));
		}
		json_array_foreach(json_object_get(pool, "regions"), k, region)
		{
			family_show(pool, region, "ipv4", "IPv4", "A");
			family_show(pool, region, "ipv6", "IPv6", "AAAA");
		}
	}
}

/* "anchors: 1 of 2 answer", or that there are none. */
static void
anchors_count(const json_t *anchors)
{
	size_t i, well = 0, n = json_array_size(anchors);
	const json_t *a;

	json_array_foreach(anchors, i, a)
	{
		well += json_is_true(json_object_get(a, "answered")) &&
		    json_is_false(json_object_get(a, "fails"));
	}
	if (n == 0)
		puts(
		    "  no anchors are declared (health.anchors), which distinguish a network outage from dead targets");
	else
		printf("  anchors: %zu of %zu answer\n", well, n);
}

/* "served as before: www: eu (fails), us; api: eu" */
static void
served_show(const json_t *served)
{
	const char *last = "";
	const json_t *s;
	size_t i;

	if (json_array_size(served) > 0)
		printf("  served as before:");
	json_array_foreach(served, i, s)
	{
		const char *pool = text_of(s, "pool");

		if (strcmp(pool, last) != 0)
			printf("%s %s:", i > 0 ? ";" : "", pool);
		else
			putchar(',');
		printf(" %s%s", text_of(s, "region"),
		    json_is_true(json_object_get(s, "fails")) ? " (fails)"
							      : "");
		last = pool;
	}
	if (json_array_size(served) > 0)
		putchar('\n');
}

static void
frozen_show(const json_t *prober)
{
	const json_t *anchors = json_object_get(prober, "anchors");
	char since[CLOCK_TEXT_MAX], left[CLOCK_TEXT_MAX];

	clock_format(since, int_of(prober, "since"));
	if (json_is_true(json_object_get(prober, "by_anchors")))
		printf("%sHEALTH IS FROZEN since %s: all anchors fail%s\n", RED,
		    since, PLAIN);
	else
		printf("%sHEALTH IS FROZEN since %s: %lld of %lld targets "
		       "failed within one interval%s\n",
		    RED, since, int_of(prober, "failing"), int_of(prober, "of"),
		    PLAIN);
	anchors_count(anchors);
	served_show(json_object_get(prober, "served"));
	printf("  ends when %s, by meridianctl thaw, or in %s\n",
	    json_array_size(anchors) > 0 ? "targets or all anchors answer"
					 : "targets answer",
	    span_of(prober, "left_s", left));
}

static void
prober_show(const json_t *prober)
{
	anchors_show(json_object_get(prober, "anchors"));
	if (json_is_true(json_object_get(prober, "frozen")))
		frozen_show(prober);
	else if (json_is_true(json_object_get(prober, "overruled")))
		printf(
		    "%smost targets fail, and their failures count%s: health does not freeze again until fewer fail\n",
		    YELLOW, PLAIN);
	else if (json_is_true(json_object_get(prober, "anchors_overruled")))
		printf(
		    "%sall anchors fail, but probes of targets count%s: health does not freeze again until an anchor answers\n",
		    YELLOW, PLAIN);
}

static void
jobs_show(const json_t *jobs)
{
	static const char *const states[] = {"running", "waiting"};
	const json_t *job;
	size_t i;

	for (size_t s = 0; s < sizeof(states) / sizeof(states[0]); s++)
		json_array_foreach(json_object_get(jobs, states[s]), i, job)
		{
			printf("%s: %s, for %lld s\n", states[s],
			    text_of(job, "name"), int_of(job, "for_s"));
		}
}

static void
helper_show(const json_t *helper)
{
	if (json_is_false(json_object_get(helper, "up")))
		printf(
		    "%sthe exec helper is not running%s (%s): monitors of type exec keep their state, restart within %lld s\n",
		    YELLOW, PLAIN, text_of(helper, "why"),
		    int_of(helper, "retry_s"));
}

void
status_show(const json_t *status)
{
	static const char *const titles[] = {"POOL", "REGION", "TARGET",
	    "REGION IS", "HEALTH", "FOR", "LAST PROBE", "DRAINED BY",
	    "FORCED UP BY", NULL};
	struct libscols_table *t = table_new(titles);
	char buf[CLOCK_TEXT_MAX];
	size_t i, j, drains;
	const json_t *pool, *region, *stage, *zone, *warning;

	drains = json_array_size(json_object_get(status, "drains"));
	printf("%smeridiand %s%s: %s, generation %lld, up %s, %zu drain%s\n",
	    BOLD, text_of(status, "version"), PLAIN, text_of(status, "config"),
	    int_of(status, "generation"), span_of(status, "uptime_s", buf),
	    drains, text_plural(drains));
	unsaved_show(json_object_get(status, "unsaved"));
	json_array_foreach(json_object_get(status, "state"), i, warning)
	{
		printf(
		    "%sstate%s: %s\n", RED, PLAIN, json_string_value(warning));
	}
	jobs_show(json_object_get(status, "jobs"));
	pools_show(json_object_get(status, "pools"));
	prober_show(json_object_get(status, "prober"));
	helper_show(json_object_get(status, "helper"));
	held_show(json_object_get(status, "geoip"));
	capacity_show(json_object_get(status, "capacity"));
	json_array_foreach(json_object_get(status, "warnings"), i, warning)
	{
		printf("%swarning%s: %s\n", YELLOW, PLAIN,
		    json_string_value(warning));
	}
	json_array_foreach(json_object_get(status, "zones"), i, zone)
	{
		printf("zone %s serial %lld, %lld record%s\n",
		    text_of(zone, "origin"), int_of(zone, "serial"),
		    int_of(zone, "records"),
		    text_plural((uint64_t)int_of(zone, "records")));
	}
	json_array_foreach(json_object_get(status, "stages"), i, stage)
	{
		printf("stage %s is in step %s, %lld of %zu\n",
		    text_of(stage, "stage"), text_of(stage, "step"),
		    int_of(stage, "number"),
		    json_array_size(json_object_get(stage, "steps")));
	}
	json_array_foreach(json_object_get(status, "pools"), i, pool)
	{
		json_array_foreach(json_object_get(pool, "regions"), j, region)
		{
			back_show(pool, region);
			status_targets(t, pool, region);
		}
	}
	table_print(t);
}
