/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/home.h"

#include <string.h>

#include "conf/check.h"
#include "conf/files.h"
#include "conf/value.h"
#include "dns/name.h"
#include "input/hint.h"

struct reading {
	const struct schema_key *key;
	VEC(struct conf_home) all;
};

/* "acme.t.example.com eu" */
static bool
read_home(struct schema_reader *r, char *line, const struct conf_mark *mark,
    void *arg)
{
	struct reading *h = arg;
	const struct schema_key ref = {
	    h->key->map, h->key->name, value_ref, .of = SECTION_REGIONS};
	struct conf_home home = {.line = mark->line};
	struct yaml_node node = {.kind = NODE_SCALAR, .mark = *mark};
	uint8_t name[DNS_NAME_MAX];
	struct error err;
	char *region = files_word(&line);

	node.text = files_word(&line);
	if (*node.text == '\0' || *line != '\0')
		return diag_error(
		    r->d, mark, "a line is a name and its region");
	if (*hint_name(region) != '\0')
		return diag_error(r->d, mark, "%s", hint_name(region));
	if (!name_parse(region, name, &err))
		return diag_error(r->d, mark, "%s", err.text);
	name_lower(name);
	home.name = arena_dup(r->conf->arena, name, name_len(name));
	if (!value_ref(r, &ref, &node, &home.region))
		return false;
	vec_push(&h->all, home);
	return h->all.n <= HOME_MAX ||
	    diag_error(r->d, mark, "more than %d homes", HOME_MAX);
}

static struct conf_home *
slot_of(const struct conf_homes *h, const uint8_t *name, size_t len)
{
	size_t i = name_hash(name, len) & (h->nslots - 1);

	while (h->slots[i].name != NULL && !name_equal(h->slots[i].name, name))
		i = (i + 1) & (h->nslots - 1);
	return &h->slots[i];
}

static bool
put_home(struct schema_reader *r, const struct conf_homes *h,
    const struct conf_home *home)
{
	struct conf_home *slot = slot_of(h, home->name, name_len(home->name));
	const struct conf_mark mark = {h->path, home->line, 1};

	if (slot->name != NULL)
		return diag_error(r->d, &mark,
		    "this name has its region at line %u already", slot->line);
	*slot = *home;
	return true;
}

bool
home_read(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_homes *h = arena_alloc(r->conf->arena, sizeof(*h));
	const struct conf_homes **homes = field;
	struct reading reading = {.key = k};
	bool ok = value_path(r, k, node, &h->path) &&
	    files_lines(r, k, node, read_home, &reading);

	for (h->nslots = 4; h->nslots < 2 * reading.all.n;)
		h->nslots *= 2;
	h->slots = arena_array(r->conf->arena, h->nslots, sizeof(*h->slots));
	for (size_t i = 0; ok && i < reading.all.n; i++)
		ok = put_home(r, h, &reading.all.at[i]);
	vec_free(&reading.all);
	*homes = h;
	return ok;
}

static bool
is_listed(const struct conf_rule *rule, uint16_t region)
{
	for (size_t i = 0; i < rule->nregions; i++)
		if (rule->regions[i] == region)
			return true;
	return rule->order != CONF_ORDER_LIST;
}

void
home_check(
    struct schema_reader *r, const struct conf_rule *rule, const char *fence)
{
	const struct conf_homes *h = rule->homes;

	for (size_t i = 0; i < h->nslots; i++) {
		const struct conf_home *home = &h->slots[i];
		const struct conf_mark mark = {h->path, home->line, 1};

		if (home->name == NULL)
			continue;
		if (!is_listed(rule, home->region))
			diag_error(r->d, &mark,
			    "region \"%s\" is none of the rule's at %s:%u",
			    r->conf->regions[home->region].name,
			    rule->mark.file, rule->mark.line);
		else if (!check_is_within(r->conf, home->region, fence))
			diag_error(r->d, &mark,
			    "region \"%s\" is outside the fence \"%s\" of the "
			    "rule at %s:%u",
			    r->conf->regions[home->region].name, fence,
			    rule->mark.file, rule->mark.line);
	}
}

const struct conf_home *
home_find(const struct conf_homes *h, const uint8_t *name)
{
	const struct conf_home *slot = slot_of(h, name, name_len(name));

	return slot->name != NULL ? slot : NULL;
}
