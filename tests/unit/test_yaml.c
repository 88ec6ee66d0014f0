/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/yaml.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct diag diag;
static struct arena *arena;

static void
setup(void)
{
	diag_init(&diag);
	arena = arena_new();
}

static void
teardown(void)
{
	arena_free(arena);
	diag_fini(&diag);
}

static struct yaml_node *
read_text(const char *text)
{
	return yaml_read(arena, "f", text, strlen(text), &diag);
}

/* The one thing that is wrong with a text, and where. */
static void
expect_error(
    const char *text, unsigned line, unsigned column, const char *message)
{
	const struct diag_entry *e;

	read_text(text);
	ck_assert_msg(
	    diag.nerrors == 1, "%zu errors in %s", diag.nerrors, text);
	e = &diag.entries.at[0];
	ck_assert_msg(
	    strstr(e->message, message) != NULL, "%s: %s", text, e->message);
	ck_assert_uint_eq(e->mark.line, line);
	ck_assert_uint_eq(e->mark.column, column);
}

START_TEST(nodes_know_where_they_stand)
{
	struct yaml_node *n = read_text("a: 1\nb:\n  - x\n  - {c: y}\n");
	struct yaml_node *b, *c;

	ck_assert_int_eq(n->kind, NODE_MAP);
	ck_assert_uint_eq(n->n, 2);
	b = yaml_find(n, "b");
	ck_assert_int_eq(b->kind, NODE_LIST);
	ck_assert_uint_eq(b->n, 2);
	ck_assert_str_eq(b->items[0]->text, "x");
	c = yaml_find(b->items[1], "c");
	ck_assert_str_eq(c->text, "y");
	ck_assert_uint_eq(c->mark.line, 4);
	ck_assert_uint_eq(c->mark.column, 9);
	ck_assert_str_eq(c->mark.file, "f");
	ck_assert_ptr_null(yaml_find(n, "d"));
	ck_assert_uint_eq(diag.nerrors, 0);
}
END_TEST

START_TEST(nothing_is_not_the_empty_word)
{
	struct yaml_node *n = read_text("a:\nb: ''\n");

	ck_assert(yaml_find(n, "a")->empty);
	ck_assert(!yaml_find(n, "b")->empty);
}
END_TEST

START_TEST(columns_count_characters)
{
	struct yaml_node *n = read_text("{\"\xc3\xa9\xc3\xa9\": 1, b: 2}");

	ck_assert_uint_eq(yaml_find(n, "b")->mark.column, 14);
}
END_TEST

START_TEST(duplicate_keys_are_refused_and_the_first_stays)
{
	struct yaml_node *n = read_text("a: 1\nb: 2\na: 3\n\"a\": 4\n");

	ck_assert_uint_eq(diag.nerrors, 2);
	ck_assert_uint_eq(diag.entries.at[0].mark.line, 3);
	ck_assert_uint_eq(diag.entries.at[1].mark.line, 4);
	ck_assert_uint_eq(n->n, 2);
	ck_assert_str_eq(yaml_find(n, "a")->text, "1");
}
END_TEST

struct refusal {
	const char *text;
	unsigned line, column;
	const char *message;
};

static const struct refusal refusals[] = {
    {"a: 1\n---\nb: 2\n", 2, 1, "second document"},
    {"", 1, 1, "the file is empty"},
    {"# nothing\n", 2, 1, "the file is empty"},
    {"a:\n  <<: {b: 1}\n", 2, 3, "merge keys"},
    {"a: !!int 1\n", 1, 4, "tags"},
    {"a: !!str 1\n", 1, 4, "tags"},
    {"a: !x [1]\n", 1, 4, "tags"},
    {"a: !x {b: 1}\n", 1, 4, "tags"},
    {"[a, b]: 1\n", 1, 1, "a key must be one word"},
    {"? {a: 1}\n: 1\n", 1, 3, "a key must be one word"},
    {"a: \"x\\0y\"\n", 1, 4, "NUL"},
    {"a: [1, 2\nb: 3\n", 1, 4, "\"[\" is not closed: \"]\" is missing"},
    {"a: b: c\n", 1, 4, "a second \": \" in one line"},
    {"a: 1\n\tb: 2\n", 2, 1, "a tab in the indentation"},
    {"a: \"\n", 1, 4, "a quote that is not closed"},
    {"a: 1\nbc: \x01\n", 2, 5, "the control character U+0001"},
    {"a: \xff\n", 1, 4, "not UTF-8 (octet 0xff): save the file as UTF-8"},
    {"a: b\xe9", 1, 5, "not UTF-8 (octet 0xe9)"},
    {"a: \xc3)\n", 1, 4, "not UTF-8 (octet 0xc3)"},
    {"a: *x\n", 1, 4, "there is no anchor \"&x\" above: a text"},
    {"a: *x1\nb: &x1 1\n", 1, 4, "there is no anchor \"&x1\" above"},
    {"b: &long 1\na: *lnog\n", 2, 4, "did you mean \"*long\"?"},
    {"a: &x [*x]\n", 1, 8, "\"*x\" is inside the anchor that it refers to"},
    {"a: &x {b: [*x]}\n", 1, 12,
	"\"*x\" is inside the anchor that it refers to"},
    {"a: &x 1\nb: &x 2\n", 2, 4,
	"duplicate anchor \"&x\": it is already defined at f:1"},
    {"a: &x [&x 2]\n", 1, 8,
	"duplicate anchor \"&x\": it is already defined at f:1"},
    {"a: &x [1]\n*x : 1\n", 1, 4, "one word (repeated by the alias at 2:1)"},
    {"a: &x\n  <<: {b: 1}\nb: *x\n", 2, 3, "merge keys"},
    {"\xef\xbb\xbf"
     "a: 1\n",
	1, 1, "byte order mark"},
    {"a: 1\n\xef\xbb\xbf"
     "b: 1\n",
	2, 1, "byte order mark"},
    {"a: 1\nb: \xef\xbb\xbfx\n", 2, 4, "byte order mark"},
    {"a: 1\nb: 'x\xef\xbb\xbf'\n", 2, 4, "byte order mark"},
};

START_TEST(what_is_not_plain_yaml_is_refused)
{
	const struct refusal *r = &refusals[_i];

	expect_error(r->text, r->line, r->column, r->message);
}
END_TEST

START_TEST(an_alias_repeats_what_its_anchor_marks)
{
	struct yaml_node *n = read_text("a: &m {b: &l [1, &s x]}\n"
					"c: *m\nd: [*l, *s]\n*s : *s\n");
	struct yaml_node *c = yaml_find(n, "c"), *l = yaml_find(c, "b");
	struct yaml_node *d = yaml_find(n, "d");

	ck_assert_uint_eq(diag.nerrors, 0);
	ck_assert_int_eq(l->kind, NODE_LIST);
	ck_assert_str_eq(l->items[1]->text, "x");
	ck_assert_int_eq(d->items[0]->kind, NODE_LIST);
	ck_assert_str_eq(d->items[0]->items[0]->text, "1");
	ck_assert_str_eq(d->items[1]->text, "x");
	ck_assert_str_eq(yaml_find(n, "x")->text, "x");
	/* Both places are known: the text's and the outermost alias'. */
	ck_assert_uint_eq(l->items[1]->mark.line, 1);
	ck_assert_uint_eq(l->items[1]->mark.column, 18);
	ck_assert_uint_eq(l->items[1]->mark.alias_line, 2);
	ck_assert_uint_eq(l->items[1]->mark.alias_column, 4);
	ck_assert_uint_eq(c->pairs[0].key->mark.alias_line, 2);
	ck_assert_uint_eq(yaml_find(n, "a")->mark.alias_line, 0);
}
END_TEST

START_TEST(an_alias_of_nothing_is_nothing)
{
	struct yaml_node *n = read_text("a: &x\nb: *x\nc: &y ''\nd: *y\n");

	ck_assert(yaml_find(n, "b")->empty);
	ck_assert(!yaml_find(n, "d")->empty);
	ck_assert_uint_eq(diag.nerrors, 0);
}
END_TEST

START_TEST(what_is_wrong_with_an_anchor_is_said_once)
{
	read_text("a: &x {b: 1, b: 2}\nc: *x\nd: *x\n");
	ck_assert_uint_eq(diag.nerrors, 1);
}
END_TEST

/* a: &a [1, 1], b: &b [*a, *a] and so on. */
START_TEST(what_aliases_repeat_is_bounded)
{
	char text[2048], *p = text;

	p += sprintf(p, "a: &a [1, 1, 1, 1, 1, 1, 1, 1]\n");
	for (char c = 'b'; c <= 'j'; c++)
		p += sprintf(p,
		    "%c: &%c [*%c, *%c, *%c, *%c, *%c, *%c, *%c, *%c]\n", c, c,
		    c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1, c - 1);
	ck_assert_ptr_null(read_text(text));
	ck_assert_uint_eq(diag.nerrors, 1);
	ck_assert_ptr_nonnull(strstr(diag.entries.at[0].message,
	    "more than 1000000 values in one file, including those repeated by aliases"));
}
END_TEST

START_TEST(the_depth_of_what_aliases_repeat_is_bounded)
{
	char text[1024], *p = text;

	p += sprintf(p, "a0: &a0 1\n");
	for (unsigned i = 1; i < YAML_DEPTH_MAX; i++)
		p += sprintf(p, "a%u: &a%u [*a%u]\n", i, i, i - 1);
	ck_assert_ptr_nonnull(read_text(text));
	ck_assert_uint_eq(diag.nerrors, 0);
	sprintf(p, "b: [*a%u]\n", YAML_DEPTH_MAX - 1);
	ck_assert_ptr_null(read_text(text));
	ck_assert_ptr_nonnull(
	    strstr(diag.entries.at[0].message, "nested more than 16 deep"));
}
END_TEST

START_TEST(anchors_are_bounded)
{
	char *text = xcalloc(1, 32 * (YAML_ANCHORS_MAX + 2)), *p = text;

	for (unsigned i = 0; i < YAML_ANCHORS_MAX; i++)
		p += sprintf(p, "- &a%u x\n", i);
	read_text(text);
	ck_assert_uint_eq(diag.nerrors, 0);
	sprintf(p, "- &b x\n");
	read_text(text);
	ck_assert_uint_eq(diag.nerrors, 1);
	free(text);
}
END_TEST

START_TEST(a_byte_order_mark_may_be_spelled)
{
	struct yaml_node *n = read_text("a: \"\\uFEFFx\"\n");

	ck_assert_uint_eq(diag.nerrors, 0);
	ck_assert_str_eq(yaml_find(n, "a")->text,
	    "\xef\xbb\xbf"
	    "x");
}
END_TEST

START_TEST(a_quoted_merge_key_is_a_key)
{
	ck_assert_uint_eq(read_text("\"<<\": 1\n")->n, 1);
	ck_assert_uint_eq(diag.nerrors, 0);
}
END_TEST

/* a: [[[...]]] with so many brackets. */
static char *
nested(size_t depth)
{
	char *text = xcalloc(1, 2 * depth + 4);

	memcpy(text, "a: ", 3);
	memset(text + 3, '[', depth);
	memset(text + 3 + depth, ']', depth);
	return text;
}

START_TEST(depth_is_bounded)
{
	char *good = nested(YAML_DEPTH_MAX), *bad = nested(YAML_DEPTH_MAX + 1);
	char *worse = nested(100000);

	ck_assert_ptr_nonnull(read_text(good));
	ck_assert_uint_eq(diag.nerrors, 0);
	ck_assert_ptr_null(read_text(bad));
	ck_assert_ptr_null(read_text(worse));
	ck_assert_uint_eq(diag.nerrors, 2);
	free(good);
	free(bad);
	free(worse);
}
END_TEST

START_TEST(the_number_of_values_is_bounded)
{
	size_t i, n = YAML_NODES_MAX + 10;
	char *text = xcalloc(1, 2 * n + 3);

	text[0] = '[';
	for (i = 0; i < n; i++)
		memcpy(text + 1 + 2 * i, "1,", 2);
	text[1 + 2 * n] = ']';
	ck_assert_ptr_null(read_text(text));
	ck_assert_uint_eq(diag.nerrors, 1);
	free(text);
}
END_TEST

START_TEST(the_size_is_bounded)
{
	size_t len = YAML_SIZE_MAX + 1;
	char *text = xmalloc(len);

	memset(text, '#', len);
	ck_assert_ptr_null(yaml_read(arena, "f", text, len, &diag));
	ck_assert_uint_eq(diag.nerrors, 1);
	free(text);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("yaml");
	TCase *t = tcase_create("yaml");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nodes_know_where_they_stand);
	tcase_add_test(t, nothing_is_not_the_empty_word);
	tcase_add_test(t, columns_count_characters);
	tcase_add_test(t, duplicate_keys_are_refused_and_the_first_stays);
	tcase_add_loop_test(t, what_is_not_plain_yaml_is_refused, 0,
	    sizeof(refusals) / sizeof(*refusals));
	tcase_add_test(t, an_alias_repeats_what_its_anchor_marks);
	tcase_add_test(t, an_alias_of_nothing_is_nothing);
	tcase_add_test(t, what_is_wrong_with_an_anchor_is_said_once);
	tcase_add_test(t, what_aliases_repeat_is_bounded);
	tcase_add_test(t, the_depth_of_what_aliases_repeat_is_bounded);
	tcase_add_test(t, anchors_are_bounded);
	tcase_add_test(t, a_byte_order_mark_may_be_spelled);
	tcase_add_test(t, a_quoted_merge_key_is_a_key);
	tcase_add_test(t, depth_is_bounded);
	tcase_add_test(t, the_number_of_values_is_bounded);
	tcase_add_test(t, the_size_is_bounded);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
