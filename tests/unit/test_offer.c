/* SPDX-License-Identifier: BSD-3-Clause */
/* What a region answers: for each type, by the health of its targets, how many
 * of them, and which one by chance. */
#include "steer/offer.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "steer/pick.h"

enum { TARGETS = 4, MX = 15, TXT = 16 };

/* Records as wire data: MX 1 a., MX 2 b., TXT "x". */
static struct conf_record records[] = {
    {.type = MX, .rdata = (const uint8_t *)"\0\1\1a", .rdata_len = 5},
    {.type = TXT, .rdata = (const uint8_t *)"\1x", .rdata_len = 2},
    {.type = MX, .rdata = (const uint8_t *)"\0\2\1b", .rdata_len = 5}};
static const uint8_t cname[] = {2, 'e', 'u', 0};
static struct conf_target targets[TARGETS] = {
    {.label = "a",
	.addr = {{{10, 0, 0, 1}, 4}, {{0xfd, [15] = 1}, 6}},
	.weight = 1},
    {.label = "b",
	.addr = {{{10, 0, 0, 2}, 4}},
	.weight = 2,
	.records = records,
	.nrecords = 3},
    {.label = "c", .addr = {{{10, 0, 0, 3}, 4}}, .weight = 5},
    {.label = "d", .cname = cname, .weight = 3}};
static struct conf_monitor monitor = {.name = "m",
    .text = "m",
    .question = "m",
    .interval_ms = 1000,
    .fall = 1,
    .rise = 1,
    .clear = 1};
static uint16_t number;
static struct conf_pool_region in_pool = {.targets = targets};
static struct conf_region region = {.name = "eu"};
static struct conf_pool pool = {.name = "www",
    .regions = &in_pool,
    .nregions = 1,
    .min_healthy = 1,
    .monitors = &number,
    .nmonitors = 1};
static struct conf conf = {.regions = &region,
    .nregions = 1,
    .pools = &pool,
    .npools = 1,
    .monitors = &monitor,
    .nmonitors = 1};

static struct arena *arena;
static struct watches *watches;
static struct pool *p;

static void
begin(size_t first, size_t ntargets, enum conf_answer_mode mode, unsigned max,
    const uint16_t *types)
{
	in_pool.targets = &targets[first];
	in_pool.ntargets = ntargets;
	pool.mode = mode;
	pool.max = max;
	for (pool.ntypes = 0; *types != 0; types++)
		pool.types[pool.ntypes++] = *types;
	arena = arena_new();
	watches = watches_new();
	p = pools_build(arena, &conf);
	pools_bind(p, 1, &conf, watches);
}

static void
end(void)
{
	pools_fini(p, 1);
	watches_free(watches);
	arena_free(arena);
	rcu_drain();
}

/* u up, s degraded, d down, x drained; of each target. */
static void
become(const char *states)
{
	struct drains drains = {.ahead = false};

	for (size_t i = 0; states[i] != '\0'; i++) {
		struct pool_target *t = &p->regions[0].targets[i];
		char what[32];

		for (size_t k = 0; k < t->nwatches; k++)
			t->watches[k]->health.state = states[i] == 'd'
			    ? HEALTH_DOWN
			    : states[i] == 's' ? HEALTH_DEGRADED
					       : HEALTH_UP;
		snprintf(what, sizeof(what), "www/eu/%s", t->conf->label);
		if (states[i] == 'x')
			drains_put(&drains,
			    drain_new(
				what, "", "", 1, DRAIN_FOREVER, false, NULL));
	}
	pool_refresh(p, 0, &drains);
	drains_fini(&drains);
}

/* The records of an answer, as the last octet of the data of each. */
static const char *
answer(uint16_t type, uint32_t random)
{
	static char text[64];
	uint8_t order = 0, bytes[512];
	struct rank rank = {.order = &order, .n = 1};
	const struct pick_question q = {.rank = &rank,
	    .type = type,
	    .ttl_min = 1,
	    .ttl_max = 60,
	    .random = random};
	size_t len = 0;
	struct pick pick;
	struct wire w;

	pick_region(p, &q, &pick);
	wire_init(&w, bytes, sizeof(bytes));
	body_put(&w, pick.body, 0, 1, 60, 0);
	*text = '\0';
	for (size_t i = 0, at = 0; i < body_an(pick.body); i++) {
		size_t size = (size_t)bytes[at + 10] << 8 | bytes[at + 11];
		size_t last =
		    at + 12 + size - (type == MX || type == DNS_CNAME);

		ck_assert_uint_eq(bytes[at + 2] << 8 | bytes[at + 3], type);
		len += (size_t)snprintf(text + len, sizeof(text) - len,
		    bytes[last - 1] < 32 ? "%d" : "%c", bytes[last - 1]);
		at += 12 + size;
		ck_assert_uint_le(at, w.len);
	}
	return text;
}

static const uint16_t a_and_aaaa[] = {DNS_A, DNS_AAAA, 0};

/* One that has the type, by its health: never none. */
static const struct {
	const char *states, *a, *aaaa;
} by_health[] = {
    {"uuu", "123", "1"},
    {"duu", "23", "1"}, /* it alone has the type */
    {"suu", "23", "1"},
    {"sss", "123", "1"},
    {"dsd", "2", "1"},
    {"ddd", "123", "1"},
    {"xuu", "23", "1"},
    {"xdd", "23", "1"}, /* what is drained is the last resort */
    {"xxd", "3", "1"},
    {"xxx", "123", "1"},
    {"xsd", "2", "1"},
};

START_TEST(the_best_targets_of_a_type_answer)
{
	begin(0, 3, CONF_ANSWER_ALL, 8, a_and_aaaa);
	become(by_health[_i].states);
	ck_assert_str_eq(answer(DNS_A, 0), by_health[_i].a);
	ck_assert_str_eq(answer(DNS_AAAA, 0), by_health[_i].aaaa);
	end();
}
END_TEST

START_TEST(no_more_answer_than_max)
{
	static const char *const by_max[] = {"1", "12", "123", "123"};

	for (unsigned max = 1; max <= 4; max++) {
		begin(0, 3, CONF_ANSWER_ALL, max, a_and_aaaa);
		become("uuu");
		ck_assert_str_eq(answer(DNS_A, 0), by_max[max - 1]);
		become("suu");
		ck_assert_str_eq(answer(DNS_A, 0), max == 1 ? "2" : "23");
		end();
	}
}
END_TEST

/* A target with all of its records counts as one. */
START_TEST(all_records_of_a_target_answer)
{
	static const uint16_t types[] = {DNS_A, MX, TXT, 0};

	begin(0, 3, CONF_ANSWER_ALL, 1, types);
	become("uuu");
	ck_assert_str_eq(answer(MX, 0), "ab");
	ck_assert_str_eq(answer(TXT, 0), "x");
	ck_assert_str_eq(answer(DNS_A, 0), "1");
	end();
}
END_TEST

/* Weights 1, 2 and 5 of eight parts of the random numbers. */
START_TEST(one_answers_by_its_weight)
{
	static const char *const of_three = "12233333";
	char got[2] = "";

	begin(0, 3, CONF_ANSWER_ONE, 8, a_and_aaaa);
	become("uuu");
	for (uint32_t i = 0; i < 8; i++) {
		got[0] = of_three[i];
		ck_assert_str_eq(answer(DNS_A, i << 29), got);
		ck_assert_str_eq(answer(DNS_A, (i << 29) + 0x1fffffff), got);
		ck_assert_str_eq(answer(DNS_AAAA, i << 29), "1");
	}
	become("duu"); /* 2 and 5 of 7 */
	ck_assert_str_eq(answer(DNS_A, 0), "2");
	ck_assert_str_eq(
	    answer(DNS_A, (uint32_t)((UINT64_C(2) << 32) / 7)), "2");
	ck_assert_str_eq(
	    answer(DNS_A, (uint32_t)((UINT64_C(2) << 32) / 7) + 1), "3");
	ck_assert_str_eq(answer(DNS_A, UINT32_MAX), "3");
	end();
}
END_TEST

/* A name has one CNAME (RFC 2181 10.1), whatever the mode. */
START_TEST(one_cname_answers)
{
	static const uint16_t types[] = {DNS_CNAME, 0};

	begin(3, 1, CONF_ANSWER_ALL, 8, types);
	ck_assert_str_eq(answer(DNS_CNAME, 5), "u");
	ck_assert_uint_eq(atomic_load(&p->regions[0].offer)->total[0], 3);
	ck_assert_uint_eq(atomic_load(&p->regions[0].offer)->count[0], 1);
	end();
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("offer");
	TCase *t = tcase_create("offer");
	SRunner *r;
	int failed;

	tcase_add_loop_test(t, the_best_targets_of_a_type_answer, 0,
	    sizeof(by_health) / sizeof(by_health[0]));
	tcase_add_test(t, no_more_answer_than_max);
	tcase_add_test(t, all_records_of_a_target_answer);
	tcase_add_test(t, one_answers_by_its_weight);
	tcase_add_test(t, one_cname_answers);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
