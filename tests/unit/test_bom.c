/* SPDX-License-Identifier: BSD-3-Clause */
#include "input/bom.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

START_TEST(a_byte_order_mark_is_three_octets_at_the_very_start)
{
	ck_assert_uint_eq(bom_len(BOM_UTF8 "a", 4), 3);
	ck_assert_uint_eq(bom_len(BOM_UTF8, 3), 3);
	ck_assert_uint_eq(bom_len(BOM_UTF8, 2), 0);
	ck_assert_uint_eq(bom_len("a" BOM_UTF8, 4), 0);
	ck_assert_uint_eq(bom_len("", 0), 0);
}
END_TEST

START_TEST(one_is_found_within)
{
	static const char text[] = "ab" BOM_UTF8 "c";

	ck_assert_ptr_eq(bom_find(text, sizeof(text) - 1), text + 2);
	ck_assert_ptr_null(bom_find(text, 4));
	ck_assert_ptr_null(bom_find("", 0));
}
END_TEST

static const struct {
	const char *octets;
	size_t len;
	const char *name;
} texts[] = {
    {"\xff\xfe"
     "a\0",
	4, "UTF-16"},
    {"\xfe\xff\0a", 4, "UTF-16"},
    {"\xff\xfe", 2, "UTF-16"},
    {"\xfe\xff", 2, "UTF-16"},
    {"\xff\xfe\0\0", 4, "UTF-32"},
    {"\xff\xfe\0\0a\0\0\0", 8, "UTF-32"},
    {"\0\0\xfe\xff\0\0\0a", 8, "UTF-32"},
    {"a\0b\0", 4, "UTF-16"},
    {"\0a\0b", 4, "UTF-16"},
    {"a\0\0\0", 4, "UTF-32"},
    {"\0\0\0a", 4, "UTF-32"},
    {"a\0", 2, "UTF-16"},
    {"", 0, NULL},
    {"a", 1, NULL},
    {"\0", 1, NULL},
    {"\0\0\0\0", 4, NULL},
    {"ab\0\0", 4, NULL},
    {BOM_UTF8 "a", 4, NULL},
    {"\xff\xff", 2, NULL},
    {"\xc3\xa9", 2, NULL},
};

START_TEST(other_encodings_are_known_by_how_they_begin)
{
	const char *name = bom_encoding(texts[_i].octets, texts[_i].len);

	if (texts[_i].name == NULL)
		ck_assert_ptr_null(name);
	else
		ck_assert_pstr_eq(name, texts[_i].name);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bom");
	TCase *tc = tcase_create("bom");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_byte_order_mark_is_three_octets_at_the_very_start);
	tcase_add_test(tc, one_is_found_within);
	tcase_add_loop_test(tc, other_encodings_are_known_by_how_they_begin, 0,
	    sizeof(texts) / sizeof(*texts));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
