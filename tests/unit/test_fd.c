/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fd.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

static int
file(void)
{
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	ck_assert_int_gt(fd, STDERR_FILENO);
	return fd;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

START_TEST(a_descriptor_is_closed_once)
{
	int fd = file(), number = fd;

	ck_assert(fd_close(&fd));
	ck_assert_int_eq(fd, -1);
	ck_assert(!is_open(number));
	ck_assert(fd_close(&fd));
}
END_TEST

START_TEST(closing_it_twice_is_fatal)
{
	int fd = file(), again = fd;

	fd_close(&fd);
	fd_close(&again);
}
END_TEST

/* What calloc(3) leaves. */
START_TEST(closing_0_is_fatal)
{
	int fd = 0;

	fd_close(&fd);
}
END_TEST

START_TEST(closing_standard_error_is_fatal)
{
	int fd = STDERR_FILENO;

	fd_close(&fd);
}
END_TEST

START_TEST(closing_what_is_no_descriptor_is_fatal)
{
	int fd = -2;

	fd_close(&fd);
}
END_TEST

START_TEST(replacing_keeps_the_number)
{
	int fd = file(), source = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	char c = 1;

	ck_assert(fd_replace(fd, source));
	ck_assert_int_eq(read(fd, &c, 1), 1);
	ck_assert_int_eq(c, 0);
	ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	fd_close(&source);
	fd_close(&fd);
}
END_TEST

START_TEST(replacing_what_is_closed_is_fatal)
{
	int fd = file(), source = file(), again = fd;

	fd_close(&fd);
	fd_replace(again, source);
}
END_TEST

/* In a process of its own: the first of those given that is closed at the
 * start. */
static int
begin_without(int first)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		for (int i = first; i <= STDERR_FILENO; i++)
			close(i);
		fd_begin();
		for (int i = 0; i <= STDERR_FILENO; i++)
			if (!is_open(i))
				_exit(1);
		_exit(open("/dev/null", O_RDONLY) > STDERR_FILENO ? 0 : 2);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

START_TEST(the_first_three_are_open_after_the_beginning)
{
	for (int first = 0; first <= STDERR_FILENO + 1; first++)
		ck_assert_int_eq(begin_without(first), 0);
}
END_TEST

int
main(void)
{
	TCase *tc = tcase_create("fd");
	Suite *s = suite_create("fd");
	SRunner *r;
	int failed;

	tcase_add_test(tc, a_descriptor_is_closed_once);
	tcase_add_test_raise_signal(tc, closing_it_twice_is_fatal, SIGABRT);
	tcase_add_test_raise_signal(tc, closing_0_is_fatal, SIGABRT);
	tcase_add_test_raise_signal(
	    tc, closing_standard_error_is_fatal, SIGABRT);
	tcase_add_test_raise_signal(
	    tc, closing_what_is_no_descriptor_is_fatal, SIGABRT);
	tcase_add_test(tc, replacing_keeps_the_number);
	tcase_add_test_raise_signal(
	    tc, replacing_what_is_closed_is_fatal, SIGABRT);
	tcase_add_test(tc, the_first_three_are_open_after_the_beginning);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
