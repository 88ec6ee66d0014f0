/* SPDX-License-Identifier: BSD-3-Clause */
/* What explain is asked: each word at both sides of what it may be, and all
 * that is told of one that means nothing. */
#include "report/asked.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"

static const char text[] =
    "meridian: 1\n"
    "server: {listen: [\"127.0.0.1@0\"]}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {location: [50, 8]}, us: {location: [39, -77]}}\n"
    "monitors:\n"
    "  web: {type: tcp, port: 80}\n"
    "  same: {type: tcp, port: 80}\n"
    "  db: {type: tcp, port: 5432}\n"
    "pools:\n"
    "  www:\n"
    "    monitor: web\n"
    "    regions:\n"
    "      eu: [{addr: 192.0.2.1}, {addr: [192.0.2.2, \"2001:db8::2\"]}]\n"
    "      us: [{addr: [192.0.2.3, \"2001:db8::3\"]}]\n"
    "  data:\n"
    "    monitor: [web, db]\n"
    "    regions: {eu: [{addr: 192.0.2.4}]}\n"
    "  cdn:\n"
    "    monitor: db\n"
    "    answer: {mode: one}\n"
    "    regions: {us: [{cname: a.example.net., probe: 192.0.2.5}]}\n"
    "  none: {regions: {us: [{addr: 192.0.2.6}]}}\n"
    "policies: {p: {rules: [{regions: [eu, us]}]}}\n"
    "names:\n"
    "  www.example.com: {pool: www, policy: p}\n";

#define X50 "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"

static struct diag diag;
static struct conf *conf;
static struct asked asked;

static void
setup(void)
{
	diag_init(&diag);
	conf = conf_load_text("m.yaml", text, &diag);
	ck_assert_msg(conf != NULL, "%s", diag_text(&diag));
	memset(&asked, 0xff, sizeof(asked));
}

static void
teardown(void)
{
	asked_fini(&asked);
	conf_free(conf);
	diag_fini(&diag);
}

/* Nothing is wrong where error is NULL. */
static void
ask(const struct explain_query *q, int code, const char *error)
{
	json_t *r = asked_read(&asked, conf, q);

	if (error == NULL) {
		ck_assert_msg(r == NULL, "%s",
		    json_string_value(json_object_get(r, "error")));
		return;
	}
	ck_assert_ptr_nonnull(r);
	ck_assert_str_eq(json_string_value(json_object_get(r, "error")), error);
	ck_assert_int_eq(json_integer_value(json_object_get(r, "exit")), code);
	json_decref(r);
}

static const struct {
	const char *name, *type, *from, *resolver;
	int code;
	const char *error;
} wrong[] = {
    {NULL, NULL, "DE", NULL, 2, "explain needs a name, and where from"},
    {"a", NULL, NULL, NULL, 2, "explain needs a name, and where from"},
    {"a", "TYPO", "DE", NULL, 2, "TYPO: no such type"},
    {"a", NULL, "DE", "9.9.9", 2, "resolver 9.9.9: not an address"},
    {"a", NULL, "QQ", NULL, 4, "from QQ: no country has the code QQ"},
    {"a", NULL, "QQ-A", NULL, 4, "from QQ-A: no country has the code QQ"},
    {"a", NULL, "QQ/X", NULL, 4, "from QQ/X: no country has the code QQ"},
};

START_TEST(what_means_nothing_is_told)
{
	ask(&(struct explain_query){.name = wrong[_i].name,
		.type = wrong[_i].type,
		.from = wrong[_i].from,
		.resolver = wrong[_i].resolver},
	    wrong[_i].code, wrong[_i].error);
}
END_TEST

static const struct {
	const char *from, *by;
	bool by_place, present;
	const char *addr; /* of the client; NULL: none is known */
	unsigned len;
	const char *resolver;
} froms[] = {
    {"EU", NULL, true, false, NULL, 0, "0.0.0.0"},
    {"DE", NULL, true, false, NULL, 0, "0.0.0.0"},
    {"DE", "9.9.9.9", true, false, NULL, 0, "9.9.9.9"},
    {"192.0.2.1", NULL, false, false, "192.0.2.1", 32, "192.0.2.1"},
    {"192.0.2.0/24", NULL, false, true, "192.0.2.0", 24, "192.0.2.0"},
    {"192.0.2.1", "9.9.9.9", false, true, "192.0.2.1", 32, "9.9.9.9"},
    {"2001:db8::/32", "2001:db8::1", false, true, "2001:db8::", 32,
	"2001:db8::1"},
    {"2001:db8::5", NULL, false, false, "2001:db8::5", 128, "2001:db8::5"},
};

START_TEST(a_client_is_a_place_an_address_or_a_subnet)
{
	struct addr a;

	ask(&(struct explain_query){.name = "www.example.com",
		.from = froms[_i].from,
		.resolver = froms[_i].by},
	    0, NULL);
	ck_assert_int_eq(asked.by_place, froms[_i].by_place);
	ck_assert_int_eq(asked.ecs.present, froms[_i].present);
	ck_assert(addr_parse(froms[_i].resolver, &a));
	ck_assert(addr_equal(&asked.resolver, &a));
	ck_assert_uint_eq(asked.type, 1);
	ck_assert_uint_eq(asked.ecs.source, froms[_i].len);
	if (froms[_i].addr == NULL)
		return;
	ck_assert(addr_parse(froms[_i].addr, &a));
	ck_assert(addr_equal(&asked.ecs.addr, &a));
}
END_TEST

START_TEST(regions_are_assumed_down_or_drained)
{
	static const char *const eu[] = {"eu"}, *const both[] = {"us", "eu"};
	static const char *const far[] = {"eu", "uss"}, *const none[] = {"zz9"};
	struct explain_query q = {.name = "a", .from = "DE", .type = "AAAA"};

	q.down = eu, q.ndown = 1;
	ask(&q, 0, NULL);
	ck_assert(asked.assume.down[0] && !asked.assume.down[1]);
	ck_assert(!asked.assume.drained[0] && !asked.assume.drained[1]);
	ck_assert_uint_eq(asked.assume.nsignals, 0);
	ck_assert_uint_eq(asked.type, 28);
	asked_fini(&asked);
	q.drain = both, q.ndrain = 2;
	ask(&q, 0, NULL);
	ck_assert(asked.assume.down[0] && !asked.assume.down[1]);
	ck_assert(asked.assume.drained[0] && asked.assume.drained[1]);
	asked_fini(&asked);
	q.drain = far;
	ask(&q, 4, "no region uss; did you mean us?");
	asked_fini(&asked);
	q.down = none;
	ask(&q, 4, "no region zz9");
}
END_TEST

#define NOT_SIGNAL(s) "signal " s ": not MONITOR[/ADDRESS]=up or =down"
#define NOT_WATCHED(s) \
	"signal " s ": the monitor watches no target at that address"

static const struct {
	const char *signal;
	int code;
	const char *error;   /* NULL: none, but these */
	const char *address; /* NULL: of all */
	unsigned monitor;
	bool up;
} signals[] = {
    {"web=up", 0, NULL, NULL, 0, true},
    {"web=down", 0, NULL, NULL, 0, false},
    {"db=down", 0, NULL, NULL, 2, false},
    {"web/192.0.2.1=down", 0, NULL, "192.0.2.1", 0, false},
    {"web/192.0.2.2=up", 0, NULL, "192.0.2.2", 0, true},
    {"web/2001:db8::2=up", 0, NULL, "2001:db8::2", 0, true},
    {"web/2001:db8::3=up", 0, NULL, "2001:db8::3", 0, true},
    {"web/192.0.2.4=up", 0, NULL, "192.0.2.4", 0, true},
    {"db/192.0.2.4=up", 0, NULL, "192.0.2.4", 2, true},
    /* A target that is a name, at the address that is probed. */
    {"db/192.0.2.5=up", 0, NULL, "192.0.2.5", 2, true},
    /* Of a monitor that says the same. */
    {"same/192.0.2.1=up", 0, NULL, "192.0.2.1", 1, true},
    {"db/192.0.2.1=up", 4, NOT_WATCHED("db/192.0.2.1=up"), NULL, 0, false},
    {"web/192.0.2.5=up", 4, NOT_WATCHED("web/192.0.2.5=up"), NULL, 0, false},
    {"web/192.0.2.6=up", 4, NOT_WATCHED("web/192.0.2.6=up"), NULL, 0, false},
    {"web/192.0.2.9=up", 4, NOT_WATCHED("web/192.0.2.9=up"), NULL, 0, false},
    {"web/x=up", 2, "signal web/x=up: no address", NULL, 0, false},
    {"web/=up", 2, "signal web/=up: no address", NULL, 0, false},
    {"wbe=up", 4, "no monitor wbe; did you mean web?", NULL, 0, false},
    {"wbe/192.0.2.1=up", 4, "no monitor wbe; did you mean web?", NULL, 0,
	false},
    {"zz9=up", 4, "no monitor zz9", NULL, 0, false},
    {"=up", 4, "no monitor ", NULL, 0, false},
    {"web", 2, NOT_SIGNAL("web"), NULL, 0, false},
    {"web=", 2, NOT_SIGNAL("web="), NULL, 0, false},
    {"web=ups", 2, NOT_SIGNAL("web=ups"), NULL, 0, false},
    {"web=up=down=x", 2, NOT_SIGNAL("web=up=down=x"), NULL, 0, false},
    {"a=b=up", 4, "no monitor a=b", NULL, 0, false},
    /* Names of 63 and 64 octets, words of 255 and 256. */
    {X50 "0123456789abc=up", 4, "no monitor " X50 "0123456789abc", NULL, 0,
	false},
    {X50 "0123456789abcd=up", 4, "no monitor " X50 "0123456789abcd", NULL, 0,
	false},
    {X50 X50 X50 X50 X50 "12345=up", 4,
	"no monitor " X50 X50 X50 X50 X50 "12345", NULL, 0, false},
    {X50 X50 X50 X50 X50 "123456=up", 2,
	NOT_SIGNAL(X50 X50 X50 X50 X50 "123456=up"), NULL, 0, false},
};

START_TEST(a_signal_is_of_a_monitor_and_a_target_that_it_watches)
{
	const char *const all[] = {"db=up", signals[_i].signal};
	const struct view_signal *s;
	struct addr a;

	ask(
	    &(struct explain_query){
		.name = "a", .from = "DE", .signals = all, .nsignals = 2},
	    signals[_i].code, signals[_i].error);
	if (signals[_i].error != NULL)
		return;
	ck_assert_uint_eq(asked.assume.nsignals, 2);
	ck_assert_uint_eq(asked.assume.signals[0].monitor, 2);
	ck_assert(asked.assume.signals[0].up);
	s = &asked.assume.signals[1];
	ck_assert_uint_eq(s->monitor, signals[_i].monitor);
	ck_assert_int_eq(s->up, signals[_i].up);
	ck_assert_int_eq(s->addr.family != 0, signals[_i].address != NULL);
	if (signals[_i].address == NULL)
		return;
	ck_assert(addr_parse(signals[_i].address, &a));
	ck_assert(addr_equal(&s->addr, &a));
}
END_TEST

START_TEST(the_first_fault_of_signals_is_told)
{
	static const char *const all[] = {"zz8=up", "zz9=up"};

	ask(
	    &(struct explain_query){
		.name = "a", .from = "DE", .signals = all, .nsignals = 2},
	    4, "no monitor zz8");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("asked");
	TCase *tc = tcase_create("asked");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, what_means_nothing_is_told, 0,
	    sizeof(wrong) / sizeof(wrong[0]));
	tcase_add_loop_test(tc, a_client_is_a_place_an_address_or_a_subnet, 0,
	    sizeof(froms) / sizeof(froms[0]));
	tcase_add_test(tc, regions_are_assumed_down_or_drained);
	tcase_add_loop_test(tc,
	    a_signal_is_of_a_monitor_and_a_target_that_it_watches, 0,
	    sizeof(signals) / sizeof(signals[0]));
	tcase_add_test(tc, the_first_fault_of_signals_is_told);
	suite_add_tcase(s, tc);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed == 0 ? 0 : 1;
}
