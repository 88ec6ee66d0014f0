/* SPDX-License-Identifier: BSD-3-Clause */
/* Lines of $GENERATE, word for word. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "zone/generate.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static char lines[4096];
static size_t length;
static unsigned left; /* lines that are taken */

static bool
keep(const char *line, void *arg)
{
	ck_assert_ptr_eq(arg, lines);
	length += (size_t)snprintf(
	    lines + length, sizeof(lines) - length, "%s|", line);
	return --left > 0;
}

/* The lines that the words behind $GENERATE make; or the mistake. */
static const char *
made(const char *text)
{
	static struct lex l;
	bool blank, ok;

	length = 0;
	lines[0] = '\0';
	lex_init(&l, text, strlen(text));
	lex_begin(&l, &blank);
	ok = generate(&l, keep, lines);
	ck_assert(ok || left == 0 || l.wrong);
	return l.wrong ? l.error.text : lines;
}

static const struct {
	const char *text, *want;
} rows[] = {
    {"1-3 a$ A 192.0.2.$", "a1 A 192.0.2.1|a2 A 192.0.2.2|a3 A 192.0.2.3|"},
    {"0-0 $", "0|"},
    {"5-9/2 $", "5|7|9|"},
    {"5-8/2 $", "5|7|"},
    {"5-9/4 $", "5|9|"},
    {"5-9/5 $", "5|"},
    {"2147483647-2147483647 $", "2147483647|"},
    {"0-2147483647/2147483647 $", "0|2147483647|"},
    {"1-1 $$ a$$b $$$", "$ a$b $1|"},
    {"1-1 \\$ \\\\$", "\\$ \\\\1|"},
    {"1-1 a", "a|"},
    {"1-1 $a$", "1a1|"},
    {"1-1 ${0}", "1|"},
    {"1-1 ${5} ${-1}", "6 0|"},
    {"1-1 ${999999999}", "1000000000|"},
    {"1-1 ${0,0} ${0,1} ${0,3} ${0,3,d}", "1 1 001 001|"},
    {"8-8 ${0,0,o} ${0,4,o}", "10 0010|"},
    {"171-171 ${0,0,x} ${0,0,X} ${0,4,x} ${0,4,X}", "ab AB 00ab 00AB|"},
    /* Nibbles: the lowest first; a width counts the dots. */
    {"0-0 ${0,0,n} ${0,1,n} ${0,2,n} ${0,3,n} ${0,4,n}", "0 0 0. 0.0 0.0.|"},
    {"171-171 ${0,0,n} ${0,1,n} ${0,2,n} ${0,3,n} ${0,4,n} ${0,5,n}",
	"b.a b.a b.a b.a b.a. b.a.0|"},
    {"171-171 ${0,0,N} ${0,4,N}", "B.A B.A.|"},
    {"16-16 ${0,0,n}", "0.1|"},
    {"15-15 ${0,0,n}", "f|"},
    {"4660-4660 ${0,0,n}", "4.3.2.1|"},
    /* Words are joined by a blank, whatever stood between them. */
    {"1-1 a\t (b\n  c ) ; d", "a b c|"},
    {"1-1 a \"b c\" d", "a \"b c\" d|"},
    {"1-1 a\"b\"\"c\"d", "a\"b\"\"c\"d|"},
    {"1-1 a \"b\"c", "a \"b\"c|"},
    /* Quotes around all of the data are none. */
    {"1-1 a A \"x $\"", "a A  x 1 |"},
    {"1-1 a TXT \"x\"", "a TXT  x |"},
    {"1-1 a 5 TXT \"x\"", "a 5 TXT  x |"},
    {"1-1 a IN TXT \"x\"", "a IN TXT  x |"},
    {"1-1 a in 5 TXT \"x\"", "a in 5 TXT  x |"},
    {"1-1 a 5 IN TXT \"x\"", "a 5 IN TXT  x |"},
    {"1-1 a INX \"x\"", "a INX  x |"},
    {"1-1 a TXT \"x\" \"y\"", "a TXT \"x\" \"y\"|"},
    {"1-1 a TXT x \"y\"", "a TXT x \"y\"|"},
    {"1-1 a TXT \"x\" y", "a TXT \"x\" y|"},
    {"1-1 a TXT \"", "a quote that is not closed on its line"},
    /* Mistakes */
    {"", "$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"1 $", "$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"1- $", "$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"-1 $", "$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"1-2/ $", "$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"1/2-3 $",
	"$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"1-2x $", "$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"1-2/1x $",
	"$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"\"1-2\" $",
	"$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"0-2147483648 $",
	"$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"2147483648-2147483648 $",
	"$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"0-1/2147483648 $",
	"$GENERATE: not start-stop[/step], of numbers up to 2147483647"},
    {"2-1 $", "$GENERATE: not a range of 1 to 1048576 records"},
    {"1-2/0 $", "$GENERATE: not a range of 1 to 1048576 records"},
    {"0-1048576 $", "$GENERATE: not a range of 1 to 1048576 records"},
    {"0-3145728/3 $", "$GENERATE: not a range of 1 to 1048576 records"},
    {"1-1", "$GENERATE: a name, a type and data are missing"},
    {"1-1 ; a", "$GENERATE: a name, a type and data are missing"},
    {"1-1 a )", "')' without '('"},
    {"0-1 ${-1}", "$GENERATE: a negative number"},
    {"1-1 ${",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${"},
    {"1-1 ${}",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${}"},
    {"1-1 ${1",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${1"},
    {"1-1 ${1,}",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${1,}"},
    {"1-1 ${1,2,}",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${1,2,}"},
    {"1-1 ${1,2,z}",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${1,2,z}"},
    {"1-1 ${1,2,dd}",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${1,2,dd}"},
    {"1-1 ${1,-1}",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${1,-1}"},
    {"1-1 ${1,101}",
	"$GENERATE: not an offset, width and base (d, o, x, X, n, N): ${1,101}"},
};

START_TEST(each_line_is_made_of_its_number)
{
	left = 100;
	ck_assert_str_eq(made(rows[_i].text), rows[_i].want);
}
END_TEST

START_TEST(the_largest_ranges_are_read)
{
	static const char *const ranges[] = {
	    "0-1048575 $", "1-1048576 $", "0-3145727/3 $"};

	for (size_t i = 0; i < ROWS(ranges); i++) {
		left = 1; /* of them one line */
		ck_assert_msg(
		    strchr(made(ranges[i]), '|') != NULL, "%s", lines);
	}
}
END_TEST

START_TEST(no_line_is_made_after_one_that_is_refused)
{
	left = 2;
	ck_assert_str_eq(made("1-9 $"), "1|2|");
}
END_TEST

/* Of all widths and bases, beside printf(3). */
START_TEST(numbers_are_those_of_printf)
{
	static const unsigned numbers[] = {
	    0, 1, 7, 8, 9, 10, 15, 16, 255, 256, 65535, 2147483647};
	static const char bases[] = "doxX";
	char text[64], want[256], format[8] = "%0*u|";

	for (size_t i = 0; i < ROWS(numbers); i++)
		for (int width = 0; width <= 100; width += 9)
			for (const char *base = bases; *base != '\0'; base++) {
				unsigned n = numbers[i];

				snprintf(text, sizeof(text), "%u-%u ${0,%d,%c}",
				    n, n, width, *base);
				format[3] = *base == 'd' ? 'u' : *base;
				left = 2;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
				snprintf(want, sizeof(want), format, width, n);
#pragma GCC diagnostic pop
				ck_assert_str_eq(made(text), want);
			}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("zone/generate");
	TCase *tc = tcase_create("zone/generate");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, each_line_is_made_of_its_number, 0, ROWS(rows));
	tcase_add_test(tc, the_largest_ranges_are_read);
	tcase_add_test(tc, no_line_is_made_after_one_that_is_refused);
	tcase_add_test(tc, numbers_are_those_of_printf);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
