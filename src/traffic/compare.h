/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Two snapshots: which part of the addresses and of the traffic gets another
 * region, with all targets up.  Addresses count that are of a known country or
 * in a net, in IPv6 by /48s; traffic by what it was with the first snapshot.
 * Any one thread: it reads what is immutable, and the caller's traffic.
 */
#ifndef TRAFFIC_COMPARE_H
#define TRAFFIC_COMPARE_H

#include <jansson.h>

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
};

/* Of all that is told apart by something. */
struct compare_row {
	const char *name, *to; /* a name's; or from a region to one */
	struct compare_sum sum;
};

struct compared {
	struct compare_sum total;         /* of all names */
	struct compare_sum *countries;    /* ORIGIN_COUNT */
	VEC(struct compare_row) names;    /* in both */
	VEC(struct compare_row) flows;    /* between regions */
	VEC(const char *) added, removed; /* names in one alone */
};

/* traffic: of a, or NULL. Strings are the snapshots'. */
void compare_find(struct compared *c, const struct snapshot *a,
    const struct snapshot *b, const struct traffic *t);
void compare_fini(struct compared *c);

/* The largest part that moves, in percent: of a family's addresses for any one
 * name, or of all the traffic, when it is of COMPARE_ANSWERS_MIN answers. */
double compare_most(const struct compared *c);

/*
 * {"ipv4", "ipv6", "traffic", "names": [{"name", ...}], "countries":
 * [{"country", ...}], "moves": [{"from", "to", ...}], "added", "removed"}: the
 * first three stand in each object, in percent, null of nothing; in moves of
 * all, else of what the object is about.  Those that nothing moves in are left
 * out.
 */
json_t *compare_json(const struct compared *c);

#endif
