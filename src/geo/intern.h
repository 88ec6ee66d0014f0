/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers for keys, while tables are built: a hash table from 64 bits to 32.
 * Used by one thread at a time.
 */
#ifndef GEO_INTERN_H
#define GEO_INTERN_H

#include <stddef.h>
#include <stdint.h>

struct interned {
	uint64_t key; /* 0: free */
	uint32_t value;
} __attribute__((packed, aligned(4))); /* many fit into a cache */

struct intern {
	struct interned *slots;
	size_t n, size;
};

/* Its high half depends on all of the key, and so does the low one. */
static inline uint64_t
intern_hash(uint64_t key)
{
	key *= 0x9e3779b97f4a7c15;
	return (key ^ key >> 32) * 0x9e3779b97f4a7c15 >> 16;
}

/* For who asks for the key soon. */
static inline void
intern_prefetch(const struct intern *t, uint64_t key)
{
	if (t->size > 0)
		__builtin_prefetch(&t->slots[intern_hash(key) & (t->size - 1)]);
}

/* The slot of that key, or the free one for it; valid until the next call.
 * key: not 0. */
struct interned *intern_get(struct intern *t, uint64_t key);

/* Fills the slot, which intern_get() gave for the key; returns value. */
uint32_t intern_put(
    struct intern *t, struct interned *slot, uint64_t key, uint32_t value);

void intern_free(struct intern *t);

#endif
