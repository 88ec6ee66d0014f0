/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/command.h"
#include "ctl/reload.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "service.h"

static struct service s;
static int status;

static void
setup(void)
{
	service_open(&s);
}

static void
teardown(void)
{
	service_close(&s);
}

static json_t *
get(const char *path, const char *query)
{
	return service_call(&s, HTTP_GET, path, query, NULL, &status);
}

static json_t *
post(const char *path, const char *body)
{
	return service_call(&s, HTTP_POST, path, NULL, body, &status);
}

static const char *
text_of(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

static json_int_t
int_of(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

START_TEST(status_tells_zones_names_pools_and_bounds)
{
	json_t *r = get("/v1/status", NULL), *name, *zone, *region;

	name = json_array_get(json_object_get(r, "names"), 0);
	zone = json_array_get(json_object_get(r, "zones"), 0);
	region = json_array_get(
	    json_object_get(
		json_array_get(json_object_get(r, "pools"), 0), "regions"),
	    0);
	ck_assert_int_eq(status, 200);
	ck_assert_int_eq(int_of(r, "generation"), 1);
	ck_assert_int_eq(int_of(zone, "serial"), 7);
	/* 3 x 2 s + 0.5 s + 1 s + max(2 s, 5 s) */
	ck_assert_double_eq_tol(
	    json_number_value(json_object_get(name, "cutover_s")), 13, 1e-9);
	ck_assert(json_is_null(json_object_get(
	    json_array_get(json_object_get(r, "names"), 1), "cutover_s")));
	ck_assert_str_eq(text_of(region, "region"), "eu");
	ck_assert(json_is_true(json_object_get(region, "live")));
	ck_assert_uint_eq(
	    json_array_size(json_object_get(region, "targets")), 2);
	json_decref(r);
}
END_TEST

START_TEST(stats_count_steered_answers)
{
	json_t *r, *row;

	service_answers(&s, "www", 1, 7, 60);
	r = get("/v1/stats", NULL);
	row = json_array_get(json_object_get(r, "steered"), 0);
	ck_assert_str_eq(text_of(row, "region"), "us");
	ck_assert_str_eq(text_of(row, "reason"), "first");
	ck_assert_int_eq(int_of(row, "count"), 7);
	row = json_object_get(r, "rate_limited");
	ck_assert_int_eq(int_of(row, "dropped"), 0);
	json_decref(r);
}
END_TEST

START_TEST(an_unknown_path_is_answered_with_the_nearest)
{
	json_t *r = get("/v1/stauts", NULL);

	ck_assert_int_eq(status, 404);
	ck_assert_int_eq(int_of(r, "exit"), 4);
	ck_assert_ptr_nonnull(strstr(text_of(r, "error"), "/v1/status"));
	json_decref(r);
}
END_TEST

START_TEST(an_unknown_parameter_is_refused)
{
	json_decref(get("/v1/status", "verbose=1"));
	ck_assert_int_eq(status, 400);
	json_decref(get("/v1/events", "sinc=1"));
	ck_assert_int_eq(status, 400);
}
END_TEST

START_TEST(the_method_must_be_that_of_the_command)
{
	json_decref(get("/v1/reload", NULL));
	ck_assert_int_eq(status, 400);
	json_decref(post("/v1/status", "{}"));
	ck_assert_int_eq(status, 400);
}
END_TEST

static void
nothing(struct call *call)
{
	(void)call;
}

START_TEST(only_operators_change_anything)
{
	for (size_t i = 0; command_path(i) != NULL; i++) {
		struct call call = {.control = s.control,
		    .role = _i == 0 ? ROLE_PUBLIC : ROLE_READER,
		    .method = HTTP_POST,
		    .owner = "",
		    .done = nothing};

		command_run(&call, command_path(i), NULL, "{}", 2);
		ck_assert_int_ge(call.status, 400);
		call_fini(&call);
	}
}
END_TEST

START_TEST(reload_puts_a_good_file_into_service)
{
	json_t *r = post("/v1/reload", "{}");

	ck_assert_int_eq(status, 200);
	ck_assert_int_eq(int_of(r, "generation"), 2);
	ck_assert_uint_eq(s.control->status.snapshot->generation, 2);
	json_decref(r);
}
END_TEST

START_TEST(reload_of_a_broken_file_changes_nothing_and_says_why)
{
	json_t *r;

	service_write(&s, "meridian.yaml", "meridian: 1\nregoins: {}\n");
	r = post("/v1/reload", "{}");
	ck_assert_int_eq(status, 422);
	ck_assert_int_eq(int_of(r, "exit"), 1);
	ck_assert_ptr_nonnull(strstr(text_of(r, "text"), "meridian.yaml:2:1"));
	ck_assert_uint_eq(s.control->status.snapshot->generation, 1);
	json_decref(r);
}
END_TEST

START_TEST(health_and_drains_carry_over_a_reload)
{
	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	json_decref(post("/v1/drain",
	    "{\"what\":\"eu\",\"for_s\":60,\"force\":true,"
	    "\"reason\":\"x\"}"));
	json_decref(post("/v1/reload", NULL));
	ck_assert_uint_eq(service_live(&s, "www"), 4);
}
END_TEST

START_TEST(what_needs_a_restart_is_said)
{
	FILE *f = fopen(s.conf, "r");
	char text[8192] = "", *at;
	json_t *r, *warnings;

	ck_assert_uint_gt(fread(text, 1, sizeof(text) - 1, f), 0);
	fclose(f);
	at = strstr(text, "127.0.0.1@0");
	at[8] = '2';
	service_write(&s, "meridian.yaml", text);
	r = post("/v1/reload", "{}");
	warnings = json_object_get(r, "warnings");
	ck_assert_str_eq(json_string_value(json_array_get(
			     warnings, json_array_size(warnings) - 1)),
	    "server.listen: a change needs a restart");
	json_decref(r);
}
END_TEST

START_TEST(check_builds_and_throws_away)
{
	json_t *r;

	service_write(&s, "meridian.yaml", "meridian: 1\nregoins: {}\n");
	r = post("/v1/check", "{}");
	ck_assert_int_eq(status, 200);
	ck_assert(json_is_false(json_object_get(r, "ok")));
	ck_assert_int_gt(int_of(r, "errors"), 0);
	ck_assert_uint_eq(s.control->status.snapshot->generation, 1);
	json_decref(r);
}
END_TEST

static void
count_done(struct call *call)
{
	*(int *)call->arg += 1;
}

static json_t *
reply_of(struct call *call)
{
	json_t *r = json_loads(call->text.at, 0, NULL);

	ck_assert_ptr_nonnull(r);
	call_fini(call);
	return r;
}

static json_t *
status_jobs(const char *state)
{
	json_t *r = get("/v1/status", NULL);
	json_t *list =
	    json_incref(json_object_get(json_object_get(r, "jobs"), state));

	json_decref(r);
	return list;
}

START_TEST(jobs_wait_in_the_order_in_which_they_came)
{
	static const char *const paths[] = {
	    "/v1/reload", "/v1/check", "/v1/reload"};
	int done[3] = {0};
	struct call calls[3];
	json_t *r, *list;

	for (size_t i = 0; i < 3; i++) {
		calls[i] = (struct call){.control = s.control,
		    .method = HTTP_POST,
		    .owner = "",
		    .pid = (long)i + 1,
		    .done = count_done,
		    .arg = &done[i]};
		command_run(&calls[i], paths[i], NULL, NULL, 0);
	}
	list = status_jobs("running");
	ck_assert_uint_eq(json_array_size(list), 1);
	ck_assert_str_eq(text_of(json_array_get(list, 0), "name"), "reload");
	json_decref(list);
	list = status_jobs("waiting");
	ck_assert_uint_eq(json_array_size(list), 2);
	ck_assert_str_eq(text_of(json_array_get(list, 0), "name"), "check");
	ck_assert_int_eq(int_of(json_array_get(list, 1), "pid"), 3);
	json_decref(list);
	for (size_t i = 0; i < 3; i++) {
		while (done[i] == 0)
			event_base_loop(s.base, EVLOOP_ONCE);
		ck_assert_int_eq(done[i], 1);
		for (size_t k = i + 1; k < 3; k++)
			ck_assert_int_eq(done[k], 0);
		ck_assert_int_eq(calls[i].status, 200);
		r = reply_of(&calls[i]);
		ck_assert_uint_eq(
		    json_array_size(json_object_get(r, "waited_for")), i);
		json_decref(r);
	}
	ck_assert_uint_eq(s.control->status.snapshot->generation, 3);
}
END_TEST

START_TEST(too_many_jobs_are_refused)
{
	enum { MANY = JOBS_WAITING_MAX + 3 };
	static struct call calls[MANY];
	static int done[MANY];
	json_t *r;

	for (size_t i = 0; i < MANY; i++) {
		calls[i] = (struct call){.control = s.control,
		    .method = HTTP_POST,
		    .owner = "",
		    .done = count_done,
		    .arg = &done[i]};
		command_run(&calls[i], "/v1/check", NULL, NULL, 0);
	}
	ck_assert_int_eq(done[JOBS_WAITING_MAX], 0);
	for (size_t i = JOBS_WAITING_MAX + 1; i < MANY; i++) {
		ck_assert_int_eq(done[i], 1);
		r = reply_of(&calls[i]);
		ck_assert_int_eq(int_of(r, "exit"), 1);
		ck_assert_ptr_nonnull(strstr(text_of(r, "error"), "busy: 64"));
		json_decref(r);
	}
	while (done[JOBS_WAITING_MAX] == 0)
		event_base_loop(s.base, EVLOOP_ONCE);
	for (size_t i = 0; i <= JOBS_WAITING_MAX; i++) {
		ck_assert_int_eq(done[i], 1);
		json_decref(reply_of(&calls[i]));
	}
}
END_TEST

/* However many there are, one reload follows the one that runs. */
START_TEST(signals_that_wait_are_one)
{
	json_t *list;

	for (size_t i = 0; i < 100; i++)
		reload_signal(s.control);
	list = status_jobs("waiting");
	ck_assert_uint_eq(json_array_size(list), 1);
	json_decref(list);
	while (s.control->status.snapshot->generation < 3)
		event_base_loop(s.base, EVLOOP_ONCE);
	list = status_jobs("running");
	ck_assert_uint_eq(json_array_size(list), 0);
	json_decref(list);
}
END_TEST

START_TEST(the_end_tells_all_that_nothing_has_changed)
{
	int done[2] = {0};
	struct call calls[2];
	bool all;

	for (size_t i = 0; i < 2; i++) {
		calls[i] = (struct call){.control = s.control,
		    .method = HTTP_POST,
		    .owner = "",
		    .done = count_done,
		    .arg = &done[i]};
		command_run(&calls[i], "/v1/prove", NULL, NULL, 0);
	}
	all = jobs_end(s.control->jobs, 10000); /* a busy machine */
	ck_assert(all);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_int_eq(done[i], 1);
		json_decref(reply_of(&calls[i]));
	}
}
END_TEST

START_TEST(events_tell_what_happened_since)
{
	struct call call = {.control = s.control,
	    .method = HTTP_GET,
	    .owner = "",
	    .done = nothing};

	json_decref(post(
	    "/v1/drain", "{\"what\":\"us\",\"for_s\":60,\"reason\":\"x\"}"));
	command_run(&call, "/v1/events", "since=0", NULL, 0);
	ck_assert(!call.follow);
	ck_assert_ptr_nonnull(strstr(call.text.at, "\"type\":\"drain\""));
	ck_assert_ptr_nonnull(strstr(call.text.at, "\"type\":\"region\""));
	call_fini(&call);
	memset(&call.text, 0, sizeof(call.text));
	command_run(
	    &call, "/v1/events", "since=1&follow=1&level=warning", NULL, 0);
	ck_assert(call.follow);
	ck_assert_uint_eq(call.filter.since, 1);
	ck_assert_int_eq(call.filter.level, LOG_LEVEL_WARNING);
	ck_assert_ptr_null(call.text.at);
	call_fini(&call);
}
END_TEST

/* Each parameter of each command, and each member of a body. */
START_TEST(a_nul_in_a_request_is_refused_by_name)
{
	static const char *const queries[][2] = {{"/v1/explain", "name"},
	    {"/v1/explain", "type"}, {"/v1/explain", "from"},
	    {"/v1/explain", "resolver"}, {"/v1/explain", "down"},
	    {"/v1/explain", "drain"}, {"/v1/explain", "signal"},
	    {"/v1/whatif", "down"}, {"/v1/whatif", "drain"},
	    {"/v1/events", "since"}, {"/v1/events", "follow"},
	    {"/v1/events", "level"}, {"/v1/events", "since_time"}};
	static const char *const bodies[][2] = {{"/v1/drain", "what"},
	    {"/v1/drain", "reason"}, {"/v1/undrain", "what"},
	    {"/v1/force_up", "reason"}, {"/v1/failback", "what"},
	    {"/v1/probe", "what"}, {"/v1/signal", "value"},
	    {"/v1/promote", "stage"}, {"/v1/geoip_accept", "database"}};
	char text[128];
	json_t *r;

	for (size_t i = 0; i < sizeof(queries) / sizeof(queries[0]); i++) {
		snprintf(text, sizeof(text), "%s=eu%%00x", queries[i][1]);
		r = get(queries[i][0], text);
		ck_assert_int_eq(status, 400);
		ck_assert_int_eq(int_of(r, "exit"), 2);
		ck_assert_ptr_eq(strstr(text_of(r, "error"), queries[i][1]),
		    text_of(r, "error"));
		json_decref(r);
	}
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++) {
		snprintf(text, sizeof(text), "{\"%s\": \"eu\\u0000x\"}",
		    bodies[i][1]);
		r = post(bodies[i][0], text);
		ck_assert_int_eq(status, 400);
		ck_assert_ptr_eq(strstr(text_of(r, "error"), bodies[i][1]),
		    text_of(r, "error"));
		json_decref(r);
	}
	json_decref(post("/v1/drain", "{\"wh\\u0000at\": \"eu\"}"));
	ck_assert_int_eq(status, 400);
	json_decref(post("/v1/drain", "{\"x\": [{\"y\": \"\\u0000\"}]}"));
	ck_assert_int_eq(status, 400);
}
END_TEST

START_TEST(a_parameter_that_counts_once_is_given_once)
{
	char many[65 * 8] = "";
	json_t *r = get(
	    "/v1/explain", "name=www.example.com&name=cdn.example.com&from=DE");

	ck_assert_int_eq(status, 400);
	ck_assert_ptr_nonnull(strstr(text_of(r, "error"), "name: "));
	json_decref(r);
	json_decref(
	    get("/v1/explain", "name=www.example.com&from=DE&down=eu&down=us"));
	ck_assert_int_eq(status, 200);
	for (int i = 0; i < 65; i++)
		strcat(many, i > 0 ? "&down=eu" : "down=eu");
	json_decref(get("/v1/whatif", many));
	ck_assert_int_eq(status, 400);
	json_decref(get("/v1/events", "follow=yes"));
	ck_assert_int_eq(status, 400);
	json_decref(get("/v1/events", "level=loud"));
	ck_assert_int_eq(status, 400);
	json_decref(get("/v1/events", "since_time=yesterday"));
	ck_assert_int_eq(status, 400);
}
END_TEST

START_TEST(readers_may_ask_what_changes_nothing)
{
	struct call read = {.control = s.control,
	    .role = ROLE_READER,
	    .method = HTTP_GET,
	    .owner = "bob",
	    .done = nothing};
	struct call change = read;

	command_run(&read, "/v1/drains", NULL, NULL, 0);
	ck_assert_int_eq(read.status, 200);
	call_fini(&read);
	change.method = HTTP_POST;
	command_run(&change, "/v1/drain", NULL, "{}", 2);
	ck_assert_int_eq(change.status, 403);
	ck_assert_ptr_nonnull(strstr(change.text.at, "read-only"));
	call_fini(&change);
}
END_TEST

START_TEST(the_page_quotes_what_operators_wrote)
{
	struct call call = {.control = s.control,
	    .role = ROLE_PUBLIC,
	    .method = HTTP_GET,
	    .owner = "",
	    .done = nothing};

	json_decref(post("/v1/drain",
	    "{\"what\":\"us\",\"for_s\":60,"
	    "\"reason\":\"<script>&\"}"));
	command_run(&call, "/", NULL, NULL, 0);
	ck_assert_int_eq(call.status, 200);
	ck_assert_ptr_null(strstr(call.text.at, "<script>"));
	ck_assert_ptr_nonnull(strstr(call.text.at, "&lt;script&gt;&amp;"));
	call_fini(&call);
}
END_TEST

START_TEST(the_page_tells_shares)
{
	struct call call = {.control = s.control,
	    .role = ROLE_PUBLIC,
	    .method = HTTP_GET,
	    .owner = "",
	    .done = nothing};

	json_decref(post("/v1/drain",
	    "{\"what\":\"us\",\"for_s\":60,\"share\":25,"
	    "\"reason\":\"x\"}"));
	command_run(&call, "/", NULL, NULL, 0);
	ck_assert_ptr_nonnull(strstr(call.text.at, ">live, takes 75.0%<"));
	call_fini(&call);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl/command");
	TCase *t = tcase_create("ctl/command");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, status_tells_zones_names_pools_and_bounds);
	tcase_add_test(t, stats_count_steered_answers);
	tcase_add_test(t, an_unknown_path_is_answered_with_the_nearest);
	tcase_add_test(t, an_unknown_parameter_is_refused);
	tcase_add_test(t, the_method_must_be_that_of_the_command);
	tcase_add_loop_test(t, only_operators_change_anything, 0, 2);
	tcase_add_test(t, reload_puts_a_good_file_into_service);
	tcase_add_test(t, reload_of_a_broken_file_changes_nothing_and_says_why);
	tcase_add_test(t, health_and_drains_carry_over_a_reload);
	tcase_add_test(t, what_needs_a_restart_is_said);
	tcase_add_test(t, check_builds_and_throws_away);
	tcase_add_test(t, jobs_wait_in_the_order_in_which_they_came);
	tcase_add_test(t, too_many_jobs_are_refused);
	tcase_add_test(t, signals_that_wait_are_one);
	tcase_add_test(t, the_end_tells_all_that_nothing_has_changed);
	tcase_add_test(t, events_tell_what_happened_since);
	tcase_add_test(t, a_nul_in_a_request_is_refused_by_name);
	tcase_add_test(t, a_parameter_that_counts_once_is_given_once);
	tcase_add_test(t, readers_may_ask_what_changes_nothing);
	tcase_add_test(t, the_page_quotes_what_operators_wrote);
	tcase_add_test(t, the_page_tells_shares);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
