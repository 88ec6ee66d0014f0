/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/origin.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "world.h"

enum { WORLDS = 30, ADDRESSES = 200 };

/* As the numbers are given to countries: AA is 1. */
static uint16_t
number_of(const struct place *p)
{
	const char *c = p->country;

	if (c[0] >= 'A' && c[0] <= 'Z' && c[1] >= 'A' && c[1] <= 'Z')
		return (uint16_t)(1 + 26 * (c[0] - 'A') + (c[1] - 'A'));
	return p->nets != 0 ? ORIGIN_NETS : ORIGIN_UNKNOWN;
}

START_TEST(an_address_is_of_the_country_of_its_place)
{
	struct world w;
	struct geo *g;
	struct arena *arena = arena_new();
	struct origin_table *t;

	srandom((unsigned)_i);
	world_new(&w);
	g = geo_load(w.conf, NULL);
	t = origin_build(arena, g, NULL);
	ck_assert_ptr_nonnull(t);
	for (unsigned i = 0; i < ADDRESSES; i++) {
		struct geo_found f;
		struct prefix around;
		struct origin_hit hit;
		struct addr a;

		world_addr(&w, &a);
		geo_find(g, &a, &f);
		hit = origin_find(t, &a);
		ck_assert_uint_eq(hit.country, number_of(&f.place));
		/* All of the prefix around it is of that country. */
		ck_assert_uint_le(hit.depth, f.depth);
		around = (struct prefix){a, hit.depth};
		addr_mask(&around.addr, around.len);
		world_addr_in(&around, &a);
		ck_assert_uint_eq(origin_find(t, &a).country, hit.country);
	}
	arena_free(arena);
	geo_free(g);
	world_free(&w);
}
END_TEST

START_TEST(countries_are_written_by_their_letters)
{
	char buf[ORIGIN_TEXT_MAX];
	struct place p = {.nets = 0};

	ck_assert_str_eq(origin_format(buf, ORIGIN_UNKNOWN), "--");
	ck_assert_str_eq(origin_format(buf, ORIGIN_NETS), "nets");
	ck_assert_uint_eq(ORIGIN_COUNT, 26 * 26 + 2);
	for (char a = 'A'; a <= 'Z'; a++)
		for (char b = 'A'; b <= 'Z'; b++) {
			p.country[0] = a;
			p.country[1] = b;
			origin_format(buf, number_of(&p));
			ck_assert(buf[0] == a && buf[1] == b && buf[2] == '\0');
		}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("origin");
	TCase *tc = tcase_create("origin");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, an_address_is_of_the_country_of_its_place, 0, WORLDS);
	tcase_add_test(tc, countries_are_written_by_their_letters);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
