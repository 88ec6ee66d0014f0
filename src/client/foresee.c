/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/foresee.h"

#include <stdint.h>
#include <stdio.h>

#include "client/table.h"

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
	const json_t *down = json_object_get(reply, "all_down"), *region;
	char n[CELL_MAX];
	size_t i;

	json_array_foreach(json_object_get(reply, "over"), i, region)
	{
		printf("%s%s would be over safety.max_fill, %lld%%%s\n", RED,
		    json_string_value(region), int_of(reply, "max_fill"),
		    PLAIN);
	}
	if (number_of(down, "after") > 0)
		printf("%s%s a minute find no live region%s (now %.1f)\n", RED,
		    rate(number_of(down, "after"), n), PLAIN,
		    number_of(down, "before"));
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
