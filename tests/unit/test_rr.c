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

/* RFC 3597 5: five digits at most. */
START_TEST(numbers_of_types_have_five_digits)
{
	ck_assert_uint_eq(rr_type_parse("TYPE1"), 1);
	ck_assert_uint_eq(rr_type_parse("TYPE00001"), 1);
	ck_assert_uint_eq(rr_type_parse("TYPE000001"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE0"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE99999"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE/"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE:"), 0);
	ck_assert_uint_eq(rr_type_parse("TYPE09"), 9);
	ck_assert_uint_eq(rr_type_parse("TYPE10"), 10);
	ck_assert_uint_eq(rr_type_parse("AAA"), 0);
	ck_assert_uint_eq(rr_type_parse("AAAAA"), 0);
	ck_assert_uint_eq(rr_type_parse("1AAA"), 0);
}
END_TEST

/* The IANA registry of DNS RCODEs, those that are ours. */
START_TEST(rcodes_have_names_or_numbers)
{
	static const struct {
		uint16_t value;
		const char *text;
	} rows[] = {
	    {0, "NOERROR"},
	    {1, "FORMERR"},
	    {2, "SERVFAIL"},
	    {3, "NXDOMAIN"},
	    {4, "NOTIMP"},
	    {5, "REFUSED"},
	    {6, "YXDOMAIN"},
	    {9, "NOTAUTH"},
	    {16, "BADVERS"},
	    {23, "BADCOOKIE"},
	};
	char buf[RR_TEXT_MAX];
	uint16_t value;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert_str_eq(
		    rr_rcode_format(buf, rows[i].value), rows[i].text);
		ck_assert(rr_rcode_parse(rows[i].text, &value));
		ck_assert_uint_eq(value, rows[i].value);
	}
	ck_assert_str_eq(rr_rcode_format(buf, 4095), "RCODE4095");
	ck_assert(!rr_rcode_parse("RCODE12", &value));
	ck_assert(!rr_rcode_parse("NOERRO", &value));
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
	tcase_add_test(tc, numbers_of_types_have_five_digits);
	tcase_add_test(tc, rcodes_have_names_or_numbers);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
