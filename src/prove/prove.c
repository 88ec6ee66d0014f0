/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove/prove.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "config.h"
#include "dns/name.h"
#include "prove/alias.h"
#include "prove/subnet.h"
#include "prove/table.h"
#include "report/status.h"
#include "report/text.h"
#include "snapshot/build.h"
#include "zone/find.h"

struct proof {
	const struct snapshot *snapshot;
	struct arena *arena; /* of tables that are not the snapshot's */
	const _Atomic bool *stop;
	struct findings findings;
	VEC(struct table_proof) tables;
	size_t segments, places, leaves, subnets;
	json_t *aliases; /* where they lead is not known */
	size_t reached;  /* rules */
	size_t nrules;
};

/* Tables ----------------------------------------------------------------- */

static bool
has_table(const struct proof *p, uint16_t policy, uint16_t pool)
{
	for (size_t i = 0; i < p->tables.n; i++)
		if (p->tables.at[i].table->policy == policy &&
		    p->tables.at[i].table->pool == pool)
			return true;
	return false;
}

static void
add_table(struct proof *p, const struct conf_name *name,
    const struct policy_table *table, const char *step)
{
	struct table_proof t;

	table_begin(&t, p->snapshot, name, table, &p->findings);
	t.step = step;
	vec_push(&p->tables, t);
}

/* Of a step that is not in force, as a promotion would compile it. */
static void
add_choice(struct proof *p, const struct conf_stage *stage,
    const struct conf_step *step, const struct conf_choice *choice)
{
	const struct snapshot *s = p->snapshot;
	struct conf_name *name =
	    arena_dup(p->arena, &s->conf->names[choice->name], sizeof(*name));
	const struct policy_pair pair = {choice->policy, name->pool};
	struct policy_table *table;
	struct error err;

	if (has_table(p, choice->policy, name->pool))
		return;
	name->policy = choice->policy;
	if (!policy_build(p->arena, s->conf, s->geo, &pair, 1, &table, &err))
		findings_add(
		    &p->findings, CLAIM_SCOPES, &step->mark, "%s", err.text);
	else
		add_table(p, name, table,
		    arena_printf(p->arena, "%s/%s", stage->name, step->name));
}

static void
begin_tables(struct proof *p)
{
	const struct snapshot *s = p->snapshot;
	const struct conf *conf = s->conf;

	for (size_t i = 0; i < conf->nnames; i++) {
		const struct conf_name *name = &conf->names[i];

		if (!has_table(p, name->policy, name->pool))
			add_table(p, name, s->steered[i].table, NULL);
	}
	for (size_t i = 0; i < conf->nstages; i++)
		for (size_t k = 0; k < conf->stages[i].nsteps; k++) {
			const struct conf_step *step =
			    &conf->stages[i].steps[k];

			for (size_t c = 0; c < step->nchoices; c++)
				add_choice(p, &conf->stages[i], step,
				    &step->choices[c]);
		}
}

static bool
walk_family(struct proof *p, uint8_t family)
{
	struct space space;
	bool ok = space_cut(&space, p->snapshot->geo, family, p->stop);

	p->segments += space.depths.n;
	p->places += space.all.n;
	for (size_t i = 0; ok && i < p->tables.n; i++)
		ok = table_walk(&p->tables.at[i], &space, p->stop);
	space_fini(&space);
	return ok;
}

/* Names ------------------------------------------------------------------ */

/* Has every region of the pool something to say of every type? */
static void
check_offers(struct proof *p, const struct conf_name *name, uint16_t pool)
{
	const struct pool *q = &p->snapshot->pools[pool];
	char type[RR_TEXT_MAX];

	for (size_t r = 0; r < q->nregions; r++) {
		const struct offer *o = atomic_load(&q->regions[r].offer);

		for (size_t k = 0; k < q->conf->ntypes; k++)
			if (o->count[k] == 0 ||
			    body_an(o->variants[k][0].body) == 0)
				findings_add(&p->findings, CLAIM_NAMES,
				    &name->mark, "%s: %s/%s has no %s",
				    name->text, q->conf->name,
				    q->regions[r].name,
				    rr_type_format(type, q->conf->types[k]));
	}
}

static void
check_name(struct proof *p, uint16_t index)
{
	const struct conf *conf = p->snapshot->conf;
	const struct conf_name *name = &conf->names[index];
	const struct conf_pool *pool = &conf->pools[name->pool];
	char type[RR_TEXT_MAX];
	struct found f;

	for (size_t k = 0; k < pool->ntypes; k++) {
		zone_find(p->snapshot->zones, name->name, name_len(name->name),
		    pool->types[k], &f);
		if (f.kind != FIND_STEERED || f.steered != index)
			findings_add(&p->findings, CLAIM_NAMES, &name->mark,
			    "%s %s is not answered by its pool", name->text,
			    rr_type_format(type, pool->types[k]));
	}
	check_offers(p, name, name->pool);
}

/* Rules ------------------------------------------------------------------ */

/* The first table of a policy; its rules are matched without regard to the
 * pool. */
static const struct table_proof *
table_of(const struct proof *p, size_t policy)
{
	for (size_t i = 0; i < p->tables.n; i++)
		if (p->tables.at[i].table->policy == policy)
			return &p->tables.at[i];
	return NULL;
}

/* Segments of address space that a rule is the first to match of, in all
 * policies that come to it. */
static size_t
prefixes_of(const struct proof *p, const struct conf_rule *rule)
{
	const struct conf *conf = p->snapshot->conf;
	size_t n = 0;

	for (size_t i = 0; i < conf->npolicies; i++) {
		const struct conf_policy *policy = &conf->policies[i];
		const struct table_proof *t = table_of(p, i);

		for (size_t r = 0; t != NULL && r < policy->nrules; r++)
			if (policy->rules[r].owner == rule->owner &&
			    policy->rules[r].number == rule->number)
				n += t->rules[r].prefixes;
	}
	return n;
}

typedef void rule_fn(struct proof *p, const struct conf_policy *policy,
    const struct conf_rule *rule, void *arg);

/* Each rule where it is declared. */
static void
rules_walk(struct proof *p, rule_fn *fn, void *arg)
{
	const struct conf *conf = p->snapshot->conf;

	for (size_t i = 0; i < conf->npolicies; i++) {
		const struct conf_policy *policy = &conf->policies[i];

		for (size_t r = 0; r < policy->nrules; r++)
			if (policy->rules[r].outer == NULL)
				fn(p, policy, &policy->rules[r], arg);
	}
}

static void
check_rule(struct proof *p, const struct conf_policy *policy,
    const struct conf_rule *rule, void *arg)
{
	(void)arg;
	p->nrules++;
	if (prefixes_of(p, rule) > 0)
		p->reached++;
	else
		findings_add(&p->findings, CLAIM_RULES, &rule->mark,
		    "policy %s: rule %u is the first to match of no address",
		    policy->name, rule->number);
}

/* The report ------------------------------------------------------------- */

static json_t *
regions_report(const struct conf *conf, uint16_t pool, uint64_t regions)
{
	const struct conf_pool *p = &conf->pools[pool];
	json_t *all = json_array();

	for (size_t i = 0; i < p->nregions; i++)
		if (regions >> i & 1)
			json_array_append_new(all,
			    json_string(
				conf->regions[p->regions[i].region].name));
	return all;
}

static const char *const down_names[] = {
    [CONF_DOWN_ALL] = "all",
    [CONF_DOWN_LAST_KNOWN] = "last_known",
    [CONF_DOWN_POOL] = "pool",
};

static json_t *
step_report(const struct table_proof *t)
{
	return t->step != NULL ? json_string(t->step) : json_null();
}

static bool
step_gives(const struct conf_step *step, uint16_t name, uint16_t policy)
{
	for (size_t i = 0; i < step->nchoices; i++)
		if (step->choices[i].name == name &&
		    step->choices[i].policy == policy)
			return true;
	return false;
}

static bool
stages_give(const struct conf *conf, uint16_t name, uint16_t policy)
{
	for (size_t i = 0; i < conf->nstages; i++)
		for (size_t k = 0; k < conf->stages[i].nsteps; k++)
			if (step_gives(&conf->stages[i].steps[k], name, policy))
				return true;
	return false;
}

/* Is the name steered by the table: now, or in steps that are not in force? */
static bool
is_steered_by(const struct table_proof *t, uint16_t index)
{
	const struct conf *conf = t->snapshot->conf;
	const struct conf_name *name = &conf->names[index];

	if (name->pool != t->table->pool)
		return false;
	if (t->step == NULL)
		return name->policy == t->table->policy;
	return stages_give(conf, index, t->table->policy);
}

static json_t *
names_report(const struct table_proof *t)
{
	const struct conf *conf = t->snapshot->conf;
	json_t *all = json_array();

	for (size_t i = 0; i < conf->nnames; i++)
		if (is_steered_by(t, (uint16_t)i))
			json_array_append_new(
			    all, json_string(conf->names[i].text));
	return all;
}

/* The rule of another policy that it uses and that decides; null: none. */
static json_t *
used_report(const struct conf *conf, const struct conf_rule *rule)
{
	if (rule->outer == NULL)
		return json_null();
	return json_pack("{s:s, s:I, s:o, s:I}", "policy",
	    conf->policies[rule->owner].name, "rule", (json_int_t)rule->number,
	    "file", text_string(rule->mark.file), "line",
	    (json_int_t)rule->mark.line);
}

/* What clients of a fenced rule can get at all. */
static json_t *
fence_report(const struct table_proof *t, size_t index)
{
	const struct conf *conf = t->snapshot->conf;
	const struct conf_policy *policy = &conf->policies[t->table->policy];
	const struct conf_rule *rule = &policy->rules[index];
	const struct conf_rule *own = conf_rule_outermost(rule);
	const struct table_rule *tr = &t->rules[index];
	const struct conf_when_down *down = &rule->when_down;
	bool other = down->action == CONF_DOWN_POOL;

	return json_pack(
	    "{s:s, s:s, s:o, s:o, s:I, s:o, s:I, s:o, s:s, s:I, s:o, s:s, s:o, "
	    "s:o}",
	    "policy", policy->name, "pool", conf->pools[t->table->pool].name,
	    "names", names_report(t), "step", step_report(t), "rule",
	    (json_int_t)own->number, "file", text_string(own->mark.file),
	    "line", (json_int_t)own->mark.line, "uses", used_report(conf, rule),
	    "fence", conf_rule_fence(rule), "prefixes",
	    (json_int_t)tr->prefixes, "regions",
	    regions_report(conf, t->table->pool, tr->regions), "when_all_down",
	    down_names[down->action], "other_pool",
	    other ? json_string(conf->pools[down->pool].name) : json_null(),
	    "other_regions",
	    other ? regions_report(conf, down->pool, tr->fallback)
		  : json_array());
}

static json_t *
fences_report(const struct proof *p)
{
	json_t *all = json_array();

	for (size_t i = 0; i < p->tables.n; i++) {
		const struct table_proof *t = &p->tables.at[i];
		const struct conf_policy *policy =
		    &p->snapshot->conf->policies[t->table->policy];

		for (size_t r = 0; r < policy->nrules; r++)
			if (conf_rule_fence(&policy->rules[r]) != NULL)
				json_array_append_new(all, fence_report(t, r));
	}
	return all;
}

static void
rule_report(struct proof *p, const struct conf_policy *policy,
    const struct conf_rule *rule, void *arg)
{
	json_array_append_new(arg,
	    json_pack("{s:s, s:I, s:o, s:I, s:I}", "policy", policy->name,
		"rule", (json_int_t)rule->number, "file",
		text_string(rule->mark.file), "line",
		(json_int_t)rule->mark.line, "prefixes",
		(json_int_t)prefixes_of(p, rule)));
}

static json_t *
rules_report(struct proof *p)
{
	json_t *all = json_array();

	rules_walk(p, rule_report, all);
	return all;
}

static json_t *
tables_report(const struct proof *p)
{
	const struct conf *conf = p->snapshot->conf;
	json_t *all = json_array();

	for (size_t i = 0; i < p->tables.n; i++) {
		const struct table_proof *t = &p->tables.at[i];

		json_array_append_new(all,
		    json_pack("{s:s, s:s, s:o, s:I, s:I, s:I}", "policy",
			conf->policies[t->table->policy].name, "pool",
			conf->pools[t->table->pool].name, "step",
			step_report(t), "classes", (json_int_t)t->table->nranks,
			"leaves_ipv4", (json_int_t)t->leaves[0], "leaves_ipv6",
			(json_int_t)t->leaves[1]));
	}
	return all;
}

static const char *const claim_names[CLAIM_COUNT] = {
    "clients", "scopes", "fences", "subnets", "names", "rules"};

static json_t *
findings_report(const struct findings *f)
{
	json_t *all = json_array();

	for (size_t i = 0; i < f->all.n; i++) {
		const struct finding *one = &f->all.at[i];
		bool somewhere = one->mark.file != NULL;

		json_array_append_new(all,
		    json_pack("{s:s, s:o, s:o, s:o}", "claim",
			claim_names[one->claim], "file",
			somewhere ? text_string(one->mark.file) : json_null(),
			"line",
			somewhere ? json_integer(one->mark.line) : json_null(),
			"text", text_string(one->text)));
	}
	return all;
}

static size_t
sources_count(const struct proof *p)
{
	size_t n = 0;

	for (size_t i = 0; i < p->tables.n; i++)
		n += p->tables.at[i].sources.proven;
	return n;
}

static void
claim_text(const struct proof *p, enum claim claim, struct text *t)
{
	const struct conf *conf = p->snapshot->conf;

	switch (claim) {
	case CLAIM_CLIENTS:
		text_add(t,
		    "of every address it is right whether it counts as a "
		    "client subnet, and how far around it that is so (%zu "
		    "prefixes)",
		    p->subnets);
		break;
	case CLAIM_SCOPES:
		text_add(t,
		    "every address gets the regions that its rule says, in "
		    "that order, and its scope is the shortest prefix in "
		    "which every address does (%zu tables, %zu leaves, over "
		    "%zu prefixes with %zu places)",
		    p->tables.n, p->leaves, p->segments, p->places);
		break;
	case CLAIM_FENCES:
		text_add(t,
		    "no client of a fenced rule leaves its fence, whatever is up, down or drained: all regions that it can get, also when all are down, are within it, and so are the answers to client subnets of any length that it shares with others (%zu client subnets).  A query without a client subnet is decided for its resolver, whose clients are unknown",
		    sources_count(p));
		break;
	case CLAIM_SUBNETS:
		text_add(t,
		    "no client subnet of a /24 or /56, or longer, has clients of two fences (such a subnet is answered SERVFAIL)");
		break;
	case CLAIM_NAMES:
		text_add(t,
		    "each of the %zu steered names is answered to every "
		    "client, by every region, with every type of its pool",
		    conf->nnames);
		break;
	default:
		text_add(t,
		    "%zu of %zu rules are the first to match of some address",
		    p->reached, p->nrules);
	}
}

/* Rules that nothing reaches, and client subnets that have no answer, are worth
 * a look, but nobody is answered wrongly. */
static bool
is_held(const struct proof *p, enum claim claim)
{
	return claim == CLAIM_RULES || claim == CLAIM_SUBNETS ||
	    p->findings.count[claim] == 0;
}

static json_t *
claims_report(const struct proof *p, bool *ok)
{
	json_t *all = json_array();

	*ok = true;
	for (enum claim i = 0; i < CLAIM_COUNT; i++) {
		struct text t = {0};

		claim_text(p, i, &t);
		json_array_append_new(all,
		    json_pack("{s:s, s:b, s:I, s:o}", "claim", claim_names[i],
			"ok", is_held(p, i), "wrong",
			(json_int_t)p->findings.count[i], "text",
			text_json(&t)));
		*ok = *ok && is_held(p, i);
	}
	return all;
}

static json_t *
report(struct proof *p)
{
	const struct conf *conf = p->snapshot->conf;
	bool ok;
	json_t *claims = claims_report(p, &ok);

	return json_pack(
	    "{s:o, s:s, s:I, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "file",
	    text_string(conf->path), "version", PACKAGE_VERSION, "at",
	    (json_int_t)clock_wall_s(), "ok", ok, "files",
	    status_files(p->snapshot), "claims", claims, "findings",
	    findings_report(&p->findings), "fences", fences_report(p), "rules",
	    rules_report(p), "tables", tables_report(p), "aliases",
	    json_incref(p->aliases));
}

static json_t *
prove(struct proof *p)
{
	const struct conf *conf = p->snapshot->conf;
	json_t *json = NULL;

	p->subnets = subnet_prove(p->snapshot, &p->findings);
	begin_tables(p);
	p->aliases = alias_prove(p->snapshot, &p->findings);
	geo_forget_leaves(p->snapshot->geo);
	if (walk_family(p, 4) && walk_family(p, 6)) {
		for (size_t i = 0; i < conf->nnames; i++)
			check_name(p, (uint16_t)i);
		rules_walk(p, check_rule, NULL);
		for (size_t i = 0; i < p->tables.n; i++)
			p->leaves += p->tables.at[i].leaves[0] +
			    p->tables.at[i].leaves[1];
		json = report(p);
	}
	for (size_t i = 0; i < p->tables.n; i++)
		table_fini(&p->tables.at[i]);
	vec_free(&p->tables);
	json_decref(p->aliases);
	arena_free(p->arena);
	findings_fini(&p->findings);
	return json;
}

json_t *
prove_snapshot(const struct snapshot *s, const _Atomic bool *stop)
{
	struct proof p = {.snapshot = s, .arena = arena_new(), .stop = stop};

	return prove(&p);
}

json_t *
prove_report(const char *path, const struct stage_state *stages,
    const _Atomic bool *stop)
{
	struct snapshot *s;
	struct diag d;
	json_t *json;

	diag_init(&d);
	s = snapshot_build_swapped(path, stages, NULL, &d);
	if (s == NULL) {
		char *text = diag_text(&d);

		json = text_error(EXIT_WRONG, "%s", text);
		free(text);
	} else {
		json = prove_snapshot(s, stop);
		if (json == NULL)
			json = text_error(EXIT_WRONG, "the proof was stopped");
	}
	snapshot_free(s);
	diag_fini(&d);
	return json;
}
