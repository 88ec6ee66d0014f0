/* SPDX-License-Identifier: BSD-3-Clause */
/* What main owns through a reload and when the wall clock is set. */
#include "ctl/control.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/drain.h"
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
reload_with(const char *old, const char *text)
{
	char before[8192], after[8192];
	FILE *f = fopen(s.conf, "r");
	const char *at;
	json_t *reply;
	int status;

	ck_assert_ptr_nonnull(f);
	before[fread(before, 1, sizeof(before) - 1, f)] = '\0';
	fclose(f);
	at = strstr(before, old);
	ck_assert_ptr_nonnull(at);
	snprintf(after, sizeof(after), "%.*s%s%s", (int)(at - before), before,
	    text, at + strlen(old));
	service_write(&s, "meridian.yaml", after);
	reply =
	    service_call(&s, EVHTTP_REQ_POST, "/v1/reload", NULL, "", &status);
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
	reload_with("interval: 2000ms", "interval: 3s");
	ck_assert_int_eq(watch_at("192.0.2.10")->health.state, HEALTH_UNKNOWN);
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
	control_clock(s.control);
}

static void
drain_us(void)
{
	drains_put(&s.control->drains,
	    drain_new("us", "ana", "x", WALL, WALL + HOUR, false, NULL));
	control_refresh(s.control, NULL, NULL);
}

START_TEST(a_clock_set_back_lengthens_a_drain)
{
	drain_us();
	ck_assert_uint_eq(change_s(1), MONO + HOUR);
	step_clock(MONO + 10, WALL + 10 - 5 * HOUR);
	ck_assert_uint_eq(change_s(1), MONO + 6 * HOUR);
	drain_tick(s.control);
	ck_assert_ptr_nonnull(
	    drains_find(&s.control->drains, DRAIN_OUT, "us", false));
}
END_TEST

START_TEST(a_clock_set_forward_ends_a_drain)
{
	drain_us();
	step_clock(MONO + 10, WALL + 10 + 5 * HOUR);
	drain_tick(s.control);
	ck_assert_ptr_null(
	    drains_find(&s.control->drains, DRAIN_OUT, "us", false));
	ck_assert_uint_eq(change_s(1), 0);
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
	events_since(s.control->events, 0, count_clock, &told);
	ck_assert_uint_eq(told, 0);
	for (int64_t i = 100; i < 200; i++)
		step_clock(MONO + i, WALL + i - HOUR);
	events_since(s.control->events, 0, count_clock, &told);
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
	reply = service_call(&s, EVHTTP_REQ_GET, "/v1/explain",
	    "name=www.example.com&from=81.2.0.1", NULL, &status);
	ck_assert_int_eq(status, 200);
	json_decref(reply);
	reply =
	    service_call(&s, EVHTTP_REQ_GET, "/v1/status", NULL, NULL, &status);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(reply, "uptime_s")), 3);
	json_decref(reply);
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
	tcase_add_test(t, a_clock_set_back_lengthens_a_drain);
	tcase_add_test(t, a_clock_set_forward_ends_a_drain);
	tcase_add_test(t, a_step_is_told_once_and_drift_is_not);
	tcase_add_test(t, a_clock_that_is_set_changes_no_health);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
