/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that commands reply and events tell, word for word and value for value:
 * leases, signals, stages, databases, reloads, restarts and what the clock
 * brings.  control.txt has the steps, in lines that begin with "> ", each with
 * what is said of it; MERIDIAN_STORY=FOLDER writes the same steps there with
 * what is said now, to be compared by eye and taken over.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/number.h"
#include "ctl/commit.h"
#include "ctl/drain.h"
#include "ctl/failback.h"
#include "ctl/glass.h"
#include "ctl/monitor.h"
#include "ctl/suspicion.h"
#include "mmdb_make.h"
#include "probe/probe.h"
#include "report/text.h"
#include "service.h"

enum { MONO_S = 500000, WALL_S = 1780000000 };

static const char conf_text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], state: state, workers: 2,\n"
    "         control: control.sock}\n"
    "geoip: {nets: {euro: [81.2.0.0/16], home: [10.0.0.0/8]}}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU, capacity: 100}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US, capacity: 70}\n"
    "  ap: {location: [35.7, 139.7], jurisdiction: JP, capacity: 40}\n"
    "monitors:\n"
    "  web: {type: tcp, port: 80, interval: 2s, timeout: 500ms}\n"
    "  word: {type: external}\n"
    "  ward: {type: external}\n"
    "pools:\n"
    "  www:\n"
    "    monitor: [web, word]\n"
    "    families: apart\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::10\"]},\n"
    "           {addr: [192.0.2.11, \"2001:db8::11\"]}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8::20\"]}]\n"
    "      ap: [{addr: [203.0.113.10, \"2001:db8::30\"]}]\n"
    "  mail: {monitor: [web, ward], regions: {eu: [{addr: 192.0.2.40}],\n"
    "                                us: [{addr: 198.51.100.40}]}}\n"
    "  cdn: {regions: {eu: [{cname: eu.example.net.}],\n"
    "                  us: [{cname: us.example.net.}]}}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: euro, regions: [eu, us], fence: EU,\n"
    "         when_all_down: last_known}\n"
    "      - {regions: [us, eu, ap]}\n"
    "  line: {rules: [{regions: [eu, us]}],\n"
    "         failback: {hold: 30s, ramp: 100s}}\n"
    "  other: {rules: [{regions: [us, eu]}]}\n"
    "  last: {rules: [{regions: [us]}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near, ttl: {max: 61, min: 7}}\n"
    "  mail.example.com: {pool: mail, policy: line, ttl: {max: 45}}\n"
    "  cdn.example.com: {pool: cdn}\n"
    "stages:\n"
    "  move:\n"
    "    steps:\n"
    "      - {name: before, policies: {cdn.example.com: line}}\n"
    "      - {name: middle, policies: {cdn.example.com: other}}\n"
    "      - {name: after, policies: {cdn.example.com: last}}\n"
    "safety: {min_regions: 1, max_fill: 85%}\n";

static const char geoip_text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], state: state,\n"
    "         control: control.sock}\n"
    "geoip: {databases: [geo.mmdb, asn.mmdb], max_move: 20%}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {}, us: {}}\n"
    "pools:\n"
    "  www: {regions: {eu: [{addr: 192.0.2.1}], us: [{addr: 192.0.2.2}]}}\n"
    "policies:\n"
    "  near: {rules: [{geo: [DE], regions: [eu, us]},\n"
    "                 {asn: 64500, regions: [eu, us]},\n"
    "                 {regions: [us, eu]}]}\n"
    "names: {www.example.com: {pool: www, policy: near}}\n"
    "tests: [{name: www.example.com, from: 81.0.0.1, expect: eu}]\n";

static struct service s;
static struct text said;
static struct event_filter seen;
static int64_t now_s;

static void
set_clock(void)
{
	clock_fake((uint64_t)(MONO_S + now_s) * 1000, WALL_S + now_s);
}

static void
setup(void)
{
	now_s = 0;
	set_clock();
	service_open(&s);
	service_write(&s, "meridian.yaml", conf_text);
	service_restart(&s);
	seen = event_filter_all();
}

static void
teardown(void)
{
	char command[SERVICE_PATH_MAX + 16];

	service_close(&s);
	snprintf(command, sizeof(command), "rm -rf %s", s.folder);
	ck_assert_int_eq(system(command), 0);
	clock_real();
	text_fini(&said);
}

/* What is said ---------------------------------------------------------------
 */

/* Without what is of this run alone. */
static void
put_json(const char *before, json_t *json)
{
	char *text;

	json_object_del(json, "run");
	text = number_json(json, JSON_COMPACT);
	text_add(&said, "%s%s\n", before, text);
	free(text);
	json_decref(json);
}

static void
put_event(const char *line, void *arg)
{
	(void)arg;
	put_json("  ", json_loads(line, 0, NULL));
}

static void
put_events(void)
{
	while (event_next(s.control->events, &seen, put_event, NULL))
		;
}

/* The steps ------------------------------------------------------------------
 */

/* What is behind a step's word, split at its first blank. */
struct words {
	char *first, *rest;
};

static struct words
split(char *text)
{
	struct words w = {text, strchr(text, ' ')};

	if (w.rest != NULL)
		*w.rest++ = '\0';
	else
		w.rest = text + strlen(text);
	return w;
}

static void
put_reply(enum http_method method, char *text)
{
	struct words w = split(text);
	bool is_post = method == HTTP_POST;
	int status;
	json_t *reply = service_call(&s, method, w.first,
	    is_post || *w.rest == '\0' ? NULL : w.rest, is_post ? w.rest : NULL,
	    &status);

	text_add(&said, "= %d", status);
	put_json(" ", reply);
}

static void
step_post(char *text)
{
	put_reply(HTTP_POST, text);
}

static void
step_get(char *text)
{
	put_reply(HTTP_GET, text);
}

/* What the daemon does each second, once, after so many. */
static void
step_later(char *text)
{
	now_s += atoi(text);
	set_clock();
	glass_look(s.control);
	drain_clock(s.control);
	drain_tick(s.control);
	failback_tick(s.control);
	suspicion_tick(s.control);
	commit_tick(s.control);
	service_settle(&s);
}

/* "ADDRESS STATE": all that is watched there. */
static void
step_health(char *text)
{
	struct words w = split(text);
	unsigned state = (unsigned)atoi(w.rest);
	struct watch **all;
	struct addr a;
	size_t n;

	ck_assert(addr_parse(w.first, &a));
	all = watches_all(s.control->watches, &n);
	for (size_t i = 0; i < n; i++) {
		if (!addr_equal(&all[i]->addr, &a))
			continue;
		all[i]->health.since = clock_wall_s();
		all[i]->health.failures = state + 1;
		all[i]->last_at = clock_wall_s() - 1;
		all[i]->last_ms = 7;
		snprintf(all[i]->last, sizeof(all[i]->last), "state %u", state);
	}
	service_health(&s, w.first, (enum health_state)state);
}

/* "ADDRESS MONITOR RESULT": "ok", or the reason of a failure. */
static void
step_result(char *text)
{
	struct words w = split(text), of = split(w.rest);
	struct watch **all;
	struct addr a;
	size_t n;

	ck_assert(addr_parse(w.first, &a));
	all = watches_all(s.control->watches, &n);
	for (size_t i = 0; i < n; i++) {
		if (!addr_equal(&all[i]->addr, &a) ||
		    strcmp(all[i]->monitor->name, of.first) != 0)
			continue;
		prober_add(s.control->prober, all[i]);
		probe_done(all[i]->probe, strcmp(of.rest, "ok") == 0, of.rest,
		    "it was %s", of.rest);
		prober_remove(s.control->prober, all[i]);
		return;
	}
	ck_abort_msg("nothing is watched there");
}

/* "OLD|NEW": the configuration with one in place of the other. */
static void
step_edit(char *text)
{
	char *bar = strchr(text, '|'), after[sizeof(conf_text) + 256];
	const char *at;

	*bar = '\0';
	at = strstr(conf_text, text);
	ck_assert_ptr_nonnull(at);
	snprintf(after, sizeof(after), "%.*s%s%s", (int)(at - conf_text),
	    conf_text, bar + 1, at + strlen(text));
	service_write(&s, "meridian.yaml", after);
}

static void
step_restart(char *text)
{
	(void)text;
	service_restart(&s);
	seen = event_filter_all();
}

/* Health and what comes back, as at the end; a restart comes next. */
static void
step_save(char *text)
{
	(void)text;
	s.control->health_changed = true;
	control_save(s.control);
}

/* What queries are decided by: of each pool, by family, the live regions, those
 * that were live last, and whether it was told that none is; and how regions
 * come back. */
static void
step_words(char *text)
{
	const struct snapshot *shot = s.control->status.snapshot;

	(void)text;
	for (size_t i = 0; i < shot->conf->npools; i++) {
		const struct pool *p = &shot->pools[i];

		text_add(&said, "%s:", p->conf->name);
		for (unsigned f = 0; f < POOL_FAMILIES; f++)
			text_add(&said, " %llx/%llx/%d",
			    (unsigned long long)atomic_load(&p->words[f].live),
			    (unsigned long long)atomic_load(
				&p->words[f].last_known),
			    p->out[f]);
		for (size_t r = 0; r < p->nregions; r++) {
			const struct share *share = &p->regions[r].share;

			text_add(&said, " %s", p->regions[r].name);
			if (share->back)
				text_add(&said, " (since %lld%s)",
				    (long long)share->back_s - MONO_S,
				    share->resumed ? ", resumed" : "");
		}
		text_add(&said, "\n");
	}
}

/* "NAME N": of ten /8, from 81.0.0.0 on, N are German, the others French; or of
 * one AS and of another. */
static void
step_database(char *text)
{
	struct words w = split(text);
	const bool is_asn = w.first[0] == 'a';
	char name[SERVICE_PATH_MAX + 16];
	struct mmdb_row rows[10];

	memset(rows, 0, sizeof(rows));
	for (int i = 0; i < 10; i++) {
		bool is_first = i < atoi(w.rest);

		rows[i].prefix.addr.family = 4;
		rows[i].prefix.addr.bytes[0] = (uint8_t)(81 + i);
		rows[i].prefix.len = 8;
		if (is_asn)
			rows[i].place.asn = is_first ? 64500 : 64501;
		else
			memcpy(
			    rows[i].place.country, is_first ? "DE" : "FR", 2);
	}
	snprintf(name, sizeof(name), "%s/%s", s.folder, w.first);
	mmdb_make(name, 4, MMDB_FLAT, rows, 10);
}

static void
step_geoip(char *text)
{
	(void)text;
	service_write(&s, "meridian.yaml", geoip_text);
}

/* "NAME TEXT" */
static void
step_put(char *text)
{
	struct words w = split(text);

	service_write(&s, w.first, w.rest);
}

/* A file of the state folder: as it is. */
static void
step_file(char *text)
{
	char name[SERVICE_PATH_MAX + 64], *content;
	struct error err;
	size_t len;

	snprintf(name, sizeof(name), "%s/state/%s", s.folder, text);
	ck_assert_msg(
	    file_read(name, 1 << 20, &content, &len, &err), "%s", err.text);
	text_add(&said, "%s\n", content);
	free(content);
}

static const struct {
	const char *word;
	void (*run)(char *text);
} steps[] = {
    {"POST", step_post},
    {"GET", step_get},
    {"later", step_later},
    {"health", step_health},
    {"result", step_result},
    {"edit", step_edit},
    {"restart", step_restart},
    {"save", step_save},
    {"words", step_words},
    {"database", step_database},
    {"geoip", step_geoip},
    {"put", step_put},
    {"file", step_file},
};

static void
run_step(const char *line, size_t len)
{
	char text[512];
	struct words w;

	ck_assert_uint_lt(len, sizeof(text));
	snprintf(text, sizeof(text), "%.*s", (int)len, line);
	w = split(text);
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (strcmp(steps[i].word, w.first) != 0)
			continue;
		steps[i].run(w.rest);
		put_events();
		return;
	}
	ck_abort_msg("there is no step %s", w.first);
}

/* The steps of a script, and its comments. */
static void
run_all(const char *script)
{
	while (*script != '\0') {
		size_t len = strcspn(script, "\n");

		if (*script == '#' || *script == '>')
			text_add(&said, "%.*s\n", (int)len, script);
		if (*script == '>')
			run_step(script + 2, len - 2);
		script += len + (script[len] == '\n');
	}
}

/* Comparing ------------------------------------------------------------------
 */

static void
forget_folder(char *text)
{
	size_t len = strlen(s.folder);

	while ((text = strstr(text, s.folder)) != NULL) {
		memcpy(text, "DIR", 3);
		memmove(text + 3, text + len, strlen(text + len) + 1);
	}
}

static void
compare(const char *got, const char *expected)
{
	for (size_t line = 1; *got != '\0' || *expected != '\0'; line++) {
		size_t n = strcspn(got, "\n"), m = strcspn(expected, "\n");

		ck_assert_msg(n == m && memcmp(got, expected, n) == 0,
		    "control.txt:%zu:\nsaid:     %.*s\nexpected: %.*s\n"
		    "(MERIDIAN_STORY=FOLDER writes the file anew)",
		    line, (int)n, got, (int)m, expected);
		got += n + (got[n] == '\n');
		expected += m + (expected[m] == '\n');
	}
}

START_TEST(every_reply_and_event_is_as_expected)
{
	const char *to = getenv("MERIDIAN_STORY"), *srcdir = getenv("srcdir");
	char path[4096], *expected;
	struct error err;
	size_t len;

	snprintf(path, sizeof(path), "%s/tests/unit/control.txt",
	    srcdir != NULL ? srcdir : "..");
	ck_assert_msg(
	    file_read(path, 1 << 24, &expected, &len, &err), "%s", err.text);
	run_all(expected);
	forget_folder(said.at);
	if (to != NULL) {
		snprintf(path, sizeof(path), "%s/control.txt", to);
		ck_assert(file_replace(path, said.at, strlen(said.at), &err));
	} else {
		compare(said.at, expected);
	}
	free(expected);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("ctl_story");
	TCase *tc = tcase_create("ctl_story");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, every_reply_and_event_is_as_expected);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
