/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/stage.h"

#include <stdio.h>

#include "client/show.h"

int
stage_list(const struct arguments *a)
{
	struct reply r;
	int code = request(a, "/v1/stages", NULL, &r);

	if (reply_shows(a, &r))
		stages_show(r.json);
	reply_fini(&r);
	return code;
}

static int
stage_switch(const struct arguments *a, const char *path)
{
	const char *step = a->nwords > 1 ? a->words[1] : NULL;
	struct reply r;
	int code;

	if (a->reason == NULL)
		return fail(EXIT_USAGE, "it needs --reason TEXT");
	code = request(a, path,
	    json_pack("{s:s, s:s*, s:s}", "stage", a->words[0], "step", step,
		"reason", a->reason),
	    &r);
	if (!(a->given & OPT_JSON))
		reload_show(r.json);
	reply_fini(&r);
	return code;
}

int
stage_promote(const struct arguments *a)
{
	return stage_switch(a, "/v1/promote");
}

int
stage_rollback(const struct arguments *a)
{
	return stage_switch(a, "/v1/rollback");
}
