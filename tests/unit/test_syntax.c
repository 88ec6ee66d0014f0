/* SPDX-License-Identifier: BSD-3-Clause */
/* Files that are no YAML: the mistake, its place and the whole message.
 */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

static const struct {
	const char *text;
	unsigned line, column;
	const char *told;
} mistakes[] = {
    {"meridian: 1\nserver:\n  nsid=home\n  workers: 3\n", 3, 3,
	"a key and its value are written \"nsid: value\", not with \"=\""},
    {"meridian = 1\nzones: {}\n", 1, 1,
	"a key and its value are written \"meridian: value\", not with \"=\""},
    {"meridian: 1\ntests:\n  - name = a\n    from: b\n", 3, 5,
	"a key and its value are written \"name: value\", not with \"=\""},
    {"meridian: 1\nfoo \"a=b\"\n", 2, 1,
	"\":\" and a value are missing after \"foo \"a=b\"\""},
    {"meridian: 1\n=a\n", 2, 1, "\":\" and a value are missing after \"=a\""},
    {"meridian: 1\nx =\n", 2, 1,
	"a key and its value are written \"x: value\", not with \"=\""},
    {"# c\n\n  - a\n b: 1\n", 3, 3,
	"a configuration is a map (key: value): its lines begin with \"KEY:\", not with \"- \""},
    {"meridian: 1\nserver:\n  workers: 1\n  nsid=home\n", 4, 3,
	"a key and its value are written \"nsid: value\", not with \"=\""},
    {"meridian: 1\nserver:\n  workers: 1\n  nsid = a b\nzones: {}\n", 4, 3,
	"a key and its value are written \"nsid: value\", not with \"=\""},
    {"meridian: 1\nnsid=home\n", 2, 1,
	"a key and its value are written \"nsid: value\", not with \"=\""},
    {"  meridian: 1\nzones: {}\n", 2, 1,
	"indented less than the first key, of line 1"},
    {"# c\n\n  meridian: 1\n zones: {}\n", 4, 2,
	"indented less than the first key, of line 3"},
    {"%YAML 1.1\nmeridian: 1\n", 2, 1,
	"a line \"---\" is missing above, after the directive (%) of line 1"},
    {"# c\n%YAML 1.1\nmeridian: 1\n", 3, 1,
	"a line \"---\" is missing above, after the directive (%) of line 2"},
    {"meridian: 1\n...\nzones: {}\n", 3, 1,
	"text after \"...\", which ends the document: a file holds one document"},
    {"meridian: 1\n...\n\n# c\nzones: {}\n", 5, 1,
	"text after \"...\", which ends the document: a file holds one document"},
    {"meridian: 1\nserver: {nsid: \"ü\" x}\n", 2, 20,
	"\",\" or \"}\" is missing before this"},
    {"meridian: 1\nfoo\n", 2, 1, "\":\" and a value are missing after \"foo\""},
    {"meridian: 1\n-foo\n", 2, 2, "a space is missing after \"-\""},
    {"meridian: 1\n; c\n", 2, 1, "a comment begins with \"#\""},
    {"a: b: c\n", 1, 4,
	"a second \": \" in one line: a value that contains \": \" needs quotes, a nested map needs braces { } or lines of its own"},
    {"x\na: b\n", 1, 2, "\":\" is missing after \"x\""},
    {"# c\n\nx y\n# d\na: b\n", 3, 1,
	"a configuration is a map (key: value), not \"x y\""},
    {"a: 1\n# c\n  b: 2\n", 3, 3,
	"indented deeper than the other keys of its map, which begin in column 1 (line 1)"},
    {"\n\n  x: 1\n    y: 2\n", 4, 5,
	"indented deeper than line 3, whose key already has a value: keys of the same map begin in column 3"},
    {"meridian: 1\nserver:\n  listen:\n    - a\n    b\n", 5, 5,
	"\":\" and a value are missing after \"b\""},
    {"meridian: 1\nserver:\n  listen:\n    - a\n    -b\n", 5, 6,
	"a space is missing after \"-\""},
    {"meridian: 1\nserver:\n  listen:\n    - a\n   - b\n", 5, 4,
	"indented deeper than the other keys of its map, which begin in column 3 (line 3)"},
    {"meridian: 1\nserver:\n  listen:\n    - a\n     - b\n", 4, 7,
	"\"a - b\" is more than one value: write a list, each value after \"- \" on its own line, or all in brackets [ ]"},
    {"meridian: 1\nserver: {a: 1, b: 2: 3}\n", 2, 20,
	"\":\" where \",\" or \"}\" is expected: a comma is missing before this key, or a value with \":\" needs quotes"},
    {"meridian: 1\nserver: [a b: c: d]\n", 2, 16,
	"\":\" where \",\" or \"]\" is expected: a comma is missing before this key, or a value with \":\" needs quotes"},
    {"meridian: 1\nserver: [a,,b]\n", 2, 12,
	"there is no value before this comma: remove it"},
    {"meridian: 1\nserver: \"\\q\"\n", 2, 10,
	"not an escape of YAML: write \\ as \\\\ in double quotes, or as \\ in single quotes"},
    {"meridian: 1\nserver: - a\n", 2, 9,
	"a list begins on its own line below its key, or is written in brackets [ ]"},
    {"meridian: 1\nserver: 'a' b\n", 2, 13,
	"text after a closing quote: put the whole value in one pair of quotes, in which ' is written ''"},
    {"meridian: 1\nserver: 'a', b\n", 2, 12,
	"a comma is allowed only between values within [ ] or { }: remove it"},
    {"meridian: 1\nserver: [a] // b\n", 2, 13, "a comment begins with \"#\""},
    {"meridian: 1\nserver: [a] ; b\n", 2, 13, "a comment begins with \"#\""},
    {"meridian: 1\nserver: [\n  a\nb: 1\n", 2, 9,
	"\"[\" is not closed: \"]\" is missing"},
    {"meridian: 1\nserver: [\n  a\n  b: 1\n  c: 2\n", 4, 4,
	"\":\" where \",\" or \"]\" is expected: a comma is missing before this key, or a value with \":\" needs quotes"},
    {"meridian: 1\nserver:\n  a: 'b\n  c: d\n", 3, 6,
	"a quote that is not closed"},
    {"<<<<<<< a\n", 1, 1,
	"a configuration is a map (key: value), not \"<<<<<<< a\""},
    {"meridian: 1\n<<<<<<< HEAD\nx\n", 2, 1,
	"an unresolved merge conflict: choose one side, and remove the lines with <<<<<<<, ======= and >>>>>>>"},
    {"meridian: 1\n<<<<<<<\n", 2, 1,
	"\":\" and a value are missing after \"<<<<<<<\""},
};

START_TEST(a_mistake_is_told_in_these_words)
{
	struct diag d;
	bool found = false;
	char *said;

	diag_init(&d);
	ck_assert_ptr_null(conf_load_text("m.yaml", mistakes[_i].text, &d));
	for (size_t i = 0; i < d.entries.n; i++) {
		const struct diag_entry *e = &d.entries.at[i];

		found |= e->mark.line == mistakes[_i].line &&
		    e->mark.column == mistakes[_i].column &&
		    strcmp(e->message, mistakes[_i].told) == 0;
	}
	said = diag_text(&d);
	ck_assert_msg(found, "%s", said);
	free(said);
	diag_fini(&d);
}
END_TEST

START_TEST(a_key_has_at_most_1024_characters)
{
	for (size_t n = 1024; n <= 1025; n++) {
		char text[2048] = "meridian: 1\n";
		struct diag d;

		memset(text + strlen(text), 'k', n);
		diag_init(&d);
		ck_assert_ptr_null(conf_load_text("m.yaml", text, &d));
		ck_assert_int_eq(strcmp(d.entries.at[0].message,
				     "a key of more than 1024 characters") == 0,
		    n > 1024);
		diag_fini(&d);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("syntax");
	TCase *tc = tcase_create("syntax");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc, a_mistake_is_told_in_these_words, 0,
	    sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, a_key_has_at_most_1024_characters);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
