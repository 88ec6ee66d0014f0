/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What one query can cost at most.  What bounds it: of the message, its length
 * (names are read once, pointers not followed); of a name, 127 labels; of a
 * chain, ANSWER_CHAIN_MAX.  Each is driven to its end here.  And memory: none.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dns/wire.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

enum { TIMES = 200, MOST_US = 5000, LABELS = 121, CHAIN = 22 };

static struct sample sample;
static struct snapshot *snapshot;
static struct counters counters;
static struct answerer answerer = {.counters = &counters, .random = 1};
static uint8_t out[DNS_MESSAGE_MAX], packet[DNS_MESSAGE_MAX];

/* The linker leads here what would allocate (Makefile.am). */
static unsigned allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__real_reallocarray(void *p, size_t n, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void *__wrap_reallocarray(void *p, size_t n, size_t size);

void *
__wrap_malloc(size_t size)
{
	allocations++;
	return __real_malloc(size);
}

void *
__wrap_calloc(size_t n, size_t size)
{
	allocations++;
	return __real_calloc(n, size);
}

void *
__wrap_realloc(void *p, size_t size)
{
	allocations++;
	return __real_realloc(p, size);
}

void *
__wrap_reallocarray(void *p, size_t n, size_t size)
{
	allocations++;
	return __real_reallocarray(p, n, size);
}

/* "c.a.a. ... .a.example.com.", 255 octets. */
static const char *
deep_name(char name[512], char first)
{
	char *p = name;

	p += sprintf(p, "%c.", first);
	for (int i = 1; i < LABELS; i++)
		p += sprintf(p, "a.");
	strcpy(p, "example.com.");
	return name;
}

static void
write_zone(void)
{
	char path[SAMPLE_PATH_MAX + 32], from[512], to[512];
	FILE *f;

	snprintf(path, sizeof(path), "%s/example.com.zone", sample.folder);
	f = fopen(path, "a");
	ck_assert_ptr_nonnull(f);
	for (char i = 0; i < CHAIN; i++)
		fprintf(f, "%s CNAME %s\n", deep_name(from, (char)('b' + i)),
		    deep_name(to, (char)('c' + i)));
	fprintf(f, "d1 DNAME d2\nd2 DNAME d1\n");
	ck_assert_int_eq(fclose(f), 0);
}

static void
setup(void)
{
	struct diag d;

	sample_open(&sample);
	write_zone();
	diag_init(&d);
	snapshot = snapshot_build(sample.conf, &d);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&d));
	diag_fini(&d);
	ck_assert_uint_gt(allocations, 0); /* it counts */
}

static void
teardown(void)
{
	snapshot_free(snapshot);
	sample_close(&sample);
}

/* The reply's length, and records in its answer section. */
static size_t
ask(size_t len, unsigned *records)
{
	struct answer_input in = {
	    .packet = packet,
	    .len = len,
	    .proto = COUNT_TCP,
	};
	uint64_t start, us, least = UINT64_MAX;
	size_t n = 0;

	addr_parse("127.0.0.1", &in.source);
	allocations = 0;
	for (int i = 0; i < TIMES; i++) {
		start = clock_mono_us();
		n = answer(&answerer, snapshot, &in, out, sizeof(out));
		us = clock_mono_us() - start;
		least = us < least ? us : least;
	}
	ck_assert_uint_eq(allocations, 0);
	printf("%d us\n", (int)least);
	ck_assert_uint_lt(least, MOST_US);
	*records = n >= DNS_HEADER_SIZE ? wire_get_u16(out + 6) : 0;
	return n;
}

START_TEST(a_chain_of_the_longest_names_is_cut)
{
	char name[512];
	const struct sample_query q = {
	    .name = deep_name(name, 'b'), .type = DNS_A};
	unsigned records;

	ask(sample_packet(packet, &q), &records);
	ck_assert_uint_le(records, ANSWER_CHAIN_MAX + 1);
	ck_assert_uint_ge(records, ANSWER_CHAIN_MAX);
}
END_TEST

START_TEST(names_that_dnames_hand_to_and_fro_are_cut)
{
	const struct sample_query q = {
	    .name = "x.d1.example.com.", .type = DNS_A};
	unsigned records;

	ask(sample_packet(packet, &q), &records);
	/* A DNAME and the CNAME made of it, each. */
	ck_assert_uint_le(records, 2 * (ANSWER_CHAIN_MAX + 1));
}
END_TEST

/* As many records as fit into the largest message, each with a name that is
 * a pointer to itself. */
START_TEST(a_message_full_of_records_is_read_once)
{
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A};
	size_t len = sample_packet(packet, &q);
	unsigned records, n = 0;
	struct wire w;

	wire_init(&w, packet, sizeof(packet));
	for (w.len = len; w.len + 12 <= sizeof(packet); n++) {
		wire_put_u16(&w, (uint16_t)(0xc000 | (w.len & 0x3fff)));
		wire_put_u16(&w, DNS_TXT);
		wire_put_u16(&w, DNS_IN);
		wire_put_u32(&w, 0);
		wire_put_u16(&w, 0);
	}
	wire_set_u16(&w, 10, (uint16_t)n);
	ck_assert_uint_gt(n, 5000);
	ask(w.len, &records);
}
END_TEST

START_TEST(an_opt_full_of_options_is_read_once)
{
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A, .edns = true};
	size_t len = sample_packet(packet, &q);
	unsigned records;
	struct wire w;

	wire_init(&w, packet, sizeof(packet));
	w.len = len;
	while (w.len + 4 <= sizeof(packet)) {
		wire_put_u16(&w, DNS_OPTION_NSID);
		wire_put_u16(&w, 0);
	}
	wire_set_u16(&w, len - 2, (uint16_t)(w.len - len));
	ck_assert_uint_gt(ask(w.len, &records), len);
	ck_assert_uint_eq(records, 1);
}
END_TEST

START_TEST(a_name_that_points_at_itself_is_an_error)
{
	static const uint8_t question[] = {0xc0, 12, 0, 1, 0, 1};
	const struct sample_query q = {.name = ".", .type = DNS_A};
	unsigned records;

	sample_packet(packet, &q);
	memcpy(packet + DNS_HEADER_SIZE, question, sizeof(question));
	ck_assert_uint_eq(
	    ask(DNS_HEADER_SIZE + sizeof(question), &records), DNS_HEADER_SIZE);
	ck_assert_uint_eq(out[3] & 15, DNS_FORMERR);
}
END_TEST

static const struct sample_query ordinary[] = {
    {.name = "www.example.com.", .type = DNS_A, .ecs = "81.2.0.0/16"},
    {.name = "www.example.com.",
	.type = DNS_AAAA,
	.cookie = "0102030405060708"},
    {.name = "mail.example.com.", .type = DNS_MX, .nsid = true, .edns = true},
    {.name = "x.svc.example.com.", .type = DNS_HTTPS},
    {.name = "again.example.com.", .type = DNS_A},
    {.name = "static.example.com.", .type = DNS_ANY},
    {.name = "big.example.com.", .type = DNS_TXT},
    {.name = "x.old.example.com.", .type = DNS_A},
    {.name = "x.sub.example.com.", .type = DNS_A},
    {.name = "x.many.example.com.", .type = DNS_A},
    {.name = "nope.example.com.", .type = DNS_A},
    {.name = "example.org.", .type = DNS_A, .edns = true},
    {.name = "example.com.", .type = DNS_AXFR},
    {.name = "id.server.", .type = DNS_TXT, .class = DNS_CH},
    {.name = "static.example.com.", .type = DNS_A, .edns = true, .version = 1},
    {.name = "static.example.com.", .type = DNS_A, .flags = 5 << 11},
};

START_TEST(nothing_is_allocated)
{
	unsigned records;

	ck_assert_uint_ge(ask(sample_packet(packet, &ordinary[_i]), &records),
	    DNS_HEADER_SIZE);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("bounds");
	TCase *t = tcase_create("bounds");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, a_chain_of_the_longest_names_is_cut);
	tcase_add_test(t, names_that_dnames_hand_to_and_fro_are_cut);
	tcase_add_test(t, a_message_full_of_records_is_read_once);
	tcase_add_test(t, an_opt_full_of_options_is_read_once);
	tcase_add_test(t, a_name_that_points_at_itself_is_an_error);
	tcase_add_loop_test(
	    t, nothing_is_allocated, 0, sizeof(ordinary) / sizeof(ordinary[0]));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
