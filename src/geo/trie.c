/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/trie.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/*
 * An entry is a leaf (value << 8 | depth) or, with ENTRY_NODE in the place of
 * the depth, the number of a node.
 */
enum { ROOT_BITS = 16, STRIDE = 6, SLOTS = 1 << STRIDE, ENTRY_NODE = 0xff };

/* Slots that are nodes stand in a row from first_node on; those that are
 * leaves from first_leaf on, a run of equal ones once: runs marks its start. */
struct node {
	uint64_t nodes, runs;
	uint32_t first_node, first_leaf;
};

struct trie {
	unsigned bits;
	size_t nleaves;
	struct node *nodes;
	uint32_t *leaves;
	uint32_t root[1 << ROOT_BITS];
};

struct build {
	const struct trie_leaf *leaves;
	size_t n;
	VEC(struct node) nodes;
	VEC(uint32_t) entries;
};

static unsigned
bit_at(const uint8_t *bytes, unsigned i)
{
	return (bytes[i / 8] >> (7 - i % 8)) & 1;
}

static bool
siblings(const struct trie_leaf *a, const struct trie_leaf *b)
{
	unsigned last = a->len - 1u;
	uint8_t flip[16];

	if (a->len != b->len || a->len == 0 || a->value != b->value ||
	    bit_at(a->bytes, last) != 0)
		return false;
	memcpy(flip, a->bytes, sizeof(flip));
	flip[last / 8] |= (uint8_t)(0x80 >> (last % 8));
	return memcmp(flip, b->bytes, sizeof(flip)) == 0;
}

size_t
trie_merge(struct trie_leaf *leaves, size_t n)
{
	size_t top = 0;

	for (size_t i = 0; i < n; i++) {
		leaves[top++] = leaves[i];
		while (
		    top > 1 && siblings(&leaves[top - 2], &leaves[top - 1])) {
			top--;
			leaves[top - 1].len--;
		}
	}
	return top;
}

/* count bits, up to 16, from offset on; those beyond the address are 0. */
static unsigned
bits_at(const uint8_t bytes[16], unsigned offset, unsigned count)
{
	unsigned at = offset / 8;
	uint32_t v = 0;

	for (unsigned i = at; i < at + 3; i++)
		v = v << 8 | (i < 16 ? bytes[i] : 0u);
	return v >> (24 - offset % 8 - count) & ((1u << count) - 1);
}

static uint32_t
leaf_entry(const struct trie_leaf *l)
{
	assert(l->value <= TRIE_VALUE_MAX);
	return l->value << 8 | l->len;
}

/* The first leaf from i on whose slot, of count bits at offset, is another. */
static size_t
slot_end(const struct build *b, size_t i, size_t end, unsigned offset,
    unsigned count)
{
	unsigned slot = bits_at(b->leaves[i].bytes, offset, count);

	while (i < end) {
		size_t middle = i + (end - i) / 2;

		if (bits_at(b->leaves[middle].bytes, offset, count) == slot)
			i = middle + 1;
		else
			end = middle;
	}
	return i;
}

/* How many slots a leaf fills; 0: it is smaller than one. */
static unsigned
slots_filled(const struct trie_leaf *l, unsigned offset, unsigned count)
{
	return l->len <= offset + count ? 1u << (offset + count - l->len) : 0;
}

static void node_build(
    struct build *b, size_t node, size_t i, size_t end, unsigned offset);

/* The leaves from i to end fill the node's slots: those that are leaves. */
static void
node_leaves(struct build *b, size_t node, size_t i, size_t end, unsigned offset)
{
	struct node n = {.first_leaf = (uint32_t)b->entries.n};

	for (unsigned slot = 0; slot < SLOTS && i < end;) {
		unsigned filled = slots_filled(&b->leaves[i], offset, STRIDE);
		uint32_t entry = leaf_entry(&b->leaves[i]);

		if (filled == 0) {
			n.nodes |= (uint64_t)1 << slot++;
			i = slot_end(b, i, end, offset, STRIDE);
			continue;
		}
		if (b->entries.n == n.first_leaf ||
		    b->entries.at[b->entries.n - 1] != entry) {
			n.runs |= (uint64_t)1 << slot;
			vec_push(&b->entries, entry);
		}
		slot += filled;
		i++;
	}
	b->nodes.at[node] = n;
}

static size_t
nodes_reserve(struct build *b, size_t count)
{
	size_t first = b->nodes.n;

	vec_reserve(&b->nodes, first + count);
	b->nodes.n += count;
	return first;
}

static void
node_build(struct build *b, size_t node, size_t i, size_t end, unsigned offset)
{
	size_t child;

	node_leaves(b, node, i, end, offset);
	child = nodes_reserve(
	    b, (size_t)__builtin_popcountll(b->nodes.at[node].nodes));
	b->nodes.at[node].first_node = (uint32_t)child;
	while (i < end) {
		size_t next = i + 1;

		if (slots_filled(&b->leaves[i], offset, STRIDE) == 0) {
			next = slot_end(b, i, end, offset, STRIDE);
			node_build(b, child++, i, next, offset + STRIDE);
		}
		i = next;
	}
}

static void
root_build(struct trie *t, struct build *b)
{
	for (size_t i = 0; i < b->n;) {
		const struct trie_leaf *l = &b->leaves[i];
		unsigned slot = bits_at(l->bytes, 0, ROOT_BITS);
		unsigned filled = slots_filled(l, 0, ROOT_BITS);
		size_t node, next = i + 1;

		for (unsigned k = 0; k < filled; k++)
			t->root[slot + k] = leaf_entry(l);
		if (filled == 0) {
			next = slot_end(b, i, b->n, 0, ROOT_BITS);
			node = nodes_reserve(b, 1);
			t->root[slot] = (uint32_t)node << 8 | ENTRY_NODE;
			node_build(b, node, i, next, ROOT_BITS);
		}
		i = next;
	}
}

struct trie *
trie_build(
    struct arena *a, const struct trie_leaf *leaves, size_t n, unsigned bits)
{
	struct trie *t = arena_alloc(a, sizeof(*t));
	struct build b = {.leaves = leaves, .n = n};

	t->bits = bits;
	t->nleaves = n;
	root_build(t, &b);
	assert(b.nodes.n <= TRIE_VALUE_MAX);
	t->nodes = arena_dup(a, b.nodes.at, b.nodes.n * sizeof(*b.nodes.at));
	t->leaves =
	    arena_dup(a, b.entries.at, b.entries.n * sizeof(*b.entries.at));
	vec_free(&b.nodes);
	vec_free(&b.entries);
	return t;
}

static uint64_t
load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

struct trie_hit
trie_find(const struct trie *t, const uint8_t *bytes)
{
	uint32_t entry = t->root[bytes[0] << 8 | bytes[1]];
	unsigned __int128 rest;

	if (t->bits == 32) {
		uint32_t v4;

		memcpy(&v4, bytes, sizeof(v4));
		rest = (unsigned __int128)__builtin_bswap32(v4) << 96;
	} else {
		rest = (unsigned __int128)load_u64(bytes) << 64 |
		    load_u64(bytes + 8);
	}
	rest <<= ROOT_BITS;
	for (; (entry & 0xff) == ENTRY_NODE; rest <<= STRIDE) {
		const struct node *n = &t->nodes[entry >> 8];
		uint64_t slot = (uint64_t)1
		    << (unsigned)(rest >> (128 - STRIDE));

		if (n->nodes & slot)
			entry = (n->first_node +
				    (uint32_t)__builtin_popcountll(
					n->nodes & (slot - 1)))
				<< 8 |
			    ENTRY_NODE;
		else
			entry = t->leaves[n->first_leaf - 1 +
			    (uint32_t)__builtin_popcountll(
				n->runs & (slot | (slot - 1)))];
	}
	return (struct trie_hit){entry >> 8, (uint8_t)entry};
}

size_t
trie_leaves(const struct trie *t)
{
	return t->nleaves;
}
