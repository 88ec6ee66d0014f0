/* SPDX-License-Identifier: BSD-3-Clause */
/* What is refused, and in which words: a good configuration with one part
 * replaced. */
#include "conf/check.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

/* clang-format off */
static const struct part {
	const char *key, *value;
} good[] = {
	{"meridian", "1"},
	{"server", "{listen: [\"127.0.0.1@0\"]}"},
	{"geoip", "{nets: {corp: [10.0.0.0/8]}}"},
	{"zones", "{example.com: example.com.zone}"},
	{"regions", "{eu: {location: [50, 8], jurisdiction: EU}, "
		"us: {location: [39, -77], jurisdiction: US}}"},
	{"monitors", "{web: {type: http}}"},
	{"pools", "{www: {monitor: web, regions: {eu: [{addr: 192.0.2.1}], "
		"us: [{addr: 192.0.2.2}]}}, "
		"sorry: {regions: {eu: [{addr: 192.0.2.3}]}}}"},
	{"policies", "{p: {rules: [{nets: corp, regions: [us]}, "
		"{geo: DE, regions: [eu], fence: EU, "
		"when_all_down: {pool: sorry}}, {regions: nearest}]}}"},
	{"names", "{www.example.com: {pool: www, policy: p}}"},
	{"safety", "{max_fill: 85%}"},
	{"tests", "[{name: www.example.com, from: DE, expect: eu}]"},
};
/* clang-format on */

enum { PARTS = sizeof(good) / sizeof(*good) };

/* The good configuration, but this key with this value; NULL: without it; a
 * key that is not there is added. The caller frees it. */
static char *
compose(const char *key, const char *value)
{
	char *text = NULL;
	size_t len, i;
	bool found = false;
	FILE *f = open_memstream(&text, &len);

	for (i = 0; i < PARTS; i++) {
		bool this = key && strcmp(good[i].key, key) == 0;

		found |= this;
		if (!this || value)
			fprintf(f, "%s: %s\n", good[i].key,
			    this ? value : good[i].value);
	}
	if (key && !found)
		fprintf(f, "%s: %s\n", key, value);
	fclose(f);
	return text;
}

/* Loads it; what is wrong with it comes back as text. */
static char *
load(const char *key, const char *value, bool *ok)
{
	char *text = compose(key, value), *said;
	struct diag d;
	struct conf *c;

	diag_init(&d);
	c = conf_load_text("f.yaml", text, &d);
	*ok = c != NULL;
	ck_assert(*ok == (d.nerrors == 0));
	said = diag_text(&d);
	conf_free(c);
	diag_fini(&d);
	free(text);
	return said;
}

START_TEST(the_good_configuration_is_accepted_in_silence)
{
	bool ok;
	char *said = load(NULL, NULL, &ok);

	ck_assert_msg(ok, "%s", said);
	ck_assert_str_eq(said, "");
	free(said);
}
END_TEST

/* clang-format off */
static const struct {
	const char *key, *value, *message;
} refused[] = {
	/* the top */
	{"meridian", NULL, "needs the key \"meridian\""},
	{"meridian", "2", "\"meridian\" must be 1"},
	{"meridian", "one", "must be a whole number, not \"one\""},
	{"servers", "{}", "unknown key \"servers\" in the configuration; "
		"did you mean \"server\"?"},
	{"zzzzzz", "{}", "unknown key \"zzzzzz\" in the configuration\n"},
	{"include", "[x.yaml]", "no other file can be read here"},
	{"include", "{a: b}", "\"include\" must be a list"},
	{"regions", "[eu]", "regions must be a map"},
	{"regions", "text", "regions must be a map"},
	/* kinds */
	{"server", "{listen: 127.0.0.1}", "not address@port"},
	{"server", "{listen: []}", "it must have 1 to 64"},
	{"server", "{listen: {a: b}}", "\"listen\" must be a list"},
	{"server", "{listen: }", "\"listen\" must be a list"},
	{"server", "{workers: 0}", "it must be 1 to 256"},
	{"server", "{workers: 257}", "it must be 1 to 256"},
	{"server", "{workers: 010}", "a whole number, not \"010\""},
	{"server", "{workers: 0x10}", "a whole number"},
	{"server", "{workers: +1}", "a whole number"},
	{"server", "{workers: 1.5}", "a whole number"},
	{"server", "{workers: 99999999999999999999}", "a whole number"},
	{"server", "{workers: -}", "a whole number"},
	{"server", "{workers: }", "\"workers\" has no value"},
	{"server", "{workers: [1]}", "not a list"},
	{"server", "{http: {a: b}}", "not a map"},
	{"server", "{state: ''}", "must be a path"},
	{"server", "{nsid: ''}", "must have 1 to 128 octets"},
	{"server", "{nsid: \"a\\tb\"}", "control character"},
	{"server", "{ecs_from: some}", "any, none or a list of prefixes"},
	{"server", "{ecs_from: [10.0.0.1/8]}", "10.0.0.0/8 is meant?"},
	{"server", "{rate_limit: {slip: 3}}",
	    "\"rate_limit\" without \"per_second\" limits nothing"},
	{"server", "{rate_limit: {per_second: 5, mode: off}}",
	    "\"mode\" must be enforce or observe, not \"off\""},
	{"safety", "{max_fill: 85}", "a percentage, as 85%, not \"85\""},
	{"safety", "{max_fill: 0%}", "it must be 1% to 1000%"},
	{"safety", "{max_fill: '%'}", "a percentage"},
	{"safety", "{min_regions: -1}", "it must be 0 to 64"},
	/* geoip, zones */
	{"geoip", "{nets: {corp: [x]}}", "x: not an address"},
	{"geoip", "{nets: {corp: []}}", "it must have 1 to"},
	{"geoip", "{nets: {corp: a.txt}}", "no other file"},
	{"geoip", "{nets: {corp: [10.0.0.0/8], B: [a]}}", "\"B\" is not a "
		"valid name"},
	{"geoip", "{nets: [a]}", "must be a map of a name to prefixes"},
	{"geoip", "{databases: [[a]]}", "must be a path, not a list"},
	{"zones", "z/*.zone", "no other file"},
	{"zones", "{example.com: a, EXAMPLE.com.: b}", "duplicate zone "
		"example.com.: it is already declared at f.yaml:4, as a"},
	{"zones", "{a..b: z}", "empty label"},
	/* regions */
	{"regions", "{eu: {location: [91, 0]}}", "-90 to 90"},
	{"regions", "{eu: {location: [1]}}", "[latitude, longitude]"},
	{"regions", "{eu: {location: [nan, 1]}}", "[latitude, longitude]"},
	{"regions", "{eu: {location: 1}}", "[latitude, longitude]"},
	{"regions", "{eu: {bias: -91}}", "it must be -90 to 900"},
	{"regions", "{eu: {capacity: 0}}", "it must be 1 to"},
	{"regions", "{-x: {}}", "\"-x\" is not a valid name"},
	{"regions", "{\"a/b\": {}}", "\"a/b\" is not a valid name"},
	{"regions", "{eu: {}, eu: {}}", "duplicate key \"eu\""},
	/* monitors */
	{"monitors", "{web: {type: htp}}", "\"type\" must be tcp, http, https, dns, "
		"external, exec, icmp or grpc, not \"htp\"; did you mean \"http\"?"},
	{"monitors", "{web: {}}", "a monitor needs the key \"type\""},
	{"monitors", "{web: {type: tcp}}", "needs the key \"port\""},
	{"monitors", "{e: {type: external, fresh: 5s}}", "the age of a file"},
	{"monitors", "{e: {type: external, on_stale: up}}",
		"keep, down or ignore, not \"up\""},
	{"monitors", "{x: {type: exec}}", "needs the key \"command\""},
	{"monitors", "{x: {type: exec, command: []}}", "it must have 1 to 64"},
	{"monitors", "{x: {type: exec, command: a, path: /}}",
		"\"path\" is not for a monitor of type exec"},
	{"monitors", "{n: {type: dns}}", "needs the key \"query\""},
	{"monitors", "{n: {type: dns, query: {type: A}}}",
		"needs the key \"query.name\""},
	{"monitors", "{n: {type: dns, query: {name: a, type: B}}}",
		"\"type\" must be a type of records"},
	{"monitors", "{n: {type: dns, query: {name: a..b}}}", "not a name"},
	{"monitors", "{n: {type: dns, query: {name: a}, expect: {rcode: 3}}}",
		"\"rcode\" must be an rcode"},
	{"monitors",
		"{n: {type: dns, query: {name: a}, expect: {records: [1]}}}",
		"A: address: \"1\" is not an IPv4 address"},
	{"monitors",
		"{n: {type: dns, query: {name: a}, expect: {status: 200}}}",
		"\"status\" is not for a monitor of type dns"},
	{"monitors", "{web: {type: tcp, port: 1, host: x}}", "\"host\" is not "
		"for a monitor of type tcp"},
	{"monitors", "{web: {type: http, interval: 5}}", "a duration with its "
		"unit, as 5s or 800ms, not \"5\""},
	{"monitors", "{web: {type: http, interval: 99ms}}", "it must be 100ms "
		"to 1h"},
	{"monitors", "{web: {type: http, timeout: 6s}}", "\"timeout\" is "
		"longer than \"interval\""},
	{"monitors", "{web: {type: http, fall: 0}}", "it must be 1 to 100"},
	{"monitors", "{web: {type: http, path: x}}", "begin with /"},
	{"monitors", "{web: {type: http, path: /a b}}", "begin with /"},
	{"monitors", "{web: {type: http, host: a/b}}", "a host name"},
	{"monitors", "{web: {type: http, verifi: off}}", "unknown key"},
	{"monitors", "{web: {type: http, verify: off}}",
	    "is not for a monitor of type http"},
	{"monitors", "{web: {type: https, verify: no}}", "not \"no\"; did you mean \"off\"?"},
	{"monitors", "{web: {type: https, verify: off, ca: x.pem}}", "no use"},
	{"monitors", "{web: {type: https, sni: \"a:1\"}}", "host name"},
	{"monitors", "{web: {type: https, sni: .a.example}}",
	    "\"sni\" must be a host name"},
	{"monitors", "{web: {type: http, host: .a.example}}",
	    "\"host\" must be a host name"},
	{"monitors", "{web: {type: https, host: \"b\303\274cher.example\"}}",
	    "\"host\" must be a host name in ASCII"},
	{"monitors", "{web: {type: https, sni: \"b\303\274cher.example\"}}",
	    "\"sni\" must be a host name in ASCII"},
	{"monitors", "{web: {type: https, host: \":1\"}}", "host name"},
	{"monitors", "{web: {type: https, host: \"[]\"}}", "host name"},
	{"monitors", "{web: {type: https, host: \"a?b\"}}", "host name"},
	{"monitors", "{h: {type: grpc}}", "needs the key \"port\""},
	{"monitors", "{h: {type: grpc, port: 1, sni: a}}", "needs \"tls\" on"},
	{"monitors", "{h: {type: grpc, port: 1, verify: off}}",
	    "\"verify\" needs \"tls\" on"},
	{"monitors", "{h: {type: grpc, port: 1, tls: on, sni: \"a:1\"}}",
	    "host name"},
	{"monitors", "{h: {type: grpc, port: 1, host: \":1\"}}", "host name"},
	{"monitors", "{h: {type: grpc, port: 1, path: /}}",
	    "\"path\" is not for a monitor of type grpc"},
	{"monitors", "{web: {type: http, tls: on}}", "is not for a monitor of"},
	{"monitors", "{web: {type: http, method: get}}", "GET, HEAD"},
	{"monitors", "{web: {type: http, payload: x}}", "POST and PUT"},
	{"monitors", "{web: {type: http, method: HEAD, expect: {body: x}}}",
	    "no body"},
	{"monitors", "{web: {type: http, headers: [a]}}", "must be a map"},
	{"monitors", "{web: {type: http, headers: {\"a b\": c}}}",
	    "no name for a header"},
	{"monitors", "{web: {type: http, headers: {Host: c}}}",
	    "made by the probe"},
	{"monitors", "{web: {type: http, headers: {X: \"a\\nb\"}}}",
	    "control character"},
	{"monitors", "{web: {type: http, expect: {status: []}}}", "1 to 64"},
	{"monitors", "{web: {type: http, slow: 2s}}", "shorter than"},
	{"monitors", "{web: {type: http, expect: {status: 99}}}", "100 to 599"},
	/* pools */
	{"pools", "{www: {}}", "a pool needs the key \"regions\""},
	{"pools", "{www: {regions: {}}}", "1 to 64 regions"},
	{"pools", "{www: {regions: [eu]}}", "a map of a region"},
	{"pools", "{www: {regions: {ue: [{addr: 1.2.3.4}]}}}", "there is no "
		"region \"ue\"; did you mean \"eu\"?"},
	{"pools", "{www: {regions: {eu: []}}}", "it must have 1 to 1024"},
	{"pools", "{www: {regions: {eu: {addr: 1.2.3.4}}}}", "\"eu\" must be "
		"a list"},
	{"pools", "{www: {monitor: wbe, regions: {eu: [{addr: 1.2.3.4}]}}}",
		"there is no monitor \"wbe\"; did you mean \"web\"?"},
	{"pools", "{www: {monitor: [web, web], regions: {eu: [{addr: "
		"1.2.3.4}]}}}", "the monitor \"web\" stands twice"},
	{"pools", "{www: {regions: {eu: [{}]}}}", "one of the keys"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4, cname: a.}]}}}",
		"a target with a CNAME has nothing else"},
	{"pools", "{www: {regions: {eu: [{records: {TXT: a}, cname: a.}]}}}",
		"a target with a CNAME has nothing else"},
	{"pools", "{www: {regions: {eu: [{records: [a]}]}}}",
		"\"records\" must be a map of a record type"},
	{"pools", "{www: {regions: {eu: [{records: {}}]}}}",
		"a target has 1 to 64 records"},
	{"pools", "{www: {regions: {eu: [{records: {TXT: []}}]}}}",
		"1 to 64 records"},
	{"pools", "{www: {regions: {eu: [{records: {TXT: [], MX: a}}]}}}",
		"no record of this type"},
	{"pools", "{www: {regions: {eu: [{records: {TXT: [[a]]}}]}}}",
		"a record is text"},
	{"pools", "{www: {regions: {eu: [{records: {TXT: ''}}]}}}",
		"a record is text"},
	{"pools", "{www: {regions: {eu: [{records: {TEXT: a}}]}}}",
		"\"TEXT\" is no record type"},
	{"pools", "{www: {regions: {eu: [{records: {A: 192.0.2.1}}]}}}",
		"A is no record of a target: write addresses as \"addr\""},
	{"pools", "{www: {regions: {eu: [{records: {TYPE5: a.}}]}}}",
		"TYPE5 is no record of a target: write it as \"cname\""},
	{"pools", "{www: {regions: {eu: [{records: {ANY: a}}]}}}",
		"ANY is no record of a target: no name has it"},
	{"pools", "{www: {monitor: web, regions: {eu: [{records: {TXT: "
		"a}}]}}}", "a target of a pool with a monitor needs one"},
	{"pools", "{www: {regions: {eu: [{records: {TXT: a, MX: 1 a.}}], "
		"us: [{records: {TXT: b}}]}}}",
		"this one offers TXT alone, the first MX and TXT"},
	{"pools", "{www: {regions: {eu: [{records: {TXT: a}}, "
		"{records: {TXT: a}}]}}}", "duplicate of the target at"},
	{"pools", "{www: {regions: {eu: [{addr: []}]}}}", "needs an address"},
	{"pools", "{www: {regions: {eu: [{addr: example.com}]}}}",
		"must be an address"},
	{"pools", "{www: {regions: {eu: [{addr: [1.2.3.4, 1.2.3.5]}]}}}",
		"at most one IPv4 address"},
	{"pools", "{www: {regions: {eu: [{addr: [\"::2\", \"::1\"]}]}}}",
		"at most one IPv6 address"},
	{"pools", "{www: {regions: {eu: [{cname: \"*.a\"}]}}}", "cannot be a target"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4, weight: 0}]}}}",
		"it must be 1 to 1000000"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}], us: [{addr: "
		"\"::1\"}]}}}", "this one offers AAAA alone, the first A "
		"alone"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}], us: [{cname: "
		"a.}]}}}", "this one offers CNAME alone, the first A alone"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}, {cname: a.}]}}}",
		"a pool of CNAMEs offers nothing else"},
	{"pools", "{www: {regions: {eu: [{cname: a.}, {cname: b.}]}}}",
		"a name has one CNAME"},
	{"pools", "{www: {monitor: web, regions: {eu: [{cname: a.}]}}}",
		"as \"probe\""},
	{"pools", "{www: {regions: {eu: [{cname: a., probe: 1.2.3.4}]}}}",
		"in a pool without a monitor"},
	{"pools", "{www: {monitor: web, regions: {eu: [{addr: 1.2.3.4, probe: "
		"1.2.3.4}]}}}", "\"cname\": others are probed at their"},
	{"pools", "{www: {monitor: web, regions: {eu: [{cname: a., probe: "
		"[1.2.3.4, 1.2.3.5]}]}}}", "one IPv4 address at most"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}], us: [{addr: "
		"1.2.3.4}]}}}", "1.2.3.4 is also in region \"eu\" (f.yaml:7), which has another jurisdiction"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}, {addr: 1.2.3.4}]}}}",
		"duplicate of the target at"},
	{"pools", "{www: {answer: {mode: one}, regions: {eu: [{cname: a.}, "
		"{cname: A.}]}}}", "duplicate of the target at"},
	{"pools", "{www: {min_healthy: 2, regions: {eu: [{addr: 1.2.3.4}]}}}",
		"would never be live"},
	{"pools", "{www: {answer: {mode: some}, regions: {eu: [{addr: "
		"1.2.3.4}]}}}", "\"mode\" must be all or one, not \"some\""},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}]}, require: 1}}",
		"more than the 0 monitors"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}]}, require: some}}",
		"\"require\" must be all, any or a number"},
	{"pools", "{www: {regions: {eu: [{addr: 1.2.3.4}]}, require: 17}}",
		"it must be 1 to 16"},
	/* policies */
	{"policies", "{p: {}}", "a policy needs the key \"rules\""},
	{"policies", "{p: {rules: []}}", "it must have 1 to 1000"},
	{"policies", "{p: {rules: {regions: [eu]}}}", "\"rules\" must be a "
		"list"},
	{"policies", "{p: {rules: [{geo: DE, regions: [eu]}]}}", "the last "
		"rule must match every client"},
	{"policies", "{p: {rules: [{regions: [eu]}, {geo: DE, regions: "
		"[us]}]}}", "this rule can never match"},
	{"policies", "{p: {rules: [{geo: DE, regions: [eu]}, {geo: DE-BY, "
		"regions: [us]}, {regions: [eu]}]}}", "can never match"},
	{"policies", "{p: {rules: [{asn: [1, 2], regions: [eu]}, {asn: 2, "
		"nets: corp, regions: [us]}, {regions: [eu]}]}}",
		"can never match"},
	{"policies", "{p: {rules: [{nets: corp, regions: [eu]}, {nets: corp, "
		"regions: [us]}, {regions: [eu]}]}}", "can never match"},
	{"policies", "{p: {rules: [{}]}}", "needs the key \"regions\""},
	{"policies", "{p: {rules: [{regions: near}]}}", "a list of regions, "
		"a map of their weights, nearest, latency or all, not \"near\""},
	{"policies", "{p: {rules: [{regions: []}]}}", "it must have 1 to"},
	{"policies", "{p: {rules: [{policy: q}]}}",
		"there is no policy \"q\""},
	{"policies", "{p: {rules: [{policy: p}]}}",
		"policies use each other in a circle: \"p\", \"p\""},
	{"policies", "{o: {rules: [{policy: p}]}, p: {rules: [{geo: DE, "
		"policy: q}, {regions: all}]}, q: {rules: [{policy: r}]}, r: "
		"{rules: [{policy: p}]}}",
		"policies use each other in a circle: \"p\", \"q\", \"r\", "
		"\"p\""},
	{"policies", "{p: {rules: [{policy: q, regions: all}]}, q: {rules: "
		"[{regions: all}]}}",
		"a rule that uses a policy has no \"regions\" of its own"},
	{"policies", "{p: {rules: [{policy: q, fence: EU}]}, q: {rules: "
		"[{regions: [us]}]}}",
		"no region within the fence is left for pool \"www\" of "
		"www.example.com., as the rule at f.yaml:8 uses it"},
	{"policies", "{p: {rules: [{policy: q, fence: EU}]}, q: {rules: "
		"[{regions: [us], fence: US}]}}",
		"no region within the fence is left"},
	{"policies", "{p: {rules: [{policy: q, fence: US}]}, q: {rules: "
		"[{regions: all, when_all_down: {pool: sorry}}]}}",
		"would leave the fence \"US\": its region \"eu\" is outside"},
	{"policies", "{p: {rules: [{policy: a}]}, a: {rules: [{policy: b}]}, "
		"b: {rules: [{policy: c}]}, c: {rules: [{policy: d}]}, "
		"d: {rules: [{policy: e}]}, e: {rules: [{policy: f}]}, "
		"f: {rules: [{policy: g}]}, g: {rules: [{policy: h}]}, "
		"h: {rules: [{regions: all}]}}",
		"policies use each other more than 8 deep"},
	{"policies", "{p: {rules: [{regions: all, trickle: 51%}]}}",
		"\"trickle\" is out of range: it must be 1% to 50%"},
	{"policies", "{p: {rules: [{regions: all, trickle: 1}]}}",
		"\"trickle\" must be a percentage, as 85%"},
	{"policies", "{p: {rules: [{regions: {eu: 1}, trickle: 1%}]}}",
		"what is drawn has weights, not a \"trickle\""},
	{"policies", "{p: {rules: [{regions: latency}]}}",
		"\"regions: latency\" needs a table"},
	{"latency", "{min_samples: 2}", "\"latency\" without \"file\""},
	{"latency", "{file: f}", "no other file can be read here"},
	{"policies", "{p: {rules: [{regions: {}}]}}", "it must have 1 to"},
	{"policies", "{p: {rules: [{regions: {eu: 0, us: 0}}]}}",
		"no region has a weight above 0"},
	{"policies", "{p: {rules: [{regions: {eu: 1000001}}]}}",
		"\"eu\" is out of range: it must be 0 to 1000000"},
	{"policies", "{p: {rules: [{regions: {eu: 1, su: 1}}]}}",
		"there is no region \"su\"; did you mean"},
	{"policies", "{p: {rules: [{regions: nearest, hash: client}]}}",
		"\"hash\" needs a list of regions"},
	{"policies", "{p: {rules: [{regions: all, hash: name}]}}",
		"\"hash\" must be none, client, random or qname, not"},
	{"policies", "{p: {rules: [{regions: {eu: 1}, hash: qname}]}}",
		"\"hash: qname\" weighs all regions the same"},
	{"policies", "{p: {rules: [{regions: all, hash: qname, homes: f}]}}",
		"no other file can be read here"},
	{"policies", "{p: {rules: [{regions: {eu: 1}, hash: none}]}}",
		"a map of weights is drawn from"},
	{"policies", "{p: {rules: [{regions: nearest, band: 500}]}}",
		"\"band\" must be a distance, as 500km, not \"500\""},
	{"policies", "{p: {rules: [{regions: nearest, band: 0km}]}}",
		"\"band\" is out of range: it must be 1km to 20000km"},
	{"policies", "{p: {rules: [{regions: all, band: 500km}]}}",
		"\"band\" is of \"regions: nearest\" and of latency alone"},
	{"policies", "{p: {rules: [{box: [50, 5, 40, 9], regions: [eu]}, "
		"{regions: all}]}}", "\"box\" is empty"},
	{"policies", "{p: {rules: [{box: [50, 5, 55], regions: [eu]}, "
		"{regions: all}]}}", "\"box\" must be [south, west, north"},
	{"policies", "{p: {rules: [{box: [40, 5, 50, 9], regions: [eu]}, {box: "
		"[41, 5, 50, 8], regions: [eu]}, {regions: all}]}}",
		"this rule can never match"},
	{"policies", "{p: {rules: [{geo: DE, regions: [eu]}, {geo: DE/Berlin, "
		"regions: [eu]}, {regions: all}]}}",
		"this rule can never match"},
	{"policies", "{p: {rules: [{regions: [eu, su]}]}}", "there is no "
		"region \"su\"; did you mean"},
	{"policies", "{p: {rules: [{nets: crop, regions: [eu]}, {regions: "
		"[eu]}]}}", "no net \"crop\"; did you mean \"corp\"?"},
	{"policies", "{p: {rules: [{geo: de, regions: [eu]}, {regions: "
		"[eu]}]}}", "codes in upper case, not \"de\""},
	{"policies", "{p: {rules: [{geo: [], regions: [eu]}, {regions: "
		"[eu]}]}}", "it must have 1 to"},
	{"policies", "{p: {rules: [{asn: AS1, regions: [eu]}, {regions: "
		"[eu]}]}}", "a whole number"},
	{"policies", "{p: {rules: [{asn: 4294967296, regions: [eu]}, "
		"{regions: [eu]}]}}", "1 to 4294967295"},
	{"policies", "{p: {rules: [{regions: [eu], fence: UE}]}}", "no region "
		"has the jurisdiction \"UE\"; did you mean \"EU\"?"},
	{"policies", "{p: {rules: [{regions: [us], fence: EU}]}}",
		"no region within the fence is left for pool \"www\""},
	{"policies", "{p: {rules: [{regions: nearest, fence: EU}], unlocated: "
		"[us]}}", "no region of \"unlocated\" within the fence"},
	{"policies", "{p: {rules: [{regions: [us], fence: US}], "
		"when_all_down: {pool: sorry}}}", "would leave the fence "
		"\"US\": its region \"eu\" is outside"},
	{"policies", "{p: {rules: [{regions: [us]}], when_all_down: none}}",
		"all, last_known or {pool: NAME}"},
	{"policies", "{p: {rules: [{regions: [us]}], when_all_down: {pool: "
		"sory}}}", "did you mean \"sorry\"?"},
	{"policies", "{p: {rules: [{regions: [us]}], when_all_down: {}}}",
		"when_all_down needs the key \"pool\""},
	{"policies", "{p: {rules: [{regions: [us]}], when_all_down: {pool: "
		"www}}}", "is what is down"},
	{"policies", "{p: {rules: [{regions: [us]}], when_all_down: {pool: "
		"sorry, policy: p}}}", "unknown key \"policy\""},
	/* names, tests */
	{"names", "{www.example.com: {pool: ww, policy: p}}", "did you mean "
		"\"www\"?"},
	{"names", "{www.example.com: {policy: p}}", "needs the key \"pool\""},
	{"names", "{www.example.com: {pool: www, policy: [p]}}", "the name of "
		"a policy, not a list"},
	{"names", "{www.example.com: www}", "a name must be a map"},
	{"names", "{www.example.com: {pool: www, policy: p, rto: 20s}}",
	    "leaves a dead region within 28 s: its rto is"},
	{"names", "{www.example.com: {pool: www, policy: p}, WWW.example.com.: "
		"{pool: www, policy: p}}", "already declared at f.yaml:9"},
	{"names", "{www.example.com: {pool: www, policy: p, ttl: {max: 5, "
		"min: 6}}}", "\"min\" is more than \"max\""},
	{"names", "{www.example.com: {pool: www, policy: p, ttl: {min: 0}}}",
		"it must be 1 to 86400"},
	{"names", "{www.example.com: {pool: www, policy: p, ttl: 60}}",
		"ttl must be a map"},
	{"tests", "[{name: www.exmple.com, from: DE, expect: eu}]", "there is "
		"no name \"www.exmple.com\""},
	{"tests", "[{name: www.example.com, from: Mars, expect: eu}]",
		"an address, a prefix, or a place"},
	{"tests", "[{name: www.example.com, from: DE, expect: ue}]", "there "
		"is no region \"ue\"; did you mean \"eu\"?"},
	{"tests", "[{name: www.example.com, from: DE, down: [x], expect: "
		"eu}]", "there is no region \"x\""},
	{"tests", "[a]", "a test must be a map"},
	{"tests", "[{name: x.example.net, from: DE, expect: {ttl: 5}}]",
		"there is no name \"x.example.net\""},
	{"tests", "[{name: www.example.com, from: DE, resolver: DE, expect: "
		"eu}]", "\"resolver\" must be an address"},
	{"tests", "[{name: www.example.com, from: DE, type: B, expect: eu}]",
		"a type of records"},
	{"tests", "[{name: www.example.com, from: DE, signal: {we: up}, "
		"expect: eu}]", "no monitor \"we\"; did you mean \"web\"?"},
	{"tests", "[{name: www.example.com, from: DE, signal: {web/x: up}, "
		"expect: eu}]", "\"web/x\" is not MONITOR/ADDRESS"},
	{"tests", "[{name: www.example.com, from: DE, signal: {web: on}, "
		"expect: eu}]", "must be a map to up or down"},
	{"tests", "[{name: www.example.com, from: DE, signal: web, "
		"expect: eu}]", "must be a map of monitors to up or down"},
	{"tests", "[{name: www.example.com, from: DE, expect: {}}]",
		"\"expect\" expects nothing"},
	{"tests", "[{name: www.example.com, from: DE, expect: [eu]}]",
		"the name of a region or a pool, or a map"},
	{"tests", "[{name: www.example.com, from: DE, expect: {scope: 24}}]",
		"a place has no scope"},
	{"tests", "[{name: www.example.com, from: DE, expect: {scope: 129}}]",
		"it must be 0 to 128"},
	{"tests", "[{name: www.example.com, from: DE, expect: {rcode: A}}]",
		"must be an rcode"},
	{"tests", "[{name: www.example.com, from: DE, expect: {addresses: "
		"eu}}]", "a list of addresses"},
	{"tests", "[{name: www.example.com, from: DE, expect: {all_down: "
		"1}}]", "must be no or yes"},
	/* addresses of no machine */
	{"server", "{listen: [127.0.0.1@53, 224.0.0.1@53]}",
		"224.0.0.1 is a multicast address: write an address of this machine, or 0.0.0.0 for all of them"},
	{"server", "{http: \"ff02::1@80\"}",
		"ff02::1 is a multicast address: write an address of this machine, or :: for all of them"},
	{"pools", "{www: {regions: {eu: [{addr: 0.0.0.0}]}}}",
		"0.0.0.0 is the unspecified address: write the address of"},
	{"pools", "{www: {regions: {eu: [{addr: [1.2.3.4, \"::\"]}]}}}",
		":: is the unspecified address"},
	{"pools", "{www: {regions: {eu: [{addr: 224.0.0.1}]}}}",
		"224.0.0.1 is a multicast address"},
	{"pools", "{www: {regions: {eu: [{addr: 255.255.255.255}]}}}",
		"255.255.255.255 is the broadcast address"},
	{"pools", "{www: {regions: {eu: [{addr: 0.1.2.3}]}}}",
		"0.1.2.3 is not the address of a host (RFC 6890)"},
	{"pools", "{www: {regions: {eu: [{addr: \"ff02::1\"}]}}}",
		"ff02::1 is a multicast address"},
	{"pools", "{www: {regions: {eu: [{addr: \"fe80::1\"}]}}}",
		"fe80::1 is a link-local address"},
	{"pools", "{www: {monitor: web, regions: {eu: [{cname: a., probe: "
		"0.0.0.0}]}}}", "0.0.0.0 is the unspecified address"},
	{"health", "{anchors: [\"0.0.0.0@53\", \"192.0.2.1@53\"]}",
		"the anchor 0.0.0.0@53 is the unspecified address"},
	{"health", "{anchors: [\"192.0.2.1@53\", \"239.1.1.1@53\"]}",
		"the anchor 239.1.1.1@53 is a multicast address"},
	{"health", "{anchors: [\"192.0.2.1@0\", \"192.0.2.2@53\"]}",
		"the anchor 192.0.2.1@0 needs a port: 1 to 65535"},
	/* what stands twice */
	{"policies", "{p: {rules: [{regions: [eu, us, eu]}]}}",
		"\"eu\" stands in \"regions\" already"},
	{"policies", "{p: {rules: [{regions: nearest}], unlocated: [us, us]}}",
		"\"us\" stands in \"unlocated\" already"},
	{"geoip", "{nets: {corp: 10.0.0.0/8}}",
		"write a prefix in brackets, [10.0.0.0/8]"},
};
/* clang-format on */

START_TEST(each_mistake_is_refused_in_its_own_words)
{
	bool ok;
	char *said = load(refused[_i].key, refused[_i].value, &ok);

	ck_assert_msg(
	    !ok, "%s: %s is accepted", refused[_i].key, refused[_i].value);
	ck_assert_msg(strstr(said, refused[_i].message) != NULL, "%s: %s:\n%s",
	    refused[_i].key, refused[_i].value, said);
	free(said);
}
END_TEST

static const struct {
	const char *key, *value, *warning;
} warned[] = {
    {"regions",
	"{eu: {location: [50, 8], jurisdiction: EU}, us: "
	"{location: [39, -77]}, ap: {}}",
	"region \"ap\" is used by "
	"no pool"},
    {"monitors", "{web: {type: http}, db: {type: tcp, port: 1}}",
	"monitor \"db\" is used by no pool"},
    {"geoip", "{nets: {corp: [10.0.0.0/8], lab: [\"::/0\"]}}",
	"net "
	"\"lab\" is used by no rule"},
    {"policies",
	"{p: {rules: [{nets: corp, regions: [eu]}, {regions: "
	"[us]}]}}",
	"pool \"sorry\" is used by no name"},
    {"policies",
	"{p: {rules: [{nets: corp, regions: [eu]}, {regions: "
	"[us]}], when_all_down: {pool: sorry}}, q: {rules: [{regions: "
	"[eu]}]}}",
	"policy \"q\" is used by no name"},
    {"health", "{anchors: [\"192.0.2.1@443\"]}", "there is only one anchor"},
    {"geoip", "{nets: {corp: [10.0.0.0/8], lab: [10.0.0.0/8]}}",
	"10.0.0.0/8 is in net \"lab\" and also in net \"corp\" (f.yaml:3)"},
    {"geoip", "{nets: {corp: [10.0.0.0/8, 10.0.0.0/8]}}",
	"duplicate prefix 10.0.0.0/8 in net \"corp\""},
    {"safety", "{min_regions: 3}",
	"pool \"www\" has 2 regions, fewer than safety.min_regions, 3"},
};

START_TEST(what_nothing_uses_is_a_warning)
{
	bool ok;
	char *said = load(warned[_i].key, warned[_i].value, &ok);

	ck_assert_msg(ok, "%s", said);
	ck_assert_msg(strstr(said, warned[_i].warning) != NULL, "%s", said);
	ck_assert_ptr_nonnull(strstr(said, ": warning: "));
	free(said);
}
END_TEST

/* Rules that an earlier one seems to cover, and does not. */
static const char *const reached[] = {
    "{geo: DE-BY, regions: [eu]}, {geo: DE, regions: [us]}",
    "{geo: \"country:AF\", regions: [eu]}, {geo: AF, regions: [us]}",
    "{asn: 1, geo: DE, regions: [eu]}, {asn: 1, regions: [us]}",
    "{nets: corp, asn: 1, regions: [eu]}, {nets: corp, regions: [us]}",
    "{asn: [1, 2], regions: [eu]}, {asn: [2, 3], regions: [us]}",
};

START_TEST(a_rule_that_can_match_is_accepted)
{
	char value[512], *said;
	bool ok;

	snprintf(value, sizeof(value), "{p: {rules: [%s, {regions: [eu]}]}}",
	    reached[_i]);
	said = load("policies", value, &ok);
	ck_assert_msg(ok, "%s", said);
	free(said);
}
END_TEST

START_TEST(nearest_needs_to_know_where_regions_are)
{
	bool ok;
	char *said = load("regions", "{eu: {jurisdiction: EU}, us: {}}", &ok);

	ck_assert(!ok);
	ck_assert_ptr_nonnull(strstr(said, "region \"us\" needs a location"));
	free(said);
}
END_TEST

START_TEST(a_fallback_offers_what_the_pool_offers)
{
	bool ok;
	char *said = load("pools",
	    "{www: {monitor: web, regions: {eu: [{addr: "
	    "[1.1.1.1, \"::1\"]}], us: [{addr: [1.1.1.2, \"::2\"]}]}}, "
	    "sorry: {regions: {eu: [{addr: 192.0.2.3}]}}}",
	    &ok);

	ck_assert(!ok);
	ck_assert_ptr_nonnull(strstr(said,
	    "pool \"sorry\" offers A alone "
	    "where pool \"www\" of www.example.com. offers A and AAAA"));
	free(said);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("check");
	TCase *t = tcase_create("check");
	SRunner *r;
	int failed;

	tcase_add_test(t, the_good_configuration_is_accepted_in_silence);
	tcase_add_loop_test(t, each_mistake_is_refused_in_its_own_words, 0,
	    sizeof(refused) / sizeof(*refused));
	tcase_add_loop_test(t, what_nothing_uses_is_a_warning, 0,
	    sizeof(warned) / sizeof(*warned));
	tcase_add_loop_test(t, a_rule_that_can_match_is_accepted, 0,
	    sizeof(reached) / sizeof(*reached));
	tcase_add_test(t, nearest_needs_to_know_where_regions_are);
	tcase_add_test(t, a_fallback_offers_what_the_pool_offers);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
