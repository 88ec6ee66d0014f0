/* SPDX-License-Identifier: BSD-3-Clause */
/* What of a region changes first: a probe's turn, or a lease's begin or end. */
#include "report/due.h"

#include <check.h>
#include <string.h>

#include "base/clock.h"

enum { WALL = 1700000000 };

static struct conf_monitor monitor;
static struct watch watches[2], *probes[2];
static struct drain drains[3];
static struct pool_target target;
static struct pool_region region;

static void
setup(void)
{
	clock_fake(1000000, WALL);
	monitor = (struct conf_monitor){
	    .name = "web", .interval_ms = 2000, .fall = 3, .rise = 2};
	memset(watches, 0, sizeof(watches));
	for (size_t i = 0; i < 2; i++) {
		watches[i].monitor = &monitor;
		watches[i].health.state = HEALTH_UP;
		probes[i] = &watches[i];
	}
	ck_assert(addr_parse("192.0.2.1", &watches[0].addr));
	ck_assert(addr_parse("192.0.2.2", &watches[1].addr));
	memset(drains, 0, sizeof(drains));
	for (size_t i = 0; i < 3; i++)
		drains[i].what = (char *)(uintptr_t) "eu";
	memset(&target, 0, sizeof(target));
	memset(&region, 0, sizeof(region));
	region.targets = &target;
	region.ntargets = 1;
}

static void
teardown(void)
{
	clock_real();
}

/* NULL: nothing is due. */
static void
expect(const char *told)
{
	struct due due = {.seconds = INT64_MAX};
	struct text t = {0};

	due_find(&due, &region);
	ck_assert_int_eq(due.seconds == INT64_MAX, told == NULL);
	if (told == NULL)
		return;
	ck_assert(due.watch == NULL || due.drain == NULL);
	due_describe(&due, &t);
	ck_assert_str_eq(t.at, told);
	text_fini(&t);
}

START_TEST(nothing_is_due_of_a_region_without_probes_and_leases)
{
	expect(NULL);
	region.drain = &drains[0]; /* until it is cancelled */
	target.up = &drains[1];
	expect(NULL);
}
END_TEST

START_TEST(the_probe_with_the_fewest_checks_left_is_told)
{
	target.watches = probes;
	target.nwatches = 2;
	expect("web at 192.0.2.1: 3 checks left, one each 2s");
	watches[1].health.failures = 1;
	expect("web at 192.0.2.2: 2 checks left, one each 2s");
	watches[0].health.failures = 2;
	expect("web at 192.0.2.1: 1 check left, one each 2s");
	watches[1].health.failures = 2;
	expect("web at 192.0.2.1: 1 check left, one each 2s");
	watches[1].health.state = HEALTH_UNKNOWN;
	expect("web at 192.0.2.2: not probed yet");
	/* Forced up: probes decide nothing. */
	target.up = &drains[0];
	expect(NULL);
	target.up = NULL;
	monitor.observe = true;
	expect(NULL);
}
END_TEST

/* In seconds from now; 0: there is none. */
static const struct {
	int drain, part, next, target_drain, target_up, target_next;
	const char *told;
} leases[] = {
    {.drain = 60, .told = "the drain of eu ends in 1m"},
    {.part = 60, .told = "the drain of eu ends in 1m"},
    {.next = 60, .told = "the drain of eu begins in 1m"},
    {.target_drain = 60, .told = "the drain of eu ends in 1m"},
    {.target_up = 60, .told = "the force_up of eu ends in 1m"},
    {.target_next = 60, .told = "the drain of eu begins in 1m"},
    {.drain = 60, .next = 59, .told = "the drain of eu begins in 59s"},
    {.drain = 60, .next = 60, .told = "the drain of eu ends in 1m"},
    {.drain = 60, .next = 61, .told = "the drain of eu ends in 1m"},
    {.part = 60, .target_up = 59, .told = "the force_up of eu ends in 59s"},
    {.next = 60, .target_drain = 59, .told = "the drain of eu ends in 59s"},
    {.next = 60, .target_next = 1, .told = "the drain of eu begins in 1s"},
    /* It is late. */
    {.next = -5, .told = "the drain of eu begins in 0ms"},
};

static const struct drain *
lease(struct drain *d, int left_s, bool begins, enum drain_kind kind)
{
	if (left_s == 0)
		return NULL;
	d->what = (char *)(uintptr_t) "eu";
	d->kind = kind;
	d->until = WALL + (begins ? 1000 : left_s);
	d->at = begins ? WALL + left_s : 0;
	return d;
}

START_TEST(the_lease_that_begins_or_ends_first_is_told)
{
	struct drain all[6];

	memset(all, 0, sizeof(all));
	region.drain = lease(&all[0], leases[_i].drain, false, DRAIN_OUT);
	region.part = lease(&all[1], leases[_i].part, false, DRAIN_OUT);
	region.next = lease(&all[2], leases[_i].next, true, DRAIN_OUT);
	target.drain =
	    lease(&all[3], leases[_i].target_drain, false, DRAIN_OUT);
	target.up = lease(&all[4], leases[_i].target_up, false, DRAIN_UP);
	target.next = lease(&all[5], leases[_i].target_next, true, DRAIN_OUT);
	expect(leases[_i].told);
}
END_TEST

/* Six seconds away. */
START_TEST(of_a_probe_and_a_lease_the_sooner_is_told)
{
	target.watches = probes;
	target.nwatches = 1;
	target.drain = lease(&drains[0], 5, false, DRAIN_OUT);
	expect("the drain of eu ends in 5s");
	target.drain = lease(&drains[0], 6, false, DRAIN_OUT);
	expect("web at 192.0.2.1: 3 checks left, one each 2s");
	region.drain = lease(&drains[1], 6, false, DRAIN_OUT);
	expect("the drain of eu ends in 6s");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("due");
	TCase *tc = tcase_create("due");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(
	    tc, nothing_is_due_of_a_region_without_probes_and_leases);
	tcase_add_test(tc, the_probe_with_the_fewest_checks_left_is_told);
	tcase_add_loop_test(tc, the_lease_that_begins_or_ends_first_is_told, 0,
	    sizeof(leases) / sizeof(leases[0]));
	tcase_add_test(tc, of_a_probe_and_a_lease_the_sooner_is_told);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
