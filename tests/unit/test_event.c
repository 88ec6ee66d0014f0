/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/event.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

struct seen {
	unsigned n;
	json_int_t first, last;
	char type[32];
};

static void
look(const char *line, void *arg)
{
	struct seen *seen = arg;
	json_t *event = json_loads(line, 0, NULL);

	ck_assert_ptr_nonnull(event);
	ck_assert_int_eq(line[strlen(line) - 1], '\n');
	seen->last = json_integer_value(json_object_get(event, "seq"));
	if (seen->n++ == 0)
		seen->first = seen->last;
	strcpy(seen->type, json_string_value(json_object_get(event, "type")));
	json_decref(event);
}

static void
since(const struct events *e, uint64_t n, struct seen *seen)
{
	struct event_filter f = event_filter_all();
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)n);
	ck_assert(event_filter_since(e, &f, text, NULL));
	events_each(e, f, look, seen);
}

START_TEST(events_are_numbered_from_1_and_asked_for_by_number)
{
	struct events *e = events_new();
	struct seen all = {0}, some = {0}, none = {0}, later = {0};

	for (int i = 0; i < 5; i++)
		event_put(e, LOG_LEVEL_DEBUG, "test", NULL, "event %d", i);
	since(e, 0, &all);
	since(e, 3, &some);
	since(e, 5, &none);
	/* Of a daemon before this one. */
	since(e, 6, &later);
	ck_assert_uint_eq(all.n, 5);
	ck_assert_int_eq(all.first, 1);
	ck_assert_uint_eq(some.n, 2);
	ck_assert_int_eq(some.first, 4);
	ck_assert_uint_eq(none.n, 0);
	ck_assert_uint_eq(later.n, 5);
	events_free(e);
}
END_TEST

START_TEST(the_oldest_make_way)
{
	struct events *e = events_new();
	struct seen all = {0};

	for (int i = 0; i < EVENTS_KEPT + 7; i++)
		event_put(e, LOG_LEVEL_DEBUG, "test", NULL, "event %d", i);
	since(e, 0, &all);
	ck_assert_uint_eq(all.n, EVENTS_KEPT);
	ck_assert_int_eq(all.first, 8);
	ck_assert_int_eq(all.last, EVENTS_KEPT + 7);
	events_free(e);
}
END_TEST

START_TEST(a_listener_sees_each_as_it_comes)
{
	struct events *e = events_new();
	struct seen seen = {0};

	event_put(e, LOG_LEVEL_DEBUG, "before", NULL, "x");
	events_listen(e, look, &seen);
	event_put(e, LOG_LEVEL_DEBUG, "after", json_pack("{s:i}", "n", 1), "%s",
	    "y \xff");
	events_listen(e, NULL, NULL);
	event_put(e, LOG_LEVEL_DEBUG, "later", NULL, "z");
	ck_assert_uint_eq(seen.n, 1);
	ck_assert_str_eq(seen.type, "after");
	events_free(e);
}
END_TEST

static void
look_at(const struct events *e, const char *text, struct seen *seen)
{
	struct event_filter f = event_filter_all();

	ck_assert(event_filter_since(e, &f, text, NULL));
	events_each(e, f, look, seen);
}

START_TEST(a_number_of_another_run_skips_nothing_of_this_one)
{
	struct events *e = events_new(), *other = events_new();
	struct seen own = {0}, foreign = {0}, beyond = {0};
	char text[64];

	ck_assert_str_ne(events_run(e), events_run(other));
	for (int i = 0; i < 20; i++)
		event_put(e, LOG_LEVEL_DEBUG, "x", NULL, "x");
	snprintf(text, sizeof(text), "%s:14", events_run(e));
	look_at(e, text, &own);
	snprintf(text, sizeof(text), "%s:14", events_run(other));
	look_at(e, text, &foreign);
	look_at(e, "21", &beyond);
	ck_assert_uint_eq(own.n, 6);
	ck_assert_int_eq(own.first, 15);
	ck_assert_uint_eq(foreign.n, 20);
	ck_assert_uint_eq(beyond.n, 20);
	events_free(e);
	events_free(other);
}
END_TEST

START_TEST(what_is_no_number_of_an_event_is_refused)
{
	static const char *const bad[] = {"", ":", "x", "1x", "-1", "+1", " 1",
	    "abc:", ":1", "abc:x", "abc:-1", "18446744073709551616"};
	struct events *e = events_new();
	struct event_filter f;
	struct error err;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		ck_assert_msg(
		    !event_filter_since(e, &f, bad[i], &err), "%s", bad[i]);
	events_free(e);
}
END_TEST

START_TEST(lost_events_are_told_to_who_goes_on)
{
	struct events *e = events_new();
	struct seen seen = {0}, fresh = {0};
	struct event_filter f = event_filter_all();

	event_put(e, LOG_LEVEL_DEBUG, "x", NULL, "x");
	ck_assert(event_next(e, &f, look, &fresh));
	for (int i = 0; i < EVENTS_KEPT + 7; i++)
		event_put(e, LOG_LEVEL_DEBUG, "x", NULL, "x");
	ck_assert(event_next(e, &f, look, &seen));
	ck_assert_str_eq(seen.type, "lost");
	ck_assert_int_eq(seen.first, 8);
	ck_assert(event_next(e, &f, look, &seen));
	ck_assert_str_eq(seen.type, "x");
	ck_assert_int_eq(seen.last, 9);
	/* Who begins has lost nothing. */
	since(e, 0, &fresh);
	ck_assert_str_eq(fresh.type, "x");
	events_free(e);
}
END_TEST

START_TEST(events_are_chosen_by_level_and_time)
{
	struct events *e = events_new();
	struct event_filter f = event_filter_all();
	struct seen important = {0}, late = {0};

	clock_fake(1000, 1000);
	event_put(e, LOG_LEVEL_ERROR, "one", NULL, "x");
	event_put(e, LOG_LEVEL_INFO, "two", NULL, "x");
	clock_fake(2000, 2000);
	event_put(e, LOG_LEVEL_WARNING, "three", NULL, "x");
	event_put(e, LOG_LEVEL_INFO, "four", NULL, "x");
	ck_assert(event_filter_level(&f, "warning", NULL));
	events_each(e, f, look, &important);
	f = event_filter_all();
	f.since_time = 2000;
	events_each(e, f, look, &late);
	ck_assert_uint_eq(important.n, 2);
	ck_assert_str_eq(important.type, "three");
	ck_assert_uint_eq(late.n, 2);
	ck_assert_int_eq(late.first, 3);
	ck_assert(!event_filter_level(&f, "debug", NULL));
	clock_real();
	events_free(e);
}
END_TEST

START_TEST(details_do_not_replace_the_number)
{
	struct events *e = events_new();
	struct seen seen = {0};

	event_put(e, LOG_LEVEL_DEBUG, "x", json_pack("{s:i}", "seq", 99), "x");
	since(e, 0, &seen);
	ck_assert_int_eq(seen.first, 1);
	events_free(e);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl/event");
	TCase *t = tcase_create("ctl/event");
	SRunner *runner;
	int failed;

	tcase_add_test(t, events_are_numbered_from_1_and_asked_for_by_number);
	tcase_add_test(t, the_oldest_make_way);
	tcase_add_test(t, a_listener_sees_each_as_it_comes);
	tcase_add_test(t, a_number_of_another_run_skips_nothing_of_this_one);
	tcase_add_test(t, what_is_no_number_of_an_event_is_refused);
	tcase_add_test(t, lost_events_are_told_to_who_goes_on);
	tcase_add_test(t, events_are_chosen_by_level_and_time);
	tcase_add_test(t, details_do_not_replace_the_number);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
