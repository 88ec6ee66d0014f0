/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/trie.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

/*
 * An entry is a leaf, as covers have it (value << 8 | depth), or, with
 * ENTRY_NODE in the place of the depth, the number of a node.
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
	const uint32_t *leaf; /* of the cover: the next one */
	struct node *nodes;
	uint32_t *entries;
	size_t nnodes, nentries;
	struct sets *known; /* NULL: none are wanted */
	VEC(struct inner) inner;
	VEC(uint32_t) sets;
};

/* A node before it has a place beside its siblings. */
struct built {
	struct node node;
	struct inner inner;
	uint32_t set; /* of what is in it */
};

/* How many slots of a node whose slots are that long a leaf fills; 0: it is
 * smaller than one. */
static unsigned
slots_filled(uint32_t leaf, unsigned len)
{
	return (leaf & 0xff) <= len ? 1u << (len - (leaf & 0xff)) : 0;
}

/* Nodes and entries are counted first, so that no copy of them is made. */
static void
count(struct build *b, unsigned offset, unsigned stride)
{
	uint32_t before = 0;

	for (unsigned slot = 0; slot < 1u << stride;) {
		unsigned filled = slots_filled(*b->leaf, offset + stride);

		if (filled == 0) {
			b->nnodes++;
			count(b, offset + stride, STRIDE);
			slot++;
			continue;
		}
		b->nentries += offset > 0 && *b->leaf != before;
		before = *b->leaf++;
		slot += filled;
	}
}

/* The nodes that stand in one row, and the leaves of their parent. */
struct row {
	struct built nodes[SLOTS];
	uint32_t leaves[SLOTS];
	unsigned nnodes, nleaves;
};

/* The number of the first one. */
static size_t
nodes_put(struct build *b, const struct built *nodes, size_t n)
{
	const size_t first = b->nnodes;

	for (size_t i = 0; i < n; i++) {
		b->nodes[b->nnodes++] = nodes[i].node;
		if (b->known != NULL)
			vec_push(&b->inner, nodes[i].inner);
	}
	return first;
}

static void
row_put(struct build *b, const struct row *row, struct node *parent)
{
	parent->first_node = (uint32_t)nodes_put(b, row->nodes, row->nnodes);
	parent->first_leaf = (uint32_t)b->nentries;
	for (unsigned i = 0; i < row->nleaves; i++)
		b->entries[b->nentries++] = row->leaves[i];
}

/* below: sets by number of the prefix, given for the longest ones. */
static void
sets_join(struct sets *known, uint32_t *below, unsigned slots)
{
	for (unsigned i = slots - 1; known != NULL && i > 0; i--)
		below[i] = sets_union(known, below[2 * i], below[2 * i + 1]);
}

static struct inner
sets_put(struct build *b, uint32_t *below)
{
	struct inner inner = {.first = (uint32_t)b->sets.n};

	sets_join(b->known, below, SLOTS);
	for (unsigned i = 1; b->known != NULL && i < SLOTS; i++) {
		if (below[i] < b->known->nvalues)
			continue;
		inner.split |= (uint64_t)1 << i;
		vec_push(&b->sets, below[i]);
	}
	return inner;
}

/* The node at that offset into addresses, of the next leaves. */
static struct built
node_build(struct build *b, unsigned offset)
{
	uint32_t below[2 * SLOTS] = {0};
	struct built n = {.set = 0};
	struct row row;

	row.nnodes = row.nleaves = 0;
	for (unsigned slot = 0; slot < SLOTS;) {
		uint32_t leaf = *b->leaf;
		unsigned filled = slots_filled(leaf, offset + STRIDE);

		if (filled == 0) {
			struct built *child = &row.nodes[row.nnodes++];

			*child = node_build(b, offset + STRIDE);
			n.node.nodes |= (uint64_t)1 << slot;
			below[SLOTS + slot++] = child->set;
			continue;
		}
		b->leaf++;
		if (row.nleaves == 0 || row.leaves[row.nleaves - 1] != leaf) {
			n.node.runs |= (uint64_t)1 << slot;
			row.leaves[row.nleaves++] = leaf;
		}
		for (; filled > 0; filled--)
			below[SLOTS + slot++] = leaf >> 8;
	}
	row_put(b, &row, &n.node);
	n.inner = sets_put(b, below);
	n.set = below[1];
	return n;
}

static void
root_build(struct trie *t, struct build *b, uint32_t *below)
{
	for (unsigned slot = 0; slot < ROOT_SLOTS;) {
		uint32_t leaf = *b->leaf;
		unsigned filled = slots_filled(leaf, ROOT_BITS);
		struct built n;

		b->leaf += filled > 0;
		for (; filled > 0; filled--) {
			t->root[slot] = leaf;
			below[ROOT_SLOTS + slot++] = leaf >> 8;
		}
		if ((leaf & 0xff) <= ROOT_BITS)
			continue;
		n = node_build(b, ROOT_BITS);
		t->root[slot] = (uint32_t)nodes_put(b, &n, 1) << 8 | ENTRY_NODE;
		below[ROOT_SLOTS + slot++] = n.set;
	}
	sets_join(b->known, below, ROOT_SLOTS);
}

static void
keep_sets(struct trie *t, struct arena *a, struct build *b)
{
	t->inner = arena_dup(a, b->inner.at, b->inner.n * sizeof(*b->inner.at));
	vec_free(&b->inner);
	t->nsets = b->sets.n;
	t->sets = arena_dup(a, b->sets.at, b->sets.n * sizeof(*b->sets.at));
	vec_free(&b->sets);
}

struct trie *
trie_build(
    struct arena *a, struct cover *cover, unsigned bits, struct sets *sets)
{
	struct trie *t = arena_alloc(a, sizeof(*t));
	struct build b = {.leaf = cover->leaves.at, .known = sets};
	uint32_t *below = xcalloc(2 * ROOT_SLOTS, sizeof(*below));

	assert(cover->leaves.n > 0 && cover->end == 0);
	t->bits = bits;
	t->nleaves = cover->leaves.n;
	count(&b, 0, ROOT_BITS);
	assert(b.nnodes <= TRIE_VALUE_MAX);
	t->nodes = b.nodes = arena_array(a, b.nnodes, sizeof(*b.nodes));
	t->leaves = b.entries = arena_array(a, b.nentries, sizeof(*b.entries));
	b.leaf = cover->leaves.at;
	b.nnodes = b.nentries = 0;
	root_build(t, &b, below);
	cover_free(cover);
	if (sets != NULL) {
		keep_sets(t, a, &b);
		t->root_sets = arena_dup(a, below, ROOT_SLOTS * sizeof(*below));
	}
	free(below);
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
