/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shares in force: how much of a region's clients it gets, while it comes back
 * by and by (failback) or is drained in part.
 *
 * Clients are put into cohorts by a hash of their prefix; a region in part in
 * service takes the cohorts below a bound that time moves, so that a client
 * moves once.  Pure; any thread.  Seconds are of the monotonic clock.
 */
#ifndef STEER_SHARE_H
#define STEER_SHARE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/net.h"
#include "conf/policy.h"

enum {
	SHARE_COHORTS = 1 << 16,
	SHARE_PREFIX_IPV4 = 24, /* bits by which clients are told apart */
	SHARE_PREFIX_IPV6 = 48,
	SHARE_NEVER = UINT32_MAX,
};

/* Of one region of a pool.  All 0: the whole region is in service. */
struct share {
	uint32_t out;        /* cohorts that a partial drain takes out, */
	uint32_t out_over_s; /* growing for so long ... */
	int64_t out_end_s;   /* ... until then */
	bool back;           /* it has become live again, ... */
	bool resumed;        /* ... by the operator's word, ... */
	int64_t back_s;      /* ... then */
	int64_t frozen_s;    /* not 0: trouble stops its return from then on */
};

/* A client's place among the cohorts of a region. */
struct cohort {
	uint32_t number; /* below SHARE_COHORTS */
	uint8_t len;     /* of the prefix that it is told by: the scope */
};

/* The prefix by which a client is told from others: a /24 or /48 of what its
 * address counts as.  Its length in octets; *len: its depth in the client's own
 * family. */
size_t share_prefix(
    const struct addr *client, struct addr *prefix, uint8_t *len);

/* region: its name, so that regions draw their cohorts apart.  An IPv4 address
 * within IPv6 (mapped, 6to4, Teredo) counts as the former. */
struct cohort share_cohort(const struct addr *client, const char *region);

/* A tenant's place, as a whole: whoever asks gets the same.  In wire form,
 * lower case. */
struct cohort share_cohort_name(const uint8_t *tenant, const char *region);

/* Those with a lower number than so many percent of them are the clients of a
 * rule's trickle. */
struct cohort share_trickle(const struct addr *client);

/* From the next second on, so that no worker has been further; and on from
 * where it was. */
void share_freeze(struct share *s, uint32_t now_s);
void share_thaw(struct share *s, uint32_t now_s);

/* Is it in force for a policy with this failback (NULL: none)? */
bool share_in_force(
    const struct share *s, const struct conf_failback *f, uint32_t now_s);

/* What is left of its coming back. */
struct share_left {
	bool manual;     /* until an operator says so; then ... */
	bool frozen;     /* not while there is trouble */
	uint32_t hold_s; /* until the first of its clients, */
	uint32_t all_s;  /* ... until the last of them */
};

/* False: it is not coming back for a policy with this failback. */
bool share_left(const struct share *s, const struct conf_failback *f,
    uint32_t now_s, struct share_left *left);

/* How many cohorts the region takes: those with a lower number. */
uint32_t share_taken(
    const struct share *s, const struct conf_failback *f, uint32_t now_s);

/* Seconds until the cohort's turn comes, to be taken or left; SHARE_NEVER:
 * not by time. */
uint32_t share_change_s(const struct share *s, const struct conf_failback *f,
    uint32_t cohort, uint32_t now_s);

#endif
