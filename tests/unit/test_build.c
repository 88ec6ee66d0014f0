/* SPDX-License-Identifier: BSD-3-Clause */
/* What a snapshot is made of, and what is told of databases in it. */
#include "snapshot/build.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "mmdb_make.h"
#include "sample.h"

#define ROWS(a) (sizeof(a) / sizeof((a)[0]))
#define OTHER "00112233445566778899aabbccddeeff"
#define SECRET "0123456789abcdef0123456789abcdef"

enum { WALL_S = 1780000000 };

static struct sample sample;
static struct snapshot *snapshot;
static struct diag diag;
static char database[SAMPLE_PATH_MAX + 16];

static void
setup(void)
{
	clock_fake(1000, WALL_S);
	sample_open(&sample);
	diag_init(&diag);
	snprintf(database, sizeof(database), "%s/x.mmdb", sample.folder);
}

static void
teardown(void)
{
	diag_fini(&diag);
	snapshot_free(snapshot);
	snapshot = NULL;
	unlink(database);
	sample_close(&sample);
	clock_real();
}

static void
build(const char *old, const char *new)
{
	sample_replace(&sample, old, new);
	snapshot = snapshot_build(sample.conf, &diag);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&diag));
}

static void
build_text(const char *text)
{
	FILE *f = fopen(sample.conf, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	snapshot = snapshot_build(sample.conf, &diag);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&diag));
}

/* Names of the sample, in its order: the pool of each, and the first of the
 * names with the same table. */
static const struct {
	const char *name;
	uint16_t pool, first;
	uint32_t ttl_min, ttl_max;
} names[] = {
    {"www.example.com.", 0, 0, 10, 60},
    {"*.api.example.com.", 0, 0, 10, 60},
    {"still.example.com.", 1, 2, 10, 60},
    {"again.example.com.", 2, 3, 10, 60},
    {"away.example.com.", 5, 4, 10, 60},
    {"mail.example.com.", 3, 5, 10, 60},
    {"*.svc.example.com.", 4, 6, 10, 60},
    {"cut.example.com.", 6, 7, 10, 60},
};

START_TEST(names_have_their_pools_and_share_tables)
{
	build("meridian: 1\n", "meridian: 1\n");
	ck_assert_uint_eq(snapshot->conf->nnames, ROWS(names));
	for (size_t i = 0; i < ROWS(names); i++) {
		const struct steered *n = &snapshot->steered[i];

		ck_assert_str_eq(snapshot->conf->names[i].text, names[i].name);
		ck_assert_uint_eq(n->pool, names[i].pool);
		ck_assert_uint_eq(n->first, names[i].first);
		ck_assert_ptr_eq(
		    n->table, snapshot->steered[names[i].first].table);
		ck_assert_uint_eq(n->ttl_min, names[i].ttl_min);
		ck_assert_uint_eq(n->ttl_max, names[i].ttl_max);
	}
}
END_TEST

/* Pools, each with the policies that steer names to it, once. */
static const char *const linked[] = {
    "www near line", "cut line", "away", "mail near"};

START_TEST(pools_have_the_tables_that_steer_to_them)
{
	build_text("meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
		   "zones: {example.com: example.com.zone}\n"
		   "regions: {eu: {}}\n"
		   "pools:\n"
		   "  www: {regions: {eu: [{addr: 192.0.2.1}]}}\n"
		   "  cut: {regions: {eu: [{addr: 192.0.2.2}]}}\n"
		   "  away: {regions: {eu: [{addr: 192.0.2.3}]}}\n"
		   "  mail: {regions: {eu: [{addr: 192.0.2.4}]}}\n"
		   "policies: {line: {rules: [{regions: [eu]}]},\n"
		   "           near: {rules: [{regions: [eu]}]}}\n"
		   "names: {a.example.com: {pool: www, policy: near},\n"
		   "        b.example.com: {pool: cut, policy: line},\n"
		   "        c.example.com: {pool: www, policy: line},\n"
		   "        d.example.com: {pool: www, policy: near},\n"
		   "        e.example.com: {pool: mail, policy: near}}\n");
	for (size_t i = 0; i < ROWS(linked); i++) {
		const struct pool *p = &snapshot->pools[i];
		char text[64];

		strcpy(text, p->conf->name);
		for (size_t k = 0; k < p->ntables; k++) {
			const struct pool_table *t = &p->tables[k];

			ck_assert_uint_eq(t->table->policy, t->policy);
			strcat(text, " ");
			strcat(text, snapshot->conf->policies[t->policy].name);
		}
		ck_assert_str_eq(text, linked[i]);
	}
}
END_TEST

/* Each row begins on a cache line of its own, and has room for all regions. */
START_TEST(rows_of_tallies_share_no_cache_line)
{
	const struct snapshot *s;
	size_t n = 0;

	build("meridian: 1\n", "meridian: 1\n");
	s = snapshot;
	for (size_t i = 0; i < s->conf->npools; i++) {
		ck_assert_uint_eq(s->pools[i].first_tally, n);
		n += s->pools[i].nregions;
	}
	ck_assert_uint_ge(s->ntallies, n);
	ck_assert_uint_eq(s->nrows, SNAPSHOT_ROWS + 1);
	for (size_t row = 0; row < s->nrows; row++)
		ck_assert_uint_eq((uintptr_t)snapshot_row(s, row) % 64, 0);
	memset(s->tallies, 1, s->nrows * s->ntallies * sizeof(struct tally));
}
END_TEST

/* Octets and paths of all that was read. */
START_TEST(files_that_were_read_are_kept_with_their_sizes)
{
	static const char *const read[] = {"meridian.yaml", "example.com.zone"};
	struct stat st;

	build("meridian: 1\n", "meridian: 1\n");
	ck_assert_int_eq(snapshot->loaded, WALL_S);
	ck_assert_uint_eq(snapshot->nfiles, ROWS(read));
	for (size_t i = 0; i < ROWS(read); i++) {
		char path[SAMPLE_PATH_MAX + 32];

		snprintf(path, sizeof(path), "%s/%s", sample.folder, read[i]);
		ck_assert_str_eq(snapshot->files[i].path, path);
		ck_assert_int_eq(stat(path, &st), 0);
		ck_assert_uint_eq(snapshot->files[i].size, (size_t)st.st_size);
	}
}
END_TEST

/* Databases, and all that is warned of them. */
static const struct {
	const char *json;      /* of every address; NULL: by countries */
	const char *countries; /* two letters for each prefix */
	const char *warning;   /* after its path; NULL: none */
} surveys[] = {
    {NULL, "DE", NULL},
    {NULL, "", NULL},
    {NULL, "DEFRUS", NULL},
    {NULL, "DEd1",
	": 1 record has an invalid country: \"d1\" is not a code of two upper-case letters"},
    {NULL, "d1FRd2",
	": 2 records have an invalid country: \"d1\" is not a code of two upper-case letters"},
    {"{\"country_code\": \"DE\", \"latitude:double\": 91}", NULL,
	": 1 record has an invalid latitude: 91 is not a number from -90 to 90"},
    {"{\"name\": \"nothing\"}", NULL,
	" (Test-City): no record has a key listed in meridian.yaml(5)"},
};

static void
make_database(const char *json, const char *countries)
{
	struct mmdb_row rows[4];
	size_t n = 0;

	if (json != NULL) {
		mmdb_make_json(database, json);
		return;
	}
	memset(rows, 0, sizeof(rows));
	for (; countries[2 * n] != '\0'; n++) {
		rows[n].prefix.addr.family = 4;
		rows[n].prefix.addr.bytes[0] = (uint8_t)(81 + n);
		rows[n].prefix.len = 8;
		memcpy(rows[n].place.country, countries + 2 * n, 2);
	}
	mmdb_make(database, 4, MMDB_FLAT, rows, n);
}

START_TEST(databases_are_surveyed)
{
	char want[256] = "", got[1024] = "";

	if (surveys[_i].warning != NULL)
		snprintf(want, sizeof(want), "3:21: %s%s\n", database,
		    surveys[_i].warning);
	make_database(surveys[_i].json, surveys[_i].countries);
	build_text("meridian: 1\n"
		   "server: {listen: [\"127.0.0.1@0\"]}\n"
		   "geoip: {databases: [x.mmdb]}\n"
		   "zones: {example.com: example.com.zone}\n"
		   "regions: {eu: {}, us: {}}\n"
		   "pools: {www: {regions: {eu: [{addr: 192.0.2.1}],\n"
		   "                        us: [{addr: 192.0.2.2}]}}}\n"
		   "policies: {p: {rules: [{geo: DE, regions: [eu]},\n"
		   "                       {regions: [us]}]}}\n"
		   "names: {x.example.com: {pool: www, policy: p}}\n");
	for (size_t i = 0; i < diag.entries.n; i++) {
		const struct diag_entry *e = &diag.entries.at[i];
		size_t len = strlen(got);

		if (strstr(e->message, "x.mmdb") != NULL)
			snprintf(got + len, sizeof(got) - len, "%u:%u: %s\n",
			    e->mark.line, e->mark.column, e->message);
	}
	ck_assert_str_eq(got, want);
}
END_TEST

START_TEST(cookies_are_of_the_secrets_that_are_declared)
{
	build("  nsid: test-1\n",
	    "  cookies: {secrets: [" SECRET ", " OTHER "]}\n");
	ck_assert_uint_eq(snapshot->cookies.n, 2);
	ck_assert_ptr_eq(
	    snapshot->cookies.all, snapshot->conf->server.cookies.secrets);
}
END_TEST

/* Policies of three names in turn; a and c have clients of two fences in a
 * subnet, b has not. */
static const struct {
	const char *names;
	const char *told; /* by line */
} clashes[] = {
    {"a b b", "19 1 client subnet of a /24 or /56, or longer|"},
    {"b a a", "19 1 client subnet of a /24 or /56, or longer|"},
    {"b b c", "22 2 client subnets of a /24 or /56, or longer|"},
    {"c b a",
	"22 2 client subnets of a /24 or /56, or longer|"
	"19 1 client subnet of a /24 or /56, or longer|"},
    {"b b b", ""},
};

START_TEST(subnets_with_clients_of_two_fences_are_told_by_policy)
{
	static const char conf[] =
	    "meridian: 1\n"
	    "server: {listen: [\"127.0.0.1@0\"]}\n"
	    "geoip:\n"
	    "  nets: {low: [81.2.3.0/28], high: [81.2.3.16/28, 81.3.0.0/16],\n"
	    "         more: [81.3.4.0/25], six: [\"2001:db8::/64\"]}\n"
	    "zones: {example.com: example.com.zone}\n"
	    "regions: {eu: {jurisdiction: EU}, us: {jurisdiction: US}}\n"
	    "pools: {www: {regions: {eu: [{addr: 192.0.2.1}],\n"
	    "                        us: [{addr: 192.0.2.2}]}}}\n"
	    "names: {x.example.com: {pool: www, policy: %c},\n"
	    "        y.example.com: {pool: www, policy: %c},\n"
	    "        z.example.com: {pool: www, policy: %c}}\n"
	    "policies:\n"
	    "  b: {rules: [{nets: low, regions: [eu, us], fence: EU},\n"
	    "              {nets: more, regions: [eu, us], fence: EU},\n"
	    "              {nets: six, regions: [us, eu], fence: US},\n"
	    "              {regions: [us, eu]}]}\n"
	    "  a:\n"
	    "    rules: [{nets: low, regions: [eu, us], fence: EU},\n"
	    "            {nets: high, regions: [us, eu], fence: US},\n"
	    "            {regions: [us, eu]}]\n"
	    "  c: {rules: [{nets: [low, more], regions: [eu, us], fence: EU},\n"
	    "              {nets: high, regions: [us, eu], fence: US},\n"
	    "              {regions: [us, eu]}]}\n";
	const char *of = clashes[_i].names;
	char text[sizeof(conf) + 16], got[512] = "";

	snprintf(text, sizeof(text), conf, of[0], of[2], of[4]);
	build_text(text);
	for (size_t i = 0; i < diag.entries.n; i++) {
		const struct diag_entry *e = &diag.entries.at[i];
		const char *end = strstr(e->message, " longer");
		size_t len = strlen(got);

		if (end != NULL)
			snprintf(got + len, sizeof(got) - len, "%u %.*s|",
			    e->mark.line,
			    (int)(end + strlen(" longer") - e->message),
			    e->message);
	}
	ck_assert_str_eq(got, clashes[_i].told);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("build");
	TCase *tc = tcase_create("build");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, names_have_their_pools_and_share_tables);
	tcase_add_test(tc, pools_have_the_tables_that_steer_to_them);
	tcase_add_test(tc, rows_of_tallies_share_no_cache_line);
	tcase_add_test(tc, files_that_were_read_are_kept_with_their_sizes);
	tcase_add_loop_test(tc, databases_are_surveyed, 0, ROWS(surveys));
	tcase_add_test(tc, cookies_are_of_the_secrets_that_are_declared);
	tcase_add_loop_test(tc,
	    subnets_with_clients_of_two_fences_are_told_by_policy, 0,
	    ROWS(clashes));
	suite_add_tcase(s, tc);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
