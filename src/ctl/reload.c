/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/reload.h"

#include <string.h>

#include "base/clock.h"
#include "ctl/gate.h"
#include "ctl/geoip.h"
#include "ctl/stage.h"
#include "prove/prove.h"
#include "report/check.h"
#include "report/tests.h"
#include "report/text.h"
#include "snapshot/build.h"
#include "state/what.h"

#define NOT_SAVED "nothing is changed, because it cannot be saved: %s"

static const char by_signal[] = "SIGHUP";

/* One build.  Its thread has the job while it runs. */
struct build {
	struct job job;
	struct control *control;
	enum reload_work work;
	reload_prepare *prepare; /* NULL: nothing to prepare */
	void *arg;
	struct gate_job gate;
	struct arena *arena; /* of what is wanted: NULL before it begins */
	json_t *accepted;    /* gate.entries, as they were */
	json_t *stages;      /* which steps are in force */
	json_t *known;       /* stages in service: a proof outlives snapshots */
	json_t *report;      /* of a proof */
	bool saved;          /* what is to come into service, ... */
	struct error err;    /* ... or why not */
};

/* What the daemon started with and does not change while it runs. */
static const char *const fixed_names[CONTROL_FIXED] = {"listen", "workers",
    "control", "http", "state", "control_read", "watchdog"};

static void
fixed_describe(const struct conf_server *server, struct text t[CONTROL_FIXED])
{
	char buf[ENDPOINT_TEXT_MAX];

	for (size_t i = 0; i < server->nlisten; i++)
		text_add(
		    &t[0], "%s ", endpoint_format(buf, &server->listen[i]));
	text_add(&t[1], "%u", server->workers);
	text_add(&t[2], "%s", server->control);
	text_add(&t[3], "%s",
	    server->http.addr.family == 0
		? "off"
		: endpoint_format(buf, &server->http));
	text_add(&t[4], "%s", server->state);
	text_add(&t[5], "%s",
	    server->control_read != NULL ? server->control_read : "none");
	text_add(&t[6], "%u", server->watchdog_ms);
}

static void
warn_fixed(
    struct control *c, const struct conf_server *server, json_t *warnings)
{
	struct text t[CONTROL_FIXED] = {0};

	fixed_describe(server, t);
	for (size_t i = 0; i < CONTROL_FIXED; i++) {
		if (c->fixed[i] == NULL) {
			c->fixed[i] = t[i].at;
			continue;
		}
		if (strcmp(c->fixed[i], t[i].at) != 0)
			json_array_append_new(warnings,
			    json_sprintf("server.%s: a change needs a restart",
				fixed_names[i]));
		text_fini(&t[i]);
	}
}

static void
warn_lost_drains(
    const struct control *c, const struct conf *conf, json_t *warnings)
{
	for (size_t i = 0; i < c->drains.all.n; i++) {
		const struct drain *d = c->drains.all.at[i];
		json_t *unknown = what_unknown(conf, d->what);

		if (unknown == NULL)
			continue;
		json_array_append_new(warnings,
		    json_sprintf("the drain of %s is kept, but %s", d->what,
			json_string_value(json_object_get(unknown, "error"))));
		json_decref(unknown);
	}
}

void
reload_warn(struct control *c, const struct snapshot *next, json_t *warnings)
{
	size_t i = json_array_size(warnings);

	warn_fixed(c, &next->conf->server, warnings);
	check_serials(c->status.snapshot, next, warnings);
	warn_lost_drains(c, next->conf, warnings);
	for (; i < json_array_size(warnings); i++)
		log_warning(
		    "%s", json_string_value(json_array_get(warnings, i)));
}

/* In its thread ------------------------------------------------------------ */

/*
 * All that a restart would read, or nothing of it.  The list of databases is
 * the first: alone it is as after a reload that accepts them; a step alone
 * would be a promotion that was refused.
 */
static bool
build_save(struct build *b)
{
	struct gate_job *j = &b->gate;
	struct error ignored;
	json_t *stages;
	bool ok;

	if (!geoip_save(j->folder, b->accepted, j->entries, &b->err))
		return false;
	if (j->snapshot == NULL)
		return true;
	stages = stages_saved(b->stages, j->snapshot->conf);
	ok = json_equal(stages, b->stages) ||
	    stage_save(j->folder, stages, &b->err);
	if (!ok)
		geoip_save(j->folder, j->entries, b->accepted, &ignored);
	json_decref(b->stages);
	b->stages = stages;
	return ok;
}

static void
build_adoptable(struct build *b)
{
	gate_build(&b->gate);
	if (!job_may_commit(&b->job)) {
		error_set(&b->err, "the daemon is shutting down");
		return;
	}
	b->saved = build_save(b);
	if (b->saved)
		gate_sweep(b->gate.folder, b->gate.entries);
}

static void
build_run(struct job *job)
{
	struct build *b = (struct build *)job;
	struct gate_job *j = &b->gate;

	if (b->work == RELOAD_PROVE)
		b->report = prove_report(j->path, &j->stages, &job->stop);
	else if (b->work == RELOAD_CHECK)
		j->snapshot =
		    tests_build(j->path, &j->stages, NULL, &j->diag, j->tests);
	else
		build_adoptable(b);
}

/* On main ------------------------------------------------------------------ */

/* The thread's own: at the end of the daemon it may outlive who asked. */
static const struct stage_want *
want_copy(struct arena *a, const struct stage_want *want)
{
	struct stage_want *copy = arena_dup(a, want, sizeof(*want));

	copy->stage = arena_strdup(a, want->stage);
	copy->step = want->step != NULL ? arena_strdup(a, want->step) : NULL;
	copy->owner = arena_strdup(a, want->owner);
	copy->reason = arena_strdup(a, want->reason);
	return copy;
}

static json_t *
stages_known(const struct conf *conf)
{
	json_t *known = json_object();

	for (size_t i = 0; i < conf->nstages; i++)
		json_object_set_new(known, conf->stages[i].name, json_true());
	return known;
}

static json_t *
build_begin(struct job *job)
{
	struct build *b = (struct build *)job;
	struct control *c = b->control;
	json_t *error;

	b->arena = arena_new();
	b->accepted = json_deep_copy(c->status.geoip);
	b->stages = json_deep_copy(c->stages);
	b->known = stages_known(c->status.snapshot->conf);
	b->gate = (struct gate_job){
	    .path = c->path,
	    .folder = c->folder,
	    .stages = {.saved = b->stages,
		.folder = c->folder,
		.known = b->known},
	    .entries = json_deep_copy(c->status.geoip),
	    .now = c->status.snapshot,
	    .traffic =
		traffic_now(&c->traffic, c->status.snapshot, clock_mono_s()),
	    .tests = json_array(),
	};
	diag_init(&b->gate.diag);
	error = b->prepare != NULL ? b->prepare(c, &b->gate, b->arg) : NULL;
	if (b->gate.stages.want != NULL)
		b->gate.stages.want = want_copy(b->arena, b->gate.stages.want);
	return error;
}

static void
build_free(struct job *job)
{
	struct build *b = (struct build *)job;

	if (b->arena != NULL) {
		arena_free(b->arena);
		diag_fini(&b->gate.diag);
		traffic_fini(&b->gate.traffic);
	}
	snapshot_free(b->gate.snapshot);
	json_decref(b->gate.tests);
	json_decref(b->gate.entries);
	json_decref(b->accepted);
	json_decref(b->stages);
	json_decref(b->known);
	json_decref(b->report);
	free(b);
}

static void
log_lines(const char *text)
{
	while (*text != '\0') {
		size_t n = strcspn(text, "\n");

		log_warning("%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
}

static json_t *
reload_failed(struct control *c, const struct diag *d, json_t *text)
{
	json_t *reply = text_error(EXIT_WRONG,
	    "the configuration is wrong "
	    "(%zu error%s): nothing has changed",
	    d->nerrors, text_plural(d->nerrors));

	event_put(c->events, LOG_LEVEL_ERROR, "reload_failed",
	    json_pack("{s:I, s:O}", "errors", (json_int_t)d->nerrors,
		"diagnostics", text),
	    "reload of %s failed: %zu error%s", c->path, d->nerrors,
	    text_plural(d->nerrors));
	json_object_set_new(reply, "text", text);
	return reply;
}

/* It is saved already: nothing can fail any more. */
static json_t *
into_service(struct control *c, struct build *b, json_t *text)
{
	struct gate_job *j = &b->gate;
	json_t *reply;

	control_adopt(c, j->snapshot, check_warnings(&j->diag));
	j->snapshot = NULL;
	json_decref(c->stages);
	c->stages = json_incref(b->stages);
	if (j->stages.want != NULL)
		stage_tell(c, j->stages.want);
	event_put(c->events, LOG_LEVEL_INFO, "reload",
	    json_pack("{s:I}", "generation",
		(json_int_t)c->status.snapshot->generation),
	    "%s is in service, generation %llu", c->path,
	    (unsigned long long)c->status.snapshot->generation);
	reply = json_pack("{s:I, s:o, s:O, s:o}", "generation",
	    (json_int_t)c->status.snapshot->generation, "text", text,
	    "warnings", c->status.warnings, "held", geoip_held(c));
	if (j->stages.want != NULL)
		json_object_set_new(
		    reply, "step", text_string(j->stages.want->step));
	return reply;
}

static json_t *
reload_finish(struct control *c, struct build *b)
{
	char *diagnostics = diag_text(&b->gate.diag);
	json_t *text = text_string(diagnostics);

	log_lines(diagnostics);
	free(diagnostics);
	if (b->saved)
		geoip_adopt(c, b->gate.entries);
	else
		log_error("reload: " NOT_SAVED, b->err.text);
	if (!b->saved && b->gate.snapshot != NULL) {
		json_decref(text);
		return text_error(EXIT_WRONG, NOT_SAVED, b->err.text);
	}
	if (b->gate.snapshot == NULL)
		return reload_failed(c, &b->gate.diag, text);
	return into_service(c, b, text);
}

/* Is it what the daemon serves that was proven? */
static json_t *
reload_proven(const struct control *c, struct build *b)
{
	json_t *files = status_files(c->status.snapshot);
	json_t *report = json_incref(b->report);

	if (json_object_get(report, "error") == NULL)
		json_object_set_new(report, "in_service",
		    json_boolean(
			json_equal(files, json_object_get(report, "files"))));
	json_decref(files);
	return report;
}

static json_t *
build_finish(struct job *job)
{
	struct build *b = (struct build *)job;
	const struct snapshot *s = b->gate.snapshot;

	if (b->work == RELOAD_PROVE)
		return reload_proven(b->control, b);
	if (b->work == RELOAD_ADOPT)
		return reload_finish(b->control, b);
	return check_result(b->gate.path, s != NULL ? s->conf : NULL,
	    &b->gate.diag, b->gate.tests);
}

static const struct job_kind build_kind = {
    build_begin, build_run, build_finish, build_free};

static void
build_put(struct control *c, const char *name, enum reload_work work,
    reload_prepare *prepare, const struct job_asker *by)
{
	struct build *b = xcalloc(1, sizeof(*b));

	b->job.kind = &build_kind;
	b->job.name = xstrdup(name);
	b->control = c;
	b->work = work;
	b->prepare = prepare;
	b->arg = by->arg;
	jobs_put(
	    c->jobs, work == RELOAD_PROVE ? JOB_PROVE : JOB_BUILD, &b->job, by);
}

void
reload_start(
    struct control *c, enum reload_work work, const struct job_asker *by)
{
	static const char *const names[] = {[RELOAD_ADOPT] = "reload",
	    [RELOAD_CHECK] = "check",
	    [RELOAD_PROVE] = "prove"};

	build_put(c, names[work], work, NULL, by);
}

void
reload_prepared(struct control *c, const char *name, reload_prepare *prepare,
    const struct job_asker *by)
{
	build_put(c, name, RELOAD_ADOPT, prepare, by);
}

/* One that is being built may have read some of the files before they were
 * changed: it does not count. */
void
reload_signal(struct control *c)
{
	const struct job_asker nobody = {0};

	if (!jobs_has_waiting(c->jobs, JOB_BUILD, by_signal))
		build_put(c, by_signal, RELOAD_ADOPT, NULL, &nobody);
}
