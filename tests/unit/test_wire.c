/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/wire.h"

#include <check.h>

START_TEST(numbers_are_in_network_order)
{
	uint8_t buf[16];
	struct wire w;

	wire_init(&w, buf, sizeof(buf));
	wire_put_u8(&w, 1);
	wire_put_u16(&w, 0x0203);
	wire_put_u32(&w, 0x04050607);
	wire_put(&w, "\x08\x09", 2);
	ck_assert_uint_eq(w.len, 9);
	for (uint8_t i = 0; i < 9; i++)
		ck_assert_uint_eq(buf[i], i + 1);
	ck_assert_uint_eq(wire_get_u16(buf + 1), 0x0203);
	ck_assert_uint_eq(wire_get_u32(buf + 3), 0x04050607);
	wire_set_u16(&w, 0, 0xfffe);
	wire_set_u32(&w, 2, 0xfdfcfbfa);
	ck_assert_mem_eq(buf, "\xff\xfe\xfd\xfc\xfb\xfa\x07", 7);
}
END_TEST

START_TEST(what_does_not_fit_is_not_written)
{
	uint8_t buf[4] = {9, 9, 9, 9};
	struct wire w;

	wire_init(&w, buf, 3);
	wire_put_u16(&w, 1);
	ck_assert(!w.full);
	wire_put_u16(&w, 0xffff);
	ck_assert(w.full);
	ck_assert_uint_eq(w.len, 2);
	ck_assert_uint_eq(buf[2], 9);
	ck_assert_uint_eq(buf[3], 9);
}
END_TEST

START_TEST(nothing_always_fits)
{
	uint8_t buf[1];
	struct wire w;

	wire_init(&w, buf, 0);
	wire_put(&w, NULL, 0);
	ck_assert(!w.full);
	wire_put_u8(&w, 0);
	ck_assert(w.full);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("wire");
	TCase *tc = tcase_create("wire");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, numbers_are_in_network_order);
	tcase_add_test(tc, what_does_not_fit_is_not_written);
	tcase_add_test(tc, nothing_always_fits);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
