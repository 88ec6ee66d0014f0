/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/flow.h"

#include <string.h>
#include <xxhash.h>

enum { DRAWS = 16 }; /* clients for a cell */

struct pool *
flow_pools(const struct snapshot *s)
{
	size_t n = s->conf->npools;
	struct pool *pools = xcalloc(n, sizeof(*pools));

	for (size_t i = 0; i < n; i++)
		memcpy(&pools[i], &s->pools[i], sizeof(*pools));
	return pools;
}

/* One of the clients of a block: what is beyond its prefix is drawn. */
static struct addr
client_of(uint32_t block, uint64_t draw)
{
	struct prefix p = {.addr = {.family = 4}};
	uint64_t random[2] = {XXH3_64bits(&draw, sizeof(draw)), draw};
	struct addr a = {.bytes = {0}};

	random[1] = XXH3_64bits(random, sizeof(random));
	sample_block_prefix(block, &p);
	memcpy(a.bytes, random, addr_bits(&p.addr) / 8);
	memcpy(a.bytes, p.addr.bytes, p.len / 8);
	a.family = p.addr.family;
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

void
flow_walk(const struct snapshot *s, const struct pool *before,
    const struct pool *after, const struct traffic *t, uint32_t now_s,
    flow_tell *tell, void *arg)
{
	for (size_t i = 0; i < t->cells.n * DRAWS; i++) {
		const struct traffic_cell *c = &t->cells.at[i / DRAWS];
		const struct steered *name = &s->steered[c->name];
		struct addr client = client_of(c->block, i);
		struct pick_question q = {
		    .rank = rank_of(name->table, c, &client),
		    .client = &client,
		    .pool = name->pool,
		    .type = s->pools[name->pool].conf->types[0],
		    .ttl_min = name->ttl_min,
		    .ttl_max = name->ttl_max,
		    .now_s = now_s,
		    .random = (uint32_t)XXH3_64bits(&i, sizeof(i)),
		};
		struct flow_draw d = {
		    .cell = c, .n = c->n / t->minutes / DRAWS};

		if (q.rank != NULL) {
			pick_region(before, &q, &d.before);
			pick_region(after, &q, &d.after);
		}
		tell(&d, arg);
	}
}
