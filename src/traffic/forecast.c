/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/forecast.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "traffic/load.h"

/* A fill is over the limit, or worse than it was, by so many percent. */
#define SOMETHING 0.5

static void
forecast_init(struct forecast *f, const struct snapshot *s)
{
	memset(f, 0, sizeof(*f));
	f->snapshot = s;
	f->regions = xcalloc(s->conf->nregions, sizeof(*f->regions));
	for (size_t then = 0; then < 2; then++) {
		f->answers[then] = xcalloc(s->ntallies, sizeof(double));
		f->live[then] =
		    xcalloc(s->conf->npools, sizeof(*f->live[then]));
	}
	for (size_t i = 0; i < s->conf->nregions; i++) {
		struct forecast_region *r = &f->regions[i];

		r->capacity = (double)s->conf->regions[i].capacity;
		r->fill[0] = r->fill[1] = NAN;
	}
	for (size_t i = 0; i < s->conf->npools; i++)
		for (size_t r = 0; r < s->pools[i].nregions; r++)
			f->regions[s->pools[i].regions[r].region].used = true;
}

void
forecast_fini(struct forecast *f)
{
	free(f->regions);
	for (size_t then = 0; then < 2; then++) {
		free(f->answers[then]);
		free(f->live[then]);
	}
	vec_free(&f->moves);
	vec_free(&f->losses);
}

/* Where it goes ---------------------------------------------------------- */

static void
answers_count(struct forecast *f, const struct model *m, bool then)
{
	for (size_t i = 0; i < m->flow->n; i++) {
		const struct flow_unit *u = &m->flow->units[i];
		double n = u->answers * SAMPLE_MINUTE_S;
		struct forecast_region *r = &f->regions[u->region];

		f->answers[then][u->pool->first_tally + u->at] += n;
		*(then ? &r->after : &r->before) += n;
		if (u->all_down)
			f->all_down[then] += n;
	}
}

static void
move_add(struct forecast *f, const struct forecast_move *m)
{
	for (size_t i = 0; i < f->moves.n; i++) {
		struct forecast_move *other = &f->moves.at[i];

		if (other->from == m->from && other->to == m->to &&
		    other->pool == m->pool) {
			other->n += m->n;
			return;
		}
	}
	vec_push(&f->moves, *m);
}

static int
larger(const void *x, const void *y)
{
	const struct forecast_move *a = x, *b = y;

	return (a->n < b->n) - (a->n > b->n);
}

static void
moves_find(struct forecast *f, const struct model *m)
{
	for (size_t i = 0; i < m->flow->n; i++) {
		const struct flow_unit *u = &m->flow->units[i];
		bool stands_in = u->pool->index != u->question.pool;

		if (u->was != u->region || u->was_of != u->pool->index)
			move_add(f,
			    &(struct forecast_move){u->was, u->region,
				stands_in ? u->pool->index : CONF_NONE,
				u->answers * SAMPLE_MINUTE_S});
	}
	if (f->moves.n > 0)
		qsort(f->moves.at, f->moves.n, sizeof(*f->moves.at), larger);
}

/* Who loses the last live region ----------------------------------------- */

static void
loss_add(struct forecast *f, const struct policy_table *t,
    const struct rank *rank, double n)
{
	const struct conf_rule *rule =
	    &f->snapshot->conf->policies[t->policy].rules[rank->rule];

	for (size_t i = 0; i < f->losses.n; i++) {
		struct forecast_loss *l = &f->losses.at[i];

		if (l->pool != t->pool || l->rule != rule)
			continue;
		l->n += n;
		return;
	}
	vec_push(&f->losses, ((struct forecast_loss){t->pool, rule, n}));
}

static bool
is_lost_to(const struct forecast *f, uint16_t pool, const struct rank *rank,
    enum pool_family family)
{
	uint64_t order = 0;

	for (size_t i = 0; i < rank->n; i++)
		order |= UINT64_C(1) << rank->order[i];
	return (f->live[0][pool].of[family] & order) != 0 &&
	    (f->live[1][pool].of[family] & order) == 0;
}

static bool
is_lost(const struct forecast *f, uint16_t pool, const struct rank *rank)
{
	for (unsigned i = 0; i < POOL_FAMILIES; i++)
		if (is_lost_to(f, pool, rank, (enum pool_family)i))
			return true;
	return false;
}

static bool
loses_any(const struct forecast *f, uint16_t pool)
{
	for (size_t i = 0; i < POOL_FAMILIES; i++)
		if ((f->live[0][pool].of[i] & ~f->live[1][pool].of[i]) != 0)
			return true;
	return false;
}

static void
losses_find(struct forecast *f, const struct model *m)
{
	const struct snapshot *s = f->snapshot;

	for (size_t i = 0; i < s->conf->nnames; i++) {
		const struct policy_table *t = s->steered[i].table;
		uint16_t pool = s->steered[i].pool;

		if (s->steered[i].first != i || !loses_any(f, pool))
			continue;
		for (size_t k = 0; k < t->nranks; k++)
			if (is_lost(f, pool, &t->ranks[k]))
				loss_add(f, t, &t->ranks[k], 0);
	}
	for (size_t i = 0; f->losses.n > 0 && i < m->flow->n; i++) {
		const struct flow_unit *u = &m->flow->units[i];

		if (is_lost_to(f, u->question.pool, u->question.rank,
			pool_family(u->question.type)))
			loss_add(f, s->steered[u->name].table, u->question.rank,
			    u->answers * SAMPLE_MINUTE_S);
	}
}

/* Against capacity ------------------------------------------------------- */

static void
why(struct forecast *f, const char *region, const char *what)
{
	snprintf(f->why, sizeof(f->why), "%s%s%s", region,
	    *region != '\0' ? ": " : "", what);
}

/* The load that answers are taken to bring; false: it cannot be said. */
static bool
assume(struct forecast *f)
{
	size_t n = f->snapshot->conf->nregions, used = 0;
	double answers = f->per_minute - f->unknown;
	struct load_region *all = xcalloc(n, sizeof(*all));
	bool found;

	for (size_t i = 0; i < n; i++) {
		const struct forecast_region *r = &f->regions[i];

		if (!r->used)
			continue;
		if (r->capacity <= 0 && f->why[0] == '\0')
			why(f, f->snapshot->conf->regions[i].name,
			    "its capacity is not declared");
		all[used++] = (struct load_region){
		    r->capacity, answers > 0 ? r->before / answers : 0};
	}
	found = load_assume(
	    all, used, f->snapshot->conf->safety.max_fill, &f->assumed);
	free(all);
	if (!found && f->why[0] == '\0')
		why(f, "",
		    "no pool has a cost, and the load of a single region cannot be assumed");
	return found;
}

/* What can be judged: by too few answers nothing. */
static void
seen_enough(struct forecast *f)
{
	double known = f->sampled;

	if (f->per_minute > 0)
		known *= 1 - f->unknown / f->per_minute;
	if (f->why[0] == '\0' && known < FORECAST_ANSWERS_MIN)
		snprintf(f->why, sizeof(f->why),
		    "too little traffic: %.0f answers in the last minutes, %d are needed",
		    known, FORECAST_ANSWERS_MIN);
}

static bool
is_measured(const struct capacity *c)
{
	return c->regions != NULL;
}

/* How full regions are now. */
static void
fill_now(struct forecast *f, const struct capacity *c, struct model *m)
{
	size_t n = f->snapshot->conf->nregions;

	for (size_t i = 0; is_measured(c) && i < n; i++) {
		const struct capacity_region *r = &c->regions[i];

		if (r->capacity <= 0)
			continue;
		f->regions[i].fill[0] = 100 * r->load / r->capacity;
		f->regions[i].sent_on[0] = 100 * r->sent_on;
	}
	if (is_measured(c)) {
		capacity_scale(c, m);
		if (!c->begun)
			why(f, "", "the load of regions is not measured yet");
		seen_enough(f);
		return;
	}
	seen_enough(f);
	if (f->why[0] != '\0' || !assume(f))
		return;
	for (size_t i = 0; i < n; i++) {
		struct forecast_region *r = &f->regions[i];

		m->own[i] = m->scale[i] =
		    f->assumed * SAMPLE_MINUTE_S / (f->per_minute - f->unknown);
		if (r->used)
			r->fill[0] =
			    100 * m->own[i] * m->unscaled[i] / r->capacity;
	}
}

/* As the model would have settled with its drains, in percent. */
static void
settle(const struct forecast *f, const struct capacity *c, struct model *m,
    double *fill)
{
	if (is_measured(c) && c->begun)
		capacity_settle(c, m);
	else
		model_steer(m);
	for (size_t i = 0; i < f->snapshot->conf->nregions; i++)
		fill[i] = isnan(f->regions[i].fill[0])
		    ? NAN
		    : 100 * m->load[i] / f->regions[i].capacity;
}

/* Both roads begin here. */
static void
begin(struct forecast *f, struct model *m, struct capacity *c,
    const struct snapshot *s, const struct traffic *t)
{
	struct flow *flow = capacity_flow(c, s, t, clock_mono_s());

	forecast_init(f, s);
	f->minutes = flow->minutes;
	f->per_minute = flow->per_minute;
	f->unknown = flow->unknown;
	f->sampled = flow->sampled;
	model_init(m, s, flow, clock_mono_s());
	m->assumed = !is_measured(c);
	model_begin(m);
	answers_count(f, m, false);
	fill_now(f, c, m);
}

void
forecast_now(struct forecast *f, struct capacity *c, const struct snapshot *s,
    const struct traffic *t)
{
	struct model m;

	begin(f, &m, c, s, t);
	model_fini(&m);
}

static bool
is_over(const struct forecast *f, size_t region)
{
	const struct forecast_region *r = &f->regions[region];
	double max = f->snapshot->conf->safety.max_fill;

	return r->fill[1] > fmax(r->fill[0], max) + SOMETHING;
}

/* Regions that would be over the limit, and more than they will be anyway: what
 * that is is looked for where any would be. */
static void
worse_find(struct forecast *f, const struct capacity *c, struct model *m,
    const struct forecast_state *before)
{
	size_t n = f->snapshot->conf->nregions;
	double *anyway = xcalloc(n, sizeof(*anyway));
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= is_over(f, i);
	if (any) {
		model_drain(m, before->drains, before->down);
		settle(f, c, m, anyway);
	}
	for (size_t i = 0; i < n; i++)
		f->regions[i].worse = is_over(f, i) &&
		    f->regions[i].fill[1] > anyway[i] + SOMETHING;
	free(anyway);
}

static void
change(struct forecast *f, const struct capacity *c, struct model *m)
{
	size_t n = f->snapshot->conf->nregions;
	double *fill = xcalloc(n, sizeof(*fill));

	settle(f, c, m, fill);
	answers_count(f, m, true);
	moves_find(f, m);
	losses_find(f, m);
	for (size_t i = 0; i < n; i++) {
		struct forecast_region *r = &f->regions[i];

		r->fill[1] = f->why[0] == '\0' ? fill[i] : NAN;
		if (m->refused[i] > 0)
			r->sent_on[1] =
			    100 * m->refused[i] / (m->refused[i] + m->load[i]);
	}
	free(fill);
}

static void
stay(struct forecast *f)
{
	memcpy(f->answers[1], f->answers[0],
	    f->snapshot->ntallies * sizeof(double));
	f->all_down[1] = f->all_down[0];
	for (size_t i = 0; i < f->snapshot->conf->nregions; i++) {
		struct forecast_region *r = &f->regions[i];

		r->after = r->before;
		r->fill[1] = f->why[0] == '\0' ? r->fill[0] : NAN;
		r->sent_on[1] = r->sent_on[0];
	}
}

static bool
is_apart(const struct forecast_state *state, const struct pool *p)
{
	for (size_t i = 0; state->apart != NULL && i < p->nregions; i++)
		if (drains_name(
			state->apart, p->conf->name, p->regions[i].name))
			return true;
	return state->apart == NULL;
}

/* Does anything that steers?  Most pools have no part in the difference, and
 * most drains are of one target of many. */
static bool
pool_changes(struct forecast *f, struct model *m, size_t i,
    const struct forecast_state *before, const struct forecast_state *after)
{
	struct pool *p = &m->pools[i];
	uint64_t was;

	if (!is_apart(after, p))
		return false;
	model_drain_pool(m, i, before->drains, before->down);
	pool_live_words(p, f->live[0][i].of);
	was = model_state_pool(m, i);
	model_drain_pool(m, i, after->drains, after->down);
	pool_live_words(p, f->live[1][i].of);
	return model_state_pool(m, i) != was;
}

/* One that is the same before and after. */
static void
pool_stays(struct forecast *f, struct model *m, size_t i,
    const struct forecast_state *after)
{
	model_drain_pool(m, i, after->drains, after->down);
	pool_live_words(&m->pools[i], f->live[0][i].of);
	f->live[1][i] = f->live[0][i];
}

void
forecast_then(struct forecast *f, struct capacity *c, const struct snapshot *s,
    const struct traffic *t, const struct forecast_state *before,
    const struct forecast_state *after)
{
	struct model m;
	bool changes = false;

	begin(f, &m, c, s, t);
	for (size_t i = 0; i < s->conf->npools; i++)
		changes |= pool_changes(f, &m, i, before, after);
	if (changes) {
		for (size_t i = 0; i < s->conf->npools; i++)
			if (!is_apart(after, &m.pools[i]))
				pool_stays(f, &m, i, after);
		change(f, c, &m);
		worse_find(f, c, &m, before);
	} else {
		stay(f);
	}
	model_fini(&m);
}

/* What is unsafe --------------------------------------------------------- */

static bool
pool_is_named(const struct snapshot *s, const struct pool *p)
{
	for (size_t i = 0; i < s->conf->nnames; i++)
		if (s->conf->names[i].pool == p->index)
			return true;
	return false;
}

/* Does it stand in, when no region of another is live? */
static bool
pool_stands_in(const struct snapshot *s, const struct pool *p)
{
	for (size_t i = 0; i < s->conf->nnames; i++) {
		const struct policy_table *t = s->steered[i].table;

		for (size_t k = 0; k < t->nranks; k++)
			if (t->ranks[k].action == CONF_DOWN_POOL &&
			    t->ranks[k].pool == p->index)
				return true;
	}
	return false;
}

/* False: so many regions are left for the family, or no fewer than before. */
static bool
family_unsafe(const struct forecast *f, const struct pool *p,
    enum pool_family family, json_t *list)
{
	static const char *const words[POOL_FAMILIES] = {
	    "", " for IPv4", " for IPv6"};
	const struct snapshot *s = f->snapshot;
	unsigned least = s->conf->safety.min_regions;
	int before = __builtin_popcountll(f->live[0][p->index].of[family]);
	int after = __builtin_popcountll(f->live[1][p->index].of[family]);

	if (after >= before || after >= (int)least)
		return false;
	json_array_append_new(list,
	    json_sprintf(
		"leave pool %s%s with %d live region%s%s of %d now; safety.min_regions is %u",
		p->conf->name,
		pool_is_named(s, p) ? "" : ", a stand-in for other pools,",
		after, after == 1 ? "" : "s", words[family], before, least));
	return true;
}

static void
pool_unsafe(const struct forecast *f, const struct pool *p, json_t *list)
{
	const struct snapshot *s = f->snapshot;

	if (!loses_any(f, p->index) ||
	    (!pool_is_named(s, p) && !pool_stands_in(s, p)))
		return;
	if (!family_unsafe(f, p, POOL_ANY, list) &&
	    !family_unsafe(f, p, POOL_IPV4, list))
		family_unsafe(f, p, POOL_IPV6, list);
}

/* Where a whole pool is emptied that is said, and of those within a fence it is
 * said all the same. */
static void
loss_unsafe(
    const struct forecast *f, const struct forecast_loss *l, json_t *list)
{
	const struct conf *conf = f->snapshot->conf;
	const struct conf_mark *mark = &l->rule->mark;
	const char *fence = conf_rule_fence(l->rule);
	char share[48] = "";

	if (fence == NULL && f->live[1][l->pool].of[POOL_ANY] == 0)
		return;
	if (l->n > 0)
		snprintf(share, sizeof(share), ", %.1f%% of the traffic",
		    100 * l->n / f->per_minute);
	json_array_append_new(list,
	    json_sprintf(
		"leave clients%s%s of pool %s without a live region: the rule at %s:%u%s",
		fence != NULL ? " within the fence " : "",
		fence != NULL ? fence : "", conf->pools[l->pool].name,
		mark->file, mark->line, share));
}

bool
forecast_is_over(const struct forecast *f, size_t region)
{
	return f->regions[region].worse;
}

json_t *
forecast_unsafe(const struct forecast *f)
{
	const struct conf *conf = f->snapshot->conf;
	json_t *list = json_array();

	for (size_t i = 0; i < conf->npools; i++)
		pool_unsafe(f, &f->snapshot->pools[i], list);
	for (size_t i = 0; i < f->losses.n; i++)
		loss_unsafe(f, &f->losses.at[i], list);
	for (size_t i = 0; i < conf->nregions; i++) {
		const struct forecast_region *r = &f->regions[i];

		if (forecast_is_over(f, i))
			json_array_append_new(list,
			    json_sprintf(
				"fill region %s to %.0f%% of its capacity; safety.max_fill is %u%%",
				conf->regions[i].name, r->fill[1],
				conf->safety.max_fill));
	}
	return list;
}

/* Telling ---------------------------------------------------------------- */

static json_t *
percent(double n)
{
	return isnan(n) ? json_null() : json_real(n);
}

json_t *
forecast_regions(const struct forecast *f)
{
	const struct conf *conf = f->snapshot->conf;
	json_t *list = json_array();

	for (size_t i = 0; i < conf->nregions; i++) {
		const struct forecast_region *r = &f->regions[i];

		if (!r->used)
			continue;
		json_array_append_new(list,
		    json_pack("{s:s, s:o, s:f, s:f, s:o, s:o, s:f, s:f}",
			"region", conf->regions[i].name, "capacity",
			r->capacity > 0 ? json_integer((json_int_t)r->capacity)
					: json_null(),
			"before", r->before, "after", r->after, "fill_before",
			percent(r->fill[0]), "fill_after", percent(r->fill[1]),
			"sent_on_before", r->sent_on[0], "sent_on_after",
			r->sent_on[1]));
	}
	return list;
}
