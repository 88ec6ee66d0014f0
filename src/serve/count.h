/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Counters of the threads that answer: one block each, written by its owner
 * alone (relaxed), read by main.
 */
#ifndef SERVE_COUNT_H
#define SERVE_COUNT_H

#include <stdatomic.h>
#include <stdint.h>

#include "dns/cookie.h"
#include "dns/rr.h"

enum count_proto { COUNT_UDP, COUNT_TCP, COUNT_PROTOS };

/* What became of replies beyond the rate limit. */
enum count_limited {
	COUNT_LIMITED_DROPPED,
	COUNT_LIMITED_SLIPPED,  /* sent with TC */
	COUNT_LIMITED_OBSERVED, /* sent: the limit is only looked at */
	COUNT_LIMITED,
};

struct counters {
	_Atomic uint64_t queries[COUNT_PROTOS][2]; /* [][0] IPv4, [1] IPv6 */
	_Atomic uint64_t responses[DNS_RCODE_COUNT];
	_Atomic uint64_t ecs_queries;
	_Atomic uint64_t cookies[COOKIE_STATES]; /* queries */
	_Atomic uint64_t truncated;
	_Atomic uint64_t dropped;             /* nothing to answer */
	_Atomic uint64_t source_port_dropped; /* udp_port_reflects() */
	_Atomic uint64_t limited[COUNT_LIMITED];
	_Atomic uint64_t send_failed;
	_Atomic uint64_t udp_overflows;   /* dropped by the kernel: no room */
	_Atomic uint64_t tcp_connections; /* open now */
	_Atomic uint64_t tcp_refused;     /* closed because too many */
	_Atomic uint64_t tcp_starved;     /* no descriptor for one more */
};

/* A block that main's sums include; freed with the process. Before threads
 * start. Its number is the thread's row in the snapshots' tallies. */
struct counters *count_new(unsigned *row);

/* The sum of all blocks. */
void count_sum(struct counters *sum);

static inline void
count_add(_Atomic uint64_t *c, uint64_t n)
{
	atomic_store_explicit(c,
	    atomic_load_explicit(c, memory_order_relaxed) + n,
	    memory_order_relaxed);
}

#endif
