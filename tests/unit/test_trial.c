/* SPDX-License-Identifier: BSD-3-Clause */
/* Could a daemon start with a configuration? */
#include "ctl/trial.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/net.h"
#include "sample.h"
#include "state/lock.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct sample sample;
/* Of an address that no other test uses. */
static struct endpoint taken;
static int fds[2]; /* that have it: TCP, UDP */

/* One that has a port for TCP, and maybe for UDP too. */
static void
setup(void)
{
	struct error err;

	sample_open(&sample);
	ck_assert(endpoint_parse("127.99.0.7@0", &taken, &err));
	fds[0] = net_listen_tcp(&taken, &err);
	ck_assert_int_ge(fds[0], 0);
	ck_assert(net_bound_endpoint(fds[0], &taken));
	fds[1] = -1;
}

static void
teardown(void)
{
	char command[SAMPLE_PATH_MAX + 16];

	for (size_t i = 0; i < ROWS(fds); i++)
		fd_close(&fds[i]);
	snprintf(command, sizeof(command), "rm -rf %s", sample.folder);
	ck_assert_int_eq(system(command), 0);
}

static void
configure(const char *listen, const char *more)
{
	FILE *f = fopen(sample.conf, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(
	    f, "meridian: 1\nserver: {listen: [\"127.99.0.7@%s\"], ", listen);
	fprintf(f, "state: %s/state, control: %s/c%s}\n", sample.folder,
	    sample.folder, more);
	fprintf(f, "zones: {example.com: example.com.zone}\n");
	fclose(f);
}

static const char *
port(void)
{
	static char text[8];

	snprintf(text, sizeof(text), "%u", (unsigned)taken.port);
	return text;
}

/* Bound as no other may bind it. */
static int
udp_alone(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&taken.addr, taken.port, &ss);

	ck_assert_int_eq(bind(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

static bool
is_there(const char *name)
{
	char path[SAMPLE_PATH_MAX + 16];

	snprintf(path, sizeof(path), "%s/%s", sample.folder, name);
	return access(path, F_OK) == 0;
}

START_TEST(what_is_free_can_be_had_and_is_left_free)
{
	struct error err = {""};

	fd_close(&fds[0]);
	configure(port(), ", control_read: rr, http: 127.99.0.7@0");
	for (int i = 0; i < 2; i++) {
		ck_assert_msg(trial_start(sample.conf, &err), "%s", err.text);
		ck_assert(trial_bind(sample.conf));
	}
	ck_assert(is_there("state"));
	ck_assert(!is_there("c"));
	ck_assert(!is_there("rr"));
	fds[0] = net_listen_tcp(&taken, &err);
	ck_assert_int_ge(fds[0], 0);
	fds[1] = net_listen_udp(&taken, &err);
	ck_assert_int_ge(fds[1], 0);
}
END_TEST

/* The port by TCP, by UDP alone, and of http. */
START_TEST(a_port_that_is_taken_is_told)
{
	char more[64] = "";
	struct error err = {""};

	if (_i == 1) {
		fd_close(&fds[0]);
		fds[1] = udp_alone();
	}
	if (_i == 2)
		snprintf(more, sizeof(more), ", http: 127.99.0.7@%s", port());
	configure(_i == 2 ? "0" : port(), more);
	ck_assert(!trial_start(sample.conf, &err));
	ck_assert_ptr_nonnull(strstr(err.text, port()));
	ck_assert(!trial_bind(sample.conf));
	ck_assert(!is_there("state"));
}
END_TEST

START_TEST(a_folder_that_another_has_is_told)
{
	char path[SAMPLE_PATH_MAX + 16];
	struct error err = {""};
	int lock;

	configure("0", "");
	snprintf(path, sizeof(path), "%s/state", sample.folder);
	lock = state_lock(path, &err);
	ck_assert_int_ge(lock, 0);
	ck_assert(!trial_start(sample.conf, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "already uses this"));
	/* Whoever restarts in place has it itself. */
	ck_assert(trial_bind(sample.conf));
	fd_close(&lock);
	ck_assert_msg(trial_start(sample.conf, &err), "%s", err.text);
}
END_TEST

/* The operators' socket and the readers'. */
START_TEST(a_socket_where_a_daemon_listens_is_told)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct error err = {""};

	configure("0", ", control_read: r");
	snprintf(sun.sun_path, sizeof(sun.sun_path), "%.90s/%s", sample.folder,
	    _i == 0 ? "c" : "r");
	ck_assert_int_eq(
	    bind(fd, (const struct sockaddr *)&sun, sizeof(sun)), 0);
	ck_assert_int_eq(listen(fd, 5), 0);
	ck_assert(!trial_start(sample.conf, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "a daemon listens there"));
	ck_assert(!trial_bind(sample.conf));
	fd_close(&fd);
	ck_assert_msg(trial_start(sample.conf, &err), "%s", err.text);
	ck_assert(trial_bind(sample.conf));
}
END_TEST

/* That is for the build to tell. */
START_TEST(a_wrong_configuration_is_not_tried)
{
	struct error err = {""};

	configure("x", "");
	ck_assert(trial_start(sample.conf, &err));
	ck_assert(!trial_bind(sample.conf));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("trial");
	TCase *tc = tcase_create("trial");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_free_can_be_had_and_is_left_free);
	tcase_add_loop_test(tc, a_port_that_is_taken_is_told, 0, 3);
	tcase_add_test(tc, a_folder_that_another_has_is_told);
	tcase_add_loop_test(tc, a_socket_where_a_daemon_listens_is_told, 0, 2);
	tcase_add_test(tc, a_wrong_configuration_is_not_tried);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
