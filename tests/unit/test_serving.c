/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/serving.h"

#include <check.h>
#include <string.h>

#define REPLY(text) (const uint8_t *)(text), sizeof(text) - 1

START_TEST(a_request_names_the_service)
{
	static const char want[] = "\0\0\0\0\x09\x0a\x07my.Echo";
	uint8_t buf[32];
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	serving_put_request(&w, "my.Echo");
	ck_assert_mem_eq(buf, want, sizeof(want) - 1);
	ck_assert_uint_eq(w.len, sizeof(want) - 1);
}
END_TEST

START_TEST(a_request_for_the_whole_server_is_empty)
{
	uint8_t buf[32];
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	serving_put_request(&w, "");
	ck_assert_mem_eq(buf, "\0\0\0\0\0", 5);
	ck_assert_uint_eq(w.len, 5);
}
END_TEST

START_TEST(a_long_name_has_a_length_of_two_octets)
{
	uint8_t buf[300];
	char name[256] = "";
	struct wire w;

	memset(name, 'a', 255);
	wire_init(&w, buf, sizeof(buf));
	serving_put_request(&w, name);
	ck_assert_mem_eq(buf,
	    "\0\0\0\1\2\x0a\xff\x01"
	    "a",
	    9);
	ck_assert_uint_eq(w.len, 5 + 3 + 255);
}
END_TEST

START_TEST(a_request_that_does_not_fit_is_full)
{
	uint8_t buf[8];
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	serving_put_request(&w, "my.Echo");
	ck_assert(w.full);
}
END_TEST

START_TEST(a_reply_has_a_status)
{
	ck_assert_ptr_eq(
	    serving_read_reply(REPLY("\0\0\0\0\2\x08\1")), serving_yes);
	ck_assert_str_eq(
	    serving_read_reply(REPLY("\0\0\0\0\2\x08\2")), "NOT_SERVING");
	ck_assert_str_eq(
	    serving_read_reply(REPLY("\0\0\0\0\2\x08\3")), "SERVICE_UNKNOWN");
}
END_TEST

START_TEST(zero_is_not_written)
{
	ck_assert_str_eq(serving_read_reply(REPLY("\0\0\0\0\0")), "UNKNOWN");
}
END_TEST

START_TEST(other_fields_are_skipped_and_the_last_status_counts)
{
	/* 2: varint, 3: 64 bits, 4: three octets, 5: 32 bits. */
	ck_assert_ptr_eq(
	    serving_read_reply(REPLY("\0\0\0\0\x1a\x08\2\x10\x80\x01"
				     "\x19"
				     "12345678"
				     "\x22\3abc\x2d"
				     "1234"
				     "\x08\1")),
	    serving_yes);
}
END_TEST

static const struct {
	const char *what;
	const uint8_t *body;
	size_t len;
} wrong[] = {
    {"nothing", REPLY("")},
    {"a flag alone", REPLY("\0")},
    {"a prefix cut off", REPLY("\0\0\0\0")},
    {"compressed", REPLY("\1\0\0\0\2\x08\1")},
    {"a message cut off", REPLY("\0\0\0\0\2\x08")},
    {"two messages", REPLY("\0\0\0\0\2\x08\1\0\0\0\0\2\x08\1")},
    {"a length beyond all", REPLY("\0\xff\xff\xff\xff\x08\1")},
    {"a tag alone", REPLY("\0\0\0\0\1\x08")},
    {"a varint without an end", REPLY("\0\0\0\0\3\x08\xff\xff")},
    {"a varint of eleven octets",
	REPLY("\0\0\0\0\x0c\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")},
    {"a field beyond the end", REPLY("\0\0\0\0\3\x12\5a")},
    {"a length that wraps",
	REPLY("\0\0\0\0\x0b\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")},
    {"a group", REPLY("\0\0\0\0\2\x13\x14")},
    {"no such status", REPLY("\0\0\0\0\2\x08\4")},
    {"a status below zero",
	REPLY("\0\0\0\0\x0b\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\1")},
};

START_TEST(what_is_no_reply_is_none)
{
	ck_assert_msg(serving_read_reply(wrong[_i].body, wrong[_i].len) == NULL,
	    "%s", wrong[_i].what);
}
END_TEST

START_TEST(codes_have_names)
{
	ck_assert_str_eq(serving_code_name(5), "NOT_FOUND");
	ck_assert_str_eq(serving_code_name(16), "UNAUTHENTICATED");
	ck_assert_str_eq(serving_code_name(17), "no known code");
	ck_assert_str_eq(serving_code_name(-1), "no known code");
}
END_TEST

static const struct {
	const char *message, *text;
} messages[] = {
    {"", ""},
    {"plain", "plain"},
    {"told%20to", "told to"},
    {"100%25%2c%2C done", "100%,, done"},
    {"%c3%a9t%C3%A9", "??t??"},
    {"line%0abreak%1b[31m%7f", "line?break?[31m?"},
    {"%", "%"},
    {"50% of", "50% of"},
    {"%4", "%4"},
    {"%zz%4g%g4", "%zz%4g%g4"},
    {"%%41", "%A"},
    {"%2541", "%41"},
    {"a%00b", "a?b"},
    {"0123456789%41bcdefgh", "0123456789Abcdefg"},
};

START_TEST(a_message_is_decoded_for_people)
{
	char buf[18];

	serving_format_message(buf, sizeof(buf), messages[_i].message,
	    strlen(messages[_i].message));
	ck_assert_str_eq(buf, messages[_i].text);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("probe/serving");
	TCase *c = tcase_create("probe/serving");
	SRunner *runner;
	int failed;

	tcase_add_test(c, a_request_names_the_service);
	tcase_add_test(c, a_request_for_the_whole_server_is_empty);
	tcase_add_test(c, a_long_name_has_a_length_of_two_octets);
	tcase_add_test(c, a_request_that_does_not_fit_is_full);
	tcase_add_test(c, a_reply_has_a_status);
	tcase_add_test(c, zero_is_not_written);
	tcase_add_test(c, other_fields_are_skipped_and_the_last_status_counts);
	tcase_add_loop_test(
	    c, what_is_no_reply_is_none, 0, sizeof(wrong) / sizeof(*wrong));
	tcase_add_test(c, codes_have_names);
	tcase_add_loop_test(c, a_message_is_decoded_for_people, 0,
	    sizeof(messages) / sizeof(*messages));
	suite_add_tcase(suite, c);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
