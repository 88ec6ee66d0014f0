/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/drain.h"

#include <check.h>

#include "base/clock.h"

static struct drains t;

static void
setup(void)
{
	t = (struct drains){0};
}

static void
teardown(void)
{
	drains_fini(&t);
}

static struct drain *
put(const char *what, enum drain_kind kind, int64_t at, int64_t until)
{
	struct drain *d = drain_new(what, "ana", "x", 100, until, false, NULL);

	ck_assert_ptr_nonnull(d);
	d->kind = kind;
	d->at = at;
	drains_put(&t, d);
	return d;
}

static const struct drain *
cover(enum drain_kind kind, const char *target)
{
	return drains_cover(&t, kind, "www", "eu", target);
}

START_TEST(an_announced_one_covers_nothing_before_its_time)
{
	struct drain *d = put("eu", DRAIN_OUT, 200, 300);

	ck_assert_ptr_null(cover(DRAIN_OUT, NULL));
	ck_assert_ptr_eq(drains_next(&t, "www", "eu", "a"), d);
	ck_assert_ptr_null(drains_due(&t, 199));
	ck_assert_ptr_eq(drains_due(&t, 200), d);
	clock_fake(1000000, 200);
	ck_assert_ptr_null(drains_begin(&t, d));
	ck_assert_int_eq(d->since, 200);
	ck_assert_ptr_eq(cover(DRAIN_OUT, NULL), d);
	ck_assert_ptr_null(drains_next(&t, "www", "eu", "a"));
	ck_assert_ptr_null(drains_due(&t, 200));
	ck_assert_ptr_null(drains_expire(&t));
	clock_fake(1099001, 999);
	ck_assert_int_eq(drain_left_s(d), 1);
	ck_assert_ptr_null(drains_expire(&t));
	clock_fake(1100000, 0);
	drain_free(drains_expire(&t));
	clock_real();
	ck_assert_uint_eq(t.all.n, 0);
}
END_TEST

START_TEST(what_if_counts_the_announced_ones)
{
	struct drain *d = put("www/eu", DRAIN_OUT, 200, 300);

	t.ahead = true;
	ck_assert_ptr_eq(cover(DRAIN_OUT, NULL), d);
}
END_TEST

START_TEST(a_lease_of_the_same_what_is_renewed)
{
	struct drain *d;

	put("eu", DRAIN_OUT, 0, 300);
	d = put("eu", DRAIN_OUT, 0, 200);
	ck_assert_uint_eq(t.all.n, 1);
	ck_assert_ptr_eq(drains_find(&t, DRAIN_OUT, "eu", false), d);
}
END_TEST

START_TEST(the_announced_one_takes_the_place_of_the_one_in_force)
{
	struct drain *first = put("eu", DRAIN_OUT, 0, DRAIN_FOREVER);
	struct drain *second = put("eu", DRAIN_OUT, 200, 300);

	ck_assert_uint_eq(t.all.n, 2);
	ck_assert_ptr_eq(cover(DRAIN_OUT, NULL), first);
	ck_assert_ptr_eq(drains_begin(&t, second), first);
	drain_free(first);
	ck_assert_ptr_eq(cover(DRAIN_OUT, NULL), second);
	ck_assert_uint_eq(t.all.n, 1);
}
END_TEST

START_TEST(a_force_up_is_no_drain)
{
	struct drain *up = put("eu", DRAIN_UP, 0, 300);
	struct drain *out = put("eu", DRAIN_OUT, 0, 200);

	ck_assert_uint_eq(t.all.n, 2);
	ck_assert_ptr_eq(cover(DRAIN_UP, "a"), up);
	ck_assert_ptr_eq(cover(DRAIN_OUT, "a"), out);
	drain_free(drains_remove(&t, out));
	ck_assert_ptr_null(cover(DRAIN_OUT, "a"));
	ck_assert_ptr_eq(cover(DRAIN_UP, "a"), up);
}
END_TEST

START_TEST(the_one_that_ends_last_covers)
{
	struct drain *last = put("www/eu", DRAIN_OUT, 0, 300);

	put("eu", DRAIN_OUT, 0, 200);
	put("www/eu/a", DRAIN_OUT, 0, 250);
	ck_assert_ptr_eq(cover(DRAIN_OUT, "a"), last);
	put("eu", DRAIN_OUT, 0, DRAIN_FOREVER);
	ck_assert_int_eq(cover(DRAIN_OUT, "a")->until, DRAIN_FOREVER);
	ck_assert_ptr_null(drains_cover(&t, DRAIN_OUT, "www", "us", "a"));
}
END_TEST

START_TEST(the_first_announced_is_the_next)
{
	put("eu", DRAIN_OUT, 300, 400);
	put("www/eu", DRAIN_OUT, 200, 400);
	put("www/eu", DRAIN_UP, 150, 400);
	put("www/eu/a", DRAIN_OUT, 160, 400);
	ck_assert_int_eq(drains_next(&t, "www", "eu", NULL)->at, 200);
	ck_assert_int_eq(drains_next(&t, "www", "eu", "a")->at, 160);
	ck_assert_int_eq(drains_next(&t, "cdn", "eu", "a")->at, 300);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("drain");
	TCase *c = tcase_create("drain");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, an_announced_one_covers_nothing_before_its_time);
	tcase_add_test(c, what_if_counts_the_announced_ones);
	tcase_add_test(c, a_lease_of_the_same_what_is_renewed);
	tcase_add_test(
	    c, the_announced_one_takes_the_place_of_the_one_in_force);
	tcase_add_test(c, a_force_up_is_no_drain);
	tcase_add_test(c, the_one_that_ends_last_covers);
	tcase_add_test(c, the_first_announced_is_the_next);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
