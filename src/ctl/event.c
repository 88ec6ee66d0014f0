/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/event.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/number.h"
#include "report/text.h"

enum { RUN_MAX = 9 };

static const char *const levels[] = {
    [LOG_LEVEL_ERROR] = "error",
    [LOG_LEVEL_WARNING] = "warning",
    [LOG_LEVEL_INFO] = "info",
    [LOG_LEVEL_DEBUG] = "debug",
};

struct event {
	char *line;
	enum log_level level;
	int64_t time;
};

struct events {
	char run[RUN_MAX];
	uint64_t last; /* number of the newest; event n is at n % EVENTS_KEPT */
	struct event kept[EVENTS_KEPT];
	event_line *listener;
	void *arg;
};

struct events *
events_new(void)
{
	struct events *e = xcalloc(1, sizeof(*e));
	uint32_t run;

	if (getrandom(&run, sizeof(run), 0) != sizeof(run))
		run = (uint32_t)clock_wall_s();
	snprintf(e->run, sizeof(e->run), "%08x", run);
	return e;
}

void
events_free(struct events *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		free(e->kept[i].line);
	free(e);
}

const char *
events_run(const struct events *e)
{
	return e->run;
}

static void
event_log(enum log_level level, const char *text)
{
	if (level == LOG_LEVEL_ERROR)
		log_error("%s", text);
	else if (level == LOG_LEVEL_WARNING)
		log_warning("%s", text);
	else
		log_info("%s", text);
}

/* With its newline; details is taken over. */
static char *
make_line(const struct events *e, uint64_t seq, const struct event *event,
    const char *type, json_t *details, const char *text)
{
	json_t *object =
	    json_pack("{s:s, s:I, s:I, s:s, s:s, s:o}", "run", e->run, "seq",
		(json_int_t)seq, "time", (json_int_t)event->time, "level",
		levels[event->level], "type", type, "text", text_string(text));
	struct text line = {0};
	char *json;

	json_object_update_missing(object, details);
	json_decref(details);
	json = number_json(object, JSON_COMPACT);
	json_decref(object);
	text_add(&line, "%s\n", json);
	free(json);
	return line.at;
}

void
event_put(struct events *e, enum log_level level, const char *type,
    json_t *details, const char *fmt, ...)
{
	struct event *event = &e->kept[++e->last % EVENTS_KEPT];
	va_list ap;
	char *text;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	event_log(level, text);
	free(event->line);
	event->level = level;
	event->time = clock_wall_s();
	event->line = make_line(e, e->last, event, type, details, text);
	free(text);
	if (e->listener != NULL)
		e->listener(event->line, e->arg);
}

struct event_filter
event_filter_all(void)
{
	return (struct event_filter){.level = LOG_LEVEL_DEBUG};
}

static bool
read_number(const char *text, uint64_t *n)
{
	char *end;

	errno = 0;
	*n = strtoull(text, &end, 10);
	return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0;
}

bool
event_filter_since(const struct events *e, struct event_filter *f,
    const char *text, struct error *err)
{
	const char *colon = strchr(text, ':');
	size_t len = colon != NULL ? (size_t)(colon - text) : 0;
	bool is_own = colon == NULL ||
	    (len == strlen(e->run) && memcmp(text, e->run, len) == 0);
	uint64_t n;

	if (!read_number(colon != NULL ? colon + 1 : text, &n) ||
	    (colon != NULL && len == 0))
		return error_set(err,
		    "since %s: neither an event number nor RUN:NUMBER", text);
	f->goes_on = colon != NULL || n > 0;
	f->since = is_own && n <= e->last ? n : 0;
	return true;
}

bool
event_filter_level(struct event_filter *f, const char *text, struct error *err)
{
	for (size_t i = 0; i < LOG_LEVEL_DEBUG; i++)
		if (strcmp(levels[i], text) == 0) {
			f->level = (enum log_level)i;
			return true;
		}
	return error_set(err, "level %s: must be error, warning or info", text);
}

static void
tell_lost(const struct events *e, uint64_t n, uint64_t oldest, event_line *fn,
    void *arg)
{
	const struct event event = {
	    .level = LOG_LEVEL_WARNING, .time = clock_wall_s()};
	char text[64], *line;

	snprintf(text, sizeof(text), "%llu event%s no longer kept",
	    (unsigned long long)n, n == 1 ? " is" : "s are");
	line = make_line(e, oldest, &event, "lost",
	    json_pack("{s:I}", "lost", (json_int_t)n), text);
	fn(line, arg);
	free(line);
}

bool
event_next(
    const struct events *e, struct event_filter *f, event_line *fn, void *arg)
{
	uint64_t oldest = e->last > EVENTS_KEPT ? e->last - EVENTS_KEPT : 0;
	uint64_t lost = oldest > f->since ? oldest - f->since : 0;

	if (lost > 0) {
		f->since = oldest;
		if (f->goes_on) {
			tell_lost(e, lost, oldest, fn, arg);
			return true;
		}
	}
	f->goes_on = true;
	while (f->since < e->last) {
		const struct event *event = &e->kept[++f->since % EVENTS_KEPT];

		if (event->level <= f->level && event->time >= f->since_time) {
			fn(event->line, arg);
			return true;
		}
	}
	return false;
}

void
events_each(
    const struct events *e, struct event_filter f, event_line *fn, void *arg)
{
	while (event_next(e, &f, fn, arg))
		;
}

void
events_listen(struct events *e, event_line *fn, void *arg)
{
	e->listener = fn;
	e->arg = arg;
}
