/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/line.h"

#include <string.h>

#include "conf/home.h"
#include "dns/name.h"

static bool
has_asn(const struct conf_rule *r, uint32_t asn)
{
	size_t i = 0;

	while (i < r->nasn && r->asn[i] != asn)
		i++;
	return asn != 0 && i < r->nasn;
}

static bool
has_geo(const struct conf_rule *r, const struct place *p)
{
	size_t i = 0;

	while (i < r->ngeo && !place_matches_geo(p, &r->geo[i]))
		i++;
	return i < r->ngeo;
}

static bool
is_inside(const struct conf_box *b, const struct place *p)
{
	bool east = p->longitude >= b->west, west = p->longitude <= b->east;

	return p->located && p->latitude >= b->south &&
	    p->latitude <= b->north &&
	    (b->west > b->east ? east || west : east && west);
}

void
line_find_rule(struct line_question *q)
{
	const struct conf_policy *p = q->policy;
	const struct conf_rule *r;

	for (size_t i = 0; i < p->nrules; i++) {
		q->rule = &p->rules[i];
		for (r = q->rule; r != NULL; r = r->outer) {
			if (r->by_net && (r->nets & q->place->nets) == 0)
				break;
			if (r->by_geo && !has_geo(r, q->place))
				break;
			if (r->by_asn && !has_asn(r, q->place->asn))
				break;
			if (r->by_box && !is_inside(&r->box, q->place))
				break;
		}
		if (r == NULL)
			return;
	}
}

static bool
pool_has(const struct conf_pool *pool, uint16_t region)
{
	for (size_t i = 0; i < pool->nregions; i++)
		if (pool->regions[i].region == region)
			return true;
	return false;
}

static void
measure(const struct line_question *q, struct oracle_region *r)
{
	const struct conf_region *g = &q->conf->regions[r->region];

	r->distance_km = r->adjusted_km = -1;
	if (!q->place->located || !g->located)
		return;
	r->distance_km = place_distance_km((double)q->place->latitude,
	    (double)q->place->longitude, g->latitude, g->longitude);
	r->adjusted_km = r->distance_km * (100 + g->bias) / 100;
}

/* The regions in the order of the rule, as far as they are put. */
struct line {
	const struct line_question *asked;
	const struct conf_pool *pool;
	struct oracle_region *regions;
	size_t n;
};

static uint32_t
weight_of(const struct conf_rule *rule, uint16_t region)
{
	for (size_t i = 0; rule->weights != NULL && i < rule->nregions; i++)
		if (rule->regions[i] == region)
			return rule->weights[i];
	return 1;
}

static void
line_put(struct line *l, uint16_t region)
{
	const struct conf_rule *rule = l->asked->rule;
	const struct conf *conf = l->asked->conf;
	const char *own = conf->regions[region].jurisdiction;
	struct oracle_region r = {.region = region};

	for (size_t i = 0; i < l->n; i++)
		if (l->regions[i].region == region)
			return;
	if (!pool_has(l->pool, region)) {
		/* Told where there is surely room for all. */
		if (conf->nregions > CONF_POOL_REGIONS_MAX)
			return;
		r.struck = STRUCK_NOT_IN_POOL;
	}
	for (const struct conf_rule *f = rule; f != NULL; f = f->outer)
		if (r.struck == STRUCK_NOT && f->fence != NULL &&
		    (own == NULL || strcmp(own, f->fence) != 0))
			r.struck = STRUCK_FENCE;
	measure(l->asked, &r);
	r.weight = weight_of(rule, region);
	l->regions[l->n++] = r;
}

static bool
is_nearer(const struct oracle_region *a, const struct oracle_region *b)
{
	if (a->adjusted_km < 0 || b->adjusted_km < 0)
		return a->adjusted_km >= 0 && b->adjusted_km < 0;
	return a->adjusted_km < b->adjusted_km;
}

/* Within one band the bias orders; then as declared. */
static bool
is_better(const struct conf *conf, const struct oracle_region *a,
    const struct oracle_region *b)
{
	int bias_a = conf->regions[a->region].bias;
	int bias_b = conf->regions[b->region].bias;

	if (a->band != b->band)
		return a->band < b->band;
	return bias_a < bias_b || (bias_a == bias_b && a->region < b->region);
}

static void
line_swap(struct oracle_region *a, struct oracle_region *b)
{
	struct oracle_region a_was = *a;

	*a = *b;
	*b = a_was;
}

/* A band begins at the nearest region that is in none yet. */
static void
line_band(struct line *l, size_t begin)
{
	struct oracle_region *r = l->regions;
	unsigned band = 0;
	double from;

	for (size_t i = begin, k = begin; i < l->n; i = k) {
		from = r[i].adjusted_km;
		band++;
		for (; k < l->n && (r[k].adjusted_km < 0) == (from < 0) &&
		     r[k].adjusted_km - from <= l->asked->rule->band_km;
		     k++)
			r[k].band = band;
	}
	for (size_t i = begin; i < l->n; i++)
		for (size_t k = i;
		     k > begin && is_better(l->asked->conf, &r[k], &r[k - 1]);
		     k--)
			line_swap(&r[k], &r[k - 1]);
}

/* The pool's, in order of declaration. */
static void
line_put_all(struct line *l)
{
	for (size_t i = 0; i < l->asked->conf->nregions; i++)
		if (pool_has(l->pool, (uint16_t)i))
			line_put(l, (uint16_t)i);
}

/* As declared, then each moves up past those that are farther. */
static void
line_put_nearest(struct line *l)
{
	struct oracle_region *r = l->regions;
	size_t begin = l->n;

	line_put_all(l);
	for (size_t i = begin; i < l->n; i++)
		for (size_t k = i; k > begin && is_nearer(&r[k], &r[k - 1]);
		     k--)
			line_swap(&r[k], &r[k - 1]);
	if (l->asked->rule->band_km > 0)
		line_band(l, begin);
}

static void
line_put_list(struct line *l, const uint16_t *regions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		line_put(l, regions[i]);
}

static void
line_put_by_place(struct line *l)
{
	const struct line_question *q = l->asked;
	const struct conf_policy *own = &q->conf->policies[q->rule->owner];

	if (q->rule->order == CONF_ORDER_LATENCY)
		line_put_list(l, q->place->quickest, q->place->nquickest);
	if (q->place->located)
		line_put_nearest(l);
	else if (own->nunlocated > 0)
		line_put_list(l, own->unlocated, own->nunlocated);
	else
		line_put_all(l);
}

static bool
is_out(const struct oracle_region *r)
{
	return r->struck == STRUCK_FENCE || r->struck == STRUCK_NOT_IN_POOL;
}

bool
line_is_lost(const struct line_question *q, uint16_t pool)
{
	struct oracle_region regions[CONF_POOL_REGIONS_MAX];
	struct line l = {
	    .asked = q, .pool = &q->conf->pools[pool], .regions = regions};

	if (!conf_rule_is_by_place(q->rule) || q->place->located)
		return false;
	if (q->rule->order == CONF_ORDER_LATENCY)
		line_put_list(&l, q->place->quickest, q->place->nquickest);
	for (size_t i = 0; i < l.n; i++)
		if (!is_out(&regions[i]))
			return false;
	return true;
}

size_t
line_up(const struct line_question *q, uint16_t pool, bool all,
    struct oracle_region regions[CONF_POOL_REGIONS_MAX])
{
	struct line l = {
	    .asked = q, .pool = &q->conf->pools[pool], .regions = regions};

	if (conf_rule_is_by_place(q->rule))
		line_put_by_place(&l);
	else if (q->rule->order == CONF_ORDER_LIST)
		line_put_list(&l, q->rule->regions, q->rule->nregions);
	else
		line_put_all(&l);
	if (all)
		line_put_all(&l);
	return l.n;
}

static bool
key_of(const struct line_question *q, uint64_t *key, uint8_t *len)
{
	struct addr prefix;
	size_t n;

	*len = 0;
	if (q->rule->hash == CONF_HASH_RANDOM ||
	    (q->rule->hash == CONF_HASH_QNAME && q->assume->name == NULL)) {
		*key = rendezvous_hash(
		    &q->assume->random, sizeof(q->assume->random));
		return true;
	}
	if (q->rule->hash == CONF_HASH_QNAME) {
		*key = rendezvous_name(
		    rendezvous_tenant(q->assume->name, q->name->name));
		return true;
	}
	if (q->rule->hash != CONF_HASH_CLIENT || q->client == NULL)
		return false;
	n = share_prefix(q->client, &prefix, len);
	*key = rendezvous_hash(prefix.bytes, n);
	return true;
}

/* Each moves up past those that it was drawn before. */
bool
line_draw(const struct line_question *q, struct oracle_region *r, size_t n,
    uint8_t *len)
{
	size_t in = 0;
	uint64_t key;

	for (size_t i = 0; i < n; i++)
		in += !is_out(&r[i]);
	if (in < 2 || !key_of(q, &key, len)) {
		*len = 0;
		return false;
	}
	for (size_t i = 0; i < n; i++) {
		const char *name = q->conf->regions[r[i].region].name;

		r[i].draw =
		    rendezvous_draw(key, rendezvous_hash(name, strlen(name)));
	}
	for (size_t i = 1; i < n; i++)
		for (size_t k = i; k > 0 && !is_out(&r[k]) &&
		     (is_out(&r[k - 1]) ||
			 rendezvous_before(r[k].draw, r[k].weight,
			     r[k - 1].draw, r[k - 1].weight));
		     k--)
			line_swap(&r[k], &r[k - 1]);
	return true;
}

const struct conf_home *
line_home(const struct line_question *q, struct oracle_region *r, size_t n)
{
	const struct conf_homes *h = q->rule->homes;
	const uint8_t *tenant;
	const struct conf_home *home = NULL;
	size_t at = 0;

	if (h == NULL || q->assume->name == NULL)
		return NULL;
	tenant = rendezvous_tenant(q->assume->name, q->name->name);
	for (size_t i = 0; i < h->nslots; i++)
		if (h->slots[i].name != NULL &&
		    name_equal(h->slots[i].name, tenant))
			home = &h->slots[i];
	if (home == NULL)
		return NULL;
	while (at < n && (r[at].region != home->region || is_out(&r[at])))
		at++;
	if (at == n)
		return NULL;
	for (; at > 0; at--)
		line_swap(&r[at], &r[at - 1]);
	return home;
}

struct cohort
line_cohort(const struct line_question *q, uint16_t region)
{
	const char *name = q->conf->regions[region].name;

	if (q->rule->hash != CONF_HASH_QNAME || q->assume->name == NULL)
		return share_cohort(q->client, name);
	return share_cohort_name(
	    rendezvous_tenant(q->assume->name, q->name->name), name);
}

/* Step 5: live ----------------------------------------------------------- */

const struct pool_region *
line_believed(const struct line_question *q, uint16_t pool, uint16_t region)
{
	const struct pool *p;

	if (q->assume->ignore_health)
		return NULL;
	p = &q->oracle->pools[pool];
	for (size_t i = 0; i < p->nregions; i++)
		if (p->regions[i].region == region)
			return &p->regions[i];
	return NULL;
}

/* It is forced up, or at each of its addresses as many monitors as must say
 * so, or better. */
bool
line_target_is(const struct pool_target *t, unsigned require, uint8_t family,
    bool slow_too)
{
	static const uint8_t families[] = {4, 6};

	for (size_t f = 0; f < 2 && t->up == NULL; f++) {
		unsigned deciding = 0, passing = 0;

		if (family != 0 && family != families[f])
			continue;

		for (size_t i = 0; i < t->nwatches; i++) {
			const struct watch *w = t->watches[i];

			if (w->addr.family != families[f] || w->idle ||
			    w->monitor->observe)
				continue;
			deciding++;
			passing += w->health.state != HEALTH_DOWN &&
			    (slow_too || w->health.state != HEALTH_DEGRADED);
		}
		if (passing < deciding && (require == 0 || passing < require))
			return false;
	}
	return true;
}

static bool
line_target_is_up(const struct pool_target *t, unsigned require, uint8_t family)
{
	return line_target_is(t, require, family, true);
}

static bool
has_family(const struct conf_target *t, uint8_t family)
{
	return family == 0 || t->addr[0].family == family ||
	    t->addr[1].family == family;
}

/* The family that a question of the type sees alone; 0: none. */
uint8_t
line_family(const struct conf_pool *p, uint16_t type)
{
	bool a = false, aaaa = false;

	for (unsigned i = 0; i < p->ntypes; i++) {
		a |= p->types[i] == DNS_A;
		aaaa |= p->types[i] == DNS_AAAA;
	}
	if (!a || !aaaa || p->families != CONF_FAMILIES_APART)
		return 0;
	return type == DNS_A ? 4 : type == DNS_AAAA ? 6 : 0;
}

static bool
is_assumed(const bool *regions, uint16_t region)
{
	return regions != NULL && regions[region];
}

/* Are enough targets of a region up, and, if they are to be, not drained?  Of
 * the family alone; of both, where a region needs both. */
static bool
enough(const struct conf_pool *p, const struct pool_region *r, uint8_t family,
    bool undrained)
{
	unsigned of = 0, good = 0;

	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		if (!has_family(t->conf, family))
			continue;
		of++;
		good += line_target_is_up(t, p->require,
			    p->families == CONF_FAMILIES_APART ? family : 0) &&
		    (!undrained || t->drain == NULL);
	}
	if (family == 0)
		return good >= p->min_healthy;
	if (p->families == CONF_FAMILIES_TOGETHER)
		return of == 0 || good > 0;
	return good >= (of < p->min_healthy ? of : p->min_healthy);
}

static bool
enough_for(const struct conf_pool *p, const struct pool_region *r,
    uint16_t type, bool undrained)
{
	uint8_t family = line_family(p, type);

	if (family != 0)
		return enough(p, r, family, undrained);
	if (p->families == CONF_FAMILIES_TOGETHER)
		return enough(p, r, 0, undrained) &&
		    enough(p, r, 4, undrained) && enough(p, r, 6, undrained);
	if (line_family(p, DNS_A) == 0)
		return enough(p, r, 0, undrained);
	return enough(p, r, 4, undrained) || enough(p, r, 6, undrained);
}

enum oracle_struck
line_strike(const struct line_question *q, uint16_t pool, uint16_t region)
{
	const struct pool_region *r = line_believed(q, pool, region);
	const struct conf_pool *p = &q->conf->pools[pool];
	uint16_t type = q->assume->type;
	bool up = r == NULL || enough_for(p, r, type, false);
	bool live = r == NULL || enough_for(p, r, type, true);

	if (is_assumed(q->assume->drained, region) ||
	    (r != NULL && (r->drain != NULL || (!live && up))))
		return STRUCK_DRAINED;
	if (is_assumed(q->assume->down, region) || !live)
		return STRUCK_DOWN;
	return STRUCK_NOT;
}
