/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of watches, and what new ones inherit from those of their address.
 */
#include "steer/watch.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

enum { MANY = 200 };

/* text: all of it; question: what of it changes the answer. */
#define MONITOR(n, t, q) \
	{ \
		.name = (n), .text = (t), .question = (q), \
		.interval_ms = 1000, .timeout_ms = 500, .fall = 3, .rise = 2 \
	}

static const struct conf_monitor m_old = MONITOR("web", "http /a 1s", "/a");
static const struct conf_monitor m_slower = MONITOR("web", "http /a 9s", "/a");
static const struct conf_monitor m_edited = MONITOR("web", "http /b 1s", "/b");
static const struct conf_monitor m_other = MONITOR("new", "http /c 1s", "/c");

static struct watches *table;

static void
setup(void)
{
	table = watches_new();
}

static void
teardown(void)
{
	watches_free(table);
}

static struct addr
address(unsigned i)
{
	return (struct addr){{10, 0, (uint8_t)(i >> 8), (uint8_t)i}, 4};
}

static struct watch *
get(const struct conf_monitor *m, unsigned i)
{
	struct addr a = address(i);
	struct watch *w = watches_get(table, m, &a);

	w->wanted = true;
	return w;
}

START_TEST(equal_watches_are_one_however_many_there_are)
{
	struct watch *all[MANY];
	size_t n;

	clock_fake(5000, 700);
	for (unsigned i = 0; i < MANY; i++) {
		all[i] = get(i % 2 == 0 ? &m_old : &m_edited, i / 2);
		ck_assert_int_eq(all[i]->health.since, 700);
		ck_assert(all[i]->fresh);
	}
	clock_real();
	watches_all(table, &n);
	ck_assert_uint_eq(n, MANY);
	for (unsigned i = 0; i < MANY; i++) {
		const struct conf_monitor *m = i % 2 == 0 ? &m_old : &m_edited;
		struct addr a = address(i / 2);
		char key[64];

		ck_assert_ptr_eq(get(m, i / 2), all[i]);
		ck_assert_ptr_eq(watches_find_at(table, m, &a), all[i]);
		snprintf(key, sizeof(key), "10.0.0.%u %s", i / 2, m->text);
		ck_assert_str_eq(all[i]->key, key);
		ck_assert_ptr_eq(watches_find(table, key), all[i]);
		ck_assert_ptr_null(watches_find_at(table, &m_other, &a));
	}
	ck_assert_ptr_null(watches_find(table, "10.0.0.0"));
	ck_assert_ptr_eq(watches_all(table, &n)[MANY - 1], all[MANY - 1]);
	ck_assert_uint_eq(n, MANY);
}
END_TEST

/* The table is of its snapshot's monitor, though the text is the same. */
START_TEST(a_watch_is_of_the_monitor_that_asked_for_it_last)
{
	struct conf_monitor copy = m_old;
	struct watch *w = get(&m_old, 1);

	ck_assert_ptr_eq(get(&copy, 1), w);
	ck_assert_ptr_eq(w->monitor, &copy);
}
END_TEST

static unsigned gone;

static void
gone_count(struct watch *w, void *arg)
{
	ck_assert_ptr_eq(arg, &gone);
	ck_assert(!w->wanted);
	gone++;
}

START_TEST(what_is_not_wanted_goes_and_the_others_are_found)
{
	struct watch *all[MANY];
	size_t n;

	gone = 0;
	for (unsigned i = 0; i < MANY; i++) {
		all[i] = get(&m_old, i);
		all[i]->wanted = i % 3 != 0;
	}
	watches_sweep(table, gone_count, &gone);
	ck_assert_uint_eq(gone, 67);
	watches_all(table, &n);
	ck_assert_uint_eq(n, MANY - 67);
	for (unsigned i = 0; i < MANY; i++) {
		struct addr a = address(i);

		ck_assert_ptr_eq(watches_find_at(table, &m_old, &a),
		    i % 3 != 0 ? all[i] : NULL);
	}
}
END_TEST

/* Inheriting ------------------------------------------------------------- */

/* All that a watch can know, each another value. */
static void
learn(struct watch *w, enum health_state state)
{
	w->health = (struct health){.state = state,
	    .failures = 1,
	    .successes = 1,
	    .quicks = 1,
	    .flaps = 4,
	    .needed = 2,
	    .flap_ms = 5,
	    .since = 6};
	snprintf(w->last, sizeof(w->last), "200 in 1.2 ms");
	w->last_ms = 7;
	w->last_at = 8;
	w->first_failed_us = 9;
	w->certificate_until = 10;
	w->load = 0.5;
	w->load_ms = 11;
	w->idle = true;
	w->restored = true;
	w->answered = true;
	w->failed = true;
	w->asked_us = 12;
	w->heard_us = 13;
	w->well = 14;
	w->streak_us = 15;
	w->before = (struct health){.state = HEALTH_UP, .successes = 3};
	w->worse_us = 16;
	w->probe = &gone;
	w->fresh = false;
}

enum inherited { NOTHING, STATE, ALL };

static void
expect_same_question(const struct watch *w, enum health_state state)
{
	ck_assert_int_eq(w->health.state, state);
	ck_assert_uint_eq(w->health.failures, 1);
	ck_assert_uint_eq(w->health.flaps, 4);
	ck_assert_uint_eq(w->health.needed, 2);
	ck_assert_int_eq(w->health.flap_ms, 5);
	ck_assert(!w->health.unproven);
	ck_assert_int_eq(w->first_failed_us, 9);
	ck_assert_int_eq(w->certificate_until, 10);
	ck_assert_double_eq(w->load, 0.5);
	ck_assert_int_eq(w->load_ms, 11);
	ck_assert(w->idle);
	ck_assert_uint_eq(w->well, 14);
	ck_assert_int_eq(w->before.state, HEALTH_UP);
	ck_assert_int_eq(w->worse_us, 16);
}

static void
expect_other_question(const struct watch *w, enum health_state state)
{
	ck_assert_int_eq(w->health.state, state);
	ck_assert(w->health.unproven == (state != HEALTH_UNKNOWN));
	ck_assert_uint_eq(w->health.failures, 0);
	ck_assert_uint_eq(w->health.successes, 0);
	ck_assert_uint_eq(w->health.quicks, 0);
	ck_assert_uint_eq(w->health.flaps, 0);
	ck_assert_uint_eq(w->health.needed, 0);
	ck_assert_int_eq(w->first_failed_us, 0);
	ck_assert_int_eq(w->certificate_until, 0);
	ck_assert_int_eq(w->load_ms, 0);
	ck_assert(!w->idle);
	ck_assert_uint_eq(w->well, 0);
	ck_assert_int_eq(w->worse_us, 0);
}

static void
expect_inherited(const struct watch *w, const struct conf_monitor *m,
    enum inherited what, enum health_state state)
{
	ck_assert_ptr_eq(w->monitor, m);
	ck_assert(!w->fresh);
	ck_assert_ptr_null(w->probe);
	ck_assert_int_eq(w->last_at, what == NOTHING ? 0 : 8);
	ck_assert_uint_eq(w->last_ms, what == NOTHING ? 0 : 7);
	ck_assert_str_eq(w->last, what == NOTHING ? "" : "200 in 1.2 ms");
	ck_assert(w->restored == (what != NOTHING));
	ck_assert(w->answered == (what != NOTHING));
	ck_assert(w->failed == (what != NOTHING));
	ck_assert_int_eq(w->asked_us, what == NOTHING ? 0 : 12);
	ck_assert_int_eq(w->heard_us, what == NOTHING ? 0 : 13);
	ck_assert_int_eq(w->streak_us, what == NOTHING ? 0 : 15);
	if (what != NOTHING)
		ck_assert_int_eq(w->health.since, 6);
	if (what == ALL)
		expect_same_question(w, state);
	else
		expect_other_question(
		    w, what == STATE ? state : HEALTH_UNKNOWN);
}

/* One old watch of an address, and a new one of it. */
static const struct {
	const struct conf_monitor *new;
	bool old_wanted, old_anchor, new_anchor;
	bool elsewhere; /* the new one is of another address */
	enum inherited what;
} pairs[] = {
    {&m_slower, false, false, false, false, ALL},
    {&m_slower, true, false, false, false, ALL},
    {&m_slower, false, true, false, false, ALL},
    {&m_slower, false, false, true, false, ALL},
    {&m_slower, false, false, false, true, NOTHING},
    {&m_edited, false, false, false, false, STATE},
    {&m_edited, true, false, false, false, NOTHING},
    {&m_edited, false, true, false, false, NOTHING},
    {&m_edited, false, false, true, false, NOTHING},
    {&m_edited, false, false, false, true, NOTHING},
    {&m_other, false, false, false, false, STATE},
    {&m_other, true, false, false, false, NOTHING},
};

static const enum health_state states[] = {
    HEALTH_UP, HEALTH_DEGRADED, HEALTH_DOWN, HEALTH_UNKNOWN};

START_TEST(a_new_watch_inherits_from_that_of_its_address)
{
	enum health_state state = states[_i % 4];
	size_t i = (size_t)_i / 4;
	struct watch *old = get(&m_old, 1), *new;

	learn(old, state);
	old->wanted = pairs[i].old_wanted;
	old->anchor = pairs[i].old_anchor;
	new = get(pairs[i].new, pairs[i].elsewhere ? 2 : 1);
	new->anchor = pairs[i].new_anchor;
	watches_inherit(table, table);
	expect_inherited(new, pairs[i].new, pairs[i].what, state);
	ck_assert(new->wanted);
	ck_assert(new->anchor == pairs[i].new_anchor);
	ck_assert_int_eq(old->last_at, 8);
	/* Once: what it learned itself is not overwritten. */
	learn(new, HEALTH_UP);
	new->last_at = 99;
	watches_inherit(table, table);
	ck_assert_int_eq(new->last_at, 99);
}
END_TEST

/* What an observing monitor saw decided nothing. */
START_TEST(a_deciding_watch_inherits_no_state_of_an_observing_one)
{
	struct conf_monitor observing = m_old;
	struct watch *old, *new;

	observing.observe = 1;
	old = get(&observing, 1);
	learn(old, HEALTH_DOWN);
	old->wanted = false;
	new = get(&m_edited, 1);
	watches_inherit(table, table);
	expect_inherited(new, &m_edited, NOTHING, HEALTH_UNKNOWN);
}
END_TEST

/* One is enough: a state, an answer or a probe. */
START_TEST(who_knows_nothing_leaves_nothing)
{
	for (unsigned known = 0; known < 4; known++) {
		struct watch *old = get(&m_old, 10 + known), *new;

		old->wanted = old->fresh = false;
		old->certificate_until = 10;
		if (known == 1)
			old->health.state = HEALTH_UP;
		if (known == 2)
			old->answered = true;
		if (known == 3)
			old->last_at = 8;
		new = get(&m_slower, 10 + known);
		watches_inherit(table, table);
		ck_assert_int_eq(new->certificate_until, known > 0 ? 10 : 0);
	}
}
END_TEST

/* The first of the kin, from the nearest on; of equals the worst. */
static const struct {
	struct {
		const struct conf_monitor *monitor;
		bool wanted;
		enum health_state state;
	} old[2];
	const struct conf_monitor *new;
	enum health_state state;
} nearest[] = {
    /* The same text, though another asks the same. */
    {{{&m_old, false, HEALTH_UP}, {&m_slower, false, HEALTH_DOWN}}, &m_old,
	HEALTH_UP},
    /* The same question before another of the name. */
    {{{&m_old, false, HEALTH_UP}, {&m_edited, false, HEALTH_DOWN}}, &m_slower,
	HEALTH_UP},
    {{{&m_edited, false, HEALTH_DOWN}, {&m_old, false, HEALTH_UP}}, &m_slower,
	HEALTH_UP},
    /* The name before any other. */
    {{{&m_other, false, HEALTH_DOWN}, {&m_old, false, HEALTH_UP}}, &m_edited,
	HEALTH_UP},
    {{{&m_old, false, HEALTH_UP}, {&m_other, false, HEALTH_DOWN}}, &m_edited,
	HEALTH_UP},
    /* Of two that are gone, the worse one. */
    {{{&m_edited, false, HEALTH_DOWN}, {&m_old, false, HEALTH_UP}}, &m_other,
	HEALTH_DOWN},
    {{{&m_old, false, HEALTH_UP}, {&m_edited, false, HEALTH_DEGRADED}},
	&m_other, HEALTH_DEGRADED},
    /* One that is still asked leaves its question to itself. */
    {{{&m_old, true, HEALTH_DOWN}, {&m_edited, false, HEALTH_UP}}, &m_other,
	HEALTH_UP},
};

static struct watch *
learned(struct watches *w, const struct conf_monitor *m, bool wanted,
    enum health_state state)
{
	struct addr a = address(1);
	struct watch *watch = watches_get(w, m, &a);

	learn(watch, state);
	watch->wanted = wanted;
	return watch;
}

START_TEST(the_nearest_of_kin_leaves_its_state)
{
	struct watches *saved = watches_new();
	struct watch *new;

	for (size_t k = 0; k < 2; k++)
		learned(saved, nearest[_i].old[k].monitor, false,
		    nearest[_i].old[k].state);
	for (size_t k = 0; k < 2; k++)
		if (nearest[_i].old[k].wanted)
			get(nearest[_i].old[k].monitor, 1);
	new = get(nearest[_i].new, 1);
	watches_inherit(table, saved);
	ck_assert_int_eq(new->health.state, nearest[_i].state);
	watches_free(saved);
}
END_TEST

/* A question that is gone is asked before one that others ask still. */
START_TEST(who_is_gone_leaves_its_counts_before_who_stays)
{
	static const struct conf_monitor third =
	    MONITOR("web", "http /a 5s", "/a");

	for (unsigned first = 0; first < 2; first++) {
		struct watch *w[2];

		w[first] = get(&m_old, first);
		learn(w[first], HEALTH_UP);
		w[!first] = get(&m_slower, first);
		learn(w[!first], HEALTH_DOWN);
		w[0]->wanted = false;
		ck_assert_int_eq(
		    w[0]->health.state, first == 0 ? HEALTH_UP : HEALTH_DOWN);
		get(&third, first);
		watches_inherit(table, table);
		ck_assert_int_eq(
		    get(&third, first)->health.state, w[0]->health.state);
	}
}
END_TEST

/* Counters of another monitor are one result short of what it needs. */
START_TEST(inherited_counts_are_bounded)
{
	static const struct conf_monitor quicker = {.name = "web",
	    .text = "http /a fall 2",
	    .question = "/a",
	    .interval_ms = 1000,
	    .fall = 2,
	    .rise = 1};
	struct watch *old = get(&m_old, 1), *new;

	learn(old, HEALTH_UP);
	old->health.failures = 2;
	old->before.failures = 2;
	new = get(&quicker, 1);
	watches_inherit(table, table);
	ck_assert_uint_eq(new->health.failures, 1);
	ck_assert_uint_eq(new->before.failures, 1);
	ck_assert_uint_eq(old->health.failures, 2);
}
END_TEST

/* As long as two probes and their timeouts. */
START_TEST(a_load_counts_for_a_while)
{
	struct watch w = {.monitor = &m_old, .load_ms = 10000};

	clock_fake(13000, 5);
	ck_assert(watch_has_load(&w));
	clock_fake(13001, 5);
	ck_assert(!watch_has_load(&w));
	clock_fake(100, 5);
	w.load_ms = 0;
	ck_assert(!watch_has_load(&w));
	clock_real();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("watches");
	TCase *t = tcase_create("watches");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, equal_watches_are_one_however_many_there_are);
	tcase_add_test(t, a_watch_is_of_the_monitor_that_asked_for_it_last);
	tcase_add_test(t, what_is_not_wanted_goes_and_the_others_are_found);
	tcase_add_loop_test(t, a_new_watch_inherits_from_that_of_its_address, 0,
	    4 * sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(
	    t, a_deciding_watch_inherits_no_state_of_an_observing_one);
	tcase_add_test(t, who_knows_nothing_leaves_nothing);
	tcase_add_loop_test(t, the_nearest_of_kin_leaves_its_state, 0,
	    sizeof(nearest) / sizeof(nearest[0]));
	tcase_add_test(t, who_is_gone_leaves_its_counts_before_who_stays);
	tcase_add_test(t, inherited_counts_are_bounded);
	tcase_add_test(t, a_load_counts_for_a_while);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
