/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Client subnets (RFC 7871) over random configurations and addresses: the
 * option comes back as it was sent, to whom it is due, and with a scope in
 * which every address gets the same answer, and beside which one does not.
 */
#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "sample.h"
#include "serve/answer.h"
#include "snapshot/build.h"

#define ALIAS "alias.example.com."

enum { CONFIGURATIONS = 12, CLIENTS = 4000, PREFIXES = 24, NETS = 4 };

static char folder[64], conf_path[96], zone_path[96];
static struct snapshot *snapshot;
static struct counters counters;
static struct prefix prefixes[PREFIXES]; /* of the nets, in turn */
static struct prefix believed[3];
static int who; /* is believed: all, those, none */
static VEC(struct addr) edges;

static const char zone_text[] = "$ORIGIN example.com.\n"
				"$TTL 3600\n"
				"@ SOA ns1 hostmaster 1 7200 3600 1209600 300\n"
				"@ NS ns1\n"
				"ns1 A 192.0.2.53\n"
				"static A 192.0.2.80\n"
				"alias CNAME www\n"
				"sub NS ns.sub\n"
				"ns.sub A 192.0.2.54\n";

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

/* Near what tells addresses apart, as a rule. */
static struct addr
addr_random(void)
{
	size_t n;
	const struct prefix *some = addr_unroutable(&n), *p = NULL;
	struct addr a = {.family = roll(2) ? 4 : 6};
	unsigned how = roll(5);

	if (how < 2)
		p = &prefixes[roll(PREFIXES)];
	else if (how == 2)
		p = &some[roll((unsigned)n)];
	else if (how == 3)
		p = &addr_embedding(&n)[roll(3)];
	if (p == NULL || p->addr.family == 0) {
		randomize(&a, 0);
		return a;
	}
	a = p->addr;
	randomize(&a, p->len);
	if (how == 3)
		memcpy(a.bytes + (a.bytes[0] == 0x20 ? 2 : 12),
		    prefixes[roll(PREFIXES)].addr.bytes, 4);
	/* Beside it now and then. */
	if (roll(3) == 0 && p->len > 0)
		a.bytes[(p->len - 1) / 8] ^=
		    (uint8_t)(0x80 >> (p->len - 1) % 8);
	return a;
}

/* An IPv4 prefix written as IPv6 is refused. */
static bool
is_mapped(const struct prefix *p)
{
	size_t n;
	const struct prefix *mapped = addr_embedding(&n);

	return p->len >= mapped->len && prefix_covers(mapped, &p->addr);
}

static void
prefix_random(struct prefix *p)
{
	do {
		p->addr = addr_random();
		p->len = (uint8_t)(4 + roll(addr_bits(&p->addr) - 3));
		addr_mask(&p->addr, p->len);
	} while (is_mapped(p));
}

static void
put_prefixes(FILE *f, const struct prefix *p, size_t n, size_t step)
{
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		fprintf(f, "%s\"%s\"", i > 0 ? ", " : "",
		    prefix_format(text, &p[i * step]));
}

static void
put_server(FILE *f)
{
	static const char *const words[] = {"any", NULL, "none"};

	who = (int)roll(3);
	fputs("meridian: 1\nserver:\n  listen: [\"127.0.0.1@0\"]\n  ecs_from: ",
	    f);
	if (words[who] != NULL) {
		fprintf(f, "%s\n", words[who]);
		return;
	}
	fputs("[", f);
	put_prefixes(f, believed, 3, 1);
	fputs("]\n", f);
}

static void
put_policy(FILE *f)
{
	static const char *const orders[] = {"a, b, c", "b, a", "c, b, a", "b"};

	fputs("policies:\n  near:\n    rules:\n", f);
	for (unsigned i = 0; i < NETS; i++)
		fprintf(f, "      - {nets: n%u, regions: [%s]}\n", i,
		    orders[roll(4)]);
	fprintf(f, "      - {regions: [%s]}\n", orders[roll(4)]);
}

static void
put_conf(void)
{
	FILE *f = fopen(conf_path, "w");

	ck_assert_ptr_nonnull(f);
	put_server(f);
	fputs("geoip:\n  nets:\n", f);
	for (unsigned i = 0; i < NETS; i++) {
		fprintf(f, "    n%u: [", i);
		put_prefixes(f, prefixes + i, PREFIXES / NETS, NETS);
		fputs("]\n", f);
	}
	fputs("zones: {example.com: example.com.zone}\n"
	      "regions: {a: {}, b: {}, c: {}}\n"
	      "pools:\n  www: {regions: {"
	      "a: [{addr: [192.0.2.1, \"2001:db8::1\"]}], "
	      "b: [{addr: [192.0.2.2, \"2001:db8::2\"]}], "
	      "c: [{addr: [192.0.2.3, \"2001:db8::3\"]}]}}\n"
	      "  cdn: {regions: {a: [{cname: static.example.com.}], "
	      "b: [{cname: www.example.com.}], "
	      "c: [{cname: c.example.net.}]}}\n",
	    f);
	put_policy(f);
	fputs("names:\n  www.example.com: {pool: www, policy: near}\n"
	      "  \"*.api.example.com\": {pool: www, policy: near}\n"
	      "  cdn.example.com: {pool: cdn, policy: near}\n",
	    f);
	ck_assert_int_eq(fclose(f), 0);
}

static void
put_edge(const struct prefix *p)
{
	struct addr end = p->addr;

	vec_push(&edges, end);
	for (unsigned i = p->len; i < addr_bits(&end); i++)
		end.bytes[i / 8] |= (uint8_t)(0x80 >> i % 8);
	vec_push(&edges, end);
}

static void
find_edges(void)
{
	size_t n;
	const struct prefix *p = addr_unroutable(&n);

	for (size_t i = 0; i < n; i++)
		put_edge(&p[i]);
	for (size_t i = 0; i < PREFIXES; i++)
		put_edge(&prefixes[i]);
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
	struct diag d;

	srandom(seed);
	memset(prefixes, 0, sizeof(prefixes));
	for (size_t i = 0; i < PREFIXES; i++)
		prefix_random(&prefixes[i]);
	for (size_t i = 0; i < 3; i++)
		prefix_random(&believed[i]);
	put_conf();
	find_edges();
	diag_init(&d);
	snapshot = snapshot_build(conf_path, &d);
	if (snapshot == NULL)
		fputs(diag_text(&d), stderr);
	diag_fini(&d);
	ck_assert_ptr_nonnull(snapshot);
}

/* Questions and replies -------------------------------------------------- */

struct exchange {
	uint8_t packet[SAMPLE_QUERY_MAX], out[DNS_MESSAGE_MAX];
	size_t option; /* octets of the query's option, code included */
	char *records; /* of the answer and the authority section */
	int scope;     /* -1: the reply has no option */
	unsigned rcode;
};

/* RFC 7871 7.2.1 and 11.2: all but the scope as it was, once. */
static void
read_option(struct exchange *x, size_t query_len, uint8_t *data, size_t len)
{
	if (wire_get_u16(data) != DNS_OPTION_ECS)
		return;
	ck_assert_uint_gt(x->option, 0);
	ck_assert_uint_ge(len, x->option);
	x->scope = data[7];
	data[7] = 0;
	ck_assert_mem_eq(data, x->packet + query_len - x->option, x->option);
	if (len > x->option)
		ck_assert_uint_ne(
		    wire_get_u16(data + x->option), DNS_OPTION_ECS);
}

static void
read_reply(struct exchange *x, size_t query_len, size_t len)
{
	ldns_pkt *p;
	ldns_rdf *options;
	char *answer, *authority;

	ck_assert_int_eq(ldns_wire2pkt(&p, x->out, len), LDNS_STATUS_OK);
	options = ldns_pkt_edns_data(p);
	x->rcode = ldns_pkt_get_rcode(p);
	x->scope = -1;
	answer = ldns_rr_list2str(ldns_pkt_answer(p));
	authority = ldns_rr_list2str(ldns_pkt_authority(p));
	ck_assert_int_ne(asprintf(&x->records, "%s%s", answer, authority), -1);
	free(answer);
	free(authority);
	if (options != NULL)
		read_option(x, query_len, ldns_rdf_data(options),
		    ldns_rdf_size(options));
	ldns_pkt_free(p);
}

static void
ask(struct exchange *x, const char *name, uint16_t type,
    const struct addr *resolver, const struct prefix *subnet)
{
	char text[PREFIX_TEXT_MAX];
	struct answerer a = {.counters = &counters, .random = 1};
	struct answer_input in = {.packet = x->packet, .source = *resolver};
	struct sample_query q = {.name = name, .type = type, .edns = true};

	x->option = 0;
	if (subnet != NULL) {
		q.ecs = prefix_format(text, subnet);
		x->option = 8 + (subnet->len + 7u) / 8;
	}
	in.len = sample_packet(x->packet, &q);
	read_reply(
	    x, in.len, answer(&a, snapshot, &in, x->out, sizeof(x->out)));
}

static struct exchange first, second;

static void
forget(struct exchange *x)
{
	free(x->records);
	x->records = NULL;
}

static bool
is_believed(const struct addr *resolver)
{
	for (size_t i = 0; who == 1 && i < 3; i++)
		if (prefix_covers(&believed[i], resolver))
			return true;
	return who == 0;
}

static struct prefix
around(const struct addr *a, unsigned len)
{
	struct prefix p = {*a, (uint8_t)len};

	addr_mask(&p.addr, len);
	return p;
}

/* What any address within the scope is told is the same. */
static void
check_sound(
    const char *name, const struct addr *resolver, const struct prefix *subnet)
{
	char one[PREFIX_TEXT_MAX], two[PREFIX_TEXT_MAX];
	struct prefix other = *subnet;

	other.len = (uint8_t)addr_bits(&subnet->addr);
	addr_mask(&other.addr, (unsigned)first.scope);
	randomize(&other.addr, (unsigned)first.scope);
	if (roll(2)) {
		/* The edges are where it would go wrong. */
		const struct addr *edge = &edges.at[roll((unsigned)edges.n)];

		if (addr_match(edge, &subnet->addr, (unsigned)first.scope))
			other.addr = *edge;
	}
	ask(&second, name, DNS_A, resolver, &other);
	ck_assert_msg(strcmp(first.records, second.records) == 0 &&
		first.scope == second.scope,
	    "%s scope %d: %s, %s scope %d: %s", prefix_format(one, subnet),
	    first.scope, first.records, prefix_format(two, &other),
	    second.scope, second.records);
	forget(&second);
}

static bool
told_apart(
    const struct policy_table *t, const struct addr *a, const struct addr *b)
{
	bool counts = client_find(snapshot->clients, a).counts;

	return counts != client_find(snapshot->clients, b).counts ||
	    (counts &&
		lookup_find(&t->lookup, a).class !=
		    lookup_find(&t->lookup, b).class);
}

/* In the other half of the next shorter prefix somebody is told apart. */
static void
check_shortest(const struct prefix *subnet)
{
	const struct policy_table *t = snapshot->steered[0].table;
	struct prefix beside = around(&subnet->addr, (unsigned)first.scope);
	char text[PREFIX_TEXT_MAX];
	unsigned last = beside.len - 1u;

	if (first.scope <= 0 || subnet->addr.family == 6)
		return;
	beside.addr.bytes[last / 8] ^= (uint8_t)(0x80 >> last % 8);
	if (told_apart(t, &beside.addr, &subnet->addr))
		return;
	for (size_t i = 0; i < edges.n; i++)
		if (prefix_covers(&beside, &edges.at[i]) &&
		    told_apart(t, &edges.at[i], &subnet->addr))
			return;
	ck_abort_msg("%s: scope %d is longer than it need be",
	    prefix_format(text, subnet), first.scope);
}

/* A subnet that does not count changes nothing, but that an alias before is
 * not tied to it (RFC 7871 7.2.1). */
static void
check_same_as_none(const char *name, uint16_t type, const struct addr *resolver)
{
	ask(&second, name, type, resolver, NULL);
	ck_assert_int_eq(second.scope, -1);
	ck_assert_int_eq(
	    strncmp(first.records, second.records, strlen(first.records)), 0);
	if (strcmp(name, ALIAS) != 0)
		ck_assert_str_eq(first.records, second.records);
	ck_assert_uint_eq(first.rcode, second.rcode);
	forget(&second);
}

static void
check_steered(const char *name, const struct addr *resolver)
{
	struct addr client = addr_random();
	struct prefix subnet = around(&client, roll(addr_bits(&client) + 1));
	bool counts = client_find(snapshot->clients, &subnet.addr).counts;

	ask(&first, name, DNS_A, resolver, &subnet);
	ck_assert_uint_eq(first.scope >= 0, is_believed(resolver));
	ck_assert_int_le(first.scope, (int)addr_bits(&client));
	if (first.scope < 0 || subnet.len == 0 || !counts)
		check_same_as_none(name, DNS_A, resolver);
	/* RFC 7871 7.2.1: of no address there is no scope. */
	if (first.scope >= 0 && subnet.len == 0)
		ck_assert_int_eq(first.scope, 0);
	if (first.scope >= 0 && subnet.len > 0) {
		check_sound(name, resolver, &subnet);
		check_shortest(&subnet);
	}
	forget(&first);
}

START_TEST(scopes_are_sound_and_no_longer_than_they_need_be)
{
	static const char *const names[] = {"www.example.com.", ALIAS,
	    "x.api.example.com.", "cdn.example.com."};

	build((unsigned)_i);
	for (unsigned i = 0; i < CLIENTS; i++) {
		struct addr resolver =
		    roll(2) ? believed[roll(3)].addr : addr_random();

		check_steered(names[i % 4], &resolver);
	}
}
END_TEST

/* RFC 7871 7.4, 7.2.1. */
START_TEST(what_is_the_same_for_all_has_scope_0)
{
	static const struct {
		const char *name;
		uint16_t type;
	} rows[] = {{"static.example.com.", DNS_A},
	    {"www.example.com.", DNS_TXT}, {"nope.example.com.", DNS_A},
	    {"x.sub.example.com.", DNS_A}, {"example.com.", DNS_NS},
	    {"example.net.", DNS_A}};
	const size_t n = sizeof(rows) / sizeof(rows[0]);

	build((unsigned)_i);
	for (size_t i = 0; i < CLIENTS; i++) {
		struct addr resolver = addr_random(), client = addr_random();
		struct prefix p = around(&client, roll(addr_bits(&client) + 1));

		ask(&first, rows[i % n].name, rows[i % n].type, &resolver, &p);
		ck_assert_int_eq(first.scope, is_believed(&resolver) ? 0 : -1);
		check_same_as_none(
		    rows[i % n].name, rows[i % n].type, &resolver);
		forget(&first);
	}
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("ecs");
	TCase *tc = tcase_create("ecs");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_set_timeout(tc, 120);
	tcase_add_loop_test(tc,
	    scopes_are_sound_and_no_longer_than_they_need_be, 0,
	    CONFIGURATIONS);
	tcase_add_loop_test(
	    tc, what_is_the_same_for_all_has_scope_0, 0, CONFIGURATIONS / 2);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
