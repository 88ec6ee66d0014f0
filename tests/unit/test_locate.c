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

START_TEST(coordinates_are_compared_with_where_targets_are)
{
	FILE *f = fopen(sample.conf, "w");
	char target[128] = "", *said, *word, list[64], *rest = list;
	struct snapshot *s;
	struct diag d;

	ck_assert_ptr_nonnull(f);
	strcpy(list, regions[_i].targets);
	while ((word = strsep(&rest, ", ")) != NULL)
		if (*word != '\0')
			sprintf(target + strlen(target), "%s{addr: %s}",
			    *target != '\0' ? ", " : "", word);
	fprintf(f,
	    "meridian: 1\ngeoip: {databases: [country.mmdb]}\n"
	    "regions: {eu: {location: %s}}\n"
	    "pools: {w: {regions: {eu: [%s]}}}\n",
	    regions[_i].location, target);
	fclose(f);
	diag_init(&d);
	s = snapshot_build(sample.conf, &d);
	said = diag_text(&d);
	ck_assert_msg(s != NULL, "%s", said);
	if (regions[_i].told != NULL)
		ck_assert_msg(
		    strstr(said, regions[_i].told) != NULL, "%s", said);
	else
		ck_assert_msg(
		    strstr(said, "region \"eu\" is at") == NULL, "%s", said);
	free(said);
	snapshot_free(s);
	diag_fini(&d);
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
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
