/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that the comparison of two configurations says, for each kind of change.
 * What is expected is in moves.txt; MERIDIAN_STORY=FOLDER writes it there as it
 * is now.
 */
#include "traffic/difference.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "expected.h"
#include "mmdb_make.h"
#include "report/text.h"
#include "sample.h"
#include "snapshot/build.h"
#include "traffic/export.h"

static const char conf_text[] =
    "meridian: 1\n"
    "geoip: {databases: [geo.mmdb],\n"
    "        nets: {lab: [10.0.0.0/8, \"2a0f::/24\"]}}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US, bias: -20}\n"
    "  ap: {location: [35.7, 139.7], jurisdiction: JP}\n"
    "pools:\n"
    "  www:\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::10\"]}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8:1::10\"]}]\n"
    "      ap: [{addr: [203.0.113.10, \"2001:db8:2::10\"]}]\n"
    "  sorry:\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.250, \"2001:db8::250\"]}]\n"
    "      us: [{addr: [192.0.2.251, \"2001:db8::251\"]}]\n"
    "  late: {regions: {us: [{addr: [192.0.2.252, \"2001:db8::252\"]}]}}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: lab, regions: [eu], fence: EU}\n"
    "      - {geo: DE, regions: [eu, us, ap]}\n"
    "      - {geo: FR, regions: [eu, ap], trickle: 30%}\n"
    "      - {geo: US, regions: {us: 2, eu: 1}, hash: client}\n"
    "      - {geo: JP, regions: [ap, us], when_all_down: {pool: sorry}}\n"
    "      - {geo: BR, regions: {us: 1, ap: 1}}\n"
    "      - {regions: nearest}\n"
    "    unlocated: [us, eu, ap]\n"
    "  line: {rules: [{regions: [ap, eu, us]}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near}\n"
    "  too.example.com: {pool: www, policy: near}\n"
    "  line.example.com: {pool: www, policy: line}\n";

static const struct {
	const char *prefix, *country;
	float latitude, longitude;
} rows[] = {
    {"81.0.0.0/8", "DE", 52.5f, 13.4f},
    {"82.0.0.0/9", "FR", 48, 2},
    {"82.128.0.0/10", "FR", 43, 5},
    {"83.0.0.0/8", "US", 37, -122},
    {"84.0.0.0/12", "JP", 35, 139},
    {"85.0.0.0/8", "BR", -23, -46},
    {"86.0.0.0/8", "ZA", -33, 18},
    {"10.0.0.0/8", "DE", 52, 13},
    {"2a00::/20", "DE", 52, 13},
    {"2a01::/20", "US", 39, -77},
    {"2a02::/31", "FR", 48, 2},
    {"2a0f::/20", "JP", 35, 139},
};

/* What is asked of the first configuration. */
static const struct {
	const char *client;
	uint16_t name;
	double n;
	bool unclassed;
} cells[] = {
    {"81.1.0.0", 0, 700},
    {"82.1.0.0", 0, 300},
    {"82.2.0.0", 2, 90},
    {"83.5.0.0", 0, 450},
    {"84.9.0.0", 0, 110.5},
    {"85.0.0.0", 0, 75},
    {"86.7.0.0", 2, 30},
    {"10.1.0.0", 0, 20},
    {"2a01:1::", 0, 60},
    {"2a0f:1::", 0, 15},
    {"2a01:2::", 0, 25, true},
    {"82.3.0.0", 2, 35, true},
    {"fd00::1", 0, 45, true},
};

/* What becomes of a line of the configuration. */
static const struct {
	const char *was, *is;
} changes[] = {
    {"eu, us, ap]}\n      - {geo: FR", "us, eu, ap]}\n      - {geo: FR"},
    {"eu, us, ap]}\n      - {geo: FR", "eu, ap, us]}\n      - {geo: FR"},
    {"trickle: 30%", "trickle: 45%"},
    {"[eu, ap], trickle: 30%", "[ap, eu], trickle: 30%"},
    {"{us: 2, eu: 1}", "{us: 1, eu: 1}"},
    {"{us: 2, eu: 1}, hash: client", "[eu, us]"},
    {"{us: 1, ap: 1}", "{us: 1, ap: 3}"},
    {"{us: 1, ap: 1}", "{us: 1, ap: 1}, hash: client"},
    {"when_all_down: {pool: sorry}", "when_all_down: all"},
    {"when_all_down: {pool: sorry}", "when_all_down: {pool: late}"},
    {"eu: [{addr: [192.0.2.250, \"2001:db8::250\"]}]\n      us: [{addr: [192.0.2.251, \"2001:db8::251\"]}]",
	"us: [{addr: [192.0.2.251, \"2001:db8::251\"]}]"},
    {"bias: -20", "bias: 60"},
    {"unlocated: [us, eu, ap]", "unlocated: [eu, us, ap]"},
    {"10.0.0.0/8, \"2a0f::/24\"", "10.0.0.0/9, \"2a0f::/22\""},
    {"fence: EU}", "}"},
    {"[eu], fence: EU}", "[us], fence: US}"},
    {"{geo: DE,", "{geo: [DE, ZA],"},
    {"[ap, eu, us]}]", "[eu, ap, us]}]"},
    {"too.example.com: {pool", "new.example.com: {pool"},
    {"line.example.com: {pool: www, policy: line}",
	"line.example.com: {pool: www, policy: near}"},
};

static struct sample sample;

static void
database_make(void)
{
	struct mmdb_row made[sizeof(rows) / sizeof(rows[0])];
	char path[SAMPLE_PATH_MAX + 16];
	struct error err;

	memset(made, 0, sizeof(made));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct place *p = &made[i].place;

		ck_assert(prefix_parse(rows[i].prefix, &made[i].prefix, &err));
		memcpy(p->country, rows[i].country, 2);
		p->latitude = rows[i].latitude;
		p->longitude = rows[i].longitude;
		p->located = true;
	}
	snprintf(path, sizeof(path), "%s/geo.mmdb", sample.folder);
	mmdb_make(path, 6, MMDB_NESTED, made, sizeof(rows) / sizeof(rows[0]));
}

static struct snapshot *
build(const char *was, const char *is)
{
	const char *at = strstr(conf_text, was);
	struct snapshot *s;
	struct diag d;
	FILE *f = fopen(sample.conf, "w");

	ck_assert(at != NULL && f != NULL);
	fprintf(f, "%.*s%s%s", (int)(at - conf_text), conf_text, is,
	    at + strlen(was));
	ck_assert_int_eq(fclose(f), 0);
	diag_init(&d);
	s = snapshot_build(sample.conf, &d);
	ck_assert_msg(s != NULL, "%s: %s", is, diag_text(&d));
	diag_fini(&d);
	return s;
}

static void
traffic_make(struct traffic *t, const struct snapshot *s)
{
	memset(t, 0, sizeof(*t));
	t->minutes = 5;
	for (size_t i = 0; i < sizeof(cells) / sizeof(cells[0]); i++) {
		struct addr a;
		struct traffic_cell c = {.n = cells[i].n};

		ck_assert(addr_parse(cells[i].client, &a));
		c.name = s->steered[cells[i].name].first;
		c.class =
		    (uint16_t)lookup_find(&s->steered[c.name].table->lookup, &a)
			.class;
		c.block = sample_block(&a);
		if (cells[i].unclassed)
			c.class = SAMPLE_CLASS_MAX;
		vec_push(&t->cells, c);
	}
}

static void
put_moves(struct text *t, const struct snapshot *a, const struct snapshot *b,
    const struct traffic *traffic)
{
	struct compared c;
	json_t *json;
	char *text;

	compare_find(&c, a, b, traffic);
	json = expected_rounded(compare_json(&c));
	text = number_json(json, 0);
	text_add(t, "at most %.4g %%: %s\n", compare_most(&c), text);
	free(text);
	json_decref(json);
	compare_fini(&c);
}

/* The traffic as a file has it, and read from there in words of b. */
static void
put_traffic(struct text *t, const struct snapshot *a, const struct snapshot *b,
    const struct traffic *traffic)
{
	json_t *file = traffic_export(traffic, a), *again;
	struct traffic read;
	char *text;

	ck_assert(traffic_import(&read, b, file));
	again = traffic_export(&read, b);
	ck_assert(a != b || json_equal(file, again));
	text = number_json(again, 0);
	text_add(t, "traffic: %s\n", text);
	free(text);
	json_decref(file);
	json_decref(again);
	traffic_fini(&read);
	if (a == b)
		return;
	read = traffic_translate(traffic, a, b);
	again = expected_rounded(traffic_export(&read, b));
	text = number_json(again, 0);
	text_add(t, "reloaded: %s\n", text);
	free(text);
	json_decref(again);
	traffic_fini(&read);
}

START_TEST(a_file_of_traffic_has_a_list_of_cells)
{
	static const char *const wrong[] = {"{}", "{\"minutes\": 1}",
	    "{\"cells\": {}}", "{\"cells\": [[]]}",
	    "{\"cells\": [[\"www.example.com.\"]]}",
	    "{\"cells\": [[1, \"eu us\", null, 1]]}",
	    "{\"cells\": [[\"www.example.com.\", null, null, 1]]}"};
	json_t *file = json_loads("{\"minutes\": 2.5, \"cells\": []}", 0, NULL);
	struct snapshot *s;
	struct traffic t;

	sample_open(&sample);
	database_make();
	s = build("meridian: 1", "meridian: 1");
	ck_assert(traffic_import(&t, s, file));
	ck_assert_double_eq(t.minutes, 2.5);
	ck_assert_uint_eq(t.cells.n, 0);
	json_decref(file);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		file = json_loads(wrong[i], 0, NULL);
		ck_assert_msg(!traffic_import(&t, s, file), "%s", wrong[i]);
		traffic_fini(&t);
		json_decref(file);
	}
	snapshot_free(s);
	rcu_drain();
	sample_close(&sample);
}
END_TEST

START_TEST(all_that_a_change_moves_is_as_expected)
{
	struct snapshot *a;
	struct traffic traffic;
	struct text t = {0};

	sample_open(&sample);
	database_make();
	a = build("meridian: 1", "meridian: 1");
	traffic_make(&traffic, a);
	put_traffic(&t, a, a, &traffic);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct snapshot *b = build(changes[i].was, changes[i].is);

		text_add(&t, "---- %s: %s\n", changes[i].was, changes[i].is);
		put_moves(&t, a, b, &traffic);
		put_moves(&t, b, a, NULL);
		put_traffic(&t, a, b, &traffic);
		snapshot_free(b);
	}
	expected_file(t.at, "moves.txt");
	text_fini(&t);
	traffic_fini(&traffic);
	snapshot_free(a);
	rcu_drain();
	sample_close(&sample);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("moves");
	TCase *tc = tcase_create("moves");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, a_file_of_traffic_has_a_list_of_cells);
	tcase_add_test(tc, all_that_a_change_moves_is_as_expected);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
