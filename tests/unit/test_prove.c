/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The proof holds for what is built, and fails for each way in which that could
 * be wrong: a snapshot is built and then broken in one place.
 */
#include "prove/prove.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mmdb_make.h"
#include "prove/space.h"
#include "prove/table.h"
#include "sample.h"
#include "snapshot/build.h"
#include "world.h"

enum { WORLDS = 40 };

static const char conf_text[] =
    "meridian: 1\n"
    "geoip:\n"
    "  databases: [city.mmdb]\n"
    "  nets: {corp: [10.0.0.0/8, \"2001:db8:ffff::/48\"]}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US}\n"
    "  ap: {location: [35.7, 139.7], jurisdiction: JP}\n"
    "pools:\n"
    "  www:\n"
    "    regions:\n"
    "      eu: [{addr: [192.0.2.10, \"2001:db8::10\"]}]\n"
    "      us: [{addr: [198.51.100.10, \"2001:db8:1::10\"]}]\n"
    "      ap: [{addr: [203.0.113.10, \"2001:db8:2::10\"]}]\n"
    "  sorry: {regions: {eu: [{addr: [192.0.2.250, \"2001:db8::250\"]}]}}\n"
    "  cdn: {regions: {eu: [{cname: eu.example.net.}]}}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: corp, regions: [us]}\n"
    "      - {geo: [DE], regions: [eu, us], fence: EU,\n"
    "         when_all_down: {pool: sorry}}\n"
    "      - {geo: [AQ], regions: [ap]}\n"
    "      - {geo: [NA], regions: {us: 2, ap: 1}, hash: client}\n"
    "      - {regions: nearest}\n"
    "    unlocated: [us, eu]\n"
    "  eu: {rules: [{regions: [eu], fence: EU}]}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: near}\n"
    "  \"*.api.example.com\": {pool: www, policy: near}\n"
    "  cdn.example.com: {pool: cdn, policy: eu}\n";

static const struct {
	const char *prefix, *country, *continent;
	float latitude, longitude;
} rows[] = {
    {"1.0.0.0/8", "DE", "EU", 52, 13},
    {"2.0.0.0/9", "FR", "EU", 48, 2},
    {"2.128.0.0/9", "FR", "EU", 48, 2},
    {"3.0.0.0/8", "US", "NA", 39, -95},
    {"2a00::/12", "DE", "EU", 52, 13},
    {"2400::/12", "JP", "AS", 36, 138},
};

static struct sample sample;
static struct diag diag;
static struct snapshot *s;
static _Atomic bool stop;

static void
make_database(void)
{
	struct mmdb_row all[sizeof(rows) / sizeof(rows[0])];
	char path[SAMPLE_PATH_MAX + 16];
	struct error err;

	memset(all, 0, sizeof(all));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		ck_assert(prefix_parse(rows[i].prefix, &all[i].prefix, &err));
		memcpy(all[i].place.country, rows[i].country, 2);
		memcpy(all[i].place.continent, rows[i].continent, 2);
		all[i].place.latitude = rows[i].latitude;
		all[i].place.longitude = rows[i].longitude;
		all[i].place.located = true;
	}
	snprintf(path, sizeof(path), "%s/city.mmdb", sample.folder);
	mmdb_make(path, 6, MMDB_NESTED, all, sizeof(all) / sizeof(all[0]));
}

static void
setup(void)
{
	FILE *f;

	sample_open(&sample);
	make_database();
	f = fopen(sample.conf, "w");
	ck_assert_ptr_nonnull(f);
	fputs(conf_text, f);
	fclose(f);
	diag_init(&diag);
	s = snapshot_build(sample.conf, &diag);
	if (s == NULL)
		ck_abort_msg("%s", diag_text(&diag));
	atomic_store(&stop, false);
}

static void
teardown(void)
{
	char path[SAMPLE_PATH_MAX + 16];

	snapshot_free(s);
	diag_fini(&diag);
	snprintf(path, sizeof(path), "%s/city.mmdb", sample.folder);
	unlink(path);
	sample_close(&sample);
}

/* What is wrong with the claim; NULL: nothing. */
static const char *
wrong_with(const json_t *report, const char *claim)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(json_object_get(report, "findings"), i, finding)
	{
		if (strcmp(json_string_value(json_object_get(finding, "claim")),
			claim) == 0)
			return json_string_value(
			    json_object_get(finding, "text"));
	}
	return NULL;
}

static void
expect_broken(const char *claim, const char *text)
{
	json_t *report = prove_snapshot(s, &stop);
	const char *wrong = wrong_with(report, claim);

	ck_assert(!json_is_true(json_object_get(report, "ok")));
	ck_assert_msg(wrong != NULL, "%s is said to hold", claim);
	ck_assert_msg(strstr(wrong, text) != NULL, "%s", wrong);
	json_decref(report);
}

static struct policy_table *
table_of(size_t name)
{
	return (struct policy_table *)(uintptr_t)s->steered[name].table;
}

/* The class of an address, to be broken. */
static struct rank *
rank_of(const char *addr)
{
	const struct policy_table *t = table_of(0);
	struct addr a;

	ck_assert(addr_parse(addr, &a));
	return (struct rank *)(uintptr_t)&t
	    ->ranks[lookup_find(&t->lookup, &a).class];
}

START_TEST(what_is_built_is_proven)
{
	json_t *report = prove_snapshot(s, &stop);

	ck_assert(json_is_true(json_object_get(report, "ok")));
	ck_assert_ptr_null(wrong_with(report, "clients"));
	ck_assert_ptr_null(wrong_with(report, "scopes"));
	ck_assert_ptr_null(wrong_with(report, "fences"));
	ck_assert_ptr_null(wrong_with(report, "names"));
	json_decref(report);
}
END_TEST

START_TEST(a_rule_that_nothing_reaches_is_named)
{
	json_t *report = prove_snapshot(s, &stop);
	const json_t *finding =
	    json_array_get(json_object_get(report, "findings"), 0);

	ck_assert_str_eq(wrong_with(report, "rules"),
	    "policy near: rule 3 is the first to match of no address");
	ck_assert_int_eq(
	    json_integer_value(json_object_get(finding, "line")), 24);
	json_decref(report);
}
END_TEST

START_TEST(the_report_says_what_clients_within_a_fence_can_get)
{
	json_t *report = prove_snapshot(s, &stop);
	const json_t *fence =
	    json_array_get(json_object_get(report, "fences"), 0);
	char *text = json_dumps(fence, JSON_COMPACT);

	ck_assert_msg(strstr(text, "\"regions\":[\"eu\"]") != NULL, "%s", text);
	ck_assert_ptr_nonnull(strstr(text, "\"other_regions\":[\"eu\"]"));
	ck_assert_ptr_nonnull(strstr(text, "\"other_pool\":\"sorry\""));
	free(text);
	ck_assert_uint_eq(
	    json_array_size(json_object_get(report, "fences")), 2);
	ck_assert_uint_eq(
	    json_array_size(json_object_get(report, "aliases")), 1);
	json_decref(report);
}
END_TEST

START_TEST(the_report_has_the_hashes_of_all_files)
{
	json_t *report = prove_report(sample.conf, NULL, &stop);
	const json_t *files = json_object_get(report, "files");
	char *text = json_dumps(files, JSON_COMPACT);

	ck_assert_uint_eq(json_array_size(files), 3);
	ck_assert_ptr_nonnull(strstr(text, "/meridian.yaml\""));
	ck_assert_ptr_nonnull(strstr(text, "/city.mmdb\""));
	ck_assert_ptr_nonnull(strstr(text, "/example.com.zone\""));
	free(text);
	json_decref(report);
}
END_TEST

START_TEST(another_order_is_found)
{
	struct rank *r = rank_of("2.3.4.5");
	uint8_t *order = (uint8_t *)(uintptr_t)r->order, first = order[0];

	order[0] = order[1];
	order[1] = first;
	expect_broken("scopes", "another order");
}
END_TEST

START_TEST(another_action_is_found)
{
	rank_of("2.3.4.5")->action = CONF_DOWN_LAST_KNOWN;
	expect_broken("scopes", "another order");
}
END_TEST

START_TEST(another_weight_is_found)
{
	struct rank *r = rank_of("3.4.5.6");

	((struct lot *)(uintptr_t)r->lots)[1].weight++;
	expect_broken("scopes", "another order");
}
END_TEST

/* Whatever a class says: one thing of it is not as its rule has it. */
START_TEST(any_field_of_a_class_is_found)
{
	struct rank *draw = rank_of("3.4.5.6"), *stand_in = rank_of("1.2.3.4");

	switch (_i) {
	case 0:
		draw->lots = NULL;
		break;
	case 1:
		draw->hash = CONF_HASH_NONE;
		break;
	case 2:
		draw->hash = CONF_HASH_RANDOM;
		break;
	case 3:
		draw->trickle = 7;
		break;
	case 4:
		draw->unlocated = !draw->unlocated;
		break;
	case 5:
		draw->n--;
		break;
	default:
		stand_in->nfallback--;
		break;
	}
	expect_broken("scopes", "another order");
}
END_TEST

/* The same, built without the others: its lookup's values are classes. */
static struct policy_table *
table_alone(size_t name)
{
	struct policy_table *t = table_of(name), *alone;
	const struct policy_pair pair = {t->policy, t->pool};
	struct error err;

	ck_assert(
	    policy_build(s->arena, s->conf, s->geo, &pair, 1, &alone, &err));
	*t = *alone;
	return t;
}

/* The table of two leaves, whatever the space looks like. */
static const struct trie *
two_leaves(uint32_t left, uint32_t right)
{
	struct cover cover = {.end = 0};

	vec_push(&cover.leaves, left << 8 | 1);
	vec_push(&cover.leaves, right << 8 | 1);
	return trie_build(s->arena, &cover, 32, NULL);
}

START_TEST(a_scope_that_is_too_short_is_found)
{
	struct policy_table *t = table_alone(0);
	struct addr a;

	ck_assert(addr_parse("2.3.4.5", &a));
	t->lookup.ipv4 = two_leaves(lookup_find(&t->lookup, &a).class, 0);
	expect_broken("scopes", "another order");
}
END_TEST

START_TEST(a_scope_that_is_too_long_is_found)
{
	table_alone(2)->lookup.ipv4 = two_leaves(0, 0);
	expect_broken("scopes", "longer than need be");
}
END_TEST

START_TEST(classes_that_are_the_same_are_found)
{
	struct policy_table *t = table_alone(2);
	struct rank *ranks = arena_array(s->arena, 2, sizeof(*ranks));

	ck_assert_uint_eq(t->nranks, 1);
	memcpy(&ranks[0], &t->ranks[0], sizeof(*ranks));
	memcpy(&ranks[1], &t->ranks[0], sizeof(*ranks));
	t->ranks = ranks;
	t->nranks = 2;
	t->lookup.ipv4 = two_leaves(0, 1);
	expect_broken("scopes", "are the same");
}
END_TEST

START_TEST(a_region_outside_the_fence_is_found)
{
	s->conf->regions[0].jurisdiction = "CH";
	expect_broken("fences", "region eu is outside the fence EU");
}
END_TEST

START_TEST(a_client_subnet_that_leaks_is_found)
{
	table_of(0)->fences = NULL;
	expect_broken("fences", "has clients of this rule and others");
}
END_TEST

/* Where fenced clients are, but for one place. */
static void
move_fences(const char *from, bool fenced)
{
	struct policy_table *t = table_of(0);
	struct error err;
	struct addr a;
	struct geo_found f;
	size_t n;
	const struct place *places;
	uint32_t *values;

	ck_assert(addr_parse(from, &a));
	geo_find(s->geo, &a, &f);
	geo_leaves(s->geo, 4, &err);
	places = geo_places(s->geo, &n);
	values = xcalloc(n, sizeof(*values));
	for (size_t i = 0; i < n; i++) {
		uint16_t rule = policy_rule(s->conf, t->policy, &places[i]);
		bool is_here =
		    memcmp(&places[i], &f.place, sizeof(f.place)) == 0;

		values[i] = (is_here ? fenced : rule == 1) ? 2 : 0;
	}
	t->fences = spans_build(s->arena, s->geo, values);
	free(values);
	geo_forget_leaves(s->geo);
}

START_TEST(a_place_whose_fence_is_forgotten_is_found)
{
	move_fences("1.2.3.4", false);
	expect_broken("fences", "has clients of this rule and others");
}
END_TEST

START_TEST(a_place_with_a_fence_of_nobody_is_found)
{
	move_fences("2.3.4.5", true);
	expect_broken(
	    "scopes", "obeys a fence that applies to none of its clients");
}
END_TEST

START_TEST(an_alias_that_leads_out_is_found)
{
	static uint8_t inner[] = "\3www\7example\3com";
	struct conf_pool *cdn = &s->conf->pools[2];

	cdn->regions[0].targets[0].cname = inner;
	expect_broken("fences",
	    "cdn.example.com.: www.example.com. leads clients of policy eu");
}
END_TEST

/* The oracle would not have it either. */
START_TEST(a_fallback_outside_the_fence_is_found)
{
	struct rank *r = rank_of("1.2.3.4");
	static const struct conf_pool_region more[2] = {
	    {.region = 1}, {.region = 0}};

	ck_assert_uint_eq(r->action, CONF_DOWN_POOL);
	s->conf->pools[r->pool].regions =
	    (struct conf_pool_region *)(uintptr_t)more;
	expect_broken("fences", "pool sorry of www.example.com.: region us");
}
END_TEST

START_TEST(a_class_without_regions_is_found)
{
	struct rank *r = rank_of("1.2.3.4");

	r->n = r->nfallback = 0;
	expect_broken("names", "get no region");
}
END_TEST

START_TEST(a_name_that_is_not_answered_is_found)
{
	for (size_t i = 0; i < s->zones->nnodes; i++)
		if (s->zones->nodes[i].steered == 1)
			s->zones->nodes[i].steered = CONF_NONE;
	expect_broken("names", "*.api.example.com. A is not answered");
}
END_TEST

START_TEST(a_region_that_offers_nothing_is_found)
{
	struct offer *o = atomic_load(&s->pools[0].regions[1].offer);

	o->count[1] = 0;
	expect_broken("names", "www/us has no AAAA");
}
END_TEST

START_TEST(a_client_subnet_that_counts_wrongly_is_found)
{
	struct client_table *t = (struct client_table *)(uintptr_t)s->clients;

	t->counts.ipv4 = two_leaves(1, 1);
	expect_broken("clients", "counts, and must not");
}
END_TEST

START_TEST(it_can_be_stopped)
{
	atomic_store(&stop, true);
	ck_assert_ptr_null(prove_snapshot(s, &stop));
}
END_TEST

START_TEST(a_configuration_that_is_wrong_is_not_proven)
{
	json_t *report = prove_report("/nonexistent", NULL, &stop);

	ck_assert_ptr_nonnull(json_object_get(report, "error"));
	ck_assert_int_eq(
	    json_integer_value(json_object_get(report, "exit")), 1);
	json_decref(report);
}
END_TEST

/* The segments cover the space, each address once but for Teredo. */
/* Where all is fenced: a segment with unroutable addresses in it is cut around
 * them, and each prefix of clients and others is proven as it is put together
 * again. */
static const struct {
	const char *segment;
	bool in_net; /* then all of it are clients */
	size_t proven;
} cuts[] = {
    {"11.0.0.0/8", false, 0},
    {"10.0.0.0/8", false, 0},
    {"8.0.0.0/6", false, 3}, /* 10/8, 10/7 and itself */
    {"8.0.0.0/6", true, 0},
    {"10.0.0.0/7", false, 2},
    {"2002:b00::/24", false, 0},
    {"2002:a00::/24", false, 0},
    {"2002:800::/22", false, 3},
    {"2002:a00::/23", false, 2},
    {"::ffff:8.0.0.0/102", false, 3},
    {"::ffff:10.0.0.0/104", false, 0},
    /* All of IPv4; its length 0 is no client subnet (RFC 7871 7.1.2). */
    {"0.0.0.0/0", false, 127},
    {"2002::/16", false, 128},
    {"::ffff:0.0.0.0/96", false, 128},
};

START_TEST(a_segment_is_cut_around_unroutable_addresses)
{
	const struct conf_name *name = &s->conf->names[2];
	struct findings findings = {0};
	struct table_proof p;
	struct prefix segment;
	struct error err;

	table_begin(&p, s, name, s->steered[2].table, &findings);
	ck_assert_msg(
	    prefix_parse(cuts[_i].segment, &segment, &err), "%s", err.text);
	source_put(&p.sources, &segment,
	    &s->conf->policies[name->policy].rules[0], cuts[_i].in_net);
	ck_assert_uint_eq(p.sources.proven, cuts[_i].proven);
	ck_assert_uint_eq(p.sources.stack.n, 1);
	ck_assert(prefix_covers(&segment, &p.sources.stack.at[0].prefix.addr));
	ck_assert_uint_eq(p.sources.stack.at[0].prefix.len, segment.len);
	ck_assert_uint_eq(findings.all.n, 0);
	table_fini(&p);
	findings_fini(&findings);
}
END_TEST

/* All are counted, and so many told. */
START_TEST(findings_beyond_so_many_are_counted_alone)
{
	struct findings f = {0};
	const struct conf_mark mark = {.file = "f", .line = 7};

	for (unsigned i = 0; i <= FINDINGS_MAX + 1; i++)
		findings_add(&f, CLAIM_RULES, i > 0 ? &mark : NULL, "%u", i);
	findings_add(&f, CLAIM_NAMES, NULL, "name");
	ck_assert_uint_eq(f.count[CLAIM_RULES], FINDINGS_MAX + 2);
	ck_assert_uint_eq(f.count[CLAIM_NAMES], 1);
	ck_assert_uint_eq(f.all.n, FINDINGS_MAX + 1);
	ck_assert_ptr_null(f.all.at[0].mark.file);
	ck_assert_uint_eq(f.all.at[1].mark.line, 7);
	ck_assert_int_eq(f.all.at[1].claim, CLAIM_RULES);
	ck_assert_str_eq(f.all.at[1].text, "1");
	ck_assert_str_eq(f.all.at[FINDINGS_MAX].text, "name");
	findings_fini(&f);
}
END_TEST

START_TEST(segments_cover_all_addresses)
{
	struct space space;
	struct addr at = {.family = 6}, teredo = {{0x20, 0x01}, 6};
	unsigned within = 0;
	size_t i = 0;

	ck_assert(space_cut(&space, s->geo, 6, &stop));
	do {
		ck_assert_uint_lt(i, space.depths.n);
		within += addr_match(&at, &teredo, 32);
	} while (space_next(&at, space.depths.at[i++]));
	ck_assert_uint_eq(i, space.depths.n);
	ck_assert_uint_gt(within, 5);
	ck_assert_uint_lt(within, 100);
	space_fini(&space);
}
END_TEST

/* What the rules decide for each segment, one by one. */
static void
rules_add(const struct conf *conf, const struct conf_name *name,
    const struct space *space, struct table_rule *rules)
{
	struct rank rank;
	struct rank_room room;
	uint16_t rule;

	for (size_t i = 0; i < space->places.n; i++) {
		uint32_t place = space->places.at[i];

		policy_rank(conf, name->policy, name->pool,
		    &space->all.at[place].place, &rank, &room, &rule);
		rules[rule].prefixes++;
		for (size_t k = 0; k < rank.n; k++)
			rules[rule].regions |= UINT64_C(1) << rank.order[k];
		for (size_t k = 0; k < rank.nfallback; k++)
			rules[rule].fallback |= UINT64_C(1) << rank.fallback[k];
	}
}

static void
expect_rules(const struct table_rule *got, const struct table_rule *want,
    size_t n, unsigned seed)
{
	for (size_t i = 0; i < n; i++) {
		ck_assert_msg(got[i].prefixes == want[i].prefixes,
		    "%u: rule %zu: %zu prefixes", seed, i, got[i].prefixes);
		ck_assert_uint_eq(got[i].regions, want[i].regions);
		ck_assert_uint_eq(got[i].fallback, want[i].fallback);
	}
}

/* All that random configurations declare, all of their databases. */
static void
prove_world(unsigned seed)
{
	struct snapshot like = {.generation = 1};
	struct findings findings = {0};
	struct arena *arena = arena_new();
	struct world w;
	struct error err;

	srandom(seed);
	world_new(&w);
	like.conf = w.conf;
	like.clients = client_build(arena, w.conf);
	like.geo = geo_load(w.conf, &err);
	ck_assert_msg(like.geo != NULL, "%s", err.text);
	for (size_t i = 0; i < w.conf->nnames; i++) {
		const struct conf_name *name = &w.conf->names[i];
		const struct policy_pair pair = {name->policy, name->pool};
		struct policy_table *t;
		size_t nrules = w.conf->policies[name->policy].nrules;
		struct table_rule *rules = xcalloc(nrules, sizeof(*rules));
		struct table_proof p;

		ck_assert_msg(
		    policy_build(arena, w.conf, like.geo, &pair, 1, &t, &err),
		    "%s", err.text);
		table_begin(&p, &like, name, t, &findings);
		for (uint8_t family = 4; family <= 6; family += 2) {
			struct space space;

			ck_assert(space_cut(&space, like.geo, family, &stop));
			ck_assert(table_walk(&p, &space, &stop));
			rules_add(w.conf, name, &space, rules);
			space_fini(&space);
		}
		expect_rules(p.rules, rules, nrules, seed);
		free(rules);
		table_fini(&p);
	}
	ck_assert_msg(findings.count[CLAIM_SCOPES] == 0, "%u: %s", seed,
	    findings.all.at[0].text);
	ck_assert_msg(findings.count[CLAIM_FENCES] == 0, "%u: %s", seed,
	    findings.all.at[0].text);
	findings_fini(&findings);
	geo_free(like.geo);
	arena_free(arena);
	world_free(&w);
}

START_TEST(random_configurations_are_proven)
{
	for (unsigned seed = 0; seed < WORLDS; seed++)
		prove_world(seed);
}
END_TEST

int
main(void)
{
	const TTest *const tests[] = {
	    what_is_built_is_proven,
	    a_rule_that_nothing_reaches_is_named,
	    the_report_says_what_clients_within_a_fence_can_get,
	    the_report_has_the_hashes_of_all_files,
	    another_order_is_found,
	    another_action_is_found,
	    another_weight_is_found,
	    a_scope_that_is_too_short_is_found,
	    a_scope_that_is_too_long_is_found,
	    classes_that_are_the_same_are_found,
	    a_region_outside_the_fence_is_found,
	    a_client_subnet_that_leaks_is_found,
	    a_place_whose_fence_is_forgotten_is_found,
	    a_place_with_a_fence_of_nobody_is_found,
	    an_alias_that_leads_out_is_found,
	    a_fallback_outside_the_fence_is_found,
	    a_class_without_regions_is_found,
	    a_name_that_is_not_answered_is_found,
	    a_region_that_offers_nothing_is_found,
	    a_client_subnet_that_counts_wrongly_is_found,
	    it_can_be_stopped,
	    a_configuration_that_is_wrong_is_not_proven,
	    findings_beyond_so_many_are_counted_alone,
	    segments_cover_all_addresses,
	    random_configurations_are_proven,
	};
	Suite *suite = suite_create("prove");
	TCase *tc = tcase_create("prove");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	for (size_t i = 0; i < sizeof(tests) / sizeof(tests[0]); i++)
		tcase_add_test(tc, tests[i]);
	tcase_add_loop_test(tc, any_field_of_a_class_is_found, 0, 7);
	tcase_add_loop_test(tc, a_segment_is_cut_around_unroutable_addresses, 0,
	    sizeof(cuts) / sizeof(cuts[0]));
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed > 0;
}
