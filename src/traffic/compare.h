/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two snapshots: which part of the addresses and of the traffic gets another
 * region, with all targets up, which part keeps it and gets another order of
 * regions behind it or another answer when all is down, and how much each fence
 * covers.  Addresses count that are of a known country or
 * in a net, in IPv6 by /48s; traffic by what it was with the first snapshot.
 * Any one thread: it reads what is immutable, and the caller's traffic.
 */
#ifndef TRAFFIC_COMPARE_H
#define TRAFFIC_COMPARE_H

#include "traffic/traffic.h"

enum { COMPARE_ANSWERS_MIN = 1000 };

enum compare_kind {
	COMPARE_IPV4,
	COMPARE_IPV6,
	COMPARE_TRAFFIC,
	COMPARE_KINDS
};

extern const char *const compare_kind_names[COMPARE_KINDS];

struct compare_sum {
	double all[COMPARE_KINDS], moved[COMPARE_KINDS];
	double reordered[COMPARE_KINDS]; /* not moved, but not as before */
};

/* Of all that is told apart by something. */
struct compare_row {
	const char *name, *to; /* a name's; or from a region to one */
	struct compare_sum sum;
};

/* A fence that covers more, or less, of what a name is asked from: IPv4
 * addresses, IPv6 /48s. */
struct compare_fence {
	const char *name, *fence;
	double before[2], after[2];
};

struct compared {
	struct compare_sum total;         /* of all names */
	struct compare_sum *countries;    /* ORIGIN_COUNT */
	VEC(struct compare_row) names;    /* in both */
	VEC(struct compare_row) flows;    /* between regions */
	VEC(const char *) added, removed; /* names in one alone */
	VEC(struct compare_fence) fences; /* that differ */
};

/* traffic: of a, or NULL. Strings are the snapshots'. */
void compare_find(struct compared *c, const struct snapshot *a,
    const struct snapshot *b, const struct traffic *t);
void compare_fini(struct compared *c);

#endif
