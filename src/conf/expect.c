/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/expect.h"

#include <string.h>

#include "conf/load.h"
#include "conf/value.h"
#include "dns/name.h"

static bool
keep(struct schema_reader *r, const struct yaml_node *node, void *field)
{
	const char **text = field;

	*text = arena_strdup(r->conf->arena, node->text);
	return true;
}

bool
expect_from(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_geo geo;
	struct prefix p;
	struct error err;

	if (value_is_scalar(node) &&
	    (conf_geo_parse(node->text, &geo) ||
		prefix_parse(node->text, &p, &err)))
		return keep(r, node, field);
	return value_wrong(
	    r, k, node, "an address, a prefix, or a place as EU, DE or US-CA");
}

bool
expect_resolver(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct addr a;

	if (value_is_scalar(node) && addr_parse(node->text, &a))
		return keep(r, node, field);
	return value_wrong(r, k, node, "an address");
}

bool
expect_address(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	return (value_is_scalar(node) && addr_parse(node->text, field)) ||
	    value_wrong(r, k, node, "a list of addresses");
}

bool
expect_monitor(
    const struct conf *c, const char *what, uint16_t *monitor, struct addr *a)
{
	size_t len = strcspn(what, "/");
	char name[64];

	*monitor = CONF_NONE;
	if (len >= sizeof(name))
		return false;
	memcpy(name, what, len);
	name[len] = '\0';
	*monitor = schema_find(c, SECTION_MONITORS, name);
	a->family = 0;
	return *monitor != CONF_NONE &&
	    (what[len] == '\0' || addr_parse(what + len + 1, a));
}

static bool
read_signal(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_pair *pair, const char **text)
{
	const char *key = pair->key->text, *value = pair->value->text;
	struct addr a;
	uint16_t monitor;

	if (!expect_monitor(r->conf, key, &monitor, &a)) {
		if (strchr(key, '/') == NULL)
			return value_report_nothing(
			    r, SECTION_MONITORS, pair->key);
		return diag_error(r->d, &pair->key->mark,
		    "\"%s\" is not MONITOR/ADDRESS", key);
	}
	if (!value_is_scalar(pair->value) ||
	    (strcmp(value, "up") != 0 && strcmp(value, "down") != 0))
		return value_wrong(r, k, pair->value, "a map to up or down");
	*text = arena_printf(r->conf->arena, "%s=%s", key, value);
	return true;
}

bool
expect_signals(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_test *test = field;
	bool ok = true;

	if (node->kind != NODE_MAP)
		return value_wrong(
		    r, k, node, "a map of monitors to up or down");
	test->signals =
	    arena_array(r->conf->arena, node->n, sizeof(*test->signals));
	test->nsignals = node->n;
	for (size_t i = 0; i < node->n; i++)
		ok =
		    read_signal(r, k, &node->pairs[i], &test->signals[i]) && ok;
	return ok;
}

bool
expect_read(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_expect *e = field;

	if (node->kind == NODE_MAP)
		return schema_read(r, SCHEMA_WANT, node, e);
	e->region = e->pool = CONF_NONE;
	if (!value_is_scalar(node))
		return value_wrong(
		    r, k, node, "the name of a region or a pool, or a map");
	e->either = arena_strdup(r->conf->arena, node->text);
	return conf_find_region(r->conf, e->either) != CONF_NONE ||
	    conf_find_pool(r->conf, e->either) != CONF_NONE ||
	    value_report_nothing(r, SECTION_REGIONS, node);
}

void
check_expect(
    struct schema_reader *r, const struct yaml_node *node, void *object)
{
	static const struct {
		const char *key;
		enum conf_expected bit;
	} keys[] = {
	    {"addresses", CONF_EXPECT_ADDRESSES},
	    {"ttl", CONF_EXPECT_TTL},
	    {"scope", CONF_EXPECT_SCOPE},
	    {"all_down", CONF_EXPECT_ALL_DOWN},
	    {"rcode", CONF_EXPECT_RCODE},
	};
	struct conf_expect *e = object;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (yaml_find(node, keys[i].key) != NULL)
			e->given |= keys[i].bit;
	if (node->n == 0)
		diag_error(r->d, &node->mark, "\"expect\" expects nothing");
}

/* A name outside of all zones can only be refused. */
static bool
is_within_zones(const struct conf *c, const char *text)
{
	uint8_t name[DNS_NAME_MAX];
	struct error err;

	if (!name_parse(text, name, &err))
		return false;
	for (const uint8_t *at = name;; at += *at + 1) {
		for (size_t i = 0; i < c->nzones; i++)
			if (name_equal(at, c->zones[i].name))
				return true;
		if (*at == 0)
			return false;
	}
}

void
check_test(struct schema_reader *r, const struct yaml_node *node, void *object)
{
	const struct conf_test *t = object;
	const struct yaml_node *name = yaml_find(node, "name");
	struct conf_geo geo;

	if (t->name != NULL && t->expect.given != CONF_EXPECT_RCODE &&
	    schema_find(r->conf, SECTION_NAMES, t->name) == CONF_NONE &&
	    !is_within_zones(r->conf, t->name))
		value_report_nothing(r, SECTION_NAMES, name);
	if (t->from != NULL && (t->expect.given & CONF_EXPECT_SCOPE) &&
	    conf_geo_parse(t->from, &geo))
		diag_error(r->d, &node->mark,
		    "a place has no scope: \"from\" must be an address or a "
		    "prefix");
}
