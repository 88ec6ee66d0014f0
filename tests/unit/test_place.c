/* SPDX-License-Identifier: BSD-3-Clause */
#include "geo/place.h"

#include <check.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "geo/country.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))

#define CITY(name) .city = name, .city_len = sizeof(name) - 1
#define AT(lat, lon) .located = true, .latitude = lat, .longitude = lon

static const struct {
	struct place place;
	const char *text;
} texts[] = {
    {{.asn = 0}, "unknown"},
    {{.nets = 1}, "unknown"},
    {{.continent = "EU"}, "EU"},
    {{.country = "DE"}, "country:DE"},
    {{.continent = "EU", .country = "DE"}, "EU/DE"},
    {{.continent = "EU", .country = "DE", .subdivision = "BE"}, "EU/DE-BE"},
    {{.country = "GB", .subdivision = {'E', 'N', 'G'}}, "country:GB-ENG"},
    {{.continent = "EU", .country = "DE", CITY("Ulm")}, "EU/DE/Ulm"},
    {{.continent = "EU", .country = "DE", .subdivision = "BW", CITY("Ulm")},
	"EU/DE-BW/Ulm"},
    {{.city_id = 1}, "city:1"},
    {{.continent = "EU", .city_id = 4294967295}, "EU city:4294967295"},
    {{.asn = 1}, "AS1"},
    {{.continent = "EU", .asn = 4294967295}, "EU AS4294967295"},
    {{.city_id = 2, .asn = 3}, "city:2 AS3"},
    {{AT(0, 0)}, "at 0.00,0.00"},
    {{AT(-90, 180)}, "at -90.00,180.00"},
    {{.asn = 7, AT(1.25f, -0.5f)}, "AS7 at 1.25,-0.50"},
    {{.continent = "NA",
	 .country = "US",
	 .subdivision = "CA",
	 CITY("San Jose"),
	 .city_id = 5392171,
	 .asn = 64496,
	 AT(37.5f, -121.75f)},
	"NA/US-CA/San Jose city:5392171 AS64496 at 37.50,-121.75"},
};

START_TEST(a_place_is_written_with_all_that_is_known)
{
	char buf[PLACE_TEXT_MAX];

	ck_assert_ptr_eq(place_format(buf, &texts[_i].place), buf);
	ck_assert_str_eq(buf, texts[_i].text);
}
END_TEST

/* Haversine with the mean radius, computed elsewhere. */
START_TEST(distances_are_exact)
{
	static const struct {
		double from[2], to[2], km;
	} ways[] = {
	    {{52.5, 13.4}, {40.7, -74.0}, 6386.295803},
	    {{0, 0}, {0, 180}, 20015.086796},
	    {{0, 0}, {90, 0}, 10007.543398},
	    {{90, 0}, {-90, 0}, 20015.086796},
	    {{-33.9, 151.2}, {51.5, -0.1}, 16994.717999},
	    {{10, 179}, {10, -179}, 219.010916},
	    {{60, 10}, {60, 11}, 55.596934},
	    {{0, 0}, {0, 1}, 111.194927},
	    {{7, 7}, {7, 7}, 0},
	};

	for (size_t i = 0; i < ROWS(ways); i++) {
		const double *a = ways[i].from, *b = ways[i].to;

		ck_assert_double_eq_tol(
		    place_distance_km(a[0], a[1], b[0], b[1]), ways[i].km,
		    1e-6);
		ck_assert_double_eq_tol(
		    place_distance_km(b[0], b[1], a[0], a[1]), ways[i].km,
		    1e-6);
	}
}
END_TEST

/* Where rounding makes a sine of more than 1. */
START_TEST(antipodes_are_half_the_globe_apart)
{
	for (int lat = -90; lat <= 90; lat++)
		for (int lon = -180; lon <= 0; lon++)
			ck_assert_double_eq_tol(
			    place_distance_km(lat, lon, -lat, lon + 180),
			    20015.086796, 1e-3);
}
END_TEST

START_TEST(what_lacks_is_taken_from_the_country)
{
	const struct country *de = country_find("DE");
	struct place p = {.country = "DE"};

	place_complete(&p);
	ck_assert_mem_eq(p.continent, "EU", 2);
	ck_assert(p.located);
	ck_assert(p.latitude == de->latitude && p.longitude == de->longitude);
	ck_assert(p.latitude > 45 && p.latitude < 56);
	ck_assert(p.longitude > 5 && p.longitude < 16);
	/* What is known stays. */
	p = (struct place){.country = "DE", .continent = "AS", AT(1, 2)};
	place_complete(&p);
	ck_assert_mem_eq(p.continent, "AS", 2);
	ck_assert(p.latitude == 1 && p.longitude == 2);
	/* Codes of several countries have a continent, and no middle. */
	p = (struct place){.country = "EU"};
	place_complete(&p);
	ck_assert_mem_eq(p.continent, "EU", 2);
	ck_assert(!p.located);
	p = (struct place){.country = "AP"};
	place_complete(&p);
	ck_assert_mem_eq(p.continent, "AS", 2);
	p = (struct place){.country = "XX"};
	place_complete(&p);
	ck_assert(p.continent[0] == '\0' && !p.located);
	p = (struct place){.asn = 1};
	place_complete(&p);
	ck_assert(p.continent[0] == '\0' && !p.located);
}
END_TEST

START_TEST(countries_are_found_by_both_letters)
{
	static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	unsigned known = 0;

	for (int a = 0; a < 26; a++)
		for (int b = 0; b < 26; b++) {
			const char code[3] = {letters[a], letters[b], '\0'};
			const struct country *c = country_find(code);

			if (c == NULL)
				continue;
			known++;
			ck_assert_mem_eq(c->code, code, 2);
			ck_assert_ptr_eq(country_continent(code), c->continent);
			ck_assert_uint_eq(strlen(c->continent), 2);
			ck_assert(fabs((double)c->latitude) <= 90);
			ck_assert(fabs((double)c->longitude) <= 180);
		}
	ck_assert_uint_gt(known, 240);
	ck_assert_ptr_null(country_continent("XX"));
	ck_assert_str_eq(country_continent("EU"), "EU");
	ck_assert_str_eq(country_continent("AP"), "AS");
}
END_TEST

static const struct place san_jose = {.continent = "NA",
    .country = "US",
    .subdivision = "CA",
    CITY("San Jose"),
    .city_id = 5392171,
    .asn = 1};

/* Kinds of geo codes, and whether that city matches them. */
static const struct {
	struct conf_geo geo;
	bool matches;
} codes[] = {
    {{.kind = CONF_GEO_CONTINENT, .code = "NA"}, true},
    {{.kind = CONF_GEO_CONTINENT, .code = "NB"}, false},
    {{.kind = CONF_GEO_CONTINENT, .code = "US"}, false},
    {{.kind = CONF_GEO_COUNTRY, .code = "US"}, true},
    {{.kind = CONF_GEO_COUNTRY, .code = "UT"}, false},
    {{.kind = CONF_GEO_COUNTRY, .code = "NA"}, false},
    {{.kind = CONF_GEO_SUBDIVISION, .code = "US", .subdivision = "CA"}, true},
    {{.kind = CONF_GEO_SUBDIVISION, .code = "US", .subdivision = "C"}, false},
    {{.kind = CONF_GEO_SUBDIVISION,
	 .code = "US",
	 .subdivision = {'C', 'A', 'X'}},
	false},
    {{.kind = CONF_GEO_SUBDIVISION, .code = "MX", .subdivision = "CA"}, false},
    {{.kind = CONF_GEO_CITY, .code = "US", .city = "San Jose"}, true},
    {{.kind = CONF_GEO_CITY, .code = "US", .city = "San Josf"}, false},
    {{.kind = CONF_GEO_CITY, .code = "US", .city = "San Jos"}, false},
    {{.kind = CONF_GEO_CITY, .code = "US", .city = "San Jose "}, false},
    {{.kind = CONF_GEO_CITY, .code = "CR", .city = "San Jose"}, false},
    {{.kind = CONF_GEO_CITY,
	 .code = "US",
	 .subdivision = "CA",
	 .city = "San Jose"},
	true},
    {{.kind = CONF_GEO_CITY,
	 .code = "US",
	 .subdivision = "IL",
	 .city = "San Jose"},
	false},
    {{.kind = CONF_GEO_CITY, .city_id = 5392171}, true},
    {{.kind = CONF_GEO_CITY, .city_id = 5392170}, false},
    {{.kind = CONF_GEO_CITY, .code = "XX", .city_id = 5392171}, true},
};

START_TEST(a_code_matches_the_places_that_it_names)
{
	const struct conf_geo *geo = &codes[_i].geo;
	struct place p;

	ck_assert_int_eq(place_matches_geo(&san_jose, geo), codes[_i].matches);
	/* What a code names matches it. */
	memset(&p, 0xff, sizeof(p));
	place_from_geo(&p, geo);
	ck_assert(place_matches_geo(&p, geo));
	ck_assert_uint_eq(p.city_id, geo->city_id);
	ck_assert_uint_eq(
	    p.city_len, geo->city != NULL ? strlen(geo->city) : 0);
	ck_assert_uint_eq(p.asn, 0);
	ck_assert_uint_eq(p.nets, 0);
	ck_assert_int_eq(p.located,
	    country_find(geo->code) != NULL && geo->kind != CONF_GEO_CONTINENT);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("place");
	TCase *tc = tcase_create("place");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(
	    tc, a_place_is_written_with_all_that_is_known, 0, ROWS(texts));
	tcase_add_test(tc, distances_are_exact);
	tcase_add_test(tc, antipodes_are_half_the_globe_apart);
	tcase_add_test(tc, what_lacks_is_taken_from_the_country);
	tcase_add_test(tc, countries_are_found_by_both_letters);
	tcase_add_loop_test(
	    tc, a_code_matches_the_places_that_it_names, 0, ROWS(codes));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
