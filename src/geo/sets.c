/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/sets.h"

#include <stdbool.h>

/* Is a one of the two that b was made of? */
static bool
is_part(const struct sets *s, uint32_t a, uint32_t b)
{
	const struct set *set;

	if (b < s->nvalues)
		return false;
	set = &s->unions.at[b - s->nvalues];
	return set->parts[0] == a || set->parts[1] == a;
}

uint32_t
sets_union(struct sets *s, uint32_t a, uint32_t b)
{
	uint32_t low = a < b ? a : b, high = a < b ? b : a;
	uint64_t key = (uint64_t)low << 32 | high;
	struct set set = {{low, high}};
	struct interned *pair;

	if (low == high || is_part(s, low, high))
		return high;
	pair = intern_get(&s->known, key);
	if (pair->key != 0)
		return pair->value;
	vec_push(&s->unions, set);
	return intern_put(&s->known, pair, key, (uint32_t)sets_count(s) - 1);
}

size_t
sets_count(const struct sets *s)
{
	return s->nvalues + s->unions.n;
}

void
sets_classes(const struct sets *s, uint32_t *classes)
{
	for (size_t i = 0; i < s->unions.n; i++) {
		const uint32_t *parts = s->unions.at[i].parts;

		classes[s->nvalues + i] = classes[parts[0]] == classes[parts[1]]
		    ? classes[parts[0]]
		    : SETS_MIXED;
	}
}

void
sets_free(struct sets *s)
{
	vec_free(&s->unions);
	intern_free(&s->known);
}
