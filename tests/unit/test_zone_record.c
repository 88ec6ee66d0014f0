/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/record.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* The shortest data of an SOA, and less. */
static const uint8_t soa[] = "\1A\1b\0\1\2\3\4\1\2\3\4\1\2\3\4"
			     "\1\2\3\4\1\2\3A";

static struct zone_record
record(uint16_t type, const void *rdata, size_t len)
{
	return (struct zone_record){
	    .owner = (const uint8_t *)"\1a",
	    .type = type,
	    .rdata = rdata,
	    .rdata_len = (uint16_t)len,
	    .file = "/nonexistent/zone",
	    .line = 3,
	};
}

static bool
equal(uint16_t type, const char *a, const char *b, size_t len)
{
	struct zone_record x = record(type, a, len), y = record(type, b, len);

	return record_equal(&x, &y);
}

/* RFC 4034 6.2 */
START_TEST(names_are_compared_without_case)
{
	ck_assert(equal(DNS_NS, "\1A", "\1a", 3));
	ck_assert(equal(DNS_MX, "AA\1A", "AA\1a", 5));
	ck_assert(!equal(DNS_MX, "AA\1A", "Aa\1a", 5));
	ck_assert(!equal(DNS_NS, "\1A", "\1b", 3));
	ck_assert(!equal(DNS_TXT, "\1A", "\1a", 2));
	ck_assert(!equal(65280, "A", "a", 1));
}
END_TEST

START_TEST(the_numbers_of_an_soa_are_no_letters)
{
	struct zone_record a = record(DNS_SOA, soa, sizeof(soa) - 1), b = a;
	uint8_t other[sizeof(soa)];

	memcpy(other, soa, sizeof(soa));
	b.rdata = other;
	other[1] = 'a';
	ck_assert(record_equal(&a, &b));
	other[sizeof(soa) - 2] = 'a';
	ck_assert(!record_equal(&a, &b));
	a.rdata_len = b.rdata_len = 2; /* no SOA at all */
	ck_assert(!record_equal(&a, &b));
	b.rdata_len = 3;
	ck_assert(!record_equal(&a, &b));
}
END_TEST

START_TEST(what_is_wrong_is_said_though_the_file_is_gone)
{
	struct zone_record r = record(DNS_A, "1234", 4);
	struct diag d;

	diag_init(&d);
	ck_assert(!record_error(&d, &r, "wrong: %d", 7));
	record_warning(&d, &r, "odd");
	ck_assert_uint_eq(d.nerrors, 1);
	ck_assert_uint_eq(d.nwarnings, 1);
	ck_assert_str_eq(d.entries.at[0].message, "a.: wrong: 7");
	ck_assert_uint_eq(d.entries.at[0].mark.line, 3);
	diag_fini(&d);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("zone_record");
	TCase *tc = tcase_create("zone_record");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, names_are_compared_without_case);
	tcase_add_test(tc, the_numbers_of_an_soa_are_no_letters);
	tcase_add_test(tc, what_is_wrong_is_said_though_the_file_is_gone);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
