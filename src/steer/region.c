/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/region.h"

bool
region_target_is_of(const struct pool_target *t, enum pool_family f)
{
	return f == POOL_ANY || t->conf->addr[f == POOL_IPV6].family != 0;
}

static size_t
targets_of(const struct pool_region *r, enum pool_family f)
{
	size_t n = 0;

	for (size_t i = 0; i < r->ntargets; i++)
		n += region_target_is_of(&r->targets[i], f);
	return n;
}

/* A family need not have more live targets than the region has of it. */
static bool
family_is_enough(const struct pool *p, const struct pool_region *r,
    const struct region_live *n, enum pool_family f)
{
	size_t of = targets_of(r, f);

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
			((targets_of(r, POOL_IPV4) == 0 ||
			     n->live[POOL_IPV4] > 0) &&
			    (targets_of(r, POOL_IPV6) == 0 ||
				n->live[POOL_IPV6] > 0)));
	if (f != POOL_ANY)
		return family_is_enough(p, r, n, f);
	return family_is_enough(p, r, n, POOL_IPV4) ||
	    family_is_enough(p, r, n, POOL_IPV6);
}

void
region_count(struct pool_region *r)
{
	for (unsigned f = 0; f < POOL_FAMILIES; f++) {
		r->nlive[f] = 0;
		for (size_t i = 0; i < r->ntargets; i++)
			r->nlive[f] += r->targets[i].live[f] &&
			    region_target_is_of(
				&r->targets[i], (enum pool_family)f);
	}
}

/* With drains ------------------------------------------------------------ */

enum health_state
region_target_health(
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
	bool well = region_target_health(p, t, f) != HEALTH_DOWN;

	for (unsigned k = POOL_IPV4;
	     f == POOL_ANY && pool_is_apart(p) && k < POOL_FAMILIES; k++)
		well |= region_target_is_of(t, (enum pool_family)k) &&
		    region_target_health(p, t, (enum pool_family)k) !=
			HEALTH_DOWN;
	return well;
}

/* Drains override force-ups, which override probes. */
bool
region_target_would_live(const struct pool *p, const struct pool_target *t,
    enum pool_family f, const struct drain *drain, const struct drain *up)
{
	return drain == NULL && (up != NULL || target_is_well(p, t, f));
}

/* How many targets would be live with these drains. */
void
region_tally(const struct pool *p, const struct pool_region *r,
    const struct drains *drains, struct region_live *n)
{
	const char *pool = p->conf->name;

	*n = (struct region_live){.live = {0}};
	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];
		const char *label = t->conf->label;
		const struct drain *out =
		    drains_cover(drains, DRAIN_OUT, pool, r->name, label);
		const struct drain *up =
		    drains_cover(drains, DRAIN_UP, pool, r->name, label);

		for (unsigned f = 0; f < POOL_FAMILIES; f++)
			n->live[f] +=
			    region_target_is_of(t, (enum pool_family)f) &&
			    region_target_would_live(
				p, t, (enum pool_family)f, out, up);
	}
}
