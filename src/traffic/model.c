/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/model.h"

#include <string.h>
#include <xxhash.h>

enum {
	ROUNDS = 24, /* in which clients are sent on and on */
	PASSES = 4,  /* in which limits are raised */
};

/* Making ----------------------------------------------------------------- */

static void
pools_copy(struct model *m)
{
	const struct snapshot *s = m->snapshot;
	size_t n = s->conf->npools, at = 0;

	m->pools = flow_pools(s);
	m->regions = xcalloc(s->ntallies, sizeof(*m->regions));
	for (size_t i = 0; i < n; i++) {
		struct pool *p = &m->pools[i];

		memcpy(&m->regions[at], p->regions,
		    p->nregions * sizeof(*p->regions));
		p->regions = &m->regions[at];
		at += p->nregions;
	}
}

void
model_init(
    struct model *m, const struct snapshot *s, struct flow *f, uint32_t now_s)
{
	size_t n = s->conf->nregions;

	*m = (struct model){.snapshot = s, .flow = f, .now_s = now_s};
	pools_copy(m);
	m->own = xcalloc(n, sizeof(*m->own));
	m->scale = xcalloc(n, sizeof(*m->scale));
	m->base = xcalloc(n, sizeof(*m->base));
	m->capacity = xcalloc(n, sizeof(*m->capacity));
	m->load = xcalloc(n, sizeof(*m->load));
	m->refused = xcalloc(n, sizeof(*m->refused));
	m->unscaled = xcalloc(n, sizeof(*m->unscaled));
	m->over = xcalloc(n, sizeof(*m->over));
	for (size_t i = 0; i < n; i++)
		m->own[i] = m->scale[i] = 1;
}

void
model_fini(struct model *m)
{
	free(m->pools);
	free(m->regions);
	free(m->offers);
	free(m->own);
	free(m->scale);
	free(m->base);
	free(m->capacity);
	free(m->load);
	free(m->refused);
	free(m->unscaled);
	free(m->over);
}

/* Drains ----------------------------------------------------------------- */

static void
bit_set(_Atomic uint64_t *word, size_t bit, bool on)
{
	uint64_t mask = UINT64_C(1) << bit;

	if (on)
		atomic_fetch_or(word, mask);
	else
		atomic_fetch_and(word, ~mask);
}

/* The offer's share is what clients are told by. */
static void
region_share(struct model *m, struct pool *p, size_t region, unsigned percent)
{
	struct pool_region *r = &p->regions[region];
	struct offer *o = &m->offers[p->first_tally + region];

	*o = *atomic_load(&r->offer);
	o->share.out = percent * (uint32_t)SHARE_COHORTS / DRAIN_WHOLE;
	o->share.out_over_s = 0;
	atomic_store(&r->offer, o);
	bit_set(&p->shared, region,
	    o->share.out != 0 || o->share.back || atomic_load(&r->spill) != 0);
	r->share = o->share;
}

void
model_drain_pool(struct model *m, size_t pool, const struct drains *drains,
    const struct drains *down)
{
	struct pool *p = &m->pools[pool];

	if (m->offers == NULL)
		m->offers = xcalloc(m->snapshot->ntallies, sizeof(*m->offers));
	for (size_t r = 0; r < p->nregions; r++)
		region_share(m, p, r, pool_suppose(p, r, drains, down));
}

void
model_drain(
    struct model *m, const struct drains *drains, const struct drains *down)
{
	for (size_t i = 0; i < m->snapshot->conf->npools; i++)
		model_drain_pool(m, i, drains, down);
}

static uint64_t
region_state(const struct pool_region *r, uint64_t hash)
{
	const struct share *s = &atomic_load(&r->offer)->share;
	const int64_t by[] = {s->out, s->out_over_s, s->out_end_s, s->back,
	    s->resumed, s->back_s, s->frozen_s, atomic_load(&r->spill)};

	return XXH3_64bits_withSeed(by, sizeof(by), hash);
}

uint64_t
model_state_pool(const struct model *m, size_t pool)
{
	const struct pool *p = &m->pools[pool];
	uint64_t hash = XXH3_64bits(p->words, sizeof(p->words));

	for (size_t r = 0; r < p->nregions; r++)
		hash = region_state(&p->regions[r], hash);
	return hash;
}

uint64_t
model_state(const struct model *m)
{
	uint64_t hash = m->now_s;

	for (size_t i = 0; i < m->snapshot->conf->npools; i++) {
		uint64_t pool = model_state_pool(m, i);

		hash = XXH3_64bits_withSeed(&pool, sizeof(pool), hash);
	}
	return hash + (hash == 0);
}

void
model_spill(struct model *m, uint16_t region, uint32_t spill)
{
	for (size_t i = 0; i < m->snapshot->conf->npools; i++) {
		struct pool *p = &m->pools[i];

		for (size_t r = 0; p->conf->cost > 0 && r < p->nregions; r++)
			if (p->regions[r].region == region)
				pool_spill(p, r, spill);
	}
}

/* Steering --------------------------------------------------------------- */

static uint32_t
position_of(const struct flow_unit *u, const struct pool *p, size_t at)
{
	const struct cohort c = share_cohort(&u->client, p->regions[at].name);
	uint8_t depth;
	const struct far *far =
	    far_find(u->question.rank->far, &u->client, &depth);

	return far_position(&far[at], c.number);
}

static bool
is_sent_on(const struct pool *p, size_t at, uint32_t position)
{
	return position >= SHARE_COHORTS - atomic_load(&p->regions[at].spill);
}

static double
load_in(const struct model *m, const struct flow_unit *u, uint16_t region)
{
	return u->load * (u->was == region ? m->own[region] : m->scale[region]);
}

static void
refused_count(struct model *m, const struct flow_unit *u)
{
	const struct rank *rank = u->question.rank;
	const struct pool *p = u->pool;
	uint64_t live = pool_live(p, pool_family(u->question.type));

	if (rank->hash != CONF_HASH_NONE || u->all_down)
		return;
	for (size_t i = 0; i < rank->n && rank->order[i] != u->at; i++) {
		uint8_t at = rank->order[i];

		if ((live >> at & 1) != 0 &&
		    is_sent_on(p, at, position_of(u, p, at)))
			m->refused[p->regions[at].region] +=
			    load_in(m, u, p->regions[at].region);
	}
}

/* Can the region send the client on, or has it already? */
static void
position_find(struct flow_unit *u)
{
	u->last_resort = u->all_down || u->question.rank->far == NULL;
	if (u->last_resort)
		return;
	u->position = position_of(u, u->pool, u->at);
	u->last_resort = is_sent_on(u->pool, u->at, u->position);
}

static void
unit_steer(struct model *m, struct flow_unit *u)
{
	struct pick k;

	u->question.now_s = m->now_s;
	pick_region(m->pools, &u->question, &k);
	u->pool = k.pool;
	u->at = k.region;
	u->region = k.pool->regions[k.region].region;
	u->all_down = k.reason == POOL_ALL_DOWN;
	u->counts = m->assumed || k.pool->conf->cost > 0;
	u->load = u->answers * (m->assumed ? 1 : k.pool->conf->cost);
	if (!u->counts)
		return;
	m->unscaled[u->region] += u->load;
	m->load[u->region] += load_in(m, u, u->region);
	if (m->assumed)
		return;
	position_find(u);
	refused_count(m, u);
}

void
model_steer(struct model *m)
{
	size_t n = m->snapshot->conf->nregions;

	m->flow->begun = 0;
	memcpy(m->load, m->base, n * sizeof(*m->load));
	memset(m->refused, 0, n * sizeof(*m->refused));
	memset(m->unscaled, 0, n * sizeof(*m->unscaled));
	for (size_t i = 0; i < m->flow->n; i++)
		unit_steer(m, &m->flow->units[i]);
}

/* What another model has done before. */
static void
recall(struct model *m)
{
	size_t n = m->snapshot->conf->nregions;

	memcpy(m->load, m->flow->loads, n * sizeof(*m->load));
	memcpy(m->refused, m->flow->loads + n, n * sizeof(*m->refused));
	memcpy(m->unscaled, m->flow->loads + 2 * n, n * sizeof(*m->unscaled));
	for (size_t i = 0; i < m->flow->n; i++)
		m->flow->units[i].pool = &m->pools[m->flow->units[i].was_of];
}

void
model_begin(struct model *m)
{
	size_t n = m->snapshot->conf->nregions;
	uint64_t state = model_state(m) + m->assumed;
	double *loads;

	if (m->flow->begun == state) {
		recall(m);
		return;
	}
	model_steer(m);
	for (size_t i = 0; i < m->flow->n; i++) {
		struct flow_unit *u = &m->flow->units[i];

		u->was = u->region;
		u->was_of = u->pool->index;
	}
	loads = xreallocarray(m->flow->loads, 3 * n, sizeof(*loads));
	memcpy(loads, m->load, n * sizeof(*loads));
	memcpy(loads + n, m->refused, n * sizeof(*loads));
	memcpy(loads + 2 * n, m->unscaled, n * sizeof(*loads));
	m->flow->loads = loads;
	m->flow->begun = state;
}

/* Solving ---------------------------------------------------------------- */

static int
farther(const void *x, const void *y)
{
	const struct flow_unit *const *a = x, *const *b = y;

	return ((*a)->position < (*b)->position) -
	    ((*a)->position > (*b)->position);
}

/* Those of a region that it could send on, the farthest first; free() them. */
static const struct flow_unit **
units_of(const struct model *m, uint16_t region, size_t *n)
{
	const struct flow_unit *u = m->flow->units;
	const struct flow_unit **units =
	    xcalloc(m->flow->n, sizeof(const void *));

	*n = 0;
	for (size_t i = 0; i < m->flow->n; i++)
		if (u[i].counts && u[i].region == region && !u[i].last_resort)
			units[(*n)++] = &u[i];
	if (*n > 0)
		qsort(units, *n, sizeof(const void *), farther);
	return units;
}

/* What a region sends on so that so much is gone. */
static uint32_t
shed(const struct model *m, uint16_t region, uint32_t spill, double excess)
{
	size_t n;
	const struct flow_unit **units = units_of(m, region, &n);

	for (size_t i = 0; i < n && excess > 0; i++) {
		spill = SHARE_COHORTS - units[i]->position;
		excess -= load_in(m, units[i], region);
	}
	free(units);
	return spill;
}

/* With these limits; spill is what regions send on in the end. */
static void
settle(struct model *m, const double *limits, uint32_t *spill)
{
	uint16_t n = (uint16_t)m->snapshot->conf->nregions;
	bool changed = true;

	for (uint16_t i = 0; i < n; i++)
		model_spill(m, i, spill[i] = 0);
	for (unsigned round = 0; changed && round < ROUNDS; round++) {
		model_steer(m);
		changed = false;
		for (uint16_t i = 0; i < n; i++) {
			double excess = m->load[i] - limits[i];
			uint32_t more;

			if (m->capacity[i] <= 0 || excess <= limits[i] / 1000)
				continue;
			more = shed(m, i, spill[i], excess);
			changed |= more > spill[i];
			spill[i] = more;
		}
		for (uint16_t i = 0; i < n; i++)
			model_spill(m, i, spill[i]);
	}
	model_steer(m);
}

/* Regions that are over their limit, and those that sent on who is there as the
 * last resort; true: there are any. */
static bool
over_find(struct model *m, const double *limits)
{
	size_t n = m->snapshot->conf->nregions;
	bool any = false;

	for (size_t i = 0; i < n; i++) {
		if (m->capacity[i] <= 0 || m->load[i] <= limits[i] * 1.005)
			continue;
		any = m->over[i] = true;
	}
	for (size_t i = 0; any && i < m->flow->n; i++) {
		const struct flow_unit *u = &m->flow->units[i];
		const struct rank *rank = u->question.rank;
		const struct pool *p = &m->pools[u->question.pool];

		if (!u->counts || u->all_down || !u->last_resort ||
		    !m->over[u->region])
			continue;
		for (size_t k = 0; k < rank->n; k++) {
			const struct pool_region *r =
			    &p->regions[rank->order[k]];

			if (atomic_load(&r->spill) > 0)
				m->over[r->region] = true;
		}
	}
	return any;
}

/* The average of those that are over, and slack; true: it is above max. */
static bool
limits_raise(const struct model *m, const struct model_limit *l, double *limits)
{
	size_t n = m->snapshot->conf->nregions;
	double load = 0, capacity = 0, limit;

	for (size_t i = 0; i < n; i++) {
		load += m->over[i] ? m->load[i] : 0;
		capacity += m->over[i] ? m->capacity[i] : 0;
	}
	limit = load / capacity * l->slack;
	if (load / capacity <= l->max)
		limit = l->max;
	for (size_t i = 0; i < n; i++)
		if (m->over[i] && m->capacity[i] * limit > limits[i])
			limits[i] = m->capacity[i] * limit;
	return limit > l->max;
}

bool
model_solve(struct model *m, const struct model_limit *l, uint32_t *spill)
{
	size_t n = m->snapshot->conf->nregions;
	double *limits = xcalloc(n, sizeof(*limits));
	bool over = false;

	memset(m->over, 0, n * sizeof(*m->over));
	for (size_t i = 0; i < n; i++)
		limits[i] = m->capacity[i] * l->aim;
	settle(m, limits, spill);
	for (unsigned i = 0; i < PASSES && over_find(m, limits); i++) {
		over = limits_raise(m, l, limits);
		settle(m, limits, spill);
	}
	free(limits);
	if (!over)
		memset(m->over, 0, n * sizeof(*m->over));
	return over;
}

uint32_t
model_step(const struct model *m, uint16_t region, uint32_t from, uint32_t to,
    double allowed)
{
	size_t n;
	const struct flow_unit **units = units_of(m, region, &n);
	uint32_t at = from;
	size_t i;

	/* One in any case, so that it goes on. */
	for (i = 0; i < n; i++) {
		uint32_t spill = SHARE_COHORTS - units[i]->position;

		allowed -= load_in(m, units[i], region);
		if (spill >= to || (i > 0 && allowed < 0))
			break;
		at = spill;
	}
	free(units);
	return i < n && allowed < 0 ? at : to;
}
