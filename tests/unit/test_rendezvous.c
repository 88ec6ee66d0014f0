/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/rendezvous.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "dns/name.h"

enum { KEYS = 200000, SIGMAS = 5 };

static const char *const names[] = {"eu", "us", "ap", "sa", "af"};

enum { NAMES = sizeof(names) / sizeof(*names) };

static void
lots_make(struct lot *lots, const uint32_t *weights, size_t n)
{
	for (size_t i = 0; i < n; i++)
		lots[i] = (struct lot){
		    rendezvous_hash(names[i], strlen(names[i])), weights[i]};
}

/* As /24s stand beside each other. */
static uint64_t
prefix_key(uint32_t i)
{
	const uint8_t octets[] = {
	    (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i};

	return rendezvous_hash(octets, sizeof(octets));
}

/* As the tenants of a service. */
static uint64_t
tenant_key(uint32_t i)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "t%u.example.com", i);

	return rendezvous_hash(text, (size_t)len);
}

static uint64_t (*key_of)(uint32_t i) = prefix_key;

static void
by_prefix(void)
{
	key_of = prefix_key;
}

static void
by_tenant(void)
{
	key_of = tenant_key;
}

static size_t
first(const struct lot *lots, size_t n, uint32_t key)
{
	struct rendezvous r;

	rendezvous_begin(&r, lots, n, key_of(key));
	return rendezvous_next(&r);
}

static double
sigma(double share)
{
	return sqrt(share * (1 - share) * KEYS);
}

START_TEST(the_hash_is_the_one_of_the_manual)
{
	/* FNV-1a of nothing and of "a", then mixed. */
	ck_assert_uint_eq(rendezvous_hash("", 0),
	    rendezvous_mix(UINT64_C(0xcbf29ce484222325)));
	ck_assert_uint_eq(rendezvous_hash("a", 1),
	    rendezvous_mix(UINT64_C(0xaf63dc4c8601ec8c)));
	/* What splitmix64 begins with from the state 0. */
	ck_assert_uint_eq(rendezvous_mix(UINT64_C(0x9e3779b97f4a7c15)),
	    UINT64_C(0xe220a8397b1dcdaf));
}
END_TEST

static uint64_t
name_key(const char *text)
{
	uint8_t name[DNS_NAME_MAX];
	struct error err;

	ck_assert(name_parse(text, name, &err));
	return rendezvous_name(name);
}

START_TEST(a_name_is_its_labels_with_dots)
{
	ck_assert_uint_eq(name_key("acme.t.example.com."),
	    rendezvous_hash("acme.t.example.com", 18));
	ck_assert_uint_eq(name_key("acme"), rendezvous_hash("acme", 4));
	ck_assert_uint_eq(name_key("."), rendezvous_hash("", 0));
}
END_TEST

static const struct {
	const char *name, *owner, *tenant;
} tenants[] = {
    {"www.example.com", "www.example.com", "www.example.com"},
    {"acme.t.example.com", "*.t.example.com", "acme.t.example.com"},
    {"www.acme.t.example.com", "*.t.example.com", "acme.t.example.com"},
    {"a.b.c.acme.t.example.com", "*.t.example.com", "acme.t.example.com"},
    {"*.t.example.com", "*.t.example.com", "*.t.example.com"},
    {"example.com", "*.", "com"},
};

START_TEST(a_tenant_is_one_label_below_the_wildcards_parent)
{
	uint8_t name[DNS_NAME_MAX], owner[DNS_NAME_MAX], want[DNS_NAME_MAX];
	struct error err;

	ck_assert(name_parse(tenants[_i].name, name, &err));
	ck_assert(name_parse(tenants[_i].owner, owner, &err));
	ck_assert(name_parse(tenants[_i].tenant, want, &err));
	ck_assert(name_equal(rendezvous_tenant(name, owner), want));
}
END_TEST

/* The worked example of meridian.yaml(5). */
START_TEST(the_manual_and_the_code_draw_alike)
{
	static const struct {
		const char *region;
		uint64_t draw;
	} want[] = {{"eu-west", UINT64_C(0xf0d5205e19e069a3)},
	    {"eu-north", UINT64_C(0xb9ecd424dde17570)},
	    {"eu-south", UINT64_C(0xbc8b8a7863ede4f9)}};
	uint64_t key = name_key("acme.t.example.com");

	for (size_t i = 0; i < 3; i++)
		ck_assert_uint_eq(rendezvous_draw(key,
				      rendezvous_hash(want[i].region,
					  strlen(want[i].region))),
		    want[i].draw);
}
END_TEST

START_TEST(what_is_taken_is_the_first_of_all)
{
	static const uint32_t weights[] = {1, 1, 1, 1, 1};
	struct lot lots[NAMES];

	lots_make(lots, weights, NAMES);
	for (uint32_t k = 0; k < 1000; k++) {
		uint8_t first = k % NAMES;
		struct rendezvous r, plain;

		rendezvous_begin(&r, lots, NAMES, key_of(k));
		rendezvous_begin(&plain, lots, NAMES, key_of(k));
		rendezvous_take(&r, first);
		ck_assert_uint_eq(r.at[0], first);
		for (size_t i = 0; i < NAMES; i++) {
			uint8_t at = rendezvous_next(&plain);

			if (at != first)
				ck_assert_uint_eq(rendezvous_next(&r), at);
		}
	}
}
END_TEST

START_TEST(the_logarithm_is_right_and_never_rises)
{
	uint64_t x = 1, last = UINT64_MAX;

	for (unsigned i = 0; i < 1000000; i++) {
		uint64_t draw = rendezvous_mix(++x);
		double got = (double)rendezvous_log(draw) / (1u << 31);
		double want = -log2((double)draw) + 64;

		ck_assert_msg(fabs(got - want) < 4e-6, "%llx: %.9f, not %.9f",
		    (unsigned long long)draw, got, want);
	}
	for (x = 1; x < UINT64_MAX / 3 * 2; x += 1 + x / 100000) {
		ck_assert_uint_le(rendezvous_log(x), last);
		last = rendezvous_log(x);
	}
	ck_assert_uint_le(rendezvous_log(UINT64_MAX), 1);
	ck_assert_uint_eq(rendezvous_log(0), (uint64_t)64 << 31);
}
END_TEST

START_TEST(each_region_is_the_first_of_its_share)
{
	static const uint32_t weights[] = {1, 2, 3, 10, 1000000};
	size_t n[NAMES] = {0};
	struct lot lots[NAMES];

	/* The last one has nearly all: looked at without it. */
	lots_make(lots, weights, NAMES);
	for (uint32_t k = 0; k < KEYS; k++)
		n[first(lots, NAMES - 1, k)]++;
	for (size_t i = 0; i + 1 < NAMES; i++) {
		double share = weights[i] / 16.0;

		ck_assert_double_lt(
		    fabs((double)n[i] - share * KEYS), SIGMAS * sigma(share));
	}
	memset(n, 0, sizeof(n));
	for (uint32_t k = 0; k < KEYS; k++)
		n[first(lots, NAMES, k)]++;
	ck_assert_uint_lt(KEYS - n[NAMES - 1], 40);
}
END_TEST

/* How many keys have another first region; all of them must leave from, or come
 * to, the region that changed. */
static size_t
moved(const struct lot *before, size_t nbefore, const struct lot *after,
    size_t nafter, size_t changed)
{
	size_t n = 0;

	for (uint32_t k = 0; k < KEYS; k++) {
		size_t a = first(before, nbefore, k);
		size_t b = first(after, nafter, k);

		if (a == b)
			continue;
		ck_assert(a == changed || b == changed);
		n++;
	}
	return n;
}

START_TEST(another_weight_moves_no_more_than_it_must)
{
	static const uint32_t steps[] = {0, 1, 50, 99, 101, 150, 200, 1000};
	uint32_t weights[] = {100, 100, 30, 70};
	struct lot before[4], after[4];
	double was = 1.0 / 3;

	lots_make(before, weights, 4);
	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		double is = steps[i] / (steps[i] + 200.0);
		double ideal = fabs(is - was);

		weights[0] = steps[i];
		lots_make(after, weights, 4);
		ck_assert_double_lt(
		    fabs((double)moved(before, 4, after, 4, 0) - ideal * KEYS),
		    SIGMAS * sigma(ideal));
	}
}
END_TEST

START_TEST(a_region_more_or_less_moves_its_own_share_alone)
{
	static const uint32_t weights[] = {5, 4, 3, 2, 1};
	struct lot lots[NAMES];
	double share = 1.0 / 15;
	size_t n;

	lots_make(lots, weights, NAMES);
	n = moved(lots, NAMES, lots, NAMES - 1, NAMES - 1);
	ck_assert_double_lt(
	    fabs((double)n - share * KEYS), SIGMAS * sigma(share));
}
END_TEST

/* Who loses the first has as the next whom it would have without the first. */
START_TEST(the_order_of_the_others_does_not_depend_on_one)
{
	static const uint32_t weights[] = {5, 4, 0, 2, 1};
	struct lot lots[NAMES], rest[NAMES];

	lots_make(lots, weights, NAMES);
	for (uint32_t k = 0; k < 1000; k++) {
		struct rendezvous all, left;
		size_t gone = k % NAMES, n = 0;
		uint8_t was[NAMES];

		for (uint8_t i = 0; i < NAMES; i++) {
			was[n] = i;
			rest[n] = lots[i];
			n += i != gone;
		}
		rendezvous_begin(&all, lots, NAMES, key_of(k));
		rendezvous_begin(&left, rest, n, key_of(k));
		for (size_t i = 0; i < NAMES; i++) {
			uint8_t at = rendezvous_next(&all);

			if (at != gone)
				ck_assert_uint_eq(
				    at, was[rendezvous_next(&left)]);
		}
	}
}
END_TEST

START_TEST(weight_0_comes_after_all_others_as_declared)
{
	static const uint32_t weights[] = {0, 1, 0, 1, 0};
	struct lot lots[NAMES];

	lots_make(lots, weights, NAMES);
	for (uint32_t k = 0; k < 1000; k++) {
		struct rendezvous r;
		uint8_t a, b;

		rendezvous_begin(&r, lots, NAMES, key_of(k));
		a = rendezvous_next(&r);
		b = rendezvous_next(&r);
		ck_assert((a == 1 && b == 3) || (a == 3 && b == 1));
		for (uint8_t i = 0; i < NAMES; i += 2)
			ck_assert_uint_eq(rendezvous_next(&r), i);
	}
}
END_TEST

static void
add_tests(Suite *s, const char *by, void (*setup)(void))
{
	TCase *c = tcase_create(by);

	tcase_set_timeout(c, 300);
	tcase_add_checked_fixture(c, setup, NULL);
	suite_add_tcase(s, c);
	tcase_add_test(c, what_is_taken_is_the_first_of_all);
	tcase_add_test(c, each_region_is_the_first_of_its_share);
	tcase_add_test(c, another_weight_moves_no_more_than_it_must);
	tcase_add_test(c, a_region_more_or_less_moves_its_own_share_alone);
	tcase_add_test(c, the_order_of_the_others_does_not_depend_on_one);
	tcase_add_test(c, weight_0_comes_after_all_others_as_declared);
}

int
main(void)
{
	Suite *s = suite_create("rendezvous");
	TCase *c = tcase_create("rendezvous");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(c, 300);
	suite_add_tcase(s, c);
	tcase_add_test(c, the_hash_is_the_one_of_the_manual);
	tcase_add_test(c, a_name_is_its_labels_with_dots);
	tcase_add_loop_test(c, a_tenant_is_one_label_below_the_wildcards_parent,
	    0, sizeof(tenants) / sizeof(*tenants));
	tcase_add_test(c, the_manual_and_the_code_draw_alike);
	tcase_add_test(c, the_logarithm_is_right_and_never_rises);
	add_tests(s, "by prefix", by_prefix);
	add_tests(s, "by tenant", by_tenant);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
