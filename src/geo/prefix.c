/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/prefix.h"

#include <string.h>

void
cover_free(struct cover *c)
{
	vec_free(&c->leaves);
}

void
cover_put(struct cover *c, const struct prefix *p, uint32_t value)
{
	struct trie_leaf leaf = {.len = p->len, .value = value};

	memcpy(leaf.bytes, p->addr.bytes, sizeof(leaf.bytes));
	vec_push(&c->leaves, leaf);
}

static int
compare(const void *x, const void *y)
{
	const struct prefix_member *a = x, *b = y;
	int order = memcmp(a->prefix.addr.bytes, b->prefix.addr.bytes, 16);

	return order != 0 ? order : a->prefix.len - b->prefix.len;
}

struct cut {
	struct cover *cover;
	const struct prefix_member *members;
	bool nested; /* mask is that of the longest one alone */
	uint32_t (*value)(uint64_t mask, void *arg);
	void *arg;
};

/* members from i to end lie in p; mask is of those that cover all of it. */
static void
cut(struct cut *c, struct prefix p, size_t i, size_t end, uint64_t mask)
{
	struct prefix high = p;
	size_t middle;

	for (; i < end && c->members[i].prefix.len == p.len; i++)
		mask = c->members[i].mask | (c->nested ? 0 : mask);
	if (i == end) {
		cover_put(c->cover, &p, c->value(mask, c->arg));
		return;
	}
	for (middle = i; middle < end; middle++)
		if (addr_bit(&c->members[middle].prefix.addr, p.len))
			break;
	high.addr.bytes[p.len / 8] |= (uint8_t)(0x80 >> (p.len % 8));
	p.len++;
	high.len++;
	cut(c, p, i, middle, mask);
	cut(c, high, middle, end, mask);
}

static void
cover_cut_as(struct cover *c, uint8_t family, struct prefix_member *members,
    size_t n, bool nested, uint32_t (*value)(uint64_t mask, void *arg),
    void *arg)
{
	struct cut state = {c, members, nested, value, arg};
	struct prefix all = {.addr.family = family};

	if (n > 0)
		qsort(members, n, sizeof(*members), compare);
	cut(&state, all, 0, n, 0);
}

void
cover_cut(struct cover *c, uint8_t family, struct prefix_member *members,
    size_t n, uint32_t (*value)(uint64_t mask, void *arg), void *arg)
{
	cover_cut_as(c, family, members, n, false, value, arg);
}

static uint32_t
as_number(uint64_t mask, void *arg)
{
	(void)arg;
	return (uint32_t)mask;
}

void
cover_nest(
    struct cover *c, uint8_t family, struct prefix_member *members, size_t n)
{
	cover_cut_as(c, family, members, n, true, as_number, NULL);
}

unsigned
prefix_depth_beside(const struct prefix *p, const struct addr *a)
{
	unsigned common = 0, bits = addr_bits(a);

	while (
	    common < bits && addr_bit(a, common) == addr_bit(&p->addr, common))
		common++;
	return common >= p->len ? p->len : common + 1;
}

static bool
leaf_covers(const struct trie_leaf *a, const struct trie_leaf *b)
{
	struct addr x = {.family = 6}, y = {.family = 6};

	memcpy(x.bytes, a->bytes, sizeof(x.bytes));
	memcpy(y.bytes, b->bytes, sizeof(y.bytes));
	return a->len <= b->len && addr_match(&x, &y, a->len);
}

void
cover_overlay(struct cover *out, const struct cover *a, const struct cover *b,
    uint32_t (*value)(uint32_t a, uint32_t b, void *arg), void *arg)
{
	size_t i = 0, j = 0;

	while (i < a->leaves.n && j < b->leaves.n) {
		const struct trie_leaf *x = &a->leaves.at[i];
		const struct trie_leaf *y = &b->leaves.at[j];
		struct trie_leaf leaf = x->len >= y->len ? *x : *y;

		leaf.value = value(x->value, y->value, arg);
		vec_push(&out->leaves, leaf);
		if (x->len >= y->len)
			i++;
		else
			j++;
		/* The larger one ends where no further leaf lies in it. */
		if (x->len == y->len)
			j++;
		else if (x->len > y->len &&
		    (i == a->leaves.n || !leaf_covers(y, &a->leaves.at[i])))
			j++;
		else if (x->len < y->len &&
		    (j == b->leaves.n || !leaf_covers(x, &b->leaves.at[j])))
			i++;
	}
}
