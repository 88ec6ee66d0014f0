/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/signal.h"

#include <check.h>

#include "base/clock.h"

static const struct addr every = {.family = 0};
static const struct addr one = {{192, 0, 2, 1}, 4}, two = {{192, 0, 2, 2}, 4};
static struct signals t;

static void
setup(void)
{
	clock_fake(1000000, 1000);
}

static void
teardown(void)
{
	signals_fini(&t);
	clock_real();
}

static void
put(const char *monitor, const struct addr *a, bool up, uint64_t for_s)
{
	signal_free(signals_put(&t, signal_new(monitor, a, up, "me", for_s)));
}

START_TEST(the_one_of_an_address_beats_that_of_all)
{
	put("m", &every, false, 60);
	put("m", &one, true, 60);
	put("n", &two, true, 60);
	ck_assert(signals_find(&t, "m", &one)->up);
	ck_assert(!signals_find(&t, "m", &two)->up);
	ck_assert_ptr_null(signals_find(&t, "n", &one));
}
END_TEST

START_TEST(an_address_of_no_family_is_every_one)
{
	const struct addr any = {{1, 2, 3}, 0};

	put("m", &any, true, 60);
	ck_assert(signals_find(&t, "m", &one)->up);
}
END_TEST

START_TEST(one_takes_the_place_of_another)
{
	put("m", &every, false, 60);
	put("m", &every, true, 60);
	ck_assert_uint_eq(t.all.n, 1);
	ck_assert(signals_find(&t, "m", &one)->up);
}
END_TEST

START_TEST(one_holds_for_its_time_whatever_the_wall_clock_says)
{
	put("m", &every, false, 60);
	put("m", &one, true, 10);
	clock_fake(1010000 - 1, 500000);
	ck_assert(signals_find(&t, "m", &one)->up);
	clock_fake(1010000, 0);
	ck_assert(!signals_find(&t, "m", &one)->up);
	clock_fake(1060000, 0);
	ck_assert_ptr_null(signals_find(&t, "m", &one));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("probe/signal");
	TCase *c = tcase_create("probe/signal");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(c, setup, teardown);
	tcase_add_test(c, the_one_of_an_address_beats_that_of_all);
	tcase_add_test(c, an_address_of_no_family_is_every_one);
	tcase_add_test(c, one_takes_the_place_of_another);
	tcase_add_test(c, one_holds_for_its_time_whatever_the_wall_clock_says);
	suite_add_tcase(suite, c);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
