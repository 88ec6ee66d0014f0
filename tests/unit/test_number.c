/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/number.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

static const struct {
	double value;
	const char *json;
} rows[] = {
    {8.8000000000000007, "8.8"},
    {0.1 + 0.2, "0.3"},
    {1.0 / 3, "0.333333"},
    {200.0 / 3, "66.6667"},
    {100 * 0.58, "58.0"},
    {14.8, "14.8"},
    {-2.675, "-2.675"},
    {0, "0.0"},
    {1, "1.0"},
    {100, "100.0"},
    {1234.5678, "1234.57"},
    {999999.4, "999999.0"},
    {1234567.891, "1234568.0"},
    {123456789012345.0, "123456789012345.0"},
    {-1234567.891, "-1234568.0"},
    {0.000012345678, "1.23457e-5"},
};

enum { ROWS = sizeof(rows) / sizeof(rows[0]) };

START_TEST(fractions_are_written_without_noise)
{
	char *text;
	json_t *json;

	for (size_t i = 0; i < ROWS; i++) {
		json = json_pack("[f]", rows[i].value);
		text = number_json(json, JSON_COMPACT);
		text[strlen(text) - 1] = '\0';
		ck_assert_str_eq(text + 1, rows[i].json);
		free(text);
		json_decref(json);
	}
}
END_TEST

START_TEST(a_number_that_is_read_back_is_written_the_same)
{
	for (size_t i = 0; i < ROWS; i++) {
		double once = number_round(rows[i].value);
		json_t *json = json_pack("{s:f}", "a", once), *again;
		char *text = number_json(json, 0), *second;

		again = json_loads(text, 0, NULL);
		second = number_json(again, 0);
		ck_assert_str_eq(text, second);
		ck_assert(number_round(once) == once);
		free(second);
		free(text);
		json_decref(again);
		json_decref(json);
	}
}
END_TEST

START_TEST(all_of_a_document_is_rounded)
{
	json_t *json = json_pack("{s:[f,{s:f}], s:i, s:s, s:n, s:b}", "a",
	    0.1 + 0.2, "b", 8.8000000000000007, "c", 7, "d", "x", "e", "f", 1);
	char *text = number_json(json, JSON_COMPACT | JSON_SORT_KEYS);

	ck_assert_str_eq(text,
	    "{\"a\":[0.3,{\"b\":8.8}],\"c\":7,\"d\":\"x\",\"e\":null,"
	    "\"f\":true}");
	free(text);
	json_decref(json);
	json = json_real(8.8000000000000007);
	text = number_json(json, JSON_ENCODE_ANY);
	ck_assert_str_eq(text, "8.8");
	free(text);
	json_decref(json);
}
END_TEST

START_TEST(text_has_no_more_than_fifteen_digits)
{
	char buf[NUMBER_TEXT_MAX];

	ck_assert_str_eq(number_format(buf, 8.8000000000000007), "8.8");
	ck_assert_str_eq(number_format(buf, 0.73), "0.73");
	ck_assert_str_eq(number_format(buf, 0), "0");
	ck_assert_str_eq(number_format(buf, 1), "1");
	ck_assert_str_eq(number_format(buf, 1234567.125), "1234567.125");
	ck_assert_str_eq(number_format(buf, number_round(1.0 / 3)), "0.333333");
	ck_assert(isnan(number_round(NAN)) && isinf(number_round(INFINITY)));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("number");
	TCase *tc = tcase_create("number");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, fractions_are_written_without_noise);
	tcase_add_test(tc, a_number_that_is_read_back_is_written_the_same);
	tcase_add_test(tc, all_of_a_document_is_rounded);
	tcase_add_test(tc, text_has_no_more_than_fifteen_digits);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
