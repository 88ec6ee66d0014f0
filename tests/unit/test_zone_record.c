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
	ck_assert(!record_warning(&d, &r, "odd"));
	ck_assert_uint_eq(d.nerrors, 1);
	ck_assert_uint_eq(d.nwarnings, 1);
	ck_assert_str_eq(d.entries.at[0].message, "a.: wrong: 7");
	ck_assert_uint_eq(d.entries.at[0].mark.line, 3);
	diag_fini(&d);
}
END_TEST

/* The names that stand in the data of a type, and nothing beside them. */
START_TEST(letters_of_names_alone_have_no_case)
{
	static const struct {
		uint16_t type;
		size_t before,
		    after; /* of "XXXXXX\1X\0XX...": octets no name */
	} rows[] = {
	    {DNS_NS, 0, 0},
	    {DNS_CNAME, 0, 0},
	    {DNS_PTR, 0, 0},
	    {DNS_DNAME, 0, 0},
	    {DNS_SOA, 0, 20},
	    {DNS_MX, 2, 0},
	    {DNS_SRV, 6, 0},
	    {DNS_TXT, 40, 0},
	    {DNS_HTTPS, 40, 0},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint8_t upper[40], other[40];
		struct zone_record a = record(rows[i].type, upper, 40), b = a;

		memset(upper, 'A', sizeof(upper));
		memset(other, 'A', sizeof(other));
		b.rdata = other;
		for (size_t at = 0; at < sizeof(other); at++) {
			bool name = at >= rows[i].before &&
			    at < sizeof(other) - rows[i].after;

			other[at] = 'a';
			ck_assert_msg(record_equal(&a, &b) == name,
			    "type %u, octet %zu", rows[i].type, at);
			other[at] = 'B';
			ck_assert(!record_equal(&a, &b));
			other[at] = 'A';
		}
	}
	ck_assert(!equal(DNS_NS, "\1@", "\1`", 3));
	ck_assert(!equal(DNS_NS, "\1[", "\1{", 3));
	ck_assert(equal(DNS_NS, "\1Z", "\1z", 3));
}
END_TEST

enum { RECORDS = 60 };

/* Of equal ones all but the first as they stand. */
START_TEST(what_is_said_again_is_marked)
{
	static const char *const data[] = {"a", "b", "ab", "ba", ""};
	static const uint8_t *const owners[] = {
	    (const uint8_t *)"\1a", (const uint8_t *)"\1b"};
	struct zone_records all = {{0}};

	srandom((unsigned)_i);
	for (size_t i = 0; i < RECORDS; i++) {
		const char *d = data[random() % 5];
		struct zone_record r =
		    record(i % 30 < 20 ? DNS_TXT : 65280, d, strlen(d));

		r.owner = owners[i >= RECORDS / 2];
		vec_push(&all.all, r);
	}
	records_mark_repeated(&all);
	for (size_t i = 0; i < RECORDS; i++) {
		const struct zone_record *r = &all.all.at[i];
		bool before = false;

		for (size_t k = 0; k < i; k++)
			before = before ||
			    (all.all.at[k].type == r->type &&
				all.all.at[k].owner == r->owner &&
				record_equal(&all.all.at[k], r));
		ck_assert_msg(r->repeated == before, "record %zu", i);
	}
	vec_free(&all.all);
}
END_TEST

START_TEST(a_digest_is_of_all_but_order_and_repetition)
{
	struct zone_record a = record(DNS_TXT, "ab", 2),
			   b = record(DNS_TXT, "cd", 2);
	struct zone_record both[] = {a, b, b};
	struct zone_records all = {{.at = both, .n = 2}};
	uint64_t whole = records_digest(&all), other;

	both[0] = b;
	both[1] = a;
	ck_assert_uint_eq(records_digest(&all), whole);
	all.all.n = 3;
	both[2].repeated = true;
	ck_assert_uint_eq(records_digest(&all), whole);
	both[2].repeated = false;
	ck_assert_uint_ne(records_digest(&all), whole);
	all.all.n = 1;
	ck_assert_uint_ne(records_digest(&all), whole);
	all.all.n = 0;
	ck_assert_uint_eq(records_digest(&all), 0);
	/* Each part of a record counts. */
	all.all.n = 1;
	whole = records_digest(&all);
	both[0].ttl = 1;
	other = records_digest(&all);
	ck_assert_uint_ne(other, whole);
	both[0].ttl = 2;
	ck_assert_uint_ne(records_digest(&all), other);
	both[0] = b;
	both[0].type = 65280;
	ck_assert_uint_ne(records_digest(&all), whole);
	both[0] = b;
	both[0].rdata = (const uint8_t *)"cD";
	ck_assert_uint_ne(records_digest(&all), whole);
	both[0].rdata = b.rdata;
	both[0].rdata_len = 1;
	ck_assert_uint_ne(records_digest(&all), whole);
	both[0] = b;
	both[0].owner = (const uint8_t *)"\1b";
	ck_assert_uint_ne(records_digest(&all), whole);
	both[0] = b;
	both[0].line = 99; /* where it stands does not */
	ck_assert_uint_eq(records_digest(&all), whole);
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
	tcase_add_test(tc, letters_of_names_alone_have_no_case);
	tcase_add_loop_test(tc, what_is_said_again_is_marked, 0, 20);
	tcase_add_test(tc, a_digest_is_of_all_but_order_and_repetition);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
