/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/traffic.h"

#include <math.h>
#include <string.h>

#include "traffic/stretch.h"

/* Less than this of an answer is forgotten. */
#define LEAST 0.05

void
traffic_fini(struct traffic *t)
{
	vec_free(&t->cells);
}

/* Cells ------------------------------------------------------------------ */

static int
cell_compare(const void *x, const void *y)
{
	const struct traffic_cell *a = x, *b = y;

	if (a->name != b->name)
		return a->name < b->name ? -1 : 1;
	if (a->class != b->class)
		return a->class < b->class ? -1 : 1;
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return (a->block > b->block) - (a->block < b->block);
}

/* Equal ones become one, and what is next to nothing goes. */
static void
cells_sum(struct traffic *t, double least)
{
	size_t n = 0;

	if (t->cells.n == 0)
		return;
	qsort(t->cells.at, t->cells.n, sizeof(*t->cells.at), cell_compare);
	for (size_t i = 1; i < t->cells.n; i++) {
		const struct traffic_cell *c = &t->cells.at[i];

		if (cell_compare(&t->cells.at[n], c) == 0)
			t->cells.at[n].n += c->n;
		else if (t->cells.at[n].n >= least)
			t->cells.at[++n] = *c;
		else
			t->cells.at[n] = *c;
	}
	t->cells.n = n + (t->cells.at[n].n >= least);
}

static void
cell_bound(struct traffic_cell *c, double least)
{
	if (c->n >= least)
		return;
	if (c->block == SAMPLE_NOWHERE)
		c->n = 0;
	c->block = SAMPLE_NOWHERE;
}

/* The least ones lose their blocks, then go, until there are few enough. */
static void
cells_bound(struct traffic *t)
{
	double least = 1;

	for (; t->cells.n > TRAFFIC_CELLS_MAX; least *= 2) {
		for (size_t i = 0; i < t->cells.n; i++)
			cell_bound(&t->cells.at[i], least);
		cells_sum(t, LEAST);
	}
}

static void
cell_add(const struct sample_cell *cell, void *arg)
{
	struct traffic *t = arg;
	struct traffic_cell c = {.name = cell->name,
	    .class = cell->class,
	    .family = cell->family,
	    .block = cell->block,
	    .n = (double)cell->n};

	vec_push(&t->cells, c);
}

/* Time ------------------------------------------------------------------- */

static void
age(struct traffic *t, uint32_t until_s)
{
	uint32_t gone_s = until_s - t->since_s;
	double left = exp2(-(double)gone_s / TRAFFIC_HALF_S);

	for (size_t i = 0; i < t->cells.n; i++)
		t->cells.at[i].n *= left;
	t->minutes = t->minutes * left + (double)gone_s / SAMPLE_MINUTE_S;
	t->since_s = until_s;
}

static void
take(struct traffic *t, const struct snapshot *s, uint32_t now_s,
    uint32_t until_s, enum sample_what what)
{
	if (t->since_s == 0)
		t->since_s = now_s;
	if (what == SAMPLE_OVER && until_s <= t->since_s)
		return;
	age(t, until_s);
	sample_take(s->generation, now_s, what, cell_add, t);
	cells_sum(t, LEAST);
	cells_bound(t);
}

void
traffic_look(struct traffic *t, const struct snapshot *s, uint32_t now_s)
{
	uint32_t over_s = now_s - SAMPLE_GRACE_S;

	take(t, s, now_s, over_s - over_s % SAMPLE_MINUTE_S, SAMPLE_OVER);
}

struct traffic
traffic_now(const struct traffic *t, const struct snapshot *s, uint32_t now_s)
{
	struct traffic copy = *t;

	memset(&copy.cells, 0, sizeof(copy.cells));
	for (size_t i = 0; i < t->cells.n; i++)
		vec_push(&copy.cells, t->cells.at[i]);
	take(&copy, s, now_s, now_s, SAMPLE_PEEK);
	if (copy.minutes < 1.0 / SAMPLE_MINUTE_S)
		copy.minutes = 1.0 / SAMPLE_MINUTE_S;
	return copy;
}

/* Another snapshot ------------------------------------------------------- */

/* One cell on its way to the cells of another snapshot. */
struct transfer {
	struct traffic *to;
	const struct traffic_cell *cell;
	uint16_t name;
	bool any;     /* class: the cell's is not known */
	double total; /* parts of the block that have the class */
};

static bool
is_of(const struct transfer *t, const struct stretch *s)
{
	return t->any || s->class[0] == t->cell->class;
}

static void
transfer_sum(const struct stretch *s, void *arg)
{
	struct transfer *t = arg;

	if (is_of(t, s))
		t->total += s->part;
}

static void
transfer_put(const struct stretch *s, void *arg)
{
	struct transfer *t = arg;
	struct traffic_cell c = *t->cell;

	if (!is_of(t, s))
		return;
	c.name = t->name;
	c.class = s->class[1] < SAMPLE_CLASS_MAX ? (uint16_t)s->class[1]
						 : SAMPLE_CLASS_MAX;
	c.n *= s->part / t->total;
	vec_push(&t->to->cells, c);
}

/* The name of next that is steered as that of s is, else the same name, as
 * where its pool or policy was renamed; CONF_NONE: none. */
static uint16_t
name_in(const struct snapshot *next, const struct snapshot *s, uint16_t name)
{
	const struct conf *a = s->conf, *b = next->conf;
	const char *pool = a->pools[a->names[name].pool].name;
	const char *policy = a->policies[a->names[name].policy].name;
	uint16_t same = CONF_NONE;

	for (size_t i = 0; i < b->nnames; i++) {
		const struct conf_name *n = &b->names[i];

		if (strcmp(b->pools[n->pool].name, pool) == 0 &&
		    strcmp(b->policies[n->policy].name, policy) == 0)
			return next->steered[i].first;
		if (strcmp(n->text, a->names[name].text) == 0)
			same = next->steered[i].first;
	}
	return same;
}

static void
transfer(struct transfer *t, const struct policy_table *from,
    const struct policy_table *to)
{
	const struct stretch_by by = {.tables = {from, to},
	    .finest = {SHARE_PREFIX_IPV4, SHARE_PREFIX_IPV6}};
	struct traffic_cell c = *t->cell;
	struct prefix p;

	t->any = c.class == SAMPLE_CLASS_MAX;
	t->total = 0;
	if (sample_block_prefix(c.block, &p)) {
		stretch_walk(&by, &p, transfer_sum, t);
		if (t->total > 0)
			stretch_walk(&by, &p, transfer_put, t);
	}
	if (t->total > 0)
		return;
	c.name = t->name;
	c.class = SAMPLE_CLASS_MAX;
	vec_push(&t->to->cells, c);
}

struct traffic
traffic_translate(const struct traffic *t, const struct snapshot *s,
    const struct snapshot *next)
{
	struct traffic to = *t;
	struct transfer step = {.to = &to, .name = CONF_NONE};
	uint16_t last = CONF_NONE;

	memset(&to.cells, 0, sizeof(to.cells));
	for (size_t i = 0; i < t->cells.n; i++) {
		const struct traffic_cell *c = &t->cells.at[i];

		if (c->name != last)
			step.name = name_in(next, s, c->name);
		last = c->name;
		step.cell = c;
		if (step.name != CONF_NONE)
			transfer(&step, s->steered[last].table,
			    next->steered[step.name].table);
	}
	cells_sum(&to, LEAST);
	cells_bound(&to);
	return to;
}

void
traffic_move(struct traffic *t, const struct snapshot *s,
    const struct snapshot *next, uint32_t now_s)
{
	struct traffic old;

	take(t, s, now_s, now_s, SAMPLE_ALL);
	old = *t;
	*t = traffic_translate(&old, s, next);
	traffic_fini(&old);
}
