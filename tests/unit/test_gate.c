/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/gate.h"

#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/geoip.h"
#include "mmdb_make.h"
#include "service.h"

static const char conf_text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], state: state,\n"
    "         control: control.sock}\n"
    "geoip: {databases: [geo.mmdb], max_move: 20%}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {}, us: {}}\n"
    "pools:\n"
    "  www: {regions: {eu: [{addr: 192.0.2.1}], us: [{addr: 192.0.2.2}]}}\n"
    "policies:\n"
    "  near: {rules: [{geo: [DE], regions: [eu, us]},\n"
    "                 {regions: [us, eu]}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near}\n";
static const char test_text[] =
    "tests: [{name: www.example.com, from: 81.0.0.1, expect: eu}]\n";

static struct service service;

/* Of ten /8 so many, from 81.0.0.0 on, are German, the others French. */
static void
database(unsigned german)
{
	struct mmdb_row rows[10];
	char path[SERVICE_PATH_MAX + 16];

	memset(rows, 0, sizeof(rows));
	for (unsigned i = 0; i < 10; i++) {
		rows[i].prefix.addr.family = 4;
		rows[i].prefix.addr.bytes[0] = (uint8_t)(81 + i);
		rows[i].prefix.len = 8;
		memcpy(rows[i].place.country, i < german ? "DE" : "FR", 2);
	}
	snprintf(path, sizeof(path), "%s/geo.mmdb", service.folder);
	mmdb_make(path, 4, MMDB_FLAT, rows, 10);
}

static json_t *
call(enum http_method method, const char *path, const char *body, int status)
{
	int got;
	json_t *reply = service_call(&service, method, path, NULL, body, &got);

	ck_assert_int_eq(got, status);
	return reply;
}

static void
reload(int status)
{
	json_decref(call(HTTP_POST, "/v1/reload", "{}", status));
}

/* A text of the one database that is kept. */
static const char *
of(const char *object, const char *key)
{
	const json_t *entry = json_array_get(service.control->status.geoip, 0);
	const char *text;

	if (object != NULL)
		entry = json_object_get(entry, object);
	text = json_string_value(json_object_get(entry, key));
	return text != NULL ? text : "";
}

/* The region of a client at the edge: 8n.0.0.1. */
static const char *
region(unsigned at)
{
	const struct snapshot *s = service.control->status.snapshot;
	const struct policy_table *t = s->steered[0].table;
	struct addr a = {.bytes = {(uint8_t)(81 + at), 0, 0, 1}, .family = 4};
	const struct rank *rank = &t->ranks[lookup_find(&t->lookup, &a).class];

	return s->pools[0].regions[rank->order[0]].name;
}

static unsigned
copies(void)
{
	char path[SERVICE_PATH_MAX + 16];
	struct dirent *file;
	unsigned n = 0;
	DIR *dir;

	snprintf(path, sizeof(path), "%s/state/geoip", service.folder);
	dir = opendir(path);
	while (dir != NULL && (file = readdir(dir)) != NULL)
		n += file->d_name[0] != '.';
	if (dir != NULL)
		closedir(dir);
	return n;
}

static void
setup(void)
{
	service_open(&service);
	database(4);
	service_write(&service, "meridian.yaml", conf_text);
	reload(200);
}

static void
teardown(void)
{
	char command[2 * SERVICE_PATH_MAX + 64];

	snprintf(command, sizeof(command), "rm -rf %s/state %s/geo.mmdb",
	    service.folder, service.folder);
	ck_assert_int_eq(system(command), 0);
	service_close(&service);
}

START_TEST(the_first_database_is_accepted)
{
	ck_assert_str_eq(of(NULL, "by"), "the first one");
	ck_assert_str_eq(region(3), "eu");
	ck_assert_str_eq(region(4), "us");
	ck_assert_uint_eq(copies(), 1);
}
END_TEST

START_TEST(one_that_moves_little_comes_in_and_may_be_rolled_back)
{
	database(6);
	reload(200);
	ck_assert_str_eq(of(NULL, "by"), "less than max_move");
	ck_assert_str_eq(region(5), "eu");
	ck_assert_uint_eq(copies(), 2);

	json_decref(call(HTTP_POST, "/v1/geoip_rollback", "{}", 200));
	ck_assert_str_eq(region(5), "us");
	ck_assert_str_eq(of("held", "reason"), "refused");
	ck_assert_str_eq(of(NULL, "by"), "ana");
	/* It is not tried again, nor after a restart. */
	reload(200);
	ck_assert_str_eq(region(5), "us");
	service_restart(&service);
	ck_assert_str_eq(region(5), "us");
	ck_assert(!geoip_is_open(service.control));
	/* But the operator may. */
	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{}", 200));
	ck_assert_str_eq(region(5), "eu");
	ck_assert_str_eq(of("held", "reason"), "");
}
END_TEST

START_TEST(one_that_moves_much_is_held_and_the_rest_of_a_reload_is_not)
{
	char text[sizeof(conf_text) + 64];

	database(7);
	snprintf(text, sizeof(text), "%ssafety: {min_regions: 0}\n", conf_text);
	service_write(&service, "meridian.yaml", text);
	reload(200);
	ck_assert_str_eq(of("held", "reason"), "moves");
	ck_assert_double_eq_tol(
	    json_number_value(json_object_get(
		json_object_get(
		    json_array_get(service.control->status.geoip, 0), "held"),
		"most")),
	    30, 0.01);
	ck_assert_str_eq(region(6), "us");
	ck_assert_uint_eq(
	    service.control->status.snapshot->conf->safety.min_regions, 0);

	/* A restart does not let it in. */
	service_restart(&service);
	ck_assert_str_eq(region(6), "us");
	ck_assert_str_eq(of("held", "reason"), "moves");
	ck_assert(!geoip_is_open(service.control));
	reload(200);
	ck_assert_str_eq(region(6), "us");

	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{}", 200));
	ck_assert_str_eq(region(6), "eu");
	ck_assert_str_eq(of(NULL, "by"), "ana");
	service_restart(&service);
	ck_assert_str_eq(region(6), "eu");
}
END_TEST

START_TEST(what_is_accepted_is_what_was_held)
{
	database(7);
	reload(200);
	database(10);
	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{}", 409));
	ck_assert_str_eq(region(6), "us");
	ck_assert_str_eq(of("held", "reason"), "moves");
	/* Now it is known which one. */
	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{}", 200));
	ck_assert_str_eq(region(9), "eu");
}
END_TEST

START_TEST(one_that_is_refused_is_held_until_another_comes)
{
	database(7);
	reload(200);
	json_decref(call(HTTP_POST, "/v1/geoip_rollback", "{}", 200));
	ck_assert_str_eq(of("held", "reason"), "refused");
	ck_assert_str_eq(region(6), "us");
	database(5);
	reload(200);
	ck_assert_str_eq(region(4), "eu");
	ck_assert_str_eq(of("held", "reason"), "");
}
END_TEST

START_TEST(one_that_breaks_a_test_is_held)
{
	char text[sizeof(conf_text) + sizeof(test_text)];

	snprintf(text, sizeof(text), "%s%s", conf_text, test_text);
	service_write(&service, "meridian.yaml", text);
	reload(200);
	database(0);
	reload(200);
	ck_assert_str_eq(of("held", "reason"), "fails");
	ck_assert_ptr_nonnull(strstr(of("held", "text"), "www.example.com"));
	ck_assert_str_eq(region(3), "eu");
	/* Nobody can accept what fails. */
	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{}", 409));
	ck_assert_str_eq(region(3), "eu");
	service_restart(&service);
	ck_assert_str_eq(region(3), "eu");
}
END_TEST

START_TEST(one_that_cannot_be_read_is_held)
{
	service_write(&service, "geo.mmdb", "no database");
	reload(200);
	ck_assert_str_eq(of("held", "reason"), "fails");
	ck_assert_str_eq(region(3), "eu");
	service_restart(&service);
	ck_assert_str_eq(region(3), "eu");
	/* What is wrong without it is wrong. */
	service_write(&service, "meridian.yaml", "meridian: 2\n");
	reload(422);
}
END_TEST

/* max_move, and a database that moves 20% or (0) cannot be read. */
static const struct {
	const char *max_move; /* as long as what it replaces */
	unsigned german;
	int status;
	const char *reason; /* why it is held; "": it is not */
} limits[] = {
    {", max_move: 20%", 6, 200, ""},
    {", max_move: 19%", 6, 200, "moves"},
    {", max_move:  1%", 6, 200, "moves"},
    {", max_move:  1%", 0, 200, "fails"},
    {"               ", 6, 200, ""},
    {"               ", 0, 422, ""},
};

START_TEST(a_database_is_held_above_its_limit)
{
	char *text = strdup(conf_text), *at = strstr(text, ", max_move: 20%");

	memcpy(at, limits[_i].max_move, strlen(limits[_i].max_move));
	service_write(&service, "meridian.yaml", text);
	free(text);
	if (limits[_i].german > 0)
		database(limits[_i].german);
	else
		service_write(&service, "geo.mmdb", "no database");
	reload(limits[_i].status);
	ck_assert_str_eq(of("held", "reason"), limits[_i].reason);
	if (limits[_i].status == 200)
		ck_assert_str_eq(
		    region(5), *limits[_i].reason == '\0' ? "eu" : "us");
}
END_TEST

START_TEST(a_damaged_copy_is_not_used)
{
	char path[SERVICE_PATH_MAX + 128];

	database(7);
	reload(200);
	snprintf(path, sizeof(path), "%s/state/geoip/%s.mmdb", service.folder,
	    of(NULL, "sha256"));
	ck_assert_int_eq(truncate(path, 10), 0);
	service_restart(&service);
	ck_assert_str_eq(region(6), "eu");
	ck_assert_str_eq(of(NULL, "by"), "the accepted one was lost");
	ck_assert_str_eq(of("held", "reason"), "");
}
END_TEST

START_TEST(without_max_move_nothing_is_kept)
{
	char *text = strdup(conf_text), *at = strstr(text, ", max_move: 20%");

	memset(at, ' ', strlen(", max_move: 20%"));
	service_write(&service, "meridian.yaml", text);
	free(text);
	database(10);
	reload(200);
	ck_assert_str_eq(region(9), "eu");
	ck_assert_uint_eq(copies(), 0);
	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{}", 409));
	json_decref(call(HTTP_POST, "/v1/geoip_rollback", "{}", 409));
}
END_TEST

START_TEST(what_is_asked_for_must_be_there)
{
	json_t *reply = call(HTTP_GET, "/v1/geoip", NULL, 200);

	ck_assert_uint_eq(
	    json_array_size(json_object_get(reply, "databases")), 1);
	json_decref(reply);
	json_decref(call(HTTP_POST, "/v1/geoip_accept",
	    "{\"database\": \"/nope.mmdb\"}", 404));
	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{\"what\": 1}", 400));
	json_decref(call(HTTP_POST, "/v1/geoip_accept", "{}", 409));
	json_decref(call(HTTP_POST, "/v1/geoip_rollback", "{}", 409));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("gate");
	TCase *tc = tcase_create("gate");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, the_first_database_is_accepted);
	tcase_add_test(
	    tc, one_that_moves_little_comes_in_and_may_be_rolled_back);
	tcase_add_test(
	    tc, one_that_moves_much_is_held_and_the_rest_of_a_reload_is_not);
	tcase_add_test(tc, what_is_accepted_is_what_was_held);
	tcase_add_test(tc, one_that_is_refused_is_held_until_another_comes);
	tcase_add_test(tc, one_that_breaks_a_test_is_held);
	tcase_add_test(tc, one_that_cannot_be_read_is_held);
	tcase_add_loop_test(tc, a_database_is_held_above_its_limit, 0,
	    sizeof(limits) / sizeof(limits[0]));
	tcase_add_test(tc, a_damaged_copy_is_not_used);
	tcase_add_test(tc, without_max_move_nothing_is_kept);
	tcase_add_test(tc, what_is_asked_for_must_be_there);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
