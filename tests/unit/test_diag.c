/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/diag.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct diag diag;

static void
setup(void)
{
	diag_init(&diag);
}

static void
teardown(void)
{
	diag_fini(&diag);
}

static void
expect_text(const char *want)
{
	char *text = diag_text(&diag);

	ck_assert_str_eq(text, want);
	free(text);
}

START_TEST(an_error_shows_its_line_and_a_caret)
{
	struct conf_mark m = {"f.yaml", 2, 4};

	diag_source(&diag, "f.yaml", "one\n\ta: x\nthree\n");
	ck_assert(!diag_error(&diag, &m, "%s is wrong", "x"));
	expect_text("f.yaml:2:4: error: x is wrong\n"
		    "     a: x\n"
		    "       ^\n");
}
END_TEST

START_TEST(a_mark_without_a_line_is_the_file)
{
	struct conf_mark m = {"f.yaml", 0, 0};

	diag_warning(&diag, &m, "odd");
	expect_text("f.yaml: warning: odd\n");
	ck_assert_uint_eq(diag.nwarnings, 1);
	ck_assert_uint_eq(diag.nerrors, 0);
}
END_TEST

START_TEST(a_mark_without_a_column_shows_no_caret)
{
	struct conf_mark m = {"f.zone", 1, 0};

	diag_source(&diag, "f.zone", "text");
	diag_error(&diag, &m, "odd");
	expect_text("f.zone:1: error: odd\n    text\n");
}
END_TEST

START_TEST(entries_are_sorted_by_place)
{
	struct conf_mark a = {"a", 1, 1}, b = {"b", 9, 1}, b2 = {"b", 2, 7};
	struct conf_mark b1 = {"b", 2, 3};

	diag_source(&diag, "b", "");
	diag_error(&diag, &a, "5");
	diag_error(&diag, &b, "4");
	diag_error(&diag, &b2, "2");
	diag_error(&diag, &b2, "3");
	diag_error(&diag, &b1, "1");
	expect_text("b:2:3: error: 1\nb:2:7: error: 2\nb:2:7: error: 3\n"
		    "b:9:1: error: 4\na:1:1: error: 5\n");
}
END_TEST

START_TEST(columns_count_characters)
{
	struct conf_mark m = {"f", 1, 4};

	diag_source(&diag, "f", "\xc3\xa9\xc3\xa9 x");
	diag_error(&diag, &m, "x");
	expect_text("f:1:4: error: x\n    \xc3\xa9\xc3\xa9 x\n       ^\n");
}
END_TEST

START_TEST(a_long_line_is_shown_around_the_caret)
{
	struct conf_mark m = {"f", 1, 5000};
	char *line = xcalloc(1, 10001), *text, *shown, *below;

	memset(line, 'a', 10000);
	line[4999] = 'X';
	diag_source(&diag, "f", line);
	diag_error(&diag, &m, "long");
	text = diag_text(&diag);
	ck_assert_uint_lt(strlen(text), 300);
	shown = strchr(text, '\n') + 1;
	below = strchr(shown, '\n') + 1;
	ck_assert_int_eq(
	    strchr(shown, 'X') - shown, strchr(below, '^') - below);
	free(text);
	free(line);
}
END_TEST

START_TEST(no_control_character_reaches_the_terminal)
{
	struct conf_mark m = {"f", 1, 1};
	char *text;

	diag_source(&diag, "f", "a\033[31m\r\n");
	diag_error(&diag, &m, "no \033[31m here");
	text = diag_text(&diag);
	ck_assert_ptr_null(strchr(text, '\033'));
	ck_assert_ptr_null(strchr(text, '\r'));
	free(text);
}
END_TEST

START_TEST(a_thousand_are_kept_and_all_are_counted)
{
	struct conf_mark m = {"f", 1, 1};
	char *text;
	int i;

	for (i = 0; i < 1500; i++)
		diag_error(&diag, &m, "%d", i);
	ck_assert_uint_eq(diag.nerrors, 1500);
	ck_assert_uint_eq(diag.entries.n, 1000);
	text = diag_text(&diag);
	ck_assert_ptr_nonnull(strstr(text, "and 500 more\n"));
	free(text);
}
END_TEST

START_TEST(a_long_message_is_cut)
{
	struct conf_mark m = {"f", 1, 1};
	char *word = xcalloc(1, 100001);

	memset(word, 'w', 100000);
	diag_error(&diag, &m, "%s", word);
	ck_assert_uint_lt(strlen(diag.entries.at[0].message), 1000);
	free(word);
}
END_TEST

START_TEST(marks_may_die_before_the_text_is_made)
{
	char *file = strdup("gone");
	struct conf_mark m = {file, 1, 1};

	diag_error(&diag, &m, "x");
	free(file);
	expect_text("gone:1:1: error: x\n");
}
END_TEST

static const struct {
	const char *word, *near;
} words[] = {
    {"regoins", "regions"},
    {"Regions", "regions"},
    {"monitor", "monitors"},
    {"polls", "pools"},
    {"http", "http"},
    {"https", "http"},
    {"x", NULL},
    {"", NULL},
    {"completely-else", NULL},
};

START_TEST(the_nearest_word_is_one_that_was_meant)
{
	static const char *const valid[] = {
	    "regions", "monitors", "pools", "http", "tests"};
	const char *near = diag_nearest(words[_i].word, valid, 5);

	if (words[_i].near)
		ck_assert_str_eq(near, words[_i].near);
	else
		ck_assert_ptr_null(near);
}
END_TEST

START_TEST(a_word_of_any_length_is_compared)
{
	char *word = xcalloc(1, 100001);
	const char *const valid[] = {"a", word};

	memset(word, 'w', 100000);
	ck_assert_ptr_null(diag_nearest(word, valid, 2));
	ck_assert_ptr_null(diag_nearest("www", valid, 2));
	free(word);
}
END_TEST

START_TEST(an_alias_is_told_beside_what_it_repeats)
{
	struct conf_mark m = {"f.yaml", 2, 4, 7, 9};
	char wide[600];

	diag_error(&diag, &m, "wrong");
	ck_assert_str_eq(
	    diag.entries.at[0].message, "wrong (repeated by the alias at 7:9)");
	memset(wide, 'x', sizeof(wide));
	wide[sizeof(wide) - 1] = '\0';
	diag_error(&diag, &m, "%s", wide);
	ck_assert_ptr_nonnull(strstr(
	    diag.entries.at[1].message, "x... (repeated by the alias at 7:9)"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("diag");
	TCase *t = tcase_create("diag");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, an_alias_is_told_beside_what_it_repeats);
	tcase_add_test(t, an_error_shows_its_line_and_a_caret);
	tcase_add_test(t, a_mark_without_a_line_is_the_file);
	tcase_add_test(t, a_mark_without_a_column_shows_no_caret);
	tcase_add_test(t, entries_are_sorted_by_place);
	tcase_add_test(t, columns_count_characters);
	tcase_add_test(t, a_long_line_is_shown_around_the_caret);
	tcase_add_test(t, no_control_character_reaches_the_terminal);
	tcase_add_test(t, a_thousand_are_kept_and_all_are_counted);
	tcase_add_test(t, a_long_message_is_cut);
	tcase_add_test(t, marks_may_die_before_the_text_is_made);
	tcase_add_loop_test(t, the_nearest_word_is_one_that_was_meant, 0,
	    sizeof(words) / sizeof(*words));
	tcase_add_test(t, a_word_of_any_length_is_compared);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
