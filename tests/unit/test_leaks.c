/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whatever was asked for gives all of its memory back: each request is
 * repeated, and after a few times there may be no more blocks in use than
 * before. Sanitizers see what is lost (and take the place of malloc(3), so that
 * nothing is counted with them); this sees what is kept, too.
 */
#include <check.h>
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/rcu.h"
#include "service.h"
#include "snapshot/build.h"

enum { WARM = 3, TIMES = 5, WINDOWS = 2 };

/* Blocks in use. */
static _Atomic long used;

#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && \
    !__has_feature(address_sanitizer) && !__has_feature(memory_sanitizer) && \
    !__has_feature(thread_sanitizer)
/* Those of the C library, as its manual permits ("Replacing malloc"). */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *p, size_t size);
void *__libc_memalign(size_t alignment, size_t size);
void __libc_free(void *p);

static void *
counted(void *p)
{
	if (p != NULL)
		atomic_fetch_add(&used, 1);
	return p;
}

void *
malloc(size_t size)
{
	return counted(__libc_malloc(size));
}

void *
calloc(size_t n, size_t size)
{
	return counted(__libc_calloc(n, size));
}

void *
realloc(void *p, size_t size)
{
	void *q = __libc_realloc(p, size);

	if (p == NULL)
		return counted(q);
	if (q == NULL && size == 0)
		atomic_fetch_sub(&used, 1);
	return q;
}

void *
aligned_alloc(size_t alignment, size_t size)
{
	return counted(__libc_memalign(alignment, size));
}

int
posix_memalign(void **p, size_t alignment, size_t size)
{
	*p = counted(__libc_memalign(alignment, size));
	return *p != NULL ? 0 : ENOMEM;
}

void
free(void *p)
{
	if (p != NULL)
		atomic_fetch_sub(&used, 1);
	__libc_free(p);
}
#endif

struct request {
	const char *path, *query, *body; /* no body: GET */
};

static const struct {
	struct request first, then; /* no path: none */
} all[] = {
    {{"/", NULL, NULL}, {NULL}},
    {{"/metrics", NULL, NULL}, {NULL}},
    {{"/v1/status", NULL, NULL}, {NULL}},
    {{"/v1/stats", NULL, NULL}, {NULL}},
    {{"/v1/drains", NULL, NULL}, {NULL}},
    {{"/v1/stages", NULL, NULL}, {NULL}},
    {{"/v1/geoip", NULL, NULL}, {NULL}},
    {{"/v1/traffic", NULL, NULL}, {NULL}},
    {{"/v1/events", "since=0&level=warning", NULL}, {NULL}},
    {{"/v1/stauts", NULL, NULL}, {NULL}},
    {{"/v1/status", "a=%00", NULL}, {NULL}},
    {{"/v1/status", "a=b&c=d", NULL}, {NULL}},
    {{"/v1/drain", NULL, "[1,"}, {NULL}},
    {{"/v1/drain", NULL, "{\"what\":\"eu\"}"}, {NULL}},
    {{"/v1/drain", NULL,
	 "{\"what\":\"eu\",\"for_s\":60,\"reason\":\"all of them\"}"},
	{NULL}},
    {{"/v1/drain", NULL,
	 "{\"what\":\"ue\",\"for_s\":60,\"reason\":\"nothing\"}"},
	{NULL}},
    {{"/v1/drain", NULL,
	 "{\"what\":\"www/us\",\"for_s\":60,\"reason\":\"work\"}"},
	{"/v1/undrain", NULL, "{\"what\":\"www/us\"}"}},
    {{"/v1/drain", NULL,
	 "{\"what\":\"eu\",\"for_s\":60,\"reason\":\"work\",\"force\":true}"},
	{"/v1/undrain", NULL, "{\"what\":\"eu\"}"}},
    {{"/v1/undrain", NULL, "{\"what\":\"ap\"}"}, {NULL}},
    {{"/v1/force_up", NULL,
	 "{\"what\":\"www/us/198.51.100.10\",\"for_s\":60,"
	 "\"reason\":\"it works\"}"},
	{"/v1/force_up_end", NULL, "{\"what\":\"www/us/198.51.100.10\"}"}},
    {{"/v1/failback", NULL, "{\"what\":\"www\"}"}, {NULL}},
    {{"/v1/thaw", NULL, "{}"}, {NULL}},
    {{"/v1/probe", NULL, "{\"what\":\"nothing\"}"}, {NULL}},
    {{"/v1/signal", NULL, "{\"what\":\"web\",\"value\":\"up\",\"for_s\":60}"},
	{NULL}},
    {{"/v1/reload", NULL, "{}"}, {NULL}},
    {{"/v1/check", NULL, "{}"}, {NULL}},
    {{"/v1/prove", NULL, "{}"}, {NULL}},
    {{"/v1/promote", NULL, "{}"}, {NULL}},
    {{"/v1/rollback", NULL, "{}"}, {NULL}},
    {{"/v1/geoip_accept", NULL, "{}"}, {NULL}},
    {{"/v1/geoip_rollback", NULL, "{}"}, {NULL}},
    {{"/v1/explain", "name=www.example.com&from=81.2.3.0/24", NULL}, {NULL}},
    {{"/v1/explain", "name=alias.example.com&from=DE&type=AAAA", NULL}, {NULL}},
    {{"/v1/explain",
	 "name=draw.example.com&from=10.1.2.3&resolver=192.0.2.1&down=eu"
	 "&drain=us&drain=ap&signal=web=up",
	 NULL},
	{NULL}},
    {{"/v1/explain", "name=static.example.com&from=2001:db8::1&type=TXT", NULL},
	{NULL}},
    {{"/v1/explain", "name=nothing.example.com&from=10.0.0.1", NULL}, {NULL}},
    {{"/v1/explain", "name=www.example.com&from=10.0.0.1&down=uu", NULL},
	{NULL}},
    {{"/v1/explain", "name=www.example.com&from=x&signal=web=up&signal=a=up",
	 NULL},
	{NULL}},
    {{"/v1/explain", "name=a..b&from=10.0.0.1", NULL}, {NULL}},
    {{"/v1/whatif", "drain=ap", NULL}, {NULL}},
    {{"/v1/whatif", "drain=eu&drain=us&down=ap", NULL}, {NULL}},
    {{"/v1/whatif", "down=nothing", NULL}, {NULL}},
};

enum { ALL = sizeof(all) / sizeof(*all) };

/* Configurations that are refused, in the order in which they are read. */
static const char *const wrong[] = {
    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"\n",
    "meridian: 1\nserver: {lisen: [\"127.0.0.1@0\"]}\n",
    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
    "zones: {example.com: missing.zone}\n",
    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
    "geoip: {databases: [missing.mmdb]}\n"
    "zones: {example.com: example.com.zone}\n",
    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
    "geoip: {nets: {a: [192.0.2.0/24], b: [192.0.2.0/99]}}\n"
    "zones: {example.com: example.com.zone}\n",
    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
    "zones: {example.com: broken.zone}\n",
    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {}}\n"
    "pools: {www: {regions: {eu: [{addr: 192.0.2.1}]}}}\n"
    "policies: {p: {rules: [{regions: [eu]}]}}\n"
    "names: {www.example.com: {pool: www, policy: p},\n"
    "        static.example.com: {pool: www, policy: p}}\n",
    "meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n"
    "zones: {example.com: example.com.zone}\n"
    "regions: {eu: {}}\n"
    "pools: {www: {regions: {eu: [{addr: 192.0.2.1}]}}}\n"
    "policies: {p: {rules: [{regions: [eu]}]}}\n"
    "names: {www.example.com: {pool: www, policy: p}}\n"
    "tests: [{name: www.example.com, from: 192.0.2.1, expect: us}]\n",
};

enum { WRONG = sizeof(wrong) / sizeof(*wrong) };

#define HEAD \
	"meridian: 1\nserver: {listen: [\"127.0.0.1@0\"]}\n" \
	"zones: {example.com: example.com.zone}\n" \
	"regions: {eu: {jurisdiction: EU}, us: {jurisdiction: US}}\n"
#define POOLS \
	"pools:\n" \
	"  www: {regions: {eu: [{addr: 192.0.2.1}], us: [{addr: 192.0.2.2}]}}\n" \
	"  more: {regions: {eu: [{cname: www.example.com.}],\n" \
	"                   us: [{cname: www.example.com.}]}}\n"

/* Configurations that are built: aliases from a fence into another policy,
 * records of other types, stages, what is warned of. */
static const char *const right[] = {
    HEAD,
    HEAD POOLS
    "geoip: {nets: {a: [192.0.2.0/24], b: [198.51.100.0/24]}}\n"
    "policies:\n"
    "  p: {rules: [{nets: a, regions: [eu], fence: EU},\n"
    "              {regions: [us, eu]}]}\n"
    "  q: {rules: [{nets: a, regions: [eu], fence: EU}, {nets: b, regions: [us]},\n"
    "              {regions: [eu, us]}]}\n"
    "names: {www.example.com: {pool: www, policy: q},\n"
    "        more.example.com: {pool: more, policy: p}}\n",
    HEAD POOLS "policies: {p: {rules: [{regions: [eu, us]}]},\n"
	       "           q: {rules: [{geo: UK, regions: [us]},\n"
	       "                       {regions: [us]}]}}\n"
	       "names: {www.example.com: {pool: www}}\n"
	       "stages: {s: {steps: [{name: a, policies: "
	       "{www.example.com: p}},\n"
	       "  {name: b, policies: {www.example.com: q}}]}}\n",
    HEAD "pools: {m: {regions: {eu: [{records: {MX: 10 a.example.com.,\n"
	 "  TXT: x, HTTPS: 1 . alpn=h2}}]}}}\n"
	 "policies: {p: {rules: [{regions: {eu: 2, us: 1}}]}}\n"
	 "names: {m.example.com: {pool: m, policy: p}}\n"
	 "tests: [{name: m.example.com, from: 192.0.2.1, expect: eu}]\n",
};

enum { RIGHT = sizeof(right) / sizeof(*right) };

static struct service s;

static void
setup(void)
{
	log_set_level(LOG_LEVEL_ERROR);
	service_open(&s);
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		event_put(s.control->events, LOG_LEVEL_INFO, "test",
		    json_pack("{s:i}", "n", (int)i), "event %zu", i);
	service_traffic(&s, 0, "81.2.3.4", 500);
	service_traffic(&s, 1, "10.0.0.1", 500);
}

static void
teardown(void)
{
	service_close(&s);
}

/* What is made once a second is made anew. */
static void
ask(const struct request *r)
{
	static uint64_t now_s = 1000000;
	int status;

	now_s += 2;
	clock_fake(1000 * now_s, (int64_t)now_s);

	json_decref(service_call(&s, r->body != NULL ? HTTP_POST : HTTP_GET,
	    r->path, r->query, r->body, &status));
	service_settle(&s);
}

static long
in_use(void)
{
	rcu_drain();
	return atomic_load(&used);
}

/* What grows in one window alone is a cache. */
static bool
grows(void (*act)(int), int which)
{
	long before;

	for (int i = 0; i < WARM; i++)
		act(which);
	for (int w = 0; w < WINDOWS; w++) {
		before = in_use();
		for (int i = 0; i < TIMES; i++)
			act(which);
		if (in_use() < before + TIMES)
			return false;
	}
	return true;
}

static void
run(int which)
{
	ask(&all[which].first);
	if (all[which].then.path != NULL)
		ask(&all[which].then);
}

START_TEST(a_request_keeps_nothing)
{
	ck_assert_msg(!grows(run, _i), "%s?%s grows", all[_i].first.path,
	    all[_i].first.query != NULL ? all[_i].first.query : "");
}
END_TEST

static void
refuse(int which)
{
	struct diag d;

	(void)which;
	diag_init(&d);
	ck_assert_ptr_null(snapshot_build(s.conf, &d));
	diag_fini(&d);
}

START_TEST(a_configuration_that_is_refused_keeps_nothing)
{
	service_write(&s, "meridian.yaml", wrong[_i]);
	service_write(
	    &s, "broken.zone", "@ 60 SOA a b 1 2 3 4 5\n@ 60 NS a\n@ 60 A x\n");
	ck_assert_msg(!grows(refuse, _i), "%s", wrong[_i]);
}
END_TEST

static void
build(int which)
{
	struct snapshot *snapshot;
	struct diag d;

	(void)which;
	diag_init(&d);
	snapshot = snapshot_build(s.conf, &d);
	ck_assert_msg(snapshot != NULL, "%s", diag_text(&d));
	snapshot_free(snapshot);
	diag_fini(&d);
}

START_TEST(a_snapshot_keeps_nothing_when_it_is_freed)
{
	service_write(&s, "meridian.yaml", right[_i]);
	ck_assert_msg(!grows(build, _i), "%s", right[_i]);
}
END_TEST

static void
restart(int which)
{
	(void)which;
	service_restart(&s);
}

START_TEST(a_service_keeps_nothing_when_it_ends)
{
	ask(&(struct request){"/v1/drain", NULL,
	    "{\"what\":\"www/us\",\"for_s\":60,\"reason\":\"work\"}"});
	ck_assert(!grows(restart, 0));
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("leaks");
	TCase *tc = tcase_create("leaks");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_loop_test(tc, a_request_keeps_nothing, 0, ALL);
	tcase_add_loop_test(
	    tc, a_configuration_that_is_refused_keeps_nothing, 0, WRONG);
	tcase_add_loop_test(
	    tc, a_snapshot_keeps_nothing_when_it_is_freed, 0, RIGHT);
	tcase_add_test(tc, a_service_keeps_nothing_when_it_ends);
	suite_add_tcase(suite, tc);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
