/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/whatif.h"

#include "base/clock.h"
#include "base/exit.h"

/* What is assumed -------------------------------------------------------- */

/* Drains that hold, and those that are only assumed. */
struct tables {
	struct drains drains, down;
	VEC(struct drain *) made;
};

static void
table_add(
    struct tables *t, struct drains *to, const char *const *what, size_t n)
{
	struct error err;

	for (size_t i = 0; i < n; i++) {
		struct drain *d = drain_new(
		    what[i], "", "", clock_wall_s(), DRAIN_FOREVER, true, &err);

		if (d == NULL)
			continue;
		vec_push(&t->made, d);
		drains_lend(to, d);
	}
}

/* What is down is so as if it were drained: a target of two is not the
 * region. */
static void
tables_make(
    struct tables *t, const struct drains *now, const struct whatif_query *q)
{
	*t = (struct tables){
	    .drains.ahead = now->ahead, .down.ahead = now->ahead};
	for (size_t i = 0; i < now->all.n; i++) {
		drains_lend(&t->drains, now->all.at[i]);
		drains_lend(&t->down, now->all.at[i]);
	}
	table_add(t, &t->drains, q->drain, q->ndrain);
	table_add(t, &t->down, q->down, q->ndown);
	table_add(t, &t->down, q->drain, q->ndrain);
}

static void
tables_fini(struct tables *t)
{
	for (size_t i = 0; i < t->made.n; i++)
		drain_free(t->made.at[i]);
	vec_free(&t->made);
	drains_return(&t->drains);
	drains_return(&t->down);
}

/* Reporting -------------------------------------------------------------- */

/* {"ipv4", "ipv6": {"live_before", "live_after"}}; null: they are not apart. */
static json_t *
families_json(const struct forecast *f, const struct pool *p, size_t region)
{
	const struct forecast_live *before = &f->live[0][p->index];
	const struct forecast_live *after = &f->live[1][p->index];

	if (!pool_is_apart(p))
		return json_null();
	return json_pack("{s:{s:b, s:b}, s:{s:b, s:b}}", "ipv4", "live_before",
	    (int)(before->of[POOL_IPV4] >> region & 1), "live_after",
	    (int)(after->of[POOL_IPV4] >> region & 1), "ipv6", "live_before",
	    (int)(before->of[POOL_IPV6] >> region & 1), "live_after",
	    (int)(after->of[POOL_IPV6] >> region & 1));
}

static json_t *
pool_json(const struct forecast *f, const struct pool *p)
{
	json_t *list = json_array();

	for (size_t i = 0; i < p->nregions; i++) {
		size_t at = p->first_tally + i;

		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:b, s:b, s:f, s:f}", "region",
			p->regions[i].name, "families", families_json(f, p, i),
			"live_before",
			(int)(f->live[0][p->index].of[POOL_ANY] >> i & 1),
			"live_after",
			(int)(f->live[1][p->index].of[POOL_ANY] >> i & 1),
			"before", f->answers[0][at], "after",
			f->answers[1][at]));
	}
	return json_pack("{s:s, s:o}", "pool", p->conf->name, "regions", list);
}

static json_t *
moves_json(const struct forecast *f)
{
	const struct conf *conf = f->snapshot->conf;
	json_t *list = json_array();

	for (size_t i = 0; i < f->moves.n; i++) {
		const struct forecast_move *m = &f->moves.at[i];

		json_array_append_new(list,
		    json_pack("{s:s, s:s, s:o, s:f}", "from",
			conf->regions[m->from].name, "to",
			conf->regions[m->to].name, "pool",
			m->pool != CONF_NONE
			    ? json_string(conf->pools[m->pool].name)
			    : json_null(),
			"n", m->n));
	}
	return list;
}

static json_t *
over_json(const struct forecast *f)
{
	json_t *list = json_array();

	for (size_t i = 0; i < f->snapshot->conf->nregions; i++)
		if (forecast_is_over(f, i))
			json_array_append_new(list,
			    json_string(f->snapshot->conf->regions[i].name));
	return list;
}

static json_t *
report(const struct forecast *f)
{
	const struct conf *conf = f->snapshot->conf;
	json_t *unsafe = forecast_unsafe(f), *pools = json_array();
	bool wrong = json_array_size(unsafe) > 0;

	for (size_t i = 0; i < conf->npools; i++)
		json_array_append_new(
		    pools, pool_json(f, &f->snapshot->pools[i]));
	return json_pack("{s:f, s:f, s:f, s:f, s:i, s:o, s:b, s:o, s:o, s:o, "
			 "s:o, s:{s:f, s:f}, s:o, s:o, s:i}",
	    "minutes", f->minutes, "per_minute", f->per_minute, "sampled",
	    f->sampled, "unknown", f->unknown, "max_fill",
	    (int)conf->safety.max_fill, "assumed_load",
	    f->assumed > 0 ? json_real(f->assumed) : json_null(), "judged",
	    f->why[0] == '\0', "why",
	    f->why[0] != '\0' ? json_string(f->why) : json_null(), "regions",
	    forecast_regions(f), "pools", pools, "moves", moves_json(f),
	    "all_down", "before", f->all_down[0], "after", f->all_down[1],
	    "over", over_json(f), "unsafe", unsafe, "exit",
	    wrong ? EXIT_WRONG : EXIT_DONE);
}

json_t *
whatif_report(const struct snapshot *s, const struct drains *drains,
    struct capacity *c, const struct traffic *t, const struct whatif_query *q)
{
	struct forecast f;
	struct tables tables;
	const struct forecast_state before = {.drains = drains};
	struct forecast_state after;
	json_t *reply;

	tables_make(&tables, drains, q);
	after = (struct forecast_state){
	    .drains = &tables.drains, .down = &tables.down};
	capacity_renew(c);
	forecast_then(&f, c, s, t, &before, &after);
	reply = report(&f);
	forecast_fini(&f);
	tables_fini(&tables);
	return reply;
}
