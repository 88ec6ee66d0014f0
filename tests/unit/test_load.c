/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/load.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const char metrics[] = "# HELP load How full it is.\n"
			      "# TYPE load gauge\n"
			      "load_average 7\n"
			      "load{pool=\"a b\"} 42.5 1395066363000\n"
			      "other{} 1e1\n"
			      "bad x\n"
			      "negative -1\n"
			      "endless NaN\n"
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
};

START_TEST(loads_are_read_as_they_are_declared)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		double load;
		bool found = load_find(&rows[i].load, rows[i].header, metrics,
		    strlen(metrics), &load);

		ck_assert_msg(found == (rows[i].is >= 0), "row %zu", i);
		if (found)
			ck_assert_double_eq_tol(load, rows[i].is, 1e-9);
	}
}
END_TEST

START_TEST(a_body_may_end_anywhere)
{
	static const struct conf_load l = {NULL, "load", 1};

	for (size_t n = 0; n <= strlen(metrics); n++) {
		char *copy = malloc(n + 1);
		double load;

		/* Nothing is read beyond it. */
		memcpy(copy, metrics, n);
		copy = realloc(copy, n > 0 ? n : 1);
		load_find(&l, NULL, copy, n, &load);
		free(copy);
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
