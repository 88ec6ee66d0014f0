/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <check.h>
#include <string.h>

START_TEST(an_error_is_false_and_says_why)
{
	struct error err;

	ck_assert(!error_set(&err, "%s: %d", "port", 5));
	ck_assert_str_eq(err.text, "port: 5");
	ck_assert(!error_prefix(&err, "line %d", 3));
	ck_assert_str_eq(err.text, "line 3: port: 5");
}
END_TEST

START_TEST(nobody_need_listen)
{
	ck_assert(!error_set(NULL, "%d", 1));
	ck_assert(!error_prefix(NULL, "%d", 1));
}
END_TEST

START_TEST(a_long_error_is_cut)
{
	char text[3000];
	struct error err;

	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	error_set(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
	error_prefix(&err, "%s", "before");
	ck_assert_int_eq(strncmp(err.text, "before: xxx", 11), 0);
	error_prefix(&err, "%s", text);
	ck_assert_uint_eq(strlen(err.text), sizeof(err.text) - 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("error");
	TCase *tc = tcase_create("error");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, an_error_is_false_and_says_why);
	tcase_add_test(tc, nobody_need_listen);
	tcase_add_test(tc, a_long_error_is_cut);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
