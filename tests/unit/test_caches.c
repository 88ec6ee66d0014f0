/* SPDX-License-Identifier: BSD-3-Clause */
/* How long caches keep what is drained, second by second. */
#include "snapshot/caches.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "sample.h"
#include "snapshot/build.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { NOW_S = 5000, WALL_S = 1780000000, CUT_OFF_S = 2 };

static struct sample sample;
static struct snapshot *snapshot;
static struct drain *d;

static void
setup(void)
{
	struct diag diag;

	clock_fake(UINT64_C(1000) * NOW_S, WALL_S);
	sample_open(&sample);
	diag_init(&diag);
	snapshot = snapshot_build(sample.conf, &diag);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&diag));
	diag_fini(&diag);
}

static void
teardown(void)
{
	drain_free(d);
	d = NULL;
	snapshot_free(snapshot);
	sample_close(&sample);
	clock_real();
}

/* The last answer with a region of a pool, of the sample's, ends then. */
static void
give_out(size_t pool, size_t region, size_t row, uint32_t end_s)
{
	struct tally *t = snapshot_row(snapshot, row) +
	    snapshot->pools[pool].first_tally + region;

	atomic_store(&t->let_go, end_s);
}

static void
drain(const char *what)
{
	d = drain_new(what, "me", "x", WALL_S, DRAIN_FOREVER, false, NULL);
	ck_assert_ptr_nonnull(d);
}

/* Regions 0 and 1 of pools 0 (www) and 1 (still) are eu and us. */
static const struct {
	const char *what;
	struct {
		size_t pool, region, row;
		uint32_t end_s;
	} given[3];
	int64_t let_go;
} looks[] = {
    /* Nothing was given out, or what was is over. */
    {"eu", {{0, 1, 0, NOW_S + 50}}, NOW_S},
    {"eu", {{0, 0, 0, NOW_S - CUT_OFF_S - 1}}, NOW_S},
    {"eu", {{0, 0, 0, NOW_S - CUT_OFF_S}}, NOW_S},
    {"eu", {{0, 0, 0, NOW_S - CUT_OFF_S + 1}}, NOW_S + 1},
    {"eu", {{0, 0, 0, NOW_S}}, NOW_S + CUT_OFF_S},
    {"eu", {{0, 0, 0, NOW_S + 57}}, NOW_S + 59},
    {"us", {{0, 1, 0, NOW_S + 57}}, NOW_S + 59},
    /* The latest of rows and pools. */
    {"eu", {{0, 0, 1, NOW_S + 30}, {0, 0, 0, NOW_S + 20}}, NOW_S + 32},
    {"eu", {{1, 0, 1, NOW_S + 30}, {0, 0, 0, NOW_S + 20}}, NOW_S + 32},
    {"eu", {{1, 0, 1, NOW_S + 30}, {0, 0, 0, NOW_S + 31}}, NOW_S + 33},
    {"eu", {{0, 0, SNAPSHOT_ROWS, NOW_S + 9}}, NOW_S + 11},
    /* Of that pool alone. */
    {"www/eu", {{1, 0, 1, NOW_S + 30}, {0, 0, 0, NOW_S + 20}}, NOW_S + 22},
    {"still/eu", {{1, 0, 1, NOW_S + 30}, {0, 0, 0, NOW_S + 50}}, NOW_S + 32},
    {"still/us", {{1, 0, 1, NOW_S + 30}, {0, 1, 0, NOW_S + 50}}, NOW_S},
};

START_TEST(the_last_answer_decides_and_two_seconds_more)
{
	drain(looks[_i].what);
	for (size_t i = 0; i < ROWS(looks[_i].given); i++)
		if (looks[_i].given[i].end_s != 0)
			give_out(looks[_i].given[i].pool,
			    looks[_i].given[i].region, looks[_i].given[i].row,
			    looks[_i].given[i].end_s);
	caches_look(snapshot, d);
	ck_assert_int_eq(d->let_go, looks[_i].let_go);
	d->let_go = NOW_S + 1000; /* never earlier */
	caches_look(snapshot, d);
	ck_assert_int_eq(d->let_go, NOW_S + 1000);
}
END_TEST

/* While it grows, answers are given out: not before it is whole. */
static const struct {
	int64_t over_s, whole_s;
	uint32_t end_s;
	int64_t let_go;
} growing[] = {
    {100, NOW_S + 70, NOW_S + 20, NOW_S + 71},
    {100, NOW_S + 22, NOW_S + 20, NOW_S + 23},
    {100, NOW_S + 21, NOW_S + 20, NOW_S + 22},
    {100, NOW_S - 9, NOW_S + 20, NOW_S + 22},
    {100, NOW_S, 0, NOW_S + 1},
    {0, NOW_S + 70, NOW_S + 20, NOW_S + 22},
};

START_TEST(what_grows_keeps_caches_until_it_is_whole)
{
	drain("www/eu");
	d->over_s = growing[_i].over_s;
	d->whole_s = growing[_i].whole_s;
	give_out(0, 0, 0, growing[_i].end_s);
	caches_look(snapshot, d);
	ck_assert_int_eq(d->let_go, growing[_i].let_go);
}
END_TEST

/* The least TTL of a name is 10 s in the sample, for www. */
static const struct {
	int64_t at, over_s;
	uint32_t end_s;
	int64_t left_s;
} announced[] = {
    {WALL_S + 100, 0, 0, 100 + 10 + CUT_OFF_S},
    {WALL_S + 100, 31, 0, 100 + 31 + 10 + CUT_OFF_S},
    {WALL_S + 1, 0, NOW_S + 10, 13},
    {WALL_S + 1, 0, NOW_S + 11, 13},
    {WALL_S + 1, 0, NOW_S + 12, 14},
};

START_TEST(what_is_announced_begins_with_short_ttls)
{
	drain("eu");
	d->at = announced[_i].at;
	d->over_s = announced[_i].over_s;
	give_out(0, 0, 0, announced[_i].end_s);
	ck_assert_int_eq(caches_announced_s(snapshot, d), announced[_i].left_s);
}
END_TEST

/* The largest TTL of a name is 60 s in the sample. */
static const struct {
	int64_t at, whole_s, let_go;
	bool gone;
} restored[] = {
    {0, NOW_S, NOW_S + 62, false}, {0, NOW_S - 61, NOW_S + 1, false},
    {0, NOW_S - 62, NOW_S, true}, {0, NOW_S - 63, NOW_S - 1, true},
    {0, NOW_S + 9, NOW_S + 71, false},
    {WALL_S + 9, NOW_S - 100, 7, false}, /* announced: left as it is */
};

START_TEST(after_a_start_the_largest_ttl_is_waited_for)
{
	drain("eu");
	d->at = restored[_i].at;
	d->whole_s = restored[_i].whole_s;
	d->let_go = 7;
	caches_restore(snapshot, d);
	ck_assert_int_eq(d->let_go, restored[_i].let_go);
	ck_assert(d->gone == restored[_i].gone);
}
END_TEST

/* A name with the longest TTLs: the first, one within, and the last. */
static const char *const longest[] = {
    "  www.example.com: {pool: www, policy: near, ttl: {max: 60, min: 10}}\n",
    "  again.example.com: {pool: again, policy: near}\n",
    "  cut.example.com: {pool: cut, policy: near}\n",
};

START_TEST(the_longest_ttls_of_all_names_count)
{
	const char *name = longest[_i], *end = strstr(name, "near") + 4;
	struct diag diag;
	char text[128];

	snapshot_free(snapshot);
	snprintf(text, sizeof(text), "%.*s, ttl: {max: 90, min: 23}}\n",
	    (int)(end - name), name);
	sample_replace(&sample, name, text);
	diag_init(&diag);
	snapshot = snapshot_build(sample.conf, &diag);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&diag));
	diag_fini(&diag);
	drain("eu");
	d->whole_s = NOW_S;
	caches_restore(snapshot, d);
	ck_assert_int_eq(d->let_go, NOW_S + 90 + CUT_OFF_S);
	d->at = WALL_S + 100;
	ck_assert_int_eq(caches_announced_s(snapshot, d), 100 + 23 + CUT_OFF_S);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("caches");
	TCase *tc = tcase_create("caches");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, the_last_answer_decides_and_two_seconds_more, 0, ROWS(looks));
	tcase_add_loop_test(
	    tc, what_grows_keeps_caches_until_it_is_whole, 0, ROWS(growing));
	tcase_add_loop_test(
	    tc, what_is_announced_begins_with_short_ttls, 0, ROWS(announced));
	tcase_add_loop_test(
	    tc, after_a_start_the_largest_ttl_is_waited_for, 0, ROWS(restored));
	tcase_add_loop_test(
	    tc, the_longest_ttls_of_all_names_count, 0, ROWS(longest));
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
