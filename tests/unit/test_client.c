/* SPDX-License-Identifier: BSD-3-Clause */
/* The table of step 1 against scans of what was declared. */
#include "steer/client.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

static struct arena *arena;
static struct conf conf;
static struct conf_net nets[2];
static struct prefix prefixes[64], resolvers[16];

static void
setup(void)
{
	arena = arena_new();
	memset(&conf, 0, sizeof(conf));
	memset(nets, 0, sizeof(nets));
	conf.nets = nets;
	conf.nnets = 2;
	nets[0].prefixes = prefixes;
	nets[1].prefixes = prefixes + 32;
	conf.server.ecs_from = resolvers;
}

static void
teardown(void)
{
	arena_free(arena);
}

static struct addr
addr(const char *text)
{
	struct addr a;

	ck_assert_msg(addr_parse(text, &a), "%s", text);
	return a;
}

static void
put_net(const char *text)
{
	struct conf_net *net = &nets[0];

	ck_assert(prefix_parse(text, &net->prefixes[net->nprefixes++], NULL));
}

static struct client_hit
find(const struct client_table *t, const char *text)
{
	struct addr a = addr(text);

	return client_find(t, &a);
}

static bool
counts_by_scan(const struct addr *a)
{
	struct addr v4;
	unsigned offset;

	if (!addr_is_unroutable(a))
		return true;
	if (addr_embedded(a, &v4, &offset))
		a = &v4;
	for (size_t i = 0; i < conf.nnets; i++)
		for (size_t k = 0; k < nets[i].nprefixes; k++)
			if (prefix_covers(&nets[i].prefixes[k], a))
				return true;
	return false;
}

static void
fill(void *to, size_t len)
{
	uint8_t *p = to;

	while (len-- > 0)
		*p++ = (uint8_t)random();
}

/* Any address, near what matters more often than by chance. */
static void
addr_random(struct addr *a)
{
	size_t n;
	const struct prefix *p = addr_unroutable(&n);
	const struct prefix *near = NULL;
	long how = random() % 6;

	memset(a, 0, sizeof(*a));
	a->family = random() & 1 ? 4 : 6;
	if (how == 0)
		near = &p[(size_t)random() % n];
	else if (how == 1)
		near = &prefixes[random() % 64];
	else if (how == 2)
		near = &addr_embedding(&n)[random() % 3];
	else if (how == 3)
		near = &resolvers[random() % 16];
	if (near != NULL && near->addr.family != 0)
		*a = near->addr;
	for (unsigned i = near != NULL ? near->len : 0; i < addr_bits(a); i++)
		if (random() & 1)
			a->bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	/* An IPv4 address of interest in an IPv6 one. */
	if (how == 2 && random() & 1)
		memcpy(a->bytes + (a->bytes[0] == 0x20 ? 2 : 12),
		    prefixes[random() % 64].addr.bytes, 4);
}

static void
prefix_random(struct prefix *p)
{
	unsigned bits;

	addr_random(&p->addr);
	bits = addr_bits(&p->addr);
	p->len = (uint8_t)((unsigned)random() % (bits - 3) + 4);
	addr_mask(&p->addr, p->len);
}

START_TEST(unroutable_addresses_count_when_a_net_has_them)
{
	const struct client_table *t;

	put_net("10.1.0.0/16");
	put_net("fd00:1::/32");
	t = client_build(arena, &conf);
	ck_assert(find(t, "10.1.2.3").counts);
	ck_assert(!find(t, "10.2.2.3").counts);
	ck_assert(find(t, "11.2.2.3").counts);
	ck_assert(find(t, "2002:a01::1").counts);
	ck_assert(!find(t, "2002:a02::1").counts);
	ck_assert(!find(t, "::ffff:192.168.0.1").counts);
	ck_assert(find(t, "fd00:1::1").counts);
	ck_assert(!find(t, "fd00:2::1").counts);
	ck_assert(find(t, "2a00::1").counts);
}
END_TEST

START_TEST(the_depth_is_that_of_the_private_space)
{
	static const struct {
		const char *text;
		uint8_t depth;
	} rows[] = {{"10.1.2.0", 8}, {"172.16.9.0", 12}, {"172.31.0.0", 12},
	    {"192.168.1.0", 16}, {"100.64.0.0", 10}, {"240.0.0.0", 3},
	    {"fd00::", 7}, {"fe80::", 10}, {"::ffff:10.0.0.0", 96 + 8},
	    {"2002:a01::", 16 + 8}, {"11.0.0.0", 8}, {"9.0.0.0", 7},
	    {"203.0.112.0", 24}, {"64.0.0.0", 3}};
	const struct client_table *t = client_build(arena, &conf);

	for (size_t i = 0; i < ROWS(rows); i++) {
		unsigned depth = find(t, rows[i].text).depth;

		ck_assert_msg(depth == rows[i].depth, "%s: %u, not %u",
		    rows[i].text, depth, rows[i].depth);
	}
}
END_TEST

/* 6to4 is then as what is beside it. */
START_TEST(when_all_of_ipv4_counts_nothing_ends_there)
{
	const struct client_table *t;

	put_net("0.0.0.0/0");
	t = client_build(arena, &conf);
	ck_assert(find(t, "2002:a01::1").counts);
	ck_assert(find(t, "::ffff:10.0.0.1").counts);
	ck_assert_uint_eq(find(t, "10.0.0.1").depth, 0);
	ck_assert_uint_lt(find(t, "2002:a01::1").depth, 16);
	ck_assert_uint_eq(
	    find(t, "2003::1").depth, find(t, "2002:a01::1").depth);
}
END_TEST

static void
compare(const struct client_table *t)
{
	struct addr a, near;
	struct client_hit hit, other;
	bool believed = false;
	char text[ADDR_TEXT_MAX];

	addr_random(&a);
	hit = client_find(t, &a);
	ck_assert_msg(
	    hit.counts == counts_by_scan(&a), "%s", addr_format(text, &a));
	for (size_t i = 0; i < conf.server.necs_from; i++)
		believed = believed || prefix_covers(&resolvers[i], &a);
	ck_assert_msg(
	    client_believes(t, &a) == believed, "%s", addr_format(text, &a));
	/* Anywhere in the prefix it is the same; beside it, somewhere not. */
	near = (struct addr){.family = a.family};
	fill(near.bytes, addr_bits(&a) / 8);
	for (unsigned i = 0; i < hit.depth; i++)
		if (addr_bit(&a, i) != addr_bit(&near, i))
			near.bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	other = client_find(t, &near);
	ck_assert_msg(
	    hit.counts == other.counts, "%s", addr_format(text, &near));
}

START_TEST(the_table_agrees_with_scans)
{
	srandom((unsigned)_i);
	nets[0].nprefixes = nets[1].nprefixes = 32;
	conf.server.necs_from = (size_t)_i % ROWS(resolvers);
	memset(prefixes, 0, sizeof(prefixes));
	memset(resolvers, 0, sizeof(resolvers));
	for (size_t i = 0; i < ROWS(prefixes); i++)
		prefix_random(&prefixes[i]);
	for (size_t i = 0; i < ROWS(resolvers); i++)
		prefix_random(&resolvers[i]);
	for (int round = 0; round < 2; round++) {
		const struct client_table *t = client_build(arena, &conf);

		for (int i = 0; i < 20000; i++)
			compare(t);
		nets[0].nprefixes = nets[1].nprefixes = 3;
	}
}
END_TEST

START_TEST(any_and_none_need_no_table)
{
	const struct client_table *t = client_build(arena, &conf);
	struct addr a = addr("192.0.2.1"), b = addr("2001:db8::1");

	ck_assert(!client_believes(t, &a) && !client_believes(t, &b));
	conf.server.ecs_any = true;
	t = client_build(arena, &conf);
	ck_assert(client_believes(t, &a) && client_believes(t, &b));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("client");
	TCase *tc = tcase_create("client");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, unroutable_addresses_count_when_a_net_has_them);
	tcase_add_test(tc, the_depth_is_that_of_the_private_space);
	tcase_add_test(tc, when_all_of_ipv4_counts_nothing_ends_there);
	tcase_add_test(tc, any_and_none_need_no_table);
	tcase_add_loop_test(tc, the_table_agrees_with_scans, 0, 20);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
