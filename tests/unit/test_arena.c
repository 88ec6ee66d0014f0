/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/arena.h"

#include <check.h>
#include <signal.h>
#include <stdint.h>

START_TEST(memory_is_zeroed_aligned_and_apart)
{
	struct arena *a = arena_new();
	unsigned char *last = NULL;

	for (size_t size = 1; size < 300000; size = size * 2 + 1) {
		unsigned char *p = arena_alloc(a, size);

		ck_assert_uint_eq((uintptr_t)p % 16, 0);
		for (size_t i = 0; i < size; i++)
			ck_assert_uint_eq(p[i], 0);
		memset(p, 0xff, size);
		ck_assert_ptr_ne(p, last);
		last = p;
	}
	arena_free(a);
}
END_TEST

START_TEST(a_large_block_leaves_the_small_one_in_use)
{
	struct arena *a = arena_new();
	char *first = arena_alloc(a, 16);
	size_t before;

	arena_alloc(a, 1 << 20);
	before = arena_size(a);
	ck_assert_ptr_eq(arena_alloc(a, 16), first + 16);
	ck_assert_uint_eq(arena_size(a), before);
	ck_assert_uint_ge(before, 1 << 20);
	arena_free(a);
}
END_TEST

START_TEST(small_blocks_stand_side_by_side)
{
	struct arena *a = arena_new();
	uint8_t *first = arena_place(a, 3, 1);

	ck_assert_uint_eq((uintptr_t)first % 16, 0);
	ck_assert_ptr_eq(arena_place(a, 4, 1), first + 3);
	ck_assert_ptr_eq(arena_place(a, 5, 2), first + 8);
	ck_assert_ptr_eq(arena_place(a, 8, 8), first + 16);
	ck_assert_ptr_eq(arena_place(a, 1, 1), first + 24);
	ck_assert_ptr_eq(arena_alloc(a, 1), first + 32);
	/* To the last octet of a block, and the next one in another. */
	for (size_t size = 1; size < 70; size++) {
		uint8_t *last = arena_place(a, size, 1);
		size_t before = arena_size(a);

		while (arena_size(a) == before) {
			ck_assert_uint_eq(last[0], 0);
			memset(last, 0xff, size);
			last = arena_place(a, size, 1);
		}
		ck_assert_uint_eq((uintptr_t)last % 16, 0);
	}
	arena_free(a);
}
END_TEST

START_TEST(its_size_is_that_of_all_its_blocks)
{
	struct arena *a = arena_new();
	size_t empty = arena_size(a), one;

	arena_alloc(a, 1);
	one = arena_size(a);
	ck_assert_uint_gt(one, empty);
	arena_alloc(a, 1 << 20);
	ck_assert_uint_ge(arena_size(a), one + (1 << 20));
	ck_assert_uint_lt(arena_size(a), one + (1 << 20) + 4096);
	arena_free(a);
}
END_TEST

START_TEST(strings_are_copied)
{
	struct arena *a = arena_new();

	ck_assert_str_eq(arena_strdup(a, "one"), "one");
	ck_assert_str_eq(arena_strndup(a, "three", 2), "th");
	ck_assert_str_eq(arena_strndup(a, "three", 20), "three");
	ck_assert_str_eq(arena_printf(a, "%s/%d", "www", 4), "www/4");
	ck_assert_mem_eq(arena_dup(a, "\0\1\2", 3), "\0\1\2", 3);
	ck_assert_ptr_nonnull(arena_dup(a, NULL, 0));
	arena_free(a);
	arena_free(NULL);
}
END_TEST

START_TEST(an_array_that_overflows_aborts)
{
	arena_array(arena_new(), SIZE_MAX / 2, 4);
}
END_TEST

START_TEST(an_allocation_without_end_aborts)
{
	arena_alloc(arena_new(), SIZE_MAX - 1);
}
END_TEST

START_TEST(vectors_grow_and_start_again)
{
	VEC(int) v = {0};

	for (int i = 0; i < 1000; i++)
		vec_push(&v, i);
	ck_assert_uint_eq(v.n, 1000);
	for (int i = 0; i < 1000; i++)
		ck_assert_int_eq(v.at[i], i);
	vec_free(&v);
	ck_assert_uint_eq(v.n, 0);
	vec_push(&v, 7);
	ck_assert_int_eq(v.at[0], 7);
	vec_free(&v);
}
END_TEST

START_TEST(nothing_of_no_size_is_null)
{
	void *p[] = {
	    xmalloc(0), xcalloc(0, 4), xreallocarray(NULL, 0, 4), xstrdup("")};

	for (size_t i = 0; i < sizeof(p) / sizeof(p[0]); i++) {
		ck_assert_ptr_nonnull(p[i]);
		free(p[i]);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("arena");
	TCase *tc = tcase_create("arena");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, memory_is_zeroed_aligned_and_apart);
	tcase_add_test(tc, a_large_block_leaves_the_small_one_in_use);
	tcase_add_test(tc, small_blocks_stand_side_by_side);
	tcase_add_test(tc, its_size_is_that_of_all_its_blocks);
	tcase_add_test(tc, strings_are_copied);
	tcase_add_test_raise_signal(
	    tc, an_array_that_overflows_aborts, SIGABRT);
	tcase_add_test_raise_signal(
	    tc, an_allocation_without_end_aborts, SIGABRT);
	tcase_add_test(tc, vectors_grow_and_start_again);
	tcase_add_test(tc, nothing_of_no_size_is_null);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
