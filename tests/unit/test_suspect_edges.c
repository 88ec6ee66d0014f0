/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What counts as failing together, at the very moment from which it does: two
 * pools in two regions, a target in each, of which the last one fails now.
 */
#include "steer/suspect.h"

#include <check.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/rcu.h"

enum {
	TARGETS = 4,
	INTERVAL_MS = 5000,
	TIMEOUT_MS = 2000,
	WINDOW_US = 1000 * (INTERVAL_MS + TIMEOUT_MS),
	ANCHOR_WINDOW_US = 1000 * (2000 + 1000),
	SINCE_US = 900000000, /* the last one has failed since then */
	NOW_MS = 910000,
};

static struct conf_region regions[3] = {
    {.name = "eu"}, {.name = "us"}, {.name = "ap"}};
static struct conf_target targets[TARGETS];
static struct conf_pool_region places[2][2];
static struct conf_monitor monitor, anchor_monitor;
static struct endpoint anchor = {{{127, 0, 1, 1}, 4}, 53};
static uint16_t number;
static struct conf_pool pools[3];
static struct conf conf;

static struct arena *arena;
static struct watches *watches;
static struct pool *built;
static struct suspect *suspect;
static struct watch *w[TARGETS];

static void
declare(void)
{
	monitor = (struct conf_monitor){.name = "m",
	    .text = "m",
	    .question = "m",
	    .interval_ms = INTERVAL_MS,
	    .timeout_ms = TIMEOUT_MS,
	    .fall = 3,
	    .rise = 2,
	    .clear = 3};
	anchor_monitor = monitor;
	anchor_monitor.text = anchor_monitor.question = "anchor";
	anchor_monitor.fall = 1;
	for (uint16_t i = 0; i < TARGETS; i++) {
		targets[i] = (struct conf_target){.label = "t",
		    .addr = {{{127, 0, 0, (uint8_t)(i + 1)}, 4}},
		    .weight = 1};
		places[i / 2][i % 2] = (struct conf_pool_region){
		    .region = i % 2, .targets = &targets[i], .ntargets = 1};
		pools[i / 2] = (struct conf_pool){.name = "p",
		    .monitors = &number,
		    .nmonitors = 1,
		    .min_healthy = 1,
		    .max = 8,
		    .regions = places[i / 2],
		    .nregions = 2,
		    .types = {DNS_A},
		    .ntypes = 1};
	}
	conf = (struct conf){.regions = regions,
	    .nregions = 3,
	    .monitors = &monitor,
	    .nmonitors = 1,
	    .pools = pools,
	    .npools = 2,
	    .health = {.suspect = 100,
		.suspect_min = TARGETS,
		.freeze_max_ms = 60000,
		.anchor_interval_ms = 2000,
		.anchor_timeout_ms = 1000,
		.anchors = &anchor,
		.anchor_monitors = &anchor_monitor}};
}

/* All have failed for as long as counts, and the last one goes down next. */
static void
put_to_work(void)
{
	arena = arena_new();
	watches = watches_new();
	built = pools_build(arena, &conf);
	pools_bind(built, conf.npools, &conf, watches);
	suspect = suspect_new();
	suspect_bind(suspect, &conf, built, watches);
	for (size_t i = 0; i < TARGETS; i++) {
		w[i] = watches_get(watches, &monitor, &targets[i].addr[0]);
		w[i]->answered = w[i]->failed = true;
		w[i]->streak_us = SINCE_US - WINDOW_US;
		w[i]->health =
		    (struct health){.state = HEALTH_UP, .failures = 2};
	}
	w[TARGETS - 1]->streak_us = SINCE_US;
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
	pools_fini(built, conf.npools);
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

static void
count(struct watch *watch, enum health_result result, int64_t ms)
{
	const struct health_time now = {1000, ms};

	suspect_count(suspect, watch, result, 1000 * (ms - 10), &now);
}

static bool
freezes(void)
{
	count(w[TARGETS - 1], HEALTH_FAILED, NOW_MS);
	return suspect_state(suspect)->frozen;
}

static struct watch *
anchor_at(int64_t asked_us, bool answered, bool failed)
{
	size_t n;
	struct watch *a;

	conf.health.nanchors = 1;
	again();
	a = suspect_anchors(suspect, &n)[0];
	ck_assert_uint_eq(n, 1);
	a->asked_us = asked_us;
	a->streak_us = asked_us;
	a->answered = answered;
	a->failed = failed;
	return a;
}

START_TEST(all_that_failed_within_the_window_freeze)
{
	ck_assert(freezes());
	ck_assert(!suspect_state(suspect)->by_anchors);
	ck_assert_uint_eq(suspect_state(suspect)->failing, TARGETS);
	ck_assert_uint_eq(suspect_state(suspect)->of, TARGETS);
	ck_assert_uint_eq(suspect_state(suspect)->taken_back, 1);
	ck_assert_int_eq(suspect_state(suspect)->since, 1000);
	ck_assert_int_eq(suspect_state(suspect)->ends_ms, NOW_MS + 60000);
	for (size_t i = 0; i < TARGETS; i++) {
		ck_assert_int_eq(w[i]->health.state, HEALTH_UP);
		ck_assert_uint_eq(w[i]->health.failures, 0);
	}
}
END_TEST

START_TEST(one_that_failed_before_it_does_not_count)
{
	w[0]->streak_us--;
	ck_assert(!freezes()); /* three are too few */
	ck_assert_int_eq(w[TARGETS - 1]->health.state, HEALTH_DOWN);
	conf.health.suspect_min = 3;
	again();
	w[0]->streak_us--;
	ck_assert(freezes());
	ck_assert_uint_eq(suspect_state(suspect)->of, 3);
	ck_assert_uint_eq(w[0]->health.failures, 2);
}
END_TEST

START_TEST(one_that_never_answered_does_not_count)
{
	w[1]->answered = false;
	ck_assert(!freezes());
}
END_TEST

START_TEST(one_that_does_well_meanwhile_is_proof)
{
	w[2]->failed = false;
	w[2]->heard_us = SINCE_US;
	ck_assert(!freezes());
	conf.health.suspect_min = 3;
	again();
	w[2]->failed = false;
	w[2]->heard_us = SINCE_US - 1;
	ck_assert(freezes());
	ck_assert_uint_eq(suspect_state(suspect)->of, 3);
	conf.health.suspect = 75;
	again();
	w[2]->failed = false;
	w[2]->heard_us = SINCE_US;
	ck_assert(freezes());
	ck_assert_uint_eq(suspect_state(suspect)->of, 4);
	ck_assert_uint_eq(suspect_state(suspect)->failing, 3);
	conf.health.suspect = 76;
	again();
	w[2]->failed = false;
	w[2]->heard_us = SINCE_US;
	ck_assert(!freezes());
}
END_TEST

/* One that nothing was heard of proves nothing. */
START_TEST(one_that_was_never_probed_does_not_count)
{
	w[2]->failed = w[2]->answered = false;
	conf.health.suspect_min = 3;
	ck_assert(freezes());
	ck_assert_uint_eq(suspect_state(suspect)->of, 3);
}
END_TEST

/* Of one pool, or one region, whichever it is. */
START_TEST(what_is_related_is_believed)
{
	for (uint16_t region = 0; region < 3; region++) {
		for (size_t i = 0; i < TARGETS; i++)
			places[i / 2][i % 2].region = region;
		again();
		ck_assert(!freezes());
	}
	declare();
	conf.health.suspect_min = 2;
	for (size_t pool = 0; pool < 2; pool++) {
		again();
		for (size_t i = 0; i < TARGETS; i++)
			w[i]->answered = i / 2 == pool;
		w[2 * pool]->streak_us = SINCE_US;
		count(w[2 * pool], HEALTH_FAILED, NOW_MS);
		ck_assert(!suspect_state(suspect)->frozen);
		ck_assert_int_eq(w[2 * pool]->health.state, HEALTH_DOWN);
	}
	/* One of each pool and region is enough. */
	again();
	w[1]->answered = w[2]->answered = false;
	ck_assert(freezes());
}
END_TEST

/* What went down within the window, and before it. */
START_TEST(what_went_down_within_the_window_is_taken_back)
{
	for (int64_t before = 0; before < 2; before++) {
		again();
		w[0]->before = (struct health){
		    .state = HEALTH_DEGRADED, .failures = 1, .slows = 1};
		w[0]->health.state = HEALTH_DOWN;
		w[0]->worse_us = SINCE_US - WINDOW_US - before;
		w[0]->first_failed_us = 5;
		ck_assert(freezes());
		ck_assert_int_eq(w[0]->health.state,
		    before == 0 ? HEALTH_DEGRADED : HEALTH_DOWN);
		ck_assert_uint_eq(
		    suspect_state(suspect)->taken_back, before == 0 ? 2 : 1);
		ck_assert_uint_eq(w[0]->health.failures, 0);
		ck_assert_uint_eq(w[0]->health.slows, 0);
		ck_assert_int_eq(w[0]->first_failed_us, 0);
	}
}
END_TEST

START_TEST(an_anchor_that_was_asked_since_vouches)
{
	anchor_at(SINCE_US, true, false);
	ck_assert(!freezes());
	anchor_at(SINCE_US - 1, true, false);
	ck_assert(freezes());
	ck_assert(!suspect_state(suspect)->by_anchors);
	anchor_at(SINCE_US, false, false);
	ck_assert(freezes());
	anchor_at(SINCE_US, true, true);
	ck_assert(freezes());
	ck_assert(suspect_state(suspect)->by_anchors);
}
END_TEST

/* An anchor's interval and timeout before its first failure. */
START_TEST(anchors_take_back_what_went_down_within_their_window)
{
	struct watch *a = anchor_at(0, true, false);
	int64_t first_us = 1000 * (NOW_MS - 10);

	for (size_t i = 0; i < TARGETS; i++) {
		w[i]->streak_us = first_us - ANCHOR_WINDOW_US;
		w[i]->health.state = HEALTH_DOWN;
		w[i]->before = (struct health){.state = HEALTH_UP};
		w[i]->worse_us = first_us - ANCHOR_WINDOW_US;
	}
	w[0]->streak_us--;
	w[1]->worse_us--;
	w[2]->failed = false;
	w[2]->heard_us = first_us;
	count(a, HEALTH_FAILED, NOW_MS);
	ck_assert(suspect_state(suspect)->frozen);
	ck_assert(suspect_state(suspect)->by_anchors);
	ck_assert_uint_eq(suspect_state(suspect)->taken_back, 1);
	ck_assert_int_eq(w[3]->health.state, HEALTH_UP);
	ck_assert_uint_eq(suspect_state(suspect)->of, 3);
	ck_assert_uint_eq(suspect_state(suspect)->failing, 2);
}
END_TEST

/* As many answers as failures take it down, two at least, begun since. */
START_TEST(a_target_that_answers_often_enough_ends_it)
{
	conf.health.suspect = 75;
	for (unsigned fall = 1; fall <= 3; fall++) {
		unsigned needed = fall < 2 ? 2 : fall, n = 0;

		monitor.fall = fall;
		again();
		for (size_t i = 0; i < TARGETS; i++)
			w[i]->health.failures = fall - 1;
		ck_assert(freezes());
		/* Begun before it froze. */
		suspect_count(suspect, w[0], HEALTH_OK, 1000 * NOW_MS - 1,
		    &(struct health_time){1000, NOW_MS + 1000});
		while (suspect_state(suspect)->frozen && n < 9)
			suspect_count(suspect, w[0], HEALTH_OK, 1000 * NOW_MS,
			    &(struct health_time){
				2000, NOW_MS + 2000 + 1000 * n++});
		ck_assert_uint_eq(n, needed);
		ck_assert_int_eq(suspect_state(suspect)->thaw, THAW_TARGET);
		ck_assert(suspect_state(suspect)->overruled);
		ck_assert_int_eq(suspect_state(suspect)->since, 2000);
	}
}
END_TEST

START_TEST(it_ends_at_its_limit_or_by_an_operator)
{
	struct health_time now = {3000, NOW_MS + 59999};

	ck_assert(!suspect_lift(suspect, &now));
	ck_assert(freezes());
	suspect_tick(suspect, &now);
	ck_assert(suspect_state(suspect)->frozen);
	now.mono_ms++;
	suspect_tick(suspect, &now);
	ck_assert(!suspect_state(suspect)->frozen);
	ck_assert_int_eq(suspect_state(suspect)->thaw, THAW_LIMIT);
	ck_assert_int_eq(suspect_state(suspect)->since, 3000);
	ck_assert(suspect_state(suspect)->overruled);
	ck_assert(!suspect_state(suspect)->anchors_overruled);
	again();
	ck_assert(freezes());
	ck_assert(suspect_lift(suspect, &now));
	ck_assert_int_eq(suspect_state(suspect)->thaw, THAW_OPERATOR);
	ck_assert(!suspect_lift(suspect, &now));
}
END_TEST

/* What a probe says of itself, for the next look. */
START_TEST(a_probe_is_remembered)
{
	struct watch *one = w[0];

	*one = (struct watch){
	    .key = one->key, .addr = one->addr, .monitor = one->monitor};
	count(one, HEALTH_OK, 5000);
	ck_assert(one->answered && !one->failed);
	ck_assert_int_eq(one->asked_us, 4990000);
	ck_assert_int_eq(one->heard_us, 5000000);
	ck_assert_uint_eq(one->well, 1);
	count(one, HEALTH_SLOW, 6000);
	ck_assert_uint_eq(one->well, 2);
	ck_assert_int_eq(one->streak_us, 0);
	count(one, HEALTH_FAILED, 7000);
	ck_assert(one->answered && one->failed);
	ck_assert_uint_eq(one->well, 0);
	ck_assert_int_eq(one->streak_us, 6990000);
	count(one, HEALTH_FAILED, 8000);
	ck_assert_int_eq(one->streak_us, 6990000);
	ck_assert_int_eq(one->asked_us, 7990000);
	ck_assert_int_eq(one->heard_us, 8000000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("suspect edges");
	TCase *t = tcase_create("suspect edges");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, all_that_failed_within_the_window_freeze);
	tcase_add_test(t, one_that_failed_before_it_does_not_count);
	tcase_add_test(t, one_that_never_answered_does_not_count);
	tcase_add_test(t, one_that_does_well_meanwhile_is_proof);
	tcase_add_test(t, one_that_was_never_probed_does_not_count);
	tcase_add_test(t, what_is_related_is_believed);
	tcase_add_test(t, what_went_down_within_the_window_is_taken_back);
	tcase_add_test(t, an_anchor_that_was_asked_since_vouches);
	tcase_add_test(t, anchors_take_back_what_went_down_within_their_window);
	tcase_add_test(t, a_target_that_answers_often_enough_ends_it);
	tcase_add_test(t, it_ends_at_its_limit_or_by_an_operator);
	tcase_add_test(t, a_probe_is_remembered);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
