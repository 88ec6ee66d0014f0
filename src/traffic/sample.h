/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the threads that answer see of the traffic, compactly: how many answers
 * went to each class of a steered name's policy, from each block of addresses.
 *
 * A block is what one network may hold (an IPv4 /16, an IPv6 /32): no client's
 * address is kept.  A thread counts into tables of its own, one a minute and
 * the two in turn, which main reads when the minute is over: nobody waits, and
 * memory is bounded.  A busy thread counts one answer of 2, 4, 8, ... for as
 * many.
 */
#ifndef TRAFFIC_SAMPLE_H
#define TRAFFIC_SAMPLE_H

#include "base/net.h"

enum {
	SAMPLE_MINUTE_S = 60,
	SAMPLE_GRACE_S = 2,       /* for a batch that began in the minute */
	SAMPLE_PER_SECOND = 1024, /* answers that a thread counts */
	SAMPLE_CLASS_MAX = UINT16_MAX, /* and those above it */
	SAMPLE_NOWHERE = 0,            /* the block of what is in none */
};

struct sampler;

/* A thread's own, freed with the process; before threads start. */
struct sampler *sampler_new(void);

/* An answer, as a thread counts it. */
struct sample_seen {
	uint64_t generation; /* of the snapshot that decided */
	uint32_t now_s;      /* monotonic */
	uint32_t random;
	uint32_t class;
	uint16_t name;  /* of the first one steered by the same table */
	uint8_t family; /* enum pool_family, of a pool that has them apart */
	const struct addr *client;
};

void sampler_add(struct sampler *t, const struct sample_seen *seen);

/* So many answers. */
struct sample_cell {
	uint16_t name, class;
	uint8_t family;
	uint32_t block;
	uint64_t n;
};

/* IPv4 inside IPv6 counts as such. */
uint32_t sample_block(const struct addr *client);
/* False: it is SAMPLE_NOWHERE. */
bool sample_block_prefix(uint32_t block, struct prefix *p);

enum sample_what {
	SAMPLE_OVER, /* minutes that are over */
	SAMPLE_ALL,  /* and the one that is not, and that no more */
	SAMPLE_PEEK, /* the same, but it is still to be taken */
};

/* Main: what was counted with snapshots of that generation, by now_s.  Each
 * cell is told once, but the same by each thread. */
typedef void sample_tell(const struct sample_cell *cell, void *arg);
void sample_take(uint64_t generation, uint32_t now_s, enum sample_what what,
    sample_tell *tell, void *arg);

#endif
