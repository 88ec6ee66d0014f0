/* SPDX-License-Identifier: BSD-3-Clause */
/* What a row of results makes of a target: "f" failed, "s" slow, "." quick. */
#include "steer/watch.h"

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
	const struct health_time now = {0, 0};
	struct health h = {0};

	for (; *results != '\0'; results++)
		health_count(&h, &monitor,
		    *results == 'f'       ? HEALTH_FAILED
			: *results == 's' ? HEALTH_SLOW
					  : HEALTH_OK,
		    &now);
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

/* Damping, on a clock of its own ------------------------------------------ */

static const struct conf_monitor damped = {.fall = 3,
    .rise = 2,
    .clear = 4,
    .interval_ms = 1000,
    .damp = {.after = 2, .forget_ms = 60000, .max_ms = 20000}};

struct patient {
	struct health health;
	struct health_time now;
	unsigned downs;
};

static void
probe(struct patient *p, bool ok)
{
	p->now.mono_ms += damped.interval_ms;
	p->now.wall_s++;
	if (health_count(
		&p->health, &damped, ok ? HEALTH_OK : HEALTH_FAILED, &p->now))
		p->downs += p->health.state == HEALTH_DOWN;
}

/* Every nth probe fails. */
static unsigned
downs_of(unsigned nth, unsigned probes)
{
	struct patient p = {.now = {1000, 5}};

	for (unsigned i = 1; i <= probes; i++)
		probe(&p, i % nth != 0);
	return p.downs;
}

START_TEST(one_that_fails_every_second_probe_goes_down)
{
	struct patient p = {.now = {1000, 5}};

	for (unsigned i = 1; i <= 7; i++)
		probe(&p, i % 2 != 0);
	ck_assert_int_eq(p.health.state, HEALTH_DOWN);
	for (unsigned i = 0; i < 1000; i++)
		probe(&p, i % 2 != 0);
	ck_assert_int_eq(p.health.state, HEALTH_DOWN);
	ck_assert_uint_eq(p.downs, 1);
}
END_TEST

START_TEST(one_that_fails_once_in_ten_does_not)
{
	ck_assert_uint_eq(downs_of(10, 10000), 0);
	ck_assert_uint_gt(downs_of(2, 10), 0);
}
END_TEST

static void
go_down(struct patient *p)
{
	while (p->health.state != HEALTH_DOWN)
		probe(p, false);
}

/* Probes until it is up again; the law holds after each of them. */
static unsigned
come_back(struct patient *p)
{
	unsigned n = 0;

	while (p->health.state != HEALTH_UP) {
		uint32_t ms = health_change_ms(&p->health, &damped);

		ck_assert_uint_ge(ms, damped.interval_ms);
		probe(p, true);
		n++;
		ck_assert_msg((p->health.state == HEALTH_UP) ==
			(ms == damped.interval_ms),
		    "it is up, or not, %u ms before it could", ms);
	}
	return n;
}

START_TEST(one_that_flaps_must_stay_well_longer_up_to_a_bound)
{
	static const unsigned needed[] = {2, 2, 4, 8, 16, 20, 20, 20};
	struct patient p = {.health = {.state = HEALTH_UP}, .now = {1000, 5}};

	for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); i++) {
		go_down(&p);
		ck_assert_uint_eq(come_back(&p), needed[i]);
	}
}
END_TEST

START_TEST(a_failure_begins_the_damped_time_again)
{
	struct patient p = {.health = {.state = HEALTH_UP}, .now = {1000, 5}};

	for (size_t i = 0; i < 4; i++) {
		go_down(&p);
		if (i < 3)
			come_back(&p);
	}
	for (size_t i = 0; i < 7; i++)
		probe(&p, true);
	ck_assert_uint_eq(health_change_ms(&p.health, &damped), 1000);
	probe(&p, false);
	ck_assert_uint_eq(health_change_ms(&p.health, &damped), 8000);
	ck_assert_uint_eq(come_back(&p), 8);
}
END_TEST

START_TEST(what_stays_well_is_forgiven)
{
	struct patient p = {.health = {.state = HEALTH_UP}, .now = {1000, 5}};

	for (size_t i = 0; i < 20; i++) {
		go_down(&p);
		come_back(&p);
	}
	/* The bound was reached with six: they are forgotten one by one. */
	ck_assert_uint_eq(p.health.flaps, 6);
	for (size_t i = 0; i < 4 * 60; i++)
		probe(&p, true);
	go_down(&p);
	ck_assert_uint_le(come_back(&p), 4);
	for (size_t i = 0; i < 6 * 60; i++)
		probe(&p, true);
	go_down(&p);
	ck_assert_uint_eq(come_back(&p), 2);
}
END_TEST

START_TEST(without_a_bound_nothing_is_damped)
{
	struct conf_monitor m = damped;
	struct health h = {.state = HEALTH_UP};
	struct health_time now = {0, 0};

	m.damp.max_ms = 0;
	for (size_t i = 0; i < 20; i++) {
		for (unsigned k = 0; k < m.fall; k++)
			health_count(&h, &m, HEALTH_FAILED, &now);
		ck_assert_int_eq(h.state, HEALTH_DOWN);
		for (unsigned k = 0; k < m.rise; k++)
			health_count(&h, &m, HEALTH_OK, &now);
		ck_assert_int_eq(h.state, HEALTH_UP);
	}
}
END_TEST

/* Hours by the wall clock, either way, change no count. */
START_TEST(the_wall_clock_does_not_damp)
{
	struct patient a = {.health = {.state = HEALTH_UP}, .now = {1000, 5}};
	struct patient b = a;

	for (size_t i = 0; i < 4; i++) {
		go_down(&a);
		b.now.wall_s += i % 2 == 0 ? 36000 : -72000;
		go_down(&b);
		ck_assert_uint_eq(come_back(&a), come_back(&b));
	}
	ck_assert_int_eq(a.now.mono_ms, b.now.mono_ms);
}
END_TEST

/* What was counted under other thresholds is one result short of them. */
START_TEST(counters_of_other_thresholds_are_one_result_short)
{
	static const struct health many = {.failures = 100,
	    .slows = 100,
	    .successes = 100,
	    .quicks = 100,
	    .needed = 100};
	static const enum health_state states[] = {
	    HEALTH_UNKNOWN, HEALTH_UP, HEALTH_DOWN, HEALTH_DEGRADED};
	struct conf_monitor m = monitor;

	for (unsigned i = 0; i < 2; i++) {
		unsigned rise = i == 1 ? 7 : 2;

		m.damp.max_ms = i == 1 ? 7000 : 0;
		for (size_t k = 0; k < sizeof(states) / sizeof(*states); k++) {
			bool down = states[k] == HEALTH_DOWN;
			bool slow = states[k] == HEALTH_DEGRADED;
			struct health h = many;

			h.state = states[k];
			health_bound(&h, &m);
			ck_assert_uint_eq(h.failures, 2);
			ck_assert_uint_eq(h.slows, 2);
			ck_assert_uint_eq(h.needed, rise);
			ck_assert_uint_eq(h.successes, down ? rise - 1 : 100);
			ck_assert_uint_eq(
			    h.quicks, down || slow ? rise - 1 : 100);
		}
	}
	m.slow_ms = 0;
	for (unsigned few = 0; few < 3; few++) {
		struct health h = {.state = HEALTH_DOWN,
		    .failures = few,
		    .slows = few,
		    .successes = few > 1 ? 1 : few};

		health_bound(&h, &m);
		ck_assert_uint_eq(h.failures, few);
		ck_assert_uint_eq(h.slows, 0);
		ck_assert_uint_eq(h.successes, few > 1 ? 1 : few);
	}
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
	tcase_add_test(t, one_that_fails_every_second_probe_goes_down);
	tcase_add_test(t, one_that_fails_once_in_ten_does_not);
	tcase_add_test(t, one_that_flaps_must_stay_well_longer_up_to_a_bound);
	tcase_add_test(t, a_failure_begins_the_damped_time_again);
	tcase_add_test(t, what_stays_well_is_forgiven);
	tcase_add_test(t, without_a_bound_nothing_is_damped);
	tcase_add_test(t, the_wall_clock_does_not_damp);
	tcase_add_test(t, counters_of_other_thresholds_are_one_result_short);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
