/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/trie.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>

enum { ROUNDS = 40, LOOKUPS = 2000 };

struct leaves {
	VEC(struct trie_leaf) all;
	unsigned bits, values;
};

static uint32_t
dice(uint32_t sides)
{
	return (uint32_t)random() % sides;
}

static unsigned
bit_at(const uint8_t *bytes, unsigned i)
{
	return bytes[i / 8] >> (7 - i % 8) & 1;
}

/* Cuts a prefix at random; deep only where the dice lead. */
static void
split(struct leaves *l, struct trie_leaf leaf, bool spine)
{
	if (leaf.len < l->bits && (spine || dice(100) < 42)) {
		struct trie_leaf high = leaf;
		bool low_spine = spine && dice(2) != 0;

		high.bytes[leaf.len / 8] |= (uint8_t)(0x80 >> leaf.len % 8);
		leaf.len = ++high.len;
		split(l, leaf, low_spine);
		split(l, high, spine && !low_spine);
		return;
	}
	leaf.value = dice(l->values);
	vec_push(&l->all, leaf);
}

static bool
covers(const struct trie_leaf *leaf, const uint8_t *bytes)
{
	for (unsigned i = 0; i < leaf->len; i++)
		if (bit_at(leaf->bytes, i) != bit_at(bytes, i))
			return false;
	return true;
}

static const struct trie_leaf *
scan(const struct leaves *l, const uint8_t *bytes)
{
	for (size_t i = 0; i < l->all.n; i++)
		if (covers(&l->all.at[i], bytes))
			return &l->all.at[i];
	return NULL;
}

/* An address near a leaf, so that deep ones are found as well. */
static void
address(const struct leaves *l, uint8_t bytes[16])
{
	const struct trie_leaf *leaf = &l->all.at[dice((uint32_t)l->all.n)];

	for (unsigned i = 0; i < 128; i++) {
		unsigned bit = i < leaf->len ? bit_at(leaf->bytes, i) : dice(2);

		bytes[i / 8] = (uint8_t)(bytes[i / 8] << 1 | bit);
	}
}

static void
compare(unsigned bits, unsigned values)
{
	struct leaves l = {.bits = bits, .values = values};
	struct leaves merged = {.bits = bits};
	struct arena *a = arena_new();
	struct trie_leaf all = {.len = 0};
	struct trie *t;
	uint8_t bytes[16];

	split(&l, all, true);
	vec_reserve(&merged.all, l.all.n);
	memcpy(merged.all.at, l.all.at, l.all.n * sizeof(*l.all.at));
	merged.all.n = trie_merge(merged.all.at, l.all.n);
	t = trie_build(a, merged.all.at, merged.all.n, bits, NULL);
	ck_assert_uint_eq(trie_leaves(t), merged.all.n);
	for (int i = 0; i < LOOKUPS; i++) {
		struct trie_hit hit;

		address(&l, bytes);
		hit = trie_find(t, bytes);
		ck_assert_uint_eq(hit.value, scan(&l, bytes)->value);
		ck_assert_uint_eq(hit.depth, scan(&merged, bytes)->len);
	}
	vec_free(&l.all);
	vec_free(&merged.all);
	arena_free(a);
}

START_TEST(finds_what_a_scan_finds_in_ipv4)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		compare(32, 1 + i % 5);
}
END_TEST

START_TEST(finds_what_a_scan_finds_in_ipv6)
{
	for (unsigned i = 0; i < ROUNDS; i++)
		compare(128, 1 + i % 5);
}
END_TEST

START_TEST(merges_siblings_until_none_are_equal)
{
	struct trie_leaf leaves[] = {
	    {{0x00}, 2, 7}, {{0x40}, 3, 7}, {{0x60}, 3, 7}, {{0x80}, 1, 8}};

	ck_assert_uint_eq(trie_merge(leaves, 4), 2);
	ck_assert_uint_eq(leaves[0].len, 1);
	ck_assert_uint_eq(leaves[0].value, 7);
	ck_assert_uint_eq(leaves[1].len, 1);
	ck_assert_uint_eq(leaves[1].value, 8);
}
END_TEST

START_TEST(keeps_equal_neighbours_that_are_not_siblings)
{
	struct trie_leaf leaves[] = {
	    {{0x00}, 2, 1}, {{0x40}, 2, 7}, {{0x80}, 2, 7}, {{0xc0}, 2, 1}};

	ck_assert_uint_eq(trie_merge(leaves, 4), 4);
}
END_TEST

START_TEST(merges_all_of_one_value_to_the_whole_space)
{
	struct trie_leaf leaves[] = {
	    {{0x00}, 1, 3}, {{0x80}, 2, 3}, {{0xc0}, 2, 3}};
	static const uint8_t bytes[16] = {0xff};
	struct arena *a = arena_new();
	struct trie_hit hit;

	ck_assert_uint_eq(trie_merge(leaves, 3), 1);
	hit = trie_find(trie_build(a, leaves, 1, 128, NULL), bytes);
	ck_assert_uint_eq(hit.value, 3);
	ck_assert_uint_eq(hit.depth, 0);
	arena_free(a);
}
END_TEST

START_TEST(holds_the_largest_value_at_the_last_bit)
{
	struct leaves l = {.bits = 128};
	struct trie_leaf leaf = {.value = 1};
	uint8_t zero[16] = {0};
	struct arena *a = arena_new();
	struct trie_hit hit;

	leaf.len = 128;
	leaf.value = TRIE_VALUE_MAX;
	vec_push(&l.all, leaf);
	leaf.value = 1;
	for (unsigned i = 128; i-- > 0;) {
		leaf.len = (uint8_t)(i + 1);
		memset(leaf.bytes, 0, 16);
		leaf.bytes[i / 8] = (uint8_t)(0x80 >> i % 8);
		vec_push(&l.all, leaf);
	}
	hit = trie_find(trie_build(a, l.all.at, l.all.n, 128, NULL), zero);
	ck_assert_uint_eq(hit.value, TRIE_VALUE_MAX);
	ck_assert_uint_eq(hit.depth, 128);
	zero[15] = 1;
	hit = trie_find(trie_build(a, l.all.at, l.all.n, 128, NULL), zero);
	ck_assert_uint_eq(hit.value, 1);
	ck_assert_uint_eq(hit.depth, 128);
	vec_free(&l.all);
	arena_free(a);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trie");
	TCase *c = tcase_create("trie");
	SRunner *r = srunner_create(s);
	int failed;

	srandom(1);
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	tcase_add_test(c, finds_what_a_scan_finds_in_ipv4);
	tcase_add_test(c, finds_what_a_scan_finds_in_ipv6);
	tcase_add_test(c, merges_siblings_until_none_are_equal);
	tcase_add_test(c, keeps_equal_neighbours_that_are_not_siblings);
	tcase_add_test(c, merges_all_of_one_value_to_the_whole_space);
	tcase_add_test(c, holds_the_largest_value_at_the_last_bit);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
