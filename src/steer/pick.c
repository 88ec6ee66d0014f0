/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/pick.h"

#include "conf/home.h"

static uint32_t
change_s(const struct pool_region *r, uint32_t now_s)
{
	uint64_t change =
	    atomic_load_explicit(&r->change, memory_order_acquire);
	uint32_t seconds = (uint32_t)change, end_s = (uint32_t)(change >> 32);
	uint32_t left = end_s > now_s ? end_s - now_s : 0;

	return end_s != 0 && left < seconds ? left : seconds;
}

static void
least(uint32_t *ttl, uint32_t seconds)
{
	if (seconds < *ttl)
		*ttl = seconds;
}

static const struct offer *
offer_of(const struct pool_region *r)
{
	return atomic_load_explicit(&r->offer, memory_order_acquire);
}

static void
tell_by(struct pick *pick, uint8_t len)
{
	if (len > pick->cohort_len)
		pick->cohort_len = len;
}

static bool
share_takes(const struct pool_region *r, const struct pick_question *q,
    const struct cohort *c, struct pick *pick)
{
	const struct share *s = &offer_of(r)->share;
	const struct conf_failback *f = q->rank->failback;

	if (!share_in_force(s, f, q->now_s))
		return true;
	tell_by(pick, c->len);
	least(&pick->ttl, share_change_s(s, f, c->number, q->now_s));
	return c->number < share_taken(s, f, q->now_s);
}

static bool
spill_takes(const struct pool *p, uint8_t at, const struct pick_question *q,
    const struct cohort *c, struct pick *pick)
{
	uint32_t spill =
	    atomic_load_explicit(&p->regions[at].spill, memory_order_acquire);
	const struct far *far;
	uint8_t depth;

	if (spill == 0 || q->rank->far == NULL)
		return true;
	far = far_find(q->rank->far, q->client, &depth);
	tell_by(pick, c->len);
	tell_by(pick, depth);
	return far_position(&far[at], c->number) < SHARE_COHORTS - spill;
}

static struct cohort
cohort_of(const struct pick_question *q, const char *region)
{
	if (q->rank->hash == CONF_HASH_QNAME && q->name != NULL)
		return share_cohort_name(
		    rendezvous_tenant(q->name, q->owner), region);
	return share_cohort(q->client, region);
}

/* Does the region take the client: its share, and as it is not full? */
static bool
takes(const struct pool *p, uint8_t at, const struct pick_question *q,
    struct pick *pick, bool *spilled)
{
	struct cohort c;

	if (q->client == NULL)
		return true;
	c = cohort_of(q, p->regions[at].name);
	if (!share_takes(&p->regions[at], q, &c, pick))
		return false;
	if (spill_takes(p, at, q, &c, pick))
		return true;
	*spilled = true;
	return false;
}

/* The client's regions, best first, as far as they were looked at. */
struct turns {
	const struct rank *rank;
	enum pool_family family; /* of the question */
	bool drawn, trickled;
	struct rendezvous draw;
	bool spilled; /* one of them is full */
	uint8_t order[CONF_POOL_REGIONS_MAX];
};

/* What the client's regions are drawn by; false: they are not. */
static bool
draw_key(const struct pick_question *q, struct pick *pick, uint64_t *key)
{
	struct addr prefix;
	size_t n;

	if (q->rank->n < 2 || q->rank->hash == CONF_HASH_NONE)
		return false;
	if (q->rank->hash == CONF_HASH_CLIENT && q->client == NULL)
		return false;
	if (q->rank->hash == CONF_HASH_CLIENT) {
		n = share_prefix(q->client, &prefix, &pick->cohort_len);
		*key = rendezvous_hash(prefix.bytes, n);
	} else if (q->rank->hash == CONF_HASH_QNAME && q->name != NULL) {
		*key = rendezvous_name(rendezvous_tenant(q->name, q->owner));
	} else {
		*key = rendezvous_hash(&q->random, sizeof(q->random));
	}
	return true;
}

/* Who has a home has it as the first. */
static void
take_home(struct turns *t, const struct pool *p, const struct pick_question *q)
{
	const struct conf_home *home =
	    home_find(t->rank->homes, rendezvous_tenant(q->name, q->owner));

	for (uint8_t i = 0; home != NULL && i < t->rank->n; i++) {
		if (p->regions[t->rank->order[i]].region == home->region) {
			rendezvous_take(&t->draw, i);
			return;
		}
	}
}

static void
turns_begin(struct turns *t, const struct pool *p,
    const struct pick_question *q, struct pick *pick)
{
	uint64_t key;

	t->rank = q->rank;
	t->family = pool_family(q->type);
	t->trickled = false;
	t->spilled = false;
	t->drawn = draw_key(q, pick, &key);
	if (!t->drawn)
		return;
	rendezvous_begin(&t->draw, q->rank->lots, q->rank->n, key);
	if (q->rank->homes != NULL && q->name != NULL)
		take_home(t, p, q);
}

/* In turn, from 0 on. */
static uint8_t
turns_look(struct turns *t, size_t i)
{
	const uint8_t *order = t->rank->order;

	/* A home is there already. */
	if (t->drawn && i >= t->draw.next)
		rendezvous_next(&t->draw);
	t->order[i] = order[t->drawn ? t->draw.at[i] : i];
	return t->order[i];
}

/* What is looked at on the way to a region. */
struct look {
	const struct pool *pool;
	const struct pick_question *question;
	struct turns *turns;
	struct pick *pick;
	uint64_t live, shared;
	size_t second_best; /* the first that is live; n: none is */
};

/* The turn of the first region from i on that is live and whose share takes the
 * client; n: none. */
static size_t
next_live(struct look *l, size_t i)
{
	const struct pick_question *q = l->question;

	for (; i < q->rank->n; i++) {
		uint8_t at = turns_look(l->turns, i);
		const struct pool_region *r = &l->pool->regions[at];

		least(&l->pick->ttl, change_s(r, q->now_s));
		if ((l->live >> at & 1) == 0)
			continue;
		if ((l->shared >> at & 1) == 0 ||
		    takes(l->pool, at, q, l->pick, &l->turns->spilled))
			return i;
		if (l->second_best == q->rank->n)
			l->second_best = i;
	}
	return q->rank->n;
}

/* Is the client one of those that keep the next region warm?  Its prefix
 * matters for that whatever is live. */
static bool
is_trickled(const struct pick_question *q, struct pick *pick)
{
	struct cohort c;

	if (q->rank->trickle == 0 || q->client == NULL || q->rank->n < 2)
		return false;
	c = share_trickle(q->client);
	tell_by(pick, c.len);
	return c.number < SHARE_COHORTS / 100u * q->rank->trickle;
}

/* The turn of the client's region; n: nothing is live. */
static size_t
first_live(const struct pool *p, const struct pick_question *q,
    struct turns *turns, struct pick *pick)
{
	struct look l = {
	    .pool = p,
	    .question = q,
	    .turns = turns,
	    .pick = pick,
	    .live = pool_live(p, turns->family),
	    .shared = atomic_load_explicit(&p->shared, memory_order_acquire),
	    .second_best = q->rank->n,
	};
	bool trickled = is_trickled(q, pick);
	size_t i = next_live(&l, 0), standby;

	if (i == q->rank->n)
		return l.second_best;
	standby = trickled ? next_live(&l, i + 1) : q->rank->n;
	turns->trickled = standby < q->rank->n;
	return turns->trickled ? standby : i;
}

/* The same of a word, without shares. */
static size_t
first_in(const struct pool *p, const uint8_t *order, size_t n, uint64_t word,
    uint32_t now_s, uint32_t *ttl)
{
	for (size_t i = 0; i < n; i++) {
		least(ttl, change_s(&p->regions[order[i]], now_s));
		if (word >> order[i] & 1)
			return i;
	}
	return n;
}

static uint64_t
drained_of(const struct pool *p, enum pool_family f)
{
	return atomic_load_explicit(&p->words[f].drained, memory_order_acquire);
}

/* Nothing of order is live: the best of what is not. */
static size_t
first_of_all(const struct pool *p, const uint8_t *order, size_t n,
    uint64_t wanted, uint64_t drained, uint32_t now_s, uint32_t *ttl)
{
	size_t i = first_in(p, order, n, wanted, now_s, ttl);

	if (i == n)
		i = first_in(p, order, n, ~drained, now_s, ttl);
	return i < n ? i : 0;
}

static void
pick_all_down(const struct pool *pools, const struct pick_question *q,
    const struct turns *turns, struct pick *pick)
{
	const struct rank *rank = q->rank;
	const struct pool *p = pick->pool;
	const uint8_t *order = turns->order;
	size_t n = rank->n, i;
	uint64_t wanted = 0;

	pick->reason = POOL_ALL_DOWN;
	if (rank->action == CONF_DOWN_POOL) {
		pick->pool = p = &pools[rank->pool];
		order = rank->fallback;
		n = rank->nfallback;
		wanted = pool_live(p, turns->family);
	} else if (rank->action == CONF_DOWN_LAST_KNOWN) {
		wanted = atomic_load_explicit(
		    &p->words[turns->family].last_known, memory_order_acquire);
	}
	i = first_of_all(p, order, n, wanted, drained_of(p, turns->family),
	    q->now_s, &pick->ttl);
	pick->region = order[i];
}

/* Has an operator taken the region out, wholly or in part? */
static bool
is_drained(const struct pool *p, size_t region, enum pool_family f)
{
	uint64_t drained = drained_of(p, f);
	uint64_t shared =
	    atomic_load_explicit(&p->shared, memory_order_acquire);

	return (drained >> region & 1) != 0 ||
	    ((shared >> region & 1) != 0 &&
		offer_of(&p->regions[region])->share.out != 0);
}

static enum pool_reason
reason_of(const struct pool *p, const struct turns *turns, size_t picked)
{
	if (turns->trickled)
		return POOL_TRICKLE;
	if (picked == 0)
		return turns->rank->unlocated ? POOL_UNLOCATED : POOL_FIRST;
	if (is_drained(p, turns->order[0], turns->family))
		return POOL_DRAINED;
	return turns->spilled ? POOL_SPILLED : POOL_FAILOVER;
}

static const struct body *
offer_body(const struct pool *p, size_t region, uint16_t type, uint32_t random)
{
	const struct offer *o = offer_of(&p->regions[region]);
	size_t k = conf_pool_type(p->conf, type);
	const struct variant *v = o->variants[k];
	uint32_t at = (uint32_t)((uint64_t)random * o->total[k] >> 32);

	while (v->until <= at)
		v++;
	return v->body;
}

/* Almost always: the client's best region takes it, whoever it is. */
static bool
best_takes(
    const struct pool *p, const struct pick_question *q, struct pick *pick)
{
	const struct rank *rank = q->rank;
	const uint8_t best = rank->order[0];
	uint64_t shared =
	    atomic_load_explicit(&p->shared, memory_order_acquire);
	uint64_t whole = pool_live(p, pool_family(q->type)) & ~shared;

	if (rank->hash != CONF_HASH_NONE || rank->trickle != 0 ||
	    (whole >> best & 1) == 0)
		return false;
	least(&pick->ttl, change_s(&p->regions[best], q->now_s));
	pick->region = best;
	pick->reason = rank->unlocated ? POOL_UNLOCATED : POOL_FIRST;
	return true;
}

/* By all that may be asked of its regions. */
static void
pick_of_all(
    const struct pool *pools, const struct pick_question *q, struct pick *pick)
{
	const struct pool *p = pick->pool;
	struct turns turns;
	size_t i;

	turns_begin(&turns, p, q, pick);
	i = first_live(p, q, &turns, pick);
	if (i == q->rank->n) {
		pick_all_down(pools, q, &turns, pick);
		return;
	}
	pick->region = turns.order[i];
	pick->reason = (uint8_t)reason_of(p, &turns, i);
}

void
pick_region(
    const struct pool *pools, const struct pick_question *q, struct pick *pick)
{
	const struct pool *p = &pools[q->pool];

	pick->pool = p;
	pick->ttl = q->ttl_max;
	pick->cohort_len = 0;
	if (!best_takes(p, q, pick))
		pick_of_all(pools, q, pick);
	if (pick->ttl < q->ttl_min)
		pick->ttl = q->ttl_min;
	pick->body = offer_body(pick->pool, pick->region, q->type, q->random);
}
