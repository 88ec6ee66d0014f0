/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/rule.h"

#include <stdlib.h>
#include <string.h>

#include "conf/check.h"
#include "conf/home.h"
#include "conf/load.h"
#include "conf/value.h"

/* Kinds ------------------------------------------------------------------ */

bool
rule_nets(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_rule found = {0};
	const struct schema_key list = {k->map, k->name, value_ref,
	    .offset = offsetof(struct conf_rule, regions),
	    .count = offsetof(struct conf_rule, nregions),
	    .size = sizeof(uint16_t), .list = true, .nmin = k->nmin,
	    .nmax = k->nmax, .of = SECTION_NETS};
	uint64_t *nets = field;
	size_t i;

	if (!schema_read_key(r, &list, node, &found))
		return false;
	for (i = 0; i < found.nregions; i++)
		*nets |= UINT64_C(1) << found.regions[i];
	return true;
}

bool
rule_geo(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	if (value_is_scalar(node) &&
	    conf_geo_parse(arena_strdup(r->conf->arena, node->text), field))
		return true;
	return value_wrong(r, k, node,
	    "a continent (AF AN AS EU NA OC SA), a country (DE), a "
	    "subdivision (US-CA) or a city (DE/Berlin, city:2950159), codes "
	    "in upper case");
}

bool
rule_box(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_box *box = field;
	double degrees[4];

	if (node->kind != NODE_LIST)
		return value_wrong(r, k, node, "[south, west, north, east]");
	for (size_t i = 0; i < 4; i++)
		if (node->n != 4 ||
		    !value_parse_degrees(
			node->items[i], i % 2 ? 180 : 90, &degrees[i]))
			return diag_error(r->d, &node->mark,
			    "\"%s\" must be [south, west, north, east] in "
			    "degrees: -90 to 90, -180 to 180",
			    k->name);
	*box = (struct conf_box){(float)degrees[0], (float)degrees[1],
	    (float)degrees[2], (float)degrees[3]};
	return box->south <= box->north ||
	    diag_error(r->d, &node->mark,
		"\"%s\" is empty: its south is north of its north", k->name);
}

const char *const conf_hash_names[] = {
    [CONF_HASH_NONE] = "none",
    [CONF_HASH_CLIENT] = "client",
    [CONF_HASH_RANDOM] = "random",
    [CONF_HASH_QNAME] = "qname",
    NULL,
};

static bool
read_weight(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_pair *pair, uint16_t *region, uint32_t *weight)
{
	const struct schema_key ref = {
	    k->map, k->name, value_ref, .of = SECTION_REGIONS};
	const struct schema_key number = {k->map, pair->key->text, value_number,
	    .size = sizeof(*weight), .min = 0, .max = CONF_WEIGHT_MAX};
	bool ok = value_ref(r, &ref, pair->key, region);

	return value_number(r, &number, pair->value, weight) && ok;
}

static bool
read_weights(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, struct conf_rule *rule)
{
	uint64_t sum = 0;
	bool ok = true;

	if (node->n < k->nmin || node->n > k->nmax)
		return diag_error(r->d, &node->mark,
		    "\"%s\" has %zu values: it must have %zu to %zu", k->name,
		    node->n, k->nmin, k->nmax);
	rule->nregions = node->n;
	rule->regions =
	    arena_array(r->conf->arena, node->n, sizeof(*rule->regions));
	rule->weights =
	    arena_array(r->conf->arena, node->n, sizeof(*rule->weights));
	for (size_t i = 0; i < node->n; i++) {
		if (!read_weight(r, k, &node->pairs[i], &rule->regions[i],
			&rule->weights[i]))
			ok = false;
		sum += rule->weights[i];
	}
	rule->hash = CONF_HASH_CLIENT;
	return sum > 0 || !ok ||
	    diag_error(r->d, &node->mark,
		"no region has a weight above 0: give one of them 1 or more");
}

bool
rule_regions(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	static const struct {
		const char *word;
		enum conf_order order;
	} words[] = {{"nearest", CONF_ORDER_NEAREST},
	    {"latency", CONF_ORDER_LATENCY}, {"all", CONF_ORDER_ALL}};
	const struct schema_key list = {k->map, k->name, value_ref,
	    .offset = offsetof(struct conf_rule, regions),
	    .count = offsetof(struct conf_rule, nregions),
	    .size = sizeof(uint16_t), .list = true, .nmin = k->nmin,
	    .nmax = k->nmax, .of = SECTION_REGIONS};
	struct conf_rule *rule = field;

	if (node->kind == NODE_LIST)
		return schema_read_key(r, &list, node, rule);
	if (node->kind == NODE_MAP)
		return read_weights(r, k, node, rule);
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (value_is_scalar(node) &&
		    strcmp(node->text, words[i].word) == 0) {
			rule->order = words[i].order;
			return true;
		}
	}
	return value_wrong(r, k, node,
	    "a list of regions, a map of their weights, nearest, "
	    "latency or all");
}

bool
rule_km(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	size_t len = value_is_scalar(node) ? strlen(node->text) : 0;
	int64_t value;

	if (len < 2 || strcmp(node->text + len - 2, "km") != 0 ||
	    !value_parse_integer(node->text, len - 2, &value))
		return value_wrong(r, k, node, "a distance, as 500km");
	if (!value_in_range(r, k, node, value, "km"))
		return false;
	value_store(field, k->size, value);
	return true;
}

bool
rule_down(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_when_down *down = field;

	if (node->kind == NODE_MAP) {
		down->action = CONF_DOWN_POOL;
		return schema_read(r, SCHEMA_DOWN, node, down);
	}
	if (value_is_scalar(node) && strcmp(node->text, "all") == 0)
		down->action = CONF_DOWN_ALL;
	else if (value_is_scalar(node) && strcmp(node->text, "last_known") == 0)
		down->action = CONF_DOWN_LAST_KNOWN;
	else
		return value_wrong(
		    r, k, node, "all, last_known or {pool: NAME}");
	return true;
}

/* A rule alone ----------------------------------------------------------- */

static void
report_fence(struct schema_reader *r, const struct yaml_node *node)
{
	const struct conf *c = r->conf;
	const char **words = xcalloc(c->nregions + 1, sizeof(*words)), *near;
	size_t i, n = 0;

	for (i = 0; i < c->nregions; i++)
		if (c->regions[i].jurisdiction)
			words[n++] = c->regions[i].jurisdiction;
	near = diag_nearest(node->text, words, n);
	if (near)
		diag_error(r->d, &node->mark,
		    "no region has the jurisdiction "
		    "\"%s\"; did you mean \"%s\"?",
		    node->text, near);
	else
		diag_error(r->d, &node->mark,
		    "no region has the jurisdiction "
		    "\"%s\"",
		    node->text);
	free(words);
}

static void
check_homes(struct schema_reader *r, const struct yaml_node *node,
    const struct conf_rule *rule)
{
	if (rule->homes == NULL)
		return;
	if (rule->hash != CONF_HASH_QNAME)
		diag_error(r->d, &yaml_find(node, "homes")->mark,
		    "\"homes\" are of \"hash: qname\" alone");
	else
		home_check(r, rule, rule->fence);
}

/* A rule says where to, or uses a policy that does. */
static void
check_uses(struct schema_reader *r, const struct yaml_node *node)
{
	static const char *const with[] = {
	    "nets", "geo", "asn", "box", "fence", "policy"};
	const struct yaml_node *policy = yaml_find(node, "policy");

	if (policy == NULL && yaml_find(node, "regions") == NULL)
		diag_error(
		    r->d, &node->mark, "a rule needs the key \"regions\"");
	for (size_t i = 0, k; policy != NULL && i < node->n; i++) {
		const struct yaml_node *key = node->pairs[i].key;

		for (k = 0; k < sizeof(with) / sizeof(*with); k++)
			if (strcmp(key->text, with[k]) == 0)
				break;
		if (k == sizeof(with) / sizeof(*with))
			diag_error(r->d, &key->mark,
			    "a rule that uses a policy has no \"%s\" of its "
			    "own",
			    key->text);
	}
}

void
rule_check(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	struct conf_rule *rule = object;

	check_uses(r, node);
	rule->by_net = yaml_find(node, "nets");
	rule->by_geo = yaml_find(node, "geo");
	rule->by_asn = yaml_find(node, "asn");
	rule->by_box = yaml_find(node, "box");
	if (rule->fence && !check_is_jurisdiction(r->conf, rule->fence))
		report_fence(r, yaml_find(node, "fence"));
	if (rule->band_km > 0 && !conf_rule_is_by_place(rule))
		diag_error(r->d, &yaml_find(node, "band")->mark,
		    "\"band\" is of \"regions: nearest\" and of latency alone");
	if (rule->order == CONF_ORDER_LATENCY && r->conf->latency.path == NULL)
		diag_error(r->d, &yaml_find(node, "regions")->mark,
		    "\"regions: latency\" needs a table: latency: {file: "
		    "FILE}");
	if (rule->hash != CONF_HASH_NONE && conf_rule_is_by_place(rule))
		diag_error(r->d, &yaml_find(node, "hash")->mark,
		    "\"hash\" needs a list of regions, a map of their "
		    "weights, or all");
	if (rule->hash == CONF_HASH_NONE && rule->weights != NULL)
		diag_error(r->d, &yaml_find(node, "hash")->mark,
		    "a map of weights is drawn from: its hash must be client "
		    "or random");
	if (rule->hash == CONF_HASH_QNAME && rule->weights != NULL)
		diag_error(r->d, &yaml_find(node, "hash")->mark,
		    "\"hash: qname\" weighs all regions the same: list them");
	if (rule->hash != CONF_HASH_NONE && rule->trickle > 0)
		diag_error(r->d, &yaml_find(node, "trickle")->mark,
		    "what is drawn has weights, not a \"trickle\"");
	check_homes(r, node, rule);
}

/* Rules beside each other -------------------------------------------------- */

/* Whatever lies in narrow lies in wide. */
static bool
covers_geo(const struct conf_geo *wide, const struct conf_geo *narrow)
{
	if (wide->city != NULL &&
	    (narrow->city == NULL || strcmp(wide->city, narrow->city) != 0))
		return false;
	if (wide->city_id != narrow->city_id)
		return false;
	if (wide->subdivision[0] != '\0' &&
	    memcmp(wide->subdivision, narrow->subdivision, 3) != 0)
		return false;
	return (wide->kind == CONF_GEO_CONTINENT) ==
	    (narrow->kind == CONF_GEO_CONTINENT) &&
	    memcmp(wide->code, narrow->code, 2) == 0;
}

static bool
covers_all_geo(const struct conf_rule *wide, const struct conf_rule *narrow)
{
	size_t i, j;

	for (i = 0; i < narrow->ngeo; i++) {
		for (j = 0; j < wide->ngeo; j++)
			if (covers_geo(&wide->geo[j], &narrow->geo[i]))
				break;
		if (j == wide->ngeo)
			return false;
	}
	return narrow->ngeo > 0;
}

static bool
covers_all_asn(const struct conf_rule *wide, const struct conf_rule *narrow)
{
	size_t i, j;

	for (i = 0; i < narrow->nasn; i++) {
		for (j = 0; j < wide->nasn; j++)
			if (wide->asn[j] == narrow->asn[i])
				break;
		if (j == wide->nasn)
			return false;
	}
	return narrow->nasn > 0;
}

static bool
covers_box(const struct conf_rule *wide, const struct conf_rule *narrow)
{
	const struct conf_box *w = &wide->box, *n = &narrow->box;

	/* Those across the 180th meridian are not judged. */
	return narrow->by_box && w->west <= w->east && n->west <= n->east &&
	    w->south <= n->south && w->west <= n->west &&
	    w->north >= n->north && w->east >= n->east;
}

/* Whatever matches narrow has matched wide. */
static bool
covers(const struct conf_rule *wide, const struct conf_rule *narrow)
{
	return (!wide->by_net ||
		   (narrow->nets && !(narrow->nets & ~wide->nets))) &&
	    (!wide->by_geo || covers_all_geo(wide, narrow)) &&
	    (!wide->by_asn || covers_all_asn(wide, narrow)) &&
	    (!wide->by_box || covers_box(wide, narrow));
}

static void
check_reached(struct diag *d, const struct conf_policy *p)
{
	size_t i, j;

	for (i = 1; i < p->nrules; i++) {
		for (j = 0; j < i; j++)
			if (covers(&p->rules[j], &p->rules[i]))
				break;
		if (j < i)
			diag_error(d, &p->rules[i].mark,
			    "this rule can never "
			    "match: the one at %s:%u takes all that it would",
			    p->rules[j].mark.file, p->rules[j].mark.line);
	}
	if (p->nrules && !conf_rule_is_catch_all(&p->rules[p->nrules - 1]))
		diag_error(d, &p->rules[p->nrules - 1].mark,
		    "the last rule "
		    "must match every client: it has no nets, geo, asn or box");
}

/* A fence holds in every state of health. */
static void
check_fallback(
    struct schema_reader *r, const struct conf_rule *rule, const char *fence)
{
	const struct conf *c = r->conf;
	const struct conf_pool *pool;
	size_t i;

	if (rule->when_down.action != CONF_DOWN_POOL || !fence ||
	    rule->when_down.pool == CONF_NONE ||
	    !check_is_jurisdiction(c, fence))
		return;
	pool = &c->pools[rule->when_down.pool];
	for (i = 0; i < pool->nregions; i++)
		if (pool->regions[i].region != CONF_NONE &&
		    !check_is_within(c, pool->regions[i].region, fence))
			diag_error(r->d, &rule->mark,
			    "when all is down, pool \"%s\" would leave the fence \"%s\": its region \"%s\" is outside; remove it from the pool, or choose another pool",
			    pool->name, fence,
			    c->regions[pool->regions[i].region].name);
}

void
rule_check_policy(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct yaml_node *rules = yaml_find(node, "rules");
	struct conf_policy *p = object;
	size_t i;

	for (i = 0; i < p->nrules; i++) {
		p->rules[i].owner = (uint16_t)(p - r->conf->policies);
		p->rules[i].number = (uint16_t)(i + 1);
		if (!yaml_find(rules->items[i], "when_all_down"))
			p->rules[i].when_down = p->when_down;
		check_fallback(r, &p->rules[i], p->rules[i].fence);
	}
	check_reached(r->d, p);
	if (yaml_find(node, "unlocated"))
		return;
	p->nunlocated = r->conf->nregions;
	p->unlocated = arena_array(
	    r->conf->arena, p->nunlocated + 1, sizeof(*p->unlocated));
	for (i = 0; i < p->nunlocated; i++)
		p->unlocated[i] = (uint16_t)i;
}

/* Policies that use policies ----------------------------------------------- */

enum { UNFOLDED_MAX = 10000, UNFOLD_DEPTH_MAX = 8 };

struct unfolding {
	struct schema_reader *r;
	bool *done; /* of each policy */
	uint16_t path[UNFOLD_DEPTH_MAX];
	size_t depth;
};

struct unfolded {
	VEC(struct conf_rule) rules;
};

static bool
report_circle(struct unfolding *u, const struct conf_rule *rule, size_t begin)
{
	const struct conf_policy *policies = u->r->conf->policies;
	const char *names = "";

	for (size_t i = begin; i < u->depth; i++)
		names = arena_printf(u->r->d->arena, "%s\"%s\", ", names,
		    policies[u->path[i]].name);
	return diag_error(u->r->d, &rule->mark,
	    "policies use each other in a circle: %s\"%s\"", names,
	    policies[rule->uses].name);
}

/* The chain of those around the rule, and one more. */
static const struct conf_rule *
wrap(struct arena *a, const struct conf_rule *chain,
    const struct conf_rule *outermost)
{
	struct conf_rule *copy;

	if (chain == NULL)
		return outermost;
	copy = arena_dup(a, chain, sizeof(*chain));
	copy->outer = wrap(a, chain->outer, outermost);
	return copy;
}

/* What the rule's own fence and regions make of what it is used for. */
static void
check_wrapped(struct schema_reader *r, const struct conf_rule *rule)
{
	const struct conf_rule *o;

	for (o = rule->outer; o != NULL; o = o->outer) {
		check_fallback(r, rule, o->fence);
		if (rule->homes != NULL && o->fence != NULL)
			home_check(r, rule, o->fence);
	}
}

static void unfold(struct unfolding *u, uint16_t policy);

/* False: it cannot be done. */
static bool
unfold_used(struct unfolding *u, const struct conf_rule *rule)
{
	for (size_t i = 0; i < u->depth; i++)
		if (u->path[i] == rule->uses)
			return report_circle(u, rule, i);
	if (u->depth == UNFOLD_DEPTH_MAX)
		return diag_error(u->r->d, &rule->mark,
		    "policies use each other more than %d deep",
		    UNFOLD_DEPTH_MAX);
	unfold(u, rule->uses);
	return true;
}

/* The rule, or those of the policy that it uses.  False: they are too many. */
static bool
unfold_rule(
    struct unfolding *u, const struct conf_rule *rule, struct unfolded *all)
{
	const struct conf *c = u->r->conf;
	const struct conf_policy *used = &c->policies[rule->uses];

	if (rule->uses == CONF_NONE) {
		vec_push(&all->rules, *rule);
		return all->rules.n <= UNFOLDED_MAX;
	}
	if (!unfold_used(u, rule))
		return true;
	for (size_t k = 0; k < used->nrules; k++) {
		struct conf_rule inner = used->rules[k];

		inner.outer = wrap(c->arena, inner.outer, rule);
		check_wrapped(u->r, &inner);
		vec_push(&all->rules, inner);
		if (all->rules.n > UNFOLDED_MAX)
			return false;
	}
	return true;
}

static void
unfold(struct unfolding *u, uint16_t policy)
{
	struct conf *c = u->r->conf;
	struct conf_policy *p = &c->policies[policy];
	struct unfolded all = {.rules = {0}};
	bool fits = true;

	if (u->done[policy])
		return;
	u->path[u->depth++] = policy;
	for (size_t i = 0; fits && i < p->nrules; i++)
		fits = unfold_rule(u, &p->rules[i], &all);
	if (!fits)
		diag_error(u->r->d, &p->mark,
		    "policy \"%s\" has more than %d rules with those of the "
		    "policies that it uses",
		    p->name, UNFOLDED_MAX);
	p->nrules = all.rules.n;
	p->rules = arena_dup(
	    c->arena, all.rules.at, all.rules.n * sizeof(*all.rules.at));
	vec_free(&all.rules);
	u->depth--;
	u->done[policy] = true;
}

void
rule_unfold(struct schema_reader *r)
{
	struct unfolding u = {.r = r};

	u.done = xcalloc(r->conf->npolicies + 1, sizeof(*u.done));
	for (size_t i = 0; i < r->conf->npolicies; i++)
		unfold(&u, (uint16_t)i);
	free(u.done);
}
