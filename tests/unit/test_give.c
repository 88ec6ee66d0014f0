/* SPDX-License-Identifier: BSD-3-Clause */
/* The state folder: who has it, and whose files are in it. */
#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "state/lock.h"
#include "state/state.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { OTHER = 12345, PATH = 128 };

static char folder[64];
static bool is_root;

enum what { A_FILE, A_FOLDER, A_FIFO, A_LINK, A_SECOND_NAME };

/* In this order; given: to the daemon's user. */
static const struct {
	const char *name;
	enum what what;
	bool given;
} files[] = {

    {"/state", A_FOLDER, true},
    {"/state/drains.json", A_FILE, true},
    {"/state/signals.journal", A_FILE, true},
    {"/state/.hidden", A_FILE, false},
    {"/state/break-glass", A_FILE, false},
    {"/state/break-glass.taken", A_FILE, false},
    {"/state/break-glas", A_FILE, true},
    {"/state/geoip", A_FOLDER, true},
    {"/state/geoip/x.mmdb", A_FILE, true},
    {"/state/geoip/deeper", A_FOLDER, false},
    {"/state/geoip/deeper/y", A_FILE, false},
    {"/outside", A_FILE, false},
    {"/state/link", A_LINK, false},
    {"/state/second", A_SECOND_NAME, false},
    {"/state/fifo", A_FIFO, false},
};

static const char *
path_of(char path[PATH], size_t i)
{
	snprintf(path, PATH, "%s%s", folder, files[i].name);
	return path;
}

static void
make(const char *path, enum what what)
{
	char outside[PATH];
	int fd;

	snprintf(outside, sizeof(outside), "%s/outside", folder);
	switch (what) {
	case A_FILE:
		fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		ck_assert_int_ge(fd, 0);
		fd_close(&fd);
		break;
	case A_FOLDER:
		ck_assert_int_eq(mkdir(path, 0700), 0);
		break;
	case A_FIFO:
		ck_assert_int_eq(mkfifo(path, 0600), 0);
		break;
	case A_LINK:
		ck_assert_int_eq(symlink(outside, path), 0);
		break;
	case A_SECOND_NAME:
		ck_assert_int_eq(link(outside, path), 0);
		break;
	}
}

static void
setup(void)
{
	char path[PATH];

	is_root = getuid() == 0;
	strcpy(folder, "/tmp/meridian-give-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	for (size_t i = 0; i < ROWS(files); i++)
		make(path_of(path, i), files[i].what);
}

static void
teardown(void)
{
	char command[PATH];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

/* As another user than root the files keep their owner. */
START_TEST(files_are_given_and_what_may_be_somebody_elses_is_not)
{
	uid_t to = is_root ? OTHER : getuid();
	gid_t group = is_root ? OTHER + 1 : getgid();
	char path[PATH], state[PATH];
	struct error err;
	struct stat st;

	snprintf(state, sizeof(state), "%s/state", folder);
	ck_assert_msg(state_give(state, to, group, &err), "%s", err.text);
	for (size_t i = 0; i < ROWS(files); i++) {
		bool given = files[i].given || !is_root;

		ck_assert_int_eq(lstat(path_of(path, i), &st), 0);
		ck_assert_msg(
		    (st.st_uid == to) == given && (st.st_gid == group) == given,
		    "%s", files[i].name);
	}
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_told)
{
	char state[PATH], want[2 * PATH];
	struct error err;

	snprintf(state, sizeof(state), "%s/none", folder);
	snprintf(want, sizeof(want),
	    "%s: its files cannot be given to user 12345: No such file or directory",
	    state);
	ck_assert(!state_give(state, OTHER, OTHER, &err));
	ck_assert_str_eq(err.text, want);
}
END_TEST

/* Who is not root can give nothing away. */
START_TEST(what_cannot_be_given_is_told)
{
	char state[PATH];
	struct error err;

	if (is_root)
		return;
	snprintf(state, sizeof(state), "%s/state", folder);
	ck_assert(!state_give(state, OTHER, OTHER, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "Operation not permitted"));
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told_before_a_start)
{
	char state[PATH], path[2 * PATH];
	struct error err = {""};

	snprintf(state, sizeof(state), "%s/state", folder);
	ck_assert(state_can_read(state, "drains", &err));
	ck_assert(state_can_read(state, "none", &err));
	snprintf(path, sizeof(path), "%s/signals.json", state);
	ck_assert_int_eq(mkdir(path, 0700), 0);
	ck_assert(!state_can_read(state, "signals", &err));
	ck_assert_ptr_nonnull(strstr(err.text, path));
}
END_TEST

/* What is logged while the folder is locked. */
static void
lock_logged(char text[256], int *fd, const char *state, struct error *err)
{
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t n;

	ck_assert_int_eq(pipe2(ends, O_CLOEXEC | O_NONBLOCK), 0);
	dup2(ends[1], STDERR_FILENO);
	*fd = state_lock(state, err);
	dup2(saved, STDERR_FILENO);
	n = read(ends[0], text, 255);
	text[n > 0 ? n : 0] = '\0';
	close(saved);
	close(ends[0]);
	close(ends[1]);
}

/* The folder is made; whoever has it is named, where that is known. */
START_TEST(a_state_folder_has_one_daemon)
{
	char state[PATH], text[256], want[3 * PATH], other[3 * PATH];
	int first, second;
	struct error err = {""};

	snprintf(state, sizeof(state), "%s/new", folder);
	snprintf(want, sizeof(want), "%s: process %ld already", state,
	    (long)getpid());
	snprintf(other, sizeof(other), "%s: another process already", state);
	lock_logged(text, &first, state, &err);
	ck_assert_int_ge(first, 0);
	ck_assert_str_eq(text, "");
	lock_logged(text, &second, state, &err);
	ck_assert_int_eq(second, -1);
	ck_assert_str_eq(text, "");
	ck_assert_msg(strncmp(err.text, want, strlen(want)) == 0 ||
		strncmp(err.text, other, strlen(other)) == 0,
	    "%s", err.text);
	fd_close(&first);
	lock_logged(text, &second, state, &err);
	ck_assert_int_ge(second, 0);
	fd_close(&second);
	snprintf(state, sizeof(state), "%s/outside", folder);
	ck_assert_int_eq(state_lock(state, &err), -1);
	ck_assert_ptr_nonnull(strstr(err.text, "Not a directory"));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("give");
	TCase *tc = tcase_create("give");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(
	    tc, files_are_given_and_what_may_be_somebody_elses_is_not);
	tcase_add_test(tc, a_folder_that_is_not_there_is_told);
	tcase_add_test(tc, what_cannot_be_given_is_told);
	tcase_add_test(tc, a_file_that_cannot_be_read_is_told_before_a_start);
	tcase_add_test(tc, a_state_folder_has_one_daemon);
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
