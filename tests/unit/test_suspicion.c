/* SPDX-License-Identifier: BSD-3-Clause */
/* What is told when the prober suspects itself, and when no longer. */
#include "ctl/suspicion.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "service.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct service s;
static struct suspicion *state;
static json_t *event; /* the last one */

static void
setup(void)
{
	service_open(&s);
	state =
	    (struct suspicion *)(uintptr_t)suspect_state(s.control->suspect);
}

static void
teardown(void)
{
	json_decref(event);
	event = NULL;
	service_close(&s);
}

static void
look(const char *line, void *arg)
{
	(void)arg;
	json_decref(event);
	event = json_loads(line, 0, NULL);
}

static const char *
text_of(const char *key)
{
	return json_string_value(json_object_get(event, key));
}

static void
tell(const struct suspicion *is, const char *owner)
{
	*state = *is;
	suspicion_tell(
	    s.control, owner, owner != NULL ? "they are well" : NULL);
	events_each(s.control->events, event_filter_all(), look, NULL);
	ck_assert_str_eq(text_of("type"), "suspicion");
}

static const struct {
	struct suspicion is;
	const char *level, *text;
} freezes[] = {
    {{.frozen = true, .failing = 7, .of = 9}, "error",
	"the prober suspects itself: 7 of 9 targets fail within one interval: health is frozen, 0 state changes reverted"},
    {{.frozen = true, .failing = 7, .of = 9, .taken_back = 1}, "error",
	"the prober suspects itself: 7 of 9 targets fail within one interval: health is frozen, 1 state change reverted"},
    {{.frozen = true, .by_anchors = true, .taken_back = 2}, "error",
	"the prober suspects itself: all anchors fail: health is frozen, 2 state changes reverted"},
    {{.frozen = true, .by_anchors = true, .overruled = true}, "error",
	"the prober suspects itself: all anchors fail: health is frozen, 0 state changes reverted"},
};

START_TEST(a_freeze_is_told_with_its_cause)
{
	const struct suspicion *is = &freezes[_i].is;

	tell(is, NULL);
	ck_assert_str_eq(text_of("level"), freezes[_i].level);
	ck_assert_str_eq(text_of("text"), freezes[_i].text);
	ck_assert(json_is_true(json_object_get(event, "frozen")));
	ck_assert(json_is_true(json_object_get(event, "by_anchors")) ==
	    is->by_anchors);
	ck_assert_uint_eq(
	    (size_t)json_integer_value(json_object_get(event, "failing")),
	    is->failing);
	ck_assert_uint_eq(
	    (size_t)json_integer_value(json_object_get(event, "of")), is->of);
	ck_assert_uint_eq(
	    (size_t)json_integer_value(json_object_get(event, "taken_back")),
	    is->taken_back);
	ck_assert(
	    json_is_true(json_object_get(event, "overruled")) == is->overruled);
	ck_assert_ptr_null(json_object_get(event, "owner"));
}
END_TEST

static const struct {
	struct suspicion is;
	const char *owner, *level, *text;
} thaws[] = {
    {{.thaw = THAW_CONDITION}, NULL, "info",
	"probes succeed again: health is no longer frozen"},
    {{.thaw = THAW_ANCHORS}, NULL, "info",
	"all anchors answer, the network works: health is no longer frozen"},
    {{.thaw = THAW_ANCHORS, .overruled = true}, NULL, "warning",
	"all anchors answer, the network works: health is no longer frozen, although most targets still fail"},
    {{.thaw = THAW_TARGET, .anchors_overruled = true}, NULL, "warning",
	"a target answers probe after probe, the network works: health is no longer frozen, although all anchors still fail"},
    {{.thaw = THAW_LIMIT, .overruled = true, .anchors_overruled = true}, NULL,
	"warning",
	"health was frozen for 5m (health.freeze_max): health is no longer frozen, although most targets still fail"},
    {{.thaw = THAW_OPERATOR, .overruled = true}, "ana", "warning",
	"lifted by ana: they are well: health is no longer frozen, although most targets still fail"},
    {{.thaw = THAW_OPERATOR}, "ana", "info",
	"lifted by ana: they are well: health is no longer frozen"},
};

START_TEST(a_thaw_is_told_with_what_still_fails)
{
	tell(&thaws[_i].is, thaws[_i].owner);
	ck_assert_str_eq(text_of("level"), thaws[_i].level);
	ck_assert_str_eq(text_of("text"), thaws[_i].text);
	ck_assert(json_is_false(json_object_get(event, "frozen")));
	if (thaws[_i].owner == NULL) {
		ck_assert_ptr_null(json_object_get(event, "owner"));
		ck_assert_ptr_null(json_object_get(event, "reason"));
	} else {
		ck_assert_str_eq(text_of("owner"), thaws[_i].owner);
		ck_assert_str_eq(text_of("reason"), "they are well");
	}
}
END_TEST

static const struct {
	enum health_state state;
	const char *level, *text;
} anchors[] = {
    {HEALTH_UP, "info", "anchor 192.0.2.10@80: up (why)"},
    {HEALTH_DOWN, "warning", "anchor 192.0.2.10@80: down (why)"},
    {HEALTH_DEGRADED, "warning", "anchor 192.0.2.10@80: degraded (why)"},
    {HEALTH_UNKNOWN, "warning", "anchor 192.0.2.10@80: unknown (why)"},
};

START_TEST(an_anchor_is_told_with_its_state)
{
	static const struct conf_monitor m = {.name = "m", .port = 80};
	const struct watch w = {.monitor = &m,
	    .addr = {.bytes = {192, 0, 2, 10}, .family = 4},
	    .health = {.state = anchors[_i].state},
	    .last = "why"};

	suspicion_anchor(s.control, &w);
	events_each(s.control->events, event_filter_all(), look, NULL);
	ck_assert_str_eq(text_of("type"), "anchor");
	ck_assert_str_eq(text_of("level"), anchors[_i].level);
	ck_assert_str_eq(text_of("text"), anchors[_i].text);
	ck_assert_str_eq(text_of("anchor"), "192.0.2.10@80");
	ck_assert_str_eq(
	    text_of("state"), health_state_names[anchors[_i].state]);
	ck_assert_str_eq(text_of("reason"), "why");
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("suspicion");
	TCase *tc = tcase_create("suspicion");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_freeze_is_told_with_its_cause, 0, ROWS(freezes));
	tcase_add_loop_test(
	    tc, a_thaw_is_told_with_what_still_fails, 0, ROWS(thaws));
	tcase_add_loop_test(
	    tc, an_anchor_is_told_with_its_state, 0, ROWS(anchors));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
