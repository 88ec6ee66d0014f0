/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/whatif.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/exit.h"
#include "traffic/flow.h"
#include "traffic/load.h"

/* More than this of an answer a minute is somebody's. */
#define SOMETHING 0.01

/* From a region to another, or to a pool that stands in. */
struct move {
	uint16_t from, to; /* in conf */
	uint16_t pool;     /* CONF_NONE: the pool that was asked */
	double n;
};

struct whatif {
	const struct snapshot *snapshot;
	struct pool *pools;     /* as they would be */
	double *before, *after; /* as tallies are */
	double all_down[2];
	double unknown, total;
	VEC(struct move) moves;
	struct load_region *regions[2]; /* of conf; before, after */
};

/* What is assumed -------------------------------------------------------- */

static void
table_add(
    struct drains *t, struct drain **made, const char *const *what, size_t n)
{
	struct error err;

	for (size_t i = 0; i < n; i++) {
		made[i] = drain_new(
		    what[i], "", "", clock_wall_s(), DRAIN_FOREVER, true, &err);
		if (made[i] != NULL)
			vec_push(&t->all, made[i]);
	}
}

static void
bit_clear(_Atomic uint64_t *word, size_t i)
{
	atomic_fetch_and(word, ~(UINT64_C(1) << i));
}

/* Takes out what would not be live if these drains held. */
static void
take_out(struct whatif *w, const struct drains *table, bool drained)
{
	for (size_t i = 0; i < w->snapshot->conf->npools; i++) {
		struct pool *p = &w->pools[i];

		for (size_t r = 0; r < p->nregions; r++) {
			if ((atomic_load(&p->live) >> r & 1) == 0 ||
			    pool_region_would_live(p, r, table))
				continue;
			bit_clear(&p->live, r);
			if (drained)
				atomic_fetch_or(&p->drained, UINT64_C(1) << r);
		}
	}
}

static void
assume(struct whatif *w, const struct drains *now, const struct whatif_query *q)
{
	struct drain **made = xcalloc(q->ndown + q->ndrain, sizeof(*made));
	struct drains table = {.ahead = now->ahead};

	for (size_t i = 0; i < now->all.n; i++)
		vec_push(&table.all, now->all.at[i]);
	table_add(&table, made, q->down, q->ndown);
	take_out(w, &table, false);
	table_add(&table, made + q->ndown, q->drain, q->ndrain);
	take_out(w, &table, true);
	vec_free(&table.all);
	for (size_t i = 0; i < q->ndown + q->ndrain; i++)
		drain_free(made[i]);
	free(made);
}

/* Where it goes ---------------------------------------------------------- */

static void
move_add(struct whatif *w, const struct move *m)
{
	for (size_t i = 0; i < w->moves.n; i++) {
		struct move *other = &w->moves.at[i];

		if (other->from == m->from && other->to == m->to &&
		    other->pool == m->pool) {
			other->n += m->n;
			return;
		}
	}
	vec_push(&w->moves, *m);
}

static uint16_t
region_of(const struct pick *p)
{
	return p->pool->regions[p->region].region;
}

static void
count(struct whatif *w, const struct pick *p, double n, bool after)
{
	double *to = after ? w->after : w->before;

	to[p->pool->first_tally + p->region] += n;
	w->regions[after][region_of(p)].share += n;
	if (p->reason == POOL_ALL_DOWN)
		w->all_down[after] += n;
}

static void
draw_count(const struct flow_draw *d, void *arg)
{
	struct whatif *w = arg;
	uint16_t asked = w->snapshot->steered[d->cell->name].pool;
	uint16_t pool;

	w->total += d->n;
	if (d->before.pool == NULL) {
		w->unknown += d->n;
		return;
	}
	count(w, &d->before, d->n, false);
	count(w, &d->after, d->n, true);
	pool = d->after.pool->index;
	if (d->before.pool->index != pool ||
	    d->before.region != d->after.region)
		move_add(w,
		    &(struct move){region_of(&d->before), region_of(&d->after),
			pool != asked ? pool : CONF_NONE, d->n});
}

/* Against capacity ------------------------------------------------------- */

/* Counts become shares. */
static void
shares(struct whatif *w)
{
	const struct conf *conf = w->snapshot->conf;
	double known = w->total - w->unknown;

	for (size_t i = 0; i < conf->nregions; i++)
		for (size_t k = 0; k < 2; k++)
			w->regions[k][i].share /= known > 0 ? known : 1;
}

static bool
is_used(const struct whatif *w, uint16_t region)
{
	for (size_t i = 0; i < w->snapshot->conf->npools; i++)
		for (size_t r = 0; r < w->pools[i].nregions; r++)
			if (w->pools[i].regions[r].region == region)
				return true;
	return false;
}

/* Of the regions that any pool is in; false: it cannot be said. */
static bool
find_load(const struct whatif *w, double *load)
{
	const struct conf *conf = w->snapshot->conf;
	struct load_region *used = xcalloc(conf->nregions, sizeof(*used));
	size_t n = 0;
	bool found;

	for (uint16_t i = 0; i < conf->nregions; i++)
		if (is_used(w, i))
			used[n++] = w->regions[0][i];
	found = w->total > w->unknown &&
	    load_assume(used, n, conf->safety.max_fill, load);
	free(used);
	return found;
}

static double
fill_of(const struct load_region *r, double load)
{
	return 100 * r->share * load / r->capacity;
}

/* Reporting -------------------------------------------------------------- */

static json_t *
per_minute(double n)
{
	return json_real(n);
}

/* over gets those that are over max_fill, and were not or less. */
static json_t *
regions_json(const struct whatif *w, double load, json_t *over)
{
	const struct conf *conf = w->snapshot->conf;
	double known = w->total - w->unknown;
	json_t *list = json_array();

	for (uint16_t i = 0; i < conf->nregions; i++) {
		const struct load_region *b = &w->regions[0][i];
		const struct load_region *a = &w->regions[1][i];
		uint64_t capacity = conf->regions[i].capacity;
		double before = load > 0 ? fill_of(b, load) : 0;
		double after = load > 0 ? fill_of(a, load) : 0;

		if (!is_used(w, i))
			continue;
		if (after > conf->safety.max_fill + 0.5 && after > before)
			json_array_append_new(
			    over, json_string(conf->regions[i].name));
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:o, s:o, s:o, s:o}", "region",
			conf->regions[i].name, "capacity",
			capacity > 0 ? json_integer((json_int_t)capacity)
				     : json_null(),
			"before", per_minute(b->share * known), "after",
			per_minute(a->share * known), "fill_before",
			load > 0 ? json_real(before) : json_null(),
			"fill_after",
			load > 0 ? json_real(after) : json_null()));
	}
	return list;
}

static json_t *
pool_json(const struct whatif *w, const struct pool *p)
{
	uint64_t before = atomic_load(&w->snapshot->pools[p->index].live);
	uint64_t after = atomic_load(&p->live);
	json_t *list = json_array();

	for (size_t i = 0; i < p->nregions; i++) {
		size_t at = p->first_tally + i;

		json_array_append_new(list,
		    json_pack("{s:s, s:b, s:b, s:o, s:o}", "region",
			p->regions[i].name, "live_before",
			(int)(before >> i & 1), "live_after",
			(int)(after >> i & 1), "before",
			per_minute(w->before[at]), "after",
			per_minute(w->after[at])));
	}
	return json_pack("{s:s, s:o}", "pool", p->conf->name, "regions", list);
}

static int
larger(const void *x, const void *y)
{
	const struct move *a = x, *b = y;

	return (a->n < b->n) - (a->n > b->n);
}

static json_t *
moves_json(struct whatif *w)
{
	const struct conf *conf = w->snapshot->conf;
	json_t *list = json_array();

	if (w->moves.n > 0)
		qsort(w->moves.at, w->moves.n, sizeof(*w->moves.at), larger);
	for (size_t i = 0; i < w->moves.n; i++) {
		const struct move *m = &w->moves.at[i];

		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o, s:o}", "from",
			conf->regions[m->from].name, "to",
			conf->regions[m->to].name, "pool",
			m->pool != CONF_NONE
			    ? json_string(conf->pools[m->pool].name)
			    : json_null(),
			"n", per_minute(m->n)));
	}
	return list;
}

static json_t *
report(struct whatif *w, const struct traffic *t)
{
	json_t *pools = json_array(), *over = json_array(), *regions;
	double load = 0;
	bool wrong;

	find_load(w, &load);
	regions = regions_json(w, load, over);
	wrong = json_array_size(over) > 0 ||
	    w->all_down[1] > w->all_down[0] + SOMETHING;
	for (size_t i = 0; i < w->snapshot->conf->npools; i++)
		json_array_append_new(pools, pool_json(w, &w->pools[i]));
	return json_pack(
	    "{s:f, s:f, s:f, s:i, s:o, s:o, s:o, s:o, s:{s:f, s:f}, s:o, s:i}",
	    "minutes", t->minutes, "per_minute", w->total, "unknown",
	    w->unknown, "max_fill", (int)w->snapshot->conf->safety.max_fill,
	    "assumed_load", load > 0 ? json_real(load) : json_null(), "regions",
	    regions, "pools", pools, "moves", moves_json(w), "all_down",
	    "before", w->all_down[0], "after", w->all_down[1], "over", over,
	    "exit", wrong ? EXIT_WRONG : EXIT_DONE);
}

static void
whatif_init(struct whatif *w, const struct snapshot *s)
{
	memset(w, 0, sizeof(*w));
	w->snapshot = s;
	w->pools = flow_pools(s);
	w->before = xcalloc(s->ntallies, sizeof(*w->before));
	w->after = xcalloc(s->ntallies, sizeof(*w->after));
	for (size_t k = 0; k < 2; k++) {
		w->regions[k] =
		    xcalloc(s->conf->nregions, sizeof(*w->regions[k]));
		for (size_t i = 0; i < s->conf->nregions; i++)
			w->regions[k][i].capacity =
			    (double)s->conf->regions[i].capacity;
	}
}

static void
whatif_fini(struct whatif *w)
{
	free(w->pools);
	free(w->before);
	free(w->after);
	free(w->regions[0]);
	free(w->regions[1]);
	vec_free(&w->moves);
}

json_t *
whatif_report(const struct snapshot *s, const struct drains *drains,
    const struct traffic *t, const struct whatif_query *q)
{
	struct whatif w;
	json_t *reply;

	whatif_init(&w, s);
	assume(&w, drains, q);
	flow_walk(s, s->pools, w.pools, t, clock_mono_s(), draw_count, &w);
	shares(&w);
	reply = report(&w, t);
	whatif_fini(&w);
	return reply;
}
