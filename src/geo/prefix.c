/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/prefix.h"

#include <string.h>

void
cover_free(struct cover *c)
{
	vec_free(&c->leaves);
}

struct prefix
cover_prefix(cover_place *at, uint8_t family, unsigned len)
{
	struct prefix p = {.addr = {.family = family}, .len = (uint8_t)len};

	for (unsigned i = 0; i < addr_bits(&p.addr) / 8; i++)
		p.addr.bytes[i] = (uint8_t)(*at >> (120 - 8 * i));
	*at += len > 0 ? (cover_place)1 << (128 - len) : 0;
	return p;
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
		cover_put(c->cover, p.len, c->value(mask, c->arg));
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
