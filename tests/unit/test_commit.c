/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/commit.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "ctl/drain.h"
#include "ctl/monitor.h"
#include "service.h"

static struct service s;

/* What came back of a request. */
struct got {
	json_t *reply;
	unsigned number; /* which reply it was */
};

enum { JUDGED = 1, UNSAVED = 2 };

static unsigned replies;

static void
setup(void)
{
	clock_fake(100000, 1000000);
	service_open(&s);
	replies = 0;
}

/* With a monitor of type external, "word". */
static void
setup_signals(void)
{
	setup();
	service_write(&s, "meridian.yaml",
	    "meridian: 1\n"
	    "server: {listen: [\"127.0.0.1@0\"], state: state,\n"
	    "         control: control.sock}\n"
	    "zones: {example.com: example.com.zone}\n"
	    "regions: {eu: {}}\n"
	    "monitors: {word: {type: external}}\n"
	    "pools: {www: {monitor: word, regions: {eu: [{addr: "
	    "192.0.2.1}]}}}\n"
	    "policies: {line: {rules: [{regions: [eu]}]}}\n"
	    "names: {www.example.com: {pool: www, policy: line}}\n");
	service_restart(&s);
}

static void
teardown(void)
{
	service_close(&s);
	clock_real();
}

static void
came(json_t *reply, void *arg)
{
	struct got *g = arg;

	g->reply = reply;
	g->number = ++replies;
}

/* Asks, and does not wait. */
static void
drain(struct got *g, const char *what, unsigned how)
{
	json_t *body = json_pack("{s:s, s:s, s:i, s:b, s:b}", "what", what,
	    "reason", "x", "for_s", 60, "force", (how & JUDGED) == 0, "unsaved",
	    (how & UNSAVED) != 0);

	*g = (struct got){NULL, 0};
	drain_begin(s.control, DRAIN_OUT, body, "ana", came, g);
	json_decref(body);
}

static void
undrain(struct got *g, const char *what, int unsaved)
{
	json_t *body =
	    json_pack("{s:s, s:b}", "what", what, "unsaved", unsaved);

	*g = (struct got){NULL, 0};
	drain_end(s.control, DRAIN_OUT, body, "ana", came, g);
	json_decref(body);
}

static const char *
error_of(const struct got *g)
{
	const char *text =
	    json_string_value(json_object_get(g->reply, "error"));

	return text != NULL ? text : "";
}

static bool
is_drained(const char *what)
{
	return drains_find(&s.control->drains, DRAIN_OUT, what, false) != NULL;
}

/* A folder in the way of the state file, or no more. */
static void
block(bool blocked)
{
	char path[SERVICE_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/drains.json", s.control->folder);
	if (!blocked) {
		rmdir(path);
		return;
	}
	unlink(path);
	ck_assert_int_eq(mkdir(path, 0700), 0);
}

START_TEST(nothing_is_in_force_before_it_is_saved)
{
	struct got a;

	drain(&a, "eu", 0);
	ck_assert_ptr_null(a.reply);
	ck_assert(!is_drained("eu"));
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	service_settle(&s);
	ck_assert_ptr_nonnull(a.reply);
	ck_assert(is_drained("eu"));
	ck_assert_uint_eq(service_live(&s, "www"), 6);
	json_decref(a.reply);
}
END_TEST

START_TEST(replies_come_in_the_order_of_the_requests)
{
	static const char *const what[] = {
	    "eu", "www/us", "cdn/eu", "www/eu", "eu"};
	struct got got[5], end;

	for (size_t i = 0; i < 5; i++)
		drain(&got[i], what[i], 0);
	undrain(&end, "eu", false);
	service_settle(&s);
	for (unsigned i = 0; i < 5; i++) {
		ck_assert_uint_eq(got[i].number, i + 1);
		ck_assert_str_eq(error_of(&got[i]), "");
		json_decref(got[i].reply);
	}
	ck_assert_uint_eq(end.number, 6);
	json_decref(end.reply);
	ck_assert(!is_drained("eu"));
	ck_assert(is_drained("www/eu") && is_drained("cdn/eu"));
}
END_TEST

START_TEST(two_that_are_safe_alone_are_not_both_acknowledged)
{
	struct got a, b;

	drain(&a, "cdn/eu", JUDGED);
	drain(&b, "cdn/us", JUDGED);
	ck_assert_ptr_null(a.reply);
	ck_assert_ptr_nonnull(strstr(error_of(&b),
	    "pool cdn with 0 live regions of 1 now; safety.min_regions is 1"));
	service_settle(&s);
	ck_assert_str_eq(error_of(&a), "");
	ck_assert_uint_eq(service_live(&s, "cdn"), 2);
	json_decref(a.reply);
	json_decref(b.reply);
	undrain(&a, "cdn/eu", false);
	drain(&b, "cdn/us", JUDGED);
	service_settle(&s);
	ck_assert_str_eq(error_of(&b), "");
	ck_assert_uint_eq(service_live(&s, "cdn"), 1);
	json_decref(a.reply);
	json_decref(b.reply);
}
END_TEST

START_TEST(what_is_on_its_way_can_be_ended_and_renewed)
{
	struct got a, b, c;

	drain(&a, "eu", 0);
	undrain(&b, "eu", false);
	undrain(&c, "eu", false);
	ck_assert_ptr_nonnull(strstr(error_of(&c), "there is no drain of eu"));
	json_decref(c.reply);
	drain(&c, "eu", 0);
	service_settle(&s);
	ck_assert_str_eq(error_of(&b), "");
	ck_assert(json_is_null(json_object_get(c.reply, "renewed")));
	ck_assert(is_drained("eu"));
	json_decref(a.reply);
	json_decref(b.reply);
	json_decref(c.reply);
}
END_TEST

START_TEST(what_was_judged_by_a_change_that_failed_is_refused_too)
{
	struct got a, b, c;

	block(true);
	drain(&a, "eu", 0);
	drain(&b, "www/us", 0);
	undrain(&c, "eu", false);
	service_settle(&s);
	ck_assert_ptr_nonnull(strstr(error_of(&a), "--unsaved"));
	ck_assert_ptr_nonnull(strstr(error_of(&b), "cannot be saved"));
	ck_assert_ptr_nonnull(strstr(error_of(&c), "cannot be saved"));
	ck_assert_uint_eq(s.control->drains.all.n, 0);
	ck_assert_uint_eq(drain_wanted(s.control)->all.n, 0);
	json_decref(a.reply);
	json_decref(b.reply);
	json_decref(c.reply);
	block(false);
	drain(&a, "eu", 0);
	service_settle(&s);
	ck_assert_str_eq(error_of(&a), "");
	json_decref(a.reply);
}
END_TEST

START_TEST(unsaved_takes_effect_and_is_marked_until_it_is_saved)
{
	struct got a, b;

	drain(&b, "www/us", 0);
	service_settle(&s);
	json_decref(b.reply);
	block(true);
	drain(&a, "eu", UNSAVED);
	undrain(&b, "www/us", true);
	service_settle(&s);
	ck_assert(json_is_true(json_object_get(a.reply, "unsaved")));
	ck_assert(json_is_true(json_object_get(b.reply, "unsaved")));
	ck_assert(is_drained("eu") && !is_drained("www/us"));
	ck_assert_uint_eq(service_live(&s, "www"), 6);
	ck_assert_uint_eq(status_nunsaved(&s.control->status), 2);
	commit_tick(s.control);
	service_settle(&s);
	ck_assert_uint_eq(status_nunsaved(&s.control->status), 2);
	block(false);
	commit_tick(s.control);
	service_settle(&s);
	ck_assert_uint_eq(status_nunsaved(&s.control->status), 0);
	json_decref(a.reply);
	json_decref(b.reply);
	service_restart(&s);
	ck_assert(is_drained("eu") && !is_drained("www/us"));
}
END_TEST

START_TEST(a_lease_that_ends_does_not_wait)
{
	struct got a, b;

	drain(&a, "eu", 0);
	service_settle(&s);
	json_decref(a.reply);
	block(true);
	drain(&b, "www/us", 0);
	clock_fake(160000, 1000060);
	drain_tick(s.control);
	ck_assert(!is_drained("eu"));
	ck_assert_uint_eq(service_live(&s, "www"), 7);
	service_settle(&s);
	ck_assert_uint_eq(drain_wanted(s.control)->all.n, 0);
	json_decref(b.reply);
	block(false);
}
END_TEST

START_TEST(the_end_saves_what_it_can)
{
	struct got a, b;

	drain(&a, "eu", 0);
	drain(&b, "www/us", 0);
	commit_finish(s.control, 2000);
	ck_assert_str_eq(error_of(&a), "");
	ck_assert_str_eq(error_of(&b), "");
	json_decref(a.reply);
	json_decref(b.reply);
	drain(&a, "cdn/eu", 0);
	ck_assert_ptr_nonnull(
	    strstr(error_of(&a), "the daemon is shutting down"));
	json_decref(a.reply);
	service_restart(&s);
	ck_assert(is_drained("eu") && is_drained("www/us"));
}
END_TEST

static char owner[8000] = "ana";

static void
signal_for(struct got *g, const char *value)
{
	json_t *body = json_pack(
	    "{s:s, s:s, s:i}", "what", "word", "value", value, "for_s", 3600);

	*g = (struct got){NULL, 0};
	monitor_signal(s.control, body, owner, came, g);
	json_decref(body);
	service_settle(&s);
	ck_assert_str_eq(error_of(g), "");
	json_decref(g->reply);
}

static char *
journal_text(void)
{
	char path[SERVICE_PATH_MAX + 64], *text;
	struct error err;
	size_t len;

	snprintf(path, sizeof(path), "%s/signals.journal", s.control->folder);
	ck_assert_msg(
	    file_read(path, 1 << 20, &text, &len, &err), "%s", err.text);
	return text;
}

static bool
is_up(void)
{
	const struct addr any = {.family = 0};
	const struct signal *found =
	    signals_find(&s.control->signals, "word", &any);

	ck_assert_ptr_nonnull(found);
	return found->up;
}

/* The file has the signals, and after a crash the journal is there again. */
START_TEST(an_old_journal_takes_nothing_back)
{
	struct got a;
	char *old;

	signal_for(&a, "down");
	old = journal_text();
	ck_assert_ptr_nonnull(strstr(old, "down"));
	commit_signals(s.control);
	signal_for(&a, "up");
	service_write(&s, "state/signals.journal", old);
	service_restart(&s);
	ck_assert(is_up());
	/* Nor one that is from before the file was replaced twice. */
	commit_signals(s.control);
	signal_for(&a, "up");
	service_write(&s, "state/signals.journal", old);
	service_restart(&s);
	ck_assert(is_up());
	/* What comes after counts. */
	signal_for(&a, "up");
	signal_for(&a, "down");
	service_restart(&s);
	ck_assert(!is_up());
	free(old);
}
END_TEST

/* Lines are added as long as they are few beside the file. */
START_TEST(a_journal_is_replaced_when_it_has_grown)
{
	struct got a;
	size_t before = 0, len = 0, most = 0;
	unsigned replaced = 0;
	char *text;

	memset(owner, 'x', sizeof(owner) - 1); /* so that few are much */
	for (unsigned i = 0; i < 100; i++) {
		signal_for(&a, i % 2 == 0 ? "up" : "down");
		text = journal_text();
		len = strlen(text);
		free(text);
		replaced += len < before;
		most = len > most ? len : most;
		before = len;
	}
	/* 256 KiB and twice what the file has. */
	ck_assert_uint_gt(most, (256 << 10) - sizeof(owner));
	ck_assert_uint_lt(most, (256 << 10) + 6 * sizeof(owner));
	ck_assert_uint_ge(replaced, 2);
	ck_assert_uint_le(replaced, 3);
	service_restart(&s);
	ck_assert(!is_up());
}
END_TEST

/* A folder in the way of the file: the lines count, whatever version they
 * follow. */
START_TEST(signals_outlive_a_file_that_cannot_be_written)
{
	char path[SERVICE_PATH_MAX + 64];
	struct got a;

	signal_for(&a, "down");
	snprintf(path, sizeof(path), "%s/signals.json.tmp", s.control->folder);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	for (unsigned i = 0; i < 3; i++) {
		commit_signals(s.control);
		signal_for(&a, i % 2 == 0 ? "up" : "down");
	}
	service_restart(&s);
	ck_assert(is_up());
	rmdir(path);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl/commit");
	TCase *t = tcase_create("ctl/commit");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, nothing_is_in_force_before_it_is_saved);
	tcase_add_test(t, replies_come_in_the_order_of_the_requests);
	tcase_add_test(t, two_that_are_safe_alone_are_not_both_acknowledged);
	tcase_add_test(t, what_is_on_its_way_can_be_ended_and_renewed);
	tcase_add_test(
	    t, what_was_judged_by_a_change_that_failed_is_refused_too);
	tcase_add_test(t, unsaved_takes_effect_and_is_marked_until_it_is_saved);
	tcase_add_test(t, a_lease_that_ends_does_not_wait);
	tcase_add_test(t, the_end_saves_what_it_can);
	suite_add_tcase(suite, t);
	t = tcase_create("signals");
	tcase_add_checked_fixture(t, setup_signals, teardown);
	tcase_add_test(t, an_old_journal_takes_nothing_back);
	tcase_add_test(t, a_journal_is_replaced_when_it_has_grown);
	tcase_add_test(t, signals_outlive_a_file_that_cannot_be_written);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
