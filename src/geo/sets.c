/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/sets.h"

#include <stdbool.h>
#include <string.h>
#include <xxhash.h>

/* Values in order. */
struct list {
	const uint32_t *at;
	size_t n;
};

/* number: below nvalues, one's own list. */
static struct list
list_of(const struct sets *s, const uint32_t *number)
{
	const struct set *set;

	if (*number < s->nvalues)
		return (struct list){number, 1};
	set = &s->unions.at[*number - s->nvalues];
	return (struct list){s->members.at + set->first, set->nvalues};
}

/* How many values both have together; room has place for twice SETS_SMALL. */
static size_t
lists_join(struct list a, struct list b, uint32_t *room)
{
	size_t i = 0, k = 0, n = 0;

	while (i < a.n || k < b.n) {
		bool from_a = k == b.n || (i < a.n && a.at[i] <= b.at[k]);

		room[n++] = from_a ? a.at[i] : b.at[k];
		k += !from_a || (k < b.n && a.at[i] == b.at[k]);
		i += from_a;
	}
	return n;
}

static uint32_t
set_add(struct sets *s, uint32_t a, uint32_t b, struct list values)
{
	const struct set set = {{a, b}, s->members.n, values.n};

	for (size_t i = 0; i < values.n; i++)
		vec_push(&s->members, values.at[i]);
	vec_push(&s->unions, set);
	return (uint32_t)sets_count(s) - 1;
}

/* The number of the set with these values. */
static uint32_t
small_number(struct sets *s, uint32_t a, uint32_t b, struct list values)
{
	for (uint64_t seed = 0;; seed++) {
		uint64_t key = XXH3_64bits_withSeed(
		    values.at, values.n * sizeof(*values.at), seed);
		struct interned *slot = intern_get(&s->small, key | 1);
		struct list other;

		if (slot->key == 0)
			return intern_put(
			    &s->small, slot, key | 1, set_add(s, a, b, values));
		other = list_of(s, &slot->value);
		if (other.n == values.n &&
		    memcmp(other.at, values.at,
			values.n * sizeof(*values.at)) == 0)
			return slot->value;
	}
}

static uint32_t
union_make(struct sets *s, uint32_t a, uint32_t b)
{
	struct list x = list_of(s, &a), y = list_of(s, &b);
	uint32_t room[2 * SETS_SMALL];
	struct list both = {room, 0};

	if (x.n > 0 && y.n > 0)
		both.n = lists_join(x, y, room);
	if (both.n == 0 || both.n > SETS_SMALL)
		return set_add(s, a, b, (struct list){NULL, 0});
	if (both.n == x.n || both.n == y.n)
		return both.n == x.n ? a : b;
	return small_number(s, a, b, both);
}

uint32_t
sets_union(struct sets *s, uint32_t a, uint32_t b)
{
	uint32_t low = a < b ? a : b, high = a < b ? b : a;
	uint64_t key = (uint64_t)low << 32 | high;
	uint32_t number;
	struct interned *slot;

	if (low == high)
		return high;
	slot = intern_get(&s->known, key);
	if (slot->key != 0)
		return slot->value;
	number = union_make(s, low, high);
	return intern_put(&s->known, slot, key, number);
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
	vec_free(&s->members);
	intern_free(&s->small);
	intern_free(&s->known);
}
