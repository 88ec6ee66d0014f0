/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "sample.h"
#include "snapshot/build.h"
#include "snapshot/publish.h"

static struct sample sample;
static struct diag diag;

static void
setup(void)
{
	sample_open(&sample);
	diag_init(&diag);
}

static void
teardown(void)
{
	diag_fini(&diag);
	sample_close(&sample);
}

static struct snapshot *
build(const char *more)
{
	sample_configure(&sample, more);
	return snapshot_build(sample.conf, &diag);
}

static bool
was_said(const char *text)
{
	for (size_t i = 0; i < diag.entries.n; i++) {
		if (strstr(diag.entries.at[i].message, text) != NULL)
			return true;
	}
	return false;
}

START_TEST(a_good_configuration_becomes_a_snapshot)
{
	struct snapshot *s = build(NULL);

	ck_assert_ptr_nonnull(s);
	ck_assert_uint_eq(diag.nerrors, 0);
	ck_assert_uint_eq(s->zones->nzones, 1);
	ck_assert_uint_eq(s->generation, 0);
	ck_assert_uint_ge(s->ntallies, 8);
	snapshot_free(s);
}
END_TEST

START_TEST(names_with_the_same_pool_and_policy_share_a_table)
{
	struct snapshot *s = build(NULL);

	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_eq(s->steered[0].table, s->steered[1].table);
	ck_assert_ptr_ne(s->steered[0].table, s->steered[2].table);
	ck_assert_uint_eq(s->steered[0].ttl_max, 60);
	ck_assert_uint_eq(s->steered[0].ttl_min, 10);
	snapshot_free(s);
}
END_TEST

/* Records that cannot be read have no data, and whatever would be built of
 * them is not. */
static const char *const broken[] = {
    "TYPE65: '\\# 1 00'",
    "HTTPS: '\\#'",
    "HTTPS: '1'",
    "HTTPS: 1 . alpn",
    "SVCB: '1 . ipv4hint=1'",
    "MX: '10'",
    "TXT: '\"'",
    "[TXT]",
    "TYPE65280: x",
    "CAA: 0 issue",
    "X: y",
};

START_TEST(a_wrong_record_of_a_pool_is_told)
{
	char records[128];

	snprintf(records, sizeof(records), "records: {%s}", broken[_i]);
	sample_replace(&sample, "records: {TYPE65: 1 . alpn=h3}", records);
	ck_assert_ptr_null(snapshot_build(sample.conf, &diag));
	ck_assert_uint_ge(diag.nerrors, 1);
}
END_TEST

/* What is said of a rule that stands before all others. */
static const struct {
	const char *rule, *warning;
} unreached[] = {
    {"{geo: DE, regions: [eu]}", "no address comes to this rule"},
    {"{nets: euro, asn: 64496, regions: [eu]}", "no address comes to this"},
    {"{geo: [DE, UK], regions: [eu]}",
	"no country has the code \"UK\"; did you mean \"GB\"?"},
    {"{geo: XX-YY, regions: [eu]}", "no country has the code \"XX\""},
    {"{nets: [euro], regions: [eu]}, {nets: [amer, euro], regions: [us]}, "
     "{geo: \"city:5\", policy: far}",
	"no database says where clients are"},
    {"{nets: [euro], regions: [eu]}", NULL},
    {"{nets: [euro], policy: far}", NULL},
};

START_TEST(a_rule_that_no_address_comes_to_is_warned_of)
{
	char rules[SAMPLE_PATH_MAX + 256];
	struct snapshot *s;

	snprintf(rules, sizeof(rules),
	    "  far: {rules: [{nets: euro, regions: [eu]}, {regions: [us]}]}\n"
	    "  near:\n    rules: [%s, {regions: [us]}]\n"
	    "  was:\n    rules:\n",
	    unreached[_i].rule);
	sample_replace(&sample, "  near:\n    rules:\n", rules);
	s = snapshot_build(sample.conf, &diag);
	ck_assert_ptr_nonnull(s);
	if (unreached[_i].warning != NULL)
		ck_assert(was_said(unreached[_i].warning));
	else
		ck_assert(!was_said("no address") && !was_said("no country"));
	snapshot_free(s);
}
END_TEST

/* Policies of which some rules are met, in turn: what is said of each. */
static const struct {
	const char *policies, *names; /* of those policies */
	const char *told;             /* "LINE:MESSAGE BEGINS", by rule */
} reaches[] = {
    {"  a:\n    rules:\n"
     "      - {nets: low, regions: [eu]}\n"
     "      - {nets: high, regions: [eu]}\n"
     "      - {nets: euro, regions: [us]}\n"
     "      - {regions: [eu]}\n"
     "  b:\n    rules:\n"
     "      - {nets: [low, high], regions: [eu]}\n"
     "      - {nets: euro, regions: [us]}\n"
     "      - {regions: [us]}\n",
	"a b",
	"21 no address comes to this rule: ru\n"
	"26 no address comes to this rule: ru\n"},
    /* The other way round, and one of them alone. */
    {"  b:\n    rules:\n"
     "      - {nets: [low, high], regions: [eu]}\n"
     "      - {nets: euro, regions: [us]}\n"
     "      - {regions: [us]}\n"
     "  a:\n    rules:\n"
     "      - {nets: low, regions: [eu]}\n"
     "      - {nets: high, regions: [eu]}\n"
     "      - {nets: euro, regions: [us]}\n"
     "      - {regions: [eu]}\n",
	"a b",
	"20 no address comes to this rule: ru\n"
	"26 no address comes to this rule: ru\n"},
    {"  b:\n    rules:\n"
     "      - {nets: [low, high], regions: [eu]}\n"
     "      - {nets: euro, regions: [us]}\n"
     "      - {regions: [us]}\n"
     "  a:\n    rules:\n"
     "      - {nets: low, regions: [eu]}\n"
     "      - {nets: high, regions: [eu]}\n"
     "      - {nets: euro, regions: [us]}\n"
     "      - {regions: [eu]}\n",
	"a a", "26 no address comes to this rule: ru\n"},
    /* Met by way of one policy, not by way of another. */
    {"  in:\n    rules: [{nets: low, regions: [eu]},\n"
     "            {nets: high, regions: [us]}, {regions: [us]}]\n"
     "  a:\n    rules:\n"
     "      - {nets: low, policy: in}\n"
     "      - {regions: [eu]}\n"
     "  b:\n    rules:\n"
     "      - {nets: high, policy: in}\n"
     "      - {regions: [eu]}\n",
	"a b", ""},
    {"  in:\n    rules: [{nets: low, regions: [eu]},\n"
     "            {nets: high, regions: [us]}, {regions: [us]}]\n"
     "  a:\n    rules:\n"
     "      - {nets: low, policy: in}\n"
     "      - {regions: [eu]}\n",
	"a a", "19 no address comes to this rule: ru\n"},
    /* Without a database one is enough; codes are told all the same. */
    {"  a:\n    rules:\n"
     "      - {geo: DE, regions: [eu]}\n"
     "      - {geo: [FR, UK, EL], regions: [us]}\n"
     "      - {asn: 64500, regions: [us]}\n"
     "      - {geo: EU, regions: [us]}\n"
     "      - {box: [0, 0, 9, 9], regions: [us]}\n"
     "      - {regions: [eu]}\n",
	"a a",
	"19 no address comes to this rule, no\n"
	"20 no country has the code \"UK\"; did\n"
	"20 no country has the code \"EL\"; did\n"},
    {"  a:\n    rules:\n"
     "      - {asn: 64500, regions: [us]}\n"
     "      - {regions: [eu]}\n",
	"a a", "19 no address comes to this rule, no\n"},
    {"  a:\n    rules:\n"
     "      - {box: [0, 0, 9, 9], regions: [us]}\n"
     "      - {regions: [eu]}\n",
	"a a", "19 no address comes to this rule, no\n"},
    /* Who is left for a last rule for everyone does not matter. */
    {"  a:\n    rules:\n"
     "      - {nets: [all4, all6], regions: [us]}\n"
     "      - {regions: [eu]}\n",
	"a a", ""},
    {"  a:\n    rules:\n"
     "      - {nets: [all4, all6], regions: [us]}\n"
     "      - {nets: euro, regions: [eu]}\n"
     "      - {regions: [eu]}\n",
	"a a", "20 no address comes to this rule: ru\n"},
};

START_TEST(each_rule_is_met_or_told_where_it_is_declared)
{
	char text[2048] = "";
	struct snapshot *s;
	FILE *f = fopen(sample.conf, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f,
	    "meridian: 1\n"
	    "server:\n  listen: [\"127.0.0.1@0\"]\n"
	    "geoip:\n  nets:\n    euro: [81.2.0.0/16]\n"
	    "    low: [81.2.0.0/17]\n    high: [81.2.128.0/17]\n"
	    "    all4: [0.0.0.0/0]\n    all6: [\"::/0\"]\n"
	    "zones: {example.com: example.com.zone}\n"
	    "regions: {eu: {}, us: {}}\n"
	    "pools: {www: {regions: {eu: [{addr: 192.0.2.1}], "
	    "us: [{addr: 192.0.2.2}]}}}\n"
	    "names: {x.example.com: {pool: www, policy: %c},\n"
	    "        y.example.com: {pool: www, policy: %c}}\n"
	    "policies:\n%s",
	    reaches[_i].names[0], reaches[_i].names[2], reaches[_i].policies);
	fclose(f);
	s = snapshot_build(sample.conf, &diag);
	ck_assert_msg(s != NULL, "%s", diag_text(&diag));
	for (size_t i = 0; i < diag.entries.n; i++) {
		const struct diag_entry *e = &diag.entries.at[i];
		size_t len = strlen(text);

		if (strncmp(e->message, "no address", 10) == 0 ||
		    strncmp(e->message, "no country", 10) == 0)
			snprintf(text + len, sizeof(text) - len, "%u %.33s\n",
			    e->mark.line, e->message);
	}
	ck_assert_str_eq(text, reaches[_i].told);
	snapshot_free(s);
}
END_TEST

static void
break_zone(void)
{
	char path[SAMPLE_PATH_MAX + 32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/example.com.zone", sample.folder);
	f = fopen(path, "a");
	ck_assert_ptr_nonnull(f);
	fputs("bad A not-an-address\n", f);
	fclose(f);
}

START_TEST(a_broken_zone_is_an_error)
{
	break_zone();
	ck_assert_ptr_null(build(NULL));
	ck_assert_uint_eq(diag.nerrors, 1);
}
END_TEST

START_TEST(a_missing_database_does_not_hide_a_broken_zone)
{
	break_zone();
	sample_replace(
	    &sample, "  nets:\n", "  databases: [none.mmdb]\n  nets:\n");
	ck_assert_ptr_null(snapshot_build(sample.conf, &diag));
	ck_assert_uint_eq(diag.nerrors, 2);
	ck_assert(was_said("none.mmdb"));
}
END_TEST

/* Where the database is written, by its line and column. */
START_TEST(a_missing_database_is_told_at_its_place)
{
	static const char *const lists[] = {
	    "[none.mmdb]", "[/nonexistent/none.mmdb]", "[\n    none.mmdb]"};
	const struct diag_entry *e;
	char text[128];

	snprintf(text, sizeof(text), "  databases: %s\n  nets:\n", lists[_i]);
	sample_replace(&sample, "  nets:\n", text);
	ck_assert_ptr_null(snapshot_build(sample.conf, &diag));
	ck_assert_uint_eq(diag.nerrors, 1);
	e = &diag.entries.at[0];
	ck_assert_uint_eq(e->mark.line, _i == 2 ? 8 : 7);
	ck_assert_uint_eq(e->mark.column, _i == 2 ? 5 : 15);
}
END_TEST

/* Two databases, of which one, or what is read in place of it, is broken. */
static const struct {
	bool copies[2];               /* are read in place of the two */
	unsigned broken, broken_copy; /* bit i: of the i-th */
	unsigned line;                /* of what is told; 0: nothing is */
} pairs[] = {
    {{false, false}, 0, 3, 0},
    {{false, false}, 1, 0, 8},
    {{false, false}, 2, 0, 9},
    {{true, true}, 3, 0, 0},
    {{true, false}, 1, 0, 0},
    {{true, false}, 1, 1, 8},
    {{true, false}, 1, 2, 0},
    {{false, true}, 2, 0, 0},
    {{false, true}, 2, 2, 9},
    {{true, true}, 0, 1, 8},
    {{true, true}, 0, 2, 9},
};

static const char *
copy_of(const struct conf *conf, size_t i, void *arg)
{
	char(*paths)[SAMPLE_PATH_MAX + 16] = arg;

	(void)conf;
	return paths[i][0] == '\0' ? NULL : paths[i];
}

static void
make_database(const char *path, bool is_broken)
{
	struct mmdb_row row = {.place = {.country = {'D', 'E'}}};
	struct error err;
	FILE *f;

	if (!is_broken) {
		ck_assert(prefix_parse("1.0.0.0/8", &row.prefix, &err));
		mmdb_make(path, 4, MMDB_NESTED, &row, 1);
		return;
	}
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fputs("nothing", f);
	fclose(f);
}

START_TEST(a_broken_database_is_told_where_it_is_declared)
{
	static const char *const names[] = {"a", "b", "copy-a", "copy-b"};
	char paths[4][SAMPLE_PATH_MAX + 16];
	const struct build_swap swap = {copy_of, &paths[2]};
	struct snapshot *s;

	for (unsigned i = 0; i < 4; i++) {
		unsigned bits =
		    i < 2 ? pairs[_i].broken : pairs[_i].broken_copy;

		snprintf(paths[i], sizeof(paths[i]), "%s/%s.mmdb",
		    sample.folder, names[i]);
		make_database(paths[i], bits >> i % 2 & 1);
	}
	sample_replace(&sample, "  nets:\n",
	    "  databases: [\n    a.mmdb,\n    b.mmdb]\n  nets:\n");
	for (unsigned i = 0; i < 2; i++)
		if (!pairs[_i].copies[i])
			paths[2 + i][0] = '\0';
	s = snapshot_build_swapped(sample.conf, NULL, &swap, &diag);
	ck_assert((s != NULL) == (pairs[_i].line == 0));
	ck_assert_uint_eq(diag.nerrors, pairs[_i].line != 0);
	if (s == NULL)
		ck_assert_uint_eq(diag.entries.at[0].mark.line, pairs[_i].line);
	snapshot_free(s);
	for (unsigned i = 0; i < 4; i++) {
		snprintf(paths[i], sizeof(paths[i]), "%s/%s.mmdb",
		    sample.folder, names[i]);
		unlink(paths[i]);
	}
}
END_TEST

START_TEST(a_configuration_that_is_not_there_is_an_error)
{
	ck_assert_ptr_null(snapshot_build("/nonexistent/meridian.yaml", &diag));
	ck_assert_uint_eq(diag.nerrors, 1);
}
END_TEST

START_TEST(a_published_snapshot_is_the_current_one)
{
	struct snapshot *a = build(NULL), *b = build(NULL);

	ck_assert_ptr_null(snapshot_current());
	snapshot_publish(a);
	ck_assert_ptr_eq(snapshot_current(), a);
	ck_assert_uint_eq(a->generation, 1);
	snapshot_publish(b);
	ck_assert_ptr_eq(snapshot_current(), b);
	ck_assert_uint_eq(b->generation, 2);
	snapshot_publish(NULL);
	ck_assert_ptr_null(snapshot_current());
	rcu_drain();
}
END_TEST

/* Counts n answers of row with www's region 1. */
static void
count(const struct snapshot *s, size_t row, uint64_t n, uint32_t let_go)
{
	struct tally *t = snapshot_row(s, row) + s->pools[0].first_tally + 1;

	atomic_fetch_add(&t->steered[POOL_FIRST], n);
	atomic_store(&t->let_go, let_go);
}

START_TEST(what_was_counted_goes_on_in_the_next_snapshot)
{
	struct snapshot *s = build(NULL);

	snapshot_publish(s);
	count(s, 0, 5, 100);
	count(s, 7, 2, 90);
	for (int i = 0; i < 3; i++) {
		s = build(NULL);
		snapshot_publish(s);
		ck_assert_uint_ge(
		    snapshot_steered(s, &s->pools[0], 1, POOL_FIRST), 7);
		count(s, 1, 1, 100);
		rcu_drain();
	}
	ck_assert_uint_eq(snapshot_steered(s, &s->pools[0], 1, POOL_FIRST), 10);
	ck_assert_uint_eq(snapshot_steered(s, &s->pools[0], 0, POOL_FIRST), 0);
	ck_assert_uint_eq(snapshot_let_go(s, &s->pools[0], 1), 100);
	snapshot_publish(NULL);
	rcu_drain();
}
END_TEST

static struct snapshot *
build_pools(const char *pools)
{
	struct snapshot *s;
	FILE *f = fopen(sample.conf, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f,
	    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
	    "zones: {example.com: example.com.zone}\n"
	    "regions: {eu: {}, us: {}, ap: {}}\npools:\n%s",
	    pools);
	fclose(f);
	s = snapshot_build(sample.conf, &diag);
	ck_assert_msg(s != NULL, "%s", diag_text(&diag));
	return s;
}

#define EU "eu: [{addr: 192.0.2.1}]"
#define US "us: [{addr: 192.0.2.2}]"
#define AP "ap: [{addr: 192.0.2.3}]"

/* A number of each pool, region, reason and row; 0 where there was none. */
static uint64_t
number_of(const struct snapshot *s, const struct pool *p, size_t region,
    enum pool_reason reason, size_t row)
{
	const char *name = s->conf->regions[p->regions[region].region].name;

	return (uint64_t)(p->conf->name[0] * 1000 + name[0]) * 1000 +
	    reason * 100u + row;
}

START_TEST(cookies_made_before_a_reload_stay_good)
{
	struct snapshot *a = build(NULL), *b = build(NULL);
	struct cookie_secret own = a->cookies.own;

	ck_assert_mem_ne(&b->cookies.own, &own, sizeof(own));
	snapshot_publish(a);
	snapshot_publish(b);
	ck_assert_mem_eq(&b->cookies.own, &own, sizeof(own));
	snapshot_publish(NULL);
	rcu_drain();
}
END_TEST

START_TEST(pools_and_regions_go_on_by_their_names)
{
	struct snapshot *old = build_pools("  a: {regions: {" EU ", " US "}}\n"
					   "  b: {regions: {" US ", " AP "}}\n"
					   "  c: {regions: {" EU "}}\n");
	struct snapshot *new =
	    build_pools("  b: {regions: {" AP ", " US "}}\n"
			"  d: {regions: {" EU "}}\n"
			"  a: {regions: {" US ", " AP "}}\n");

	snapshot_publish(old);
	for (size_t i = 0; i < old->conf->npools; i++) {
		const struct pool *p = &old->pools[i];

		for (size_t k = 0; k < p->nregions * 2; k++) {
			struct tally *t =
			    snapshot_row(old, k % 2) + p->first_tally + k / 2;

			for (enum pool_reason r = 0; r < POOL_REASON_COUNT; r++)
				atomic_store(&t->steered[r],
				    number_of(old, p, k / 2, r, k % 2));
			atomic_store(&t->let_go,
			    (uint32_t)number_of(old, p, k / 2, 0, k % 2));
		}
	}
	snapshot_publish(new);
	for (size_t i = 0; i < new->conf->npools; i++) {
		const struct pool *p = &new->pools[i];

		for (size_t k = 0; k < p->nregions; k++) {
			/* a had no region ap, and d was not there. */
			bool is_new = i == 1 || (i == 2 && k == 1);

			for (enum pool_reason r = 0; r < POOL_REASON_COUNT; r++)
				ck_assert_uint_eq(
				    snapshot_steered(new, p, k, r),
				    is_new ? 0
					   : number_of(new, p, k, r, 0) +
					    number_of(new, p, k, r, 1));
			ck_assert_uint_eq(snapshot_let_go(new, p, k),
			    is_new ? 0 : number_of(new, p, k, 0, 1));
		}
	}
	snapshot_publish(NULL);
	rcu_drain();
}
END_TEST

START_TEST(what_a_reader_still_counts_is_not_lost)
{
	struct snapshot *a = build(NULL), *b = build(NULL);

	snapshot_publish(a);
	rcu_thread_begin();
	count(a, 0, 1, 1);
	snapshot_publish(b);
	count(a, 0, 1, 2); /* a batch that began before */
	rcu_thread_end();
	rcu_drain();
	ck_assert_uint_eq(snapshot_steered(b, &b->pools[0], 1, POOL_FIRST), 2);
	snapshot_publish(NULL);
	rcu_drain();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("snapshot");
	TCase *tc = tcase_create("snapshot");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, a_good_configuration_becomes_a_snapshot);
	tcase_add_test(tc, names_with_the_same_pool_and_policy_share_a_table);
	tcase_add_loop_test(tc, a_wrong_record_of_a_pool_is_told, 0,
	    sizeof(broken) / sizeof(broken[0]));
	tcase_add_loop_test(tc, a_rule_that_no_address_comes_to_is_warned_of, 0,
	    sizeof(unreached) / sizeof(unreached[0]));
	tcase_add_loop_test(tc, each_rule_is_met_or_told_where_it_is_declared,
	    0, sizeof(reaches) / sizeof(reaches[0]));
	tcase_add_test(tc, a_broken_zone_is_an_error);
	tcase_add_test(tc, a_missing_database_does_not_hide_a_broken_zone);
	tcase_add_loop_test(tc, a_missing_database_is_told_at_its_place, 0, 3);
	tcase_add_loop_test(tc, a_broken_database_is_told_where_it_is_declared,
	    0, sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tc, a_configuration_that_is_not_there_is_an_error);
	tcase_add_test(tc, a_published_snapshot_is_the_current_one);
	tcase_add_test(tc, what_was_counted_goes_on_in_the_next_snapshot);
	tcase_add_test(tc, cookies_made_before_a_reload_stay_good);
	tcase_add_test(tc, pools_and_regions_go_on_by_their_names);
	tcase_add_test(tc, what_a_reader_still_counts_is_not_lost);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
