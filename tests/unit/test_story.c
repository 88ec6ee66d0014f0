/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that explain and the other reports say, word for word: of a configuration
 * that uses every kind of rule, in many states of its targets and regions.
 * What is expected is in story.txt and reports.txt; MERIDIAN_STORY=FOLDER
 * writes both there as they are now, to be compared by eye and taken over.
 */
#include "report/explain.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/number.h"
#include "expected.h"
#include "mmdb_make.h"
#include "report/metrics.h"
#include "report/text.h"
#include "serve/count.h"
#include "service.h"

static const char conf_text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], state: state, workers: 1,\n"
    "         control: control.sock}\n"
    "geoip: {databases: [geo.mmdb],\n"
    "        nets: {lab: [10.0.0.0/8], far: [2001:db8::/32, 11.0.0.0/8]}}\n"
    "zones: {example.com: example.com.zone}\n"
    "latency: {file: latency.csv}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU, capacity: 50}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US, bias: -20,\n"
    "       capacity: 100}\n"
    "  ap: {location: [35.7, 139.7], jurisdiction: JP, capacity: 70}\n"
    "  no: {capacity: 1}\n"
    "monitors:\n"
    "  web: {type: tcp, port: 80, interval: 2s, fall: 3, rise: 2}\n"
    "  deep: {type: tcp, port: 81, interval: 10s, fall: 1, mode: observe}\n"
    "pools:\n"
    "  www:\n"
    "    monitor: [web, deep]\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::e0\"]},\n"
    "           {addr: [192.0.2.11]}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8::10\"]}]\n"
    "      ap: [{addr: [203.0.113.10]}, {addr: [\"2001:db8::a0\"]}]\n"
    "  one:\n"
    "    answer: {mode: one}\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.20, \"2001:db8::20\"], weight: 3},\n"
    "           {addr: 192.0.2.21}]\n"
    "      us: [{addr: [198.51.100.20, \"2001:db8::21\"]}]\n"
    "  two:\n"
    "    monitor: web\n"
    "    families: apart\n"
    "    min_healthy: 2\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.30, \"2001:db8::30\"]}, {addr: 192.0.2.31}]\n"
    "      us: [{addr: [198.51.100.30, \"2001:db8::31\"]},\n"
    "           {addr: 198.51.100.31}]\n"
    "  sorry: {regions: {eu: [{addr: [192.0.2.250, \"2001:db8::fa\"]}]}}\n"
    "  cdn: {answer: {mode: one}, regions: {eu: [{cname: eu.example.net., "
    "weight: 2},\n"
    "                       {cname: e2.example.net.}],\n"
    "                  us: [{cname: us.example.net.}]}}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: [lab, far], regions: [eu, us], fence: EU,\n"
    "         when_all_down: {pool: sorry}}\n"
    "      - {geo: [DE, US-CA, SA], asn: [64500, 64501],\n"
    "         regions: [eu, us, ap]}\n"
    "      - {box: [30, 120, 50, 150], regions: [ap, eu], trickle: 50%,\n"
    "         when_all_down: last_known}\n"
    "      - {geo: FR, policy: draws}\n"
    "      - {geo: BR, regions: latency}\n"
    "      - {regions: nearest, band: 500km}\n"
    "    unlocated: [us, eu, ap]\n"
    "  draws:\n"
    "    rules:\n"
    "      - {asn: 64502, regions: {us: 1, eu: 2, ap: 0}}\n"
    "      - {regions: {eu: 3, us: 1}}\n"
    "  homes:\n"
    "    rules: [{regions: [eu, us], hash: qname, homes: homes}]\n"
    "  line: {rules: [{regions: all}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near, ttl: {max: 60, min: 5}}\n"
    "  one.example.com: {pool: one, policy: near}\n"
    "  two.example.com: {pool: two, policy: line}\n"
    "  cdn.example.com: {pool: cdn, policy: line}\n"
    "  \"*.t.example.com\": {pool: one, policy: homes}\n"
    "  staged.example.com: {pool: one}\n"
    "stages:\n"
    "  move:\n"
    "    steps:\n"
    "      - {name: before, policies: {staged.example.com: line}}\n"
    "      - {name: after, policies: {staged.example.com: draws}}\n"
    "safety: {min_regions: 0}\n";

static const char latency_text[] = "200.0.0.0/8,eu,120.5,80\n"
				   "200.0.0.0/8,us,80.25,3\n";

static struct service s;

static void
set(const char *address, enum health_state state, const char *last)
{
	struct watch **all;
	struct addr a;
	size_t n;

	addr_parse(address, &a);
	all = watches_all(s.control->watches, &n);
	for (size_t i = 0; i < n; i++) {
		if (!addr_equal(&all[i]->addr, &a))
			continue;
		all[i]->health.state = state;
		all[i]->last_at = clock_wall_s() - 90;
		snprintf(all[i]->last, sizeof(all[i]->last), "%s", last);
	}
	control_refresh(s.control, NULL, NULL);
}

static void
post(const char *path, const char *body)
{
	int status;
	json_t *reply = service_call(&s, HTTP_POST, path, NULL, body, &status);
	char *text = json_dumps(reply, JSON_COMPACT);

	ck_assert_msg(status == 200, "%s %s: %s", path, body, text);
	free(text);
	json_decref(reply);
}

/* States, each on top of the one before ----------------------------------- */

static void
nothing_known(void)
{
}

static const char *const targets[] = {"192.0.2.10", "2001:db8::e0",
    "192.0.2.11", "198.51.100.31", "198.51.100.10", "2001:db8::10",
    "203.0.113.10", "2001:db8::a0", "192.0.2.30", "2001:db8::30", "192.0.2.31",
    "198.51.100.30", "2001:db8::31"};

static void
all_up(void)
{
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		set(targets[i], HEALTH_UP, "connected");
}

static void
neighbour_degraded(void)
{
	set("198.51.100.10", HEALTH_DEGRADED, "slow");
	set("2001:db8::10", HEALTH_DEGRADED, "slow");
}

static void
one_degraded(void)
{
	set("192.0.2.11", HEALTH_DEGRADED, "slow");
	set("192.0.2.31", HEALTH_DOWN, "refused");
}

static void
region_down(void)
{
	set("192.0.2.10", HEALTH_DOWN, "timeout");
	set("192.0.2.11", HEALTH_DOWN, "refused");
}

static void
region_drained(void)
{
	post("/v1/drain",
	    "{\"what\":\"us\",\"for_s\":3600,\"reason\":\"core switch\","
	    "\"force\":true}");
	post("/v1/drain",
	    "{\"what\":\"ap\",\"until_cancelled\":true,\"reason\":\"cable\","
	    "\"share\":40,\"force\":true}");
	post("/v1/force_up",
	    "{\"what\":\"www/eu/192.0.2.10\",\"for_s\":30,"
	    "\"reason\":\"it works\"}");
}

static void
frozen(void)
{
	atomic_store(s.control->status.snapshot->frozen, true);
}

/* Nor is there a word of anybody that they are. */
static void
all_down(void)
{
	atomic_store(s.control->status.snapshot->frozen, false);
	post("/v1/force_up_end", "{\"what\":\"www/eu/192.0.2.10\"}");
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		set(targets[i], HEALTH_DOWN, "refused");
}

static void (*const states[])(void) = {nothing_known, all_up,
    neighbour_degraded, one_degraded, region_down, region_drained, frozen,
    all_down};

enum { STATES = sizeof(states) / sizeof(states[0]) };

/* Questions --------------------------------------------------------------- */

/* The first of them are asked in every state, all when all is up. */
static const struct explain_query questions[] = {
    {.name = "www.example.com", .from = "10.1.2.3"},
    {.name = "www.example.com", .from = "2001:db8::1", .type = "AAAA"},
    {.name = "www.example.com", .from = "82.0.0.0/24", .resolver = "9.9.9.9"},
    {.name = "www.example.com", .from = "83.0.0.1"},
    {.name = "two.example.com", .from = "9.9.9.9"},
    {.name = "two.example.com", .from = "9.9.9.9", .type = "AAAA"},
    {.name = "a.t.example.com", .from = "9.9.9.9"},
    {.name = "www.example.com", .from = "::ffff:10.1.2.0/120"},
    {.name = "www.example.com", .from = "81.0.0.1"},
    {.name = "www.example.com", .from = "82.0.7.1"},
    {.name = "www.example.com", .from = "200.0.0.1"},
    {.name = "one.example.com", .from = "84.0.0.1"},
    {.name = "one.example.com", .from = "85.0.0.1"},
    {.name = "one.example.com", .from = "86.0.0.1"},
    {.name = "one.example.com", .from = "87.0.0.1"},
    {.name = "one.example.com", .from = "88.0.0.1"},
    {.name = "one.example.com", .from = "9.9.9.9"},
    {.name = "one.example.com",
	.from = "192.168.1.0/24",
	.resolver = "81.0.0.1"},
    {.name = "one.example.com", .from = "DE/Berlin"},
    {.name = "one.example.com", .from = "FR"},
    {.name = "cdn.example.com", .from = "9.9.9.9"},
    {.name = "home.t.example.com", .from = "9.9.9.9"},
    {.name = "staged.example.com", .from = "9.9.9.9"},
    {.name = "alias.example.com", .from = "10.1.2.3"},
    {.name = "static.example.com", .type = "TXT", .from = "9.9.9.9"},
    {.name = "static.example.com", .type = "MX", .from = "9.9.9.9"},
    {.name = "x.sub.example.com", .from = "9.9.9.9"},
    {.name = "example.org", .from = "9.9.9.9"},
    {.name = "www.example.com", .type = "AXFR", .from = "9.9.9.9"},
    /* Assuming that one region is down and another drained. */
    {.name = "www.example.com",
	.from = "82.0.0.2",
	.down = (const char *const[]){"ap"},
	.ndown = 1,
	.drain = (const char *const[]){"us"},
	.ndrain = 1},
    {.name = "two.example.com",
	.type = "AAAA",
	.from = "81.0.0.2",
	.signals = (const char *const[]){"web/2001:db8::30=down"},
	.nsignals = 1},
};

enum {
	QUESTIONS = sizeof(questions) / sizeof(questions[0]),
	ALWAYS = 7,
};

/* What was told of each question the last time. */
static char *told[QUESTIONS];

/* Told again only where it is not what it was. */
static void
ask(struct text *t, size_t i)
{
	const struct explain_query *q = &questions[i];
	json_t *r =
	    explain_report(s.control->status.snapshot, &s.control->drains, q);
	struct text now = {0};

	ck_assert_ptr_null(json_object_get(r, "error"));
	explain_text(r, NULL, &now);
	expected_without(now.at, s.folder);
	if (told[i] == NULL || strcmp(told[i], now.at) != 0)
		text_add(t, "---- %s from %s%s%s\n%s", q->name, q->from,
		    q->resolver != NULL ? " by " : "",
		    q->resolver != NULL ? q->resolver : "", now.at);
	free(told[i]);
	told[i] = now.at;
	json_decref(r);
}

static void
write_files(void)
{
	static const struct {
		const char *prefix, *country, *subdivision;
		uint32_t asn;
		float latitude, longitude;
	} rows[] = {
	    {"81.0.0.0/8", "DE", "", 64500, 52.5f, 13.4f},
	    {"82.0.0.0/8", "JP", "", 0, 35, 139},
	    {"83.0.0.0/8", "US", "CA", 64501, 37, -122},
	    {"84.0.0.0/8", "FR", "", 64502, 48, 2},
	    {"85.0.0.0/8", "FR", "", 64503, 48, 2},
	    /* At corners of the box, and beside one. */
	    {"86.0.0.0/8", "RU", "", 0, 50, 150},
	    {"87.0.0.0/8", "CN", "", 0, 30, 120},
	    {"88.0.0.0/8", "CN", "", 0, 30, 119.5f},
	    {"200.0.0.0/8", "BR", "", 64504, -23, -46},
	};
	struct mmdb_row made[sizeof(rows) / sizeof(rows[0])];
	char path[SERVICE_PATH_MAX + 16];
	struct error err;

	memset(made, 0, sizeof(made));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct place *p = &made[i].place;

		ck_assert(prefix_parse(rows[i].prefix, &made[i].prefix, &err));
		memcpy(p->country, rows[i].country, 2);
		snprintf(p->subdivision, sizeof(p->subdivision), "%s",
		    rows[i].subdivision);
		p->asn = rows[i].asn;
		p->latitude = rows[i].latitude;
		p->longitude = rows[i].longitude;
		p->located = true;
	}
	snprintf(path, sizeof(path), "%s/geo.mmdb", s.folder);
	mmdb_make(path, 4, MMDB_NESTED, made, sizeof(rows) / sizeof(rows[0]));
	service_write(&s, "latency.csv", latency_text);
	service_write(&s, "homes", "# tenants\nhome.t.example.com us\n");
	service_write(&s, "meridian.yaml", conf_text);
}

static void
setup(void)
{
	clock_fake(1000000000, 1780000000);
	log_set_level(LOG_LEVEL_ERROR);
	service_open(&s);
	write_files();
	post("/v1/reload", "{}");
}

static void
teardown(void)
{
	static const char *const names[] = {"geo.mmdb", "latency.csv", "homes"};
	char path[SERVICE_PATH_MAX + 16];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", s.folder, names[i]);
		unlink(path);
	}
	service_close(&s);
	clock_real();
}

START_TEST(every_word_of_the_story_is_as_expected)
{
	struct text t = {0};

	for (size_t i = 0; i < STATES; i++) {
		states[i]();
		text_add(&t, "==== state %zu\n", i);
		for (size_t k = 0; k < QUESTIONS; k++)
			if (k < ALWAYS || states[i] == all_up)
				ask(&t, k);
	}
	for (size_t k = 0; k < QUESTIONS; k++)
		free(told[k]);
	expected_file(t.at, "story.txt");
	text_fini(&t);
}
END_TEST

/* What is of this process and this run alone. */
static void
forget_run(json_t *o)
{
	static const char *const keys[] = {"run", "pid", "version", "memory",
	    "uptime_s", "prober", "watch", "sha256", "seconds"};
	const char *key;
	json_t *value;
	size_t i;
	void *next;

	json_array_foreach(o, i, value) forget_run(value);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		json_object_del(o, keys[i]);
	json_object_foreach_safe(o, next, key, value) forget_run(value);
}

static void
report(struct text *t, const char *path, const char *query, const char *body)
{
	int status;
	json_t *reply = service_call(&s, body != NULL ? HTTP_POST : HTTP_GET,
	    path, query, body, &status);
	char *text;

	forget_run(reply);
	text = number_json(reply, JSON_INDENT(1));
	text_add(t, "---- %s?%s %d\n%s\n", path, query != NULL ? query : "",
	    status, text);
	free(text);
	json_decref(reply);
}

/* Each counter is another number, so that none can stand for another. */
static void
count_something(void)
{
	unsigned row;
	struct counters *c = count_new(&row);
	_Atomic uint64_t *all = (_Atomic uint64_t *)c;

	for (size_t i = 0; i < sizeof(*c) / sizeof(*all); i++)
		atomic_store(&all[i], 1000 + i);
}

/* The help of metrics is the manual's (tests/tools/manual.py). */
static void
put_without_help(struct text *t, const char *metrics)
{
	while (*metrics != '\0') {
		size_t n = strcspn(metrics, "\n") + 1;

		if (strncmp(metrics, "# HELP ", 7) != 0)
			text_add(t, "%.*s", (int)n, metrics);
		metrics += n;
	}
}

static void
report_metrics(struct text *t)
{
	struct text metrics = {0};

	metrics_print(&s.control->status, &metrics);
	text_add(t, "---- metrics\n");
	put_without_help(t, metrics.at);
	text_fini(&metrics);
}

START_TEST(every_figure_of_the_reports_is_as_expected)
{
	struct text t = {0};

	count_something();
	for (size_t i = 0; states[i] != all_down; i++) {
		states[i]();
		if (states[i] != all_up && states[i] != one_degraded &&
		    states[i] != region_drained)
			continue;
		text_add(&t, "==== state %zu\n", i);
		service_traffic(&s, 0, "10.0.0.1", 900);
		service_traffic(&s, 0, "81.0.0.1", 600);
		service_traffic(&s, 1, "85.0.0.1", 300);
		service_answers(&s, "www", 1, 7, 60);
		clock_fake(1000000000 + 70000 * (i + 1),
		    1780000000 + 70 * ((int64_t)i + 1));
		report(&t, "/v1/status", NULL, NULL);
		report(&t, "/v1/stats", NULL, NULL);
		report(&t, "/v1/whatif", "drain=us", NULL);
		report(&t, "/v1/traffic", NULL, NULL);
		report(&t, "/v1/drains", NULL, NULL);
	}
	report_metrics(&t);
	report(&t, "/v1/prove", NULL, "{}");
	report(&t, "/v1/check", NULL, "{}");
	report(&t, "/v1/stages", NULL, NULL);
	report(&t, "/v1/geoip", NULL, NULL);
	report(&t, "/v1/explain", "name=www.example.com&from=83.0.0.1", NULL);
	expected_without(t.at, s.folder);
	expected_file(t.at, "reports.txt");
	text_fini(&t);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("story");
	TCase *tc = tcase_create("story");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, every_figure_of_the_reports_is_as_expected);
	tcase_add_test(tc, every_word_of_the_story_is_as_expected);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
