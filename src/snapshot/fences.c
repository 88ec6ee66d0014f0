/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/fences.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/cursor.h"
#include "dns/name.h"
#include "zone/find.h"

enum { TEXT_MAX = 4096 };

/* Which rules of two policies match the same place. */
struct meeting {
	uint16_t policies[2];
	bool *met; /* rules of the first x rules of the second */
};

struct meetings {
	VEC(struct meeting) all;
};

/* An alias of a fenced name, as it is followed for the clients of a rule. */
struct trail {
	const struct snapshot *snapshot;
	const uint16_t *policies;
	struct meetings *meetings;
	fences_tell *tell;
	void *arg;
	uint16_t name;                /* the fenced one */
	const struct conf_rule *rule; /* fenced, of its policy */
	const struct conf_mark *mark; /* of the alias; its target: */
	char target[NAME_TEXT_MAX];
	const struct conf_rule *unfenced; /* that they come to on the way */
	bool by_alias; /* led by CNAME and DNAME alone: asked for all types */
	bool told[2];
	VEC(uint64_t) passed; /* hashes of names */
};

/* Who meets whom --------------------------------------------------------- */

static void
meet(struct meeting *m, const struct snapshot *s)
{
	const struct conf *conf = s->conf;
	const size_t columns = conf->policies[m->policies[1]].nrules;
	size_t n;
	const struct place *places;

	/* Made already, unless it is a proof that asks. */
	geo_leaves(s->geo, 4, NULL);
	places = geo_places(s->geo, &n);
	m->met = xcalloc(conf->policies[m->policies[0]].nrules * columns, 1);
	for (size_t i = 0; i < n; i++)
		m->met[policy_rule(conf, m->policies[0], &places[i]) * columns +
		    policy_rule(conf, m->policies[1], &places[i])] = true;
}

/* By rule of the second policy: does a client of the first's rule come to it?
 */
static const bool *
met_by(const struct trail *t, uint16_t other)
{
	const struct conf *conf = t->snapshot->conf;
	const uint16_t own = t->policies[t->name];
	const size_t rule = (size_t)(t->rule - conf->policies[own].rules);
	struct meetings *all = t->meetings;
	struct meeting m = {.policies = {own, other}};
	size_t i = 0;

	while (i < all->all.n &&
	    memcmp(all->all.at[i].policies, m.policies, sizeof(m.policies)) !=
		0)
		i++;
	if (i == all->all.n) {
		meet(&m, t->snapshot);
		vec_push(&all->all, m);
	}
	return all->all.at[i].met + rule * conf->policies[other].nrules;
}

static void
meetings_fini(struct meetings *m)
{
	for (size_t i = 0; i < m->all.n; i++)
		free(m->all.at[i].met);
	vec_free(&m->all);
}

/* Telling ---------------------------------------------------------------- */

static const char *
name_of(const struct trail *t)
{
	return t->snapshot->conf->names[t->name].text;
}

enum { RULE_TEXT_MAX = TEXT_MAX / 4 };

/* A rule with its place.  Returns buf. */
static const char *
rule_format(char buf[RULE_TEXT_MAX], const struct conf *conf,
    const struct conf_rule *rule)
{
	snprintf(buf, RULE_TEXT_MAX, "policy %s, rule %u (%s:%u)",
	    conf->policies[rule->owner].name, rule->number, rule->mark.file,
	    rule->mark.line);
	return buf;
}

/* rule: that the clients come to; gives: that has the region.  Where it is
 * another one, they get it by a client subnet that they share with its. */
static void
tell_outside(struct trail *t, const struct conf_name *name,
    const struct conf_rule *rule, const struct conf_rule *gives,
    uint16_t region)
{
	const struct conf *conf = t->snapshot->conf;
	char own[RULE_TEXT_MAX], at[RULE_TEXT_MAX], other[RULE_TEXT_MAX];
	char text[TEXT_MAX];
	int n;

	if (t->told[FENCES_OUTSIDE])
		return;
	t->told[FENCES_OUTSIDE] = true;
	n = snprintf(text, sizeof(text),
	    "%s: %s leads clients of %s out of their fence %s: at %s, %s ",
	    name_of(t), t->target, rule_format(own, conf, t->rule),
	    conf_rule_fence(t->rule), name->text, rule_format(at, conf, rule));
	if (gives == rule)
		snprintf(text + n, sizeof(text) - (size_t)n,
		    "gives them region %s", conf->regions[region].name);
	else
		snprintf(text + n, sizeof(text) - (size_t)n,
		    "has no fence, so a client subnet that they share with clients of %s gets region %s",
		    rule_format(other, conf, gives),
		    conf->regions[region].name);
	t->tell(FENCES_OUTSIDE, t->name, t->mark, text, t->arg);
}

static void
tell_unknown(struct trail *t, const uint8_t *name, const char *what)
{
	const struct conf *conf = t->snapshot->conf;
	char text[TEXT_MAX], at[NAME_TEXT_MAX];
	char own[RULE_TEXT_MAX];

	if (t->told[FENCES_UNKNOWN])
		return;
	t->told[FENCES_UNKNOWN] = true;
	snprintf(text, sizeof(text),
	    "%s: %s leads to %s, %s: it cannot be checked whether this is within fence %s of %s",
	    name_of(t), t->target, name_format(at, name), what,
	    conf_rule_fence(t->rule), rule_format(own, conf, t->rule));
	t->tell(FENCES_UNKNOWN, t->name, t->mark, text, t->arg);
}

/* Following -------------------------------------------------------------- */

static void follow(struct trail *t, const uint8_t *name);

/* The target of a record that leads on; NULL: it has none. */
static const uint8_t *
target_of(uint16_t type, const uint8_t *rdata, size_t len)
{
	static const struct {
		uint16_t type, offset;
	} rows[] = {{DNS_SVCB, 2}, {DNS_HTTPS, 2}, {DNS_MX, 2}, {DNS_SRV, 6}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		/* "." is the owner itself, or nobody (RFC 9460 2.5). */
		if (rows[i].type == type && len > rows[i].offset &&
		    rdata[rows[i].offset] != 0)
			return rdata + rows[i].offset;
	return NULL;
}

typedef void lead_fn(
    struct trail *t, const uint8_t *name, const struct conf_mark *mark);

static void
each_lead(struct trail *t, const struct conf_pool_region *r, lead_fn *fn)
{
	const bool by_alias = t->by_alias;

	for (size_t i = 0; i < r->ntargets; i++) {
		const struct conf_target *target = &r->targets[i];

		t->by_alias = by_alias;
		if (target->cname != NULL)
			fn(t, target->cname, &target->mark);
		t->by_alias = false;
		for (size_t k = 0; k < target->nrecords; k++) {
			const struct conf_record *c = &target->records[k];
			const uint8_t *name =
			    target_of(c->type, c->rdata, c->rdata_len);

			if (name != NULL)
				fn(t, name, &c->mark);
		}
	}
	t->by_alias = by_alias;
}

static bool
is_listed(const struct conf_rule *rule, uint16_t region)
{
	if (rule->order != CONF_ORDER_LIST)
		return true;
	for (size_t i = 0; i < rule->nregions; i++)
		if (rule->regions[i] == region)
			return true;
	return false;
}

static bool
is_within(
    const struct conf *conf, const struct conf_rule *rule, uint16_t region)
{
	const char *own = conf->regions[region].jurisdiction;
	const char *fence = conf_rule_fence(rule);

	return fence == NULL || (own != NULL && strcmp(own, fence) == 0);
}

/* The regions of a pool that clients of a rule may get. */
typedef void region_fn(struct trail *t, const struct conf_name *name,
    const struct conf_rule *rule, const struct conf_pool_region *r);

static void
each_region(struct trail *t, const struct conf_name *name,
    const struct conf_rule *rule, region_fn *fn)
{
	const struct conf *conf = t->snapshot->conf;
	const struct conf_pool *pool = &conf->pools[name->pool];

	for (size_t i = 0; i < pool->nregions; i++)
		if (is_listed(rule, pool->regions[i].region) &&
		    is_within(conf, rule, pool->regions[i].region))
			fn(t, name, rule, &pool->regions[i]);
	if (rule->when_down.action != CONF_DOWN_POOL)
		return;
	pool = &conf->pools[rule->when_down.pool];
	for (size_t i = 0; i < pool->nregions; i++)
		if (is_within(conf, rule, pool->regions[i].region))
			fn(t, name, rule, &pool->regions[i]);
}

static void
follow_lead(struct trail *t, const uint8_t *name, const struct conf_mark *mark)
{
	(void)mark;
	follow(t, name);
}

/* A region that the clients may get, by a rule that they come to. */
static void
look_at_region(struct trail *t, const struct conf_name *name,
    const struct conf_rule *rule, const struct conf_pool_region *r)
{
	if (!is_within(t->snapshot->conf, t->rule, r->region))
		tell_outside(t, name, rule, rule, r->region);
	else
		each_lead(t, r, follow_lead);
}

/* One that others get, by another rule of the policy: the clients get it too,
 * as theirs has no fence. */
static void
look_at_others(struct trail *t, const struct conf_name *name,
    const struct conf_rule *rule, const struct conf_pool_region *r)
{
	if (!is_within(t->snapshot->conf, t->rule, r->region))
		tell_outside(t, name, t->unfenced, rule, r->region);
}

/* Another name that is steered: by the rules that the clients come to. */
static void
follow_steered(struct trail *t, uint16_t index)
{
	const struct conf *conf = t->snapshot->conf;
	const struct conf_name *name = &conf->names[index];
	const struct conf_policy *policy = &conf->policies[t->policies[index]];
	const bool *met = met_by(t, t->policies[index]);
	const struct conf_rule *unfenced = NULL;

	for (size_t i = 0; i < policy->nrules; i++) {
		if (!met[i])
			continue;
		if (conf_rule_fence(&policy->rules[i]) == NULL)
			unfenced = &policy->rules[i];
		each_region(t, name, &policy->rules[i], look_at_region);
	}
	t->unfenced = unfenced;
	for (size_t i = 0; i < policy->nrules && unfenced != NULL; i++)
		each_region(t, name, &policy->rules[i], look_at_others);
}

static void
follow_alias(struct trail *t, const uint8_t *name, const struct found *f)
{
	uint8_t next[2 * DNS_NAME_MAX];

	/* Too long a name is none (RFC 6672 2.2). */
	if (f->prefix_len + body_target_len(f->body) > DNS_NAME_MAX)
		return;
	memcpy(next, name, f->prefix_len);
	memcpy(next + f->prefix_len, body_target(f->body),
	    body_target_len(f->body));
	follow(t, next);
}

/* Records of a zone file, at a name in lower case.  The names in them may be
 * compressed. */
static void
follow_services(struct trail *t, const uint8_t *owner, const struct body *b)
{
	enum { OWNER = 2, FIXED = 8 };
	const bool by_alias = t->by_alias;
	uint8_t *octets = xmalloc(2 * DNS_MESSAGE_MAX), target[DNS_NAME_MAX];
	size_t at = name_len(owner);
	struct wire w;

	wire_init(&w, octets, 2 * DNS_MESSAGE_MAX);
	wire_put(&w, owner, at);
	body_put(&w, b, 0, at, 0, BODY_LEAVE_OPTIONAL);
	t->by_alias = false;
	for (unsigned i = 0; i < body_an(b); i++) {
		const uint8_t *rr = octets + at + OWNER;
		size_t len = (size_t)rr[FIXED] << 8 | rr[FIXED + 1];
		const uint8_t *name = target_of(
		    (uint16_t)(rr[0] << 8 | rr[1]), rr + FIXED + 2, len);
		struct cursor c = {
		    octets, name ? (size_t)(name - octets) : 0, w.len, false};

		cursor_name(&c, target);
		if (name != NULL && !c.bad)
			follow(t, target);
		at += OWNER + FIXED + 2 + len;
	}
	t->by_alias = by_alias;
	free(octets);
}

static void
follow_found(struct trail *t, const uint8_t *name, const struct found *f)
{
	switch (f->kind) {
	case FIND_FOREIGN:
		tell_unknown(t, name, "which is in none of the zones");
		break;
	case FIND_REFERRAL:
		tell_unknown(t, name, "which is delegated");
		break;
	case FIND_CNAME:
	case FIND_DNAME:
		follow_alias(t, name, f);
		break;
	case FIND_STEERED:
		follow_steered(t, f->steered);
		break;
	case FIND_DATA:
		if (f->type == DNS_A || f->type == DNS_AAAA)
			tell_unknown(
			    t, name, "which has addresses of the zone file");
		else
			follow_services(t, name, f->body);
		break;
	default:
		break;
	}
}

/* What a client asks for at a name that it was led to: where not by aliases
 * alone, no MX and SRV, which were asked for before. */
static const uint16_t asked[] = {
    DNS_A, DNS_AAAA, DNS_HTTPS, DNS_SVCB, DNS_MX, DNS_SRV};

enum { ASKED_ADDRESSES = 2, ASKED = 4, ASKED_BY_ALIAS = 6 };

static void
follow(struct trail *t, const uint8_t *name)
{
	uint8_t lower[DNS_NAME_MAX];
	size_t len = name_len(name);
	uint64_t hash;

	memcpy(lower, name, len);
	name_lower(lower);
	hash = name_hash(lower, len) ^ t->by_alias;
	for (size_t i = 0; i < t->passed.n; i++)
		if (t->passed.at[i] == hash)
			return;
	vec_push(&t->passed, hash);
	for (size_t i = 0; i < (t->by_alias ? ASKED_BY_ALIAS : ASKED); i++) {
		struct found f;

		zone_find(t->snapshot->zones, lower, len, asked[i], &f);
		follow_found(t, lower, &f);
	}
}

static void
begin(struct trail *t, const uint8_t *name, const struct conf_mark *mark)
{
	struct trail one = *t;

	one.mark = mark;
	name_format(one.target, name);
	memset(&one.passed, 0, sizeof(one.passed));
	follow(&one, name);
	vec_free(&one.passed);
}

static void
begin_region(struct trail *t, const struct conf_name *name,
    const struct conf_rule *rule, const struct conf_pool_region *r)
{
	(void)name;
	(void)rule;
	each_lead(t, r, begin);
}

/* What the zone file has beside the pool's records, at the name itself. */
static void
begin_services(struct trail *t, const struct conf_name *name)
{
	struct trail one = *t;

	one.mark = &name->mark;
	snprintf(one.target, sizeof(one.target), "a record of the zone file");
	memset(&one.passed, 0, sizeof(one.passed));
	for (size_t i = ASKED_ADDRESSES; i < ASKED_BY_ALIAS; i++) {
		struct found f;

		zone_find(t->snapshot->zones, name->name, name_len(name->name),
		    asked[i], &f);
		if (f.kind == FIND_DATA)
			follow_services(&one, name->name, f.body);
	}
	vec_free(&one.passed);
}

static void
follow_name(struct trail *t)
{
	const struct conf *conf = t->snapshot->conf;
	const struct conf_name *name = &conf->names[t->name];
	const struct conf_policy *policy =
	    &conf->policies[t->policies[t->name]];

	for (size_t i = 0; i < policy->nrules; i++) {
		t->rule = &policy->rules[i];
		if (conf_rule_fence(t->rule) == NULL)
			continue;
		each_region(t, name, t->rule, begin_region);
		begin_services(t, name);
	}
}

void
fences_follow(const struct snapshot *s, const uint16_t *policies,
    fences_tell *tell, void *arg)
{
	struct meetings meetings = {.all = {0}};
	struct trail t = {.by_alias = true,
	    .snapshot = s,
	    .policies = policies,
	    .meetings = &meetings,
	    .tell = tell,
	    .arg = arg};

	for (t.name = 0; t.name < s->conf->nnames; t.name++)
		follow_name(&t);
	meetings_fini(&meetings);
}

uint16_t *
fences_policies(const struct conf *conf)
{
	uint16_t *policies = xcalloc(conf->nnames, sizeof(*policies));

	for (size_t i = 0; i < conf->nnames; i++)
		policies[i] = conf->names[i].policy;
	return policies;
}

/* Checking --------------------------------------------------------------- */

/* What is unknown is said once of each alias. */
struct check {
	struct diag *diag;
	VEC(const struct conf_mark *) unknown;
};

static void
check_lead(enum fences_lead lead, uint16_t name, const struct conf_mark *mark,
    const char *text, void *arg)
{
	struct check *c = arg;

	(void)name;
	if (lead == FENCES_OUTSIDE) {
		diag_error(c->diag, mark, "%s", text);
		return;
	}
	for (size_t i = 0; i < c->unknown.n; i++)
		if (c->unknown.at[i] == mark)
			return;
	vec_push(&c->unknown, mark);
	diag_warning(c->diag, mark, "%s", text);
}

/* Client subnets that hold clients of two fences, as resolvers send them at
 * most (RFC 7871 11.1). */
static const unsigned sent_len[2] = {24, 56};

struct clashes {
	struct span_clash first;
	size_t n;
};

static void
count_clash(const struct span_clash *c, void *arg)
{
	struct clashes *all = arg;

	if (all->n++ == 0)
		all->first = *c;
}

static void
check_subnets(
    const struct snapshot *s, const struct policy_table *t, struct diag *d)
{
	const struct conf_policy *p = &s->conf->policies[t->policy];
	struct clashes all = {.n = 0};
	const struct conf_rule *rule, *other;
	char subnet[PREFIX_TEXT_MAX], one[ADDR_TEXT_MAX], two[ADDR_TEXT_MAX];

	if (t->fences != NULL)
		spans_clashes(t->fences, sent_len, count_clash, &all);
	if (all.n == 0)
		return;
	rule = &p->rules[all.first.values[0] - 1];
	other = &p->rules[all.first.values[1] - 1];
	diag_warning(d, &rule->mark,
	    "%zu client subnet%s of a /24 or /56, or longer, with clients of two fences, answered SERVFAIL, as no answer obeys both: %s has %s of fence %s and %s of fence %s; a rule before them, with a net of the whole subnet, decides which fence applies",
	    all.n, all.n > 1 ? "s" : "",
	    prefix_format(subnet, &all.first.prefix),
	    addr_format(one, &all.first.at[0]), conf_rule_fence(rule),
	    addr_format(two, &all.first.at[1]), conf_rule_fence(other));
}

/* Is it the first name with the policy?  Pools do not matter. */
static bool
is_first(const struct snapshot *s, size_t name)
{
	const struct conf_name *names = s->conf->names;
	size_t i = 0;

	while (names[i].policy != names[name].policy)
		i++;
	return i == name;
}

bool
fences_check(const struct snapshot *s, struct diag *d)
{
	uint16_t *policies = fences_policies(s->conf);
	struct check c = {.diag = d};
	size_t errors = d->nerrors;

	fences_follow(s, policies, check_lead, &c);
	for (size_t i = 0; i < s->conf->nnames; i++)
		if (is_first(s, i))
			check_subnets(s, s->steered[i].table, d);
	vec_free(&c.unknown);
	free(policies);
	return d->nerrors == errors;
}
