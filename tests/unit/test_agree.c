/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Random regions, capacities, costs, policies, fences, drains, reloads and
 * traffic: status, whatif and the reply to a drain show the same figures at the
 * same moment, what whatif calls unsafe a drain is refused for, and what they
 * foresee is what regions then carry.
 */
#include "traffic/forecast.h"

#include <check.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/safety.h"
#include "serve/answer.h"
#include "service.h"
#include "snapshot/build.h"

enum {
	WORLDS = 200,
	REGIONS_MAX = 5,
	POOLS_MAX = 3,
	NETS = 12,
	CLIENTS = 250, /* of a net: any of them asks */
	ASKS_MAX = 14, /* a second, of a net */
	WARM_S = 13,
	SETTLE_S = 30,
	PERIODS = 8,
	TEXT_MAX = 16384,
};

static struct service service;
static uint64_t random_state;
static uint32_t now_s;
static unsigned nregions, npools;
static unsigned asks[POOLS_MAX][NETS];
static double foreseen_worst;
static unsigned judged, unsafe_seen, foreseen, refused_confs;

static unsigned
below(unsigned n)
{
	return (unsigned)((uint64_t)answer_random(&random_state) * n >> 32);
}

static void __attribute__((format(printf, 2, 3)))
add(char *text, const char *format, ...)
{
	size_t len = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + len, TEXT_MAX - len, format, args);
	va_end(args);
}

/* Regions of all, in random order: at least one; the first. */
static unsigned
add_order(char *text, bool weights)
{
	unsigned order[REGIONS_MAX], n = 1 + below(nregions);

	for (unsigned i = 0; i < nregions; i++) {
		unsigned k = below(i + 1);

		order[i] = order[k];
		order[k] = i;
	}
	for (unsigned i = 0; i < n; i++)
		add(text, weights ? "%sr%u: %u" : "%sr%u", i > 0 ? ", " : "",
		    order[i], 1 + below(4));
	return order[0];
}

static void
add_rules(char *text, unsigned pool)
{
	for (unsigned i = 0; i < NETS; i++) {
		bool weights = below(6) == 0;
		unsigned first;

		if (below(3) == 0)
			continue;
		add(text, "      - {nets: n%u, regions: %s", i,
		    weights ? "{" : "[");
		first = add_order(text, weights);
		add(text, "%s", weights ? "}" : "]");
		if (below(5) == 0)
			add(text, ", fence: %s", first % 2 ? "A" : "B");
		else if (pool + 1 < npools && below(6) == 0)
			add(text, ", when_all_down: {pool: p%u}", npools - 1);
		add(text, "}\n");
	}
	add(text, "      - {regions: nearest}\n");
}

/* costs: 0 none, 1 all, 2 some. */
static void
configure(void)
{
	static char text[TEXT_MAX];
	unsigned costs = below(4);

	*text = '\0';
	nregions = 2 + below(REGIONS_MAX - 1);
	npools = 1 + below(POOLS_MAX);
	add(text,
	    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"], state: "
	    "state, control: control.sock}\ngeoip: {nets: {");
	for (unsigned i = 0; i < NETS; i++)
		add(text, "%sn%u: [10.%u.0.0/16]", i > 0 ? ", " : "", i, i);
	add(text, "}}\nzones: {example.com: example.com.zone}\nregions:\n");
	for (unsigned i = 0; i < nregions; i++) {
		add(text, "  r%u: {location: [%d, %d], jurisdiction: %s", i,
		    (int)below(120) - 60, (int)below(360) - 180,
		    i % 2 ? "A" : "B");
		if (below(12) != 0)
			add(text, ", capacity: %u", 40 + below(400));
		add(text, "}\n");
	}
	add(text, "pools:\n");
	for (unsigned i = 0; i < npools; i++) {
		add(text, "  p%u:\n", i);
		if (costs == 1 || costs == 3 || (costs == 2 && below(2)))
			add(text, "    cost: %u.%u\n", below(2), 1 + below(9));
		add(text, "    regions:\n");
		for (unsigned r = 0; r < nregions; r++)
			if (r == 0 || below(40) != 0)
				add(text, "      r%u: [{addr: 192.0.%u.%u}]\n",
				    r, i, r + 1);
	}
	add(text, "policies:\n");
	for (unsigned i = 0; i < npools; i++) {
		add(text, "  q%u:\n    rules:\n", i);
		add_rules(text, i);
	}
	add(text, "names:\n");
	for (unsigned i = 0; i < npools; i++)
		add(text, "  w%u.example.com: {pool: p%u, policy: q%u}\n", i, i,
		    i);
	add(text, "safety: {min_regions: %u, max_fill: %u%%}\n", below(2),
	    60 + below(60));
	service_write(&service, "meridian.yaml", text);
}

static json_t *
call(enum http_method method, const char *path, const char *query,
    const char *body, int *status)
{
	return service_call(&service, method, path, query, body, status);
}

static bool
reload(void)
{
	int status;

	json_decref(call(HTTP_POST, "/v1/reload", NULL, "{}", &status));
	return status == 200;
}

/* Traffic ---------------------------------------------------------------- */

static void
clients_make(void)
{
	for (unsigned i = 0; i < POOLS_MAX; i++)
		for (unsigned k = 0; k < NETS; k++)
			asks[i][k] = below(3) == 0 ? 0 : below(ASKS_MAX + 1);
}

static void
ask(unsigned name, unsigned net)
{
	const struct snapshot *s = service.control->status.snapshot;
	struct addr a = {.family = 4,
	    .bytes = {10, (uint8_t)net, (uint8_t)below(CLIENTS), 9}};
	struct answer_steer steer = {.client = a, .by_ecs = true};
	char text[ADDR_TEXT_MAX];
	struct tally *t = snapshot_row(s, 0);

	answer_decide(s,
	    &(struct answer_question){
		.type = DNS_A,
		.steered = (uint16_t)name,
		.now_s = now_s,
		.random = answer_random(&random_state),
	    },
	    &steer);
	t += steer.pick.pool->first_tally + steer.pick.region;
	atomic_fetch_add(&t->steered[steer.pick.reason], 1);
	service_traffic(&service, name, addr_format(text, &a), 1);
}

static void
run(unsigned seconds)
{
	struct control *c = service.control;

	while (seconds-- > 0) {
		now_s++;
		clock_fake((uint64_t)now_s * 1000, 1000000 + now_s);
		for (unsigned i = 0; i < npools; i++)
			for (unsigned k = 0; k < NETS; k++)
				for (unsigned n = 0; n < asks[i][k]; n++)
					ask(i, k);
		traffic_look(&c->traffic, c->status.snapshot, now_s);
		safety_tick(c);
	}
}

/* Comparing -------------------------------------------------------------- */

static const json_t *
find(const json_t *list, const char *region)
{
	const json_t *o;
	size_t i;

	json_array_foreach(list, i, o)
	{
		if (strcmp(json_string_value(json_object_get(o, "region")),
			region) == 0)
			return o;
	}
	return NULL;
}

/* Status has each region that whatif knows the fill of, with the same. */
static void
status_agrees(const json_t *would, unsigned world)
{
	int status;
	json_t *now = call(HTTP_GET, "/v1/status", NULL, NULL, &status);
	const json_t *capacity = json_object_get(now, "capacity");
	const json_t *all = json_object_get(would, "regions"), *r;
	size_t i;

	ck_assert(json_equal(json_object_get(capacity, "judged"),
	    json_object_get(would, "judged")));
	json_array_foreach(all, i, r)
	{
		const char *name =
		    json_string_value(json_object_get(r, "region"));
		const json_t *fill = json_object_get(r, "fill_before");
		const json_t *is =
		    find(json_object_get(capacity, "regions"), name);

		ck_assert_msg((is != NULL) == json_is_number(fill),
		    "world %u: %s", world, name);
		if (is == NULL)
			continue;
		ck_assert_double_eq_tol(
		    json_number_value(json_object_get(is, "fill")),
		    json_number_value(fill), 1e-6);
	}
	json_decref(now);
}

static void
drain_agrees(const char *what, const json_t *would, unsigned world)
{
	const json_t *unsafe = json_object_get(would, "unsafe");
	static const char *const keys[] = {"unsafe", "regions", "why"};
	char body[128];
	int status;
	json_t *does;

	snprintf(body, sizeof(body),
	    "{\"what\":\"%s\",\"until_cancelled\":true,\"reason\":\"x\"}",
	    what);
	does = call(HTTP_POST, "/v1/drain", NULL, body, &status);
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *a = json_object_get(would, keys[i]);
		const json_t *b = json_object_get(does, keys[i]);

		if (json_equal(a, b))
			continue;
		json_dumpf(a, stdout, 0);
		putchar('\n');
		json_dumpf(b, stdout, 0);
		putchar('\n');
		ck_abort_msg("world %u: %s: %s", world, what, keys[i]);
	}
	ck_assert_int_eq(status, json_array_size(unsafe) == 0 ? 200 : 409);
	json_decref(does);
	if (status == 200)
		return;
	unsafe_seen++;
	snprintf(body, sizeof(body),
	    "{\"what\":\"%s\",\"until_cancelled\":true,\"reason\":\"x\","
	    "\"force\":true}",
	    what);
	json_decref(call(HTTP_POST, "/v1/drain", NULL, body, &status));
	ck_assert_int_eq(status, 200);
}

/* What was foreseen is what is carried afterwards, where it was measured. */
static void
foreseen_agrees(const json_t *would, unsigned world)
{
	const struct control *c = service.control;
	const json_t *r;
	size_t i;

	double load[REGIONS_MAX] = {0};

	run(SETTLE_S);
	if (c->capacity.regions == NULL ||
	    json_is_false(json_object_get(would, "judged")))
		return;
	/* A few periods: one alone is of few answers. */
	for (unsigned k = 0; k < PERIODS; k++) {
		run(CAPACITY_PERIOD_S);
		for (i = 0; i < c->capacity.n; i++)
			load[i] += c->capacity.regions[i].load / PERIODS;
	}
	for (i = 0; i < c->capacity.n; i++) {
		const struct capacity_region *is = &c->capacity.regions[i];
		double fill, was;

		r = find(json_object_get(would, "regions"),
		    c->status.snapshot->conf->regions[i].name);
		if (is->capacity <= 0 || r == NULL)
			continue;
		fill = 100 * load[i] / is->capacity;
		was = json_number_value(json_object_get(r, "fill_after"));
		foreseen++;
		foreseen_worst = fmax(foreseen_worst, fabs(fill - was));
		ck_assert_msg(fabs(fill - was) < 6 + 0.1 * was,
		    "world %u: %s was foreseen at %.1f%%, is at %.1f%%", world,
		    json_string_value(json_object_get(r, "region")), was, fill);
	}
}

static void
one_world(unsigned world)
{
	char what[32], query[64];
	int status;
	json_t *would, *none;

	random_state = world + 1;
	configure();
	if (!reload()) {
		refused_confs++;
		return;
	}
	clients_make();
	run(WARM_S + below(20));
	if (below(3) == 0) {
		ck_assert(reload());
		if (below(2) == 0)
			ck_assert(reload());
	}
	run(below(3));
	if (below(3) == 0)
		snprintf(what, sizeof(what), "p0/r0");
	else
		snprintf(what, sizeof(what), "r%u", below(nregions));
	snprintf(query, sizeof(query), "drain=%s", what);
	would = call(HTTP_GET, "/v1/whatif", query, NULL, &status);
	if (status == 200) {
		status_agrees(would, world);
		judged += json_is_true(json_object_get(would, "judged"));
		drain_agrees(what, would, world);
		foreseen_agrees(would, world);
		snprintf(query, sizeof(query), "{\"what\":\"%s\"}", what);
		none = call(HTTP_POST, "/v1/undrain", NULL, query, &status);
		json_decref(none);
	}
	json_decref(would);
}

START_TEST(all_show_the_same_figures)
{
	now_s = 100000;
	clock_fake((uint64_t)now_s * 1000, 1000000 + now_s);
	log_set_level(LOG_LEVEL_ERROR);
	for (unsigned i = 0; i < WORLDS; i++) {
		/* The traffic of another world is none of this one's. */
		service_open(&service);
		one_world(i);
		service_close(&service);
	}
	clock_real();
	printf("%u worlds: %u configurations were refused, %u judged, %u "
	       "unsafe; %u fills foreseen, at worst %.1f points apart\n",
	    WORLDS, refused_confs, judged, unsafe_seen, foreseen,
	    foreseen_worst);
	ck_assert_uint_lt(refused_confs, WORLDS / 2);
	ck_assert_uint_gt(judged, WORLDS / 4);
	ck_assert_uint_gt(unsafe_seen, WORLDS / 20);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("agree");
	TCase *tc = tcase_create("agree");
	SRunner *runner;
	int failed;

	tcase_add_test(tc, all_show_the_same_figures);
	tcase_set_timeout(tc, 1800);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
