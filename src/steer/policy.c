/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/policy.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/arena.h"

/* Rules to regions ------------------------------------------------------- */

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
matches_box(const struct conf_rule *r, const struct place *p)
{
	const struct conf_box *b = &r->box;

	if (!p->located || p->latitude < b->south || p->latitude > b->north)
		return false;
	/* What is left out is the band between east and west. */
	if (b->west > b->east)
		return p->longitude <= b->east || p->longitude >= b->west;
	return p->longitude >= b->west && p->longitude <= b->east;
}

static bool
matches_alone(const struct conf_rule *r, const struct place *p)
{
	return (!r->by_net || (r->nets & p->nets) != 0) &&
	    (!r->by_geo || matches_geo(r, p)) &&
	    (!r->by_asn || matches_asn(r, p->asn)) &&
	    (!r->by_box || matches_box(r, p));
}

static bool
rule_matches(const struct conf_rule *r, const struct place *p)
{
	while (r != NULL && matches_alone(r, p))
		r = r->outer;
	return r == NULL;
}

static bool
within_fence(const struct conf_rule *r, const struct conf_region *region)
{
	for (; r != NULL; r = r->outer)
		if (r->fence != NULL &&
		    (region->jurisdiction == NULL ||
			strcmp(r->fence, region->jurisdiction) != 0))
			return false;
	return true;
}

struct candidate {
	double km; /* adjusted by bias; infinite: unknown */
	int bias;
	uint16_t region;
	uint8_t at; /* in the pool */
	uint8_t band;
};

static int
nearer(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->km != b->km)
		return a->km < b->km ? -1 : 1;
	return a->region - b->region;
}

/* Regions of one band are as near as each other: their bias decides. */
static int
better(const void *x, const void *y)
{
	const struct candidate *a = x, *b = y;

	if (a->band != b->band)
		return a->band < b->band ? -1 : 1;
	if (a->bias != b->bias)
		return a->bias < b->bias ? -1 : 1;
	return a->region - b->region;
}

/* all: by distance.  The first of a band is the one from which it reaches. */
static void
sort_by_band(struct candidate *all, size_t n, unsigned band_km)
{
	double from = -INFINITY;
	uint8_t band = 0;

	for (size_t i = 0; i < n; i++) {
		if (all[i].km - from > band_km) {
			from = all[i].km;
			band++;
		}
		all[i].band = band;
	}
	qsort(all, n, sizeof(all[0]), better);
}

/* The regions of a pool that the fence allows, as they are put in order. */
struct order {
	const struct conf *conf;
	const struct conf_pool *pool;
	const struct conf_rule *rule;
	uint64_t seen; /* put, or outside the fence */
	uint8_t *at;
	uint8_t n;
};

static void
order_put(struct order *o, size_t at)
{
	uint64_t bit = (uint64_t)1 << at;

	if ((o->seen & bit) == 0 &&
	    within_fence(
		o->rule, &o->conf->regions[o->pool->regions[at].region]))
		o->at[o->n++] = (uint8_t)at;
	o->seen |= bit;
}

static void
order_put_list(struct order *o, const uint16_t *regions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t at = 0; at < o->pool->nregions; at++)
			if (o->pool->regions[at].region == regions[i])
				order_put(o, at);
}

/* All of the pool by distance; p NULL: as declared. */
static void
order_put_nearest(struct order *o, const struct place *p)
{
	struct candidate all[CONF_POOL_REGIONS_MAX] = {{0}};
	size_t n = 0;

	for (size_t i = 0; i < o->pool->nregions; i++) {
		uint16_t region = o->pool->regions[i].region;
		const struct conf_region *g = &o->conf->regions[region];

		if ((o->seen >> i & 1) != 0)
			continue;
		all[n] = (struct candidate){
		    INFINITY, g->bias, region, (uint8_t)i, 0};
		if (p != NULL && g->located)
			all[n].km = place_distance_km((double)p->latitude,
					(double)p->longitude, g->latitude,
					g->longitude) *
			    (100 + g->bias) / 100;
		n++;
	}
	qsort(all, n, sizeof(all[0]), nearer);
	if (p != NULL && o->rule->band_km > 0)
		sort_by_band(all, n, o->rule->band_km);
	for (size_t i = 0; i < n; i++)
		order_put(o, all[i].at);
}

/* Behind those of which a latency was measured.  False: nothing is known of
 * where the place is. */
static bool
order_put_by_place(struct order *o, const struct place *p)
{
	const struct conf_policy *policy = &o->conf->policies[o->rule->owner];
	bool known = p->located;

	if (o->rule->order == CONF_ORDER_LATENCY)
		order_put_list(o, p->quickest, p->nquickest);
	known |= o->n > 0;
	if (p->located)
		order_put_nearest(o, p);
	else if (policy->nunlocated > 0)
		order_put_list(o, policy->unlocated, policy->nunlocated);
	else
		order_put_nearest(o, NULL);
	return known;
}

/* False: of no use of what is known of the place, which is too little. */
static bool
order_put_rule(struct order *o, const struct place *p)
{
	if (conf_rule_is_by_place(o->rule))
		return order_put_by_place(o, p);
	if (o->rule->order == CONF_ORDER_LIST)
		order_put_list(o, o->rule->regions, o->rule->nregions);
	else
		order_put_nearest(o, NULL);
	return true;
}

/* What the regions that are in order are drawn with. */
static const struct lot *
lots_make(const struct order *o, struct lot *lots)
{
	const struct conf_rule *r = o->rule;

	for (uint8_t i = 0; i < o->n; i++) {
		uint16_t region = o->pool->regions[o->at[i]].region;
		const char *name = o->conf->regions[region].name;
		size_t k = 0;

		while (r->weights != NULL && r->regions[k] != region)
			k++;
		lots[i] = (struct lot){rendezvous_hash(name, strlen(name)),
		    r->weights != NULL ? r->weights[k] : 1};
	}
	return lots;
}

uint16_t
policy_rule(const struct conf *conf, uint16_t policy, const struct place *place)
{
	const struct conf_rule *rules = conf->policies[policy].rules;
	uint16_t i = 0;

	while (!rule_matches(&rules[i], place))
		i++;
	return i;
}

/* Of a place that the rule is the first to match. */
static void
rank_make(const struct conf *conf, const struct policy_pair *pair,
    uint16_t rule, const struct place *place, struct rank *rank,
    struct rank_room *room)
{
	const struct conf_policy *p = &conf->policies[pair->policy];
	const struct conf_rule *r = &p->rules[rule];
	bool located;
	struct order o = {.conf = conf,
	    .pool = &conf->pools[pair->pool],
	    .rule = r,
	    .at = room->order};

	located = order_put_rule(&o, place);
	*rank = (struct rank){.order = room->order,
	    .n = o.n,
	    .fallback = room->fallback,
	    .hash = (uint8_t)r->hash,
	    .homes = r->homes,
	    .trickle = (uint8_t)r->trickle,
	    .action = (uint8_t)r->when_down.action,
	    .pool = CONF_NONE,
	    .rule = rule,
	    .failback = policy_failback(p),
	    .unlocated = !located};
	if (r->hash != CONF_HASH_NONE)
		rank->lots = lots_make(&o, room->lots);
	if (r->when_down.action != CONF_DOWN_POOL)
		return;
	rank->pool = r->when_down.pool;
	o = (struct order){.conf = conf,
	    .pool = &conf->pools[rank->pool],
	    .rule = r,
	    .at = room->fallback};
	order_put_rule(&o, place);
	order_put_nearest(&o, NULL);
	rank->nfallback = o.n;
}

void
policy_rank(const struct conf *conf, uint16_t policy, uint16_t pool,
    const struct place *place, struct rank *rank, struct rank_room *room,
    uint16_t *rule)
{
	const struct policy_pair pair = {policy, pool};

	*rule = policy_rule(conf, policy, place);
	rank_make(conf, &pair, *rule, place, rank, room);
}

/* Places to classes ------------------------------------------------------ */

struct classes {
	struct arena *arena;
	VEC(struct rank) ranks;
	uint32_t *slots; /* by hash: class + 1; 0: free */
	size_t nslots;
};

/* Regions with the same lots but for their weights. */
static bool
lots_equal(const struct rank *a, const struct rank *b)
{
	size_t i = 0;

	if (a->hash != b->hash || a->hash == CONF_HASH_NONE)
		return a->hash == b->hash;
	while (i < a->n && a->lots[i].weight == b->lots[i].weight)
		i++;
	return i == a->n;
}

static bool
rank_equal(const struct rank *a, const struct rank *b)
{
	return a->n == b->n && a->nfallback == b->nfallback &&
	    a->action == b->action && a->unlocated == b->unlocated &&
	    a->pool == b->pool && a->homes == b->homes &&
	    a->trickle == b->trickle && memcmp(a->order, b->order, a->n) == 0 &&
	    memcmp(a->fallback, b->fallback, a->nfallback) == 0 &&
	    lots_equal(a, b);
}

static uint64_t
rank_hash(const struct rank *r)
{
	uint64_t rest =
	    (uint64_t)r->pool << 16 | (uint64_t)r->action << 8 | r->unlocated;

	return XXH3_64bits_withSeed(r->order, r->n,
	    XXH3_64bits_withSeed(r->fallback, r->nfallback, rest));
}

static uint32_t *
classes_slot(const struct classes *c, const struct rank *rank)
{
	size_t i = rank_hash(rank) & (c->nslots - 1);

	while (c->slots[i] != 0 &&
	    !rank_equal(&c->ranks.at[c->slots[i] - 1], rank))
		i = (i + 1) & (c->nslots - 1);
	return &c->slots[i];
}

static void
classes_grow(struct classes *c)
{
	c->nslots = c->nslots == 0 ? 64 : 2 * c->nslots;
	free(c->slots);
	c->slots = xcalloc(c->nslots, sizeof(*c->slots));
	for (size_t i = 0; i < c->ranks.n; i++)
		*classes_slot(c, &c->ranks.at[i]) = (uint32_t)i + 1;
}

static uint32_t
class_of(struct classes *c, const struct rank *rank)
{
	struct rank copy = *rank;
	uint32_t *slot;

	if (2 * c->ranks.n >= c->nslots)
		classes_grow(c);
	slot = classes_slot(c, rank);
	if (*slot == 0) {
		copy.order = arena_dup(c->arena, rank->order, rank->n);
		copy.fallback =
		    arena_dup(c->arena, rank->fallback, rank->nfallback);
		if (rank->lots != NULL)
			copy.lots = arena_dup(c->arena, rank->lots,
			    rank->n * sizeof(*rank->lots));
		vec_push(&c->ranks, copy);
		*slot = (uint32_t)c->ranks.n;
	}
	return *slot - 1;
}

/* What a policy makes of places, whatever the pool. */
struct match {
	uint16_t *rule;   /* by place: the first that matches */
	uint32_t *fences; /* by rule: 1 + the first one with its fence; 0 */
	bool *met;        /* by rule */
	const struct spans *spans; /* NULL: no address is fenced */
};

/* The class of each of the places that leaves refer to.  free() it. */
static uint32_t *
classes_make(struct classes *c, const struct conf *conf, const struct geo *geo,
    const struct match *m, const struct policy_pair *pair)
{
	struct rank_room room;
	size_t n;
	const struct place *places = geo_places(geo, &n);
	uint32_t *map = xcalloc(n, sizeof(*map));

	for (size_t i = 0; i < n; i++) {
		const uint16_t rule = m->rule[i];
		struct rank rank, *at;

		rank_make(conf, pair, rule, &places[i], &rank, &room);
		map[i] = class_of(c, &rank);
		at = &c->ranks.at[map[i]];
		if (m->fences[rule] != 0 && m->fences[at->rule] == 0)
			at->rule = rule;
	}
	return map;
}

/* The first two of each class's regions (of one that has none, what stands in
 * for them is never asked for); free it. */
static uint8_t (*first_two(const struct classes *c))[2]
{
	uint8_t(*first)[2] = xcalloc(c->ranks.n, sizeof(*first));

	for (size_t i = 0; i < c->ranks.n; i++) {
		const struct rank *r = &c->ranks.at[i];

		if (r->n == 0)
			continue;
		first[i][0] = r->order[0];
		first[i][1] = r->order[r->n > 1];
	}
	return first;
}

/* Tables ----------------------------------------------------------------- */

/* Tables of a snapshot, while they are built. */
struct build {
	struct arena *arena;
	const struct conf *conf;
	struct geo *geo;
	struct lookups *classes, *groups;
	double *mass; /* of places; NULL: not yet asked for */
};

/* The number of the lookup of its groups; the ranks refer to the table. */
static size_t
far_make(struct build *b, const struct policy_table *t, struct classes *c,
    const uint32_t *map, struct far_table **far)
{
	uint8_t(*first)[2] = first_two(c);
	struct far_places p = {
	    .classes = map, .first = (const uint8_t(*)[2])first};
	uint32_t *group;

	p.places = geo_places(b->geo, &p.n);
	if (b->mass == NULL)
		b->mass = far_mass(b->geo);
	p.mass = b->mass;
	group = xcalloc(p.n, sizeof(*group));
	*far = far_build(b->arena, b->conf, t->pool, &p, group);
	for (size_t i = 0; i < c->ranks.n; i++)
		c->ranks.at[i].far = *far;
	free(first);
	return lookups_add(b->groups, group);
}

static uint32_t
fence_of(const struct conf_policy *p, uint16_t rule)
{
	const char *own = conf_rule_fence(&p->rules[rule]), *other;

	if (own == NULL)
		return 0;
	for (uint16_t i = 0; i < rule; i++) {
		other = conf_rule_fence(&p->rules[i]);
		if (other != NULL && strcmp(other, own) == 0)
			return i + 1u;
	}
	return rule + 1u;
}

static const struct spans *
spans_make(struct build *b, const struct match *m)
{
	const struct spans *spans;
	uint32_t *values;
	size_t n;

	geo_places(b->geo, &n);
	values = xcalloc(n, sizeof(*values));
	for (size_t i = 0; i < n; i++)
		values[i] = m->fences[m->rule[i]];
	spans = spans_build(b->arena, b->geo, values);
	free(values);
	return spans;
}

static void
match_make(struct build *b, uint16_t policy, struct match *m)
{
	const struct conf_policy *p = &b->conf->policies[policy];
	bool fenced = false;
	size_t n;
	const struct place *places = geo_places(b->geo, &n);

	m->rule = xcalloc(n, sizeof(*m->rule));
	m->fences = xcalloc(p->nrules, sizeof(*m->fences));
	m->met = arena_array(b->arena, p->nrules, sizeof(*m->met));
	for (uint16_t i = 0; i < p->nrules; i++)
		m->fences[i] = fence_of(p, i);
	for (size_t i = 0; i < n; i++) {
		m->rule[i] = policy_rule(b->conf, policy, &places[i]);
		m->met[m->rule[i]] = true;
		fenced |= m->fences[m->rule[i]] != 0;
	}
	m->spans = fenced ? spans_make(b, m) : NULL;
}

/* What becomes of a table's lookups. */
struct pending {
	size_t classes, groups;
	struct far_table *far; /* NULL: no groups */
};

static struct policy_table *
table_make(struct build *b, const struct match *m,
    const struct policy_pair *pair, struct pending *pending)
{
	struct policy_table *t = arena_alloc(b->arena, sizeof(*t));
	struct classes c = {.arena = b->arena};
	uint32_t *map;

	t->policy = pair->policy;
	t->pool = pair->pool;
	t->met = m->met;
	t->fences = m->spans;
	map = classes_make(&c, b->conf, b->geo, m, pair);
	if (b->conf->pools[pair->pool].cost > 0)
		pending->groups = far_make(b, t, &c, map, &pending->far);
	pending->classes = lookups_add(b->classes, map);
	t->nranks = c.ranks.n;
	t->ranks =
	    arena_dup(b->arena, c.ranks.at, c.ranks.n * sizeof(*c.ranks.at));
	vec_free(&c.ranks);
	free(c.slots);
	return t;
}

/* Those of one policy after each other, so that it matches places once. */
static void
tables_make(struct build *b, const struct policy_pair *pairs, size_t n,
    struct policy_table **tables, struct pending *pending)
{
	const size_t npolicies = b->conf->npolicies;
	size_t *first = xcalloc(npolicies, sizeof(*first)); /* pair + 1 */
	size_t *next = xcalloc(n, sizeof(*next));

	for (size_t i = n; i-- > 0;) {
		next[i] = first[pairs[i].policy];
		first[pairs[i].policy] = i + 1;
	}
	for (size_t policy = 0; policy < npolicies; policy++) {
		struct match m;

		if (first[policy] == 0)
			continue;
		match_make(b, (uint16_t)policy, &m);
		for (size_t i = first[policy]; i > 0; i = next[i - 1])
			tables[i - 1] =
			    table_make(b, &m, &pairs[i - 1], &pending[i - 1]);
		free(m.rule);
		free(m.fences);
	}
	free(first);
	free(next);
}

bool
policy_build(struct arena *a, const struct conf *conf, struct geo *geo,
    const struct policy_pair *pairs, size_t n, struct policy_table **tables,
    struct error *err)
{
	struct build b = {.arena = a, .conf = conf, .geo = geo};
	struct pending *pending;

	if (geo_leaves(geo, 4, err) == NULL)
		return false;
	b.classes = lookups_of(geo);
	b.groups = lookups_of(geo);
	pending = xcalloc(n, sizeof(*pending));
	tables_make(&b, pairs, n, tables, pending);
	lookups_build(b.classes, a);
	lookups_build(b.groups, a);
	for (size_t i = 0; i < n; i++) {
		tables[i]->lookup = lookups_get(b.classes, pending[i].classes);
		if (pending[i].far != NULL)
			pending[i].far->lookup =
			    lookups_get(b.groups, pending[i].groups);
	}
	free(pending);
	free(b.mass);
	lookups_free(b.groups);
	lookups_free(b.classes);
	return true;
}
