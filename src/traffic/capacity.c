/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/capacity.h"

#include <math.h>
#include <stddef.h>
#include <string.h>
#include <xxhash.h>

#include "snapshot/build.h"

/* Of max_fill: what is aimed at, and what regions must fall to before they get
 * clients back; in a brownout, how far above the average they may be. */
#define AIM 0.98
#define AIM_BACK 0.94
#define SLACK 1.02
#define SLACK_BACK 1.01

/* How much of what is new is believed of a region, at a look. */
#define BELIEF_ANSWERS 0.3
#define BELIEF_REPORTED 0.1

enum { RELATIVE_MAX = 10 };

/* Going into service ----------------------------------------------------- */

void
capacity_fini(struct capacity *c)
{
	free(c->regions);
	free(c->rates);
	flow_fini(&c->flow);
	memset(c, 0, sizeof(*c));
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

static const struct capacity_region *
region_find(
    const struct capacity *c, const struct snapshot *s, const char *name)
{
	for (size_t i = 0; s != NULL && i < c->n; i++)
		if (strcmp(s->conf->regions[i].name, name) == 0)
			return &c->regions[i];
	return NULL;
}

static void
region_scale(struct capacity_region *r, double larger)
{
	r->modelled *= larger;
	for (size_t i = 0; i < CAPACITY_PAST; i++)
		r->past[i] *= larger;
}

/* What is known of the region of that name, in units of the costs and the
 * capacity of now. */
static void
region_inherit(struct capacity *c, size_t region, const struct snapshot *s,
    const struct capacity *old, const struct snapshot *before)
{
	const char *name = s->conf->regions[region].name;
	const struct capacity_region *from = region_find(old, before, name);
	struct capacity_region *to = &c->regions[region];
	double capacity = to->capacity, was, is, larger;

	to->relative = 1;
	if (capacity <= 0 || from == NULL || from->capacity <= 0)
		return;
	*to = *from;
	to->capacity = capacity;
	was = rates_load(old->rates, before, name, s, true);
	is = rates_load(c->rates, s, name, before, true);
	larger = capacity / from->capacity;
	if (was > 0 && is > 0)
		region_scale(to, is / was);
	to->gone += rates_load(old->rates, before, name, s, false);
	to->load = is + to->gone;
	if (to->reported) {
		to->load = from->load * larger;
		to->relative *= larger;
	}
}

/* Measuring -------------------------------------------------------------- */

/* What monitors say of the targets of a pool's region, by weight. */
static void
reports_sum(const struct pool_region *r, double *sum, double *weight)
{
	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		for (size_t k = 0; t->live[POOL_ANY] && k < t->nwatches; k++) {
			if (!watch_has_load(t->watches[k]))
				continue;
			*sum += t->watches[k]->load * t->conf->weight;
			*weight += t->conf->weight;
		}
	}
}

static void
measure(struct capacity *c, const struct snapshot *s, uint32_t now_s)
{
	double *load = xcalloc(c->n, sizeof(*load));
	bool *fresh = xcalloc(c->n, sizeof(*fresh));
	double *sum = xcalloc(c->n, sizeof(*sum));
	double *weight = xcalloc(c->n, sizeof(*weight));

	rates_count(c->rates, s, now_s, !c->begun);
	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++) {
			size_t at = p->first_tally + r;
			uint16_t region = p->regions[r].region;

			load[region] += p->conf->cost * c->rates[at].rate;
			fresh[region] |= !c->rates[at].known;
			if (p->conf->cost > 0)
				reports_sum(&p->regions[r], &sum[region],
				    &weight[region]);
		}
	}
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];

		r->reported = weight[i] > 0;
		if (r->reported)
			r->load = sum[i] / weight[i] * r->capacity;
		else
			r->load = load[i] + (fresh[i] ? r->gone : 0);
		if (!fresh[i])
			r->gone = 0;
	}
	free(load);
	free(fresh);
	free(sum);
	free(weight);
}

/* How long the last look is ago, and whether regions came or went since. */
struct when {
	double seconds;
	bool jump;
};

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

/* Exactly as it was measured, where regions did not come and go meanwhile. */
static double
own_of(const struct capacity_region *r, double scale, double least, bool steady)
{
	double is;

	if (r->modelled <= least || (!steady && !r->reported))
		return scale;
	is = r->load / r->modelled;
	return fmin(fmax(is, scale / RELATIVE_MAX), scale * RELATIVE_MAX);
}

static void
look_remember(struct capacity *c, double seconds)
{
	memmove(
	    c->past_s + 1, c->past_s, sizeof(c->past_s) - sizeof(c->past_s[0]));
	c->past_s[0] = seconds;
	c->past_n += c->past_n < CAPACITY_PAST;
}

/* The TTL of answers that count, on average. */
static double
ttl_of(const struct model *m)
{
	double sum = 0, load = 0;

	for (size_t i = 0; i < m->flow->n; i++) {
		const struct flow_unit *u = &m->flow->units[i];

		sum += u->counts ? u->load * u->question.ttl_max : 0;
		load += u->counts ? u->load : 0;
	}
	return load > 0 ? sum / load : 0;
}

/* What a region carries by answers that caches keep for the TTL: those of as
 * many seconds past, alike. */
static double
cached(const struct capacity *c, const struct capacity_region *r, double ttl_s)
{
	double sum = 0, seconds = 0;

	for (size_t i = 0; i < c->past_n && seconds < ttl_s; i++) {
		double part = fmin(c->past_s[i], ttl_s - seconds);

		sum += r->past[i] * part;
		seconds += part;
	}
	return seconds > 0 ? sum / seconds : r->past[0];
}

/* What the model says of regions as they are becomes what was measured. */
static void
calibrate(struct capacity *c, struct model *m, const struct when *when)
{
	double load = 0, modelled = 0, scale, least, own;

	model_begin(m);
	look_remember(c, when->seconds);
	c->sampled = 0;
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];

		c->sampled += m->unscaled[i];
		if (r->capacity <= 0)
			continue;
		memmove(
		    r->past + 1, r->past, sizeof(r->past) - sizeof(r->past[0]));
		r->past[0] = m->unscaled[i];
		r->modelled = r->reported && c->begun ? cached(c, r, ttl_of(m))
						      : m->unscaled[i];
		load += r->load;
		modelled += r->modelled;
	}
	scale = modelled > 0 ? load / modelled : 1;
	least = modelled / 100;
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];

		/* Of what a reload renamed there is nothing to learn. */
		if ((!when->jump && r->gone <= 0) || !c->begun)
			compare(r, scale, least, belief_of(c, r));
		own = scale * fmax(r->relative, 1.0 / RELATIVE_MAX);
		/* Who comes brings as many answers as elsewhere, but perhaps
		 * another load. */
		r->scale = r->reported ? own : scale;
		r->own = own_of(r, own, least, !when->jump);
		/* Its targets are busy with something else. */
		r->base = r->reported && r->modelled <= least ? r->load : 0;
		m->own[i] = own;
		m->scale[i] = r->scale;
		m->base[i] = r->base;
		m->capacity[i] = r->capacity;
	}
}

void
capacity_scale(const struct capacity *c, struct model *m)
{
	double now = 0, larger;

	for (size_t i = 0; i < c->n; i++)
		now += m->unscaled[i];
	larger = now > 0 && c->sampled > 0 ? c->sampled / now : 1;
	for (size_t i = 0; i < c->n; i++) {
		const struct capacity_region *r = &c->regions[i];

		m->capacity[i] = r->capacity;
		if (r->capacity <= 0)
			continue;
		m->own[i] = r->own * larger;
		m->scale[i] = r->scale * larger;
		m->base[i] = r->base;
	}
}

/* Steps ------------------------------------------------------------------ */

static uint32_t
step_back(uint32_t from, uint32_t to, double seconds)
{
	uint32_t most = (uint32_t)(SHARE_COHORTS * CAPACITY_STEP_BACK / 100.0 *
	    fmin(seconds / CAPACITY_PERIOD_S, 1));

	return from - to > most ? from - most : to;
}

/* From what is in force towards what must be (least) or may be (most). */
static uint32_t
step(const struct capacity_region *r, const struct model *m, uint16_t region,
    uint32_t least, uint32_t most, const struct when *when)
{
	double allowed =
	    when->jump ? INFINITY : r->capacity * CAPACITY_STEP / 100;

	if (r->spill < least)
		return model_step(m, region, r->spill, least, allowed);
	if (r->spill > most && most >= least)
		return when->jump ? most
				  : step_back(r->spill, most, when->seconds);
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

static uint64_t
live_hash(const struct snapshot *s)
{
	uint64_t hash = s->conf->npools;

	for (size_t i = 0; i < s->conf->npools; i++) {
		uint64_t live[POOL_FAMILIES];

		pool_live_words(&s->pools[i], live);
		hash = XXH3_64bits_withSeed(live, sizeof(live), hash);
	}
	return hash;
}

void
capacity_adopt(struct capacity *c, const struct snapshot *s,
    const struct snapshot *before, uint32_t now_s)
{
	struct capacity old = *c;
	bool counts = false;

	if (old.regions == NULL)
		old.looked_s = now_s;
	*c = (struct capacity){
	    .n = s->conf->nregions,
	    .regions = xcalloc(s->conf->nregions, sizeof(*c->regions)),
	    .rates = xcalloc(s->ntallies, sizeof(*c->rates)),
	    .looked_s = old.looked_s,
	    .live = live_hash(s),
	    .begun = old.begun,
	    .past_n = old.past_n,
	    .brownout = old.brownout,
	};
	/* Not looked at yet, and not because of the reload. */
	if (before != NULL && old.live != live_hash(before))
		c->live++;
	memcpy(c->past_s, old.past_s, sizeof(c->past_s));
	rates_inherit(c->rates, s, old.rates, before, now_s);
	regions_find(c, s);
	for (size_t i = 0; i < c->n; i++) {
		region_inherit(c, i, s, &old, before);
		counts |= c->regions[i].capacity > 0;
	}
	capacity_fini(&old);
	if (!counts)
		capacity_fini(c);
	enforce(c, s);
}

/* Looking ----------------------------------------------------------------- */

/* The least that regions must send on, and the most that they may; true: some
 * are over even so. */
static bool
limits_find(
    const struct capacity *c, struct model *m, uint32_t *least, uint32_t *most)
{
	const double max = m->snapshot->conf->safety.max_fill / 100.0;
	const struct model_limit least_by = {max * AIM, max, SLACK};
	const struct model_limit most_by = {
	    max * AIM_BACK, max * AIM, SLACK_BACK};
	bool over = model_solve(m, &most_by, most);

	return model_solve(m, &least_by, least) || (over && c->brownout);
}

/* By more than a step would mend: in the model, that is solved for all regions
 * together, each is where it can be at once. */
static bool
is_far_over(const struct model *m, const double *solved)
{
	for (size_t i = 0; i < m->snapshot->conf->nregions; i++)
		if (m->capacity[i] > 0 &&
		    m->load[i] >
			solved[i] + m->capacity[i] * CAPACITY_STEP / 100)
			return true;
	return false;
}

static void
look(struct capacity *c, struct model *m, const struct when *when)
{
	uint32_t *least = xcalloc(c->n, sizeof(*least));
	uint32_t *most = xcalloc(c->n, sizeof(*most));
	double *solved = xcalloc(c->n, sizeof(*solved));
	struct when now = *when;

	c->brownout = limits_find(c, m, least, most);
	memcpy(solved, m->load, c->n * sizeof(*solved));
	for (size_t i = 0; i < c->n; i++) {
		c->regions[i].over = m->over[i];
		model_spill(m, (uint16_t)i, c->regions[i].spill);
	}
	model_steer(m);
	now.jump |= is_far_over(m, solved);
	for (size_t i = 0; i < c->n; i++) {
		struct capacity_region *r = &c->regions[i];

		r->sent_on = m->refused[i] > 0
		    ? m->refused[i] / (m->refused[i] + m->load[i])
		    : 0;
		r->spill = step(r, m, (uint16_t)i, least[i], most[i], &now);
	}
	free(solved);
	free(least);
	free(most);
}

void
capacity_settle(const struct capacity *c, struct model *m)
{
	uint32_t *least = xcalloc(c->n, sizeof(*least));
	uint32_t *most = xcalloc(c->n, sizeof(*most));

	limits_find(c, m, least, most);
	for (size_t i = 0; i < c->n; i++) {
		uint32_t spill = c->regions[i].spill;

		if (spill > most[i])
			spill = most[i];
		if (spill < least[i])
			spill = least[i];
		model_spill(m, (uint16_t)i, spill);
	}
	model_steer(m);
	free(least);
	free(most);
}

struct flow *
capacity_flow(struct capacity *c, const struct snapshot *s,
    const struct traffic *t, uint32_t now_s)
{
	struct traffic now;

	if (c->flow_s == now_s && c->flow_s != 0)
		return &c->flow;
	now = traffic_now(t, s, now_s);
	flow_fini(&c->flow);
	flow_make(&c->flow, s, &now);
	traffic_fini(&now);
	c->flow_s = now_s;
	return &c->flow;
}

void
capacity_renew(struct capacity *c)
{
	c->flow_s = 0;
}

bool
capacity_tick(struct capacity *c, const struct snapshot *s,
    const struct traffic *t, uint32_t now_s)
{
	uint64_t live = live_hash(s);
	const struct when when = {
	    now_s - c->looked_s, !c->begun || live != c->live};
	struct flow *flow;
	struct model m;

	if (c->regions == NULL)
		return false;
	/* Who comes and goes is not waited for. */
	if (when.seconds < 1 ||
	    (when.seconds < CAPACITY_PERIOD_S && !when.jump))
		return false;
	c->looked_s = now_s;
	c->live = live;
	measure(c, s, now_s);
	capacity_renew(c);
	flow = capacity_flow(c, s, t, now_s);
	model_init(&m, s, flow, now_s);
	if (flow->n > 0) {
		calibrate(c, &m, &when);
		look(c, &m, &when);
		c->begun = true;
		enforce(c, s);
	}
	model_fini(&m);
	return true;
}
