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
};

struct intern {
	struct interned *slots;
	size_t n, size;
};

/* The slot of that key, or the free one for it; valid until the next call.
 * key: not 0. */
struct interned *intern_get(struct intern *t, uint64_t key);

/* Fills the slot, which intern_get() gave for the key; returns value. */
uint32_t intern_put(
    struct intern *t, struct interned *slot, uint64_t key, uint32_t value);

void intern_free(struct intern *t);

#endif
