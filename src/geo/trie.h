/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The immutable longest-prefix match: address to value and depth.
 *
 * Built from a cover, in which siblings of equal value are one leaf, so that
 * depth is the length of the shortest prefix in which every address has this
 * value: the ECS scope.  A flat popcount trie (poptrie: Asai and Ohara, SIGCOMM
 * 2015) of 6-bit strides below a direct table of 16 bits.  Immutable once
 * built; any thread; dies with its arena.
 */
#ifndef GEO_TRIE_H
#define GEO_TRIE_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "geo/prefix.h"
#include "geo/sets.h"

enum { TRIE_VALUE_MAX = COVER_VALUE_MAX };

struct trie_hit {
	uint32_t value;
	uint8_t depth;
};

struct trie;

/* Of all leaves of the cover, which is freed; bits: 32 or 128; sets: those of
 * all values below each prefix are made, for trie_find_class(), or NULL. */
struct trie *trie_build(
    struct arena *a, struct cover *cover, unsigned bits, struct sets *sets);

/* bytes: 4 or 16 octets of the address. */
struct trie_hit trie_find(const struct trie *t, const uint8_t *bytes);

/* The same for the classes of values: as if the trie had been built of leaves
 * with these.  classes: of all sets (sets_classes()). */
struct trie_hit trie_find_class(
    const struct trie *t, const uint8_t *bytes, const uint32_t *classes);

/* numbers: new ones of all sets. */
void trie_renumber(struct trie *t, const uint32_t *numbers);

/* Of all values of the trie. */
uint32_t trie_set(const struct trie *t);

size_t trie_leaves(const struct trie *t);

#endif
