/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/yaml.h"

#include <string.h>
#include <yaml.h>

#include "input/bom.h"
#include "input/syntax.h"

/* What an alias may repeat. */
struct anchor {
	const char *name;
	struct conf_mark mark;
	struct yaml_node *node; /* NULL: it is being read */
};

struct build {
	yaml_parser_t parser;
	struct arena *a;
	const char *file, *text;
	size_t len;
	struct diag *d;
	size_t nodes;
	VEC(struct anchor) anchors;
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

/* Octets or characters that no text has. */
static void
report_octets(struct build *b)
{
	const yaml_parser_t *p = &b->parser;
	size_t offset = p->problem_offset;
	struct conf_mark m;

	/* The offset is that of the octet that does not go on. */
	if (strstr(p->problem, "trailing"))
		while (offset > 0 && (unsigned char)b->text[offset] < 0xc0)
			offset--;
	m = mark_at_offset(b, offset);
	if (strstr(p->problem, "control"))
		diag_error(b->d, &m,
		    "the control character U+%04X: delete it, or write \"\\x%02x\" in double quotes",
		    (unsigned)p->problem_value, (unsigned)p->problem_value);
	else
		diag_error(b->d, &m,
		    "not UTF-8 (octet 0x%02x): save the file as UTF-8",
		    (unsigned char)b->text[offset]);
}

static void
report_syntax(struct build *b)
{
	const yaml_parser_t *p = &b->parser;
	const char *bom = bom_find(b->text, b->len);
	struct conf_mark m = mark_from(b, &p->problem_mark);
	struct syntax s = {.text = b->text,
	    .len = b->len,
	    .problem = p->problem ? p->problem : "cannot be read",
	    .context = p->context ? p->context : "",
	    .at = {m.line, m.column}};
	struct syntax_place place = s.at;
	struct error err = {""};

	if (bom) {
		m = mark_at_offset(b, (size_t)(bom - b->text));
		diag_error(b->d, &m, has_bom);
	} else if (p->error == YAML_READER_ERROR) {
		report_octets(b);
	} else {
		if (p->context)
			s.from = (struct syntax_place){
			    (unsigned)p->context_mark.line + 1,
			    (unsigned)p->context_mark.column + 1};
		syntax_explain(&s, &place, &err);
		m.line = place.line;
		m.column = place.column;
		diag_error(b->d, &m, "%s", err.text);
	}
}

static bool
event_next(struct build *b, yaml_event_t *e)
{
	if (yaml_parser_parse(&b->parser, e))
		return true;
	report_syntax(b);
	return false;
}

/* Values that aliases repeat count as often as they stand for them. */
static bool
count_node(struct build *b, const struct conf_mark *mark)
{
	return ++b->nodes <= YAML_NODES_MAX ||
	    diag_error(b->d, mark, "more than %d values in one file%s",
		YAML_NODES_MAX,
		b->anchors.n > 0 ? ", including those repeated by aliases"
				 : "");
}

static struct yaml_node *
node_new(struct build *b, enum yaml_kind kind, const yaml_mark_t *mark)
{
	struct yaml_node *n = arena_alloc(b->a, sizeof(*n));

	n->kind = kind;
	n->mark = mark_from(b, mark);
	n->text = "";
	return count_node(b, &n->mark) ? n : NULL;
}

static bool
check_depth(struct build *b, unsigned depth, const struct conf_mark *mark)
{
	return depth <= YAML_DEPTH_MAX ||
	    diag_error(b->d, mark, "nested more than %d deep", YAML_DEPTH_MAX);
}

/* Anchors and aliases (YAML 1.2.2 6.9.2, 7.1) ------------------------------ */

static const char *
anchor_of(const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		return (const char *)e->data.scalar.anchor;
	case YAML_SEQUENCE_START_EVENT:
		return (const char *)e->data.sequence_start.anchor;
	case YAML_MAPPING_START_EVENT:
		return (const char *)e->data.mapping_start.anchor;
	default:
		return NULL;
	}
}

static struct anchor *
anchor_find(struct build *b, const char *name)
{
	for (size_t i = 0; i < b->anchors.n; i++)
		if (strcmp(b->anchors.at[i].name, name) == 0)
			return &b->anchors.at[i];
	return NULL;
}

/* YAML lets a later anchor of the same name take the place of the first; here
 * nothing stands twice. */
static void
anchor_open(struct build *b, const char *name, const struct conf_mark *mark)
{
	const struct anchor *first = anchor_find(b, name);
	struct anchor fresh = {.mark = *mark};

	if (first) {
		diag_error(b->d, mark,
		    "duplicate anchor \"&%s\": it is already defined at %s:%u; give one of them another name",
		    name, first->mark.file, first->mark.line);
	} else if (b->anchors.n == YAML_ANCHORS_MAX) {
		diag_error(b->d, mark, "more than %d anchors in one file",
		    YAML_ANCHORS_MAX);
	} else {
		fresh.name = arena_strdup(b->a, name);
		vec_push(&b->anchors, fresh);
	}
}

/* The whole of a value again, as if it stood at the alias. */
static struct yaml_node *
copy_node(struct build *b, const struct yaml_node *from,
    const struct conf_mark *alias, unsigned depth)
{
	struct yaml_node *n = arena_dup(b->a, from, sizeof(*from));

	if (!count_node(b, alias) || !check_depth(b, depth, alias))
		return NULL;
	n->mark.alias_line = alias->line;
	n->mark.alias_column = alias->column;
	n->items = arena_dup(b->a, n->items,
	    n->kind == NODE_LIST ? n->n * sizeof(*n->items) : 0);
	n->pairs = arena_dup(
	    b->a, n->pairs, n->kind == NODE_MAP ? n->n * sizeof(*n->pairs) : 0);
	for (size_t i = 0; i < n->n; i++) {
		struct yaml_node **value =
		    n->kind == NODE_LIST ? &n->items[i] : &n->pairs[i].value;
		struct yaml_node **key =
		    n->kind == NODE_MAP ? &n->pairs[i].key : NULL;

		*value = copy_node(b, *value, alias, depth + 1);
		if (key)
			*key = copy_node(b, *key, alias, depth + 1);
		if (!*value || (key && !*key))
			return NULL;
	}
	return n;
}

static void
report_no_anchor(
    struct build *b, const char *name, const struct conf_mark *mark)
{
	const char **names = xcalloc(b->anchors.n + 1, sizeof(*names)), *near;

	for (size_t i = 0; i < b->anchors.n; i++)
		names[i] = b->anchors.at[i].name;
	near = diag_nearest(name, names, b->anchors.n);
	free(names);
	if (near)
		diag_error(b->d, mark,
		    "there is no anchor \"&%s\" above; did you mean \"*%s\"?",
		    name, near);
	else
		diag_error(b->d, mark,
		    "there is no anchor \"&%s\" above: a text that begins with * needs quotes",
		    name);
}

static struct yaml_node *
read_alias(struct build *b, const yaml_event_t *e, unsigned depth)
{
	const char *name = (const char *)e->data.alias.anchor;
	const struct anchor *a = anchor_find(b, name);
	const struct conf_mark mark = mark_from(b, &e->start_mark);
	struct yaml_node *bad;

	if (a && a->node)
		return copy_node(b, a->node, &mark, depth);
	bad = node_new(b, NODE_BAD, &e->start_mark);
	if (bad && a)
		diag_error(b->d, &bad->mark,
		    "the alias \"*%s\" is inside the anchor that it refers to",
		    name);
	else if (bad && !a)
		report_no_anchor(b, name, &bad->mark);
	return bad;
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
read_scalar(struct build *b, const yaml_event_t *e)
{
	struct yaml_node *n = node_new(b, NODE_SCALAR, &e->start_mark);
	const char *value = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;

	if (!n)
		return NULL;
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

/* A key that may stand there.  Without what would be merged the map is
 * damaged: nothing more is said of it. */
static bool
accept_key(struct build *b, const struct yaml_node *key, bool plain,
    struct yaml_node *map)
{
	if (key->kind == NODE_BAD)
		return false;
	if (key->kind != NODE_SCALAR)
		return diag_error(b->d, &key->mark, "a key must be one word");
	if (!plain || strcmp(key->text, "<<") != 0)
		return true;
	map->kind = NODE_BAD;
	return diag_error(b->d, &key->mark,
	    "merge keys (<<) are not supported: use an alias for the whole map (key: *name), or write the keys here");
}

/* False when nothing more can be read. */
static bool
read_pair(struct build *b, yaml_event_t *e, unsigned depth,
    struct yaml_node *map, struct yaml_pair *pair, bool *accepted)
{
	yaml_event_t value;
	bool plain = e->type == YAML_SCALAR_EVENT &&
	    e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;

	pair->key = read_node(b, e, depth + 1);
	if (!pair->key || !event_next(b, &value))
		return false;
	*accepted = accept_key(b, pair->key, plain, map);
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
	refuse_tag(b, &start->start_mark, start->data.mapping_start.tag);
	for (;;) {
		if (!event_next(b, &e))
			goto out;
		if (e.type == YAML_MAPPING_END_EVENT)
			break;
		if (!read_pair(b, &e, depth, n, &pair, &accepted))
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
	const char *name = anchor_of(e);
	struct yaml_node *n = NULL;
	struct anchor *a = NULL;

	if (name)
		anchor_open(b, name, &m);
	if (!check_depth(b, depth, &m))
		;
	else if (e->type == YAML_ALIAS_EVENT)
		n = read_alias(b, e, depth);
	else if (e->type == YAML_SCALAR_EVENT)
		n = read_scalar(b, e);
	else if (e->type == YAML_SEQUENCE_START_EVENT)
		n = read_list(b, e, depth);
	else if (e->type == YAML_MAPPING_START_EVENT)
		n = read_map(b, e, depth);
	if (name)
		a = anchor_find(b, name);
	/* One that was refused is not the first of its name. */
	if (a && !a->node && a->mark.line == m.line &&
	    a->mark.column == m.column)
		a->node = n;
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

static const char is_empty[] =
    "the file is empty: a configuration begins with \"meridian: 1\", and an included file has at least one section";

static struct yaml_node *
read_stream(struct build *b)
{
	struct yaml_node *root;
	yaml_event_t e;

	if (!expect_event(b, YAML_STREAM_START_EVENT, "no text") ||
	    !expect_event(b, YAML_DOCUMENT_START_EVENT, is_empty) ||
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
	vec_free(&b.anchors);
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
	    "duplicate key \"%s\": it is already set at %s:%u", again->text,
	    first->mark.file, first->mark.line);
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
