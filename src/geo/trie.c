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

/* The entries of its slots stand in a row, a run of equal ones once: a bit
 * marks the slot where a run starts.  The processor need not count bits. */
struct node {
	uint8_t starts[SLOTS / 8]; /* of slot 8 * i + k: bit k of starts[i] */
	uint8_t before[SLOTS / 8]; /* how many starts the octets before have */
	uint32_t first;            /* its place in entries, less one */
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
	uint32_t *entries;
	struct inner *inner; /* by node; NULL: built without sets */
	uint32_t *sets;
	size_t nsets;
	uint32_t *root_sets; /* by number of the prefix, those without a split
				too */
	uint32_t root[ROOT_SLOTS];
};

#define ONES_2(n) (n), (n) + 1, (n) + 1, (n) + 2
#define ONES_4(n) ONES_2(n), ONES_2((n) + 1), ONES_2((n) + 1), ONES_2((n) + 2)
#define ONES_6(n) ONES_4(n), ONES_4((n) + 1), ONES_4((n) + 1), ONES_4((n) + 2)

/* How many bits an octet has. */
static const uint8_t ones[256] = {ONES_6(0), ONES_6(1), ONES_6(1), ONES_6(2)};

struct build {
	const uint32_t *leaf; /* of the cover: the next one */
	struct node *nodes;
	uint32_t *entries;
	size_t nnodes, nentries;
	struct sets *known; /* NULL: none are wanted */
	VEC(struct inner) inner;
	VEC(uint32_t) sets;
};

/* How many slots of a node whose slots are that long a leaf fills; 0: it is
 * smaller than one. */
static unsigned
slots_filled(uint32_t leaf, unsigned len)
{
	return cover_leaf_len(leaf) <= len ? 1u << (len - cover_leaf_len(leaf))
					   : 0;
}

/* Nodes and entries are counted first, so that no copy of them is made. */
static void
count(struct build *b, unsigned offset, unsigned stride)
{
	uint32_t before = 0;

	for (unsigned slot = 0; slot < 1u << stride;) {
		uint32_t leaf = *b->leaf;
		unsigned filled = slots_filled(leaf, offset + stride);

		b->nentries += offset > 0 && (filled == 0 || leaf != before);
		if (filled == 0) {
			b->nnodes++;
			count(b, offset + stride, STRIDE);
			slot++;
			before = 0;
			continue;
		}
		before = leaf;
		b->leaf++;
		slot += filled;
	}
}

/* The entries of a node, and the set of what is in it. */
struct row {
	struct node node;
	uint32_t entries[SLOTS];
	unsigned n;
};

static void
row_put(struct row *row, unsigned slot, uint32_t entry)
{
	if (row->n > 0 && row->entries[row->n - 1] == entry)
		return;
	row->node.starts[slot / 8] |= (uint8_t)(1 << slot % 8);
	row->entries[row->n++] = entry;
}

/* Returns the entry of the node. */
static uint32_t
row_keep(struct build *b, struct row *row)
{
	for (size_t i = 1; i < SLOTS / 8; i++)
		row->node.before[i] = (uint8_t)(row->node.before[i - 1] +
		    ones[row->node.starts[i - 1]]);
	row->node.first = (uint32_t)b->nentries - 1;
	memcpy(&b->entries[b->nentries], row->entries,
	    row->n * sizeof(*row->entries));
	b->nentries += row->n;
	b->nodes[b->nnodes] = row->node;
	return (uint32_t)b->nnodes++ << 8 | ENTRY_NODE;
}

/* below: sets by number of the prefix, given for the longest ones. */
static void
sets_join(struct sets *known, uint32_t *below, unsigned slots)
{
	for (unsigned i = slots - 1; i > 0; i--)
		below[i] = sets_union(known, below[2 * i], below[2 * i + 1]);
}

static void
sets_put(struct build *b, uint32_t *below)
{
	struct inner inner = {.first = (uint32_t)b->sets.n};

	sets_join(b->known, below, SLOTS);
	for (unsigned i = 1; i < SLOTS; i++) {
		if (below[i] < b->known->nvalues)
			continue;
		inner.split |= (uint64_t)1 << i;
		vec_push(&b->sets, below[i]);
	}
	vec_push(&b->inner, inner);
}

/* The entry of the node at that offset into addresses, of the next leaves; and
 * the set of what is in it. */
static uint32_t
node_build(struct build *b, unsigned offset, uint32_t *set)
{
	uint32_t below[2 * SLOTS] = {0};
	struct row row = {.n = 0};

	for (unsigned slot = 0; slot < SLOTS;) {
		uint32_t leaf = *b->leaf;
		unsigned filled = slots_filled(leaf, offset + STRIDE);

		if (filled == 0) {
			row_put(&row, slot,
			    node_build(
				b, offset + STRIDE, &below[SLOTS + slot]));
			slot++;
			continue;
		}
		b->leaf++;
		row_put(&row, slot, leaf);
		for (; filled > 0; filled--)
			below[SLOTS + slot++] = cover_leaf_value(leaf);
	}
	if (b->known != NULL)
		sets_put(b, below);
	*set = below[1];
	return row_keep(b, &row);
}

static void
root_build(struct trie *t, struct build *b, uint32_t *below)
{
	for (unsigned slot = 0; slot < ROOT_SLOTS;) {
		uint32_t leaf = *b->leaf;
		unsigned filled = slots_filled(leaf, ROOT_BITS);

		if (filled == 0) {
			t->root[slot] =
			    node_build(b, ROOT_BITS, &below[ROOT_SLOTS + slot]);
			slot++;
			continue;
		}
		b->leaf++;
		for (; filled > 0; filled--) {
			t->root[slot] = leaf;
			below[ROOT_SLOTS + slot++] = cover_leaf_value(leaf);
		}
	}
	if (b->known != NULL)
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
	t->entries = b.entries = arena_array(a, b.nentries, sizeof(*b.entries));
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

/* An address from its bit ROOT_BITS on. */
static inline unsigned __int128
rest_of(const uint8_t *bytes)
{
	unsigned __int128 all =
	    (unsigned __int128)load_u64(bytes) << 64 | load_u64(bytes + 8);

	return all << ROOT_BITS;
}

static inline unsigned
root_slot(const uint8_t *bytes)
{
	uint16_t slot;

	memcpy(&slot, bytes, sizeof(slot));
	return __builtin_bswap16(slot);
}

static inline uint32_t
entry_at(const struct trie *t, uint32_t node, unsigned slot)
{
	const struct node *n = &t->nodes[node >> 8];
	unsigned octet = slot / 8;

	return t->entries[n->first + n->before[octet] +
	    ones[n->starts[octet] & ((2u << slot % 8) - 1)]];
}

static inline uint32_t
find_ipv4(const struct trie *t, const uint8_t *bytes, uint32_t entry)
{
	uint32_t rest;

	memcpy(&rest, bytes, sizeof(rest));
	rest = __builtin_bswap32(rest) << ROOT_BITS;
	for (; (entry & 0xff) == ENTRY_NODE; rest <<= STRIDE)
		entry = entry_at(t, entry, rest >> (32 - STRIDE));
	return entry;
}

static uint32_t __attribute__((noinline))
find_ipv6(const struct trie *t, const uint8_t *bytes, uint32_t entry)
{
	unsigned __int128 rest = rest_of(bytes);

	for (; (entry & 0xff) == ENTRY_NODE; rest <<= STRIDE)
		entry = entry_at(t, entry, (unsigned)(rest >> (128 - STRIDE)));
	return entry;
}

struct trie_hit
trie_find(const struct trie *t, const uint8_t *bytes)
{
	uint32_t entry = t->root[root_slot(bytes)];

	if ((entry & 0xff) == ENTRY_NODE)
		entry = t->bits == 32 ? find_ipv4(t, bytes, entry)
				      : find_ipv6(t, bytes, entry);
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

/* A node on the way down, and the slot in it. */
struct step {
	uint32_t node;
	unsigned slot;
};

struct trie_hit
trie_find_class(
    const struct trie *t, const uint8_t *bytes, const uint32_t *classes)
{
	unsigned root = root_slot(bytes), level = 0;
	uint32_t entry = t->root[root], class;
	struct step steps[LEVELS_MAX];
	unsigned depth;
	uint8_t padded[16] = {0};
	unsigned __int128 rest;

	if (t->bits == 32)
		memcpy(padded, bytes, 4);
	else
		memcpy(padded, bytes, 16);
	rest = rest_of(padded);
	for (; (entry & 0xff) == ENTRY_NODE; rest <<= STRIDE) {
		struct step *step = &steps[level++];

		step->node = entry >> 8;
		step->slot = (unsigned)(rest >> (128 - STRIDE));
		entry = entry_at(t, entry, step->slot);
	}
	class = classes[entry >> 8];
	depth = entry & 0xff;
	/* Up, as long as all that is below is of the class. */
	for (; level > 0; level--) {
		unsigned offset = ROOT_BITS + (level - 1) * STRIDE;

		for (; depth > offset; depth--)
			if (classes[set_at(t, steps[level - 1].node,
				(SLOTS | steps[level - 1].slot) >>
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
