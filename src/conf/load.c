/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/load.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/files.h"
#include "conf/rule.h"
#include "conf/stage.h"
#include "conf/use.h"
#include "input/hint.h"
#include "input/input.h"

enum {
	INCLUDE_DEPTH_MAX = 8,
	INCLUDE_FILES_MAX = 1000,
};

struct loader {
	struct schema_reader r;
	struct arena *trees;  /* of the nodes, which conf does not need */
	struct yaml_node top; /* what all files say together */
	VEC(char *) seen;     /* real paths */
	bool damaged;         /* a file could not be read at all */
	const struct stage_state *stages;
};

static struct yaml_node *
new_node(struct loader *l, const struct yaml_node *like)
{
	return arena_dup(l->trees, like, sizeof(*like));
}

static void
append_item(struct loader *l, struct yaml_node *list, struct yaml_node *item)
{
	struct yaml_node **items =
	    arena_array(l->trees, list->n + 1, sizeof(*items));

	if (list->n)
		memcpy(items, list->items, list->n * sizeof(*items));
	items[list->n++] = item;
	list->items = items;
}

static void
append_list(
    struct loader *l, struct yaml_node *list, const struct yaml_node *more)
{
	struct yaml_node **items =
	    arena_array(l->trees, list->n + more->n + 1, sizeof(*items));

	if (list->n)
		memcpy(items, list->items, list->n * sizeof(*items));
	if (more->n)
		memcpy(items + list->n, more->items, more->n * sizeof(*items));
	list->items = items;
	list->n += more->n;
}

static struct yaml_pair *
append_pairs(struct loader *l, struct yaml_node *map, size_t room)
{
	struct yaml_pair *pairs =
	    arena_array(l->trees, map->n + room + 1, sizeof(*pairs));

	if (map->n)
		memcpy(pairs, map->pairs, map->n * sizeof(*pairs));
	map->pairs = pairs;
	return pairs + map->n;
}

static void merge_value(struct loader *l, const struct yaml_node *key,
    struct yaml_node *into, const struct yaml_node *more);

/* The geoip section holds sections itself. */
static void
merge_maps(struct loader *l, const struct yaml_node *key,
    struct yaml_node *into, const struct yaml_node *more)
{
	struct yaml_pair *free_pair = append_pairs(l, into, more->n);
	bool deep = strcmp(key->text, "geoip") == 0;
	struct yaml_node *same;
	size_t i;

	for (i = 0; i < more->n; i++) {
		same = deep ? yaml_find(into, more->pairs[i].key->text) : NULL;
		if (same) {
			merge_value(
			    l, more->pairs[i].key, same, more->pairs[i].value);
			continue;
		}
		*free_pair++ = more->pairs[i];
		into->n++;
	}
	yaml_keep_unique(into, l->r.d);
}

/* What a later file says of a key that an earlier one has. */
static void
merge_value(struct loader *l, const struct yaml_node *key,
    struct yaml_node *into, const struct yaml_node *more)
{
	if (into->kind == NODE_BAD || more->kind == NODE_BAD || more->empty)
		return;
	if (into->empty)
		*into = *more;
	else if (into->kind == NODE_MAP && more->kind == NODE_MAP)
		merge_maps(l, key, into, more);
	else if (into->kind == NODE_LIST && more->kind == NODE_LIST)
		append_list(l, into, more);
	else if (into->kind != NODE_SCALAR || more->kind != NODE_SCALAR ||
	    strcmp(into->text, more->text) != 0)
		diag_error(l->r.d, &key->mark,
		    "\"%s\" already has another value at %s:%u", key->text,
		    into->mark.file, into->mark.line);
}

static void
add_pair(struct loader *l, const struct yaml_pair *pair)
{
	struct yaml_node *same = yaml_find(&l->top, pair->key->text);
	struct yaml_node *value = new_node(l, pair->value);

	/* One pattern is a list of one. */
	if (strcmp(pair->key->text, "zones") == 0 &&
	    value->kind == NODE_SCALAR && !value->empty) {
		value->kind = NODE_LIST;
		append_item(l, value, pair->value);
	}
	if (same) {
		merge_value(l, pair->key, same, value);
		return;
	}
	*append_pairs(l, &l->top, 1) = (struct yaml_pair){pair->key, value};
	l->top.n++;
}

static void read_file(struct loader *l, const char *path,
    const struct conf_mark *from, unsigned depth);

static void
include_pattern(struct loader *l, const struct yaml_node *node, unsigned depth)
{
	const char **paths;
	size_t i, n;

	if (depth >= INCLUDE_DEPTH_MAX) {
		diag_error(l->r.d, &node->mark,
		    "files include each other "
		    "more than %d deep",
		    INCLUDE_DEPTH_MAX);
		return;
	}
	paths = files_match(&l->r, node, &n);
	if (!paths)
		l->damaged = true;
	for (i = 0; i < n; i++)
		read_file(l, paths[i], &node->mark, depth + 1);
}

static void
include_all(struct loader *l, const struct yaml_node *node, unsigned depth)
{
	size_t i;

	if (node->kind == NODE_SCALAR && !node->empty)
		include_pattern(l, node, depth);
	else if (node->kind == NODE_LIST)
		for (i = 0; i < node->n; i++)
			include_pattern(l, node->items[i], depth);
	else if (node->kind != NODE_BAD)
		diag_error(l->r.d, &node->mark,
		    "\"include\" must be a list "
		    "of files");
}

static void
read_text(struct loader *l, const char *path, const char *text, size_t len,
    unsigned depth)
{
	struct yaml_node *root;
	char hint[HINT_MAX];
	size_t i;

	diag_source(l->r.d, path, text);
	root = yaml_read(l->trees, path, text, len, l->r.d);
	if (!root || root->kind != NODE_MAP) {
		l->damaged = true;
		if (root && root->kind != NODE_BAD)
			diag_error(l->r.d, &root->mark,
			    "a configuration is a map (key: value)%s",
			    hint_map(hint,
				root->kind == NODE_SCALAR ? root->text : NULL));
		return;
	}
	if (depth == 0)
		l->top.mark = root->mark;
	for (i = 0; i < root->n; i++)
		if (strcmp(root->pairs[i].key->text, "include") != 0 &&
		    !schema_is_aside(root->pairs[i].key->text))
			add_pair(l, &root->pairs[i]);
	for (i = 0; i < root->n; i++)
		if (strcmp(root->pairs[i].key->text, "include") == 0)
			include_all(l, root->pairs[i].value, depth);
}

/* Each file is read once: that also ends circles. */
static bool
is_new(struct loader *l, const char *path, const struct conf_mark *from)
{
	char *real = realpath(path, NULL);
	size_t i;

	if (!real)
		real = xstrdup(path);
	for (i = 0; i < l->seen.n; i++) {
		if (strcmp(l->seen.at[i], real) == 0) {
			free(real);
			return diag_error(l->r.d, from,
			    "\"%s\" is read "
			    "already",
			    path);
		}
	}
	vec_push(&l->seen, real);
	return l->seen.n <= INCLUDE_FILES_MAX ||
	    diag_error(l->r.d, from, "more than %d files", INCLUDE_FILES_MAX);
}

static void
read_file(struct loader *l, const char *path, const struct conf_mark *from,
    unsigned depth)
{
	struct input file;
	struct error err;

	if (!is_new(l, path, from))
		return;
	if (!input_read(path, YAML_SIZE_MAX, &file, &err)) {
		diag_error(l->r.d, from, "%s", err.text);
		l->damaged = true;
		return;
	}
	diag_read(l->r.d, path, file.octets, file.size);
	read_text(l, path, file.text, file.len, depth);
	free(file.octets);
}

static void
loader_init(struct loader *l, const char *path, bool files, struct diag *d)
{
	struct arena *a = arena_new();

	memset(l, 0, sizeof(*l));
	l->r.conf = arena_alloc(a, sizeof(*l->r.conf));
	l->r.conf->arena = a;
	l->r.conf->path = arena_strdup(a, path);
	l->r.d = d;
	l->r.files = files;
	l->trees = arena_new();
	l->top.kind = NODE_MAP;
}

static struct conf *
loader_finish(struct loader *l, size_t errors)
{
	struct conf *c = l->r.conf;
	size_t i;

	if (!l->damaged) {
		schema_read(&l->r, SCHEMA_TOP, &l->top, c);
		stage_apply(&l->r, l->stages);
		rule_unfold(&l->r);
		use_check(c, l->r.d);
	}
	for (i = 0; i < l->seen.n; i++)
		free(l->seen.at[i]);
	vec_free(&l->seen);
	arena_free(l->trees);
	if (l->r.d->nerrors == errors)
		return c;
	conf_free(c);
	return NULL;
}

struct conf *
conf_load_stages(
    const char *path, const struct stage_state *state, struct diag *d)
{
	struct conf_mark whole = {path, 0, 0};
	size_t errors = d->nerrors;
	struct loader l;

	loader_init(&l, path, true, d);
	l.stages = state;
	read_file(&l, l.r.conf->path, &whole, 0);
	return loader_finish(&l, errors);
}

struct conf *
conf_load(const char *path, struct diag *d)
{
	return conf_load_stages(path, NULL, d);
}

struct conf *
conf_load_text(const char *file, const char *text, struct diag *d)
{
	size_t errors = d->nerrors;
	struct loader l;

	loader_init(&l, file, false, d);
	read_text(&l, l.r.conf->path, text, strlen(text), 0);
	return loader_finish(&l, errors);
}

void
conf_free(struct conf *c)
{
	if (c)
		arena_free(c->arena);
}

static bool
is_upper_pair(const char *s)
{
	return s[0] >= 'A' && s[0] <= 'Z' && s[1] >= 'A' && s[1] <= 'Z';
}

static bool
is_continent(const char code[2])
{
	static const char continents[] = "AF AN AS EU NA OC SA";
	size_t i;

	for (i = 0; i < sizeof(continents); i += 3)
		if (memcmp(continents + i, code, 2) == 0)
			return true;
	return false;
}

/* ISO 3166-2: up to three letters or digits after the country. */
static bool
parse_subdivision(const char *text, size_t len, struct conf_geo *geo)
{
	size_t i;

	if (len < 1 || len > sizeof(geo->subdivision))
		return false;
	for (i = 0; i < len; i++)
		if (!isdigit((unsigned char)text[i]) &&
		    (text[i] < 'A' || text[i] > 'Z'))
			return false;
	geo->kind = CONF_GEO_SUBDIVISION;
	memcpy(geo->subdivision, text, len);
	return true;
}

static bool
parse_city(const char *text, struct conf_geo *geo)
{
	size_t len = strlen(text);

	geo->kind = CONF_GEO_CITY;
	geo->city = text;
	return len > 0 && len <= CONF_CITY_MAX;
}

static bool
parse_city_id(const char *text, struct conf_geo *geo)
{
	char *end;
	unsigned long id = strtoul(text, &end, 10);

	geo->kind = CONF_GEO_CITY;
	geo->city_id = (uint32_t)id;
	return isdigit((unsigned char)*text) && *end == '\0' && id > 0 &&
	    id <= UINT32_MAX;
}

/* A country, and what follows it. */
static bool
parse_country(const char *text, bool explicit, struct conf_geo *geo)
{
	size_t len = strcspn(text, "/");

	if (!is_upper_pair(text))
		return false;
	memcpy(geo->code, text, 2);
	if (len > 2 &&
	    (text[2] != '-' || explicit ||
		!parse_subdivision(text + 3, len - 3, geo)))
		return false;
	if (text[len] == '/')
		return parse_city(text + len + 1, geo);
	if (len == 2)
		geo->kind = is_continent(geo->code) && !explicit
		    ? CONF_GEO_CONTINENT
		    : CONF_GEO_COUNTRY;
	return true;
}

bool
conf_geo_parse(const char *text, struct conf_geo *geo)
{
	static const char country[] = "country:", city[] = "city:";

	memset(geo, 0, sizeof(*geo));
	if (strncmp(text, city, sizeof(city) - 1) == 0)
		return parse_city_id(text + sizeof(city) - 1, geo);
	if (strncmp(text, country, sizeof(country) - 1) == 0)
		return parse_country(text + sizeof(country) - 1, true, geo);
	return parse_country(text, false, geo);
}

char *
conf_geo_format(char buf[CONF_GEO_MAX], const struct conf_geo *geo)
{
	if (geo->city_id != 0)
		snprintf(buf, CONF_GEO_MAX, "city:%u", geo->city_id);
	else
		snprintf(buf, CONF_GEO_MAX, "%s%.2s%s%.3s%s%s",
		    geo->kind == CONF_GEO_COUNTRY && is_continent(geo->code)
			? "country:"
			: "",
		    geo->code, geo->subdivision[0] != '\0' ? "-" : "",
		    geo->subdivision, geo->city != NULL ? "/" : "",
		    geo->city != NULL ? geo->city : "");
	return buf;
}

uint16_t
conf_find_region(const struct conf *c, const char *name)
{
	return schema_find(c, SECTION_REGIONS, name);
}

uint16_t
conf_find_pool(const struct conf *c, const char *name)
{
	return schema_find(c, SECTION_POOLS, name);
}
