/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/yaml.h"

#include <string.h>
#include <yaml.h>

#include "input/bom.h"

struct build {
	yaml_parser_t parser;
	struct arena *a;
	const char *file, *text;
	size_t len;
	struct diag *d;
	size_t nodes;
};

static struct conf_mark
mark_from(const struct build *b, const yaml_mark_t *m)
{
	return (struct conf_mark){
	    b->file, (unsigned)m->line + 1, (unsigned)m->column + 1};
}

/* The reader of libyaml gives an offset where the others give a mark. */
static struct conf_mark
mark_at_offset(const struct build *b, size_t offset)
{
	struct conf_mark m = {b->file, 1, 1};
	size_t i;

	for (i = 0; i < offset && i < b->len; i++) {
		if (b->text[i] == '\n') {
			m.line++;
			m.column = 1;
		} else if (((unsigned char)b->text[i] & 0xc0) != 0x80) {
			m.column++;
		}
	}
	return m;
}

static const char has_bom[] =
    "a byte order mark (U+FEFF) within the file: delete it";

static void
report_syntax(struct build *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *problem = p->problem ? p->problem : "cannot be read";
	const char *bom = bom_find(b->text, b->len);
	struct conf_mark m;

	if (bom) {
		m = mark_at_offset(b, (size_t)(bom - b->text));
		diag_error(b->d, &m, has_bom);
		return;
	}

	m = p->error == YAML_READER_ERROR ? mark_at_offset(b, p->problem_offset)
					  : mark_from(b, &p->problem_mark);
	if (p->context)
		diag_error(b->d, &m, "%s (%s)", problem, p->context);
	else
		diag_error(b->d, &m, "%s", problem);
}

static bool
event_next(struct build *b, yaml_event_t *e)
{
	if (yaml_parser_parse(&b->parser, e))
		return true;
	report_syntax(b);
	return false;
}

static struct yaml_node *
node_new(struct build *b, enum yaml_kind kind, const yaml_mark_t *mark)
{
	struct yaml_node *n = arena_alloc(b->a, sizeof(*n));

	n->kind = kind;
	n->mark = mark_from(b, mark);
	n->text = "";
	if (++b->nodes <= YAML_NODES_MAX)
		return n;
	diag_error(
	    b->d, &n->mark, "more than %d values in one file", YAML_NODES_MAX);
	return NULL;
}

static void
refuse_anchor(
    struct build *b, const yaml_mark_t *mark, const unsigned char *anchor)
{
	struct conf_mark m = mark_from(b, mark);

	if (anchor)
		diag_error(b->d, &m,
		    "anchors are not read: write the value "
		    "where it is used");
}

static void
refuse_tag(struct build *b, const yaml_mark_t *mark, const unsigned char *tag)
{
	struct conf_mark m = mark_from(b, mark);

	if (tag)
		diag_error(b->d, &m,
		    "tags are not read: the key decides the "
		    "type");
}

static struct yaml_node *
read_alias(struct build *b, const yaml_event_t *e)
{
	struct yaml_node *n = node_new(b, NODE_BAD, &e->start_mark);

	if (n)
		diag_error(b->d, &n->mark,
		    "aliases are not read: write the "
		    "value here");
	return n;
}

static struct yaml_node *
read_scalar(struct build *b, const yaml_event_t *e)
{
	struct yaml_node *n = node_new(b, NODE_SCALAR, &e->start_mark);
	const char *value = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;

	if (!n)
		return NULL;
	refuse_anchor(b, &e->start_mark, e->data.scalar.anchor);
	refuse_tag(b, &e->start_mark, e->data.scalar.tag);
	if (memchr(value, '\0', len)) {
		diag_error(b->d, &n->mark, "a NUL octet in a value");
		n->kind = NODE_BAD;
		return n;
	}
	/* One that the text spells "\uFEFF" is meant. */
	if (bom_find(value, len) && bom_find(b->text, b->len)) {
		diag_error(b->d, &n->mark, has_bom);
		n->kind = NODE_BAD;
		return n;
	}
	n->text = arena_strndup(b->a, value, len);
	n->empty = len == 0 && e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	return n;
}

static struct yaml_node *read_node(
    struct build *b, yaml_event_t *e, unsigned depth);

static struct yaml_node *
read_list(struct build *b, const yaml_event_t *start, unsigned depth)
{
	struct yaml_node *n = node_new(b, NODE_LIST, &start->start_mark), *item;
	VEC(struct yaml_node *) items = {0};
	yaml_event_t e;
	bool ok = false;

	if (!n)
		return NULL;
	refuse_anchor(b, &start->start_mark, start->data.sequence_start.anchor);
	refuse_tag(b, &start->start_mark, start->data.sequence_start.tag);
	for (;;) {
		if (!event_next(b, &e))
			goto out;
		if (e.type == YAML_SEQUENCE_END_EVENT)
			break;
		item = read_node(b, &e, depth + 1);
		if (!item)
			goto out;
		vec_push(&items, item);
	}
	yaml_event_delete(&e);
	n->n = items.n;
	n->items = arena_dup(b->a, items.at, items.n * sizeof(*items.at));
	ok = true;
out:
	vec_free(&items);
	return ok ? n : NULL;
}

/* A key that may stand there. */
static bool
accept_key(struct build *b, const struct yaml_node *key, bool plain)
{
	if (key->kind == NODE_BAD)
		return false;
	if (key->kind != NODE_SCALAR)
		return diag_error(b->d, &key->mark, "a key must be one word");
	if (plain && strcmp(key->text, "<<") == 0)
		return diag_error(b->d, &key->mark,
		    "merge keys are not read: "
		    "write the keys where they are used");
	return true;
}

/* False when nothing more can be read. */
static bool
read_pair(struct build *b, yaml_event_t *e, unsigned depth,
    struct yaml_pair *pair, bool *accepted)
{
	yaml_event_t value;
	bool plain = e->type == YAML_SCALAR_EVENT &&
	    e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	pair->key = read_node(b, e, depth + 1);
	if (!pair->key || !event_next(b, &value))
		return false;
	*accepted = accept_key(b, pair->key, plain);
	pair->value = read_node(b, &value, depth + 1);
	return pair->value;
}

static struct yaml_node *
read_map(struct build *b, const yaml_event_t *start, unsigned depth)
{
	struct yaml_node *n = node_new(b, NODE_MAP, &start->start_mark);
	VEC(struct yaml_pair) pairs = {0};
	struct yaml_pair pair;
	yaml_event_t e;
	bool ok = false, accepted;

	if (!n)
		return NULL;
	refuse_anchor(b, &start->start_mark, start->data.mapping_start.anchor);
	refuse_tag(b, &start->start_mark, start->data.mapping_start.tag);
	for (;;) {
		if (!event_next(b, &e))
			goto out;
		if (e.type == YAML_MAPPING_END_EVENT)
			break;
		if (!read_pair(b, &e, depth, &pair, &accepted))
			goto out;
		if (accepted)
			vec_push(&pairs, pair);
	}
	yaml_event_delete(&e);
	n->n = pairs.n;
	n->pairs = arena_dup(b->a, pairs.at, pairs.n * sizeof(*pairs.at));
	yaml_keep_unique(n, b->d);
	ok = true;
out:
	vec_free(&pairs);
	return ok ? n : NULL;
}

/* Takes the event over. */
static struct yaml_node *
read_node(struct build *b, yaml_event_t *e, unsigned depth)
{
	struct conf_mark m = mark_from(b, &e->start_mark);
	struct yaml_node *n = NULL;

	if (depth > YAML_DEPTH_MAX)
		diag_error(
		    b->d, &m, "nested more than %d deep", YAML_DEPTH_MAX);
	else if (e->type == YAML_ALIAS_EVENT)
		n = read_alias(b, e);
	else if (e->type == YAML_SCALAR_EVENT)
		n = read_scalar(b, e);
	else if (e->type == YAML_SEQUENCE_START_EVENT)
		n = read_list(b, e, depth);
	else if (e->type == YAML_MAPPING_START_EVENT)
		n = read_map(b, e, depth);
	yaml_event_delete(e);
	return n;
}

/* The next event must be of this type; no other carries what is wanted. */
static bool
expect_event(struct build *b, yaml_event_type_t type, const char *otherwise)
{
	struct conf_mark m;
	yaml_event_t e;
	bool ok;

	if (!event_next(b, &e))
		return false;
	ok = e.type == type;
	m = mark_from(b, &e.start_mark);
	if (!ok)
		diag_error(b->d, &m, "%s", otherwise);
	yaml_event_delete(&e);
	return ok;
}

static struct yaml_node *
read_stream(struct build *b)
{
	struct yaml_node *root;
	yaml_event_t e;

	if (!expect_event(b, YAML_STREAM_START_EVENT, "no text") ||
	    !expect_event(b, YAML_DOCUMENT_START_EVENT, "the file is empty") ||
	    !event_next(b, &e))
		return NULL;
	root = read_node(b, &e, 0);
	if (!root || !expect_event(b, YAML_DOCUMENT_END_EVENT, "no end"))
		return NULL;
	expect_event(
	    b, YAML_STREAM_END_EVENT, "a second document: one file holds one");
	return root;
}

struct yaml_node *
yaml_read(struct arena *a, const char *file, const char *text, size_t len,
    struct diag *d)
{
	struct build b = {
	    .a = a, .file = file, .text = text, .len = len, .d = d};
	const struct conf_mark whole = {file, 0, 0}, first = {file, 1, 1};
	struct yaml_node *root;

	if (len > YAML_SIZE_MAX) {
		diag_error(d, &whole, "larger than %d octets", YAML_SIZE_MAX);
		return NULL;
	}
	if (bom_len(text, len) > 0) { /* libyaml would skip a second one */
		diag_error(d, &first, has_bom);
		return NULL;
	}
	if (!yaml_parser_initialize(&b.parser))
		abort();
	yaml_parser_set_encoding(&b.parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(
	    &b.parser, (const unsigned char *)text, len);
	root = read_stream(&b);
	yaml_parser_delete(&b.parser);
	return root;
}

struct yaml_node *
yaml_find(const struct yaml_node *map, const char *key)
{
	size_t i;

	for (i = 0; map->kind == NODE_MAP && i < map->n; i++)
		if (strcmp(map->pairs[i].key->text, key) == 0)
			return map->pairs[i].value;
	return NULL;
}

/* By text, then by place: pairs of one map stand in order in memory. */
static int
compare_pairs(const void *a, const void *b)
{
	const struct yaml_pair *x = *(struct yaml_pair *const *)a;
	const struct yaml_pair *y = *(struct yaml_pair *const *)b;
	int c = strcmp(x->key->text, y->key->text);

	return c ? c : (x > y) - (x < y);
}

static void
report_duplicate(const struct yaml_node *again, const struct yaml_node *first,
    struct diag *d)
{
	diag_error(d, &again->mark,
	    "duplicate key \"%s\": it stands at "
	    "%s:%u already",
	    again->text, first->mark.file, first->mark.line);
}

void
yaml_keep_unique(struct yaml_node *map, struct diag *d)
{
	struct yaml_pair **sorted = xcalloc(map->n + 1, sizeof(*sorted));
	const struct yaml_node *first = NULL;
	size_t i, n = 0;

	for (i = 0; i < map->n; i++)
		sorted[i] = &map->pairs[i];
	qsort(sorted, map->n, sizeof(*sorted), compare_pairs);
	for (i = 0; i < map->n; i++) {
		if (!first || strcmp(first->text, sorted[i]->key->text) != 0) {
			first = sorted[i]->key;
			continue;
		}
		report_duplicate(sorted[i]->key, first, d);
		sorted[i]->key = NULL;
	}
	for (i = 0; i < map->n; i++)
		if (map->pairs[i].key)
			map->pairs[n++] = map->pairs[i];
	map->n = n;
	free(sorted);
}
