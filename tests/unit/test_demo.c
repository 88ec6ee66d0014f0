/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The demo's configuration and database, as served, against the oracle: for
 * 100 000 random addresses the answer, its TTL and its scope are the same; two
 * random addresses within a scope always get the same decision.  Skipped where
 * the database has not been made (geoip/demo build/geoip/demo.mmdb).
 */
#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dns/edns.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"
#include "steer/oracle.h"

enum { ADDRESSES = 100000, SKIPPED = 77, ROUNDS = 4 };

static struct snapshot *s;
static struct watches *watches;
static struct drains drains;
static struct counters counters;
static struct answerer answerer = {.counters = &counters, .random = 1};
static uint64_t dice = 88172645463325252;

static uint32_t
roll(void)
{
	dice ^= dice << 13;
	dice ^= dice >> 7;
	dice ^= dice << 17;
	return (uint32_t)(dice >> 16);
}

/* Any IPv4 address, or one of what IPv6 has given out or counts as IPv4. */
static void
addr_random(struct addr *a)
{
	static const uint8_t starts[][4] = {{0x20, 0x01}, {0x24}, {0x26},
	    {0x28}, {0x2a}, {0x20, 0x02}, {0x20, 0x01, 0, 0}};
	uint32_t kind = roll() % (2 * sizeof(starts) / sizeof(starts[0]));

	memset(a, 0, sizeof(*a));
	a->family = kind < sizeof(starts) / sizeof(starts[0]) ? 6 : 4;
	for (unsigned i = 0; i < addr_bits(a) / 8; i++)
		a->bytes[i] = (uint8_t)roll();
	if (a->family == 6)
		memcpy(a->bytes, starts[kind], kind == 6 ? 4 : 2);
	if (a->family == 6 && kind > 0 && kind < 5)
		a->bytes[1] = (uint8_t)roll();
}

/* Health and drains as they may be: each target up but for one in six. */
static void
shake(void)
{
	const struct health_time now = {0, 0};
	struct watch **all;
	size_t n;

	all = watches_all(watches, &n);
	for (size_t i = 0; i < n; i++) {
		bool ok = roll() % 6 != 0;

		for (unsigned k = 0; k < 5; k++)
			health_count(&all[i]->health, all[i]->monitor,
			    ok ? HEALTH_OK : HEALTH_FAILED, &now);
		if (roll() % 3 == 0)
			health_count(&all[i]->health, all[i]->monitor,
			    ok ? HEALTH_FAILED : HEALTH_OK, &now);
	}
	drains_fini(&drains);
	if (roll() % 2 == 0)
		drains_put(&drains,
		    drain_new("us", "me", "test", clock_wall_s(),
			clock_wall_s() + 1 + roll() % 30, false, NULL));
	for (size_t i = 0; i < s->conf->npools; i++)
		for (size_t r = 0; r < s->pools[i].nregions; r++)
			pool_refresh(&s->pools[i], r, &drains);
}

struct seen {
	char addresses[256]; /* sorted as they came */
	uint32_t ttl;
	unsigned scope;
};

static void
ask(const char *name, const struct addr *client, struct seen *seen)
{
	static uint8_t packet[SAMPLE_QUERY_MAX], out[DNS_MESSAGE_MAX];
	struct prefix ecs = {*client, (uint8_t)addr_bits(client)};
	char text[PREFIX_TEXT_MAX];
	const struct sample_query q = {.name = name,
	    .type = DNS_A,
	    .udp_size = 1232,
	    .ecs = prefix_format(text, &ecs)};
	struct answer_input in = {
	    .packet = packet, .len = sample_packet(packet, &q)};
	const uint8_t *option;
	size_t len, at = 0;
	ldns_pkt *p;

	ck_assert(addr_parse("192.0.2.1", &in.source));
	len = answer(&answerer, s, &in, out, sizeof(out));
	ck_assert_int_eq(ldns_wire2pkt(&p, out, len), LDNS_STATUS_OK);
	ck_assert_int_eq(ldns_pkt_get_rcode(p), LDNS_RCODE_NOERROR);
	seen->addresses[0] = '\0';
	for (size_t i = 0; i < ldns_pkt_ancount(p); i++) {
		const ldns_rr *rr = ldns_rr_list_rr(ldns_pkt_answer(p), i);
		char *rdata = ldns_rdf2str(ldns_rr_rdf(rr, 0));

		at += (size_t)snprintf(seen->addresses + at,
		    sizeof(seen->addresses) - at, "%s ", rdata);
		seen->ttl = ldns_rr_ttl(rr);
		free(rdata);
	}
	/* The ECS option: family, source, scope behind code and length. */
	option = ldns_rdf_data(ldns_pkt_edns_data(p));
	seen->scope = option[7];
	ldns_pkt_free(p);
}

static void
expected_addresses(const struct oracle_decision *d, struct seen *want)
{
	const struct pool *p = &s->pools[d->pool];
	bool any = false;
	size_t at = 0;

	want->addresses[0] = '\0';
	for (size_t r = 0; r < p->nregions; r++) {
		const struct pool_region *region = &p->regions[r];

		if (region->region != d->region)
			continue;
		for (size_t t = 0; t < region->ntargets; t++)
			any = any || region->targets[t].live[POOL_IPV4];
		for (size_t t = 0; t < region->ntargets; t++)
			if (region->targets[t].live[POOL_IPV4] || !any)
				at += (size_t)snprintf(want->addresses + at,
				    sizeof(want->addresses) - at, "%s ",
				    region->targets[t].conf->label);
	}
}

/* Any address of the prefix of a. */
static void
addr_near(const struct addr *a, unsigned len, struct addr *near)
{
	addr_random(near);
	*near = (struct addr){.family = a->family};
	for (unsigned i = 0; i < addr_bits(a) / 8; i++)
		near->bytes[i] = (uint8_t)roll();
	for (unsigned i = 0; i < len; i++) {
		uint8_t bit = (uint8_t)(0x80 >> (i % 8));

		near->bytes[i / 8] =
		    (near->bytes[i / 8] & ~bit) | (a->bytes[i / 8] & bit);
	}
}

static void
compare(const struct conf_name *name, const struct oracle *oracle)
{
	struct oracle_decision d;
	struct seen got, want, other;
	struct addr a, near;
	char text[ADDR_TEXT_MAX];
	unsigned depth;

	addr_random(&a);
	if (addr_is_unroutable(&a))
		return;
	oracle_decide(oracle, name, &a, NULL, true, &d);
	expected_addresses(&d, &want);
	ask(name->text, &a, &got);
	ck_assert_msg(strcmp(got.addresses, want.addresses) == 0,
	    "%s: %s, not %s", addr_format(text, &a), got.addresses,
	    want.addresses);
	ck_assert_msg(got.ttl == d.ttl, "%s: TTL %u, not %u",
	    addr_format(text, &a), got.ttl, d.ttl);
	/* Of step 1, of which the oracle knows nothing. */
	depth = client_find(s->clients, &a).depth;
	want.scope = d.scope > depth ? d.scope : depth;
	ck_assert_msg(got.scope == want.scope, "%s: scope %u, not %u",
	    addr_format(text, &a), got.scope, want.scope);
	addr_near(&a, got.scope, &near);
	ask(name->text, &near, &other);
	ck_assert_msg(strcmp(got.addresses, other.addresses) == 0 &&
		got.ttl == other.ttl && got.scope == other.scope,
	    "%s/%u: %s and %s differ", addr_format(text, &a), got.scope,
	    got.addresses, other.addresses);
}

START_TEST(the_demo_agrees_with_the_oracle_for_100000_addresses)
{
	const struct conf_name *name = &s->conf->names[0];
	struct oracle oracle = {s->conf, s->geo, s->pools};

	ck_assert_str_eq(name->text, "www.example.com.");
	for (int round = 0; round < ROUNDS; round++) {
		shake();
		for (int i = 0; i < ADDRESSES / ROUNDS; i++)
			compare(name, &oracle);
	}
}
END_TEST

static bool
load(void)
{
	const char *srcdir = getenv("srcdir");
	char path[4096];
	struct diag d;

	snprintf(path, sizeof(path), "%s/zones/meridian.yaml",
	    srcdir != NULL ? srcdir : ".");
	diag_init(&d);
	s = snapshot_build(path, &d);
	if (s == NULL)
		fputs(diag_text(&d), stderr);
	diag_fini(&d);
	return s != NULL;
}

int
main(void)
{
	Suite *suite = suite_create("demo");
	TCase *tc = tcase_create("demo");
	SRunner *runner;
	int failed;

	clock_fake(1000000, 1000000);
	if (!load())
		return SKIPPED;
	watches = watches_new();
	pools_bind(s->pools, s->conf->npools, s->conf, watches);
	answerer.now_s = clock_mono_s();
	tcase_set_timeout(tc, 600);
	tcase_add_test(
	    tc, the_demo_agrees_with_the_oracle_for_100000_addresses);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_set_fork_status(runner, CK_NOFORK);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	drains_fini(&drains);
	snapshot_free(s);
	watches_free(watches);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
