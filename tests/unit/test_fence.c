/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fences and caches: over random configurations, client subnets of any length,
 * and random states of health, whoever may be given an answer by a cache that
 * keeps it as RFC 7871 7.3.1 says gets no address outside its fence.
 */
#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "report/explain.h"
#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

enum {
	CONFIGURATIONS = 24,
	QUERIES = 800,
	CLIENTS = 24,
	PREFIXES = 24,
	NETS = 6,
	REGIONS = 4,
	EXPLAINED = 30
};

static const char *const jurisdictions[REGIONS] = {"EU", "US", "EU", "JP"};
static const char *const names[REGIONS] = {"a", "b", "c", "d"};

static char folder[64], conf_path[96], zone_path[96];
static struct snapshot *snapshot;
static struct counters counters;
static struct prefix prefixes[PREFIXES]; /* of the nets, in turn */
static const char *fences[NETS + 1];     /* of each net's rule, and the last */
static VEC(struct addr) edges;

static const char zone_text[] = "$ORIGIN example.com.\n"
				"$TTL 3600\n"
				"@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n"
				"@ NS ns1\n"
				"ns1 A 192.0.2.53\n";

static unsigned
roll(unsigned n)
{
	return (unsigned)random() % n;
}

/* Random configurations -------------------------------------------------- */

static void
randomize(struct addr *a, unsigned from)
{
	for (unsigned i = from; i < addr_bits(a); i++)
		if (roll(2))
			a->bytes[i / 8] ^= (uint8_t)(0x80 >> i % 8);
}

static void
put_edges(const struct prefix *p)
{
	struct addr end = p->addr;

	vec_push(&edges, end);
	for (unsigned i = p->len; i < addr_bits(&end); i++)
		end.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	vec_push(&edges, end);
}

/* Beside another, or beside what is unroutable, or the same within IPv6. */
static void
prefix_random(size_t i)
{
	struct prefix *p = &prefixes[i];
	size_t n;
	const struct prefix *some = addr_unroutable(&n);
	unsigned bits;

	p->addr = (struct addr){.family = roll(3) ? 4 : 6};
	if (i > 0 && roll(2))
		p->addr = prefixes[roll((unsigned)i)].addr;
	else if (roll(3) == 0)
		p->addr = some[roll((unsigned)n)].addr;
	else
		randomize(&p->addr, 0);
	bits = addr_bits(&p->addr);
	p->len = (uint8_t)(1 + roll(bits));
	p->addr.bytes[(p->len - 1u) / 8] ^= (uint8_t)(1 << roll(8));
	addr_mask(&p->addr, p->len);
	put_edges(p);
}

/* Lists that leave a region within the fence. */
static void
put_rule(FILE *f, unsigned i)
{
	static const char *const orders[] = {"[a, b, c, d]", "[d, b, a, c]",
	    "{a: 3, b: 1, d: 2}, hash: client", "[b, d, a], trickle: 40%",
	    "[c, d, b, a]"};
	static const char *const of[] = {NULL, NULL, "EU", "EU", "US"};
	const char *downs[] = {"all", "last_known", "{pool: sorry}"};

	fences[i] = of[roll(5)];
	if (fences[i] != NULL)
		downs[2] = fences[i][0] == 'E' ? "{pool: sorry-eu}"
					       : "{pool: sorry-us}";
	fputs("      - {", f);
	if (i < NETS)
		fprintf(f, "nets: n%u, ", i);
	fprintf(f, "regions: %s, when_all_down: %s", orders[roll(5)],
	    downs[roll(3)]);
	if (fences[i] != NULL)
		fprintf(f, ", fence: %s", fences[i]);
	fputs("}\n", f);
}

/* The last octet says which region it is. */
static void
put_pool(FILE *f, const char *name, const char *within)
{
	fprintf(f, "  %s:\n    cost: 1\n    regions:\n", name);
	for (unsigned i = 0; i < REGIONS; i++)
		if (within == NULL || strcmp(within, jurisdictions[i]) == 0)
			fprintf(
			    f, "      %s: [{addr: 192.0.2.%u}]\n", names[i], i);
}

static void
put_conf(void)
{
	FILE *f = fopen(conf_path, "w");
	char text[PREFIX_TEXT_MAX];

	ck_assert_ptr_nonnull(f);
	fputs(
	    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"], ecs_from: any}\n"
	    "geoip:\n  nets:\n",
	    f);
	for (unsigned i = 0; i < NETS; i++) {
		fprintf(f, "    n%u: [", i);
		for (unsigned k = i; k < PREFIXES; k += NETS)
			fprintf(f, "%s\"%s\"", k > i ? ", " : "",
			    prefix_format(text, &prefixes[k]));
		fputs("]\n", f);
	}
	fputs("zones: {example.com: example.com.zone}\nregions:\n", f);
	for (unsigned i = 0; i < REGIONS; i++)
		fprintf(f, "  %s: {jurisdiction: %s, capacity: 100}\n",
		    names[i], jurisdictions[i]);
	fputs("pools:\n", f);
	put_pool(f, "www", NULL);
	put_pool(f, "sorry", NULL);
	put_pool(f, "sorry-eu", "EU");
	put_pool(f, "sorry-us", "US");
	fputs("policies:\n  p:\n    rules:\n", f);
	for (unsigned i = 0; i <= NETS; i++)
		put_rule(f, i);
	fputs("names: {www.example.com: {pool: www, policy: p}}\n", f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
setup(void)
{
	FILE *f;

	strcpy(folder, "/tmp/meridian-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(conf_path, sizeof(conf_path), "%s/meridian.yaml", folder);
	snprintf(zone_path, sizeof(zone_path), "%s/example.com.zone", folder);
	f = fopen(zone_path, "w");
	ck_assert_ptr_nonnull(f);
	fputs(zone_text, f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
teardown(void)
{
	vec_free(&edges);
	snapshot_free(snapshot);
	unlink(conf_path);
	unlink(zone_path);
	rmdir(folder);
}

static void
build(unsigned seed)
{
	size_t n;
	const struct prefix *p = addr_unroutable(&n);
	struct diag d;

	srandom(seed);
	for (size_t i = 0; i < PREFIXES; i++)
		prefix_random(i);
	for (size_t i = 0; i < n; i++)
		put_edges(&p[i]);
	put_conf();
	diag_init(&d);
	snapshot = snapshot_build(conf_path, &d);
	if (snapshot == NULL)
		fputs(diag_text(&d), stderr);
	diag_fini(&d);
	ck_assert_ptr_nonnull(snapshot);
}

/* Regions fail, are drained and full. */
static void
shake(void)
{
	for (size_t i = 0; i < snapshot->conf->npools; i++) {
		struct pool *p = &snapshot->pools[i];

		for (size_t f = 0; f < POOL_FAMILIES; f++) {
			struct pool_words *w = &p->words[f];

			atomic_store(&w->live, roll(1 << REGIONS));
			atomic_store(&w->drained, roll(1 << REGIONS));
			atomic_store(&w->last_known, roll(1 << REGIONS));
		}
		for (size_t r = 0; r < p->nregions; r++)
			pool_spill(p, r, roll(2) ? roll(SHARE_COHORTS) : 0);
	}
}

/* A model of who may be given what --------------------------------------- */

/* An IPv4 address in IPv6 is that. */
static struct addr
counted(const struct addr *a)
{
	struct addr v4;
	unsigned offset;

	return addr_embedded(a, &v4, &offset) ? v4 : *a;
}

/* The net whose rule is the first; NETS: none. */
static unsigned
net_of(const struct addr *a)
{
	for (unsigned i = 0; i < NETS; i++)
		for (unsigned k = i; k < PREFIXES; k += NETS)
			if (prefix_covers(&prefixes[k], a))
				return i;
	return NETS;
}

/* The fence of whoever asks from there through the resolver; NULL: none. */
static const char *
fence_of(const struct addr *client, const struct addr *resolver)
{
	struct addr a = counted(client);

	if (addr_is_unroutable(&a) && net_of(&a) == NETS)
		a = counted(resolver);
	return fences[net_of(&a)];
}

/* An address in the prefix, often where it might go wrong. */
static struct addr
someone(const struct prefix *p)
{
	struct addr a = edges.at[roll((unsigned)edges.n)];

	if (p->addr.family == 6 && a.family == 4 && roll(2)) {
		size_t n;
		struct addr in = addr_embedding(&n)[roll(3)].addr;
		const unsigned at = in.bytes[1] == 2 ? 2 : 12;
		const uint8_t flip = in.bytes[1] == 1 ? 0xff : 0;

		for (unsigned i = 0; i < 4; i++)
			in.bytes[at + i] = a.bytes[i] ^ flip;
		a = in;
	}
	if (addr_match(&a, &p->addr, p->len))
		return a;
	a = p->addr;
	randomize(&a, p->len);
	return a;
}

/* The query and its reply ------------------------------------------------ */

struct reply_seen {
	unsigned rcode, scope;
	unsigned region; /* of the address; REGIONS: none */
};

static void
read_reply(struct reply_seen *r, const uint8_t *out, size_t len)
{
	ldns_pkt *p;
	ldns_rr_list *answer;

	ck_assert_int_eq(ldns_wire2pkt(&p, out, len), LDNS_STATUS_OK);
	answer = ldns_pkt_answer(p);
	r->rcode = ldns_pkt_get_rcode(p);
	r->region = REGIONS;
	ck_assert_ptr_nonnull(ldns_pkt_edns_data(p));
	r->scope = ldns_rdf_data(ldns_pkt_edns_data(p))[7];
	if (ldns_rr_list_rr_count(answer) > 0)
		r->region = ldns_rdf_data(
		    ldns_rr_rdf(ldns_rr_list_rr(answer, 0), 0))[3];
	ldns_pkt_free(p);
}

static void
ask(struct reply_seen *r, const struct addr *resolver,
    const struct prefix *subnet)
{
	static uint8_t packet[SAMPLE_QUERY_MAX], out[DNS_MESSAGE_MAX];
	char text[PREFIX_TEXT_MAX];
	struct answerer a = {.counters = &counters, .random = 1 + roll(1000)};
	struct answer_input in = {.packet = packet, .source = *resolver};
	struct sample_query q = {.name = "www.example.com.",
	    .type = DNS_A,
	    .edns = true,
	    .ecs = prefix_format(text, subnet)};

	in.len = sample_packet(packet, &q);
	read_reply(r, out, answer(&a, snapshot, &in, out, sizeof(out)));
}

static struct prefix
subnet_random(void)
{
	struct prefix all = {.addr = {.family = roll(2) ? 4 : 6}};
	struct prefix p = {.addr = someone(&all)};

	p.len = (uint8_t)(1 + roll(addr_bits(&p.addr)));
	addr_mask(&p.addr, p.len);
	return p;
}

/* Everyone whom a cache may give it to. */
static void
expect_kept(const struct reply_seen *r, const struct addr *resolver,
    const struct prefix *subnet)
{
	char one[PREFIX_TEXT_MAX], two[ADDR_TEXT_MAX], three[ADDR_TEXT_MAX];
	struct prefix kept = *subnet;

	if (r->scope < kept.len)
		kept.len = (uint8_t)r->scope;
	addr_mask(&kept.addr, kept.len);
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct addr client = someone(&kept);
		const char *fence = fence_of(&client, resolver);

		if (fence == NULL ||
		    strcmp(fence, jurisdictions[r->region]) == 0)
			continue;
		ck_abort_msg("%s by %s, scope %u: %s, fence %s, gets %s",
		    prefix_format(one, subnet), addr_format(three, resolver),
		    r->scope, addr_format(two, &client), fence,
		    names[r->region]);
	}
}

/* Without an answer: are there clients of two fences? */
static void
expect_two_fences(const struct addr *resolver, const struct prefix *subnet)
{
	const char *first = NULL, *fence;
	char text[PREFIX_TEXT_MAX];
	struct addr client;

	for (unsigned i = 0; i < 100 * CLIENTS; i++) {
		client = someone(subnet);
		fence = fence_of(&client, resolver);
		if (fence == NULL)
			continue;
		if (first != NULL && strcmp(first, fence) != 0)
			return;
		first = fence;
	}
	ck_abort_msg("%s: refused, and has clients of fence %s alone",
	    prefix_format(text, subnet), first != NULL ? first : "none");
}

START_TEST(no_cache_gives_a_client_what_is_outside_its_fence)
{
	unsigned refused = 0;

	build(1 + (unsigned)_i);
	for (unsigned i = 0; i < QUERIES; i++) {
		const struct prefix all = {.addr = {.family = roll(4) ? 4 : 6}};
		struct addr resolver = someone(&all);
		struct prefix subnet = subnet_random();
		struct reply_seen r;

		shake();
		ask(&r, &resolver, &subnet);
		if (r.rcode == DNS_SERVFAIL) {
			ck_assert_uint_eq(r.region, REGIONS);
			expect_two_fences(&resolver, &subnet);
			refused++;
			continue;
		}
		ck_assert_uint_eq(r.rcode, DNS_NOERROR);
		ck_assert_uint_lt(r.region, REGIONS);
		expect_kept(&r, &resolver, &subnet);
	}
	ck_assert_uint_lt(refused, QUERIES / 2);
}
END_TEST

/* The oracle looks for fenced clients itself, as in meridianctl explain -c. */
START_TEST(explain_finds_the_same_by_a_scan)
{
	char text[PREFIX_TEXT_MAX];
	unsigned for_another = 0;

	build(100 + (unsigned)_i);
	for (unsigned i = 0; i < EXPLAINED; i++) {
		struct prefix subnet = subnet_random();
		const struct explain_query q = {.name = "www.example.com.",
		    .from = prefix_format(text, &subnet),
		    .resolver = roll(2) ? "127.0.0.1" : "9.9.9.9"};
		json_t *report = explain_file(conf_path, &q);
		char *all = json_dumps(report, JSON_INDENT(1));

		ck_assert_msg(json_object_get(report, "error") == NULL &&
			json_object_get(report, "disagreement") == NULL,
		    "%s", all);
		for_another += strstr(all, "a cache may keep") != NULL;
		free(all);
		json_decref(report);
	}
	ck_assert_uint_gt(for_another, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fence");
	TCase *tc = tcase_create("fence");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc,
	    no_cache_gives_a_client_what_is_outside_its_fence, 0,
	    CONFIGURATIONS);
	tcase_add_loop_test(tc, explain_finds_the_same_by_a_scan, 0, 6);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
