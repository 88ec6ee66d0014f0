/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/safety.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/drain.h"
#include "report/text.h"
#include "traffic/forecast.h"

/* The tables ------------------------------------------------------------- */

/* From when on it takes something out. */
static int64_t
begin_of(const struct drain *d)
{
	return d->at != 0 ? d->at : d->since;
}

static bool
overlap(const struct drain *a, const struct drain *b)
{
	return (a->until == DRAIN_FOREVER || begin_of(b) < a->until) &&
	    (b->until == DRAIN_FOREVER || begin_of(a) < b->until);
}

static bool
is_same_what(const struct drain *a, const struct drain *b)
{
	return a->kind == b->kind && strcmp(a->what, b->what) == 0;
}

/* All that hold at any time while d does, and what d renews: without it; and
 * with d in place of it.  The drains in them are not their own. */
struct tables {
	struct drain *copies;
	size_t n;
	struct drains before, after, apart;
};

/* A copy that is judged by how it ends. */
static struct drain *
tables_copy(struct tables *t, const struct drain *d)
{
	struct drain *copy = &t->copies[t->n++];

	*copy = *d;
	copy->over_s = copy->whole_s = 0;
	return copy;
}

static void
tables_make(struct tables *t, const struct drains *from, const struct drain *d)
{
	memset(t, 0, sizeof(*t));
	t->copies = xcalloc(from->all.n + 1, sizeof(*t->copies));
	t->before.ahead = t->after.ahead = true;
	for (size_t i = 0; i < from->all.n; i++) {
		struct drain *other;

		if (!overlap(from->all.at[i], d))
			continue;
		other = tables_copy(t, from->all.at[i]);
		if (!is_same_what(other, d))
			drains_lend(&t->after, other);
		if (!is_same_what(other, d) || other->at == 0)
			drains_lend(&t->before, other);
	}
	drains_lend(&t->after, tables_copy(t, d));
	drains_lend(&t->apart, t->after.all.at[t->after.all.n - 1]);
}

static void
tables_fini(struct tables *t)
{
	drains_return(&t->before);
	drains_return(&t->after);
	drains_return(&t->apart);
	free(t->copies);
}

/* The effects ------------------------------------------------------------ */

static bool
is_touched(const struct pool *p, const struct drain *d)
{
	if (d->pool != NULL && strcmp(d->pool, p->conf->name) != 0)
		return false;
	for (size_t i = 0; i < p->nregions; i++)
		if (strcmp(d->region, p->regions[i].name) == 0)
			return true;
	return false;
}

static json_t *
pool_json(const struct forecast *f, const struct pool *p)
{
	uint64_t before = f->live[0][p->index].of[POOL_ANY];
	uint64_t after = f->live[1][p->index].of[POOL_ANY];
	json_t *fill = json_object();

	for (size_t i = 0; i < p->nregions; i++) {
		double percent = f->regions[p->regions[i].region].fill[1];

		if (after >> i & 1 && !isnan(percent))
			json_object_set_new(
			    fill, p->regions[i].name, json_real(percent));
	}
	return json_pack("{s:s, s:i, s:i, s:o}", "pool", p->conf->name,
	    "live_before", __builtin_popcountll(before), "live_after",
	    __builtin_popcountll(after), "fill",
	    json_object_size(fill) > 0 ? fill
				       : (json_decref(fill), json_null()));
}

/* Those announced that count as well, for the reader who wonders. */
static void
announced_add(struct text *t, const struct drains *after, const struct drain *d)
{
	char at[CLOCK_TEXT_MAX];

	for (size_t i = 0; i < after->all.n; i++) {
		const struct drain *other = after->all.at[i];

		if (is_same_what(other, d) || other->kind != DRAIN_OUT ||
		    other->at == 0)
			continue;
		text_add(t, "; the drain of %s announced for %s counts",
		    other->what, clock_format(at, other->at));
	}
}

static void
fault_add(struct text *fault, const json_t *unsafe)
{
	const json_t *what;
	size_t i;

	json_array_foreach(unsafe, i, what)
	{
		text_add(fault, "%s%s", i > 0 ? "; it would " : "",
		    json_string_value(what));
	}
}

static json_t *
effects_json(const struct forecast *f, const struct drain *d)
{
	json_t *pools = json_array();

	for (size_t i = 0; i < f->snapshot->conf->npools; i++)
		if (is_touched(&f->snapshot->pools[i], d))
			json_array_append_new(
			    pools, pool_json(f, &f->snapshot->pools[i]));
	return json_pack("{s:o, s:o, s:b, s:o}", "pools", pools, "regions",
	    forecast_regions(f), "judged", f->why[0] == '\0', "why",
	    f->why[0] != '\0' ? json_string(f->why) : json_null());
}

json_t *
safety_judge(struct control *c, const struct drain *d, struct text *fault)
{
	const struct snapshot *s = c->status.snapshot;
	struct forecast_state before, after;
	struct forecast f;
	struct tables t;
	json_t *unsafe, *effects;

	tables_make(&t, drain_wanted(c), d);
	before = (struct forecast_state){.drains = &t.before};
	after = (struct forecast_state){.drains = &t.after, .apart = &t.apart};
	forecast_then(&f, &c->capacity, s, &c->traffic, &before, &after);
	unsafe = forecast_unsafe(&f);
	if (d->kind == DRAIN_OUT)
		fault_add(fault, unsafe);
	if (fault->len > 0)
		announced_add(fault, &t.after, d);
	effects = effects_json(&f, d);
	json_object_set_new(effects, "unsafe", unsafe);
	forecast_fini(&f);
	tables_fini(&t);
	return effects;
}

/* Full regions ----------------------------------------------------------- */

/* A region may spill before it is over its limit itself: for the clients that
 * other regions spill to it. */
static void
tell_full(struct control *c, size_t region, const struct capacity_region *r)
{
	const struct conf *conf = c->status.snapshot->conf;
	const char *name = conf->regions[region].name;
	double fill = 100 * r->load / r->capacity;
	unsigned max = conf->safety.max_fill;
	json_t *details = json_pack("{s:s, s:b, s:f, s:f, s:i}", "region", name,
	    "full", r->spill > 0, "load", r->load, "capacity", r->capacity,
	    "max_fill", (int)max);

	if (r->spill == 0)
		event_put(c->events, LOG_LEVEL_INFO, "full", details,
		    "region %s: %.0f%% of its capacity, below safety.max_fill (%u%%): it serves all its clients again",
		    name, fill, max);
	else if (fill >= max)
		event_put(c->events, LOG_LEVEL_WARNING, "full", details,
		    "region %s is full: %.0f%% of its capacity, safety.max_fill is %u%%: it spills its most distant clients",
		    name, fill, max);
	else
		event_put(c->events, LOG_LEVEL_WARNING, "full", details,
		    "region %s would be over safety.max_fill (%u%%) with all its clients, and carries %.0f%% of its capacity: it spills its most distant clients",
		    name, max, fill);
}

static void
tell_brownout(struct control *c)
{
	const struct conf *conf = c->status.snapshot->conf;
	const struct capacity *now = &c->capacity;
	json_t *regions = json_array();
	struct text t = {0};

	for (size_t i = 0; i < now->n; i++) {
		if (!now->brownout || !now->regions[i].over)
			continue;
		text_add(
		    &t, "%s%s", t.len > 0 ? ", " : "", conf->regions[i].name);
		json_array_append_new(
		    regions, json_string(conf->regions[i].name));
	}
	event_put(c->events, now->brownout ? LOG_LEVEL_ERROR : LOG_LEVEL_INFO,
	    "brownout",
	    json_pack(
		"{s:b, s:o}", "brownout", now->brownout, "regions", regions),
	    now->brownout
		? "BROWNOUT: %s cannot carry their clients within safety.max_fill (%u%% of their capacity): clients are moved until all are equally full"
		: "the brownout is over%s: regions are within %u%% of their capacity",
	    t.at != NULL ? t.at : "", conf->safety.max_fill);
	text_fini(&t);
}

void
safety_tick(struct control *c)
{
	struct capacity *now = &c->capacity;
	bool *full = xcalloc(now->n, sizeof(*full)), brownout = now->brownout;

	for (size_t i = 0; i < now->n; i++)
		full[i] = now->regions[i].spill > 0;
	if (capacity_tick(
		now, c->status.snapshot, &c->traffic, clock_mono_s())) {
		for (size_t i = 0; i < now->n; i++)
			if (full[i] != (now->regions[i].spill > 0))
				tell_full(c, i, &now->regions[i]);
		if (brownout != now->brownout)
			tell_brownout(c);
	}
	free(full);
}
