/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/message.h"

#include <check.h>
#include <string.h>

/* www.example.com A: a CNAME to its parent's "w", two addresses, a TXT, an
 * unknown type; ECS with scope 20 in an OPT that says BADVERS. */
static const uint8_t packet[] =
    "\x00\x01\x84\x00\x00\x01\x00\x05\x00\x00\x00\x01"
    "\3www\7example\3com\0\0\1\0\1"
    "\xc0\x0c\0\5\0\1\0\0\0\x3c\0\4\1w\xc0\x10"
    "\1w\xc0\x10\0\1\0\1\0\0\0\x1e\0\4\xc0\0\2\1"
    "\1w\xc0\x10\0\x1c\0\1\0\0\0\x1e\0\x10"
    "\x20\1\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1"
    "\1w\xc0\x10\0\x10\0\1\0\0\0\x1e\0\7\3a\"\1\2bc"
    "\1w\xc0\x10\xff\0\0\1\0\0\0\x1e\0\2\xab\xcd"
    "\0\0\x29\4\xd0\1\0\0\0\0\x0b\0\x8\0\7\0\1\x18\x14\xc6\x33\x64";

static const char *
record(const struct message *m, size_t i)
{
	return json_string_value(json_array_get(m->answer, i));
}

START_TEST(records_are_told_as_dig_does)
{
	struct message m;

	ck_assert(message_parse(&m, packet, sizeof(packet) - 1));
	ck_assert_uint_eq(json_array_size(m.answer), 5);
	ck_assert_str_eq(
	    record(&m, 0), "www.example.com. 60 IN CNAME w.example.com.");
	ck_assert_str_eq(record(&m, 1), "w.example.com. 30 IN A 192.0.2.1");
	ck_assert_str_eq(
	    record(&m, 2), "w.example.com. 30 IN AAAA 2001:db8::1");
	ck_assert_str_eq(
	    record(&m, 3), "w.example.com. 30 IN TXT \"a\\\"\\001\" \"bc\"");
	ck_assert_str_eq(
	    record(&m, 4), "w.example.com. 30 IN TYPE65280 \\# 2 ABCD");
	ck_assert_uint_eq(m.ttl, 30);
	message_fini(&m);
}
END_TEST

START_TEST(scope_rcode_and_aliases_are_found)
{
	struct message m;

	ck_assert(message_parse(&m, packet, sizeof(packet) - 1));
	ck_assert_int_eq(m.scope, 20);
	ck_assert_uint_eq(m.rcode, DNS_BADVERS);
	ck_assert_uint_eq(m.nchain, 2);
	ck_assert_mem_eq(m.chain[1], "\1w\7example\3com", 15);
	message_fini(&m);
}
END_TEST

START_TEST(a_message_cut_anywhere_is_none)
{
	struct message m;

	for (size_t len = 0; len < sizeof(packet) - 1; len++) {
		ck_assert(!message_parse(&m, packet, len));
		message_fini(&m);
	}
}
END_TEST

START_TEST(a_pointer_loop_ends)
{
	static const uint8_t loop[] = "\0\1\x84\0\0\1\0\0\0\0\0\0"
				      "\xc0\x0c\0\1\0\1";
	struct message m;

	ck_assert(!message_parse(&m, loop, sizeof(loop) - 1));
	message_fini(&m);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report/message");
	TCase *t = tcase_create("report/message");
	SRunner *runner;
	int failed;

	tcase_add_test(t, records_are_told_as_dig_does);
	tcase_add_test(t, scope_rcode_and_aliases_are_found);
	tcase_add_test(t, a_message_cut_anywhere_is_none);
	tcase_add_test(t, a_pointer_loop_ends);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
