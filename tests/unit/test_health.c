/* SPDX-License-Identifier: BSD-3-Clause */
/* What a row of results makes of a target: "f" failed, "s" slow, "." quick. */
#include "steer/health.h"

#include <check.h>
#include <stdlib.h>

static const struct conf_monitor monitor = {.fall = 3,
    .rise = 2,
    .clear = 4,
    .interval_ms = 1000,
    .slow_ms = 100};

static struct health
after(const char *results)
{
	struct health h = {0};

	for (; *results != '\0'; results++)
		health_count(&h, &monitor,
		    *results == 'f'       ? HEALTH_FAILED
			: *results == 's' ? HEALTH_SLOW
					  : HEALTH_OK,
		    0);
	return h;
}

static const struct row {
	const char *results;
	enum health_state state;
	uint32_t change_ms;
} rows[] = {
    {"", HEALTH_UNKNOWN, 0},
    {"f", HEALTH_UNKNOWN, 0},
    {"fff", HEALTH_DOWN, 2000},
    {".", HEALTH_UP, 3000},
    {".ff", HEALTH_UP, 1000},
    {".f.f.f", HEALTH_DOWN, 2000},
    {".ff....", HEALTH_UP, 3000},
    {".fff.", HEALTH_DOWN, 1000},
    {".fff.f.", HEALTH_DOWN, 1000},
    {".fff..", HEALTH_UP, 3000},
    {"s", HEALTH_DEGRADED, 2000},
    {".ss", HEALTH_UP, 1000},
    {".sss", HEALTH_DEGRADED, 2000},
    {".s.s.s", HEALTH_DEGRADED, 2000},
    {".ss....", HEALTH_UP, 3000},
    {".sss.", HEALTH_DEGRADED, 1000},
    {".sss.s.", HEALTH_DEGRADED, 1000},
    {".sss..", HEALTH_UP, 3000},
    {".sssfff", HEALTH_DOWN, 2000},
    /* Becoming degraded does not put off becoming down. */
    {".ffsss", HEALTH_DEGRADED, 1000},
    {".ffsssf", HEALTH_DOWN, 2000},
    /* A slow answer is a success, for what is down. */
    {".fffss", HEALTH_DEGRADED, 2000},
    {".fffs.", HEALTH_DEGRADED, 1000},
    {".fffs..", HEALTH_UP, 3000},
};

START_TEST(a_row_of_results)
{
	const struct row *r = &rows[_i];
	struct health h = after(r->results);

	ck_assert_msg(h.state == r->state, "%s: %s", r->results,
	    health_state_names[h.state]);
	ck_assert_msg(health_change_ms(&h, &monitor) == r->change_ms,
	    "%s: %u ms", r->results, health_change_ms(&h, &monitor));
}
END_TEST

START_TEST(slow_answers_do_not_count_where_none_is_slow)
{
	struct conf_monitor m = monitor;
	struct health h = after(".ss");

	m.slow_ms = 0;
	ck_assert_uint_eq(health_change_ms(&h, &m), 3000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("health");
	TCase *t = tcase_create("health");
	SRunner *r;
	int failed;

	tcase_add_loop_test(
	    t, a_row_of_results, 0, sizeof(rows) / sizeof(*rows));
	tcase_add_test(t, slow_answers_do_not_count_where_none_is_slow);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
