/* SPDX-License-Identifier: BSD-3-Clause */
/* What a row of results makes of a target: "f" failed, "s" slow, "." quick. */
#include "steer/watch.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

/* Against a model that remembers every result ------------------------------ */

enum { MODEL_RESULTS = 7 };

struct model {
	char all[MODEL_RESULTS + 1];
	size_t n;
	enum health_state state;
	size_t failures_from, slows_from; /* those before do not count */
};

/* How many of the last results in a row are of these. */
static size_t
model_row(const struct model *m, size_t n, const char *of)
{
	size_t row = 0;

	while (row < n && strchr(of, m->all[n - 1 - row]) != NULL)
		row++;
	return row;
}

/* Those of a kind since then that no clear results in a row forgot. */
static size_t
model_count(const struct model *m, size_t from, char what, const char *clear,
    unsigned most)
{
	size_t n = 0;

	for (size_t i = from; i < m->n; i++) {
		n += m->all[i] == what;
		if (model_row(m, i + 1, clear) >= most)
			n = 0;
	}
	return n;
}

static size_t
model_failures(const struct model *m, const struct conf_monitor *c)
{
	return model_count(m, m->failures_from, 'f', "s.", c->clear);
}

static size_t
model_slows(const struct model *m, const struct conf_monitor *c)
{
	return model_count(m, m->slows_from, 's', ".", c->clear);
}

static enum health_state
model_next(const struct model *m, const struct conf_monitor *c)
{
	bool quick = model_row(m, m->n, ".") > 0;

	if (m->all[m->n - 1] == 'f')
		return m->state != HEALTH_DOWN &&
			model_failures(m, c) >= c->fall
		    ? HEALTH_DOWN
		    : m->state;
	if (m->state == HEALTH_UNKNOWN)
		return quick ? HEALTH_UP : HEALTH_DEGRADED;
	if (m->state == HEALTH_UP)
		return !quick && model_slows(m, c) >= c->fall ? HEALTH_DEGRADED
							      : HEALTH_UP;
	if (model_row(m, m->n, ".") >= c->rise)
		return HEALTH_UP;
	return model_row(m, m->n, "s.") >= c->rise ? HEALTH_DEGRADED : m->state;
}

/* True when the state changed. */
static bool
model_add(struct model *m, const struct conf_monitor *c, char result)
{
	enum health_state was = m->state;

	m->all[m->n++] = result;
	m->state = model_next(m, c);
	/* What a target that is down fails has no further effect. */
	if (was == HEALTH_DOWN || m->state == HEALTH_DOWN ||
	    (was == HEALTH_UNKNOWN && m->state != was))
		m->failures_from = m->n;
	if (was != HEALTH_UP || m->state != was)
		m->slows_from = m->n;
	return m->state != was;
}

static uint32_t
model_change_ms(const struct model *m, const struct conf_monitor *c)
{
	size_t fail = c->fall - model_failures(m, c), left = fail;

	if (m->state == HEALTH_UNKNOWN)
		return 0;
	if (m->state == HEALTH_UP && c->slow_ms != 0)
		left = c->fall - model_slows(m, c);
	if (m->state == HEALTH_DEGRADED)
		left = c->rise - model_row(m, m->n, ".");
	if (m->state == HEALTH_DOWN)
		return (uint32_t)(c->rise - model_row(m, m->n, "s.")) *
		    c->interval_ms;
	return (uint32_t)(left < fail ? left : fail) * c->interval_ms;
}

static void
expect_model(const struct conf_monitor *c, unsigned number)
{
	struct model m = {.n = 0};
	struct health h = {0};

	for (int64_t at = 1; at <= MODEL_RESULTS; at++, number /= 3) {
		const struct health_time now = {at, 0};
		enum health_result result = (enum health_result)(number % 3);
		bool changed = health_count(&h, c, result, &now);

		if (changed == model_add(&m, c, "f.s"[result]) &&
		    h.state == m.state && (!changed || h.since == at) &&
		    health_change_ms(&h, c) == model_change_ms(&m, c))
			continue;
		ck_abort_msg("%s: %s, %u ms, not %s, %u ms", m.all,
		    health_state_names[h.state], health_change_ms(&h, c),
		    health_state_names[m.state], model_change_ms(&m, c));
	}
}

/* All rows of seven results, with all thresholds up to 3. */
START_TEST(all_rows_of_results_are_as_the_whole_history_says)
{
	for (unsigned i = 0; i < 54; i++) {
		const struct conf_monitor c = {.fall = 1 + i % 3,
		    .rise = 1 + i / 3 % 3,
		    .clear = 1 + i / 9 % 3,
		    .slow_ms = i / 27,
		    .interval_ms = 700};

		for (unsigned number = 0; number < 2187; number++)
			expect_model(&c, number);
	}
}
END_TEST

/* Changes for the worse, by the moment --------------------------------- */

/* It goes down at these moments and is well again at once; needed[i]: the
 * successes in a row that this takes.  One flap is forgotten each 60 s from
 * the first one on. */
static const struct flap_row {
	unsigned after, max_ms;
	int64_t at_ms[6];
	unsigned needed[6];
} flap_rows[] = {
    {0, 64000, {0, 1, 2, 3, 4, 5}, {4, 8, 16, 32, 64, 64}},
    {1, 64000, {0, 1, 2, 3, 4, 5}, {2, 4, 8, 16, 32, 64}},
    {2, 64000, {0, 1, 2, 3, 4, 5}, {2, 2, 4, 8, 16, 32}},
    {9, 64000, {0, 1, 2, 3, 4, 5}, {2, 2, 2, 2, 2, 2}},
    {0, 7999, {0, 1, 2, 3, 4, 5}, {4, 7, 7, 7, 7, 7}},
    {0, 2000, {0, 1, 2, 3, 4, 5}, {2, 2, 2, 2, 2, 2}},
    {1, 64000, {0, 59999, 60000, 119999, 120000, 180000}, {2, 4, 4, 8, 8, 8}},
    {1, 64000, {-90000, -90000, -30000, 29999, 30000, 150000},
	{2, 4, 4, 8, 8, 4}},
    {1, 64000, {0, 0, 0, 239999, 240000, 500000}, {2, 4, 8, 2, 4, 2}},
};

START_TEST(each_flap_counts_until_it_is_forgotten)
{
	const struct flap_row *r = &flap_rows[_i];
	const struct conf_monitor m = {.fall = 1,
	    .rise = 2,
	    .clear = 1,
	    .interval_ms = 1000,
	    .damp = {r->after, 60000, r->max_ms}};
	struct health h = {.state = HEALTH_UP};

	for (size_t i = 0; i < 6; i++) {
		const struct health_time now = {0, r->at_ms[i]};

		health_count(&h, &m, HEALTH_FAILED, &now);
		ck_assert_int_eq(h.state, HEALTH_DOWN);
		ck_assert_msg(health_rise(&h, &m) == r->needed[i],
		    "row %d, flap %zu: %u", _i, i, health_rise(&h, &m));
		for (unsigned k = 0; k < r->needed[i]; k++) {
			ck_assert_int_eq(h.state, HEALTH_DOWN);
			health_count(&h, &m, HEALTH_OK, &now);
		}
		ck_assert_int_eq(h.state, HEALTH_UP);
	}
}
END_TEST

/* A monitor without forget_ms forgets all at once. */
START_TEST(without_a_time_to_forget_no_flap_is_remembered)
{
	const struct conf_monitor m = {.fall = 1,
	    .rise = 2,
	    .clear = 1,
	    .interval_ms = 1000,
	    .damp = {1, 0, 64000}};
	const struct health_time now = {0, 5};
	struct health h = {.state = HEALTH_UP};

	for (size_t i = 0; i < 5; i++) {
		health_count(&h, &m, HEALTH_FAILED, &now);
		ck_assert_uint_eq(health_rise(&h, &m), 2);
		ck_assert_uint_eq(h.flaps, 1);
		health_count(&h, &m, HEALTH_OK, &now);
		health_count(&h, &m, HEALTH_OK, &now);
	}
}
END_TEST

/* To degraded is a change for the worse from up alone. */
START_TEST(slowness_flaps_once)
{
	const struct conf_monitor m = {.fall = 1,
	    .rise = 1,
	    .clear = 1,
	    .interval_ms = 1000,
	    .slow_ms = 1,
	    .damp = {9, 60000, 64000}};
	static const struct {
		enum health_result result;
		enum health_state state;
		unsigned flaps;
	} steps[] = {
	    {HEALTH_SLOW, HEALTH_DEGRADED, 0}, /* from unknown */
	    {HEALTH_OK, HEALTH_UP, 0},
	    {HEALTH_SLOW, HEALTH_DEGRADED, 1},
	    {HEALTH_FAILED, HEALTH_DOWN, 2},
	    {HEALTH_SLOW, HEALTH_DEGRADED, 2},
	    {HEALTH_OK, HEALTH_UP, 2},
	    {HEALTH_FAILED, HEALTH_DOWN, 3},
	};
	const struct health_time now = {0, 5};
	struct health h = {0};

	for (size_t i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
		health_count(&h, &m, steps[i].result, &now);
		ck_assert_int_eq(h.state, steps[i].state);
		ck_assert_uint_eq(h.flaps, steps[i].flaps);
	}
}
END_TEST

/* A state of another question is believed for one result, of which a good one
 * is enough. */
START_TEST(an_unproven_state_lasts_one_result)
{
	const struct health_time now = {7, 0};
	const enum health_state states[] = {
	    HEALTH_UP, HEALTH_DEGRADED, HEALTH_DOWN};

	for (size_t i = 0; i < 3; i++) {
		struct health h = {.state = states[i], .unproven = true};

		ck_assert_uint_eq(health_change_ms(&h, &monitor), 0);
		health_count(&h, &monitor, HEALTH_OK, &now);
		ck_assert(!h.unproven);
		ck_assert_int_eq(h.state, HEALTH_UP);
		h = (struct health){.state = states[i], .unproven = true};
		health_count(&h, &monitor, HEALTH_FAILED, &now);
		ck_assert_int_eq(h.state, states[i]);
		ck_assert(h.unproven == (states[i] != HEALTH_DOWN));
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
	tcase_add_test(t, all_rows_of_results_are_as_the_whole_history_says);
	tcase_add_loop_test(t, each_flap_counts_until_it_is_forgotten, 0,
	    sizeof(flap_rows) / sizeof(*flap_rows));
	tcase_add_test(t, without_a_time_to_forget_no_flap_is_remembered);
	tcase_add_test(t, slowness_flaps_once);
	tcase_add_test(t, an_unproven_state_lasts_one_result);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
