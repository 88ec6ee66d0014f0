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

static const struct trie *
trie_of(struct arena *a, struct geo *geo, uint8_t family, struct error *err)
{
	size_t n, nplaces;
	const struct trie_leaf *leaves = geo_leaves(geo, family, &n, err);
	const struct place *places = geo_places(geo, &nplaces);
	struct trie_leaf *mapped;
	const struct trie *t;

	if (leaves == NULL)
		return NULL;
	mapped = xcalloc(n, sizeof(*mapped));
	for (size_t i = 0; i < n; i++) {
		mapped[i] = leaves[i];
		mapped[i].value = leaves[i].value == GEO_TEREDO
		    ? ORIGIN_UNKNOWN
		    : country_of(&places[leaves[i].value]);
	}
	n = trie_merge(mapped, n);
	t = trie_build(a, mapped, n, family == 4 ? 32 : 128);
	free(mapped);
	return t;
}

struct origin_table *
origin_build(struct arena *a, struct geo *geo, struct error *err)
{
	struct origin_table *t = arena_alloc(a, sizeof(*t));

	t->ipv4 = trie_of(a, geo, 4, err);
	t->ipv6 = t->ipv4 != NULL ? trie_of(a, geo, 6, err) : NULL;
	return t->ipv6 != NULL ? t : NULL;
}

struct origin_hit
origin_find(const struct origin_table *t, const struct addr *a)
{
	struct trie_hit hit =
	    trie_find(a->family == 4 ? t->ipv4 : t->ipv6, a->bytes);

	return (struct origin_hit){(uint16_t)hit.value, hit.depth};
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
