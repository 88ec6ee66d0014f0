/* SPDX-License-Identifier: BSD-3-Clause */
#include "input/input.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "input/bom.h"

static char path[] = "/tmp/meridian-input-XXXXXX";
static struct input input;
static struct error err;

static void
setup(void)
{
	int fd;

	strcpy(strrchr(path, '-'), "-XXXXXX");
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
}

static void
teardown(void)
{
	unlink(path);
}

static bool
read_octets(const char *data, size_t len)
{
	ck_assert(file_replace(path, data, len, &err));
	return input_read(path, 100, &input, &err);
}

START_TEST(text_begins_behind_its_byte_order_mark)
{
	ck_assert(read_octets(BOM_UTF8 "one", 6));
	ck_assert_str_eq(input.text, "one");
	ck_assert_uint_eq(input.len, 3);
	ck_assert_uint_eq(input.size, 6);
	ck_assert_mem_eq(input.octets, BOM_UTF8 "one", 6);
	free(input.octets);
	ck_assert(read_octets(BOM_UTF8 BOM_UTF8, 6));
	ck_assert_str_eq(input.text, BOM_UTF8);
	free(input.octets);
}
END_TEST

START_TEST(a_text_may_be_empty)
{
	ck_assert(read_octets(BOM_UTF8, 3));
	ck_assert_str_eq(input.text, "");
	free(input.octets);
	ck_assert(read_octets("", 0));
	ck_assert_uint_eq(input.len, 0);
	free(input.octets);
}
END_TEST

START_TEST(another_encoding_is_refused_by_name)
{
	ck_assert(!read_octets("\xff\xfe#\0", 4));
	ck_assert_ptr_nonnull(strstr(err.text, ": is UTF-16: save it as UTF"));
	ck_assert(!read_octets("\0\0\0#", 4));
	ck_assert_ptr_nonnull(strstr(err.text, ": is UTF-32: save it as UTF"));
}
END_TEST

static const struct {
	const char *text;
	size_t len;
	int at; /* -1: none */
} controls[] = {
    {"", 0, -1},
    {"a\tb\nc\r\nd\r", 9, -1},
    {"\r\n\n\r", 4, -1},
    {"caf\xc3\xa9 \xff~", 8, -1},
    {"a\rb\n", 4, 1},
    {"a\r\r\n", 4, 1},
    {"a\nb\0c", 5, 3},
    {"a\n\0", 3, 2},
    {"a\fb", 3, 1},
    {"a\vb", 3, 1},
    {"a\x1a", 2, 1},
    {"\x1b[1m", 4, 0},
    {"a\x7f", 2, 1},
};

START_TEST(a_line_has_no_control_characters)
{
	const char *at = input_control(controls[_i].text, controls[_i].len);

	if (controls[_i].at < 0)
		ck_assert_ptr_null(at);
	else
		ck_assert_ptr_eq(at, controls[_i].text + controls[_i].at);
}
END_TEST

START_TEST(a_file_that_is_not_there_is_refused)
{
	ck_assert(!input_read("/nowhere", 100, &input, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/nowhere: No such file"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("input");
	TCase *tc = tcase_create("input");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, text_begins_behind_its_byte_order_mark);
	tcase_add_test(tc, a_text_may_be_empty);
	tcase_add_test(tc, another_encoding_is_refused_by_name);
	tcase_add_loop_test(tc, a_line_has_no_control_characters, 0,
	    sizeof(controls) / sizeof(*controls));
	tcase_add_test(tc, a_file_that_is_not_there_is_refused);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
