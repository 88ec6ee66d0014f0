/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/asked.h"

#include <stdlib.h>
#include <string.h>

#include "conf/expect.h"
#include "conf/load.h"
#include "dns/name.h"
#include "geo/country.h"
#include "report/text.h"

enum { WORD_MAX = 256 };

static json_t *
read_place(const struct asked *a, const char *from)
{
	const struct conf_geo *g = &a->geo;

	if (g->kind == CONF_GEO_CONTINENT || g->code[0] == '\0' ||
	    country_find(g->code) != NULL)
		return NULL;
	return text_error(EXIT_NO_SUCH, "from %s: no country has the code %.2s",
	    from, g->code);
}

static json_t *
read_from(struct asked *a, const struct explain_query *q)
{
	struct prefix p;
	struct error err;

	if (q->resolver != NULL && !addr_parse(q->resolver, &a->resolver))
		return text_error(
		    EXIT_USAGE, "resolver %s: not an address", q->resolver);
	if (conf_geo_parse(q->from, &a->geo)) {
		a->by_place = true;
		if (q->resolver == NULL)
			addr_parse("0.0.0.0", &a->resolver);
		return read_place(a, q->from);
	}
	if (!prefix_parse(q->from, &p, &err))
		return text_error(EXIT_USAGE,
		    "from %s: neither an "
		    "address nor a prefix nor a place such as DE: %s",
		    q->from, err.text);
	a->ecs.addr = p.addr;
	a->ecs.source = p.len;
	a->ecs.present = q->resolver != NULL || strchr(q->from, '/') != NULL;
	if (q->resolver == NULL)
		a->resolver = p.addr;
	return NULL;
}

/* There is none of that name: the nearest. */
static json_t *
no_such(const struct conf *conf, enum schema_section s, const char *word)
{
	size_t n = schema_count(conf, s);
	const char **all = xcalloc(n + 1, sizeof(*all)), *near;

	for (size_t i = 0; i < n; i++)
		all[i] = schema_name(conf, s, i);
	near = diag_nearest(word, all, n);
	free(all);
	return text_error(EXIT_NO_SUCH, "no %s %s%s%s%s", schema_noun(s), word,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

static json_t *
read_regions(
    const struct conf *conf, const char *const *names, size_t n, bool *are)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t r = conf_find_region(conf, names[i]);

		if (r == CONF_NONE)
			return no_such(conf, SECTION_REGIONS, names[i]);
		are[r] = true;
	}
	return NULL;
}

static bool
region_has(const struct conf_pool_region *r, const struct addr *a)
{
	for (size_t i = 0; i < r->ntargets; i++)
		for (size_t k = 0; k < 2; k++)
			if (addr_equal(
				conf_target_probed(&r->targets[i], k), a))
				return true;
	return false;
}

static bool
pool_has(const struct conf_pool *p, const struct addr *a)
{
	for (size_t i = 0; i < p->nregions; i++)
		if (region_has(&p->regions[i], a))
			return true;
	return false;
}

/* Monitors that say the same are one, whatever they are called. */
static bool
is_watched_by(const struct conf *conf, const struct conf_pool *p, uint16_t m)
{
	for (size_t i = 0; i < p->nmonitors; i++)
		if (strcmp(conf->monitors[p->monitors[i]].text,
			conf->monitors[m].text) == 0)
			return true;
	return false;
}

/* Is there a target at the address that the monitor watches? */
static bool
is_target(const struct conf *conf, const struct view_signal *s)
{
	for (size_t i = 0; i < conf->npools; i++)
		if (is_watched_by(conf, &conf->pools[i], s->monitor) &&
		    pool_has(&conf->pools[i], &s->addr))
			return true;
	return s->addr.family == 0;
}

static json_t *
read_signal(
    const struct conf *conf, const char *text, struct view_signal *signal)
{
	const char *equals = strrchr(text, '=');
	char what[WORD_MAX];
	size_t len;

	if (equals == NULL ||
	    (strcmp(equals, "=up") != 0 && strcmp(equals, "=down") != 0) ||
	    equals - text >= WORD_MAX)
		return text_error(EXIT_USAGE,
		    "signal %s: not MONITOR[/ADDRESS]=up or =down", text);
	len = (size_t)(equals - text);
	memcpy(what, text, len);
	what[len] = '\0';
	signal->up = strcmp(equals, "=up") == 0;
	if (expect_monitor(conf, what, &signal->monitor, &signal->addr))
		return is_target(conf, signal)
		    ? NULL
		    : text_error(EXIT_NO_SUCH,
			  "signal %s: the monitor watches no target at that "
			  "address",
			  text);
	what[strcspn(what, "/")] = '\0';
	if (signal->monitor == CONF_NONE)
		return no_such(conf, SECTION_MONITORS, what);
	return text_error(EXIT_USAGE, "signal %s: no address", text);
}

static json_t *
read_signals(
    struct asked *a, const struct conf *conf, const struct explain_query *q)
{
	json_t *error = NULL;

	a->signals = xcalloc(q->nsignals + 1, sizeof(*a->signals));
	a->assume.signals = a->signals;
	a->assume.nsignals = q->nsignals;
	for (size_t i = 0; i < q->nsignals && error == NULL; i++)
		error = read_signal(conf, q->signals[i], &a->signals[i]);
	return error;
}

json_t *
asked_read(
    struct asked *a, const struct conf *conf, const struct explain_query *q)
{
	const char *type = q->type != NULL ? q->type : "A";
	struct error err;
	json_t *error;

	memset(a, 0, sizeof(*a));
	if (q->name == NULL || q->from == NULL)
		return text_error(
		    EXIT_USAGE, "explain needs a name, and where from");
	if (!name_parse(q->name, a->name, &err))
		return text_error(EXIT_USAGE, "%s", err.text);
	a->type = rr_type_parse(type);
	if (a->type == 0)
		return text_error(EXIT_USAGE, "%s: no such type", type);
	a->assume.down = a->down = xcalloc(conf->nregions + 1, sizeof(bool));
	a->assume.drained = a->drained =
	    xcalloc(conf->nregions + 1, sizeof(bool));
	error = read_from(a, q);
	if (error == NULL)
		error = read_regions(conf, q->down, q->ndown, a->down);
	if (error == NULL)
		error = read_regions(conf, q->drain, q->ndrain, a->drained);
	if (error == NULL)
		error = read_signals(a, conf, q);
	return error;
}

void
asked_fini(struct asked *a)
{
	free(a->down);
	free(a->drained);
	free(a->signals);
}
