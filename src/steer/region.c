/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/region.h"

#include <stdlib.h>
#include <string.h>

bool
region_target_is_of(const struct pool_target *t, enum pool_family f)
{
	return f == POOL_ANY || t->conf->addr[f == POOL_IPV6].family != 0;
}

/* A family need not have more live targets than the region has of it. */
static bool
family_is_enough(const struct pool *p, const struct pool_region *r,
    const struct region_live *n, enum pool_family f)
{
	size_t of = r->nof[f];

	return n->live[f] >=
	    (of < p->conf->min_healthy ? of : p->conf->min_healthy);
}

/* Are so many enough for the region to be live? */
bool
region_is_enough(const struct pool *p, const struct pool_region *r,
    const struct region_live *n, enum pool_family f)
{
	if (!pool_is_apart(p))
		return n->live[POOL_ANY] >= p->conf->min_healthy &&
		    (p->conf->families == CONF_FAMILIES_APART ||
			((r->nof[POOL_IPV4] == 0 || n->live[POOL_IPV4] > 0) &&
			    (r->nof[POOL_IPV6] == 0 ||
				n->live[POOL_IPV6] > 0)));
	if (f != POOL_ANY)
		return family_is_enough(p, r, n, f);
	return family_is_enough(p, r, n, POOL_IPV4) ||
	    family_is_enough(p, r, n, POOL_IPV6);
}

static int
label_compare(const void *x, const void *y)
{
	const struct pool_target *const *a = x, *const *b = y;

	return strcmp((*a)->conf->label, (*b)->conf->label);
}

void
region_begin(struct pool_region *r)
{
	for (size_t i = 0; i < r->ntargets; i++) {
		r->by_label[i] = &r->targets[i];
		for (unsigned f = 0; f < POOL_FAMILIES; f++) {
			r->targets[i].well[f] = r->targets[i].live[f] = true;
			r->nof[f] += region_target_is_of(
			    &r->targets[i], (enum pool_family)f);
		}
	}
	qsort(r->by_label, r->ntargets, sizeof(*r->by_label), label_compare);
	memcpy(r->nlive, r->nof, sizeof(r->nlive));
	memcpy(r->nwell, r->nof, sizeof(r->nwell));
}

/* NULL: a reload took it away. */
static struct pool_target *
target_find(const struct pool_region *r, const char *label)
{
	const struct conf_target conf = {.label = label};
	const struct pool_target key = {.conf = &conf}, *at = &key;
	struct pool_target **found = bsearch(
	    &at, r->by_label, r->ntargets, sizeof(*r->by_label), label_compare);

	return found != NULL ? *found : NULL;
}

/* With drains ------------------------------------------------------------ */

/* What its monitors say of the family's address, or of all of the target. */
static enum health_state
target_health(
    const struct pool *p, const struct pool_target *t, enum pool_family f)
{
	if (f == POOL_ANY || !pool_is_apart(p))
		return require_health(
		    p->conf->require, t->watches, t->nwatches);
	return require_family(
	    p->conf->require, t->watches, t->nwatches, f == POOL_IPV6 ? 6 : 4);
}

/* Where families are apart, one that is live is enough for what is of none. */
static bool
target_is_well(
    const struct pool *p, const struct pool_target *t, enum pool_family f)
{
	bool well = target_health(p, t, f) != HEALTH_DOWN;

	for (unsigned k = POOL_IPV4;
	     f == POOL_ANY && pool_is_apart(p) && k < POOL_FAMILIES; k++)
		well |= region_target_is_of(t, (enum pool_family)k) &&
		    target_health(p, t, (enum pool_family)k) != HEALTH_DOWN;
	return well;
}

/* Drains override force-ups, which override probes. */
static bool
would_live(const struct pool_target *t, enum pool_family f,
    const struct drain *drain, const struct drain *up)
{
	return drain == NULL && (up != NULL || t->well[f]);
}

static void
target_lease(const char *target, const struct drains_on *on, void *arg)
{
	struct pool_target *t = target_find(arg, target);

	if (t == NULL)
		return;
	t->drain = on->cover[DRAIN_OUT];
	t->up = on->cover[DRAIN_UP];
	t->next = on->next;
}

/* Most targets have no lease of their own: those of the region are theirs. */
static void
leases_find(
    const char *pool, struct pool_region *r, const struct drains *drains)
{
	const struct drains_on on = drains_on(drains, pool, r->name, NULL);

	r->drain = on.cover[DRAIN_OUT];
	r->next = on.next;
	r->part = on.part;
	r->drained = r->drain != NULL;
	for (size_t i = 0; i < r->ntargets; i++) {
		r->targets[i].drain = on.cover[DRAIN_OUT];
		r->targets[i].up = on.cover[DRAIN_UP];
		r->targets[i].next = on.next;
	}
	drains_each(drains, pool, r->name, &on, target_lease, r);
}

void
region_look(const struct pool *p, struct pool_region *r,
    const struct drains *drains, struct region_live *healthy)
{
	leases_find(p->conf->name, r, drains);
	*healthy = (struct region_live){.live = {0}};
	memset(r->nlive, 0, sizeof(r->nlive));
	memset(r->nwell, 0, sizeof(r->nwell));
	for (size_t i = 0; i < r->ntargets; i++) {
		struct pool_target *t = &r->targets[i];

		for (unsigned k = 0; k < POOL_FAMILIES; k++) {
			enum pool_family f = (enum pool_family)k;
			bool is_of = region_target_is_of(t, f);

			t->health[f] = target_health(p, t, f);
			t->well[f] = target_is_well(p, t, f);
			t->live[f] = would_live(t, f, t->drain, t->up);
			r->nlive[f] += is_of && t->live[f];
			r->nwell[f] += is_of && t->well[f];
			healthy->live[f] +=
			    is_of && would_live(t, f, NULL, t->up);
		}
	}
}

struct tally {
	const struct pool_region *r;
	struct region_live *n, *healthy;
	bool up; /* the region is forced up */
};

/* What was counted of the target as one of many is not so. */
static void
target_tally(const char *target, const struct drains_on *on, void *arg)
{
	const struct tally *l = arg;
	const struct pool_target *t = target_find(l->r, target);
	const struct drain *up = on->cover[DRAIN_UP];

	for (unsigned k = 0; t != NULL && k < POOL_FAMILIES; k++) {
		enum pool_family f = (enum pool_family)k;
		size_t counted = l->up || t->well[f];

		if (!region_target_is_of(t, f))
			continue;
		l->n->live[f] += would_live(t, f, on->cover[DRAIN_OUT], up);
		l->n->live[f] -= counted;
		l->healthy->live[f] += would_live(t, f, NULL, up);
		l->healthy->live[f] -= counted;
	}
}

struct region_live
region_tally(const char *pool, const struct pool_region *r,
    const struct drains *drains, struct region_live *healthy)
{
	const struct drains_on on = drains_on(drains, pool, r->name, NULL);
	struct region_live n = {.drained = on.cover[DRAIN_OUT] != NULL,
	    .part = on.part != NULL ? on.part->share : 0};
	const bool up = on.cover[DRAIN_UP] != NULL;
	struct tally l;

	memcpy(n.live, up ? r->nof : r->nwell, sizeof(n.live));
	*healthy = n;
	l = (struct tally){r, &n, healthy, up};
	drains_each(drains, pool, r->name, &on, target_tally, &l);
	return n;
}
