/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/capacity.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

#include "snapshot/build.h"
#include "traffic/model.h"

/* Of max_fill: what is aimed at, and what regions must fall to before they get
 * clients back; in a brownout, how far above the average they may be. */
#define AIM 0.98
#define AIM_BACK 0.94
#define SLACK 1.02
#define SLACK_BACK 1.01

/* How much of what is new is believed of a region, at a look. */
#define BELIEF_ANSWERS 0.3
#define BELIEF_REPORTED 0.1

enum {
	LAG_S = 60, /* reported load follows answers so late: TTLs */
	RELATIVE_MAX = 10,
};

/* Going into service ----------------------------------------------------- */

void
capacity_fini(struct capacity *c)
{
	free(c->regions);
	free(c->counted);
	memset(c, 0, sizeof(*c));
}

static double
answers_of(const struct snapshot *s, const struct pool *p, size_t region)
{
	double n = 0;

	for (unsigned i = 0; i < POOL_REASON_COUNT; i++)
		n +=
		    (double)snapshot_steered(s, p, region, (enum pool_reason)i);
	return n;
}

static bool
is_counted(const struct snapshot *s, const struct pool *p, size_t region)
{
	return p->conf->cost > 0 &&
	    s->conf->regions[p->regions[region].region].capacity > 0;
}

static void
regions_find(struct capacity *c, const struct snapshot *s)
{
	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++) {
			struct capacity_region *region =
			    &c->regions[p->regions[r].region];

			if (is_counted(s, p, r))
				region->capacity =
				    (double)s->conf
					->regions[p->regions[r].region]
					.capacity;
		}
	}
}

/* What is known of the region of that name. */
static void
region_inherit(struct capacity_region *to, const char *name,
    const struct capacity *old, const struct snapshot *before)
{
	double capacity = to->capacity;

	for (size_t i = 0; before != NULL && i < old->n; i++)
		if (strcmp(before->conf->regions[i].name, name) == 0)
			*to = old->regions[i];
	to->capacity = capacity;
	if (capacity <= 0)
		*to = (struct capacity_region){.relative = 1};
}

/* Measuring -------------------------------------------------------------- */

/* What monitors say of the targets of a pool's region, by weight. */
static void
reports_sum(const struct pool_region *r, double *sum, double *weight)
{
	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		for (size_t k = 0; t->live && k < t->nwatches; k++) {
			if (!watch_has_load(t->watches[k]))
				continue;
			*sum += t->watches[k]->load * t->conf->weight;
			*weight += t->conf->weight;
		}
	}
}

static void
measure(struct capacity *c, const struct snapshot *s, double seconds)
{
	double *load = xcalloc(c->n, sizeof(*load));
	double *sum = xcalloc(c->n, sizeof(*sum));
	double *weight = xcalloc(c->n, sizeof(*weight));

	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++) {
			double *counted = &c->counted[p->first_tally + r];
			uint16_t region = p->regions[r].region;
			double n = answers_of(s, p, r);

			load[region] +=
			    p->conf->cost * (n - *counted) / seconds;
			*counted = n;
			if (p->conf->cost > 0)
				reports_sum(&p->regions[r], &sum[region],
				    &weight[region]);
		}
	}
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];

		r->reported = weight[i] > 0;
		r->load = r->reported ? sum[i] / weight[i] * r->capacity
				      : fmax(load[i], 0);
	}
	free(load);
	free(sum);
	free(weight);
}

/* The model, scaled ------------------------------------------------------ */

/* How much more or less a region carries by what the model says than all do
 * together; of what brings it next to nothing there is nothing to compare. */
static void
compare(struct capacity_region *r, double scale, double least, double belief)
{
	double is = 1;

	if (scale > 0 && r->modelled > least)
		is = fmin(r->load / r->modelled / scale, RELATIVE_MAX);
	r->relative += (is - r->relative) * belief;
}

static double
belief_of(const struct capacity *c, const struct capacity_region *r)
{
	if (!c->begun)
		return 1;
	return r->reported ? BELIEF_REPORTED : BELIEF_ANSWERS;
}

/* What the model says of regions as they are becomes what was measured. */
static void
calibrate(struct capacity *c, struct model *m, double seconds, bool steady)
{
	double load = 0, modelled = 0, scale;

	model_steer(m);
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];
		double late =
		    r->reported && c->begun ? fmin(seconds / LAG_S, 1) : 1;

		if (r->capacity <= 0)
			continue;
		r->modelled += (m->load[i] - r->modelled) * late;
		load += r->load;
		modelled += r->modelled;
	}
	scale = modelled > 0 ? load / modelled : 1;
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];
		double least = modelled / 100;

		if (steady || !c->begun)
			compare(r, scale, least, belief_of(c, r));
		m->scale[i] = scale * fmax(r->relative, 1.0 / RELATIVE_MAX);
		/* Its targets are busy with something else. */
		if (r->reported && r->modelled <= least)
			m->base[i] = r->load;
	}
}

/* Steps ------------------------------------------------------------------ */

static uint32_t
step_back(uint32_t from, uint32_t to)
{
	uint32_t most = SHARE_COHORTS * CAPACITY_STEP_BACK / 100;

	return from - to > most ? from - most : to;
}

/* From what is in force towards what must be (least) or may be (most). */
static uint32_t
step(const struct capacity_region *r, const struct model *m, uint16_t region,
    uint32_t least, uint32_t most, bool jump)
{
	double allowed = jump ? INFINITY : r->capacity * CAPACITY_STEP / 100;

	if (r->spill < least)
		return model_step(m, region, r->spill, least, allowed);
	if (r->spill > most && most >= least)
		return step_back(r->spill, most);
	return r->spill;
}

static void
enforce(const struct capacity *c, const struct snapshot *s)
{
	for (size_t i = 0; i < s->conf->npools; i++) {
		struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++) {
			uint32_t spill =
			    c->regions != NULL && is_counted(s, p, r)
			    ? c->regions[p->regions[r].region].spill
			    : 0;

			if (spill != atomic_load(&p->regions[r].spill))
				pool_spill(p, r, spill);
		}
	}
}

void
capacity_adopt(
    struct capacity *c, const struct snapshot *s, const struct snapshot *before)
{
	struct capacity old = *c;
	bool counts = false;

	memset(c, 0, sizeof(*c));
	c->n = s->conf->nregions;
	c->regions = xcalloc(c->n, sizeof(*c->regions));
	c->counted = xcalloc(s->ntallies, sizeof(*c->counted));
	c->brownout = old.brownout;
	regions_find(c, s);
	for (size_t i = 0; i < c->n; i++) {
		c->regions[i].relative = 1;
		region_inherit(
		    &c->regions[i], s->conf->regions[i].name, &old, before);
		counts |= c->regions[i].capacity > 0;
	}
	capacity_fini(&old);
	if (!counts)
		capacity_fini(c);
	enforce(c, s);
}

/* Looking ----------------------------------------------------------------- */

static void
look(struct capacity *c, const struct snapshot *s, struct model *m, bool jump)
{
	const double max = s->conf->safety.max_fill / 100.0;
	const struct model_limit least_by = {max * AIM, max, SLACK};
	const struct model_limit most_by = {
	    max * AIM_BACK, max * AIM, SLACK_BACK};
	uint32_t *least = xcalloc(c->n, sizeof(*least));
	uint32_t *most = xcalloc(c->n, sizeof(*most));
	bool over;

	for (size_t i = 0; i < c->n; i++)
		m->capacity[i] = c->regions[i].capacity;
	over = model_solve(m, &most_by, most);
	c->brownout = model_solve(m, &least_by, least) || (over && c->brownout);
	for (size_t i = 0; i < c->n; i++)
		c->regions[i].over = m->over[i];
	for (size_t i = 0; i < c->n; i++)
		model_spill(m, (uint16_t)i, c->regions[i].spill);
	model_steer(m);
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];

		r->sent_on = m->refused[i] > 0
		    ? m->refused[i] / (m->refused[i] + m->load[i])
		    : 0;
		r->spill = step(r, m, (uint16_t)i, least[i], most[i], jump);
	}
	free(least);
	free(most);
}

/* Tallies go on from the snapshot before once it is out of service. */
static void
count_begin(struct capacity *c, const struct snapshot *s, uint32_t now_s)
{
	measure(c, s, 1);
	c->since_s = now_s;
}

static uint64_t
live_hash(const struct snapshot *s)
{
	uint64_t hash = s->generation;

	for (size_t i = 0; i < s->conf->npools; i++) {
		uint64_t live = atomic_load(&s->pools[i].live);

		hash = XXH3_64bits_withSeed(&live, sizeof(live), hash);
	}
	return hash;
}

bool
capacity_tick(struct capacity *c, const struct snapshot *s,
    const struct traffic *t, uint32_t now_s)
{
	uint64_t live = live_hash(s);
	bool jump = !c->begun || live != c->live;
	double seconds = now_s - c->since_s;
	struct traffic now;
	struct model m;

	if (c->regions == NULL)
		return false;
	if (c->since_s == 0) {
		count_begin(c, s, now_s);
		return false;
	}
	/* Who comes and goes is not waited for. */
	if (seconds < 1 || (seconds < CAPACITY_PERIOD_S && !jump))
		return false;
	c->since_s = now_s;
	c->live = live;
	measure(c, s, seconds);
	now = traffic_now(t, s, now_s);
	model_init(&m, s, &now, now_s);
	if (m.n > 0) {
		calibrate(c, &m, seconds, !jump);
		look(c, s, &m, jump);
		c->begun = true;
		enforce(c, s);
	}
	model_fini(&m);
	traffic_fini(&now);
	return true;
}
