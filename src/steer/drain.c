/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/drain.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/clock.h"

const char *const drain_kind_names[DRAIN_KIND_COUNT] = {"drain", "force_up"};
const char *const drain_nouns[DRAIN_KIND_COUNT] = {"drain", "force-up"};

/* Names within what: "region", "pool/region" or "pool/region/target". */
struct names {
	const char *pool, *region, *target; /* NULL: none */
	size_t pool_len, region_len, target_len;
};

static struct names
names_of(const char *pool, const char *region, const char *target)
{
	return (struct names){pool, region, target,
	    pool != NULL ? strlen(pool) : 0, strlen(region),
	    target != NULL ? strlen(target) : 0};
}

static struct names
names_split(const char *what)
{
	const char *first = strchr(what, '/');
	const char *second = first != NULL ? strchr(first + 1, '/') : NULL;
	struct names n = names_of(NULL, what, NULL);

	if (first == NULL)
		return n;
	n = names_of(what, first + 1, second != NULL ? second + 1 : NULL);
	n.pool_len = (size_t)(first - what);
	if (second != NULL)
		n.region_len = (size_t)(second - first - 1);
	return n;
}

/* By what leases name: the region, perhaps of a pool, and all of what. */
enum { BY_PLACE, BY_WHAT, BY_COUNT };

static void
names_hash(uint64_t hash[BY_COUNT], const struct names *n)
{
	uint64_t seed = n->pool != NULL ? XXH3_64bits(n->pool, n->pool_len) : 0;

	hash[BY_PLACE] = XXH3_64bits_withSeed(n->region, n->region_len, seed);
	hash[BY_WHAT] = hash[BY_PLACE];
	if (n->target != NULL)
		hash[BY_WHAT] = XXH3_64bits_withSeed(
		    n->target, n->target_len, hash[BY_PLACE]);
}

/* False: a name is empty. */
static bool
what_parse(struct drain *d, const char *what)
{
	struct names n = names_split(what);

	d->region = strndup(n.region, n.region_len);
	if (n.pool != NULL)
		d->pool = strndup(n.pool, n.pool_len);
	if (n.target != NULL)
		d->target = xstrdup(n.target);
	names_hash(d->hash, &n);
	return *d->region != '\0' && (d->pool == NULL || *d->pool != '\0') &&
	    (d->target == NULL || *d->target != '\0');
}

struct drain *
drain_new(const char *what, const char *owner, const char *reason,
    int64_t since, int64_t until, bool forced, struct error *err)
{
	struct drain *d = xcalloc(1, sizeof(*d));

	d->what = xstrdup(what);
	d->owner = xstrdup(owner);
	d->reason = xstrdup(reason);
	d->since = since;
	d->until = until;
	d->share = DRAIN_WHOLE;
	d->forced = forced;
	if (what_parse(d, what))
		return d;
	error_set(err,
	    "%.200s: neither region, pool/region nor "
	    "pool/region/target",
	    what);
	drain_free(d);
	return NULL;
}

void
drain_free(struct drain *d)
{
	if (d == NULL)
		return;
	free(d->what);
	free(d->pool);
	free(d->region);
	free(d->target);
	free(d->owner);
	free(d->reason);
	free(d->record);
	free(d);
}

/* What began later than now did so before the clock was set back: how long ago
 * nobody knows, and nobody is to come back for that.  Nor does such a clock
 * make a lease longer than it was given for. */
void
drain_start(struct drain *d)
{
	int64_t now = clock_wall_s(), gone_s = now - d->since;
	int64_t left_s = d->until - (gone_s > 0 ? now : d->since);

	d->whole_s = clock_mono_s();
	if (gone_s >= 0)
		d->whole_s += d->over_s - gone_s;
	d->end_ms = clock_boot_ms() + 1000 * left_s;
	if (d->until == DRAIN_FOREVER)
		d->end_ms = DRAIN_FOREVER;
}

/* One that was never started is a question only: what if? */
int64_t
drain_left_s(const struct drain *d)
{
	int64_t left_s;

	if (d->until == DRAIN_FOREVER)
		return INT64_MAX;
	if (d->at != 0 || d->end_ms == 0)
		left_s = d->until - clock_wall_s();
	else
		left_s = (d->end_ms - clock_boot_ms() + 999) / 1000;
	return left_s > 0 ? left_s : 0;
}

void
drain_set_clock(struct drain *d, int64_t step_s)
{
	if (d->at != 0)
		return;
	d->since += step_s;
	if (d->until != DRAIN_FOREVER)
		d->until = clock_wall_s() + drain_left_s(d);
	free(d->record);
	d->record = NULL;
}

/* The index --------------------------------------------------------------- */

/* Those of equal hash are a chain: the next one's position and 1; 0: none. */
struct drain_link {
	uint32_t next[BY_COUNT];
};

static uint32_t *
head_of(const struct drains *t, unsigned by, uint64_t hash)
{
	return &t->heads[by * t->nheads + (hash & (t->nheads - 1))];
}

static void
link_add(struct drains *t, size_t i)
{
	for (unsigned by = 0; by < BY_COUNT; by++) {
		uint32_t *head = head_of(t, by, t->all.at[i]->hash[by]);

		t->links[i].next[by] = *head;
		*head = (uint32_t)i + 1;
	}
}

/* As all has changed. */
static void
index_make(struct drains *t)
{
	if (t->nheads < t->all.cap) {
		t->nheads = t->nheads == 0 ? 16 : t->nheads;
		while (t->nheads < t->all.cap)
			t->nheads *= 2;
		t->links =
		    xreallocarray(t->links, t->nheads, sizeof(*t->links));
		free(t->heads);
		t->heads = xcalloc(BY_COUNT * t->nheads, sizeof(*t->heads));
	} else if (t->nheads > 0) {
		memset(t->heads, 0, BY_COUNT * t->nheads * sizeof(*t->heads));
	}
	for (size_t i = 0; i < t->all.n; i++)
		link_add(t, i);
}

void
drains_lend(struct drains *t, struct drain *d)
{
	vec_push(&t->all, d);
	if (t->all.n > t->nheads)
		index_make(t);
	else
		link_add(t, t->all.n - 1);
}

void
drains_return(struct drains *t)
{
	vec_free(&t->all);
	free(t->links);
	free(t->heads);
	t->links = NULL;
	t->heads = NULL;
	t->nheads = 0;
}

void
drains_fini(struct drains *t)
{
	for (size_t i = 0; i < t->all.n; i++)
		drain_free(t->all.at[i]);
	drains_return(t);
}

/* A walk over those whose names have the hash of these, by region or by what.
 */
struct chain {
	unsigned by;
	uint64_t hash;
	uint32_t at; /* the position of the last one and 1; 0: none yet */
};

static struct chain
chain_of(const struct names *n, unsigned by)
{
	uint64_t hash[BY_COUNT];

	names_hash(hash, n);
	return (struct chain){.by = by, .hash = hash[by]};
}

static const struct drain *
chain_next(const struct drains *t, struct chain *c)
{
	if (t->nheads == 0)
		return NULL;
	c->at = c->at == 0 ? *head_of(t, c->by, c->hash)
			   : t->links[c->at - 1].next[c->by];
	return c->at != 0 ? t->all.at[c->at - 1] : NULL;
}

static bool
is_announced(const struct drain *d)
{
	return d->at != 0;
}

static struct drain **
slot_of(const struct drains *t, enum drain_kind kind, const char *what,
    bool announced)
{
	struct names n = names_split(what);
	struct chain chain = chain_of(&n, BY_WHAT);
	const struct drain *d;

	while ((d = chain_next(t, &chain)) != NULL)
		if (d->kind == kind && is_announced(d) == announced &&
		    strcmp(d->what, what) == 0)
			return &t->all.at[chain.at - 1];
	return NULL;
}

struct drain *
drains_replace(struct drains *t, struct drain *d)
{
	struct drain **slot = slot_of(t, d->kind, d->what, is_announced(d));
	struct drain *old;

	if (slot == NULL) {
		drains_lend(t, d);
		return NULL;
	}
	old = *slot;
	*slot = d; /* its names are the same */
	return old;
}

void
drains_put(struct drains *t, struct drain *d)
{
	drain_free(drains_replace(t, d));
}

struct drain *
drains_find(const struct drains *t, enum drain_kind kind, const char *what,
    bool announced)
{
	struct drain **slot = slot_of(t, kind, what, announced);

	return slot != NULL ? *slot : NULL;
}

static struct drain *
take_out(struct drains *t, struct drain **slot)
{
	struct drain *d = *slot;

	/* The others keep their order. */
	memmove(slot, slot + 1,
	    (size_t)(t->all.at + t->all.n - slot - 1) * sizeof(*slot));
	t->all.n--;
	index_make(t);
	return d;
}

struct drain *
drains_remove(struct drains *t, const struct drain *d)
{
	return take_out(t, slot_of(t, d->kind, d->what, is_announced(d)));
}

struct drain *
drains_expire(struct drains *t)
{
	for (size_t i = 0; i < t->all.n; i++)
		if (drain_left_s(t->all.at[i]) == 0)
			return take_out(t, &t->all.at[i]);
	return NULL;
}

struct drain *
drains_due(const struct drains *t, int64_t now)
{
	for (size_t i = 0; i < t->all.n; i++)
		if (is_announced(t->all.at[i]) && t->all.at[i]->at <= now)
			return t->all.at[i];
	return NULL;
}

struct drain *
drains_begin(struct drains *t, struct drain *d)
{
	struct drain **slot = slot_of(t, d->kind, d->what, false);
	struct drain *replaced = slot != NULL ? take_out(t, slot) : NULL;

	d->since = d->at;
	d->at = 0;
	d->gone = false;
	free(d->record);
	d->record = NULL;
	drain_start(d);
	return replaced;
}

static bool
ends_later(const struct drain *a, const struct drain *b)
{
	if (b->until == DRAIN_FOREVER)
		return false;
	return a->until == DRAIN_FOREVER || a->until > b->until;
}

static bool
is_whole(const struct drain *d)
{
	return d->share == DRAIN_WHOLE && clock_mono_s() >= d->whole_s;
}

static void
on_add(const struct drains *t, struct drains_on *on, const struct drain *d)
{
	const struct drain **cover = &on->cover[d->kind];

	if (d->kind == DRAIN_OUT && is_announced(d) &&
	    (on->next == NULL || d->at < on->next->at))
		on->next = d;
	if (!t->ahead && is_announced(d))
		return;
	if (!is_whole(d) && d->kind == DRAIN_OUT &&
	    (on->part == NULL || d->share > on->part->share))
		on->part = d;
	if (is_whole(d) && (*cover == NULL || ends_later(d, *cover)))
		*cover = d;
}

static bool
is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

/* Of that region, or of a part of it: hashes may be the same by chance. */
static bool
is_at(const struct drain *d, const char *pool, const char *region)
{
	return strcmp(d->region, region) == 0 && is_same(d->pool, pool);
}

/* Those of just these names. */
static void
on_add_named(const struct drains *t, struct drains_on *on, const char *pool,
    const char *region, const char *target)
{
	struct names n = names_of(pool, region, target);
	struct chain chain = chain_of(&n, BY_WHAT);
	const struct drain *d;

	while ((d = chain_next(t, &chain)) != NULL)
		if (is_at(d, pool, region) && is_same(d->target, target))
			on_add(t, on, d);
}

struct drains_on
drains_on(const struct drains *t, const char *pool, const char *region,
    const char *target)
{
	struct drains_on on = {.next = NULL};

	if (t->all.n == 0)
		return on;
	on_add_named(t, &on, NULL, region, NULL);
	on_add_named(t, &on, pool, region, NULL);
	if (target != NULL)
		on_add_named(t, &on, pool, region, target);
	return on;
}

static bool
is_place_named(const struct drains *t, const char *pool, const char *region)
{
	struct names n = names_of(pool, region, NULL);
	struct chain chain = chain_of(&n, BY_PLACE);
	const struct drain *d;

	while ((d = chain_next(t, &chain)) != NULL)
		if (is_at(d, pool, region))
			return true;
	return false;
}

bool
drains_name(const struct drains *t, const char *pool, const char *region)
{
	return is_place_named(t, NULL, region) ||
	    is_place_named(t, pool, region);
}

/* False: another lease of the same what comes before it in the index. */
static bool
what_add(const struct drains *t, struct drains_on *on, const struct drain *of)
{
	struct chain chain = {.by = BY_WHAT, .hash = of->hash[BY_WHAT]};
	const struct drain *d;
	bool any = false;

	while ((d = chain_next(t, &chain)) != NULL) {
		if (d != of && strcmp(d->what, of->what) != 0)
			continue;
		if (!any && d != of)
			return false;
		any = true;
		on_add(t, on, d);
	}
	return true;
}

void
drains_each(const struct drains *t, const char *pool, const char *region,
    const struct drains_on *whole, drains_fn *fn, void *arg)
{
	struct names n = names_of(pool, region, NULL);
	struct chain chain = chain_of(&n, BY_PLACE);
	const struct drain *d;

	while ((d = chain_next(t, &chain)) != NULL) {
		struct drains_on on = *whole;

		if (d->target != NULL && is_at(d, pool, region) &&
		    what_add(t, &on, d))
			fn(d->target, &on, arg);
	}
}
