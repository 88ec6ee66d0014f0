/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove/space.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

bool
space_next(struct addr *a, unsigned len)
{
	static const struct addr teredo = {{0x20, 0x01}, 6};
	struct addr before = *a;

	if (!addr_next(a, len))
		return false;
	if (!addr_match(&before, &teredo, 32) || addr_match(a, &before, 96) ||
	    !addr_match(a, &before, 32))
		return true;
	*a = before;
	return addr_next(a, 32);
}

/* Places, each once ------------------------------------------------------ */

static uint64_t
hash_of(const struct space *s, const struct space_place *p)
{
	return s->by_key ? XXH3_64bits(&p->key, sizeof(p->key))
			 : XXH3_64bits(&p->place, sizeof(p->place));
}

static bool
is_same(const struct space *s, const struct space_place *a,
    const struct space_place *b)
{
	return s->by_key ? memcmp(&a->key, &b->key, sizeof(a->key)) == 0
			 : memcmp(&a->place, &b->place, sizeof(a->place)) == 0;
}

static uint32_t *
slot_of(const struct space *s, const struct space_place *p)
{
	size_t i = hash_of(s, p) & (s->nslots - 1);

	while (s->slots[i] != 0 && !is_same(s, &s->all.at[s->slots[i] - 1], p))
		i = (i + 1) & (s->nslots - 1);
	return &s->slots[i];
}

static void
grow(struct space *s)
{
	s->nslots = s->nslots == 0 ? 1024 : 2 * s->nslots;
	free(s->slots);
	s->slots = xcalloc(s->nslots, sizeof(*s->slots));
	for (size_t i = 0; i < s->all.n; i++)
		*slot_of(s, &s->all.at[i]) = (uint32_t)i + 1;
}

/* The place of a, and how far around it that is so. */
static uint32_t
place_at(struct space *s, const struct geo *geo, const struct addr *a,
    unsigned *depth)
{
	struct space_place p;
	struct geo_found f;
	uint32_t *slot;

	memset(&p, 0, sizeof(p));
	s->by_key = geo_find_key(geo, a, &p.key, depth);
	if (!s->by_key) {
		geo_find(geo, a, &f);
		*depth = f.depth;
		memcpy(&p.place, &f.place, sizeof(p.place));
	}
	if (2 * s->all.n >= s->nslots)
		grow(s);
	slot = slot_of(s, &p);
	if (*slot != 0)
		return *slot - 1;
	if (s->by_key) {
		geo_find(geo, a, &f);
		memcpy(&p.place, &f.place, sizeof(p.place));
	}
	vec_push(&s->all, p);
	*slot = (uint32_t)s->all.n;
	return *slot - 1;
}

bool
space_cut(struct space *s, const struct geo *geo, uint8_t family,
    const _Atomic bool *stop)
{
	struct addr at = {.family = family};
	unsigned depth;

	memset(s, 0, sizeof(*s));
	s->family = family;
	do {
		uint32_t place = place_at(s, geo, &at, &depth);

		vec_push(&s->depths, (uint8_t)depth);
		vec_push(&s->places, place);
	} while (space_next(&at, depth) && !atomic_load(stop));
	return !atomic_load(stop);
}

void
space_fini(struct space *s)
{
	vec_free(&s->depths);
	vec_free(&s->places);
	vec_free(&s->all);
	free(s->slots);
}
