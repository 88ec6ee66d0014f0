/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/safety.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "report/text.h"
#include "snapshot/build.h"
#include "traffic/load.h"

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
	struct drains before, after;
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
			vec_push(&t->after.all, other);
		if (!is_same_what(other, d) || other->at == 0)
			vec_push(&t->before.all, other);
	}
	vec_push(&t->after.all, tables_copy(t, d));
}

static void
tables_fini(struct tables *t)
{
	vec_free(&t->before.all);
	vec_free(&t->after.all);
	free(t->copies);
}

/* The effect on a pool --------------------------------------------------- */

/* A pool as it is and as it would be. */
struct effect {
	const struct snapshot *snapshot;
	const struct pool *pool;
	uint64_t before, after;              /* live words */
	unsigned out[CONF_POOL_REGIONS_MAX]; /* percent, by partial drains */
	double fill[CONF_POOL_REGIONS_MAX];  /* percent, after */
	bool filled;                         /* fill is known */
	bool changed;                        /* something is, by the drain */
};

static uint64_t
capacity_of(const struct effect *e, size_t region)
{
	return e->snapshot->conf->regions[e->pool->regions[region].region]
	    .capacity;
}

static double
answers_of(const struct effect *e, size_t region)
{
	double n = 0;

	for (unsigned i = 0; i < POOL_REASON_COUNT; i++)
		n += (double)snapshot_steered(
		    e->snapshot, e->pool, region, (enum pool_reason)i);
	return n;
}

/* The share of the pool's answers of each region, and the load that they are
 * taken for; false when that cannot be said. */
static bool
effect_load(const struct effect *e,
    struct load_region regions[CONF_POOL_REGIONS_MAX], double *load)
{
	double total = 0;

	for (size_t i = 0; i < e->pool->nregions; i++) {
		regions[i].capacity = (double)capacity_of(e, i);
		regions[i].share = answers_of(e, i);
		total += regions[i].share;
	}
	if (total < SAFETY_ANSWERS_MIN)
		return false;
	for (size_t i = 0; i < e->pool->nregions; i++)
		regions[i].share /= total;
	return load_assume(regions, e->pool->nregions,
	    e->snapshot->conf->safety.max_fill, load);
}

static void
effect_fill(struct effect *e)
{
	struct load_region regions[CONF_POOL_REGIONS_MAX];
	double load, moved = 0, left = 0;

	if (e->after == 0 || !effect_load(e, regions, &load))
		return;
	for (size_t i = 0; i < e->pool->nregions; i++) {
		struct load_region *r = &regions[i];
		double out = e->after >> i & 1 ? e->out[i] / 100.0 : 1;

		left += r->capacity * (1 - out);
		moved += r->share * load * out;
		r->share *= 1 - out;
	}
	for (size_t i = 0; i < e->pool->nregions; i++) {
		const struct load_region *r = &regions[i];

		if (e->after >> i & 1)
			e->fill[i] = 100 *
			    (r->share * load / r->capacity +
				moved * (100 - e->out[i]) / 100 / left);
	}
	e->filled = true;
}

static const char *
effect_region(const struct effect *e, size_t region)
{
	return e->snapshot->conf->regions[e->pool->regions[region].region].name;
}

/* The percentage of a region's clients that drains in part take out. */
static unsigned
out_of(const struct drains *t, const struct pool *p, size_t region)
{
	const struct drain *part =
	    drains_part(t, p->conf->name, p->regions[region].name);

	return part != NULL ? part->share : 0;
}

/* False when the drain does not touch the pool. */
static bool
effect_find(struct effect *e, const struct snapshot *s, size_t pool,
    const struct drain *d, const struct tables *t)
{
	const struct pool *p = &s->pools[pool];
	bool touched = false;

	memset(e, 0, sizeof(*e));
	e->snapshot = s;
	e->pool = p;
	if (d->pool != NULL && strcmp(d->pool, p->conf->name) != 0)
		return false;
	for (size_t i = 0; i < p->nregions; i++) {
		const uint64_t bit = UINT64_C(1) << i;

		touched |= strcmp(d->region, effect_region(e, i)) == 0;
		if (pool_region_would_live(p, i, &t->before))
			e->before |= bit;
		if (pool_region_would_live(p, i, &t->after))
			e->after |= bit;
		e->out[i] = out_of(&t->after, p, i);
		e->changed |= e->out[i] != out_of(&t->before, p, i);
	}
	e->changed |= e->before != e->after;
	if (touched)
		effect_fill(e);
	return touched;
}

/* A pool that only stands in when others are down may be emptied. */
static bool
pool_is_named(const struct snapshot *s, const struct pool *p)
{
	for (size_t i = 0; i < s->conf->nnames; i++)
		if (s->conf->names[i].pool == p->index)
			return true;
	return false;
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
effect_fault(const struct effect *e, const struct conf_safety *safety,
    struct text *fault)
{
	const char *pool = e->pool->conf->name;
	unsigned before = (unsigned)__builtin_popcountll(e->before);
	unsigned after = (unsigned)__builtin_popcountll(e->after);

	if (after < before && after < safety->min_regions) {
		text_add(fault,
		    "leave pool %s with %u live region%s of %u now; "
		    "safety.min_regions is %u",
		    pool, after, text_plural(after), before,
		    safety->min_regions);
		return;
	}
	for (size_t i = 0; e->filled && i < e->pool->nregions; i++) {
		if (e->fill[i] <= safety->max_fill + 0.5)
			continue;
		text_add(fault,
		    "fill region %s of pool %s to %.0f%% of its capacity; "
		    "safety.max_fill is %u%%",
		    effect_region(e, i), pool, e->fill[i], safety->max_fill);
		return;
	}
}

static json_t *
effect_json(const struct effect *e)
{
	json_t *fill = json_object();

	for (size_t i = 0; e->filled && i < e->pool->nregions; i++)
		if (e->after >> i & 1)
			json_object_set_new(
			    fill, effect_region(e, i), json_real(e->fill[i]));
	return json_pack("{s:s, s:i, s:i, s:o}", "pool", e->pool->conf->name,
	    "live_before", __builtin_popcountll(e->before), "live_after",
	    __builtin_popcountll(e->after), "fill",
	    e->filled ? fill : (json_decref(fill), json_null()));
}

json_t *
safety_judge(const struct snapshot *s, const struct drains *drains,
    const struct drain *d, struct text *fault)
{
	json_t *pools = json_array();
	struct tables t;
	struct effect e;

	tables_make(&t, drains, d);
	for (size_t i = 0; i < s->conf->npools; i++) {
		if (!effect_find(&e, s, i, d, &t))
			continue;
		if (d->kind == DRAIN_OUT && fault->len == 0 &&
		    pool_is_named(s, e.pool) && e.changed)
			effect_fault(&e, &s->conf->safety, fault);
		json_array_append_new(pools, effect_json(&e));
	}
	if (fault->len > 0)
		announced_add(fault, &t.after, d);
	tables_fini(&t);
	return pools;
}

/* Full regions ----------------------------------------------------------- */

static void
tell_full(struct control *c, size_t region, const struct capacity_region *r)
{
	const char *name = c->status.snapshot->conf->regions[region].name;
	bool full = r->spill > 0;

	event_put(c->events, full ? LOG_LEVEL_WARNING : LOG_LEVEL_INFO, "full",
	    json_pack("{s:s, s:b, s:f, s:f}", "region", name, "full", full,
		"load", r->load, "capacity", r->capacity),
	    full ? "region %s is full (%.0f%% of its capacity): it sends its "
		   "farthest clients on"
		 : "region %s has room (%.0f%% of its capacity): all its "
		   "clients are back",
	    name, 100 * r->load / r->capacity);
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
	    now->brownout ? "BROWNOUT: %s cannot carry their clients within "
			    "%u%% of their capacity: the load is spread in "
			    "proportion"
			  : "the brownout is over%s: regions are within %u%% "
			    "of their capacity",
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
