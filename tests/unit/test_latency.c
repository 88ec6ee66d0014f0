/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/latency.h"

#include <check.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { WORLDS = 300, ADDRESSES = 60, REGIONS_MAX = 16 };

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(text, &a));
	return a;
}

static struct conf_latency_row
row(const char *prefix, uint16_t region, uint32_t us)
{
	struct conf_latency_row r = {.region = region, .us = us};
	struct error err;

	ck_assert(prefix_parse(prefix, &r.prefix, &err));
	return r;
}

static void
expect(const struct latency *l, const char *text, const char *order,
    unsigned depth)
{
	struct addr a = address(text);
	struct place p = {.nquickest = 0};
	char got[32] = "";
	unsigned d;

	latency_tell(l, latency_find(l, &a, &d), &p);
	for (size_t i = 0; i < p.nquickest; i++)
		sprintf(got + strlen(got), "%u", p.quickest[i]);
	ck_assert_str_eq(got, order);
	ck_assert_msg(d == depth, "%s: depth %u", text, d);
}

START_TEST(the_longest_prefix_of_each_region_counts)
{
	struct conf_latency_row rows[] = {row("10.0.0.0/8", 0, 50),
	    row("10.0.0.0/8", 1, 10), row("10.0.0.0/8", 2, 10),
	    row("10.1.0.0/16", 0, 5), row("10.1.2.0/24", 1, 1),
	    row("2001:db8::/32", 2, 7)};
	struct conf_latency conf = {.rows = rows, .nrows = 6};
	struct latency *l = latency_build(&conf);
	struct addr a = address("10.1.2.3");
	const struct latency_entry *e;
	unsigned depth;

	expect(l, "10.2.0.1", "120", 15);
	expect(l, "10.1.3.1", "012", 24);
	expect(l, "10.1.2.1", "102", 24);
	expect(l, "11.0.0.0", "", 8);
	expect(l, "2001:db8::1", "2", 32);
	expect(l, "::1", "", 3);
	e = latency_find(l, &a, &depth);
	ck_assert_uint_eq(latency_us(l, e, 0), 5);
	ck_assert_uint_eq(latency_us(l, e, 1), 1);
	ck_assert_uint_eq(latency_us(l, e, 2), 10);
	ck_assert_uint_eq(latency_us(l, e, 3), LATENCY_UNKNOWN);
	latency_free(l);
}
END_TEST

START_TEST(nothing_is_left_of_what_was_freed)
{
	struct conf_latency_row rows[] = {
	    row("10.0.0.0/8", 0, 50), row("10.1.0.0/16", 1, 5)};
	struct conf_latency conf = {.rows = rows, .nrows = 2};
	size_t before;

	/* malloc(3) keeps some of what is freed at hand. */
	for (int i = 0; i < 100; i++)
		latency_free(latency_build(&conf));
	before = mallinfo2().uordblks;
	for (int i = 0; i < 100; i++)
		latency_free(latency_build(&conf));
	ck_assert_uint_le(mallinfo2().uordblks, before + 1024);
	latency_free(NULL);
}
END_TEST

START_TEST(without_rows_nothing_is_known)
{
	struct conf_latency conf = {.nrows = 0};
	struct latency *l = latency_build(&conf);

	expect(l, "10.2.0.1", "", 0);
	expect(l, "::", "", 0);
	latency_free(l);
}
END_TEST

/* By a look at each row. */
static void
expect_scan(const struct conf_latency *conf, const struct latency *l,
    const struct addr *a)
{
	int best[REGIONS_MAX];
	uint32_t us[REGIONS_MAX];
	unsigned depth = 0, d;
	size_t known = 0;
	struct place p = {.nquickest = 0};
	const struct latency_entry *e = latency_find(l, a, &d);

	memset(best, -1, sizeof(best));
	for (size_t i = 0; i < conf->nrows; i++) {
		const struct conf_latency_row *r = &conf->rows[i];

		if (r->prefix.addr.family != a->family)
			continue;
		if (prefix_depth_beside(&r->prefix, a) > depth)
			depth = prefix_depth_beside(&r->prefix, a);
		if (!prefix_covers(&r->prefix, a) ||
		    r->prefix.len <= best[r->region])
			continue;
		known += best[r->region] < 0;
		best[r->region] = r->prefix.len;
		us[r->region] = r->us;
	}
	ck_assert_uint_eq(d, depth);
	latency_tell(l, e, &p);
	ck_assert_uint_eq(p.nquickest, known);
	for (size_t i = 0; i < known; i++) {
		uint16_t r = p.quickest[i];

		ck_assert_int_ge(best[r], 0);
		ck_assert_uint_eq(latency_us(l, e, r), us[r]);
		if (i > 0)
			ck_assert(us[p.quickest[i - 1]] < us[r] ||
			    (us[p.quickest[i - 1]] == us[r] &&
				p.quickest[i - 1] < r));
	}
}

/* A prefix and a region that stand twice are refused before. */
static void
keep_unique(struct conf_latency *conf)
{
	size_t n = 0;

	for (size_t i = 0; i < conf->nrows; i++) {
		const struct conf_latency_row *r = &conf->rows[i];
		size_t k = 0;

		while (k < n &&
		    (conf->rows[k].region != r->region ||
			conf->rows[k].prefix.len != r->prefix.len ||
			!addr_equal(
			    &conf->rows[k].prefix.addr, &r->prefix.addr)))
			k++;
		if (k == n)
			conf->rows[n++] = *r;
	}
	conf->nrows = n;
}

START_TEST(it_finds_what_a_scan_finds)
{
	for (unsigned i = 0; i < WORLDS; i++) {
		struct world w;
		struct latency *l;

		srandom(i);
		world_new(&w);
		keep_unique(&w.conf->latency);
		l = latency_build(&w.conf->latency);
		for (unsigned k = 0; k < ADDRESSES; k++) {
			struct addr a;

			world_addr(&w, &a);
			expect_scan(&w.conf->latency, l, &a);
		}
		latency_free(l);
		world_free(&w);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("latency");
	TCase *c = tcase_create("latency");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	tcase_add_test(c, the_longest_prefix_of_each_region_counts);
	tcase_add_test(c, nothing_is_left_of_what_was_freed);
	tcase_add_test(c, without_rows_nothing_is_known);
	tcase_add_test(c, it_finds_what_a_scan_finds);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
