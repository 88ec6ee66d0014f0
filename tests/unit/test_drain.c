/* SPDX-License-Identifier: BSD-3-Clause */
#include "steer/drain.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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
	return drains_on(&t, "www", "eu", target).cover[kind];
}

START_TEST(an_announced_one_covers_nothing_before_its_time)
{
	struct drain *d = put("eu", DRAIN_OUT, 200, 300);

	ck_assert_ptr_null(cover(DRAIN_OUT, NULL));
	ck_assert_ptr_eq(drains_on(&t, "www", "eu", "a").next, d);
	ck_assert_ptr_null(drains_due(&t, 199));
	ck_assert_ptr_eq(drains_due(&t, 200), d);
	clock_fake(1000000, 200);
	ck_assert_ptr_null(drains_begin(&t, d));
	ck_assert_int_eq(d->since, 200);
	ck_assert_ptr_eq(cover(DRAIN_OUT, NULL), d);
	ck_assert_ptr_null(drains_on(&t, "www", "eu", "a").next);
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
	ck_assert_ptr_null(drains_on(&t, "www", "us", "a").cover[DRAIN_OUT]);
}
END_TEST

START_TEST(the_first_announced_is_the_next)
{
	put("eu", DRAIN_OUT, 300, 400);
	put("www/eu", DRAIN_OUT, 200, 400);
	put("www/eu", DRAIN_UP, 150, 400);
	put("www/eu/a", DRAIN_OUT, 160, 400);
	ck_assert_int_eq(drains_on(&t, "www", "eu", NULL).next->at, 200);
	ck_assert_int_eq(drains_on(&t, "www", "eu", "a").next->at, 160);
	ck_assert_int_eq(drains_on(&t, "cdn", "eu", "a").next->at, 300);
}
END_TEST

/* Names, clocks and order ----------------------------------------------------
 */

static const struct {
	const char *what, *pool, *region, *target; /* region NULL: refused */
} forms[] = {
    {"eu", NULL, "eu", NULL},
    {"www/eu", "www", "eu", NULL},
    {"www/eu/a", "www", "eu", "a"},
    {"www/eu/a/b", "www", "eu", "a/b"},
    {"w/e/a/", "w", "e", "a/"},
    {"", NULL, NULL, NULL},
    {"/", NULL, NULL, NULL},
    {"/eu", NULL, NULL, NULL},
    {"www/", NULL, NULL, NULL},
    {"www//a", NULL, NULL, NULL},
    {"www/eu/", NULL, NULL, NULL},
    {"/eu/a", NULL, NULL, NULL},
};

static void
same_text(const char *a, const char *b)
{
	if (b == NULL)
		ck_assert_ptr_null(a);
	else
		ck_assert_str_eq(a, b);
}

START_TEST(what_is_a_region_of_a_pool_or_a_target)
{
	struct error err = {""};
	struct drain *d =
	    drain_new(forms[_i].what, "ana", "work", 100, 200, true, &err);

	if (forms[_i].region == NULL) {
		ck_assert_ptr_null(d);
		ck_assert_ptr_nonnull(strstr(err.text, forms[_i].what));
		return;
	}
	same_text(d->what, forms[_i].what);
	same_text(d->pool, forms[_i].pool);
	same_text(d->region, forms[_i].region);
	same_text(d->target, forms[_i].target);
	same_text(d->owner, "ana");
	same_text(d->reason, "work");
	ck_assert_int_eq(d->since, 100);
	ck_assert_int_eq(d->until, 200);
	ck_assert_int_eq(d->at, 0);
	ck_assert_uint_eq(d->share, DRAIN_WHOLE);
	ck_assert_int_eq(d->kind, DRAIN_OUT);
	ck_assert(d->forced);
	drain_free(d);
}
END_TEST

/* At wall 1000 and monotonic 50 s: since and until, grown over so long; whole
 * at that monotonic second, over after so many seconds. */
static const struct {
	int64_t since, until, over_s, whole_s, left_s;
} starts[] = {
    {1000, 1060, 0, 50, 60},
    {1000, 1060, 20, 70, 60},
    {995, 1060, 20, 65, 60},
    {940, 1060, 20, 10, 60},
    {1001, 1060, 20, 50, 59}, /* the clock was set back: nothing grows */
    {2000, 2060, 20, 50, 60},
    {900, 1001, 0, -50, 1},
    {900, 1000, 0, -50, 0},
    {900, 999, 0, -50, 0},
    {1000, DRAIN_FOREVER, 20, 70, INT64_MAX},
};

START_TEST(a_lease_grows_and_ends_by_steady_clocks)
{
	struct drain *d = drain_new(
	    "eu", "ana", "x", starts[_i].since, starts[_i].until, false, NULL);

	clock_fake(50000, 1000);
	d->over_s = starts[_i].over_s;
	drain_start(d);
	ck_assert_int_eq(d->whole_s, starts[_i].whole_s);
	ck_assert_int_eq(drain_left_s(d), starts[_i].left_s);
	clock_fake(50001, 5000); /* what is begun is a second of it */
	ck_assert_int_eq(drain_left_s(d), starts[_i].left_s);
	clock_fake(51000, 0);
	if (starts[_i].left_s != INT64_MAX)
		ck_assert_int_eq(drain_left_s(d),
		    starts[_i].left_s > 0 ? starts[_i].left_s - 1 : 0);
	drain_free(d);
	clock_real();
}
END_TEST

START_TEST(one_that_is_not_in_force_ends_by_the_wall_clock)
{
	struct drain *d = drain_new("eu", "ana", "x", 100, 1060, false, NULL);

	clock_fake(50000, 1000);
	ck_assert_int_eq(drain_left_s(d), 60); /* a question */
	drain_start(d);
	d->at = 1030; /* announced */
	clock_fake(99000, 1020);
	ck_assert_int_eq(drain_left_s(d), 40);
	clock_fake(99000, 1060);
	ck_assert_int_eq(drain_left_s(d), 0);
	drain_free(d);
	clock_real();
}
END_TEST

START_TEST(a_lease_in_force_follows_a_clock_that_is_set)
{
	struct drain *d = drain_new("eu", "ana", "x", 900, 1060, false, NULL);
	struct drain *ever =
	    drain_new("eu", "ana", "x", 900, DRAIN_FOREVER, false, NULL);
	struct drain *later =
	    drain_new("eu", "ana", "x", 900, 999, false, NULL);

	later->at = 950;
	clock_fake(50000, 1000);
	drain_start(d);
	drain_start(ever);
	d->record = strdup("x");
	later->record = strdup("x");
	clock_fake(51000, 4001);
	drain_set_clock(d, 3000);
	drain_set_clock(ever, 3000);
	drain_set_clock(later, 3000);
	ck_assert_int_eq(d->since, 3900);
	ck_assert_int_eq(d->until, 4060);
	ck_assert_ptr_null(d->record);
	ck_assert_int_eq(ever->since, 3900);
	ck_assert_int_eq(ever->until, DRAIN_FOREVER);
	ck_assert_int_eq(later->since, 900);
	ck_assert_int_eq(later->until, 999);
	ck_assert_ptr_nonnull(later->record);
	drain_free(d);
	drain_free(ever);
	drain_free(later);
	clock_real();
}
END_TEST

START_TEST(one_that_begins_is_as_if_made_then)
{
	struct drain *d = put("eu", DRAIN_OUT, 1000, 1060);

	d->over_s = 10;
	d->gone = true;
	d->record = strdup("x");
	clock_fake(50000, 1000);
	ck_assert_ptr_null(drains_begin(&t, d));
	ck_assert_int_eq(d->since, 1000);
	ck_assert_int_eq(d->at, 0);
	ck_assert(!d->gone);
	ck_assert_ptr_null(d->record);
	ck_assert_int_eq(d->whole_s, 60);
	ck_assert_int_eq(d->end_ms, 110000);
	clock_real();
}
END_TEST

/* In part until it is whole: then it covers. */
START_TEST(a_drain_that_grows_covers_when_it_is_whole)
{
	struct drain *d = put("eu", DRAIN_OUT, 0, DRAIN_FOREVER), *part;

	d->over_s = 10;
	d->since = 1000;
	clock_fake(50000, 1000);
	drain_start(d);
	part = put("www/eu", DRAIN_OUT, 0, DRAIN_FOREVER);
	part->share = 99;
	clock_fake(59999, 1009);
	ck_assert_ptr_null(cover(DRAIN_OUT, NULL));
	ck_assert_ptr_eq(drains_on(&t, "www", "eu", NULL).part, d);
	part->share = 100;
	part->whole_s = 1000;
	ck_assert_ptr_eq(drains_on(&t, "www", "eu", NULL).part, d);
	part->share = 99;
	clock_fake(60000, 1010);
	ck_assert_ptr_eq(cover(DRAIN_OUT, NULL), d);
	ck_assert_ptr_eq(drains_on(&t, "www", "eu", NULL).part, part);
	clock_real();
}
END_TEST

START_TEST(the_others_keep_their_order)
{
	static const char *const names[] = {"a", "b", "c", "d", "e"};
	struct drain *all[5];

	for (size_t i = 0; i < 5; i++)
		all[i] = put(names[i], DRAIN_OUT, i == 3 ? 500 : 0, 2000);
	clock_fake(50000, 1000);
	drain_free(drains_remove(&t, all[1]));
	ck_assert_uint_eq(t.all.n, 4);
	ck_assert_ptr_eq(t.all.at[0], all[0]);
	ck_assert_ptr_eq(t.all.at[1], all[2]);
	ck_assert_ptr_eq(t.all.at[2], all[3]);
	ck_assert_ptr_eq(t.all.at[3], all[4]);
	ck_assert_ptr_eq(drains_due(&t, 500), all[3]);
	ck_assert_ptr_null(drains_due(&t, 499));
	all[4]->until = all[0]->until = 1000;
	ck_assert_ptr_eq(drains_expire(&t), all[0]);
	ck_assert_ptr_eq(drains_expire(&t), all[4]);
	ck_assert_ptr_null(drains_expire(&t));
	ck_assert_uint_eq(t.all.n, 2);
	ck_assert_ptr_eq(drains_find(&t, DRAIN_OUT, "d", true), all[3]);
	ck_assert_ptr_null(drains_find(&t, DRAIN_OUT, "d", false));
	drain_free(all[0]);
	drain_free(all[4]);
	clock_real();
}
END_TEST

/* The index against a scan ------------------------------------------------ */

static const char *const pools[] = {"www", "cdn", "w"};
static const char *const regions[] = {"eu", "us", "e"};
static const char *const targets[] = {"a", "b", "192.0.2.1", "a/b"};

static const char *
any(const char *const *of, size_t n)
{
	return of[(size_t)rand() % n];
}

static void
put_any(void)
{
	char what[64];
	unsigned depth = (unsigned)rand() % 3;
	struct drain *d;

	snprintf(what, sizeof(what), "%s%s%s%s%s",
	    depth > 0 ? any(pools, 3) : "", depth > 0 ? "/" : "",
	    any(regions, 3), depth > 1 ? "/" : "",
	    depth > 1 ? any(targets, 4) : "");
	d = put(what, rand() % 3 == 0 ? DRAIN_UP : DRAIN_OUT,
	    rand() % 3 == 0 ? 1 + rand() : 0, 1 + rand());
	d->share = 1 + (unsigned)rand() % 100;
}

static bool
is_on(const struct drain *d, const char *pool, const char *region,
    const char *target)
{
	return strcmp(d->region, region) == 0 &&
	    (d->pool == NULL || strcmp(d->pool, pool) == 0) &&
	    (d->target == NULL ||
		(target != NULL && strcmp(d->target, target) == 0));
}

static struct drains_on
scan(const char *pool, const char *region, const char *target)
{
	struct drains_on on = {.next = NULL};

	for (size_t i = 0; i < t.all.n; i++) {
		const struct drain *d = t.all.at[i];
		const struct drain **cover = &on.cover[d->kind];

		if (!is_on(d, pool, region, target))
			continue;
		if (d->kind == DRAIN_OUT && d->at != 0 &&
		    (on.next == NULL || d->at < on.next->at))
			on.next = d;
		if (d->at != 0 && !t.ahead)
			continue;
		if (d->share < DRAIN_WHOLE && d->kind == DRAIN_OUT &&
		    (on.part == NULL || d->share > on.part->share))
			on.part = d;
		if (d->share == DRAIN_WHOLE &&
		    (*cover == NULL || d->until > (*cover)->until))
			*cover = d;
	}
	return on;
}

static void
same(const struct drains_on *a, const struct drains_on *b)
{
	ck_assert_ptr_eq(a->cover[DRAIN_OUT], b->cover[DRAIN_OUT]);
	ck_assert_ptr_eq(a->cover[DRAIN_UP], b->cover[DRAIN_UP]);
	ck_assert_ptr_eq(a->next, b->next);
	ck_assert_uint_eq(a->part != NULL ? a->part->share : 0,
	    b->part != NULL ? b->part->share : 0);
}

struct each {
	const char *pool, *region;
	unsigned seen[4];
};

static void
each_same(const char *target, const struct drains_on *on, void *arg)
{
	struct each *e = arg;
	struct drains_on by = drains_on(&t, e->pool, e->region, target);

	same(on, &by);
	for (size_t i = 0; i < 4; i++)
		e->seen[i] += strcmp(targets[i], target) == 0;
}

static bool
has_own(const struct each *e, const char *target)
{
	for (size_t i = 0; i < t.all.n; i++)
		if (t.all.at[i]->target != NULL &&
		    strcmp(t.all.at[i]->target, target) == 0 &&
		    is_on(t.all.at[i], e->pool, e->region, target))
			return true;
	return false;
}

static void
all_same(const char *pool, const char *region)
{
	struct each e = {.pool = pool, .region = region};
	struct drains_on whole = drains_on(&t, pool, region, NULL);
	struct drains_on by = scan(pool, region, NULL);
	bool named = whole.next != NULL || whole.part != NULL ||
	    whole.cover[DRAIN_OUT] != NULL || whole.cover[DRAIN_UP] != NULL;

	same(&whole, &by);
	for (size_t i = 0; i < 4; i++) {
		struct drains_on on = drains_on(&t, pool, region, targets[i]);

		by = scan(pool, region, targets[i]);
		same(&on, &by);
	}
	drains_each(&t, pool, region, &whole, each_same, &e);
	for (size_t i = 0; i < 4; i++) {
		ck_assert_uint_eq(e.seen[i], has_own(&e, targets[i]));
		named |= e.seen[i] > 0;
	}
	if (named)
		ck_assert(drains_name(&t, pool, region));
}

START_TEST(the_index_finds_what_a_scan_finds)
{
	for (unsigned i = 0; i < 2000; i++) {
		if (t.all.n > 0 && rand() % 3 == 0)
			drain_free(drains_remove(
			    &t, t.all.at[(size_t)rand() % t.all.n]));
		else
			put_any();
		t.ahead = rand() % 2 == 0;
		all_same(any(pools, 3), any(regions, 3));
	}
	ck_assert_uint_gt(t.all.n, 30);
	ck_assert(!drains_name(&t, "www", "ap"));
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
	tcase_add_loop_test(c, what_is_a_region_of_a_pool_or_a_target, 0,
	    sizeof(forms) / sizeof(forms[0]));
	tcase_add_loop_test(c, a_lease_grows_and_ends_by_steady_clocks, 0,
	    sizeof(starts) / sizeof(starts[0]));
	tcase_add_test(c, one_that_is_not_in_force_ends_by_the_wall_clock);
	tcase_add_test(c, a_lease_in_force_follows_a_clock_that_is_set);
	tcase_add_test(c, one_that_begins_is_as_if_made_then);
	tcase_add_test(c, a_drain_that_grows_covers_when_it_is_whole);
	tcase_add_test(c, the_others_keep_their_order);
	tcase_add_test(c, the_index_finds_what_a_scan_finds);
	suite_add_tcase(s, c);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
