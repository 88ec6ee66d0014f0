/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/tests.h"

#include <stdlib.h>
#include <string.h>

#include "conf/load.h"
#include "report/explain.h"
#include "snapshot/build.h"

/* One test, its explanation and what is wrong with it. */
struct outcome {
	const struct conf *conf;
	const struct conf_test *test;
	const json_t *report; /* NULL: it is not run */
	struct text wrong;
};

static const char *
word_of(const json_t *o, const char *key)
{
	const char *word = json_string_value(json_object_get(o, key));

	return word != NULL ? word : "none";
}

static const char *
answer_of(const struct outcome *o, const char *key)
{
	return word_of(json_object_get(o->report, "answer"), key);
}

static void differs(struct outcome *o, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
differs(struct outcome *o, const char *fmt, ...)
{
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	text_add(&o->wrong, "%s%s", o->wrong.len > 0 ? "; " : "", err.text);
}

/* What is expected ------------------------------------------------------- */

static bool
is_own_pool(const struct outcome *o)
{
	const json_t *steered = json_object_get(o->report, "steered");

	return strcmp(answer_of(o, "pool"), word_of(steered, "pool")) == 0;
}

static bool
is_region(const struct outcome *o, const char *region)
{
	return is_own_pool(o) && strcmp(answer_of(o, "region"), region) == 0;
}

/* A region is one of the name's own pool, unless the pool is said. */
static void
expect_region(struct outcome *o)
{
	const struct conf_expect *e = &o->test->expect;
	const char *pool = answer_of(o, "pool");
	const char *region = answer_of(o, "region");
	const char *either = e->either;
	bool right;

	if (either == NULL && e->region != CONF_NONE)
		either = o->conf->regions[e->region].name;
	if (e->pool != CONF_NONE &&
	    strcmp(pool, o->conf->pools[e->pool].name) != 0)
		differs(
		    o, "pool %s, not %s", pool, o->conf->pools[e->pool].name);
	if (either == NULL)
		return;
	right = is_region(o, either);
	if (e->either != NULL)
		right = right || strcmp(pool, either) == 0;
	if (e->pool != CONF_NONE)
		right = strcmp(region, either) == 0;
	if (!right && !is_own_pool(o))
		differs(o, "%s/%s, not %s", pool, region, either);
	else if (!right)
		differs(o, "region %s, not %s", region, either);
}

static const json_t *
step_of(const struct outcome *o, size_t number)
{
	return json_array_get(json_object_get(o->report, "steps"), number - 1);
}

/* Regions that one draw or another comes to: those that weigh something, if
 * there are such. */
static size_t
count_chances(const struct outcome *o)
{
	const json_t *regions = json_object_get(step_of(o, 5), "regions"), *r;
	size_t heavy = 0, light = 0, i;

	json_array_foreach(regions, i, r)
	{
		const json_t *weight = json_object_get(r, "weight");

		if (!json_is_null(json_object_get(r, "struck")))
			continue;
		if (json_is_integer(weight) && json_integer_value(weight) == 0)
			light++;
		else
			heavy++;
	}
	return heavy > 0 ? heavy : light;
}

/* What is drawn anew each time, or by the prefix that a place has not, is the
 * luck of one draw: it holds for nobody. */
static bool
is_luck(struct outcome *o)
{
	const char *by = word_of(step_of(o, 3), "drawn_by");
	struct conf_geo geo;

	if (count_chances(o) < 2)
		return false;
	if (strcmp(by, conf_hash_names[CONF_HASH_RANDOM]) == 0)
		differs(o,
		    "the region is drawn at random: it cannot be "
		    "expected");
	else if (strcmp(by, conf_hash_names[CONF_HASH_CLIENT]) == 0 &&
	    conf_geo_parse(o->test->from, &geo))
		differs(o,
		    "the region is drawn by the client's prefix: "
		    "\"from\" must be an address or a prefix");
	else
		return false;
	return true;
}

/* Of one region alone. */
static bool
is_of_region(const struct conf_expect *e)
{
	return e->either != NULL || e->region != CONF_NONE ||
	    (e->given & CONF_EXPECT_ADDRESSES) != 0;
}

struct addresses {
	VEC(struct addr) all;
};

static int
compare_addr(const void *x, const void *y)
{
	const struct addr *a = x, *b = y;

	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

static void
addresses_add(struct addresses *a, const json_t *texts)
{
	const json_t *text;
	struct addr addr;
	size_t i;

	json_array_foreach(texts, i, text)
	{
		memset(&addr, 0, sizeof(addr));
		if (addr_parse(json_string_value(text), &addr))
			vec_push(&a->all, addr);
	}
}

/* Of a steered name: whichever is drawn. */
static void
addresses_read(struct addresses *a, const json_t *answer)
{
	const json_t *drawn = json_object_get(answer, "drawn_from"), *variant;
	size_t i;

	json_array_foreach(drawn, i, variant)
	{
		addresses_add(a, json_object_get(variant, "addresses"));
	}
	if (!json_is_array(drawn))
		addresses_add(a, json_object_get(answer, "addresses"));
}

/* Sorted, each once. */
static json_t *
addresses_text(struct addr *all, size_t n)
{
	char buf[ADDR_TEXT_MAX];
	struct text t = {0};

	if (n > 0)
		qsort(all, n, sizeof(*all), compare_addr);
	for (size_t i = 0; i < n; i++)
		if (i == 0 || compare_addr(&all[i - 1], &all[i]) != 0)
			text_add(&t, "%s%s", i > 0 ? ", " : "",
			    addr_format(buf, &all[i]));
	if (n == 0)
		text_add(&t, "none");
	return text_json(&t);
}

static void
expect_addresses(struct outcome *o)
{
	const struct conf_expect *e = &o->test->expect;
	struct addresses got = {0}, wanted = {0};
	json_t *got_text, *wanted_text;

	addresses_read(&got, json_object_get(o->report, "answer"));
	for (size_t i = 0; i < e->naddresses; i++)
		vec_push(&wanted.all, e->addresses[i]);
	got_text = addresses_text(got.all.at, got.all.n);
	wanted_text = addresses_text(wanted.all.at, wanted.all.n);
	if (!json_equal(got_text, wanted_text))
		differs(o, "addresses %s, not %s", json_string_value(got_text),
		    json_string_value(wanted_text));
	json_decref(got_text);
	json_decref(wanted_text);
	vec_free(&got.all);
	vec_free(&wanted.all);
}

static void
expect_ttl(struct outcome *o)
{
	const json_t *answer = json_object_get(o->report, "answer");
	json_int_t ttl = json_integer_value(json_object_get(answer, "ttl"));

	if (ttl != o->test->expect.ttl)
		differs(
		    o, "TTL %lld, not %u", (long long)ttl, o->test->expect.ttl);
}

/* What is said, or would be said had the client come by client subnet. */
static void
expect_scope(struct outcome *o)
{
	const json_t *answer = json_object_get(o->report, "answer");
	const json_t *scope = json_object_get(answer, "scope");

	if (!json_is_integer(scope))
		scope = json_object_get(step_of(o, 10), "scope");
	if (json_integer_value(scope) != o->test->expect.scope)
		differs(o, "scope %lld, not %u",
		    (long long)json_integer_value(scope),
		    o->test->expect.scope);
}

static void
expect_all_down(struct outcome *o)
{
	bool all_down = strcmp(answer_of(o, "reason"), "all_down") == 0;

	if (all_down != o->test->expect.all_down)
		differs(o, all_down ? "all is down" : "not all is down");
}

static void
expect_rcode(struct outcome *o)
{
	char wanted[RR_TEXT_MAX];
	const char *got = answer_of(o, "rcode");

	rr_rcode_format(wanted, o->test->expect.rcode);
	if (strcmp(got, wanted) != 0)
		differs(o, "%s, not %s", got, wanted);
}

static const struct {
	enum conf_expected bit;
	void (*look)(struct outcome *o);
} expectations[] = {
    {CONF_EXPECT_ADDRESSES, expect_addresses},
    {CONF_EXPECT_TTL, expect_ttl},
    {CONF_EXPECT_SCOPE, expect_scope},
    {CONF_EXPECT_ALL_DOWN, expect_all_down},
    {CONF_EXPECT_RCODE, expect_rcode},
};

static void
look(struct outcome *o)
{
	const json_t *error = json_object_get(o->report, "error");
	const json_t *bug = json_object_get(o->report, "disagreement");

	if (error != NULL) {
		differs(o, "%s", json_string_value(error));
		return;
	}
	if (bug != NULL)
		differs(o, "%s", json_string_value(bug));
	if (is_of_region(&o->test->expect) && is_luck(o))
		return;
	expect_region(o);
	for (size_t i = 0; i < sizeof(expectations) / sizeof(expectations[0]);
	     i++)
		if (o->test->expect.given & expectations[i].bit)
			expectations[i].look(o);
}

/* Running them ----------------------------------------------------------- */

static const char **
region_names(const struct conf *conf, const uint16_t *regions, size_t n)
{
	const char **names = xcalloc(n + 1, sizeof(*names));

	for (size_t i = 0; i < n; i++)
		names[i] = conf->regions[regions[i]].name;
	return names;
}

static json_t *
ask(const struct snapshot *up, const struct conf_test *t, const char *type)
{
	const char **down = region_names(up->conf, t->down_regions, t->ndown);
	const char **drained =
	    region_names(up->conf, t->drained_regions, t->ndrained);
	const struct explain_query q = {
	    .name = t->name,
	    .type = type,
	    .from = t->from,
	    .resolver = t->resolver,
	    .down = down,
	    .ndown = t->ndown,
	    .drain = drained,
	    .ndrain = t->ndrained,
	    .signals = t->signals,
	    .nsignals = t->nsignals,
	};
	json_t *report = explain_up(up, &q);

	free(down);
	free(drained);
	return report;
}

static json_t *
result(const struct outcome *o, const char *type, json_t *explanation)
{
	const struct conf_test *t = o->test;

	return json_pack("{s:s, s:s, s:s, s:o, s:I, s:b, s:b, s:o, s:O}",
	    "name", t->name, "type", type, "from", t->from, "file",
	    text_string(t->mark.file), "line", (json_int_t)t->mark.line, "ok",
	    o->wrong.len == 0, "skipped", o->report == NULL, "message",
	    o->wrong.len > 0 ? text_string(o->wrong.at) : json_null(),
	    "explanation", explanation);
}

static json_t *
explanation_of(const struct outcome *o)
{
	struct text t = {0};

	if (o->wrong.len == 0 || json_object_get(o->report, "error") != NULL)
		return json_null();
	explain_text(o->report, NULL, &t);
	return text_json(&t);
}

static bool
test_run(const struct snapshot *up, const struct conf_test *t, struct diag *d,
    json_t *results)
{
	char type[RR_TEXT_MAX];
	json_t *report = ask(up, t, rr_type_format(type, t->type));
	struct outcome o = {.conf = up->conf, .test = t, .report = report};
	json_t *explanation;
	bool ok;

	look(&o);
	ok = o.wrong.len == 0;
	explanation = explanation_of(&o);
	if (!ok) {
		diag_error(d, &t->mark, "test: %s %s from %s: %s", t->name,
		    type, t->from, o.wrong.at);
		diag_note(d, json_string_value(explanation));
	}
	if (results != NULL)
		json_array_append_new(results, result(&o, type, explanation));
	json_decref(explanation);
	text_fini(&o.wrong);
	json_decref(report);
	return ok;
}

/* It is of steps that are not in force. */
static void
test_skip(const struct snapshot *up, const struct conf_test *t, json_t *results)
{
	char type[RR_TEXT_MAX];
	const struct outcome o = {.conf = up->conf, .test = t};
	json_t *none = json_null();

	if (results != NULL)
		json_array_append_new(
		    results, result(&o, rr_type_format(type, t->type), none));
	json_decref(none);
}

static bool
holds_now(const struct conf *c, const struct conf_test *t)
{
	for (size_t i = 0; i < t->nsteps; i++)
		if (c->stages[t->steps[i].stage].step == t->steps[i].step)
			return true;
	return t->nsteps == 0;
}

bool
tests_run(const struct snapshot *s, struct diag *d, json_t *results)
{
	struct view up;
	bool ok = true;

	if (s->conf->ntests == 0)
		return true;
	view_init_up(&up, s);
	for (size_t i = 0; i < s->conf->ntests; i++) {
		const struct conf_test *t = &s->conf->tests[i];

		if (!holds_now(s->conf, t))
			test_skip(&up.snapshot, t, results);
		else
			ok = test_run(&up.snapshot, t, d, results) && ok;
	}
	view_fini(&up);
	return ok;
}

struct snapshot *
tests_build(const char *path, const struct stage_state *stages,
    const struct build_swap *swap, struct diag *d, json_t *results)
{
	struct snapshot *s = snapshot_build_swapped(path, stages, swap, d);

	if (s == NULL || tests_run(s, d, results))
		return s;
	snapshot_free(s);
	return NULL;
}
