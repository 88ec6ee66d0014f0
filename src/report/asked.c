/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/asked.h"

#include <stdlib.h>
#include <string.h>

#include "conf/expect.h"
#include "conf/load.h"
#include "dns/name.h"
#include "report/text.h"

enum { WORD_MAX = 256 };

json_t *
asked_error(int code, const char *fmt, ...)
{
	struct error err;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err.text, sizeof(err.text), fmt, ap);
	va_end(ap);
	return json_pack(
	    "{s:o, s:i}", "error", text_string(err.text), "exit", code);
}

static json_t *
read_from(struct asked *a, const struct explain_query *q)
{
	struct prefix p;
	struct error err;

	if (q->resolver != NULL && !addr_parse(q->resolver, &a->resolver))
		return asked_error(
		    ASKED_USAGE, "resolver %s: not an address", q->resolver);
	if (conf_geo_parse(q->from, &a->geo)) {
		a->by_place = true;
		if (q->resolver == NULL)
			addr_parse("0.0.0.0", &a->resolver);
		return NULL;
	}
	if (!prefix_parse(q->from, &p, &err))
		return asked_error(ASKED_USAGE,
		    "from %s: neither an "
		    "address nor a prefix nor a place such as DE: %s",
		    q->from, err.text);
	a->ecs.addr = p.addr;
	a->ecs.source = p.len;
	a->ecs.present = q->resolver != NULL || strchr(q->from, '/') != NULL;
	if (q->resolver == NULL)
		a->resolver = p.addr;
	return NULL;
}

/* There is none of that name: the nearest. */
static json_t *
no_such(const struct conf *conf, enum schema_section s, const char *word)
{
	size_t n = schema_count(conf, s);
	const char **all = xcalloc(n + 1, sizeof(*all)), *near;

	for (size_t i = 0; i < n; i++)
		all[i] = schema_name(conf, s, i);
	near = diag_nearest(word, all, n);
	free(all);
	return asked_error(ASKED_NO_SUCH, "no %s %s%s%s%s", schema_noun(s),
	    word, near != NULL ? "; did you mean " : "",
	    near != NULL ? near : "", near != NULL ? "?" : "");
}

static json_t *
read_regions(
    const struct conf *conf, const char *const *names, size_t n, uint64_t *mask)
{
	for (size_t i = 0; i < n; i++) {
		uint16_t r = conf_find_region(conf, names[i]);

		if (r == CONF_NONE)
			return no_such(conf, SECTION_REGIONS, names[i]);
		if (r >= 64)
			return asked_error(ASKED_USAGE,
			    "region %s: only "
			    "the first 64 can be assumed so",
			    names[i]);
		*mask |= UINT64_C(1) << r;
	}
	return NULL;
}

static json_t *
read_signal(
    const struct conf *conf, const char *text, struct view_signal *signal)
{
	const char *equals = strrchr(text, '=');
	char what[WORD_MAX];
	size_t len;

	if (equals == NULL ||
	    (strcmp(equals, "=up") != 0 && strcmp(equals, "=down") != 0) ||
	    equals - text >= WORD_MAX)
		return asked_error(ASKED_USAGE,
		    "signal %s: not MONITOR[/ADDRESS]=up or =down", text);
	len = (size_t)(equals - text);
	memcpy(what, text, len);
	what[len] = '\0';
	signal->up = strcmp(equals, "=up") == 0;
	if (expect_monitor(conf, what, &signal->monitor, &signal->addr))
		return NULL;
	if (signal->monitor == CONF_NONE)
		return no_such(conf, SECTION_MONITORS, what);
	return asked_error(ASKED_USAGE, "signal %s: no address", text);
}

static json_t *
read_signals(
    struct asked *a, const struct conf *conf, const struct explain_query *q)
{
	json_t *error = NULL;

	a->signals = xcalloc(q->nsignals + 1, sizeof(*a->signals));
	a->assume.signals = a->signals;
	a->assume.nsignals = q->nsignals;
	for (size_t i = 0; i < q->nsignals && error == NULL; i++)
		error = read_signal(conf, q->signals[i], &a->signals[i]);
	return error;
}

json_t *
asked_read(
    struct asked *a, const struct conf *conf, const struct explain_query *q)
{
	const char *type = q->type != NULL ? q->type : "A";
	struct error err;
	json_t *error;

	memset(a, 0, sizeof(*a));
	if (q->name == NULL || q->from == NULL)
		return asked_error(
		    ASKED_USAGE, "explain needs a name, and where from");
	if (!name_parse(q->name, a->name, &err))
		return asked_error(ASKED_USAGE, "%s", err.text);
	a->type = rr_type_parse(type);
	if (a->type == 0)
		return asked_error(ASKED_USAGE, "%s: no such type", type);
	error = read_from(a, q);
	if (error == NULL)
		error = read_regions(conf, q->down, q->ndown, &a->assume.down);
	if (error == NULL)
		error =
		    read_regions(conf, q->drain, q->ndrain, &a->assume.drained);
	if (error == NULL)
		error = read_signals(a, conf, q);
	return error;
}

void
asked_fini(struct asked *a)
{
	free(a->signals);
}
