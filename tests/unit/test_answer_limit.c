/* SPDX-License-Identifier: BSD-3-Clause */
/* What becomes of replies beyond the rate limit. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#include "dns/wire.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

#define CLIENT "64.10.0.53"

enum { RATE = 5, AT_FLAGS = 2, AT_ANCOUNT = 6 };

static struct sample sample;
static struct snapshot *snapshot;
static struct counters counters;
static struct answerer answerer;
static uint8_t out[DNS_UDP_EDNS];

/* What one query got. */
enum got { NOTHING, TRUNCATED, WHOLE };

static void
load(const char *server)
{
	struct diag d;

	diag_init(&d);
	sample_replace(&sample, "  nsid: test-1\n", server);
	snapshot_free(snapshot);
	snapshot = snapshot_build(sample.conf, &d);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&d));
	diag_fini(&d);
}

static void
setup(void)
{
	struct error err;

	sample_open(&sample);
	answerer = (struct answerer){
	    .counters = &counters,
	    .random = 1,
	    .now_s = 1000,
	    .now_us = 1000000000,
	    .limit = limit_new(&err),
	};
	ck_assert_ptr_nonnull(answerer.limit);
}

static void
teardown(void)
{
	limit_free(answerer.limit);
	snapshot_free(snapshot);
	sample_close(&sample);
}

static enum got
ask_with(const char *name, const char *client, const char *cookie)
{
	uint8_t packet[SAMPLE_QUERY_MAX];
	const struct sample_query q = {
	    .name = name, .type = DNS_A, .cookie = cookie};
	struct answer_input in = {.packet = packet, .proto = COUNT_UDP};
	size_t len;

	in.len = sample_packet(packet, &q);
	ck_assert(addr_parse(client, &in.source));
	len = answer(&answerer, snapshot, &in, out, sizeof(out));
	if (len == 0)
		return NOTHING;
	if (!(wire_get_u16(out + AT_FLAGS) & DNS_TC))
		return WHOLE;
	ck_assert_uint_eq(len, in.len); /* no more than was sent */
	ck_assert_uint_eq(wire_get_u16(out + AT_ANCOUNT), 0);
	return TRUNCATED;
}

static enum got
ask(const char *name, const char *client)
{
	return ask_with(name, client, NULL);
}

static void
ask_many(const char *name, const char *client, unsigned n, unsigned got[3])
{
	got[NOTHING] = got[TRUNCATED] = got[WHOLE] = 0;
	while (n-- > 0)
		got[ask(name, client)]++;
}

START_TEST(beyond_the_limit_some_slip_and_the_rest_is_dropped)
{
	unsigned got[3];

	load("  rate_limit: {per_second: 5, slip: 2}\n");
	ask_many("www.example.com.", CLIENT, 1005, got);
	ck_assert_uint_eq(got[WHOLE], RATE);
	ck_assert_uint_gt(got[TRUNCATED], 400);
	ck_assert_uint_gt(got[NOTHING], 400);
	ck_assert_uint_eq(
	    counters.limited[COUNT_LIMITED_DROPPED], got[NOTHING]);
	ck_assert_uint_eq(
	    counters.limited[COUNT_LIMITED_SLIPPED], got[TRUNCATED]);
	ck_assert_uint_eq(counters.responses[DNS_NOERROR], 1005 - got[NOTHING]);
	ck_assert_uint_eq(counters.truncated, got[TRUNCATED]);
	ck_assert_uint_eq(
	    snapshot_steered(snapshot, &snapshot->pools[0], 1, POOL_FIRST),
	    RATE);
}
END_TEST

START_TEST(slip_may_be_all_or_none)
{
	unsigned got[3];

	load("  rate_limit: {per_second: 5, slip: 1}\n");
	ask_many("www.example.com.", CLIENT, 25, got);
	ck_assert_uint_eq(got[TRUNCATED], 20);
	load("  rate_limit: {per_second: 5, slip: 0}\n");
	ask_many("www.example.com.", CLIENT, 25, got);
	ck_assert_uint_eq(got[NOTHING], 25);
}
END_TEST

START_TEST(each_kind_has_a_credit_of_its_own)
{
	static const char *const names[] = {"static.example.com.",
	    "nope.example.com.", "x.sub.example.com.", "www.example.org."};
	unsigned got[3];

	load("  rate_limit: {per_second: 5, slip: 0}\n");
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		ask_many(names[i], CLIENT, 20, got);
		ck_assert_uint_eq(got[WHOLE], RATE);
	}
	/* Names and types that do not exist are one kind. */
	ask_many("medium.example.com.", CLIENT, 20, got);
	ck_assert_uint_eq(got[WHOLE], 0);
	ask_many("www.example.com.", "2600:100::53", 20, got);
	ck_assert_uint_eq(got[WHOLE], RATE);
}
END_TEST

/* Pairs of questions, and whether they share a credit. */
static const struct {
	const char *first, *second;
	bool shared;
} pairs[] = {
    {"nope.example.com.", "medium.example.com.", true}, /* no type */
    {"nope.example.com.", "other.example.com.", true},
    {"nope.example.com.", "www.example.org.", false},
    {"medium.example.com.", "www.example.org.", false},
    {"medium.example.com.", "x.sub.example.com.", false},
    {"medium.example.com.", "static.example.com.", false},
    {"static.example.com.", "www.example.com.", true},
    {"static.example.com.", "nodata.example.com.", true}, /* an alias */
    {"static.example.com.", "x.sub.example.com.", false},
    {"x.sub.example.com.", "www.example.org.", false},
};

START_TEST(replies_of_one_kind_share_a_credit)
{
	unsigned got[3];

	load("  rate_limit: {per_second: 5, slip: 0}\n");
	ask_many(pairs[_i].first, CLIENT, 20, got);
	ck_assert_uint_eq(got[WHOLE], RATE);
	ask_many(pairs[_i].second, CLIENT, 20, got);
	ck_assert_uint_eq(got[WHOLE], pairs[_i].shared ? 0 : RATE);
}
END_TEST

START_TEST(what_is_only_observed_is_sent)
{
	unsigned got[3];

	load("  rate_limit: {per_second: 5, mode: observe}\n");
	ask_many("www.example.com.", CLIENT, 25, got);
	ck_assert_uint_eq(got[WHOLE], 25);
	ck_assert_uint_eq(counters.limited[COUNT_LIMITED_OBSERVED], 20);
	ck_assert_uint_eq(counters.limited[COUNT_LIMITED_DROPPED], 0);
}
END_TEST

START_TEST(without_a_limit_and_over_tcp_all_is_answered)
{
	struct limit *limit = answerer.limit;
	unsigned got[3];

	load("  nsid: test-1\n");
	ask_many("www.example.com.", CLIENT, 100, got);
	ck_assert_uint_eq(got[WHOLE], 100);
	load("  rate_limit: {per_second: 5, slip: 0}\n");
	answerer.limit = NULL; /* as that of serve/tcp */
	ask_many("www.example.com.", CLIENT, 100, got);
	ck_assert_uint_eq(got[WHOLE], 100);
	answerer.limit = limit;
}
END_TEST

START_TEST(the_allowed_are_answered)
{
	unsigned got[3];

	load("  rate_limit: {per_second: 5, slip: 0, allow: 64.10.0.0/16}\n");
	ask_many("www.example.com.", CLIENT, 100, got);
	ck_assert_uint_eq(got[WHOLE], 100);
	ask_many("www.example.com.", "81.2.0.53", 100, got);
	ck_assert_uint_eq(got[WHOLE], RATE);
}
END_TEST

/* RFC 7873 5.2.5: nobody else can have asked. */
START_TEST(who_has_a_good_cookie_is_answered)
{
	uint8_t cookie[COOKIE_SIZE];
	char hex[2 * COOKIE_SIZE + 1];
	struct addr client;
	unsigned got[3];

	load("  rate_limit: {per_second: 5, slip: 0}\n");
	ck_assert(addr_parse(CLIENT, &client));
	cookie_make(&snapshot->cookies, (const uint8_t *)"12345678", &client,
	    answerer.wall_s, cookie);
	for (size_t i = 0; i < COOKIE_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", cookie[i]);
	ask_many("static.example.com.", CLIENT, 20, got);
	ck_assert_uint_eq(got[WHOLE], RATE);
	for (int i = 0; i < 20; i++)
		ck_assert_int_eq(
		    ask_with("static.example.com.", CLIENT, hex), WHOLE);
	hex[2 * COOKIE_SIZE - 1] ^= 1;
	ck_assert_int_eq(ask_with("static.example.com.", CLIENT, hex), NOTHING);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("answer_limit");
	TCase *tc = tcase_create("answer_limit");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, beyond_the_limit_some_slip_and_the_rest_is_dropped);
	tcase_add_test(tc, slip_may_be_all_or_none);
	tcase_add_test(tc, each_kind_has_a_credit_of_its_own);
	tcase_add_loop_test(tc, replies_of_one_kind_share_a_credit, 0,
	    sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tc, what_is_only_observed_is_sent);
	tcase_add_test(tc, without_a_limit_and_over_tcp_all_is_answered);
	tcase_add_test(tc, the_allowed_are_answered);
	tcase_add_test(tc, who_has_a_good_cookie_is_answered);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
