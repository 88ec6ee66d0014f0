/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * meridianctl: each verb is one HTTP request with JSON to the control socket;
 * the reply is shown as it is (--json), or as tables and sentences.
 */
#include <getopt.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/fd.h"
#include "client/check.h"
#include "client/follow.h"
#include "client/foresee.h"
#include "client/lease.h"
#include "client/prove.h"
#include "client/request.h"
#include "client/show.h"
#include "client/stage.h"
#include "client/status.h"
#include "client/table.h"
#include "conf/diag.h"
#include "config.h"
#include "report/explain.h"
#include "report/jsonschema.h"

struct verb {
	const char *name;
	const char *usage;
	int min_words, max_words;
	unsigned options;
	int (*run)(const struct arguments *a);
	const char *summary;
};

static const struct option long_options[] = {
    {"config", required_argument, NULL, OPT_CONFIG},
    {"from", required_argument, NULL, OPT_FROM},
    {"resolver", required_argument, NULL, OPT_RESOLVER},
    {"down", required_argument, NULL, OPT_DOWN},
    {"drain", required_argument, NULL, OPT_DRAIN},
    {"signal", required_argument, NULL, OPT_SIGNAL},
    {"junit", required_argument, NULL, OPT_JUNIT},
    {"for", required_argument, NULL, OPT_FOR},
    {"reason", required_argument, NULL, OPT_REASON},
    {"until-cancelled", no_argument, NULL, OPT_UNTIL_CANCELLED},
    {"share", required_argument, NULL, OPT_SHARE},
    {"over", required_argument, NULL, OPT_OVER},
    {"at", required_argument, NULL, OPT_AT},
    {"wait", no_argument, NULL, OPT_WAIT},
    {"timeout", required_argument, NULL, OPT_TIMEOUT},
    {"end", no_argument, NULL, OPT_END},
    {"max", required_argument, NULL, OPT_MAX},
    {"force", no_argument, NULL, OPT_FORCE},
    {"unsaved", no_argument, NULL, OPT_UNSAVED},
    {"follow", no_argument, NULL, OPT_FOLLOW},
    {"since", required_argument, NULL, OPT_SINCE},
    {"since-time", required_argument, NULL, OPT_SINCE_TIME},
    {"level", required_argument, NULL, OPT_LEVEL},
    {"json", no_argument, NULL, OPT_JSON},
    {"socket", required_argument, NULL, OPT_SOCKET},
    {"help", no_argument, NULL, OPT_HELP},
    {"version", no_argument, NULL, OPT_VERSION},
    {NULL, 0, NULL, 0},
};

static int
run_status(const struct arguments *a)
{
	struct reply r;
	int code = request(a, "/v1/status", NULL, &r);

	if (reply_shows(a, &r))
		status_show(r.json);
	reply_fini(&r);
	return code;
}

static int
run_stats(const struct arguments *a)
{
	struct reply r;
	int code = request(a, "/v1/stats", NULL, &r);

	if (reply_shows(a, &r))
		stats_show("", r.json);
	reply_fini(&r);
	return code;
}

static int
explain_offline(const struct arguments *a)
{
	struct explain_query q = {
	    .name = a->words[0],
	    .type = a->nwords > 1 ? a->words[1] : "A",
	    .from = a->from,
	    .resolver = a->resolver,
	    .down = a->down,
	    .ndown = a->ndown,
	    .drain = a->drain,
	    .ndrain = a->ndrain,
	    .signals = a->signals,
	    .nsignals = a->nsignals,
	};
	json_t *report = explain_file(a->config, &q);
	const json_t *exit_code = json_object_get(report, "exit");
	int code = (int)json_integer_value(exit_code);

	if (a->given & OPT_JSON) {
		json_show(report);
	} else if (json_object_get(report, "error") != NULL) {
		fail_text(
		    code, json_string_value(json_object_get(report, "error")));
	} else {
		explain_show(report);
	}
	json_decref(report);
	return code;
}

static int
run_explain(const struct arguments *a)
{
	char path[4096] = "/v1/explain";
	struct reply r;
	int code;

	if (a->from == NULL)
		return fail(
		    EXIT_USAGE, "explain needs --from ADDR, PREFIX or PLACE");
	if (a->config != NULL)
		return explain_offline(a);
	request_add(path, sizeof(path), "name", a->words[0]);
	request_add(
	    path, sizeof(path), "type", a->nwords > 1 ? a->words[1] : NULL);
	request_add(path, sizeof(path), "from", a->from);
	request_add(path, sizeof(path), "resolver", a->resolver);
	for (size_t i = 0; i < a->ndown; i++)
		request_add(path, sizeof(path), "down", a->down[i]);
	for (size_t i = 0; i < a->ndrain; i++)
		request_add(path, sizeof(path), "drain", a->drain[i]);
	for (size_t i = 0; i < a->nsignals; i++)
		request_add(path, sizeof(path), "signal", a->signals[i]);
	code = request(a, path, NULL, &r);
	if (reply_shows(a, &r))
		explain_show(r.json);
	reply_fini(&r);
	return code;
}

static int
run_failback(const struct arguments *a)
{
	struct reply r;
	int code = request(
	    a, "/v1/failback", json_pack("{s:s}", "what", a->words[0]), &r);

	if (reply_shows(a, &r))
		printf("%s comes back now\n", a->words[0]);
	reply_fini(&r);
	return code;
}

static int
run_probe(const struct arguments *a)
{
	struct reply r;
	int code = request(
	    a, "/v1/probe", json_pack("{s:s}", "what", a->words[0]), &r);

	if (reply_shows(a, &r))
		probe_show(r.json);
	reply_fini(&r);
	return code;
}

static int
run_signal(const struct arguments *a)
{
	char span[CLOCK_TEXT_MAX];
	struct reply r;
	uint64_t ms;
	int code;

	if (a->span == NULL || !clock_parse_span(a->span, &ms) || ms < 1000)
		return fail(EXIT_USAGE,
		    "a signal needs --for TIME, of at least 1s, such as 60s");
	code = request(a, "/v1/signal",
	    json_pack("{s:s, s:s, s:I, s:b}", "what", a->words[0], "value",
		a->words[1], "for_s", (json_int_t)(ms / 1000), "unsaved",
		(a->given & OPT_UNSAVED) != 0),
	    &r);
	if (reply_shows(a, &r)) {
		printf("%s is %s for %s\n", a->words[0], a->words[1],
		    clock_format_span(span, ms / 1000 * 1000));
		unsaved_show(json_object_get(r.json, "unsaved"));
	}
	reply_fini(&r);
	return code;
}

static int
run_reload(const struct arguments *a)
{
	struct reply r;
	int code = request(a, "/v1/reload", json_object(), &r);

	if (r.json != NULL && !(a->given & OPT_JSON))
		reload_show(r.json);
	reply_fini(&r);
	return code;
}

static int
run_schema(const struct arguments *a)
{
	json_t *schema = jsonschema_report();

	(void)a;
	json_show(schema);
	json_decref(schema);
	return EXIT_DONE;
}

/* Arguments -------------------------------------------------------------- */

enum { OPT_COMMON = OPT_JSON | OPT_SOCKET | OPT_HELP };

static const struct verb verbs[] = {
    {"check", "check [-c FILE [STAGE/STEP]] [--junit FILE]", 0, 1,
	OPT_CONFIG | OPT_JUNIT, check_run,
	"report all errors in the configuration, and run its tests"},
    {"status", "status", 0, 0, 0, run_status,
	"pools, regions and targets: what is live, down or drained"},
    {"explain",
	"explain NAME [TYPE] --from ADDR|PREFIX|PLACE "
	"[--resolver ADDR] [--down REGION]... [--drain REGION]... "
	"[--signal MONITOR[/ADDR]=up|down]... [-c FILE]",
	1, 2,
	OPT_FROM | OPT_RESOLVER | OPT_DOWN | OPT_DRAIN | OPT_SIGNAL |
	    OPT_CONFIG,
	run_explain, "why a client gets its answer, step by step"},
    {"prove", "prove [-c FILE]", 0, 0, OPT_CONFIG, prove_run,
	"prove for every address that fences and policies hold"},
    {"drain",
	"drain WHAT --for TIME|--until-cancelled --reason TEXT [--share PERCENT] [--over TIME] [--at MOMENT] [--force] [--wait [--timeout TIME]] [--unsaved]",
	1, 1,
	OPT_FOR | OPT_UNTIL_CANCELLED | OPT_REASON | OPT_AT | OPT_FORCE |
	    OPT_WAIT | OPT_TIMEOUT | OPT_SHARE | OPT_OVER | OPT_UNSAVED,
	lease_drain, "take a region or target out, for a time"},
    {"undrain", "undrain WHAT [--unsaved]", 1, 1, OPT_UNSAVED, lease_undrain,
	"end a drain"},
    {"drains", "drains", 0, 0, 0, lease_drains,
	"the drains and force-ups in force, and the time left"},
    {"force-up",
	"force-up WHAT --for TIME|--until-cancelled --reason TEXT | --end [--unsaved]",
	1, 1,
	OPT_FOR | OPT_UNTIL_CANCELLED | OPT_REASON | OPT_END | OPT_UNSAVED,
	lease_force_up, "count targets as up despite their probes, for a time"},
    {"failback", "failback WHAT", 1, 1, 0, run_failback,
	"let a waiting region take its clients back now"},
    {"thaw", "thaw --reason TEXT", 0, 0, OPT_REASON, lease_thaw,
	"end a freeze of health: let probes count again"},
    {"whatif", "whatif --drain|--down WHAT ...", 0, 0, OPT_DOWN | OPT_DRAIN,
	foresee_whatif,
	"where traffic would go if something were drained or down"},
    {"diff", "diff OLD NEW [--max PERCENT]", 2, 2, OPT_MAX, foresee_diff,
	"which clients another configuration would move"},
    {"geoip", "geoip [accept|rollback [DATABASE]]", 0, 2, 0, foresee_geoip,
	"the GeoIP databases that are accepted and held"},
    {"probe", "probe POOL/REGION[/TARGET]", 1, 1, 0, run_probe,
	"probe targets once, now"},
    {"signal", "signal MONITOR[/ADDRESS] up|down --for TIME [--unsaved]", 2, 2,
	OPT_FOR | OPT_UNSAVED, run_signal,
	"report the state of targets to an external monitor"},
    {"reload", "reload", 0, 0, 0, run_reload,
	"read the configuration again and put it into service"},
    {"stages", "stages", 0, 0, 0, stage_list,
	"the stages and the steps in force"},
    {"promote", "promote STAGE [STEP] --reason TEXT", 1, 2, OPT_REASON,
	stage_promote, "switch a stage to its next step"},
    {"rollback", "rollback STAGE [STEP] --reason TEXT", 1, 2, OPT_REASON,
	stage_rollback, "switch a stage back to its previous step"},
    {"stats", "stats", 0, 0, 0, run_stats, "the counters"},
    {"schema", "schema", 0, 0, 0, run_schema,
	"the configuration's keys as JSON Schema"},
    {"events",
	"events [--follow [--timeout TIME]] [--since [RUN:]NUMBER] [--since-time MOMENT] [--level error|warning|info]",
	0, 0, OPT_FOLLOW | OPT_TIMEOUT | OPT_SINCE | OPT_SINCE_TIME | OPT_LEVEL,
	follow_events, "the latest events, and with --follow new ones"},
};

enum { NVERBS = sizeof(verbs) / sizeof(verbs[0]) };

static int
usage(FILE *f, int code)
{
	fputs("usage: meridianctl [--socket PATH] [--json] VERB ...\n\n", f);
	for (size_t i = 0; i < NVERBS; i++)
		fprintf(f, "  %-9s %s\n", verbs[i].name, verbs[i].summary);
	fputs("\nmeridianctl VERB --help shows what a verb takes; "
	      "meridianctl(8) explains it.\n",
	    f);
	return code;
}

static int
help_verb(const struct verb *verb)
{
	printf("usage: meridianctl %s\n\n%s\n", verb->usage, verb->summary);
	return EXIT_DONE;
}

static int
no_such_verb(const char *name)
{
	const char *names[NVERBS], *near;

	for (size_t i = 0; i < NVERBS; i++)
		names[i] = verbs[i].name;
	near = diag_nearest(name, names, NVERBS);
	return fail(EXIT_USAGE,
	    "%s: no such verb%s%s%s (meridianctl --help lists them)", name,
	    near != NULL ? "; did you mean \"" : "", near != NULL ? near : "",
	    near != NULL ? "\"?" : "");
}

static const struct verb *
verb_find(const char *name)
{
	for (size_t i = 0; i < NVERBS; i++)
		if (strcmp(verbs[i].name, name) == 0)
			return &verbs[i];
	return NULL;
}

static bool
repeat(const char **values, size_t *n, const char *value)
{
	if (*n == REPEAT_MAX)
		return false;
	values[(*n)++] = value;
	return true;
}

static bool
argument_put(struct arguments *a, unsigned option, const char *value)
{
	const struct {
		unsigned option;
		const char **value;
	} single[] = {
	    {OPT_CONFIG, &a->config},
	    {OPT_FROM, &a->from},
	    {OPT_RESOLVER, &a->resolver},
	    {OPT_FOR, &a->span},
	    {OPT_REASON, &a->reason},
	    {OPT_AT, &a->at},
	    {OPT_TIMEOUT, &a->timeout},
	    {OPT_SINCE, &a->since},
	    {OPT_SINCE_TIME, &a->since_time},
	    {OPT_LEVEL, &a->level},
	    {OPT_SHARE, &a->share},
	    {OPT_OVER, &a->over},
	    {OPT_JUNIT, &a->junit},
	    {OPT_SOCKET, &a->socket},
	    {OPT_MAX, &a->max},
	};

	a->given |= option;
	if (option == OPT_DOWN)
		return repeat(a->down, &a->ndown, value);
	if (option == OPT_DRAIN)
		return repeat(a->drain, &a->ndrain, value);
	if (option == OPT_SIGNAL)
		return repeat(a->signals, &a->nsignals, value);
	for (size_t i = 0; i < sizeof(single) / sizeof(single[0]); i++)
		if (single[i].option == option)
			*single[i].value = value;
	return true;
}

static bool
arguments_parse(struct arguments *a, int argc, char **argv)
{
	static const struct {
		int letter;
		unsigned option;
	} letters[] = {{'c', OPT_CONFIG}, {'h', OPT_HELP}, {'V', OPT_VERSION}};
	int c;

	while (
	    (c = getopt_long(argc, argv, "c:hV", long_options, NULL)) != -1) {
		unsigned option = (unsigned)c;

		if (c == '?')
			return false;
		for (size_t i = 0; i < sizeof(letters) / sizeof(letters[0]);
		     i++)
			if (letters[i].letter == c)
				option = letters[i].option;
		if (!argument_put(a, option, optarg))
			return false;
	}
	a->words = argv + optind;
	a->nwords = argc - optind;
	return true;
}

static int
verb_run(const struct verb *verb, struct arguments *a)
{
	unsigned wrong = a->given & ~(verb->options | OPT_COMMON);
	const struct option *o = long_options;

	if (wrong != 0) {
		while (o->name != NULL && ((unsigned)o->val & wrong) == 0)
			o++;
		fail(EXIT_USAGE, "--%s is not for %s", o->name, verb->name);
		return fail(EXIT_USAGE, "usage: meridianctl %s", verb->usage);
	}
	a->words++;
	a->nwords--;
	if (a->nwords < verb->min_words || a->nwords > verb->max_words)
		return fail(EXIT_USAGE, "usage: meridianctl %s", verb->usage);
	return verb->run(a);
}

int
main(int argc, char **argv)
{
	struct arguments a = {0};
	const struct verb *verb;
	int code;

	fd_begin();
	if (!arguments_parse(&a, argc, argv))
		return fail(EXIT_USAGE, "meridianctl --help lists the verbs");
	if (a.given & OPT_VERSION) {
		puts("meridianctl " PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (a.nwords == 0)
		return a.given & OPT_HELP ? usage(stdout, EXIT_DONE)
					  : usage(stderr, EXIT_USAGE);
	verb = verb_find(a.words[0]);
	if (verb == NULL)
		return no_such_verb(a.words[0]);
	if (a.given & OPT_HELP)
		return help_verb(verb);
	curl_global_init(CURL_GLOBAL_DEFAULT);
	code = verb_run(verb, &a);
	curl_global_cleanup();
	return code;
}
