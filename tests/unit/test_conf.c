/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole configurations: what becomes of each key, and of several files. */
#include "conf/home.h"
#include "conf/load.h"
#include "dns/name.h"

#include <sys/stat.h>

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "dns/name.h"

static char folder[64];
static struct diag diag;

/* Patterns must not be taken from the folder's own name. */
static void
setup(void)
{
	strcpy(folder, "/tmp/meridian-[a]*-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	diag_init(&diag);
}

static void
teardown(void)
{
	char command[128];

	diag_fini(&diag);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *
path_of(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

static void
put(const char *name, const char *text)
{
	const char *path = path_of(name);
	struct error err;
	char dir[256];

	snprintf(
	    dir, sizeof(dir), "%.*s", (int)(strrchr(path, '/') - path), path);
	mkdir(dir, 0755);
	ck_assert_msg(
	    file_replace(path, text, strlen(text), &err), "%s", err.text);
}

static struct conf *
load(const char *text)
{
	put("meridian.yaml", text);
	return conf_load(path_of("meridian.yaml"), &diag);
}

static struct conf *
must_load(const char *text)
{
	struct conf *c = load(text);
	char *said = diag_text(&diag);

	ck_assert_msg(c != NULL, "%s", said);
	free(said);
	return c;
}

static void
must_refuse(const char *text, const char *message)
{
	struct conf *c = load(text);
	char *said = diag_text(&diag);

	ck_assert_msg(c == NULL, "%s", text);
	ck_assert_msg(strstr(said, message) != NULL, "%s", said);
	free(said);
}

static void
expect_prefix(const struct prefix *p, const char *text)
{
	char buf[PREFIX_TEXT_MAX];

	ck_assert_str_eq(prefix_format(buf, p), text);
}

static void
expect_addr(const struct addr *a, const char *text)
{
	char buf[ADDR_TEXT_MAX];

	ck_assert_str_eq(addr_format(buf, a), text);
}

static const char whole[] =
    "meridian: 1\n"
    "server:\n"
    "  listen: [127.0.0.1@5300, \"::1@5301\"]\n"
    "  workers: 3\n"
    "  state: st\n"
    "  control: /x/control.sock\n"
    "  http: 127.0.0.1@9153\n"
    "  nsid: ams-1\n"
    "  ecs_from: [192.0.2.0/24]\n"
    "  rate_limit: {per_second: 300, slip: 0, ipv4_prefix: 32,\n"
    "               ipv6_prefix: 64, allow: [10.0.0.0/8], mode: observe}\n"
    "geoip:\n"
    "  databases: [geoip/city.mmdb, /asn.mmdb]\n"
    "  nets:\n"
    "    corp: [10.0.0.0/8, \"2001:db8:ffff::/48\"]\n"
    "    partners: partners.txt\n"
    "zones: {Example.COM: zones/example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50.1, 8.7], jurisdiction: EU, capacity: 8000}\n"
    "  us: {location: [39.0, -77.5], jurisdiction: US}\n"
    "  ap: {location: [35.7, 139.7], jurisdiction: JP, bias: -10}\n"
    "monitors:\n"
    "  web: {type: http, host: www.example.com, port: 8080, path: /h,\n"
    "        expect: {status: 204, body: ok}, interval: 7s,\n"
    "        timeout: 800ms, fall: 1, rise: 2, clear: 9}\n"
    "  db: {type: tcp, port: 5432}\n"
    "pools:\n"
    "  www:\n"
    "    monitor: [web, db]\n"
    "    min_healthy: 2\n"
    "    answer: {mode: one, max: 3}\n"
    "    regions:\n"
    "      us: [{addr: [\"2001:db8::10\", 192.0.2.10], weight: 10},\n"
    "           {addr: 192.0.2.11}]\n"
    "      eu: [{addr: [192.0.2.12, \"2001:db8::12\"]},\n"
    "           {addr: [192.0.2.13, \"2001:db8::13\"]}]\n"
    "  sorry: {regions: {eu: [{addr: [192.0.2.250, \"2001:db8::250\"]}]}}\n"
    "  cdn: {regions: {ap: [{cname: EU.example.net}]}}\n"
    "policies:\n"
    "  near:\n"
    "    rules:\n"
    "      - {nets: [partners, corp], regions: [us]}\n"
    "      - {geo: [DE, US-CA, AF, \"country:AF\"], regions: [eu, us],\n"
    "         fence: EU, when_all_down: {pool: sorry}}\n"
    "      - {asn: [64496, 4294967295], regions: [ap, us]}\n"
    "      - {regions: nearest}\n"
    "    unlocated: [us, eu]\n"
    "    when_all_down: last_known\n"
    "  cdn: {rules: [{regions: [ap]}]}\n"
    "names:\n"
    "  WWW.example.com: {pool: www, policy: near, ttl: {max: 50, min: 5}}\n"
    "  \"*.cdn.example.com\": {pool: cdn, policy: cdn}\n"
    "safety: {min_regions: 2, max_fill: 85%}\n"
    "tests:\n"
    "  - {name: www.EXAMPLE.com., from: 203.0.113.9, expect: eu}\n"
    "  - {name: www.example.com, from: DE, down: [eu], drained: us,\n"
    "     expect: sorry}\n"
    "  - {name: x.cdn.example.com, type: AAAA, from: 203.0.113.0/24,\n"
    "     resolver: 192.0.2.53, signal: {web: down, db/192.0.2.10: up},\n"
    "     expect: {region: eu, pool: www, ttl: 5, scope: 24, rcode: NOERROR,\n"
    "       all_down: no, addresses: [192.0.2.1, \"2001:db8::1\"]}}\n";

static const char partners[] = "# partners\n"
			       "\n"
			       "192.0.2.0/24 # one\r\n"
			       "\t2001:db8::/32\n"
			       "198.51.100.7";

static void
expect_limit(const struct conf_limit *l)
{
	ck_assert_uint_eq(l->per_second, 300);
	ck_assert_uint_eq(l->slip, 0);
	ck_assert_uint_eq(l->ipv4_prefix, 32);
	ck_assert_uint_eq(l->ipv6_prefix, 64);
	ck_assert_uint_eq(l->nallow, 1);
	expect_prefix(&l->allow[0], "10.0.0.0/8");
	ck_assert_int_eq(l->mode, CONF_LIMIT_OBSERVE);
}

static void
expect_sections_above(const struct conf *c)
{
	const struct conf_server *s = &c->server;

	ck_assert_uint_eq(s->nlisten, 2);
	ck_assert_uint_eq(s->listen[1].port, 5301);
	ck_assert_uint_eq(s->workers, 3);
	ck_assert_str_eq(s->state, path_of("st"));
	ck_assert_str_eq(s->control, "/x/control.sock");
	ck_assert_uint_eq(s->http.port, 9153);
	ck_assert_str_eq(s->nsid, "ams-1");
	ck_assert(!s->ecs_any);
	ck_assert_uint_eq(s->necs_from, 1);
	expect_prefix(&s->ecs_from[0], "192.0.2.0/24");
	expect_limit(&s->rate_limit);
	ck_assert_uint_eq(c->ndatabases, 2);
	ck_assert_str_eq(c->databases[0].path, path_of("geoip/city.mmdb"));
	ck_assert_str_eq(c->databases[1].path, "/asn.mmdb");
	ck_assert_uint_eq(c->nnets, 2);
	ck_assert_str_eq(c->nets[0].name, "corp");
	expect_prefix(&c->nets[0].prefixes[1], "2001:db8:ffff::/48");
	ck_assert_uint_eq(c->nets[1].nprefixes, 3);
	expect_prefix(&c->nets[1].prefixes[1], "2001:db8::/32");
	ck_assert_uint_eq(c->nzones, 1);
	ck_assert_str_eq(c->zones[0].origin, "example.com.");
	ck_assert_str_eq(c->zones[0].path, path_of("zones/example.com.zone"));
}

static void
expect_regions_and_monitors(const struct conf *c)
{
	const struct conf_monitor *web = &c->monitors[0];

	ck_assert_uint_eq(c->nregions, 3);
	ck_assert_str_eq(c->regions[1].jurisdiction, "US");
	ck_assert(c->regions[1].located);
	ck_assert_double_eq(c->regions[1].longitude, -77.5);
	ck_assert_uint_eq(c->regions[0].capacity, 8000);
	ck_assert_uint_eq(c->regions[1].capacity, 0);
	ck_assert_int_eq(c->regions[2].bias, -10);
	ck_assert_uint_eq(c->regions[2].mark.line, 21);
	ck_assert_uint_eq(c->regions[2].mark.column, 3);
	ck_assert_int_eq(web->type, CONF_MONITOR_HTTP);
	ck_assert_uint_eq(web->port, 8080);
	ck_assert_str_eq(web->host, "www.example.com");
	ck_assert_str_eq(web->path, "/h");
	ck_assert_uint_eq(web->nstatuses, 1);
	ck_assert_uint_eq(web->statuses[0], 204);
	ck_assert_str_eq(web->body, "ok");
	ck_assert_uint_eq(web->interval_ms, 7000);
	ck_assert_uint_eq(web->timeout_ms, 800);
	ck_assert_uint_eq(web->fall, 1);
	ck_assert_uint_eq(web->rise, 2);
	ck_assert_uint_eq(web->clear, 9);
	ck_assert_int_eq(c->monitors[1].type, CONF_MONITOR_TCP);
}

static void
expect_pools(const struct conf *c)
{
	const struct conf_pool *www = &c->pools[0];
	const struct conf_target *t = www->regions[0].targets;
	uint8_t name[DNS_NAME_MAX];
	struct error err;

	ck_assert_uint_eq(www->nmonitors, 2);
	ck_assert_uint_eq(www->monitors[1], 1);
	ck_assert_uint_eq(www->min_healthy, 2);
	ck_assert_int_eq(www->mode, CONF_ANSWER_ONE);
	ck_assert_uint_eq(www->max, 3);
	ck_assert_uint_eq(www->nregions, 2);
	ck_assert_uint_eq(www->regions[0].region, 1);
	ck_assert(www->ntypes == 2 && conf_pool_has(www, DNS_A) &&
	    conf_pool_has(www, DNS_AAAA));
	ck_assert_str_eq(t[0].label, "2001:db8::10");
	expect_addr(&t[0].addr[0], "192.0.2.10");
	expect_addr(&t[0].addr[1], "2001:db8::10");
	ck_assert_uint_eq(t[0].weight, 10);
	ck_assert_str_eq(t[1].label, "192.0.2.11");
	ck_assert_uint_eq(t[1].addr[1].family, 0);
	ck_assert_uint_eq(t[1].weight, 1);
	t = c->pools[2].regions[0].targets;
	ck_assert(
	    c->pools[2].ntypes == 1 && conf_pool_has(&c->pools[2], DNS_CNAME));
	ck_assert_str_eq(t->label, "EU.example.net.");
	ck_assert(name_parse("eu.example.net.", name, &err));
	ck_assert(name_equal(t->cname, name));
}

static void
expect_policies(const struct conf *c)
{
	const struct conf_policy *p = &c->policies[0];
	const struct conf_rule *rule = p->rules;

	ck_assert_uint_eq(p->nrules, 4);
	ck_assert(rule[0].by_net && !rule[0].by_geo && !rule[0].by_asn);
	ck_assert_uint_eq(rule[0].nets, 3);
	ck_assert_int_eq(rule[0].when_down.action, CONF_DOWN_LAST_KNOWN);
	ck_assert(rule[1].by_geo);
	ck_assert_uint_eq(rule[1].ngeo, 4);
	ck_assert_int_eq(rule[1].geo[0].kind, CONF_GEO_COUNTRY);
	ck_assert_int_eq(rule[1].geo[1].kind, CONF_GEO_SUBDIVISION);
	ck_assert_int_eq(rule[1].geo[2].kind, CONF_GEO_CONTINENT);
	ck_assert_int_eq(rule[1].geo[3].kind, CONF_GEO_COUNTRY);
	ck_assert_str_eq(rule[1].fence, "EU");
	ck_assert_int_eq(rule[1].when_down.action, CONF_DOWN_POOL);
	ck_assert_uint_eq(rule[1].when_down.pool, 1);
	ck_assert_uint_eq(rule[2].asn[1], UINT32_MAX);
	ck_assert_uint_eq(rule[2].regions[0], 2);
	ck_assert(rule[3].order == CONF_ORDER_NEAREST && rule[3].nregions == 0);
	ck_assert_uint_eq(p->nunlocated, 2);
	ck_assert_uint_eq(p->unlocated[0], 1);
	ck_assert_uint_eq(c->policies[1].nunlocated, 3);
	ck_assert_uint_eq(c->policies[1].unlocated[2], 2);
	ck_assert_int_eq(
	    c->policies[1].rules[0].when_down.action, CONF_DOWN_ALL);
}

static void
expect_whole_test(const struct conf_test *t)
{
	const struct conf_expect *e = &t->expect;

	ck_assert_uint_eq(t->type, DNS_AAAA);
	ck_assert_str_eq(t->resolver, "192.0.2.53");
	ck_assert_uint_eq(t->nsignals, 2);
	ck_assert_str_eq(t->signals[0], "web=down");
	ck_assert_str_eq(t->signals[1], "db/192.0.2.10=up");
	ck_assert_uint_eq(e->given,
	    CONF_EXPECT_ADDRESSES | CONF_EXPECT_TTL | CONF_EXPECT_SCOPE |
		CONF_EXPECT_ALL_DOWN | CONF_EXPECT_RCODE);
	ck_assert_ptr_null(e->either);
	ck_assert_uint_eq(e->region, 0);
	ck_assert_uint_eq(e->pool, 0);
	ck_assert_uint_eq(e->ttl, 5);
	ck_assert_uint_eq(e->scope, 24);
	ck_assert_uint_eq(e->all_down, 0);
	ck_assert_uint_eq(e->rcode, DNS_NOERROR);
	ck_assert_uint_eq(e->naddresses, 2);
	expect_addr(&e->addresses[1], "2001:db8::1");
}

static void
expect_names_and_tests(const struct conf *c)
{
	const struct conf_test *t = c->tests;

	ck_assert_uint_eq(c->nnames, 2);
	ck_assert_str_eq(c->names[0].text, "www.example.com.");
	ck_assert_uint_eq(c->names[0].name[1], 'w');
	ck_assert_uint_eq(c->names[0].ttl_max, 50);
	ck_assert_uint_eq(c->names[0].ttl_min, 5);
	ck_assert_str_eq(c->names[1].text, "*.cdn.example.com.");
	ck_assert_uint_eq(c->names[1].pool, 2);
	ck_assert_uint_eq(c->names[1].policy, 1);
	ck_assert_uint_eq(c->names[1].ttl_max, 60);
	ck_assert_uint_eq(c->names[1].ttl_min, 10);
	ck_assert_uint_eq(c->safety.min_regions, 2);
	ck_assert_uint_eq(c->safety.max_fill, 85);
	ck_assert_uint_eq(c->ntests, 3);
	ck_assert_str_eq(t[0].name, "www.example.com.");
	ck_assert_uint_eq(t[0].type, DNS_A);
	ck_assert_str_eq(t[0].from, "203.0.113.9");
	ck_assert_ptr_null(t[0].resolver);
	ck_assert_str_eq(t[1].from, "DE");
	ck_assert_uint_eq(t[1].ndown, 1);
	ck_assert_uint_eq(t[1].drained_regions[0], 1);
	ck_assert_str_eq(t[1].expect.either, "sorry");
	ck_assert_uint_eq(t[1].expect.region, CONF_NONE);
	expect_whole_test(&t[2]);
}

START_TEST(every_key_is_kept)
{
	struct conf *c;

	put("partners.txt", partners);
	c = must_load(whole);
	ck_assert_uint_eq(diag.entries.n, 1);
	ck_assert_str_eq(diag.entries.at[0].message,
	    "pool \"cdn\" has 1 region, fewer than safety.min_regions, 2: each "
	    "drain of it needs --force");
	expect_sections_above(c);
	expect_regions_and_monitors(c);
	expect_pools(c);
	expect_policies(c);
	expect_names_and_tests(c);
	ck_assert_uint_eq(conf_find_region(c, "ap"), 2);
	ck_assert_uint_eq(conf_find_region(c, "www"), CONF_NONE);
	ck_assert_uint_eq(conf_find_pool(c, "cdn"), 2);
	conf_free(c);
}
END_TEST

START_TEST(a_plain_dns_server_needs_only_zones)
{
	struct conf *c = must_load("meridian: 1\nzones: {example.com: z}\n");

	ck_assert_uint_eq(c->nzones, 1);
	ck_assert_uint_eq(c->nregions, 0);
	ck_assert_uint_eq(c->server.nlisten, 2);
	ck_assert_uint_eq(c->server.listen[0].port, 53);
	ck_assert_uint_ge(c->server.workers, 1);
	ck_assert_uint_le(c->server.workers, 256);
	ck_assert(c->server.ecs_any);
	ck_assert_uint_eq(c->server.http.addr.family, 0);
	ck_assert_int_eq(*c->server.state, '/');
	ck_assert_int_eq(*c->server.control, '/');
	ck_assert_uint_eq(c->safety.min_regions, 1);
	ck_assert_uint_eq(c->safety.max_fill, 100);
	conf_free(c);
}
END_TEST

START_TEST(a_section_may_be_empty)
{
	struct conf *c = must_load("meridian: 1\nserver:\nregions:\nnames:\n"
				   "geoip:\n  nets:\nzones:\n");

	ck_assert_uint_eq(c->nnames, 0);
	ck_assert_uint_eq(c->server.nlisten, 2);
	conf_free(c);
}
END_TEST

START_TEST(a_short_interval_shortens_the_timeout)
{
	struct conf *c = must_load("meridian: 1\nmonitors:\n"
				   "  m: {type: http, interval: 500ms}\n");

	ck_assert_uint_eq(c->monitors[0].timeout_ms, 500);
	ck_assert_uint_eq(c->monitors[0].port, 80);
	ck_assert_uint_eq(c->monitors[0].nstatuses, 1);
	ck_assert_uint_eq(c->monitors[0].statuses[0], 200);
	ck_assert_str_eq(c->monitors[0].path, "/");
	ck_assert_ptr_null(c->monitors[0].host);
	ck_assert_uint_eq(c->monitors[0].fall, 3);
	ck_assert_uint_eq(c->monitors[0].rise, 4);
	ck_assert_uint_eq(c->monitors[0].clear, 6);
	conf_free(c);
}
END_TEST

START_TEST(one_bound_of_the_ttl_moves_the_other)
{
	struct conf *c =
	    must_load("meridian: 1\n"
		      "regions: {eu: {}}\n"
		      "pools: {p: {regions: {eu: [{addr: 1.2.3.4}]}}}\n"
		      "policies: {p: {rules: [{regions: [eu]}]}}\n"
		      "names:\n"
		      "  a: {pool: p, policy: p, ttl: {max: 5}}\n"
		      "  b: {pool: p, policy: p, ttl: {min: 100}}\n");

	ck_assert_uint_eq(c->names[0].ttl_min, 5);
	ck_assert_uint_eq(c->names[1].ttl_max, 100);
	conf_free(c);
}
END_TEST

START_TEST(included_files_add_to_sections)
{
	struct conf *c;

	put("d/1.yaml",
	    "regions: {us: {}}\n"
	    "zones: {b.example: b.zone}\n"
	    "geoip: {databases: [x.mmdb], nets: {b: [\"::/0\"]}}\n");
	put("d/2.yaml",
	    "meridian: 1\nregions: {ap: {}}\n"
	    "include: sub/more.yaml\n");
	put("d/sub/more.yaml", "regions: {sa: {}}\ntests: []\n");
	c = must_load("meridian: 1\n"
		      "include: [\"d/*.yaml\"]\n"
		      "regions: {eu: {}}\n"
		      "zones: {a.example: a.zone}\n"
		      "geoip: {databases: [y.mmdb], nets: {a: [0.0.0.0/0]}}\n"
		      "tests: []\n");
	ck_assert_uint_eq(c->nregions, 4);
	ck_assert_str_eq(c->regions[0].name, "eu");
	ck_assert_uint_ne(conf_find_region(c, "sa"), CONF_NONE);
	ck_assert_uint_eq(c->nzones, 2);
	ck_assert_str_eq(c->zones[1].path, path_of("d/b.zone"));
	ck_assert_uint_eq(c->ndatabases, 2);
	ck_assert_str_eq(c->databases[1].path, path_of("d/x.mmdb"));
	ck_assert_uint_eq(c->nnets, 2);
	conf_free(c);
}
END_TEST

START_TEST(what_two_files_say_of_one_thing_is_refused)
{
	put("b.yaml",
	    "regions: {eu: {}}\nserver: {workers: 2}\n"
	    "zones: z.zone\n");
	must_refuse("meridian: 1\ninclude: b.yaml\nregions: {eu: {}}\n"
		    "server: {workers: 3}\nzones: {a: a}\n",
	    "duplicate key \"eu\"");
	ck_assert_uint_eq(diag.nerrors, 3);
}
END_TEST

START_TEST(cookie_secrets_stand_in_the_file_or_in_one_of_their_own)
{
	static const uint8_t key[] =
	    "\xe5\xe9\x73\xe5\xa6\xb2\xa4\x3f\x48\xe7\xdc\x84\x9e\x37\xbf\xcf";
	struct conf *c;

	c = must_load("meridian: 1\n");
	ck_assert_uint_eq(c->server.cookies.nsecrets, 0);
	ck_assert_uint_eq(c->server.cookies.max_without, 1232);
	conf_free(c);
	c = must_load("meridian: 1\nserver: {cookies: {secrets: "
		      "E5e973e5a6b2a43f48e7dc849e37bfcf}}\n");
	ck_assert_uint_eq(c->server.cookies.nsecrets, 1);
	ck_assert_mem_eq(c->server.cookies.secrets[0].key, key, 16);
	conf_free(c);
	put("secrets",
	    "# the new one\n00112233445566778899aabbccddeeff\n"
	    " e5e973e5a6b2a43f48e7dc849e37bfcf # until Monday\n");
	c = must_load(
	    "meridian: 1\nserver: {cookies: {secrets_file: secrets}}\n");
	ck_assert_uint_eq(c->server.cookies.nsecrets, 2);
	ck_assert_mem_eq(c->server.cookies.secrets[1].key, key, 16);
	conf_free(c);
}
END_TEST

START_TEST(a_wrong_cookie_secret_is_refused)
{
	must_refuse("meridian: 1\nserver: {cookies: {secrets: "
		    "e5e973e5a6b2a43f48e7dc849e37bfc}}\n",
	    "2:29: error: a secret is 32 hexadecimal digits");
	put("secrets", "\ne5e973e5a6b2a43f48e7dc849e37bfcg\n");
	must_refuse("meridian: 1\nserver: {cookies: {secrets_file: secrets}}\n",
	    "secrets:2:1: error: a secret is 32 hexadecimal digits");
	put("none", "# none\n");
	must_refuse("meridian: 1\nserver: {cookies: {secrets_file: none}}\n",
	    "has 0 secrets, not 1 to 8");
	must_refuse("meridian: 1\nserver: {cookies: {secrets_file: none, "
		    "secrets: e5e973e5a6b2a43f48e7dc849e37bfcf}}\n",
	    "stand in this file already");
	must_refuse(
	    "meridian: 1\nserver: {cookies: {secrets_file: gone}}\n", "gone");
}
END_TEST

START_TEST(errors_name_the_included_file)
{
	put("b.yaml", "regions:\n  eu: {colour: red}\n");
	must_refuse("meridian: 1\ninclude: b.yaml\n",
	    "/b.yaml:2:8: error: unknown key \"colour\" in a region\n"
	    "      eu: {colour: red}\n           ^\n");
}
END_TEST

START_TEST(a_file_that_includes_itself_is_refused)
{
	must_refuse("meridian: 1\ninclude: \"*.yaml\"\n", "is read already");
}
END_TEST

START_TEST(files_that_include_each_other_are_refused)
{
	put("b.yaml", "include: meridian.yaml\n");
	must_refuse("meridian: 1\ninclude: b.yaml\n", "is read already");
}
END_TEST

START_TEST(includes_are_bounded_in_depth)
{
	char name[32], text[64];
	int i;

	for (i = 0; i < 20; i++) {
		snprintf(name, sizeof(name), "%d.yaml", i);
		snprintf(text, sizeof(text), "include: %d.yaml\n", i + 1);
		put(name, text);
	}
	must_refuse("meridian: 1\ninclude: 0.yaml\n", "more than 8 deep");
}
END_TEST

START_TEST(a_missing_file_is_refused_and_an_empty_pattern_warned_of)
{
	must_refuse("meridian: 1\ninclude: gone.yaml\n",
	    "there is no file \"gone.yaml\"");
	conf_free(must_load("meridian: 1\ninclude: gone/*.yaml\n"));
	ck_assert_uint_eq(diag.nwarnings, 1);
}
END_TEST

START_TEST(a_configuration_must_be_a_file)
{
	ck_assert_ptr_null(conf_load(folder, &diag));
	ck_assert_ptr_null(conf_load("/nowhere/meridian.yaml", &diag));
	ck_assert_uint_eq(diag.nerrors, 2);
	must_refuse("- a\n", "a configuration is a map");
}
END_TEST

START_TEST(zones_are_found_by_a_pattern)
{
	struct conf *c;

	put("zones/b.example.zone", "");
	put("zones/A.example.zone", "");
	put("zones/notes.txt", "");
	c = must_load("meridian: 1\nzones: zones/*.zone\n");
	ck_assert_uint_eq(c->nzones, 2);
	ck_assert_str_eq(c->zones[0].origin, "a.example.");
	ck_assert_str_eq(c->zones[0].path, path_of("zones/A.example.zone"));
	conf_free(c);
	c = must_load("meridian: 1\nzones: [zones/b*.zone, "
		      "zones/A.example.zone]\n");
	ck_assert_uint_eq(c->nzones, 2);
	conf_free(c);
	must_refuse("meridian: 1\nzones: [zones/*]\n", "must end in .zone");
}
END_TEST

START_TEST(a_zone_found_twice_is_refused)
{
	put("zones/b.example.zone", "");
	must_refuse("meridian: 1\nzones: [zones/*.zone, zones/b*.zone]\n",
	    "duplicate zone b.example.: it is already declared at");
}
END_TEST

START_TEST(errors_in_a_file_of_prefixes_have_its_line)
{
	put("nets.txt", "10.0.0.0/8\n  10.0.0.1/8 # bits\nx\n");
	must_refuse("meridian: 1\ngeoip: {nets: {a: nets.txt}}\n",
	    "/nets.txt:2:3: error: 10.0.0.1/8: has bits beyond");
	ck_assert_uint_eq(diag.nerrors, 2);
}
END_TEST

#define TENANTS(rule) \
	"meridian: 1\n" \
	"zones: {example.com: zone}\n" \
	"regions: {eu: {jurisdiction: EU}, us: {}, ap: {}}\n" \
	"pools: {www: {regions: {eu: [{addr: 192.0.2.1}], " \
	"us: [{addr: 192.0.2.2}]}}}\n" \
	"policies: {p: {rules: [" rule "]}}\n" \
	"names: {\"*.t.example.com\": {pool: www, policy: p}}\n"

START_TEST(a_policy_that_is_used_takes_the_rules_place)
{
	const struct conf_policy *p;
	struct conf *c = must_load(
	    "meridian: 1\n"
	    "zones: {example.com: zone}\n"
	    "regions: {eu: {jurisdiction: EU}, us: {}}\n"
	    "pools: {www: {regions: {eu: [{addr: 192.0.2.1}], "
	    "us: [{addr: 192.0.2.2}]}}}\n"
	    "policies:\n"
	    "  p: {rules: [{geo: EU, fence: EU, policy: q}, {policy: q}]}\n"
	    "  q: {rules: [{geo: DE, regions: [eu]}, {policy: r}]}\n"
	    "  r: {rules: [{asn: 1, regions: [us, eu]}, {regions: [eu]}]}\n"
	    "names: {www.example.com: {pool: www, policy: p}}\n");

	ck_assert_uint_eq(diag.nwarnings, 0);
	p = &c->policies[0];
	ck_assert_uint_eq(p->nrules, 6);
	for (size_t i = 0; i < 6; i++) {
		const struct conf_rule *r = &p->rules[i], *o = r->outer;

		ck_assert_uint_eq(r->owner, i % 3 == 0 ? 1 : 2);
		ck_assert_uint_eq(r->number, i % 3 == 2 ? 2 : 1);
		if (i % 3 != 0) {
			ck_assert(o->owner == 1 && o->number == 2);
			o = o->outer;
		}
		ck_assert(o->owner == 0 && o->number == 1 + i / 3);
		ck_assert_ptr_null(o->outer);
		ck_assert_ptr_eq(conf_rule_outermost(r), o);
		ck_assert((conf_rule_fence(r) != NULL) == (i < 3));
	}
	ck_assert_uint_eq(c->policies[1].nrules, 3);
	ck_assert_uint_eq(c->policies[2].nrules, 2);
	ck_assert_ptr_null(c->policies[2].rules[0].outer);
	conf_free(c);
}
END_TEST

START_TEST(policies_that_unfold_without_bound_are_refused)
{
	char text[16384], *at = text;

	at += sprintf(at, "meridian: 1\nregions: {eu: {}}\npolicies:\n");
	for (unsigned i = 0; i < 5; i++) {
		at += sprintf(at, "  p%u: {rules: [", i);
		for (unsigned k = 0; k < 9; k++)
			at += sprintf(
			    at, "{asn: %u, policy: p%u}, ", k + 1, i + 1);
		at += sprintf(at, "{policy: p%u}]}\n", i + 1);
	}
	sprintf(at,
	    "  p5: {rules: [{asn: 1, regions: [eu]}, "
	    "{regions: all}]}\n");
	must_refuse(text, "policy \"p0\" has more than 10000 rules");
}
END_TEST

START_TEST(homes_are_found_by_name)
{
	uint8_t name[DNS_NAME_MAX];
	struct error err;
	struct conf *c;

	put("homes.txt",
	    "# nobody else\nA.t.example.com. us # there\n"
	    "b.t.example.com\teu\n\n");
	c = must_load(TENANTS("{regions: all, hash: qname, homes: homes.txt}"));
	ck_assert(name_parse("b.t.example.com", name, &err));
	ck_assert_uint_eq(
	    home_find(c->policies[0].rules[0].homes, name)->line, 3);
	ck_assert(name_parse("a.t.example.com", name, &err));
	ck_assert_uint_eq(
	    home_find(c->policies[0].rules[0].homes, name)->region, 1);
	ck_assert(name_parse("c.t.example.com", name, &err));
	ck_assert_ptr_null(home_find(c->policies[0].rules[0].homes, name));
	conf_free(c);
}
END_TEST

/* Every file that people edit, as some editors save it. */
START_TEST(a_file_may_begin_with_a_byte_order_mark)
{
	uint8_t name[DNS_NAME_MAX];
	struct error err;
	struct conf *c;

	put("homes.txt",
	    "\xef\xbb\xbf"
	    "a.t.example.com. us\r\n");
	c = must_load(TENANTS("{regions: all, hash: qname, homes: homes.txt}"));
	ck_assert(name_parse("a.t.example.com", name, &err));
	ck_assert_ptr_nonnull(home_find(c->policies[0].rules[0].homes, name));
	conf_free(c);
	put("part.yaml", "\xef\xbb\xbfregions: {eu: {}}\r\n");
	put("none.yaml", "\xef\xbb\xbf%YAML 1.2\n---\nsafety: {}\n");
	put("nets.txt",
	    "\xef\xbb\xbf"
	    "10.0.0.0/8\n");
	put("latency.csv",
	    "\xef\xbb\xbfprefix,region,ms,n\n192.0.2.0/24,eu,1,2\n");
	put("secrets",
	    "\xef\xbb\xbf"
	    "e5e973e5a6b2a43f48e7dc849e37bfcf\n");
	c = must_load("\xef\xbb\xbfmeridian: 1\n"
		      "include: [part.yaml, none.yaml]\n"
		      "geoip: {nets: {a: nets.txt}}\n"
		      "latency: {file: latency.csv}\n"
		      "server: {cookies: {secrets_file: secrets}}\n");
	ck_assert_uint_eq(c->nregions, 1);
	ck_assert_uint_eq(c->nets[0].nprefixes, 1);
	ck_assert_uint_eq(c->latency.nrows, 1);
	ck_assert_uint_eq(c->server.cookies.nsecrets, 1);
	conf_free(c);
}
END_TEST

/* In each file of lines: nothing behind it would be read, or not as lines. */
START_TEST(a_file_of_lines_has_no_control_characters)
{
	const char *all =
	    TENANTS("{regions: all, hash: qname, homes: homes.txt}");

	put("homes.txt", "a.t.example.com eu\rb.t.example.com us\r");
	must_refuse(all,
	    "/homes.txt:1:19: error: the control character U+000D: end each "
	    "line with a line feed");
	put("homes.txt", "a.t.example.com eu\n\vb.t.example.com us\n");
	must_refuse(all,
	    "/homes.txt:2:1: error: the control character U+000B: delete it");
	put("nets.txt", "10.0.0.0/8\r192.0.2.0/24\r");
	must_refuse("meridian: 1\ngeoip: {nets: {a: nets.txt}}\n",
	    "/nets.txt:1:11: error: the control character U+000D");
	put("latency.csv", "192.0.2.0/24,eu,1,2 # \r192.0.3.0/24,eu,1,2\n");
	must_refuse("meridian: 1\nregions: {eu: {}}\n"
		    "latency: {file: latency.csv}\n",
	    "/latency.csv:1:23: error: the control character U+000D");
	put("secrets", "e5e973e5a6b2a43f48e7dc849e37bfcf\n\f\n");
	must_refuse("meridian: 1\nserver: {cookies: {secrets_file: secrets}}\n",
	    "/secrets:2:1: error: the control character U+000C");
	put("homes.txt", "# caf\xe9\r\na.t.example.com eu\r\n\r\n");
	conf_free(must_load(all));
}
END_TEST

#define POOL(target) \
	"meridian: 1\nregions: {eu: {}}\n" \
	"pools: {w: {regions: {eu: [" target "]}}}\n"

START_TEST(names_are_written_as_queries_have_them)
{
	struct conf *c;
	static const char *const wrong[][2] = {
	    {"meridian: 1\nzones: {\"ex\xc3\xa4mple.com\": z}\n",
		":2:9: error: a name with characters beyond ASCII"},
	    {POOL("{cname: \"m\xc3\xbcn.example.com.\"}"),
		"error: a name with characters beyond ASCII"},
	    {POOL("{cname: \"www.example.com .\"}"), "a blank in a name"},
	    {POOL("{cname: www}"),
		"a target is the whole name: \"www.\" is below the root"},
	    {"meridian: 1\nmonitors: {m: {type: dns, query: {name: "
	     "\"\xe2\x80\x8bwww.example.com\"}}}\n",
		"error: a name with characters beyond ASCII"},
	};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		must_refuse(wrong[i][0], wrong[i][1]);
	conf_free(must_load(POOL("{cname: www.}")));
	c = must_load(POOL("{cname: www.example.net}"));
	ck_assert_str_eq(
	    c->pools[0].regions[0].targets[0].label, "www.example.net.");
	conf_free(c);
	conf_free(must_load(POOL("{cname: 'm\\195\\188n.example.com'}")));
}
END_TEST

#define STEPS(steps) \
	"meridian: 1\nzones: {example.com: z}\nregions: {eu: {}}\n" \
	"pools: {w: {regions: {eu: [{addr: 192.0.2.1}]}}}\n" \
	"policies: {p: {rules: [{regions: [eu]}]}}\n" \
	"names: {a.example.com: {pool: w}, b.example.com: {pool: w}}\n" \
	"stages: {s: {steps: [" steps "]}}\n"

START_TEST(a_step_that_cannot_be_read_is_told)
{
	static const char *const wrong[][2] = {
	    {STEPS("{policies: {a.example.com: p}}, {name: y}"), "\"name\""},
	    {STEPS("{name: , policies: {}}, {name: [], policies: {}}"), "name"},
	    {STEPS("{name: {}, policies: {a.example.com: p}}, "
		   "{name: x, policies: {a.example.com: p}}"),
		"name"},
	    {STEPS("{name: x, policies: {a.example.com: p}}, "
		   "{policies: {b.example.com: p}}"),
		"\"name\""},
	    {STEPS("x, y"), "map"},
	    {STEPS("{}, {}"), "\"name\""},
	    {STEPS("{name: x, policies: {a.example.com: p}}, "
		   "{name: x, policies: {a.example.com: p}}"),
		"has a step \"x\" already"},
	    {STEPS("{name: x, policies: {a.example.com: p}}, "
		   "{name: y, policies: {b.example.com: p}}"),
		"does not say the policy of a.example.com"},
	};

	put("z", "@ SOA ns h 1 2 3 4 5\n@ NS ns\nns A 192.0.2.1\n");
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		must_refuse(wrong[i][0], wrong[i][1]);
}
END_TEST

#define NAMES(list) "meridian: 1\nserver: {http_names: " list "}\n"

START_TEST(names_of_the_http_listener_are_host_names)
{
	static const char *const wrong[][2] = {
	    {NAMES("a.example:80"), "must be a host name"},
	    {NAMES("\"http://a.example\""), "must be a host name"},
	    {NAMES("[a.example, 192.0.2.1]"), "an address is always accepted"},
	    {NAMES("\"::1\""), "an address is always accepted"},
	    {NAMES("\"*.example\""), "must be a host name"},
	    {NAMES("b\u00fccher.example"), "(xn--)"},
	    {NAMES("a..example"), "meridian.yaml:2:"},
	    {NAMES("[]"), "meridian.yaml:2:"},
	    {NAMES("{a: b}"), "meridian.yaml:2:"},
	    {NAMES("[[a]]"), "meridian.yaml:2:"}};
	struct conf *c = must_load(NAMES("[A.example, b.example., c]"));

	ck_assert_uint_eq(c->server.nhttp_names, 3);
	conf_free(c);
	c = must_load(NAMES("one.example"));
	ck_assert_uint_eq(c->server.nhttp_names, 1);
	conf_free(c);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		must_refuse(wrong[i][0], wrong[i][1]);
}
END_TEST

START_TEST(a_byte_order_mark_within_a_file_is_refused)
{
	put("nets.txt",
	    "10.0.0.0/8\n\xef\xbb\xbf"
	    "10.0.0.0/9\n");
	must_refuse("meridian: 1\ngeoip: {nets: {a: nets.txt}}\n",
	    "/nets.txt:2:1: error: a byte order mark (U+FEFF) within the file");
	put("nets.txt",
	    "\xef\xbb\xbf\xef\xbb\xbf"
	    "10.0.0.0/8\n");
	must_refuse("meridian: 1\ngeoip: {nets: {a: nets.txt}}\n",
	    "/nets.txt:1:1: error: a byte order mark (U+FEFF) within the file");
	must_refuse("\xef\xbb\xbf\xef\xbb\xbfmeridian: 1\n",
	    "/meridian.yaml:1:1: error: a byte order mark (U+FEFF) within");
	put("nets.txt", "# \xef\xbb\xbf\n10.0.0.0/8\n");
	conf_free(must_load("meridian: 1\ngeoip: {nets: {a: nets.txt}}\n"));
}
END_TEST

START_TEST(a_file_in_utf_16_is_refused_by_name)
{
	put("nets.txt", "\xff\xfe#");
	must_refuse("meridian: 1\ngeoip: {nets: {a: nets.txt}}\n",
	    "/nets.txt: is UTF-16: save it as UTF-8");
	must_refuse("\xfe\xffx", "/meridian.yaml: is UTF-16: save it as UTF-8");
}
END_TEST

/* Each file has its own. */
START_TEST(aliases_repeat_what_keys_of_their_own_hold)
{
	struct conf *c;

	put("pools.yaml",
	    "x-target: &t {addr: 192.0.2.1}\n"
	    "pools: {w: {monitor: a, regions: {eu: [*t]}},\n"
	    "        v: {monitor: b, regions: {eu: [*t]}}}\n");
	c = must_load("meridian: 1\ninclude: pools.yaml\n"
		      "x-target: none\n"
		      "x-check: &t {type: tcp, port: 80, fall: 2}\n"
		      "regions: {eu: {}}\n"
		      "monitors: {a: *t, b: *t}\n");
	ck_assert_uint_eq(c->monitors[1].fall, 2);
	ck_assert_str_eq(c->pools[1].regions[0].targets[0].label, "192.0.2.1");
	conf_free(c);
	put("pools.yaml", "pools: {w: {regions: {eu: [*t]}}}\n");
	must_refuse("meridian: 1\ninclude: pools.yaml\nregions: {eu: {}}\n"
		    "x-target: &t {addr: 192.0.2.1}\n",
	    "/pools.yaml:1:28: error: there is no anchor \"&t\" above");
}
END_TEST

START_TEST(a_mistake_that_is_repeated_names_both_places)
{
	must_refuse("meridian: 1\nx-check: &c {type: tcp, prot: 80}\n"
		    "monitors: {a: {type: icmp}, b: *c}\n",
	    "/meridian.yaml:2:25: error: unknown key \"prot\" in a monitor; "
	    "did you mean \"port\"? (repeated by the alias at 3:32)");
	must_refuse("meridian: 1\nserver: {x-a: 1}\n",
	    "keys that begin with x- are allowed at the top level");
}
END_TEST

START_TEST(an_address_in_two_regions_is_warned_of)
{
	struct conf *c =
	    must_load("meridian: 1\nregions: {eu: {}, us: {}}\n"
		      "pools: {w: {regions: {eu: [{addr: 192.0.2.1}],\n"
		      "  us: [{addr: 192.0.2.1}, {addr: 192.0.2.2}]}}}\n");

	ck_assert_uint_eq(c->pools[0].regions[1].ntargets, 2);
	ck_assert_str_eq(diag.entries.at[0].message + strlen("192.0.2.1"),
	    arena_printf(diag.arena,
		" is also in region \"eu\" (%s:3): these regions go up and down together",
		path_of("meridian.yaml")));
	conf_free(c);
	must_refuse(
	    "meridian: 1\n"
	    "regions: {eu: {jurisdiction: EU}, us: {jurisdiction: US}}\n"
	    "pools: {w: {regions: {eu: [{addr: 192.0.2.1}],\n"
	    "  us: [{addr: [\"2001:db8::1\", 192.0.2.1]}]}}}\n",
	    ":4:8: error: 192.0.2.1 is also in region \"eu\"");
}
END_TEST

/* Once for a policy and a pool, however many names use both. */
START_TEST(a_fault_of_a_policy_is_told_of_the_first_name_that_uses_it)
{
	static const char text[] =
	    "meridian: 1\nregions: {eu: {}}\n"
	    "pools: {w: {regions: {eu: [{addr: 192.0.2.1}]}},\n"
	    "        v: {regions: {eu: [{addr: 192.0.2.2}]}}}\n"
	    "policies: {p: {rules: [{regions: nearest}]}}\n"
	    "names: {z: {pool: w, policy: p}, m: {pool: v, policy: p},\n"
	    "        a: {pool: w, policy: p}, b: {pool: v, policy: p}}\n";

	ck_assert_ptr_null(load(text));
	ck_assert_uint_eq(diag.nerrors, 2);
	ck_assert_str_eq(diag.entries.at[0].message,
	    "region \"eu\" needs a location: policy \"p\" of z. asks for the "
	    "nearest");
	ck_assert_str_eq(diag.entries.at[1].message,
	    "region \"eu\" needs a location: policy \"p\" of m. asks for the "
	    "nearest");
}
END_TEST

START_TEST(homes_of_nobody_are_warned_of)
{
	char *said;

	put("homes.txt",
	    "a.t.example.com us\nb.u.example.com us\n"
	    "c.b.t.example.com eu\nt.example.com eu\n");
	conf_free(must_load(
	    TENANTS("{regions: all, hash: qname, homes: homes.txt}")));
	said = diag_text(&diag);
	ck_assert_ptr_nonnull(strstr(said,
	    "/homes.txt:2:1: warning: b.u.example.com. is a tenant of none of "
	    "the names that the rule at "));
	ck_assert_ptr_nonnull(strstr(said, " steers (3 such lines)\n"));
	free(said);
}
END_TEST

START_TEST(homes_are_refused_with_their_line)
{
	const char *all =
	    TENANTS("{regions: all, hash: qname, homes: homes.txt}");

	put("homes.txt",
	    "a.example. eu\nb.example. su\nc.example.\n"
	    "d.example. eu us\n..a eu\n");
	must_refuse(all, "/homes.txt:2:1: error: there is no region \"su\"");
	must_refuse(all, "/homes.txt:3:1: error: a line is a name and its");
	must_refuse(all, "/homes.txt:4:1: error: a line is a name and its");
	must_refuse(all, "/homes.txt:5:1: error: ");
	put("homes.txt",
	    "m\xc3\xbcn.t.example.com us\n\xc2\xa0"
	    "a.example. eu\n"
	    "\xfc.example. eu\n");
	must_refuse(all,
	    "/homes.txt:1:1: error: a name with characters beyond ASCII: write it");
	must_refuse(all,
	    "/homes.txt:2:1: error: a name with characters beyond ASCII: write it");
	must_refuse(all,
	    "/homes.txt:3:1: error: a name with characters beyond ASCII: write it");
	put("homes.txt", "a.example. eu\nA.example us\n");
	must_refuse(all,
	    "/homes.txt:2:1: error: this name has its region at line 1 "
	    "already");
	put("homes.txt", "a.example. us\n");
	must_refuse(TENANTS("{regions: [eu], hash: qname, homes: homes.txt}"),
	    "/homes.txt:1:1: error: region \"us\" is none of the rule's at");
	must_refuse(
	    TENANTS("{regions: all, fence: EU, hash: qname, homes: homes.txt}"),
	    "/homes.txt:1:1: error: region \"us\" is outside the fence \"EU\"");
	must_refuse(TENANTS("{regions: all, homes: homes.txt}"),
	    "\"homes\" are of \"hash: qname\" alone");
	put("homes.txt", "a.example. ap\n");
	must_refuse(all,
	    "/homes.txt:1:1: error: region \"ap\" is not in pool \"www\" of "
	    "*.t.example.com.");
	must_refuse(TENANTS("{regions: all, hash: qname, homes: gone.txt}"),
	    "gone.txt");
}
END_TEST

#define LATENCY(rest) \
	"meridian: 1\n" \
	"regions: {eu: {}, us: {}}\n" \
	"latency: {file: latency.csv" rest "}\n"

START_TEST(latencies_are_read_with_samples_enough)
{
	struct conf *c;
	const struct conf_latency *l;

	put("latency.csv",
	    "prefix,region,milliseconds,samples\n"
	    "2001:db8::/32,us,1.5,20\n"
	    "192.0.2.0/24 , us, 100 ,20 # far\n\n"
	    "192.0.2.0/24,eu,23.456,10\n"
	    "192.0.2.0/25,eu,1,9\n"
	    "0.0.0.0/0,eu,59999.999,4000000\n");
	c = must_load(LATENCY(", min_samples: 10"));
	l = &c->latency;
	ck_assert_uint_eq(l->nrows, 4);
	ck_assert_uint_eq(l->rows[0].prefix.len, 0);
	ck_assert_uint_eq(l->rows[0].us, 59999999);
	ck_assert_uint_eq(l->rows[1].region, 0);
	ck_assert_uint_eq(l->rows[1].us, 23456);
	ck_assert_uint_eq(l->rows[2].us, 100000);
	ck_assert_uint_eq(l->rows[3].prefix.addr.family, 6);
	ck_assert_uint_eq(l->rows[3].us, 1500);
	conf_free(c);
	c = must_load(LATENCY(""));
	ck_assert_uint_eq(c->latency.nrows, 5);
	conf_free(c);
}
END_TEST

static const struct {
	const char *row, *error;
} rows[] = {
    {"192.0.2.0/24,eu,1", "latency.csv:2:1: error: a line is a prefix, a"},
    {"192.0.2.0/24,eu,1,2,3", "latency.csv:2:1: error: a line is a prefix, a"},
    {"prefix,region,ms,n", "latency.csv:2:1: error: prefix: "},
    {"192.0.2.1/24,eu,1,2", "has bits beyond"},
    {"192.0.2.0/24,ue,1,2", "there is no region \"ue\"; did you mean"},
    {"192.0.2.0/24,eu,-1,2", "\"-1\" is no number of milliseconds"},
    {"192.0.2.0/24,eu,,2", "\"\" is no number of milliseconds"},
    {"192.0.2.0/24,eu,1.2.3,2", "\"1.2.3\" is no number of milliseconds"},
    {"192.0.2.0/24,eu,1.2345,2", "\"1.2345\" is no number of milliseconds"},
    {"192.0.2.0/24,eu,60000,2", "\"60000\" is no number of milliseconds"},
    {"192.0.2.0/24,eu,99999999999999999999,2", "is no number of milliseconds"},
    {"192.0.2.0/24,eu,1,-2", "\"-2\" is no number of samples"},
    {"192.0.2.0/24,eu,1,", "\"\" is no number of samples"},
    {"10.0.0.0/8,eu,3,2", "stand at line 1 already"},
};

START_TEST(a_latency_is_refused_with_its_line)
{
	char text[128];

	snprintf(text, sizeof(text), "10.0.0.0/8,eu,1,2\n%s\n", rows[_i].row);
	put("latency.csv", text);
	must_refuse(LATENCY(""), "latency.csv:2:1: error: ");
	must_refuse(LATENCY(""), rows[_i].error);
}
END_TEST

static const struct {
	const char *text;
	int kind; /* -1: none */
	const char *code, *subdivision;
} places[] = {
    {"EU", CONF_GEO_CONTINENT, "EU", ""},
    {"NA", CONF_GEO_CONTINENT, "NA", ""},
    {"country:NA", CONF_GEO_COUNTRY, "NA", ""},
    {"NO", CONF_GEO_COUNTRY, "NO", ""},
    {"US-CA", CONF_GEO_SUBDIVISION, "US", "CA"},
    {"GB-ENG", CONF_GEO_SUBDIVISION, "GB", "ENG"},
    {"FR-6", CONF_GEO_SUBDIVISION, "FR", "6"},
    {"DE/Frankfurt am Main", CONF_GEO_CITY, "DE", ""},
    {"US-CA/San Jose", CONF_GEO_CITY, "US", "CA"},
    {"NA/Windhoek", CONF_GEO_CITY, "NA", ""},
    {"city:2950159", CONF_GEO_CITY, "\0\0", ""},
    {"DE/", -1, NULL, NULL},
    {"US-/San Jose", -1, NULL, NULL},
    {"city:", -1, NULL, NULL},
    {"city:0", -1, NULL, NULL},
    {"city:+1", -1, NULL, NULL},
    {"city:4294967296", -1, NULL, NULL},
    {"", -1, NULL, NULL},
    {"E", -1, NULL, NULL},
    {"de", -1, NULL, NULL},
    {"DEU", -1, NULL, NULL},
    {"US-", -1, NULL, NULL},
    {"US-ca", -1, NULL, NULL},
    {"US-CALI", -1, NULL, NULL},
    {"country:", -1, NULL, NULL},
    {"country:US-CA", -1, NULL, NULL},
};

START_TEST(places_are_continents_countries_subdivisions_or_cities)
{
	struct conf_geo geo;
	char want[4] = "", text[CONF_GEO_MAX];

	ck_assert_int_eq(
	    conf_geo_parse(places[_i].text, &geo), places[_i].kind >= 0);
	if (places[_i].kind < 0)
		return;
	ck_assert_int_eq((int)geo.kind, places[_i].kind);
	ck_assert_mem_eq(geo.code, places[_i].code, 2);
	strncpy(want, places[_i].subdivision, 3);
	ck_assert_mem_eq(geo.subdivision, want, 3);
	ck_assert_str_eq(conf_geo_format(text, &geo), places[_i].text);
}
END_TEST

/* The monitors' texts: which are equal? */
START_TEST(monitors_are_equal_however_they_are_written)
{
	struct conf *c;
	const struct conf_monitor *m;

	put("m.yaml",
	    "meridian: 1\n"
	    "monitors:\n"
	    "  a: {type: http, port: 80, fall: 3, interval: 5s}\n"
	    "  b: {interval: 5000ms, type: http, expect: {status: 200}}\n"
	    "  c: {type: http, path: /x}\n"
	    "  d: {type: http, expect: {body: ok}}\n"
	    "  e: {type: http, interval: 6s}\n"
	    "  f: {type: dns, query: {name: a}}\n"
	    "  g: {type: dns, query: {name: b}}\n"
	    "  h: {type: dns, query: {name: a}, expect: {records: 1.1.1.1}}\n"
	    "  i: {type: dns, query: {name: a}, expect: {records: 1.1.1.2}}\n"
	    "  j: {type: external}\n"
	    "  k: {type: external}\n"
	    "  l: {type: exec, command: [/bin/true, a b]}\n"
	    "  m: {type: exec, command: [/bin/true, a, b]}\n");
	c = conf_load(path_of("m.yaml"), &diag);
	ck_assert_ptr_nonnull(c);
	m = c->monitors;
	ck_assert_str_eq(m[0].text, m[1].text);
	for (size_t i = 1; i < c->nmonitors; i++)
		for (size_t k = i + 1; k < c->nmonitors; k++)
			ck_assert_str_ne(m[i].text, m[k].text);
	conf_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("conf");
	TCase *t = tcase_create("conf");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, setup, teardown);
	tcase_add_test(t, every_key_is_kept);
	tcase_add_test(t, a_plain_dns_server_needs_only_zones);
	tcase_add_test(t, a_section_may_be_empty);
	tcase_add_test(t, a_short_interval_shortens_the_timeout);
	tcase_add_test(t, one_bound_of_the_ttl_moves_the_other);
	tcase_add_test(t, included_files_add_to_sections);
	tcase_add_test(t, what_two_files_say_of_one_thing_is_refused);
	tcase_add_test(
	    t, cookie_secrets_stand_in_the_file_or_in_one_of_their_own);
	tcase_add_test(t, a_wrong_cookie_secret_is_refused);
	tcase_add_test(t, errors_name_the_included_file);
	tcase_add_test(t, a_file_that_includes_itself_is_refused);
	tcase_add_test(t, files_that_include_each_other_are_refused);
	tcase_add_test(t, includes_are_bounded_in_depth);
	tcase_add_test(
	    t, a_missing_file_is_refused_and_an_empty_pattern_warned_of);
	tcase_add_test(t, a_configuration_must_be_a_file);
	tcase_add_test(t, monitors_are_equal_however_they_are_written);
	tcase_add_test(t, zones_are_found_by_a_pattern);
	tcase_add_test(t, a_zone_found_twice_is_refused);
	tcase_add_test(t, errors_in_a_file_of_prefixes_have_its_line);
	tcase_add_test(t, latencies_are_read_with_samples_enough);
	tcase_add_loop_test(t, a_latency_is_refused_with_its_line, 0,
	    sizeof(rows) / sizeof(*rows));
	tcase_add_test(t, a_policy_that_is_used_takes_the_rules_place);
	tcase_add_test(t, policies_that_unfold_without_bound_are_refused);
	tcase_add_test(t, homes_are_found_by_name);
	tcase_add_test(t, a_file_may_begin_with_a_byte_order_mark);
	tcase_add_test(t, names_of_the_http_listener_are_host_names);
	tcase_add_test(t, a_byte_order_mark_within_a_file_is_refused);
	tcase_add_test(t, a_file_in_utf_16_is_refused_by_name);
	tcase_add_test(t, aliases_repeat_what_keys_of_their_own_hold);
	tcase_add_test(t, a_mistake_that_is_repeated_names_both_places);
	tcase_add_test(t, an_address_in_two_regions_is_warned_of);
	tcase_add_test(
	    t, a_fault_of_a_policy_is_told_of_the_first_name_that_uses_it);
	tcase_add_test(t, homes_of_nobody_are_warned_of);
	tcase_add_test(t, homes_are_refused_with_their_line);
	tcase_add_test(t, a_file_of_lines_has_no_control_characters);
	tcase_add_test(t, a_step_that_cannot_be_read_is_told);
	tcase_add_test(t, names_are_written_as_queries_have_them);
	tcase_add_loop_test(t,
	    places_are_continents_countries_subdivisions_or_cities, 0,
	    sizeof(places) / sizeof(*places));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
