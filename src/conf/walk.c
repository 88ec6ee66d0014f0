/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/walk.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/http.h"
#include "conf/monitor.h"
#include "conf/value.h"
#include "input/hint.h"

enum { MAP_KEYS_MAX = 64, KEY_LEN_MAX = 64 };

void *
walk_at(const void *object, size_t offset)
{
	return (char *)(uintptr_t)object + offset;
}

size_t
walk_count(const void *object, size_t offset)
{
	size_t n;

	memcpy(&n, walk_at(object, offset), sizeof(n));
	return n;
}

void *
walk_pointer(const void *object, size_t offset)
{
	void *p;

	memcpy(&p, walk_at(object, offset), sizeof(p));
	return p;
}

static const struct schema_key *
key_find(enum schema_map map, const char *name)
{
	size_t i, n;
	const struct schema_key *keys = schema_keys(&n);

	for (i = 0; i < n; i++)
		if (keys[i].map == map && strcmp(keys[i].name, name) == 0)
			return &keys[i];
	return NULL;
}

static const char *
key_nearest(enum schema_map map, const char *name)
{
	const char *names[MAP_KEYS_MAX];
	size_t i, nkeys, n = 0;
	const struct schema_key *keys = schema_keys(&nkeys);

	for (i = 0; i < nkeys; i++) {
		if (keys[i].map != map)
			continue;
		assert(n < MAP_KEYS_MAX);
		names[n++] = keys[i].name;
	}
	return diag_nearest(name, names, n);
}

static const char *
key_known(const char *key, size_t len, void *arg)
{
	const enum schema_map *map = arg;
	char word[KEY_LEN_MAX];
	const struct schema_key *known;

	if (len >= sizeof(word))
		return NULL;
	memcpy(word, key, len);
	word[len] = '\0';
	known = key_find(*map, word);
	return known ? known->name : NULL;
}

static void
report_unknown(
    struct schema_reader *r, enum schema_map map, const struct yaml_node *node)
{
	char hint[HINT_MAX];
	const char *near, *mend;
	size_t i;

	for (i = 0; i < node->n; i++) {
		const struct yaml_node *key = node->pairs[i].key;

		if (key_find(map, key->text))
			continue;
		mend = schema_is_aside(key->text)
		    ? "; keys that begin with x- are allowed at the top level only"
		    : hint_key(hint, key->text, key_known, &map);
		near = *mend ? NULL : key_nearest(map, key->text);
		if (near)
			mend = arena_printf(
			    r->d->arena, "; did you mean \"%s\"?", near);
		diag_error(r->d, &key->mark, "unknown key \"%s\" in %s%s",
		    key->text, walk_maps[map].what, mend);
	}
}

static struct yaml_node *
fallback_node(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *map)
{
	struct yaml_node *n;

	if (*k->fallback == '[')
		return yaml_read(r->conf->arena, map->mark.file, k->fallback,
		    strlen(k->fallback), r->d);
	n = arena_alloc(r->conf->arena, sizeof(*n));
	n->kind = NODE_SCALAR;
	n->mark = map->mark;
	n->text = k->fallback;
	return n;
}

static bool
read_absent(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *map, void *object)
{
	const struct yaml_node none = {.kind = NODE_MAP, .mark = map->mark};

	if (k->required && k->min > 0 && k->min == k->max)
		return diag_error(r->d, &map->mark,
		    "%s needs the key \"%s\": write \"%s: %lld\" (the version of the schema)",
		    walk_maps[k->map].what, k->name, k->name,
		    (long long)k->min);
	if (k->required)
		return diag_error(r->d, &map->mark, "%s needs the key \"%s\"",
		    walk_maps[k->map].what, k->name);
	if (k->fallback)
		return schema_read_key(r, k, fallback_node(r, k, map), object);
	if (k->kind == schema_read_map && !k->list)
		return schema_read_key(r, k, &none, object);
	return true;
}

/* What is not read refers to nothing, not to the first object. */
static void
clear_references(enum schema_map map, void *object)
{
	const uint16_t none = CONF_NONE;
	size_t i, nkeys;
	const struct schema_key *keys = schema_keys(&nkeys);

	for (i = 0; i < nkeys; i++)
		if (keys[i].map == map && keys[i].kind == value_ref &&
		    !keys[i].list)
			memcpy(walk_at(object, keys[i].offset), &none,
			    sizeof(none));
}

/* A map with nothing in it may be left out after its key. */
static bool
is_map(struct schema_reader *r, const struct yaml_node *node, const char *what)
{
	char hint[HINT_MAX];

	if (node->kind == NODE_MAP ||
	    (node->kind == NODE_SCALAR && node->empty))
		return true;
	if (node->kind == NODE_BAD)
		return false;
	return diag_error(r->d, &node->mark, "%s must be a map (key: value)%s",
	    what,
	    hint_map(hint, node->kind == NODE_SCALAR ? node->text : NULL));
}

bool
schema_read(struct schema_reader *r, enum schema_map map,
    const struct yaml_node *node, void *object)
{
	size_t i, nkeys, errors = r->d->nerrors;
	const struct schema_key *keys = schema_keys(&nkeys);
	const struct yaml_node *value;

	clear_references(map, object);
	if (walk_maps[map].mark)
		memcpy(walk_at(object, walk_maps[map].mark), &node->mark,
		    sizeof(node->mark));
	if (!is_map(r, node, walk_maps[map].what))
		return false;
	report_unknown(r, map, node);
	for (i = 0; i < nkeys; i++) {
		if (keys[i].map != map)
			continue;
		value = yaml_find(node, keys[i].name);
		if (value)
			schema_read_key(r, &keys[i], value, object);
		else
			read_absent(r, &keys[i], node, object);
	}
	if (walk_maps[map].check)
		walk_maps[map].check(r, node, object);
	return r->d->nerrors == errors;
}

/* What is referred to stands in a list once. */
static bool
check_once(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *list, size_t i)
{
	const struct yaml_node *item = list->items[i];

	for (size_t j = 0; k->kind == value_ref && j < i; j++)
		if (item->kind == NODE_SCALAR &&
		    list->items[j]->kind == NODE_SCALAR &&
		    strcmp(item->text, list->items[j]->text) == 0)
			return diag_error(r->d, &item->mark,
			    "\"%s\" stands in \"%s\" already", item->text,
			    k->name);
	return true;
}

static bool
read_list(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *object)
{
	size_t i, n = node->kind == NODE_LIST ? node->n : 1;
	const struct yaml_node *item;
	bool ok = true;
	char *elements;

	if (node->kind == NODE_BAD)
		return false;
	if (node->kind != NODE_LIST &&
	    (k->kind == schema_read_map || node->kind == NODE_MAP ||
		node->empty))
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be a list: put it in brackets [ ], or each value after \"- \"",
		    k->name);
	if (n < k->nmin || n > k->nmax)
		return diag_error(r->d, &node->mark,
		    "\"%s\" has %zu values: "
		    "it must have %zu to %zu",
		    k->name, n, k->nmin, k->nmax);
	elements = arena_array(r->conf->arena, n, k->size);
	memcpy(walk_at(object, k->offset), &elements, sizeof(elements));
	memcpy(walk_at(object, k->count), &n, sizeof(n));
	for (i = 0; i < n; i++) {
		item = node->kind == NODE_LIST ? node->items[i] : node;
		if (!k->kind(r, k, item, elements + i * k->size))
			ok = false;
		else if (node->kind == NODE_LIST)
			ok = check_once(r, k, node, i) && ok;
	}
	return ok;
}

bool
schema_read_key(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *object)
{
	if (k->list)
		return read_list(r, k, node, object);
	return k->kind(r, k, node, walk_at(object, k->offset));
}

bool
schema_read_map(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	return schema_read(r, k->of, node, field);
}

static bool
is_word(const char *s)
{
	static const char first[] = "abcdefghijklmnopqrstuvwxyz0123456789";
	size_t len = strlen(s);

	return len > 0 && len <= 63 && strchr(first, *s) &&
	    strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789_-") == len;
}

bool
schema_check_word(struct schema_reader *r, const struct yaml_node *node)
{
	char hint[HINT_MAX];

	if (is_word(node->text))
		return true;
	return diag_error(r->d, &node->mark,
	    "\"%s\" is not a valid name: lower-case letters, digits, - and _, at most 63, a letter or digit first%s",
	    node->text, hint_label(hint, node->text));
}

static void
read_label(struct schema_reader *r, enum schema_section s,
    const struct yaml_node *key, void *object)
{
	struct conf_name *name = object;
	const char *text;

	if (s == SECTION_NAMES) {
		value_read_name(r, key, name->name, &name->text);
		return;
	}
	schema_check_word(r, key);
	text = arena_strdup(r->conf->arena, key->text);
	memcpy(walk_at(object, walk_sections[s].name), &text, sizeof(text));
}

bool
schema_read_section(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const struct walk_section *s = &walk_sections[k->of];
	bool ok = true;
	char *objects;
	size_t i;

	(void)field;
	if (!is_map(r, node, k->name))
		return false;
	if (node->n > WALK_OBJECTS_MAX)
		return diag_error(r->d, &node->mark, "more than %d %ss",
		    WALK_OBJECTS_MAX, s->noun);
	objects = arena_array(r->conf->arena, node->n, s->size);
	memcpy(walk_at(r->conf, s->objects), &objects, sizeof(objects));
	memcpy(walk_at(r->conf, s->count), &node->n, sizeof(node->n));
	for (i = 0; i < node->n; i++)
		read_label(r, k->of, node->pairs[i].key, objects + i * s->size);
	for (i = 0; i < node->n; i++) {
		if (!schema_read(
			r, s->map, node->pairs[i].value, objects + i * s->size))
			ok = false;
		/* The name's place says more than its map's. */
		memcpy(objects + i * s->size + walk_maps[s->map].mark,
		    &node->pairs[i].key->mark, sizeof(struct conf_mark));
	}
	return ok;
}

typedef VEC(char) walk_text;

static void walk_add(walk_text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
walk_add(walk_text *t, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int len;

	va_start(ap, fmt);
	len = vasprintf(&s, fmt, ap);
	va_end(ap);
	if (len < 0)
		abort();
	vec_reserve(t, t->n + (size_t)len + 1);
	memcpy(t->at + t->n, s, (size_t)len + 1);
	t->n += (size_t)len;
	free(s);
}

static void map_describe(walk_text *t, enum schema_map map, const void *object,
    const char *const *without);

/* The field is a pointer to text: it is the text that counts. */
static bool
is_text(const struct schema_key *k)
{
	return k->kind == value_text || k->kind == value_path ||
	    k->kind == monitor_name || k->kind == http_headers;
}

static void
value_describe(walk_text *t, const struct schema_key *k, const void *field)
{
	const char *s;

	if (k->kind == schema_read_map) {
		map_describe(t, k->of, field, NULL);
	} else if (is_text(k)) {
		s = walk_pointer(field, 0);
		walk_add(t, " %zu:%s", s ? strlen(s) : 0, s ? s : "");
	} else {
		walk_add(t, " ");
		for (size_t i = k->size; i > 0; i--)
			walk_add(t, "%02x", ((const uint8_t *)field)[i - 1]);
	}
}

static void
key_describe(walk_text *t, const struct schema_key *k, const void *object)
{
	const char *elements;
	size_t n;

	walk_add(t, " %s", k->name);
	if (!k->list) {
		value_describe(t, k, walk_at(object, k->offset));
		return;
	}
	elements = walk_pointer(object, k->offset);
	n = walk_count(object, k->count);
	for (size_t i = 0; i < n; i++)
		value_describe(t, k, elements + i * k->size);
}

static bool
is_among(const char *const *words, const char *word)
{
	for (; words != NULL && *words != NULL; words++)
		if (strcmp(*words, word) == 0)
			return true;
	return false;
}

static void
map_describe(walk_text *t, enum schema_map map, const void *object,
    const char *const *without)
{
	size_t n;
	const struct schema_key *keys = schema_keys(&n);

	for (size_t i = 0; i < n; i++)
		if (keys[i].map == map && !is_among(without, keys[i].name) &&
		    (keys[i].size > 0 || keys[i].kind == schema_read_map))
			key_describe(t, &keys[i], object);
}

const char *
schema_text(struct schema_reader *r, enum schema_map map, const void *object,
    const char *const *without)
{
	walk_text t = {0};
	const char *text;

	map_describe(&t, map, object, without);
	text = arena_strdup(r->conf->arena, t.at);
	vec_free(&t);
	return text;
}
