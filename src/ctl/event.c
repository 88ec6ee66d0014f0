/* SPDX-License-Identifier: BSD-3-Clause */
#include "ctl/event.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/number.h"
#include "report/text.h"

struct events {
	uint64_t last; /* number of the newest; event n is at n % EVENTS_KEPT */
	char *lines[EVENTS_KEPT];
	event_line *listener;
	void *arg;
};

struct events *
events_new(void)
{
	return xcalloc(1, sizeof(struct events));
}

void
events_free(struct events *e)
{
	if (e == NULL)
		return;
	for (size_t i = 0; i < EVENTS_KEPT; i++)
		free(e->lines[i]);
	free(e);
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

void
event_put(struct events *e, enum log_level level, const char *type,
    json_t *details, const char *fmt, ...)
{
	struct text line = {0};
	char *text, *json;
	json_t *event;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		abort();
	va_end(ap);
	event_log(level, text);
	event = json_pack("{s:I, s:I, s:s, s:o}", "seq", (json_int_t)++e->last,
	    "time", (json_int_t)clock_wall_s(), "type", type, "text",
	    text_string(text));
	free(text);
	json_object_update_missing(event, details);
	json_decref(details);
	json = number_json(event, JSON_COMPACT);
	json_decref(event);
	text_add(&line, "%s\n", json);
	free(json);
	free(e->lines[e->last % EVENTS_KEPT]);
	e->lines[e->last % EVENTS_KEPT] = line.at;
	if (e->listener != NULL)
		e->listener(line.at, e->arg);
}

void
events_since(const struct events *e, uint64_t since, event_line *fn, void *arg)
{
	uint64_t oldest = e->last > EVENTS_KEPT ? e->last - EVENTS_KEPT : 0;

	if (since > e->last)
		since = 0;
	for (uint64_t n = since > oldest ? since : oldest; n < e->last; n++)
		fn(e->lines[(n + 1) % EVENTS_KEPT], arg);
}

void
events_listen(struct events *e, event_line *fn, void *arg)
{
	e->listener = fn;
	e->arg = arg;
}
