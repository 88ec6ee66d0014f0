/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A configuration is accepted or refused, never both, and whatever is accepted
 * refers only to what there is.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define must(claim) \
	do { \
		if (!(claim)) \
			abort(); \
	} while (0)

static void
check_pools(const struct conf *c)
{
	size_t i, j;

	for (i = 0; i < c->npools; i++) {
		const struct conf_pool *p = &c->pools[i];

		must(p->nregions >= 1 && p->nregions <= CONF_POOL_REGIONS_MAX);
		must(p->ntypes >= 1 && p->ntypes <= CONF_POOL_TYPES_MAX);
		must(!conf_pool_has(p, DNS_CNAME) || p->ntypes == 1);
		for (j = 0; j < p->nmonitors; j++)
			must(p->monitors[j] < c->nmonitors);
		for (j = 0; j < p->nregions; j++) {
			must(p->regions[j].region < c->nregions);
			must(p->regions[j].ntargets >= p->min_healthy);
			must(*p->regions[j].targets[0].label != '\0');
		}
	}
}

static void
check_rule(const struct conf *c, const struct conf_rule *rule)
{
	size_t i;

	must((rule->order != CONF_ORDER_LIST) == (rule->nregions == 0));
	must(c->nnets == CONF_NETS_MAX || rule->nets >> c->nnets == 0);
	must(rule->by_net == (rule->nets != 0));
	must(rule->by_geo == (rule->ngeo != 0));
	must(rule->by_asn == (rule->nasn != 0));
	must(!rule->by_box || rule->box.south <= rule->box.north);
	for (i = 0; i < rule->nregions; i++)
		must(rule->regions[i] < c->nregions);
	must(rule->when_down.action != CONF_DOWN_POOL ||
	    rule->when_down.pool < c->npools);
}

static void
check_policies(const struct conf *c)
{
	size_t i, j;

	for (i = 0; i < c->npolicies; i++) {
		const struct conf_policy *p = &c->policies[i];
		const struct conf_rule *last = &p->rules[p->nrules - 1];

		must(p->nrules >= 1);
		for (; last != NULL; last = last->outer)
			must(conf_rule_is_catch_all(last));
		for (j = 0; j < p->nrules; j++)
			check_rule(c, &p->rules[j]);
		for (j = 0; j < p->nunlocated; j++)
			must(p->unlocated[j] < c->nregions);
	}
}

static void
check_test(const struct conf *c, const struct conf_test *t)
{
	const struct conf_expect *e = &t->expect;

	must(t->name && t->type && t->from);
	must(e->either || e->given || e->region != CONF_NONE ||
	    e->pool != CONF_NONE);
	must(e->region == CONF_NONE || e->region < c->nregions);
	must(e->pool == CONF_NONE || e->pool < c->npools);
	for (size_t i = 0; i < t->nsignals; i++)
		must(strchr(t->signals[i], '=') != NULL);
}

static void
check(const struct conf *c)
{
	size_t i;

	must(c->server.nlisten >= 1 && c->server.workers >= 1);
	must(c->server.state && c->server.control);
	for (i = 0; i < c->nmonitors; i++)
		must(c->monitors[i].port &&
		    c->monitors[i].timeout_ms <= c->monitors[i].interval_ms);
	check_pools(c);
	check_policies(c);
	for (i = 0; i < c->nnames; i++) {
		must(c->names[i].pool < c->npools);
		must(c->names[i].policy < c->npolicies);
		must(c->names[i].ttl_min >= 1 &&
		    c->names[i].ttl_min <= c->names[i].ttl_max);
	}
	for (i = 0; i < c->ntests; i++)
		check_test(c, &c->tests[i]);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = strndup((const char *)data, size), *said;
	struct diag d;
	struct conf *c;

	diag_init(&d);
	c = conf_load_text("fuzz.yaml", text, &d);
	must((c != NULL) == (d.nerrors == 0));
	if (c)
		check(c);
	said = diag_text(&d);
	must(said && (*said != '\0') == (d.nerrors + d.nwarnings > 0));
	free(said);
	conf_free(c);
	diag_fini(&d);
	free(text);
	return 0;
}
