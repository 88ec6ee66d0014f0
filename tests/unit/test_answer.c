/* SPDX-License-Identifier: BSD-3-Clause */
#include <check.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "dns/edns.h"
#include "sample.h"
#include "serve/answer.h"
#include "serve/reply.h"
#include "snapshot/build.h"

#define EURO "81.2.0.53"
#define AMER "64.10.0.53"
#define LOCAL "127.0.0.1"

static struct sample sample;
static struct snapshot *snapshot;
static struct counters counters;
static uint8_t out[DNS_MESSAGE_MAX];
static size_t out_len;
static ldns_pkt *reply;
static char *text; /* of the reply's sections */

static void
setup_snapshot(void)
{
	struct diag d;

	sample_open(&sample);
	diag_init(&d);
	snapshot = snapshot_build(sample.conf, &d);
	if (snapshot == NULL)
		fputs(diag_text(&d), stderr);
	diag_fini(&d);
	ck_assert_ptr_nonnull(snapshot);
}

static void
teardown_snapshot(void)
{
	snapshot_free(snapshot);
	sample_close(&sample);
}

static void
forget(void)
{
	ldns_pkt_free(reply);
	reply = NULL;
	free(text);
	text = NULL;
}

static void
send_packet(const uint8_t *packet, size_t len, const char *source,
    enum count_proto proto)
{
	struct answerer a = {
	    .counters = &counters,
	    .row = 3,
	    .random = 1,
	    .now_s = 1000,
	};
	struct answer_input in = {
	    .packet = packet,
	    .len = len,
	    .proto = proto,
	};

	forget();
	ck_assert(addr_parse(source, &in.source));
	out_len = answer(&a, snapshot, &in, out,
	    proto == COUNT_UDP ? (size_t)DNS_UDP_EDNS : sizeof(out));
	if (out_len == 0)
		return;
	ck_assert_int_eq(ldns_wire2pkt(&reply, out, out_len), LDNS_STATUS_OK);
	text = ldns_pkt2str(reply);
}

static void
ask_over(
    const struct sample_query *q, const char *source, enum count_proto proto)
{
	uint8_t packet[SAMPLE_QUERY_MAX];

	send_packet(packet, sample_packet(packet, q), source, proto);
	ck_assert_ptr_nonnull(reply);
}

static void
ask(const char *name, uint16_t type, const char *source, const char *ecs)
{
	ask_over(&(struct sample_query){.name = name, .type = type, .ecs = ecs},
	    source, COUNT_UDP);
}

static bool
says(const char *record)
{
	return strstr(text, record) != NULL;
}

static unsigned
rcode(void)
{
	return ldns_pkt_get_rcode(reply);
}

static unsigned
answers(void)
{
	return ldns_pkt_ancount(reply);
}

/* The scope of the reply's ECS option, -1 without one; the source length too.
 * It is the only option. */
static int
scope(int *source)
{
	const ldns_rdf *options = ldns_pkt_edns_data(reply);
	const uint8_t *at;

	if (options == NULL)
		return -1;
	at = ldns_rdf_data(options);
	ck_assert_uint_eq(at[1], DNS_OPTION_ECS);
	if (source != NULL)
		*source = at[6];
	return at[7];
}

START_TEST(a_steered_name_follows_the_client_subnet)
{
	int source;

	ask("www.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 2);
	ck_assert(says("www.example.com.\t60\tIN\tA\t192.0.2.10\n"));
	ck_assert(says("www.example.com.\t60\tIN\tA\t192.0.2.11\n"));
	ck_assert_int_eq(scope(&source), 16);
	ck_assert_int_eq(source, 24);
	ask("www.example.com.", DNS_AAAA, LOCAL, "64.10.3.4/32");
	ck_assert(says("www.example.com.\t60\tIN\tAAAA\t2001:db8:1::10\n"));
	/* Up to where Europe's and private prefixes begin. */
	ck_assert_int_eq(scope(NULL), 4);
	ask("www.example.com.", DNS_A, LOCAL, "2a01:100:1::/48");
	ck_assert(says("192.0.2.10\n"));
	ck_assert_int_eq(scope(NULL), 32);
}
END_TEST

START_TEST(without_a_subnet_the_resolver_is_the_client)
{
	ask("www.example.com.", DNS_A, EURO, NULL);
	ck_assert(says("192.0.2.10\n"));
	ck_assert_uint_eq(ldns_pkt_arcount(reply), 0);
	ask("www.example.com.", DNS_A, AMER, NULL);
	ck_assert(says("198.51.100.10\n"));
	ask("www.example.com.", DNS_A, "2a01:100::53", NULL);
	ck_assert(says("192.0.2.10\n"));
}
END_TEST

START_TEST(source_length_0_counts_as_the_resolver_with_scope_0)
{
	int source;

	ask("www.example.com.", DNS_A, EURO, "0.0.0.0/0");
	ck_assert(says("192.0.2.10\n"));
	ck_assert_int_eq(scope(&source), 0);
	ck_assert_int_eq(source, 0);
}
END_TEST

START_TEST(a_resolver_that_is_not_believed_gets_no_option)
{
	ask("www.example.com.", DNS_A, AMER, "81.2.3.0/24");
	ck_assert(says("198.51.100.10\n"));
	ck_assert_int_eq(scope(NULL), -1);
	ck_assert_uint_eq(ldns_pkt_edns_version(reply), 0);
	ck_assert(ldns_pkt_edns(reply));
}
END_TEST

START_TEST(an_unroutable_subnet_counts_as_the_resolver)
{
	ask("www.example.com.", DNS_A, EURO, "192.168.1.0/24");
	ck_assert(says("192.0.2.10\n"));
	/* RFC 7871 10: for all of the private space, and no other. */
	ck_assert_int_eq(scope(NULL), 16);
}
END_TEST

START_TEST(an_unroutable_subnet_in_a_net_counts)
{
	ask("www.example.com.", DNS_A, LOCAL, "10.1.0.0/16");
	ck_assert(says("192.0.2.10\n"));
	ck_assert_int_eq(scope(NULL), 8);
}
END_TEST

START_TEST(static_and_negative_answers_have_scope_0)
{
	ask("static.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert(says("static.example.com.\t3600\tIN\tA\t192.0.2.80\n"));
	ck_assert_int_eq(scope(NULL), 0);
	ask("nope.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NXDOMAIN);
	ck_assert_int_eq(scope(NULL), 0);
	ask("www.example.com.", DNS_TXT, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 0);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 1);
	ck_assert_int_eq(scope(NULL), 0);
}
END_TEST

START_TEST(a_static_cname_to_a_steered_name_is_followed)
{
	ask("alias2.example.com.", DNS_A, EURO, NULL);
	ck_assert_uint_eq(answers(), 4);
	ck_assert(says("alias2.example.com.\t3600\tIN\tCNAME\t"));
	ck_assert(says("www.example.com.\t60\tIN\tA\t192.0.2.11\n"));
	ask("alias2.example.com.", DNS_A, EURO, "0.0.0.0/0");
	ck_assert_uint_eq(answers(), 4);
	ck_assert_int_eq(scope(NULL), 0);
}
END_TEST

/* RFC 7871 7.2.1 */
START_TEST(what_is_tailored_to_a_subnet_follows_no_alias)
{
	ask("alias2.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 2);
	ck_assert(says("ALIAS.example.com.\t3600\tIN\tCNAME\t"
		       "www.example.com.\n"));
	ck_assert_int_eq(scope(NULL), 0);
	ask("steered.old.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(answers(), 3);
	ck_assert_int_eq(scope(NULL), 0);
	/* So is what counts as the resolver, for its private space. */
	ask("alias2.example.com.", DNS_A, EURO, "192.168.1.0/24");
	ck_assert_uint_eq(answers(), 2);
	ck_assert_int_eq(scope(NULL), 0);
}
END_TEST

START_TEST(a_steered_cname_is_followed_into_static_data)
{
	ask("still.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(answers(), 2);
	ck_assert(says("still.example.com.\t60\tIN\tCNAME\t"
		       "static.example.com.\n"));
	ck_assert(says("static.example.com.\t3600\tIN\tA\t192.0.2.80\n"));
	ck_assert_int_eq(scope(NULL), 16);
	ask("still.example.com.", DNS_CNAME, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(answers(), 1);
}
END_TEST

/* RFC 7871 7.4: for some clients its target exists, for others it does not. */
START_TEST(a_steered_cname_exists_for_all)
{
	ask("still.example.com.", DNS_A, LOCAL, "64.10.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 1);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 0);
	ck_assert_int_eq(scope(NULL), 4);
	ask("still.example.com.", DNS_MX, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 1);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 0);
	ask("cut.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 1);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 0);
}
END_TEST

START_TEST(a_second_steered_decision_is_not_appended)
{
	ask("again.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 1);
	ask("again.example.com.", DNS_A, LOCAL, "64.10.3.0/24");
	ck_assert_uint_eq(answers(), 2); /* alias, but not www */
}
END_TEST

START_TEST(a_chain_ends_where_our_zones_end)
{
	ask("out.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 1);
	ask("away.example.com.", DNS_A, EURO, NULL);
	ck_assert_uint_eq(answers(), 1);
	ck_assert(says("CNAME\teu.example.net.\n"));
}
END_TEST

START_TEST(the_rcode_of_a_chain_is_that_of_its_end)
{
	ask("nowhere.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NXDOMAIN);
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 1);
	ck_assert(says("example.com.\t300\tIN\tSOA\t"));
	ask("nodata.example.com.", DNS_AAAA, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 1);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 1);
}
END_TEST

START_TEST(a_wildcard_cname_is_followed)
{
	ask("a.b.wild.example.com.", DNS_A, LOCAL, NULL);
	ck_assert(says("a.b.wild.example.com.\t3600\tIN\tCNAME\t"
		       "static.example.com.\n"));
	ck_assert(says("static.example.com.\t3600\tIN\tA\t192.0.2.80\n"));
}
END_TEST

START_TEST(loops_of_cnames_are_cut)
{
	ask("loop1.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 2);
	ask("self.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 1);
}
END_TEST

START_TEST(long_chains_are_cut)
{
	ask_over(&(struct sample_query){.name = "chain0.example.com.",
		     .type = DNS_A},
	    LOCAL, COUNT_TCP);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), REPLY_PARTS_MAX);
}
END_TEST

/* RFC 6672 3.1 */
START_TEST(a_dname_comes_with_the_cname_made_of_it)
{
	ask("X.oLd.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 3);
	ck_assert(says("\noLd.example.com.\t120\tIN\tDNAME\t"
		       "new.example.com.\n"
		       "X.oLd.example.com.\t120\tIN\tCNAME\t"
		       "X.new.example.com.\n"
		       "X.new.example.com.\t3600\tIN\tA\t192.0.2.81\n"));
	ask("in.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 4);
	ck_assert(says("x.Old.example.com.\t120\tIN\tCNAME\t"
		       "x.new.example.com.\n"));
	ask("a.old.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NXDOMAIN);
	ck_assert_uint_eq(answers(), 2);
	ask("x.leave.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 2);
}
END_TEST

START_TEST(a_dname_is_followed_for_every_type_but_cname)
{
	ask("x.old.example.com.", DNS_ANY, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 3);
	ask("x.old.example.com.", DNS_CNAME, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 2);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 0);
	ask("x.old.example.com.", DNS_DNAME, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 2);
	ask("old.example.com.", DNS_DNAME, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 1);
	ask("old.example.com.", DNS_ANY, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 1);
}
END_TEST

START_TEST(a_dname_used_twice_is_said_once)
{
	ask("again.old.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(answers(), 5);
	ck_assert(says("again.new.example.com.\t3600\tIN\tCNAME\t"
		       "x.old.example.com.\n"
		       "x.old.example.com.\t120\tIN\tCNAME\t"
		       "x.new.example.com.\n"));
}
END_TEST

START_TEST(a_dname_leads_to_steered_names_and_referrals)
{
	ask("steered.old.example.com.", DNS_A, EURO, NULL);
	ck_assert_uint_eq(answers(), 5);
	ck_assert(says("www.example.com.\t60\tIN\tA\t192.0.2.10\n"));
	ask("x.refer.example.com.", DNS_A, LOCAL, NULL);
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 2);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 1);
}
END_TEST

START_TEST(loops_of_dnames_are_cut)
{
	ask("x.ping.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 4);
	ask_over(&(struct sample_query){.name = "x.grow.example.com.",
		     .type = DNS_A},
	    LOCAL, COUNT_TCP);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 1 + REPLY_PARTS_MAX);
}
END_TEST

/* RFC 6672 2.2 */
START_TEST(a_name_too_long_below_a_dname_is_yxdomain)
{
	char name[300] = "", *p = name;

	/* 15 labels of 14: with "grow.example.com." 243 octets. */
	for (unsigned i = 0; i < 16; i++)
		p += sprintf(p, "%014u.", i);
	strcpy(p - 1, ".grow.example.com.");
	ask_over(&(struct sample_query){.name = name + 15, .type = DNS_A},
	    LOCAL, COUNT_TCP);
	ck_assert_uint_eq(rcode(), DNS_YXDOMAIN);
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 0);
	ck_assert_uint_eq(answers(), 1 + 3);
}
END_TEST

/* Each step makes the name longer by one label; when there is neither room for
 * another part nor for the name, what there is is the answer. */
START_TEST(a_name_that_grows_ends_in_either_way)
{
	for (size_t len = 18; len <= 237; len++) {
		char name[300] = "", *p = name;
		size_t left = len, steps;

		for (; left > 64; left -= 50)
			p += sprintf(p, "%049u.", 1);
		sprintf(p, "%0*u.grow.example.com.", (int)left - 17, 1);
		steps = (DNS_NAME_MAX - (strlen(name) + 1)) / strlen("one.");
		ask_over(&(struct sample_query){.name = name, .type = DNS_A},
		    LOCAL, COUNT_TCP);
		ck_assert_uint_eq(rcode(),
		    steps < REPLY_PARTS_MAX ? DNS_YXDOMAIN : DNS_NOERROR);
		ck_assert_uint_eq(answers(),
		    1 + (steps < REPLY_PARTS_MAX ? steps : REPLY_PARTS_MAX));
	}
}
END_TEST

START_TEST(a_referral_is_not_authoritative)
{
	ask("x.sub.example.com.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert(!ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 0);
	ck_assert(says("sub.example.com.\t3600\tIN\tNS\t"));
	ck_assert(says("ns.sub.example.com.\t3600\tIN\tA\t192.0.2.54\n"));
	ask("tosub.example.com.", DNS_A, LOCAL, NULL);
	ck_assert(ldns_pkt_aa(reply));
	ck_assert_uint_eq(answers(), 1);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 1);
}
END_TEST

START_TEST(steered_wildcards_answer_for_the_name_asked)
{
	ask("One.api.example.com.", DNS_A, EURO, NULL);
	ck_assert(says("One.api.example.com.\t60\tIN\tA\t192.0.2.10\n"));
}
END_TEST

START_TEST(pools_answer_other_records)
{
	int source;

	ask("mail.example.com.", DNS_MX, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(answers(), 3); /* of two targets */
	ck_assert(says("mail.example.com.\t60\tIN\tMX\t10 "
		       "eu1.example.com.\n"));
	ck_assert(says("MX\t30 eu3.example.com.\n"));
	ck_assert_int_eq(scope(&source), 16);
	ask("mail.example.com.", DNS_TXT, EURO, NULL);
	ck_assert(says("TXT\t\"in (eu) ; 1\"\n"));
	ask("mail.example.com.", DNS_TXT, AMER, NULL);
	ck_assert(says("TXT\t\"in-us\"\n"));
	ask("mail.example.com.", DNS_ANY, AMER, NULL);
	ck_assert(says("MX\t10 us1.example.com.\n"));
	ck_assert_uint_eq(answers(), 1);
	ask("One.svc.example.com.", DNS_HTTPS, EURO, NULL);
	ck_assert(says("One.svc.example.com.\t60\tIN\tHTTPS\t1 . alpn=h2 "
		       "ipv4hint=192.0.2.30\n"));
	ask("One.svc.example.com.", DNS_HTTPS, AMER, NULL);
	ck_assert(says("HTTPS\t1 . alpn=h3\n"));
	ask("One.svc.example.com.", DNS_A, AMER, NULL);
	ck_assert(says("\tA\t198.51.100.30\n"));
}
END_TEST

START_TEST(types_that_a_pool_has_not_are_the_zones)
{
	ask("mail.example.com.", DNS_A, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 0);
	ck_assert_uint_eq(ldns_pkt_nscount(reply), 1);
	ck_assert_int_eq(scope(NULL), 0);
	ask("mail.example.com.", DNS_HINFO, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(answers(), 1);
	ck_assert_int_eq(scope(NULL), 0);
	ask("one.svc.example.com.", DNS_AAAA, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 0);
}
END_TEST

/* RFC 7871 7.3.1: the scope is not about additional records, which would be
 * kept for all clients. */
START_TEST(what_points_to_steered_names_brings_no_addresses)
{
	ask("tosvc.example.com.", DNS_HTTPS, LOCAL, "81.2.3.0/24");
	ck_assert(says("HTTPS\t0 www.svc.example.com.\n"));
	ck_assert_uint_eq(answers(), 1);
	ck_assert_uint_eq(ldns_pkt_arcount(reply), 0);
	ck_assert_int_eq(scope(NULL), 0);
	ask("mx.example.com.", DNS_MX, LOCAL, "81.2.3.0/24");
	ck_assert_uint_eq(ldns_pkt_arcount(reply), 0);
	ck_assert_int_eq(scope(NULL), 0);
}
END_TEST

START_TEST(what_is_not_ours_is_refused)
{
	ask("www.example.net.", DNS_A, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
	ck_assert(!ldns_pkt_aa(reply));
	ask("example.com.", DNS_AXFR, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
	ask("example.com.", DNS_IXFR, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
	ask_over(
	    &(struct sample_query){
		.name = "version.bind.", .type = DNS_TXT, .class = DNS_CH},
	    LOCAL, COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
	ask_over(&(struct sample_query){.name = "static.example.com.",
		     .type = DNS_A,
		     .class = DNS_CLASS_ANY},
	    LOCAL, COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_REFUSED);
}
END_TEST

START_TEST(replies_over_udp_are_bounded_by_what_the_client_takes)
{
	struct sample_query q = {
	    .name = "medium.example.com.", .type = DNS_TXT};

	ask_over(&q, LOCAL, COUNT_UDP);
	ck_assert(ldns_pkt_tc(reply));
	ck_assert_uint_eq(answers(), 0);
	q.edns = true;
	q.udp_size = 4096;
	ask_over(&q, LOCAL, COUNT_UDP);
	ck_assert(!ldns_pkt_tc(reply));
	ck_assert_uint_eq(answers(), 10);
	q.udp_size = 100; /* RFC 6891 6.2.3: as 512 */
	ask_over(&q, LOCAL, COUNT_UDP);
	ck_assert(ldns_pkt_tc(reply));
	q.name = "big.example.com.";
	q.udp_size = 4096;
	ask_over(&q, LOCAL, COUNT_UDP);
	ck_assert(ldns_pkt_tc(reply));
	q.edns = false;
	ask_over(&q, LOCAL, COUNT_TCP);
	ck_assert(!ldns_pkt_tc(reply));
	ck_assert_uint_eq(answers(), 20);
}
END_TEST

START_TEST(flags_are_copied_or_cleared)
{
	ask_over(&(struct sample_query){.name = "static.example.com.",
		     .type = DNS_A,
		     .edns = true,
		     .dnssec_ok = true,
		     .flags = DNS_RD | DNS_CD | DNS_AD | DNS_RA},
	    LOCAL, COUNT_UDP);
	ck_assert(ldns_pkt_rd(reply) && !ldns_pkt_cd(reply));
	ck_assert(!ldns_pkt_ra(reply) && !ldns_pkt_ad(reply));
	ck_assert(ldns_pkt_edns_do(reply));
}
END_TEST

START_TEST(an_edns_version_above_0_is_badvers)
{
	ask_over(&(struct sample_query){.name = "static.example.com.",
		     .type = DNS_A,
		     .edns = true,
		     .version = 1},
	    LOCAL, COUNT_UDP);
	ck_assert_uint_eq(rcode(), 0);
	ck_assert_uint_eq(ldns_pkt_edns_extended_rcode(reply), 1);
	ck_assert_uint_eq(answers(), 0);
}
END_TEST

START_TEST(nsid_is_said_when_asked)
{
	ask_over(&(struct sample_query){.name = "static.example.com.",
		     .type = DNS_A,
		     .edns = true,
		     .nsid = true},
	    LOCAL, COUNT_UDP);
	ck_assert_ptr_nonnull(memmem(out, out_len, "\0\3\0\6test-1", 10));
	ask_over(
	    &(struct sample_query){
		.name = "static.example.com.", .type = DNS_A, .edns = true},
	    LOCAL, COUNT_UDP);
	ck_assert_ptr_null(memmem(out, out_len, "test-1", 6));
}
END_TEST

START_TEST(what_is_no_query_gets_its_error)
{
	uint8_t packet[SAMPLE_QUERY_MAX];
	const struct sample_query q = {.name = "static.example.com.",
	    .type = DNS_A,
	    .flags = 5 << 11}; /* UPDATE */
	size_t len = sample_packet(packet, &q);

	send_packet(packet, len, LOCAL, COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_NOTIMP);
	ck_assert_uint_eq(ldns_pkt_get_opcode(reply), 5);
	packet[2] = 0;
	send_packet(packet, len - 1, LOCAL, COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
	send_packet(packet, 12, LOCAL, COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_FORMERR);
	ck_assert_uint_eq(ldns_pkt_qdcount(reply), 0);
	send_packet(packet, 11, LOCAL, COUNT_UDP);
	ck_assert_uint_eq(out_len, 0);
	packet[2] = 0x80; /* a response */
	send_packet(packet, len, LOCAL, COUNT_UDP);
	ck_assert_uint_eq(out_len, 0);
}
END_TEST

/* "\3key", hmac, a MAC of 2 octets and the ID 0x1234 */
#define TSIG \
	"\3key\0\0\xfa\0\xff\0\0\0\0\0\x18" \
	"\4hmac\0\0\0\1\2\3\4\1\x2c\0\2ab\x12\x34\0\0\0\0"

/* RFC 8945 5.2.1 */
START_TEST(a_signed_query_gets_no_answer)
{
	uint8_t packet[SAMPLE_QUERY_MAX];
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A, .edns = true};
	size_t len = sample_packet(packet, &q);

	memcpy(packet + len, TSIG, sizeof(TSIG) - 1);
	packet[11]++;
	send_packet(packet, len + sizeof(TSIG) - 1, LOCAL, COUNT_UDP);
	ck_assert_uint_eq(rcode(), DNS_NOTAUTH);
	ck_assert_uint_eq(answers(), 0);
	ck_assert(!ldns_pkt_aa(reply));
	ck_assert(ldns_pkt_edns(reply));
	ck_assert(says("key.\t0\tANY\tTSIG\thmac. 16909060  300 0  4660 17 0"));
	ck_assert_uint_eq(counters.responses[DNS_NOTAUTH], 1);
}
END_TEST

static size_t
put_long_name(uint8_t *p)
{
	for (size_t i = 0; i < 4; i++) {
		p[61 * i] = 60;
		memset(p + 61 * i + 1, 'k', 60);
	}
	p[244] = 0;
	return 245;
}

/* RFC 8945 5.3 */
START_TEST(a_key_that_does_not_fit_is_left_out)
{
	static const uint8_t fixed[] = {0, 250, 0, 255, 0, 0, 0, 0, 1, 5};
	uint8_t packet[1024];
	const struct sample_query q = {
	    .name = "static.example.com.", .type = DNS_A};
	size_t len = sample_packet(packet, &q);

	len += put_long_name(packet + len);
	memcpy(packet + len, fixed, sizeof(fixed));
	len += sizeof(fixed);
	len += put_long_name(packet + len);
	memset(packet + len, 0, 16); /* no MAC */
	packet[11]++;
	send_packet(packet, len + 16, LOCAL, COUNT_UDP);
	ck_assert(ldns_pkt_tc(reply));
	ck_assert_uint_eq(rcode(), DNS_NOTAUTH);
	ck_assert_ptr_null(ldns_pkt_tsig(reply));
	send_packet(packet, len + 16, LOCAL, COUNT_TCP);
	ck_assert(!ldns_pkt_tc(reply));
	ck_assert_ptr_nonnull(ldns_pkt_tsig(reply));
}
END_TEST

START_TEST(all_is_counted)
{
	const struct pool *www = &snapshot->pools[0];

	ask("www.example.com.", DNS_A, EURO, NULL);
	ask("www.example.com.", DNS_A, LOCAL, "64.10.3.0/24");
	ask("nope.example.com.", DNS_A, "::1", NULL);
	ask("big.example.com.", DNS_TXT, LOCAL, NULL);
	ck_assert_uint_eq(counters.queries[COUNT_UDP][0], 3);
	ck_assert_uint_eq(counters.queries[COUNT_UDP][1], 1);
	ck_assert_uint_eq(counters.responses[DNS_NOERROR], 3);
	ck_assert_uint_eq(counters.responses[DNS_NXDOMAIN], 1);
	ck_assert_uint_eq(counters.ecs_queries, 1);
	ck_assert_uint_eq(counters.truncated, 1);
	ck_assert_uint_eq(snapshot_steered(snapshot, www, 0, POOL_FIRST), 1);
	ck_assert_uint_eq(snapshot_steered(snapshot, www, 1, POOL_FIRST), 1);
	ck_assert_uint_eq(snapshot_steered(snapshot, www, 1, POOL_DRAINED), 0);
	ck_assert_uint_eq(snapshot_let_go(snapshot, www, 1), 1060);
}
END_TEST

/* RFC 8482 4.1 */
START_TEST(any_of_an_alias_is_the_alias)
{
	ask("nowhere.example.com.", DNS_ANY, LOCAL, NULL);
	ck_assert_uint_eq(rcode(), DNS_NOERROR);
	ck_assert_uint_eq(answers(), 1);
}
END_TEST

/* Where all clients are one class, a share of them in force still tells them
 * apart, by their cohorts. */
START_TEST(a_share_narrows_the_scope_of_one_class)
{
	struct drains drains = {0};
	struct error err;
	struct drain *half =
	    drain_new("us", "me", "test", 0, DRAIN_FOREVER, false, &err);
	struct diag d;
	int source;

	snapshot_free(snapshot);
	sample_replace(&sample, "      - {nets: euro, regions: [eu, us]}\n",
	    "      - {nets: euro, regions: [us, eu]}\n");
	diag_init(&d);
	snapshot = snapshot_build(sample.conf, &d);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&d));
	diag_fini(&d);
	ask("www.example.com.", DNS_A, LOCAL, "64.10.3.0/24");
	ck_assert_int_eq(scope(NULL), 0);
	half->share = 50;
	drains_put(&drains, half);
	pool_refresh(&snapshot->pools[0], 1, &drains);
	ask("www.example.com.", DNS_A, LOCAL, "64.10.3.0/24");
	ck_assert_int_eq(scope(&source), 24);
	ck_assert_int_eq(source, 24);
	drains_fini(&drains);
}
END_TEST

START_TEST(a_decision_can_be_asked_for)
{
	const struct ecs ecs = {
	    .addr = {.bytes = {81, 2, 3, 0}, .family = 4},
	    .source = 24,
	    .present = true,
	};
	struct answer_steer steer;
	struct addr resolver;

	ck_assert(addr_parse(LOCAL, &resolver));
	answer_client(snapshot->clients, &resolver, &ecs, &steer);
	ck_assert(steer.by_ecs);
	ck_assert(addr_equal(&steer.client, &ecs.addr));
	answer_decide(
	    snapshot, &(struct answer_question){.type = DNS_A}, &steer);
	ck_assert_uint_eq(steer.hit.depth, 16);
	ck_assert_uint_eq(steer.scope, 16);
	ck_assert_uint_eq(steer.pick.region, 0);
	ck_assert_uint_eq(steer.pick.reason, POOL_FIRST);
}
END_TEST

static void
add_tests(TCase *tc)
{
	tcase_add_test(tc, a_steered_name_follows_the_client_subnet);
	tcase_add_test(tc, without_a_subnet_the_resolver_is_the_client);
	tcase_add_test(tc, source_length_0_counts_as_the_resolver_with_scope_0);
	tcase_add_test(tc, a_resolver_that_is_not_believed_gets_no_option);
	tcase_add_test(tc, an_unroutable_subnet_counts_as_the_resolver);
	tcase_add_test(tc, an_unroutable_subnet_in_a_net_counts);
	tcase_add_test(tc, static_and_negative_answers_have_scope_0);
	tcase_add_test(tc, a_static_cname_to_a_steered_name_is_followed);
	tcase_add_test(tc, what_is_tailored_to_a_subnet_follows_no_alias);
	tcase_add_test(tc, a_steered_cname_is_followed_into_static_data);
	tcase_add_test(tc, a_steered_cname_exists_for_all);
	tcase_add_test(tc, a_second_steered_decision_is_not_appended);
	tcase_add_test(tc, a_chain_ends_where_our_zones_end);
	tcase_add_test(tc, the_rcode_of_a_chain_is_that_of_its_end);
	tcase_add_test(tc, a_wildcard_cname_is_followed);
	tcase_add_test(tc, loops_of_cnames_are_cut);
	tcase_add_test(tc, long_chains_are_cut);
	tcase_add_test(tc, a_dname_comes_with_the_cname_made_of_it);
	tcase_add_test(tc, a_dname_is_followed_for_every_type_but_cname);
	tcase_add_test(tc, a_dname_used_twice_is_said_once);
	tcase_add_test(tc, a_dname_leads_to_steered_names_and_referrals);
	tcase_add_test(tc, loops_of_dnames_are_cut);
	tcase_add_test(tc, a_name_too_long_below_a_dname_is_yxdomain);
	tcase_add_test(tc, a_name_that_grows_ends_in_either_way);
	tcase_add_test(tc, a_referral_is_not_authoritative);
	tcase_add_test(tc, steered_wildcards_answer_for_the_name_asked);
	tcase_add_test(tc, pools_answer_other_records);
	tcase_add_test(tc, types_that_a_pool_has_not_are_the_zones);
	tcase_add_test(tc, what_points_to_steered_names_brings_no_addresses);
	tcase_add_test(tc, what_is_not_ours_is_refused);
	tcase_add_test(
	    tc, replies_over_udp_are_bounded_by_what_the_client_takes);
	tcase_add_test(tc, flags_are_copied_or_cleared);
	tcase_add_test(tc, an_edns_version_above_0_is_badvers);
	tcase_add_test(tc, nsid_is_said_when_asked);
	tcase_add_test(tc, what_is_no_query_gets_its_error);
	tcase_add_test(tc, a_signed_query_gets_no_answer);
	tcase_add_test(tc, a_key_that_does_not_fit_is_left_out);
	tcase_add_test(tc, all_is_counted);
	tcase_add_test(tc, any_of_an_alias_is_the_alias);
	tcase_add_test(tc, a_share_narrows_the_scope_of_one_class);
	tcase_add_test(tc, a_decision_can_be_asked_for);
}

int
main(void)
{
	Suite *suite = suite_create("answer");
	TCase *tc = tcase_create("answer");
	SRunner *runner;
	int failed;

	tcase_add_unchecked_fixture(tc, setup_snapshot, teardown_snapshot);
	tcase_add_checked_fixture(tc, NULL, forget);
	add_tests(tc);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
