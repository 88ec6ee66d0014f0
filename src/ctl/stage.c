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
	const char **words = xcalloc(conf->nstages + 1, sizeof(*words));
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

static json_t *
stage_begin(struct control *c, enum stage_way way, const json_t *body,
    const char *owner, reload_done *done, void *arg)
{
	const struct conf *conf = c->status.snapshot->conf;
	struct stage_want want = {.owner = owner, .since = clock_wall_s()};
	const struct conf_stage *s;
	const char *step = NULL;
	json_t *error = NULL;

	if (json_unpack((json_t *)(uintptr_t)body, "{s:s, s?s, s:s !}", "stage",
		&want.stage, "step", &step, "reason", &want.reason) != 0)
		return text_error(EXIT_USAGE, "it needs a stage and a reason");
	error = what_reason_wrong("switch", want.reason);
	if (error != NULL)
		return error;
	s = find(conf, want.stage);
	if (s == NULL)
		return no_stage(conf, want.stage);
	want.step = destination(s, way, step, &error);
	if (want.step != NULL && !reload_stage(c, &want, done, arg))
		error = text_error(
		    EXIT_WRONG, "a configuration is being built: ask again");
	return error;
}

void
stage_switch(struct control *c, enum stage_way way, const json_t *body,
    const char *owner, reload_done *done, void *arg)
{
	json_t *error = stage_begin(c, way, body, owner, done, arg);

	if (error != NULL)
		done(error, arg);
}

bool
stage_save(const char *folder, const struct snapshot *s, struct error *err)
{
	json_t *list = json_array();

	for (size_t i = 0; i < s->conf->nstages; i++) {
		const struct conf_stage *stage = &s->conf->stages[i];

		if (stage->since != 0)
			json_array_append_new(list,
			    json_pack("{s:s, s:s, s:o, s:o, s:I}", "stage",
				stage->name, "step",
				stage->steps[stage->step].name, "owner",
				text_string(stage->owner), "reason",
				text_string(stage->reason), "since",
				(json_int_t)stage->since));
	}
	return state_save(folder, "stages", list, err);
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
