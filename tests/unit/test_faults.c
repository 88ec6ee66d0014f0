/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * System calls that are interrupted, do half of their work, or fail.  The
 * linker leads the calls of the server to the functions here (--wrap).
 */
#include <check.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "sample.h"
#include "serve/count.h"
#include "serve/tcp.h"
#include "serve/udp.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

enum { WAIT_MS = 5000, MANY = 40, TRIES = 3 };

enum call { CALL_READ, CALL_WRITE, CALL_FSYNC, CALL_RENAME, CALL_SEND, CALLS };

/* The next so many calls after those that are let through fail like that. */
static struct fault {
	_Atomic int through, failures, error;
	_Atomic bool halves; /* one octet or message a call */
} faults[CALLS];

/* What is left of a batch of messages of which one was sent. */
static _Atomic unsigned unsent;
static _Atomic bool others; /* some were not of the batch */

ssize_t __real_read(int fd, void *buf, size_t n);
ssize_t __real_write(int fd, const void *buf, size_t n);
int __real_fsync(int fd);
int __real_rename(const char *from, const char *to);
int __real_renameat2(int from_folder, const char *from, int to_folder,
    const char *to, unsigned flags);
int __real_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags);
ssize_t __wrap_read(int fd, void *buf, size_t n);
ssize_t __wrap_write(int fd, const void *buf, size_t n);
int __wrap_fsync(int fd);
int __wrap_rename(const char *from, const char *to);
int __wrap_renameat2(int from_folder, const char *from, int to_folder,
    const char *to, unsigned flags);
int __wrap_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags);

static bool
fails(enum call call)
{
	struct fault *f = &faults[call];

	if (atomic_load(&f->failures) == 0)
		return false;
	if (atomic_load(&f->through) > 0) {
		atomic_fetch_sub(&f->through, 1);
		return false;
	}
	atomic_fetch_sub(&f->failures, 1);
	errno = atomic_load(&f->error);
	return true;
}

static void
fail_next(enum call call, int through, int failures, int error)
{
	atomic_store(&faults[call].through, through);
	atomic_store(&faults[call].error, error);
	atomic_store(&faults[call].failures, failures);
}

ssize_t
__wrap_read(int fd, void *buf, size_t n)
{
	if (fails(CALL_READ))
		return -1;
	return __real_read(
	    fd, buf, atomic_load(&faults[CALL_READ].halves) && n > 1 ? 1 : n);
}

ssize_t
__wrap_write(int fd, const void *buf, size_t n)
{
	if (fails(CALL_WRITE))
		return -1;
	return __real_write(
	    fd, buf, atomic_load(&faults[CALL_WRITE].halves) && n > 1 ? 1 : n);
}

int
__wrap_fsync(int fd)
{
	return fails(CALL_FSYNC) ? -1 : __real_fsync(fd);
}

int
__wrap_rename(const char *from, const char *to)
{
	return fails(CALL_RENAME) ? -1 : __real_rename(from, to);
}

int
__wrap_renameat2(int from_folder, const char *from, int to_folder,
    const char *to, unsigned flags)
{
	return fails(CALL_RENAME)
	    ? -1
	    : __real_renameat2(from_folder, from, to_folder, to, flags);
}

int
__wrap_sendmmsg(int fd, struct mmsghdr *m, unsigned n, int flags)
{
	bool halves = atomic_load(&faults[CALL_SEND].halves);

	if (fails(CALL_SEND)) {
		atomic_store(&unsent, n - 1);
		return -1;
	}
	if (halves && atomic_load(&unsent) != 0 && atomic_load(&unsent) != n)
		atomic_store(&others, true);
	atomic_store(&unsent, n - 1);
	return __real_sendmmsg(fd, m, halves && n > 1 ? 1 : n, flags);
}

static void
no_faults(void)
{
	for (size_t i = 0; i < CALLS; i++) {
		fail_next((enum call)i, 0, 0, 0);
		atomic_store(&faults[i].halves, false);
	}
}

/* The server -------------------------------------------------------------- */

static struct sample sample;
static struct endpoint endpoint;
static struct udp_workers *workers;

static void
setup(void)
{
	struct diag d;
	struct error err = {""};

	no_faults();
	diag_init(&d);
	sample_open(&sample);
	snapshot_publish(snapshot_build(sample.conf, &d));
	diag_fini(&d);
	ck_assert_ptr_nonnull(snapshot_current());
	ck_assert(endpoint_parse("127.0.0.1@0", &endpoint, &err));
	workers = udp_open(&endpoint, 1, 1, &err);
	ck_assert_msg(workers != NULL, "%s", err.text);
}

static void
teardown(void)
{
	no_faults();
	snapshot_publish(NULL);
	rcu_drain();
	sample_close(&sample);
}

static int
client(void)
{
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct sockaddr_storage ss;
	socklen_t len = addr_to_sockaddr(&endpoint.addr, endpoint.port, &ss);

	ck_assert_int_ne(fd, -1);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&ss, len), 0);
	return fd;
}

/* Before the worker starts, so that it gets all at once. */
static void
ask(int fd, unsigned n)
{
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A};
	uint8_t packet[SAMPLE_QUERY_MAX];
	size_t len = sample_packet(packet, &q);

	for (unsigned i = 0; i < n; i++) {
		packet[1] = (uint8_t)i;
		ck_assert_int_eq(send(fd, packet, len, 0), (ssize_t)len);
	}
}

/* How many replies come until wait_ms pass without one; each once. */
static unsigned
replies(int fd, unsigned most, int wait_ms)
{
	struct pollfd p = {.fd = fd, .events = POLLIN};
	uint8_t reply[DNS_UDP_EDNS];
	bool seen[256] = {false};
	unsigned n = 0;

	while (n < most && poll(&p, 1, wait_ms) == 1) {
		ck_assert_int_gt(recv(fd, reply, sizeof(reply), 0), 12);
		ck_assert(!seen[reply[1]]);
		seen[reply[1]] = true;
		n++;
	}
	return n;
}

static void
check_send_failed(uint64_t n)
{
	struct counters sum;

	count_sum(&sum);
	ck_assert_uint_eq(sum.send_failed, n);
}

START_TEST(udp_stops_though_interrupted)
{
	ck_assert(udp_start(workers, NULL));
	fail_next(CALL_WRITE, 0, TRIES, EINTR);
	udp_stop(workers); /* the test's time limit ends it otherwise */
	ck_assert_int_eq(atomic_load(&faults[CALL_WRITE].failures), 0);
}
END_TEST

START_TEST(tcp_stops_though_interrupted)
{
	struct endpoint e = endpoint;
	struct error err = {""};
	struct tcp_service *t;

	e.port = 0;
	t = tcp_open(&e, 1, &err);
	ck_assert_msg(t != NULL, "%s", err.text);
	ck_assert(tcp_start(t, NULL));
	fail_next(CALL_WRITE, 0, TRIES, EINTR);
	tcp_stop(t);
	ck_assert_int_eq(atomic_load(&faults[CALL_WRITE].failures), 0);
	udp_stop(workers);
}
END_TEST

START_TEST(replies_are_sent_though_interrupted)
{
	int fd = client();

	ask(fd, MANY);
	fail_next(CALL_SEND, 0, TRIES, EINTR);
	ck_assert(udp_start(workers, NULL));
	ck_assert_uint_eq(replies(fd, MANY, WAIT_MS), MANY);
	check_send_failed(0);
	close(fd);
	udp_stop(workers);
}
END_TEST

START_TEST(replies_are_sent_though_one_at_a_time)
{
	int fd = client();

	ask(fd, MANY);
	atomic_store(&faults[CALL_SEND].halves, true);
	ck_assert(udp_start(workers, NULL));
	ck_assert_uint_eq(replies(fd, MANY, WAIT_MS), MANY);
	check_send_failed(0);
	close(fd);
	udp_stop(workers);
	ck_assert(!atomic_load(&others));
}
END_TEST

START_TEST(a_reply_that_cannot_be_sent_costs_no_other)
{
	int fd = client();

	ask(fd, MANY);
	atomic_store(&faults[CALL_SEND].halves, true);
	fail_next(CALL_SEND, 3, 2, EPERM);
	ck_assert(udp_start(workers, NULL));
	ck_assert_uint_eq(replies(fd, MANY - 2, WAIT_MS), MANY - 2);
	ck_assert_uint_eq(replies(fd, 1, 50), 0);
	check_send_failed(2);
	close(fd);
	udp_stop(workers);
}
END_TEST

/* Files -------------------------------------------------------------------- */

static char folder[] = "/tmp/test_faults.XXXXXX";
static char path[64], temporary[80];

static void
files_setup(void)
{
	struct error err = {""};

	no_faults();
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/file", folder);
	snprintf(temporary, sizeof(temporary), "%s.tmp", path);
	ck_assert(file_replace(path, "before", 6, &err));
}

static void
files_teardown(void)
{
	no_faults();
	unlink(path);
	rmdir(folder);
}

static void
check_content(const char *want)
{
	struct error err = {""};
	struct stat st;
	char *data;
	size_t len;

	no_faults();
	ck_assert_msg(file_read(path, 100, &data, &len, &err), "%s", err.text);
	ck_assert_str_eq(data, want);
	ck_assert_uint_eq(len, strlen(want));
	free(data);
	ck_assert_int_eq(stat(temporary, &st), -1);
}

/* Where the old file is still there, and where the new one may be. */
static void
check_failure(enum call call, int through, int error, const char *left)
{
	struct error err = {""};

	fail_next(call, through, 1, error);
	ck_assert(!file_replace(path, "after", 5, &err));
	ck_assert_ptr_nonnull(strstr(err.text, strerror(error)));
	ck_assert_ptr_nonnull(strstr(err.text, path));
	check_content(left);
}

START_TEST(a_file_that_cannot_be_replaced_stays)
{
	check_failure(CALL_WRITE, 0, ENOSPC, "before");
	atomic_store(&faults[CALL_WRITE].halves, true);
	check_failure(CALL_WRITE, 2, EDQUOT, "before");
	check_failure(CALL_FSYNC, 0, EIO, "before");
	check_failure(CALL_RENAME, 0, EROFS, "before");
	/* The folder's: it had the name, but is not known to be durable. */
	check_failure(CALL_FSYNC, 1, EIO, "before");
}
END_TEST

START_TEST(a_first_file_that_is_not_known_to_be_there_is_not)
{
	struct error err = {""};

	unlink(path);
	fail_next(CALL_FSYNC, 1, 1, EIO);
	ck_assert(!file_replace(path, "first", 5, &err));
	ck_assert_int_eq(access(path, F_OK), -1);
	ck_assert_int_eq(access(temporary, F_OK), -1);
}
END_TEST

/* As on NFS. */
START_TEST(where_files_cannot_be_exchanged_they_are_renamed)
{
	static const int errors[] = {EINVAL, ENOSYS, ENOENT};
	struct error err = {""};

	fail_next(CALL_RENAME, 0, 1, errors[_i]);
	ck_assert_msg(file_replace(path, "after", 5, &err), "%s", err.text);
	check_content("after");
}
END_TEST

START_TEST(a_file_is_replaced_though_interrupted)
{
	struct error err = {""};

	atomic_store(&faults[CALL_WRITE].halves, true);
	fail_next(CALL_WRITE, 2, TRIES, EINTR);
	ck_assert_msg(file_replace(path, "after", 5, &err), "%s", err.text);
	check_content("after");
}
END_TEST

START_TEST(a_file_is_read_though_interrupted)
{
	struct error err = {""};
	char *data;
	size_t len;
	int fd;

	atomic_store(&faults[CALL_READ].halves, true);
	fail_next(CALL_READ, 2, TRIES, EINTR);
	ck_assert_msg(file_read(path, 100, &data, &len, &err), "%s", err.text);
	ck_assert_str_eq(data, "before");
	free(data);
	fail_next(CALL_READ, 2, TRIES, EINTR);
	fd = file_memfd(path, &len, &err);
	ck_assert_msg(fd != -1, "%s", err.text);
	ck_assert_uint_eq(len, 6);
	close(fd);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told)
{
	struct error err = {""};
	char *data;
	size_t len;

	fail_next(CALL_READ, 0, 1, EIO);
	ck_assert(!file_read(path, 100, &data, &len, &err));
	ck_assert_ptr_nonnull(strstr(err.text, strerror(EIO)));
	fail_next(CALL_READ, 0, 1, EIO);
	ck_assert_int_eq(file_memfd(path, &len, &err), -1);
	fail_next(CALL_WRITE, 0, 1, ENOSPC);
	ck_assert_int_eq(file_memfd(path, &len, &err), -1);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("faults");
	TCase *server = tcase_create("server"), *files = tcase_create("files");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(server, setup, teardown);
	tcase_add_test(server, udp_stops_though_interrupted);
	tcase_add_test(server, tcp_stops_though_interrupted);
	tcase_add_test(server, replies_are_sent_though_interrupted);
	tcase_add_test(server, replies_are_sent_though_one_at_a_time);
	tcase_add_test(server, a_reply_that_cannot_be_sent_costs_no_other);
	suite_add_tcase(suite, server);
	tcase_add_checked_fixture(files, files_setup, files_teardown);
	tcase_add_test(files, a_file_that_cannot_be_replaced_stays);
	tcase_add_test(
	    files, a_first_file_that_is_not_known_to_be_there_is_not);
	tcase_add_loop_test(
	    files, where_files_cannot_be_exchanged_they_are_renamed, 0, 3);
	tcase_add_test(files, a_file_is_replaced_though_interrupted);
	tcase_add_test(files, a_file_is_read_though_interrupted);
	tcase_add_test(files, a_file_that_cannot_be_read_is_told);
	suite_add_tcase(suite, files);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
