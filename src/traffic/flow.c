/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/flow.h"

#include <math.h>
#include <string.h>
#include <xxhash.h>

enum {
	UNITS = 4096, /* for all answers, as many for all load, and one for
			 each class */
	UNKNOWN = 4,  /* for a block whose class is not known */
};

/* The i-th of all, anywhere or within a block. */
static struct addr
client_of(size_t i, uint32_t block)
{
	struct prefix p = {.addr = {.family = 4}};
	uint64_t random[2] = {XXH3_64bits(&i, sizeof(i)), i};
	struct addr a = {.bytes = {0}};

	random[1] = XXH3_64bits(random, sizeof(random));
	sample_block_prefix(block, &p);
	a.family = p.addr.family;
	memcpy(a.bytes, random, addr_bits(&a) / 8);
	memcpy(a.bytes, p.addr.bytes, p.len / 8);
	return a;
}

/* One that the pool has, by which pick_region() sees the family. */
static uint16_t
type_of(const struct conf_pool *p, uint8_t family)
{
	for (unsigned i = 0; i < p->ntypes; i++)
		if (pool_family(p->types[i]) == family)
			return p->types[i];
	return p->types[0];
}

/* A client for so many answers of the cell, in a block. */
static void
unit_add(struct flow *f, const struct snapshot *s, const struct traffic_cell *c,
    uint32_t block, double answers)
{
	const struct steered *steered = &s->steered[c->name];
	uint32_t class = c->class;
	struct flow_unit *u = &f->units[f->n];

	u->client = client_of(f->n++, block);
	u->answers = answers;
	u->name = c->name;
	if (class >= steered->table->nranks)
		class = lookup_find(&steered->table->lookup, &u->client).class;
	u->question = (struct pick_question){
	    .rank = &steered->table->ranks[class],
	    .client = &u->client,
	    .pool = steered->pool,
	    .type = type_of(s->pools[steered->pool].conf, c->family),
	    .ttl_min = steered->ttl_min,
	    .ttl_max = steered->ttl_max,
	    .random = (uint32_t)XXH3_64bits(&f->n, sizeof(f->n)),
	};
}

static bool
has_class(const struct snapshot *s, const struct traffic_cell *c)
{
	return c->class != SAMPLE_CLASS_MAX &&
	    c->class < s->steered[c->name].table->nranks;
}

static double
cost_of(const struct snapshot *s, const struct traffic_cell *c)
{
	return s->pools[s->steered[c->name].pool].conf->cost;
}

/* Of all cells together; how many units there can be. */
struct total {
	double answers, load, seconds;
	size_t units;
};

static struct total
total_of(const struct snapshot *s, const struct traffic *t)
{
	struct total total = {
	    .units = 2 * UNITS, .seconds = t->minutes * SAMPLE_MINUTE_S};

	for (size_t i = 0; i < t->cells.n; i++) {
		total.answers += t->cells.at[i].n;
		total.load += t->cells.at[i].n * cost_of(s, &t->cells.at[i]);
		total.units += UNKNOWN;
	}
	return total;
}

/* What is not known of class but of block. */
static void
block_add(struct flow *f, const struct snapshot *s,
    const struct traffic_cell *c, double answers)
{
	if (c->block == SAMPLE_NOWHERE) {
		f->unknown += answers * SAMPLE_MINUTE_S;
		return;
	}
	for (size_t i = 0; i < UNKNOWN; i++)
		unit_add(f, s, c, c->block, answers / UNKNOWN);
}

/* Cells of one class of a name: their clients are spread over the blocks. */
static void
class_add(struct flow *f, const struct snapshot *s,
    const struct traffic_cell *cells, size_t n, const struct total *of)
{
	double answers = 0, load, left, each;
	size_t units, at = 0;

	for (size_t i = 0; i < n; i++)
		answers += cells[i].n;
	if (answers <= 0)
		return;
	load = answers * cost_of(s, cells);
	units = 1 +
	    (size_t)(UNITS *
		fmax(
		    answers / of->answers, of->load > 0 ? load / of->load : 0));
	each = answers / (double)units;
	left = cells[0].n - each / 2;
	for (size_t i = 0; i < units; i++, left -= each) {
		while (left < 0 && at + 1 < n)
			left += cells[++at].n;
		unit_add(f, s, cells, cells[at].block, each / of->seconds);
	}
}

void
flow_make(struct flow *f, const struct snapshot *s, const struct traffic *t)
{
	struct total total = total_of(s, t);
	size_t n;

	*f = (struct flow){.minutes = t->minutes, .sampled = total.answers};
	if (t->minutes <= 0 || total.answers <= 0)
		return;
	f->per_minute = total.answers / t->minutes;
	f->units = xcalloc(total.units, sizeof(*f->units));
	for (size_t i = 0; i < t->cells.n; i += n) {
		const struct traffic_cell *c = &t->cells.at[i];

		n = 1;
		if (!has_class(s, c)) {
			block_add(f, s, c, c->n / total.seconds);
			continue;
		}
		while (i + n < t->cells.n && c[n].name == c->name &&
		    c[n].class == c->class && c[n].family == c->family)
			n++;
		class_add(f, s, c, n, &total);
	}
}

void
flow_fini(struct flow *f)
{
	free(f->units);
	free(f->loads);
	memset(f, 0, sizeof(*f));
}

struct pool *
flow_pools(const struct snapshot *s)
{
	size_t n = s->conf->npools;
	struct pool *pools = xcalloc(n, sizeof(*pools));

	for (size_t i = 0; i < n; i++)
		memcpy(&pools[i], &s->pools[i], sizeof(*pools));
	return pools;
}
