/* SPDX-License-Identifier: BSD-3-Clause */
/* What is in the files of the state folder is believed only where it makes
 * sense: each key, left out, of another type, and at the ends of its range. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "probe/signal.h"
#include "service.h"

enum { NOW = 1780000000, KEYS_MAX = 10 };

static struct service s;

/* Entries that make sense, with all that must be there first. */
static const struct {
	const char *file, *entry;
	size_t needed;
} files[] = {
    {"drains",
	"{\"what\": \"eu\", \"owner\": \"ana\", \"reason\": \"x\","
	" \"since\": 1, \"until\": 0, \"forced\": false, \"kind\": \"drain\","
	" \"at\": 0, \"share\": 100, \"over_s\": 0}",
	6},
    {"signals",
	"{\"monitor\": \"web\", \"address\": \"192.0.2.10\","
	" \"value\": \"up\", \"owner\": \"ana\", \"since\": 1779999000,"
	" \"until\": 1780000600}",
	6},
    {"failback",
	"{\"pool\": \"www\", \"region\": \"eu\", \"since\": 0,"
	" \"resumed\": false, \"live\": true, \"last_known\": true}",
	5},
    {"stages", "{\"stage\": \"move\", \"step\": \"after\"}", 2},
    {"geoip", "{\"sha256\": \"00\", \"database\": \"geo.mmdb\"}", 2},
};

enum { FILES = sizeof(files) / sizeof(files[0]) };

/* One key of an entry of the file that has another value. */
static const struct {
	size_t file;
	const char *key, *value;
	bool makes_sense;
} values[] = {
    {0, "kind", "\"force_up\"", true},
    {0, "kind", "\"nothing\"", false},
    {0, "at", "-1", false},
    {0, "at", "1", true},
    {0, "share", "1", true},
    {0, "share", "0", false},
    {0, "share", "101", false},
    {0, "over_s", "-1", false},
    {0, "over_s", "604800", true},
    {0, "over_s", "604801", false},
    {1, "address", "\"\"", true},
    {1, "address", "\"192.0.2\"", false},
    {1, "value", "\"down\"", true},
    {1, "value", "\"maybe\"", false},
    {1, "since", "-1", false},
    {1, "since", "0", false}, /* longer than a signal may hold */
    {1, "since", "1780000600", true},
    {1, "since", "1780000601", false},
    {1, "until", "1779999000", true}, /* over */
    {1, "until", "1778", false},
    {2, "pool", "\"other\"", true},
    {2, "region", "\"other\"", true},
    {2, "live", "[true, false]", true},
    {3, "stage", "\"\"", false},
    {3, "step", "\"\"", false},
    {4, "sha256", "\"\"", false},
    {4, "database", "\"\"", false},
};

enum { VALUES = sizeof(values) / sizeof(values[0]) };

static char *
path_of(size_t file, const char *end)
{
	static char path[SERVICE_PATH_MAX + 64];

	snprintf(path, sizeof(path), "%s/state/%s.json%s", s.folder,
	    files[file].file, end);
	return path;
}

static void
setup(void)
{
	clock_fake(1000000000, NOW);
	log_set_level(LOG_LEVEL_ERROR);
	service_open(&s);
}

static void
teardown(void)
{
	static const char *const ends[] = {"", ".bad"};

	for (size_t i = 0; i < FILES; i++)
		for (size_t k = 0; k < 2; k++)
			unlink(path_of(i, ends[k]));
	service_close(&s);
	clock_real();
}

/* Starts with this entry alone; was it believed? */
static bool
is_believed(size_t file, const json_t *entry)
{
	json_t *json =
	    json_pack("{s:i, s:[O]}", "version", 1, files[file].file, entry);
	char *text = json_dumps(json, 0), name[64];
	bool moved;

	snprintf(name, sizeof(name), "state/%s.json", files[file].file);
	service_write(&s, name, text);
	service_restart(&s);
	moved = access(path_of(file, ".bad"), F_OK) == 0;
	unlink(path_of(file, ".bad"));
	service_restart(&s); /* what it made of the file is written now */
	json_decref(json);
	free(text);
	return !moved;
}

static json_t *
entry_of(size_t file)
{
	return json_loads(files[file].entry, 0, NULL);
}

START_TEST(what_makes_sense_is_believed)
{
	json_t *entry = entry_of((size_t)_i);

	ck_assert_ptr_nonnull(entry);
	ck_assert(is_believed((size_t)_i, entry));
	json_decref(entry);
}
END_TEST

START_TEST(each_key_must_be_there_and_of_its_type)
{
	json_t *entry = entry_of((size_t)_i), *value;
	const char *keys[KEYS_MAX], *key;
	size_t n = 0, file = (size_t)_i;

	json_object_foreach(entry, key, value) keys[n++] = key;
	for (size_t i = 0; i < n; i++) {
		json_t *with = json_deep_copy(entry);

		json_object_set_new(with, keys[i], json_object());
		if (i < files[file].needed || file < 2)
			ck_assert_msg(strcmp(keys[i], "live") == 0 ||
				!is_believed(file, with),
			    "%s: %s may be a map", files[file].file, keys[i]);
		json_object_del(with, keys[i]);
		ck_assert_msg(
		    is_believed(file, with) == (i >= files[file].needed),
		    "%s without %s", files[file].file, keys[i]);
		json_decref(with);
	}
	json_decref(entry);
}
END_TEST

START_TEST(values_have_their_range)
{
	json_t *entry = entry_of(values[_i].file);

	json_object_set_new(entry, values[_i].key,
	    json_loads(values[_i].value, JSON_DECODE_ANY, NULL));
	ck_assert_msg(
	    is_believed(values[_i].file, entry) == values[_i].makes_sense,
	    "%s: %s", values[_i].key, values[_i].value);
	json_decref(entry);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("saved");
	TCase *tc = tcase_create("saved");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, what_makes_sense_is_believed, 0, FILES);
	tcase_add_loop_test(
	    tc, each_key_must_be_there_and_of_its_type, 0, FILES);
	tcase_add_loop_test(tc, values_have_their_range, 0, VALUES);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
