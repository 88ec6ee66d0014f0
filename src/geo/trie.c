/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/trie.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/*
 * An entry is a leaf (value << 8 | depth) or, with ENTRY_NODE in the place of
 * the depth, the number of a node.
 */
enum {
	ROOT_BITS = 16,
	ROOT_SLOTS = 1 << ROOT_BITS,
	STRIDE = 6,
	SLOTS = 1 << STRIDE,
	ENTRY_NODE = 0xff,
	LEVELS_MAX = (128 - ROOT_BITS + STRIDE - 1) / STRIDE,
};

/* Slots that are nodes stand in a row from first_node on; those that are
 * leaves from first_leaf on, a run of equal ones once: runs marks its start. */
struct node {
	uint64_t nodes, runs;
	uint32_t first_node, first_leaf;
};

/*
 * The sets of what is below the prefixes within a node, that are shorter than
 * its slots: prefixes are numbered 1 (the node's own), 2 and 3 (one bit
 * longer), and so on.  Those with more than one value are in a row from first
 * on; split marks them.
 */
struct inner {
	uint64_t split;
	uint32_t first;
};

struct trie {
	unsigned bits;
	size_t nleaves;
	struct node *nodes;
	uint32_t *leaves;
	struct inner *inner; /* by node; NULL: built without sets */
	uint32_t *sets;
	size_t nsets;
	uint32_t *root_sets; /* by number of the prefix, those without a split
				too */
	uint32_t root[ROOT_SLOTS];
};

struct build {
	const struct trie_leaf *leaves;
	size_t n;
	VEC(struct node) nodes;
	VEC(uint32_t) entries;
	struct sets *known; /* NULL: none are wanted */
	VEC(struct inner) inner;
	VEC(uint32_t) sets;
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
	if (b->known != NULL) {
		vec_reserve(&b->inner, first + count);
		b->inner.n += count;
	}
	return first;
}

/* below: sets by number of the prefix, given for the longest ones. */
static void
sets_join(struct sets *known, uint32_t *below, unsigned slots)
{
	for (unsigned i = slots - 1; known != NULL && i > 0; i--)
		below[i] = sets_union(known, below[2 * i], below[2 * i + 1]);
}

static void
node_sets(struct build *b, size_t node, const uint32_t *below)
{
	struct inner inner = {.first = (uint32_t)b->sets.n};

	for (unsigned i = 1; b->known != NULL && i < SLOTS; i++) {
		if (below[i] < b->known->nvalues)
			continue;
		inner.split |= (uint64_t)1 << i;
		vec_push(&b->sets, below[i]);
	}
	if (b->known != NULL)
		b->inner.at[node] = inner;
}

/* The set of what is in the node. */
static uint32_t
node_build(struct build *b, size_t node, size_t i, size_t end, unsigned offset)
{
	uint32_t below[2 * SLOTS];
	unsigned slot = SLOTS;
	size_t child;

	node_leaves(b, node, i, end, offset);
	child = nodes_reserve(
	    b, (size_t)__builtin_popcountll(b->nodes.at[node].nodes));
	b->nodes.at[node].first_node = (uint32_t)child;
	while (i < end) {
		const struct trie_leaf *l = &b->leaves[i];
		unsigned filled = slots_filled(l, offset, STRIDE);
		size_t next = i + 1;

		for (unsigned k = 0; k < filled; k++)
			below[slot++] = l->value;
		if (filled == 0) {
			next = slot_end(b, i, end, offset, STRIDE);
			below[slot++] =
			    node_build(b, child++, i, next, offset + STRIDE);
		}
		i = next;
	}
	sets_join(b->known, below, SLOTS);
	node_sets(b, node, below);
	return below[1];
}

static void
root_build(struct trie *t, struct build *b, uint32_t *below)
{
	for (size_t i = 0; i < b->n;) {
		const struct trie_leaf *l = &b->leaves[i];
		unsigned slot = bits_at(l->bytes, 0, ROOT_BITS);
		unsigned filled = slots_filled(l, 0, ROOT_BITS);
		size_t node, next = i + 1;

		for (unsigned k = 0; k < filled; k++) {
			t->root[slot + k] = leaf_entry(l);
			below[ROOT_SLOTS + slot + k] = l->value;
		}
		if (filled == 0) {
			next = slot_end(b, i, b->n, 0, ROOT_BITS);
			node = nodes_reserve(b, 1);
			t->root[slot] = (uint32_t)node << 8 | ENTRY_NODE;
			below[ROOT_SLOTS + slot] =
			    node_build(b, node, i, next, ROOT_BITS);
		}
		i = next;
	}
	sets_join(b->known, below, ROOT_SLOTS);
}

struct trie *
trie_build(struct arena *a, const struct trie_leaf *leaves, size_t n,
    unsigned bits, struct sets *sets)
{
	struct trie *t = arena_alloc(a, sizeof(*t));
	struct build b = {.leaves = leaves, .n = n, .known = sets};
	uint32_t *below = xcalloc(2 * ROOT_SLOTS, sizeof(*below));

	t->bits = bits;
	t->nleaves = n;
	root_build(t, &b, below);
	assert(b.nodes.n <= TRIE_VALUE_MAX);
	t->nodes = arena_dup(a, b.nodes.at, b.nodes.n * sizeof(*b.nodes.at));
	t->leaves =
	    arena_dup(a, b.entries.at, b.entries.n * sizeof(*b.entries.at));
	if (sets != NULL) {
		t->inner =
		    arena_dup(a, b.inner.at, b.inner.n * sizeof(*b.inner.at));
		t->nsets = b.sets.n;
		t->sets =
		    arena_dup(a, b.sets.at, b.sets.n * sizeof(*b.sets.at));
		t->root_sets = arena_dup(a, below, ROOT_SLOTS * sizeof(*below));
	}
	free(below);
	vec_free(&b.nodes);
	vec_free(&b.entries);
	vec_free(&b.inner);
	vec_free(&b.sets);
	return t;
}

void
trie_renumber(struct trie *t, const uint32_t *numbers)
{
	for (size_t i = 0; i < t->nsets; i++)
		t->sets[i] = numbers[t->sets[i]];
	for (size_t i = 1; i < ROOT_SLOTS; i++)
		t->root_sets[i] = numbers[t->root_sets[i]];
}

uint32_t
trie_set(const struct trie *t)
{
	return t->root_sets[1];
}

static uint64_t
load_u64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap64(v);
}

/* The address from its bit ROOT_BITS on. */
static unsigned __int128
rest_of(const struct trie *t, const uint8_t *bytes)
{
	unsigned __int128 rest;

	if (t->bits == 32) {
		uint32_t v4;

		memcpy(&v4, bytes, sizeof(v4));
		rest = (unsigned __int128)__builtin_bswap32(v4) << 96;
	} else {
		rest = (unsigned __int128)load_u64(bytes) << 64 |
		    load_u64(bytes + 8);
	}
	return rest << ROOT_BITS;
}

static inline unsigned
slot_of(unsigned __int128 rest)
{
	return (unsigned)(rest >> (128 - STRIDE));
}

static inline uint32_t
entry_at(const struct trie *t, uint32_t node, unsigned slot)
{
	const struct node *n = &t->nodes[node];
	uint64_t bit = (uint64_t)1 << slot;

	if (n->nodes & bit)
		return (n->first_node +
			   (uint32_t)__builtin_popcountll(n->nodes & (bit - 1)))
		    << 8 |
		    ENTRY_NODE;
	return t->leaves[n->first_leaf - 1 +
	    (uint32_t)__builtin_popcountll(n->runs & (bit | (bit - 1)))];
}

struct trie_hit
trie_find(const struct trie *t, const uint8_t *bytes)
{
	uint32_t entry = t->root[bytes[0] << 8 | bytes[1]];
	unsigned __int128 rest = rest_of(t, bytes);

	for (; (entry & 0xff) == ENTRY_NODE; rest <<= STRIDE)
		entry = entry_at(t, entry >> 8, slot_of(rest));
	return (struct trie_hit){entry >> 8, (uint8_t)entry};
}

/* The set of the prefix of that number in the node, which has several values.
 */
static uint32_t
set_at(const struct trie *t, uint32_t node, unsigned number)
{
	const struct inner *n = &t->inner[node];
	uint64_t bit = (uint64_t)1 << number;

	assert((n->split & bit) != 0);
	return t->sets[n->first +
	    (uint32_t)__builtin_popcountll(n->split & (bit - 1))];
}

struct trie_hit
trie_find_class(
    const struct trie *t, const uint8_t *bytes, const uint32_t *classes)
{
	unsigned root = (unsigned)bytes[0] << 8 | bytes[1], level = 0;
	uint32_t entry = t->root[root], nodes[LEVELS_MAX], class;
	unsigned slots[LEVELS_MAX], depth;
	unsigned __int128 rest = rest_of(t, bytes);

	for (; (entry & 0xff) == ENTRY_NODE; rest <<= STRIDE) {
		nodes[level] = entry >> 8;
		slots[level] = slot_of(rest);
		entry = entry_at(t, nodes[level], slots[level]);
		level++;
	}
	class = classes[entry >> 8];
	depth = entry & 0xff;
	/* Up, as long as all that is below is of the class. */
	for (; level > 0; level--) {
		unsigned offset = ROOT_BITS + (level - 1) * STRIDE;

		for (; depth > offset; depth--)
			if (classes[set_at(t, nodes[level - 1],
				(SLOTS | slots[level - 1]) >>
				    (offset + STRIDE + 1 - depth))] != class)
				return (struct trie_hit){class, (uint8_t)depth};
	}
	while (depth > 0 &&
	    classes[t->root_sets[(ROOT_SLOTS | root) >>
		(ROOT_BITS - (depth - 1))]] == class)
		depth--;
	return (struct trie_hit){class, (uint8_t)depth};
}

size_t
trie_leaves(const struct trie *t)
{
	return t->nleaves;
}
