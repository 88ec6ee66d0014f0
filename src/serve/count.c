/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/count.h"

#include <stddef.h>
#include <string.h>

#include "snapshot/snapshot.h"

/* On cache lines of their own. */
static struct {
	_Alignas(64) struct counters counters;
} blocks[SNAPSHOT_ROWS];
static unsigned nblocks; /* main, before threads start */

struct counters *
count_new(unsigned *row)
{
	if (nblocks == SNAPSHOT_ROWS)
		return NULL;
	*row = nblocks;
	return &blocks[nblocks++].counters;
}

void
count_sum(struct counters *sum)
{
	enum { COUNTERS = sizeof(*sum) / sizeof(uint64_t) };
	_Atomic uint64_t *to = (_Atomic uint64_t *)sum;

	memset(sum, 0, sizeof(*sum));
	for (unsigned i = 0; i < nblocks; i++) {
		_Atomic uint64_t *from =
		    (_Atomic uint64_t *)&blocks[i].counters;

		for (size_t k = 0; k < COUNTERS; k++)
			count_add(&to[k],
			    atomic_load_explicit(
				&from[k], memory_order_relaxed));
	}
}
