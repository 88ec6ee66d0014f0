/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All that commands reply and events tell, word for word and value for value:
 * leases, signals, stages, a reload and what the clock brings, one step after
 * another.  What is expected is in control.txt; MERIDIAN_STORY=FOLDER writes it
 * there as it is now, to be compared by eye and taken over.
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
#include "report/text.h"
#include "service.h"

#define STEPS (sizeof(steps) / sizeof(steps[0]))

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
	char path[SERVICE_PATH_MAX + 32];

	snprintf(path, sizeof(path), "%s/state/stages.json", s.folder);
	unlink(path);
	service_close(&s);
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

static void
step_post(const char *path, const char *text)
{
	int status;
	json_t *reply = service_call(&s, HTTP_POST, path, NULL, text, &status);

	text_add(&said, "= %d", status);
	put_json(" ", reply);
}

static void
step_get(const char *path, const char *text)
{
	int status;
	json_t *reply = service_call(&s, HTTP_GET, path, text, NULL, &status);

	text_add(&said, "= %d", status);
	put_json(" ", reply);
}

/* What the daemon does each second, once, after so many. */
static void
step_later(const char *path, const char *text)
{
	(void)path;
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

/* "ADDRESS STATE" */
static void
step_health(const char *path, const char *text)
{
	char address[64];
	unsigned state;
	struct watch **all;
	struct addr a;
	size_t n;

	(void)path;
	ck_assert_int_eq(sscanf(text, "%63s %u", address, &state), 2);
	ck_assert(addr_parse(address, &a));
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
	service_health(&s, address, (enum health_state)state);
}

/* The configuration with the first part of the text, up to the bar, in place of
 * the second. */
static void
step_edit(const char *path, const char *text)
{
	const char *bar = strchr(text, '|');
	char old[128], after[sizeof(conf_text) + 256];
	const char *at;

	(void)path;
	snprintf(old, sizeof(old), "%.*s", (int)(bar - text), text);
	at = strstr(conf_text, old);
	ck_assert_ptr_nonnull(at);
	snprintf(after, sizeof(after), "%.*s%s%s", (int)(at - conf_text),
	    conf_text, bar + 1, at + strlen(old));
	service_write(&s, "meridian.yaml", after);
}

static void
step_restart(const char *path, const char *text)
{
	(void)path;
	(void)text;
	service_restart(&s);
	seen = event_filter_all();
}

/* Health and what comes back, as at the end; a restart comes next. */
static void
step_save(const char *path, const char *text)
{
	(void)path;
	(void)text;
	s.control->health_changed = true;
	control_save(s.control);
}

/* What queries are decided by: of each pool, by family; and how regions come
 * back. */
static void
step_words(const char *path, const char *text)
{
	const struct snapshot *shot = s.control->status.snapshot;

	(void)path;
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

/* A file of the state folder: as it is. */
static void
step_file(const char *path, const char *text)
{
	char name[SERVICE_PATH_MAX + 64], *content;
	struct error err;
	size_t len;

	(void)text;
	snprintf(name, sizeof(name), "%s/state/%s", s.folder, path);
	ck_assert_msg(
	    file_read(name, 1 << 20, &content, &len, &err), "%s", err.text);
	text_add(&said, "%s\n", content);
	free(content);
}

static const struct {
	void (*run)(const char *path, const char *text);
	const char *path, *text;
} steps[] = {
    /* Leases that are refused. */
    {step_post, "/v1/drain", "{}"},
    {step_post, "/v1/drain", "{\"what\":\"eu\",\"reason\":\"x\"}"},
    {step_post, "/v1/drain", "{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":0}"},
    {step_post, "/v1/drain",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"until_cancelled\":true}"},
    {step_post, "/v1/drain", "{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":-1}"},
    {step_post, "/v1/drain",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"share\":0}"},
    {step_post, "/v1/drain",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"share\":101}"},
    {step_post, "/v1/drain",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"over_s\":60}"},
    {step_post, "/v1/drain",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"over_s\":-1}"},
    {step_post, "/v1/drain",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"over_s\":86401000}"},
    {step_post, "/v1/drain",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"at\":1780000000}"},
    {step_post, "/v1/drain", "{\"what\":\"ey\",\"reason\":\"x\",\"for_s\":60}"},
    {step_post, "/v1/drain",
	"{\"what\":\"www\",\"reason\":\"x\",\"for_s\":60}"},
    {step_post, "/v1/drain",
	"{\"what\":\"www/eu/192.0.2.10\",\"reason\":\"x\",\"for_s\":60,\"share\":50}"},
    {step_post, "/v1/drain", "{\"what\":\"eu\",\"reason\":\" \",\"for_s\":60}"},
    {step_post, "/v1/force_up",
	"{\"what\":\"eu\",\"reason\":\"x\",\"for_s\":60,\"share\":50}"},
    {step_post, "/v1/undrain", "{\"what\":\"eu\"}"},
    {step_post, "/v1/undrain", "{}"},
    {step_post, "/v1/force_up_end", "{\"what\":\"eu\"}"},
    /* A lease, its renewal, its parts and its end. */
    {step_post, "/v1/drain",
	"{\"what\":\"www/eu\",\"reason\":\"disk swap\",\"for_s\":3725,\"force\":true}"},
    {step_get, "/v1/drains", NULL},
    {step_later, "", "13"},
    {step_post, "/v1/drain",
	"{\"what\":\"www/eu\",\"reason\":\"more disks\",\"for_s\":86399,\"force\":true}"},
    {step_post, "/v1/drain",
	"{\"what\":\"www/eu/192.0.2.11\",\"reason\":\"fan\",\"until_cancelled\":true,\"force\":true}"},
    {step_post, "/v1/force_up",
	"{\"what\":\"mail/us\",\"reason\":\"probes lie\",\"for_s\":997}"},
    {step_post, "/v1/undrain", "{\"what\":\"eu\"}"},
    {step_post, "/v1/undrain", "{\"what\":\"www/eu/192.0.2.10\"}"},
    {step_post, "/v1/undrain", "{\"what\":\"mail/us\"}"},
    {step_file, "drains.json", NULL},
    {step_restart, "", ""},
    {step_get, "/v1/drains", NULL},
    {step_post, "/v1/undrain", "{\"what\":\"www/eu\"}"},
    {step_later, "", "996"},
    {step_later, "", "1"},
    {step_post, "/v1/undrain", "{\"what\":\"www/eu/192.0.2.11\"}"},
    /* Announced, growing, in part. */
    {step_post, "/v1/drain",
	"{\"what\":\"mail/us\",\"reason\":\"move\",\"for_s\":701,\"at\":1780001071,\"share\":40,\"over_s\":303,\"force\":true}"},
    {step_post, "/v1/drain",
	"{\"what\":\"mail/us\",\"reason\":\"later\",\"for_s\":701,\"at\":1780001081,\"share\":41,\"over_s\":307,\"force\":true}"},
    {step_get, "/v1/drains", NULL},
    {step_later, "", "60"},
    {step_later, "", "15"},
    {step_get, "/v1/drains", NULL},
    {step_post, "/v1/drain",
	"{\"what\":\"mail/us\",\"reason\":\"all of it\",\"for_s\":5000,\"force\":true}"},
    {step_later, "", "1"},
    {step_later, "", "1"},
    {step_later, "", "100"},
    {step_get, "/v1/drains", NULL},
    {step_post, "/v1/undrain", "{\"what\":\"mail/us\"}"},
    /* A region that fails comes back by and by. */
    {step_health, "", "198.51.100.40 3"},
    {step_later, "", "5"},
    {step_health, "", "198.51.100.40 1"},
    {step_later, "", "30"},
    {step_later, "", "31"},
    {step_post, "/v1/failback", "{\"what\":\"mail/us\"}"},
    {step_post, "/v1/failback", "{\"what\":\"mail/us\"}"},
    {step_post, "/v1/failback", "{\"what\":\"mail/uk\"}"},
    {step_post, "/v1/failback", "{\"what\":\"mail/us/198.51.100.40\"}"},
    {step_post, "/v1/failback", "{}"},
    {step_later, "", "101"},
    /* A pool of which nothing is left, family by family. */
    {step_health, "", "2001:db8::10 3"},
    {step_health, "", "2001:db8::11 3"},
    {step_health, "", "2001:db8::20 3"},
    {step_health, "", "2001:db8::30 3"},
    {step_health, "", "2001:db8::30 1"},
    {step_words, "", ""},
    {step_health, "", "192.0.2.40 3"},
    {step_later, "", "9"},
    {step_health, "", "192.0.2.40 1"},
    {step_later, "", "17"},
    {step_words, "", ""},
    {step_post, "/v1/reload", "{}"},
    {step_words, "", ""},
    {step_save, "", ""},
    {step_file, "failback.json", NULL},
    {step_restart, "", ""},
    {step_words, "", ""},
    {step_later, "", "29"},
    {step_words, "", ""},
    {step_post, "/v1/failback", "{\"what\":\"eu\"}"},
    {step_words, "", ""},
    /* Signals. */
    {step_post, "/v1/signal", "{}"},
    {step_post, "/v1/signal",
	"{\"what\":\"word\",\"value\":\"on\",\"for_s\":60}"},
    {step_post, "/v1/signal",
	"{\"what\":\"word\",\"value\":\"up\",\"for_s\":0}"},
    {step_post, "/v1/signal",
	"{\"what\":\"word\",\"value\":\"up\",\"for_s\":31622401}"},
    {step_post, "/v1/signal",
	"{\"what\":\"web\",\"value\":\"up\",\"for_s\":60}"},
    {step_post, "/v1/signal",
	"{\"what\":\"wood\",\"value\":\"up\",\"for_s\":60}"},
    {step_post, "/v1/signal",
	"{\"what\":\"word/1\",\"value\":\"up\",\"for_s\":60}"},
    {step_post, "/v1/signal",
	"{\"what\":\"word/192.0.2.40\",\"value\":\"up\",\"for_s\":60}"},
    {step_post, "/v1/signal",
	"{\"what\":\"word\",\"value\":\"up\",\"for_s\":3601}"},
    {step_post, "/v1/signal",
	"{\"what\":\"word/192.0.2.11\",\"value\":\"down\",\"for_s\":59}"},
    {step_post, "/v1/signal",
	"{\"what\":\"ward\",\"value\":\"down\",\"for_s\":61,\"unsaved\":true}"},
    {step_file, "signals.journal", NULL},
    {step_restart, "", ""},
    {step_later, "", "7"},
    {step_file, "signals.json", NULL},
    {step_file, "signals.journal", NULL},
    /* Stages. */
    {step_get, "/v1/stages", NULL},
    {step_post, "/v1/rollback", "{\"stage\":\"move\",\"reason\":\"x\"}"},
    {step_post, "/v1/promote", "{\"stage\":\"move\"}"},
    {step_post, "/v1/promote", "{\"stage\":\"mowe\",\"reason\":\"x\"}"},
    {step_post, "/v1/promote",
	"{\"stage\":\"move\",\"step\":\"aftr\",\"reason\":\"x\"}"},
    {step_post, "/v1/promote",
	"{\"stage\":\"move\",\"step\":\"before\",\"reason\":\"x\"}"},
    {step_post, "/v1/promote", "{\"stage\":\"move\",\"reason\":\"\"}"},
    {step_post, "/v1/promote", "{\"stage\":\"move\",\"reason\":\"go\"}"},
    {step_get, "/v1/stages", NULL},
    {step_later, "", "11"},
    {step_post, "/v1/promote",
	"{\"stage\":\"move\",\"step\":\"after\",\"reason\":\"on\"}"},
    {step_post, "/v1/promote", "{\"stage\":\"move\",\"reason\":\"on\"}"},
    {step_file, "stages.json", NULL},
    {step_restart, "", ""},
    {step_get, "/v1/stages", NULL},
    {step_post, "/v1/rollback", "{\"stage\":\"move\",\"reason\":\"back\"}"},
    /* Settings that need a restart, one by one. */
    {step_edit, "", "127.0.0.1@0|127.0.0.1@0\", \"127.0.0.2@0"},
    {step_post, "/v1/reload", "{}"},
    {step_edit, "", "workers: 2|workers: 3"},
    {step_post, "/v1/reload", "{}"},
    {step_edit, "", "control.sock|other.sock"},
    {step_post, "/v1/reload", "{}"},
    {step_edit, "", "workers: 2,|workers: 2, http: 127.0.0.1@8053,"},
    {step_post, "/v1/reload", "{}"},
    {step_edit, "", "state: state|state: other"},
    {step_post, "/v1/reload", "{}"},
    {step_edit, "", "workers: 2,|workers: 2, control_read: read.sock,"},
    {step_post, "/v1/reload", "{}"},
    {step_edit, "", "workers: 2,|workers: 2, watchdog: 9s,"},
    {step_post, "/v1/reload", "{}"},
    {step_edit, "", "workers: 2|workers: none"},
    {step_post, "/v1/reload", "{}"},
    {step_post, "/v1/reload", "{\"a\":1}"},
    {step_edit, "", "workers: 2|workers: 2"},
    /* A drain of what is no longer there. */
    {step_post, "/v1/drain",
	"{\"what\":\"www/ap\",\"reason\":\"gone\",\"until_cancelled\":true,\"force\":true}"},
    {step_edit, "", "      ap: [{addr: [203.0.113.10, \"2001:db8::30\"]}]\n|"},
    {step_post, "/v1/reload", "{}"},
    {step_post, "/v1/undrain", "{\"what\":\"www/ap\"}"},
    /* Other commands that are refused. */
    {step_post, "/v1/thaw", "{}"},
    {step_post, "/v1/thaw", "{\"reason\":\"\"}"},
    {step_post, "/v1/thaw", "{\"reason\":\"x\"}"},
    {step_post, "/v1/probe", "{}"},
    {step_post, "/v1/probe", "{\"what\":\"eu\"}"},
    {step_post, "/v1/probe", "{\"what\":\"cdn/eu\"}"},
    {step_post, "/v1/probe", "{\"what\":\"www/uk\"}"},
    {step_get, "/v1/events", "since=x"},
    {step_get, "/v1/events", "level=debug"},
    {step_get, "/v1/events", "since_time=x"},
    {step_get, "/v1/events", "follow=2"},
    {step_get, "/v1/whatif", "drain=uk"},
    {step_get, "/v1/whatif", "down=uk&drain=eu"},
    {step_get, "/v1/whatif", "drain=eu&down=mail/us"},
    {step_get, "/v1/explain",
	"name=mail.example.com&down=mail/eu&drain=us&from=10.1.2.3"},
    {step_get, "/v1/stats", NULL},
    {step_post, "/v1/geoip_accept", "{}"},
    {step_post, "/v1/geoip_rollback", "{\"database\":\"x\"}"},
    {step_post, "/v1/geoip_accept", "{\"x\":1}"},
};

static const char *
name_of(void (*run)(const char *path, const char *text))
{
	return run == step_later  ? "later "
	    : run == step_health  ? "health "
	    : run == step_edit    ? "edit "
	    : run == step_file    ? "file "
	    : run == step_restart ? "restart"
	    : run == step_save    ? "save"
	    : run == step_words   ? "words"
				  : "";
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

	for (size_t i = 0; i < STEPS; i++) {
		text_add(&said, "> %s%s%s%s\n", name_of(steps[i].run),
		    steps[i].path, *steps[i].path != '\0' ? " " : "",
		    steps[i].text != NULL ? steps[i].text : "");
		steps[i].run(steps[i].path, steps[i].text);
		put_events();
	}
	forget_folder(said.at);
	snprintf(path, sizeof(path), "%s/control.txt", to != NULL ? to : "");
	if (to != NULL) {
		ck_assert(file_replace(path, said.at, strlen(said.at), &err));
		return;
	}
	snprintf(path, sizeof(path), "%s/tests/unit/control.txt",
	    srcdir != NULL ? srcdir : "..");
	ck_assert_msg(
	    file_read(path, 1 << 24, &expected, &len, &err), "%s", err.text);
	compare(said.at, expected);
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
