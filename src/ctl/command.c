/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/command.h"

#include <string.h>

#include "base/clock.h"
#include "base/moment.h"
#include "base/number.h"
#include "ctl/drain.h"
#include "ctl/failback.h"
#include "ctl/geoip.h"
#include "ctl/monitor.h"
#include "ctl/stage.h"
#include "ctl/suspicion.h"
#include "report/explain.h"
#include "report/page.h"
#include "report/text.h"
#include "state/what.h"
#include "traffic/export.h"
#include "traffic/whatif.h"

enum http_status {
	STATUS_OK = 200,
	STATUS_BAD_REQUEST = 400,
	STATUS_FORBIDDEN = 403,
	STATUS_NOT_FOUND = 404,
	STATUS_CONFLICT = 409,
	STATUS_UNPROCESSABLE = 422,
	STATUS_TIMED_OUT = 504,
};

enum { ASSUMED_MAX = 64 };

struct command {
	enum http_method method;
	const char *path;
	bool is_public;     /* also on the TCP listener */
	int wrong;          /* status for EXIT_WRONG */
	const char *params; /* that it takes, a space after each; those with a
			       star more than once */
	void (*run)(struct call *call);
};

/* Ends a call with JSON, which it takes over. */
static void
call_reply(struct call *call, json_t *json)
{
	const json_t *code = json_object_get(json, "exit");
	const int by_exit[] = {
	    [EXIT_DONE] = STATUS_OK,
	    [EXIT_WRONG] =
		call->command != NULL ? call->command->wrong : STATUS_FORBIDDEN,
	    [EXIT_USAGE] = STATUS_BAD_REQUEST,
	    [EXIT_NO_DAEMON] = STATUS_CONFLICT,
	    [EXIT_NO_SUCH] = STATUS_NOT_FOUND,
	    [EXIT_TIMED_OUT] = STATUS_TIMED_OUT,
	};
	char *text = number_json(json, JSON_COMPACT);

	call->status = by_exit[json_integer_value(code)];
	call->type = "application/json";
	text_add(&call->text, "%s\n", text);
	free(text);
	json_decref(json);
	call->done(call);
}

static void
call_text(struct call *call, const char *type)
{
	call->status = STATUS_OK;
	call->type = type;
	call->done(call);
}

static const char *
param(const struct call *call, const char *name)
{
	for (size_t i = 0; i < call->params.list.n; i++)
		if (strcmp(call->params.list.at[i].key, name) == 0)
			return call->params.list.at[i].value;
	return NULL;
}

static size_t
params_all(
    const struct call *call, const char *name, const char *values[ASSUMED_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < call->params.list.n; i++) {
		const struct http_param *p = &call->params.list.at[i];

		if (n < ASSUMED_MAX && strcmp(p->key, name) == 0)
			values[n++] = p->value;
	}
	return n;
}

/* The commands ----------------------------------------------------------- */

static void
run_status(struct call *call)
{
	json_t *status = status_report(&call->control->status);

	json_object_set_new(status, "jobs", jobs_report(call->control->jobs));
	call_reply(call, status);
}

static void
run_stats(struct call *call)
{
	call_reply(call, series_stats(call->control->status.snapshot));
}

static void
run_drains(struct call *call)
{
	call_reply(call, status_drains(&call->control->status));
}

static void
reply_came(json_t *reply, void *arg)
{
	call_reply(arg, reply);
}

static void
run_drain(struct call *call)
{
	drain_begin(call->control, DRAIN_OUT, call->body, call->owner,
	    reply_came, call);
}

static void
run_undrain(struct call *call)
{
	drain_end(call->control, DRAIN_OUT, call->body, call->owner, reply_came,
	    call);
}

static void
run_force_up(struct call *call)
{
	drain_begin(
	    call->control, DRAIN_UP, call->body, call->owner, reply_came, call);
}

static void
run_force_up_end(struct call *call)
{
	drain_end(
	    call->control, DRAIN_UP, call->body, call->owner, reply_came, call);
}

static void
run_failback(struct call *call)
{
	call_reply(
	    call, failback_resume(call->control, call->body, call->owner));
}

static void
run_thaw(struct call *call)
{
	call_reply(
	    call, suspicion_lift(call->control, call->body, call->owner));
}

static void
run_signal(struct call *call)
{
	monitor_signal(
	    call->control, call->body, call->owner, reply_came, call);
}

static void
run_probe(struct call *call)
{
	monitor_probe(call->control, call->body, reply_came, call);
}

static struct job_asker
asker(struct call *call)
{
	return (struct job_asker){call->owner, call->pid, reply_came, call};
}

static void
build(struct call *call, enum reload_work work)
{
	const struct job_asker by = asker(call);

	if (json_object_size(call->body) > 0)
		call_reply(
		    call, text_error(EXIT_USAGE, "it takes nothing: {}"));
	else
		reload_start(call->control, work, &by);
}

static void
run_reload(struct call *call)
{
	build(call, RELOAD_ADOPT);
}

static void
run_check(struct call *call)
{
	build(call, RELOAD_CHECK);
}

static void
run_prove(struct call *call)
{
	build(call, RELOAD_PROVE);
}

static void
run_stages(struct call *call)
{
	call_reply(call,
	    json_pack("{s:o}", "stages",
		status_stages(call->control->status.snapshot->conf)));
}

static void
run_promote(struct call *call)
{
	const struct job_asker by = asker(call);

	stage_switch(call->control, STAGE_PROMOTE, call->body, &by);
}

static void
run_rollback(struct call *call)
{
	const struct job_asker by = asker(call);

	stage_switch(call->control, STAGE_ROLLBACK, call->body, &by);
}

static void
run_geoip(struct call *call)
{
	call_reply(call, geoip_report(call->control));
}

static void
run_geoip_accept(struct call *call)
{
	const struct job_asker by = asker(call);

	geoip_say(call->control, GEOIP_ACCEPT, call->body, &by);
}

static void
run_geoip_rollback(struct call *call)
{
	const struct job_asker by = asker(call);

	geoip_say(call->control, GEOIP_ROLLBACK, call->body, &by);
}

static void
run_explain(struct call *call)
{
	const char *down[ASSUMED_MAX], *drain[ASSUMED_MAX];
	const char *signals[ASSUMED_MAX];
	struct explain_query q = {
	    .name = param(call, "name"),
	    .type = param(call, "type"),
	    .from = param(call, "from"),
	    .resolver = param(call, "resolver"),
	    .down = down,
	    .ndown = params_all(call, "down", down),
	    .drain = drain,
	    .ndrain = params_all(call, "drain", drain),
	    .signals = signals,
	    .nsignals = params_all(call, "signal", signals),
	};

	call_reply(call,
	    explain_report(
		call->control->status.snapshot, &call->control->drains, &q));
}

/* NULL when there is all of what, else {"error", "exit"}. */
static json_t *
all_known(const struct control *c, const char *const *what, size_t n)
{
	json_t *error = NULL;

	for (size_t i = 0; error == NULL && i < n; i++)
		error = what_unknown(c->status.snapshot->conf, what[i]);
	return error;
}

static void
run_whatif(struct call *call)
{
	struct control *c = call->control;
	const char *down[ASSUMED_MAX], *drain[ASSUMED_MAX];
	const struct whatif_query q = {
	    .down = down,
	    .ndown = params_all(call, "down", down),
	    .drain = drain,
	    .ndrain = params_all(call, "drain", drain),
	};
	const struct snapshot *s = c->status.snapshot;
	json_t *reply = all_known(c, down, q.ndown);

	if (reply == NULL)
		reply = all_known(c, drain, q.ndrain);
	if (reply == NULL)
		reply =
		    whatif_report(s, &c->drains, &c->capacity, &c->traffic, &q);
	call_reply(call, reply);
}

static void
run_traffic(struct call *call)
{
	struct control *c = call->control;
	const struct snapshot *s = c->status.snapshot;
	struct traffic now = traffic_now(&c->traffic, s, clock_mono_s());

	call_reply(call, traffic_export(&now, s));
	traffic_fini(&now);
}

static void
add_line(const char *line, void *arg)
{
	text_add(arg, "%s", line);
}

static bool
read_filter(struct call *call, struct error *err)
{
	const struct events *e = call->control->events;
	struct event_filter *f = &call->filter;
	const char *since = param(call, "since"), *level = param(call, "level");
	const char *time = param(call, "since_time");
	const char *follow = param(call, "follow");

	*f = event_filter_all();
	if (since != NULL && !event_filter_since(e, f, since, err))
		return false;
	if (level != NULL && !event_filter_level(f, level, err))
		return false;
	if (time != NULL &&
	    !moment_parse(time, clock_wall_s(), &f->since_time, err))
		return error_prefix(err, "since_time");
	if (follow != NULL && strcmp(follow, "1") != 0)
		return error_set(err, "follow %s: the only value is 1", follow);
	call->follow = follow != NULL;
	return true;
}

static void
run_events(struct call *call)
{
	struct error err;

	if (!read_filter(call, &err)) {
		call_reply(call, text_error(EXIT_USAGE, "%s", err.text));
		return;
	}
	if (!call->follow)
		events_each(
		    call->control->events, call->filter, add_line, &call->text);
	call_text(call, "application/x-ndjson");
}

static void
run_metrics(struct call *call)
{
	metrics_print(&call->control->status, &call->text);
	call_text(call, "text/plain; version=0.0.4");
}

static void
run_page(struct call *call)
{
	json_t *status = status_report(&call->control->status);

	page_print(status, &call->text);
	json_decref(status);
	call_text(call, "text/html; charset=utf-8");
}

static const struct command commands[] = {
    {HTTP_GET, "/", true, STATUS_CONFLICT, "", run_page},
    {HTTP_GET, "/metrics", true, STATUS_CONFLICT, "", run_metrics},
    {HTTP_GET, "/v1/status", true, STATUS_CONFLICT, "", run_status},
    {HTTP_GET, "/v1/stats", false, STATUS_CONFLICT, "", run_stats},
    {HTTP_GET, "/v1/drains", false, STATUS_CONFLICT, "", run_drains},
    {HTTP_POST, "/v1/drain", false, STATUS_CONFLICT, "", run_drain},
    {HTTP_POST, "/v1/undrain", false, STATUS_CONFLICT, "", run_undrain},
    {HTTP_POST, "/v1/failback", false, STATUS_CONFLICT, "", run_failback},
    {HTTP_POST, "/v1/thaw", false, STATUS_CONFLICT, "", run_thaw},
    {HTTP_POST, "/v1/probe", false, STATUS_OK, "", run_probe},
    {HTTP_POST, "/v1/signal", false, STATUS_CONFLICT, "", run_signal},
    {HTTP_POST, "/v1/force_up", false, STATUS_CONFLICT, "", run_force_up},
    {HTTP_POST, "/v1/force_up_end", false, STATUS_CONFLICT, "",
	run_force_up_end},
    {HTTP_POST, "/v1/reload", false, STATUS_UNPROCESSABLE, "", run_reload},
    {HTTP_POST, "/v1/check", false, STATUS_UNPROCESSABLE, "", run_check},
    {HTTP_GET, "/v1/stages", false, STATUS_CONFLICT, "", run_stages},
    {HTTP_POST, "/v1/promote", false, STATUS_UNPROCESSABLE, "", run_promote},
    {HTTP_POST, "/v1/rollback", false, STATUS_UNPROCESSABLE, "", run_rollback},
    {HTTP_POST, "/v1/prove", false, STATUS_UNPROCESSABLE, "", run_prove},
    {HTTP_GET, "/v1/explain", false, STATUS_UNPROCESSABLE,
	"name type from resolver down* drain* signal* ", run_explain},
    {HTTP_GET, "/v1/geoip", false, STATUS_CONFLICT, "", run_geoip},
    {HTTP_POST, "/v1/geoip_accept", false, STATUS_CONFLICT, "",
	run_geoip_accept},
    {HTTP_POST, "/v1/geoip_rollback", false, STATUS_CONFLICT, "",
	run_geoip_rollback},
    {HTTP_GET, "/v1/whatif", false, STATUS_OK, "down* drain* ", run_whatif},
    {HTTP_GET, "/v1/traffic", false, STATUS_CONFLICT, "", run_traffic},
    {HTTP_GET, "/v1/events", false, STATUS_CONFLICT,
	"since follow level since_time ", run_events},
};

enum { NCOMMANDS = sizeof(commands) / sizeof(commands[0]) };

const char *
command_path(size_t i)
{
	return i < NCOMMANDS ? commands[i].path : NULL;
}

/* Dispatch --------------------------------------------------------------- */

static bool
may_run(enum role role, const struct command *c)
{
	const bool may[ROLE_COUNT] = {
	    [ROLE_OPERATOR] = true,
	    [ROLE_READER] = c->method == HTTP_GET,
	    [ROLE_PUBLIC] = c->is_public,
	};

	return may[role];
}

static json_t *
find(struct call *call, const char *path)
{
	const char *paths[NCOMMANDS], *near;
	bool denied = false;
	size_t n = 0;

	for (size_t i = 0; i < NCOMMANDS; i++) {
		const struct command *c = &commands[i];

		if (!may_run(call->role, c)) {
			denied |= strcmp(c->path, path) == 0;
			continue;
		}
		paths[n++] = c->path;
		if (strcmp(c->path, path) == 0)
			call->command = c;
	}
	if (denied && call->role == ROLE_READER)
		return text_error(EXIT_WRONG,
		    "%s: not allowed on this socket (server.control_read is read-only): use server.control",
		    path);
	if (call->command == NULL) {
		near = diag_nearest(path, paths, n);
		return text_error(EXIT_NO_SUCH, "there is no %s%s%s%s", path,
		    near != NULL ? "; did you mean " : "",
		    near != NULL ? near : "", near != NULL ? "?" : "");
	}
	if (call->command->method != call->method &&
	    !(call->command->method == HTTP_GET && call->method == HTTP_HEAD))
		return text_error(EXIT_USAGE, "%s: is a %s", path,
		    call->command->method == HTTP_GET ? "GET" : "POST");
	return NULL;
}

/* How often a command takes a parameter. */
static size_t
times_taken(const struct command *c, const char *key)
{
	const char *params = c->params;
	size_t len = strlen(key);

	while (*params != '\0') {
		size_t n = strcspn(params, "* ");
		bool repeats = params[n] == '*';

		if (n == len && memcmp(params, key, n) == 0)
			return repeats ? ASSUMED_MAX : 1;
		params += n + repeats + 1;
	}
	return 0;
}

static json_t *
read_params(struct call *call, const char *query)
{
	const struct command *c = call->command;
	struct error err;

	if (!http_params_parse(&call->params, query, &err))
		return text_error(EXIT_USAGE, "%s", err.text);
	for (size_t i = 0; i < call->params.list.n; i++) {
		const char *key = call->params.list.at[i].key;
		size_t most = times_taken(c, key), n = 0;

		if (most == 0)
			return text_error(
			    EXIT_USAGE, "%s does not take %s", c->path, key);
		for (size_t j = 0; j <= i; j++)
			n += strcmp(call->params.list.at[j].key, key) == 0;
		if (n > most)
			return text_error(EXIT_USAGE, "%s: given more than %s",
			    key, most == 1 ? "once" : "64 times");
	}
	return NULL;
}

/* A string that goes on after a NUL would be read as another one. */
static json_t *
find_nul(const char *key, const json_t *value)
{
	json_t *error = NULL, *within;
	const char *name;
	size_t i;

	if (json_is_string(value) &&
	    strlen(json_string_value(value)) != json_string_length(value))
		return text_error(EXIT_USAGE,
		    "%s: \\u0000 is a control character, not allowed in a value",
		    key);
	json_object_foreach((json_t *)(uintptr_t)value, name,
	    within) if (error == NULL) error = find_nul(name, within);
	json_array_foreach(value, i, within) if (error == NULL) error =
	    find_nul(key, within);
	return error;
}

static json_t *
read_body(struct call *call, const void *body, size_t len)
{
	json_error_t wrong;

	if (call->command->method != HTTP_POST)
		return NULL;
	if (len == 0)
		call->body = json_object();
	else
		call->body = json_loadb(
		    body, len, JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL, &wrong);
	if (call->body == NULL)
		return text_error(
		    EXIT_USAGE, "the body is not JSON: %s", wrong.text);
	if (!json_is_object(call->body))
		return text_error(EXIT_USAGE, "the body is no object");
	return find_nul("the body", call->body);
}

void
command_run(struct call *call, const char *path, const char *query,
    const void *body, size_t len)
{
	json_t *error;

	error = find(call, path);
	if (error == NULL)
		error = read_params(call, query);
	if (error == NULL)
		error = read_body(call, body, len);
	if (error != NULL)
		call_reply(call, error);
	else
		call->command->run(call);
}

void
call_fini(struct call *call)
{
	http_params_fini(&call->params);
	json_decref(call->body);
	text_fini(&call->text);
}
