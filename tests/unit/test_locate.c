/* SPDX-License-Identifier: BSD-3-Clause */
#include "snapshot/locate.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "sample.h"
#include "snapshot/build.h"

static struct sample sample;
static char database[SAMPLE_PATH_MAX + 16];

static const struct {
	const char *prefix, *country;
} rows[] = {
    {"1.0.0.0/8", "DE"},
    {"2.0.0.0/8", "US"},
    {"3.0.0.0/8", "BR"},
    {"4.0.0.0/8", "SG"},
    {"5.0.0.0/8", "GB"},
};

static void
setup(void)
{
	struct mmdb_row all[sizeof(rows) / sizeof(rows[0])];
	struct error err;

	sample_open(&sample);
	memset(all, 0, sizeof(all));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert(prefix_parse(rows[i].prefix, &all[i].prefix, &err));
		memcpy(all[i].place.country, rows[i].country, 2);
	}
	snprintf(database, sizeof(database), "%s/country.mmdb", sample.folder);
	mmdb_make(database, 4, MMDB_NESTED, all, sizeof(all) / sizeof(all[0]));
}

static void
teardown(void)
{
	unlink(database);
	sample_close(&sample);
}

static const struct {
	const char *location, *targets, *told; /* NULL: nothing */
} regions[] = {
    {"[50.1, 8.7]", "1.2.3.4", NULL},
    {"[8.7, 50.1]", "1.2.3.4", "region \"eu\" is at [8.7, 50.1], "},
    {"[8.7, 50.1]", "1.2.3.4",
	"of its target 1.2.3.4 in the database, in DE; are latitude and longitude swapped? "
	"[50.1, 8.7] is near it"},
    {"[39, -77.5]", "2.2.3.4", NULL},
    {"[-77.5, 39]", "2.2.3.4", "[39, -77.5] is near it"},
    {"[39, 77.5]", "2.2.3.4",
	"is the sign of the longitude wrong? [39, -77.5] is near it"},
    {"[23.5, -46.6]", "3.2.3.4", "is the sign of the latitude wrong?"},
    {"[-0.1, 51.5]", "5.2.3.4", "[51.5, -0.1] is near it"},
    {"[1.3, 103.8]", "4.2.3.4", NULL},
    /* Hawaii, and Vladivostok of a provider in Germany. */
    {"[21.3, -157.8]", "2.2.3.4", NULL},
    {"[-33.9, 151.2]", "1.2.3.4", "region \"eu\" is at [-33.9, 151.2], "},
    /* One of its targets is where it says. */
    {"[8.7, 50.1]", "9.2.3.4", NULL},
    {"[50.1, 8.7]", "2.2.3.4, 1.2.3.4", NULL},
    {"[50.1, 8.7]", "10.0.0.1", NULL},
};

/* What is told of a region with such targets; NULL: nothing. */
static void
check_region(const char *location, const char *targets, const char *told)
{
	FILE *f = fopen(sample.conf, "w");
	char target[128] = "", *said, *word, list[64], *rest = list;
	struct snapshot *s;
	struct diag d;

	ck_assert_ptr_nonnull(f);
	strcpy(list, targets);
	while ((word = strsep(&rest, ", ")) != NULL)
		if (*word != '\0')
			sprintf(target + strlen(target), "%s{addr: %s}",
			    *target != '\0' ? ", " : "", word);
	fprintf(f,
	    "meridian: 1\ngeoip: {databases: [country.mmdb]}\n"
	    "regions: {eu: {location: %s}}\n"
	    "pools: {w: {regions: {eu: [%s]}}}\n",
	    location, target);
	fclose(f);
	diag_init(&d);
	s = snapshot_build(sample.conf, &d);
	said = diag_text(&d);
	ck_assert_msg(s != NULL, "%s", said);
	if (told != NULL)
		ck_assert_msg(strstr(said, told) != NULL &&
			(strstr(said, "is near it") == NULL ||
			    strstr(said, "check its") == NULL),
		    "%s", said);
	else
		ck_assert_msg(
		    strstr(said, "region \"eu\" is at") == NULL, "%s", said);
	free(said);
	snapshot_free(s);
	diag_fini(&d);
}

START_TEST(coordinates_are_compared_with_where_targets_are)
{
	check_region(
	    regions[_i].location, regions[_i].targets, regions[_i].told);
}
END_TEST

/* A degree of the equator is 111.19 km: 2500 km are 22.48 of them, 7000 km
 * 62.95.  Targets are where their database says. */
static const struct {
	float target[2]; /* latitude, longitude of 1.0.0.0/8 */
	float other[2];  /* of 2.0.0.0/8 */
	const char *location, *targets, *told; /* NULL: nothing */
} distances[] = {
    {{0, 0}, {0}, "[0, 22.4]", "1.2.3.4", NULL},
    {{0, 0}, {0}, "[0, 22.6]", "1.2.3.4", NULL},
    {{0, 0}, {0}, "[0, 62.9]", "1.2.3.4", NULL},
    {{0, 0}, {0}, "[0, 63]", "1.2.3.4",
	"region \"eu\" is at [0, 63], 7005 km from the location of its target 1.2.3.4 in the database, in DE: check its location"},
    /* Other coordinates are told where they are at most half as far. */
    {{0, -11.2F}, {0}, "[0, 11.2]", "1.2.3.4", NULL}, /* 2491 km */
    {{0, -11.3F}, {0}, "[0, 11.3]", "1.2.3.4",
	"is the sign of the longitude wrong? [0, -11.3] is near it"},
    {{0, -13.3F}, {0}, "[0, 40]", "1.2.3.4", NULL},
    {{0, -13.4F}, {0}, "[0, 40]", "1.2.3.4",
	"is the sign of the longitude wrong? [0, -40] is near it"},
    {{-13.3F, 0}, {0}, "[40, 0]", "1.2.3.4", NULL},
    {{-13.4F, 0}, {0}, "[40, 0]", "1.2.3.4",
	"is the sign of the latitude wrong? [-40, 0] is near it"},
    {{40, 0}, {0}, "[0, 40]", "1.2.3.4",
	"are latitude and longitude swapped? [40, 0] is near it"},
    {{0, 90}, {0}, "[90, 0]", "1.2.3.4",
	"are latitude and longitude swapped? [0, 90] is near it"},
    {{-80, 0}, {0}, "[0, -91]", "1.2.3.4", "check its location"},
    {{-80, 0}, {0}, "[0, -90]", "1.2.3.4",
	"are latitude and longitude swapped? [-90, 0] is near it"},
    /* The nearest target counts, of whatever family. */
    {{0, 0}, {0, 50}, "[0, 100]", "1.2.3.4, 2.2.3.4", NULL},
    {{0, 50}, {0, 0}, "[0, 100]", "1.2.3.4, 2.2.3.4", NULL},
    {{0, 0}, {0, 30}, "[0, 100]", "1.2.3.4, 2.2.3.4",
	"7784 km from the location of its target 2.2.3.4"},
    {{0, 30}, {0, 0}, "[0, 100]", "1.2.3.4, 2.2.3.4",
	"7784 km from the location of its target 1.2.3.4"},
    {{0, 30}, {0, 30}, "[0, 100]", "1.2.3.4, 2.2.3.4",
	"7784 km from the location of its target 1.2.3.4"},
    {{0, -99}, {0}, "[0, 100]", "1.2.3.4",
	"is the sign of the longitude wrong? [0, -100] is near it"},
    {{0, 0}, {0, 30}, "[0, 100]", "1.2.3.4, \"2002:202:304::\"",
	"7784 km from the location of its target 2002:202:304::"},
};

static void
make_located(const float target[2], const float other[2])
{
	struct mmdb_row all[2];
	struct error err;

	memset(all, 0, sizeof(all));
	for (size_t i = 0; i < 2; i++) {
		struct place *p = &all[i].place;

		ck_assert(prefix_parse(
		    i == 0 ? "1.0.0.0/8" : "2.0.0.0/8", &all[i].prefix, &err));
		memcpy(p->country, "DE", 2);
		p->located = true;
		p->latitude = (i == 0 ? target : other)[0];
		p->longitude = (i == 0 ? target : other)[1];
	}
	mmdb_make(database, 6, MMDB_NESTED, all, 2);
}

START_TEST(distances_are_those_of_the_nearest_target)
{
	make_located(distances[_i].target, distances[_i].other);
	check_region(
	    distances[_i].location, distances[_i].targets, distances[_i].told);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("locate");
	TCase *tc = tcase_create("locate");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, coordinates_are_compared_with_where_targets_are,
	    0, sizeof(regions) / sizeof(*regions));
	tcase_add_loop_test(tc, distances_are_those_of_the_nearest_target, 0,
	    sizeof(distances) / sizeof(*distances));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
