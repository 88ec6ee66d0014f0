/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/flow.h"

#include <string.h>
#include <xxhash.h>

/* Clients that speak for a cell, as powers of two: many where their prefix
 * decides, or a draw. */
enum { FEW = 4, MANY = 7 };

struct pool *
flow_pools(const struct snapshot *s)
{
	size_t n = s->conf->npools;
	struct pool *pools = xcalloc(n, sizeof(*pools));

	for (size_t i = 0; i < n; i++)
		memcpy(&pools[i], &s->pools[i], sizeof(*pools));
	return pools;
}

/* One of the clients of a block: they are spread evenly over it, what is beyond
 * that is drawn. */
static struct addr
client_of(uint32_t block, uint64_t seed, unsigned draw, unsigned bits)
{
	struct prefix p = {.addr = {.family = 4}};
	uint64_t random[2] = {XXH3_64bits(&seed, sizeof(seed)), seed};
	struct addr a = {.bytes = {0}};

	random[1] = XXH3_64bits(random, sizeof(random));
	sample_block_prefix(block, &p);
	memcpy(a.bytes, random, addr_bits(&p.addr) / 8);
	memcpy(a.bytes, p.addr.bytes, p.len / 8);
	a.family = p.addr.family;
	for (unsigned i = 0; i < bits; i++) {
		unsigned at = p.len + bits - 1 - i;
		uint8_t bit = (uint8_t)(0x80 >> (at % 8));

		a.bytes[at / 8] &= (uint8_t)~bit;
		a.bytes[at / 8] |= (draw >> i & 1) != 0 ? bit : 0;
	}
	return a;
}

static const struct rank *
rank_of(const struct policy_table *t, const struct traffic_cell *c,
    const struct addr *client)
{
	if (c->class < t->nranks && c->class != SAMPLE_CLASS_MAX)
		return &t->ranks[c->class];
	if (c->block == SAMPLE_NOWHERE)
		return NULL;
	return &t->ranks[policy_find(t, client).class];
}

/* Does anything but the class decide? */
static bool
is_drawn(const struct rank *rank, const struct pool *before,
    const struct pool *after)
{
	return rank->hash != CONF_HASH_NONE || rank->trickle > 0 ||
	    (atomic_load(&before->shared) | atomic_load(&after->shared)) != 0;
}

struct walk {
	const struct snapshot *snapshot;
	const struct pool *before, *after;
	uint32_t now_s;
	flow_tell *tell;
	void *arg;
};

/* What one client of a cell gets, for n answers a minute. */
static void
tell_draw(const struct walk *w, const struct traffic_cell *c, double n,
    const struct addr *client, uint64_t seed)
{
	const struct steered *name = &w->snapshot->steered[c->name];
	struct pick_question q = {
	    .rank = rank_of(name->table, c, client),
	    .client = client,
	    .pool = name->pool,
	    .type = w->snapshot->pools[name->pool].conf->types[0],
	    .ttl_min = name->ttl_min,
	    .ttl_max = name->ttl_max,
	    .now_s = w->now_s,
	    .random = (uint32_t)XXH3_64bits(&seed, sizeof(seed)),
	};
	struct flow_draw d = {.cell = c, .n = n};

	if (q.rank != NULL) {
		pick_region(w->before, &q, &d.before);
		pick_region(w->after, &q, &d.after);
	}
	w->tell(&d, w->arg);
}

static unsigned
draw_bits(const struct walk *w, const struct traffic_cell *c, uint64_t seed)
{
	const struct steered *name = &w->snapshot->steered[c->name];
	struct addr client = client_of(c->block, seed, 0, FEW);
	const struct rank *rank = rank_of(name->table, c, &client);

	return rank != NULL &&
		is_drawn(rank, &w->before[name->pool], &w->after[name->pool])
	    ? MANY
	    : FEW;
}

void
flow_walk(const struct snapshot *s, const struct pool *before,
    const struct pool *after, const struct traffic *t, uint32_t now_s,
    flow_tell *tell, void *arg)
{
	const struct walk w = {s, before, after, now_s, tell, arg};

	for (size_t i = 0; i < t->cells.n; i++) {
		const struct traffic_cell *c = &t->cells.at[i];
		uint64_t seed = (uint64_t)i << MANY;
		unsigned bits = draw_bits(&w, c, seed);
		double n = c->n / t->minutes / (1U << bits);

		for (unsigned k = 0; k < 1U << bits; k++) {
			struct addr client =
			    client_of(c->block, seed + k, k, bits);

			tell_draw(&w, c, n, &client, seed + k);
		}
	}
}
