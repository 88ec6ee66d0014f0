/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/spare.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

static struct spare spare;

static void
setup(void)
{
	spare_init(&spare);
	ck_assert_uint_eq(spare.n, SPARE_MAX);
}

static void
teardown(void)
{
	spare_fini(&spare);
}

/* A file; -1: there are no descriptors. */
static int
file(void)
{
	return open("/dev/null", O_RDONLY | O_CLOEXEC);
}

static void
allow(int most)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = (rlim_t)most;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
}

/* Leaves no descriptor but those in use, and some of the last. */
static void
take_all_but(int last)
{
	int next = file();

	close(next);
	allow(next + last);
}

static void
take_all(void)
{
	take_all_but(0);
	ck_assert_int_eq(file(), -1);
}

START_TEST(each_spare_makes_room_for_one)
{
	int fds[SPARE_MAX];

	take_all();
	for (size_t i = 0; i < SPARE_MAX; i++) {
		ck_assert(spare_release(&spare));
		fds[i] = file();
		ck_assert_int_ne(fds[i], -1);
		ck_assert_int_eq(file(), -1);
	}
	ck_assert(!spare_release(&spare));
	for (size_t i = 0; i < SPARE_MAX; i++)
		close(fds[i]);
}
END_TEST

START_TEST(what_is_closed_keeps_its_place)
{
	int ends[2];
	char octet;

	take_all();
	spare_release(&spare);
	spare_release(&spare);
	ck_assert_int_eq(pipe(ends), 0);
	spare_close(&spare, ends[1]);
	ck_assert_int_eq(read(ends[0], &octet, 1), 0); /* it is closed */
	ck_assert_int_eq(file(), -1);
	spare_close(&spare, ends[0]);
	ck_assert_uint_eq(spare.n, SPARE_MAX);
	ck_assert_int_eq(file(), -1);
	ck_assert(spare_release(&spare));
	ends[0] = file();
	ck_assert_int_ne(ends[0], -1);
	spare_close(&spare, ends[0]);
}
END_TEST

START_TEST(with_all_spares_there_the_place_is_free)
{
	int fd = file();

	take_all();
	spare_close(&spare, fd);
	ck_assert_uint_eq(spare.n, SPARE_MAX);
	ck_assert_int_eq(file(), fd);
	close(fd);
}
END_TEST

START_TEST(they_are_filled_up_when_there_are_descriptors)
{
	int fd;

	take_all_but(SPARE_LAST);
	spare_release(&spare);
	fd = file();
	spare_fill(&spare);
	ck_assert_uint_eq(spare.n, SPARE_MAX - 1);
	close(fd);
	spare_fill(&spare);
	ck_assert_uint_eq(spare.n, SPARE_MAX);
}
END_TEST

START_TEST(without_descriptors_at_the_start_there_are_none)
{
	struct spare none;
	int fd = file();

	take_all();
	spare_init(&none);
	ck_assert(!spare_release(&none));
	spare_close(&none, fd);
	ck_assert_int_eq(file(), fd);
	close(fd);
	spare_fini(&none);
}
END_TEST

START_TEST(the_last_are_told_from_others)
{
	int fd;

	take_all_but(SPARE_LAST + 1);
	ck_assert(!spare_only_last(SPARE_LAST));
	ck_assert(!spare_is_last(file()));
	ck_assert(spare_only_last(SPARE_LAST));
	ck_assert(!spare_only_last(SPARE_FILES));
	while (!spare_only_last(SPARE_FILES))
		ck_assert(spare_is_last(file()));
	while ((fd = file()) != -1)
		ck_assert(spare_is_last(fd));
	ck_assert(spare_only_last(SPARE_LAST));
}
END_TEST

START_TEST(a_socket_is_none_of_the_last)
{
	int fd;

	take_all_but(SPARE_LAST + 1);
	fd = spare_socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC);
	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(spare_socket(AF_INET, SOCK_STREAM), -1);
	ck_assert_int_eq(errno, EMFILE);
	take_all();
	ck_assert_int_eq(spare_socket(AF_INET, SOCK_STREAM), -1);
	ck_assert_int_eq(errno, EMFILE);
	close(fd);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("spare");
	TCase *tc = tcase_create("spare");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_spare_makes_room_for_one);
	tcase_add_test(tc, what_is_closed_keeps_its_place);
	tcase_add_test(tc, with_all_spares_there_the_place_is_free);
	tcase_add_test(tc, they_are_filled_up_when_there_are_descriptors);
	tcase_add_test(tc, without_descriptors_at_the_start_there_are_none);
	tcase_add_test(tc, the_last_are_told_from_others);
	tcase_add_test(tc, a_socket_is_none_of_the_last);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
