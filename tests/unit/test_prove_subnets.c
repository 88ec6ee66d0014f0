/* SPDX-License-Identifier: BSD-3-Clause */
/* Client subnets with clients of two fences are told where resolvers send as
 * much of an address: /24 of IPv4 and /56 of IPv6, and what is longer. */
#include "prove/prove.h"

#include <check.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "sample.h"
#include "snapshot/build.h"

static const char conf_text[] =
    "meridian: 1\n"
    "geoip: {databases: [city.mmdb]}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US}\n"
    "pools:\n"
    "  www:\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::10\"]}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8:1::10\"]}]\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {geo: DE, regions: [eu], fence: EU}\n"
    "      - {geo: US, regions: [us], fence: US}\n"
    "      - {regions: [eu, us]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near}\n";

static struct sample sample;
static struct snapshot *s;
static struct diag diag;

/* Clients of DE and of US are in these two prefixes. */
static void
build(const char *de, const char *us)
{
	struct mmdb_row rows[2];
	char path[SAMPLE_PATH_MAX + 16];
	struct error err;
	FILE *f;

	memset(rows, 0, sizeof(rows));
	ck_assert(prefix_parse(de, &rows[0].prefix, &err));
	ck_assert(prefix_parse(us, &rows[1].prefix, &err));
	memcpy(rows[0].place.country, "DE", 2);
	memcpy(rows[1].place.country, "US", 2);
	snprintf(path, sizeof(path), "%s/city.mmdb", sample.folder);
	mmdb_make(path, 6, MMDB_NESTED, rows, 2);
	f = fopen(sample.conf, "w");
	ck_assert(f != NULL && fputs(conf_text, f) >= 0 && fclose(f) == 0);
	s = snapshot_build(sample.conf, &diag);
	unlink(path);
	if (s == NULL)
		ck_abort_msg("%s", diag_text(&diag));
}

static void
setup(void)
{
	sample_open(&sample);
	diag_init(&diag);
}

static void
teardown(void)
{
	snapshot_free(s);
	diag_fini(&diag);
	sample_close(&sample);
}

#define TOLD(subnet) \
	"www.example.com.: the client subnet " subnet \
	" has clients of fence EU and of fence US: no answer obeys both"

static const struct {
	const char *de, *us, *told; /* NULL: nothing */
} rows[] = {
    {"7.0.0.0/25", "7.0.0.128/25", TOLD("7.0.0.0/24")},
    {"7.0.0.0/24", "7.0.1.0/24", NULL},
    {"7.0.0.0/26", "7.0.0.64/26", TOLD("7.0.0.0/25")},
    {"7.0.0.0/32", "7.0.0.1/32", TOLD("7.0.0.0/31")},
    {"7.0.0.0/8", "6.0.0.0/8", NULL},
    {"2a00::/57", "2a00:0:0:80::/57", TOLD("2a00::/56")},
    {"2a00::/56", "2a00:0:0:100::/56", NULL},
    {"2a00::/58", "2a00:0:0:40::/58", TOLD("2a00::/57")},
    {"2a00::/24", "2a00:100::/24", NULL},
};

START_TEST(a_subnet_of_two_fences_is_told_where_it_can_be_sent)
{
	_Atomic bool stop = false;
	const char *told = NULL;
	json_t *report, *finding;
	size_t i;

	build(rows[_i].de, rows[_i].us);
	report = prove_snapshot(s, &stop);
	json_array_foreach(json_object_get(report, "findings"), i, finding)
	{
		if (strcmp(json_string_value(json_object_get(finding, "claim")),
			"subnets") == 0) {
			ck_assert_ptr_null(told);
			told =
			    json_string_value(json_object_get(finding, "text"));
		}
	}
	ck_assert_int_eq(told != NULL, rows[_i].told != NULL);
	if (told != NULL)
		ck_assert_str_eq(told, rows[_i].told);
	/* It is known, and refused. */
	ck_assert(json_is_true(json_object_get(report, "ok")));
	json_decref(report);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("prove_subnets");
	TCase *tc = tcase_create("prove_subnets");
	SRunner *r = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc,
	    a_subnet_of_two_fences_is_told_where_it_can_be_sent, 0,
	    sizeof(rows) / sizeof(rows[0]));
	suite_add_tcase(suite, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
