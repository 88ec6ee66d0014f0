/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove/table.h"

#include <stdlib.h>
#include <string.h>

#include "steer/line.h"
#include "steer/oracle.h"

enum { PROGRESS = 1 << 16 }; /* segments between looks at stop */

/* A class against a verdict ---------------------------------------------- */

/* The next of the oracle's regions that is in; n: none. */
static size_t
next_in(const struct oracle_region *regions, size_t i, size_t n)
{
	while (i < n && regions[i].struck != STRUCK_NOT)
		i++;
	return i;
}

static bool
is_order(const struct conf_pool *pool, const uint8_t *order, size_t norder,
    const struct oracle_region *regions, size_t n)
{
	size_t i = next_in(regions, 0, n), k = 0;

	while (i < n && k < norder &&
	    pool->regions[order[k]].region == regions[i].region) {
		i = next_in(regions, i + 1, n);
		k++;
	}
	return i == n && k == norder;
}

static bool
has_weights(const struct rank *rank, const struct oracle_verdict *v)
{
	size_t i = next_in(v->regions, 0, v->n);

	if ((rank->lots != NULL) != (v->hash != CONF_HASH_NONE))
		return false;
	for (size_t k = 0; rank->lots != NULL && k < rank->n; k++) {
		if (rank->lots[k].weight != v->regions[i].weight)
			return false;
		i = next_in(v->regions, i + 1, v->n);
	}
	return true;
}

static bool
is_verdict(const struct table_proof *p, const struct rank *rank,
    const struct oracle_verdict *v)
{
	const struct conf_pool *pools = p->snapshot->conf->pools;

	return rank->action == v->action && rank->pool == v->pool &&
	    rank->hash == v->hash && rank->homes == v->homes &&
	    rank->trickle == v->trickle && rank->unlocated == v->unlocated &&
	    is_order(&pools[p->table->pool], rank->order, rank->n, v->regions,
		v->n) &&
	    has_weights(rank, v) &&
	    (v->action != CONF_DOWN_POOL ||
		is_order(&pools[v->pool], rank->fallback, rank->nfallback,
		    v->fallback, v->nfallback));
}

/* What a rule makes of a class ------------------------------------------- */

static void
check_fence(struct table_proof *p, const struct conf_rule *rule, uint16_t pool,
    const uint8_t *order, size_t n)
{
	const struct conf *conf = p->snapshot->conf;
	const char *fence = conf_rule_fence(rule);

	for (size_t i = 0; fence != NULL && i < n; i++) {
		uint16_t region = conf->pools[pool].regions[order[i]].region;
		const char *own = conf->regions[region].jurisdiction;

		if (own == NULL || strcmp(own, fence) != 0)
			findings_add(p->findings, CLAIM_FENCES, &rule->mark,
			    "pool %s of %s: region %s is outside the fence %s",
			    conf->pools[pool].name, p->name->text,
			    conf->regions[region].name, fence);
	}
}

/* Once for each class that the rule is the first to match of. */
static void
look_at_class(struct table_proof *p, const struct rank *rank,
    const struct conf_rule *rule, struct table_rule *tr)
{
	for (size_t i = 0; i < rank->n; i++)
		tr->regions |= UINT64_C(1) << rank->order[i];
	for (size_t i = 0; i < rank->nfallback; i++)
		tr->fallback |= UINT64_C(1) << rank->fallback[i];
	check_fence(p, rule, p->table->pool, rank->order, rank->n);
	if (rank->action == CONF_DOWN_POOL)
		check_fence(
		    p, rule, rank->pool, rank->fallback, rank->nfallback);
	if (rank->n == 0 &&
	    (rank->action != CONF_DOWN_POOL || rank->nfallback == 0))
		findings_add(p->findings, CLAIM_NAMES, &rule->mark,
		    "%s: clients of this rule get no region", p->name->text);
}

/* The walk --------------------------------------------------------------- */

/* A leaf as it was looked up. */
struct leaf {
	struct prefix prefix;
	uint32_t class;
};

struct walk {
	struct table_proof *proof;
	const struct space *space;
	const struct conf_policy *policy;
	uint16_t *rule_of; /* of places */
	bool is_fenced;    /* a rule of the policy is */
	struct leaf last;  /* family 0: none yet */
	size_t leaves;
};

static void
disagree(struct walk *w, const struct addr *a, const struct conf_rule *rule)
{
	char buf[ADDR_TEXT_MAX];

	findings_add(w->proof->findings, CLAIM_SCOPES, &rule->mark,
	    "%s for %s: the table has another order of regions than the rule",
	    w->proof->name->text, addr_format(buf, a));
}

/* The first address of a place: the oracle judges. */
static void
judge(struct walk *w, const struct addr *a, uint32_t place, uint32_t class)
{
	struct table_proof *p = w->proof;
	const struct snapshot *s = p->snapshot;
	const struct oracle oracle = {.conf = s->conf, .geo = s->geo};
	const struct rank *rank = &p->table->ranks[class];
	const size_t nrules = w->policy->nrules;
	struct line_question q = {.oracle = &oracle,
	    .conf = s->conf,
	    .policy = w->policy,
	    .place = &w->space->all.at[place].place};
	struct oracle_verdict v;
	size_t rule;

	line_find_rule(&q);
	rule = (size_t)(q.rule - w->policy->rules);
	w->rule_of[place] = (uint16_t)rule;
	oracle_judge(&oracle, p->name, q.rule, q.place, &v);
	if (!is_verdict(p, rank, &v))
		disagree(w, a, q.rule);
	p->class_of[place] = class + 1;
	if (p->seen[class * nrules + rule])
		return;
	p->seen[class * nrules + rule] = 1;
	look_at_class(p, rank, q.rule, &p->rules[rule]);
}

/* The left sibling of a leaf, if it is one too, has another class. */
static void
check_minimal(struct walk *w, const struct leaf *leaf)
{
	const struct prefix *a = &w->last.prefix, *b = &leaf->prefix;
	char buf[PREFIX_TEXT_MAX];

	if (a->addr.family == 0 || a->len != b->len || b->len == 0 ||
	    w->last.class != leaf->class ||
	    !addr_match(&a->addr, &b->addr, b->len - 1u) ||
	    !addr_bit(&b->addr, b->len - 1u))
		return;
	findings_add(w->proof->findings, CLAIM_SCOPES, NULL,
	    "%s: the leaf %s is longer than need be: its sibling is the same",
	    w->proof->name->text, prefix_format(buf, b));
}

static void
begin_leaf(struct walk *w, const struct addr *a, const struct lookup_hit *hit)
{
	struct leaf leaf = {{*a, hit->depth}, hit->class};

	addr_mask(&leaf.prefix.addr, hit->depth);
	if (w->leaves > 0 && leaf.prefix.len == w->last.prefix.len &&
	    addr_equal(&leaf.prefix.addr, &w->last.prefix.addr)) {
		if (leaf.class != w->last.class)
			findings_add(w->proof->findings, CLAIM_SCOPES, NULL,
			    "%s: a leaf has two classes", w->proof->name->text);
		return;
	}
	w->leaves++;
	check_minimal(w, &leaf);
	w->last = leaf;
}

/* Client subnets matter to fences alone. */
static void
put_source(struct walk *w, const struct addr *first, size_t segment)
{
	uint32_t place = w->space->places.at[segment];
	struct prefix p = {*first, w->space->depths.at[segment]};

	addr_mask(&p.addr, p.len);
	if (w->is_fenced)
		source_put(&w->proof->sources, &p,
		    &w->policy->rules[w->rule_of[place]],
		    w->space->all.at[place].place.nets != 0);
}

/* All leaves of a segment, which has one place. */
static bool
walk_segment(struct walk *w, struct addr *at, size_t segment)
{
	unsigned depth = w->space->depths.at[segment];
	uint32_t place = w->space->places.at[segment];
	struct addr first = *at;
	struct lookup_hit hit;
	bool more;

	do {
		hit = lookup_find(&w->proof->table->lookup, at);
		begin_leaf(w, at, &hit);
		if (w->proof->class_of[place] != hit.class + 1)
			judge(w, at, place, hit.class);
		more = space_next(at, depth > hit.depth ? depth : hit.depth);
	} while (more && addr_match(at, &first, depth));
	w->proof->rules[w->rule_of[place]].prefixes++;
	put_source(w, &first, segment);
	return more;
}

static bool
walk_all(struct walk *w, const _Atomic bool *stop)
{
	struct addr at = {.family = w->space->family};
	size_t segment = 0;

	while (walk_segment(w, &at, segment)) {
		if (++segment % PROGRESS == 0 && atomic_load(stop))
			return false;
	}
	return true;
}

bool
table_walk(
    struct table_proof *p, const struct space *space, const _Atomic bool *stop)
{
	struct walk w = {.proof = p,
	    .space = space,
	    .policy = &p->snapshot->conf->policies[p->table->policy]};
	bool done;

	for (size_t i = 0; i < w.policy->nrules; i++)
		w.is_fenced |= conf_rule_fence(&w.policy->rules[i]) != NULL;
	p->class_of = xcalloc(space->all.n, sizeof(*p->class_of));
	w.rule_of = xcalloc(space->all.n, sizeof(*w.rule_of));
	done = walk_all(&w, stop);
	p->leaves[space->family == 6] = w.leaves;
	free(p->class_of);
	free(w.rule_of);
	return done;
}

/* Classes ---------------------------------------------------------------- */

static bool
is_same_class(const struct rank *a, const struct rank *b)
{
	if (a->n != b->n || a->nfallback != b->nfallback ||
	    a->hash != b->hash || a->homes != b->homes ||
	    a->trickle != b->trickle || a->action != b->action ||
	    a->unlocated != b->unlocated || a->pool != b->pool ||
	    memcmp(a->order, b->order, a->n) != 0 ||
	    memcmp(a->fallback, b->fallback, a->nfallback) != 0)
		return false;
	for (size_t i = 0; a->lots != NULL && i < a->n; i++)
		if (a->lots[i].weight != b->lots[i].weight)
			return false;
	return true;
}

/* Two classes that are the same would hide leaves that are too long. */
static void
check_classes(struct table_proof *p)
{
	const struct policy_table *t = p->table;

	for (size_t i = 0; i < t->nranks; i++)
		for (size_t k = 0; k < i; k++)
			if (is_same_class(&t->ranks[i], &t->ranks[k]))
				findings_add(p->findings, CLAIM_SCOPES, NULL,
				    "%s: classes %zu and %zu are the same",
				    p->name->text, k, i);
}

void
table_begin(struct table_proof *p, const struct snapshot *s,
    const struct conf_name *name, const struct policy_table *table,
    struct findings *findings)
{
	size_t nrules = s->conf->policies[table->policy].nrules;

	*p = (struct table_proof){
	    .snapshot = s, .table = table, .name = name, .findings = findings};
	p->rules = xcalloc(nrules, sizeof(*p->rules));
	p->seen = xcalloc(table->nranks * nrules, sizeof(*p->seen));
	p->sources = (struct source_proof){
	    .snapshot = s, .table = table, .name = name, .findings = findings};
	check_classes(p);
}

void
table_fini(struct table_proof *p)
{
	free(p->rules);
	free(p->seen);
	source_fini(&p->sources);
}
