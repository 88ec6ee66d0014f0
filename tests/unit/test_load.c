/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/load.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"

static const char metrics[] = "# HELP load How full it is.\n"
			      "# TYPE load gauge\n"
			      "load_average 7\n"
			      "load{pool=\"a b\"} 42.5 1395066363000\n"
			      "other{} 1e1\n"
			      "bad x\n"
			      "negative -1\n"
			      "endless NaN\n"
			      "tab\t5\n"
			      "labels{a=\"b\"}\t6\r\n"
			      "bare\n"
			      "open{a=\"b\" 8\n"
			      "valueless{}\n"
			      "joined{}9\n"
			      "zero 0\n"
			      "twice 1\n"
			      "twice 2\n"
			      "last 3";

static const struct {
	struct conf_load load;
	const char *header;
	double is; /* < 0: none */
} rows[] = {
    {{"X-Load", NULL, 1}, "0.83", 0.83},
    {{"X-Load", NULL, 100}, "83%", 0.83},
    {{"X-Load", NULL, 1}, " 2 ", 2},
    {{"X-Load", NULL, 1}, NULL, -1},
    {{"X-Load", NULL, 1}, "", -1},
    {{"X-Load", NULL, 1}, "high", -1},
    {{"X-Load", NULL, 1}, "-0.1", -1},
    {{"X-Load", NULL, 1}, "inf", -1},
    {{"X-Load", NULL, 1}, "0.5x", -1},
    {{NULL, "load", 100}, NULL, 0.425},
    {{NULL, "load_average", 10}, NULL, 0.7},
    {{NULL, "other", 10}, NULL, 1},
    {{NULL, "last", 3}, NULL, 1},
    {{NULL, "bad", 1}, NULL, -1},
    {{NULL, "negative", 1}, NULL, -1},
    {{NULL, "endless", 1}, NULL, -1},
    {{NULL, "loa", 1}, NULL, -1},
    {{NULL, "nothing", 1}, NULL, -1},
    {{NULL, "tab", 1}, NULL, 5},
    {{NULL, "labels", 1}, NULL, 6},
    {{NULL, "bare", 1}, NULL, -1},
    {{NULL, "open", 1}, NULL, -1},
    {{NULL, "valueless", 1}, NULL, -1},
    {{NULL, "joined", 1}, NULL, -1},
    {{NULL, "zero", 1}, NULL, 0},
    {{NULL, "twice", 1}, NULL, 1},
    {{NULL, NULL, 1}, "1", -1},
    /* The header alone counts where it is declared. */
    {{"X-Load", "last", 1}, NULL, -1},
    {{"X-Load", "last", 1}, "4", 4},
    {{"X-Load", NULL, 4}, "0", 0},
    {{"X-Load", NULL, 1}, "5\t", 5},
    {{"X-Load", NULL, 1}, "5\r", 5},
    {{"X-Load", NULL, 1}, "5%", 5},
    {{"X-Load", NULL, 1}, "5,", -1},
    {{"X-Load", NULL, 1}, "%", -1},
    /* 39 octets of a number are read, and as many of a longer one. */
    {{"X-Load", NULL, 1}, "000000000000000000000000000000000000012", 12},
    {{"X-Load", NULL, 1}, "0000000000000000000000000000000000000123", 12},
    {{"X-Load", NULL, 1}, "00000000000000000000000000000000000001234", 12},
};

START_TEST(loads_are_read_as_they_are_declared)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double load = 7;
		bool found = load_find(&rows[i].load, rows[i].header, metrics,
		    strlen(metrics), &load);

		ck_assert_msg(found == (rows[i].is >= 0), "row %zu", i);
		ck_assert_double_eq_tol(load, found ? rows[i].is : 0, 1e-9);
	}
}
END_TEST

START_TEST(a_body_may_end_anywhere)
{
	static const struct conf_load l = {NULL, "load", 1};

	for (size_t n = 0; n <= strlen(metrics); n++) {
		size_t size = (n + 16) & ~(size_t)15;
		char *block = xmalloc(size), *copy = block + size - n;
		double load;

		/* Nothing is read beyond it (guarded.c). */
		memcpy(copy, metrics, n);
		load_find(&l, NULL, copy, n, &load);
		free(block);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("load");
	TCase *tc = tcase_create("load");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, loads_are_read_as_they_are_declared);
	tcase_add_test(tc, a_body_may_end_anywhere);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
