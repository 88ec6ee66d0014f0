/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rendezvous hashing: which regions are whose, without a table.
 *
 * Each key (a client's prefix, a name, a random number) draws a number for each
 * region from both their hashes, and the highest draw is the first (Thaler and
 * Ravishankar, IEEE/ACM Transactions on Networking 6(1), 1998); weights divide
 * its negative logarithm (Schindelhauer and Schomaker, SPAA 2005), so that a
 * region is the first of its share of the keys, and a change moves none
 * but those that must.  Whole numbers and a table, so that all machines agree,
 * and applications with them: meridian.yaml(5) states it.  Pure; any thread.
 */
#ifndef STEER_RENDEZVOUS_H
#define STEER_RENDEZVOUS_H

#include "conf/pool.h"

/* A region among those that are drawn for. */
struct lot {
	uint64_t region; /* rendezvous_hash() of its name */
	uint32_t weight; /* 0: after all that have one */
};

enum { RENDEZVOUS_FRACTION = 31 }; /* bits of a logarithm */

/* 64-bit FNV-1a, its bits mixed by rendezvous_mix(). */
uint64_t rendezvous_hash(const void *octets, size_t len);

/* The same of a name's labels in lower case, dots between them. */
uint64_t rendezvous_name(const uint8_t *name);

/* Whose name it is: below a wildcard owner, the part of the name from its first
 * label below the wildcard's parent on; else all of it. */
const uint8_t *rendezvous_tenant(const uint8_t *name, const uint8_t *owner);

/* The finalizer of splitmix64 (Steele, Lea and Flood, OOPSLA 2014). */
uint64_t rendezvous_mix(uint64_t x);

static inline uint64_t
rendezvous_draw(uint64_t key, uint64_t region)
{
	return rendezvous_mix(key ^ region);
}

/* -log2(draw / 2^64) times 2^RENDEZVOUS_FRACTION. */
uint64_t rendezvous_log(uint64_t draw);

/* Is draw a, with its weight, before draw b? Neither is: as declared. */
bool rendezvous_before(
    uint64_t a, uint32_t weight_a, uint64_t b, uint32_t weight_b);

/* The regions by their draws, one by one. */
struct rendezvous {
	const struct lot *lots;
	uint64_t draws[CONF_POOL_REGIONS_MAX];
	uint8_t
	    at[CONF_POOL_REGIONS_MAX]; /* in lots; the first next in order */
	size_t n, next;
};

void rendezvous_begin(
    struct rendezvous *r, const struct lot *lots, size_t n, uint64_t key);

/* This one is the first, whatever was drawn.  At most once, before any next. */
void rendezvous_take(struct rendezvous *r, uint8_t at);

/* The position in lots of the best that is left.  At most n times. */
uint8_t rendezvous_next(struct rendezvous *r);

#endif
