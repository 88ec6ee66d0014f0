/* SPDX-License-Identifier: BSD-3-Clause */
/* Probes that fail together, and apart: what is believed.  Times are those of
 * this test. */
#include "steer/suspect.h"

#include <check.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/rcu.h"

enum { POOLS = 2, REGIONS = 2, EACH = 3, TARGETS = POOLS * REGIONS * EACH };

static struct conf_region regions[REGIONS] = {{.name = "eu"}, {.name = "us"}};
static struct conf_target targets[TARGETS];
static struct conf_pool_region places[POOLS][REGIONS];
static struct conf_monitor monitors[POOLS];
static struct conf_monitor anchor_monitors[2];
static struct endpoint anchors[2] = {
    {{{127, 0, 1, 1}, 4}, 53}, {{{127, 0, 1, 2}, 4}, 53}};
static uint16_t numbers[POOLS] = {0, 1};
static struct conf_pool pools[POOLS];
static struct conf conf;

static struct arena *arena;
static struct watches *watches;
static struct pool *built;
static size_t nbuilt;
static struct suspect *suspect;
static struct health_time now;

static void
declare(void)
{
	const struct conf_monitor m = {.name = "m",
	    .interval_ms = 5000,
	    .timeout_ms = 2000,
	    .fall = 3,
	    .rise = 2,
	    .clear = 3};

	for (size_t i = 0; i < TARGETS; i++)
		targets[i] = (struct conf_target){.label = "t",
		    .addr = {{{127, 0, 0, (uint8_t)(i + 1)}, 4}},
		    .weight = 1};
	for (uint16_t p = 0; p < POOLS; p++) {
		monitors[p] = m;
		monitors[p].text = p == 0 ? "a" : "b";
		for (uint16_t r = 0; r < REGIONS; r++)
			places[p][r] = (struct conf_pool_region){.region = r,
			    .targets = &targets[(p * REGIONS + r) * EACH],
			    .ntargets = EACH};
		pools[p] = (struct conf_pool){.name = "p",
		    .monitors = &numbers[p],
		    .nmonitors = 1,
		    .min_healthy = 1,
		    .max = 8,
		    .regions = places[p],
		    .nregions = REGIONS,
		    .types = {DNS_A},
		    .ntypes = 1};
	}
	for (size_t i = 0; i < 2; i++) {
		anchor_monitors[i] = m;
		anchor_monitors[i].text = "anchor";
		anchor_monitors[i].fall = 1;
	}
	conf = (struct conf){.regions = regions,
	    .nregions = REGIONS,
	    .monitors = monitors,
	    .nmonitors = POOLS,
	    .pools = pools,
	    .npools = POOLS,
	    .health = {.suspect = 80,
		.suspect_min = 4,
		.freeze_max_ms = 60000,
		.anchor_interval_ms = 2000,
		.anchor_timeout_ms = 1000,
		.anchors = anchors,
		.anchor_monitors = anchor_monitors}};
}

static void
put_to_work(void)
{
	arena = arena_new();
	watches = watches_new();
	built = pools_build(arena, &conf);
	nbuilt = conf.npools;
	pools_bind(built, conf.npools, &conf, watches);
	suspect = suspect_new();
	suspect_bind(suspect, &conf, built, watches);
	suspect_review(suspect, &now);
	now = (struct health_time){1000, 1000000};
}

static void
setup(void)
{
	declare();
	put_to_work();
}

static void
teardown(void)
{
	suspect_free(suspect);
	pools_fini(built, nbuilt);
	rcu_drain();
	watches_free(watches);
	arena_free(arena);
}

static void
again(void)
{
	teardown();
	put_to_work();
}

static struct watch *
watch(size_t target)
{
	return watches_get(watches, &monitors[target / (REGIONS * EACH)],
	    &targets[target].addr[0]);
}

static void
wait_ms(int64_t ms)
{
	now.mono_ms += ms;
	now.wall_s += ms / 1000;
}

static void
probe_watch(struct watch *w, bool ok)
{
	int64_t started_us = 1000 * now.mono_ms;

	wait_ms(ok ? 1 : 20);
	suspect_count(
	    suspect, w, ok ? HEALTH_OK : HEALTH_FAILED, started_us, &now);
}

/* A round of probes within an interval: those in the set do well. */
static void
round_of(uint32_t well)
{
	for (size_t i = 0; i < TARGETS; i++) {
		wait_ms(5000 / TARGETS - 20);
		probe_watch(watch(i), well >> i & 1);
	}
}

static void
rounds(unsigned n, uint32_t well)
{
	for (unsigned i = 0; i < n; i++)
		round_of(well);
}

static size_t
count_in(enum health_state state)
{
	size_t n = 0;

	for (size_t i = 0; i < TARGETS; i++)
		n += watch(i)->health.state == state;
	return n;
}

static bool
frozen(void)
{
	return suspect_state(suspect)->frozen;
}

enum { ALL = (1 << TARGETS) - 1 };

START_TEST(all_that_fail_at_once_freeze_health)
{
	rounds(3, ALL);
	rounds(2, 0);
	ck_assert(!frozen());
	rounds(20, 0);
	ck_assert(frozen());
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
	ck_assert_uint_eq(suspect_state(suspect)->times, 1);
	ck_assert_uint_eq(suspect_state(suspect)->failing, TARGETS);
	ck_assert_uint_eq(suspect_state(suspect)->of, TARGETS);
	/* Once it thaws, they have all their failures left. */
	ck_assert_uint_eq(
	    health_change_ms(&watch(0)->health, &monitors[0]), 15000);
}
END_TEST

START_TEST(signals_are_believed_however_many)
{
	for (size_t i = 0; i < POOLS; i++) {
		monitors[i].type = CONF_MONITOR_EXTERNAL;
		monitors[i].fall = 1;
	}
	again();
	rounds(2, ALL);
	rounds(1, 0);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS);
}
END_TEST

START_TEST(it_thaws_by_itself)
{
	rounds(3, ALL);
	rounds(5, 0);
	ck_assert(frozen());
	round_of(ALL);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
	/* What then fails alone is believed. */
	rounds(3, ALL & ~1);
	ck_assert_int_eq(watch(0)->health.state, HEALTH_DOWN);
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS - 1);
}
END_TEST

START_TEST(what_is_dead_when_it_thaws_goes_down)
{
	rounds(3, ALL);
	rounds(5, 0);
	rounds(4, ALL & ~7);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 3);
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS - 3);
}
END_TEST

START_TEST(what_was_down_before_stays_down)
{
	rounds(3, ALL);
	rounds(10, ALL & ~3);
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 2);
	rounds(5, 0);
	ck_assert(frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 2);
	ck_assert_uint_eq(suspect_state(suspect)->of, TARGETS - 2);
	rounds(5, ALL);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
}
END_TEST

START_TEST(nothing_recovers_while_frozen)
{
	rounds(3, ALL);
	rounds(10, ALL & ~1);
	rounds(5, 0);
	/* Two successes of one target are not enough to believe the prober. */
	rounds(2, 1);
	ck_assert(frozen());
	ck_assert_int_eq(watch(0)->health.state, HEALTH_DOWN);
}
END_TEST

START_TEST(what_was_believed_within_the_interval_is_taken_back)
{
	monitors[0].fall = monitors[1].fall = 1;
	again();
	rounds(3, ALL);
	for (size_t i = 0; i < 4; i++)
		probe_watch(watch(i), false);
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 4);
	round_of(0);
	ck_assert(frozen());
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
	ck_assert_uint_gt(suspect_state(suspect)->taken_back, 4);
}
END_TEST

/* Who fails, of what, and whether that is believed. */
START_TEST(failures_that_are_related_are_believed)
{
	static const uint32_t eu = 7 | 7 << 6, first_pool = 63;

	rounds(3, ALL);
	rounds(5, ALL & ~eu);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 6);
	again();
	rounds(3, ALL);
	rounds(5, ALL & ~first_pool);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 6);
}
END_TEST

START_TEST(one_region_or_one_pool_is_no_proof)
{
	conf.npools = 1;
	conf.health.suspect_min = 2;
	again();
	rounds(3, ALL);
	rounds(5, 0);
	ck_assert(!frozen());
	conf.npools = POOLS;
	for (size_t p = 0; p < POOLS; p++)
		places[p][1].region = 0;
	again();
	rounds(3, ALL);
	rounds(5, 0);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS);
}
END_TEST

START_TEST(too_few_targets_are_no_proof)
{
	conf.health.suspect_min = TARGETS + 1;
	rounds(3, ALL);
	rounds(5, 0);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS);
}
END_TEST

START_TEST(some_that_do_well_are_proof_of_the_network)
{
	/* 9 of 12 are 75%. */
	rounds(3, ALL);
	rounds(5, 1 | 1 << 4 | 1 << 8);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 9);
	conf.health.suspect = 75;
	again();
	rounds(3, ALL);
	rounds(4, 1 | 1 << 4 | 1 << 8);
	ck_assert(frozen());
}
END_TEST

START_TEST(failures_one_after_the_other_are_believed)
{
	uint32_t well = ALL;

	rounds(3, well);
	for (size_t i = 0; i < TARGETS; i++) {
		well &= ~(UINT32_C(1) << i);
		rounds(3, well);
	}
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS);
}
END_TEST

/* Both pools on the same machines: one of their services alone is no sign. */
START_TEST(an_address_fails_when_all_of_it_does)
{
	for (size_t i = 0; i < TARGETS / 2; i++)
		targets[TARGETS / 2 + i].addr[0] = targets[i].addr[0];
	again();
	rounds(3, ALL);
	rounds(5, 63);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), 6);
	again();
	rounds(3, ALL);
	rounds(5, 0);
	ck_assert(frozen());
	ck_assert_uint_eq(suspect_state(suspect)->of, 6);
}
END_TEST

START_TEST(targets_that_never_answered_are_no_proof)
{
	rounds(5, 0);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS);
}
END_TEST

START_TEST(what_was_restored_has_answered)
{
	for (size_t i = 0; i < TARGETS; i++) {
		watch(i)->health.state = HEALTH_UP;
		watch(i)->answered = true;
	}
	rounds(5, 0);
	ck_assert(frozen());
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
}
END_TEST

static void
probe_anchors(bool first, bool second)
{
	struct watch *const *all;
	size_t n;

	all = suspect_anchors(suspect, &n);
	ck_assert_uint_eq(n, 2);
	probe_watch(all[0], first);
	probe_watch(all[1], second);
}

START_TEST(anchors_that_all_fail_freeze_health)
{
	conf.health.nanchors = 2;
	again();
	rounds(3, ALL);
	probe_anchors(true, true);
	round_of(ALL & ~1);
	probe_anchors(false, false);
	rounds(3, ALL & ~1);
	ck_assert(frozen());
	ck_assert(suspect_state(suspect)->by_anchors);
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
	probe_anchors(false, true);
	ck_assert(!frozen());
	rounds(3, ALL & ~1);
	ck_assert_int_eq(watch(0)->health.state, HEALTH_DOWN);
}
END_TEST

START_TEST(an_anchor_that_never_answered_is_no_proof)
{
	conf.health.nanchors = 2;
	again();
	rounds(3, ALL);
	probe_anchors(false, false);
	rounds(5, ALL & ~1);
	ck_assert(!frozen());
	ck_assert_int_eq(watch(0)->health.state, HEALTH_DOWN);
}
END_TEST

START_TEST(a_reload_without_what_failed_thaws)
{
	rounds(3, ALL);
	rounds(5, 0);
	conf.npools = 1;
	suspect_bind(suspect, &conf, built, watches);
	suspect_review(suspect, &now);
	ck_assert(!frozen());
}
END_TEST

/* Who answers as often as it would have to fail: the network works. */
START_TEST(a_target_that_goes_on_answering_is_evidence)
{
	rounds(3, ALL);
	rounds(3, 1);
	ck_assert(frozen());
	rounds(3, 1);
	ck_assert(!frozen());
	ck_assert_int_eq(suspect_state(suspect)->thaw, THAW_TARGET);
	ck_assert(suspect_state(suspect)->overruled);
	/* They are down after fall failures, and that freezes nothing again. */
	rounds(20, 1);
	ck_assert(!frozen());
	ck_assert_uint_eq(suspect_state(suspect)->times, 1);
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS - 1);
	/* Once they are well, all begins anew. */
	rounds(5, ALL);
	ck_assert(!suspect_state(suspect)->overruled);
	rounds(5, 0);
	ck_assert(frozen());
	ck_assert_uint_eq(suspect_state(suspect)->times, 2);
}
END_TEST

START_TEST(a_target_that_answers_now_and_then_is_none)
{
	rounds(3, ALL);
	rounds(3, 0);
	for (unsigned i = 0; i < 8; i++) {
		rounds(2, 1);
		rounds(1, 0);
	}
	ck_assert(frozen());
}
END_TEST

START_TEST(while_all_anchors_answer_nothing_is_suspected)
{
	conf.health.nanchors = 2;
	again();
	rounds(3, ALL);
	for (unsigned i = 0; i < 6; i++) {
		probe_anchors(true, true);
		rounds(1, 1);
		ck_assert(!frozen());
	}
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS - 1);
}
END_TEST

START_TEST(anchors_that_answer_after_it_froze_end_it)
{
	conf.health.nanchors = 2;
	again();
	probe_anchors(true, true);
	rounds(3, ALL);
	rounds(3, 0);
	ck_assert(frozen());
	/* One of two is a part of the network. */
	probe_anchors(true, false);
	rounds(3, 1);
	ck_assert(frozen());
	probe_anchors(true, true);
	ck_assert(!frozen());
	ck_assert_int_eq(suspect_state(suspect)->thaw, THAW_ANCHORS);
	rounds(4, 1);
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS - 1);
}
END_TEST

/* The link comes back: anchors are heard first, and nobody goes down. */
START_TEST(what_was_cut_off_is_not_down_when_anchors_answer)
{
	conf.health.nanchors = 2;
	again();
	probe_anchors(true, true);
	rounds(3, ALL);
	probe_anchors(false, false);
	ck_assert(frozen());
	rounds(20, 0);
	probe_anchors(true, true);
	rounds(2, ALL);
	ck_assert(!frozen());
	ck_assert(!suspect_state(suspect)->overruled);
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
}
END_TEST

/* Also when nothing goes down, and for recoveries. */
START_TEST(anchors_freeze_at_once)
{
	conf.health.nanchors = 2;
	again();
	probe_anchors(true, true);
	rounds(3, ALL);
	rounds(5, ALL & ~1);
	ck_assert_int_eq(watch(0)->health.state, HEALTH_DOWN);
	probe_anchors(true, true);
	probe_anchors(false, false);
	ck_assert(frozen());
	rounds(5, ALL);
	ck_assert(frozen());
	ck_assert_int_eq(watch(0)->health.state, HEALTH_DOWN);
	probe_anchors(true, false);
	ck_assert(!frozen());
	rounds(2, ALL);
	ck_assert_int_eq(watch(0)->health.state, HEALTH_UP);
}
END_TEST

START_TEST(it_is_frozen_for_no_longer_than_the_limit)
{
	rounds(3, ALL);
	rounds(3, 0);
	ck_assert(frozen());
	for (unsigned i = 0; i < 11; i++) {
		round_of(0);
		suspect_tick(suspect, &now);
		ck_assert(frozen());
	}
	rounds(2, 0);
	suspect_tick(suspect, &now);
	ck_assert(!frozen());
	ck_assert_int_eq(suspect_state(suspect)->thaw, THAW_LIMIT);
	ck_assert_uint_eq(count_in(HEALTH_UP), TARGETS);
	rounds(4, 0);
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS);
	rounds(100, 0);
	ck_assert_uint_eq(suspect_state(suspect)->times, 1);
}
END_TEST

START_TEST(an_operator_ends_it)
{
	ck_assert(!suspect_lift(suspect, &now));
	conf.health.nanchors = 2;
	again();
	probe_anchors(true, true);
	rounds(3, ALL);
	probe_anchors(false, false);
	ck_assert(frozen());
	ck_assert(suspect_lift(suspect, &now));
	for (unsigned i = 0; i < 5; i++) {
		probe_anchors(false, false);
		rounds(1, 0);
	}
	ck_assert(!frozen());
	ck_assert_uint_eq(count_in(HEALTH_DOWN), TARGETS);
	probe_anchors(true, true);
	rounds(5, ALL);
	probe_anchors(false, false);
	ck_assert(frozen());
	ck_assert_uint_eq(suspect_state(suspect)->times, 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("suspect");
	TCase *t = tcase_create("suspect");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_that_fail_at_once_freeze_health);
	tcase_add_test(t, signals_are_believed_however_many);
	tcase_add_test(t, it_thaws_by_itself);
	tcase_add_test(t, what_is_dead_when_it_thaws_goes_down);
	tcase_add_test(t, what_was_down_before_stays_down);
	tcase_add_test(t, nothing_recovers_while_frozen);
	tcase_add_test(t, what_was_believed_within_the_interval_is_taken_back);
	tcase_add_test(t, failures_that_are_related_are_believed);
	tcase_add_test(t, one_region_or_one_pool_is_no_proof);
	tcase_add_test(t, too_few_targets_are_no_proof);
	tcase_add_test(t, some_that_do_well_are_proof_of_the_network);
	tcase_add_test(t, failures_one_after_the_other_are_believed);
	tcase_add_test(t, an_address_fails_when_all_of_it_does);
	tcase_add_test(t, targets_that_never_answered_are_no_proof);
	tcase_add_test(t, what_was_restored_has_answered);
	tcase_add_test(t, anchors_that_all_fail_freeze_health);
	tcase_add_test(t, an_anchor_that_never_answered_is_no_proof);
	tcase_add_test(t, a_reload_without_what_failed_thaws);
	tcase_add_test(t, a_target_that_goes_on_answering_is_evidence);
	tcase_add_test(t, a_target_that_answers_now_and_then_is_none);
	tcase_add_test(t, while_all_anchors_answer_nothing_is_suspected);
	tcase_add_test(t, anchors_that_answer_after_it_froze_end_it);
	tcase_add_test(t, what_was_cut_off_is_not_down_when_anchors_answer);
	tcase_add_test(t, anchors_freeze_at_once);
	tcase_add_test(t, it_is_frozen_for_no_longer_than_the_limit);
	tcase_add_test(t, an_operator_ends_it);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
