/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every figure of the load of regions, second after second, and all that is
 * foreseen of it: while clients become more, regions fail and come back, are
 * drained, report their load themselves, and are reloaded with other
 * capacities, costs and names.  What is expected is in course.txt;
 * MERIDIAN_STORY=FOLDER writes it there as it is now, to be compared by eye
 * and taken over.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/number.h"
#include "ctl/safety.h"
#include "expected.h"
#include "report/text.h"
#include "serve/answer.h"
#include "service.h"
#include "snapshot/build.h"

enum { NETS = 10, NAMES = 4, BEGIN_S = 100000, END_S = 240 };

/* %s: the capacity of eu, the name of the pool of www, its cost, and what
 * stands in. */
static const char conf_text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"], state: state,\n"
    "         control: control.sock}\n"
    "geoip:\n"
    "  nets: {n0: [10.0.0.0/16], n1: [10.1.0.0/16], n2: [10.2.0.0/16],\n"
    "         n3: [10.3.0.0/16], n4: [10.4.0.0/16], n5: [10.5.0.0/16],\n"
    "         n6: [10.6.0.0/16], n7: [10.7.0.0/16]}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50, 8], capacity: %s, jurisdiction: EU}\n"
    "  us: {location: [39, -77], capacity: 90}\n"
    "  ap: {location: [35, 139], capacity: 60}\n"
    "  sa: {location: [-23, -46], jurisdiction: EU}\n"
    "  au: {location: [-33, 151], capacity: 130, jurisdiction: EU}\n"
    "monitors: {load: {type: tcp, port: 80, interval: 5s, timeout: 1s}}\n"
    "pools:\n"
    "  %s:\n"
    "    cost: %s\n"
    "    monitor: load\n"
    "    regions:\n"
    "      eu: [{addr: 192.0.2.1, weight: 3}, {addr: 192.0.2.11}]\n"
    "      us: [{addr: 192.0.2.2}]\n"
    "      ap: [{addr: 192.0.2.3}]\n"
    "      au: [{addr: 192.0.2.5}]\n"
    "  api:\n"
    "    cost: 0.75\n"
    "    monitor: load\n"
    "    regions:\n"
    "      us: [{addr: 192.0.3.2}]\n"
    "      eu: [{addr: 192.0.3.1}]\n"
    "      sa: [{addr: 192.0.3.4}]\n"
    "  free:\n"
    "    regions: {eu: [{addr: 192.0.4.1}], ap: [{addr: 192.0.4.3}]}\n"
    "  sorry: {cost: 1, regions: {sa: [{addr: 192.0.5.4}],\n"
    "                             au: [{addr: 192.0.5.5}]}}\n"
    "policies:\n"
    "  lists:\n"
    "    failback: {hold: 5s, ramp: 20s}\n"
    "    rules:\n"
    "      - {nets: n0, regions: [eu, us, ap]}\n"
    "      - {nets: n1, regions: [eu, ap, us]}\n"
    "      - {nets: n2, regions: [us, eu, ap, au]}\n"
    "      - {nets: n3, regions: [ap, au, sa],\n"
    "         when_all_down: {pool: sorry}}\n"
    "      - {nets: n4, regions: {eu: 3, us: 1}, hash: client}\n"
    "      - {nets: n5, regions: [eu], fence: EU,\n"
    "         when_all_down: %s}\n"
    "      - {regions: nearest}\n"
    "  all: {rules: [{regions: all}]}\n"
    "names:\n"
    "  www.example.com: {pool: %s, policy: lists, ttl: {max: 20, min: 5}}\n"
    "  api.example.com: {pool: api, policy: lists}\n"
    "  free.example.com: {pool: free, policy: all}\n"
    "  too.example.com: {pool: %s, policy: all, ttl: {max: 40, min: 5}}\n"
    "safety: {min_regions: 2, max_fill: 80%%}\n";

static struct service s;
static struct text t;
static uint64_t random_state = 1;
static uint32_t now_s;
/* Questions a second, by name and net; some come every second second. */
static unsigned asks[NAMES][NETS] = {
    {9, 7, 5, 4, 6, 3, 2, 0, 1, 2},
    {8, 2, 9, 0, 4, 5, 3, 1, 2, 0},
    {3, 3, 0, 1, 0, 0, 0, 0, 5, 0},
    {2, 1, 3, 0, 0, 1, 0, 2, 0, 1},
};
static double reports[3]; /* of 192.0.2.1, 192.0.2.11, 192.0.2.5; 0: none */

static void
configure(
    const char *capacity, const char *pool, const char *cost, const char *down)
{
	char text[sizeof(conf_text) + 256];
	int status;

	snprintf(text, sizeof(text), conf_text, capacity, pool, cost, down,
	    pool, pool);
	service_write(&s, "meridian.yaml", text);
	json_decref(
	    service_call(&s, HTTP_POST, "/v1/reload", NULL, "{}", &status));
	ck_assert_int_eq(status, 200);
	text_add(&t, "reload: eu %s, pool %s, cost %s, down %s\n", capacity,
	    pool, cost, down);
}

static void
command(const char *path, const char *body, int expected)
{
	int status;

	json_decref(service_call(&s, HTTP_POST, path, NULL, body, &status));
	ck_assert_int_eq(status, expected);
	text_add(&t, "%s %s\n", path, body);
}

static void
health(const char *address, enum health_state state)
{
	service_health(&s, address, state);
	text_add(&t, "%s is %s\n", address, health_state_names[state]);
}

static void
ask(uint16_t name, unsigned net)
{
	const struct snapshot *shot = s.control->status.snapshot;
	struct addr a = {.family = 4,
	    .bytes = {10, (uint8_t)net,
		(uint8_t)(answer_random(&random_state) % 200), 9}};
	struct answer_steer steer = {.client = a, .by_ecs = true};
	struct tally *row = snapshot_row(shot, 0);
	char text[ADDR_TEXT_MAX];

	answer_decide(shot,
	    &(struct answer_question){.type = DNS_A,
		.steered = name,
		.now_s = now_s,
		.random = answer_random(&random_state)},
	    &steer);
	row += steer.pick.pool->first_tally + steer.pick.region;
	atomic_fetch_add(&row->steered[steer.pick.reason], 1);
	service_traffic(&s, name, addr_format(text, &a), 1);
}

static void
report_loads(void)
{
	static const uint8_t last[] = {1, 11, 5};
	size_t n;
	struct watch **all = watches_all(s.control->watches, &n);

	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < 3; k++)
			if (all[i]->addr.bytes[2] == 2 &&
			    all[i]->addr.bytes[3] == last[k] &&
			    reports[k] > 0) {
				all[i]->load = reports[k];
				all[i]->load_ms = clock_mono_ms();
			}
}

static void
second_pass(void)
{
	struct control *c = s.control;

	now_s++;
	clock_fake((uint64_t)now_s * 1000, 1780000000 + now_s);
	for (uint16_t i = 0; i < NAMES; i++)
		for (unsigned k = 0; k < NETS; k++)
			for (unsigned n = 0; n < asks[i][k]; n++)
				ask(i, k);
	report_loads();
	for (size_t i = 0; i < c->status.snapshot->conf->npools; i++) {
		struct pool *p = &c->status.snapshot->pools[i];

		for (size_t r = 0; r < p->nregions; r++)
			pool_share_tick(p, r);
	}
	traffic_look(&c->traffic, c->status.snapshot, now_s);
	safety_tick(c);
}

static void
put_regions(void)
{
	const struct capacity *c = &s.control->capacity;

	text_add(
	    &t, "%u s%s\n", now_s - BEGIN_S, c->brownout ? " brownout" : "");
	for (size_t i = 0; i < c->n; i++) {
		const struct capacity_region *r = &c->regions[i];

		text_add(&t,
		    "  %s load %.4g of %.4g%s gone %.4g spill %u sent_on %.4g%s "
		    "relative %.4g modelled %.4g own %.4g scale %.4g base %.4g\n",
		    s.control->status.snapshot->conf->regions[i].name, r->load,
		    r->capacity, r->reported ? " reported" : "", r->gone,
		    r->spill, r->sent_on, r->over ? " over" : "", r->relative,
		    r->modelled, r->own, r->scale, r->base);
	}
}

static void
put_report(const char *path, const char *query)
{
	int status;
	json_t *reply = expected_rounded(
	    service_call(&s, HTTP_GET, path, query, NULL, &status));
	json_t *part = json_object_get(reply, "capacity");
	char *text = number_json(part != NULL ? part : reply, 0);

	ck_assert_int_eq(status, 200);
	expected_without(text, s.folder);
	text_add(&t, "%s?%s %s\n", path, query != NULL ? query : "", text);
	free(text);
	json_decref(reply);
}

static void
put_forecasts(void)
{
	put_report("/v1/status", NULL);
	put_report("/v1/whatif", "drain=eu");
	put_report("/v1/whatif", "down=us&drain=ap");
	put_report("/v1/whatif", "down=api/us&down=api/eu");
	put_report("/v1/whatif", "drain=sa");
}

static void
ask_more(unsigned times, unsigned parts)
{
	for (size_t i = 0; i < NAMES; i++)
		for (size_t k = 0; k < NETS; k++)
			asks[i][k] = asks[i][k] * times / parts;
	text_add(&t, "%u/%u of the questions\n", times, parts);
}

static void
begin(void)
{
	configure("260", "www", "2.5", "all");
}

static void
more(void)
{
	ask_more(3, 2);
}

static void
less(void)
{
	ask_more(1, 2);
}

static void
eu_down(void)
{
	health("192.0.2.1", HEALTH_DOWN);
	health("192.0.2.11", HEALTH_DOWN);
}

static void
eu_up(void)
{
	health("192.0.2.1", HEALTH_UP);
	health("192.0.2.11", HEALTH_UP);
}

static void
part_out(void)
{
	command("/v1/drain",
	    "{\"what\":\"us\",\"share\":40,\"over_s\":15,\"for_s\":60,"
	    "\"reason\":\"x\",\"force\":true}",
	    200);
}

static void
larger(void)
{
	configure("330", "www", "2.25", "all");
}

static void
renamed(void)
{
	configure("330", "web", "2.25", "{pool: sorry}");
}

static void
reported(void)
{
	reports[0] = 0.5;
	reports[1] = 0.9;
	reports[2] = 0.35;
	text_add(&t, "eu and au report their load\n");
}

static void
brownout(void)
{
	ask_more(8, 1);
	memset(reports, 0, sizeof(reports));
}

static void
most_down(void)
{
	eu_down();
	health("192.0.2.2", HEALTH_DOWN);
	health("192.0.2.3", HEALTH_DOWN);
}

static void
au_idle(void)
{
	reports[0] = 0.7;
	health("192.0.2.5", HEALTH_DOWN);
}

static void
au_back(void)
{
	reports[1] = 0;
	health("192.0.2.5", HEALTH_UP);
}

static const struct {
	uint32_t at_s;
	void (*happens)(void);
} events[] = {
    {0, begin},
    {22, more},
    {36, eu_down},
    {52, eu_up},
    {70, part_out},
    {85, larger},
    {93, renamed},
    {107, reported},
    {121, au_idle},
    {133, more},
    {134, more},
    {150, au_back},
    {170, less},
    {190, brownout},
    {206, most_down},
    {220, less},
};

START_TEST(every_figure_of_the_course_is_as_expected)
{
	size_t next = 0;

	now_s = BEGIN_S;
	clock_fake((uint64_t)now_s * 1000, 1780000000 + now_s);
	service_open(&s);
	for (uint32_t i = 0; i < END_S; i++) {
		while (next < sizeof(events) / sizeof(events[0]) &&
		    events[next].at_s == i)
			events[next++].happens();
		second_pass();
		if (i % 5 == 4)
			put_regions();
		if (i % 30 == 26)
			put_forecasts();
	}
	expected_file(t.at, "course.txt");
	text_fini(&t);
	service_close(&s);
	clock_real();
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("course");
	TCase *tc = tcase_create("course");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, every_figure_of_the_course_is_as_expected);
	tcase_set_timeout(tc, 120);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
