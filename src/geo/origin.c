/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/origin.h"

#include <string.h>

static bool
is_letter(char c)
{
	return c >= 'A' && c <= 'Z';
}

static uint16_t
country_of(const struct place *p)
{
	if (!is_letter(p->country[0]) || !is_letter(p->country[1]))
		return p->nets != 0 ? ORIGIN_NETS : ORIGIN_UNKNOWN;
	return (uint16_t)(1 + (p->country[0] - 'A') * ORIGIN_LETTERS +
	    p->country[1] - 'A');
}

static void
build(struct origin_table *t, struct arena *a, const struct cover leaves[2],
    const struct places *places)
{
	const size_t n = places->all.n;
	struct lookups *lookups = lookups_new(&leaves[0], &leaves[1], n);
	uint32_t *countries = xcalloc(n, sizeof(*countries));

	for (size_t i = 0; i < n; i++)
		countries[i] = country_of(&places->all.at[i]);
	lookups_add(lookups, countries);
	lookups_build(lookups, a);
	t->countries = lookups_get(lookups, 0);
	lookups_free(lookups);
}

struct origin_table *
origin_build(struct arena *a, const struct geo *geo, struct error *err)
{
	struct origin_table *t = NULL;
	struct cover leaves[2] = {{.end = 0}, {.end = 0}};
	struct places places = {.all = {NULL, 0, 0}};

	if (geo_walk(geo, leaves, &places, err)) {
		t = arena_alloc(a, sizeof(*t));
		build(t, a, leaves, &places);
	}
	cover_free(&leaves[0]);
	cover_free(&leaves[1]);
	vec_free(&places.all);
	return t;
}

struct origin_hit
origin_find(const struct origin_table *t, const struct addr *a)
{
	struct lookup_hit hit = lookup_find(&t->countries, a);

	return (struct origin_hit){(uint16_t)hit.class, hit.depth};
}

char *
origin_format(char buf[ORIGIN_TEXT_MAX], uint16_t country)
{
	unsigned letters = country - 1u;

	if (country == ORIGIN_UNKNOWN || country == ORIGIN_NETS)
		return strcpy(buf, country == ORIGIN_NETS ? "nets" : "--");
	buf[0] = (char)('A' + letters / ORIGIN_LETTERS);
	buf[1] = (char)('A' + letters % ORIGIN_LETTERS);
	buf[2] = '\0';
	return buf;
}
