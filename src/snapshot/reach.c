/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/reach.h"

#include <stdlib.h>
#include <string.h>

#include "geo/country.h"

/* A rule where it is declared. */
struct reach {
	const struct conf_rule *rule; /* NULL: of no policy in force */
	bool met; /* by some place, in some policy that comes to it */
};

/* By policy, and there by number. */
struct reaches {
	struct reach *all;
	size_t *first; /* of each policy */
	size_t n;
};

static void
reaches_init(struct reaches *r, const struct conf *conf)
{
	r->n = 0;
	r->first = xcalloc(conf->npolicies, sizeof(*r->first));
	for (size_t i = 0; i < conf->npolicies; i++) {
		r->first[i] = r->n;
		r->n += conf->policies[i].nrules;
	}
	r->all = xcalloc(r->n, sizeof(*r->all));
}

/* The rule, and those that use its policy. */
static void
reaches_add(struct reaches *r, const struct conf_rule *rule, bool met)
{
	for (; rule != NULL; rule = rule->outer) {
		struct reach *one =
		    &r->all[r->first[rule->owner] + rule->number - 1];

		one->rule = rule;
		one->met |= met;
	}
}

static void
reaches_add_table(struct reaches *r, const struct conf *conf,
    const struct policy_table *table)
{
	const struct conf_policy *p = &conf->policies[table->policy];

	for (size_t i = 0; i < p->nrules; i++)
		reaches_add(r, &p->rules[i], table->met[i]);
}

/* The codes that the European Union has for what ISO 3166 calls otherwise. */
static const char *
code_meant(const char code[2])
{
	static const char *const codes[][2] = {{"UK", "GB"}, {"EL", "GR"}};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
		if (memcmp(codes[i][0], code, 2) == 0)
			return codes[i][1];
	return NULL;
}

static bool
check_codes(const struct conf_rule *rule, struct diag *d)
{
	bool ok = true;

	for (size_t i = 0; i < rule->ngeo; i++) {
		const struct conf_geo *g = &rule->geo[i];
		const char *meant = code_meant(g->code);

		if (g->kind == CONF_GEO_CONTINENT || g->code[0] == '\0' ||
		    country_find(g->code) != NULL)
			continue;
		ok = diag_warning(d, &rule->mark,
		    "no country has the code \"%.2s\"%s%s%s", g->code,
		    meant != NULL ? "; did you mean \"" : "",
		    meant != NULL ? meant : "", meant != NULL ? "\"?" : "");
	}
	return ok;
}

static bool
needs_database(const struct conf_rule *rule)
{
	return rule->by_geo || rule->by_asn || rule->by_box;
}

/* A last rule for everyone must be there, whether anyone is left or not. */
static bool
is_unreached(const struct reach *r)
{
	return r->rule != NULL && !r->met && !conf_rule_is_catch_all(r->rule);
}

static void
check_rule(const struct reach *r, struct diag *d)
{
	if (r->rule != NULL && check_codes(r->rule, d) && is_unreached(r))
		diag_warning(d, &r->rule->mark,
		    "no address comes to this rule: rules before it take what "
		    "it matches, or neither nets nor databases have any such");
}

/* Without databases one warning is enough. */
static void
check_without(const struct reaches *r, struct diag *d)
{
	bool said = false;

	for (size_t i = 0; i < r->n; i++) {
		const struct reach *one = &r->all[i];

		if (!is_unreached(one) || !needs_database(one->rule)) {
			check_rule(one, d);
			continue;
		}
		if (check_codes(one->rule, d) && !said)
			said = !diag_warning(d, &one->rule->mark,
			    "no address comes to this rule, nor to others like "
			    "it: no database says where clients are");
	}
}

void
reach_check(const struct snapshot *s, struct diag *d)
{
	struct reaches r;

	reaches_init(&r, s->conf);
	for (size_t i = 0; i < s->conf->nnames; i++)
		if (s->steered[i].first == i)
			reaches_add_table(&r, s->conf, s->steered[i].table);
	if (s->conf->ndatabases == 0)
		check_without(&r, d);
	for (size_t i = 0; s->conf->ndatabases > 0 && i < r.n; i++)
		check_rule(&r.all[i], d);
	free(r.all);
	free(r.first);
}
