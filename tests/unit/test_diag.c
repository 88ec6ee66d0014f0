/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/diag.h"

#include <check.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct diag diag;

static void
setup(void)
{
	memset(&diag, 0xff, sizeof(diag));
	diag_init(&diag);
}

static void
teardown(void)
{
	static const struct diag empty;

	diag_fini(&diag);
	ck_assert_mem_eq(&diag, &empty, sizeof(diag));
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
	struct conf_mark m = {"f.yaml", 2, 4, 7, 9}, first = {"f", 9, 1, 1, 1};
	char said[600];

	diag_error(&diag, &m, "wrong");
	ck_assert_str_eq(
	    diag.entries.at[0].message, "wrong (repeated by the alias at 7:9)");
	diag_error(&diag, &first, "e");
	ck_assert_str_eq(
	    diag.entries.at[1].message, "e (repeated by the alias at 1:1)");
	memset(said, 'x', sizeof(said));
	said[sizeof(said) - 1] = '\0';
	diag_error(&diag, &m, "%s", said);
	ck_assert_ptr_nonnull(strstr(
	    diag.entries.at[2].message, "x... (repeated by the alias at 7:9)"));
}
END_TEST

/* Characters of a line, of which the caret's is X, and as what it is shown. */
static const struct {
	unsigned column, shown, caret;
} wide[] = {
    {1, 1, 1},
    {99, 1, 99},
    {100, 1, 100},
    {101, 52, 50},
    {150, 101, 50},
    {199, 150, 50},
    {200, 151, 50},
};

START_TEST(a_hundred_characters_are_shown_and_the_caret_is_among_them)
{
	enum { LENGTH = 200 };
	struct conf_mark m = {"f", 1, wide[_i].column};
	char line[2 * LENGTH + 1] = "", want[1024] = "f:1:";
	unsigned first = wide[_i].shown, last = first + 99;

	sprintf(want + strlen(want), "%u: error: e\n    ", m.column);
	for (unsigned i = 1; i <= LENGTH; i++) {
		const char *c = i == m.column ? "X" : "\xc3\xa9";

		strcat(line, c);
		if (i >= first && i <= last)
			strcat(want, c);
	}
	sprintf(want + strlen(want), "\n    %*s\n", (int)wide[_i].caret, "^");
	diag_source(&diag, "f", line);
	diag_error(&diag, &m, "e");
	expect_text(want);
}
END_TEST

/* Only that line, whatever was shown before it. */
START_TEST(each_entry_shows_the_line_of_its_file)
{
	static const struct conf_mark marks[] = {{"a", 2, 1}, {"a", 2, 2},
	    {"a", 4, 1}, {"a", 5, 1}, {"b", 1, 1}, {"b", 3, 2}, {"c", 1, 1}};

	diag_source(&diag, "a", "a1\na2\na3\na4");
	diag_source(&diag, "b", "b1\n\nb3\n");
	for (size_t i = sizeof(marks) / sizeof(marks[0]); i > 0; i--)
		diag_error(&diag, &marks[i - 1], "e");
	expect_text("a:2:1: error: e\n    a2\n    ^\n"
		    "a:2:2: error: e\n    a2\n     ^\n"
		    "a:4:1: error: e\n    a4\n    ^\n"
		    "a:5:1: error: e\n"
		    "b:1:1: error: e\n    b1\n    ^\n"
		    "b:3:2: error: e\n    b3\n     ^\n"
		    "c:1:1: error: e\n");
}
END_TEST

START_TEST(a_file_has_a_source_once_its_text_is_there)
{
	struct conf_mark m = {"b", 1, 1}, none = {NULL, 0, 0};

	diag_source(&diag, "a", "text");
	diag_error(&diag, &m, "e");
	ck_assert(diag_has_source(&diag, "a"));
	ck_assert(!diag_has_source(&diag, "b"));
	ck_assert(!diag_has_source(&diag, "c"));
	diag_source(&diag, "b", "late");
	ck_assert(diag_has_source(&diag, "b"));
	ck_assert(!diag_has_source(&diag, "c"));
	diag_error(&diag, &none, "of no file");
	expect_text("b:1:1: error: e\n    late\n    ^\n: error: of no file\n");
}
END_TEST

START_TEST(a_note_stands_below_its_entry_and_is_indented)
{
	struct conf_mark m = {"f", 1, 1}, file = {"f", 0, 0};

	diag_source(&diag, "f", "x");
	diag_error(&diag, &m, "1");
	diag_note(&diag, "one\n\ttwo\033\n");
	diag_error(&diag, &m, "2");
	diag_note(&diag, NULL);
	diag_warning(&diag, &file, "3");
	diag_note(&diag, "of no line\n");
	expect_text("f: warning: 3\n"
		    "f:1:1: error: 1\n    x\n    ^\n    one\n    ?two?\n"
		    "f:1:1: error: 2\n    x\n    ^\n");
}
END_TEST

START_TEST(what_is_beyond_a_thousand_is_only_counted)
{
	struct conf_mark m = {"f", 0, 0};
	char *text;

	for (int i = 0; i < 999; i++)
		diag_error(&diag, &m, "%d", i);
	diag_warning(&diag, &m, "last");
	text = diag_text(&diag);
	ck_assert_str_eq(text + strlen(text) - strlen("f: warning: last\n"),
	    "f: warning: last\n");
	free(text);
	diag_warning(&diag, &m, "lost");
	diag_note(&diag, "of the one that was lost");
	ck_assert_uint_eq(diag.nerrors, 999);
	ck_assert_uint_eq(diag.nwarnings, 2);
	ck_assert_ptr_null(diag.entries.at[999].note);
	text = diag_text(&diag);
	ck_assert_str_eq(text + strlen(text) - strlen("last\nand 1 more\n"),
	    "last\nand 1 more\n");
	free(text);
}
END_TEST

/* Octets of a message, and those that are kept of it. */
static const struct {
	unsigned alias, said, kept;
} lengths[] = {
    {0, 510, 510},
    {0, 511, 511},
    {0, 512, 508},
    {0, 600, 508},
    {7, 479, 479},
    {7, 480, 480},
    {7, 481, 477},
};

START_TEST(a_message_has_at_most_511_octets)
{
	struct conf_mark m = {"f", 1, 1, lengths[_i].alias, 9};
	unsigned said = lengths[_i].said, kept = lengths[_i].kept;
	char text[1024] = "", want[1024] = "";

	memset(text, 'x', said);
	memset(want, 'x', kept);
	strcat(want, kept < said ? "..." : "");
	strcat(want, m.alias_line > 0 ? " (repeated by the alias at 7:9)" : "");
	diag_error(&diag, &m, "%s", text);
	ck_assert_str_eq(diag.entries.at[0].message, want);
}
END_TEST

START_TEST(what_was_read_is_kept_with_its_hash)
{
	struct digest digest;

	diag_read(&diag, "a", "one", 3);
	diag_read(&diag, "b", "", 0);
	ck_assert_uint_eq(diag.files.n, 2);
	ck_assert_str_eq(diag.files.at[0].path, "a");
	ck_assert_uint_eq(diag.files.at[0].size, 3);
	digest_make(&digest, "one", 3);
	ck_assert_mem_eq(&diag.files.at[0].digest, &digest, sizeof(digest));
	ck_assert_str_eq(diag.files.at[1].path, "b");
	ck_assert_uint_eq(diag.files.at[1].size, 0);
	digest_make(&digest, "", 0);
	ck_assert_mem_eq(&diag.files.at[1].digest, &digest, sizeof(digest));
}
END_TEST

static size_t
smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
are_same(char a, char b)
{
	return tolower(a) == tolower(b);
}

/* The textbook's: edits that make the first na of a the first nb of b. */
static size_t
edits(const char *a, size_t na, const char *b, size_t nb)
{
	size_t least;

	if (na == 0 || nb == 0)
		return na + nb;
	least = smaller(edits(a, na - 1, b, nb), edits(a, na, b, nb - 1)) + 1;
	least = smaller(least,
	    edits(a, na - 1, b, nb - 1) + !are_same(a[na - 1], b[nb - 1]));
	if (na > 1 && nb > 1 && are_same(a[na - 1], b[nb - 2]) &&
	    are_same(a[na - 2], b[nb - 1]))
		least = smaller(least, edits(a, na - 2, b, nb - 2) + 1);
	return least;
}

/* One of up to five letters, behind a letter that is not of it. */
static const char *
word_make(char buf[7], unsigned *seed)
{
	unsigned left, n;

	*seed = *seed * 1103515245 + 12345;
	left = *seed >> 8;
	n = 1 + left % 5;
	memset(buf, 0, 7);
	for (unsigned i = 0; i <= n; i++, left /= 4)
		buf[i] = "abcA"[left / 5 % 4];
	return buf + 1;
}

START_TEST(the_nearest_word_has_the_fewest_edits)
{
	unsigned seed = 1;

	for (int round = 0; round < 3000; round++) {
		char bufs[4][7];
		const char *word = word_make(bufs[3], &seed), *want = NULL;
		const char *all[3];
		size_t least = (strlen(word) + 2) / 3;

		for (int i = 0; i < 3; i++) {
			size_t n;

			all[i] = word_make(bufs[i], &seed);
			n = edits(word, strlen(word), all[i], strlen(all[i]));
			if (n > least || (n == least && want != NULL))
				continue;
			least = n;
			want = all[i];
		}
		ck_assert_msg(diag_nearest(word, all, 3) == want,
		    "%s: of %s, %s, %s", word, all[0], all[1], all[2]);
	}
}
END_TEST

/* Characters of the word, and of the valid one, which begins with it. */
static const struct {
	size_t word, valid;
	bool near;
} long_words[] = {
    {127, 128, true},
    {128, 128, true},
    {128, 127, true},
    {128, 129, false},
    {129, 128, false},
    {129, 129, false},
    {90, 120, true},
    {90, 121, false},
    {120, 80, true},
    {121, 80, true},
    {122, 80, false},
};

START_TEST(words_of_128_characters_are_compared)
{
	char word[256] = "", valid[256] = "";
	const char *const all[] = {valid};

	memset(word, 'w', long_words[_i].word);
	memset(valid, 'w', long_words[_i].valid);
	ck_assert_ptr_eq(
	    diag_nearest(word, all, 1), long_words[_i].near ? valid : NULL);
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
	tcase_add_loop_test(t,
	    a_hundred_characters_are_shown_and_the_caret_is_among_them, 0,
	    sizeof(wide) / sizeof(wide[0]));
	tcase_add_test(t, each_entry_shows_the_line_of_its_file);
	tcase_add_test(t, a_file_has_a_source_once_its_text_is_there);
	tcase_add_test(t, a_note_stands_below_its_entry_and_is_indented);
	tcase_add_test(t, what_is_beyond_a_thousand_is_only_counted);
	tcase_add_loop_test(t, a_message_has_at_most_511_octets, 0,
	    sizeof(lengths) / sizeof(lengths[0]));
	tcase_add_test(t, what_was_read_is_kept_with_its_hash);
	tcase_add_test(t, the_nearest_word_has_the_fewest_edits);
	tcase_add_loop_test(t, words_of_128_characters_are_compared, 0,
	    sizeof(long_words) / sizeof(long_words[0]));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
