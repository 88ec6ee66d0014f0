/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/rate.h"

#include <math.h>
#include <stddef.h>
#include <string.h>

#include "snapshot/build.h"

/* Given with a pool's region so far, of all threads. */
static double
answers_at(const struct snapshot *s, size_t tally)
{
	uint64_t n = 0;

	for (size_t row = 0; row < s->nrows; row++)
		for (unsigned i = 0; i < POOL_REASON_COUNT; i++)
			n += atomic_load_explicit(
			    &snapshot_row(s, row)[tally].steered[i],
			    memory_order_relaxed);
	return (double)n;
}

/* Where the pool's region of the same names is; -1: nowhere. */
static ptrdiff_t
tally_of(const struct snapshot *s, const char *pool, const char *region)
{
	for (size_t i = 0; s != NULL && i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		if (strcmp(p->conf->name, pool) != 0)
			continue;
		for (size_t r = 0; r < p->nregions; r++)
			if (strcmp(p->regions[r].name, region) == 0)
				return (ptrdiff_t)(p->first_tally + r);
	}
	return -1;
}

void
rates_inherit(struct rate *rates, const struct snapshot *s,
    const struct rate *from, const struct snapshot *before, uint32_t now_s)
{
	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++) {
			struct rate *k = &rates[p->first_tally + r];
			ptrdiff_t at =
			    tally_of(before, p->conf->name, p->regions[r].name);

			k->since_s = now_s;
			if (at >= 0 && from != NULL)
				*k = from[at];
			else if (at >= 0)
				k->answers = answers_at(before, (size_t)at);
		}
	}
}

static void
count(struct rate *k, double answers, uint32_t now_s, bool at_once)
{
	double seconds = now_s - k->since_s, rate;

	if (seconds < 1 || (!at_once && !k->known && seconds < RATE_PERIOD_S))
		return;
	rate = fmax(answers - k->answers, 0) / seconds;
	if (k->known && seconds < RATE_PERIOD_S)
		rate = k->rate + (rate - k->rate) * seconds / RATE_PERIOD_S;
	*k = (struct rate){answers, now_s, rate, true};
}

void
rates_count(
    struct rate *rates, const struct snapshot *s, uint32_t now_s, bool at_once)
{
	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];

		for (size_t r = 0; r < p->nregions; r++) {
			size_t at = p->first_tally + r;

			count(&rates[at], answers_at(s, at), now_s, at_once);
		}
	}
}

double
rates_load(const struct rate *rates, const struct snapshot *s,
    const char *region, const struct snapshot *other, bool has)
{
	double load = 0;

	for (size_t i = 0; i < s->conf->npools; i++) {
		const struct pool *p = &s->pools[i];
		bool is = tally_of(other, p->conf->name, region) >= 0;

		for (size_t r = 0; is == has && r < p->nregions; r++)
			if (strcmp(p->regions[r].name, region) == 0)
				load += p->conf->cost *
				    rates[p->first_tally + r].rate;
	}
	return load;
}
