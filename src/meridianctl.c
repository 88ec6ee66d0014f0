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
#include "client/foresee.h"
#include "client/lease.h"
#include "client/prove.h"
#include "client/request.h"
#include "client/show.h"
#include "client/stage.h"
#include "client/status.h"
#include "client/table.h"
#include "config.h"
#include "report/explain.h"
#include "report/jsonschema.h"

struct verb {
	const char *name;
	const char *usage;
	int min_words, max_words;
	unsigned options;
	int (*run)(const struct arguments *a);
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

struct event_stream {
	VEC(char) line;
	bool json;
	json_t *refusal; /* in place of events */
};

static void
events_line(struct event_stream *s)
{
	json_t *event = json_loads(s->line.at, 0, NULL);

	if (s->json)
		puts(s->line.at);
	else if (event != NULL && json_object_get(event, "seq") != NULL)
		event_show(event);
	if (json_object_get(event, "error") == NULL || s->refusal != NULL)
		json_decref(event);
	else
		s->refusal = event;
}

static size_t
events_write(char *data, size_t size, size_t n, void *arg)
{
	struct event_stream *s = arg;

	for (size_t i = 0; i < size * n; i++) {
		if (data[i] != '\n') {
			vec_push(&s->line, data[i]);
			continue;
		}
		vec_push(&s->line, '\0');
		events_line(s);
		s->line.n = 0;
	}
	fflush(stdout);
	return size * n;
}

static int
run_events(const struct arguments *a)
{
	struct event_stream s = {.json = (a->given & OPT_JSON) != 0};
	char path[256] = "/v1/events";
	int code;

	request_add(path, sizeof(path), "since", a->since);
	request_add(
	    path, sizeof(path), "follow", a->given & OPT_FOLLOW ? "1" : NULL);
	code = request_stream(a, path, events_write, &s);
	if (s.refusal != NULL) {
		code =
		    (int)json_integer_value(json_object_get(s.refusal, "exit"));
		if (!s.json)
			fail(code, "%s", text_of(s.refusal, "error"));
		json_decref(s.refusal);
	}
	vec_free(&s.line);
	return code;
}

/* Arguments -------------------------------------------------------------- */

enum { OPT_COMMON = OPT_JSON | OPT_SOCKET | OPT_HELP };

static const struct verb verbs[] = {
    {"check", "check [-c FILE [STAGE/STEP]] [--junit FILE]", 0, 1,
	OPT_CONFIG | OPT_JUNIT, check_run},
    {"status", "status", 0, 0, 0, run_status},
    {"explain",
	"explain NAME [TYPE] --from ADDR|PREFIX|PLACE "
	"[--resolver ADDR] [--down REGION]... [--drain REGION]... "
	"[--signal MONITOR[/ADDR]=up|down]... [-c FILE]",
	1, 2,
	OPT_FROM | OPT_RESOLVER | OPT_DOWN | OPT_DRAIN | OPT_SIGNAL |
	    OPT_CONFIG,
	run_explain},
    {"prove", "prove [-c FILE]", 0, 0, OPT_CONFIG, prove_run},
    {"drain",
	"drain WHAT --for TIME|--until-cancelled --reason TEXT "
	"[--share PERCENT] [--over TIME] [--at MOMENT] [--force] "
	"[--wait [--timeout TIME]] [--unsaved]",
	1, 1,
	OPT_FOR | OPT_UNTIL_CANCELLED | OPT_REASON | OPT_AT | OPT_FORCE |
	    OPT_WAIT | OPT_TIMEOUT | OPT_SHARE | OPT_OVER | OPT_UNSAVED,
	lease_drain},
    {"undrain", "undrain WHAT [--unsaved]", 1, 1, OPT_UNSAVED, lease_undrain},
    {"drains", "drains", 0, 0, 0, lease_drains},
    {"force-up",
	"force-up WHAT --for TIME|--until-cancelled --reason TEXT | --end "
	"[--unsaved]",
	1, 1,
	OPT_FOR | OPT_UNTIL_CANCELLED | OPT_REASON | OPT_END | OPT_UNSAVED,
	lease_force_up},
    {"failback", "failback WHAT", 1, 1, 0, run_failback},
    {"thaw", "thaw --reason TEXT", 0, 0, OPT_REASON, lease_thaw},
    {"whatif", "whatif --drain|--down WHAT ...", 0, 0, OPT_DOWN | OPT_DRAIN,
	foresee_whatif},
    {"diff", "diff OLD NEW [--max PERCENT]", 2, 2, OPT_MAX, foresee_diff},
    {"geoip", "geoip [accept|rollback [DATABASE]]", 0, 2, 0, foresee_geoip},
    {"probe", "probe POOL/REGION[/TARGET]", 1, 1, 0, run_probe},
    {"signal", "signal MONITOR[/ADDRESS] up|down --for TIME [--unsaved]", 2, 2,
	OPT_FOR | OPT_UNSAVED, run_signal},
    {"reload", "reload", 0, 0, 0, run_reload},
    {"stages", "stages", 0, 0, 0, stage_list},
    {"promote", "promote STAGE [STEP] --reason TEXT", 1, 2, OPT_REASON,
	stage_promote},
    {"rollback", "rollback STAGE [STEP] --reason TEXT", 1, 2, OPT_REASON,
	stage_rollback},
    {"stats", "stats", 0, 0, 0, run_stats},
    {"schema", "schema", 0, 0, 0, run_schema},
    {"events", "events [--follow] [--since NUMBER]", 0, 0,
	OPT_FOLLOW | OPT_SINCE, run_events},
};

enum { NVERBS = sizeof(verbs) / sizeof(verbs[0]) };

static int
usage(FILE *f, int code)
{
	fputs("usage: meridianctl [--socket PATH] [--json] VERB ...\n", f);
	for (size_t i = 0; i < NVERBS; i++)
		fprintf(f, "       meridianctl %s\n", verbs[i].usage);
	return code;
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
		return usage(stderr, EXIT_USAGE);
	if (a.given & OPT_HELP)
		return usage(stdout, EXIT_DONE);
	if (a.given & OPT_VERSION) {
		puts("meridianctl " PACKAGE_VERSION);
		return EXIT_DONE;
	}
	if (a.nwords == 0)
		return usage(stderr, EXIT_USAGE);
	verb = verb_find(a.words[0]);
	if (verb == NULL) {
		fail(EXIT_USAGE, "%s: no such verb", a.words[0]);
		return usage(stderr, EXIT_USAGE);
	}
	curl_global_init(CURL_GLOBAL_DEFAULT);
	code = verb_run(verb, &a);
	curl_global_cleanup();
	return code;
}
