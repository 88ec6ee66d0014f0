/* SPDX-License-Identifier: BSD-3-Clause */
/* The prober: when each probe begins, what its result becomes, on a clock that
 * stands still between the steps. */
#include "probe/probe.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/signal.h"
#include "probing.h"

enum { T0 = 1000000, WALL = 1700000000 };

static struct probing g;
static const struct signals signals; /* none */

static void
setup(void)
{
	probing_open(&g, CONF_MONITOR_EXTERNAL);
	prober_set_signals(g.prober, &signals);
	g.monitor.on_stale = CONF_STALE_KEEP;
	clock_fake(T0, WALL);
}

static void
teardown(void)
{
	probing_close(&g);
}

static struct probe *
added(void)
{
	prober_add(g.prober, &g.watch);
	return g.watch.probe;
}

/* When the next probe of a watch is due ---------------------------------- */

static const struct {
	uint64_t grid_us, started_us, random;
	uint32_t interval_ms;
	uint64_t due_us, next_us;
} dues[] = {
    /* 5 % of an interval either side of its place. */
    {2000000, 1000000, 0, 1000, 1950000, 3000000},
    {2000000, 1000000, 50000, 1000, 2000000, 3000000},
    {2000000, 1000000, 100000, 1000, 2050000, 3000000},
    {2000000, 1000000, 100001, 1000, 1950000, 3000000},
    /* At most a quarter of a second. */
    {9000000, 1000000, 0, 5000, 8750000, 14000000},
    {9000000, 1000000, 500000, 5000, 9250000, 14000000},
    {9000000, 1000000, 0, 5001, 8750000, 14001000},
    {90000000, 1000000, 500000, 60000, 90250000, 150000000},
    {90000000, 1000000, 500001, 60000, 89750000, 150000000},
    {9000000, 1000000, 0, 4980, 8751000, 13980000},
    /* A place that is over is left out. */
    {1000000, 999999, 50000, 1000, 1000000, 2000000},
    {1000000, 1000000, 50000, 1000, 2000000, 3000000},
    {1000000, 3000000, 50000, 1000, 4000000, 5000000},
    {1000000, 2999999, 50000, 1000, 3000000, 4000000},
};

START_TEST(a_probe_is_due_near_its_place_on_the_grid)
{
	uint64_t grid_us = dues[_i].grid_us;

	ck_assert_uint_eq(probe_due_us(&grid_us, dues[_i].interval_ms,
			      dues[_i].started_us, dues[_i].random),
	    dues[_i].due_us);
	ck_assert_uint_eq(grid_us, dues[_i].next_us);
}
END_TEST

/* The schedule ----------------------------------------------------------- */

START_TEST(the_first_probe_is_at_once_and_the_next_on_the_grid)
{
	struct probe *p = added();
	uint64_t phase_us = p->grid_us - 1000 * (uint64_t)T0;

	ck_assert_uint_lt(phase_us, 5000000);
	ck_assert_uint_eq(p->due_us, 1000 * (uint64_t)T0);
	probing_wait(&g);
	ck_assert(!p->busy && !p->waiting && !p->late);
	ck_assert_uint_eq(p->started_us, 1000 * (uint64_t)T0);
	ck_assert_uint_eq(g.watch.last_ms, 0);
	ck_assert_int_eq(g.watch.last_at, WALL);
	ck_assert_uint_eq(prober_last_us(g.prober), 1000 * (uint64_t)T0);
	/* The place after it: grid_us is that of the one after the next. */
	ck_assert_uint_ge(p->due_us + 250000, p->grid_us - 5000000);
	ck_assert_uint_le(p->due_us, p->grid_us - 5000000 + 250000);
	/* It is there once. */
	prober_add(g.prober, &g.watch);
	ck_assert_ptr_eq(g.watch.probe, p);
}
END_TEST

START_TEST(one_now_takes_the_place_of_none)
{
	struct probe *p = added();
	uint64_t next_us;

	probing_wait(&g);
	next_us = p->grid_us - 5000000;
	clock_fake(T0 + 10, WALL + 9);
	prober_now(&g.watch);
	ck_assert_uint_eq(g.ntold, 2);
	ck_assert_int_eq(g.watch.last_at, WALL + 9);
	ck_assert_uint_eq(p->started_us, 1000 * (uint64_t)(T0 + 10));
	ck_assert(!p->late);
	ck_assert_uint_eq(p->grid_us - 5000000, next_us);
}
END_TEST

START_TEST(a_probe_that_took_long_is_followed_at_once)
{
	const struct timeval later = {.tv_sec = 5};
	struct probe *p = added();

	p->busy = true;
	p->started_us = 1000 * (uint64_t)T0;
	evtimer_add(p->deadline, &later);
	clock_fake(T0 + 11000, WALL);
	probe_done(p, true, "ok", "well");
	ck_assert_uint_eq(p->due_us, 1000 * (uint64_t)(T0 + 11000));
	ck_assert(!evtimer_pending(p->deadline, NULL));
	ck_assert(evtimer_pending(p->timer, NULL));
	ck_assert_uint_eq(g.watch.last_ms, 11000);
}
END_TEST

/* Late: by more than a tenth of the interval. */
START_TEST(a_probe_that_begins_late_says_so)
{
	static const struct {
		uint32_t interval_ms;
		int after_ms;
		bool late;
	} rows[] = {{5000, 0, false}, {5000, 500, false}, {5000, 501, true},
	    {5000, 4999, true}, {600000, 60000, false}, {600000, 60001, true}};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct probe *p;

		g.monitor.interval_ms = rows[i].interval_ms;
		p = added();
		clock_fake((uint64_t)(T0 + rows[i].after_ms), WALL);
		probing_wait(&g);
		ck_assert_int_eq(p->late, rows[i].late);
		ck_assert_int_eq(g.told.late, rows[i].late);
		prober_remove(g.prober, &g.watch);
		ck_assert_ptr_null(g.watch.probe);
		clock_fake(T0, WALL);
	}
}
END_TEST

/* After a sleep each waits once for its place, and then it is probed. */
START_TEST(after_a_sleep_a_probe_waits_for_its_place_once)
{
	struct probe *p = added();
	const struct timeval now = {0};

	clock_fake(T0 + 5000, WALL);
	probing_wait(&g);
	ck_assert_uint_eq(g.ntold, 1);
	ck_assert(!p->slept);
	p->due_us = 1000 * (uint64_t)T0;
	clock_fake(T0 + 5001, WALL);
	evtimer_add(p->timer, &now);
	event_base_loop(g.base, EVLOOP_ONCE);
	event_base_loop(g.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(g.ntold, 1);
	ck_assert(p->slept);
	ck_assert_uint_gt(p->due_us, 1000 * (uint64_t)T0 + 4750000);
	/* Late once more: it is not put off again. */
	p->due_us = 1000 * (uint64_t)T0;
	evtimer_add(p->timer, &now);
	probing_wait(&g);
	ck_assert_uint_eq(g.ntold, 2);
	ck_assert(!p->slept);
}
END_TEST

/* 32 begin in a round of the loop. */
START_TEST(probes_that_are_due_wait_in_line)
{
	enum { MANY = 100, ROUND = 32 };
	static struct watch many[MANY];
	static char keys[MANY][16];
	size_t begun = 0, before;

	for (size_t i = 0; i < MANY; i++) {
		many[i].monitor = &g.monitor;
		many[i].key = keys[i];
		snprintf(keys[i], sizeof(keys[i]), "%zu", i);
		prober_add(g.prober, &many[i]);
	}
	while (begun < MANY) {
		before = begun;
		event_base_loop(g.base, EVLOOP_ONCE);
		begun = g.ntold;
		ck_assert_uint_le(begun, before + ROUND);
		ck_assert(begun == before || begun == before + ROUND ||
		    begun >= MANY);
	}
	for (size_t i = 0; i < MANY; i++) {
		const struct probe *p = many[i].probe;

		ck_assert_int_eq(many[i].last_at, WALL);
		ck_assert(!p->waiting && !p->busy);
	}
	for (size_t i = 0; i < MANY; i++)
		prober_remove(g.prober, &many[i]);
}
END_TEST

START_TEST(one_that_waits_in_line_is_not_begun_twice)
{
	struct probe *p = added();

	while (!p->waiting)
		event_base_loop(g.base, EVLOOP_ONCE);
	prober_now(&g.watch);
	ck_assert_uint_eq(g.ntold, 0);
	prober_remove(g.prober, &g.watch);
	prober_now(&g.watch);
	for (int i = 0; i < 3; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(g.ntold, 0);
}
END_TEST

/* How long nothing happened that was due --------------------------------- */

static const struct {
	uint64_t due_ms;            /* 0: it has no moment yet */
	uint64_t began_ms, took_ms; /* the last probe; 0: none yet */
	uint64_t now_ms, stalled_ms;
} stalls[] = {
    {T0 + 100, 0, 0, T0 + 99, 0},
    {T0 + 100, 0, 0, T0 + 100, 0},
    {T0 + 100, 0, 0, T0 + 400, 300},
    {0, 0, 0, T0 + 400, 0},
    {T0 + 100, T0 + 50, 20, T0 + 400, 300},
    {T0 + 100, T0 + 150, 20, T0 + 400, 230},
    {T0 + 100, T0 + 400, 0, T0 + 400, 0},
};

START_TEST(a_stall_lasts_from_what_was_due_or_done_last)
{
	struct probe *p = added();

	if (stalls[_i].began_ms != 0) {
		clock_fake(stalls[_i].began_ms, WALL);
		prober_now(&g.watch);
		clock_fake(stalls[_i].began_ms + stalls[_i].took_ms, WALL);
		probe_pass(p, false, "over");
	}
	p->due_us = 1000 * stalls[_i].due_ms;
	ck_assert_uint_eq(prober_stalled_us(g.prober, 1000 * stalls[_i].now_ms),
	    1000 * stalls[_i].stalled_ms);
}
END_TEST

/* One under way is expected to end by its timeout. */
START_TEST(a_probe_under_way_stalls_after_its_timeout)
{
	struct probe *p = added();

	p->busy = true;
	p->started_us = 1000 * (uint64_t)T0;
	ck_assert_uint_eq(
	    prober_stalled_us(g.prober, 1000 * (uint64_t)(T0 + 5000)), 0);
	ck_assert_uint_eq(
	    prober_stalled_us(g.prober, 1000 * (uint64_t)(T0 + 5007)), 7000);
	p->busy = false;
	ck_assert_uint_eq(prober_last_us(NULL), 0);
}
END_TEST

/* Results ---------------------------------------------------------------- */

static const struct {
	int error;
	const char *reason; /* NULL: not the target's */
	const char *said;
} errors[] = {
    {ECONNREFUSED, "refused", "so: refused"},
    {ECONNRESET, "reset", "so: reset"},
    {EPIPE, "reset", "so: reset"},
    {ETIMEDOUT, "timeout", "so: timeout"},
    {EHOSTUNREACH, "unreachable", "so: unreachable: no route to the host"},
    {ENETUNREACH, "unreachable", "so: unreachable: no route to the network"},
    {EACCES, "error", "so: Permission denied"},
    {EINVAL, "error", "so: Invalid argument"},
    {EMFILE, NULL, "not probed: Too many open files"},
    {ENFILE, NULL, "not probed: Too many open files in system"},
    {ENOBUFS, NULL, "not probed: No buffer space available"},
    {ENOMEM, NULL, "not probed: Cannot allocate memory"},
    {EADDRNOTAVAIL, NULL, "not probed: Cannot assign requested address"},
};

START_TEST(an_error_is_the_targets_or_ours)
{
	struct probe *p = added();
	bool ours = errors[_i].reason == NULL;

	g.watch.idle = true;
	probe_failed_after(p, errors[_i].error, "so: ");
	ck_assert_str_eq(g.watch.last, errors[_i].said);
	ck_assert_str_eq(g.told.reason, ours ? "ok" : errors[_i].reason);
	ck_assert_int_eq(g.told.ok, ours);
	ck_assert_int_eq(g.told.counted, !ours);
	ck_assert_uint_eq(g.watch.health.failures, !ours);
	ck_assert(!g.watch.idle && g.told.idle_changed);
	probe_failed(p, errors[_i].error);
	ck_assert_str_eq(g.watch.last,
	    ours ? errors[_i].said : errors[_i].said + strlen("so: "));
	ck_assert(!g.told.idle_changed);
}
END_TEST

START_TEST(failures_are_counted_and_the_first_is_remembered)
{
	struct probe *p = added();

	g.watch.restored = true;
	probe_done(p, true, "ok", "well");
	ck_assert(g.told.changed && g.told.counted && !g.watch.restored);
	ck_assert_int_eq(g.told.old, HEALTH_UNKNOWN);
	ck_assert_int_eq(g.watch.health.state, HEALTH_UP);
	ck_assert_int_eq(g.watch.first_failed_us, 0);
	for (int i = 0; i < 3; i++) {
		p->started_us = (uint64_t)(T0 + i) * 1000;
		probe_done(p, false, "so", "%d", i);
		ck_assert_int_eq(g.told.changed, i == 2);
		ck_assert_int_eq(g.told.old, HEALTH_UP);
		ck_assert_int_eq(g.watch.first_failed_us, (int64_t)T0 * 1000);
	}
	ck_assert_int_eq(g.watch.health.state, HEALTH_DOWN);
	/* While it is down, and has answered once, too. */
	probe_done(p, true, "ok", "well");
	probe_done(p, false, "so", "ill");
	ck_assert_int_eq(g.watch.first_failed_us, (int64_t)T0 * 1000);
	for (int i = 0; i < 4; i++)
		probe_done(p, true, "ok", "well");
	ck_assert(g.told.changed);
	ck_assert_int_eq(g.told.old, HEALTH_DOWN);
	ck_assert_int_eq(g.watch.first_failed_us, 0);
}
END_TEST

START_TEST(an_answer_is_slow_from_the_bound_on)
{
	static const struct {
		uint32_t slow_ms, took_ms;
		bool ok;
		const char *said;
	} rows[] = {
	    {0, 900, true, "well"},
	    {100, 99, true, "well"},
	    {100, 100, true, "well, slow: 100 ms or more"},
	    {100, 4000, true, "well, slow: 100 ms or more"},
	    {100, 100, false, "well"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct probe *p = added();

		g.monitor.slow_ms = rows[i].slow_ms;
		p->started_us = 1000 * (uint64_t)(T0 - rows[i].took_ms);
		probe_done(p, rows[i].ok, "x", "well");
		ck_assert_str_eq(g.watch.last, rows[i].said);
		ck_assert_uint_eq(g.watch.last_ms, rows[i].took_ms);
		prober_remove(g.prober, &g.watch);
	}
}
END_TEST

/* It goes to terminals. */
START_TEST(control_characters_are_not_shown)
{
	char much[200];

	probe_done(added(), false, "x", "a\tb\033[1m\n%s", "\x7f\001~ ");
	ck_assert_str_eq(g.watch.last, "a?b?[1m???~ ");
	memset(much, 'x', 199);
	much[199] = '\0';
	probe_done(g.watch.probe, false, "x", "%s", much);
	ck_assert_uint_eq(strlen(g.watch.last), sizeof(g.watch.last) - 1);
}
END_TEST

/* Timeouts --------------------------------------------------------------- */

START_TEST(a_target_that_says_nothing_times_out)
{
	int listener;
	struct probe *p;

	probing_close(&g);
	probing_open(&g, CONF_MONITOR_HTTP);
	clock_fake(T0, WALL);
	listener = probing_listen(&g);
	g.monitor.path = "/";
	g.monitor.timeout_ms = 20;
	p = added();
	probing_wait(&g);
	ck_assert_str_eq(g.watch.last, "timeout 20 ms");
	ck_assert(!g.told.ok && g.told.counted && !p->busy);
	ck_assert_str_eq(g.told.reason, "timeout");
	prober_now(&g.watch);
	ck_assert(p->busy);
	p->doing = ": then this";
	probing_wait(&g);
	ck_assert_str_eq(g.watch.last, "timeout 20 ms: then this");
	/* What a probe says of itself is not said of the next one. */
	prober_now(&g.watch);
	p->hindered = "it rains";
	probing_wait(&g);
	ck_assert_str_eq(g.watch.last, "not run: it rains");
	ck_assert(g.told.ok && !g.told.counted);
	prober_now(&g.watch);
	ck_assert(!evtimer_pending(p->timer, NULL));
	ck_assert(evtimer_pending(p->deadline, NULL));
	prober_now(&g.watch); /* one is under way */
	probing_wait(&g);
	ck_assert_str_eq(g.watch.last, "timeout 20 ms");
	ck_assert_int_eq(g.watch.health.state, HEALTH_DOWN);
	prober_now(&g.watch);
	prober_remove(g.prober, &g.watch); /* under way */
	close(listener);
}
END_TEST

/* Once ------------------------------------------------------------------- */

START_TEST(a_probe_beside_the_schedule_counts_nowhere)
{
	g.monitor.on_stale = CONF_STALE_DOWN;
	g.monitor.slow_ms = 1;
	probing_once(&g);
	ck_assert_uint_eq(g.ntold, 0);
	probing_wait(&g);
	ck_assert_uint_eq(g.ntold, 1);
	ck_assert(!g.told.ok && g.told.counted && !g.told.changed);
	ck_assert_str_eq(g.told.reason, "stale");
	ck_assert_str_eq(g.watch.last, "no signal holds");
	ck_assert_int_eq(g.watch.last_at, WALL);
	ck_assert_uint_eq(g.watch.health.failures, 0);
	ck_assert_ptr_null(g.watch.probe);
	probe_cancel(probing_once(&g));
	for (int i = 0; i < 3; i++)
		event_base_loop(g.base, EVLOOP_NONBLOCK);
	ck_assert_uint_eq(g.ntold, 1);
	/* It says when it was slow. */
	probe_done(probing_once(&g), true, "ok", "well");
	ck_assert_str_eq(g.watch.last, "well, slow: 1 ms or more");
	probing_wait(&g);
	probe_pass(probing_once(&g), true, "nothing");
	ck_assert_str_eq(g.watch.last, "nothing");
	probing_wait(&g);
	ck_assert(g.told.ok && !g.told.counted && !g.watch.idle);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("probe");
	TCase *tc = tcase_create("probe");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_probe_is_due_near_its_place_on_the_grid, 0,
	    sizeof(dues) / sizeof(dues[0]));
	tcase_add_test(tc, the_first_probe_is_at_once_and_the_next_on_the_grid);
	tcase_add_test(tc, one_now_takes_the_place_of_none);
	tcase_add_test(tc, a_probe_that_took_long_is_followed_at_once);
	tcase_add_test(tc, a_probe_that_begins_late_says_so);
	tcase_add_test(tc, after_a_sleep_a_probe_waits_for_its_place_once);
	tcase_add_test(tc, probes_that_are_due_wait_in_line);
	tcase_add_test(tc, one_that_waits_in_line_is_not_begun_twice);
	tcase_add_loop_test(tc, a_stall_lasts_from_what_was_due_or_done_last, 0,
	    sizeof(stalls) / sizeof(stalls[0]));
	tcase_add_test(tc, a_probe_under_way_stalls_after_its_timeout);
	tcase_add_loop_test(tc, an_error_is_the_targets_or_ours, 0,
	    sizeof(errors) / sizeof(errors[0]));
	tcase_add_test(tc, failures_are_counted_and_the_first_is_remembered);
	tcase_add_test(tc, an_answer_is_slow_from_the_bound_on);
	tcase_add_test(tc, control_characters_are_not_shown);
	tcase_add_test(tc, a_target_that_says_nothing_times_out);
	tcase_add_test(tc, a_probe_beside_the_schedule_counts_nowhere);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
