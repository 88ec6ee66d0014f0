/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/pool.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "dns/name.h"

const char *const pool_reason_names[POOL_REASON_COUNT] = {
    "first", "failover", "drained", "all_down", "unlocated"};

/* Offers --------------------------------------------------------------------
 */

/* Any name asked: as a wildcard just below the root. */
static const uint8_t any_name[] = {1, '*', 0};

/* Bodies while an offer is made; each is on the heap. */
struct draft {
	VEC(struct variant) variants[CONF_POOL_TYPES_MAX];
	struct composer *composer;
};

static bool
record_put(struct composer *c, uint16_t type, const uint8_t *rdata, size_t len)
{
	return composer_put(
	    c, BODY_ANSWER, any_name, type, 0, rdata, (uint16_t)len, false);
}

/* All that the target has of the type; false: nothing. */
static bool
target_put(struct composer *c, const struct conf_target *t, uint16_t type)
{
	const struct addr *a = &t->addr[type == DNS_AAAA];
	bool put = false;

	if (type == DNS_CNAME && t->cname != NULL)
		return record_put(c, type, t->cname, name_len(t->cname));
	if ((type == DNS_A || type == DNS_AAAA) && a->family != 0)
		return record_put(c, type, a->bytes, addr_bits(a) / 8);
	for (size_t i = 0; i < t->nrecords; i++) {
		const struct conf_record *r = &t->records[i];

		if (r->type == type &&
		    record_put(c, type, r->rdata, r->rdata_len))
			put = true;
	}
	return put;
}

static struct body *
body_end(struct composer *c)
{
	return composer_end(c, xmalloc(composer_size(c)));
}

/* One answer with all chosen targets that have the type, up to max. */
static void
draft_all(struct draft *d, size_t k, const struct pool *p,
    const struct pool_region *r, const bool *chosen)
{
	unsigned put = 0;

	composer_begin(d->composer, any_name, false);
	for (size_t i = 0; i < r->ntargets && put < p->conf->max; i++)
		if (chosen[i])
			put += target_put(
			    d->composer, r->targets[i].conf, p->conf->types[k]);
	if (put > 0)
		vec_push(&d->variants[k],
		    ((struct variant){1, body_end(d->composer)}));
}

/* One answer for each chosen target that has the type. */
static void
draft_each(struct draft *d, size_t k, const struct pool *p,
    const struct pool_region *r, const bool *chosen)
{
	uint32_t until = 0;

	for (size_t i = 0; i < r->ntargets; i++) {
		if (!chosen[i])
			continue;
		composer_begin(d->composer, any_name, false);
		if (!target_put(
			d->composer, r->targets[i].conf, p->conf->types[k]))
			continue;
		until += r->targets[i].conf->weight;
		vec_push(&d->variants[k],
		    ((struct variant){until, body_end(d->composer)}));
	}
}

static void
draft_type(struct draft *d, size_t k, const struct pool *p,
    const struct pool_region *r, const bool *chosen)
{
	/* A name has one CNAME (RFC 2181 10.1). */
	if (p->conf->mode == CONF_ANSWER_ONE || p->conf->types[k] == DNS_CNAME)
		draft_each(d, k, p, r, chosen);
	else
		draft_all(d, k, p, r, chosen);
}

/* Moves the draft into one block. */
static struct offer *
offer_pack(struct draft *d, const struct pool *p)
{
	size_t size = sizeof(struct offer);
	struct offer *o;
	char *at;

	for (size_t k = 0; k < p->conf->ntypes; k++)
		for (size_t i = 0; i < d->variants[k].n; i++)
			size += sizeof(struct variant) +
			    body_size(d->variants[k].at[i].body);
	o = xcalloc(1, size);
	at = (char *)(o + 1);
	for (size_t k = 0; k < p->conf->ntypes; k++) {
		o->count[k] = (uint16_t)d->variants[k].n;
		o->variants[k] = (struct variant *)at;
		at += o->count[k] * sizeof(struct variant);
	}
	for (size_t k = 0; k < p->conf->ntypes; k++) {
		for (size_t i = 0; i < o->count[k]; i++) {
			const struct variant *v = &d->variants[k].at[i];
			size_t len = body_size(v->body);

			o->variants[k][i].until = o->total[k] = v->until;
			o->variants[k][i].body = memcpy(at, v->body, len);
			at += len;
			free((void *)(uintptr_t)v->body);
		}
		vec_free(&d->variants[k]);
	}
	return o;
}

enum choice { CHOOSE_LIVE, CHOOSE_NOT_DRAINED, CHOOSE_ALL, CHOICES };

static bool
is_chosen(const struct pool_target *t, enum choice choice)
{
	return choice == CHOOSE_ALL ||
	    (choice == CHOOSE_LIVE ? t->live : t->drain == NULL);
}

/*
 * A type's answer never depends on health for its existence (RFC 7871 7.4):
 * where no live target has it, those that are not drained stand in, then all.
 */
static struct offer *
offer_make(const struct pool *p, const struct pool_region *r)
{
	struct draft d = {.composer = xmalloc(sizeof(*d.composer))};
	bool *chosen = xcalloc(r->ntargets, sizeof(*chosen));
	struct offer *o;

	for (size_t k = 0; k < p->conf->ntypes; k++) {
		for (unsigned choice = CHOOSE_LIVE;
		     choice < CHOICES && d.variants[k].n == 0; choice++) {
			for (size_t i = 0; i < r->ntargets; i++)
				chosen[i] = is_chosen(
				    &r->targets[i], (enum choice)choice);
			draft_type(&d, k, p, r, chosen);
		}
	}
	o = offer_pack(&d, p);
	free(d.composer);
	free(chosen);
	return o;
}

static void
offer_free(struct rcu_head *head)
{
	free(head); /* it stands first in the offer */
}

static void
offer_replace(struct pool_region *r, struct offer *o)
{
	struct offer *old =
	    atomic_exchange_explicit(&r->offer, o, memory_order_acq_rel);

	if (old != NULL)
		rcu_defer(&old->rcu, offer_free);
}

/* Building -------------------------------------------------------------------
 */

static uint32_t
region_build(struct arena *a, struct pool *p, size_t i)
{
	const struct conf_pool_region *conf = &p->conf->regions[i];
	struct pool_region *r = &p->regions[i];
	uint64_t change = p->conf->nmonitors > 0 ? 0 : UINT32_MAX;

	r->region = conf->region;
	r->ntargets = r->nlive = conf->ntargets;
	r->targets = arena_array(a, r->ntargets, sizeof(*r->targets));
	for (size_t t = 0; t < r->ntargets; t++) {
		r->targets[t].conf = &conf->targets[t];
		r->targets[t].live = true;
	}
	atomic_init(&r->offer, offer_make(p, r));
	atomic_init(&r->change, change);
	return 1;
}

struct pool *
pools_build(struct arena *a, const struct conf *conf)
{
	struct pool *pools = arena_array(a, conf->npools, sizeof(*pools));
	uint32_t tally = 0;

	for (size_t i = 0; i < conf->npools; i++) {
		struct pool *p = &pools[i];
		uint64_t all;

		p->conf = &conf->pools[i];
		p->index = (uint16_t)i;
		p->first_tally = tally;
		p->nregions = p->conf->nregions;
		p->regions = arena_array(a, p->nregions, sizeof(*p->regions));
		for (size_t r = 0; r < p->nregions; r++)
			tally += region_build(a, p, r);
		all = UINT64_MAX >> (CONF_POOL_REGIONS_MAX - p->nregions);
		atomic_init(&p->live, all);
		atomic_init(&p->drained, 0);
		atomic_init(&p->last_known, all);
	}
	return pools;
}

void
pools_fini(struct pool *pools, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		for (size_t r = 0; r < pools[i].nregions; r++) {
			struct pool_region *region = &pools[i].regions[r];

			free(atomic_load(&region->offer));
			for (size_t t = 0; t < region->ntargets; t++)
				free(region->targets[t].watches);
		}
	}
}

static void
target_bind(const struct pool *p, struct pool_target *t,
    const struct conf *conf, struct watches *w)
{
	VEC(struct watch *) watches = {0};

	for (size_t m = 0; m < p->conf->nmonitors; m++) {
		const struct conf_monitor *monitor =
		    &conf->monitors[p->conf->monitors[m]];

		for (size_t f = 0; f < 2; f++) {
			struct watch *watch;

			if (t->conf->addr[f].family == 0)
				continue;
			watch = watches_get(w, monitor, &t->conf->addr[f]);
			watch->wanted = true;
			vec_push(&watches, watch);
		}
	}
	free(t->watches);
	t->watches = watches.at;
	t->nwatches = watches.n;
}

void
pools_bind(
    struct pool *pools, size_t n, const struct conf *conf, struct watches *w)
{
	size_t nall;
	struct watch **all = watches_all(w, &nall);

	for (size_t i = 0; i < nall; i++)
		all[i]->wanted = false;
	for (size_t i = 0; i < n; i++)
		for (size_t r = 0; r < pools[i].nregions; r++)
			for (size_t t = 0; t < pools[i].regions[r].ntargets;
			     t++)
				target_bind(&pools[i],
				    &pools[i].regions[r].targets[t], conf, w);
}

/* Refreshing -----------------------------------------------------------------
 */

static enum health_state
worst_health(const struct pool_target *t)
{
	/* By how little it is to be trusted. */
	static const unsigned rank[HEALTH_STATE_COUNT] = {
	    [HEALTH_UP] = 0,
	    [HEALTH_UNKNOWN] = 1,
	    [HEALTH_DEGRADED] = 2,
	    [HEALTH_DOWN] = 3,
	};
	enum health_state worst = HEALTH_UP;

	for (size_t i = 0; i < t->nwatches; i++)
		if (rank[t->watches[i]->health.state] > rank[worst])
			worst = t->watches[i]->health.state;
	return worst;
}

static const struct drain *
target_drain(const struct pool *p, size_t region, const struct drains *drains,
    const struct conf *conf, const char *label)
{
	if (drains == NULL)
		return NULL;
	return drains_cover(drains, p->conf->name,
	    conf->regions[p->regions[region].region].name, label);
}

bool
pool_region_would_live(const struct pool *p, size_t region,
    const struct drains *drains, const struct conf *conf)
{
	const struct pool_region *r = &p->regions[region];
	size_t live = 0;

	if (target_drain(p, region, drains, conf, NULL) != NULL)
		return false;
	for (size_t i = 0; i < r->ntargets; i++)
		live += worst_health(&r->targets[i]) != HEALTH_DOWN &&
		    target_drain(p, region, drains, conf,
			r->targets[i].conf->label) == NULL;
	return live >= p->conf->min_healthy;
}

/* When a drain ends, as a second of the monotonic clock; 0: never. */
static uint32_t
drain_end_s(const struct drain *d)
{
	int64_t left;

	if (d == NULL || d->until == DRAIN_FOREVER)
		return 0;
	left = d->until - clock_wall_s();
	if (left > INT32_MAX)
		return 0;
	return clock_mono_s() + (uint32_t)(left > 0 ? left : 0);
}

static void
change_add(uint32_t *end_s, uint32_t other)
{
	if (other != 0 && (*end_s == 0 || other < *end_s))
		*end_s = other;
}

static uint64_t
region_change(const struct pool_region *r, const struct drain *drain)
{
	uint32_t seconds = UINT32_MAX, end_s = drain_end_s(drain);

	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		change_add(&end_s, drain_end_s(t->drain));
		for (size_t k = 0; k < t->nwatches; k++) {
			uint32_t ms = health_change_ms(
			    &t->watches[k]->health, t->watches[k]->monitor);

			if ((ms + 999) / 1000 < seconds)
				seconds = (ms + 999) / 1000;
		}
	}
	return (uint64_t)end_s << 32 | seconds;
}

static void
targets_look(struct pool *p, size_t region, const struct drains *drains,
    const struct conf *conf)
{
	struct pool_region *r = &p->regions[region];

	r->nlive = 0;
	for (size_t i = 0; i < r->ntargets; i++) {
		struct pool_target *t = &r->targets[i];

		t->health = worst_health(t);
		t->drain =
		    target_drain(p, region, drains, conf, t->conf->label);
		t->live = t->health != HEALTH_DOWN && t->drain == NULL;
		r->nlive += t->live;
	}
}

static void
bit_store(_Atomic uint64_t *word, size_t bit, bool on)
{
	uint64_t v = atomic_load_explicit(word, memory_order_relaxed);

	v = on ? v | (uint64_t)1 << bit : v & ~((uint64_t)1 << bit);
	atomic_store_explicit(word, v, memory_order_release);
}

bool
pool_refresh(struct pool *p, size_t region, const struct drains *drains,
    const struct conf *conf)
{
	struct pool_region *r = &p->regions[region];
	const struct drain *drain = target_drain(p, region, drains, conf, NULL);
	uint64_t before = atomic_load_explicit(&p->live, memory_order_relaxed);
	uint64_t after;
	bool live;

	targets_look(p, region, drains, conf);
	r->drain = drain;
	r->drained = drain != NULL;
	live = !r->drained && r->nlive >= p->conf->min_healthy;
	offer_replace(r, offer_make(p, r));
	atomic_store_explicit(
	    &r->change, region_change(r, drain), memory_order_release);
	bit_store(&p->drained, region,
	    r->drained ||
		(!live && pool_region_would_live(p, region, NULL, conf)));
	bit_store(&p->live, region, live);
	after = atomic_load_explicit(&p->live, memory_order_relaxed);
	if (after != 0)
		atomic_store_explicit(
		    &p->last_known, after, memory_order_release);
	return before != after;
}

/* Picking --------------------------------------------------------------------
 */

static uint32_t
change_s(const struct pool_region *r, uint32_t now_s)
{
	uint64_t change =
	    atomic_load_explicit(&r->change, memory_order_acquire);
	uint32_t seconds = (uint32_t)change, end_s = (uint32_t)(change >> 32);
	uint32_t left = end_s > now_s ? end_s - now_s : 0;

	return end_s != 0 && left < seconds ? left : seconds;
}

/* The position in order of the first region in word, n when there is none;
 * *ttl takes in the change of those looked at. */
static size_t
first_in(const struct pool *p, const uint8_t *order, size_t n, uint64_t word,
    uint32_t now_s, uint32_t *ttl)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t s = change_s(&p->regions[order[i]], now_s);

		if (s < *ttl)
			*ttl = s;
		if (word >> order[i] & 1)
			return i;
	}
	return n;
}

/* Nothing of order is live: the best of what is not. */
static size_t
first_of_all(const struct pool *p, const uint8_t *order, size_t n,
    uint64_t wanted, uint32_t now_s, uint32_t *ttl)
{
	uint64_t drained =
	    atomic_load_explicit(&p->drained, memory_order_acquire);
	size_t i = first_in(p, order, n, wanted, now_s, ttl);

	if (i == n)
		i = first_in(p, order, n, ~drained, now_s, ttl);
	return i < n ? i : 0;
}

static void
pick_all_down(const struct pool *pools, const struct rank *rank, uint32_t now_s,
    uint32_t *ttl, struct pick *pick)
{
	const struct pool *p = pick->pool;
	const uint8_t *order = rank->order;
	size_t n = rank->n, i;
	uint64_t wanted = 0;

	pick->reason = POOL_ALL_DOWN;
	if (rank->action == CONF_DOWN_POOL) {
		pick->pool = p = &pools[rank->pool];
		order = rank->fallback;
		n = rank->nfallback;
		wanted = atomic_load_explicit(&p->live, memory_order_acquire);
	} else if (rank->action == CONF_DOWN_LAST_KNOWN) {
		wanted =
		    atomic_load_explicit(&p->last_known, memory_order_acquire);
	}
	i = first_of_all(p, order, n, wanted, now_s, ttl);
	pick->region = order[i];
}

static const struct body *
offer_body(const struct pool *p, size_t region, uint16_t type, uint32_t random)
{
	const struct offer *o = atomic_load_explicit(
	    &p->regions[region].offer, memory_order_acquire);
	size_t k = conf_pool_type(p->conf, type);
	const struct variant *v = o->variants[k];
	uint32_t at = (uint32_t)((uint64_t)random * o->total[k] >> 32);

	while (v->until <= at)
		v++;
	return v->body;
}

void
pool_pick(const struct pool *pools, uint16_t pool, const struct rank *rank,
    uint16_t type, uint32_t ttl_min, uint32_t ttl_max, uint32_t now_s,
    uint32_t random, struct pick *pick)
{
	const struct pool *p = &pools[pool];
	uint64_t live = atomic_load_explicit(&p->live, memory_order_acquire);
	uint32_t ttl = ttl_max;
	size_t i = first_in(p, rank->order, rank->n, live, now_s, &ttl);

	pick->pool = p;
	if (i == rank->n) {
		pick_all_down(pools, rank, now_s, &ttl, pick);
	} else {
		uint64_t drained =
		    atomic_load_explicit(&p->drained, memory_order_acquire);

		pick->region = rank->order[i];
		if (i == 0)
			pick->reason =
			    rank->unlocated ? POOL_UNLOCATED : POOL_FIRST;
		else
			pick->reason = drained >> rank->order[0] & 1
			    ? POOL_DRAINED
			    : POOL_FAILOVER;
	}
	pick->ttl = ttl < ttl_min ? ttl_min : ttl;
	pick->body = offer_body(pick->pool, pick->region, type, random);
}
