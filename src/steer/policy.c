/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/policy.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

/* Rules to regions --------------------------------------------------------- */

static bool
matches_asn(const struct conf_rule *r, uint32_t asn)
{
	for (size_t i = 0; i < r->nasn; i++)
		if (asn != 0 && r->asn[i] == asn)
			return true;
	return false;
}

static bool
matches_geo(const struct conf_rule *r, const struct place *p)
{
	for (size_t i = 0; i < r->ngeo; i++)
		if (place_matches_geo(p, &r->geo[i]))
			return true;
	return false;
}

static bool
rule_matches(const struct conf_rule *r, const struct place *p)
{
	return (!r->by_net || (r->nets & p->nets) != 0) &&
	    (!r->by_geo || matches_geo(r, p)) &&
	    (!r->by_asn || matches_asn(r, p->asn));
}

static bool
within_fence(const struct conf_rule *r, const struct conf_region *region)
{
	return r->fence == NULL || (region->jurisdiction != NULL &&
	    strcmp(r->fence, region->jurisdiction) == 0);
}

struct distance {
	double km; /* adjusted by bias */
	uint16_t region;
};

static int
nearer(const void *x, const void *y)
{
	const struct distance *a = x, *b = y;

	if (a->km != b->km)
		return a->km < b->km ? -1 : 1;
	return a->region - b->region;
}

/* The regions that a rule gives a place, in order; how many. */
static size_t
rule_regions(const struct conf *conf, const struct conf_policy *policy,
    const struct conf_rule *r, const struct place *p, uint16_t *regions,
    bool *unlocated)
{
	struct distance d[UINT8_MAX + 1];

	*unlocated = r->nearest && !p->located;
	if (*unlocated) {
		memcpy(regions, policy->unlocated,
		    policy->nunlocated * sizeof(*regions));
		return policy->nunlocated;
	}
	if (!r->nearest) {
		memcpy(regions, r->regions, r->nregions * sizeof(*regions));
		return r->nregions;
	}
	for (size_t i = 0; i < conf->nregions; i++) {
		const struct conf_region *g = &conf->regions[i];

		d[i].region = (uint16_t)i;
		d[i].km = place_distance_km((double)p->latitude,
		    (double)p->longitude, g->latitude, g->longitude) *
		    (100 + g->bias) / 100;
	}
	qsort(d, conf->nregions, sizeof(d[0]), nearer);
	for (size_t i = 0; i < conf->nregions; i++)
		regions[i] = d[i].region;
	return conf->nregions;
}

/* The region's position in the pool, or -1. */
static int
pool_position(const struct conf_pool *pool, uint16_t region)
{
	for (size_t i = 0; i < pool->nregions; i++)
		if (pool->regions[i].region == region)
			return (int)i;
	return -1;
}

/* Those of the regions that the pool has and the fence allows. */
static uint8_t
order_put(const struct conf *conf, const struct conf_pool *pool,
    const struct conf_rule *r, const uint16_t *regions, size_t n,
    uint8_t *order)
{
	uint64_t taken = 0;
	uint8_t count = 0;

	for (size_t i = 0; i < n; i++) {
		int at = pool_position(pool, regions[i]);

		if (at < 0 || (taken >> at & 1) ||
		    !within_fence(r, &conf->regions[regions[i]]))
			continue;
		taken |= (uint64_t)1 << at;
		order[count++] = (uint8_t)at;
	}
	return count;
}

void
policy_rank(const struct conf *conf, uint16_t policy, uint16_t pool,
    const struct place *place, struct rank *rank, uint8_t *order,
    uint8_t *fallback, uint16_t *rule)
{
	const struct conf_policy *p = &conf->policies[policy];
	const struct conf_rule *r = p->rules;
	uint16_t regions[2 * (UINT8_MAX + 1)];
	size_t n;

	while (!rule_matches(r, place))
		r++;
	*rule = (uint16_t)(r - p->rules);
	n = rule_regions(conf, p, r, place, regions, &rank->unlocated);
	rank->n = order_put(conf, &conf->pools[pool], r, regions, n, order);
	rank->order = order;
	rank->action = (uint8_t)r->when_down.action;
	rank->pool = CONF_NONE;
	rank->nfallback = 0;
	rank->fallback = fallback;
	if (rank->action != CONF_DOWN_POOL)
		return;
	rank->pool = r->when_down.pool;
	for (size_t i = 0; i < conf->nregions; i++)
		regions[n++] = (uint16_t)i;
	rank->nfallback = order_put(conf, &conf->pools[rank->pool], r, regions,
	    n, fallback);
}

/* Places to classes ---------------------------------------------------------- */

struct classes {
	struct arena *arena;
	VEC(struct rank) ranks;
};

static bool
rank_equal(const struct rank *a, const struct rank *b)
{
	return a->n == b->n && a->nfallback == b->nfallback &&
	    a->action == b->action && a->unlocated == b->unlocated &&
	    a->pool == b->pool && memcmp(a->order, b->order, a->n) == 0 &&
	    memcmp(a->fallback, b->fallback, a->nfallback) == 0;
}

static uint32_t
class_of(struct classes *c, const struct rank *rank)
{
	struct rank copy = *rank;

	for (size_t i = 0; i < c->ranks.n; i++)
		if (rank_equal(&c->ranks.at[i], rank))
			return (uint32_t)i;
	copy.order = arena_dup(c->arena, rank->order, rank->n);
	copy.fallback = arena_dup(c->arena, rank->fallback, rank->nfallback);
	vec_push(&c->ranks, copy);
	return (uint32_t)(c->ranks.n - 1);
}

/* The class of each of the places that leaves refer to. */
static uint32_t *
classes_make(struct classes *c, const struct conf *conf, const struct geo *geo,
    const struct policy_table *t)
{
	uint8_t order[CONF_POOL_REGIONS_MAX], fallback[CONF_POOL_REGIONS_MAX];
	size_t n;
	const struct place *places = geo_places(geo, &n);
	uint32_t *map = xcalloc(n, sizeof(*map));

	for (size_t i = 0; i < n; i++) {
		struct rank rank;
		uint16_t rule;

		policy_rank(conf, t->policy, t->pool, &places[i], &rank, order,
		    fallback, &rule);
		map[i] = class_of(c, &rank);
	}
	return map;
}

/* Leaves of classes, merged. teredo: what its one leaf counts as. */
static struct trie_leaf *
leaves_map(const struct trie_leaf *leaves, size_t *n, const uint32_t *map,
    uint32_t teredo)
{
	struct trie_leaf *mapped = xcalloc(*n, sizeof(*mapped));

	for (size_t i = 0; i < *n; i++) {
		mapped[i] = leaves[i];
		mapped[i].value = leaves[i].value == GEO_TEREDO
		    ? teredo : map[leaves[i].value];
	}
	*n = trie_merge(mapped, *n);
	return mapped;
}

struct policy_table *
policy_build(struct arena *a, const struct conf *conf, struct geo *geo,
    uint16_t policy, uint16_t pool, struct error *err)
{
	struct policy_table *t = arena_alloc(a, sizeof(*t));
	struct classes c = {.arena = a};
	size_t n4, n6;
	const struct trie_leaf *ipv4 = geo_leaves(geo, 4, &n4, err);
	const struct trie_leaf *ipv6 = geo_leaves(geo, 6, &n6, err);
	struct trie_leaf *mapped;
	uint32_t *map;

	if (ipv4 == NULL || ipv6 == NULL)
		return NULL;
	t->policy = policy;
	t->pool = pool;
	map = classes_make(&c, conf, geo, t);
	mapped = leaves_map(ipv4, &n4, map, 0);
	t->ipv4 = trie_build(a, mapped, n4, 32);
	/* All IPv4 alike: Teredo needs no look inside. */
	uint32_t teredo = n4 == 1 ? mapped[0].value : GEO_TEREDO;

	free(mapped);
	mapped = leaves_map(ipv6, &n6, map, teredo);
	t->ipv6 = trie_build(a, mapped, n6, 128);
	free(mapped);
	free(map);
	t->nranks = c.ranks.n;
	t->ranks = arena_dup(a, c.ranks.at, c.ranks.n * sizeof(*c.ranks.at));
	vec_free(&c.ranks);
	return t;
}

struct policy_hit
policy_find(const struct policy_table *t, const struct addr *client)
{
	struct trie_hit hit;
	struct addr v4;
	unsigned offset;

	if (client->family == 4) {
		hit = trie_find(t->ipv4, client->bytes);
		return (struct policy_hit){hit.value, hit.depth};
	}
	hit = trie_find(t->ipv6, client->bytes);
	if (hit.value == GEO_TEREDO && addr_embedded(client, &v4, &offset)) {
		hit = trie_find(t->ipv4, v4.bytes);
		hit.depth = (uint8_t)(offset + hit.depth);
	}
	return (struct policy_hit){hit.value, hit.depth};
}
