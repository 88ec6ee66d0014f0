/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdlib.h>

#include "dns/rr.h"

START_TEST(types_have_names_or_numbers)
{
	char buf[RR_TEXT_MAX];

	ck_assert_uint_eq(rr_type_parse("aaaa"), DNS_AAAA);
	ck_assert_uint_eq(rr_type_parse("type28"), DNS_AAAA);
	ck_assert_uint_eq(rr_type_parse("TYPE"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE-1"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPEA"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE28A"), 0);
	ck_assert_uint_eq(rr_type_parse("KIND28"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE65536"), 0);
	ck_assert_uint_eq(rr_type_parse(""), 0);
	ck_assert_str_eq(rr_type_format(buf, DNS_MX), "MX");
	ck_assert_uint_eq(rr_type_parse("https"), DNS_HTTPS);
	ck_assert_uint_eq(rr_type_parse("TYPE65535"), 65535);
	ck_assert_str_eq(rr_type_format(buf, 999), "TYPE999");
	ck_assert_str_eq(rr_rcode_format(buf, 12), "RCODE12");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("rr");
	TCase *tc = tcase_create("rr");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, types_have_names_or_numbers);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
