/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdlib.h>

#include "serve/count.h"
#include "snapshot/snapshot.h"

START_TEST(a_sum_has_the_counters_of_all_threads)
{
	struct counters *a, *b, sum;
	unsigned row_a, row_b;

	a = count_new(&row_a);
	b = count_new(&row_b);
	ck_assert_uint_ne(row_a, row_b);
	count_add(&a->queries[COUNT_UDP][0], 2);
	count_add(&b->queries[COUNT_UDP][0], 3);
	count_add(&a->responses[DNS_REFUSED], 1);
	count_add(&b->tcp_refused, 4);
	count_sum(&sum);
	ck_assert_uint_eq(sum.queries[COUNT_UDP][0], 5);
	ck_assert_uint_eq(sum.queries[COUNT_TCP][0], 0);
	ck_assert_uint_eq(sum.responses[DNS_REFUSED], 1);
	ck_assert_uint_eq(sum.tcp_refused, 4);
}
END_TEST

START_TEST(there_are_as_many_blocks_as_rows_in_a_snapshot)
{
	unsigned row, n = 0;

	while (count_new(&row) != NULL) {
		ck_assert_uint_eq(row, n);
		n++;
	}
	ck_assert_uint_eq(n, SNAPSHOT_ROWS);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("count");
	TCase *tc = tcase_create("count");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_sum_has_the_counters_of_all_threads);
	tcase_add_test(tc, there_are_as_many_blocks_as_rows_in_a_snapshot);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
