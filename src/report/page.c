/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/page.h"

#include <stdint.h>
#include <string.h>

#include "base/clock.h"
#include "report/text.h"

/* Words so long are not broken where the window is wide: an address is not. */
enum { WHOLE_MAX = 24, ADDRESS_MAX = 45 };

/* Where the window is narrow a row's cells stand below each other, each behind
 * the word that its column has for a heading where there is room. */
static const char head[] =
    "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
    "<meta http-equiv=\"refresh\" content=\"5\">\n"
    "<meta name=\"viewport\" content=\"width=device-width,"
    "initial-scale=1\">\n"
    "<link rel=\"icon\" href=\"data:,\">\n"
    "<title>Meridian</title>\n<style>\n"
    "body{font:15px/1.4 sans-serif;margin:1.5em auto;max-width:70em;"
    "padding:0 1em;color:#222;background:#fff;overflow-wrap:anywhere}\n"
    "table{border-collapse:collapse;width:100%;margin:.5em 0 1.5em}\n"
    "th,td{text-align:left;padding:.3em .6em;"
    "border-bottom:1px solid #ddd;vertical-align:top}\n"
    "th,td[class]{overflow-wrap:normal}\n"
    "th{font-weight:600;background:#f4f4f4}\n"
    ".up,.live{color:#176f2c}.down,.out{color:#b00020;font-weight:600}\n"
    ".unknown,.degraded,.drained,.not_monitored{color:#8a5a00}\n"
    "@media(max-width:60em){th,td:empty{display:none}\n"
    "table,tbody,tr,td{display:block}tr{border-bottom:1px solid #ddd}\n"
    "td,td[class]{border:0;padding:.1em 0;overflow-wrap:anywhere}\n"
    "td::before{content:attr(data-is)\": \";color:#666;font-weight:400}}\n"
    "</style></head><body>\n";

static void
page_escape(struct text *t, const char *s)
{
	static const char *const entities[128] = {
	    ['<'] = "&lt;",
	    ['>'] = "&gt;",
	    ['&'] = "&amp;",
	    ['"'] = "&quot;",
	    ['\''] = "&#39;",
	};

	for (; s != NULL && *s != '\0'; s++) {
		unsigned char c = (unsigned char)*s;

		if (c < 128 && entities[c] != NULL)
			text_add(t, "%s", entities[c]);
		else
			text_add(t, "%c", c);
	}
}

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

/* is: the heading of its column.  Words in a cell with a class are whole. */
static void
page_cell_begin(struct text *t, const char *is, const char *class)
{
	text_add(t, "<td data-is=\"%s\"", is);
	if (class != NULL)
		text_add(t, " class=\"%s\"", class);
	text_add(t, ">");
}

static void
page_cell(struct text *t, const char *is, const char *class, const char *s)
{
	if (class == NULL && s != NULL && strlen(s) <= WHOLE_MAX)
		class = "whole";
	page_cell_begin(t, is, class);
	page_escape(t, s);
	text_add(t, "</td>");
}

static void
page_headings(struct text *t, const char *const *headings)
{
	text_add(t, "<table><tr>");
	for (; *headings != NULL; headings++)
		text_add(t, "<th>%s</th>", *headings);
	text_add(t, "</tr>\n");
}

static void
page_span(
    struct text *t, const char *is, const json_t *seconds, const char *none)
{
	char span[CLOCK_TEXT_MAX];

	page_cell(t, is, NULL,
	    json_is_integer(seconds)
		? clock_format_span(
		      span, (uint64_t)json_integer_value(seconds) * 1000)
		: none);
}

static void
page_lease(struct text *t, const char *is, const json_t *lease)
{
	if (!json_is_object(lease))
		return;
	text_add(t, "%s", is);
	page_escape(t, text_of(lease, "owner"));
	text_add(t, ": ");
	page_escape(t, text_of(lease, "reason"));
	text_add(t, " ");
}

/* A monitor that watches several addresses of a target is named with each. */
static bool
has_addresses(const json_t *watches)
{
	const char *first = text_of(json_array_get(watches, 0), "address");
	const json_t *watch;
	size_t i;

	json_array_foreach(watches, i, watch)
	{
		if (strcmp(text_of(watch, "address"), first) != 0)
			return true;
	}
	return false;
}

static void
page_target(struct text *t, const json_t *target)
{
	const char *name = text_of(target, "target");
	const char *health = text_of(target, "health");
	const json_t *watches = json_object_get(target, "watches");
	bool several = has_addresses(watches);
	const json_t *watch;
	size_t i;

	page_cell(
	    t, "Target", strlen(name) <= ADDRESS_MAX ? "whole" : NULL, name);
	page_cell(t, "Health", health,
	    strcmp(health, "not_monitored") == 0 ? "not monitored" : health);
	page_cell_begin(t, "Last probe", NULL);
	json_array_foreach(watches, i, watch)
	{
		text_add(t, i > 0 ? "<br>" : "");
		page_escape(t, text_of(watch, "monitor"));
		if (several)
			text_add(t, " %s", text_of(watch, "address"));
		text_add(t, ": ");
		page_escape(t, text_of(watch, "last"));
		if (json_is_false(json_object_get(watch, "decides")))
			text_add(t, " (decides nothing)");
		if (json_is_true(json_object_get(watch, "damped")))
			text_add(t, " (damped)");
	}
	text_add(t, "</td>");
	page_cell_begin(t, "Drain", NULL);
	page_lease(t, "", json_object_get(target, "drain"));
	page_lease(t, "forced up: ", json_object_get(target, "force_up"));
	text_add(t, "</td></tr>\n");
}

/* One for which the region is out, while it is live for the other. */
static void
page_family(
    struct text *t, const json_t *region, const char *family, const char *word)
{
	const json_t *is =
	    json_object_get(json_object_get(region, "families"), family);

	if (json_is_object(is) && !json_is_true(json_object_get(is, "live")) &&
	    json_is_true(json_object_get(region, "live")))
		text_add(t, ", out for %s", word);
}

static void
page_region(struct text *t, const json_t *region)
{
	const json_t *targets = json_object_get(region, "targets");
	bool drained = json_is_true(json_object_get(region, "drained"));
	bool live = json_is_true(json_object_get(region, "live"));
	const char *state = live ? "live" : drained ? "drained" : "out";
	double share = json_number_value(json_object_get(region, "share"));
	struct text shown = {0};
	const json_t *target;
	size_t i;

	text_add(&shown, "%s", state);
	if (live && share < 100)
		text_add(&shown, ", takes %.1f%%", share);
	page_family(&shown, region, "ipv4", "IPv4");
	page_family(&shown, region, "ipv6", "IPv6");

	json_array_foreach(targets, i, target)
	{
		text_add(t, "<tr>");
		page_cell(
		    t, "Region", NULL, i == 0 ? text_of(region, "region") : "");
		page_cell(t, "State", state, i == 0 ? shown.at : "");
		page_target(t, target);
	}
	text_fini(&shown);
}

static void
page_pools(struct text *t, const json_t *pools)
{
	static const char *const headings[] = {
	    "Region", "State", "Target", "Health", "Last probe", "Drain", NULL};
	const json_t *pool, *region;
	size_t i, j;

	json_array_foreach(pools, i, pool)
	{
		text_add(t, "<h2>Pool ");
		page_escape(t, text_of(pool, "name"));
		text_add(t, "</h2>\n");
		page_headings(t, headings);
		json_array_foreach(json_object_get(pool, "regions"), j, region)
		{
			page_region(t, region);
		}
		text_add(t, "</table>\n");
	}
}

static void
page_drains(struct text *t, const char *title, const json_t *drains)
{
	static const char *const headings[] = {
	    "What", "Begins in", "Left", "Owner", "Reason", NULL};
	const json_t *d;
	size_t i;

	if (json_array_size(drains) == 0)
		return;
	text_add(t, "<h2>%s</h2>\n", title);
	page_headings(t, headings);
	json_array_foreach(drains, i, d)
	{
		text_add(t, "<tr>");
		page_cell(t, "What", NULL, text_of(d, "what"));
		page_span(
		    t, "Begins in", json_object_get(d, "begins_s"), "in force");
		page_span(
		    t, "Left", json_object_get(d, "left_s"), "until cancelled");
		page_cell(t, "Owner", NULL, text_of(d, "owner"));
		page_cell(t, "Reason", NULL, text_of(d, "reason"));
		text_add(t, "</tr>\n");
	}
	text_add(t, "</table>\n");
}

/* Each of a list of texts, between what stands around it. */
static void
page_alerts(
    struct text *t, const char *before, const json_t *list, const char *after)
{
	const json_t *alert;
	size_t i;

	json_array_foreach(list, i, alert)
	{
		text_add(t, "<p class=\"down\">%s: ", before);
		page_escape(t, json_string_value(alert));
		text_add(t, "%s.</p>\n", after);
	}
}

static void
put_held(const json_t *databases, struct text *t)
{
	const json_t *entry;
	size_t i;

	json_array_foreach(databases, i, entry)
	{
		if (!json_is_object(json_object_get(entry, "held")))
			continue;
		text_add(t, "<p class=\"degraded\">GeoIP database ");
		page_escape(t, text_of(entry, "database"));
		text_add(t, " is held.</p>\n");
	}
}

static void
page_all_down(struct text *t, const json_t *pools)
{
	const json_t *pool, *out;
	size_t i, k;

	json_array_foreach(pools, i, pool)
	{
		json_array_foreach(json_object_get(pool, "all_down"), k, out)
		{
			const char *family = text_of(out, "family");

			text_add(t, "<p class=\"down\">Pool ");
			page_escape(t, text_of(pool, "name"));
			text_add(t, ": no region is live%s%s, ",
			    family != NULL ? " for " : "",
			    family != NULL ? family : "");
			page_escape(t, text_of(out, "answering"));
			text_add(t, ".</p>\n");
		}
	}
}

static void
page_lines(struct text *t, const json_t *status)
{
	const json_t *zone, *warning;
	size_t i;

	text_add(t, "<p>Zones:");
	json_array_foreach(json_object_get(status, "zones"), i, zone)
	{
		text_add(t, "%s ", i > 0 ? "," : "");
		page_escape(t, text_of(zone, "origin"));
		text_add(t, " (%lld)",
		    (long long)json_integer_value(
			json_object_get(zone, "serial")));
	}
	text_add(t, "</p>\n");
	if (json_is_true(
		json_object_get(json_object_get(status, "prober"), "frozen")))
		text_add(t,
		    "<p class=\"down\">The prober suspects itself: health "
		    "is frozen.</p>\n");
	if (json_is_false(
		json_object_get(json_object_get(status, "helper"), "up")))
		text_add(t,
		    "<p class=\"degraded\">The exec helper is not running: monitors of type exec keep their state.</p>\n");
	page_all_down(t, json_object_get(status, "pools"));
	page_alerts(t, "Not saved", json_object_get(status, "unsaved"),
	    ": a restart forgets it");
	page_alerts(t, "State", json_object_get(status, "state"), "");
	put_held(json_object_get(status, "geoip"), t);
	if (json_is_true(json_object_get(
		json_object_get(status, "capacity"), "brownout")))
		text_add(t,
		    "<p class=\"down\">BROWNOUT: regions are over their "
		    "capacity together.</p>\n");
	json_array_foreach(json_object_get(status, "warnings"), i, warning)
	{
		text_add(t, "<p class=\"degraded\">");
		page_escape(t, json_string_value(warning));
		text_add(t, "</p>\n");
	}
}

void
page_print(const json_t *status, struct text *t)
{
	char span[CLOCK_TEXT_MAX];
	uint64_t uptime_s =
	    (uint64_t)json_integer_value(json_object_get(status, "uptime_s"));

	text_add(t, "%s<h1>Meridian</h1>\n<p>", head);
	page_escape(t, text_of(status, "config"));
	text_add(t, ", generation %lld, version %s, up %s</p>\n",
	    (long long)json_integer_value(
		json_object_get(status, "generation")),
	    text_of(status, "version"),
	    clock_format_span(span, uptime_s * 1000));
	page_lines(t, status);
	page_drains(t, "Drains", json_object_get(status, "drains"));
	page_drains(t, "Forced up", json_object_get(status, "force_ups"));
	page_pools(t, json_object_get(status, "pools"));
	text_add(t, "</body></html>\n");
}
