/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/event.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

START_TEST(events_are_numbered_from_1_and_asked_for_by_number)
{
	struct events *e = events_new();
	struct seen all = {0}, some = {0}, none = {0}, later = {0};

	for (int i = 0; i < 5; i++)
		event_put(e, LOG_LEVEL_DEBUG, "test", NULL, "event %d", i);
	events_since(e, 0, look, &all);
	events_since(e, 3, look, &some);
	events_since(e, 5, look, &none);
	/* Of a daemon before this one. */
	events_since(e, 6, look, &later);
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
	events_since(e, 0, look, &all);
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

START_TEST(details_do_not_replace_the_number)
{
	struct events *e = events_new();
	struct seen seen = {0};

	event_put(e, LOG_LEVEL_DEBUG, "x", json_pack("{s:i}", "seq", 99), "x");
	events_since(e, 0, look, &seen);
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
	tcase_add_test(t, details_do_not_replace_the_number);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? 0 : 1;
}
