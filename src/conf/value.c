/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/value.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/file.h"
#include "conf/load.h"
#include "dns/name.h"
#include "input/hint.h"

/* hint: of a scalar. */
static bool
wrong(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, const char *what, const char *hint)
{
	if (node->kind == NODE_BAD)
		return false;
	if (node->kind != NODE_SCALAR)
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be %s, not a %s", k->name, what,
		    node->kind == NODE_LIST ? "list" : "map");
	if (node->empty)
		return diag_error(r->d, &node->mark,
		    "\"%s\" has no value: it must be %s", k->name, what);
	return diag_error(r->d, &node->mark, "\"%s\" must be %s, not \"%s\"%s",
	    k->name, what, node->text, hint);
}

bool
value_wrong(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, const char *what)
{
	return wrong(r, k, node, what, "");
}

bool
value_is_scalar(const struct yaml_node *node)
{
	return node->kind == NODE_SCALAR && !node->empty;
}

/* Decimal digits as a person writes them: no sign +, no leading zeros. */
bool
value_parse_integer(const char *text, size_t len, int64_t *value)
{
	bool negative = len > 0 && *text == '-';
	size_t i = negative;

	*value = 0;
	if (i == len || (text[i] == '0' && len > 1))
		return false;
	for (; i < len; i++) {
		if (!isdigit((unsigned char)text[i]) ||
		    __builtin_mul_overflow(*value, 10, value) ||
		    __builtin_add_overflow(*value, text[i] - '0', value))
			return false;
	}
	if (negative)
		*value = -*value;
	return true;
}

void
value_store(void *field, size_t size, int64_t value)
{
	uint16_t v16 = (uint16_t)value;
	uint32_t v32 = (uint32_t)value;

	if (size == sizeof(v16))
		memcpy(field, &v16, sizeof(v16));
	else if (size == sizeof(v32))
		memcpy(field, &v32, sizeof(v32));
	else if (size == sizeof(value))
		memcpy(field, &value, sizeof(value));
}

bool
value_in_range(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, int64_t value, const char *unit)
{
	if (value >= k->min && value <= k->max)
		return true;
	if (k->min == k->max)
		return diag_error(r->d, &node->mark, "\"%s\" must be %lld",
		    k->name, (long long)k->min);
	return diag_error(r->d, &node->mark,
	    "\"%s\" is out of range: it "
	    "must be %lld%s to %lld%s",
	    k->name, (long long)k->min, unit, (long long)k->max, unit);
}

bool
value_none(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	(void)r;
	(void)k;
	(void)node;
	(void)field;
	return true;
}

static const char *
range_text(struct schema_reader *r, const struct schema_key *k)
{
	if (k->min == k->max)
		return arena_printf(r->d->arena, "%lld", (long long)k->min);
	return arena_printf(
	    r->d->arena, "%lld to %lld", (long long)k->min, (long long)k->max);
}

bool
value_number(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	char hint[HINT_MAX];
	int64_t value;

	if (!value_is_scalar(node) ||
	    !value_parse_integer(node->text, strlen(node->text), &value))
		return wrong(r, k, node, "a whole number",
		    arena_printf(r->d->arena, ": %s%s", range_text(r, k),
			hint_number(hint, node->text ? node->text : "")));
	if (!value_in_range(r, k, node, value, ""))
		return false;
	value_store(field, k->size, value);
	return true;
}

bool
value_percent(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	size_t len = value_is_scalar(node) ? strlen(node->text) : 0;
	int64_t value;

	if (len == 0 || node->text[len - 1] != '%' ||
	    !value_parse_integer(node->text, len - 1, &value))
		return value_wrong(r, k, node, "a percentage, as 85%");
	if (!value_in_range(r, k, node, value, "%"))
		return false;
	value_store(field, k->size, value);
	return true;
}

bool
value_decimal(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	double value;

	if (!value_parse_degrees(node, (double)k->max, &value) || value <= 0 ||
	    value < (double)k->min) {
		char what[80];

		snprintf(what, sizeof(what),
		    "a number above %lld, up to %lld, as 0.25",
		    (long long)k->min, (long long)k->max);
		return value_wrong(r, k, node, what);
	}
	*(double *)field = value;
	return true;
}

bool
value_span(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	char least[CLOCK_TEXT_MAX], most[CLOCK_TEXT_MAX];
	uint64_t ms;

	if (!value_is_scalar(node) || !clock_parse_span(node->text, &ms))
		return value_wrong(
		    r, k, node, "a duration with its unit, as 5s or 800ms");
	if (ms < (uint64_t)k->min || ms > (uint64_t)k->max)
		return diag_error(r->d, &node->mark,
		    "\"%s\" is out of range: it must be %s to %s", k->name,
		    clock_format_span(least, (uint64_t)k->min),
		    clock_format_span(most, (uint64_t)k->max));
	value_store(field, k->size, (int64_t)ms);
	return true;
}

static bool
has_control(const char *s)
{
	for (; *s; s++)
		if (iscntrl((unsigned char)*s))
			return true;
	return false;
}

bool
value_text(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const char **text = field;
	size_t len;

	if (node->kind != NODE_SCALAR || node->empty)
		return value_wrong(r, k, node, "text");
	len = strlen(node->text);
	if (len < (size_t)k->min || len > (size_t)k->max)
		return diag_error(r->d, &node->mark,
		    "\"%s\" must have %lld to %lld octets", k->name,
		    (long long)k->min, (long long)k->max);
	if (has_control(node->text))
		return diag_error(r->d, &node->mark,
		    "\"%s\" contains a control character", k->name);
	*text = arena_strdup(r->conf->arena, node->text);
	return true;
}

bool
value_path(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const char **path = field;
	char *beside;

	if (!value_is_scalar(node) || *node->text == '\0')
		return value_wrong(r, k, node, "a path");
	beside = file_beside(node->mark.file, node->text);
	*path = arena_strdup(r->conf->arena, beside);
	free(beside);
	return true;
}

static const char *
near_part(struct schema_reader *r, const char *word, const char *const *words,
    size_t n)
{
	const char *near = diag_nearest(word, words, n);

	if (!near)
		return "";
	return arena_printf(r->d->arena, "; did you mean \"%s\"?", near);
}

/* "tcp, http or https" */
static const char *
words_text(struct schema_reader *r, const char *const *words, size_t n)
{
	const char *all = words[0];

	for (size_t i = 1; i < n; i++)
		all = arena_printf(r->d->arena, "%s%s%s", all,
		    i + 1 < n ? ", " : " or ", words[i]);
	return all;
}

bool
value_word(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const char *text = value_is_scalar(node) ? node->text : "";
	int meant = hint_switch(text, k->words);
	size_t n;

	for (n = 0; k->words[n]; n++) {
		if (*text == '\0' || strcmp(k->words[n], text) != 0)
			continue;
		value_store(field, k->size, (int64_t)n);
		return true;
	}
	return wrong(r, k, node, words_text(r, k->words, n),
	    meant < 0 ? near_part(r, text, k->words, n)
		      : near_part(r, k->words[meant], &k->words[meant], 1));
}

static bool
check_native(
    struct schema_reader *r, const struct conf_mark *mark, const struct addr *a)
{
	const struct prefix p = {*a, (uint8_t)addr_bits(a)};

	return value_check_native(r, mark, &p);
}

bool
value_check_native(struct schema_reader *r, const struct conf_mark *mark,
    const struct prefix *p)
{
	char given[PREFIX_TEXT_MAX], meant[PREFIX_TEXT_MAX];
	struct prefix v4 = {.len = (uint8_t)(p->len - 96)};
	unsigned offset;

	if (!addr_embedded(&p->addr, &v4.addr, &offset) ||
	    p->addr.bytes[0] != 0 || p->len < offset)
		return true;
	if (p->len == 128)
		return diag_error(r->d, mark,
		    "%s is an IPv4 address written as IPv6: write %s",
		    addr_format(given, &p->addr), addr_format(meant, &v4.addr));
	return diag_error(r->d, mark,
	    "%s is an IPv4 prefix written as IPv6: write %s",
	    prefix_format(given, p), prefix_format(meant, &v4));
}

bool
value_endpoint(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct error err;

	if (!value_is_scalar(node))
		return value_wrong(
		    r, k, node, "an address and port, as 192.0.2.1@53");
	if (strchr(node->text, ' '))
		return diag_error(r->d, &node->mark,
		    "\"%s\" is more than one value: write a list, each value after \"- \" on its own line, or all in brackets [ ]",
		    node->text);
	if (!endpoint_parse(node->text, field, &err))
		return diag_error(r->d, &node->mark, "%s", err.text);
	return check_native(r, &node->mark, &((struct endpoint *)field)->addr);
}

bool
value_prefix(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct error err;

	if (!value_is_scalar(node))
		return value_wrong(r, k, node, "a prefix, as 192.0.2.0/24");
	if (!prefix_parse(node->text, field, &err))
		return diag_error(r->d, &node->mark, "%s", err.text);
	return value_check_native(r, &node->mark, field);
}

enum { LISTED_MAX = 6 };

/* Some of the names that there are. */
static const char *
names_text(struct schema_reader *r, const char *const *names, size_t n)
{
	const char *all = "";

	if (n == 0)
		return ": none is declared";
	for (size_t i = 0; i < n && i < LISTED_MAX; i++)
		all = arena_printf(r->d->arena, "%s%s\"%s\"", all,
		    i > 0 ? ", " : "", names[i]);
	return arena_printf(r->d->arena, ": there %s %s%s",
	    n == 1 ? "is" : "are", all, n > LISTED_MAX ? " and others" : "");
}

bool
value_report_nothing(struct schema_reader *r, enum schema_section s,
    const struct yaml_node *node)
{
	size_t i, n = 0, all = schema_count(r->conf, s);
	const char **names = xcalloc(all + 1, sizeof(*names)), *name, *mend;

	for (i = 0; i < all; i++) {
		name = schema_name(r->conf, s, i);
		if (name)
			names[n++] = name;
	}
	mend = near_part(r, node->text, names, n);
	if (*mend == '\0')
		mend = names_text(r, names, n);
	free(names);
	return diag_error(r->d, &node->mark, "there is no %s \"%s\"%s",
	    schema_noun(s), node->text, mend);
}

bool
value_read_name(struct schema_reader *r, const struct yaml_node *node,
    uint8_t name[DNS_NAME_MAX], const char **text)
{
	char buf[NAME_TEXT_MAX];
	struct error err;

	*text = NULL;
	error_set(&err, "%s",
	    *node->text ? hint_name(node->text) : "a name must not be empty");
	if (*err.text != '\0' || !name_parse(node->text, name, &err))
		return diag_error(r->d, &node->mark, "%s", err.text);
	name_lower(name);
	*text = arena_strdup(r->conf->arena, name_format(buf, name));
	return true;
}

static uint16_t
find_name(const struct conf *c, const char *text)
{
	uint8_t name[DNS_NAME_MAX];
	char buf[NAME_TEXT_MAX];
	struct error err;

	if (!name_parse(text, name, &err))
		return CONF_NONE;
	name_lower(name);
	return schema_find(c, SECTION_NAMES, name_format(buf, name));
}

bool
value_ref(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	uint16_t *index = field;

	*index = CONF_NONE;
	if (!value_is_scalar(node))
		return value_wrong(r, k, node,
		    arena_printf(
			r->d->arena, "the name of a %s", schema_noun(k->of)));
	*index = k->of == SECTION_NAMES
	    ? find_name(r->conf, node->text)
	    : schema_find(r->conf, k->of, node->text);
	return *index != CONF_NONE || value_report_nothing(r, k->of, node);
}

bool
value_parse_degrees(const struct yaml_node *node, double limit, double *value)
{
	char *end;

	if (!value_is_scalar(node) ||
	    strspn(node->text, "0123456789.-") != strlen(node->text))
		return false;
	*value = strtod(node->text, &end);
	return *end == '\0' && end != node->text && fabs(*value) <= limit;
}

bool
value_location(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_region *region = field;

	region->located = true; /* or refused for it here, and once */
	if (node->kind != NODE_LIST)
		return value_wrong(r, k, node, "[latitude, longitude]");
	if (node->n != 2 ||
	    !value_parse_degrees(node->items[0], 90, &region->latitude) ||
	    !value_parse_degrees(node->items[1], 180, &region->longitude))
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be [latitude, longitude] in degrees, -90 to 90 and -180 to 180, as [50.1, -8.7]",
		    k->name);
	return true;
}

bool
value_ecs(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const struct schema_key list = {k->map, k->name, value_prefix,
	    .offset = offsetof(struct conf_server, ecs_from),
	    .count = offsetof(struct conf_server, necs_from),
	    .size = sizeof(struct prefix), .list = true, .nmin = k->nmin,
	    .nmax = k->nmax};
	struct conf_server *server = field;

	if (node->kind == NODE_LIST)
		return schema_read_key(r, &list, node, server);
	if (!value_is_scalar(node) ||
	    (strcmp(node->text, "any") != 0 && strcmp(node->text, "none") != 0))
		return value_wrong(
		    r, k, node, "any, none or a list of prefixes");
	server->ecs_any = strcmp(node->text, "any") == 0;
	return true;
}

static bool
put_address(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, struct addr pair[2])
{
	struct addr a, *slot;
	char hint[HINT_MAX];

	if (!value_is_scalar(node))
		return value_wrong(r, k, node, "an address");
	if (!addr_parse(node->text, &a))
		return wrong(
		    r, k, node, "an address", hint_address(hint, node->text));
	if (!check_native(r, &node->mark, &a))
		return false;
	if (addr_why_no_host(&a) != NULL)
		return diag_error(r->d, &node->mark,
		    "%s is %s: write the address of a machine", node->text,
		    addr_why_no_host(&a));
	slot = &pair[a.family == 6];
	if (slot->family)
		return diag_error(r->d, &node->mark,
		    strcmp(k->name, "probe") == 0
			? "a target is probed at one IPv%d address at most: \"%s\" is the second"
			: "a target has at most one IPv%d address: make \"%s\" a target of its own",
		    a.family, node->text);
	*slot = a;
	return true;
}

/* The first address that is written is what the target is called. */
bool
value_addrs(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct addr *pair = field;
	bool ok = true;
	size_t i;

	if (node->kind != NODE_LIST)
		return put_address(r, k, node, pair);
	if (node->n == 0)
		return diag_error(
		    r->d, &node->mark, "a target needs an address");
	for (i = 0; i < node->n; i++)
		if (!put_address(r, k, node->items[i], pair))
			ok = false;
	return ok;
}

bool
value_cname(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const uint8_t **cname = field;
	uint8_t name[DNS_NAME_MAX];
	struct error err;

	if (!value_is_scalar(node) || *node->text == '\0')
		return value_wrong(r, k, node, "a name");
	error_set(&err, "%s", hint_name(node->text));
	if (*err.text != '\0' || !name_parse(node->text, name, &err))
		return diag_error(r->d, &node->mark, "%s", err.text);
	if (memchr(name, '*', name_len(name)))
		return diag_error(
		    r->d, &node->mark, "a wildcard cannot be a target");
	if (strchr(node->text, '.') == NULL)
		return diag_error(r->d, &node->mark,
		    "a target is the whole name: \"%s.\" is below the root",
		    node->text);
	*cname = arena_dup(r->conf->arena, name, name_len(name));
	return true;
}

static bool
read_offer(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_pair *pair, struct conf_pool_region *offer)
{
	const struct schema_key targets = {k->map, pair->key->text,
	    schema_read_map,
	    .offset = offsetof(struct conf_pool_region, targets),
	    .count = offsetof(struct conf_pool_region, ntargets),
	    .size = sizeof(struct conf_target), .list = true,
	    .nmin = (size_t)k->min, .nmax = (size_t)k->max,
	    .of = SCHEMA_TARGET};
	const struct schema_key region = {
	    k->map, k->name, value_ref, .of = SECTION_REGIONS};
	bool ok;

	offer->mark = pair->key->mark;
	ok = value_ref(r, &region, pair->key, &offer->region);
	return schema_read_key(r, &targets, pair->value, offer) && ok;
}

bool
value_offers(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_pool *pool = field;
	bool ok = true;
	size_t i;

	if (node->kind != NODE_MAP)
		return value_wrong(
		    r, k, node, "a map of a region to its targets");
	if (node->n < k->nmin || node->n > k->nmax)
		return diag_error(r->d, &node->mark,
		    "a pool has %zu to %zu regions", k->nmin, k->nmax);
	pool->nregions = node->n;
	pool->regions =
	    arena_array(r->conf->arena, node->n, sizeof(*pool->regions));
	for (i = 0; i < node->n; i++)
		if (!read_offer(r, k, &node->pairs[i], &pool->regions[i]))
			ok = false;
	return ok;
}

bool
value_database(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_database *database = field;

	database->mark = node->mark;
	return value_path(r, k, node, &database->path);
}
