/* SPDX-License-Identifier: BSD-3-Clause */
/* For whom an answer is decided where fences hold, subnet by subnet. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { EU, US }; /* regions of the pool */

static struct sample sample;
static struct snapshot *snapshot;
static char database[SAMPLE_PATH_MAX + 16];

/* 192.168.0.0/16 is unroutable: whatever the database says of it, it counts as
 * its resolver. */
static const char conf_text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], ecs_from: any}\n"
    "geoip: {databases: [country.mmdb],\n"
    "        nets: {euro: [81.2.0.0/16], amer: [81.3.0.0/16]}}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {jurisdiction: EU}, us: {jurisdiction: US}}\n"
    "pools: {www: {regions: {eu: [{addr: 192.0.2.1}],\n"
    "                        us: [{addr: 192.0.2.2}]}}}\n"
    "policies:\n"
    "  p:\n"
    "    rules:\n"
    "      - {nets: euro, regions: [eu, us], fence: EU}\n"
    "      - {nets: amer, regions: [us, eu], fence: US}\n"
    "      - {geo: DE, regions: [eu, us], fence: EU}\n"
    "      - {regions: [us, eu]}\n"
    "names: {www.example.com: {pool: www, policy: p}}\n";

static void
setup(void)
{
	struct mmdb_row rows[2];
	struct error err;
	struct diag d;
	FILE *f;

	sample_open(&sample);
	memset(rows, 0, sizeof(rows));
	ck_assert(prefix_parse("192.168.0.0/16", &rows[0].prefix, &err));
	ck_assert(prefix_parse("5.0.0.0/8", &rows[1].prefix, &err));
	for (size_t i = 0; i < ROWS(rows); i++)
		memcpy(rows[i].place.country, "DE", 2);
	snprintf(database, sizeof(database), "%s/country.mmdb", sample.folder);
	mmdb_make(database, 4, MMDB_NESTED, rows, ROWS(rows));
	f = fopen(sample.conf, "w");
	ck_assert_ptr_nonnull(f);
	fputs(conf_text, f);
	fclose(f);
	diag_init(&d);
	snapshot = snapshot_build(sample.conf, &d);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&d));
	diag_fini(&d);
}

static void
teardown(void)
{
	snapshot_free(snapshot);
	unlink(database);
	sample_close(&sample);
}

static const struct row {
	const char *resolver, *subnet; /* NULL: none */
	const char *client;            /* for whom it is decided */
	unsigned region;
	bool mixed, fenced, refused;
	uint8_t scope;
} rows[] = {
    /* No subnet. */
    {"81.2.0.1", NULL, "81.2.0.1", EU, false, false, false, 0},
    {"81.3.0.1", NULL, "81.3.0.1", US, false, false, false, 0},
    {"9.9.9.9", "0.0.0.0/0", "9.9.9.9", US, false, false, false, 0},
    /* One class is in the subnet. */
    {"9.9.9.9", "81.2.0.0/16", "81.2.0.0", EU, false, false, false, 16},
    {"9.9.9.9", "81.2.128.0/17", "81.2.128.0", EU, false, false, false, 16},
    {"9.9.9.9", "81.3.0.0/16", "81.3.0.0", US, false, false, false, 16},
    {"9.9.9.9", "5.0.0.0/8", "5.0.0.0", EU, false, false, false, 8},
    /* Clients of one fence or of two, and others: the first of those. */
    {"9.9.9.9", "80.0.0.0/7", "81.2.0.0", EU, true, true, true, 8},
    {"9.9.9.9", "4.0.0.0/7", "5.0.0.0", EU, true, true, false, 8},
    {"9.9.9.9", "81.2.0.0/15", "81.2.0.0", EU, true, true, true, 16},
    /* None is of a fence. */
    {"9.9.9.9", "84.0.0.0/6", "84.0.0.0", US, false, false, false, 6},
    /* What is unroutable counts as its resolver. */
    {"9.9.9.9", "192.168.0.0/16", "9.9.9.9", US, false, false, false, 16},
    {"9.9.9.9", "192.168.7.0/24", "9.9.9.9", US, false, false, false, 16},
    {"81.2.0.1", "192.168.0.0/16", "81.2.0.1", EU, false, false, false, 16},
    {"81.3.0.1", "192.168.0.0/16", "81.3.0.1", US, false, false, false, 16},
};

START_TEST(a_subnet_is_decided_for_its_first_fenced_client)
{
	const struct row *row = &rows[_i];
	const struct prefix none = {.len = 0};
	struct prefix subnet = none;
	struct answer_steer steer;
	struct addr resolver;
	struct ecs ecs = {.present = true};
	char text[ADDR_TEXT_MAX];
	const struct answer_question q = {.type = DNS_A};
	struct error err;

	ck_assert(addr_parse(row->resolver, &resolver));
	if (row->subnet != NULL)
		ck_assert(prefix_parse(row->subnet, &subnet, &err));
	ecs.addr = subnet.addr;
	ecs.source = subnet.len;
	answer_client(snapshot->clients, &resolver,
	    row->subnet != NULL ? &ecs : NULL, &steer);
	answer_decide(snapshot, &q, &steer);
	ck_assert_str_eq(addr_format(text, &steer.client), row->client);
	ck_assert_uint_eq(steer.pick.region, row->region);
	ck_assert(answer_is_mixed(&steer) == row->mixed);
	ck_assert((steer.fence != 0) == row->fenced);
	ck_assert((steer.other_fence != 0) == row->refused);
	ck_assert_uint_eq(steer.scope, row->scope);
}
END_TEST

/* RFC 8914: the resolver is told why; the scope is that of the prefix which no
 * longer has clients of both. */
START_TEST(a_subnet_with_clients_of_two_fences_is_refused)
{
	static const char why[] =
	    "the client subnet contains clients of two fences: send a longer prefix";
	const struct sample_query q = {
	    .name = "www.example.com.", .type = DNS_A, .ecs = "81.2.0.0/15"};
	uint8_t packet[SAMPLE_QUERY_MAX], out[DNS_UDP_EDNS];
	struct counters counters = {0};
	struct answerer a = {.counters = &counters, .random = 1};
	struct answer_input in = {.packet = packet, .proto = COUNT_UDP};
	size_t len;

	in.len = sample_packet(packet, &q);
	ck_assert(addr_parse("9.9.9.9", &in.source));
	len = answer(&a, snapshot, &in, out, sizeof(out));
	/* The question as it came; the OPT with ECS and the error. */
	ck_assert_uint_eq(len, in.len + 4 + 2 + sizeof(why) - 1);
	ck_assert_uint_eq(wire_get_u16(out + 2), DNS_QR | DNS_SERVFAIL);
	ck_assert_uint_eq(wire_get_u32(out + 6), 0);
	ck_assert_mem_eq(
	    out + in.len - 6, "\0\1\x0f\x10\x51\x02", 6); /* scope 16 */
	ck_assert_mem_eq(out + len - sizeof(why) + 1, why, sizeof(why) - 1);
	ck_assert_uint_eq(wire_get_u16(out + in.len), DNS_OPTION_EDE);
	ck_assert_uint_eq(wire_get_u16(out + in.len + 4), DNS_ERROR_OTHER);
	ck_assert_uint_eq(counters.responses[DNS_SERVFAIL], 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("answer_fence");
	TCase *tc = tcase_create("answer_fence");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_unchecked_fixture(tc, setup, teardown);
	tcase_add_loop_test(
	    tc, a_subnet_is_decided_for_its_first_fenced_client, 0, ROWS(rows));
	tcase_add_test(tc, a_subnet_with_clients_of_two_fences_is_refused);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
