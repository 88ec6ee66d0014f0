/* SPDX-License-Identifier: BSD-3-Clause */
#include "state/what.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "conf/diag.h"
#include "report/text.h"

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
	json_t *error = text_error(EXIT_NO_SUCH, "%s %s%s%s%s", problem, what,
	    near != NULL ? "; did you mean " : "", near != NULL ? near : "",
	    near != NULL ? "?" : "");

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

/* Is it the name, up to the slash before the rest (NULL: there is none)? */
static bool
is_part(const char *what, const char *name, const char *rest)
{
	size_t len = rest != NULL ? (size_t)(rest - what) - 1 : strlen(what);

	return strlen(name) == len && strncmp(what, name, len) == 0;
}

static const char *
rest_of(const char *what)
{
	const char *slash = strchr(what, '/');

	return slash != NULL ? slash + 1 : NULL;
}

/* region: what without the pool. */
static bool
pool_has(const struct conf *conf, const struct conf_pool *p, const char *region)
{
	const char *target = rest_of(region);

	for (size_t i = 0; i < p->nregions; i++) {
		const struct conf_pool_region *r = &p->regions[i];

		if (!is_part(region, conf->regions[r->region].name, target))
			continue;
		for (size_t t = 0; target != NULL && t < r->ntargets; t++)
			if (strcmp(r->targets[t].label, target) == 0)
				return true;
		return target == NULL;
	}
	return false;
}

static bool
is_known(const struct conf *conf, const char *what)
{
	const char *region = rest_of(what);

	for (size_t i = 0; region == NULL && i < conf->nregions; i++)
		if (strcmp(conf->regions[i].name, what) == 0)
			return true;
	for (size_t i = 0; region != NULL && i < conf->npools; i++)
		if (is_part(what, conf->pools[i].name, region))
			return pool_has(conf, &conf->pools[i], region);
	return false;
}

/* Takes error over. */
static json_t *
pool_named(const struct conf *conf, const char *what, json_t *error)
{
	for (size_t i = 0; i < conf->npools; i++) {
		const struct conf_pool *p = &conf->pools[i];

		if (strcmp(p->name, what) != 0)
			continue;
		json_decref(error);
		return text_error(EXIT_NO_SUCH,
		    "%s is a pool: name a region of it, such as %s/%s", what,
		    what, conf->regions[p->regions[0].region].name);
	}
	return error;
}

json_t *
what_unknown(const struct conf *conf, const char *what)
{
	struct names names = {0};

	if (is_known(conf, what))
		return NULL;
	for (size_t i = 0; i < conf->nregions; i++)
		names_add(&names, "%s", conf->regions[i].name);
	for (size_t i = 0; i < conf->npools; i++)
		names_of_pool(&names, conf, &conf->pools[i]);
	return pool_named(conf, what, names_fail(&names, what, "there is no"));
}

/* Code points that move the cursor, begin a line, or change the direction in
 * which a line is read: the text would look like another one.  0: none. */
static unsigned
disguise(const char *text)
{
	static const struct {
		unsigned first, last;
	} ranges[] = {
	    {0x80, 0x9f}, {0x200e, 0x200f}, {0x2028, 0x202e}, {0x2066, 0x2069}};
	const unsigned char *c = (const unsigned char *)text;
	unsigned point = 0;

	if (c[0] == 0xc2)
		point = c[1];
	else if (c[0] == 0xe2 && c[1] != '\0')
		point = 0x2000u | (c[1] & 0x3fu) << 6 | (c[2] & 0x3fu);
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (point >= ranges[i].first && point <= ranges[i].last)
			return point;
	return iscntrl(c[0]) && c[0] != '\t' ? c[0] : 0;
}

json_t *
what_reason_wrong(const char *noun, const char *reason)
{
	size_t len = strlen(reason);

	if (reason[strspn(reason, " \t\r\n")] == '\0')
		return text_error(EXIT_USAGE, "a %s needs a reason", noun);
	if (len > WHAT_REASON_MAX)
		return text_error(EXIT_USAGE,
		    "the reason has %zu octets: at most %d are kept", len,
		    WHAT_REASON_MAX);
	for (const char *c = reason; *c != '\0'; c++)
		if (disguise(c) != 0)
			return text_error(EXIT_USAGE,
			    "the reason has the control character U+%04X: it is one line of plain text",
			    disguise(c));
	return NULL;
}

/* "eu" is all of "www/eu", which is all of its targets. */
static bool
is_within(const struct drain *d, const char *what)
{
	size_t len = strlen(d->what);
	const char *slash = strchr(what, '/');

	if (strncmp(what, d->what, len) == 0 &&
	    (what[len] == '/' || what[len] == '\0'))
		return true;
	return d->pool == NULL && slash != NULL &&
	    strncmp(slash + 1, d->what, len) == 0 &&
	    (slash[len + 1] == '\0' || slash[len + 1] == '/');
}

json_t *
what_still(const struct drains *drains, enum drain_kind kind, const char *what)
{
	json_t *list = json_array();

	for (size_t i = 0; i < drains->all.n; i++) {
		const struct drain *d = drains->all.at[i];

		if (d->kind == kind && d->at == 0 && is_within(d, what))
			json_array_append_new(list, text_string(d->what));
	}
	return list;
}

json_t *
what_within(const struct drains *drains, enum drain_kind kind, const char *what)
{
	struct drain *all =
	    drain_new(what, "", "", 0, DRAIN_FOREVER, false, NULL);
	json_t *list = json_array();

	for (size_t i = 0; all != NULL && i < drains->all.n; i++) {
		const struct drain *d = drains->all.at[i];

		if (d->kind == kind && strcmp(d->what, what) != 0 &&
		    is_within(all, d->what))
			json_array_append_new(list, text_string(d->what));
	}
	drain_free(all);
	return list;
}

/* "there is no drain of eu itself, only of www/eu, which is a part of it" */
static json_t *
narrower_leased(const struct drains *drains, enum drain_kind kind,
    const char *what, const char *problem)
{
	json_t *within = what_within(drains, kind, what), *error = NULL;

	if (json_array_size(within) > 0)
		error = text_error(EXIT_NO_SUCH,
		    "%s %s itself, only of %s, which is a part of it", problem,
		    what, json_string_value(json_array_get(within, 0)));
	json_decref(within);
	return error;
}

json_t *
what_not_leased(
    const struct drains *drains, enum drain_kind kind, const char *what)
{
	static const char *const problems[DRAIN_KIND_COUNT] = {
	    [DRAIN_OUT] = "there is no drain of",
	    [DRAIN_UP] = "there is no force-up of"};
	struct names names = {0};
	json_t *error;

	for (size_t i = 0; i < drains->all.n; i++)
		if (drains->all.at[i]->kind == kind &&
		    is_within(drains->all.at[i], what))
			return text_error(EXIT_NO_SUCH,
			    "%s %s itself, only of %s, which contains it",
			    problems[kind], what, drains->all.at[i]->what);
	error = narrower_leased(drains, kind, what, problems[kind]);
	if (error != NULL)
		return error;
	for (size_t i = 0; i < drains->all.n; i++)
		if (drains->all.at[i]->kind == kind)
			names_add(&names, "%s", drains->all.at[i]->what);
	return names_fail(&names, what, problems[kind]);
}
