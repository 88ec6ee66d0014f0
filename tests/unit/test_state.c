/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/state.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "report/text.h"
#include "service.h"

static struct service s;
static char folder[SERVICE_PATH_MAX + 8];

static void
setup(void)
{
	service_open(&s);
	snprintf(folder, sizeof(folder), "%s/state", s.folder);
}

static void
teardown(void)
{
	service_close(&s);
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

static bool
save_health(const struct watches *watches)
{
	struct saver *saver = saver_new(folder);
	bool ok;

	saver_start(saver, watches, json_array());
	ok = saver_finish(saver, -1, NULL);
	saver_free(saver);
	return ok;
}

START_TEST(drains_come_back_as_they_were)
{
	struct drains out = {0}, in = {0};
	struct text text = {0};
	struct drain *up, *later;
	const struct drain *d;
	struct error err;

	drains_put(&out,
	    drain_new("www/eu", "ana", "\"quoted\" \xff", 5, 9, true, NULL));
	drains_put(
	    &out, drain_new("us", "bob", "x", 6, DRAIN_FOREVER, false, NULL));
	up = drain_new("us", "bob", "y", 7, 8, false, NULL);
	up->kind = DRAIN_UP;
	drains_put(&out, up);
	later = drain_new("us", "bob", "z", 7, 30, false, NULL);
	later->at = 20;
	drains_put(&out, later);
	state_drains(&out, &text);
	ck_assert(state_write(folder, "drains", text.at, text.len, &err));
	text_fini(&text);
	ck_assert(state_load_drains(folder, &in, &err));
	ck_assert_uint_eq(in.all.n, 4);
	d = drains_find(&in, DRAIN_OUT, "www/eu", false);
	ck_assert_str_eq(d->owner, "ana");
	ck_assert_str_eq(d->reason, "\"quoted\" ?");
	ck_assert_int_eq(d->since, 5);
	ck_assert_int_eq(d->until, 9);
	ck_assert(d->forced);
	ck_assert_int_eq(
	    drains_find(&in, DRAIN_OUT, "us", false)->until, DRAIN_FOREVER);
	ck_assert_int_eq(drains_find(&in, DRAIN_UP, "us", false)->until, 8);
	ck_assert_int_eq(drains_find(&in, DRAIN_OUT, "us", true)->at, 20);
	drains_fini(&in);
	drains_fini(&out);
}
END_TEST

START_TEST(no_file_is_no_drains)
{
	struct drains in = {0};
	struct error err;

	ck_assert(state_load_drains(folder, &in, &err));
	ck_assert_uint_eq(in.all.n, 0);
}
END_TEST

static const char *const broken[] = {
    "",
    "{",
    "[]",
    "{\"version\": 2, \"drains\": []}",
    "{\"version\": 1, \"drains\": {}}",
    "{\"version\": 1, \"version\": 1, \"drains\": []}",
    "{\"version\": 1, \"drains\": [7]}",
    "{\"version\": 1, \"drains\": [{\"what\": \"eu\"}]}",
    "{\"version\": 1, \"drains\": [{\"kind\": \"pause\", \"what\": \"eu\","
    " \"owner\": \"a\", \"reason\": \"x\", \"since\": 1, \"until\": 0,"
    " \"forced\": false}]}",
};

START_TEST(a_broken_file_is_told_and_moved_aside)
{
	struct drains in = {0};
	char bad[SERVICE_PATH_MAX + 64];
	struct error err;

	service_write(&s, "state/drains.json", broken[_i]);
	ck_assert(!state_load_drains(folder, &in, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "drains.json"));
	snprintf(bad, sizeof(bad), "%s/drains.json.bad", folder);
	ck_assert_int_eq(access(bad, F_OK), 0);
	ck_assert(state_load_drains(folder, &in, &err));
}
END_TEST

START_TEST(what_a_broken_file_still_says_is_kept)
{
	struct drains in = {0};
	struct error err;

	service_write(&s, "state/drains.json",
	    "{\"version\": 1, \"drains\": ["
	    "{\"what\": \"eu\", \"owner\": \"ana\", \"reason\": \"x\","
	    " \"since\": 1, \"until\": 0, \"forced\": false}, 7]}");
	ck_assert(!state_load_drains(folder, &in, &err));
	ck_assert_ptr_nonnull(strstr(
	    err.text, "1 of 2 entries cannot be understood, first number 2"));
	ck_assert_ptr_nonnull(drains_find(&in, DRAIN_OUT, "eu", false));
	drains_fini(&in);
}
END_TEST

START_TEST(health_comes_back_by_what_is_watched)
{
	int64_t last_at = clock_wall_s() - 78;
	struct watch *w = watch_at("192.0.2.10");

	w->health =
	    (struct health){.state = HEALTH_DOWN, .successes = 1, .since = 77};
	snprintf(w->last, sizeof(w->last), "refused");
	w->last_at = last_at;
	ck_assert(save_health(s.control->watches));
	service_restart(&s);
	w = watch_at("192.0.2.10");
	ck_assert_int_eq(w->health.state, HEALTH_DOWN);
	ck_assert_uint_eq(w->health.successes, 1);
	ck_assert_int_eq(w->health.since, 77);
	ck_assert_str_eq(w->last, "refused");
	ck_assert_int_eq(w->last_at, last_at);
	ck_assert(w->restored);
	ck_assert_int_eq(watch_at("192.0.2.11")->health.state, HEALTH_UNKNOWN);
}
END_TEST

START_TEST(counters_of_other_thresholds_are_bounded)
{
	struct watch *w = watch_at("192.0.2.10");
	struct error err;

	w->health = (struct health){.state = HEALTH_DOWN,
	    .successes = 9,
	    .needed = 100000,
	    .since = 77};
	w->last_at = clock_wall_s();
	ck_assert(save_health(s.control->watches));
	w->health.state = HEALTH_UNKNOWN;
	ck_assert(state_load_health(folder, s.control->watches, 3600, &err));
	ck_assert_int_eq(w->health.state, HEALTH_DOWN);
	ck_assert_uint_lt(
	    w->health.successes, health_rise(&w->health, w->monitor));
	ck_assert_uint_le(w->health.needed,
	    w->monitor->damp.max_ms / w->monitor->interval_ms);
}
END_TEST

START_TEST(health_is_kept_as_long_as_is_said)
{
	static const struct {
		int64_t age_s, keep_s;
		bool kept;
	} rows[] = {{0, 0, false}, {-5, 0, false}, {100, 0, false},
	    {100, 3600, true}, {-100, 3600, true}, {3700, 3600, false},
	    {-3700, 3600, false}};
	struct watch *w = watch_at("192.0.2.10");
	struct error err;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->health = (struct health){.state = HEALTH_DOWN, .since = 77};
		w->last_at = clock_wall_s() - rows[i].age_s;
		ck_assert(save_health(s.control->watches));
		w->health.state = HEALTH_UNKNOWN;
		ck_assert(state_load_health(
		    folder, s.control->watches, rows[i].keep_s, &err));
		ck_assert_int_eq(w->health.state,
		    rows[i].kept ? HEALTH_DOWN : HEALTH_UNKNOWN);
	}
}
END_TEST

/* As the configuration was edited while no daemon ran. */
START_TEST(a_restart_keeps_what_a_reload_keeps)
{
	static const struct {
		const char *monitor;
		enum health_state state;
		bool unproven;
	} rows[] = {
	    {"{type: tcp, port: 80, interval: 5s, fall: 1, rise: 9}",
		HEALTH_DOWN, false},
	    {"{type: tcp, port: 81, interval: 2s}", HEALTH_DOWN, true},
	    {"{type: http, port: 80, interval: 2s}", HEALTH_DOWN, true},
	};
	static const char web[] =
	    "  web: {type: tcp, port: 80, interval: 2s, timeout: 500ms, "
	    "fall: 3,\n        rise: 2, clear: 4}\n";
	struct watch *w = watch_at("192.0.2.10");
	char before[8192], after[8192];
	FILE *f = fopen(s.conf, "r");
	char *at;

	before[fread(before, 1, sizeof(before) - 1, f)] = '\0';
	fclose(f);
	at = strstr(before, web);
	w->health = (struct health){.state = HEALTH_DOWN, .since = 77};
	w->last_at = clock_wall_s();
	ck_assert(save_health(s.control->watches));
	snprintf(after, sizeof(after), "%.*s  web: %s\n%s", (int)(at - before),
	    before, rows[_i].monitor, at + strlen(web));
	service_write(&s, "meridian.yaml", after);
	service_restart(&s);
	w = watch_at("192.0.2.10");
	ck_assert_int_eq(w->health.state, rows[_i].state);
	ck_assert(w->health.unproven == rows[_i].unproven);
	ck_assert(w->restored);
}
END_TEST

START_TEST(health_by_an_older_key_is_not_looked_for)
{
	struct error err;

	service_write(&s, "state/health.json",
	    "{\"version\": 1, \"health\": [{\"key\": \"192.0.2.10 x\", "
	    "\"state\": \"down\", \"failures\": 0, \"successes\": 0, "
	    "\"since\": 1, \"last\": \"\", \"last_ms\": 1, "
	    "\"last_at\": 1}]}");
	ck_assert(state_load_health(folder, s.control->watches, 3600, &err));
	ck_assert_int_eq(watch_at("192.0.2.10")->health.state, HEALTH_UNKNOWN);
}
END_TEST

START_TEST(health_of_another_time_is_unknown)
{
	static const struct row {
		int64_t age;
		enum health_state state;
	} rows[] = {{0, HEALTH_UP}, {3599, HEALTH_UP}, {3700, HEALTH_UNKNOWN},
	    {-60, HEALTH_UP}, {-36000, HEALTH_UNKNOWN}};
	struct watch *w = watch_at("192.0.2.10");

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		w->health = (struct health){.state = HEALTH_UP};
		w->last_at = clock_wall_s() - rows[i].age;
		ck_assert(save_health(s.control->watches));
		w->health.state = HEALTH_UNKNOWN;
		ck_assert(
		    state_load_health(folder, s.control->watches, 3600, NULL));
		ck_assert_int_eq(w->health.state, rows[i].state);
	}
}
END_TEST

/* By clocks that stand still: both sides of each limit. */
START_TEST(health_is_kept_to_the_second)
{
	static const struct {
		int64_t age_s, keep_s;
		bool kept;
	} rows[] = {{0, 1, true}, {1, 1, true}, {2, 1, false}, {-1, 1, true},
	    {-2, 1, false}, {3600, 3600, true}, {3601, 3600, false},
	    {-3600, 3600, true}, {-3601, 3600, false}, {0, 0, false}};
	struct watch *w = watch_at("192.0.2.10");

	clock_fake(7000000, 1780000000);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		w->health = (struct health){.state = HEALTH_DOWN};
		w->last_at = clock_wall_s() - rows[i].age_s;
		ck_assert(save_health(s.control->watches));
		w->health.state = HEALTH_UNKNOWN;
		ck_assert(state_load_health(
		    folder, s.control->watches, rows[i].keep_s, NULL));
		ck_assert_int_eq(w->health.state,
		    rows[i].kept ? HEALTH_DOWN : HEALTH_UNKNOWN);
	}
	clock_real();
}
END_TEST

/* Each value of a watch is another one, so that none can stand for another. */
START_TEST(each_value_of_a_watch_comes_back)
{
	static const struct conf_monitor m = {.name = "m",
	    .text = "t",
	    .question = "q",
	    .interval_ms = 1000,
	    .slow_ms = 1,
	    .damp = {.max_ms = 100000},
	    .fall = 30,
	    .rise = 30,
	    .clear = 30};
	struct watches *out = watches_new(), *in = watches_new();
	const struct addr a = {.bytes = {192, 0, 2, 1}, .family = 4};
	struct watch *w = watches_get(out, &m, &a), was;
	struct error err;

	clock_fake(7000000, 1780000000);
	w->health = (struct health){.state = HEALTH_DEGRADED,
	    .failures = 1,
	    .successes = 1,
	    .slows = 2,
	    .quicks = 3,
	    .flaps = 4,
	    .needed = 5,
	    .flap_ms = 7000000 - 5123,
	    .since = 77};
	w->last_ms = 4711;
	w->last_at = clock_wall_s() - 13;
	snprintf(w->last, sizeof(w->last), "slow");
	was = *w;
	ck_assert(save_health(out));
	w = watches_get(in, &m, &a);
	ck_assert_msg(
	    state_load_health(folder, in, 3600, &err), "%s", err.text);
	ck_assert_int_eq(w->health.state, was.health.state);
	ck_assert_uint_eq(w->health.failures, was.health.failures);
	ck_assert_uint_eq(w->health.successes, was.health.successes);
	ck_assert_uint_eq(w->health.slows, was.health.slows);
	ck_assert_uint_eq(w->health.quicks, was.health.quicks);
	ck_assert_uint_eq(w->health.flaps, was.health.flaps);
	ck_assert_uint_eq(w->health.needed, was.health.needed);
	ck_assert_int_eq(w->health.since, was.health.since);
	/* Older by the time since the last result was saved. */
	ck_assert_int_eq(w->health.flap_ms, was.health.flap_ms - 13000);
	ck_assert_uint_eq(w->last_ms, was.last_ms);
	ck_assert_int_eq(w->last_at, was.last_at);
	ck_assert_str_eq(w->last, was.last);
	ck_assert(w->restored);
	ck_assert(w->answered);
	ck_assert(!w->health.unproven);
	watches_free(in);
	watches_free(out);
	clock_real();
}
END_TEST

/* What was not proven, or was down, has not answered since. */
START_TEST(who_has_answered_is_who_was_up)
{
	static const struct {
		enum health_state state;
		bool unproven, answered;
	} rows[] = {{HEALTH_UP, false, true}, {HEALTH_DEGRADED, false, true},
	    {HEALTH_DOWN, false, false}, {HEALTH_UNKNOWN, false, false},
	    {HEALTH_UP, true, false}, {HEALTH_DEGRADED, true, false}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct watch *w = watch_at("192.0.2.10");

		w->health = (struct health){
		    .state = rows[i].state, .unproven = rows[i].unproven};
		w->answered = !rows[i].answered;
		w->last_at = clock_wall_s();
		ck_assert(save_health(s.control->watches));
		service_restart(&s);
		w = watch_at("192.0.2.10");
		ck_assert_int_eq(w->health.state, rows[i].state);
		ck_assert(w->health.unproven == rows[i].unproven);
		ck_assert(w->answered == rows[i].answered);
	}
}
END_TEST

START_TEST(health_is_saved_as_it_was_when_that_began)
{
	struct saver *saver = saver_new(folder);
	struct watch *w = watch_at("192.0.2.10");

	w->health = (struct health){.state = HEALTH_UP};
	w->last_at = clock_wall_s();
	saver_start(saver, s.control->watches, json_array());
	w->health.state = HEALTH_DOWN;
	ck_assert(saver_finish(saver, -1, NULL));
	ck_assert(!saver_is_busy(saver));
	ck_assert(state_load_health(folder, s.control->watches, 3600, NULL));
	ck_assert_int_eq(w->health.state, HEALTH_UP);
	saver_free(saver);
}
END_TEST

START_TEST(what_cannot_be_saved_is_told_once)
{
	struct saver *saver = saver_new("/dev/null");
	struct error err;

	saver_start(saver, s.control->watches, json_array());
	ck_assert(!saver_finish(saver, -1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "/dev/null/health.json"));
	ck_assert(saver_finish(saver, -1, &err));
	saver_free(saver);
}
END_TEST

START_TEST(damping_comes_back)
{
	const struct health damped = {.state = HEALTH_DOWN,
	    .successes = 5,
	    .flaps = 4,
	    .needed = 20,
	    .since = 9};
	struct watch *w = watch_at("192.0.2.10");
	int64_t age_ms;

	w->health = damped;
	w->health.flap_ms = (int64_t)clock_mono_ms() - 90000;
	w->last_at = clock_wall_s() - 10;
	ck_assert(save_health(s.control->watches));
	service_restart(&s);
	w = watch_at("192.0.2.10");
	age_ms = (int64_t)clock_mono_ms() - w->health.flap_ms;
	ck_assert_uint_eq(w->health.flaps, 4);
	ck_assert_uint_eq(w->health.needed, 20);
	ck_assert_uint_eq(health_change_ms(&w->health, w->monitor), 30000);
	ck_assert(age_ms >= 99000 && age_ms < 110000);
}
END_TEST

/* Files that say what no daemon writes. */
static const char *const strange[] = {
    "\"state\": \"well\"",
    "\"state\": \"up\", \"failures\": -1",
    "\"state\": \"up\", \"failures\": 4294967296",
    "\"state\": \"up\", \"flap_age_ms\": -5",
    "\"state\": \"up\", \"flap_age_ms\": 9223372036854775807",
};

START_TEST(counters_of_no_such_monitor_are_refused)
{
	static const char *const others[] = {"failures", "successes", "since"};
	struct watch *w = watch_at("192.0.2.10");
	struct text t = {0};
	struct error err;

	text_add(&t,
	    "{\"version\": 1, \"health\": [{\"address\": \"192.0.2.10\", "
	    "\"monitor\": \"web\", \"text\": \"%s\", \"question\": \"%s\", "
	    "\"observe\": false, "
	    "\"last\": \"\", \"last_ms\": 1, \"last_at\": %lld, %s",
	    w->monitor->text, w->monitor->question, (long long)clock_wall_s(),
	    strange[_i]);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (strstr(strange[_i], others[i]) == NULL)
			text_add(&t, ", \"%s\": 0", others[i]);
	text_add(&t, "}]}");
	service_write(&s, "state/health.json", t.at);
	ck_assert(!state_load_health(folder, s.control->watches, 3600, &err));
	ck_assert_int_eq(w->health.state, HEALTH_UNKNOWN);
	text_fini(&t);
}
END_TEST

static const char *const broken_health[] = {
    "",
    "{\"version\": 1, \"health\": [{\"key\": \"192.0",
    "{\"version\": 1, \"drains\": []}",
    "{\"version\": 1, \"health\": [[]]}",
};

START_TEST(broken_health_is_told_and_moved_aside)
{
	struct error err;

	service_write(&s, "state/health.json", broken_health[_i]);
	ck_assert(!state_load_health(folder, s.control->watches, 3600, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "health.json.bad"));
	ck_assert(state_load_health(folder, s.control->watches, 3600, &err));
}
END_TEST

enum { MANY = 10000 };

/* By a lookup: one that scans takes a hundred million comparisons. */
START_TEST(ten_thousand_watches_are_found)
{
	static const struct conf_monitor m = {.name = "m",
	    .text = "a monitor's text is long, and the same for all of them",
	    .question = "and so is its question",
	    .interval_ms = 1000,
	    .fall = 3,
	    .rise = 3,
	    .clear = 3};
	struct watches *out = watches_new(), *in = watches_new();
	struct watch **all;
	struct error err;
	size_t n;

	for (uint32_t i = 0; i < MANY; i++) {
		struct addr a = {.family = 4};
		struct watch *w;

		memcpy(a.bytes, &i, sizeof(i));
		w = watches_get(out, &m, &a);
		w->health.state = HEALTH_UP;
		w->last_at = clock_wall_s();
		watches_get(in, &m, &a);
	}
	ck_assert(save_health(out));
	ck_assert_msg(
	    state_load_health(folder, in, 3600, &err), "%s", err.text);
	all = watches_all(in, &n);
	ck_assert_uint_eq(n, MANY);
	for (size_t i = 0; i < n; i++) {
		ck_assert_int_eq(all[i]->health.state, HEALTH_UP);
		ck_assert_ptr_eq(watches_find(in, all[i]->key), all[i]);
	}
	watches_free(in);
	watches_free(out);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state");
	TCase *t = tcase_create("state");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, drains_come_back_as_they_were);
	tcase_add_test(t, no_file_is_no_drains);
	tcase_add_loop_test(t, a_broken_file_is_told_and_moved_aside, 0,
	    sizeof(broken) / sizeof(broken[0]));
	tcase_add_test(t, what_a_broken_file_still_says_is_kept);
	tcase_add_test(t, health_comes_back_by_what_is_watched);
	tcase_add_test(t, counters_of_other_thresholds_are_bounded);
	tcase_add_test(t, health_is_kept_as_long_as_is_said);
	tcase_add_loop_test(t, a_restart_keeps_what_a_reload_keeps, 0, 3);
	tcase_add_test(t, health_by_an_older_key_is_not_looked_for);
	tcase_add_test(t, health_of_another_time_is_unknown);
	tcase_add_test(t, health_is_kept_to_the_second);
	tcase_add_test(t, each_value_of_a_watch_comes_back);
	tcase_add_test(t, who_has_answered_is_who_was_up);
	tcase_add_test(t, health_is_saved_as_it_was_when_that_began);
	tcase_add_test(t, what_cannot_be_saved_is_told_once);
	tcase_add_test(t, damping_comes_back);
	tcase_add_loop_test(t, counters_of_no_such_monitor_are_refused, 0,
	    sizeof(strange) / sizeof(*strange));
	tcase_add_loop_test(t, broken_health_is_told_and_moved_aside, 0,
	    sizeof(broken_health) / sizeof(*broken_health));
	tcase_add_test(t, ten_thousand_watches_are_found);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
