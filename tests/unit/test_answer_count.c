/* SPDX-License-Identifier: BSD-3-Clause */
/* What an answer leaves behind: counters, tallies, samples of the traffic; and
 * how long it may be. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dns/edns.h"
#include "dns/name.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define EURO "81.2.0.53"
#define AMER "64.10.0.53"

enum { NOW_S = 1000, ROW = 3 };

static struct sample sample;
static struct snapshot *snapshot;
static struct counters counters;
static struct answerer answerer;
static uint8_t out[DNS_MESSAGE_MAX];

static void
build(const char *old, const char *new)
{
	struct diag d;

	sample_replace(&sample, old, new);
	diag_init(&d);
	snapshot_free(snapshot);
	snapshot = snapshot_build(sample.conf, &d);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&d));
	diag_fini(&d);
}

static void
setup(void)
{
	sample_open(&sample);
	build("meridian: 1\n", "meridian: 1\n");
	snapshot->generation = 9;
	answerer = (struct answerer){
	    .counters = &counters,
	    .sampler = sampler_new(),
	    .row = ROW,
	    .random = 1,
	    .now_s = NOW_S,
	};
}

static void
teardown(void)
{
	snapshot_free(snapshot);
	sample_close(&sample);
}

static size_t
ask(const struct sample_query *q, const char *source, enum count_proto proto,
    size_t cap)
{
	uint8_t packet[SAMPLE_QUERY_MAX];
	struct answer_input in = {.packet = packet, .proto = proto};

	in.len = sample_packet(packet, q);
	ck_assert(addr_parse(source, &in.source));
	return answer(&answerer, snapshot, &in, out, cap);
}

/* The only cell of the traffic seen so far. */
static struct sample_cell cell;
static size_t ncells;

static void
tell(const struct sample_cell *c, void *arg)
{
	(void)arg;
	cell = *c;
	ncells++;
}

static const struct {
	const char *name, *source, *ecs, *client; /* that counts */
	uint16_t type, first;                     /* name with the same table */
	size_t pool, region;
	enum pool_family family;
	uint32_t ttl;
} sampled[] = {
    {"www.example.com.", EURO, NULL, EURO, DNS_A, 0, 0, 0, POOL_IPV4, 60},
    {"www.example.com.", AMER, NULL, AMER, DNS_AAAA, 0, 0, 1, POOL_IPV6, 60},
    {"x.api.example.com.", AMER, NULL, AMER, DNS_A, 0, 0, 1, POOL_IPV4, 60},
    {"www.example.com.", "127.0.0.1", "81.2.9.0/24", "81.2.9.0", DNS_A, 0, 0, 0,
	POOL_IPV4, 60},
    {"mail.example.com.", EURO, NULL, EURO, DNS_MX, 5, 3, 0, POOL_ANY, 60},
    {"alias2.example.com.", EURO, NULL, EURO, DNS_A, 0, 0, 0, POOL_IPV4, 60},
};

START_TEST(a_steered_answer_is_sampled_and_tallied)
{
	const struct sample_query q = {.name = sampled[_i].name,
	    .type = sampled[_i].type,
	    .ecs = sampled[_i].ecs};
	const struct pool *p = &snapshot->pools[sampled[_i].pool];
	const struct steered *first = &snapshot->steered[sampled[_i].first];
	const struct tally *t =
	    snapshot_row(snapshot, ROW) + p->first_tally + sampled[_i].region;
	struct addr client;

	ck_assert_uint_gt(
	    ask(&q, sampled[_i].source, COUNT_UDP, DNS_UDP_EDNS), 0);
	ck_assert_uint_eq(t->steered[POOL_FIRST], 1);
	ck_assert_uint_eq(t->let_go, NOW_S + sampled[_i].ttl);
	ck_assert(addr_parse(sampled[_i].client, &client));
	sample_take(9, NOW_S, SAMPLE_ALL, tell, NULL);
	ck_assert_uint_eq(ncells, 1);
	ck_assert_uint_eq(cell.n, 1);
	ck_assert_uint_eq(cell.name, first->first);
	ck_assert_uint_eq(
	    cell.class, lookup_find(&first->table->lookup, &client).class);
	ck_assert_uint_eq(cell.block, sample_block(&client));
	ck_assert_uint_eq(cell.family, sampled[_i].family);
}
END_TEST

START_TEST(what_decides_nothing_is_not_sampled)
{
	static const struct sample_query qs[] = {
	    {.name = "static.example.com.", .type = DNS_A},
	    {.name = "nope.example.com.", .type = DNS_A},
	    {.name = "www.example.com.", .type = DNS_TXT},
	    {.name = "www.example.net.", .type = DNS_A},
	    {.name = "big.example.com.", .type = DNS_TXT},
	};

	for (size_t i = 0; i < ROWS(qs); i++)
		ck_assert_uint_gt(
		    ask(&qs[i], EURO, COUNT_UDP, DNS_UDP_EDNS), 0);
	sample_take(9, NOW_S, SAMPLE_ALL, tell, NULL);
	ck_assert_uint_eq(ncells, 0);
	for (size_t i = 0; i < snapshot->ntallies; i++)
		for (enum pool_reason r = 0; r < POOL_REASON_COUNT; r++)
			ck_assert_uint_eq(
			    snapshot_row(snapshot, ROW)[i].steered[r], 0);
}
END_TEST

/* The answer that is cached longest decides when all have expired. */
START_TEST(a_tally_keeps_the_latest_end_of_a_ttl)
{
	const struct sample_query q = {
	    .name = "www.example.com.", .type = DNS_A};
	const struct tally *t = snapshot_row(snapshot, ROW);

	ask(&q, EURO, COUNT_UDP, DNS_UDP_EDNS);
	answerer.now_s -= 10;
	ask(&q, EURO, COUNT_UDP, DNS_UDP_EDNS);
	ck_assert_uint_eq(t->let_go, NOW_S + 60);
	answerer.now_s += 11;
	ask(&q, EURO, COUNT_UDP, DNS_UDP_EDNS);
	ck_assert_uint_eq(t->let_go, NOW_S + 61);
	ck_assert_uint_eq(t->steered[POOL_FIRST], 3);
}
END_TEST

/* Each counter, after one query of each kind. */
START_TEST(each_query_and_each_reply_is_counted_once)
{
	static const struct {
		const char *source;
		enum count_proto proto;
		size_t v6;
	} rows[] = {{"192.0.2.1", COUNT_UDP, 0}, {"::1", COUNT_UDP, 1},
	    {"192.0.2.1", COUNT_TCP, 0}, {"::1", COUNT_TCP, 1}};
	const struct sample_query q = {
	    .name = "nope.example.com.", .type = DNS_A};

	for (size_t i = 0; i < ROWS(rows); i++) {
		ask(&q, rows[i].source, rows[i].proto, sizeof(out));
		ck_assert_uint_eq(
		    counters.queries[rows[i].proto][rows[i].v6], 1);
		ck_assert_uint_eq(counters.responses[DNS_NXDOMAIN], i + 1);
	}
	ck_assert_uint_eq(counters.truncated, 0);
	ck_assert_uint_eq(counters.dropped, 0);
	ck_assert_uint_eq(counters.ecs_queries, 0);
}
END_TEST

/* RFC 6891 6.2.3, 6.2.5: the longest reply to who says to take udp_size. */
static const struct {
	bool edns;
	uint16_t udp_size;
	size_t limit;
} sizes[] = {
    {false, 0, 512},
    {true, 511, 512},
    {true, 512, 512},
    {true, 513, 513},
    {true, 700, 700},
    {true, 1231, 1231},
    {true, 1232, 1232},
    {true, 1233, 1232},
    {true, 65535, 1232},
};

/* Writes a zone whose TXT record makes a reply of a length: what is around its
 * data takes the rest. */
static void
write_text(size_t len, size_t around)
{
	char path[SAMPLE_PATH_MAX + 32];
	FILE *f;

	snprintf(path, sizeof(path), "%s/example.com.zone", sample.folder);
	f = fopen(path, "w");
	ck_assert_ptr_nonnull(f);
	fprintf(f,
	    "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\na 60 A 192.0.2.1\nlong 60 TXT");
	for (size_t n, left = len - around; left > 0; left -= n) {
		n = left > 201 ? 101 : left > 101 ? left - 101 : left;
		fprintf(f, " \"%0*d\"", (int)n - 1, 1);
	}
	fprintf(f, "\n");
	fclose(f);
	build("meridian: 1\n", "meridian: 1\n");
}

START_TEST(a_reply_over_udp_has_all_that_the_client_takes)
{
	const size_t limit = sizes[_i].limit;
	struct sample_query q = {.name = "long.example.com.",
	    .type = DNS_TXT,
	    .edns = sizes[_i].edns,
	    .udp_size = sizes[_i].udp_size};
	const size_t around =
	    DNS_HEADER_SIZE + 18 + 4 + (sizes[_i].edns ? 11u : 0) + 12;

	for (size_t len = limit - 1; len <= limit + 1; len++) {
		write_text(len, around);
		ck_assert_uint_eq(ask(&q, EURO, COUNT_UDP, sizeof(out)),
		    len <= limit ? len : around - 12);
		ck_assert_uint_eq(ask(&q, EURO, COUNT_TCP, sizeof(out)), len);
		ck_assert_uint_eq(ask(&q, EURO, COUNT_TCP, len), len);
		ck_assert_uint_eq(
		    ask(&q, EURO, COUNT_TCP, len - 1), around - 12);
	}
}
END_TEST

START_TEST(the_clocks_of_an_answerer_are_those_of_now)
{
	uint64_t before_us = clock_mono_us(), after_us;
	int64_t before_s = clock_wall_s();

	answerer_refresh(&answerer);
	after_us = clock_mono_us();
	ck_assert_uint_ge(answerer.now_us, before_us);
	ck_assert_uint_le(answerer.now_us, after_us);
	ck_assert_uint_eq(answerer.now_s, answerer.now_us / 1000000);
	ck_assert_int_ge(answerer.wall_s, before_s);
	ck_assert_int_le(answerer.wall_s, clock_wall_s());
}
END_TEST

/* By the name asked, or the one that aliases lead to: of a wildcard each name
 * has its own region. */
START_TEST(a_name_that_is_hashed_is_the_one_that_is_steered)
{
	const struct tally *t;
	unsigned regions[2] = {0, 0};

	build("      - {regions: [us, eu]}\n",
	    "      - {regions: [us, eu], hash: qname}\n");
	t = snapshot_row(snapshot, ROW);
	for (unsigned i = 0; i < 40; i++) {
		char text[64];
		uint8_t name[DNS_NAME_MAX];
		const struct sample_query q = {.name = text, .type = DNS_A};
		const struct answer_question decide = {
		    .steered = 1, .type = DNS_A, .name = name};
		struct addr client;
		struct answer_steer steer;
		uint64_t before[2] = {
		    t[0].steered[POOL_FIRST], t[1].steered[POOL_FIRST]};

		snprintf(text, sizeof(text), "n%u.api.example.com.", i);
		ck_assert(name_parse(text, name, NULL));
		ck_assert(addr_parse("9.9.9.9", &client));
		answer_client(snapshot->clients, &client, NULL, &steer);
		answer_decide(snapshot, &decide, &steer);
		ask(&q, "9.9.9.9", COUNT_UDP, sizeof(out));
		regions[steer.pick.region]++;
		ck_assert_uint_eq(t[steer.pick.region].steered[POOL_FIRST],
		    before[steer.pick.region] + 1);
	}
	ck_assert_uint_gt(regions[0], 8);
	ck_assert_uint_gt(regions[1], 8);
}
END_TEST

/* Those that an independent xorshift64* draws (Vigna 2016). */
START_TEST(numbers_are_drawn_as_published)
{
	static const uint32_t first[] = {
	    0x47e4ce4b, 0xabcfa6a8, 0xb9d10d8f, 0x4db418a0};
	uint64_t state = 1;
	uint32_t last = 0;

	for (size_t i = 0; i < 1000; i++) {
		last = answer_random(&state);
		if (i < ROWS(first))
			ck_assert_uint_eq(last, first[i]);
	}
	ck_assert_uint_eq(last, 0x304e771);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("answer_count");
	TCase *tc = tcase_create("answer_count");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_steered_answer_is_sampled_and_tallied, 0, ROWS(sampled));
	tcase_add_test(tc, what_decides_nothing_is_not_sampled);
	tcase_add_test(tc, a_tally_keeps_the_latest_end_of_a_ttl);
	tcase_add_test(tc, each_query_and_each_reply_is_counted_once);
	tcase_add_loop_test(
	    tc, a_reply_over_udp_has_all_that_the_client_takes, 0, ROWS(sizes));
	tcase_add_test(tc, the_clocks_of_an_answerer_are_those_of_now);
	tcase_add_test(tc, a_name_that_is_hashed_is_the_one_that_is_steered);
	tcase_add_test(tc, numbers_are_drawn_as_published);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
