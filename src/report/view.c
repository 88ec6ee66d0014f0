/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/view.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Pools of its own ------------------------------------------------------- */

static void
watch_copy(struct watch *to, const struct watch *from)
{
	struct watch own = *to;

	*to = *from;
	to->key = own.key;
	to->monitor = own.monitor;
	to->wanted = own.wanted;
	to->probe = NULL;
}

/* What is watched in both is believed as in the first; else it is up. */
static void
target_believe(struct pool_target *t, const struct pool_target *from)
{
	for (size_t i = 0; i < t->nwatches; i++) {
		if (from->nwatches == t->nwatches)
			watch_copy(t->watches[i], from->watches[i]);
		else
			t->watches[i]->health.state = HEALTH_UP;
	}
}

static void
pool_believe(struct pool *p, const struct pool *from)
{
	for (size_t i = 0; i < p->nregions; i++) {
		struct pool_region *r = &p->regions[i];

		r->share = from->regions[i].share;
		atomic_store(&r->spill, atomic_load(&from->regions[i].spill));
		for (size_t k = 0; k < r->ntargets; k++)
			target_believe(
			    &r->targets[k], &from->regions[i].targets[k]);
	}
	p->tables = from->tables;
	p->ntables = from->ntables;
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		atomic_store(
		    &p->words[f].live, atomic_load(&from->words[f].live));
		atomic_store(&p->words[f].last_known,
		    atomic_load(&from->words[f].last_known));
	}
}

/* Monitors that say the same are one, whatever they are called. */
static bool
is_meant(
    const struct conf *conf, const struct view_signal *s, const struct watch *w)
{
	return strcmp(w->monitor->text, conf->monitors[s->monitor].text) == 0 &&
	    (s->addr.family == 0 || addr_equal(&s->addr, &w->addr));
}

static void
watch_signal(struct watch *w, bool up)
{
	w->health = (struct health){
	    .state = up ? HEALTH_UP : HEALTH_DOWN, .since = w->health.since};
	w->idle = false;
	snprintf(w->last, sizeof(w->last), "assumed %s", up ? "up" : "down");
	w->last_at = 0;
}

static void
watches_signal(struct view *v, const struct view_signal *s)
{
	size_t n;
	struct watch **all = watches_all(v->watches, &n);

	for (size_t i = 0; i < n; i++)
		if (is_meant(v->snapshot.conf, s, all[i]))
			watch_signal(all[i], s->up);
}

/* One for an address beats one for all. */
static void
signal_all(struct view *v, const struct view_assume *a)
{
	for (size_t i = 0; i < a->nsignals; i++)
		if (a->signals[i].addr.family == 0)
			watches_signal(v, &a->signals[i]);
	for (size_t i = 0; i < a->nsignals; i++)
		if (a->signals[i].addr.family != 0)
			watches_signal(v, &a->signals[i]);
}

static void
pools_refresh(struct view *v, const struct drains *drains)
{
	for (size_t i = 0; i < v->snapshot.conf->npools; i++) {
		struct pool *p = &v->built[i];

		for (size_t r = 0; r < p->nregions; r++) {
			/* Nobody else has seen it: no need to wait. */
			free(atomic_exchange(&p->regions[r].offer, NULL));
			pool_refresh(p, r, drains);
		}
	}
}

static void
view_build(struct view *v, const struct snapshot *s,
    const struct drains *drains, const struct view_assume *a)
{
	const struct conf *conf = s->conf;

	v->arena = arena_new();
	v->watches = watches_new();
	v->built = pools_build(v->arena, conf);
	pools_bind(v->built, conf->npools, conf, v->watches);
	for (size_t i = 0; i < conf->npools; i++)
		pool_believe(&v->built[i], &s->pools[i]);
	signal_all(v, a);
	pools_refresh(v, drains);
}

/* Assumptions ------------------------------------------------------------ */

static void
pool_assume(struct pool *p, const bool *out, bool is_drain)
{
	for (size_t i = 0; i < p->nregions; i++)
		if (out[p->regions[i].region])
			pool_suppose_out(p, i, is_drain);
}

static void
view_copy(struct view *v, const struct snapshot *s, const struct pool *pools)
{
	size_t n = s->conf->npools;

	v->snapshot = *s;
	v->snapshot.pools = xcalloc(n + 1, sizeof(*pools));
	for (size_t i = 0; i < n; i++)
		memcpy(&v->snapshot.pools[i], &pools[i], sizeof(*pools));
	v->snapshot.tallies = xcalloc(s->ntallies + 1, sizeof(*s->tallies));
	v->snapshot.nrows = 1;
}

void
view_init(struct view *v, const struct snapshot *s, const struct drains *drains,
    const struct view_assume *a)
{
	*v = (struct view){.snapshot = *s};
	if (a->nsignals > 0)
		view_build(v, s, drains, a);
	view_copy(v, s, v->built != NULL ? v->built : s->pools);
	for (size_t i = 0; i < s->conf->npools; i++) {
		pool_assume(&v->snapshot.pools[i], a->down, false);
		pool_assume(&v->snapshot.pools[i], a->drained, true);
	}
}

void
view_init_up(struct view *v, const struct snapshot *s)
{
	static const struct drains none;
	static const struct view_assume nothing;

	*v = (struct view){.snapshot = *s};
	view_build(v, s, &none, &nothing);
	view_copy(v, s, v->built);
}

void
view_fini(struct view *v)
{
	if (v->built != NULL) {
		pools_fini(v->built, v->snapshot.conf->npools);
		watches_free(v->watches);
		arena_free(v->arena);
	}
	free(v->snapshot.pools);
	free(v->snapshot.tallies);
}
