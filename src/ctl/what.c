/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/what.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct names {
	VEC(char *) all;
};

static void names_add(struct names *n, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

static void
names_add(struct names *n, const char *fmt, ...)
{
	va_list ap;
	char *name;

	va_start(ap, fmt);
	if (vasprintf(&name, fmt, ap) < 0)
		abort();
	va_end(ap);
	vec_push(&n->all, name);
}

/* With the nearest name, when one is near. */
static json_t *
names_fail(struct names *n, const char *what, const char *problem)
{
	const char *near =
	    diag_nearest(what, (const char *const *)n->all.at, n->all.n);
	json_t *error = control_error(EXIT_NO_SUCH, "%s %s%s%s%s", problem,
	    what, near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");

	for (size_t i = 0; i < n->all.n; i++)
		free(n->all.at[i]);
	vec_free(&n->all);
	return error;
}

static void
names_of_pool(
    struct names *n, const struct conf *conf, const struct conf_pool *p)
{
	for (size_t i = 0; i < p->nregions; i++) {
		const struct conf_pool_region *r = &p->regions[i];
		const char *region = conf->regions[r->region].name;

		names_add(n, "%s/%s", p->name, region);
		for (size_t t = 0; t < r->ntargets; t++)
			names_add(n, "%s/%s/%s", p->name, region,
			    r->targets[t].label);
	}
}

static bool
names_have(const struct names *n, const char *what)
{
	for (size_t i = 0; i < n->all.n; i++)
		if (strcmp(n->all.at[i], what) == 0)
			return true;
	return false;
}

json_t *
what_unknown(const struct conf *conf, const char *what)
{
	struct names names = {0};
	bool known;
	json_t *error;

	for (size_t i = 0; i < conf->nregions; i++)
		names_add(&names, "%s", conf->regions[i].name);
	for (size_t i = 0; i < conf->npools; i++)
		names_of_pool(&names, conf, &conf->pools[i]);
	known = names_have(&names, what);
	error = names_fail(&names, what, "there is no");
	if (!known)
		return error;
	json_decref(error);
	return NULL;
}

json_t *
what_not_leased(
    const struct drains *drains, enum drain_kind kind, const char *what)
{
	static const char *const problems[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "there is no drain of",
	    [DRAIN_UP] = "there is no force-up of"};
	struct names names = {0};

	for (size_t i = 0; i < drains->all.n; i++)
		if (drains->all.at[i]->kind == kind)
			names_add(&names, "%s", drains->all.at[i]->what);
	return names_fail(&names, what, problems[kind]);
}
