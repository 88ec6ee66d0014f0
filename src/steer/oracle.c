/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/oracle.h"

#include <string.h>

#include "base/clock.h"
#include "steer/line.h"
#include "steer/scope.h"

const char *const oracle_struck_names[] = {
    [STRUCK_NOT] = "no",
    [STRUCK_FENCE] = "outside the fence",
    [STRUCK_DRAINED] = "drained",
    [STRUCK_DOWN] = "down",
    [STRUCK_SHARE] = "not for this client, by its share",
    [STRUCK_FULL] = "full",
    [STRUCK_NOT_IN_POOL] = "not in the pool",
};

/* Step 5: live ----------------------------------------------------------- */

/* Which part of the region's clients it gets now, and whether the client is
 * of it. */
static void
share_out(
    const struct line_question *q, uint16_t pool, struct oracle_region *region)
{
	const struct pool_region *r = line_believed(q, pool, region->region);
	const struct conf_failback *f = policy_failback(q->policy);
	uint32_t now_s = clock_mono_s();

	if (r == NULL || q->client == NULL ||
	    !share_in_force(&r->share, f, now_s))
		return;
	region->shared = true;
	region->cohort = line_cohort(q, region->region);
	region->taken = share_taken(&r->share, f, now_s);
	if (region->struck == STRUCK_NOT &&
	    region->cohort.number >= region->taken)
		region->struck = STRUCK_SHARE;
}

/* The table of the policy for the pool: classes are its. */
static const struct policy_table *
table_of(const struct line_question *q, uint16_t pool)
{
	const struct pool *p = &q->oracle->pools[pool];

	for (size_t i = 0; i < p->ntables; i++)
		if (p->tables[i].policy == q->policy - q->conf->policies)
			return p->tables[i].table;
	return NULL;
}

/* Where the client is among those of a full region, from near to far. */
static void
send_on(
    const struct line_question *q, uint16_t pool, struct oracle_region *region)
{
	const struct pool_region *r = line_believed(q, pool, region->region);
	uint32_t spill = r != NULL ? atomic_load(&r->spill) : 0;
	const struct policy_table *table = table_of(q, pool);
	const struct far_table *far = table != NULL ? table->ranks->far : NULL;
	const struct far *at;
	uint8_t depth;

	if (spill == 0 || q->client == NULL || region->struck != STRUCK_NOT)
		return;
	if (far == NULL)
		return;
	at = far_find(far, q->client, &depth);
	region->full = true;
	region->cohort = line_cohort(q, region->region);
	region->kept = SHARE_COHORTS - spill;
	if (depth > region->cohort.len)
		region->cohort.len = depth;
	region->position = far_position(
	    &at[r - q->oracle->pools[pool].regions], region->cohort.number);
	if (region->position >= region->kept)
		region->struck = STRUCK_FULL;
}

static void
strike_all(const struct line_question *q, uint16_t pool,
    struct oracle_region *regions, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (regions[i].struck == STRUCK_NOT)
			regions[i].struck =
			    line_strike(q, pool, regions[i].region);
}

/* Step 8: targets -------------------------------------------------------- */

static bool
target_has(const struct conf_target *t, uint16_t type)
{
	if (type == DNS_CNAME)
		return t->cname != NULL;
	return t->addr[type == DNS_AAAA].family != 0;
}

/* 0: nothing speaks against it; 3: the last resort. */
static unsigned
target_rank(const struct pool_target *t, unsigned require, uint8_t family)
{
	if (t->drain != NULL)
		return 3;
	if (!line_target_is(t, require, family, true))
		return 2;
	return line_target_is(t, require, family, false) ? 0 : 1;
}

bool
oracle_uses(const struct pool *p, const struct pool_region *r, size_t target,
    uint16_t type)
{
	unsigned require = p->conf->require;
	uint8_t family = line_family(p->conf, type);
	const struct pool_target *t = &r->targets[target];

	if (!target_has(t->conf, type))
		return false;
	for (size_t i = 0; i < r->ntargets; i++)
		if (target_has(r->targets[i].conf, type) &&
		    target_rank(&r->targets[i], require, family) <
			target_rank(t, require, family))
			return false;
	return true;
}

/* Step 9: TTL ------------------------------------------------------------ */

static uint32_t
watch_seconds(const struct watch *w)
{
	return watch_change_ms(w) / 1000;
}

static bool
is_live(const struct oracle_region *r)
{
	return r->struck == STRUCK_NOT || r->struck == STRUCK_SHARE ||
	    r->struck == STRUCK_FULL;
}

static void
least(uint32_t *seconds, int64_t other)
{
	if (other < *seconds)
		*seconds = other > 0 ? (uint32_t)other : 0;
}

static void
least_end(uint32_t *seconds, const struct drain *d)
{
	if (d != NULL && d->until != DRAIN_FOREVER)
		least(seconds, drain_left_s(d));
}

static void
least_begin(uint32_t *seconds, const struct drain *d)
{
	if (d != NULL)
		least(seconds, d->at - clock_wall_s());
}

/* When the region could change; UINT32_MAX: never. */
static uint32_t
region_seconds(const struct pool_region *r)
{
	uint32_t seconds = UINT32_MAX;

	least_end(&seconds, r->drain);
	least_end(&seconds, r->part);
	least_begin(&seconds, r->next);
	for (size_t i = 0; i < r->ntargets; i++) {
		const struct pool_target *t = &r->targets[i];

		for (size_t k = 0; t->up == NULL && k < t->nwatches; k++)
			least(&seconds, watch_seconds(t->watches[k]));
		least_end(&seconds, t->up);
		least_end(&seconds, t->drain);
		least_begin(&seconds, t->next);
	}
	return seconds;
}

/* When the client's cohort could be taken, or left. */
static uint32_t
share_seconds(const struct line_question *q, const struct oracle_region *region,
    const struct pool_region *r)
{
	if (!is_live(region) || !region->shared)
		return SHARE_NEVER;
	return share_change_s(&r->share, policy_failback(q->policy),
	    region->cohort.number, clock_mono_s());
}

/* The regions of the pool that were looked at: the first n that the fence left
 * in. */
static void
consult(const struct line_question *q, uint16_t pool,
    const struct oracle_region *regions, size_t n, struct oracle_decision *d)
{
	for (size_t i = 0; i < n; i++) {
		const struct pool_region *r =
		    line_believed(q, pool, regions[i].region);
		uint32_t seconds;

		if (r == NULL || regions[i].struck == STRUCK_FENCE ||
		    regions[i].struck == STRUCK_NOT_IN_POOL)
			continue;
		seconds = region_seconds(r);
		least(&seconds, share_seconds(q, &regions[i], r));
		if (seconds < d->ttl) {
			d->ttl = seconds;
			d->ttl_region = regions[i].region;
		}
	}
}

/* Steps 6 and 7: pick ---------------------------------------------------- */

static bool
is_in(const struct oracle_region *r)
{
	return r->struck != STRUCK_FENCE && r->struck != STRUCK_NOT_IN_POOL;
}

/* The first that is live; n: none. */
static size_t
first_live(const struct oracle_region *regions, size_t n)
{
	size_t i = 0;

	while (i < n && regions[i].struck != STRUCK_NOT)
		i++;
	return i;
}

/* The first that the fence left in. */
static size_t
first_in(const struct oracle_region *regions, size_t n)
{
	size_t i = 0;

	while (i < n && !is_in(&regions[i]))
		i++;
	return i;
}

/* when_all_down: all.  The first not drained, else the first. */
static uint16_t
pick_all(const struct oracle_region *regions, size_t n)
{
	size_t first = first_in(regions, n);

	for (size_t i = 0; i < n; i++)
		if (is_in(&regions[i]) && regions[i].struck != STRUCK_DRAINED)
			return regions[i].region;
	return first < n ? regions[first].region : CONF_NONE;
}

static bool
was_live(const struct line_question *q, uint16_t pool, uint16_t region)
{
	const struct pool *p = &q->oracle->pools[pool];
	uint8_t family = line_family(p->conf, q->assume->type);
	uint64_t last = atomic_load(&p->words[family == 4   ? POOL_IPV4
					      : family == 6 ? POOL_IPV6
							    : POOL_ANY]
					 .last_known);

	for (size_t i = 0; i < p->nregions; i++)
		if (p->regions[i].region == region)
			return (last >> i & 1) != 0;
	return false;
}

static uint16_t
pick_last_known(const struct line_question *q, const struct oracle_decision *d)
{
	for (size_t i = 0; i < d->nregions; i++)
		if (is_in(&d->regions[i]) &&
		    was_live(q, d->pool, d->regions[i].region))
			return d->regions[i].region;
	return pick_all(d->regions, d->nregions);
}

static void
pick_fallback(const struct line_question *q, struct oracle_decision *d)
{
	struct oracle_region regions[CONF_POOL_REGIONS_MAX];
	uint16_t pool = q->rule->when_down.pool;
	size_t n = line_up(q, pool, true, regions), i;

	strike_all(q, pool, regions, n);
	i = first_live(regions, n);
	consult(q, pool, regions, i < n ? i + 1 : n, d);
	d->pool = pool;
	d->region = i < n ? regions[i].region : pick_all(regions, n);
}

static enum pool_reason
reason_of(const struct line_question *q, const struct oracle_decision *d,
    size_t picked, size_t looked)
{
	size_t first = first_in(d->regions, d->nregions);
	const struct pool_region *r =
	    line_believed(q, d->pool, d->regions[first].region);

	if (d->trickled)
		return POOL_TRICKLE;
	if (picked == first)
		return d->unlocated ? POOL_UNLOCATED : POOL_FIRST;
	if (d->regions[first].struck == STRUCK_DRAINED ||
	    (r != NULL && r->share.out != 0))
		return POOL_DRAINED;
	for (size_t i = 0; i < d->nregions; i++)
		if (d->regions[i].struck == STRUCK_FULL && i < looked)
			return POOL_SPILLED;
	return POOL_FAILOVER;
}

static void
tell_by(struct oracle_decision *d, uint8_t len)
{
	if (len > d->cohort_len)
		d->cohort_len = len;
}

/* The prefix by which the client was told from others. */
static void
narrow(struct oracle_decision *d, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (is_live(&d->regions[i]) &&
		    (d->regions[i].shared || d->regions[i].full))
			tell_by(d, d->regions[i].cohort.len);
}

/* The region that is kept warm, behind the one that would be picked, if the
 * client is one of those that do it. */
static size_t
trickle(const struct line_question *q, struct oracle_decision *d, size_t i)
{
	struct cohort c;
	size_t in = 0, next;

	for (size_t k = 0; k < d->nregions; k++)
		in += is_in(&d->regions[k]);
	if (q->rule->trickle == 0 || q->client == NULL || in < 2)
		return i;
	c = share_trickle(q->client);
	tell_by(d, c.len);
	if (c.number >= SHARE_COHORTS / 100u * q->rule->trickle ||
	    i == d->nregions)
		return i;
	next = i + 1;
	next += first_live(d->regions + next, d->nregions - next);
	d->trickled = next < d->nregions;
	return next;
}

static void
pick(const struct line_question *q, struct oracle_decision *d)
{
	size_t n = d->nregions, first = first_live(d->regions, n);
	size_t i = trickle(q, d, first), looked = i < n ? i + 1 : n;

	consult(q, d->pool, d->regions, looked, d);
	narrow(d, looked);
	if (i == n)
		i = first;
	/* Shares leave nobody without a region. */
	for (size_t k = 0; k < n && i == n; k++)
		if (is_live(&d->regions[k]))
			i = k;
	if (i < n) {
		d->region = d->regions[i].region;
		d->reason = reason_of(q, d, i, looked);
		return;
	}
	d->reason = POOL_ALL_DOWN;
	switch (q->rule->when_down.action) {
	case CONF_DOWN_POOL:
		pick_fallback(q, d);
		break;
	case CONF_DOWN_LAST_KNOWN:
		d->region = pick_last_known(q, d);
		break;
	default:
		d->region = pick_all(d->regions, n);
	}
}

static struct line_question
ask(const struct oracle *o, const struct conf_name *name,
    const struct addr *client, const struct place *place,
    const struct oracle_assume *assume)
{
	static const struct oracle_assume nothing;
	struct line_question q = {.oracle = o,
	    .conf = o->conf,
	    .name = name,
	    .policy = &o->conf->policies[name->policy],
	    .place = place,
	    .client = client,
	    .assume = assume != NULL ? assume : &nothing};

	line_find_rule(&q);
	return q;
}

static void
decide(const struct oracle *o, const struct conf_name *name,
    const struct addr *client, const struct place *place,
    const struct oracle_assume *assume, struct oracle_decision *d)
{
	struct line_question q = ask(o, name, client, place, assume);

	memset(d, 0, sizeof(*d));
	d->rule = (uint16_t)(q.rule - q.policy->rules);
	d->unlocated = line_is_lost(&q, name->pool);
	d->pool = name->pool;
	d->nregions = line_up(&q, d->pool, false, d->regions);
	d->drawn = line_draw(&q, d->regions, d->nregions, &d->cohort_len);
	if (d->drawn)
		d->home = line_home(&q, d->regions, d->nregions);
	strike_all(&q, d->pool, d->regions, d->nregions);
	for (size_t i = 0; i < d->nregions; i++) {
		share_out(&q, d->pool, &d->regions[i]);
		send_on(&q, d->pool, &d->regions[i]);
	}
	d->ttl = name->ttl_max;
	d->ttl_region = CONF_NONE;
	pick(&q, d);
	if (d->ttl < name->ttl_min)
		d->ttl = name->ttl_min;
}

void
oracle_decide_place(const struct oracle *o, const struct conf_name *name,
    const struct place *place, const struct oracle_assume *assume,
    struct oracle_decision *d)
{
	decide(o, name, NULL, place, assume, d);
}

/* Step 10: what a scope is of -------------------------------------------- */

void
oracle_judge(const struct oracle *o, const struct conf_name *name,
    const struct conf_rule *rule, const struct place *place,
    struct oracle_verdict *v)
{
	struct line_question q = ask(o, name, NULL, place, NULL);

	if (rule != NULL)
		q.rule = rule;
	v->action = q.rule->when_down.action;
	v->unlocated = line_is_lost(&q, name->pool);
	v->hash = q.rule->hash;
	v->homes = q.rule->homes;
	v->trickle = q.rule->trickle;
	v->n = line_up(&q, name->pool, false, v->regions);
	v->pool = CONF_NONE;
	v->nfallback = 0;
	if (v->action != CONF_DOWN_POOL)
		return;
	v->pool = q.rule->when_down.pool;
	v->nfallback = line_up(&q, v->pool, true, v->fallback);
	/* Nothing is drawn there. */
	for (size_t i = 0; i < v->nfallback; i++)
		v->fallback[i].weight = 0;
}

/* Those that are in are the same, in the same order. */
static bool
same_regions(const struct oracle_region *a, size_t na,
    const struct oracle_region *b, size_t nb)
{
	size_t i = first_in(a, na), k = first_in(b, nb);

	while (i < na && k < nb && a[i].region == b[k].region &&
	    a[i].weight == b[k].weight) {
		i++;
		k++;
		i += first_in(a + i, na - i);
		k += first_in(b + k, nb - k);
	}
	return i == na && k == nb;
}

bool
oracle_verdict_equal(
    const struct oracle_verdict *a, const struct oracle_verdict *b)
{
	return a->action == b->action && a->pool == b->pool &&
	    a->hash == b->hash && a->homes == b->homes &&
	    a->trickle == b->trickle && a->unlocated == b->unlocated &&
	    same_regions(a->regions, a->n, b->regions, b->n) &&
	    same_regions(a->fallback, a->nfallback, b->fallback, b->nfallback);
}

void
oracle_decide(const struct oracle *o, const struct conf_name *name,
    const struct addr *client, const struct oracle_assume *assume,
    bool want_scope, struct oracle_decision *d)
{
	struct geo_found found = {.counted = *client};

	geo_find(o->geo, client, &found);
	decide(o, name, client, &found.place, assume, d);
	d->found = found;
	if (want_scope)
		d->scope = scope_find(o, name, client, &found);
	if (want_scope && d->cohort_len > d->scope)
		d->scope = d->cohort_len;
}
