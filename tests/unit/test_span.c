/* SPDX-License-Identifier: BSD-3-Clause */
/* Spans beside a plain list of the parts of the address space. */
#include "geo/span.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef unsigned __int128 u128;

enum { WORLDS = 40, QUESTIONS = 200, NETS = 6, PREFIXES = 18, VALUES = 4 };

/* A part of a family's space that is alike, from first to last. */
struct part {
	u128 first, last;
	uint32_t value; /* 0: none */
	uint32_t other; /* of what counts as IPv4: another value in it */
	bool is_ipv4;   /* counts as IPv4 */
	bool is_client; /* in a net, or routable */
};

static struct prefix prefixes[PREFIXES]; /* of the nets, in turn */
static struct conf_net nets[NETS];
static struct prefix of_nets[NETS][PREFIXES / NETS];
static VEC(struct part) parts[2]; /* IPv4, IPv6; in order */
static struct geo *geo;
static struct arena *arena;
static const struct spans *spans;

static unsigned
roll(unsigned n)
{
	return (unsigned)random() % n;
}

static unsigned
bits_of(size_t family)
{
	return family == 0 ? 32 : 128;
}

static u128
number(const struct addr *a)
{
	u128 n = 0;

	for (unsigned i = 0; i < addr_bits(a) / 8; i++)
		n = n << 8 | a->bytes[i];
	return n;
}

static struct addr
address(u128 n, size_t family)
{
	struct addr a = {.family = family == 0 ? 4 : 6};

	for (unsigned i = addr_bits(&a) / 8; i-- > 0; n >>= 8)
		a.bytes[i] = (uint8_t)n;
	return a;
}

static u128
last_of(const struct prefix *p)
{
	unsigned free_bits = addr_bits(&p->addr) - p->len;
	u128 ones = free_bits == 128 ? ~(u128)0 : ((u128)1 << free_bits) - 1;

	return number(&p->addr) | ones;
}

/* Which nets hold the address: a bit each. */
static uint64_t
nets_of(const struct addr *a)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < PREFIXES; i++)
		if (prefix_covers(&prefixes[i], a))
			mask |= UINT64_C(1) << i % NETS;
	return mask;
}

static uint32_t
value_of(uint64_t mask)
{
	return (uint32_t)((mask * 7 + mask / 3 + 1) % (VALUES + 1));
}

static struct part
part_at(u128 first, size_t family)
{
	struct addr a = address(first, family), v4;
	struct part p = {.first = first};
	uint64_t mask = nets_of(&a);
	unsigned offset;

	p.is_ipv4 = addr_embedded(&a, &v4, &offset);
	p.value = value_of(mask);
	p.is_client = mask != 0 || !addr_is_unroutable(&a);
	return p;
}

/* The values of all IPv4: the first one, and the next other one. */
static void
put_ipv4(struct part *p)
{
	p->value = p->other = 0;
	p->is_client = true;
	for (size_t i = 0; i < parts[0].n; i++) {
		const struct part *v4 = &parts[0].at[i];

		if (!v4->is_client || v4->value == 0)
			continue;
		if (p->value == 0)
			p->value = v4->value;
		if (p->other == 0 && v4->value != p->value)
			p->other = v4->value;
	}
}

static int
compare(const void *x, const void *y)
{
	const u128 *a = x, *b = y;

	return (*a > *b) - (*a < *b);
}

/* Cuts the family's space wherever anything begins or ends. */
static void
parts_make(size_t family)
{
	struct prefix all = {.addr.family = family == 0 ? 4 : 6};
	const struct prefix *tables[3] = {prefixes};
	size_t counts[3] = {PREFIXES};
	VEC(u128) cuts = {0};

	tables[1] = addr_unroutable(&counts[1]);
	tables[2] = addr_embedding(&counts[2]);
	vec_push(&cuts, 0);
	for (size_t t = 0; t < 3; t++)
		for (size_t i = 0; i < counts[t]; i++) {
			const struct prefix *p = &tables[t][i];

			if (p->addr.family != all.addr.family)
				continue;
			vec_push(&cuts, number(&p->addr));
			if (last_of(p) != last_of(&all))
				vec_push(&cuts, last_of(p) + 1);
		}
	qsort(cuts.at, cuts.n, sizeof(*cuts.at), compare);
	parts[family].n = 0;
	for (size_t i = 0; i < cuts.n; i++) {
		struct part p = part_at(cuts.at[i], family);

		if (i + 1 < cuts.n && cuts.at[i + 1] == cuts.at[i])
			continue;
		p.last = i + 1 < cuts.n ? cuts.at[i + 1] - 1 : last_of(&all);
		if (p.is_ipv4)
			put_ipv4(&p);
		vec_push(&parts[family], p);
	}
	vec_free(&cuts);
}

/* Beside another one, or an unroutable one; or anywhere. */
static void
prefix_random(size_t i)
{
	struct prefix *p = &prefixes[i];
	size_t n;
	const struct prefix *some = addr_unroutable(&n);

	p->addr = (struct addr){.family = roll(2) ? 4 : 6};
	if (i > 0 && roll(2))
		p->addr = prefixes[roll((unsigned)i)].addr;
	else if (roll(3) == 0)
		p->addr = some[roll((unsigned)n)].addr;
	else
		for (unsigned k = 0; k < addr_bits(&p->addr) / 8; k++)
			p->addr.bytes[k] = (uint8_t)random();
	p->len = (uint8_t)(1 + roll(addr_bits(&p->addr)));
	p->addr.bytes[(p->len - 1u) / 8] ^= (uint8_t)(1 << roll(8));
	addr_mask(&p->addr, p->len);
}

static void
world_make(unsigned seed, bool empty)
{
	static struct conf conf;
	const struct place *places;
	uint32_t *values;
	size_t n;

	srandom(seed);
	for (size_t i = 0; i < PREFIXES; i++) {
		prefix_random(i);
		of_nets[i % NETS][i / NETS] = prefixes[i];
	}
	for (size_t i = 0; i < NETS; i++)
		nets[i] = (struct conf_net){.name = "n",
		    .prefixes = of_nets[i],
		    .nprefixes = PREFIXES / NETS};
	conf = (struct conf){.nets = nets, .nnets = NETS};
	geo = geo_load(&conf, NULL);
	ck_assert_ptr_nonnull(geo_leaves(geo, 4, NULL));
	places = geo_places(geo, &n);
	values = calloc(n, sizeof(*values));
	for (size_t i = 0; i < n && !empty; i++)
		values[i] = value_of(places[i].nets);
	arena = arena_new();
	spans = spans_build(arena, geo, values);
	free(values);
	parts_make(0);
	parts_make(1);
}

static void
world_free(void)
{
	geo_free(geo);
	arena_free(arena);
}

/* A prefix at the edge of a part, or in it, of any length. */
static struct prefix
prefix_near(size_t family)
{
	const struct part *p =
	    &parts[family].at[roll((unsigned)parts[family].n)];
	unsigned bits = bits_of(family);
	u128 at = roll(2) ? p->first : p->last;
	struct prefix q = {.len = (uint8_t)roll(bits + 1)};

	if (roll(3) == 0 && p->last - p->first > 1)
		at = p->first +
		    ((u128)random() << 90 | (u128)random()) %
			(p->last - p->first);
	q.addr = address(at, family);
	addr_mask(&q.addr, q.len);
	return q;
}

/* By a look at each part in turn. */
static struct span_hit
scan(const struct prefix *q)
{
	size_t family = q->addr.family == 6;
	u128 first = number(&q->addr), last = last_of(q);
	struct span_hit hit = {.value = 0};

	for (size_t i = 0; i < parts[family].n; i++) {
		const struct part *p = &parts[family].at[i];

		if (p->last < first || p->first > last || !p->is_client ||
		    p->value == 0)
			continue;
		if (hit.value == 0) {
			hit.value = p->value;
			hit.first = address(
			    p->first > first ? p->first : first, family);
			if (p->is_ipv4)
				hit.first.family = 0; /* the first in IPv4 */
		}
		if (hit.other == 0 && p->value != hit.value)
			hit.other = p->value;
		if (hit.other == 0 && p->other != 0)
			hit.other = p->other;
	}
	return hit;
}

static void
check_question(size_t family)
{
	struct prefix q = prefix_near(family);
	struct span_hit got, want;
	char text[PREFIX_TEXT_MAX];
	struct addr v4;
	unsigned offset;

	prefix_format(text, &q);
	got = spans_find(spans, &q);
	if (addr_embedded(&q.addr, &v4, &offset) && q.len >= offset) {
		struct prefix inner = {v4, (uint8_t)(q.len - offset)};

		if (inner.len > 32)
			inner.len = 32;
		addr_mask(&inner.addr, inner.len);
		want = scan(&inner);
	} else {
		want = scan(&q);
	}
	ck_assert_msg(got.value == want.value, "%s: %u, not %u", text,
	    got.value, want.value);
	ck_assert_msg(got.other == want.other, "%s: other %u, not %u", text,
	    got.other, want.other);
	if (want.value == 0)
		return;
	if (want.first.family == 0) {
		struct prefix all = {.addr.family = 4};

		want.first = scan(&all).first;
	}
	ck_assert_msg(addr_equal(&got.first, &want.first), "%s", text);
}

/* An address counts, routable or not. */
static void
check_address(size_t family)
{
	struct prefix q = prefix_near(family);
	uint32_t want = 0;
	struct addr v4;
	unsigned offset;
	u128 at;

	if (addr_embedded(&q.addr, &v4, &offset)) {
		family = 0;
		at = number(&v4);
	} else {
		at = number(&q.addr);
	}
	for (size_t i = 0; i < parts[family].n; i++)
		if (parts[family].at[i].first <= at &&
		    at <= parts[family].at[i].last)
			want = parts[family].at[i].value;
	ck_assert_uint_eq(spans_value(spans, &q.addr), want);
}

START_TEST(a_subnet_has_the_values_of_its_parts)
{
	world_make((unsigned)_i, false);
	for (unsigned i = 0; i < QUESTIONS; i++) {
		check_question(i % 2);
		check_address(i % 2);
	}
	world_free();
}
END_TEST

START_TEST(sizes_are_those_of_the_parts)
{
	world_make((unsigned)_i, false);
	for (uint32_t value = 1; value <= VALUES; value++) {
		double size[2], want[2] = {0, 0};

		for (size_t f = 0; f < 2; f++)
			for (size_t i = 0; i < parts[f].n; i++) {
				const struct part *p = &parts[f].at[i];
				double n = (double)(p->last - p->first) + 1;

				if (p->value == value && p->is_client &&
				    !p->is_ipv4)
					want[f] += f == 0 ? n : ldexp(n, -80);
			}
		spans_measure(spans, value, size);
		for (size_t f = 0; f < 2; f++)
			ck_assert_msg(fabs(size[f] - want[f]) <= 1e-9 * want[f],
			    "%g, not %g", size[f], want[f]);
	}
	world_free();
}
END_TEST

static VEC(struct span_clash) clashes;

static void
keep_clash(const struct span_clash *c, void *arg)
{
	ck_assert_ptr_eq(arg, &clashes);
	vec_push(&clashes, *c);
}

/* The next clash is that of two parts, if they are in one prefix so long. */
static void
check_clash(const struct part *a, const struct part *b, size_t family,
    unsigned len, size_t *next)
{
	struct addr x = address(a->last, family), y = address(b->first, family);
	const struct span_clash *c;
	unsigned common = 0;

	while (addr_bit(&x, common) == addr_bit(&y, common))
		common++;
	if (a->value == b->value || common < len)
		return;
	ck_assert_uint_lt(*next, clashes.n);
	c = &clashes.at[(*next)++];
	ck_assert(addr_equal(&c->at[0], &x) && addr_equal(&c->at[1], &y));
	ck_assert_uint_eq(c->values[0], a->value);
	ck_assert_uint_eq(c->values[1], b->value);
	ck_assert_uint_eq(c->prefix.len, common);
	addr_mask(&x, common);
	ck_assert(addr_equal(&c->prefix.addr, &x));
}

START_TEST(neighbours_with_other_values_clash)
{
	static const unsigned lens[][2] = {
	    {0, 0}, {8, 16}, {24, 48}, {32, 128}};
	size_t next;

	world_make((unsigned)_i, false);
	for (size_t k = 0; k < 4; k++) {
		clashes.n = 0;
		spans_clashes(spans, lens[k], keep_clash, &clashes);
		next = 0;
		for (size_t f = 0; f < 2; f++) {
			const struct part *before = NULL;

			for (size_t i = 0; i < parts[f].n; i++) {
				const struct part *p = &parts[f].at[i];

				if (p->value == 0 || !p->is_client)
					continue;
				if (before != NULL)
					check_clash(
					    before, p, f, lens[k][f], &next);
				before = p;
			}
		}
		ck_assert_uint_eq(next, clashes.n);
	}
	vec_free(&clashes);
	world_free();
}
END_TEST

START_TEST(without_values_there_are_no_spans)
{
	world_make(1, true);
	ck_assert_ptr_null(spans);
	world_free();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("span");
	TCase *tc = tcase_create("span");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_subnet_has_the_values_of_its_parts, 0, WORLDS);
	tcase_add_loop_test(tc, sizes_are_those_of_the_parts, 0, WORLDS / 4);
	tcase_add_loop_test(
	    tc, neighbours_with_other_values_clash, 0, WORLDS / 4);
	tcase_add_test(tc, without_values_there_are_no_spans);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
