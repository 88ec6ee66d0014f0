/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/model.h"

#include <string.h>
#include <xxhash.h>

#include "traffic/flow.h"

enum {
	UNITS = 4096, /* and one more for each class */
	ROUNDS = 24,  /* in which clients are sent on and on */
	PASSES = 4,   /* in which limits are raised */
};

/* Making ----------------------------------------------------------------- */

static void
pools_copy(struct model *m)
{
	const struct snapshot *s = m->snapshot;
	size_t at = 0;

	m->pools = flow_pools(s);
	m->regions = xcalloc(s->ntallies, sizeof(*m->regions));
	for (size_t i = 0; i < s->conf->npools; i++) {
		struct pool *p = &m->pools[i];

		memcpy(&m->regions[at], p->regions,
		    p->nregions * sizeof(*p->regions));
		p->regions = &m->regions[at];
		at += p->nregions;
	}
}

static double
cost_of(const struct snapshot *s, const struct traffic_cell *c)
{
	double cost = s->pools[s->steered[c->name].pool].conf->cost;

	return c->class == SAMPLE_CLASS_MAX ? 0 : cost;
}

static struct addr
client_of(size_t i)
{
	uint64_t hash = XXH3_64bits(&i, sizeof(i));
	struct addr a = {.family = 4};

	memcpy(a.bytes, &hash, 4);
	return a;
}

/* units clients of a class, which bring n together. */
static void
units_add(struct model *m, const struct traffic_cell *c, double n, size_t units,
    uint32_t now_s)
{
	const struct steered *name = &m->snapshot->steered[c->name];

	for (size_t i = 0; i < units; i++) {
		struct model_unit *u = &m->units[m->n];

		u->client = client_of(m->n++);
		u->n = n / (double)units;
		u->question = (struct pick_question){
		    .rank = &name->table->ranks[c->class],
		    .client = &u->client,
		    .pool = name->pool,
		    .type = m->snapshot->pools[name->pool].conf->types[0],
		    .ttl_max = name->ttl_max,
		    .now_s = now_s,
		    .random = (uint32_t)XXH3_64bits(&m->n, sizeof(m->n)),
		};
	}
}

static void
units_make(struct model *m, const struct traffic *t, uint32_t now_s)
{
	const struct snapshot *s = m->snapshot;
	double total = 0, n = 0;
	size_t classes = 0;

	for (size_t i = 0; i < t->cells.n; i++) {
		total += t->cells.at[i].n * cost_of(s, &t->cells.at[i]);
		classes++;
	}
	m->units = xcalloc(UNITS + classes, sizeof(*m->units));
	for (size_t i = 0; i < t->cells.n; i++) {
		const struct traffic_cell *c = &t->cells.at[i];
		bool last = i + 1 == t->cells.n || c[1].name != c->name ||
		    c[1].class != c->class;

		n += c->n * cost_of(s, c);
		if (!last)
			continue;
		if (n > 0)
			units_add(m, c, n / t->minutes / SAMPLE_MINUTE_S,
			    (size_t)(UNITS * n / total) + 1, now_s);
		n = 0;
	}
}

void
model_init(struct model *m, const struct snapshot *s, const struct traffic *t,
    uint32_t now_s)
{
	size_t n = s->conf->nregions;

	memset(m, 0, sizeof(*m));
	m->snapshot = s;
	pools_copy(m);
	m->scale = xcalloc(n, sizeof(*m->scale));
	m->base = xcalloc(n, sizeof(*m->base));
	m->capacity = xcalloc(n, sizeof(*m->capacity));
	m->load = xcalloc(n, sizeof(*m->load));
	m->refused = xcalloc(n, sizeof(*m->refused));
	m->over = xcalloc(n, sizeof(*m->over));
	for (size_t i = 0; i < n; i++)
		m->scale[i] = 1;
	if (t->minutes > 0)
		units_make(m, t, now_s);
}

void
model_fini(struct model *m)
{
	free(m->pools);
	free(m->regions);
	free(m->units);
	free(m->scale);
	free(m->base);
	free(m->capacity);
	free(m->load);
	free(m->refused);
	free(m->over);
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
position_of(const struct model_unit *u, const struct pool *p, size_t at)
{
	const struct cohort c = share_cohort(&u->client, p->regions[at].name);

	return far_position(&u->question.rank->far[at], c.number);
}

static bool
is_sent_on(const struct pool *p, size_t at, uint32_t position)
{
	return position >= SHARE_COHORTS - atomic_load(&p->regions[at].spill);
}

static void
refused_count(struct model *m, const struct model_unit *u, const struct pick *k)
{
	const struct rank *rank = u->question.rank;
	const struct pool *p = &m->pools[u->question.pool];
	uint64_t live = atomic_load(&p->live);

	if (rank->hash != CONF_HASH_NONE || k->pool != p)
		return;
	for (size_t i = 0; i < rank->n && rank->order[i] != k->region; i++) {
		uint8_t at = rank->order[i];
		uint16_t region = p->regions[at].region;

		if ((live >> at & 1) != 0 &&
		    is_sent_on(p, at, position_of(u, p, at)))
			m->refused[region] += u->n * m->scale[region];
	}
}

void
model_steer(struct model *m)
{
	size_t n = m->snapshot->conf->nregions;

	memcpy(m->load, m->base, n * sizeof(*m->load));
	memset(m->refused, 0, n * sizeof(*m->refused));
	for (size_t i = 0; i < m->n; i++) {
		struct model_unit *u = &m->units[i];
		struct pick k;

		pick_region(m->pools, &u->question, &k);
		u->region = CONF_NONE;
		if (k.pool->conf->cost <= 0)
			continue;
		u->region = k.pool->regions[k.region].region;
		u->last_resort = k.pool->index != u->question.pool;
		if (!u->last_resort) {
			u->position = position_of(u, k.pool, k.region);
			u->last_resort =
			    is_sent_on(k.pool, k.region, u->position);
		}
		m->load[u->region] += u->n * m->scale[u->region];
		refused_count(m, u, &k);
	}
}

/* Solving ---------------------------------------------------------------- */

static int
farther(const void *x, const void *y)
{
	const struct model_unit *const *a = x, *const *b = y;

	return ((*a)->position < (*b)->position) -
	    ((*a)->position > (*b)->position);
}

/* Those of a region that it could send on, the farthest first; free() them. */
static const struct model_unit **
units_of(const struct model *m, uint16_t region, size_t *n)
{
	const struct model_unit **units = xcalloc(m->n, sizeof(const void *));

	*n = 0;
	for (size_t i = 0; i < m->n; i++)
		if (m->units[i].region == region && !m->units[i].last_resort)
			units[(*n)++] = &m->units[i];
	if (*n > 0)
		qsort(units, *n, sizeof(const void *), farther);
	return units;
}

/* What a region sends on so that so much is gone. */
static uint32_t
shed(const struct model *m, uint16_t region, uint32_t spill, double excess)
{
	size_t n;
	const struct model_unit **units = units_of(m, region, &n);

	for (size_t i = 0; i < n && excess > 0; i++) {
		spill = SHARE_COHORTS - units[i]->position;
		excess -= units[i]->n * m->scale[region];
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
	for (size_t i = 0; any && i < m->n; i++) {
		const struct model_unit *u = &m->units[i];
		const struct rank *rank = u->question.rank;
		const struct pool *p = &m->pools[u->question.pool];

		if (u->region == CONF_NONE || !u->last_resort ||
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
	const struct model_unit **units = units_of(m, region, &n);
	uint32_t at = from;
	size_t i;

	/* One in any case, so that it goes on. */
	for (i = 0; i < n; i++) {
		uint32_t spill = SHARE_COHORTS - units[i]->position;

		allowed -= units[i]->n * m->scale[region];
		if (spill >= to || (i > 0 && allowed < 0))
			break;
		at = spill;
	}
	free(units);
	return i < n && allowed < 0 ? at : to;
}
