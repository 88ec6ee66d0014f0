/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/drain.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "service.h"

static struct service s;
static int status;

static void
setup(void)
{
	clock_fake(100000, 1000000);
	service_open(&s);
}

static void
teardown(void)
{
	service_close(&s);
	clock_real();
}

static json_t *
drain(const char *body)
{
	return service_call(&s, HTTP_POST, "/v1/drain", NULL, body, &status);
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

START_TEST(a_drain_takes_the_region_out_and_says_so)
{
	json_t *reply, *pool;

	service_answers(&s, "www", 0, 10, 42);
	reply = drain("{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":"
		      "\"switch\"}");
	pool = json_array_get(json_object_get(reply, "pools"), 0);
	ck_assert_int_eq(status, 200);
	ck_assert_str_eq(text_of(reply, "drained"), "eu");
	ck_assert_str_eq(text_of(reply, "owner"), "ana");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(reply, "until")), 1000060);
	ck_assert_int_eq(
	    json_integer_value(json_object_get(reply, "let_go_s")), 44);
	ck_assert_str_eq(text_of(pool, "pool"), "www");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(pool, "live_after")), 2);
	ck_assert_uint_eq(service_live(&s, "www"), 6);
	ck_assert_uint_eq(service_live(&s, "cdn"), 2);
	json_decref(reply);
}
END_TEST

START_TEST(a_drain_of_one_pool_leaves_the_others)
{
	json_decref(
	    drain("{\"what\":\"www/us\",\"for_s\":60,\"reason\":\"x\"}"));
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(service_live(&s, "www"), 5);
	ck_assert_uint_eq(service_live(&s, "cdn"), 3);
}
END_TEST

START_TEST(a_drain_of_a_target_leaves_the_region_live)
{
	json_decref(drain("{\"what\":\"www/eu/192.0.2.10\",\"for_s\":60,"
			  "\"reason\":\"x\"}"));
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	json_decref(
	    drain("{\"what\":\"www/eu/192.0.2.11\",\"force\":true,\"for_s\":60,"
		  "\"reason\":\"x\"}"));
	ck_assert_uint_eq(service_live(&s, "www"), 6);
}
END_TEST

static const struct {
	const char *body;
	int status;
} refused[] = {
    {"{\"what\":\"eu\",\"force\":true,\"reason\":\"x\"}", 400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60}", 400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\" \"}", 400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":-1,\"reason\":\"x\"}", 400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":99999999999,\"reason\":\"x\"}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":9,\"until_cancelled\":true,"
     "\"reason\":\"x\"}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\",\"more\":"
     "1}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\\ny\"}", 400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"\xc2\x85\"}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"\xc2\x9bm\"}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"\xe2\x80\xae\"}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"\xe2\x80\xa8\"}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"\xe2\x81\xa9\"}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"\x7f\"}", 400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"over_s\":60,\"reason\":"
     "\"x\"}",
	400},
    {"{\"what\":7,\"for_s\":60,\"reason\":\"x\"}", 400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":9,\"reason\":\"x\",\"at\":"
     "1000000}",
	400},
    {"{\"what\":\"eu\",\"force\":true,\"for_s\":9,\"reason\":\"x\",\"at\":"
     "9999999999}",
	400},
    {"{\"what\":\"/eu\",\"for_s\":60,\"reason\":\"x\"}", 400},
    {"{\"what\":\"eux\",\"for_s\":60,\"reason\":\"x\"}", 404},
    {"{\"what\":\"www/e\",\"for_s\":60,\"reason\":\"x\"}", 404},
    {"{\"what\":\"www/eu/192.0.2.19\",\"for_s\":60,\"reason\":\"x\"}", 404},
    {"[]", 400},
    {"{", 400},
};

START_TEST(what_is_no_drain_is_refused_and_changes_nothing)
{
	json_t *reply = drain(refused[_i].body);

	ck_assert_int_eq(status, refused[_i].status);
	ck_assert_ptr_nonnull(text_of(reply, "error"));
	ck_assert_int_eq(json_integer_value(json_object_get(reply, "exit")),
	    refused[_i].status == 400 ? 2 : 4);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
	json_decref(reply);
}
END_TEST

START_TEST(an_unknown_name_is_answered_with_the_nearest)
{
	json_t *reply =
	    drain("{\"what\":\"www/ue\",\"for_s\":60,\"reason\":\"x\"}");

	ck_assert_ptr_nonnull(
	    strstr(text_of(reply, "error"), "did you mean www/"));
	json_decref(reply);
}
END_TEST

START_TEST(emptying_a_pool_is_refused_with_the_figures_unless_forced)
{
	json_t *reply;

	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	service_health(&s, "203.0.113.10", HEALTH_DOWN);
	reply = drain("{\"what\":\"www/eu\",\"for_s\":60,\"reason\":\"x\"}");
	ck_assert_int_eq(status, 409);
	ck_assert_ptr_nonnull(strstr(text_of(reply, "error"),
	    "pool www with 0 live regions of 1 now; safety.min_regions is 1"));
	ck_assert_uint_eq(service_live(&s, "www"), 1);
	json_decref(reply);
	json_decref(drain("{\"what\":\"www/eu\",\"for_s\":60,\"reason\":\"x\","
			  "\"force\":true}"));
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(service_live(&s, "www"), 0);
	ck_assert(s.control->drains.all.at[0]->forced);
}
END_TEST

START_TEST(emptying_a_pool_that_stands_in_is_refused)
{
	json_t *reply =
	    drain("{\"what\":\"sorry/eu\",\"for_s\":60,\"reason\":\"x\"}");

	ck_assert_int_eq(status, 409);
	ck_assert_ptr_nonnull(strstr(text_of(reply, "error"),
	    "pool sorry, a stand-in for other pools, with 0 live regions of 1 "
	    "now; safety.min_regions is 1"));
	json_decref(reply);
}
END_TEST

START_TEST(filling_the_regions_left_is_refused)
{
	json_t *reply;

	/* us, eu, ap */
	service_traffic(&s, 0, "192.0.2.1", 1000);
	json_decref(
	    drain("{\"what\":\"www/"
		  "eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	ck_assert_int_eq(status, 200);
	reply = drain("{\"what\":\"www/us\",\"for_s\":60,\"reason\":\"x\"}");
	ck_assert_int_eq(status, 409);
	ck_assert_ptr_nonnull(strstr(
	    text_of(reply, "error"), "fill region ap to 100% of its capacity"));
	ck_assert_ptr_nonnull(
	    strstr(text_of(reply, "error"), "safety.max_fill is 85%"));
	json_decref(reply);
}
END_TEST

/* What whatif says of the same is what the drain says. */
START_TEST(whatif_and_drain_say_the_same)
{
	static const char *const whats[] = {"eu", "us", "ap", "www/us",
	    "www/eu", "cdn/eu", "sorry", "www/eu/192.0.2.10", "sorry/eu"};

	service_traffic(&s, 0, "192.0.2.1", 600);
	service_traffic(&s, 0, "81.2.0.1", 300);
	service_traffic(&s, 1, "10.0.0.1", 200);
	for (size_t i = 0; i < sizeof(whats) / sizeof(whats[0]); i++) {
		char query[64], body[128];
		json_t *would, *does;
		const json_t *unsafe, *text;
		size_t k;

		snprintf(query, sizeof(query), "drain=%s", whats[i]);
		would = service_call(
		    &s, HTTP_GET, "/v1/whatif", query, NULL, &status);
		if (status != 200) {
			json_decref(would);
			continue;
		}
		snprintf(body, sizeof(body),
		    "{\"what\":\"%s\",\"for_s\":60,\"reason\":\"x\"}",
		    whats[i]);
		does = drain(body);
		unsafe = json_object_get(would, "unsafe");
		ck_assert(json_equal(unsafe, json_object_get(does, "unsafe")));
		ck_assert(json_equal(json_object_get(would, "regions"),
		    json_object_get(does, "regions")));
		ck_assert(json_equal(json_object_get(would, "why"),
		    json_object_get(does, "why")));
		ck_assert_int_eq(
		    status, int_of(would, "exit") == 0 ? 200 : 409);
		json_array_foreach(unsafe, k, text)
		{
			ck_assert_ptr_nonnull(strstr(
			    text_of(does, "error"), json_string_value(text)));
		}
		json_decref(would);
		json_decref(does);
		snprintf(body, sizeof(body), "{\"what\":\"%s\"}", whats[i]);
		json_decref(service_call(
		    &s, HTTP_POST, "/v1/undrain", NULL, body, &status));
	}
}
END_TEST

START_TEST(a_drain_leaves_no_fenced_client_without_a_live_region)
{
	json_t *reply;

	service_traffic(&s, 0, "192.0.2.1", 600);
	service_traffic(&s, 0, "81.2.0.1", 200);
	reply = drain("{\"what\":\"www/eu\",\"for_s\":60,\"reason\":\"x\"}");
	ck_assert_int_eq(status, 409);
	ck_assert_ptr_nonnull(strstr(text_of(reply, "error"),
	    "leave clients within the fence EU of pool www without a live "
	    "region: the rule at "));
	ck_assert_ptr_nonnull(
	    strstr(text_of(reply, "error"), ", 25.0% of the traffic"));
	json_decref(reply);
}
END_TEST

START_TEST(what_cannot_be_judged_is_said)
{
	json_t *reply;

	service_traffic(&s, 0, "192.0.2.1", 99);
	reply = drain("{\"what\":\"www/us\",\"for_s\":60,\"reason\":\"x\"}");
	ck_assert_int_eq(status, 200);
	ck_assert(json_is_false(json_object_get(reply, "judged")));
	ck_assert_str_eq(text_of(reply, "why"),
	    "too little traffic: 99 answers in the last minutes, 100 are needed");
	json_decref(reply);
}
END_TEST

/* Answers of which it is not known where they go do not count for it. */
START_TEST(what_can_be_judged_is_what_is_known)
{
	static const struct {
		unsigned known, unknown;
		const char *why;
	} rows[] = {{100, 0, NULL},
	    {80, 30,
		"too little traffic: 80 answers in the last minutes, 100 are needed"},
	    {80, 300,
		"too little traffic: 80 answers in the last minutes, 100 are needed"},
	    {101, 300, NULL}};
	struct traffic_cell nowhere = {
	    .class = SAMPLE_CLASS_MAX, .n = rows[_i].unknown};
	json_t *reply;

	service_traffic(&s, 0, "192.0.2.1", rows[_i].known);
	if (nowhere.n > 0)
		vec_push(&s.control->traffic.cells, nowhere);
	reply = drain("{\"what\":\"www/us\",\"for_s\":60,\"reason\":\"x\","
		      "\"force\":true}");
	if (rows[_i].why != NULL)
		ck_assert_str_eq(text_of(reply, "why"), rows[_i].why);
	else if (json_is_string(json_object_get(reply, "why")))
		ck_assert_ptr_null(strstr(text_of(reply, "why"), "too little"));
	json_decref(reply);
}
END_TEST

START_TEST(a_drain_outlives_a_restart)
{
	json_decref(
	    drain("{\"what\":\"eu\",\"force\":true,\"until_cancelled\":true,"
		  "\"reason\":\"x\"}"));
	service_restart(&s);
	ck_assert_uint_eq(service_live(&s, "www"), 6);
	ck_assert_str_eq(s.control->drains.all.at[0]->owner, "ana");
}
END_TEST

START_TEST(a_drain_that_cannot_be_saved_does_not_take_effect)
{
	free(s.control->folder);
	s.control->folder = strdup("/dev/null");
	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	ck_assert_int_eq(status, 409);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
}
END_TEST

START_TEST(a_drain_ends_by_itself)
{
	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	clock_fake(159000, 1000059);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 6);
	clock_fake(160000, 1000060);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	service_restart(&s);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
}
END_TEST

START_TEST(draining_again_renews_the_lease)
{
	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":90,\"reason\":\"y\"}"));
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(s.control->drains.all.n, 1);
	ck_assert_int_eq(s.control->drains.all.at[0]->until, 1000090);
}
END_TEST

START_TEST(undrain_ends_it_and_knows_the_nearest)
{
	json_t *reply;

	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	reply = service_call(
	    &s, HTTP_POST, "/v1/undrain", NULL, "{\"what\":\"ue\"}", &status);
	ck_assert_int_eq(status, 404);
	ck_assert_ptr_nonnull(
	    strstr(text_of(reply, "error"), "did you mean eu?"));
	json_decref(reply);
	json_decref(service_call(
	    &s, HTTP_POST, "/v1/undrain", NULL, "{\"what\":\"eu\"}", &status));
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	service_restart(&s);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
}
END_TEST

START_TEST(the_list_says_what_is_left)
{
	json_t *reply, *d;

	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	clock_fake(110000, 1000010);
	reply = service_call(&s, HTTP_GET, "/v1/drains", NULL, NULL, &status);
	d = json_array_get(json_object_get(reply, "drains"), 0);
	ck_assert_int_eq(json_integer_value(json_object_get(d, "left_s")), 50);
	ck_assert_str_eq(text_of(d, "reason"), "x");
	json_decref(reply);
}
END_TEST

START_TEST(a_renewal_says_from_when_to_when)
{
	json_t *reply, *old;

	service_answers(&s, "www", 0, 10, 42);
	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	clock_fake(110000, 1000010);
	reply = drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":90,\"reason\":\"y\"}");
	old = json_object_get(reply, "renewed");
	ck_assert_int_eq(int_of(old, "until"), 1000060);
	ck_assert_str_eq(text_of(old, "reason"), "x");
	ck_assert_int_eq(int_of(reply, "until"), 1000100);
	ck_assert_int_eq(int_of(reply, "since"), 1000000);
	/* Caches began to let go with the first. */
	ck_assert_int_eq(int_of(reply, "let_go_s"), 34);
	json_decref(reply);
}
END_TEST

START_TEST(a_renewal_is_judged_by_what_changes)
{
	json_decref(
	    drain("{\"what\":\"www/"
		  "eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	service_health(&s, "203.0.113.10", HEALTH_DOWN);
	json_decref(
	    drain("{\"what\":\"www/"
		  "eu\",\"force\":true,\"for_s\":90,\"reason\":\"x\"}"));
	ck_assert_int_eq(status, 200);
}
END_TEST

static json_t *
first_drain(void)
{
	json_t *reply =
	    service_call(&s, HTTP_GET, "/v1/drains", NULL, NULL, &status);
	json_t *first =
	    json_incref(json_array_get(json_object_get(reply, "drains"), 0));

	json_decref(reply);
	return first;
}

START_TEST(an_announced_drain_begins_by_itself)
{
	json_t *reply =
	    drain("{\"what\":\"eu\",\"force\":true,\"at\":1000060,\"for_s\":30,"
		  "\"reason\":\"x\"}");

	ck_assert_int_eq(status, 200);
	ck_assert_int_eq(int_of(reply, "until"), 1000090);
	/* Its beginning, the least TTL and main's look at the clock. */
	ck_assert_int_ge(int_of(reply, "let_go_s"), 66);
	json_decref(reply);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	service_restart(&s);
	reply = first_drain();
	ck_assert_int_eq(int_of(reply, "begins_s"), 60);
	ck_assert(json_is_null(json_object_get(reply, "let_go_s")));
	json_decref(reply);
	clock_fake(160000, 1000060);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 6);
	service_restart(&s);
	ck_assert_uint_eq(service_live(&s, "www"), 6);
	clock_fake(190000, 1000090);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
}
END_TEST

START_TEST(an_announced_drain_lets_go_after_a_restart_too)
{
	json_t *d;

	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"at\":1000100,\"for_s\":300,"
	    "\"reason\":\"x\"}"));
	clock_fake(190000, 1000090);
	service_restart(&s);
	for (unsigned i = 0; i < 70; i++) {
		clock_fake(200000 + i * 1000, 1000100 + i);
		drain_tick(s.control);
	}
	d = first_drain();
	ck_assert(json_is_null(json_object_get(d, "at")));
	ck_assert_int_eq(int_of(d, "let_go_s"), 0);
	json_decref(d);
}
END_TEST

/* It grows from when it was, but nobody knows how long ago that is. */
START_TEST(a_growing_drain_is_whole_after_a_start_before_it)
{
	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":9000,\"over_s\":100,"
	    "\"reason\":\"x\"}"));
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	clock_fake(110000, 1000010);
	service_restart(&s);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	clock_fake(120000, 990000);
	service_restart(&s);
	ck_assert_uint_eq(service_live(&s, "www"), 6);
}
END_TEST

static const struct {
	const char *drained[3], *ended, *still, *within;
} overlaps[] = {
    {{"eu", "www/eu"}, "eu", NULL, "www/eu"},
    {{"eu", "www/eu/192.0.2.10"}, "eu", NULL, "www/eu/192.0.2.10"},
    {{"www/eu", "www/eu/192.0.2.10"}, "www/eu", NULL, "www/eu/192.0.2.10"},
    {{"eu", "www/eu"}, "www/eu", "eu", NULL},
    {{"eu", "www/eu", "www/eu/192.0.2.10"}, "www/eu", "eu",
	"www/eu/192.0.2.10"},
    {{"eu", "www/us"}, "eu", NULL, NULL},
    {{"us", "www/eu"}, "us", NULL, NULL},
};

START_TEST(an_end_says_what_holds_on)
{
	char body[128];
	const char *got;
	json_t *reply;

	for (size_t i = 0; i < 3 && overlaps[_i].drained[i] != NULL; i++) {
		snprintf(body, sizeof(body),
		    "{\"what\":\"%s\",\"force\":true,\"for_s\":60,"
		    "\"reason\":\"x\"}",
		    overlaps[_i].drained[i]);
		json_decref(drain(body));
		ck_assert_int_eq(status, 200);
	}
	snprintf(body, sizeof(body), "{\"what\":\"%s\"}", overlaps[_i].ended);
	reply = service_call(&s, HTTP_POST, "/v1/undrain", NULL, body, &status);
	got = json_string_value(
	    json_array_get(json_object_get(reply, "still"), 0));
	ck_assert_pstr_eq(got, overlaps[_i].still);
	got = json_string_value(
	    json_array_get(json_object_get(reply, "within"), 0));
	ck_assert_pstr_eq(got, overlaps[_i].within);
	json_decref(reply);
}
END_TEST

START_TEST(what_has_no_lease_itself_is_told_what_within_it_has)
{
	json_t *reply;

	json_decref(drain("{\"what\":\"www/us\",\"for_s\":60,"
			  "\"reason\":\"x\"}"));
	reply = service_call(
	    &s, HTTP_POST, "/v1/undrain", NULL, "{\"what\":\"us\"}", &status);
	ck_assert_int_eq(status, 404);
	ck_assert_str_eq(text_of(reply, "error"),
	    "there is no drain of us itself, only of www/us, which is a part of it");
	json_decref(reply);
}
END_TEST

static const char partly_bad[] =
    "{\"version\":1,\"drains\":[\n"
    "{\"what\":\"eu\",\"force\":true,\"owner\":\"ana\",\"reason\":\"x\","
    "\"since\":1000000,"
    "\"until\":1009000,\"forced\":false},\n"
    "{\"what\":\"us\",\"owner\":\"ana\",\"reason\":\"x\",\"since\":1000000,"
    "\"until\":1009000,\"forced\":false,\"share\":777}]}\n";

START_TEST(what_makes_sense_of_a_bad_file_outlives_the_next_start)
{
	service_write(&s, "state/drains.json", partly_bad);
	for (unsigned i = 0; i < 3; i++) {
		service_restart(&s);
		ck_assert_uint_eq(s.control->drains.all.n, 1);
		ck_assert_uint_eq(service_live(&s, "www"), 6);
	}
}
END_TEST

START_TEST(an_announced_drain_whose_whole_time_is_past_is_over)
{
	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":200,\"reason\":\"x\"}"));
	json_decref(
	    drain("{\"what\":\"eu\",\"force\":true,\"at\":1000060,\"for_s\":30,"
		  "\"reason\":\"y\"}"));
	ck_assert_uint_eq(s.control->drains.all.n, 2);
	clock_fake(195000, 1000095);
	service_restart(&s);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
}
END_TEST

START_TEST(a_drain_that_meets_an_announced_one_is_judged_with_it)
{
	json_t *reply;

	json_decref(drain("{\"what\":\"cdn/eu\",\"at\":1000060,\"for_s\":30,"
			  "\"reason\":\"x\"}"));
	reply = drain("{\"what\":\"cdn/us\",\"for_s\":61,\"reason\":\"y\"}");
	ck_assert_int_eq(status, 409);
	ck_assert_ptr_nonnull(strstr(text_of(reply, "error"),
	    "the drain of cdn/eu announced for 1970-01-12T13:47:40Z counts"));
	json_decref(reply);
	json_decref(
	    drain("{\"what\":\"cdn/us\",\"for_s\":60,\"reason\":\"y\"}"));
	ck_assert_int_eq(status, 200);
}
END_TEST

START_TEST(undrain_ends_the_announced_one_too)
{
	json_t *reply;

	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":200,\"reason\":\"x\"}"));
	json_decref(
	    drain("{\"what\":\"eu\",\"force\":true,\"at\":1000060,\"for_s\":30,"
		  "\"reason\":\"y\"}"));
	reply = service_call(
	    &s, HTTP_POST, "/v1/undrain", NULL, "{\"what\":\"eu\"}", &status);
	ck_assert(json_is_true(json_object_get(reply, "announced")));
	ck_assert(json_is_true(json_object_get(reply, "in_force")));
	json_decref(reply);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
}
END_TEST

START_TEST(the_list_says_when_the_caches_have_let_go)
{
	json_t *d;

	service_answers(&s, "www", 0, 10, 5);
	json_decref(drain("{\"what\":\"www/eu/192.0.2.10\",\"for_s\":60,"
			  "\"reason\":\"x\"}"));
	/* Its region is still given out. */
	for (unsigned i = 1; i <= 5; i++) {
		clock_fake(100000 + i * 1000, 1000000 + i);
		if (i > 2)
			service_answers(&s, "www", 0, 10, 50);
		drain_tick(s.control);
		d = first_drain();
		ck_assert_int_eq(int_of(d, "let_go_s"), 7 - i);
		json_decref(d);
	}
	clock_fake(107000, 1000007);
	drain_tick(s.control);
	d = first_drain();
	ck_assert_int_eq(int_of(d, "let_go_s"), 0);
	json_decref(d);
}
END_TEST

START_TEST(a_clock_that_is_set_is_none_of_the_caches_business)
{
	json_t *d;

	service_answers(&s, "www", 0, 10, 50);
	json_decref(drain("{\"what\":\"eu\",\"force\":true,\"for_s\":9000,"
			  "\"reason\":\"x\"}"));
	clock_fake(103000, 1003600);
	drain_tick(s.control);
	drain_tick(s.control);
	d = first_drain();
	ck_assert_int_eq(int_of(d, "let_go_s"), 49);
	json_decref(d);
}
END_TEST

START_TEST(a_growing_drain_is_renewed_from_where_it_is)
{
	json_t *reply;

	json_decref(
	    drain("{\"what\":\"eu\",\"force\":true,\"for_s\":900,\"share\":50,"
		  "\"over_s\":100,\"reason\":\"x\"}"));
	clock_fake(150000, 1000050);
	/* 25% is out: a quarter of the way to all. */
	reply =
	    drain("{\"what\":\"eu\",\"force\":true,\"for_s\":900,\"share\":100,"
		  "\"over_s\":200,\"reason\":\"x\"}");
	ck_assert_int_eq(status, 200);
	ck_assert_int_eq(int_of(reply, "since"), 1000050 - 50);
	ck_assert_int_ge(int_of(reply, "let_go_s"), 150);
	json_decref(reply);
}
END_TEST

static json_t *
force_up(const char *path, const char *body)
{
	return service_call(&s, HTTP_POST, path, NULL, body, &status);
}

START_TEST(a_force_up_beats_probes_and_a_drain_beats_it)
{
	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	ck_assert_uint_eq(service_live(&s, "www"), 5);
	json_decref(force_up("/v1/force_up",
	    "{\"what\":\"us\",\"for_s\":60,\"reason\":\"probe is wrong\"}"));
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	service_restart(&s);
	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	json_decref(drain("{\"what\":\"us\",\"for_s\":30,\"reason\":\"x\"}"));
	ck_assert_uint_eq(service_live(&s, "www"), 5);
	clock_fake(130000, 1000030);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	clock_fake(160000, 1000060);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 5);
}
END_TEST

START_TEST(a_force_up_is_ended_by_its_own_command)
{
	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	json_decref(force_up("/v1/force_up",
	    "{\"what\":\"www/us\",\"until_cancelled\":true,"
	    "\"reason\":\"x\"}"));
	json_decref(force_up("/v1/undrain", "{\"what\":\"www/us\"}"));
	ck_assert_int_eq(status, 404);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	json_decref(force_up("/v1/force_up_end", "{\"what\":\"www/us\"}"));
	ck_assert_int_eq(status, 200);
	ck_assert_uint_eq(service_live(&s, "www"), 5);
	json_decref(force_up("/v1/force_up",
	    "{\"what\":\"us\",\"for_s\":60,\"at\":1000060,"
	    "\"reason\":\"x\"}"));
	ck_assert_int_eq(status, 400);
}
END_TEST

START_TEST(what_ended_and_could_not_be_saved_is_saved_later)
{
	char *folder = s.control->folder;

	json_decref(drain(
	    "{\"what\":\"eu\",\"force\":true,\"for_s\":60,\"reason\":\"x\"}"));
	s.control->folder = strdup("/dev/null");
	clock_fake(160000, 1000060);
	drain_tick(s.control);
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	free(s.control->folder);
	s.control->folder = folder;
	drain_tick(s.control);
	/* The clock goes back: what is over stays so. */
	clock_fake(161000, 1000000);
	service_restart(&s);
	ck_assert_uint_eq(s.control->drains.all.n, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl/drain");
	TCase *t = tcase_create("drain");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_drain_takes_the_region_out_and_says_so);
	tcase_add_test(t, a_drain_of_one_pool_leaves_the_others);
	tcase_add_test(t, a_drain_of_a_target_leaves_the_region_live);
	tcase_add_loop_test(t, what_is_no_drain_is_refused_and_changes_nothing,
	    0, sizeof(refused) / sizeof(refused[0]));
	tcase_add_test(t, an_unknown_name_is_answered_with_the_nearest);
	tcase_add_test(
	    t, emptying_a_pool_is_refused_with_the_figures_unless_forced);
	tcase_add_test(t, emptying_a_pool_that_stands_in_is_refused);
	tcase_add_test(t, filling_the_regions_left_is_refused);
	tcase_add_test(t, whatif_and_drain_say_the_same);
	tcase_add_test(
	    t, a_drain_leaves_no_fenced_client_without_a_live_region);
	tcase_add_test(t, what_cannot_be_judged_is_said);
	tcase_add_loop_test(t, what_can_be_judged_is_what_is_known, 0, 4);
	tcase_add_test(t, a_drain_outlives_a_restart);
	tcase_add_test(t, a_drain_that_cannot_be_saved_does_not_take_effect);
	tcase_add_test(t, a_drain_ends_by_itself);
	tcase_add_test(t, draining_again_renews_the_lease);
	tcase_add_test(t, undrain_ends_it_and_knows_the_nearest);
	tcase_add_test(t, the_list_says_what_is_left);
	tcase_add_test(t, a_renewal_says_from_when_to_when);
	tcase_add_test(t, a_renewal_is_judged_by_what_changes);
	tcase_add_test(t, an_announced_drain_begins_by_itself);
	tcase_add_test(t, an_announced_drain_lets_go_after_a_restart_too);
	tcase_add_test(t, a_growing_drain_is_whole_after_a_start_before_it);
	tcase_add_test(
	    t, what_makes_sense_of_a_bad_file_outlives_the_next_start);
	tcase_add_test(t, an_announced_drain_whose_whole_time_is_past_is_over);
	tcase_add_test(
	    t, a_drain_that_meets_an_announced_one_is_judged_with_it);
	tcase_add_test(t, undrain_ends_the_announced_one_too);
	tcase_add_test(t, the_list_says_when_the_caches_have_let_go);
	tcase_add_test(t, a_clock_that_is_set_is_none_of_the_caches_business);
	tcase_add_test(t, a_growing_drain_is_renewed_from_where_it_is);
	tcase_add_test(t, a_force_up_beats_probes_and_a_drain_beats_it);
	tcase_add_test(t, a_force_up_is_ended_by_its_own_command);
	tcase_add_test(t, what_ended_and_could_not_be_saved_is_saved_later);
	tcase_add_loop_test(t, an_end_says_what_holds_on, 0,
	    sizeof(overlaps) / sizeof(*overlaps));
	tcase_add_test(t, what_has_no_lease_itself_is_told_what_within_it_has);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
