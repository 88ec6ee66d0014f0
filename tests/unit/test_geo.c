/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/geo.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo/country.h"
#include "mmdb_make.h"
#include "world.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

enum { WORLDS = 60, ADDRESSES = 300 };

static char files[2][32] = {"/tmp/test_geo.XXXXXX", "/tmp/test_geo.XXXXXX"};

static struct addr
address(const char *text)
{
	struct addr a;

	ck_assert(addr_parse(text, &a));
	return a;
}

static struct prefix
prefix(const char *text)
{
	struct error err;
	struct prefix p;

	ck_assert_msg(prefix_parse(text, &p, &err), "%s", err.text);
	return p;
}

static struct geo_found
find(const struct geo *g, const char *text)
{
	struct addr a = address(text);
	struct geo_found f;

	geo_find(g, &a, &f);
	return f;
}

static struct geo *
load(const struct conf *conf)
{
	struct error err;
	struct geo *g = geo_load(conf, &err);

	ck_assert_msg(g != NULL, "%s", err.text);
	return g;
}

START_TEST(countries_have_a_continent_and_a_place)
{
	const struct country *c = country_find("JP");

	ck_assert(c != NULL);
	ck_assert_str_eq(c->continent, "AS");
	ck_assert(c->latitude > 30 && c->longitude > 130);
	ck_assert(country_find("AD") != NULL && country_find("ZW") != NULL);
	ck_assert(country_find("XX") == NULL);
}
END_TEST

START_TEST(distances_are_of_the_great_circle)
{
	double km = place_distance_km(52.5, 13.4, 40.7, -74.0);

	ck_assert(km > 6370 && km < 6400);
	ck_assert(place_distance_km(0, 0, 0, 180) > 20000);
	ck_assert(place_distance_km(10, 20, 10, 20) < 1e-9);
}
END_TEST

START_TEST(a_place_from_a_code_is_completed)
{
	struct conf_geo geo = {
	    .kind = CONF_GEO_SUBDIVISION, .code = "US", .subdivision = "CA"};
	struct conf_geo america = {.kind = CONF_GEO_CONTINENT, .code = "NA"};
	struct conf_geo other = {
	    .kind = CONF_GEO_SUBDIVISION, .code = "US", .subdivision = "NY"};
	char buf[PLACE_TEXT_MAX];
	struct place p;

	place_from_geo(&p, &geo);
	ck_assert(p.located && memcmp(p.continent, "NA", 2) == 0);
	ck_assert(place_matches_geo(&p, &geo));
	ck_assert(place_matches_geo(&p, &america));
	ck_assert(!place_matches_geo(&p, &other));
	ck_assert(strstr(place_format(buf, &p), "US") != NULL);
	place_from_geo(&p, &america);
	ck_assert(!p.located && p.country[0] == '\0');
}
END_TEST

START_TEST(a_city_is_matched_by_its_name_or_its_number)
{
	static const struct conf_geo match[] = {
	    {.kind = CONF_GEO_CITY, .code = "US", .city = "San Jose"},
	    {.kind = CONF_GEO_CITY,
		.code = "US",
		.subdivision = "CA",
		.city = "San Jose"},
	    {.kind = CONF_GEO_CITY, .city_id = 5392171}};
	static const struct conf_geo others[] = {
	    {.kind = CONF_GEO_CITY, .code = "CR", .city = "San Jose"},
	    {.kind = CONF_GEO_CITY,
		.code = "US",
		.subdivision = "IL",
		.city = "San Jose"},
	    {.kind = CONF_GEO_CITY, .code = "US", .city = "San Jos"},
	    {.kind = CONF_GEO_CITY, .city_id = 5392172}};
	struct place p = {.country = "US",
	    .subdivision = "CA",
	    .city = "San Jose",
	    .city_len = 8,
	    .city_id = 5392171};

	for (size_t i = 0; i < 3; i++)
		ck_assert(place_matches_geo(&p, &match[i]));
	for (size_t i = 0; i < 4; i++)
		ck_assert(!place_matches_geo(&p, &others[i]));
}
END_TEST

START_TEST(every_net_that_covers_counts_and_the_longest_is_told)
{
	struct prefix a[] = {prefix("10.0.0.0/8")};
	struct prefix b[] = {prefix("10.1.0.0/16"), prefix("2001:db8::/32")};
	struct conf_net nets[] = {{.name = "a", .prefixes = a, .nprefixes = 1},
	    {.name = "b", .prefixes = b, .nprefixes = 2}};
	struct conf conf = {.nets = nets, .nnets = 2};
	struct geo *g = load(&conf);
	struct geo_found f = find(g, "10.1.2.3");

	ck_assert_uint_eq(f.place.nets, 3);
	ck_assert_str_eq(f.net, "b");
	ck_assert_uint_eq(f.net_prefix.len, 16);
	ck_assert_uint_eq(f.depth, 16);
	f = find(g, "10.128.0.0");
	ck_assert_uint_eq(f.place.nets, 1);
	ck_assert_uint_eq(f.depth, 9);
	f = find(g, "2001:db8::1");
	ck_assert_uint_eq(f.place.nets, 2);
	ck_assert_uint_eq(f.depth, 32);
	geo_free(g);
}
END_TEST

START_TEST(ipv4_inside_ipv6_counts_as_ipv4)
{
	struct prefix a[] = {prefix("192.0.2.0/24")};
	struct prefix b[] = {prefix("2000::/3")};
	struct conf_net nets[] = {{.name = "a", .prefixes = a, .nprefixes = 1},
	    {.name = "b", .prefixes = b, .nprefixes = 1}};
	struct conf conf = {.nets = nets, .nnets = 2};
	struct geo *g = load(&conf);
	static const struct {
		const char *text;
		unsigned depth;
	} same[] = {{"192.0.2.1", 24}, {"::ffff:192.0.2.1", 120},
	    {"2002:c000:0201::1", 40}, {"2001::3fff:fdfe", 120}};

	for (size_t i = 0; i < 4; i++) {
		struct geo_found f = find(g, same[i].text);
		struct addr v4 = address("192.0.2.1");

		ck_assert(addr_equal(&f.counted, &v4));
		ck_assert_uint_eq(f.place.nets, 1);
		ck_assert_uint_eq(f.depth, same[i].depth);
	}
	ck_assert_uint_eq(find(g, "2003::1").depth, 16);
	geo_free(g);
}
END_TEST

static struct mmdb_row
row(const char *text, const char *country)
{
	struct mmdb_row r;

	memset(&r, 0, sizeof(r));
	r.prefix = prefix(text);
	memcpy(r.place.country, country, strlen(country));
	return r;
}

START_TEST(a_later_file_fills_what_an_earlier_one_lacks)
{
	struct mmdb_row first[] = {
	    row("192.0.2.0/24", "DE"), row("198.51.100.0/24", "FR")};
	struct mmdb_row second[] = {row("192.0.2.0/25", "US")};
	struct conf_database databases[] = {
	    {.path = files[0]}, {.path = files[1]}};
	struct conf conf = {.databases = databases, .ndatabases = 2};
	struct geo_found f;
	struct geo *g;

	second[0].place.asn = 64496;
	second[0].place.located = true;
	second[0].place.latitude = 1.5f;
	mmdb_make(files[0], 4, MMDB_FLAT, first, 2);
	mmdb_make(files[1], 6, MMDB_NESTED, second, 1);
	g = load(&conf);
	f = find(g, "192.0.2.1");
	ck_assert_mem_eq(f.place.country, "DE", 2);
	ck_assert_mem_eq(f.place.continent, "EU", 2);
	ck_assert_uint_eq(f.place.asn, 64496);
	ck_assert(f.place.latitude == 1.5f);
	ck_assert_str_eq(f.database, files[0]);
	ck_assert_uint_eq(f.database_prefix.len, 24);
	ck_assert_uint_eq(f.depth, 25);
	f = find(g, "198.51.100.1");
	ck_assert(f.place.located &&
	    f.place.latitude == country_find("FR")->latitude);
	ck_assert_uint_eq(geo_ndatabases(g), 2);
	geo_free(g);
}
END_TEST

START_TEST(a_missing_database_is_an_error_that_names_it)
{
	struct conf_database d = {.path = "/nonexistent.mmdb"};
	struct conf conf = {.databases = &d, .ndatabases = 1};
	struct error err;

	ck_assert(geo_load(&conf, &err) == NULL);
	ck_assert(strstr(err.text, "/nonexistent.mmdb") != NULL);
}
END_TEST

START_TEST(a_damaged_tree_is_an_error_that_names_the_file)
{
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	struct conf_database d = {.path = files[0]};
	struct conf conf = {.databases = &d, .ndatabases = 1};
	char zeros[24 * 8] = {0};
	struct error err;
	struct geo *g;
	FILE *f;

	mmdb_make(files[0], 4, MMDB_FLAT, &r, 1);
	f = fopen(files[0], "r+");
	ck_assert(f != NULL);
	ck_assert_uint_eq(fwrite(zeros, 1, sizeof(zeros), f), sizeof(zeros));
	ck_assert_int_eq(fclose(f), 0);
	g = load(&conf);
	ck_assert_ptr_null(geo_leaves(g, 6, &err));
	ck_assert(strstr(err.text, files[0]) != NULL);
	geo_free(g);
}
END_TEST

/* They fill the space, and no more. */
static void
expect_cover(const struct cover *c, uint8_t family)
{
	cover_place at = 0;

	for (size_t i = 0; i < c->leaves.n; i++) {
		struct prefix p =
		    cover_prefix(&at, family, cover_leaf_len(c->leaves.at[i]));

		struct addr first = p.addr;

		ck_assert(p.len <= addr_bits(&p.addr));
		addr_mask(&first, p.len);
		ck_assert(addr_equal(&first, &p.addr));
		ck_assert((at == 0) == (i == c->leaves.n - 1));
	}
	ck_assert(c->leaves.n > 0);
}

static uint32_t
leaf_value(const struct cover *c, const struct addr *a)
{
	cover_place at = 0;

	for (size_t i = 0; i < c->leaves.n; i++) {
		struct prefix p = cover_prefix(
		    &at, a->family, cover_leaf_len(c->leaves.at[i]));

		if (prefix_covers(&p, a))
			return cover_leaf_value(c->leaves.at[i]);
	}
	ck_abort();
}

/* The first database with a record is told, with the prefix of that record; and
 * the net with the longest prefix. */
static void
expect_sources(
    const struct geo *g, const struct addr *a, const struct geo_found *f)
{
	const char *path = NULL;
	struct nets_found nets;
	struct addr masked = *a;
	unsigned depth = 0;
	size_t i = 0;

	while (i < geo_ndatabases(g) &&
	    mmdb_find_record(geo_database(g, i, &path), a, &depth) == 0)
		i++;
	ck_assert_ptr_eq(f->database, i < geo_ndatabases(g) ? path : NULL);
	if (f->database != NULL) {
		addr_mask(&masked, depth);
		ck_assert_uint_eq(f->database_prefix.len, depth);
		ck_assert(addr_equal(&f->database_prefix.addr, &masked));
	}
	geo_find_nets(g, a, &nets);
	ck_assert_uint_eq(f->place.nets, nets.nets);
	ck_assert_int_eq(f->net != NULL, nets.net != CONF_NONE);
	if (f->net != NULL) {
		ck_assert_uint_eq(f->net_prefix.len, nets.longest.len);
		ck_assert(addr_equal(&f->net_prefix.addr, &nets.longest.addr));
	}
}

/* The key of an address is that of all addresses with its depth, and has what
 * its place is made of. */
static void
expect_key(const struct geo *g, const struct addr *a, const struct geo_found *f)
{
	struct geo_key key, again;
	struct prefix around;
	struct addr beside;
	unsigned depth;

	ck_assert(geo_find_key(g, a, &key, &depth));
	ck_assert_uint_eq(depth, f->depth);
	ck_assert_uint_eq(key.nets, f->place.nets);
	ck_assert_ptr_eq(key.quickest, f->place.quickest);
	for (size_t i = geo_ndatabases(g); i < GEO_KEY_DATABASES; i++)
		ck_assert_uint_eq(key.records[i], 0);
	ck_assert((f->database != NULL) ==
	    (key.records[0] != 0 || key.records[1] != 0));
	around = (struct prefix){*a, (uint8_t)depth};
	addr_mask(&around.addr, around.len);
	world_addr_in(&around, &beside);
	ck_assert(geo_find_key(g, &beside, &again, &depth));
	ck_assert_mem_eq(&key, &again, sizeof(key));
}

static void
expect_places(const struct world *w, struct geo *g)
{
	const struct cover *leaves[2];
	const struct place *places;
	size_t nplaces;

	for (unsigned i = 0; i < 2; i++) {
		leaves[i] = geo_leaves(g, i == 0 ? 4 : 6, NULL);
		ck_assert(leaves[i] != NULL);
		expect_cover(leaves[i], i == 0 ? 4 : 6);
	}
	places = geo_places(g, &nplaces);
	for (unsigned i = 0; i < ADDRESSES; i++) {
		struct geo_found f, beside;
		struct prefix around;
		struct addr a;
		uint32_t value;

		world_addr(w, &a);
		geo_find(g, &a, &f);
		value = leaf_value(leaves[a.family == 6], &a);
		if (value == GEO_EMBEDDED)
			value = leaf_value(leaves[0], &f.counted);
		ck_assert(value < nplaces);
		ck_assert_mem_eq(&places[value], &f.place, sizeof(f.place));
		expect_key(g, &a, &f);
		expect_sources(g, &f.counted, &f);
		around = (struct prefix){a, (uint8_t)f.depth};
		addr_mask(&around.addr, around.len);
		world_addr_in(&around, &a);
		geo_find(g, &a, &beside);
		ck_assert_mem_eq(&beside.place, &f.place, sizeof(f.place));
	}
}

START_TEST(leaves_say_what_find_says)
{
	for (unsigned i = 0; i < WORLDS; i++) {
		struct world w;
		struct geo *g;

		srandom(i);
		world_new(&w);
		g = load(w.conf);
		expect_places(&w, g);
		geo_forget_leaves(g);
		geo_free(g);
		world_free(&w);
	}
}
END_TEST

START_TEST(a_key_is_of_four_databases)
{
	struct mmdb_row r = row("192.0.2.0/24", "DE");
	struct conf_database databases[GEO_KEY_DATABASES + 1];
	struct conf conf = {.databases = databases};
	struct addr a = address("192.0.2.1");

	mmdb_make(files[0], 4, MMDB_FLAT, &r, 1);
	for (size_t i = 0; i < ROWS(databases); i++)
		databases[i] = (struct conf_database){.path = files[0]};
	for (size_t n = 0; n <= ROWS(databases); n++) {
		struct geo_key key;
		unsigned depth;
		struct geo *g;

		conf.ndatabases = n;
		g = load(&conf);
		ck_assert_int_eq(
		    geo_find_key(g, &a, &key, &depth), n <= GEO_KEY_DATABASES);
		for (size_t i = 0; n <= GEO_KEY_DATABASES && i < n; i++)
			ck_assert_uint_ne(key.records[i], 0);
		geo_free(g);
	}
}
END_TEST

enum { MANY = 5000, ORDERS = 200 };

/* As many places, and as many orders of regions, as there are prefixes: none
 * is taken for another, and none stands twice. */
START_TEST(many_places_are_told_apart)
{
	static struct mmdb_row rows[MANY];
	static struct conf_latency_row times[2 * ORDERS];
	struct conf_database database = {.path = files[0]};
	struct conf conf = {.databases = &database,
	    .ndatabases = 1,
	    .latency = {.rows = times, .nrows = ROWS(times)}};
	const struct cover *leaves;
	const struct place *places;
	struct geo *g;
	size_t n;

	for (unsigned i = 0; i < MANY; i++) {
		rows[i] = row("10.0.0.0/24", "");
		rows[i].prefix.addr.bytes[1] = (uint8_t)(i >> 8);
		rows[i].prefix.addr.bytes[2] = (uint8_t)i;
		rows[i].place.asn = 1 + i / 2; /* each twice, side by side */
	}
	for (unsigned i = 0; i < ROWS(times); i++) {
		times[i].prefix = prefix("10.0.0.0/24");
		times[i].prefix.addr.bytes[2] = (uint8_t)(i / 2);
		times[i].region = (uint16_t)(i % 2 ? i / 2 + 1 : 0);
		times[i].us = 5;
	}
	mmdb_make(files[0], 4, MMDB_FLAT, rows, MANY);
	g = load(&conf);
	leaves = geo_leaves(g, 4, NULL);
	expect_cover(leaves, 4);
	places = geo_places(g, &n);
	/* Nothing is known; a number; a number and an order, which the numbers
	 * of those have nowhere without one. */
	ck_assert_uint_eq(n, 1 + MANY / 2 - ORDERS / 2 + ORDERS);
	for (unsigned i = 0; i < MANY; i++) {
		const struct addr *a = &rows[i].prefix.addr;
		const struct place *p;

		p = &places[leaf_value(leaves, a)];
		ck_assert_uint_eq(p->asn, 1 + i / 2);
		ck_assert_uint_eq(p->nquickest, i < ORDERS ? 2 : 0);
		if (i < ORDERS)
			ck_assert_uint_eq(p->quickest[1], i + 1);
	}
	geo_free(g);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("geo");
	TCase *c = tcase_create("geo");
	SRunner *r = srunner_create(s);
	int failed;

	for (size_t i = 0; i < 2; i++) {
		int fd = mkstemp(files[i]);

		if (fd == -1)
			return 1;
		close(fd);
	}
	tcase_set_timeout(c, 120);
	suite_add_tcase(s, c);
	tcase_add_test(c, countries_have_a_continent_and_a_place);
	tcase_add_test(c, distances_are_of_the_great_circle);
	tcase_add_test(c, a_place_from_a_code_is_completed);
	tcase_add_test(c, a_city_is_matched_by_its_name_or_its_number);
	tcase_add_test(c, every_net_that_covers_counts_and_the_longest_is_told);
	tcase_add_test(c, ipv4_inside_ipv6_counts_as_ipv4);
	tcase_add_test(c, a_later_file_fills_what_an_earlier_one_lacks);
	tcase_add_test(c, a_missing_database_is_an_error_that_names_it);
	tcase_add_test(c, a_damaged_tree_is_an_error_that_names_the_file);
	tcase_add_test(c, leaves_say_what_find_says);
	tcase_add_test(c, a_key_is_of_four_databases);
	tcase_add_test(c, many_places_are_told_apart);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	for (size_t i = 0; i < 2; i++)
		unlink(files[i]);
	return failed == 0 ? 0 : 1;
}
