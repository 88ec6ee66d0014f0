/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove/alias.h"

#include <stdlib.h>

#include "report/text.h"
#include "snapshot/fences.h"

struct aliases {
	const struct conf *conf;
	struct findings *findings;
	const struct conf_stage *stage; /* whose step is followed; NULL: none */
	const struct conf_step *step;
	json_t *unknown;
};

static void
tell_outside(struct aliases *a, const struct conf_mark *mark, const char *text)
{
	if (a->step != NULL)
		findings_add(a->findings, CLAIM_FENCES, mark,
		    "at step %s/%s: %s", a->stage->name, a->step->name, text);
	else
		findings_add(a->findings, CLAIM_FENCES, mark, "%s", text);
}

static void
tell(enum fences_lead lead, uint16_t index, const struct conf_mark *mark,
    const char *text, void *arg)
{
	struct aliases *a = arg;
	const struct conf_name *name = &a->conf->names[index];

	if (lead == FENCES_OUTSIDE)
		tell_outside(a, mark, text);
	else if (a->step == NULL)
		json_array_append_new(a->unknown,
		    json_pack("{s:s, s:s, s:o, s:I, s:o}", "name", name->text,
			"pool", a->conf->pools[name->pool].name, "file",
			text_string(mark->file), "line", (json_int_t)mark->line,
			"text", text_string(text)));
}

/* The policies that the step gives, if it is not in force. */
static void
follow_step(struct aliases *a, const struct snapshot *s, size_t step)
{
	uint16_t *policies;

	if (step == a->stage->step)
		return;
	a->step = &a->stage->steps[step];
	policies = fences_policies(a->conf);
	for (size_t i = 0; i < a->step->nchoices; i++)
		policies[a->step->choices[i].name] = a->step->choices[i].policy;
	fences_follow(s, policies, tell, a);
	free(policies);
}

json_t *
alias_prove(const struct snapshot *s, struct findings *findings)
{
	const struct conf *conf = s->conf;
	struct aliases a = {
	    .conf = conf, .findings = findings, .unknown = json_array()};
	uint16_t *policies = fences_policies(conf);

	fences_follow(s, policies, tell, &a);
	free(policies);
	for (size_t i = 0; i < conf->nstages; i++) {
		a.stage = &conf->stages[i];
		for (size_t k = 0; k < a.stage->nsteps; k++)
			follow_step(&a, s, k);
	}
	return a.unknown;
}
