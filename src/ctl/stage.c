/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/stage.h"

#include <string.h>

#include "base/clock.h"
#include "conf/stage.h"
#include "report/text.h"
#include "state/state.h"
#include "state/what.h"

static json_t *
nearest(const char *noun, const char *word, const char **words, size_t n)
{
	const char *near = diag_nearest(word, words, n);

	return text_error(EXIT_NO_SUCH, "there is no %s %s%s%s%s", noun, word,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");
}

static json_t *
no_stage(const struct conf *conf, const char *word)
{
	const char **words = xcalloc(conf->nstages, sizeof(*words));
	json_t *error;

	for (size_t i = 0; i < conf->nstages; i++)
		words[i] = conf->stages[i].name;
	error = nearest("stage", word, words, conf->nstages);
	free(words);
	return error;
}

static json_t *
no_step(const struct conf_stage *s, const char *word)
{
	const char **words = xcalloc(s->nsteps, sizeof(*words));
	json_t *error;

	for (size_t i = 0; i < s->nsteps; i++)
		words[i] = s->steps[i].name;
	error = nearest("step", word, words, s->nsteps);
	free(words);
	return error;
}

static const struct conf_stage *
find(const struct conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->nstages; i++)
		if (strcmp(conf->stages[i].name, name) == 0)
			return &conf->stages[i];
	return NULL;
}

/* The step to go to; NULL: error says why there is none. */
static const char *
destination(const struct conf_stage *s, enum stage_way way, const char *step,
    json_t **error)
{
	size_t end = way == STAGE_PROMOTE ? s->nsteps - 1 : 0;
	size_t to = way == STAGE_PROMOTE ? s->step + 1 : s->step - 1;

	if (step != NULL)
		to = stage_find_step(s, step);
	else if (s->step == end)
		*error = text_error(EXIT_WRONG, "%s is in its %s step, %s",
		    s->name, way == STAGE_PROMOTE ? "last" : "first",
		    s->steps[s->step].name);
	if (*error == NULL && to == s->nsteps)
		*error = no_step(s, step);
	else if (*error == NULL && to == s->step)
		*error = text_error(EXIT_WRONG, "%s is in step %s already",
		    s->name, s->steps[to].name);
	return *error == NULL ? s->steps[to].name : NULL;
}

/* What somebody asked for; its strings live as long. */
struct order {
	struct arena *arena;
	enum stage_way way;
	struct stage_want want; /* step NULL: the next one, or the one before */
	const char *from;       /* the step in force when it was asked for */
	struct job_asker by;
};

static void
order_done(json_t *reply, void *arg)
{
	struct order *o = arg;

	o->by.done(reply, o->by.arg);
	arena_free(o->arena);
}

/* NULL, or why it cannot be; sets want.step. */
static json_t *
order_check(struct order *o, const struct conf *conf)
{
	const struct conf_stage *s = find(conf, o->want.stage);
	json_t *error = NULL;
	const char *step;

	if (s == NULL)
		return no_stage(conf, o->want.stage);
	step = s->steps[s->step].name;
	if (o->from == NULL)
		o->from = arena_strdup(o->arena, step);
	if (o->want.step == NULL && strcmp(o->from, step) != 0)
		return text_error(EXIT_WRONG,
		    "stage %s was moved from step %s to %s by %s meanwhile: nothing was done",
		    s->name, o->from, step,
		    s->since != 0 ? s->owner : "the configuration");
	step = destination(s, o->way, o->want.step, &error);
	if (step != NULL)
		o->want.step = arena_strdup(o->arena, step);
	return error;
}

/* Its turn has come: the step may be another by now. */
static json_t *
order_prepare(struct control *c, struct gate_job *job, void *arg)
{
	struct order *o = arg;

	o->want.since = clock_wall_s();
	job->stages.want = &o->want;
	return order_check(o, c->status.snapshot->conf);
}

static json_t *
order_read(struct order *o, const json_t *body, const char *owner)
{
	const char *stage, *step = NULL, *reason;
	json_t *name;

	if (json_unpack((json_t *)(uintptr_t)body, "{s:s, s?s, s:s !}", "stage",
		&stage, "step", &step, "reason", &reason) != 0)
		return text_error(
		    EXIT_USAGE, "a \"stage\" and a \"reason\" are required");
	o->want.stage = arena_strdup(o->arena, stage);
	if (step != NULL)
		o->want.step = arena_strdup(o->arena, step);
	o->want.reason = arena_strdup(o->arena, reason);
	name = text_string(owner); /* as JSON can hold it */
	o->want.owner = arena_strdup(o->arena, json_string_value(name));
	json_decref(name);
	return what_reason_wrong("switch", reason);
}

void
stage_switch(struct control *c, enum stage_way way, const json_t *body,
    const struct job_asker *by)
{
	static const char *const verbs[] = {
	    [STAGE_PROMOTE] = "promote", [STAGE_ROLLBACK] = "rollback"};
	struct arena *arena = arena_new();
	struct order *o = arena_alloc(arena, sizeof(*o));
	struct job_asker asker = {by->owner, by->pid, order_done, o};
	const char *step;
	json_t *error;

	o->arena = arena;
	o->way = way;
	o->by = *by;
	error = order_read(o, body, by->owner);
	step = o->want.step;
	if (error == NULL)
		error = order_check(o, c->status.snapshot->conf);
	o->want.step = step;
	if (error != NULL)
		order_done(error, o);
	else
		reload_prepared(c,
		    arena_printf(arena, "%s %s", verbs[way], o->want.stage),
		    order_prepare, &asker);
}

/* What is saved ---------------------------------------------------------- */

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

bool
stage_save(const char *folder, json_t *list, struct error *err)
{
	return state_save(folder, "stages", json_incref(list), err);
}

static bool
entry_read(const json_t *entry, void *arg)
{
	if (text_of(entry, "stage")[0] == '\0' ||
	    text_of(entry, "step")[0] == '\0')
		return false;
	json_array_append_new(arg, json_deep_copy(entry));
	return true;
}

void
stage_load(struct control *c, const struct snapshot *s)
{
	json_t *saved = json_array();
	struct error err;

	if (!state_load(c->folder, "stages", entry_read, saved, &err))
		event_put(c->events, LOG_LEVEL_ERROR, "state", NULL,
		    "steps of stages that are not declared are lost: %s",
		    err.text);
	c->stages = stages_saved(saved, s->conf);
	json_decref(saved);
}

void
stage_tell(struct control *c, const struct stage_want *want)
{
	event_put(c->events, LOG_LEVEL_WARNING, "stage",
	    json_pack("{s:s, s:s, s:o, s:o}", "stage", want->stage, "step",
		want->step, "owner", text_string(want->owner), "reason",
		text_string(want->reason)),
	    "stage %s is in step %s by %s: %s", want->stage, want->step,
	    want->owner, want->reason);
}
