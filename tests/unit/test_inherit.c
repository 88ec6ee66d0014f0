/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/inherit.h"

#include <sys/un.h>

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/net.h"

static struct endpoint
loopback(uint8_t family)
{
	struct endpoint e = {0};

	addr_parse(family == 4 ? "127.0.0.1" : "::1", &e.addr);
	return e;
}

static bool
is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

/* A socket of that kind, and where it is. */
static int
made(bool tcp, uint8_t family, struct endpoint *e)
{
	struct error err;
	int fd;

	*e = loopback(family);
	fd = tcp ? net_listen_tcp(e, &err) : net_listen_udp(e, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert(net_bound_endpoint(fd, e));
	return fd;
}

START_TEST(a_socket_is_found_by_its_address_and_kind)
{
	bool tcp = _i % 2 == 0;
	struct endpoint e;
	struct error err;
	int fd = made(tcp, _i < 2 ? 4 : 6, &e), other;
	struct endpoint elsewhere = e;

	fcntl(fd, F_SETFD, 0);
	inherit_begin(&fd, 1);
	ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
	elsewhere.port = 0;
	addr_parse(_i < 2 ? "127.0.0.9" : "::", &elsewhere.addr);
	other = tcp ? net_listen_tcp(&elsewhere, &err)
		    : net_listen_udp(&elsewhere, &err);
	ck_assert_int_ne(other, fd);
	fd_close(&other);
	ck_assert_int_eq(
	    tcp ? net_listen_tcp(&e, &err) : net_listen_udp(&e, &err), fd);
	/* It is taken. */
	elsewhere = loopback(_i < 2 ? 4 : 6);
	other = tcp ? net_listen_tcp(&elsewhere, &err)
		    : net_listen_udp(&elsewhere, &err);
	ck_assert_int_ne(other, fd);
	fd_close(&other);
	fd_close(&fd);
}
END_TEST

START_TEST(port_0_is_any_port)
{
	struct endpoint e, any = loopback(4);
	struct error err;
	int fds[2] = {made(false, 4, &e), 0};

	fds[1] = net_listen_udp(&e, &err); /* SO_REUSEPORT */
	inherit_begin(fds, 2);
	ck_assert_int_eq(net_listen_udp(&any, &err), fds[0]);
	ck_assert_int_eq(net_listen_udp(&e, &err), fds[1]);
	fd_close(&fds[0]);
	fd_close(&fds[1]);
}
END_TEST

START_TEST(what_nobody_takes_is_closed)
{
	struct endpoint e;
	int fds[2] = {made(true, 4, &e), made(false, 4, &e)};

	inherit_begin(fds, 2);
	inherit_end();
	ck_assert(!is_open(fds[0]));
	ck_assert(!is_open(fds[1]));
}
END_TEST

START_TEST(a_path_is_found_and_removed_when_nobody_takes_it)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char folder[] = "/tmp/meridian-test.XXXXXX";
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s/sock", folder);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 1), 0);
	inherit_begin(&fd, 1);
	ck_assert_int_eq(
	    inherit_take(SOCK_STREAM, (struct sockaddr *)&sun, sizeof(sun)),
	    fd);
	inherit_begin(&fd, 1);
	inherit_end();
	ck_assert(!is_open(fd));
	ck_assert_int_ne(access(sun.sun_path, F_OK), 0);
	rmdir(folder);
}
END_TEST

/* A file, a pipe, a connection, a socket that is not bound, what is closed. */
START_TEST(what_is_no_bound_socket_is_left_alone)
{
	int pair[2], pipes[2], fds[8];
	size_t n = 0;

	ck_assert_int_eq(
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	ck_assert_int_eq(pipe2(pipes, O_CLOEXEC), 0);
	fds[n++] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	fds[n++] = pair[0];
	fds[n++] = pipes[0];
	fds[n++] = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	fds[n++] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	fds[n++] = 999;
	fds[n++] = 0;
	fds[n++] = -1;
	inherit_begin(fds, n);
	inherit_end();
	for (size_t i = 0; i < 5; i++)
		ck_assert(is_open(fds[i]));
	ck_assert(is_open(0));
}
END_TEST

START_TEST(all_that_can_be_left_are_found)
{
	struct endpoint e;
	int before[INHERIT_MAX], found[INHERIT_MAX];
	size_t nbefore = inherit_find(before), n;
	int fds[3] = {
	    made(true, 4, &e), made(false, 4, &e), made(false, 6, &e)};

	n = inherit_find(found);
	ck_assert_uint_eq(n, nbefore + 3);
	for (size_t i = 0; i < 3; i++)
		fd_close(&fds[i]);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("inherit");
	TCase *t = tcase_create("inherit");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, a_socket_is_found_by_its_address_and_kind, 0, 4);
	tcase_add_test(t, port_0_is_any_port);
	tcase_add_test(t, what_nobody_takes_is_closed);
	tcase_add_test(t, a_path_is_found_and_removed_when_nobody_takes_it);
	tcase_add_test(t, what_is_no_bound_socket_is_left_alone);
	tcase_add_test(t, all_that_can_be_left_are_found);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
