/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/show.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "client/table.h"
#include "conf/use.h"
#include "report/explain.h"
#include "report/text.h"

enum { SHARE_TEXT_MAX = 64, ALL_PERCENT = 100 };

void
json_show(json_t *report)
{
	char *text = number_json(report, JSON_INDENT(2));

	puts(text);
	free(text);
}

void
check_show(const json_t *report)
{
	char buf[CLOCK_TEXT_MAX];
	bool ok = json_is_true(json_object_get(report, "ok"));
	long long errors, warnings;
	size_t i, passed = 0, skipped = 0;
	json_t *name, *test;

	fputs(text_of(report, "text"), stderr);
	json_array_foreach(json_object_get(report, "names"), i, name)
	{
		if (json_is_null(json_object_get(name, "cutover_s")))
			printf("%s is not monitored", text_of(name, "name"));
		else
			printf(USE_CUTOVER, text_of(name, "name"),
			    int_of(name, "cutover_s"));
		if (!json_is_null(json_object_get(name, "rto_s")))
			printf(", its rto is %g s",
			    json_number_value(json_object_get(name, "rto_s")));
		putchar('\n');
	}
	if (json_is_number(json_object_get(report, "frozen_s")))
		printf(
		    "when most targets or all anchors fail at once, up to %s longer (health.freeze_max)\n",
		    span_of(report, "frozen_s", buf));
	json_array_foreach(json_object_get(report, "tests"), i, test)
	{
		if (json_is_true(json_object_get(test, "skipped")))
			skipped++;
		else
			passed += json_is_true(json_object_get(test, "ok"));
	}
	errors = int_of(report, "errors");
	warnings = int_of(report, "warnings");
	printf("%s%s%s: %lld error%s, %lld warning%s, %zu of %zu test%s "
	       "passed\n",
	    ok ? GREEN : RED, ok ? "good" : "wrong", PLAIN, errors,
	    text_plural((uint64_t)errors), warnings,
	    text_plural((uint64_t)warnings), passed, i - skipped,
	    text_plural(i - skipped));
	if (skipped > 0)
		printf("not run, as they are of other steps: %zu\n", skipped);
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
stats_show(const char *prefix, json_t *value)
{
	char name[256];
	const char *key;
	json_t *v;
	size_t i;

	if (json_is_object(value)) {
		json_object_foreach(value, key, v)
		{
			snprintf(name, sizeof(name), "%s%s%s", prefix,
			    *prefix != '\0' ? "." : "", key);
			stats_show(name, v);
		}
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, v)
		{
			char *text = number_json(v, JSON_COMPACT);

			printf("%s %s\n", prefix, text);
			free(text);
		}
	} else {
		char *text = number_json(value, JSON_ENCODE_ANY);

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
effects_show(const json_t *reply)
{
	const json_t *pool, *what;
	const char *region;
	json_t *fill;
	size_t i;

	json_array_foreach(json_object_get(reply, "pools"), i, pool)
	{
		long long after = int_of(pool, "live_after");

		printf("pool %s: %lld region%s live, %lld before",
		    text_of(pool, "pool"), after, text_plural((uint64_t)after),
		    int_of(pool, "live_before"));
		json_object_foreach(json_object_get(pool, "fill"), region, fill)
		{
			printf(", %s filled to %.0f%%", region,
			    json_number_value(fill));
		}
		putchar('\n');
	}
	if (json_is_false(json_object_get(reply, "judged")))
		printf("the load of regions after this is not judged: %s\n",
		    text_of(reply, "why"));
	json_array_foreach(json_object_get(reply, "unsafe"), i, what)
	{
		printf("%sNOT SAFE%s: it will %s\n", RED, PLAIN,
		    json_string_value(what));
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

static bool
is_part(const json_t *drain)
{
	return json_object_get(drain, "share") != NULL &&
	    (int_of(drain, "share") < ALL_PERCENT ||
		int_of(drain, "over_s") > 0);
}

static void
let_go_show(const json_t *let_go_s)
{
	json_int_t s = json_integer_value(let_go_s);
	char span[CLOCK_TEXT_MAX];

	if (let_go_s == NULL)
		return;
	if (s == 0)
		printf("; every cached answer has expired");
	else
		printf("; cached answers expire within %s",
		    clock_format_span(span, (uint64_t)s * 1000));
}

void
drain_show(const json_t *reply)
{
	char buf[CLOCK_TEXT_MAX], share[SHARE_TEXT_MAX];
	const json_t *old = json_object_get(reply, "renewed");
	const json_t *at = json_object_get(reply, "at"), *drain;
	size_t i;
	const char *what = text_of(reply, "drained"), *is = "drained";

	if (*what == '\0') {
		what = text_of(reply, "forced_up");
		is = "forced up";
	}
	if (is_part(reply))
		printf("%s of ", share_of(reply, share));
	if (json_is_integer(at))
		printf("%s will be %s from %s", what, is,
		    clock_format(buf, json_integer_value(at)));
	else
		printf("%s is %s", what, is);
	printf(
	    " until %s by %s", until_of(reply, buf), text_of(reply, "owner"));
	let_go_show(json_object_get(reply, "let_go_s"));
	putchar('\n');
	if (json_is_object(old))
		printf("renewed: it was%s%s until %s, by %s: %s\n",
		    is_part(old) ? " of " : "",
		    is_part(old) ? share_of(old, share) : "",
		    until_of(old, buf), text_of(old, "owner"),
		    text_of(old, "reason"));
	json_array_foreach(json_object_get(reply, "drained_by"), i, drain)
	{
		printf(
		    "the drain of %s overrides it\n", json_string_value(drain));
	}
	effects_show(reply);
	unsaved_show(json_object_get(reply, "unsaved"));
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
unsaved_show(const json_t *unsaved)
{
	const json_t *change;
	size_t i;

	if (json_is_true(unsaved))
		puts("NOT SAVED: a restart forgets it");
	json_array_foreach(unsaved, i, change)
	{
		printf("NOT SAVED: %s: a restart forgets it\n",
		    json_string_value(change));
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

	unsaved_show(json_object_get(reply, "unsaved"));
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
	struct libscols_table *t;
	const json_t *stage, *step, *policy;
	const char *name;
	char of[SHARE_TEXT_MAX];
	size_t i;

	if (json_array_size(json_object_get(reply, "stages")) == 0) {
		puts("the configuration has no stages");
		return;
	}
	t = table_new(titles);
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

/* The text has those of the files; others come from what was in service. */
static void
warnings_show(const json_t *reply, const char *text)
{
	const json_t *warning;
	size_t i;

	json_array_foreach(json_object_get(reply, "warnings"), i, warning)
	{
		const char *whole = json_string_value(warning);
		const char *told = strstr(whole, ": ");

		if (told == NULL || strstr(text, told + 2) == NULL)
			fprintf(stderr, "warning: %s\n", whole);
	}
}

void
reload_show(const json_t *reply)
{
	const json_t *database;
	size_t i;

	fputs(text_of(reply, "text"), stderr);
	warnings_show(reply, text_of(reply, "text"));
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
event_show(const json_t *event)
{
	char time[CLOCK_TEXT_MAX];

	printf("%s:%lld %s %s\n", text_of(event, "run"), int_of(event, "seq"),
	    clock_format(time, int_of(event, "time")), text_of(event, "text"));
}
