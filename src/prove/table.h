/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One policy compiled for one pool, against the oracle: its leaves are walked
 * once, and each address is looked up as a query would.  One thread.
 */
#ifndef PROVE_TABLE_H
#define PROVE_TABLE_H

#include "prove/finding.h"
#include "prove/source.h"
#include "prove/space.h"
#include "snapshot/snapshot.h"

/* What one rule makes of the classes that it is the first to match of. */
struct table_rule {
	size_t prefixes;   /* segments of address space that it matches */
	uint64_t regions;  /* bit i: pool's regions[i], in any order of it */
	uint64_t fallback; /* the same of when_all_down's pool */
};

struct table_proof {
	const struct snapshot *snapshot;
	const struct policy_table *table;
	const struct conf_name *name; /* one that uses it */
	const char *step; /* "STAGE/STEP" that it would be by; NULL: now */
	size_t leaves[2]; /* IPv4, IPv6 */
	struct table_rule *rules; /* of the policy */
	struct findings *findings;
	struct source_proof sources; /* of a policy with fences */
	/* While it is walked: */
	uint32_t *class_of; /* of a space's places: + 1; 0: not judged yet */
	uint8_t *seen;      /* classes x rules */
};

void table_begin(struct table_proof *p, const struct snapshot *s,
    const struct conf_name *name, const struct policy_table *table,
    struct findings *findings);
/* One family; false: *stop became true. */
bool table_walk(
    struct table_proof *p, const struct space *space, const _Atomic bool *stop);
void table_fini(struct table_proof *p);

#endif
