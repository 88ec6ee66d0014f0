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

void
check_latency(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	(void)object;
	if (node->n > 0 && !yaml_find(node, "file"))
		diag_error(r->d, &node->mark,
		    "\"latency\" without \"file\" knows nothing");
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

void
check_name(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct yaml_node *ttl = yaml_find(node, "ttl");
	const struct yaml_node *max = ttl ? yaml_find(ttl, "max") : NULL;
	const struct yaml_node *min = ttl ? yaml_find(ttl, "min") : NULL;
	struct conf_name *name = object;

	name->staged = yaml_find(node, "policy") == NULL;
	if (name->ttl_min <= name->ttl_max || name->ttl_max == 0)
		return;
	if (!max)
		name->ttl_max = name->ttl_min;
	else if (!min)
		name->ttl_min = name->ttl_max;
	else
		diag_error(r->d, &min->mark, "\"min\" is more than \"max\"");
}

bool
check_is_within(const struct conf *c, uint16_t region, const char *fence)
{
	const char *own = c->regions[region].jurisdiction;

	return !fence || (own && strcmp(own, fence) == 0);
}
