/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Each of libyaml's problems in our words: at both sides of each condition, and
 * of a text that ends where it ends (nothing may be read behind it).
 */
#include "input/syntax.h"

#include <check.h>
#include <string.h>

#include "base/arena.h"

#define X60 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

#define TAB "found character that is a tab character"
#define START "found character that cannot start any token"
#define ALPHA "did not find expected alphabetic or numeric character"
#define SECOND "mapping values are not allowed in this context"
#define NO_KEY "did not find expected key"
#define NO_ITEM "did not find expected '-' indicator"
#define FLOW "did not find expected ',' or ']'"
#define NO_VALUE "did not find expected node content"
#define NO_COLON "could not find expected ':'"
#define NO_BREAK "did not find expected comment or line break"
#define ITEM "block sequence entries are not allowed in this context"
#define START_2 "did not find expected <document start>"
#define WITHIN "found unexpected ':'"
#define QUOTED "while scanning a quoted scalar"

#define CONFLICT \
	"an unresolved merge conflict: choose one side, and remove the lines " \
	"with <<<<<<<, ======= and >>>>>>>"
#define TWO_COLONS \
	"a second \": \" in one line: a value that contains \": \" needs " \
	"quotes, a nested map needs braces { } or lines of its own"
#define NO_COMMA \
	"a comma is allowed only between values within [ ] or { }: remove it"
#define COMMENT "a comment begins with \"#\""
#define ONE_PAIR \
	"text after a closing quote: put the whole value in one pair of " \
	"quotes, in which "
#define NO_OPEN \
	" closes no open bracket: remove it, or open the bracket before it"
#define LIST_BELOW \
	"a list begins on its own line below its key, or is written in " \
	"brackets [ ]"
#define ESCAPE \
	"not an escape of YAML: write \\ as \\\\ in double quotes, or as \\ " \
	"in single quotes"
#define DIRECTIVE \
	"a directive (%) unknown in YAML 1.1 and 1.2: remove the line, or " \
	"put a text that begins with \"%\" in quotes"
#define BEHIND_END \
	"text after \"...\", which ends the document: a file holds one document"

static const struct {
	const char *text, *problem, *context;
	struct syntax_place at, from, place;
	const char *told;
} rows[] = {
    /* What is not known is told in libyaml's words. */
    {"a", "odd", "", {1, 1}, {0, 0}, {1, 1}, "odd"},
    {"a\nb", "odd", "reading", {2, 1}, {1, 1}, {2, 1}, "odd (reading)"},
    {"", "odd", "", {1, 1}, {0, 0}, {1, 1}, "odd"},
    /* Merge conflicts, wherever the problem is. */
    {"<<<<<<< a", "odd", "", {1, 9}, {0, 0}, {1, 1}, CONFLICT},
    {"a\n\n<<<<<<< b\n", "odd", "", {1, 1}, {0, 0}, {3, 1}, CONFLICT},
    {"a <<<<<<< b", "odd", "", {1, 1}, {0, 0}, {1, 1}, "odd"},
    {"<<<<<<<b", "odd", "", {1, 1}, {0, 0}, {1, 1}, "odd"},
    {"<<<<<<<", "odd", "", {1, 1}, {0, 0}, {1, 1}, "odd"},
    /* Tabs. */
    {" \ta", TAB, "", {1, 3}, {0, 0}, {1, 2},
	"a tab in the indentation: indent with spaces"},
    {"a\n\tb", START, "", {2, 1}, {0, 0}, {2, 1},
	"a tab in the indentation: indent with spaces"},
    {" a\t", TAB, "", {1, 3}, {0, 0}, {1, 3}, TAB},
    {"a\n  ", TAB, "", {2, 3}, {0, 0}, {2, 3}, TAB},
    /* Texts that need quotes. */
    {"a: @", START, "", {1, 4}, {0, 0}, {1, 4},
	"a text that begins with \"@\" needs quotes: \"@\""},
    {"[@a, b]", START, "", {1, 2}, {0, 0}, {1, 2},
	"a text that begins with \"@\" needs quotes: \"@a\""},
    {"[@a]", START, "", {1, 2}, {0, 0}, {1, 2},
	"a text that begins with \"@\" needs quotes: \"@a\""},
    {"{@a}", START, "", {1, 2}, {0, 0}, {1, 2},
	"a text that begins with \"@\" needs quotes: \"@a\""},
    {"@a:b: 1", START, "", {1, 1}, {0, 0}, {1, 1},
	"a text that begins with \"@\" needs quotes: \"@a:b\""},
    {"@a:", START, "", {1, 1}, {0, 0}, {1, 1},
	"a text that begins with \"@\" needs quotes: \"@a\""},
    {"@: 1", START, "", {1, 1}, {0, 0}, {1, 1},
	"a text that begins with \"@\" needs quotes: \"@\""},
    {"@ : 1", START, "", {1, 1}, {0, 0}, {1, 1},
	"a text that begins with \"@\" needs quotes: \"@\""},
    {"{@ , b}", START, "", {1, 2}, {0, 0}, {1, 2},
	"a text that begins with \"@\" needs quotes: \"@\""},
    {"@  b c", START, "", {1, 1}, {0, 0}, {1, 1},
	"a text that begins with \"@\" needs quotes: \"@  b\""},
    {"\xc3\xbc: @b", START, "", {1, 4}, {0, 0}, {1, 4},
	"a text that begins with \"@\" needs quotes: \"@b\""},
    {"@" X60, START, "", {1, 1}, {0, 0}, {1, 1},
	"a text that begins with \"@\" needs quotes: \"@" X60 "\""},
    {"@" X60 "x", START, "", {1, 1}, {0, 0}, {1, 1},
	"a text that begins with \"@\" needs quotes: \"@" X60 "\""},
    {"a: b", START, "", {1, 5}, {0, 0}, {1, 5}, START},
    {"&", ALPHA, "while scanning an anchor", {1, 2}, {1, 1}, {1, 1},
	"a text that begins with \"&\" needs quotes: \"&\""},
    {"&", ALPHA, "", {1, 1}, {0, 0}, {1, 1}, ALPHA},
    {"a: !b", "odd", "while scanning a tag", {1, 6}, {1, 4}, {1, 4},
	"a text that begins with \"!\" needs quotes: \"!b\""},
    {"a: !b!c", "found undefined tag handle", "while parsing a node", {1, 4},
	{1, 1}, {1, 4}, "a text that begins with \"!\" needs quotes: \"!b!c\""},
    {"a: >b", NO_BREAK, "while scanning a block scalar", {1, 5}, {1, 4}, {1, 4},
	"a text that begins with \">\" needs quotes: \">b\""},
    {"a: >b", NO_BREAK, "", {1, 5}, {1, 4}, {1, 5}, NO_BREAK},
    /* A second ": ": before the problem, or in the line above. */
    {"a: b: c", SECOND, "", {1, 5}, {0, 0}, {1, 4}, TWO_COLONS},
    {"a: b: c", SECOND, "", {1, 3}, {0, 0}, {1, 4}, TWO_COLONS},
    {"a: b: c", SECOND, "", {1, 2}, {0, 0}, {1, 2}, SECOND},
    {": b: c", SECOND, "", {1, 4}, {0, 0}, {1, 3}, TWO_COLONS},
    {"a:b:c", SECOND, "", {1, 9}, {0, 0}, {1, 9}, SECOND},
    {"a:", SECOND, "", {1, 9}, {0, 0}, {1, 9}, SECOND},
    {"k:v\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 3},
	"a space is missing after \"k:\": write \"k: v\""},
    {"  - k1:v\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 8},
	"a space is missing after \"k1:\": write \"k1: v\""},
    {"_-.:v\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 5},
	"a space is missing after \"_-.:\": write \"_-.: v\""},
    {"k:" X60 "x\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 3},
	"a space is missing after \"k:\": write \"k: " X60 "\""},
    {"1k:v\na: b", SECOND, "", {2, 2}, {0, 0}, {2, 2}, SECOND},
    {":v\na: b", SECOND, "", {2, 2}, {0, 0}, {2, 2}, SECOND},
    {"k:\na: b", SECOND, "", {2, 2}, {0, 0}, {2, 2}, SECOND},
    {"k::\na: b", SECOND, "", {2, 2}, {0, 0}, {2, 2}, SECOND},
    {"k:/v\na: b", SECOND, "", {2, 2}, {0, 0}, {2, 2}, SECOND},
    {"k:\tv\na: b", SECOND, "", {2, 2}, {0, 0}, {2, 2}, SECOND},
    {"k =v\r\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 1},
	"a key and its value are written \"k: value\", not with \"=\""},
    {" -  k=v\n\n# c\na: b", SECOND, "", {4, 2}, {0, 0}, {1, 5},
	"a key and its value are written \"k: value\", not with \"=\""},
    {X60 "x=v\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 1},
	"a key and its value are written \"" X60 ": value\", not with \"=\""},
    {"=v\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 3},
	"\":\" is missing after \"=v\""},
    {"- - k l=v\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 10},
	"\":\" is missing after \"k l=v\""},
    {"-\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 2},
	"\":\" is missing after \"-\""},
    {X60 "x\na: b", SECOND, "", {2, 2}, {0, 0}, {1, 62},
	"\":\" is missing after \"" X60 "\""},
    {"a: 1\n  b: 2", SECOND, "", {2, 4}, {0, 0}, {2, 3},
	"indented deeper than line 1, whose key already has a value: keys of the same map begin in column 1"},
    {"  a: 1\n\n  # c\n   b: 2", SECOND, "", {4, 5}, {0, 0}, {4, 4},
	"indented deeper than line 1, whose key already has a value: keys of the same map begin in column 3"},
    {"a: 1\nb: 2", SECOND, "", {2, 2}, {0, 0}, {2, 2}, SECOND},
    /* Keys and items of other columns; what stands behind a value. */
    {"a: 1\n b: 2", NO_KEY, "", {2, 2}, {1, 1}, {2, 2},
	"indented deeper than the other keys of its map, which begin in column 1 (line 1)"},
    {"  a: 1\n b: 2", NO_KEY, "", {2, 2}, {1, 3}, {2, 2},
	"indented less than the other keys of its map, which begin in column 3 (line 1)"},
    {"a: 1\n- b", NO_KEY, "", {2, 1}, {1, 1}, {2, 1},
	"a list item (\"- \") among the keys of a map: indent it below its key, or write \"key: value\""},
    {"a: 1\nb", NO_KEY, "", {2, 1}, {1, 1}, {2, 1}, NO_KEY},
    {"k:v \"b\" c", NO_KEY, "", {1, 9}, {1, 1}, {1, 3},
	"a space is missing after \"k:\": write \"k: v \"b\" c\""},
    {"a: 1 ]", NO_KEY, "", {1, 6}, {1, 1}, {1, 6}, "\"]\"" NO_OPEN},
    {"a: 1 }", NO_KEY, "", {1, 6}, {1, 1}, {1, 6}, "\"}\"" NO_OPEN},
    {"a: 1 , b", NO_KEY, "", {1, 6}, {1, 1}, {1, 6}, NO_COMMA},
    {"a: 'b' // c", NO_KEY, "", {1, 8}, {1, 1}, {1, 8}, COMMENT},
    {"a: 'b' ; c", NO_KEY, "", {1, 8}, {1, 1}, {1, 8}, COMMENT},
    {"a: 'b' /", NO_KEY, "", {1, 8}, {1, 1}, {1, 8},
	ONE_PAIR "' is written ''"},
    {"a: 'b'c", NO_KEY, "", {1, 7}, {1, 1}, {1, 7}, ONE_PAIR "' is written ''"},
    {"a: \"b\"   c", NO_KEY, "", {1, 10}, {1, 1}, {1, 10},
	ONE_PAIR "\" is written \\\""},
    {"a: [b] c", NO_KEY, "", {1, 8}, {1, 1}, {1, 8},
	"text after the end of a value: \"c\""},
    {"a: [b] " X60 "x", NO_KEY, "", {1, 8}, {1, 1}, {1, 8},
	"text after the end of a value: \"" X60 "\""},
    {"a: [b]", NO_KEY, "", {1, 7}, {1, 1}, {1, 7}, NO_KEY},
    {"- a\n  - b", NO_ITEM, "", {2, 3}, {1, 1}, {2, 3},
	"indented deeper than the other items of its list, which begin in column 1 (line 1)"},
    {"  - a\n - b", NO_ITEM, "", {2, 2}, {1, 3}, {2, 2},
	"indented less than the other items of its list, which begin in column 3 (line 1)"},
    {" - a\n -b", NO_ITEM, "", {2, 2}, {1, 2}, {2, 3},
	"a space is missing after \"-\""},
    {"- a\nb", NO_ITEM, "", {2, 1}, {1, 1}, {2, 1},
	"each item of a list begins with \"- \", this line does not"},
    {"- 'a' b", NO_ITEM, "", {1, 7}, {1, 1}, {1, 7},
	ONE_PAIR "' is written ''"},
    /* Brackets. */
    {"[a b", FLOW, "", {1, 4}, {0, 0}, {1, 4}, FLOW},
    {"[a b", FLOW, "", {1, 4}, {1, 1}, {1, 4},
	"\",\" or \"]\" is missing before this"},
    {"{a b", FLOW, "", {1, 4}, {1, 1}, {1, 4},
	"\",\" or \"}\" is missing before this"},
    {"a: [b", FLOW, "", {1, 6}, {1, 4}, {1, 6},
	"\",\" or \"]\" is missing before this"},
    {"[a }", FLOW, "", {1, 4}, {1, 1}, {1, 4},
	"\"}\" found where \"]\" must close the \"[\" of line 1, column 1"},
    {"{\n a ]", FLOW, "", {2, 4}, {1, 1}, {2, 4},
	"\"]\" found where \"}\" must close the \"{\" of line 1, column 1"},
    {"[a \"b\": c", FLOW, "", {1, 7}, {1, 1}, {1, 7},
	"\":\" where \",\" or \"]\" is expected: a comma is missing before this key, or a value with \":\" needs quotes"},
    {"a: [\n  b\nc: d", FLOW, "", {3, 1}, {1, 4}, {1, 4},
	"\"[\" is not closed: \"]\" is missing"},
    {" a: {\n b c", FLOW, "", {2, 4}, {1, 5}, {1, 5},
	"\"{\" is not closed: \"}\" is missing"},
    {" a: {\n  b c", FLOW, "", {2, 5}, {1, 5}, {2, 5},
	"\",\" or \"}\" is missing before this"},
    {"a: [\n  b", FLOW, "", {2, 4}, {1, 4}, {1, 4},
	"\"[\" is not closed: \"]\" is missing"},
    {"[a,,b]", NO_VALUE, "while parsing a flow node", {1, 4}, {1, 4}, {1, 4},
	"there is no value before this comma: remove it"},
    {"[@]", NO_VALUE, "while parsing a flow node", {1, 2}, {1, 2}, {1, 2},
	"a text that begins with \"@\" needs quotes: \"@\""},
    {"a: ,b", NO_VALUE, "while parsing a block node", {1, 4}, {1, 4}, {1, 4},
	"a text that begins with \",\" needs quotes: \",b\""},
    {"[a", NO_VALUE, "while parsing a flow node", {1, 3}, {1, 3}, {1, 3},
	NO_VALUE " (while parsing a flow node)"},
    {"{eu:{}}", WITHIN, "", {1, 4}, {1, 2}, {1, 5},
	"a space is missing after \"eu:\""},
    {"[a:[b]]", WITHIN, "", {1, 3}, {1, 2}, {1, 4},
	"a space is missing after \"a:\""},
    {"[a:]", WITHIN, "", {1, 3}, {1, 2}, {1, 2},
	"a value with \":\" at its end needs quotes: \"a:\""},
    {"{a:{", WITHIN, "", {1, 3}, {1, 2}, {1, 4},
	"a space is missing after \"a:\""},
    {"[a:", WITHIN, "", {1, 3}, {1, 2}, {1, 2},
	"a value with \":\" at its end needs quotes: \"a:\""},
    {"[" X60 "x:]", WITHIN, "", {1, 63}, {1, 2}, {1, 2},
	"a value with \":\" at its end needs quotes: \"" X60 ":\""},
    {"[" X60 "x:{}]", WITHIN, "", {1, 63}, {1, 2}, {1, 64},
	"a space is missing after \"" X60 ":\""},
    {"[:]", WITHIN, "", {1, 2}, {1, 2}, {1, 2}, WITHIN},
    {"[a\n:]", WITHIN, "", {2, 1}, {1, 2}, {2, 1}, WITHIN},
    /* Keys without a colon. */
    {"a", NO_COLON, "", {2, 1}, {0, 0}, {2, 1}, NO_COLON},
    {"a", NO_COLON, "", {2, 1}, {1, 2}, {2, 1}, NO_COLON},
    {"k:v", NO_COLON, "", {2, 1}, {1, 1}, {1, 3},
	"a space is missing after \"k:\": write \"k: v\""},
    {" -a", NO_COLON, "", {2, 1}, {1, 2}, {1, 3},
	"a space is missing after \"-\""},
    {"//a", NO_COLON, "", {2, 1}, {1, 1}, {1, 1}, COMMENT},
    {";a", NO_COLON, "", {2, 1}, {1, 1}, {1, 1}, COMMENT},
    {"/", NO_COLON, "", {2, 1}, {1, 1}, {1, 1},
	"\":\" and a value are missing after \"/\""},
    {" a=b", NO_COLON, "", {2, 1}, {1, 2}, {1, 2},
	"a key and its value are written \"a: value\", not with \"=\""},
    {X60 "x", NO_COLON, "", {2, 1}, {1, 1}, {1, 1},
	"\":\" and a value are missing after \"" X60 "\""},
    /* Quotes, lists, documents, directives. */
    {"a: 'b", "found unexpected end of stream", QUOTED, {2, 1}, {1, 4}, {1, 4},
	"a quote that is not closed"},
    {"a: 'b", "found unexpected document indicator", QUOTED, {2, 1}, {1, 4},
	{1, 4}, "a quote that is not closed"},
    {"a: \"\\q\"", "found unknown escape character", QUOTED, {1, 5}, {1, 4},
	{1, 5}, ESCAPE},
    {"a: - b", ITEM, "", {1, 4}, {0, 0}, {1, 4}, LIST_BELOW},
    {"\n# c\n%A\nb: 1", START_2, "", {4, 1}, {0, 0}, {4, 1},
	"a line \"---\" is missing above, after the directive (%) of line 3"},
    {"%A\nb: 1", START_2, "", {2, 1}, {0, 0}, {2, 1},
	"a line \"---\" is missing above, after the directive (%) of line 1"},
    {"  a: 1\n b: 2", START_2, "", {2, 2}, {0, 0}, {2, 2},
	"indented less than the first key, of line 1"},
    {"a: 1\n...\n\nb: 1", START_2, "", {4, 1}, {0, 0}, {4, 1}, BEHIND_END},
    {"...\nb: 1", START_2, "", {2, 1}, {0, 0}, {2, 1}, BEHIND_END},
    {"\n  a: 1\n b: 2", START_2, "", {3, 2}, {0, 0}, {3, 2},
	"indented less than the first key, of line 2"},
    {"  a: 1\n  b", START_2, "", {2, 3}, {0, 0}, {2, 3},
	"text after the end of a value: \"b\""},
    {"  [a] b", START_2, "", {1, 2}, {0, 0}, {1, 2},
	"text after the end of a value: \" [a] b\""},
    {"%A b", "found unknown directive name", "", {1, 3}, {0, 0}, {1, 1},
	DIRECTIVE},
    {"\n%YAML 9.1", "found incompatible YAML document", "", {2, 3}, {0, 0},
	{2, 1}, DIRECTIVE},
    {"%?", "odd", "while scanning a directive", {1, 2}, {1, 1}, {1, 1},
	DIRECTIVE},
    {"%YAML x", "odd", "while scanning a %YAML directive", {1, 7}, {1, 1},
	{1, 1}, DIRECTIVE},
};

START_TEST(each_problem_is_told_in_these_words)
{
	size_t len = strlen(rows[_i].text);
	size_t size = (len + 16) & ~(size_t)15;
	char *block = xmalloc(size), *text = block + size - len;
	struct syntax s = {.text = text,
	    .len = len,
	    .problem = rows[_i].problem,
	    .context = rows[_i].context,
	    .at = rows[_i].at,
	    .from = rows[_i].from};
	struct syntax_place place = {0, 0};
	struct error told;

	memcpy(text, rows[_i].text, len);
	syntax_explain(&s, &place, &told);
	ck_assert_str_eq(told.text, rows[_i].told);
	ck_assert_uint_eq(place.line, rows[_i].place.line);
	ck_assert_uint_eq(place.column, rows[_i].place.column);
	free(block);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("syntax_words");
	TCase *tc = tcase_create("syntax_words");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, each_problem_is_told_in_these_words, 0,
	    sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
