/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Client subnets, proven: for each prefix whose addresses are told apart, what
 * a query with it as its client subnet is answered obeys the fences of all
 * clients in it.  Prefixes that are not told apart are of one place, and so of
 * one rule: those of every length are covered.
 *
 * Segments come in order; siblings are put together as they come, so that
 * little is kept.  One thread; source_fini() frees it.
 */
#ifndef PROVE_SOURCE_H
#define PROVE_SOURCE_H

#include "prove/finding.h"
#include "snapshot/snapshot.h"

/* A prefix, and the fences of the clients in it. */
struct source_node {
	struct prefix prefix;
	const struct conf_rule *rule;  /* a fenced one; NULL: none */
	const struct conf_rule *other; /* with another fence; NULL: none */
};

struct source_proof {
	const struct snapshot *snapshot;
	const struct policy_table *table;
	const struct conf_name *name;
	struct findings *findings;
	VEC(struct source_node)
	stack;         /* prefixes that wait for their sibling */
	size_t proven; /* client subnets */
};

/* The next segment: where the first address of its prefix is in the space, and
 * the rule that all of it matches. */
void source_put(struct source_proof *s, const struct prefix *segment,
    const struct conf_rule *rule, bool in_net);
void source_fini(struct source_proof *s);

#endif
