/* SPDX-License-Identifier: BSD-3-Clause */
/* What main owns through a reload and when the wall clock is set. */
#include "ctl/control.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/drain.h"
#include "probe/probe.h"
#include "service.h"

enum { MONO = 500000, WALL = 1767225600, HOUR = 3600 };

static struct service s;

static void
setup(void)
{
	clock_fake(MONO * 1000, WALL);
	service_open(&s);
}

static void
teardown(void)
{
	service_close(&s);
	clock_real();
}

static struct watch *
watch_at(const char *address)
{
	struct watch **all;
	struct addr a;
	size_t n;

	addr_parse(address, &a);
	all = watches_all(s.control->watches, &n);
	for (size_t i = 0; i < n; i++)
		if (addr_equal(&all[i]->addr, &a))
			return all[i];
	return NULL;
}

/* The configuration with one text in place of another. */
static void
edit(const char *old, const char *text)
{
	char before[8192], after[8192];
	FILE *f = fopen(s.conf, "r");
	const char *at;

	ck_assert_ptr_nonnull(f);
	before[fread(before, 1, sizeof(before) - 1, f)] = '\0';
	fclose(f);
	at = strstr(before, old);
	ck_assert_ptr_nonnull(at);
	snprintf(after, sizeof(after), "%.*s%s%s", (int)(at - before), before,
	    text, at + strlen(old));
	service_write(&s, "meridian.yaml", after);
}

static void
reload_with(const char *old, const char *text)
{
	json_t *reply;
	int status;

	edit(old, text);
	reply = service_call(&s, HTTP_POST, "/v1/reload", NULL, "", &status);
	ck_assert_int_eq(status, 200);
	json_decref(reply);
}

static const struct health ill = {.state = HEALTH_DOWN,
    .successes = 1,
    .flaps = 5,
    .needed = 8,
    .since = 7};

START_TEST(a_reload_keeps_what_has_not_changed)
{
	struct watch *w = watch_at("192.0.2.10");

	w->health = ill;
	reload_with("{addr: [192.0.2.11]}", "{addr: [192.0.2.12]}");
	ck_assert_ptr_eq(watch_at("192.0.2.10"), w);
	ck_assert_mem_eq(&w->health, &ill, sizeof(ill));
	ck_assert_ptr_null(watch_at("192.0.2.11"));
	ck_assert_int_eq(watch_at("192.0.2.12")->health.state, HEALTH_UNKNOWN);
	ck_assert_ptr_eq(
	    w->monitor, &s.control->status.snapshot->conf->monitors[0]);
}
END_TEST

/* Not what it is called, where it stands, or how it is written. */
START_TEST(a_monitor_is_what_it_does)
{
	struct watch *w = watch_at("192.0.2.10");

	w->health = ill;
	reload_with("interval: 2s, timeout: 500ms,",
	    "timeout: 500ms, interval: 2000ms,");
	ck_assert_ptr_eq(watch_at("192.0.2.10"), w);
	ck_assert_mem_eq(&w->health, &ill, sizeof(ill));
}
END_TEST

/* Thresholds and times of monitor web: what is asked stays. */
static const char *const edits[][2] = {
    {"interval: 2s", "interval: 3s"},
    {"timeout: 500ms", "timeout: 700ms"},
    {"timeout: 500ms", "timeout: 500ms, slow: 100ms"},
    {"fall: 3", "fall: 1"},
    {"fall: 3", "fall: 9"},
    {"rise: 2", "rise: 1"},
    {"rise: 2", "rise: 20"},
    {"clear: 4", "clear: 9"},
    {"timeout: 500ms", "timeout: 500ms, mode: decide"},
    {"timeout: 500ms", "timeout: 500ms, damp: {max: 0s}"},
    {"timeout: 500ms", "timeout: 500ms, damp: {after: 0, max: 1h}"},
};

START_TEST(what_is_made_of_results_may_change)
{
	struct watch *w = watch_at("192.0.2.10");
	const struct conf_monitor *m;

	w->health = ill;
	w->answered = w->failed = true;
	w->streak_us = 77;
	reload_with(edits[_i][0], edits[_i][1]);
	w = watch_at("192.0.2.10");
	m = w->monitor;
	ck_assert_int_eq(w->health.state, HEALTH_DOWN);
	ck_assert(!w->health.unproven);
	ck_assert_int_eq(w->health.since, ill.since);
	ck_assert_uint_eq(w->health.flaps, ill.flaps);
	/* Counters are below what would have changed the state. */
	ck_assert_uint_lt(w->health.successes, health_rise(&w->health, m));
	ck_assert_uint_lt(w->health.failures, m->fall);
	ck_assert(w->answered && w->failed);
	ck_assert_int_eq(w->streak_us, 77);
	ck_assert_uint_eq(health_change_ms(&w->health, m) % m->interval_ms, 0);
	ck_assert_uint_gt(health_change_ms(&w->health, m), 0);
}
END_TEST

/* Another question: the state stands until it is answered. */
static const char *const questions[][2] = {
    {"type: tcp, port: 80,", "type: tcp, port: 8080,"},
    {"type: tcp, port: 80,", "type: http, port: 80,"},
    {"type: tcp, port: 80,", "type: http, path: /healthz,"},
    {"type: tcp, port: 80,", "type: https, port: 80, verify: off,"},
    {"type: tcp, port: 80,", "type: http, expect: {status: 204},"},
};

START_TEST(another_question_keeps_the_state_until_it_is_answered)
{
	static const enum health_state states[] = {
	    HEALTH_DOWN, HEALTH_UP, HEALTH_DEGRADED};
	const struct health_time now = {WALL, MONO};

	for (size_t i = 0; i < 3; i++) {
		bool up = states[i] != HEALTH_DOWN;
		struct watch *w = watch_at("192.0.2.10");
		struct health h;

		w->health = (struct health){.state = states[i], .since = 7};
		w->last_at = WALL;
		reload_with(questions[_i][i % 2], questions[_i][1 - i % 2]);
		w = watch_at("192.0.2.10");
		ck_assert_int_eq(w->health.state, states[i]);
		ck_assert(w->health.unproven);
		ck_assert_uint_eq(health_change_ms(&w->health, w->monitor), 0);
		h = w->health;
		health_count(&h, w->monitor, HEALTH_OK, &now);
		ck_assert_int_eq(h.state, HEALTH_UP);
		ck_assert(!h.unproven);
		h = w->health;
		health_count(&h, w->monitor, HEALTH_FAILED, &now);
		ck_assert_int_eq(h.state, states[i]);
		ck_assert(h.unproven == up);
		for (unsigned k = 1; k < w->monitor->fall; k++)
			health_count(&h, w->monitor, HEALTH_FAILED, &now);
		ck_assert_int_eq(h.state, HEALTH_DOWN);
		ck_assert(!h.unproven);
	}
}
END_TEST

/* The target goes to another region of another pool, which asks the same by a
 * monitor of another name and with other thresholds. */
START_TEST(names_and_places_do_not_matter)
{
	struct watch *w = watch_at("192.0.2.10");

	w->health = ill;
	reload_with("  web: {",
	    "  site: {type: tcp, port: 80, interval: 1s, timeout: 1s}\n"
	    "  web: {");
	reload_with("  sorry: {regions: {eu: [{addr: [192.0.2.250]}]}}\n",
	    "  sorry: {monitor: site, regions: {eu: [{addr: "
	    "[192.0.2.10]}]}}\n");
	w = watch_at("192.0.2.10");
	ck_assert_int_eq(w->health.state, HEALTH_DOWN);
	reload_with("eu: [{addr: [192.0.2.10]}, ", "eu: [");
	w = watch_at("192.0.2.10");
	ck_assert_str_eq(w->monitor->name, "site");
	ck_assert_int_eq(w->health.state, HEALTH_DOWN);
	ck_assert(!w->health.unproven);
}
END_TEST

/* One that joins those that are asked has nothing to inherit. */
START_TEST(a_second_monitor_begins_as_unknown)
{
	struct watch *w = watch_at("192.0.2.10"), **all;
	size_t n, unknown = 0;

	w->health = ill;
	reload_with("  web: {", "  more: {type: tcp, port: 81}\n  web: {");
	reload_with("monitor: web\n", "monitor: [web, more]\n");
	all = watches_all(s.control->watches, &n);
	for (size_t i = 0; i < n; i++)
		if (addr_equal(&all[i]->addr, &w->addr))
			unknown += all[i]->health.state == HEALTH_UNKNOWN;
	ck_assert_uint_eq(unknown, 1);
}
END_TEST

/* The trouble that an observing monitor of us has is nobody's. */
static void
observe_trouble(void)
{
	struct watch **all;
	size_t n;

	all = watches_all(s.control->watches, &n);
	for (size_t i = 0; i < n; i++)
		if (all[i]->monitor->observe)
			all[i]->health.failures = 1;
}

START_TEST(a_monitor_that_observes_stops_no_ramp)
{
	struct pool *p;
	int status;

	reload_with("  web: {",
	    "  look: {type: tcp, port: 81, mode: observe}\n"
	    "  web: {");
	reload_with("monitor: web\n", "monitor: [web, look]\n");
	reload_with("unlocated: [us, eu, ap]\n",
	    "unlocated: [us, eu, ap]\n"
	    "    failback: {ramp: 100s}\n");
	json_decref(service_call(&s, HTTP_POST, "/v1/drain", NULL,
	    "{\"what\":\"us\",\"for_s\":60,\"reason\":\"x\"}", &status));
	json_decref(service_call(
	    &s, HTTP_POST, "/v1/undrain", NULL, "{\"what\":\"us\"}", &status));
	p = &s.control->status.snapshot->pools[0];
	observe_trouble();
	pool_share_tick(p, 1);
	ck_assert(p->regions[1].share.back);
	ck_assert_int_eq(p->regions[1].share.frozen_s, 0);
	watch_at("198.51.100.10")->health.failures = 1;
	pool_share_tick(p, 1);
	ck_assert_int_ne(p->regions[1].share.frozen_s, 0);
}
END_TEST

static void
call(const char *path, const char *body)
{
	int status;

	json_decref(service_call(&s, HTTP_POST, path, NULL, body, &status));
	ck_assert_int_eq(status, 200);
}

/* By the names that are steered to it. */
START_TEST(a_pool_with_a_new_name_comes_back_as_it_did)
{
	const struct pool *p;

	reload_with("unlocated: [us, eu, ap]\n",
	    "unlocated: [us, eu, ap]\n"
	    "    failback: {ramp: 100s}\n");
	call("/v1/drain", "{\"what\":\"us\",\"for_s\":60,\"reason\":\"x\"}");
	call("/v1/undrain", "{\"what\":\"us\"}");
	clock_fake((MONO + 20) * 1000, WALL + 20);
	p = &s.control->status.snapshot->pools[0];
	ck_assert_double_eq_tol(pool_share(p, 1), 0.2, 0.02);
	edit("  www:\n", "  web:\n");
	edit("pool: www, policy: near", "pool: web, policy: near");
	reload_with("pool: www, policy: draw", "pool: web, policy: draw");
	p = &s.control->status.snapshot->pools[0];
	ck_assert_str_eq(p->conf->name, "web");
	ck_assert(p->regions[1].share.back);
	ck_assert_double_eq_tol(pool_share(p, 1), 0.2, 0.02);
	/* One that is new beside the old is another. */
	reload_with("  web:\n",
	    "  more: {regions: {us: [{addr: 192.0.2.7}]}}\n  web:\n");
	ck_assert(!s.control->status.snapshot->pools[0].regions[0].share.back);
	ck_assert(s.control->status.snapshot->pools[1].regions[1].share.back);
}
END_TEST

/* When the region could change by a drain, as a monotonic second. */
static uint32_t
change_s(size_t region)
{
	const struct pool *p = &s.control->status.snapshot->pools[0];

	return (uint32_t)(atomic_load(&p->regions[region].change) >> 32);
}

static void
step_clock(int64_t mono_s, int64_t wall_s)
{
	clock_fake((uint64_t)mono_s * 1000, wall_s);
	drain_clock(s.control);
}

static void
drain_us(void)
{
	struct drain *d =
	    drain_new("us", "ana", "x", WALL, WALL + HOUR, false, NULL);

	drain_start(d);
	drains_put(&s.control->drains, d);
	s.control->wanted_stale = true;
	control_refresh(s.control, NULL, NULL);
}

/* Back and forward; by moments of the clock as it is, for a restart. */
START_TEST(a_clock_that_is_set_leaves_a_drain_as_long_as_it_is)
{
	static const int64_t steps[] = {-5 * HOUR, 5 * HOUR, -60, 86400 * 400};
	const struct drain *d;

	drain_us();
	step_clock(MONO + 10, WALL + 10 + steps[_i]);
	drain_tick(s.control);
	ck_assert_uint_eq(change_s(1), MONO + HOUR);
	d = drains_find(&s.control->drains, DRAIN_OUT, "us", false);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(drain_left_s(d), HOUR - 10);
	ck_assert_int_eq(d->since, WALL + steps[_i]);
	ck_assert_int_eq(d->until, WALL + HOUR + steps[_i]);
	service_restart(&s);
	d = drains_find(&s.control->drains, DRAIN_OUT, "us", false);
	ck_assert_ptr_nonnull(d);
	ck_assert_int_eq(drain_left_s(d), HOUR - 10);
	clock_fake((uint64_t)(MONO + HOUR) * 1000, WALL);
	drain_tick(s.control);
	ck_assert_ptr_null(
	    drains_find(&s.control->drains, DRAIN_OUT, "us", false));
}
END_TEST

START_TEST(a_machine_that_sleeps_lets_leases_end)
{
	drain_us();
	clock_fake_suspended((int64_t)(HOUR - 10) * 1000);
	step_clock(MONO + 5, WALL + HOUR - 5);
	drain_tick(s.control);
	ck_assert_int_eq(drain_left_s(drains_find(
			     &s.control->drains, DRAIN_OUT, "us", false)),
	    5);
	clock_fake_suspended((int64_t)(HOUR - 5) * 1000);
	drain_tick(s.control);
	ck_assert_ptr_null(
	    drains_find(&s.control->drains, DRAIN_OUT, "us", false));
}
END_TEST

START_TEST(a_clock_set_back_lets_nobody_in)
{
	drain_us();
	step_clock(MONO + 10, WALL + 10 - 5 * HOUR);
	control_refresh(s.control, NULL, NULL);
	ck_assert_uint_eq(service_live(&s, "www"), 5);
}
END_TEST

static double
share_of_us(void)
{
	control_refresh(s.control, NULL, NULL);
	return pool_share(&s.control->status.snapshot->pools[0], 1);
}

START_TEST(a_drain_grows_however_the_clock_is_set)
{
	int status;

	json_decref(service_call(&s, HTTP_POST, "/v1/drain", NULL,
	    "{\"what\":\"us\",\"for_s\":90000,\"over_s\":100,"
	    "\"reason\":\"x\"}",
	    &status));
	ck_assert_int_eq(status, 200);
	step_clock(MONO + 50, WALL + 50 - 5 * HOUR);
	ck_assert_double_eq_tol(share_of_us(), 0.5, 0.001);
	step_clock(MONO + 60, WALL + 60 + 5 * HOUR);
	ck_assert_double_eq_tol(share_of_us(), 0.4, 0.001);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	step_clock(MONO + 100, WALL + 100 - 5 * HOUR);
	control_refresh(s.control, NULL, NULL);
	ck_assert_uint_eq(service_live(&s, "www"), 5);
}
END_TEST

START_TEST(an_announced_one_begins_by_the_wall_clock)
{
	int status;

	json_decref(service_call(&s, HTTP_POST, "/v1/drain", NULL,
	    "{\"what\":\"us\",\"for_s\":600,\"at\":1767232800,"
	    "\"reason\":\"x\"}",
	    &status));
	ck_assert_int_eq(status, 200);
	step_clock(MONO + 10, WALL + 2 * HOUR - 1);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	step_clock(MONO + 11, WALL + 2 * HOUR);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 5);
	step_clock(MONO + 12, WALL + 2 * HOUR + 86400);
	drain_tick(s.control);
	ck_assert_int_eq(drain_left_s(drains_find(
			     &s.control->drains, DRAIN_OUT, "us", false)),
	    599);
}
END_TEST

static void
count_clock(const char *line, void *arg)
{
	*(unsigned *)arg += strstr(line, "\"clock\"") != NULL;
}

START_TEST(a_step_is_told_once_and_drift_is_not)
{
	unsigned told = 0;

	for (int64_t i = 1; i < 100; i++)
		step_clock(MONO + i, WALL + i + i % 2);
	events_each(s.control->events, event_filter_all(), count_clock, &told);
	ck_assert_uint_eq(told, 0);
	for (int64_t i = 100; i < 200; i++)
		step_clock(MONO + i, WALL + i - HOUR);
	events_each(s.control->events, event_filter_all(), count_clock, &told);
	ck_assert_uint_eq(told, 1);
}
END_TEST

/* Probes and what is believed know the monotonic clock alone. */
START_TEST(a_clock_that_is_set_changes_no_health)
{
	struct watch *w = watch_at("192.0.2.10");
	int status;
	json_t *reply;

	w->health = ill;
	w->last_at = WALL;
	control_refresh(s.control, NULL, NULL);
	step_clock(MONO + 1, WALL - 30 * HOUR);
	step_clock(MONO + 2, WALL + 30 * HOUR);
	step_clock(MONO + 3, WALL - 30 * HOUR);
	ck_assert_mem_eq(&w->health, &ill, sizeof(ill));
	/* What is from later than now has no age. */
	reply = service_call(&s, HTTP_GET, "/v1/explain",
	    "name=www.example.com&from=81.2.0.1", NULL, &status);
	ck_assert_int_eq(status, 200);
	json_decref(reply);
	reply = service_call(&s, HTTP_GET, "/v1/status", NULL, NULL, &status);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(reply, "uptime_s")), 3);
	json_decref(reply);
}
END_TEST

/* The second net: probes that are due, or were begun, and nothing happens. */
START_TEST(a_prober_that_does_nothing_is_noticed)
{
	const struct prober *p = s.control->prober;
	uint64_t now = clock_mono_us();

	ck_assert_uint_eq(prober_stalled_us(p, now + 3600 * 1000000ull), 0);
	ck_assert_uint_eq(prober_last_us(p), 0);
	control_start(s.control);
	/* They are new, and begin in the next round. */
	ck_assert_uint_eq(prober_stalled_us(p, now), 0);
	for (int i = 0; i < 3; i++)
		event_base_loop(s.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(prober_stalled_us(p, now), 0);
	ck_assert_uint_ge(
	    prober_stalled_us(p, now + 60 * 1000000ull), 50 * 1000000ull);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl/control");
	TCase *t = tcase_create("ctl/control");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_set_timeout(t, 60);
	tcase_add_test(t, a_reload_keeps_what_has_not_changed);
	tcase_add_test(t, a_monitor_is_what_it_does);
	tcase_add_loop_test(t, what_is_made_of_results_may_change, 0,
	    sizeof(edits) / sizeof(*edits));
	tcase_add_loop_test(t,
	    another_question_keeps_the_state_until_it_is_answered, 0,
	    sizeof(questions) / sizeof(*questions));
	tcase_add_test(t, names_and_places_do_not_matter);
	tcase_add_test(t, a_second_monitor_begins_as_unknown);
	tcase_add_loop_test(
	    t, a_clock_that_is_set_leaves_a_drain_as_long_as_it_is, 0, 4);
	tcase_add_test(t, a_machine_that_sleeps_lets_leases_end);
	tcase_add_test(t, a_clock_set_back_lets_nobody_in);
	tcase_add_test(t, a_drain_grows_however_the_clock_is_set);
	tcase_add_test(t, an_announced_one_begins_by_the_wall_clock);
	tcase_add_test(t, a_monitor_that_observes_stops_no_ramp);
	tcase_add_test(t, a_pool_with_a_new_name_comes_back_as_it_did);
	tcase_add_test(t, a_step_is_told_once_and_drift_is_not);
	tcase_add_test(t, a_clock_that_is_set_changes_no_health);
	tcase_add_test(t, a_prober_that_does_nothing_is_noticed);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
