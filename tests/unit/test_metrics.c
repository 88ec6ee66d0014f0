/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/metrics.h"

#include <check.h>
#include <stdio.h>
#include <string.h>

#include "report/status.h"
#include "report/text.h"
#include "service.h"

static struct service s;
static struct text text;

static void
setup(void)
{
	service_open(&s);
}

static void
teardown(void)
{
	text_fini(&text);
	service_close(&s);
}

static bool
has(const char *line)
{
	text_fini(&text);
	metrics_print(&s.control->status, &text);
	return strstr(text.at, line) != NULL;
}

START_TEST(each_metric_has_a_help_and_a_type)
{
	char line[128];

	for (size_t i = 0; metrics_name(i) != NULL; i++) {
		snprintf(line, sizeof(line), "\n# TYPE %s ", metrics_name(i));
		ck_assert(has(line));
		snprintf(line, sizeof(line), "# HELP %s ", metrics_name(i));
		ck_assert(has(line));
		ck_assert_int_eq(strncmp(metrics_name(i), "meridian_", 9), 0);
	}
}
END_TEST

START_TEST(regions_and_targets_are_told)
{
	ck_assert(has("meridian_region_live{pool=\"www\",region=\"us\"} 1\n"));
	service_health(&s, "198.51.100.10", HEALTH_DOWN);
	ck_assert(has("meridian_region_live{pool=\"www\",region=\"us\"} 0\n"));
	ck_assert(has("meridian_target_up{pool=\"www\",region=\"us\","
		      "target=\"198.51.100.10\"} 0\n"));
	ck_assert(has("meridian_config_generation 1\n"));
}
END_TEST

START_TEST(steered_answers_are_counted_by_reason)
{
	service_answers(&s, "www", 2, 9, 60);
	ck_assert(has("meridian_steered_total{pool=\"www\",region=\"ap\","
		      "reason=\"first\"} 9\n"));
}
END_TEST

START_TEST(a_drain_tells_when_it_ends)
{
	int status;

	json_decref(service_call(&s, HTTP_POST, "/v1/drain", NULL,
	    "{\"what\":\"us\",\"until_cancelled\":true,\"reason\":\"x\"}",
	    &status));
	ck_assert(has("meridian_drain_expires_seconds{what=\"us\"} +Inf\n"));
}
END_TEST

START_TEST(histograms_are_cumulative)
{
	struct histogram *h = &s.control->status.cutover;

	histogram_add(h, 0.001);
	histogram_add(h, 0.2);
	histogram_add(h, 99);
	ck_assert(has("meridian_cutover_seconds_bucket{le=\"0.001\"} 1\n"));
	ck_assert(has("meridian_cutover_seconds_bucket{le=\"0.1\"} 1\n"));
	ck_assert(has("meridian_cutover_seconds_bucket{le=\"0.25\"} 2\n"));
	ck_assert(has("meridian_cutover_seconds_bucket{le=\"30\"} 2\n"));
	ck_assert(has("meridian_cutover_seconds_bucket{le=\"+Inf\"} 3\n"));
	ck_assert(has("meridian_cutover_seconds_sum 99.201\n"));
	ck_assert(has("meridian_cutover_seconds_count 3\n"));
}
END_TEST

START_TEST(labels_are_escaped)
{
	failures_count(&s.control->status.failures, "a\"b", "c\\d", "e\nf");
	failures_count(&s.control->status.failures, "a\"b", "c\\d", "e\nf");
	ck_assert(has("meridian_probe_failures_total{pool=\"a\\\"b\","
		      "region=\"c\\\\d\",reason=\"e\\nf\"} 2\n"));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("report/metrics");
	TCase *t = tcase_create("report/metrics");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, each_metric_has_a_help_and_a_type);
	tcase_add_test(t, regions_and_targets_are_told);
	tcase_add_test(t, steered_answers_are_counted_by_reason);
	tcase_add_test(t, a_drain_tells_when_it_ends);
	tcase_add_test(t, histograms_are_cumulative);
	tcase_add_test(t, labels_are_escaped);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
