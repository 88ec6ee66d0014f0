/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/reload.h"

#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/fd.h"
#include "ctl/gate.h"
#include "ctl/geoip.h"
#include "ctl/stage.h"
#include "prove/prove.h"
#include "report/check.h"
#include "report/tests.h"
#include "report/text.h"
#include "snapshot/build.h"

enum { BUILDER_NICE = 10 };

#define NOT_SAVED "nothing is changed, as it cannot be saved: %s"

/* One build. The thread has the job until it writes to fd. */
struct builder {
	struct control *control;
	pthread_t thread;
	int fd;
	struct event *event;
	struct gate_job job;
	enum reload_work work;
	bool again;
	_Atomic bool stop;   /* main stores, a proof loads */
	json_t *report;      /* of a proof */
	struct arena *arena; /* of what is wanted */
	struct stage_want *want;
	reload_done *done;
	void *arg;
};

/* What the daemon started with and does not change while it runs. */
static const char *const fixed_names[CONTROL_FIXED] = {
    "listen", "workers", "control", "http", "state", "control_read"};

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
}

void
reload_warn(
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

static void *
builder_run(void *arg)
{
	struct builder *b = arg;
	uint64_t one = 1;

	/* On Linux this is the thread's own. */
	setpriority(PRIO_PROCESS, (id_t)gettid(), BUILDER_NICE);
	if (b->work == RELOAD_PROVE)
		b->report = prove_report(b->job.path, &b->stop);
	else if (b->work == RELOAD_CHECK)
		b->job.snapshot = tests_build(
		    b->job.path, NULL, NULL, &b->job.diag, b->job.tests);
	else
		gate_build(&b->job);
	while (write(b->fd, &one, sizeof(one)) < 0)
		;
	return NULL;
}

static struct builder **
slot_of(const struct builder *b)
{
	return b->work == RELOAD_PROVE ? &b->control->prover
				       : &b->control->builder;
}

static void
builder_free(struct builder *b)
{
	diag_fini(&b->job.diag);
	json_decref(b->job.tests);
	json_decref(b->job.entries);
	traffic_fini(&b->job.traffic);
	if (b->event != NULL)
		event_free(b->event);
	fd_close(&b->fd);
	arena_free(b->arena);
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

static json_t *
reload_adopt(struct control *c, struct builder *b)
{
	struct gate_job *j = &b->job;
	char *diagnostics = diag_text(&j->diag);
	json_t *text = text_string(diagnostics);
	struct error err;

	log_lines(diagnostics);
	free(diagnostics);
	if (!geoip_adopt(c, json_incref(j->entries), &err)) {
		snapshot_free(j->snapshot);
		json_decref(text);
		return text_error(EXIT_WRONG, NOT_SAVED, err.text);
	}
	if (j->snapshot == NULL)
		return reload_failed(c, &j->diag, text);
	control_adopt(c, j->snapshot, check_warnings(&j->diag));
	event_put(c->events, LOG_LEVEL_INFO, "reload",
	    json_pack("{s:I}", "generation",
		(json_int_t)c->status.snapshot->generation),
	    "%s is in service, generation %llu", c->path,
	    (unsigned long long)c->status.snapshot->generation);
	return json_pack("{s:I, s:o, s:O, s:o}", "generation",
	    (json_int_t)c->status.snapshot->generation, "text", text,
	    "warnings", c->status.warnings, "held", geoip_held(c));
}

/* What could not be saved would be undone by a restart. */
static json_t *
stage_adopt(struct control *c, struct builder *b)
{
	struct error err;
	json_t *reply;

	if (b->job.snapshot != NULL &&
	    !stage_save(c->folder, b->job.snapshot, &err)) {
		snapshot_free(b->job.snapshot);
		return text_error(EXIT_WRONG, NOT_SAVED, err.text);
	}
	if (b->job.snapshot != NULL)
		stage_tell(c, b->want);
	reply = reload_adopt(c, b);
	json_object_set_new(reply, "step", text_string(b->want->step));
	return reply;
}

/* Is it what the daemon serves that was proven? */
static json_t *
reload_proven(const struct control *c, json_t *report)
{
	json_t *files = status_files(c->status.snapshot);

	if (json_object_get(report, "error") == NULL)
		json_object_set_new(report, "in_service",
		    json_boolean(
			json_equal(files, json_object_get(report, "files"))));
	json_decref(files);
	return report;
}

/* The thread has ended, or is about to. */
static json_t *
builder_finish(struct builder *b)
{
	struct control *c = b->control;
	json_t *reply;

	pthread_join(b->thread, NULL);
	*slot_of(b) = NULL;
	if (b->work == RELOAD_PROVE)
		return reload_proven(c, b->report);
	if (b->want != NULL)
		return stage_adopt(c, b);
	if (b->work == RELOAD_ADOPT)
		return reload_adopt(c, b);
	reply = check_result(b->job.path,
	    b->job.snapshot != NULL ? b->job.snapshot->conf : NULL,
	    &b->job.diag, b->job.tests);
	snapshot_free(b->job.snapshot);
	return reply;
}

static void
builder_ready(evutil_socket_t fd, short what, void *arg)
{
	struct builder *b = arg;
	struct control *c = b->control;
	bool again = b->again;
	json_t *reply = builder_finish(b);

	(void)fd;
	(void)what;
	b->done(reply, b->arg);
	builder_free(b);
	if (again)
		reload_signal(c);
}

static bool
builder_start(struct builder *b)
{
	sigset_t all, before;
	int rc;

	b->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (b->fd < 0)
		return false;
	b->event =
	    event_new(b->control->base, b->fd, EV_READ, builder_ready, b);
	event_add(b->event, NULL);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	rc = pthread_create(&b->thread, NULL, builder_run, b);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return rc == 0;
}

static struct builder *
builder_new(struct control *c, reload_done *done, void *arg)
{
	struct builder *b = xcalloc(1, sizeof(*b));

	b->arena = arena_new();
	b->control = c;
	b->fd = -1;
	b->job = (struct gate_job){
	    .path = arena_strdup(b->arena, c->path),
	    .folder = arena_strdup(b->arena, c->folder),
	    .entries = json_deep_copy(c->status.geoip),
	    .now = c->status.snapshot,
	    .traffic =
		traffic_now(&c->traffic, c->status.snapshot, clock_mono_s()),
	    .tests = json_array(),
	};
	diag_init(&b->job.diag);
	b->done = done;
	b->arg = arg;
	return b;
}

static bool
builder_go(struct builder *b)
{
	struct builder **slot = slot_of(b);

	if (*slot != NULL || !builder_start(b)) {
		builder_free(b);
		return false;
	}
	*slot = b;
	return true;
}

bool
reload_start(
    struct control *c, enum reload_work work, reload_done *done, void *arg)
{
	struct builder *b = builder_new(c, done, arg);

	b->work = work;
	return builder_go(b);
}

bool
reload_stage(struct control *c, const struct stage_want *want,
    reload_done *done, void *arg)
{
	struct builder *b = builder_new(c, done, arg);

	b->want = arena_dup(b->arena, want, sizeof(*want));
	b->want->stage = arena_strdup(b->arena, want->stage);
	b->want->step = arena_strdup(b->arena, want->step);
	b->want->owner = arena_strdup(b->arena, want->owner);
	b->want->reason = arena_strdup(b->arena, want->reason);
	b->job.want = b->want;
	return builder_go(b);
}

bool
reload_geoip(struct control *c, json_t *entries, reload_done *done, void *arg)
{
	struct builder *b = builder_new(c, done, arg);

	json_decref(b->job.entries);
	b->job.entries = entries;
	return builder_go(b);
}

static void
nobody_asked(json_t *reply, void *arg)
{
	(void)arg;
	json_decref(reply);
}

void
reload_signal(struct control *c)
{
	if (c->builder != NULL)
		c->builder->again = true;
	else if (!reload_start(c, RELOAD_ADOPT, nobody_asked, NULL))
		log_error("reload: the builder cannot start");
}

static void
builder_cancel(struct builder *b)
{
	if (b == NULL)
		return;
	atomic_store(&b->stop, true);
	pthread_join(b->thread, NULL);
	*slot_of(b) = NULL;
	snapshot_free(b->job.snapshot);
	json_decref(b->report);
	b->done(text_error(EXIT_WRONG, "the daemon ends"), b->arg);
	builder_free(b);
}

void
reload_cancel(struct control *c)
{
	builder_cancel(c->builder);
	builder_cancel(c->prover);
}
