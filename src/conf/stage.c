/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/stage.h"

#include <jansson.h>
#include <string.h>

#include "base/file.h"
#include "base/number.h"
#include "conf/value.h"

#define MEND \
	"repair the file, or move it away: then each stage is in its first " \
	"step"

enum { STATE_MAX = 1 << 20, STATE_VERSION = 1 };

bool
stage_policies(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const struct schema_key name = {
	    k->map, k->name, value_ref, .of = SECTION_NAMES};
	const struct schema_key policy = {
	    k->map, k->name, value_ref, .of = SECTION_POLICIES};
	struct conf_step *step = field;
	bool ok = true;

	if (node->kind != NODE_MAP || node->n == 0)
		return value_wrong(
		    r, k, node, "a map of names to their policies");
	step->choices =
	    arena_array(r->conf->arena, node->n, sizeof(*step->choices));
	for (size_t i = 0; i < node->n; i++) {
		struct conf_choice *c = &step->choices[i];

		ok = value_ref(r, &name, node->pairs[i].key, &c->name) && ok;
		ok = value_ref(r, &policy, node->pairs[i].value, &c->policy) &&
		    ok;
	}
	step->nchoices = node->n;
	return ok;
}

size_t
stage_find_step(const struct conf_stage *s, const char *step)
{
	size_t i = 0;

	while (i < s->nsteps &&
	    (s->steps[i].name == NULL || strcmp(s->steps[i].name, step) != 0))
		i++;
	return i;
}

bool
stage_split(struct arena *a, const char *text, struct stage_want *want)
{
	const char *slash = strchr(text, '/');

	if (slash == NULL || slash == text || slash[1] == '\0')
		return false;
	want->stage = arena_strndup(a, text, (size_t)(slash - text));
	want->step = slash + 1;
	return true;
}

bool
stage_step(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	const struct conf *c = r->conf;
	struct conf_at *at = field;
	struct stage_want want;

	if (!value_is_scalar(node) || !stage_split(c->arena, node->text, &want))
		return value_wrong(r, k, node, "STAGE/STEP");
	at->stage = schema_find(c, SECTION_STAGES, want.stage);
	if (at->stage == CONF_NONE)
		return diag_error(
		    r->d, &node->mark, "there is no stage \"%s\"", want.stage);
	at->step = (uint16_t)stage_find_step(&c->stages[at->stage], want.step);
	return at->step < c->stages[at->stage].nsteps ||
	    diag_error(r->d, &node->mark, "stage \"%s\" has no step \"%s\"",
		want.stage, want.step);
}

/* State ------------------------------------------------------------------ */

/* False: there is no such step. */
static bool
enter(struct schema_reader *r, struct conf_stage *s,
    const struct stage_want *want)
{
	size_t step = stage_find_step(s, want->step);

	if (step == s->nsteps)
		return false;
	s->step = step;
	s->owner = arena_strdup(r->conf->arena, want->owner);
	s->reason = arena_strdup(r->conf->arena, want->reason);
	s->since = want->since;
	return true;
}

static struct conf_stage *
find(const struct conf *c, const char *name)
{
	for (size_t i = 0; i < c->nstages; i++)
		if (strcmp(c->stages[i].name, name) == 0)
			return &c->stages[i];
	return NULL;
}

/*
 * A stage that is no longer declared has no say.  Where one comes back without
 * the step that it was in, nobody could go back to that step before: the first
 * one is in force.
 */
static bool
enter_saved(struct schema_reader *r, const json_t *entry, const char *path,
    const json_t *known)
{
	struct stage_want saved;
	json_int_t since;
	struct conf_stage *s;

	if (json_unpack((json_t *)(uintptr_t)entry, "{s:s, s:s, s:s, s:s, s:I}",
		"stage", &saved.stage, "step", &saved.step, "owner",
		&saved.owner, "reason", &saved.reason, "since", &since) != 0)
		return false;
	saved.since = since;
	s = find(r->conf, saved.stage);
	if (s == NULL)
		return true;
	if (known != NULL && json_object_get(known, s->name) == NULL &&
	    stage_find_step(s, saved.step) == s->nsteps)
		diag_warning(r->d, &s->mark,
		    "stage \"%s\" was in step \"%s\" before it was removed, and this step is no longer declared: its first step is in force",
		    s->name, saved.step);
	else if (!enter(r, s, &saved))
		diag_error(r->d, &s->mark,
		    "stage \"%s\" is in its step \"%s\" by %s, which is not declared: declare it, or go to another step first, by meridianctl promote or rollback",
		    s->name, saved.step, path);
	return true;
}

/* Is it the one that is to go to another step? */
static bool
is_wanted(const json_t *entry, const struct stage_want *want)
{
	const char *stage = json_string_value(json_object_get(entry, "stage"));

	return want != NULL && stage != NULL && strcmp(stage, want->stage) == 0;
}

static void
enter_all(struct schema_reader *r, const json_t *list, const char *path,
    const struct stage_state *state)
{
	const json_t *known = state != NULL ? state->known : NULL;
	const struct stage_want *want = state != NULL ? state->want : NULL;
	const struct conf_mark mark = {.file = path};
	const json_t *entry;
	size_t i;

	json_array_foreach(list, i, entry)
	{
		if (!is_wanted(entry, want) &&
		    !enter_saved(r, entry, path, known))
			diag_error(r->d, &mark,
			    "entry %zu of \"stages\" cannot be understood; " MEND,
			    i + 1);
	}
}

static void
read_state(struct schema_reader *r, const struct stage_state *state)
{
	const char *path = arena_printf(
	    r->conf->arena, "%s/stages.json", r->conf->server.state);
	struct conf_mark mark = {.file = path};
	json_t *json, *list;
	json_error_t wrong;
	struct error err;
	char *text;
	size_t len;

	if (!file_may_exist(path))
		return;
	if (!file_read(path, STATE_MAX, &text, &len, &err)) {
		diag_error(r->d, &mark, "%s; " MEND, err.text);
		return;
	}
	diag_read(r->d, path, text, len);
	json = json_loadb(text, len, JSON_REJECT_DUPLICATES, &wrong);
	free(text);
	list = json_object_get(json, "stages");
	if (json == NULL) {
		mark.line = (unsigned)wrong.line;
		diag_error(r->d, &mark, "not JSON: %s; " MEND, wrong.text);
	} else if (!json_is_array(list) ||
	    json_integer_value(json_object_get(json, "version")) !=
		STATE_VERSION) {
		diag_error(r->d, &mark, "no stages of version %d; " MEND,
		    STATE_VERSION);
	} else {
		enter_all(r, list, path, state);
	}
	json_decref(json);
}

/* What stages and names make of each other ------------------------------- */

static const struct conf_choice *
choice_of(const struct conf_step *step, uint16_t name)
{
	for (size_t i = 0; i < step->nchoices; i++)
		if (step->choices[i].name == name)
			return &step->choices[i];
	return NULL;
}

static void
check_steps(struct schema_reader *r, const struct conf_stage *s)
{
	const struct conf *c = r->conf;

	for (size_t i = 0; i < s->nsteps; i++) {
		const struct conf_step *a = &s->steps[i];
		const struct conf_step *b = &s->steps[(i + 1) % s->nsteps];

		if (a->name == NULL || b->name == NULL)
			continue; /* told already: a step needs one */
		if (stage_find_step(s, a->name) != i)
			diag_error(r->d, &a->mark,
			    "stage \"%s\" has a step \"%s\" already", s->name,
			    a->name);
		for (size_t k = 0; k < a->nchoices; k++)
			if (a->choices[k].name != CONF_NONE &&
			    choice_of(b, a->choices[k].name) == NULL)
				diag_error(r->d, &b->mark,
				    "step \"%s\" does not say the policy of "
				    "%s, which \"%s\" says",
				    b->name, c->names[a->choices[k].name].text,
				    a->name);
	}
}

static void
switch_names(struct schema_reader *r, const struct conf_stage *s)
{
	const struct conf_step *step = &s->steps[s->step];

	for (size_t i = 0; i < step->nchoices; i++) {
		const struct conf_choice *c = &step->choices[i];
		struct conf_name *name = &r->conf->names[c->name];

		if (c->name == CONF_NONE)
			continue;
		if (name->policy != CONF_NONE)
			diag_error(r->d, &step->mark,
			    "%s has a policy already, by %s", name->text,
			    name->staged ? "another stage" : "itself");
		else
			name->policy = c->policy;
	}
}

static bool
is_staged(const struct conf *c, uint16_t name)
{
	for (size_t i = 0; i < c->nstages; i++)
		if (c->stages[i].nsteps > 0 &&
		    choice_of(&c->stages[i].steps[0], name) != NULL)
			return true;
	return false;
}

static void
want_step(struct schema_reader *r, const struct stage_want *want)
{
	const struct conf_mark whole = {.file = r->conf->path};
	struct conf_stage *s = find(r->conf, want->stage);

	if (s == NULL)
		diag_error(
		    r->d, &whole, "there is no stage \"%s\"", want->stage);
	else if (!enter(r, s, want))
		diag_error(r->d, &s->mark, "stage \"%s\" has no step \"%s\"",
		    s->name, want->step);
}

json_t *
stages_saved(const json_t *saved, const struct conf *c)
{
	json_t *list = json_array();
	const json_t *entry;
	size_t i;

	for (i = 0; i < c->nstages; i++) {
		const struct conf_stage *s = &c->stages[i];

		if (s->since != 0)
			json_array_append_new(list,
			    json_pack("{s:s, s:s, s:s, s:s, s:I}", "stage",
				s->name, "step", s->steps[s->step].name,
				"owner", s->owner, "reason", s->reason, "since",
				(json_int_t)s->since));
	}
	json_array_foreach(saved, i, entry)
	{
		const char *name =
		    json_string_value(json_object_get(entry, "stage"));

		if (name != NULL && find(c, name) == NULL)
			json_array_append_new(list, json_deep_copy(entry));
	}
	return list;
}

/* The file as it is when this is in service: proofs name what they are of. */
static void
note_read(struct schema_reader *r, const struct stage_state *state)
{
	json_t *list = stages_saved(state->saved, r->conf), *json;
	char *path =
	    arena_printf(r->conf->arena, "%s/stages.json", state->folder);
	char *text;

	if (json_array_size(list) > 0) {
		json = json_pack(
		    "{s:i, s:O}", "version", STATE_VERSION, "stages", list);
		text = number_json(json, JSON_INDENT(1));
		diag_read(r->d, path, text, strlen(text));
		free(text);
		json_decref(json);
	}
	json_decref(list);
}

void
stage_apply(struct schema_reader *r, const struct stage_state *state)
{
	struct conf *c = r->conf;

	if (state != NULL && state->saved != NULL)
		enter_all(r, state->saved, "the saved state", state);
	else if (r->files && c->nstages > 0 && c->server.state != NULL)
		read_state(r, state);
	if (state != NULL && state->want != NULL)
		want_step(r, state->want);
	if (state != NULL && state->saved != NULL && c->nstages > 0)
		note_read(r, state);
	for (size_t i = 0; i < c->nstages; i++) {
		if (c->stages[i].nsteps == 0)
			continue;
		check_steps(r, &c->stages[i]);
		switch_names(r, &c->stages[i]);
	}
	for (size_t i = 0; i < c->nnames; i++)
		if (c->names[i].staged && !is_staged(c, (uint16_t)i))
			diag_error(r->d, &c->names[i].mark,
			    "a name needs the key \"policy\", or a stage that "
			    "says it");
}
