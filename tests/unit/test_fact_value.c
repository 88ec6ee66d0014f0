/* SPDX-License-Identifier: BSD-3-Clause */
/* Values of databases, one by one: what is a number, a code, a name, nothing.
 */
#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "conf/geo.h"
#include "geo/fact.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct fact_value
text(const char *s)
{
	return (struct fact_value){.text = s, .len = strlen(s)};
}

static struct fact_value
value(double n)
{
	return (struct fact_value){.number = n};
}

START_TEST(numbers_have_a_range)
{
	static const struct {
		enum fact fact;
		double number;
		bool ok;
	} rows[] = {
	    {FACT_LATITUDE, -90, true},
	    {FACT_LATITUDE, -90.001, false},
	    {FACT_LATITUDE, 90, true},
	    {FACT_LATITUDE, 90.001, false},
	    {FACT_LATITUDE, 0.5, true},
	    {FACT_LONGITUDE, -180, true},
	    {FACT_LONGITUDE, -180.001, false},
	    {FACT_LONGITUDE, 180, true},
	    {FACT_LONGITUDE, 180.001, false},
	    {FACT_LONGITUDE, 91, true},
	    {FACT_ASN, 0, false},
	    {FACT_ASN, 0.5, false},
	    {FACT_ASN, 1, true},
	    {FACT_ASN, 1.5, false},
	    {FACT_ASN, 4294967295, true},
	    {FACT_ASN, 4294967296, false},
	    {FACT_ASN, -1, false},
	    {FACT_CITY_ID, 1, true},
	    {FACT_CITY_ID, 4294967295, true},
	    {FACT_CITY_ID, 4294967296, false},
	    {FACT_LATITUDE, NAN, false},
	    {FACT_LONGITUDE, INFINITY, false},
	    {FACT_ASN, -INFINITY, false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct fact_value v = value(rows[i].number);
		double n = 12345;

		ck_assert_msg(fact_number(rows[i].fact, &v, &n) == rows[i].ok,
		    "row %zu", i);
		if (rows[i].ok)
			ck_assert(n == rows[i].number);
	}
}
END_TEST

#define DIGITS_40 "0000000000000000000000000000000000000012"

START_TEST(text_is_a_number_as_a_whole)
{
	static const struct {
		enum fact fact;
		const char *text;
		double number; /* NAN: none */
	} rows[] = {
	    {FACT_LATITUDE, "8.68", 8.68},
	    {FACT_LATITUDE, "-8.5", -8.5},
	    {FACT_LATITUDE, "+8.5", 8.5},
	    {FACT_LATITUDE, "1e1", 10},
	    {FACT_LATITUDE, "1E+1", 10},
	    {FACT_LATITUDE, "5e-1", 0.5},
	    {FACT_LATITUDE, "", NAN},
	    {FACT_LATITUDE, ".", NAN},
	    {FACT_LATITUDE, "-", NAN},
	    {FACT_LATITUDE, "1-", NAN},
	    {FACT_LATITUDE, "e", NAN},
	    {FACT_LATITUDE, " 1", NAN},
	    {FACT_LATITUDE, "1 ", NAN},
	    {FACT_LATITUDE, "0x1", NAN},
	    {FACT_LATITUDE, "nan", NAN},
	    {FACT_LATITUDE, "inf", NAN},
	    {FACT_LATITUDE, "1,5", NAN},
	    {FACT_LATITUDE, "AS5", NAN},
	    {FACT_LATITUDE, "5 north", NAN},
	    {FACT_LATITUDE, DIGITS_40, 12},
	    {FACT_LATITUDE, "0" DIGITS_40, NAN},
	    {FACT_ASN, "64496", 64496},
	    {FACT_ASN, "AS64496", 64496},
	    {FACT_ASN, "as64496", 64496},
	    {FACT_ASN, "AS64496 Example", 64496},
	    {FACT_ASN, "64496 Example", 64496},
	    {FACT_ASN, "AS1", 1},
	    {FACT_ASN, "AS", NAN},
	    {FACT_ASN, "AS ", NAN},
	    {FACT_ASN, "ASx", NAN},
	    {FACT_ASN, "ASAS1", NAN},
	    {FACT_ASN, "AT1", NAN},
	    {FACT_ASN, " 1", NAN},
	    {FACT_ASN, "4294967296", NAN},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct fact_value v = text(rows[i].text);
		double n;

		ck_assert_msg(
		    fact_number(rows[i].fact, &v, &n) == !isnan(rows[i].number),
		    "%s", rows[i].text);
		if (!isnan(rows[i].number))
			ck_assert_double_eq(n, rows[i].number);
	}
	/* An octet 0 within it is no digit. */
	ck_assert(!fact_number(FACT_ASN,
	    &(struct fact_value){.text = "1\0002", .len = 3}, &(double){0}));
}
END_TEST

START_TEST(nothing_is_written_in_few_ways)
{
	static const struct {
		const char *text; /* NULL: a number */
		double number;
		bool of_numbers, of_others; /* of ASN, city number; of others */
	} rows[] = {
	    {NULL, 0, true, false},
	    {NULL, 1, false, false},
	    {NULL, -1, false, false},
	    {"", 0, true, true},
	    {"-", 0, true, true},
	    {"--", 0, false, false},
	    {"0", 0, true, false},
	    {"00", 0, false, false},
	    {"1", 0, false, false},
	    {"x", 0, false, false},
	};

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct fact_value v = {.number = rows[i].number};

		if (rows[i].text != NULL)
			v = text(rows[i].text);
		for (enum fact f = 0; f < FACT_COUNT; f++)
			ck_assert_msg(fact_is_absent(f, &v) ==
				(f == FACT_ASN || f == FACT_CITY_ID
					? rows[i].of_numbers
					: rows[i].of_others),
			    "row %zu, %s", i, fact_name(f));
	}
}
END_TEST

START_TEST(codes_have_letters_and_lengths)
{
	static const struct {
		const char *text;
		bool country, subdivision;
	} rows[] = {
	    {"", false, false},
	    {"A", false, true},
	    {"AZ", true, true},
	    {"AZB", false, true},
	    {"AZBC", false, false},
	    {"az", false, false},
	    {"Az", false, false},
	    {"A1", false, true},
	    {"09", false, true},
	    {"0", false, true},
	    {"A-", false, false},
	    {"@A", false, false},
	    {"[A", false, false},
	    {"/1", false, false},
	    {":1", false, false},
	};
	struct fact_value number = value(12);

	for (size_t i = 0; i < ROWS(rows); i++) {
		struct fact_value v = text(rows[i].text);

		ck_assert_msg(
		    fact_is_code(FACT_COUNTRY, &v) == rows[i].country &&
			fact_is_code(FACT_CONTINENT, &v) == rows[i].country &&
			fact_is_code(FACT_SUBDIVISION, &v) ==
			    rows[i].subdivision,
		    "%s", rows[i].text);
	}
	ck_assert(!fact_is_code(FACT_COUNTRY, &number));
	ck_assert(!fact_is_city(&number));
}
END_TEST

START_TEST(a_city_has_a_name_of_some_length)
{
	char name[CONF_CITY_MAX + 2];

	memset(name, 'a', sizeof(name));
	for (size_t len = 0; len < sizeof(name); len++) {
		struct fact_value v = {.text = name, .len = len};

		ck_assert_int_eq(
		    fact_is_city(&v), len > 0 && len <= CONF_CITY_MAX);
	}
	ck_assert(!fact_is_city(&(struct fact_value){.text = "-", .len = 1}));
}
END_TEST

START_TEST(values_are_shown_within_30_octets)
{
	char buf[FACT_TEXT_MAX];
	struct fact_value v = value(1.5);

	ck_assert_str_eq(fact_format(buf, &v), "1.5");
	v = value(4294967296);
	ck_assert_str_eq(fact_format(buf, &v), "4294967296");
	v = text("");
	ck_assert_str_eq(fact_format(buf, &v), "\"\"");
	v = text("a\1\x7f~ \xc3");
	ck_assert_str_eq(fact_format(buf, &v), "\"a??~ ?\"");
	v = text("123456789012345678901234567890");
	ck_assert_str_eq(
	    fact_format(buf, &v), "\"123456789012345678901234567890\"");
	v = text("1234567890123456789012345678901");
	ck_assert_str_eq(
	    fact_format(buf, &v), "\"123456789012345678901234567890...\"");
}
END_TEST

START_TEST(paths_end_and_have_bits_of_their_first_keys)
{
	uint64_t all = 0;

	for (enum fact f = 0; f < FACT_COUNT; f++) {
		size_t n = 0;

		for (; fact_path(f, n) != NULL; n++) {
			const char *key = fact_path(f, n)[0];

			ck_assert_uint_ne(fact_bit(f, n), 0);
			ck_assert_uint_eq(all & fact_bit(f, n), 0);
			all |= fact_bit(f, n);
			ck_assert_uint_ne(
			    fact_bits(key, strlen(key)) & fact_bit(f, n), 0);
			ck_assert_uint_eq(
			    fact_bits(key, strlen(key) - 1) & fact_bit(f, n),
			    0);
		}
		ck_assert_uint_gt(n, 0);
		for (; n < FACT_PATHS + 2; n++)
			ck_assert_ptr_null(fact_path(f, n));
	}
	ck_assert_uint_eq(fact_bits("", 0), 0);
	ck_assert_uint_eq(fact_bits("countrx", 7), 0);
	ck_assert_uint_eq(__builtin_popcountll(fact_bits("country", 7)), 2);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fact/value");
	TCase *tc = tcase_create("fact/value");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, numbers_have_a_range);
	tcase_add_test(tc, text_is_a_number_as_a_whole);
	tcase_add_test(tc, nothing_is_written_in_few_ways);
	tcase_add_test(tc, codes_have_letters_and_lengths);
	tcase_add_test(tc, a_city_has_a_name_of_some_length);
	tcase_add_test(tc, values_are_shown_within_30_octets);
	tcase_add_test(tc, paths_end_and_have_bits_of_their_first_keys);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
