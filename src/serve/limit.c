/* SPDX-License-Identifier: BSD-3-Clause */
#include "serve/limit.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <xxhash.h>

/*
 * The table's words are a tag of the prefix and kind, and below it the time at
 * which its credit will be whole again (the generic cell rate algorithm: one
 * time says both the credit and when it was counted).  The time wraps in 12
 * days; one that is not within the next second is long past.  A word of 0 is
 * one with its credit whole, as any new one.
 */
enum {
	SETS = 16384,
	WAYS = 8, /* a cache line */
	TIME_BITS = 40,
	SECOND_US = 1000000,
	TRIES = 4, /* while others take from the same word */
	KEY_SIZE = 18,
};

#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)

struct limit {
	_Alignas(64) _Atomic uint64_t words[SETS][WAYS]; /* by all workers */
	uint64_t secret; /* so that nobody can aim at another's word */
};

struct limit *
limit_new(struct error *err)
{
	struct limit *l = aligned_alloc(_Alignof(struct limit), sizeof(*l));

	if (l == NULL)
		abort();
	memset(l, 0, sizeof(*l));
	if (getrandom(&l->secret, sizeof(l->secret), 0) < 0) {
		error_set(err, "getrandom: %s", strerror(errno));
		limit_free(l);
		return NULL;
	}
	return l;
}

void
limit_free(struct limit *l)
{
	free(l);
}

static uint64_t
hash(const struct limit *l, const struct conf_limit *conf,
    const struct addr *client, enum limit_kind kind)
{
	struct addr a = *client;
	uint8_t key[KEY_SIZE];

	addr_mask(&a, a.family == 4 ? conf->ipv4_prefix : conf->ipv6_prefix);
	memcpy(key, a.bytes, sizeof(a.bytes));
	key[KEY_SIZE - 2] = a.family;
	key[KEY_SIZE - 1] = (uint8_t)kind;
	return XXH3_64bits_withSeed(key, sizeof(key), l->secret);
}

/* How long until the word's credit is whole. */
static uint64_t
debt_us(uint64_t word, uint64_t now_us)
{
	uint64_t debt = (word - now_us) & TIME_MASK;

	return debt <= SECOND_US ? debt : 0;
}

/* The word of the tag, or else the one that is missed least. */
static _Atomic uint64_t *
find(_Atomic uint64_t set[WAYS], uint64_t tag, uint64_t now_us, uint64_t *word)
{
	uint64_t least = UINT64_MAX;
	_Atomic uint64_t *found = set;

	for (size_t i = 0; i < WAYS; i++) {
		uint64_t w =
		    atomic_load_explicit(&set[i], memory_order_relaxed);

		if ((w & ~TIME_MASK) == tag) {
			*word = w;
			return &set[i];
		}
		if (debt_us(w, now_us) < least) {
			least = debt_us(w, now_us);
			*word = w;
			found = &set[i];
		}
	}
	return found;
}

static bool
is_allowed(const struct conf_limit *conf, const struct addr *client)
{
	for (size_t i = 0; i < conf->nallow; i++) {
		if (prefix_covers(&conf->allow[i], client))
			return true;
	}
	return false;
}

bool
limit_take(struct limit *l, const struct conf_limit *conf,
    const struct addr *client, enum limit_kind kind, uint64_t now_us)
{
	const uint64_t interval_us = SECOND_US / conf->per_second;
	uint64_t h = hash(l, conf, client, kind);
	uint64_t tag = h & ~TIME_MASK;

	for (size_t i = 0; i < TRIES; i++) {
		uint64_t word, debt;
		_Atomic uint64_t *at =
		    find(l->words[h % SETS], tag, now_us, &word);

		debt = (word & ~TIME_MASK) == tag ? debt_us(word, now_us) : 0;
		debt += interval_us;
		/* Whoever is within its credit is never looked up. */
		if (debt > SECOND_US)
			return is_allowed(conf, client);
		if (atomic_compare_exchange_weak_explicit(at, &word,
			tag | ((now_us + debt) & TIME_MASK),
			memory_order_relaxed, memory_order_relaxed))
			return true;
	}
	return true;
}
