/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/export.h"

#include <stdio.h>
#include <string.h>

enum { ORDER_MAX = CONF_POOL_REGIONS_MAX * 64 };

/* The names of a class's regions, a space between them. */
static char *
order_of(
    char buf[ORDER_MAX], const struct snapshot *s, uint16_t name, size_t class)
{
	const struct rank *rank = &s->steered[name].table->ranks[class];
	const struct pool *p = &s->pools[s->steered[name].pool];
	size_t len = 0;

	*buf = '\0';
	for (size_t i = 0; i < rank->n && len < ORDER_MAX; i++)
		len += (size_t)snprintf(buf + len, ORDER_MAX - len, "%s%s",
		    i > 0 ? " " : "", p->regions[rank->order[i]].name);
	return buf;
}

static json_t *
cell_export(const struct traffic_cell *c, const struct snapshot *s)
{
	char order[ORDER_MAX] = "", block[PREFIX_TEXT_MAX];
	struct prefix p;

	if (c->class < s->steered[c->name].table->nranks)
		order_of(order, s, c->name, c->class);
	return json_pack("[s, s, o, f]", s->conf->names[c->name].text, order,
	    sample_block_prefix(c->block, &p)
		? json_string(prefix_format(block, &p))
		: json_null(),
	    c->n);
}

json_t *
traffic_export(const struct traffic *t, const struct snapshot *s)
{
	json_t *cells = json_array();

	for (size_t i = 0; i < t->cells.n; i++)
		json_array_append_new(cells, cell_export(&t->cells.at[i], s));
	return json_pack("{s:f, s:o}", "minutes", t->minutes, "cells", cells);
}

/* Which of a name's classes; SAMPLE_CLASS_MAX: none has that order. */
static uint16_t
class_find(const struct snapshot *s, uint16_t name, const char *order)
{
	size_t n = s->steered[name].table->nranks;
	char buf[ORDER_MAX];

	for (size_t i = 0; i < n && i < SAMPLE_CLASS_MAX; i++)
		if (strcmp(order_of(buf, s, name, i), order) == 0)
			return (uint16_t)i;
	return SAMPLE_CLASS_MAX;
}

static uint16_t
name_find(const struct snapshot *s, const char *text)
{
	for (size_t i = 0; i < s->conf->nnames; i++)
		if (strcmp(s->conf->names[i].text, text) == 0)
			return s->steered[i].first;
	return CONF_NONE;
}

/* What the cell before was: most are of the same name and class. */
struct import {
	const struct snapshot *snapshot;
	const char *name_text, *order_text;
	uint16_t name, class;
};

static void
import_look(struct import *i, const char *name, const char *order)
{
	bool same = strcmp(i->name_text, name) == 0;

	if (!same)
		i->name = name_find(i->snapshot, name);
	if (i->name != CONF_NONE && (!same || strcmp(i->order_text, order)))
		i->class = class_find(i->snapshot, i->name, order);
	i->name_text = name;
	i->order_text = order;
}

bool
traffic_import(struct traffic *t, const struct snapshot *s, const json_t *json)
{
	const json_t *cells = json_object_get(json, "cells"), *cell;
	struct import i = {s, "", "", CONF_NONE, SAMPLE_CLASS_MAX};
	size_t at;

	memset(t, 0, sizeof(*t));
	t->minutes = json_number_value(json_object_get(json, "minutes"));
	json_array_foreach(cells, at, cell)
	{
		const char *name = json_string_value(json_array_get(cell, 0));
		const char *order = json_string_value(json_array_get(cell, 1));
		const char *block = json_string_value(json_array_get(cell, 2));
		struct traffic_cell c = {
		    .n = json_number_value(json_array_get(cell, 3))};
		struct prefix p;
		struct error err;

		if (name == NULL || order == NULL)
			return false;
		import_look(&i, name, order);
		c.name = i.name;
		c.class = i.class;
		if (block != NULL && prefix_parse(block, &p, &err))
			c.block = sample_block(&p.addr);
		if (c.name != CONF_NONE)
			vec_push(&t->cells, c);
	}
	return json_is_array(cells);
}
