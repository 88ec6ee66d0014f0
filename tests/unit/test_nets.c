/* SPDX-License-Identifier: BSD-3-Clause */
/* Asked of sorted prefixes, the nets are what a scan of them all says. */
#include "geo/nets.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "geo/prefix.h"

enum { NETS = 5, PREFIXES = 40, ROUNDS = 60, ADDRESSES = 400 };

static struct prefix prefixes[NETS][PREFIXES];
static struct conf_net nets[NETS];
static struct conf conf = {.nets = nets, .nnets = NETS};

/* Near each other, so that many lie in others, or are the same. */
static void
addr_random(struct addr *a)
{
	unsigned from = random() % 4 == 0 ? 0 : 6;

	memset(a, 0, sizeof(*a));
	a->family = random() & 1 ? 4 : 6;
	for (unsigned i = from; i < addr_bits(a); i++)
		if (random() % 3 == 0)
			a->bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
}

static void
prefix_random(struct prefix *p)
{
	addr_random(&p->addr);
	p->len = (uint8_t)(random() % 3 == 0
		? (unsigned)random() % (addr_bits(&p->addr) + 1)
		: 4 + (unsigned)random() % 14);
	addr_mask(&p->addr, p->len);
}

static void
nets_random(unsigned seed)
{
	srandom(seed);
	for (size_t i = 0; i < NETS; i++) {
		nets[i].prefixes = prefixes[i];
		nets[i].nprefixes = (size_t)random() % (PREFIXES + 1);
		for (size_t k = 0; k < nets[i].nprefixes; k++)
			prefix_random(&prefixes[i][k]);
	}
}

static void
scan(const struct addr *a, struct nets_found *f)
{
	*f = (struct nets_found){.net = CONF_NONE};
	for (size_t i = 0; i < NETS; i++) {
		for (size_t k = 0; k < nets[i].nprefixes; k++) {
			const struct prefix *p = &prefixes[i][k];
			unsigned beside;

			if (p->addr.family != a->family)
				continue;
			beside = prefix_depth_beside(p, a);
			f->depth = beside > f->depth ? beside : f->depth;
			if (!prefix_covers(p, a))
				continue;
			f->nets |= UINT64_C(1) << i;
			if (f->net != CONF_NONE && p->len < f->longest.len)
				continue;
			f->net = (uint16_t)i;
			f->longest = *p;
		}
	}
}

static void
address_near(struct addr *a)
{
	const struct conf_net *net = &nets[random() % NETS];
	const struct prefix *p;

	addr_random(a);
	if (net->nprefixes == 0 || random() % 3 == 0)
		return;
	p = &net->prefixes[(size_t)random() % net->nprefixes];
	a->family = p->addr.family;
	for (unsigned i = 0; i < p->len; i++)
		if (addr_bit(a, i) != addr_bit(&p->addr, i))
			a->bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
	if (a->family == 4)
		memset(a->bytes + 4, 0, 12);
}

START_TEST(what_is_found_is_what_a_scan_finds)
{
	for (unsigned round = 0; round < ROUNDS; round++) {
		struct nets *n;

		nets_random(round);
		n = nets_new(&conf);
		for (unsigned i = 0; i < ADDRESSES; i++) {
			struct nets_found found, scanned;
			struct addr a;

			address_near(&a);
			nets_find(n, &a, &found);
			scan(&a, &scanned);
			ck_assert_uint_eq(found.nets, scanned.nets);
			ck_assert_uint_eq(found.depth, scanned.depth);
			ck_assert_uint_eq(found.net, scanned.net);
			if (found.net != CONF_NONE)
				ck_assert_uint_eq(
				    found.longest.len, scanned.longest.len);
		}
		nets_free(n);
	}
}
END_TEST

START_TEST(without_nets_nothing_is_found)
{
	struct conf none = {.nnets = 0};
	struct nets *n = nets_new(&none);
	struct addr a = {.family = 4};
	struct nets_found f;

	nets_find(n, &a, &f);
	ck_assert_uint_eq(f.nets, 0);
	ck_assert_uint_eq(f.depth, 0);
	ck_assert_uint_eq(f.net, CONF_NONE);
	nets_free(n);
	nets_free(NULL);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("nets");
	TCase *tc = tcase_create("nets");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, what_is_found_is_what_a_scan_finds);
	tcase_add_test(tc, without_nets_nothing_is_found);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
