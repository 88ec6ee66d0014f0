/* SPDX-License-Identifier: BSD-3-Clause */
/* Loads that targets report, costs of pools, capacities of regions: all that
 * can be declared of them together, and what is said of it. */
#include "conf/check.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

static const char text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"]}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions:\n"
    "  eu: {location: [50, 8]%s}\n"
    "  us: {location: [39, -77]%s}\n"
    "monitors: {web: {type: http%s}}\n"
    "pools:\n"
    "  www: {monitor: web%s, regions: {eu: [{addr: 192.0.2.1}],\n"
    "        us: [{addr: 192.0.2.2}]}}\n"
    "policies: {p: {rules: [{regions: [eu, us]}]}}\n"
    "names: {www.example.com: {pool: www, policy: p}}\n";

#define CAPACITY ", capacity: 100"
#define LOAD ", load: {header: X-Load}"
#define COST ", cost: 1"

static const char no_cost[] =
    "f.yaml:9:3: warning: monitor \"web\" reads the load of pool \"www\", which has no cost: the reported load is ignored; give the pool a \"cost\", or remove \"load\" from the monitor";
static const char no_capacity[] =
    "f.yaml:9:3: warning: pool \"www\" has a cost, but none of its regions has a capacity: the cost is ignored; give the regions a \"capacity\", or remove \"cost\"";
static const char endless[] =
    "warning: region \"us\" has no capacity: it receives all clients that full regions of pool \"www\" spill, and is never full; give it a \"capacity\"";

static const struct {
	const char *eu, *us, *load, *cost;
	const char *said; /* NULL: nothing */
} all[] = {
    {"", "", "", "", NULL},
    {CAPACITY, CAPACITY, "", "", NULL}, /* whatif assumes a load */
    {CAPACITY, "", "", "", NULL},
    {"", "", LOAD, "", no_cost},
    {CAPACITY, "", LOAD, "", no_cost},
    {CAPACITY, CAPACITY, LOAD, "", no_cost},
    {"", "", "", COST, no_capacity},
    {"", "", LOAD, COST, no_capacity},
    {CAPACITY, "", "", COST, endless},
    {CAPACITY, "", LOAD, COST, endless},
    {CAPACITY, CAPACITY, "", COST, NULL},
    {CAPACITY, CAPACITY, LOAD, COST, NULL},
};

enum { ALL = sizeof(all) / sizeof(*all) };

START_TEST(what_counts_for_nothing_is_said)
{
	char buf[2048], *said;
	struct diag d;
	struct conf *c;

	snprintf(buf, sizeof(buf), text, all[_i].eu, all[_i].us, all[_i].load,
	    all[_i].cost);
	diag_init(&d);
	c = conf_load_text("f.yaml", buf, &d);
	said = diag_text(&d);
	ck_assert_msg(c != NULL, "%s", said);
	if (all[_i].said == NULL)
		ck_assert_str_eq(said, "");
	else
		ck_assert_msg(strstr(said, all[_i].said) != NULL, "%s", said);
	ck_assert_uint_eq(d.nwarnings, all[_i].said != NULL);
	free(said);
	conf_free(c);
	diag_fini(&d);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("loads");
	TCase *tc = tcase_create("loads");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tc, what_counts_for_nothing_is_said, 0, ALL);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
