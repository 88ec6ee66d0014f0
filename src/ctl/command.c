/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/command.h"

#include <errno.h>
#include <string.h>
#include <sys/queue.h>

#include "base/clock.h"
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
	STATUS_NOT_FOUND = 404,
	STATUS_CONFLICT = 409,
	STATUS_UNPROCESSABLE = 422,
	STATUS_TIMED_OUT = 504,
};

enum { ASSUMED_MAX = 64 };

struct command {
	enum evhttp_cmd_type method;
	const char *path;
	bool is_public;     /* also on the TCP listener */
	int wrong;          /* status for EXIT_WRONG */
	const char *params; /* that it takes, a space after each */
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
		call->command != NULL ? call->command->wrong : STATUS_CONFLICT,
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
	return evhttp_find_header(&call->params, name);
}

static size_t
params_all(
    const struct call *call, const char *name, const char *values[ASSUMED_MAX])
{
	const struct evkeyval *kv;
	size_t n = 0;

	for (kv = TAILQ_FIRST(&call->params); kv != NULL;
	     kv = TAILQ_NEXT(kv, next))
		if (n < ASSUMED_MAX && strcmp(kv->key, name) == 0)
			values[n++] = kv->value;
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

static void
run_events(struct call *call)
{
	const char *since = param(call, "since");
	const char *follow = param(call, "follow");
	unsigned long long from = 0;
	char *end;

	errno = 0;
	if (since != NULL)
		from = strtoull(since, &end, 10);
	if (since != NULL &&
	    (errno != 0 || end == since || *end != '\0' || *since == '-')) {
		call_reply(call,
		    text_error(EXIT_USAGE,
			"since %s: not the number of an event", since));
		return;
	}
	call->follow = follow != NULL && strcmp(follow, "1") == 0;
	events_since(call->control->events, from, add_line, &call->text);
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
    {EVHTTP_REQ_GET, "/", true, STATUS_CONFLICT, "", run_page},
    {EVHTTP_REQ_GET, "/metrics", true, STATUS_CONFLICT, "", run_metrics},
    {EVHTTP_REQ_GET, "/v1/status", true, STATUS_CONFLICT, "", run_status},
    {EVHTTP_REQ_GET, "/v1/stats", false, STATUS_CONFLICT, "", run_stats},
    {EVHTTP_REQ_GET, "/v1/drains", false, STATUS_CONFLICT, "", run_drains},
    {EVHTTP_REQ_POST, "/v1/drain", false, STATUS_CONFLICT, "", run_drain},
    {EVHTTP_REQ_POST, "/v1/undrain", false, STATUS_CONFLICT, "", run_undrain},
    {EVHTTP_REQ_POST, "/v1/failback", false, STATUS_CONFLICT, "", run_failback},
    {EVHTTP_REQ_POST, "/v1/thaw", false, STATUS_CONFLICT, "", run_thaw},
    {EVHTTP_REQ_POST, "/v1/probe", false, STATUS_OK, "", run_probe},
    {EVHTTP_REQ_POST, "/v1/signal", false, STATUS_CONFLICT, "", run_signal},
    {EVHTTP_REQ_POST, "/v1/force_up", false, STATUS_CONFLICT, "", run_force_up},
    {EVHTTP_REQ_POST, "/v1/force_up_end", false, STATUS_CONFLICT, "",
	run_force_up_end},
    {EVHTTP_REQ_POST, "/v1/reload", false, STATUS_UNPROCESSABLE, "",
	run_reload},
    {EVHTTP_REQ_POST, "/v1/check", false, STATUS_UNPROCESSABLE, "", run_check},
    {EVHTTP_REQ_GET, "/v1/stages", false, STATUS_CONFLICT, "", run_stages},
    {EVHTTP_REQ_POST, "/v1/promote", false, STATUS_UNPROCESSABLE, "",
	run_promote},
    {EVHTTP_REQ_POST, "/v1/rollback", false, STATUS_UNPROCESSABLE, "",
	run_rollback},
    {EVHTTP_REQ_POST, "/v1/prove", false, STATUS_UNPROCESSABLE, "", run_prove},
    {EVHTTP_REQ_GET, "/v1/explain", false, STATUS_UNPROCESSABLE,
	"name type from resolver down drain signal ", run_explain},
    {EVHTTP_REQ_GET, "/v1/geoip", false, STATUS_CONFLICT, "", run_geoip},
    {EVHTTP_REQ_POST, "/v1/geoip_accept", false, STATUS_CONFLICT, "",
	run_geoip_accept},
    {EVHTTP_REQ_POST, "/v1/geoip_rollback", false, STATUS_CONFLICT, "",
	run_geoip_rollback},
    {EVHTTP_REQ_GET, "/v1/whatif", false, STATUS_OK, "down drain ", run_whatif},
    {EVHTTP_REQ_GET, "/v1/traffic", false, STATUS_CONFLICT, "", run_traffic},
    {EVHTTP_REQ_GET, "/v1/events", false, STATUS_CONFLICT, "since follow ",
	run_events},
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
	    [ROLE_READER] = c->method == EVHTTP_REQ_GET,
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
		    "%s: not on this socket, which changes nothing", path);
	if (call->command == NULL) {
		near = diag_nearest(path, paths, n);
		return text_error(EXIT_NO_SUCH, "there is no %s%s%s%s", path,
		    near != NULL ? "; did you mean " : "",
		    near != NULL ? near : "", near != NULL ? "?" : "");
	}
	if (call->command->method != call->method &&
	    !(call->command->method == EVHTTP_REQ_GET &&
		call->method == EVHTTP_REQ_HEAD))
		return text_error(EXIT_USAGE, "%s: is a %s", path,
		    call->command->method == EVHTTP_REQ_GET ? "GET" : "POST");
	return NULL;
}

static bool
is_param(const char *params, const char *key)
{
	size_t len = strlen(key);

	while (*params != '\0') {
		size_t n = strcspn(params, " ");

		if (n == len && strncmp(params, key, n) == 0)
			return true;
		params += n + 1;
	}
	return false;
}

static json_t *
read_params(struct call *call, const char *query)
{
	const struct evkeyval *kv;

	if (query != NULL && *query != '\0' &&
	    evhttp_parse_query_str(query, &call->params) != 0)
		return text_error(EXIT_USAGE, "the query cannot be read");
	for (kv = TAILQ_FIRST(&call->params); kv != NULL;
	     kv = TAILQ_NEXT(kv, next))
		if (!is_param(call->command->params, kv->key))
			return text_error(EXIT_USAGE, "%s does not take %s",
			    call->command->path, kv->key);
	return NULL;
}

static json_t *
read_body(struct call *call, const void *body, size_t len)
{
	json_error_t wrong;

	if (call->command->method != EVHTTP_REQ_POST)
		return NULL;
	if (len == 0)
		call->body = json_object();
	else
		call->body =
		    json_loadb(body, len, JSON_REJECT_DUPLICATES, &wrong);
	if (call->body == NULL)
		return text_error(
		    EXIT_USAGE, "the body is not JSON: %s", wrong.text);
	if (!json_is_object(call->body))
		return text_error(EXIT_USAGE, "the body is no object");
	return NULL;
}

void
command_run(struct call *call, const char *path, const char *query,
    const void *body, size_t len)
{
	json_t *error;

	TAILQ_INIT(&call->params);
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
	evhttp_clear_headers(&call->params);
	json_decref(call->body);
	text_fini(&call->text);
}
