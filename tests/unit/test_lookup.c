/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/lookup.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { WORLDS = 30, LOOKUPS_MAX = 6, ADDRESSES = 3000 };

struct both {
	struct arena *arena;
	struct geo *geo;
	size_t n;
	uint32_t *classes[LOOKUPS_MAX];
	struct lookup shared[LOOKUPS_MAX], alone[LOOKUPS_MAX];
};

/* Of few classes or many; at times of one alone. */
static uint32_t *
random_classes(size_t nplaces)
{
	uint32_t *classes = xcalloc(nplaces, sizeof(*classes));
	uint32_t n = 1 + world_dice(4) * world_dice(4);

	for (size_t i = 0; i < nplaces; i++)
		classes[i] = world_dice(n);
	return classes;
}

static uint32_t *
copy(const uint32_t *classes, size_t n)
{
	uint32_t *c = xcalloc(n, sizeof(*c));

	memcpy(c, classes, n * sizeof(*c));
	return c;
}

static void
build(struct both *b)
{
	struct lookups *all = lookups_of(b->geo);
	size_t numbers[LOOKUPS_MAX], nplaces;

	geo_places(b->geo, &nplaces);
	for (size_t i = 0; i < b->n; i++) {
		b->classes[i] = i > 0 && world_dice(5) == 0
		    ? copy(b->classes[world_dice((uint32_t)i)], nplaces)
		    : random_classes(nplaces);
		numbers[i] = lookups_add(all, copy(b->classes[i], nplaces));
	}
	lookups_build(all, b->arena);
	for (size_t i = 0; i < b->n; i++) {
		struct lookups *one = lookups_of(b->geo);

		b->shared[i] = lookups_get(all, numbers[i]);
		lookups_add(one, copy(b->classes[i], nplaces));
		lookups_build(one, b->arena);
		b->alone[i] = lookups_get(one, 0);
		lookups_free(one);
	}
	lookups_free(all);
}

static void
begin(struct both *b, const struct world *w)
{
	struct error err;

	*b =
	    (struct both){.arena = arena_new(), .geo = geo_load(w->conf, &err)};
	ck_assert_msg(b->geo != NULL, "%s", err.text);
	ck_assert_ptr_nonnull(geo_leaves(b->geo, 4, &err));
	b->n = 1 + world_dice(LOOKUPS_MAX);
	build(b);
}

static void
end(struct both *b)
{
	for (size_t i = 0; i < b->n; i++)
		free(b->classes[i]);
	geo_free(b->geo);
	arena_free(b->arena);
}

/* By a scan of the leaves. */
static uint32_t
place_of(const struct both *b, const struct addr *a)
{
	const struct cover *c = geo_leaves(b->geo, a->family, NULL);
	cover_place at = 0;
	struct addr v4;
	unsigned offset;

	for (size_t i = 0; i < c->leaves.n; i++) {
		uint32_t value = cover_leaf_value(c->leaves.at[i]);
		struct prefix p = cover_prefix(
		    &at, a->family, cover_leaf_len(c->leaves.at[i]));

		if (!prefix_covers(&p, a))
			continue;
		if (value != GEO_EMBEDDED)
			return value;
		ck_assert(addr_embedded(a, &v4, &offset));
		return place_of(b, &v4);
	}
	ck_abort_msg("the leaves do not cover the space");
}

static void
expect_same(const struct both *b, size_t i, const struct addr *a)
{
	struct lookup_hit shared = lookup_find(&b->shared[i], a);
	struct lookup_hit alone = lookup_find(&b->alone[i], a);
	char text[ADDR_TEXT_MAX];

	ck_assert_msg(
	    shared.class == alone.class && shared.depth == alone.depth,
	    "lookup %zu of %zu, %s: class %u depth %u, alone %u depth %u", i,
	    b->n, addr_format(text, a), shared.class, shared.depth, alone.class,
	    alone.depth);
}

START_TEST(lookups_that_share_tries_find_what_each_finds_alone)
{
	for (unsigned seed = 0; seed < WORLDS; seed++) {
		struct world w;
		struct both b;
		struct addr a;

		srandom(seed);
		world_new(&w);
		begin(&b, &w);
		for (unsigned k = 0; k < ADDRESSES; k++) {
			world_addr(&w, &a);
			for (size_t i = 0; i < b.n; i++)
				expect_same(&b, i, &a);
		}
		end(&b);
		world_free(&w);
	}
}
END_TEST

START_TEST(an_address_has_the_class_of_its_place)
{
	for (unsigned seed = 0; seed < WORLDS; seed++) {
		struct world w;
		struct both b;
		struct addr a;

		srandom(seed);
		world_new(&w);
		begin(&b, &w);
		for (unsigned k = 0; k < ADDRESSES / 10; k++) {
			size_t i = world_dice((uint32_t)b.n);

			world_addr(&w, &a);
			ck_assert_uint_eq(lookup_find(&b.shared[i], &a).class,
			    b.classes[i][place_of(&b, &a)]);
		}
		end(&b);
		world_free(&w);
	}
}
END_TEST

START_TEST(the_prefix_of_that_depth_has_one_class)
{
	for (unsigned seed = 0; seed < WORLDS; seed++) {
		struct world w;
		struct both b;
		struct addr a, beside;

		srandom(seed);
		world_new(&w);
		begin(&b, &w);
		for (unsigned k = 0; k < ADDRESSES; k++) {
			size_t i = world_dice((uint32_t)b.n);
			struct lookup_hit hit;
			struct prefix p;

			world_addr(&w, &a);
			hit = lookup_find(&b.shared[i], &a);
			p = (struct prefix){a, hit.depth};
			addr_mask(&p.addr, p.len);
			world_addr_in(&p, &beside);
			ck_assert_uint_eq(
			    lookup_find(&b.shared[i], &beside).class,
			    hit.class);
		}
		end(&b);
		world_free(&w);
	}
}
END_TEST

START_TEST(equal_classes_are_one_lookup)
{
	struct world w;
	struct both b;
	struct lookups *ls;
	size_t n;

	srandom(1);
	world_new(&w);
	begin(&b, &w);
	geo_places(b.geo, &n);
	ls = lookups_of(b.geo);
	ck_assert_uint_eq(lookups_add(ls, copy(b.classes[0], n)), 0);
	ck_assert_uint_eq(lookups_add(ls, copy(b.classes[0], n)), 0);
	lookups_build(ls, b.arena);
	ck_assert_ptr_null(lookups_get(ls, 0).classes);
	lookups_free(ls);
	end(&b);
	world_free(&w);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("lookup");
	TCase *c = tcase_create("lookup");
	SRunner *r = srunner_create(s);
	int failed;

	suite_add_tcase(s, c);
	tcase_set_timeout(c, 60);
	tcase_add_test(c, lookups_that_share_tries_find_what_each_finds_alone);
	tcase_add_test(c, an_address_has_the_class_of_its_place);
	tcase_add_test(c, the_prefix_of_that_depth_has_one_class);
	tcase_add_test(c, equal_classes_are_one_lookup);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
