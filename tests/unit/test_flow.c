/* SPDX-License-Identifier: BSD-3-Clause */
/* Clients that stand for the traffic: as many answers as were sampled, spread
 * over the blocks that they came from. */
#include "traffic/flow.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>

#include "sample.h"
#include "snapshot/build.h"

static struct sample sample;
static struct snapshot *s;
static struct flow flow;

static const char *const clients[] = {
    "10.1.0.0/16", "10.2.0.0/16", "81.2.0.0/16", "2a01:100::/32"};

enum { CLIENTS = sizeof(clients) / sizeof(clients[0]) };

static void
setup_snapshot(void)
{
	struct diag d;

	diag_init(&d);
	s = snapshot_build(sample.conf, &d);
	if (s == NULL)
		ck_abort_msg("%s", diag_text(&d));
	diag_fini(&d);
}

static void
setup(void)
{
	sample_open(&sample);
	setup_snapshot();
}

/* A name whose pool has no cost. */
static uint16_t
costless(void)
{
	uint16_t i = 0;

	while (s->pools[s->steered[i].pool].conf->cost > 0)
		i++;
	return i;
}

static void
teardown(void)
{
	flow_fini(&flow);
	snapshot_free(s);
	sample_close(&sample);
}

static struct prefix
prefix_of(size_t i)
{
	struct error err = {""};
	struct prefix p;

	ck_assert_msg(prefix_parse(clients[i], &p, &err), "%s", err.text);
	return p;
}

/* n answers from each client's block; class by its address, or not known. */
static void
make(const double n[CLIENTS], bool known, uint16_t name, double minutes)
{
	struct traffic t = {.minutes = minutes};

	for (size_t i = 0; i < CLIENTS; i++) {
		struct prefix p = prefix_of(i);
		struct traffic_cell cell = {
		    .name = name,
		    .class = known
			? lookup_find(&s->steered[name].table->lookup, &p.addr)
			      .class
			: SAMPLE_CLASS_MAX,
		    .block = sample_block(&p.addr),
		    .n = n[i],
		};

		vec_push(&t.cells, cell);
	}
	flow_make(&flow, s, &t);
	traffic_fini(&t);
}

/* Answers a second of those who are in the block. */
static double
from(size_t i)
{
	struct prefix p = prefix_of(i);
	double sum = 0;

	for (size_t k = 0; k < flow.n; k++)
		if (prefix_covers(&p, &flow.units[k].client))
			sum += flow.units[k].answers;
	return sum;
}

START_TEST(each_block_has_its_part)
{
	static const double n[CLIENTS] = {75000, 15000, 9000, 21000};
	double all = 0;

	make(n, _i == 0, 0, 2);
	ck_assert_double_eq_tol(flow.per_minute, 60000, 1e-6);
	ck_assert_double_eq_tol(flow.minutes, 2, 1e-9);
	ck_assert_double_eq_tol(flow.sampled, 120000, 1e-6);
	ck_assert_double_eq_tol(flow.unknown, 0, 1e-9);
	for (size_t i = 0; i < CLIENTS; i++) {
		/* A unit is 1/4096 of all of it, at most. */
		ck_assert_double_eq_tol(from(i), n[i] / 120, 1000 / 4096.0);
		all += from(i);
	}
	ck_assert_double_eq_tol(all, 1000, 1e-6);
	for (size_t k = 0; k < flow.n; k++) {
		const struct flow_unit *u = &flow.units[k];

		ck_assert_uint_eq(u->name, 0);
		ck_assert_uint_eq(u->question.pool, s->steered[0].pool);
		ck_assert_uint_eq(u->question.ttl_max, s->steered[0].ttl_max);
		ck_assert_uint_eq(u->question.ttl_min, s->steered[0].ttl_min);
		ck_assert_ptr_eq(u->question.client, &u->client);
		ck_assert_ptr_eq(u->question.rank,
		    &s->steered[0].table->ranks[lookup_find(
			&s->steered[0].table->lookup, &u->client)
						    .class]);
	}
}
END_TEST

START_TEST(a_block_of_few_is_not_forgotten)
{
	static const double n[CLIENTS] = {1000000, 0, 1, 0};

	make(n, true, 0, 1);
	ck_assert_uint_ge(flow.n, 4096);
	ck_assert_uint_le(flow.n, 2 * 4096 + CLIENTS);
	/* As a class, or by its block: its part, or up to a unit of it. */
	ck_assert_double_eq_tol(from(0) + from(2), 1000001 / 60.0, 1e-6);
}
END_TEST

/* Few answers that are all of the load are told apart as finely as all. */
START_TEST(what_costs_is_told_apart_by_its_load)
{
	struct traffic t = {.minutes = 1};
	size_t n[2] = {0, 0};

	snapshot_free(s);
	sample_replace(&sample, "  www:\n", "  www:\n    cost: 9\n");
	setup_snapshot();
	for (uint16_t i = 0; i < 2; i++) {
		uint16_t name = i == 0 ? 0 : costless();
		struct prefix p = prefix_of(0);
		struct traffic_cell cell = {
		    .name = name,
		    .class =
			lookup_find(&s->steered[name].table->lookup, &p.addr)
			    .class,
		    .block = sample_block(&p.addr),
		    .n = i == 0 ? 100 : 9900,
		};

		vec_push(&t.cells, cell);
	}
	flow_make(&flow, s, &t);
	traffic_fini(&t);
	for (size_t k = 0; k < flow.n; k++)
		n[flow.units[k].name != 0]++;
	ck_assert_uint_eq(n[0], 1 + 4096);
	ck_assert_uint_eq(n[1], 1 + 4096 * 99 / 100);
}
END_TEST

START_TEST(what_is_of_no_block_and_no_class_is_unknown)
{
	struct traffic t = {.minutes = 1};
	struct traffic_cell cell = {
	    .class = SAMPLE_CLASS_MAX, .block = SAMPLE_NOWHERE, .n = 120};

	vec_push(&t.cells, cell);
	flow_make(&flow, s, &t);
	traffic_fini(&t);
	ck_assert_uint_eq(flow.n, 0);
	ck_assert_double_eq_tol(flow.unknown, 120, 1e-9);
	ck_assert_double_eq_tol(flow.per_minute, 120, 1e-9);
}
END_TEST

START_TEST(no_traffic_is_no_flow)
{
	static const double n[CLIENTS] = {0, 0, 0, 0};

	make(n, true, 0, 1);
	ck_assert_uint_eq(flow.n, 0);
	ck_assert_double_eq(flow.per_minute, 0);
	flow_fini(&flow);
	make((const double[CLIENTS]){1, 1, 1, 1}, true, 0, 0);
	ck_assert_uint_eq(flow.n, 0);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("flow");
	TCase *tc = tcase_create("flow");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, each_block_has_its_part, 0, 2);
	tcase_add_test(tc, a_block_of_few_is_not_forgotten);
	tcase_add_test(tc, what_costs_is_told_apart_by_its_load);
	tcase_add_test(tc, what_is_of_no_block_and_no_class_is_unknown);
	tcase_add_test(tc, no_traffic_is_no_flow);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
