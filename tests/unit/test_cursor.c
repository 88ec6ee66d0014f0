/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/cursor.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

enum { POINTERS = 128, UNTOUCHED = 0xaa };

static uint8_t packet[1024];
static size_t len;
static uint8_t name[2 * DNS_NAME_MAX]; /* what is beyond must stay */

static void
setup(void)
{
	len = 0;
	memset(packet, 0, sizeof(packet));
}

static void
put_label(unsigned octets)
{
	packet[len++] = (uint8_t)octets;
	memset(packet + len, 'x', octets);
	len += octets;
}

static void
put_pointer(size_t to)
{
	packet[len++] = (uint8_t)(0xc0 | to >> 8);
	packet[len++] = (uint8_t)to;
}

/* Reads the name at an octet of what was put; nothing is written beyond. */
static struct cursor
read_name(size_t at)
{
	struct cursor c = {packet, at, len, false};

	memset(name, UNTOUCHED, sizeof(name));
	cursor_name(&c, name);
	for (size_t i = DNS_NAME_MAX; i < sizeof(name); i++)
		ck_assert_uint_eq(name[i], UNTOUCHED);
	return c;
}

/* Labels of 63, 63, 63 and so many octets: 193 of them before the last. */
static void
put_long_name(unsigned last)
{
	setup();
	for (int i = 0; i < 3; i++)
		put_label(63);
	put_label(last);
	put_label(0);
}

START_TEST(a_name_has_at_most_255_octets)
{
	struct cursor c;

	put_long_name(61);
	c = read_name(0);
	ck_assert(!c.bad);
	ck_assert_uint_eq(c.at, 255);
	ck_assert_mem_eq(name, packet, 255);
	for (unsigned last = 62; last <= 63; last++) {
		put_long_name(last);
		ck_assert(read_name(0).bad);
	}
}
END_TEST

START_TEST(a_name_that_pointers_make_too_long_is_bad)
{
	size_t second;

	put_long_name(61);
	second = len;
	put_label(1);
	put_pointer(0);
	ck_assert(read_name(second).bad);
	setup();
	put_long_name(59);
	second = len;
	put_label(1);
	put_pointer(0);
	ck_assert(!read_name(second).bad);
	ck_assert_uint_eq(read_name(second).at, len);
}
END_TEST

START_TEST(labels_have_at_most_63_octets)
{
	static const uint8_t types[] = {64, 65, 0x7f, 0x80, 0xbf};

	setup();
	put_label(63);
	put_label(0);
	ck_assert(!read_name(0).bad);
	for (size_t i = 0; i < sizeof(types); i++) {
		setup();
		put_label(types[i]);
		put_label(0);
		len = sizeof(packet);
		ck_assert(read_name(0).bad);
	}
}
END_TEST

START_TEST(a_name_ends_within_the_packet)
{
	setup();
	put_label(3);
	put_label(5);
	put_label(0);
	for (size_t whole = len; len > 0; len--)
		ck_assert(read_name(0).bad == (len < whole));
	ck_assert(read_name(0).bad);
}
END_TEST

START_TEST(pointers_lead_into_the_packet)
{
	setup();
	put_label(1);
	put_label(0);
	put_pointer(0);
	ck_assert(!read_name(3).bad);
	ck_assert_uint_eq(read_name(3).at, 5);
	ck_assert_mem_eq(name, "\1x", 3);
	len = 3;
	put_pointer(5); /* the octet behind it */
	ck_assert(read_name(3).bad);
	len = 3;
	put_pointer(4); /* its own second half: a label, cut */
	ck_assert(read_name(3).bad);
	len = 3;
	put_pointer(3); /* itself */
	ck_assert(read_name(3).bad);
	len = 4;
	packet[3] = 0xc0;
	ck_assert(read_name(3).bad);
}
END_TEST

/* How many pointers in a row, each to the one before. */
static bool
follows(size_t pointers)
{
	setup();
	put_label(0);
	put_pointer(0);
	for (size_t i = 1; i < pointers; i++)
		put_pointer(len - 2);
	return !read_name(len - 2).bad;
}

START_TEST(pointers_are_counted)
{
	ck_assert(follows(1));
	ck_assert(follows(POINTERS));
	ck_assert(!follows(POINTERS + 1));
}
END_TEST

START_TEST(numbers_end_within_the_packet)
{
	struct cursor c = {packet, 0, 7, false};

	memcpy(packet, "\xff\x01\x02\x03\x04\x05\x06", 7);
	ck_assert_uint_eq(cursor_get(&c, 1), 0xff);
	ck_assert_uint_eq(cursor_get(&c, 2), 0x102);
	ck_assert_uint_eq(cursor_get(&c, 4), 0x3040506);
	ck_assert(!c.bad && cursor_has(&c, 0));
	ck_assert_uint_eq(cursor_get(&c, 1), 0);
	ck_assert(c.bad && !cursor_has(&c, 0));
	c = (struct cursor){packet, 4, 7, false};
	ck_assert_uint_eq(cursor_get(&c, 4), 0);
	ck_assert(c.bad);
	ck_assert_uint_eq(cursor_get(&c, 1), 0); /* bad it stays */
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("cursor");
	TCase *tc = tcase_create("cursor");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_name_has_at_most_255_octets);
	tcase_add_test(tc, a_name_that_pointers_make_too_long_is_bad);
	tcase_add_test(tc, labels_have_at_most_63_octets);
	tcase_add_test(tc, a_name_ends_within_the_packet);
	tcase_add_test(tc, pointers_lead_into_the_packet);
	tcase_add_test(tc, pointers_are_counted);
	tcase_add_test(tc, numbers_end_within_the_packet);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
