/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "service.h"

static struct service service;

static void
setup(void)
{
	service_open(&service);
}

static void
teardown(void)
{
	service_close(&service);
}

static void
traffic(size_t name, const char *client, unsigned n)
{
	service_traffic(&service, name, client, n);
}

static json_t *
whatif(const char *query, int status)
{
	int got;
	json_t *reply =
	    service_call(&service, HTTP_GET, "/v1/whatif", query, NULL, &got);

	ck_assert_int_eq(got, status);
	return reply;
}

/* The value of key where another one of the object is so. */
static double
number(const json_t *list, const char *by, const char *is, const char *key)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		if (strcmp(json_string_value(json_object_get(o, by)), is) == 0)
			return json_number_value(json_object_get(o, key));
	}
	ck_abort_msg("no %s %s", by, is);
	return 0;
}

static double
share(const json_t *reply, const char *region, const char *when)
{
	return 100 *
	    number(json_object_get(reply, "regions"), "region", region, when) /
	    json_number_value(json_object_get(reply, "per_minute"));
}

static int
exit_of(const json_t *reply)
{
	return (int)json_integer_value(json_object_get(reply, "exit"));
}

START_TEST(clients_go_to_the_next_region_of_their_own_list)
{
	json_t *reply;

	traffic(0, "10.0.0.1", 600);  /* us, eu */
	traffic(0, "192.0.2.1", 400); /* unlocated: us, eu, ap */
	reply = whatif("drain=us", 200);
	ck_assert_double_eq_tol(share(reply, "us", "before"), 100, 0.01);
	ck_assert_double_eq_tol(share(reply, "us", "after"), 0, 0.01);
	ck_assert_double_eq_tol(share(reply, "eu", "after"), 100, 0.01);
	json_decref(reply);
	reply = whatif("drain=us&down=eu", 200);
	ck_assert_double_eq_tol(share(reply, "ap", "after"), 40, 0.01);
	ck_assert_double_eq_tol(share(reply, "eu", "after"), 60, 0.01);
	ck_assert_int_eq(exit_of(reply), 1);
	json_decref(reply);
}
END_TEST

START_TEST(a_fence_holds_and_what_finds_nothing_live_is_told)
{
	json_t *reply, *move;

	traffic(0, "81.2.0.1", 500);
	traffic(0, "10.0.0.1", 500);
	reply = whatif("down=www/eu", 200);
	ck_assert_int_eq(exit_of(reply), 1);
	ck_assert_double_gt(json_number_value(json_object_get(
				json_object_get(reply, "all_down"), "after")),
	    0);
	move = json_array_get(json_object_get(reply, "moves"), 0);
	ck_assert_str_eq(
	    json_string_value(json_object_get(move, "pool")), "sorry");
	json_decref(reply);
}
END_TEST

START_TEST(a_pools_region_leaves_other_pools_alone)
{
	json_t *reply;
	const json_t *pools;

	traffic(0, "10.0.0.1", 500);
	traffic(1, "10.0.0.1", 500);
	reply = whatif("drain=cdn/eu", 200);
	pools = json_object_get(reply, "pools");
	for (size_t i = 0; i < json_array_size(pools); i++) {
		const json_t *p = json_array_get(pools, i);
		const json_t *r = json_object_get(p, "regions");

		if (strcmp(json_string_value(json_object_get(p, "pool")),
			"cdn") != 0)
			continue;
		ck_assert_double_gt(number(r, "region", "eu", "before"), 0);
		ck_assert_double_eq_tol(
		    number(r, "region", "eu", "after"), 0, 1e-9);
	}
	ck_assert_double_eq_tol(share(reply, "us", "before"), 50, 0.01);
	ck_assert_double_eq_tol(share(reply, "us", "after"), 100, 0.01);
	json_decref(reply);
}
END_TEST

START_TEST(what_is_drawn_has_its_share)
{
	json_t *reply;

	for (unsigned i = 0; i < 8; i++) {
		char client[ADDR_TEXT_MAX];

		snprintf(client, sizeof(client), "192.%u.2.1", i);
		traffic(2, client, 100);
	}
	reply = whatif("drain=us", 200);
	ck_assert_double_eq_tol(share(reply, "eu", "before"), 75, 4);
	ck_assert_double_eq_tol(share(reply, "us", "before"), 25, 4);
	ck_assert_double_eq_tol(share(reply, "eu", "after"), 100, 0.01);
	json_decref(reply);
}
END_TEST

START_TEST(one_target_of_two_is_not_the_region)
{
	json_t *reply;

	traffic(0, "81.2.0.1", 500);
	reply = whatif("down=www/eu/192.0.2.10", 200);
	ck_assert_double_eq_tol(share(reply, "eu", "after"), 100, 0.01);
	ck_assert_int_eq(exit_of(reply), 0);
	json_decref(reply);
	reply = whatif("down=www/eu/192.0.2.10&drain=www/eu/192.0.2.11", 200);
	ck_assert_int_eq(exit_of(reply), 1);
	json_decref(reply);
}
END_TEST

START_TEST(regions_that_would_be_too_full_are_named)
{
	json_t *reply;

	traffic(0, "10.0.0.1", 500);
	traffic(0, "81.2.0.1", 500);
	/* 200 of 300 at 85 percent are carried: 85 each. */
	reply = whatif("drain=ap", 200);
	ck_assert_int_eq(exit_of(reply), 0);
	ck_assert_double_eq_tol(number(json_object_get(reply, "regions"),
				    "region", "us", "fill_before"),
	    85, 0.01);
	json_decref(reply);
	reply = whatif("drain=us", 200);
	ck_assert_int_eq(exit_of(reply), 1);
	ck_assert_str_eq(json_string_value(
			     json_array_get(json_object_get(reply, "over"), 0)),
	    "eu");
	ck_assert_double_eq_tol(number(json_object_get(reply, "regions"),
				    "region", "eu", "fill_after"),
	    170, 0.01);
	json_decref(reply);
}
END_TEST

START_TEST(traffic_goes_on_through_a_reload)
{
	json_t *reply;
	int status;

	traffic(0, "81.2.0.1", 300);
	traffic(0, "10.0.0.1", 700);
	reply = service_call(
	    &service, HTTP_POST, "/v1/reload", NULL, "{}", &status);
	ck_assert_int_eq(status, 200);
	json_decref(reply);
	traffic(0, "10.0.0.1", 1000);
	reply = whatif("drain=ap", 200);
	ck_assert_double_eq_tol(share(reply, "eu", "before"), 15, 0.1);
	ck_assert_double_eq_tol(share(reply, "us", "before"), 85, 0.1);
	json_decref(reply);
}
END_TEST

START_TEST(what_there_is_not_is_said_with_what_is_near)
{
	json_t *reply = whatif("drain=www/uz", 404);

	ck_assert_str_eq(json_string_value(json_object_get(reply, "error")),
	    "there is no www/uz; did you mean www/us?");
	json_decref(reply);
	json_decref(whatif("down=nope", 404));
}
END_TEST

START_TEST(without_traffic_nothing_is_claimed)
{
	json_t *reply = whatif("drain=ap", 200);

	ck_assert_int_eq(exit_of(reply), 0);
	ck_assert(json_is_false(json_object_get(reply, "judged")));
	ck_assert(json_is_null(json_object_get(reply, "assumed_load")));
	json_decref(reply);
}
END_TEST

static const char two_families[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], state: state,\n"
    "         control: control.sock}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {location: [50, 8], capacity: 100},\n"
    "          us: {location: [39, -77], capacity: 100}}\n"
    "pools:\n"
    "  www:\n"
    "    families: %s\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::10\"]},\n"
    "           {addr: 192.0.2.11}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8::20\"]}]\n"
    "policies: {line: {rules: [{regions: [eu, us]}]}}\n"
    "names: {www.example.com: {pool: www, policy: line}}\n"
    "safety: {min_regions: 2, max_fill: 85%%}\n";

static const struct {
	const char *families;
	double eu; /* of 1000 answers, 300 for AAAA, after the drain */
	const char *unsafe;
} family_cases[] = {
    {"apart", 70,
	"leave pool www with 1 live region for IPv6 of 2 now; "
	"safety.min_regions is 2"},
    {"together", 0,
	"leave pool www with 1 live region of 2 now; safety.min_regions is 2"},
};

START_TEST(each_family_goes_where_its_addresses_are)
{
	char text[sizeof(two_families) + 16];
	json_t *reply;
	int status;

	snprintf(text, sizeof(text), two_families, family_cases[_i].families);
	service_write(&service, "meridian.yaml", text);
	json_decref(service_call(
	    &service, HTTP_POST, "/v1/reload", NULL, "{}", &status));
	ck_assert_int_eq(status, 200);
	service_traffic_of(&service, 0, "81.2.0.1", 700, POOL_IPV4);
	service_traffic_of(&service, 0, "81.2.0.1", 300, POOL_IPV6);
	reply = whatif("drain=www/eu/192.0.2.10", 200);
	ck_assert_double_eq_tol(share(reply, "eu", "before"), 100, 0.01);
	ck_assert_double_eq_tol(
	    share(reply, "eu", "after"), family_cases[_i].eu, 0.1);
	ck_assert_str_eq(json_string_value(json_array_get(
			     json_object_get(reply, "unsafe"), 0)),
	    family_cases[_i].unsafe);
	json_decref(reply);
	/* Where IPv4 alone goes, clients of IPv6 stay. */
	reply = whatif("drain=www/eu/192.0.2.11", 200);
	ck_assert_double_eq_tol(share(reply, "eu", "after"), 100, 0.01);
	ck_assert_uint_eq(json_array_size(json_object_get(reply, "unsafe")), 0);
	json_decref(reply);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("whatif");
	TCase *tc = tcase_create("whatif");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, clients_go_to_the_next_region_of_their_own_list);
	tcase_add_test(tc, a_fence_holds_and_what_finds_nothing_live_is_told);
	tcase_add_test(tc, a_pools_region_leaves_other_pools_alone);
	tcase_add_test(tc, what_is_drawn_has_its_share);
	tcase_add_test(tc, one_target_of_two_is_not_the_region);
	tcase_add_test(tc, regions_that_would_be_too_full_are_named);
	tcase_add_test(tc, traffic_goes_on_through_a_reload);
	tcase_add_test(tc, what_there_is_not_is_said_with_what_is_near);
	tcase_add_test(tc, without_traffic_nothing_is_claimed);
	tcase_add_loop_test(tc, each_family_goes_where_its_addresses_are, 0,
	    sizeof(family_cases) / sizeof(*family_cases));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
