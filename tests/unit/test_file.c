/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/file.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <check.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char folder[] = "/tmp/meridian-file-XXXXXX";

static const char *
path_of(const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
setup(void)
{
	strcpy(strrchr(folder, '-'), "-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void
teardown(void)
{
	unlink(path_of("a"));
	unlink(path_of("b"));
	ck_assert_int_eq(rmdir(folder), 0);
}

START_TEST(what_is_written_is_read)
{
	static const char data[] = "one\0two";
	struct error err;
	char *back;
	size_t len;

	ck_assert(file_replace(path_of("a"), data, sizeof(data), &err));
	ck_assert(file_read(path_of("a"), 100, &back, &len, &err));
	ck_assert_uint_eq(len, sizeof(data));
	ck_assert_mem_eq(back, data, len);
	ck_assert_int_eq(back[len], '\0');
	free(back);
	ck_assert(file_replace(path_of("a"), "", 0, &err));
	ck_assert(file_read(path_of("a"), 0, &back, &len, &err));
	ck_assert_str_eq(back, "");
	free(back);
}
END_TEST

START_TEST(replacing_leaves_no_temporary_file)
{
	struct error err;

	ck_assert(file_replace(path_of("a"), "x", 1, &err));
	ck_assert_int_eq(access(path_of("a.tmp"), F_OK), -1);
	ck_assert(!file_replace(path_of("none/a"), "x", 1, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "none/a"));
}
END_TEST

START_TEST(a_file_of_the_maximum_is_read_and_no_larger_one)
{
	struct error err;
	char *back;
	size_t len;

	ck_assert(file_replace(path_of("a"), "12345", 5, &err));
	ck_assert(file_read(path_of("a"), 5, &back, &len, &err));
	ck_assert_uint_eq(len, 5);
	free(back);
	ck_assert(!file_read(path_of("a"), 4, &back, &len, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "larger than 4 octets"));
}
END_TEST

START_TEST(a_huge_sparse_file_is_refused_before_it_is_read)
{
	struct error err;
	char *back;
	size_t len;

	ck_assert(file_replace(path_of("a"), "", 0, &err));
	ck_assert_int_eq(truncate(path_of("a"), (off_t)1 << 42), 0);
	ck_assert(!file_read(path_of("a"), 1 << 20, &back, &len, &err));
}
END_TEST

START_TEST(a_file_without_a_size_is_read)
{
	struct error err;
	char *back;
	size_t len;

	ck_assert(file_read("/proc/self/status", 1 << 20, &back, &len, &err));
	ck_assert_uint_gt(len, 100);
	ck_assert_uint_eq(strlen(back), len);
	free(back);
}
END_TEST

START_TEST(what_is_no_regular_file_is_refused)
{
	struct error err;
	char *back;
	size_t len;

	ck_assert_int_eq(mkfifo(path_of("b"), 0600), 0);
	ck_assert(!file_read(path_of("b"), 10, &back, &len, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "not a regular file"));
	ck_assert(!file_read(folder, 10, &back, &len, &err));
	ck_assert(!file_read(path_of("none"), 10, &back, &len, &err));
	ck_assert_ptr_nonnull(strstr(err.text, "No such file"));
	ck_assert_int_eq(file_memfd(folder, &len, &err), -1);
}
END_TEST

START_TEST(a_copy_in_memory_outlives_its_file)
{
	struct error err;
	size_t len;
	char *p;
	int fd;

	ck_assert(file_replace(path_of("a"), "12345", 5, &err));
	fd = file_memfd(path_of("a"), &len, &err);
	ck_assert_int_ge(fd, 0);
	ck_assert_uint_eq(len, 5);
	ck_assert_int_eq(truncate(path_of("a"), 0), 0);
	p = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
	ck_assert_ptr_ne(p, MAP_FAILED);
	ck_assert_mem_eq(p, "12345", 5);
	munmap(p, len);
	ck_assert_int_eq(ftruncate(fd, 0), -1);
	ck_assert_int_eq(pwrite(fd, "x", 1, 0), -1);
	close(fd);
}
END_TEST

START_TEST(a_path_is_seen_from_the_other_files_folder)
{
	static const char *const rows[][3] = {
	    {"/etc/meridian/meridian.yaml", "zones/a", "/etc/meridian/zones/a"},
	    {"meridian.yaml", "zones/a", "zones/a"},
	    {"conf/meridian.yaml", "a", "conf/a"},
	    {"/meridian.yaml", "a", "/a"},
	    {"/etc/meridian.yaml", "/srv/a", "/srv/a"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *path = file_beside(rows[i][0], rows[i][1]);

		ck_assert_str_eq(path, rows[i][2]);
		free(path);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("file");
	TCase *tc = tcase_create("file");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, what_is_written_is_read);
	tcase_add_test(tc, replacing_leaves_no_temporary_file);
	tcase_add_test(tc, a_file_of_the_maximum_is_read_and_no_larger_one);
	tcase_add_test(tc, a_huge_sparse_file_is_refused_before_it_is_read);
	tcase_add_test(tc, a_file_without_a_size_is_read);
	tcase_add_test(tc, what_is_no_regular_file_is_refused);
	tcase_add_test(tc, a_copy_in_memory_outlives_its_file);
	tcase_add_test(tc, a_path_is_seen_from_the_other_files_folder);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
