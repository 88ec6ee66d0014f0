/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/lex.h"

#include <check.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(s) (s), sizeof(s) - 1
#define MARK "\xef\xbb\xbf"

static char listing[4096];
static size_t length;

static void __attribute__((format(printf, 1, 2))) list(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	length += (size_t)vsnprintf(
	    listing + length, sizeof(listing) - length, fmt, ap);
	va_end(ap);
	ck_assert_uint_lt(length, sizeof(listing));
}

static void
list_word(const struct lex *l, const struct lexeme *word)
{
	static const char marks[] = "WQEX"; /* by enum lex_kind */

	list(" %c%u:%u", marks[word->kind], word->line, word->column);
	if (word->kind == LEX_WRONG)
		list("(%u:%u %s)", l->error_line, l->error_column,
		    l->error.text);
	else if (word->kind != LEX_END)
		list("[%.*s]%s", (int)word->len, word->at,
		    word->joined ? "+" : "");
	else
		ck_assert_uint_eq(word->len, 0);
}

/* The entries of a text, a line each: "-" one that begins with a blank, then
 * its words: W a word, Q a string, E the end, X a mistake; where they stand;
 * "+" where a quote follows.  Of each entry at most words of them are read. */
static const char *
entries(const char *text, size_t len, unsigned words, bool peek)
{
	char *copy = malloc(len + 1); /* so that a sanitizer sees its end */
	struct lexeme word;
	struct lex l;
	bool blank;

	memcpy(copy, text, len);
	length = 0;
	listing[0] = '\0';
	lex_init(&l, copy, len);
	while (lex_begin(&l, &blank)) {
		list("%s%u", blank ? "-" : "", l.line);
		for (unsigned i = 0; i < words; i++) {
			if (peek)
				ck_assert_int_eq(
				    lex_peek(&l)->kind, lex_peek(&l)->kind);
			ck_assert_int_eq(lex_next(&l, &word), word.kind);
			list_word(&l, &word);
			if (word.kind >= LEX_END)
				break;
		}
		list("\n");
	}
	free(copy);
	return listing;
}

static const struct {
	const char *text;
	size_t len;
	const char *want;
} rows[] = {
    {TEXT(""), ""},
    {TEXT("\n \n\t\n;x\n ;y\n\r\n \r\n"), ""},
    {TEXT("a"), "1 W1:1[a] E1:2\n"},
    {TEXT("a\n"), "1 W1:1[a] E1:2\n"},
    {TEXT(" a"), "-1 W1:2[a] E1:3\n"},
    {TEXT("\ta b \nc"), "-1 W1:2[a] W1:4[b] E1:6\n2 W2:1[c] E2:2\n"},
    {TEXT("a\r\nb\r"), "1 W1:1[a] E1:3\n2 W2:1[b] E2:3\n"},
    {TEXT("\r\na"), "2 W2:1[a] E2:2\n"},
    {TEXT(" \r\na"), "2 W2:1[a] E2:2\n"},
    {TEXT("; c\na;c\n;c"), "2 W2:1[a] E2:4\n"},
    {TEXT("a ; (\"\nb"), "1 W1:1[a] E1:7\n2 W2:1[b] E2:2\n"},
    {TEXT("a;"), "1 W1:1[a] E1:3\n"},
    /* strings */
    {TEXT("\"\""), "1 Q1:1[] E1:3\n"},
    {TEXT("a \"b c\" d"), "1 W1:1[a] Q1:3[b c] W1:9[d] E1:10\n"},
    {TEXT("\"a\"b"), "1 Q1:1[a]+ W1:4[b] E1:5\n"},
    {TEXT("\"a\"\"b\""), "1 Q1:1[a]+ Q1:4[b] E1:7\n"},
    {TEXT("\"a\"\\b"), "1 Q1:1[a]+ W1:4[\\b] E1:6\n"},
    {TEXT("\"a\";b"), "1 Q1:1[a] E1:6\n"},
    {TEXT("(\"a\")"), "1 Q1:2[a] E1:6\n"},
    {TEXT("a\"b\""), "1 W1:1[a]+ Q1:2[b] E1:5\n"},
    {TEXT("a(\"b\""), "1 W1:1[a] Q1:3[b] X1:2(1:2 '(' without ')')\n"},
    {TEXT("\"\\\"\\\\;()\t\1\" a"), "1 Q1:1[\\\"\\\\;()\t\1] W1:13[a] E1:14\n"},
    {TEXT("\"a"), "1 X1:1(1:1 a quote that is not closed on its line)\n"},
    {TEXT("x \"a\nb"),
	"1 W1:1[x] X1:3(1:3 a quote that is not closed on its line)\n"
	"2 W2:1[b] E2:2\n"},
    {TEXT("\"a\\"), "1 X1:3(1:3 a backslash without a character after it)\n"},
    {TEXT("\"a\\\nb"),
	"1 X1:3(1:3 a backslash without a character after it)\n"
	"2 W2:1[b] E2:2\n"},
    {TEXT("\"a\0b\" c\nd"),
	"1 X1:3(1:3 a control character: write it as \\000)\n"
	"2 W2:1[d] E2:2\n"},
    {TEXT("\"\\\0\""),
	"1 X1:2(1:2 a backslash without a character after it)\n"},
    /* escapes */
    {TEXT("\\;\\ \\(a\\\\"), "1 W1:1[\\;\\ \\(a\\\\] E1:10\n"},
    {TEXT("a\\"), "1 X1:2(1:2 a backslash without a character after it)\n"},
    {TEXT("\\\t"), "1 W1:1[\\\t] E1:3\n"},
    {TEXT("ab\\\ncd"),
	"1 X1:3(1:3 a backslash without a character after it)\n"
	"2 W2:1[cd] E2:3\n"},
    {TEXT("\\\0a"), "1 X1:1(1:1 a backslash without a character after it)\n"},
    /* parentheses */
    {TEXT("a (\n b ; c )\n)d\ne"),
	"1 W1:1[a] W2:2[b] W3:2[d] E3:3\n4 W4:1[e] E4:2\n"},
    {TEXT("(a)(b)\nc"), "1 W1:2[a] W1:5[b] E1:7\n2 W2:1[c] E2:2\n"},
    {TEXT("((a\n)b\n)c\nd"),
	"1 W1:3[a] W2:2[b] W3:2[c] E3:3\n4 W4:1[d] E4:2\n"},
    {TEXT("a )b\nc"), "1 W1:1[a] X1:3(1:3 ')' without '(')\n2 W2:1[c] E2:2\n"},
    {TEXT("a (\n((b"), "1 W1:1[a] W2:3[b] X1:3(1:3 '(' without ')')\n"},
    {TEXT("a (b\n) (\nc"),
	"1 W1:1[a] W1:4[b] W3:1[c] X2:3(2:3 '(' without ')')\n"},
    {TEXT("a (\1\n) b\nc"),
	"1 W1:1[a] X1:4(1:4 a control character: write it as \\001)\n"
	"2 X2:1(2:1 ')' without '(')\n3 W3:1[c] E3:2\n"},
    /* octets */
    {TEXT("a\1\n"),
	"1 W1:1[a] X1:2(1:2 a control character: write it as \\001)\n"},
    {TEXT("a \x7f"),
	"1 W1:1[a] X1:3(1:3 a control character: write it as \\127)\n"},
    {TEXT("a\x80\xff b"), "1 W1:1[a\x80\xff] W1:5[b] E1:6\n"},
    {TEXT("\v"), "1 X1:1(1:1 a control character: write it as \\011)\n"},
    {TEXT("a\rb\nc"),
	"1 W1:1[a] X1:2(1:2 a control character: write it as \\013)\n"
	"2 W2:1[c] E2:2\n"},
    {TEXT("\ra"), "1 X1:1(1:1 a control character: write it as \\013)\n"},
    {TEXT("\xef\xbb"
	  "a"),
	"1 W1:1[\xef\xbb"
	"a] E1:4\n"},
    {TEXT("a\xef"), "1 W1:1[a\xef] E1:3\n"},
};

START_TEST(words_have_their_kinds_and_places)
{
	const char *text = rows[_i].text;
	size_t len = rows[_i].len;

	ck_assert_str_eq(entries(text, len, 100, false), rows[_i].want);
	ck_assert_str_eq(entries(text, len, 100, true), rows[_i].want);
}
END_TEST

/* What is not read of an entry is skipped, with its parentheses. */
START_TEST(the_rest_of_an_entry_is_skipped)
{
	static const struct {
		const char *text;
		size_t len;
		const char *want; /* one word of each entry */
	} some[] = {
	    {TEXT("a b\n c d"), "1 W1:1[a]\n-2 W2:2[c]\n"},
	    {TEXT("a (b\n c) d\ne"), "1 W1:1[a]\n3 W3:1[e]\n"},
	    {TEXT("(a\nb\n)\nc"), "1 W1:2[a]\n4 W4:1[c]\n"},
	    {TEXT("a )\nb"), "1 W1:1[a]\n2 W2:1[b]\n"},
	    {TEXT("a \"b\nc"), "1 W1:1[a]\n2 W2:1[c]\n"},
	    {TEXT("a ( \"b\nc )\nd"), "1 W1:1[a]\n2 W2:1[c]\n3 W3:1[d]\n"},
	    {TEXT("a ( \1\n)\nd"),
		"1 W1:1[a]\n2 X2:1(2:1 ')' without '(')\n3 W3:1[d]\n"},
	    {TEXT("a ; (\nb"), "1 W1:1[a]\n2 W2:1[b]\n"},
	    {TEXT("a ("), "1 W1:1[a]\n"},
	};

	for (size_t i = 0; i < ROWS(some); i++)
		for (int peek = 0; peek < 2; peek++)
			ck_assert_str_eq(
			    entries(some[i].text, some[i].len, 1, peek),
			    some[i].want);
	ck_assert_str_eq(entries(TEXT("a b\nc\n"), 0, false), "1\n2\n");
}
END_TEST

/* RFC 1035 5.1, and what is no text. */
START_TEST(each_octet_is_one_of_few_kinds)
{
	char text[] = "a?b", want[64];

	for (unsigned octet = 0; octet < 256; octet++) {
		bool control = octet < 0x20 || octet == 0x7f;

		text[1] = (char)octet;
		if (octet == ' ' || octet == '\t' || octet == ')')
			strcpy(want, "1 W1:1[a] W1:3[b]");
		else if (octet == '\n')
			strcpy(want, "1 W1:1[a] E1:2\n2 W2:1[b]");
		else if (octet == ';')
			strcpy(want, "1 W1:1[a] E1:4");
		else if (control)
			strcpy(want, "1 W1:1[a] X1:2(1:2 a control");
		else if (octet != '(' && octet != '"')
			snprintf(want, sizeof(want), "1 W1:1[%s]", text);
		else
			strcpy(want, "1 W1:1[a]");
		if (octet == ')')
			strcpy(want, "1 W1:1[a] X1:2(1:2 ')'");
		if (octet == '"')
			strcpy(want, "1 W1:1[a]+ X1:2(1:2 a quote");
		ck_assert_msg(strncmp(entries(text, 3, 100, false), want,
				  strlen(want)) == 0,
		    "%u: %s", octet, listing);
	}
}
END_TEST

START_TEST(a_byte_order_mark_is_no_character_of_a_word)
{
	static const char *const places[] = {
	    MARK "a", "a" MARK, "a b" MARK "c"};
	static const unsigned columns[] = {1, 2, 4};
	char want[32];

	for (size_t i = 0; i < ROWS(places); i++) {
		snprintf(want, sizeof(want), " X1:%u(1:%u a byte order mark",
		    columns[i], columns[i]);
		entries(places[i], strlen(places[i]), 100, false);
		ck_assert_msg(strstr(listing, want) != NULL, "%s", listing);
	}
	ck_assert_str_eq(entries(TEXT("\"" MARK "\" ;" MARK), 100, false),
	    "1 Q1:1[" MARK "] E1:11\n");
}
END_TEST

START_TEST(the_first_mistake_of_an_entry_is_kept)
{
	struct lexeme first, second;
	struct lex l;
	bool blank;

	lex_init(&l, TEXT("a b )\nc d"));
	ck_assert(lex_begin(&l, &blank));
	lex_next(&l, &first);
	lex_next(&l, &second);
	ck_assert(!lex_fail(&l, &second, "wrong: %d", 1));
	ck_assert(!lex_fail(&l, &first, "wrong: %d", 2));
	lex_prefix(&l, "%s %d", "field", 3);
	ck_assert_str_eq(l.error.text, "field 3: wrong: 1");
	ck_assert_uint_eq(l.error_column, 3);
	/* What the text itself has wrong comes too late. */
	ck_assert_int_eq(lex_next(&l, &first), LEX_WRONG);
	lex_prefix(&l, "record");
	ck_assert_str_eq(l.error.text, "record: field 3: wrong: 1");
	/* The next entry has mistakes of its own. */
	ck_assert(lex_begin(&l, &blank));
	ck_assert(!l.wrong && !l.broken);
	lex_next(&l, &first);
	lex_fail(&l, &first, "another");
	ck_assert_str_eq(l.error.text, "another");
	ck_assert_uint_eq(l.error_line, 2);
}
END_TEST

START_TEST(a_mistake_of_the_text_gets_no_prefix)
{
	static const char *const wrong[] = {
	    ")", "\1", "\"", "\\", "(", "\"\\", "\"\\\n", MARK};
	struct lexeme word;
	struct lex l;
	bool blank;

	for (size_t i = 0; i < ROWS(wrong); i++) {
		lex_init(&l, wrong[i], strlen(wrong[i]));
		ck_assert(lex_begin(&l, &blank));
		ck_assert_int_eq(lex_next(&l, &word), LEX_WRONG);
		lex_prefix(&l, "field");
		ck_assert_ptr_null(strstr(l.error.text, "field"));
		ck_assert(l.wrong && l.broken);
	}
}
END_TEST

START_TEST(what_is_looked_at_is_read_again)
{
	struct lexeme word;
	struct lex l;
	bool blank;

	lex_init(&l, TEXT("a\nb"));
	ck_assert(lex_begin(&l, &blank));
	lex_next(&l, &word);
	ck_assert_int_eq(lex_peek(&l)->kind, LEX_END);
	/* The end that is held is that of its entry, not of the next. */
	ck_assert(lex_begin(&l, &blank));
	ck_assert_int_eq(lex_peek(&l)->kind, LEX_WORD);
	ck_assert_int_eq(lex_next(&l, &word), LEX_WORD);
	ck_assert_int_eq(lex_next(&l, &word), LEX_END);
	ck_assert_int_eq(lex_next(&l, &word), LEX_END);
	ck_assert(!lex_begin(&l, &blank));
	/* Before an entry begins there is none. */
	lex_init(&l, TEXT("a"));
	ck_assert_int_eq(lex_next(&l, &word), LEX_END);
	ck_assert_uint_eq(word.column, 1);
}
END_TEST

START_TEST(words_are_compared_without_case)
{
	static const struct {
		const char *word, *text;
		bool is;
	} pairs[] = {
	    {"in", "IN", true},
	    {"IN", "IN", true},
	    {"iN", "IN", true},
	    {"i", "IN", false},
	    {"inn", "IN", false},
	    {"xn", "IN", false},
	    {"ix", "IN", false},
	    {"$TTL", "$ttl", true},
	    {"", "", true},
	    {"a", "", false},
	};

	for (size_t i = 0; i < ROWS(pairs); i++) {
		struct lexeme word = {
		    .at = pairs[i].word, .len = strlen(pairs[i].word)};

		ck_assert_msg(lex_is(&word, pairs[i].text) == pairs[i].is,
		    "%s %s", pairs[i].word, pairs[i].text);
	}
}
END_TEST

START_TEST(an_octet_is_a_character_or_an_escape)
{
	static const struct {
		const char *text;
		size_t len;
		int octet; /* -1: none */
		size_t taken;
	} octets[] = {
	    {TEXT("a\\"), 'a', 1},
	    {TEXT("\\a1"), 'a', 2},
	    {TEXT("\\\\"), '\\', 2},
	    {TEXT("\\/12"), '/', 2},
	    {TEXT("\\:12"), ':', 2},
	    {TEXT("\\0001"), 0, 4},
	    {TEXT("\\9"), -1, 0},
	    {TEXT("\\09"), -1, 0},
	    {TEXT("\\099"), 99, 4},
	    {TEXT("\\190"), 190, 4},
	    {TEXT("\\255"), 255, 4},
	    {TEXT("\\256"), -1, 0},
	    {TEXT("\\999"), -1, 0},
	    {TEXT("\\0/0"), -1, 0},
	    {TEXT("\\0:0"), -1, 0},
	    {TEXT("\\00/"), -1, 0},
	    {TEXT("\\00:"), -1, 0},
	    {TEXT("\\"), -1, 0},
	};

	for (size_t i = 0; i < ROWS(octets); i++) {
		const char *p = octets[i].text;
		unsigned char octet;
		bool ok = lex_octet(&p, p + octets[i].len, &octet);

		ck_assert_msg(ok == (octets[i].octet >= 0), "%s", p);
		if (!ok)
			continue;
		ck_assert_int_eq(octet, octets[i].octet);
		ck_assert_uint_eq(
		    (size_t)(p - octets[i].text), octets[i].taken);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("lex");
	TCase *tc = tcase_create("lex");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, words_have_their_kinds_and_places, 0, ROWS(rows));
	tcase_add_test(tc, the_rest_of_an_entry_is_skipped);
	tcase_add_test(tc, each_octet_is_one_of_few_kinds);
	tcase_add_test(tc, a_byte_order_mark_is_no_character_of_a_word);
	tcase_add_test(tc, the_first_mistake_of_an_entry_is_kept);
	tcase_add_test(tc, a_mistake_of_the_text_gets_no_prefix);
	tcase_add_test(tc, what_is_looked_at_is_read_again);
	tcase_add_test(tc, words_are_compared_without_case);
	tcase_add_test(tc, an_octet_is_a_character_or_an_escape);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
