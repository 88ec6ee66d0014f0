/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/pool.h"

#include <string.h>

#include "base/arena.h"
#include "base/clock.h"

const char *const pool_reason_names[POOL_REASON_COUNT] = {"first", "failover",
    "drained", "all_down", "unlocated", "trickle", "spilled"};

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
region_build(struct arena *a, struct pool *p, size_t i, const char *name)
{
	const struct conf_pool_region *conf = &p->conf->regions[i];
	struct pool_region *r = &p->regions[i];
	uint64_t change = p->conf->nmonitors > 0 ? 0 : UINT32_MAX;

	r->region = conf->region;
	r->name = name;
	r->ntargets = conf->ntargets;
	r->targets = arena_array(a, r->ntargets, sizeof(*r->targets));
	r->by_label = arena_array(a, r->ntargets, sizeof(struct pool_target *));
	for (size_t t = 0; t < r->ntargets; t++)
		r->targets[t].conf = &conf->targets[t];
	region_begin(r);
	atomic_init(&r->offer, offer_make(p, r));
	atomic_init(&r->change, change);
	return 1;
}

/* Those of the policies by which names use the pool. */
static void
failbacks_find(struct arena *a, struct pool *p, const struct conf *conf)
{
	p->failbacks =
	    arena_array(a, conf->npolicies, sizeof(struct conf_failback *));
	for (size_t i = 0; i < conf->npolicies; i++) {
		const struct conf_failback *f =
		    policy_failback(&conf->policies[i]);

		for (size_t k = 0; f != NULL && k < conf->nnames; k++) {
			if (conf->names[k].policy == i &&
			    conf->names[k].pool == p->index) {
				p->failbacks[p->nfailbacks++] = f;
				break;
			}
		}
	}
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
			tally += region_build(a, p, r,
			    conf->regions[p->conf->regions[r].region].name);
		failbacks_find(a, p, conf);
		all = UINT64_MAX >> (CONF_POOL_REGIONS_MAX - p->nregions);
		for (size_t f = 0; f < POOL_FAMILIES; f++) {
			atomic_init(&p->words[f].live, all);
			atomic_init(&p->words[f].drained, 0);
			atomic_init(&p->words[f].last_known, all);
		}
		atomic_init(&p->shared, 0);
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
			const struct addr *at = conf_target_probed(t->conf, f);
			struct watch *watch;

			if (at->family == 0)
				continue;
			watch = watches_get(w, monitor, at);
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

/* Takes in what is so many seconds ahead, as a second of the monotonic
 * clock. */
static void
change_add(uint32_t *end_s, int64_t left)
{
	uint32_t other;

	if (left > INT32_MAX)
		return;
	other = clock_mono_s() + (uint32_t)(left > 0 ? left : 0);
	if (*end_s == 0 || other < *end_s)
		*end_s = other;
}

static void
change_add_end(uint32_t *end_s, const struct drain *d)
{
	if (d != NULL)
		change_add(end_s, drain_left_s(d));
}

/* Caches are to have let go when an announced drain begins. */
static void
change_add_next(uint32_t *end_s, const struct drain *next)
{
	if (next != NULL)
		change_add(end_s, next->at - clock_wall_s());
}

static uint64_t
region_change(const struct pool_region *r)
{
	uint32_t seconds = UINT32_MAX, end_s = 0;

	change_add_end(&end_s, r->drain);
	change_add_end(&end_s, r->part);
	change_add_next(&end_s, r->next);
	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		change_add_end(&end_s, t->drain);
		change_add_end(&end_s, t->up);
		change_add_next(&end_s, t->next);
		for (size_t k = 0; t->up == NULL && k < t->nwatches; k++) {
			uint32_t s = watch_change_ms(t->watches[k]) / 1000;

			if (s < seconds)
				seconds = s;
		}
	}
	return (uint64_t)end_s << 32 | seconds;
}

static void
bit_store(_Atomic uint64_t *word, size_t bit, bool on)
{
	uint64_t v = atomic_load_explicit(word, memory_order_relaxed);

	v = on ? v | (uint64_t)1 << bit : v & ~((uint64_t)1 << bit);
	atomic_store_explicit(word, v, memory_order_release);
}

/* Is there anything but health by which it takes some clients and not others?
 */
static void
shared_store(struct pool *p, size_t region)
{
	const struct pool_region *r = &p->regions[region];

	bit_store(&p->shared, region,
	    r->share.out != 0 || r->share.back || atomic_load(&r->spill) != 0);
}

void
pool_spill(struct pool *p, size_t region, uint32_t spill)
{
	atomic_store_explicit(
	    &p->regions[region].spill, spill, memory_order_release);
	shared_store(p, region);
}

/* Does any policy still wait for the region to be wholly back? */
static bool
is_coming_back(const struct pool *p, const struct share *s)
{
	const struct share back = {.back = s->back,
	    .resumed = s->resumed,
	    .back_s = s->back_s,
	    .frozen_s = s->frozen_s};

	for (size_t i = 0; i < p->nfailbacks; i++)
		if (share_in_force(&back, p->failbacks[i], clock_mono_s()))
			return true;
	return false;
}

static void
share_drain(struct share *s, const struct drain *part)
{
	s->out = s->out_over_s = 0;
	if (part == NULL)
		return;
	s->out = part->share * (uint32_t)SHARE_COHORTS / DRAIN_WHOLE;
	s->out_over_s = (uint32_t)part->over_s;
	s->out_end_s = part->whole_s;
}

static void
share_look(struct pool *p, struct pool_region *r, bool was_live, bool live)
{
	struct share *s = &r->share;

	share_drain(s, r->part);
	if (live && !was_live) {
		s->back = true;
		s->resumed = false;
		s->frozen_s = 0;
		s->back_s = clock_mono_s();
	}
	s->back = live && is_coming_back(p, s);
}

static bool
is_in_trouble(const struct pool_region *r)
{
	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		for (size_t k = 0; t->live[POOL_ANY] && k < t->nwatches; k++)
			if (watch_decides(t->watches[k]) &&
			    t->watches[k]->health.failures > 0)
				return true;
	}
	return false;
}

void
pool_share_tick(struct pool *p, size_t region)
{
	struct pool_region *r = &p->regions[region];

	if (r->share.back && is_in_trouble(r))
		share_freeze(&r->share, clock_mono_s());
	else
		share_thaw(&r->share, clock_mono_s());
}

bool
pool_resume(struct pool *p, size_t region)
{
	struct share *s = &p->regions[region].share;

	if (!s->back)
		return false;
	s->resumed = true;
	s->frozen_s = 0;
	s->back_s = clock_mono_s();
	return true;
}

bool
pool_left(const struct pool *p, size_t region, struct share_left *left)
{
	const struct share *s = &p->regions[region].share;
	struct share_left of;
	bool any = false;

	for (size_t i = 0; i < p->nfailbacks; i++) {
		if (!share_left(s, p->failbacks[i], clock_mono_s(), &of))
			continue;
		if (!any || of.manual > left->manual ||
		    (of.manual == left->manual && of.all_s > left->all_s))
			*left = of;
		any = true;
	}
	return any;
}

double
pool_share(const struct pool *p, size_t region)
{
	const struct share *s = &p->regions[region].share;
	uint32_t least = share_taken(s, NULL, clock_mono_s());

	for (size_t i = 0; i < p->nfailbacks; i++) {
		uint32_t taken =
		    share_taken(s, p->failbacks[i], clock_mono_s());

		least = taken < least ? taken : least;
	}
	return (double)least / SHARE_COHORTS;
}

/* The words of one family; true when the region's bit of live changed. */
static bool
words_store(struct pool *p, size_t region, enum pool_family f,
    const struct region_live *healthy)
{
	const struct pool_region *r = &p->regions[region];
	struct pool_words *w = &p->words[f];
	struct region_live n;
	uint64_t before = atomic_load(&w->live), after;
	bool live;

	memcpy(n.live, r->nlive, sizeof(n.live));
	live = !r->drained && region_is_enough(p, r, &n, f);
	bit_store(&w->drained, region,
	    r->drained || (!live && region_is_enough(p, r, healthy, f)));
	bit_store(&w->live, region, live);
	after = atomic_load(&w->live);
	if (after != 0)
		atomic_store_explicit(
		    &w->last_known, after, memory_order_release);
	return before != after;
}

bool
pool_refresh(struct pool *p, size_t region, const struct drains *drains)
{
	struct pool_region *r = &p->regions[region];
	bool was_live = pool_live(p, POOL_ANY) >> region & 1, changed = false;
	struct region_live healthy, n;

	region_look(p, r, drains, &healthy);
	memcpy(n.live, r->nlive, sizeof(n.live));
	share_look(p, r, was_live,
	    !r->drained && region_is_enough(p, r, &n, POOL_ANY));
	offer_replace(r, offer_make(p, r));
	atomic_store_explicit(
	    &r->change, region_change(r), memory_order_release);
	shared_store(p, region);
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		changed |=
		    words_store(p, region, (enum pool_family)f, &healthy);
	return changed;
}

void
pool_live_words(const struct pool *p, uint64_t live[POOL_FAMILIES])
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		live[f] = pool_live(p, (enum pool_family)f);
}

void
pool_refreshed(struct pool *p, const uint64_t before[POOL_FAMILIES])
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++)
		if (before[f] != 0 && atomic_load(&p->words[f].live) == 0)
			atomic_store_explicit(&p->words[f].last_known,
			    before[f], memory_order_release);
}

/* Copies ---------------------------------------------------------------------
 */

unsigned
pool_suppose(struct pool *p, size_t region, const struct drains *drains,
    const struct drains *down)
{
	const struct pool_region *r = &p->regions[region];
	const char *name = p->conf->name;
	struct region_live healthy, ignored, with, is_down = {.live = {0}};

	with = region_tally(name, r, drains, &healthy);
	if (down != NULL)
		is_down = region_tally(name, r, down, &ignored);
	for (unsigned k = 0; k < POOL_FAMILIES; k++) {
		enum pool_family f = (enum pool_family)k;
		bool live = !with.drained && region_is_enough(p, r, &with, f);

		bit_store(&p->words[f].drained, region,
		    with.drained ||
			(!live && region_is_enough(p, r, &healthy, f)));
		if (down != NULL)
			live &= !is_down.drained &&
			    region_is_enough(p, r, &is_down, f);
		bit_store(&p->words[f].live, region, live);
	}
	return with.part;
}

void
pool_suppose_out(struct pool *p, size_t region, bool is_drain)
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		bit_store(&p->words[f].live, region, false);
		if (is_drain)
			bit_store(&p->words[f].drained, region, true);
	}
}

void
pool_suppose_up(struct pool *p)
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		atomic_store(&p->words[f].live,
		    UINT64_MAX >> (CONF_POOL_REGIONS_MAX - p->nregions));
		atomic_store(&p->words[f].drained, 0);
	}
	atomic_store(&p->shared, 0);
}
