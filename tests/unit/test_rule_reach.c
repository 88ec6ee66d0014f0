/* SPDX-License-Identifier: BSD-3-Clause */
/* Rules that no client can reach, as one above them takes all that they would:
 * pairs of matches, and at both sides of each edge of a box. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

#define CONF \
	"meridian: 1\n" \
	"server: {listen: [\"127.0.0.1@0\"]}\n" \
	"geoip: {nets: {corp: [10.0.0.0/8], lab: [11.0.0.0/8]}}\n" \
	"zones: {example.com: example.com.zone}\n" \
	"regions: {eu: {location: [50, 8]}}\n" \
	"pools: {www: {regions: {eu: [{addr: 192.0.2.1}]}}}\n" \
	"names: {www.example.com: {pool: www, policy: p}}\n" \
	"policies:\n" \
	"  p:\n" \
	"    rules:\n"

/* All that is said of a policy with these two rules; the caller frees it. */
static char *
said_of(const char *above, const char *below)
{
	char text[2048], *said;
	struct diag d;

	snprintf(text, sizeof(text),
	    CONF "      - {%s, regions: [eu]}\n"
		 "      - {%s, regions: [eu]}\n"
		 "      - {regions: [eu]}\n",
	    above, below);
	diag_init(&d);
	conf_free(conf_load_text("f.yaml", text, &d));
	said = diag_text(&d);
	diag_fini(&d);
	return said;
}

static void
expect_covered(const char *above, const char *below, bool covered)
{
	char *said = said_of(above, below);
	bool is = strstr(said,
		      "f.yaml:12:9: error: this rule can never match: the one "
		      "at f.yaml:11 takes all that it would\n") != NULL;

	ck_assert_msg(is == covered, "%s above %s: %s", above, below, said);
	ck_assert_msg(
	    is || strstr(said, " error: ") == NULL, "%s: %s", below, said);
	free(said);
}

static const struct {
	const char *above, *below;
	bool covered;
} pairs[] = {
    {"nets: corp", "nets: corp", true},
    {"nets: corp", "nets: lab", false},
    {"nets: corp", "nets: [corp, lab]", false},
    {"nets: [lab, corp]", "nets: corp", true},
    {"nets: corp", "geo: DE", false},
    {"nets: corp", "nets: corp, geo: DE", true},
    {"nets: corp, geo: DE", "nets: corp", false},
    {"nets: corp, geo: DE", "geo: DE", false},
    {"geo: EU", "geo: EU", true},
    {"geo: EU", "geo: DE", false},
    {"geo: DE", "geo: FR", false},
    {"geo: DE", "geo: [DE, FR]", false},
    {"geo: [FR, DE]", "geo: [DE, FR]", true},
    {"geo: [FR, DE, US]", "geo: [DE, US]", true},
    {"geo: DE", "geo: DE-BE", true},
    {"geo: DE-BE", "geo: DE", false},
    {"geo: DE-BE", "geo: DE-BY", false},
    {"geo: US-CA", "geo: FR-CA", false},
    {"geo: DE/Berlin", "geo: DE/Berlin", true},
    {"geo: DE/Berlin", "geo: DE/Bonn", false},
    {"geo: DE/Berlin", "geo: DE", false},
    {"geo: DE/1", "geo: DE/2", false},
    {"geo: DE", "asn: 1", false},
    {"asn: 1", "asn: 1", true},
    {"asn: 1", "asn: 2", false},
    {"asn: [1, 2, 3]", "asn: [3, 1]", true},
    {"asn: [1, 2]", "asn: [2, 3]", false},
    {"asn: 1", "asn: 1, geo: DE", true},
    {"asn: 1, geo: DE", "asn: 1", false},
    {"asn: 1", "geo: DE", false},
    {"box: [-90, -180, 90, 180]", "geo: DE", false},
    {"box: [-90, -180, 90, 180]", "box: [1, 2, 3, 4]", true},
    {"box: [1, 2, 3, 4]", "box: [1, 2, 3, 4], asn: 1", true},
    {"box: [1, 2, 3, 4], asn: 1", "box: [1, 2, 3, 4]", false},
    {"geo: DE", "box: [1, 2, 3, 4]", false},
    /* Without a width, or a height. */
    {"box: [1, 2, 3, 2]", "box: [1, 2, 3, 2]", true},
    {"box: [1, 2, 1, 4]", "box: [1, 2, 1, 4]", true},
    {"box: [1, 2, 3, 4]", "box: [1, 2, 3, 2]", true},
    {"box: [1, 2, 3, 4]", "box: [2, 3, 2, 3]", true},
    {"box: [1, 2, 3, 2]", "box: [1, 2, 3, 4]", false},
    /* Across the 180th meridian: they are not compared. */
    {"box: [1, 170, 3, -170]", "box: [1, 170, 3, -170]", false},
    {"box: [1, 170, 3, -170]", "box: [1, 175, 3, 178]", false},
    {"box: [1, -180, 3, 180]", "box: [1, 170, 3, -170]", false},
};

START_TEST(a_rule_is_covered_where_all_of_it_was_taken_above)
{
	expect_covered(pairs[_i].above, pairs[_i].below, pairs[_i].covered);
}
END_TEST

/* Each edge of the box [10, 20, 30, 40], and those within half a degree. */
START_TEST(a_box_is_covered_up_to_its_edges)
{
	static const double inwards[] = {0.5, 0.5, -0.5, -0.5};

	for (size_t edge = 0; edge < 4; edge++) {
		for (int by = -1; by <= 1; by++) {
			double at[4] = {10, 20, 30, 40};
			char below[128];

			at[edge] += by * inwards[edge];
			snprintf(below, sizeof(below),
			    "box: [%.1f, %.1f, %.1f, %.1f]", at[0], at[1],
			    at[2], at[3]);
			expect_covered("box: [10, 20, 30, 40]", below, by >= 0);
		}
	}
}
END_TEST

#define DEGREES \
	"\"box\" must be [south, west, north, east] in degrees: -90 to 90, " \
	"-180 to 180"
#define EMPTY "\"box\" is empty: its south is north of its north"

static const struct {
	const char *box, *wrong; /* NULL: nothing */
} boxes[] = {
    {"[-90, -180, 90, 180]", NULL},
    {"[5, 0, 5, 0]", NULL},
    {"[5, 170, 6, -170]", NULL},
    {"[5.5, 0, 5.25, 0]", EMPTY},
    {"[-91, 0, 1, 0]", DEGREES},
    {"[0, -181, 1, 0]", DEGREES},
    {"[0, 0, 91, 0]", DEGREES},
    {"[0, 0, 1, 181]", DEGREES},
    {"[0, 0, 1, 91]", NULL},
    {"[0, 91, 1, 92]", NULL},
    {"[0, 0, 1]", DEGREES},
    {"[0, 0, 1, 1, 1]", DEGREES},
    {"[0, 0, x, 1]", DEGREES},
    {"[]", DEGREES},
    {"5", "\"box\" must be [south, west, north, east], not \"5\""},
};

START_TEST(a_box_is_four_numbers_of_degrees)
{
	char above[128], *said, *found;

	snprintf(above, sizeof(above), "box: %s", boxes[_i].box);
	said = said_of(above, "nets: corp");
	found = strstr(said, "f.yaml:11:15: error: ");
	if (boxes[_i].wrong == NULL)
		ck_assert_msg(strstr(said, " error: ") == NULL, "%s", said);
	else
		ck_assert_msg(found != NULL &&
			strncmp(found + 21, boxes[_i].wrong,
			    strlen(boxes[_i].wrong)) == 0,
		    "%s", said);
	free(said);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("rule_reach");
	TCase *tc = tcase_create("rule_reach");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_loop_test(tc,
	    a_rule_is_covered_where_all_of_it_was_taken_above, 0,
	    sizeof(pairs) / sizeof(pairs[0]));
	tcase_add_test(tc, a_box_is_covered_up_to_its_edges);
	tcase_add_loop_test(tc, a_box_is_four_numbers_of_degrees, 0,
	    sizeof(boxes) / sizeof(boxes[0]));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
