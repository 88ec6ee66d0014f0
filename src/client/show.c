/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/show.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "client/table.h"
#include "report/explain.h"
#include "report/text.h"

enum { SHARE_TEXT_MAX = 64 };

void
json_show(const json_t *report)
{
	json_dumpf(report, stdout, JSON_INDENT(2));
	putchar('\n');
}

void
check_show(const json_t *report)
{
	char buf[CLOCK_TEXT_MAX];
	bool ok = json_is_true(json_object_get(report, "ok"));
	size_t i, passed = 0;
	json_t *name, *test;

	fputs(text_of(report, "text"), stderr);
	json_array_foreach(json_object_get(report, "names"), i, name)
	{
		printf("%s leaves a dead region within %s",
		    text_of(name, "name"), span_of(name, "cutover_s", buf));
		if (!json_is_null(json_object_get(name, "rto_s")))
			printf(", its rto is %s", span_of(name, "rto_s", buf));
		putchar('\n');
	}
	json_array_foreach(json_object_get(report, "tests"), i, test)
	{
		passed += json_is_true(json_object_get(test, "ok"));
	}
	printf("%s%s%s: %lld errors, %lld warnings, %zu of %zu tests passed\n",
	    ok ? GREEN : RED, ok ? "good" : "wrong", PLAIN,
	    int_of(report, "errors"), int_of(report, "warnings"), passed, i);
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
		if (json_array_size(watches) > 1)
			text_add(&t, "%s%s: ", i > 0 ? "; " : "",
			    text_of(watch, "monitor"));
		text_add(&t, "%s%s", text_of(watch, "last"),
		    json_is_false(json_object_get(watch, "decides"))
			? " (decides nothing)"
			: "");
		if (json_is_true(json_object_get(watch, "restored")))
			text_add(&t, " (before the start)");
		if (json_is_true(json_object_get(watch, "damped")))
			text_add(&t, " (damped: %lld successes in a row)",
			    int_of(watch, "needed"));
	}
	return t.at;
}

static void
status_targets(
    struct libscols_table *t, const json_t *pool, const json_t *region)
{
	size_t i;
	const json_t *target;

	json_array_foreach(json_object_get(region, "targets"), i, target)
	{
		char *last = last_of(target);
		const json_t *drain = json_object_get(target, "drain");
		const json_t *up = json_object_get(target, "force_up");
		const char *health = text_of(target, "health");
		const char *cells[] = {text_of(pool, "name"),
		    text_of(region, "region"), text_of(target, "target"),
		    json_is_true(json_object_get(region, "live")) ? "live"
								  : "out",
		    health, last, text_of(drain, "owner"), text_of(up, "owner"),
		    NULL};
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
	json_array_foreach(json_object_get(capacity, "regions"), i, r)
	{
		printf("region %s is filled to %.0f%%%s", text_of(r, "region"),
		    json_number_value(json_object_get(r, "fill")),
		    json_is_true(json_object_get(r, "reported"))
			? ", as its targets say"
			: "");
		if (json_number_value(json_object_get(r, "sent_on")) > 0)
			printf(", and sends %.0f%% of its clients on",
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

static void
prober_show(const json_t *prober)
{
	char since[CLOCK_TEXT_MAX];

	if (!json_is_true(json_object_get(prober, "frozen")))
		return;
	clock_format(since, int_of(prober, "since"));
	if (json_is_true(json_object_get(prober, "by_anchors")))
		printf("%sHEALTH IS FROZEN since %s: all anchors fail%s\n", RED,
		    since, PLAIN);
	else
		printf("%sHEALTH IS FROZEN since %s: %lld of %lld targets "
		       "failed within one interval%s\n",
		    RED, since, int_of(prober, "failing"), int_of(prober, "of"),
		    PLAIN);
}

void
probe_show(const json_t *reply)
{
	static const char *const titles[] = {"TARGET", "ADDRESS", "MONITOR",
	    "TYPE", "RESULT", "TIME", "DETAIL", "BELIEVED", NULL};
	struct libscols_table *t = table_new(titles);
	char span[CLOCK_TEXT_MAX];
	const json_t *p;
	size_t i;

	json_array_foreach(json_object_get(reply, "probes"), i, p)
	{
		bool ok = json_is_true(json_object_get(p, "ok"));
		const char *cells[] = {text_of(p, "target"),
		    text_of(p, "address"), text_of(p, "monitor"),
		    text_of(p, "type"), text_of(p, "reason"),
		    clock_format_span(span, (uint64_t)int_of(p, "duration_ms")),
		    text_of(p, "detail"), text_of(p, "believed"), NULL};
		struct libscols_line *line = table_row(t, cells);

		if (!ok)
			scols_line_set_color(line, "red");
	}
	table_print(t);
}

void
status_show(const json_t *status)
{
	static const char *const titles[] = {"POOL", "REGION", "TARGET",
	    "REGION IS", "HEALTH", "LAST PROBE", "DRAINED BY", "FORCED UP BY",
	    NULL};
	struct libscols_table *t = table_new(titles);
	char buf[CLOCK_TEXT_MAX];
	size_t i, j;
	const json_t *pool, *region, *stage, *zone;

	printf("%smeridiand %s%s: %s, generation %lld, up %s, %zu drains\n",
	    BOLD, text_of(status, "version"), PLAIN, text_of(status, "config"),
	    int_of(status, "generation"), span_of(status, "uptime_s", buf),
	    json_array_size(json_object_get(status, "drains")));
	prober_show(json_object_get(status, "prober"));
	held_show(json_object_get(status, "geoip"));
	capacity_show(json_object_get(status, "capacity"));
	json_array_foreach(json_object_get(status, "zones"), i, zone)
	{
		printf("zone %s serial %lld, %lld records\n",
		    text_of(zone, "origin"), int_of(zone, "serial"),
		    int_of(zone, "records"));
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
			status_targets(t, pool, region);
		}
	}
	table_print(t);
}

void
stats_show(const char *prefix, const json_t *value)
{
	char name[256];
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach((json_t *)(uintptr_t)value, key, v)
		{
			snprintf(name, sizeof(name), "%s%s%s", prefix,
			    *prefix != '\0' ? "." : "", key);
			stats_show(name, v);
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, v)
		{
			char *text = json_dumps(v, JSON_COMPACT);

			printf("%s %s\n", prefix, text);
			free(text);
		}
	} else {
		char *text = json_dumps(value, JSON_ENCODE_ANY);

		printf("%s %s\n", prefix, text);
		free(text);
	}
}

void
explain_show(const json_t *report)
{
	struct explain_style style = {BOLD, RED, PLAIN};
	struct text t = {0};

	explain_text(report, &style, &t);
	fputs(t.at, stdout);
	text_fini(&t);
}

/* "until 2026-01-31T04:05:06Z", or "until cancelled". */
static const char *
until_of(const json_t *o, char buf[CLOCK_TEXT_MAX])
{
	const json_t *u = json_object_get(o, "until");

	return json_is_integer(u) ? clock_format(buf, json_integer_value(u))
				  : "cancelled";
}

static void
effects_show(const json_t *pools)
{
	const char *region;
	const json_t *pool;
	json_t *fill;
	size_t i;

	json_array_foreach(pools, i, pool)
	{
		printf("pool %s: %lld live regions of %lld",
		    text_of(pool, "pool"), int_of(pool, "live_after"),
		    int_of(pool, "live_before"));
		json_object_foreach(json_object_get(pool, "fill"), region, fill)
		{
			printf(", %s filled to %.0f%%", region,
			    json_number_value(fill));
		}
		putchar('\n');
	}
}

/* "50% over 10m" */
static const char *
share_of(const json_t *drain, char buf[SHARE_TEXT_MAX])
{
	char span[CLOCK_TEXT_MAX];
	long long over_s = int_of(drain, "over_s");

	if (json_object_get(drain, "share") == NULL)
		return "-";
	snprintf(buf, SHARE_TEXT_MAX, "%lld%%%s%s", int_of(drain, "share"),
	    over_s > 0 ? " over " : "",
	    over_s > 0 ? clock_format_span(span, (uint64_t)over_s * 1000) : "");
	return buf;
}

void
drain_show(const json_t *reply)
{
	char buf[CLOCK_TEXT_MAX];
	const json_t *old = json_object_get(reply, "renewed");
	const json_t *at = json_object_get(reply, "at");
	const char *what = text_of(reply, "drained"), *is = "drained";

	if (*what == '\0') {
		what = text_of(reply, "forced_up");
		is = "forced up";
	}
	if (json_is_integer(at))
		printf("%s will be %s from %s", what, is,
		    clock_format(buf, json_integer_value(at)));
	else
		printf("%s is %s", what, is);
	printf(
	    " until %s by %s", until_of(reply, buf), text_of(reply, "owner"));
	if (json_object_get(reply, "let_go_s") != NULL)
		printf("; the last honest cache lets go within %s",
		    span_of(reply, "let_go_s", buf));
	putchar('\n');
	if (json_is_object(old))
		printf("renewed: it was until %s, by %s: %s\n",
		    until_of(old, buf), text_of(old, "owner"),
		    text_of(old, "reason"));
	effects_show(json_object_get(reply, "pools"));
}

/* "4s": what caches still may take; "-" of what is not in force. */
static const char *
caches_of(const json_t *d, char buf[CLOCK_TEXT_MAX])
{
	const json_t *s = json_object_get(d, "let_go_s");

	if (!json_is_integer(s))
		return "-";
	return json_integer_value(s) == 0 ? "let go"
					  : span_of(d, "let_go_s", buf);
}

static void
drains_add(struct libscols_table *t, const char *is, const json_t *drains)
{
	char left[CLOCK_TEXT_MAX], since[CLOCK_TEXT_MAX];
	char begins[CLOCK_TEXT_MAX + 16], caches[CLOCK_TEXT_MAX];
	char share[SHARE_TEXT_MAX];
	size_t i;
	const json_t *d;

	json_array_foreach(drains, i, d)
	{
		bool ends = int_of(d, "until") > 0, later = int_of(d, "at") > 0;
		const char *cells[] = {text_of(d, "what"), later ? begins : is,
		    share_of(d, share),
		    ends ? span_of(d, "left_s", left) : "until cancelled",
		    caches_of(d, caches), text_of(d, "owner"),
		    clock_format(since, int_of(d, "since")),
		    text_of(d, "reason"), NULL};

		snprintf(begins, sizeof(begins), "announced, in %s",
		    span_of(d, "begins_s", since));
		clock_format(since, int_of(d, "since"));
		table_row(t, cells);
	}
}

void
drains_show(const json_t *reply)
{
	static const char *const titles[] = {"WHAT", "IS", "SHARE", "LEFT",
	    "CACHES", "OWNER", "SINCE", "REASON", NULL};
	const json_t *drains = json_object_get(reply, "drains");
	const json_t *force_ups = json_object_get(reply, "force_ups");
	struct libscols_table *t;

	if (json_array_size(drains) + json_array_size(force_ups) == 0) {
		puts("no drains");
		return;
	}
	t = table_new(titles);
	drains_add(t, "drained", drains);
	drains_add(t, "forced up", force_ups);
	table_print(t);
}

void
stages_show(const json_t *reply)
{
	static const char *const titles[] = {
	    "STAGE", "STEP", "OF", "NAME", "POLICY", "OWNER", "REASON", NULL};
	struct libscols_table *t = table_new(titles);
	const json_t *stage, *step, *policy;
	const char *name;
	char of[SHARE_TEXT_MAX];
	size_t i;

	json_array_foreach(json_object_get(reply, "stages"), i, stage)
	{
		const json_t *steps = json_object_get(stage, "steps");

		step =
		    json_array_get(steps, (size_t)int_of(stage, "number") - 1);
		snprintf(of, sizeof(of), "%lld of %zu", int_of(stage, "number"),
		    json_array_size(steps));
		json_object_foreach(
		    json_object_get(step, "policies"), name, policy)
		{
			table_row(t,
			    (const char *[]){text_of(stage, "stage"),
				text_of(stage, "step"), of, name,
				json_string_value(policy),
				text_of(stage, "owner"),
				text_of(stage, "reason"), NULL});
		}
	}
	table_print(t);
}

void
reload_show(const json_t *reply)
{
	const json_t *database;
	size_t i;

	fputs(text_of(reply, "text"), stderr);
	if (json_object_get(reply, "error") == NULL)
		printf("generation %lld is in service\n",
		    int_of(reply, "generation"));
	json_array_foreach(json_object_get(reply, "held"), i, database)
	{
		printf("%sGeoIP database %s is held%s: see meridianctl geoip\n",
		    YELLOW, json_string_value(database), PLAIN);
	}
}

void
event_show(const char *line)
{
	json_t *event = json_loads(line, 0, NULL);
	char time[CLOCK_TEXT_MAX];

	if (event == NULL) {
		puts(line);
		return;
	}
	printf("%lld %s %s\n", int_of(event, "seq"),
	    clock_format(time, int_of(event, "time")), text_of(event, "text"));
	json_decref(event);
}
