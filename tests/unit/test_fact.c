/* SPDX-License-Identifier: BSD-3-Clause */
/* Facts in databases of every shape, with numbers of every type. */
#include "geo/fact.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "geo/mmdb.h"
#include "mmdb_make.h"

static char path[] = "/tmp/test_fact.XXXXXX";
static struct mmdb_survey survey;

/* The place of an address in a database with this record; survey is of it. */
static struct mmdb *
read_place(const char *json, struct place *p)
{
	struct mmdb *m;
	struct error err = {""};
	struct addr a;
	unsigned depth;

	mmdb_make_json(path, json);
	m = mmdb_open(path, &err);
	ck_assert_msg(m != NULL, "%s", err.text);
	ck_assert(addr_parse("192.0.2.1", &a));
	memset(p, 0, sizeof(*p));
	memset(&survey, 0, sizeof(survey));
	ck_assert(
	    mmdb_record(m, mmdb_find_record(m, &a, &depth), p, &survey, &err));
	return m;
}

static void
expect(const char *json, const char *want)
{
	char buf[PLACE_TEXT_MAX];
	struct place p;
	struct mmdb *m = read_place(json, &p);

	ck_assert_str_eq(place_format(buf, &p), want);
	ck_assert(survey.useful == (strcmp(want, "unknown") != 0));
	mmdb_close(m);
}

START_TEST(shapes_of_databases_in_use)
{
	/* MaxMind: City, Country, ASN, Enterprise. */
	expect("{\"city\": {\"geoname_id:uint32\": 2950159, \"names\":"
	       " {\"de\": \"Berlin\", \"en\": \"Berlin\"}},"
	       " \"continent\": {\"code\": \"EU\"},"
	       " \"country\": {\"iso_code\": \"DE\"},"
	       " \"location\": {\"latitude:double\": 52.5,"
	       " \"longitude:double\": 13.4},"
	       " \"registered_country\": {\"iso_code\": \"US\"},"
	       " \"represented_country\": {\"iso_code\": \"GB\"},"
	       " \"subdivisions\": [{\"iso_code\": \"BE\"}]}",
	    "EU/DE-BE/Berlin city:2950159 at 52.50,13.40");
	expect("{\"continent\": {\"code\": \"EU\"},"
	       " \"registered_country\": {\"iso_code\": \"DE\"}}",
	    "EU/DE");
	expect(
	    "{\"registered_country\": {\"iso_code\": \"DE\"}}", "country:DE");
	expect("{\"represented_country\": {\"iso_code\": \"US\"}}", "unknown");
	expect("{\"autonomous_system_number:uint32\": 64496,"
	       " \"autonomous_system_organization\": \"x\"}",
	    "AS64496");
	expect("{\"country\": {\"iso_code\": \"DE\"}, \"traits\":"
	       " {\"autonomous_system_number:uint32\": 64496}}",
	    "country:DE AS64496");
	/* DB-IP: no codes of subdivisions; IP2Location: "-" for nothing. */
	expect("{\"city\": {\"names\": {\"en\": \"Berlin\"}},"
	       " \"country\": {\"iso_code\": \"DE\"},"
	       " \"location\": {\"latitude:float\": 52.5,"
	       " \"longitude:float\": 13.4},"
	       " \"subdivisions\": [{\"names\": {\"en\": \"Berlin\"}}]}",
	    "country:DE/Berlin at 52.50,13.40");
	expect("{\"country\": {\"iso_code\": \"-\"},"
	       " \"city\": {\"names\": {\"en\": \"-\"}}}",
	    "unknown");
	ck_assert_uint_eq(survey.unusable[FACT_COUNTRY], 0);
	/* IPinfo: country, location, lite. */
	expect("{\"asn\": \"AS64496\", \"continent\": \"EU\","
	       " \"continent_name\": \"Europe\", \"country\": \"DE\","
	       " \"country_name\": \"Germany\"}",
	    "EU/DE AS64496");
	expect("{\"city\": \"Berlin\", \"country\": \"DE\","
	       " \"geoname_id\": \"2950159\", \"lat\": \"52.5\","
	       " \"lng\": \"13.4\", \"region\": \"Land Berlin\","
	       " \"region_code\": \"BE\"}",
	    "country:DE-BE/Berlin city:2950159 at 52.50,13.40");
	expect(
	    "{\"lat:double\": 52.5, \"lng:double\": 13.4}", "at 52.50,13.40");
	expect("{\"as_name\": \"x\", \"asn\": \"AS64496\","
	       " \"continent\": \"Europe\", \"continent_code\": \"EU\","
	       " \"country\": \"Germany\", \"country_code\": \"DE\"}",
	    "EU/DE AS64496");
	ck_assert_uint_eq(survey.unusable[FACT_COUNTRY], 0);
	/* Made from CSV files. */
	expect("{\"country_code\": \"DE\", \"city\": \"Berlin\","
	       " \"latitude:float\": 52.5, \"longitude:float\": 13.4,"
	       " \"asn:uint32\": 64496}",
	    "country:DE/Berlin AS64496 at 52.50,13.40");
	expect("{\"country_iso_code\": \"DE\", \"city_name\": \"Berlin\","
	       " \"subdivision_1_iso_code\": \"BE\", \"lat\": \"52.5\","
	       " \"lon\": \"13.4\", \"as_number\": \"64496\"}",
	    "country:DE-BE/Berlin AS64496 at 52.50,13.40");
}
END_TEST

START_TEST(numbers_of_every_type_are_numbers)
{
	static const char *const types[] = {"double", "float", "int32",
	    "uint16", "uint32", "uint64", "uint128"};
	char json[200], want[100];

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		for (int nested = 0; nested < 2; nested++) {
			snprintf(json, sizeof(json),
			    "{%s\"latitude:%s\": 50, \"longitude:%s\": 8%s,"
			    " \"asn:%s\": 64496}",
			    nested ? "\"location\": {" : "", types[i], types[i],
			    nested ? "}" : "", types[i]);
			expect(json, "AS64496 at 50.00,8.00");
		}
		snprintf(json, sizeof(json),
		    "{\"city\": {\"geoname_id:%s\": 29501},"
		    " \"country\": {\"iso_code\": \"DE\"}}",
		    types[i]);
		snprintf(want, sizeof(want), "country:DE city:29501");
		expect(json, want);
	}
	expect("{\"lat:int32\": -33, \"lng:int32\": -70}", "at -33.00,-70.00");
	expect("{\"lat:float\": -33.25, \"lng:double\": -70.5}",
	    "at -33.25,-70.50");
	expect("{\"lat:int32\": -90, \"lng:int32\": 180}", "at -90.00,180.00");
	expect("{\"lat:int32\": 90, \"lng:int32\": -180}", "at 90.00,-180.00");
	expect("{\"asn:uint16\": 1}", "AS1");
	expect("{\"city\": {\"geoname_id:uint32\": 1}}", "city:1");
	expect("{\"city\": {\"geoname_id:uint32\": 4294967295}}",
	    "city:4294967295");
	expect("{\"lat:int32\": 0, \"lng:int32\": 0}", "at 0.00,0.00");
	expect("{\"asn:uint64\": 4294967295}", "AS4294967295");
	expect("{\"asn:double\": 4294967295}", "AS4294967295");
}
END_TEST

/* One value that is none, and what is said of it. */
static void
refuse(const char *json, enum fact f, const char *first)
{
	struct place p;
	struct mmdb *m = read_place(json, &p);

	ck_assert_msg(
	    !p.located && p.asn == 0 && p.city_id == 0 && p.country[0] == '\0',
	    "%s", json);
	ck_assert_msg(survey.unusable[f] == 1, "%s", json);
	ck_assert_str_eq(survey.first[f], first);
	ck_assert(!survey.useful);
	ck_assert_uint_eq(survey.records, 1);
	mmdb_close(m);
}

START_TEST(numbers_out_of_range_are_none_and_counted)
{
	refuse(
	    "{\"lat:double\": 90.5, \"lng:double\": 8}", FACT_LATITUDE, "90.5");
	refuse(
	    "{\"lat:double\": 8, \"lng:int32\": -181}", FACT_LONGITUDE, "-181");
	refuse("{\"city\": {\"geoname_id:uint64\": 4294967296}}", FACT_CITY_ID,
	    "4294967296");
	refuse("{\"lat:int32\": -91, \"lng:double\": 8}", FACT_LATITUDE, "-91");
	refuse("{\"lat:double\": \"nan\", \"lng:double\": 8}", FACT_LATITUDE,
	    "nan");
	refuse("{\"lat:double\": 8, \"lng:double\": \"inf\"}", FACT_LONGITUDE,
	    "inf");
	refuse("{\"lat:float\": 8, \"lng:float\": \"-inf\"}", FACT_LONGITUDE,
	    "-inf");
	refuse("{\"lat:double\": 8, \"lng:double\": 180.5}", FACT_LONGITUDE,
	    "180.5");
	refuse("{\"lat:uint128\": \"36893488147419103232\", \"lng:int32\": 8}",
	    FACT_LATITUDE, "3.68934881474191e+19");
	refuse(
	    "{\"lat\": \"north\", \"lng\": \"8\"}", FACT_LATITUDE, "\"north\"");
	refuse(
	    "{\"lat\": \"0x10\", \"lng\": \"8\"}", FACT_LATITUDE, "\"0x10\"");
	refuse("{\"lat\": \"nan\", \"lng\": \"8\"}", FACT_LATITUDE, "\"nan\"");
	refuse(
	    "{\"lat\": \"52,5\", \"lng\": \"8\"}", FACT_LATITUDE, "\"52,5\"");
	refuse("{\"lat\": \" 52\", \"lng\": \"8\"}", FACT_LATITUDE, "\" 52\"");
	refuse("{\"lat\": \"1e\", \"lng\": \"8\"}", FACT_LATITUDE, "\"1e\"");
	refuse("{\"asn:int32\": -1}", FACT_ASN, "-1");
	refuse("{\"asn:uint64\": 4294967296}", FACT_ASN, "4294967296");
	refuse("{\"asn:uint128\": \"36893488147419103232\"}", FACT_ASN,
	    "3.68934881474191e+19");
	refuse("{\"asn:double\": 64496.5}", FACT_ASN, "64496.5");
	refuse("{\"asn:double\": \"nan\"}", FACT_ASN, "nan");
	refuse("{\"asn\": \"AS\"}", FACT_ASN, "\"AS\"");
	refuse("{\"asn\": \"AS64496x\"}", FACT_ASN, "\"AS64496x\"");
	refuse("{\"asn\": \"AS4294967296\"}", FACT_ASN, "\"AS4294967296\"");
	refuse("{\"geoname_id:int32\": -5}", FACT_CITY_ID, "-5");
	refuse("{\"country\": \"Germany\"}", FACT_COUNTRY, "\"Germany\"");
	refuse("{\"country_code\": \"de\"}", FACT_COUNTRY, "\"de\"");
	refuse("{\"country_code\": \"DEU\"}", FACT_COUNTRY, "\"DEU\"");
	refuse("{\"country_code\": \"D\"}", FACT_COUNTRY, "\"D\"");
	refuse("{\"country_code\": \"D1\"}", FACT_COUNTRY, "\"D1\"");
	refuse("{\"country_code:uint16\": 49}", FACT_COUNTRY, "49");
	refuse("{\"country\": \"a name of more than thirty oct\u00ebts\"}",
	    FACT_COUNTRY, "\"a name of more than thirty oct...\"");
	refuse("{\"country\": \"\u00c5land\"}", FACT_COUNTRY, "\"??land\"");
}
END_TEST

START_TEST(codes_have_their_length)
{
	expect("{\"continent_code\": \"EU\"}", "EU");
	expect("{\"continent_code\": \"E\"}", "unknown");
	expect("{\"continent_code\": \"EUR\"}", "unknown");
	expect("{\"country\": \"DE\", \"region_code\": \"B\"}", "country:DE-B");
	expect("{\"country\": \"DE\", \"region_code\": \"1\"}", "country:DE-1");
	expect("{\"country\": \"DE\", \"region_code\": \"B2C\"}",
	    "country:DE-B2C");
	expect(
	    "{\"country\": \"DE\", \"region_code\": \"BCDE\"}", "country:DE");
	expect("{\"country\": \"DE\", \"region_code\": \"b\"}", "country:DE");
}
END_TEST

START_TEST(values_for_nothing_are_no_fault)
{
	static const char *const records[] = {"{\"asn:uint32\": 0}",
	    "{\"asn\": \"\"}", "{\"asn\": \"-\"}", "{\"asn\": \"0\"}",
	    "{\"lat\": \"\", \"lng\": \"\"}",
	    "{\"lat\": \"-\", \"lng\": \"-\"}", "{\"country\": \"\"}",
	    "{\"country\": \"-\"}", "{\"geoname_id:uint32\": 0}",
	    "{\"geoname_id\": \"0\"}", "{\"city\": \"-\"}",
	    "{\"lat:float\": 5}", "{\"latitude\": {\"x\": \"y\"}}",
	    "{\"asn\": [\"1\"]}", "{\"\": \"DE\"}", "{\"Country\": \"DE\"}",
	    "{}", "[]", "[\"country\", \"DE\"]", "{\"countr\": \"DE\"}",
	    "{\"country_cod\": \"DE\"}"};

	for (size_t i = 0; i < sizeof(records) / sizeof(records[0]); i++) {
		expect(records[i], "unknown");
		for (enum fact f = 0; f < FACT_COUNT; f++)
			ck_assert_msg(
			    survey.unusable[f] == 0, "%s", records[i]);
	}
}
END_TEST

START_TEST(text_that_is_a_number_counts)
{
	expect(
	    "{\"lat\": \"-52.50\", \"lng\": \"+1.34e1\"}", "at -52.50,13.40");
	expect("{\"asn\": \"64496\"}", "AS64496");
	expect("{\"asn\": \"as64496\"}", "AS64496");
	expect("{\"asn\": \"AS64496 A name\"}", "AS64496");
	expect("{\"asn\": \"AS4294967295\"}", "AS4294967295");
	/* A better value under another key. */
	expect("{\"latitude\": \"?\", \"longitude\": \"?\","
	       " \"lat:int32\": 5, \"lng:int32\": 6}",
	    "at 5.00,6.00");
	ck_assert_uint_eq(survey.unusable[FACT_LATITUDE], 0);
}
END_TEST

/* What the first of two databases says stays, and its city is of its country.
 */
START_TEST(a_later_record_fills_what_is_lacking)
{
	static const struct {
		const char *first, *second, *want;
	} rows[] = {
	    {"{\"country\": \"DE\", \"city\": \"A\"}",
		"{\"country\": \"DE\", \"city\": \"Berlin\","
		" \"geoname_id:uint32\": 5}",
		"country:DE/A"},
	    {"{\"country\": \"DE\", \"geoname_id:uint32\": 7}",
		"{\"country\": \"DE\", \"city\": \"Berlin\"}",
		"country:DE city:7"},
	    {"{\"country\": \"DE\"}",
		"{\"country\": \"DE\", \"region_code\": \"BE\","
		" \"city\": \"B\", \"geoname_id:uint32\": 5}",
		"country:DE-BE/B city:5"},
	    {"{\"country\": \"DE\", \"region_code\": \"BY\"}",
		"{\"country\": \"DE\", \"region_code\": \"BE\"}",
		"country:DE-BY"},
	    {"{\"country\": \"DE\"}",
		"{\"country\": \"FR\", \"region_code\": \"IDF\","
		" \"city\": \"Paris\"}",
		"country:DE"},
	    {"{\"continent\": \"EU\"}",
		"{\"country\": \"DE\", \"continent\": \"AS\"}", "EU/DE"},
	    {"{\"country\": \"DE\"}", "{\"continent\": \"EU\"}", "country:DE"},
	    {"{\"lat:int32\": 0, \"lng:int32\": 0}",
		"{\"lat:int32\": 5, \"lng:int32\": 6}", "at 0.00,0.00"},
	    {"{\"lat:int32\": 5}", "{\"lat:int32\": 7, \"lng:int32\": 6}",
		"at 7.00,6.00"},
	    {"{\"asn:int32\": 1}", "{\"asn:int32\": 2}", "AS1"},
	    {"{\"country\": \"DE\"}", "{\"asn:int32\": 2}", "country:DE AS2"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[PLACE_TEXT_MAX];
		struct place p, q = {0};
		struct mmdb *first = read_place(rows[i].first, &p), *second;
		unsigned depth;
		struct addr a;

		ck_assert(addr_parse("192.0.2.1", &a));
		second = read_place(rows[i].second, &q);
		ck_assert(mmdb_find(second, &a, &p, &depth));
		place_format(buf, &p);
		ck_assert_str_eq(buf, rows[i].want);
		mmdb_close(second);
		mmdb_close(first);
	}
}
END_TEST

START_TEST(countries_and_continents_are_told_apart)
{
	static const struct {
		const char *code, *text, *continent;
	} rows[] = {
	    {"DE", "EU/DE at 51.17,10.45", "EU"},
	    {"EU", "EU/EU", "EU"},
	    {"AP", "AS/AP", "AS"},
	    {"AN", "country:AN", ""},
	    {"XX", "country:XX", ""},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char buf[PLACE_TEXT_MAX];
		struct place p = {0};

		memcpy(p.country, rows[i].code, 2);
		place_complete(&p);
		place_format(buf, &p);
		ck_assert_msg(strncmp(buf, rows[i].text, 5) == 0, "%s", buf);
		ck_assert_msg(
		    i == 0 || strcmp(buf, rows[i].text) == 0, "%s", buf);
		ck_assert(strncmp(p.continent, rows[i].continent, 2) == 0);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("fact");
	TCase *tc = tcase_create("fact");
	SRunner *runner;
	int failed, fd = mkstemp(path);

	if (fd == -1)
		return EXIT_FAILURE;
	close(fd);
	tcase_add_test(tc, shapes_of_databases_in_use);
	tcase_add_test(tc, numbers_of_every_type_are_numbers);
	tcase_add_test(tc, numbers_out_of_range_are_none_and_counted);
	tcase_add_test(tc, codes_have_their_length);
	tcase_add_test(tc, values_for_nothing_are_no_fault);
	tcase_add_test(tc, text_that_is_a_number_counts);
	tcase_add_test(tc, a_later_record_fills_what_is_lacking);
	tcase_add_test(tc, countries_and_continents_are_told_apart);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	unlink(path);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
