/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/rcu.h"

#include <check.h>
#include <dirent.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

struct thing {
	struct rcu_head rcu;
	_Atomic int *freed; /* stored by the RCU thread, loaded by the test */
};

static _Atomic int freed;
/* Stored by the test, loaded by the reader, and the other way round. */
static _Atomic int reading, done;

static void
thing_free(struct rcu_head *head)
{
	struct thing *t = (struct thing *)head; /* its first member */

	atomic_fetch_add(t->freed, 1);
	free(t);
}

static void
defer_one(void)
{
	struct thing *t = calloc(1, sizeof(*t));

	t->freed = &freed;
	rcu_defer(&t->rcu, thing_free);
}

static void *
reader(void *arg)
{
	(void)arg;
	rcu_thread_begin();
	atomic_store(&reading, 1);
	while (!atomic_load(&done))
		usleep(1000);
	rcu_quiescent();
	rcu_sleep();
	usleep(1000);
	rcu_wake();
	rcu_thread_end();
	return NULL;
}

START_TEST(what_is_deferred_runs)
{
	rcu_thread_begin();
	for (int i = 0; i < 100; i++)
		defer_one();
	rcu_drain();
	ck_assert_int_eq(atomic_load(&freed), 100);
	rcu_thread_end();
}
END_TEST

START_TEST(it_waits_for_a_reader_that_was_there)
{
	pthread_t thread;

	rcu_thread_begin();
	ck_assert_int_eq(pthread_create(&thread, NULL, reader, NULL), 0);
	while (!atomic_load(&reading))
		usleep(1000);
	defer_one();
	rcu_sleep();
	usleep(50000);
	ck_assert_int_eq(atomic_load(&freed), 0);
	atomic_store(&done, 1);
	pthread_join(thread, NULL);
	rcu_wake();
	rcu_drain();
	ck_assert_int_eq(atomic_load(&freed), 1);
	rcu_thread_end();
}
END_TEST

START_TEST(a_sleeping_reader_holds_up_nobody)
{
	rcu_thread_begin();
	rcu_sleep();
	rcu_wake();
	defer_one();
	rcu_drain();
	ck_assert_int_eq(atomic_load(&freed), 1);
	rcu_thread_end();
}
END_TEST

static size_t
threads(void)
{
	DIR *d = opendir("/proc/self/task");
	size_t n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n - 2; /* "." and ".." */
}

START_TEST(held_functions_wait_and_start_no_thread)
{
	size_t before = threads(); /* a sanitizer may have one of its own */

	rcu_hold();
	for (int i = 0; i < 10; i++)
		defer_one();
	ck_assert_uint_eq(threads(), before);
	ck_assert_int_eq(atomic_load(&freed), 0);
	rcu_release();
	rcu_drain();
	ck_assert_int_eq(atomic_load(&freed), 10);
	rcu_hold();
	defer_one();
	rcu_drain(); /* releases */
	ck_assert_int_eq(atomic_load(&freed), 11);
	defer_one();
	rcu_drain();
	ck_assert_int_eq(atomic_load(&freed), 12);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rcu");
	TCase *tc = tcase_create("rcu");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(tc, what_is_deferred_runs);
	tcase_add_test(tc, it_waits_for_a_reader_that_was_there);
	tcase_add_test(tc, a_sleeping_reader_holds_up_nobody);
	tcase_add_test(tc, held_functions_wait_and_start_no_thread);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
