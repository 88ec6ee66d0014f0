/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The oracle's regions in the order of the rule, and which of them are live:
 * steps 3 to 5 of a decision, by a scan.  Main thread.
 */
#ifndef STEER_LINE_H
#define STEER_LINE_H

#include "steer/oracle.h"

/* What a decision is taken for. */
struct line_question {
	const struct oracle *oracle;
	const struct conf *conf;
	const struct conf_name *name;
	const struct conf_policy *policy;
	const struct conf_rule *rule;
	const struct place *place;
	const struct oracle_assume *assume;
	const struct addr *client; /* NULL: a place */
};

/* The first rule that matches the place. */
void line_find_rule(struct line_question *q);

/* The rule goes by where the client is, of which nothing is known. */
bool line_is_lost(const struct line_question *q, uint16_t pool);

/*
 * Draws, where the rule says so and the client is known: those of the regions
 * that are in, the first first.  Otherwise false, and they stay.  *len: of the
 * prefix by which the client was told, if that is what draws.
 */
bool line_draw(const struct line_question *q, struct oracle_region *regions,
    size_t n, uint8_t *len);

/* Where the client, or the tenant, is among the cohorts of a region. */
struct cohort line_cohort(const struct line_question *q, uint16_t region);

/* The home of whoever the name is, in front of those that were drawn; NULL: it
 * has none. */
const struct conf_home *line_home(
    const struct line_question *q, struct oracle_region *regions, size_t n);

/*
 * The pool's regions as the rule has them, those that the fence strikes out
 * marked; all: behind them the pool's others, as declared.  Their number.
 */
size_t line_up(const struct line_question *q, uint16_t pool, bool all,
    struct oracle_region regions[CONF_POOL_REGIONS_MAX]);

/* The region as it is believed; NULL: all of it is taken to be up. */
const struct pool_region *line_believed(
    const struct line_question *q, uint16_t pool, uint16_t region);

/* The family, 4 or 6, that a question of the type sees alone; 0: none. */
uint8_t line_family(const struct conf_pool *p, uint16_t type);

/* Is the target forced up, or do as many monitors as must say at each of its
 * addresses (family 0), or at that of the family, that it is up, or better than
 * slow? */
bool line_target_is(const struct pool_target *t, unsigned require,
    uint8_t family, bool slow_too);

/* Why the region is not live, but for the fence. */
enum oracle_struck line_strike(
    const struct line_question *q, uint16_t pool, uint16_t region);

#endif
