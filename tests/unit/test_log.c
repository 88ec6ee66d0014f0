/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"

static char text[8192];
static int saved, ends[2];

static void
catch_begin(void)
{
	ck_assert_int_eq(pipe2(ends, O_NONBLOCK), 0);
	saved = dup(STDERR_FILENO);
	dup2(ends[1], STDERR_FILENO);
}

/* All that was written since catch_begin(). */
static const char *
catch_end(void)
{
	ssize_t n;

	dup2(saved, STDERR_FILENO);
	close(saved);
	n = read(ends[0], text, sizeof(text) - 1);
	text[n > 0 ? n : 0] = '\0';
	close(ends[0]);
	close(ends[1]);
	return text;
}

START_TEST(a_line_has_time_level_and_words)
{
	clock_fake(0, 0);
	catch_begin();
	log_error("no %s", "port");
	log_warning("w");
	log_info("target %d", 1);
	ck_assert_str_eq(catch_end(),
	    "1970-01-01T00:00:00Z error: no port\n"
	    "1970-01-01T00:00:00Z warning: w\n"
	    "1970-01-01T00:00:00Z target 1\n");
}
END_TEST

START_TEST(what_was_said_elsewhere_makes_no_line_of_its_own)
{
	clock_fake(0, 0);
	catch_begin();
	log_info("reason: %s", "a\nerror: b\033[31m\tc \xc3\xa4\177");
	ck_assert_str_eq(catch_end(),
	    "1970-01-01T00:00:00Z reason: a?error: b?[31m\tc \xc3\xa4?\n");
}
END_TEST

START_TEST(levels_beyond_the_set_one_are_silent)
{
	clock_fake(0, 0);
	catch_begin();
	log_debug("one");
	log_set_level(LOG_LEVEL_DEBUG);
	log_debug("two");
	log_set_level(LOG_LEVEL_ERROR);
	log_warning("three");
	log_info("four");
	ck_assert_str_eq(catch_end(), "1970-01-01T00:00:00Z debug: two\n");
}
END_TEST

START_TEST(a_long_line_is_cut_and_still_ends)
{
	static char words[5000];
	const char *line;

	memset(words, 'x', sizeof(words) - 1);
	catch_begin();
	log_error("%s", words);
	line = catch_end();
	ck_assert_uint_lt(strlen(line), 2100);
	ck_assert_uint_gt(strlen(line), 2000);
	ck_assert_ptr_eq(strchr(line, '\n'), line + strlen(line) - 1);
}
END_TEST

START_TEST(what_is_told_often_is_told_once_a_minute)
{
	struct log_gate gate = {0}, other = {0};

	clock_fake(5000, 0);
	ck_assert(log_is_due(&gate));
	ck_assert(!log_is_due(&gate));
	clock_fake(64999, 0);
	ck_assert(!log_is_due(&gate));
	ck_assert(log_is_due(&other));
	clock_fake(65000, 0);
	ck_assert(log_is_due(&gate));
	ck_assert(!log_is_due(&gate));
	ck_assert(!log_is_due(&other));
	clock_real();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("log");
	TCase *tc = tcase_create("log");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, a_line_has_time_level_and_words);
	tcase_add_test(tc, what_was_said_elsewhere_makes_no_line_of_its_own);
	tcase_add_test(tc, levels_beyond_the_set_one_are_silent);
	tcase_add_test(tc, a_long_line_is_cut_and_still_ends);
	tcase_add_test(tc, what_is_told_often_is_told_once_a_minute);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
