/* SPDX-License-Identifier: BSD-3-Clause */
/* Monitors and health: each key's value, each fallback, and how long health may
 * be frozen. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"
#include "conf/monitor.h"
#include "dns/rr.h"

static struct diag diag;

static void
setup(void)
{
	diag_init(&diag);
}

static void
teardown(void)
{
	diag_fini(&diag);
}

static struct conf *
load(const char *text)
{
	struct conf *c = conf_load_text("m.yaml", text, &diag);
	char *said = diag_text(&diag);

	ck_assert_msg(c != NULL, "%s", said);
	free(said);
	return c;
}

START_TEST(each_key_of_http_is_kept)
{
	struct conf *c = load(
	    "meridian: 1\nmonitors:\n"
	    "  m: {type: https, method: POST, payload: p, reconnect: 7,\n"
	    "      headers: {A: b, C: \"d e\"}, sni: s.example, verify: off,\n"
	    "      expect: {status: [200, 599], max_body: 9},\n"
	    "      slow: 1500ms, mode: observe,\n"
	    "      damp: {after: 0, forget: 1m, max: 2m},\n"
	    "      load: {header: X-L, full: 2.5}}\n"
	    "  n: {type: https}\n");
	const struct conf_monitor *m = &c->monitors[0], *n = &c->monitors[1];

	ck_assert_int_eq(m->type, CONF_MONITOR_HTTPS);
	ck_assert_int_eq(m->method, CONF_METHOD_POST);
	ck_assert_str_eq(m->payload, "p");
	ck_assert_uint_eq(m->reconnect, 7);
	ck_assert_str_eq(m->headers, "A: b\nC: d e\n");
	ck_assert_str_eq(m->sni, "s.example");
	ck_assert_int_eq(m->verify, CONF_VERIFY_OFF);
	ck_assert_uint_eq(m->nstatuses, 2);
	ck_assert_uint_eq(m->statuses[1], 599);
	ck_assert_uint_eq(m->body_max, 9);
	ck_assert_uint_eq(m->slow_ms, 1500);
	ck_assert_uint_eq(m->observe, 1);
	ck_assert_uint_eq(m->damp.after, 0);
	ck_assert_uint_eq(m->damp.forget_ms, 60000);
	ck_assert_uint_eq(m->damp.max_ms, 120000);
	ck_assert_str_eq(m->load.header, "X-L");
	ck_assert_double_eq(m->load.full, 2.5);
	ck_assert_uint_eq(n->port, 443);
	ck_assert_int_eq(n->method, CONF_METHOD_GET);
	ck_assert_ptr_null(n->headers);
	ck_assert_ptr_null(n->payload);
	ck_assert_uint_eq(n->reconnect, 20);
	ck_assert_int_eq(n->verify, CONF_VERIFY_ON);
	ck_assert_uint_eq(n->body_max, 65536);
	ck_assert_uint_eq(n->slow_ms, 0);
	ck_assert_uint_eq(n->observe, 0);
	ck_assert_uint_eq(n->interval_ms, 5000);
	ck_assert_uint_eq(n->timeout_ms, 2000);
	ck_assert_uint_eq(n->damp.after, 3);
	ck_assert_uint_eq(n->damp.forget_ms, 300000);
	ck_assert_ptr_null(n->load.header);
	conf_free(c);
}
END_TEST

START_TEST(each_key_of_the_other_types_is_kept)
{
	struct conf *c =
	    load("meridian: 1\nmonitors:\n"
		 "  d: {type: dns, query: {name: A.example, type: AAAA,\n"
		 "      recurse: yes}, expect: {rcode: NXDOMAIN}}\n"
		 "  r: {type: dns, query: {name: a.example},\n"
		 "      expect: {records: [192.0.2.1, 192.0.2.2]}}\n"
		 "  x: {type: external, on_stale: ignore}\n"
		 "  e: {type: exec, command: [/bin/true, a b]}\n"
		 "  i: {type: icmp}\n");
	const struct conf_monitor *m = c->monitors;

	ck_assert_str_eq(m[0].query.name, "a.example.");
	ck_assert_uint_eq(m[0].query.type, DNS_AAAA);
	ck_assert_uint_eq(m[0].query.recurse, 1);
	ck_assert_uint_eq(m[0].rcode, DNS_NXDOMAIN);
	ck_assert_uint_eq(m[0].port, 53);
	ck_assert_uint_eq(m[0].nrecords, 0);
	ck_assert_uint_eq(m[1].query.type, DNS_A);
	ck_assert_uint_eq(m[1].query.recurse, 0);
	ck_assert_uint_eq(m[1].rcode, DNS_NOERROR);
	ck_assert_uint_eq(m[1].nrecords, 2);
	ck_assert_str_eq(m[1].records[1], "192.0.2.2");
	ck_assert_uint_eq(m[2].fresh_ms, 60000);
	ck_assert_int_eq(m[2].on_stale, CONF_STALE_IGNORE);
	ck_assert_uint_eq(m[3].ncommand, 2);
	ck_assert_str_eq(m[3].command[1], "a b");
	ck_assert_int_eq(m[4].type, CONF_MONITOR_ICMP);
	ck_assert_uint_eq(m[4].port, 0);
	conf_free(c);
}
END_TEST

START_TEST(each_anchor_is_a_monitor)
{
	struct conf *c = load("meridian: 1\nhealth:\n"
			      "  anchors: [192.0.2.1@53, \"2001:db8::1@80\"]\n"
			      "  anchor_interval: 500ms\n"
			      "  suspect: 55%\n  suspect_min: 9\n"
			      "  freeze_max: 7s\n  keep: 30m\n");
	const struct conf_health *h = &c->health;
	const struct conf_monitor *m = h->anchor_monitors;

	ck_assert_uint_eq(diag.entries.n, 0);
	ck_assert_uint_eq(h->nanchors, 2);
	ck_assert_uint_eq(h->suspect, 55);
	ck_assert_uint_eq(h->suspect_min, 9);
	ck_assert_uint_eq(h->freeze_max_ms, 7000);
	ck_assert_uint_eq(h->keep_ms, 1800000);
	for (size_t i = 0; i < 2; i++) {
		ck_assert_str_eq(m[i].name, "anchor");
		ck_assert_int_eq(m[i].type, CONF_MONITOR_TCP);
		ck_assert_uint_eq(m[i].interval_ms, 500);
		ck_assert_uint_eq(m[i].timeout_ms, 500);
		ck_assert_uint_eq(m[i].fall, 1);
		ck_assert_uint_eq(m[i].rise, 1);
		ck_assert_uint_eq(m[i].clear, 1);
	}
	ck_assert_str_eq(m[0].question, "anchor 53");
	ck_assert_str_eq(m[1].text, "anchor 80 500 500");
	conf_free(c);
}
END_TEST

START_TEST(one_anchor_alone_is_warned_of)
{
	struct conf *c = load("meridian: 1\nhealth: {anchors: 192.0.2.1@53}\n");

	ck_assert_uint_eq(diag.entries.n, 1);
	ck_assert_mem_eq(
	    diag.entries.at[0].message, "there is only one anchor: ", 26);
	ck_assert_uint_eq(c->health.anchor_monitors[0].interval_ms, 2000);
	ck_assert_uint_eq(c->health.anchor_monitors[0].timeout_ms, 1000);
	conf_free(c);
}
END_TEST

/* Two pools of two regions with four targets, unless said otherwise. */
#define MONITORS "monitors: {m: {type: icmp}, x: {type: external}}\n"
#define TWO "[{addr: 192.0.2.1}, {addr: 192.0.2.2}]"
#define POOL(name, monitor, eu, us) \
	"  " name ": {monitor: " monitor ", regions: {eu: " eu ", us: " us \
	"}}\n"
#define ONE_REGION(name, monitor, region) \
	"  " name ": {monitor: " monitor ", regions: {" region ": " TWO "}}\n"
#define TOP(health) \
	"meridian: 1\nregions: {eu: {}, us: {}}\n" \
	"health: {freeze_max: 90s" health "}\n" MONITORS "pools:\n"

static const struct {
	const char *text;
	double s;
} frozen[] = {
    {TOP("") ONE_REGION("a", "m", "eu") ONE_REGION("b", "m", "us"), 90},
    {TOP("") ONE_REGION("a", "m", "eu") ONE_REGION("b", "m", "eu"), 0},
    {TOP("") ONE_REGION("a", "m", "eu"), 0},
    {TOP("") POOL("a", "m", TWO, TWO), 0},
    {TOP(", suspect_min: 5") ONE_REGION("a", "m", "eu")
	    ONE_REGION("b", "m", "us"),
	0},
    {TOP("") ONE_REGION("a", "m", "eu") ONE_REGION("b", "x", "us"), 0},
    {TOP("") ONE_REGION("a", "[x, m]", "eu") ONE_REGION("b", "m", "us"), 90},
    {TOP(", anchors: [192.0.2.9@1, 192.0.2.8@1]") ONE_REGION("a", "m", "eu"),
	90},
    {TOP(", anchors: [192.0.2.9@1, 192.0.2.8@1]") ONE_REGION("a", "x", "eu"),
	0},
};

START_TEST(health_is_frozen_only_where_unrelated_targets_fail)
{
	struct conf *c = load(frozen[_i].text);

	ck_assert_double_eq(monitor_frozen_s(c), frozen[_i].s);
	conf_free(c);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("monitor_keys");
	TCase *tc = tcase_create("monitor_keys");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, each_key_of_http_is_kept);
	tcase_add_test(tc, each_key_of_the_other_types_is_kept);
	tcase_add_test(tc, each_anchor_is_a_monitor);
	tcase_add_test(tc, one_anchor_alone_is_warned_of);
	tcase_add_loop_test(tc,
	    health_is_frozen_only_where_unrelated_targets_fail, 0,
	    sizeof(frozen) / sizeof(frozen[0]));
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
