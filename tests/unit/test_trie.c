/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/trie.h"

#include <check.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { ROUNDS = 40, LOOKUPS = 2000 };

/* A prefix with its value. */
struct leaf {
	uint8_t bytes[16];
	uint8_t len;
	uint32_t value;
};

struct leaves {
	VEC(struct leaf) all;
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
split(struct leaves *l, struct leaf leaf, bool spine)
{
	if (leaf.len < l->bits && (spine || dice(100) < 42)) {
		struct leaf high = leaf;
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
covers(const struct leaf *leaf, const uint8_t *bytes)
{
	for (unsigned i = 0; i < leaf->len; i++)
		if (bit_at(leaf->bytes, i) != bit_at(bytes, i))
			return false;
	return true;
}

static const struct leaf *
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
	const struct leaf *leaf = &l->all.at[dice((uint32_t)l->all.n)];

	for (unsigned i = 0; i < 128; i++) {
		unsigned bit = i < leaf->len ? bit_at(leaf->bytes, i) : dice(2);

		bytes[i / 8] = (uint8_t)(bytes[i / 8] << 1 | bit);
	}
}

/* The leaves as a cover has them, and where each of its leaves begins. */
static void
merge(struct leaves *merged, struct cover *c, const struct leaves *l)
{
	cover_place at = 0;

	for (size_t i = 0; i < l->all.n; i++)
		cover_put(c, l->all.at[i].len, l->all.at[i].value);
	ck_assert(c->end == 0);
	for (size_t i = 0; i < c->leaves.n; i++) {
		const struct prefix p = cover_prefix(&at, l->bits == 32 ? 4 : 6,
		    cover_leaf_len(c->leaves.at[i]));
		struct leaf leaf = {
		    .len = p.len, .value = cover_leaf_value(c->leaves.at[i])};

		memcpy(leaf.bytes, p.addr.bytes, sizeof(leaf.bytes));
		vec_push(&merged->all, leaf);
	}
}

static bool
are_siblings(const struct leaf *a, const struct leaf *b)
{
	for (unsigned i = 0; i + 1 < a->len; i++)
		if (bit_at(a->bytes, i) != bit_at(b->bytes, i))
			return false;
	return a->len == b->len && a->len > 0;
}

static void
compare(unsigned bits, unsigned values)
{
	struct leaves l = {.bits = bits, .values = values};
	struct leaves merged = {.bits = bits};
	struct arena *a = arena_new();
	struct cover c = {.end = 0};
	struct leaf all = {.len = 0};
	struct trie *t;
	uint8_t bytes[16];

	split(&l, all, true);
	merge(&merged, &c, &l);
	for (size_t i = 0; i + 1 < merged.all.n; i++)
		ck_assert(
		    merged.all.at[i].value != merged.all.at[i + 1].value ||
		    !are_siblings(&merged.all.at[i], &merged.all.at[i + 1]));
	t = trie_build(a, &c, bits, NULL);
	ck_assert_uint_eq(trie_leaves(t), merged.all.n);
	for (int i = 0; i < LOOKUPS; i++) {
		struct trie_hit hit;

		address(&l, bytes);
		hit = trie_find(t, bytes);
		ck_assert_uint_eq(hit.value, scan(&l, bytes)->value);
		ck_assert_uint_eq(hit.value, scan(&merged, bytes)->value);
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

static void
expect_leaves(struct cover *c, const uint32_t (*put)[2], size_t n, size_t left)
{
	for (size_t i = 0; i < n; i++)
		cover_put(c, put[i][0], put[i][1]);
	ck_assert(c->end == 0);
	ck_assert_uint_eq(c->leaves.n, left);
}

START_TEST(merges_siblings_until_none_are_equal)
{
	static const uint32_t put[][2] = {{2, 7}, {3, 7}, {3, 7}, {1, 8}};
	struct cover c = {.end = 0};

	expect_leaves(&c, put, 4, 2);
	ck_assert_uint_eq(c.leaves.at[0], 7 << 8 | 1);
	ck_assert_uint_eq(c.leaves.at[1], 8 << 8 | 1);
	cover_free(&c);
}
END_TEST

START_TEST(keeps_equal_neighbours_that_are_not_siblings)
{
	static const uint32_t put[][2] = {{2, 1}, {2, 7}, {2, 7}, {2, 1}};
	struct cover c = {.end = 0};

	expect_leaves(&c, put, 4, 4);
	cover_free(&c);
}
END_TEST

START_TEST(merges_all_of_one_value_to_the_whole_space)
{
	static const uint32_t put[][2] = {{1, 3}, {2, 3}, {2, 3}};
	static const uint8_t bytes[16] = {0xff};
	struct arena *a = arena_new();
	struct cover c = {.end = 0};
	struct trie_hit hit;

	expect_leaves(&c, put, 3, 1);
	hit = trie_find(trie_build(a, &c, 128, NULL), bytes);
	ck_assert_uint_eq(hit.value, 3);
	ck_assert_uint_eq(hit.depth, 0);
	arena_free(a);
}
END_TEST

START_TEST(holds_the_largest_value_at_the_last_bit)
{
	struct cover c = {.end = 0};
	uint8_t zero[16] = {0};
	struct arena *a = arena_new();
	struct trie_hit hit;
	struct trie *t;

	cover_put(&c, 128, TRIE_VALUE_MAX);
	for (unsigned len = 128; len > 0; len--)
		cover_put(&c, len, 1);
	ck_assert_uint_eq(c.leaves.n, 129);
	t = trie_build(a, &c, 128, NULL);
	hit = trie_find(t, zero);
	ck_assert_uint_eq(hit.value, TRIE_VALUE_MAX);
	ck_assert_uint_eq(hit.depth, 128);
	zero[15] = 1;
	hit = trie_find(t, zero);
	ck_assert_uint_eq(hit.value, 1);
	ck_assert_uint_eq(hit.depth, 128);
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
