/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/intern.h"

#include <assert.h>

#include "base/arena.h"

static struct interned *
intern_slot(const struct intern *t, uint64_t key)
{
	size_t i = intern_hash(key) & (t->size - 1);

	while (t->slots[i].key != 0 && t->slots[i].key != key)
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static void
intern_grow(struct intern *t)
{
	struct intern old = *t;

	t->size = t->size == 0 ? 1024 : t->size * 2;
	t->slots = xcalloc(t->size, sizeof(*t->slots));
	for (size_t i = 0; i < old.size; i++)
		if (old.slots[i].key != 0)
			*intern_slot(t, old.slots[i].key) = old.slots[i];
	free(old.slots);
}

struct interned *
intern_get(struct intern *t, uint64_t key)
{
	assert(key != 0);
	if (t->n * 2 >= t->size)
		intern_grow(t);
	return intern_slot(t, key);
}

uint32_t
intern_put(
    struct intern *t, struct interned *slot, uint64_t key, uint32_t value)
{
	*slot = (struct interned){key, value};
	t->n++;
	return value;
}

void
intern_free(struct intern *t)
{
	free(t->slots);
	*t = (struct intern){0};
}
