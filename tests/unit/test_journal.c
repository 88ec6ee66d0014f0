/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/journal.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

static char folder[64], path[128];
static struct journal j;
static char seen[256];
static size_t length;
static struct error err;

static void
setup(void)
{
	snprintf(folder, sizeof(folder), "/tmp/meridian-journal-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/k.journal", folder);
	j = (struct journal){.fd = -1};
}

static void
teardown(void)
{
	journal_fini(&j);
	unlink(path);
	rmdir(folder);
}

static bool
put(const char *lines)
{
	return journal_append(&j, folder, "k", lines, strlen(lines), &err);
}

/* {"n": number}. */
static bool
see(const json_t *entry, void *arg)
{
	json_t *n = json_object_get(entry, "n");
	size_t len = strlen(seen);

	(void)arg;
	snprintf(seen + len, sizeof(seen) - len, "%lld ",
	    (long long)json_integer_value(n));
	return json_is_integer(n);
}

static bool
load(void)
{
	*seen = '\0';
	return journal_load(folder, "k", see, NULL, &length, &err);
}

static void
write_file(const char *text, size_t len)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

	ck_assert_int_eq(write(fd, text, len), (ssize_t)len);
	fd_close(&fd);
}

START_TEST(no_file_and_an_empty_one_are_no_lines)
{
	if (_i == 1)
		write_file("", 0);
	ck_assert(load());
	ck_assert_str_eq(seen, "");
	ck_assert_uint_eq(length, 0);
}
END_TEST

START_TEST(lines_come_back_in_their_order)
{
	ck_assert(put("{\"n\": 1}\n{\"n\": 2}\n"));
	ck_assert(put("{\"n\": 3}\n"));
	ck_assert(load());
	ck_assert_str_eq(seen, "1 2 3 ");
}
END_TEST

START_TEST(what_was_cut_off_counts_for_nothing)
{
	static const char *const tails[] = {
	    "{\"n\": 9}", "{", "\0\0\0", "\xff"};

	ck_assert(put("{\"n\": 1}\n"));
	journal_fini(&j);
	write_file(tails[_i], _i == 2 ? 3 : strlen(tails[_i]));
	ck_assert(load());
	ck_assert_str_eq(seen, "1 ");
	ck_assert(put("{\"n\": 2}\n"));
	ck_assert_msg(load(), "%s", err.text);
	ck_assert_str_eq(seen, "1 2 ");
}
END_TEST

/* As a file system may leave one that had grown: more than one block. */
START_TEST(however_much_was_cut_off_it_counts_for_nothing)
{
	size_t len = (size_t)5000 * (size_t)(_i + 1);
	char *zeros = calloc(len, 1);

	if (_i % 2 == 0)
		ck_assert(put("{\"n\": 1}\n"));
	journal_fini(&j);
	write_file(zeros, len);
	free(zeros);
	ck_assert(put("{\"n\": 2}\n"));
	ck_assert_msg(load(), "%s", err.text);
	ck_assert_str_eq(seen, _i % 2 == 0 ? "1 2 " : "2 ");
}
END_TEST

START_TEST(a_journal_that_is_there_but_cannot_be_read_is_told)
{
	ck_assert_int_eq(symlink(path, path), 0);
	ck_assert(!load());
	ck_assert_ptr_nonnull(strstr(err.text, "k.journal: "));
}
END_TEST

START_TEST(a_line_that_makes_no_sense_is_told_and_the_others_count)
{
	write_file("{\"n\": 1}\n[\n{}\n{\"n\": 2}\n", 23);
	ck_assert(!load());
	ck_assert_ptr_nonnull(strstr(err.text, "k.journal:2"));
	ck_assert_ptr_nonnull(strstr(err.text, "2 of 4 lines"));
	ck_assert_ptr_nonnull(strstr(seen, "1 "));
	ck_assert_ptr_nonnull(strstr(seen, "2 "));
}
END_TEST

START_TEST(what_was_cleared_is_gone)
{
	ck_assert(put("{\"n\": 1}\n"));
	journal_clear(&j);
	ck_assert(put("{\"n\": 2}\n"));
	ck_assert(load());
	ck_assert_str_eq(seen, "2 ");
}
END_TEST

START_TEST(a_file_that_was_removed_is_made_again_and_told)
{
	ck_assert(put("{\"n\": 1}\n"));
	unlink(path);
	ck_assert(put("{\"n\": 2}\n"));
	ck_assert(j.removed);
	ck_assert(load());
	ck_assert_str_eq(seen, "2 ");
}
END_TEST

/* /dev/full takes no octet. */
START_TEST(what_could_not_be_written_is_taken_back)
{
	int full = open("/dev/full", O_WRONLY | O_CLOEXEC), good;

	ck_assert(put("{\"n\": 1}\n"));
	good = fcntl(j.fd, F_DUPFD_CLOEXEC, 0);
	ck_assert(fd_replace(j.fd, full));
	ck_assert(!put("{\"n\": 2}\n"));
	ck_assert_ptr_nonnull(strstr(err.text, "No space left"));
	ck_assert(fd_replace(j.fd, good));
	ck_assert(put("{\"n\": 3}\n"));
	ck_assert(load());
	ck_assert_str_eq(seen, "1 3 ");
	fd_close(&full);
	fd_close(&good);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("state/journal");
	TCase *t = tcase_create("state/journal");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_loop_test(t, no_file_and_an_empty_one_are_no_lines, 0, 2);
	tcase_add_test(t, lines_come_back_in_their_order);
	tcase_add_loop_test(t, what_was_cut_off_counts_for_nothing, 0, 4);
	tcase_add_loop_test(
	    t, however_much_was_cut_off_it_counts_for_nothing, 0, 4);
	tcase_add_test(t, a_journal_that_is_there_but_cannot_be_read_is_told);
	tcase_add_test(
	    t, a_line_that_makes_no_sense_is_told_and_the_others_count);
	tcase_add_test(t, what_was_cleared_is_gone);
	tcase_add_test(t, a_file_that_was_removed_is_made_again_and_told);
	tcase_add_test(t, what_could_not_be_written_is_taken_back);
	suite_add_tcase(suite, t);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
