/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/check.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WORKERS_MAX = 256 };

void
check_server(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	struct conf_server *server = object;
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	(void)r;
	(void)node;
	if (server->workers == 0)
		server->workers = n < 1 ? 1
		    : n > WORKERS_MAX   ? WORKERS_MAX
					: (unsigned)n;
}

void
check_limit(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	(void)object;
	if (node->n > 0 && !yaml_find(node, "per_second"))
		diag_error(r->d, &node->mark,
		    "\"rate_limit\" without \"per_second\" limits nothing");
}

bool
check_is_jurisdiction(const struct conf *c, const char *word)
{
	size_t i;

	for (i = 0; i < c->nregions; i++)
		if (c->regions[i].jurisdiction &&
		    strcmp(c->regions[i].jurisdiction, word) == 0)
			return true;
	return false;
}

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

void
check_rule(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	struct conf_rule *rule = object;

	rule->by_net = yaml_find(node, "nets");
	rule->by_geo = yaml_find(node, "geo");
	rule->by_asn = yaml_find(node, "asn");
	if (rule->fence && !check_is_jurisdiction(r->conf, rule->fence))
		report_fence(r, yaml_find(node, "fence"));
}

void
check_name(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct yaml_node *ttl = yaml_find(node, "ttl");
	const struct yaml_node *max = ttl ? yaml_find(ttl, "max") : NULL;
	const struct yaml_node *min = ttl ? yaml_find(ttl, "min") : NULL;
	struct conf_name *name = object;

	if (name->ttl_min <= name->ttl_max || name->ttl_max == 0)
		return;
	if (!max)
		name->ttl_max = name->ttl_min;
	else if (!min)
		name->ttl_min = name->ttl_max;
	else
		diag_error(r->d, &min->mark, "\"min\" is more than \"max\"");
}

static bool
covers_geo(const struct conf_geo *wide, const struct conf_geo *narrow)
{
	if (wide->kind == narrow->kind)
		return memcmp(wide->code, narrow->code, 2) == 0 &&
		    memcmp(wide->subdivision, narrow->subdivision, 3) == 0;
	return wide->kind == CONF_GEO_COUNTRY &&
	    narrow->kind == CONF_GEO_SUBDIVISION &&
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

/* Whatever matches narrow has matched wide. */
static bool
covers(const struct conf_rule *wide, const struct conf_rule *narrow)
{
	return (!wide->by_net ||
		   (narrow->nets && !(narrow->nets & ~wide->nets))) &&
	    (!wide->by_geo || covers_all_geo(wide, narrow)) &&
	    (!wide->by_asn || covers_all_asn(wide, narrow));
}

static bool
is_catch_all(const struct conf_rule *rule)
{
	return !rule->by_net && !rule->by_geo && !rule->by_asn;
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
	if (p->nrules && !is_catch_all(&p->rules[p->nrules - 1]))
		diag_error(d, &p->rules[p->nrules - 1].mark,
		    "the last rule "
		    "must match every client: it has no nets, geo or asn");
}

bool
check_is_within(const struct conf *c, uint16_t region, const char *fence)
{
	const char *own = c->regions[region].jurisdiction;

	return !fence || (own && strcmp(own, fence) == 0);
}

/* A fence holds in every state of health. */
static void
check_fallback(struct schema_reader *r, const struct conf_rule *rule)
{
	const struct conf *c = r->conf;
	const struct conf_pool *pool;
	size_t i;

	if (rule->when_down.action != CONF_DOWN_POOL || !rule->fence ||
	    rule->when_down.pool == CONF_NONE ||
	    !check_is_jurisdiction(c, rule->fence))
		return;
	pool = &c->pools[rule->when_down.pool];
	for (i = 0; i < pool->nregions; i++)
		if (pool->regions[i].region != CONF_NONE &&
		    !check_is_within(c, pool->regions[i].region, rule->fence))
			diag_error(r->d, &rule->mark,
			    "when all is down, pool "
			    "\"%s\" would leave the fence \"%s\": its region "
			    "\"%s\" is outside",
			    pool->name, rule->fence,
			    c->regions[pool->regions[i].region].name);
}

void
check_policy(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct yaml_node *rules = yaml_find(node, "rules");
	struct conf_policy *p = object;
	size_t i;

	for (i = 0; i < p->nrules; i++) {
		if (!yaml_find(rules->items[i], "when_all_down"))
			p->rules[i].when_down = p->when_down;
		check_fallback(r, &p->rules[i]);
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
