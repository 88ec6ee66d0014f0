/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/use.h"

#include <stdlib.h>
#include <string.h>

#include "conf/check.h"
#include "conf/home.h"
#include "dns/name.h"

/* What a name makes of a policy and a pool. */
struct use {
	const struct conf *conf;
	struct diag *d;
	const struct conf_policy *policy;
	const struct conf_pool *pool;
	const struct conf_name *name;
};

static bool
pool_has(const struct conf_pool *pool, uint16_t region)
{
	size_t i;

	for (i = 0; i < pool->nregions; i++)
		if (pool->regions[i].region == region)
			return true;
	return false;
}

/* Within all fences that hold for the rule. */
static bool
is_within(const struct use *u, uint16_t region, const struct conf_rule *rule)
{
	for (; rule != NULL; rule = rule->outer)
		if (!check_is_within(u->conf, region, rule->fence))
			return false;
	return true;
}

/* Is any region of the list left, in the pool and in the fence?  A list that
 * was refused in part is not judged. */
static bool
is_any_left(const struct use *u, const uint16_t *regions, size_t n,
    const struct conf_rule *rule)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (regions[i] == CONF_NONE ||
		    (pool_has(u->pool, regions[i]) &&
			is_within(u, regions[i], rule)))
			return true;
	return n == 0;
}

static bool
is_any_near(const struct use *u, const struct conf_rule *rule)
{
	size_t i;

	for (i = 0; i < u->pool->nregions; i++)
		if (is_within(u, u->pool->regions[i].region, rule))
			return true;
	return false;
}

/* What was refused already is not judged again. */
static bool
has_sound_fences(const struct use *u, const struct conf_rule *rule)
{
	for (; rule != NULL; rule = rule->outer)
		if (rule->fence && !check_is_jurisdiction(u->conf, rule->fence))
			return false;
	return true;
}

static const char *
used_at(const struct use *u, const struct conf_rule *rule)
{
	if (rule->outer == NULL)
		return "";
	return arena_printf(u->conf->arena, ", as the rule at %s:%u uses it",
	    rule->outer->mark.file, rule->outer->mark.line);
}

static void
check_use_rule(const struct use *u, const struct conf_rule *rule)
{
	const struct conf_policy *p = &u->conf->policies[rule->owner];
	const char *within = conf_rule_fence(rule) ? " within the fence" : "";

	if (!has_sound_fences(u, rule))
		return;
	if (rule->order != CONF_ORDER_LIST
		? !is_any_near(u, rule)
		: !is_any_left(u, rule->regions, rule->nregions, rule))
		diag_error(u->d, &rule->mark,
		    "no region%s is left for pool "
		    "\"%s\" of %s%s",
		    within, u->pool->name, u->name->text, used_at(u, rule));
	else if (conf_rule_is_by_place(rule) &&
	    !is_any_left(u, p->unlocated, p->nunlocated, rule))
		diag_error(u->d, &rule->mark,
		    "no region of \"unlocated\"%s is "
		    "left for pool \"%s\" of %s%s",
		    within, u->pool->name, u->name->text, used_at(u, rule));
}

/* The home of whoever has one is in the pool. */
static void
check_use_homes(const struct use *u, const struct conf_rule *rule)
{
	const struct conf_homes *h = rule->homes;
	uint16_t last = CONF_NONE;

	for (size_t i = 0; h != NULL && i < h->nslots; i++) {
		const struct conf_home *home = &h->slots[i];
		const struct conf_mark mark = {h->path, home->line, 1};

		if (home->name == NULL || home->region == last ||
		    pool_has(u->pool, home->region))
			continue;
		diag_error(u->d, &mark,
		    "region \"%s\" is not in pool \"%s\" of %s",
		    u->conf->regions[home->region].name, u->pool->name,
		    u->name->text);
		last = home->region;
	}
}

/* What was refused already is not judged again. */
static bool
is_sound(const struct conf_pool *pool)
{
	size_t i;

	for (i = 0; i < pool->nregions; i++)
		if (pool->regions[i].region == CONF_NONE ||
		    pool->regions[i].ntargets == 0)
			return false;
	return pool->nregions > 0 && pool->ntypes > 0;
}

static void
check_use_fallback(const struct use *u, const struct conf_rule *rule)
{
	const struct conf_pool *pool;

	if (rule->when_down.action != CONF_DOWN_POOL ||
	    rule->when_down.pool == CONF_NONE)
		return;
	pool = &u->conf->pools[rule->when_down.pool];
	if (!is_sound(pool))
		return;
	if (pool == u->pool)
		diag_error(u->d, &rule->mark,
		    "when all is down, pool \"%s\" "
		    "of %s is what is down",
		    pool->name, u->name->text);
	else if (!check_types_equal(pool, u->pool->types, u->pool->ntypes))
		diag_error(u->d, &rule->mark,
		    "when all is down, pool \"%s\" "
		    "offers %s where pool \"%s\" of %s offers %s",
		    pool->name,
		    check_types(u->conf->arena, pool->types, pool->ntypes),
		    u->pool->name, u->name->text,
		    check_types(
			u->conf->arena, u->pool->types, u->pool->ntypes));
}

/* Rules share the policy's fallback; what is wrong with it is said once. */
static bool
is_first_fallback(const struct conf_policy *p, size_t rule)
{
	size_t i;

	for (i = 0; i < rule; i++)
		if (p->rules[i].when_down.action == CONF_DOWN_POOL &&
		    p->rules[i].when_down.pool == p->rules[rule].when_down.pool)
			return false;
	return true;
}

static void
check_located(const struct use *u)
{
	const struct conf_region *region;
	size_t i;

	for (i = 0; i < u->pool->nregions; i++) {
		region = &u->conf->regions[u->pool->regions[i].region];
		if (!region->located)
			diag_error(u->d, &u->pool->regions[i].mark,
			    "region "
			    "\"%s\" needs a location: policy \"%s\" of %s "
			    "asks for the nearest",
			    region->name, u->policy->name, u->name->text);
	}
}

static void
check_use(const struct use *u)
{
	bool nearest = false;
	size_t i;

	if (!is_sound(u->pool))
		return;
	for (i = 0; i < u->policy->nrules; i++) {
		check_use_rule(u, &u->policy->rules[i]);
		check_use_homes(u, &u->policy->rules[i]);
		if (is_first_fallback(u->policy, i))
			check_use_fallback(u, &u->policy->rules[i]);
		nearest |= conf_rule_is_by_place(&u->policy->rules[i]);
	}
	if (nearest)
		check_located(u);
}

/* A name with a policy, by itself or in a step of its stage. */
typedef VEC(struct use) uses;

static void
uses_add(uses *all, const struct conf *c, struct diag *d, uint16_t name,
    uint16_t policy)
{
	const struct conf_name *n = &c->names[name];

	if (name != CONF_NONE && policy != CONF_NONE && n->pool != CONF_NONE)
		vec_push(all,
		    ((struct use){
			c, d, &c->policies[policy], &c->pools[n->pool], n}));
}

static void
uses_add_stage(
    uses *all, const struct conf_stage *s, const struct conf *c, struct diag *d)
{
	for (size_t i = 0; i < s->nsteps; i++)
		for (size_t k = 0; k < s->steps[i].nchoices; k++)
			uses_add(all, c, d, s->steps[i].choices[k].name,
			    s->steps[i].choices[k].policy);
}

/* Uses of the same policy and pool stand together, by the first name that is
 * declared first. */
static int
compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;

	if (x->policy != y->policy)
		return x->policy < y->policy ? -1 : 1;
	if (x->pool != y->pool)
		return x->pool < y->pool ? -1 : 1;
	return (x->name > y->name) - (x->name < y->name);
}

static bool
has_homes(const struct conf_policy *p, const struct conf_homes *h)
{
	for (size_t i = 0; i < p->nrules; i++)
		if (p->rules[i].homes == h)
			return true;
	return false;
}

/* Below a wildcard a tenant is the first label there, else the name itself. */
static bool
is_tenant(const uint8_t *home, const uint8_t *owner)
{
	if (!name_is_wildcard(owner))
		return name_equal(home, owner);
	return *home != 0 && name_equal(name_parent(home), name_parent(owner));
}

static bool
is_any_tenant(const uses *names, const uint8_t *home)
{
	for (size_t i = 0; i < names->n; i++)
		if (is_tenant(home, names->at[i].name->name))
			return true;
	return false;
}

/* Homes that nobody who is steered by the rule can have. */
static void
check_tenants(const uses *all, struct diag *d, const struct conf_rule *rule)
{
	const struct conf_homes *h = rule->homes;
	const struct conf_home *first = NULL;
	uses names = {0};
	size_t n = 0;

	for (size_t i = 0; i < all->n; i++)
		if (has_homes(all->at[i].policy, h))
			vec_push(&names, all->at[i]);
	for (size_t i = 0; names.n > 0 && i < h->nslots; i++) {
		const struct conf_home *home = &h->slots[i];

		if (home->name == NULL || is_any_tenant(&names, home->name))
			continue;
		if (n++ == 0 || home->line < first->line)
			first = home;
	}
	if (n > 0) {
		const struct conf_mark mark = {h->path, first->line, 1};
		char name[NAME_TEXT_MAX];

		diag_warning(d, &mark,
		    "%s is a tenant of none of the names that the rule at "
		    "%s:%u steers (%zu such line%s)",
		    name_format(name, first->name), rule->mark.file,
		    rule->mark.line, n, n == 1 ? "" : "s");
	}
	vec_free(&names);
}

static void
check_all_tenants(const uses *all, const struct conf *c, struct diag *d)
{
	for (size_t i = 0; i < c->npolicies; i++) {
		const struct conf_policy *p = &c->policies[i];

		for (size_t k = 0; k < p->nrules; k++)
			if (p->rules[k].outer == NULL &&
			    p->rules[k].homes != NULL)
				check_tenants(all, d, &p->rules[k]);
	}
}

static void
check_uses(const struct conf *c, struct diag *d)
{
	uses all = {0};

	for (size_t i = 0; i < c->nnames; i++)
		if (!c->names[i].staged)
			uses_add(&all, c, d, (uint16_t)i, c->names[i].policy);
	for (size_t i = 0; i < c->nstages; i++)
		uses_add_stage(&all, &c->stages[i], c, d);
	if (all.n > 0)
		qsort(all.at, all.n, sizeof(*all.at), compare_uses);
	for (size_t i = 0; i < all.n; i++)
		if (i == 0 || all.at[i].policy != all.at[i - 1].policy ||
		    all.at[i].pool != all.at[i - 1].pool)
			check_use(&all.at[i]);
	check_all_tenants(&all, c, d);
	vec_free(&all);
}

static uint64_t
monitor_cutover_ms(const struct conf_monitor *m, uint32_t ttl_min)
{
	uint64_t ttl_ms = UINT64_C(1000) * ttl_min;
	uint64_t check_ms = m->interval_ms > ttl_ms ? m->interval_ms : ttl_ms;

	return (uint64_t)m->fall * m->interval_ms + m->timeout_ms + 1000 +
	    check_ms;
}

int64_t
use_cutover_s(const struct conf *conf, const struct conf_name *name)
{
	const struct conf_pool *pool = &conf->pools[name->pool];
	int64_t longest = -1;

	for (size_t i = 0; i < pool->nmonitors; i++) {
		const struct conf_monitor *m =
		    &conf->monitors[pool->monitors[i]];
		uint64_t ms = monitor_cutover_ms(m, name->ttl_min);
		int64_t s = (int64_t)((ms + 999) / 1000);

		if (s > longest && !m->observe)
			longest = s;
	}
	return longest;
}

static void
check_rto(const struct conf *c, struct diag *d, const struct conf_name *n)
{
	int64_t s;

	if (n->rto_ms == 0)
		return;
	s = use_cutover_s(c, n);
	if (s < 0)
		diag_error(d, &n->mark,
		    "%s has an rto, but no monitor of pool \"%s\" decides",
		    n->text, c->pools[n->pool].name);
	else if (1000 * s > n->rto_ms)
		diag_error(d, &n->mark,
		    USE_CUTOVER
		    ": its rto is %g s (fall x interval + timeout + 1 s + the longer of interval and ttl min, rounded up to seconds)",
		    n->text, (long long)s, n->rto_ms / 1e3);
}

static void
check_rtos(const struct conf *c, struct diag *d)
{
	for (size_t i = 0; i < c->nnames; i++)
		check_rto(c, d, &c->names[i]);
}

static int
compare_names(const void *a, const void *b)
{
	const struct conf_name *x = *(const struct conf_name *const *)a;
	const struct conf_name *y = *(const struct conf_name *const *)b;
	int c = strcmp(x->text, y->text);

	return c ? c : (x > y) - (x < y);
}

/* Spelling differs, or the key would be a duplicate. */
static void
check_names(const struct conf *c, struct diag *d)
{
	const struct conf_name **names = xcalloc(c->nnames + 1, sizeof(*names));
	size_t i, n = 0;

	for (i = 0; i < c->nnames; i++)
		if (c->names[i].text)
			names[n++] = &c->names[i];
	qsort(names, n, sizeof(*names), compare_names);
	for (i = 1; i < n; i++)
		if (strcmp(names[i - 1]->text, names[i]->text) == 0)
			diag_error(d, &names[i]->mark,
			    "duplicate name %s: it is already declared at %s:%u",
			    names[i]->text, names[i - 1]->mark.file,
			    names[i - 1]->mark.line);
	free(names);
}

static int
compare_zones(const void *a, const void *b)
{
	const struct conf_zone *x = *(const struct conf_zone *const *)a;
	const struct conf_zone *y = *(const struct conf_zone *const *)b;
	int c = strcmp(x->origin, y->origin);

	return c ? c : (x > y) - (x < y);
}

static void
check_zones(const struct conf *c, struct diag *d)
{
	const struct conf_zone **zones = xcalloc(c->nzones + 1, sizeof(*zones));
	size_t i;

	for (i = 0; i < c->nzones; i++)
		zones[i] = &c->zones[i];
	qsort(zones, c->nzones, sizeof(*zones), compare_zones);
	for (i = 1; i < c->nzones; i++)
		if (strcmp(zones[i - 1]->origin, zones[i]->origin) == 0)
			diag_error(d, &zones[i]->mark,
			    "duplicate zone %s: it is already declared at %s:%u, as %s",
			    zones[i]->origin, zones[i - 1]->mark.file,
			    zones[i - 1]->mark.line, zones[i - 1]->path);
	free(zones);
}

/* A flag for each object of a section; the last is of CONF_NONE. */
struct used {
	bool *of[SECTION_COUNT];
};

static void
use_pool(struct used *u, const struct conf_pool *p)
{
	size_t i;

	for (i = 0; i < p->nregions; i++)
		u->of[SECTION_REGIONS][p->regions[i].region] = true;
	for (i = 0; i < p->nmonitors; i++)
		u->of[SECTION_MONITORS][p->monitors[i]] = true;
}

static void
use_rule(struct used *u, const struct conf_rule *rule, uint16_t policy)
{
	const struct conf_rule *r;
	size_t i;

	for (r = rule; r != NULL; r = r->outer) {
		for (i = 0; i < CONF_NETS_MAX; i++)
			if (r->nets >> i & 1)
				u->of[SECTION_NETS][i] = true;
		if (r->owner != policy)
			u->of[SECTION_POLICIES][r->owner] = true;
	}
	if (rule->when_down.action == CONF_DOWN_POOL)
		u->of[SECTION_POOLS][rule->when_down.pool] = true;
}

static void
use_step(struct used *u, const struct conf_step *step)
{
	for (size_t i = 0; i < step->nchoices; i++)
		u->of[SECTION_POLICIES][step->choices[i].policy] = true;
}

static void
use_all(struct used *u, const struct conf *c)
{
	size_t i, j;

	for (i = 0; i < c->npools; i++)
		use_pool(u, &c->pools[i]);
	for (i = 0; i < c->npolicies; i++)
		for (j = 0; j < c->policies[i].nrules; j++)
			use_rule(u, &c->policies[i].rules[j], (uint16_t)i);
	for (i = 0; i < c->nnames; i++) {
		u->of[SECTION_POOLS][c->names[i].pool] = true;
		u->of[SECTION_POLICIES][c->names[i].policy] = true;
	}
	for (i = 0; i < c->nstages; i++)
		for (j = 0; j < c->stages[i].nsteps; j++)
			use_step(u, &c->stages[i].steps[j]);
}

static struct conf_mark
mark_of(const struct conf *c, enum schema_section s, size_t i)
{
	switch (s) {
	case SECTION_NETS:
		return c->nets[i].mark;
	case SECTION_REGIONS:
		return c->regions[i].mark;
	case SECTION_MONITORS:
		return c->monitors[i].mark;
	case SECTION_POOLS:
		return c->pools[i].mark;
	default:
		return c->policies[i].mark;
	}
}

static void
warn_unused(const struct conf *c, struct diag *d)
{
	static const char *const by[SECTION_NAMES] = {
	    "rule", "pool", "pool", "name", "name"};
	struct used u;
	struct conf_mark mark;
	size_t i;
	int s;

	for (s = 0; s < SECTION_COUNT; s++)
		u.of[s] = xcalloc(CONF_NONE + 1, sizeof(**u.of));
	use_all(&u, c);
	for (s = 0; s < SECTION_NAMES; s++) {
		for (i = 0; i < schema_count(c, s); i++) {
			mark = mark_of(c, s, i);
			if (!u.of[s][i])
				diag_warning(d, &mark,
				    "%s \"%s\" is used by "
				    "no %s",
				    schema_noun(s), schema_name(c, s, i),
				    by[s]);
		}
	}
	for (s = 0; s < SECTION_COUNT; s++)
		free(u.of[s]);
}

void
use_check(const struct conf *c, struct diag *d)
{
	check_names(c, d);
	check_zones(c, d);
	check_uses(c, d);
	/* What is used by something that was refused looks unused, and bounds
	 * are of what was read. */
	if (d->nerrors > 0)
		return;
	check_rtos(c, d);
	check_loads(c, d);
	check_sections(c, d);
	warn_unused(c, d);
}
