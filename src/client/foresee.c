/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/foresee.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client/show.h"
#include "client/table.h"
#include "snapshot/build.h"
#include "traffic/difference.h"
#include "traffic/export.h"

enum { CELL_MAX = 32 };

static double
number_of(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

/* "12.5%", "-": not known. */
static const char *
percent_of(const json_t *o, const char *key, char buf[CELL_MAX])
{
	if (!json_is_number(json_object_get(o, key)))
		return "-";
	snprintf(buf, CELL_MAX, "%.1f%%", number_of(o, key));
	return buf;
}

static const char *
rate(double n, char buf[CELL_MAX])
{
	snprintf(buf, CELL_MAX, n < 10 ? "%.1f" : "%.0f", n);
	return buf;
}

/* What if ---------------------------------------------------------------- */

static void
whatif_region(struct libscols_table *t, const json_t *r)
{
	char capacity[CELL_MAX] = "-", before[CELL_MAX], after[CELL_MAX];
	char fill[CELL_MAX], would[CELL_MAX];
	const char *cells[] = {
	    text_of(r, "region"),
	    rate(number_of(r, "before"), before),
	    rate(number_of(r, "after"), after),
	    capacity,
	    percent_of(r, "fill_before", fill),
	    percent_of(r, "fill_after", would),
	    NULL,
	};

	if (json_is_integer(json_object_get(r, "capacity")))
		snprintf(
		    capacity, sizeof(capacity), "%lld", int_of(r, "capacity"));
	table_row(t, cells);
}

static void
whatif_moves(const json_t *moves)
{
	char n[CELL_MAX];
	const json_t *m;
	size_t i;

	json_array_foreach(moves, i, m)
	{
		const char *pool = text_of(m, "pool");

		printf("%s a minute go from %s to %s%s%s\n",
		    rate(number_of(m, "n"), n), text_of(m, "from"), pool,
		    *pool != '\0' ? "/" : "", text_of(m, "to"));
	}
}

static void
whatif_verdict(const json_t *reply)
{
	const json_t *down = json_object_get(reply, "all_down"), *what;
	char n[CELL_MAX];
	size_t i;

	if (json_is_false(json_object_get(reply, "judged")))
		printf("the load of regions is not judged: %s\n",
		    text_of(reply, "why"));
	if (number_of(down, "after") > 0)
		printf("%s%s a minute find no live region%s (now %.1f)\n", RED,
		    rate(number_of(down, "after"), n), PLAIN,
		    number_of(down, "before"));
	json_array_foreach(json_object_get(reply, "unsafe"), i, what)
	{
		printf("%sNOT SAFE%s: it would %s\n", RED, PLAIN,
		    json_string_value(what));
	}
}

static void
whatif_show(const json_t *reply)
{
	static const char *const titles[] = {
	    "REGION", "NOW", "THEN", "CAPACITY", "FILL NOW", "FILL THEN", NULL};
	struct libscols_table *t = table_new(titles);
	char n[CELL_MAX], span[CLOCK_TEXT_MAX];
	double minutes = number_of(reply, "minutes");
	const json_t *r;
	size_t i;

	printf("%s answers a minute, by the last %s\n",
	    rate(number_of(reply, "per_minute"), n),
	    clock_format_span(span, (uint64_t)(minutes * 60) * 1000));
	json_array_foreach(json_object_get(reply, "regions"), i, r)
	{
		whatif_region(t, r);
	}
	table_print(t);
	if (json_is_number(json_object_get(reply, "assumed_load")))
		printf(
		    "no pool has a cost, so the load is unknown: it is assumed to be %s in total, in units of capacity\n",
		    rate(number_of(reply, "assumed_load"), n));
	whatif_moves(json_object_get(reply, "moves"));
	if (number_of(reply, "unknown") > 0)
		printf("of %s a minute it is not known where they go\n",
		    rate(number_of(reply, "unknown"), n));
	whatif_verdict(reply);
}

int
foresee_whatif(const struct arguments *a)
{
	char path[4000] = "/v1/whatif";
	struct reply r;
	int code;

	if (a->ndown + a->ndrain == 0)
		return fail(EXIT_USAGE,
		    "whatif needs --drain or --down REGION, POOL/REGION or "
		    "POOL/REGION/TARGET");
	for (size_t i = 0; i < a->ndown; i++)
		request_add(path, sizeof(path), "down", a->down[i]);
	for (size_t i = 0; i < a->ndrain; i++)
		request_add(path, sizeof(path), "drain", a->drain[i]);
	code = request(a, path, NULL, &r);
	if (reply_shows(a, &r))
		whatif_show(r.json);
	reply_fini(&r);
	return code;
}

/* Diff ------------------------------------------------------------------- */

/* One side of a comparison: a configuration, and perhaps a database that takes
 * the place of the one of its kind. */
struct side {
	const char *config, *database;
	struct mmdb *mmdb;
	bool swapped;
};

static bool
is_database(const char *path)
{
	const char *dot = strrchr(path, '.');

	return dot != NULL && strcmp(dot, ".mmdb") == 0;
}

static bool
is_same_kind(const char *path, const struct mmdb *other)
{
	struct error err;
	struct mmdb *m = mmdb_open(path, &err);
	bool same = m != NULL && strcmp(mmdb_type(m), mmdb_type(other)) == 0;

	mmdb_close(m);
	return same;
}

static const char *
side_file(const struct conf *conf, size_t i, void *arg)
{
	struct side *side = arg;

	if (side->swapped ||
	    (conf->ndatabases > 1 &&
		!is_same_kind(conf->databases[i].path, side->mmdb)))
		return NULL;
	side->swapped = true;
	return side->database;
}

/* NULL: it was said why. */
static struct snapshot *
side_build(struct side *side)
{
	const struct build_swap swap = {side_file, side};
	struct snapshot *s;
	struct error err;
	struct diag d;
	char *text;

	if (side->database != NULL) {
		side->mmdb = mmdb_open(side->database, &err);
		if (side->mmdb == NULL) {
			fail(EXIT_WRONG, "%s", err.text);
			return NULL;
		}
	}
	diag_init(&d);
	s = snapshot_build_swapped(
	    side->config, NULL, side->mmdb != NULL ? &swap : NULL, &d);
	text = diag_text(&d);
	if (s == NULL)
		fputs(text, stderr);
	if (s != NULL && side->mmdb != NULL && !side->swapped) {
		fail(EXIT_WRONG, "%s: %s declares no database of type %s",
		    side->database, side->config, mmdb_type(side->mmdb));
		snapshot_free(s);
		s = NULL;
	}
	free(text);
	diag_fini(&d);
	mmdb_close(side->mmdb);
	return s;
}

/* False: there is no daemon to ask, or it did not tell. */
static bool
traffic_get(
    const struct arguments *a, const struct snapshot *s, struct traffic *t)
{
	struct arguments quiet = *a;
	struct reply r;
	bool got;

	memset(t, 0, sizeof(*t));
	if (!request_has_socket(a))
		return false;
	quiet.given &= ~(unsigned)OPT_JSON;
	got = request(&quiet, "/v1/traffic", NULL, &r) == EXIT_DONE &&
	    traffic_import(t, s, r.json);
	reply_fini(&r);
	return got;
}

/* What is shown of a list; the JSON has all. */
enum { DIFF_ROWS = 20 };

static void
diff_left_out(size_t n, const char *what)
{
	if (n > DIFF_ROWS)
		printf("and %zu more %s (--json shows all)\n", n - DIFF_ROWS,
		    what);
}

/* In the row itself, or in an object of that key in it. */
static const json_t *
diff_part(const json_t *row, const char *part)
{
	return part != NULL ? json_object_get(row, part) : row;
}

static bool
diff_is_some(const json_t *o)
{
	return json_number_value(json_object_get(o, "ipv4")) > 0 ||
	    json_number_value(json_object_get(o, "ipv6")) > 0 ||
	    json_number_value(json_object_get(o, "traffic")) > 0;
}

static void
diff_rows(
    const json_t *list, const char *title, const char *key, const char *part)
{
	const char *const titles[] = {title, "IPV4", "IPV6", "TRAFFIC", NULL};
	struct libscols_table *t = table_new(titles);
	char ipv4[CELL_MAX], ipv6[CELL_MAX], traffic[CELL_MAX], name[300];
	const json_t *row;
	size_t i, n = 0;

	json_array_foreach(list, i, row)
	{
		const json_t *o = diff_part(row, part);
		const char *to = text_of(row, "to");
		const char *cells[] = {name, percent_of(o, "ipv4", ipv4),
		    percent_of(o, "ipv6", ipv6),
		    percent_of(o, "traffic", traffic), NULL};

		if (!diff_is_some(o) || n++ >= DIFF_ROWS)
			continue;
		snprintf(name, sizeof(name), "%s%s%s", text_of(row, key),
		    *to != '\0' ? " to " : "", to);
		table_row(t, cells);
	}
	table_print(t);
	diff_left_out(n, "rows");
}

static void
diff_names(const json_t *list, const char *what)
{
	const json_t *name;
	size_t i;

	json_array_foreach(list, i, name)
	{
		if (i < DIFF_ROWS)
			printf("%s is %s\n", json_string_value(name), what);
	}
	diff_left_out(json_array_size(list), "names");
}

static void
diff_fences(const json_t *list)
{
	const json_t *f;
	size_t i;

	json_array_foreach(list, i, f)
	{
		const json_t *was = json_object_get(f, "before");
		const json_t *is = json_object_get(f, "after");

		if (i < DIFF_ROWS)
			printf(
			    "%s: fence %s covers %.0f IPv4 addresses, %.0f before, and %.4g IPv6 /48s, %.4g before\n",
			    text_of(f, "name"), text_of(f, "fence"),
			    number_of(is, "ipv4"), number_of(was, "ipv4"),
			    number_of(is, "ipv6"), number_of(was, "ipv6"));
	}
	diff_left_out(json_array_size(list), "fences");
}

static void
diff_show_reordered(const json_t *report)
{
	const json_t *o = json_object_get(report, "reordered");
	char ipv4[CELL_MAX], ipv6[CELL_MAX], traffic[CELL_MAX];

	if (!diff_is_some(o))
		return;
	printf(
	    "%s of IPv4 addresses, %s of IPv6 addresses and %s of the traffic keep their region, but get another order of regions after it, or another answer when all are down\n",
	    percent_of(o, "ipv4", ipv4), percent_of(o, "ipv6", ipv6),
	    percent_of(o, "traffic", traffic));
	diff_rows(json_object_get(report, "names"), "ORDER OF NAME", "name",
	    "reordered");
	diff_rows(json_object_get(report, "countries"), "ORDER FOR COUNTRY",
	    "country", "reordered");
}

static void
diff_show(const json_t *report)
{
	char ipv4[CELL_MAX], ipv6[CELL_MAX], traffic[CELL_MAX];

	printf("of the IPv4 addresses %s, of the IPv6 addresses %s, of the "
	       "traffic %s get another region\n",
	    percent_of(report, "ipv4", ipv4), percent_of(report, "ipv6", ipv6),
	    percent_of(report, "traffic", traffic));
	diff_rows(json_object_get(report, "names"), "NAME", "name", NULL);
	diff_rows(json_object_get(report, "moves"), "MOVE", "from", NULL);
	diff_rows(
	    json_object_get(report, "countries"), "COUNTRY", "country", NULL);
	diff_show_reordered(report);
	diff_fences(json_object_get(report, "fences"));
	diff_names(json_object_get(report, "added"), "new");
	diff_names(json_object_get(report, "removed"), "gone");
}

static int
diff_report(const struct arguments *a, const struct snapshot *from,
    const struct snapshot *to, double max)
{
	struct compared c;
	struct traffic t;
	bool has_traffic = traffic_get(a, from, &t);
	int code = EXIT_DONE;
	json_t *report;
	double most;

	compare_find(&c, from, to, has_traffic ? &t : NULL);
	most = compare_most(&c);
	report = compare_json(&c);
	json_object_set_new(report, "most", json_real(most));
	/* Before what may be long. */
	if (most > max)
		code = fail(
		    EXIT_WRONG, "%.2f%% move, more than %.2f%%", most, max);
	if (a->given & OPT_JSON) {
		json_show(report);
	} else {
		diff_show(report);
	}
	json_decref(report);
	compare_fini(&c);
	traffic_fini(&t);
	return code;
}

int
foresee_diff(const struct arguments *a)
{
	const char *old = a->words[0], *new = a->words[1];
	struct side from = {.config = is_database(old) ? new : old};
	struct side to = {.config = is_database(new) ? old : new};
	struct snapshot *s[2] = {NULL, NULL};
	double max = 100;
	char nothing[] = "", *end = nothing;
	int code = EXIT_WRONG;

	if (a->max != NULL)
		max = strtod(a->max, &end);
	if ((*end != '\0' && strcmp(end, "%") != 0) || end == a->max)
		return fail(EXIT_USAGE, "--max %s: not a percentage", a->max);
	if (is_database(old) && is_database(new))
		return fail(EXIT_USAGE,
		    "two databases: one of the two is a configuration");
	from.database = is_database(old) ? old : NULL;
	to.database = is_database(new) ? new : NULL;
	s[0] = side_build(&from);
	s[1] = s[0] != NULL ? side_build(&to) : NULL;
	if (s[1] != NULL)
		code = diff_report(a, s[0], s[1], max);
	snapshot_free(s[0]);
	snapshot_free(s[1]);
	return code;
}

/* GeoIP ------------------------------------------------------------------ */

static const char *
reason_text(const char *reason)
{
	static const char *const texts[][2] = {
	    {"moves", "it moves too much"},
	    {"fails", "the configuration fails with it"},
	    {"alone", "the configuration works with it alone"},
	    {"refused", "it was refused"},
	    {"beside", "another database was refused"},
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (strcmp(texts[i][0], reason) == 0)
			return texts[i][1];
	return reason;
}

static void
geoip_held(const json_t *entry, const json_t *held)
{
	char built[CLOCK_TEXT_MAX];

	printf("%s%s is held%s: %s\n", YELLOW, text_of(entry, "database"),
	    PLAIN, reason_text(text_of(held, "reason")));
	if (int_of(held, "built") != 0)
		printf("  it is of %s, sha256 %s\n",
		    clock_format(built, int_of(held, "built")),
		    text_of(held, "sha256"));
	if (json_is_number(json_object_get(held, "most")))
		printf("  up to %.2f%% would get another region, "
		       "geoip.max_move is %lld%%\n",
		    number_of(held, "most"), int_of(held, "max"));
	if (json_is_object(json_object_get(held, "diff")))
		diff_show(json_object_get(held, "diff"));
	fputs(text_of(held, "text"), stdout);
}

static void
geoip_show(const json_t *reply)
{
	static const char *const titles[] = {
	    "DATABASE", "BUILT", "ACCEPTED", "BY", "SHA256", NULL};
	const json_t *list = json_object_get(reply, "databases"), *entry;
	struct libscols_table *t = table_new(titles);
	char built[CLOCK_TEXT_MAX], since[CLOCK_TEXT_MAX];
	size_t i;

	json_array_foreach(list, i, entry)
	{
		const char *cells[] = {text_of(entry, "database"),
		    clock_format(built, int_of(entry, "built")),
		    clock_format(since, int_of(entry, "since")),
		    text_of(entry, "by"), text_of(entry, "sha256"), NULL};

		table_row(t, cells);
	}
	table_print(t);
	if (json_array_size(list) == 0)
		puts("no database is kept: geoip.max_move is not declared");
	json_array_foreach(list, i, entry)
	{
		const json_t *held = json_object_get(entry, "held");

		if (json_is_object(held))
			geoip_held(entry, held);
	}
}

int
foresee_geoip(const struct arguments *a)
{
	static const char *const words[] = {"accept", "rollback"};
	static const char *const paths[] = {
	    "/v1/geoip_accept", "/v1/geoip_rollback"};
	const char *path = a->nwords == 0 ? "/v1/geoip" : NULL;
	json_t *body = a->nwords > 0 ? json_object() : NULL;
	struct reply r;
	int code;

	for (size_t i = 0; a->nwords > 0 && i < 2; i++)
		if (strcmp(words[i], a->words[0]) == 0)
			path = paths[i];
	if (path == NULL) {
		json_decref(body);
		return fail(EXIT_USAGE, "geoip %s: neither accept nor rollback",
		    a->words[0]);
	}
	if (a->nwords > 1)
		json_object_set_new(body, "database", json_string(a->words[1]));
	code = request(a, path, body, &r);
	if (reply_shows(a, &r))
		geoip_show(r.json);
	reply_fini(&r);
	return code;
}
