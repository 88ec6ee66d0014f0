/* SPDX-License-Identifier: BSD-3-Clause */
#include "traffic/difference.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "sample.h"
#include "snapshot/build.h"
#include "traffic/export.h"
#include "traffic/stretch.h"

/* Positions in the pool and in the second configuration differ. */
static const char head[] = "meridian: 1\n"
			   "zones: {example.com: example.com.zone}\n"
			   "geoip:\n"
			   "  databases: [%s.mmdb]\n"
			   "  nets: {home: [10.0.0.0/8]}\n"
			   "regions: {%s}\n"
			   "pools:\n"
			   "  www: {regions: {us: [{addr: 192.0.2.1}],\n"
			   "                  eu: [{addr: 192.0.2.2}]}}\n"
			   "policies:\n"
			   "  near: {rules: [%s, {regions: [us, eu]}]}\n"
			   "names:\n"
			   "  www.example.com: {pool: www, policy: near}\n"
			   "  %s.example.com: {pool: www, policy: near}\n";
static const char two[] = "eu: {}, us: {}", turned[] = "us: {}, eu: {}";
static const char german[] = "{geo: [DE], regions: [eu, us]}";

static struct sample sample;
static struct compared c;

static const char *
path_of(const char *name)
{
	static char path[2][SAMPLE_PATH_MAX + 16];
	static unsigned turn;
	char *p = path[turn++ % 2];

	snprintf(p, sizeof(path[0]), "%s/%s", sample.folder, name);
	return p;
}

static struct mmdb_row
row(const char *prefix, const char *country)
{
	struct mmdb_row r = {0};
	struct error err;

	ck_assert(prefix_parse(prefix, &r.prefix, &err));
	memcpy(r.place.country, country, 2);
	return r;
}

static void
setup(void)
{
	struct mmdb_row a[] = {row("81.0.0.0/8", "DE"), row("82.0.0.0/8", "FR"),
	    row("2a00::/32", "DE"), row("64.0.0.0/7", "US")};
	struct mmdb_row b[] = {row("81.0.0.0/9", "DE"),
	    row("81.128.0.0/9", "FR"), row("82.0.0.0/8", "FR"),
	    row("2a00::/32", "DE"), row("64.0.0.0/7", "US")};

	sample_open(&sample);
	mmdb_make(path_of("a.mmdb"), 6, MMDB_NESTED, a, 4);
	mmdb_make(path_of("b.mmdb"), 6, MMDB_FLAT, b, 5);
}

static void
teardown(void)
{
	unlink(path_of("a.mmdb"));
	unlink(path_of("b.mmdb"));
	sample_close(&sample);
}

static struct snapshot *
build(const char *database, const char *regions, const char *rule,
    const char *name)
{
	struct snapshot *s;
	struct diag d;
	FILE *f = fopen(sample.conf, "w");

	ck_assert_ptr_nonnull(f);
	fprintf(f, head, database, regions, rule, name);
	fclose(f);
	diag_init(&d);
	s = snapshot_build(sample.conf, &d);
	if (s == NULL)
		fputs(diag_text(&d), stderr);
	ck_assert_ptr_nonnull(s);
	diag_fini(&d);
	return s;
}

static json_t *
compare(struct snapshot *a, struct snapshot *b, const struct traffic *t)
{
	json_t *report;

	compare_find(&c, a, b, t);
	report = compare_json(&c);
	return report;
}

static void
end(json_t *report, struct snapshot *a, struct snapshot *b)
{
	json_decref(report);
	compare_fini(&c);
	snapshot_free(a);
	snapshot_free(b);
}

static double
of(const json_t *object, const char *key)
{
	const json_t *v = json_object_get(object, key);

	ck_assert(json_is_number(v));
	return json_number_value(v);
}

START_TEST(the_same_moves_nothing_whatever_the_order)
{
	struct snapshot *a = build("a", two, german, "x");
	struct snapshot *b = build("a", turned, german, "x");
	json_t *report = compare(a, b, NULL);

	ck_assert_double_eq(of(report, "ipv4"), 0);
	ck_assert_double_eq(of(report, "ipv6"), 0);
	ck_assert(json_is_null(json_object_get(report, "traffic")));
	ck_assert_uint_eq(json_array_size(json_object_get(report, "names")), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "moves")), 0);
	ck_assert_double_eq(compare_most(&c), 0);
	end(report, a, b);
}
END_TEST

START_TEST(a_database_moves_what_its_countries_say)
{
	struct snapshot *a = build("a", two, german, "x");
	struct snapshot *b = build("b", two, german, "x");
	json_t *report = compare(a, b, NULL);
	const json_t *move, *country;

	/* Half a /8 of five, the nets' among them. */
	ck_assert_double_eq_tol(of(report, "ipv4"), 10, 1e-9);
	ck_assert_double_eq(of(report, "ipv6"), 0);
	ck_assert_double_eq_tol(compare_most(&c), 10, 1e-9);
	move = json_array_get(json_object_get(report, "moves"), 0);
	ck_assert_str_eq(
	    json_string_value(json_object_get(move, "from")), "eu");
	ck_assert_str_eq(json_string_value(json_object_get(move, "to")), "us");
	ck_assert_double_eq_tol(of(move, "ipv4"), 10, 1e-9);
	/* They are French now: 0.5 of 1.5. */
	country = json_array_get(json_object_get(report, "countries"), 0);
	ck_assert_str_eq(
	    json_string_value(json_object_get(country, "country")), "FR");
	ck_assert_double_eq_tol(of(country, "ipv4"), 100 / 3.0, 1e-9);
	ck_assert_uint_eq(json_array_size(json_object_get(report, "names")), 2);
	end(report, a, b);
}
END_TEST

START_TEST(a_rule_moves_what_it_matches)
{
	struct snapshot *a = build("a", two, german, "x");
	struct snapshot *b = build("a", two, "{geo: [FR], regions: [eu]}", "y");
	json_t *report = compare(a, b, NULL);

	ck_assert_double_eq_tol(of(report, "ipv4"), 40, 1e-9);
	ck_assert_double_eq_tol(of(report, "ipv6"), 100, 1e-9);
	ck_assert_str_eq(json_string_value(json_array_get(
			     json_object_get(report, "added"), 0)),
	    "y.example.com.");
	ck_assert_str_eq(json_string_value(json_array_get(
			     json_object_get(report, "removed"), 0)),
	    "x.example.com.");
	end(report, a, b);
}
END_TEST

/* Percent of what keeps its region, and gets another order behind it. */
static double
reordered(const json_t *object, const char *key)
{
	return of(json_object_get(object, "reordered"), key);
}

START_TEST(another_order_behind_the_first_is_told)
{
	struct snapshot *a = build("a", two, german, "x");
	struct snapshot *b = build("a", two, "{geo: [DE], regions: [eu]}", "x");
	json_t *report = compare(a, b, NULL);
	const json_t *country;

	ck_assert_double_eq(of(report, "ipv4"), 0);
	ck_assert_double_eq_tol(reordered(report, "ipv4"), 20, 1e-9);
	ck_assert_double_eq_tol(reordered(report, "ipv6"), 100, 1e-9);
	country = json_array_get(json_object_get(report, "countries"), 0);
	ck_assert_str_eq(
	    json_string_value(json_object_get(country, "country")), "DE");
	ck_assert_double_eq_tol(reordered(country, "ipv4"), 100, 1e-9);
	ck_assert_double_eq(of(country, "ipv4"), 0);
	ck_assert_uint_eq(
	    json_array_size(json_object_get(report, "fences")), 0);
	ck_assert_double_eq(compare_most(&c), 0);
	end(report, a, b);
}
END_TEST

START_TEST(another_answer_when_all_is_down_is_told)
{
	struct snapshot *a = build("a", two, german, "x");
	struct snapshot *b = build("a", two,
	    "{geo: [DE], regions: [eu, us], when_all_down: last_known}", "x");
	json_t *report = compare(a, b, NULL);

	ck_assert_double_eq(of(report, "ipv4"), 0);
	ck_assert_double_eq_tol(reordered(report, "ipv4"), 20, 1e-9);
	end(report, a, b);
}
END_TEST

START_TEST(what_a_fence_covers_is_compared)
{
	static const char law[] =
	    "eu: {jurisdiction: EU}, us: {jurisdiction: US}";
	struct snapshot *a =
	    build("a", law, "{geo: [DE], regions: [eu, us], fence: EU}", "x");
	struct snapshot *b = build(
	    "a", law, "{geo: [DE, FR], regions: [eu, us], fence: EU}", "x");
	json_t *report = compare(a, b, NULL);
	const json_t *fence =
	    json_array_get(json_object_get(report, "fences"), 0);

	/* One /8 and one /32, then another /8. */
	ck_assert_uint_eq(
	    json_array_size(json_object_get(report, "fences")), 2);
	ck_assert_str_eq(
	    json_string_value(json_object_get(fence, "fence")), "EU");
	ck_assert_double_eq(
	    of(json_object_get(fence, "before"), "ipv4"), 16777216);
	ck_assert_double_eq(
	    of(json_object_get(fence, "after"), "ipv4"), 2 * 16777216);
	ck_assert_double_eq(of(json_object_get(fence, "after"), "ipv6"), 65536);
	end(report, a, b);
}
END_TEST

START_TEST(weights_move_their_difference)
{
	struct snapshot *a =
	    build("a", two, "{geo: [DE, US], regions: {eu: 1, us: 1}}", "x");
	struct snapshot *b =
	    build("a", two, "{geo: [DE, US], regions: {eu: 3, us: 1}}", "x");
	json_t *report = compare(a, b, NULL);

	/* A quarter of three /8 of five: in each 1024 clients are asked. */
	ck_assert_double_eq_tol(of(report, "ipv4"), 15, 1.5);
	end(report, a, b);
}
END_TEST

START_TEST(a_trickle_moves_its_share)
{
	struct snapshot *a =
	    build("a", two, "{geo: [DE, US], regions: [eu, us]}", "x");
	struct snapshot *b = build(
	    "a", two, "{geo: [DE, US], regions: [eu, us], trickle: 20%}", "x");
	json_t *report = compare(a, b, NULL);

	ck_assert_double_eq_tol(of(report, "ipv4"), 12, 1.5);
	end(report, a, b);
}
END_TEST

static void
cell_add(
    struct traffic *t, const struct snapshot *s, const char *client, double n)
{
	struct traffic_cell cell = {.n = n};
	struct addr a;

	ck_assert(addr_parse(client, &a));
	cell.block = sample_block(&a);
	cell.class =
	    (uint16_t)lookup_find(&s->steered[0].table->lookup, &a).class;
	vec_push(&t->cells, cell);
}

START_TEST(traffic_moves_by_where_it_came_from)
{
	struct snapshot *a = build("a", two, german, "x");
	struct snapshot *b = build("b", two, german, "x");
	struct traffic t = {.minutes = 2}, read;
	json_t *report, *json;

	cell_add(&t, a, "81.1.0.1", 60);
	cell_add(&t, a, "81.200.0.1", 20);
	cell_add(&t, a, "64.1.0.1", 20);
	report = compare(a, b, &t);
	ck_assert_double_eq_tol(of(report, "traffic"), 20, 1e-9);
	ck_assert_double_eq_tol(compare_most(&c), 10, 1e-9);
	json_decref(report);
	compare_fini(&c);

	/* The same through JSON, read by another build. */
	json = traffic_export(&t, a);
	snapshot_free(a);
	a = build("a", turned, german, "x");
	ck_assert(traffic_import(&read, a, json));
	json_decref(json);
	report = compare(a, b, &read);
	ck_assert_double_eq_tol(of(report, "traffic"), 20, 1e-9);
	ck_assert_double_eq_tol(c.total.all[COMPARE_TRAFFIC], 100, 1e-9);
	/* A hundred answers decide nothing, a thousand do. */
	ck_assert_double_eq_tol(compare_most(&c), 10, 1e-9);
	json_decref(report);
	compare_fini(&c);
	for (size_t i = 0; i < read.cells.n; i++)
		read.cells.at[i].n *= 10;
	report = compare(a, b, &read);
	ck_assert_double_eq_tol(compare_most(&c), 20, 1e-9);
	traffic_fini(&read);
	traffic_fini(&t);
	end(report, a, b);
}
END_TEST

static void
stretch_count(const struct stretch *s, void *arg)
{
	double *sum = arg;

	*sum += s->part;
}

START_TEST(stretches_cover_what_is_cut)
{
	static const char *const prefixes[] = {"0.0.0.0/0", "81.0.0.0/8",
	    "81.2.3.4/32", "::/0", "2000::/3", "2001::/32", "2a00::/32"};
	struct snapshot *a = build("a", two, german, "x");
	struct snapshot *b = build("b", two, german, "x");
	const struct stretch_by by = {
	    .tables = {a->steered[0].table, b->steered[0].table},
	    .origins = {origin_build(a->arena, a->geo, NULL),
		origin_build(b->arena, b->geo, NULL)},
	    .finest = {32, 128},
	};

	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++) {
		double sum = 0;
		struct prefix p;
		struct error err;

		ck_assert(prefix_parse(prefixes[i], &p, &err));
		stretch_walk(&by, &p, stretch_count, &sum);
		ck_assert_double_eq_tol(sum, 1, 1e-9);
	}
	snapshot_free(a);
	snapshot_free(b);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("compare");
	TCase *tc = tcase_create("compare");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_same_moves_nothing_whatever_the_order);
	tcase_add_test(tc, a_database_moves_what_its_countries_say);
	tcase_add_test(tc, a_rule_moves_what_it_matches);
	tcase_add_test(tc, weights_move_their_difference);
	tcase_add_test(tc, another_order_behind_the_first_is_told);
	tcase_add_test(tc, another_answer_when_all_is_down_is_told);
	tcase_add_test(tc, what_a_fence_covers_is_compared);
	tcase_add_test(tc, a_trickle_moves_its_share);
	tcase_add_test(tc, traffic_moves_by_where_it_came_from);
	tcase_add_test(tc, stretches_cover_what_is_cut);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
