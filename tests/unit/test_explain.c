/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/explain.h"

#include <check.h>
#include <string.h>
#include <unistd.h>

#include "report/text.h"
#include "service.h"

static struct service s;

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
explain(const char *name, const char *type, const char *from,
    const char *resolver, const char *down, const char *drain)
{
	const char *const downs[] = {down};
	const char *const drains[] = {drain};
	struct explain_query q = {
	    .name = name,
	    .type = type,
	    .from = from,
	    .resolver = resolver,
	    .down = downs,
	    .ndown = down != NULL,
	    .drain = drains,
	    .ndrain = drain != NULL,
	};

	return explain_report(
	    s.control->status.snapshot, &s.control->drains, &q);
}

static const char *
answer_of(const json_t *r, const char *key)
{
	const json_t *a = json_object_get(r, "answer");
	const char *text = json_string_value(json_object_get(a, key));

	return text != NULL ? text : "";
}

static const char *
record_of(const json_t *r, size_t i)
{
	return json_string_value(json_array_get(
	    json_object_get(json_object_get(r, "answer"), "records"), i));
}

static const char *
step_of(const json_t *r, size_t step)
{
	return json_string_value(json_object_get(
	    json_array_get(json_object_get(r, "steps"), step - 1), "text"));
}

static const struct {
	const char *name, *type, *from, *resolver, *down, *drain;
	const char *pool, *region, *reason, *record;
} cases[] = {
    {"www.example.com", NULL, "81.2.3.4", NULL, NULL, NULL, "www", "eu",
	"first", "www.example.com. 5 IN A 192.0.2.10"},
    {"www.example.com.", "a", "81.2.3.0/24", "9.9.9.9", NULL, NULL, "www", "eu",
	"first", "www.example.com. 5 IN A 192.0.2.10"},
    {"www.example.com", NULL, "81.2.3.4", NULL, "eu", NULL, "sorry", "eu",
	"all_down", "www.example.com. 5 IN A 192.0.2.250"},
    {"www.example.com", NULL, "DE", NULL, NULL, NULL, "www", "eu", "first",
	"www.example.com. 5 IN A 192.0.2.10"},
    {"www.example.com", NULL, "DE", NULL, "eu", NULL, "www", "us", "failover",
	"www.example.com. 5 IN A 198.51.100.10"},
    {"www.example.com", NULL, "DE", NULL, NULL, "eu", "www", "us", "drained",
	"www.example.com. 5 IN A 198.51.100.10"},
    {"www.example.com", NULL, "JP", NULL, NULL, NULL, "www", "ap", "first",
	"www.example.com. 5 IN A 203.0.113.10"},
    {"www.example.com", NULL, "9.9.9.9", NULL, NULL, NULL, "www", "us",
	"unlocated", "www.example.com. 5 IN A 198.51.100.10"},
    {"cdn.example.com", NULL, "9.9.9.9", NULL, NULL, NULL, "cdn", "eu", "first",
	"cdn.example.com. 60 IN CNAME eu.example.net."},
    {"alias.example.com", NULL, "81.2.3.4", NULL, NULL, NULL, "www", "eu",
	"first", "alias.example.com. 3600 IN CNAME www.example.com."},
};

START_TEST(the_answer_and_the_story_agree)
{
	json_t *r = explain(cases[_i].name, cases[_i].type, cases[_i].from,
	    cases[_i].resolver, cases[_i].down, cases[_i].drain);

	ck_assert_ptr_null(json_object_get(r, "error"));
	ck_assert_ptr_null(json_object_get(r, "disagreement"));
	ck_assert_str_eq(answer_of(r, "pool"), cases[_i].pool);
	ck_assert_str_eq(answer_of(r, "region"), cases[_i].region);
	ck_assert_str_eq(answer_of(r, "reason"), cases[_i].reason);
	ck_assert_str_eq(record_of(r, 0), cases[_i].record);
	ck_assert_uint_eq(json_array_size(json_object_get(r, "steps")), 10);
	json_decref(r);
}
END_TEST

START_TEST(the_steps_name_the_net_the_rule_and_its_place)
{
	json_t *r =
	    explain("www.example.com", "A", "81.2.3.4", NULL, NULL, NULL);

	ck_assert_ptr_nonnull(strstr(step_of(r, 1), "81.2.3.4"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 2), "euro by 81.2.0.0/16"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 3), "near rule 1"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 3), "meridian.yaml:26"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 4), "EU strikes out us"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 5), "2 of 2 targets live"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 10), "/16"));
	json_decref(r);
}
END_TEST

START_TEST(a_private_subnet_counts_as_the_resolver)
{
	json_t *r = explain(
	    "www.example.com", "A", "192.168.1.0/24", "81.2.0.53", NULL, NULL);

	ck_assert_ptr_nonnull(strstr(step_of(r, 1), "does not count"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 1), "81.2.0.53"));
	ck_assert_str_eq(answer_of(r, "region"), "eu");
	json_decref(r);
}
END_TEST

START_TEST(a_drain_is_shown_with_owner_reason_and_time_left)
{
	json_t *r;
	int status;

	json_decref(service_call(&s, HTTP_POST, "/v1/drain", NULL,
	    "{\"what\":\"us\",\"for_s\":3600,\"reason\":\"core switch\"}",
	    &status));
	r = explain("www.example.com", "A", "9.9.9.9", NULL, NULL, NULL);
	ck_assert_ptr_nonnull(
	    strstr(step_of(r, 5), "drained by ana (core switch) for another "));
	ck_assert_str_eq(answer_of(r, "reason"), "drained");
	json_decref(r);
}
END_TEST

START_TEST(a_dead_region_is_left_and_the_probe_is_told)
{
	json_t *r;

	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	r = explain("www.example.com", "A", "9.9.9.9", NULL, NULL, NULL);
	ck_assert_str_eq(answer_of(r, "region"), "eu");
	ck_assert_str_eq(answer_of(r, "reason"), "failover");
	ck_assert_ptr_nonnull(strstr(step_of(r, 5), "us: down"));
	ck_assert_ptr_null(json_object_get(r, "disagreement"));
	json_decref(r);
}
END_TEST

static const struct {
	const char *name, *type, *rcode, *targets;
} statics[] = {
    {"static.example.com", "TXT", "NOERROR", "the records"},
    {"static.example.com", "MX", "NOERROR", "no record of this type"},
    {"nothere.example.com", "A", "NXDOMAIN", "no such name"},
    {"x.sub.example.com", "A", "NOERROR", "delegated"},
    {"example.org", "A", "REFUSED", "none of the zones"},
    {"www.example.com", "AXFR", "REFUSED", "transfers are refused"},
    {"www.example.com", "TXT", "NOERROR", "no record of this type"},
};

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

START_TEST(a_degraded_target_is_left_out_and_that_is_told)
{
	json_t *r;

	service_health(&s, "192.0.2.10", HEALTH_DEGRADED);
	service_health(&s, "192.0.2.11", HEALTH_UP);
	r = explain("www.example.com", NULL, "81.2.3.4", NULL, NULL, NULL);
	ck_assert_str_eq(record_of(r, 0), "www.example.com. 5 IN A 192.0.2.11");
	ck_assert_ptr_null(record_of(r, 1));
	ck_assert_ptr_null(strstr(step_of(r, 8), "192.0.2.10"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 8), "degraded"));
	json_decref(r);
	service_health(&s, "192.0.2.11", HEALTH_DOWN);
	r = explain("www.example.com", NULL, "81.2.3.4", NULL, NULL, NULL);
	ck_assert_str_eq(record_of(r, 0), "www.example.com. 5 IN A 192.0.2.10");
	json_decref(r);
}
END_TEST

START_TEST(damping_and_a_frozen_health_are_told)
{
	struct watch *w = watch_at("192.0.2.10");
	json_t *r;

	w->health =
	    (struct health){.state = HEALTH_DOWN, .successes = 3, .needed = 16};
	w->last_at = 1;
	w->restored = true;
	control_refresh(s.control, NULL, NULL);
	atomic_store(s.control->status.snapshot->frozen, true);
	r = explain("www.example.com", NULL, "81.2.3.4", NULL, NULL, NULL);
	ck_assert_ptr_nonnull(
	    strstr(step_of(r, 5), "damped: 3 of 16 successes in a row"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 5), "before the start"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 5), "health is frozen"));
	json_decref(r);
}
END_TEST

START_TEST(what_is_not_steered_is_said_so)
{
	json_t *r = explain(
	    statics[_i].name, statics[_i].type, "9.9.9.9", NULL, NULL, NULL);

	ck_assert_str_eq(answer_of(r, "rcode"), statics[_i].rcode);
	ck_assert_ptr_nonnull(strstr(step_of(r, 3), "not steered"));
	ck_assert_ptr_nonnull(strstr(step_of(r, 8), statics[_i].targets));
	ck_assert_uint_eq(json_array_size(json_object_get(r, "steps")), 10);
	ck_assert_str_eq(step_of(r, 10), "/0: the client does not matter");
	ck_assert(json_is_integer(json_object_get(
	    json_array_get(json_object_get(r, "steps"), 9), "scope")));
	json_decref(r);
}
END_TEST

static const struct {
	const char *name, *type, *from, *resolver, *down;
	int code;
} wrong[] = {
    {NULL, NULL, "DE", NULL, NULL, 2},
    {"www.example.com", NULL, NULL, NULL, NULL, 2},
    {"www..example.com", NULL, "DE", NULL, NULL, 2},
    {"www.example.com", "NOTYPE", "DE", NULL, NULL, 2},
    {"www.example.com", "TYPE99999", "DE", NULL, NULL, 2},
    {"www.example.com", NULL, "nowhere", NULL, NULL, 2},
    {"www.example.com", NULL, "UK", NULL, NULL, 4},
    {"www.example.com", NULL, "UK/London", NULL, NULL, 4},
    {"www.example.com", NULL, "1.2.3.4/16", NULL, NULL, 2},
    {"www.example.com", NULL, "1.2.3.4", "x", NULL, 2},
    {"www.example.com", NULL, "1.2.3.4", NULL, "eux", 4},
};

START_TEST(where_a_place_is_taken_to_be_is_told)
{
	json_t *r = explain("www.example.com", NULL, "US-CA", NULL, NULL, NULL);

	ck_assert_str_eq(
	    step_of(r, 2), "US-CA, as asked, at 39.50,-92.00 as all of US");
	json_decref(r);
	r = explain("www.example.com", NULL, "city:2950159", NULL, NULL, NULL);
	ck_assert_str_eq(
	    step_of(r, 2), "city:2950159, as asked, without coordinates");
	json_decref(r);
}
END_TEST

START_TEST(glue_is_shown)
{
	json_t *r =
	    explain("x.sub.example.com", NULL, "9.9.9.9", NULL, NULL, NULL);
	struct text t = {0};

	explain_text(r, NULL, &t);
	ck_assert_ptr_nonnull(strstr(t.at, "  (authority)\n"));
	ck_assert_ptr_nonnull(strstr(t.at, "  (additional)\n"));
	text_fini(&t);
	json_decref(r);
}
END_TEST

START_TEST(what_cannot_be_explained_is_an_error)
{
	json_t *r = explain(wrong[_i].name, wrong[_i].type, wrong[_i].from,
	    wrong[_i].resolver, wrong[_i].down, NULL);

	ck_assert_ptr_nonnull(json_object_get(r, "error"));
	ck_assert_int_eq(
	    json_integer_value(json_object_get(r, "exit")), wrong[_i].code);
	json_decref(r);
}
END_TEST

START_TEST(a_file_is_explained_without_a_daemon)
{
	struct explain_query q = {.name = "www.example.com", .from = "DE"};
	json_t *r = explain_file(s.conf, &q);

	ck_assert_str_eq(answer_of(r, "region"), "eu");
	ck_assert_ptr_nonnull(strstr(step_of(r, 5), "assumed up"));
	json_decref(r);
	r = explain_file("/nonexistent", &q);
	ck_assert_int_eq(json_integer_value(json_object_get(r, "exit")), 1);
	json_decref(r);
}
END_TEST

enum { REGIONS = 70 };

/* Two regions, after many others, in order. */
static void
write_many_regions(void)
{
	struct text t = {0};

	text_add(&t,
	    "meridian: 1\nserver: {listen: [127.0.0.1@0], "
	    "state: state, control: control.sock}\n"
	    "zones: {example.com: example.com.zone}\nregions:\n");
	for (unsigned i = 0; i < REGIONS; i++)
		text_add(&t, "  r%u: {}\n", i);
	text_add(&t,
	    "pools: {p: {regions: {r%u: [{addr: 192.0.2.1}], "
	    "r%u: [{addr: 192.0.2.2}]}}}\n"
	    "policies: {o: {rules: [{regions: [r%u, r%u]}]}}\n"
	    "names: {www.example.com: {pool: p, policy: o}}\n",
	    REGIONS - 2, REGIONS - 1, REGIONS - 2, REGIONS - 1);
	service_write(&s, "many.yaml", t.at);
	text_fini(&t);
}

/* Regions and targets that are really drained, and assumed down or drained as
 * well: the view and the second decider see the same. */
START_TEST(what_is_drained_may_be_assumed_down_as_well)
{
	static const char *const drains[] = {"{\"what\": \"eu\"}",
	    "{\"what\": \"www/us\"}", "{\"what\": \"www/eu/192.0.2.10\"}",
	    "{\"what\": \"ap\"}"};
	static const char *const names[] = {
	    "www.example.com", "cdn.example.com", "draw.example.com"};
	static const char *const from[] = {"81.2.3.4", "10.1.1.1", "DE"};
	static const char *const regions[] = {NULL, "eu", "us", "ap"};
	json_t *body, *r;
	char *text;
	int status;

	for (size_t d = 0; d < 4; d++) {
		body = json_loads(drains[d], 0, NULL);
		json_object_update_new(body,
		    json_pack("{s:i, s:s, s:b}", "for_s", 600, "reason", "x",
			"force", 1));
		text = json_dumps(body, 0);
		r = service_call(
		    &s, HTTP_POST, "/v1/drain", NULL, text, &status);
		ck_assert_int_eq(status, 200);
		json_decref(r);
		json_decref(body);
		free(text);
		for (size_t i = 0; i < 3 * 3 * 4 * 4; i++) {
			r = explain(names[i % 3], NULL, from[i / 3 % 3], NULL,
			    regions[i / 9 % 4], regions[i / 36]);
			ck_assert_msg(
			    json_object_get(r, "disagreement") == NULL,
			    "%s from %s, down %s, drained %s: %s", names[i % 3],
			    from[i / 3 % 3], regions[i / 9 % 4],
			    regions[i / 36],
			    json_string_value(
				json_object_get(r, "disagreement")));
			json_decref(r);
		}
	}
}
END_TEST

START_TEST(any_region_may_be_assumed_down_or_drained)
{
	static const char *const names[] = {"r68"};
	struct explain_query down = {.name = "www.example.com",
	    .from = "192.0.2.9",
	    .down = names,
	    .ndown = 1};
	struct explain_query drained = {.name = "www.example.com",
	    .from = "192.0.2.9",
	    .drain = names,
	    .ndrain = 1};
	char path[SERVICE_PATH_MAX + 16];
	json_t *r;

	write_many_regions();
	snprintf(path, sizeof(path), "%s/many.yaml", s.folder);
	r = explain_file(path, &down);
	ck_assert_str_eq(answer_of(r, "region"), "r69");
	ck_assert_str_eq(answer_of(r, "reason"), "failover");
	json_decref(r);
	r = explain_file(path, &drained);
	ck_assert_str_eq(answer_of(r, "region"), "r69");
	ck_assert_str_eq(answer_of(r, "reason"), "drained");
	json_decref(r);
	unlink(path);
}
END_TEST

static json_t *
signalled(const char *from, const char *first, const char *second)
{
	const char *const signals[] = {first, second};
	struct explain_query q = {
	    .name = "www.example.com",
	    .from = from,
	    .signals = signals,
	    .nsignals = second != NULL ? 2 : 1,
	};

	return explain_report(
	    s.control->status.snapshot, &s.control->drains, &q);
}

static const struct {
	const char *from, *first, *second, *region, *reason, *record;
} signals[] = {
    {"DE", "web=down", NULL, "eu", "all_down",
	"www.example.com. 5 IN A 192.0.2.10"},
    {"DE", "web=down", "web/198.51.100.10=up", "us", "failover",
	"www.example.com. 5 IN A 198.51.100.10"},
    {"DE", "web/192.0.2.10=down", NULL, "eu", "first",
	"www.example.com. 5 IN A 192.0.2.11"},
    {"9.9.9.9", "web/198.51.100.10=down", NULL, "eu", "failover",
	"www.example.com. 5 IN A 192.0.2.10"},
    /* What is believed of the others stays: us is down. */
    {"9.9.9.9", "web/203.0.113.10=up", NULL, "eu", "failover",
	"www.example.com. 5 IN A 192.0.2.10"},
};

START_TEST(monitors_are_taken_to_say_what_is_assumed)
{
	json_t *r;

	service_health(&s, "192.0.2.10", HEALTH_UP);
	service_health(&s, "192.0.2.11", HEALTH_UP);
	service_health(&s, "198.51.100.10", _i == 4 ? HEALTH_DOWN : HEALTH_UP);
	r = signalled(signals[_i].from, signals[_i].first, signals[_i].second);
	ck_assert_ptr_null(json_object_get(r, "disagreement"));
	ck_assert_str_eq(answer_of(r, "region"), signals[_i].region);
	ck_assert_str_eq(answer_of(r, "reason"), signals[_i].reason);
	ck_assert_str_eq(record_of(r, 0), signals[_i].record);
	ck_assert_ptr_nonnull(strstr(step_of(r, 5),
	    _i == 4 ? "203.0.113.10 up, web: assumed up" : ": assumed down"));
	json_decref(r);
}
END_TEST

static const struct {
	const char *signal;
	int code;
} wrong_signals[] = {{"web", 2}, {"web=maybe", 2}, {"web/x=up", 2},
    {"wb=up", 4}, {"=up", 4}, {"web/192.0.2.99=up", 4},
    {"web/192.0.2.250=up", 4}};

START_TEST(signals_that_mean_nothing_are_errors)
{
	json_t *r = signalled("DE", wrong_signals[_i].signal, NULL);

	ck_assert_int_eq(json_integer_value(json_object_get(r, "exit")),
	    wrong_signals[_i].code);
	json_decref(r);
}
END_TEST

START_TEST(assuming_changes_nothing_that_others_see)
{
	uint64_t before = service_live(&s, "www");

	json_decref(signalled("DE", "web=down", NULL));
	json_decref(explain("www.example.com", "A", "DE", NULL, "eu", "us"));
	ck_assert_uint_eq(service_live(&s, "www"), before);
}
END_TEST

START_TEST(aliases_are_told_hop_by_hop)
{
	json_t *r =
	    explain("ALIAS.example.com", "A", "81.2.3.0/24", NULL, NULL, NULL);
	const json_t *hops = json_object_get(r, "hops");
	char *text = json_dumps(hops, JSON_COMPACT);

	ck_assert_str_eq(text,
	    "[{\"name\":\"alias.example.com.\",\"found\":\"alias\","
	    "\"wildcard\":false,\"zone\":\"example.com.\"},"
	    "{\"name\":\"www.example.com.\",\"found\":\"steered\","
	    "\"wildcard\":false,\"zone\":\"example.com.\"}]");
	free(text);
	ck_assert(json_is_true(
	    json_object_get(json_object_get(r, "answer"), "ends_early")));
	ck_assert_str_eq(json_string_value(json_object_get(
			     json_object_get(r, "steered"), "policy")),
	    "near");
	json_decref(r);
}
END_TEST

START_TEST(what_sets_the_ttl_is_told)
{
	json_t *r;

	service_health(&s, "192.0.2.10", HEALTH_UP);
	service_health(&s, "192.0.2.11", HEALTH_UP);
	r = explain("www.example.com", "A", "DE", NULL, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(step_of(r, 9),
	    "6 s: the earliest change is that of eu (web at 192.0.2.10: 3 "
	    "checks left, one each 2s), within 5..60"));
	json_decref(r);
}
END_TEST

START_TEST(people_read_all_of_it)
{
	json_t *r =
	    explain("alias.example.com", NULL, "81.2.3.0/24", NULL, NULL, NULL);
	struct text t = {0};

	explain_text(r, NULL, &t);
	ck_assert_ptr_nonnull(strstr(t.at, "alias.example.com.: alias\n"));
	ck_assert_ptr_nonnull(strstr(t.at, "the answer ends with the alias"));
	ck_assert_ptr_nonnull(strstr(t.at, "\n10. Scope "));
	ck_assert_ptr_nonnull(strstr(t.at, "\nNOERROR\n"));
	text_fini(&t);
	json_decref(r);
}
END_TEST

START_TEST(explaining_counts_nothing)
{
	json_t *r;
	int status;

	json_decref(
	    explain("www.example.com", "A", "81.2.3.4", NULL, NULL, NULL));
	r = service_call(&s, HTTP_GET, "/v1/stats", NULL, NULL, &status);
	ck_assert_uint_eq(json_array_size(json_object_get(r, "steered")), 0);
	json_decref(r);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report/explain");
	TCase *t = tcase_create("report/explain");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, the_answer_and_the_story_agree, 0,
	    sizeof(cases) / sizeof(cases[0]));
	tcase_add_test(t, the_steps_name_the_net_the_rule_and_its_place);
	tcase_add_test(t, a_private_subnet_counts_as_the_resolver);
	tcase_add_test(t, a_drain_is_shown_with_owner_reason_and_time_left);
	tcase_add_test(t, a_dead_region_is_left_and_the_probe_is_told);
	tcase_add_test(t, a_degraded_target_is_left_out_and_that_is_told);
	tcase_add_test(t, damping_and_a_frozen_health_are_told);
	tcase_add_loop_test(t, what_is_not_steered_is_said_so, 0,
	    sizeof(statics) / sizeof(statics[0]));
	tcase_add_loop_test(t, what_cannot_be_explained_is_an_error, 0,
	    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_test(t, a_file_is_explained_without_a_daemon);
	tcase_add_test(t, what_is_drained_may_be_assumed_down_as_well);
	tcase_add_test(t, any_region_may_be_assumed_down_or_drained);
	tcase_add_loop_test(t, monitors_are_taken_to_say_what_is_assumed, 0,
	    sizeof(signals) / sizeof(signals[0]));
	tcase_add_loop_test(t, signals_that_mean_nothing_are_errors, 0,
	    sizeof(wrong_signals) / sizeof(wrong_signals[0]));
	tcase_add_test(t, assuming_changes_nothing_that_others_see);
	tcase_add_test(t, aliases_are_told_hop_by_hop);
	tcase_add_test(t, what_sets_the_ttl_is_told);
	tcase_add_test(t, where_a_place_is_taken_to_be_is_told);
	tcase_add_test(t, glue_is_shown);
	tcase_add_test(t, people_read_all_of_it);
	tcase_add_test(t, explaining_counts_nothing);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
