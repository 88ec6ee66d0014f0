/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events: what has changed, as JSON lines with the id of this run of the daemon
 * and a number that grows from 1, kept in a ring, and each a line of the log.
 * Main thread.
 */
#ifndef CTL_EVENT_H
#define CTL_EVENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"
#include "base/log.h"

enum { EVENTS_KEPT = 1000 };

struct events;

/* Which events somebody wants, and where he is. */
struct event_filter {
	uint64_t since;       /* the number before the next one */
	bool goes_on;         /* he had those before: what is lost is told */
	enum log_level level; /* no less important ones */
	int64_t since_time;   /* wall clock; 0: any */
};

struct events *events_new(void);
void events_free(struct events *e);

/* A word of hexadecimal digits, another one after each start. */
const char *events_run(const struct events *e);

/*
 * {"run", "seq", "time", "level", "type", "text"}, and what details has; the
 * text is logged.  details (NULL: none) is taken over.
 */
void event_put(struct events *e, enum log_level level, const char *type,
    json_t *details, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

/* All that are kept. */
struct event_filter event_filter_all(void);

/*
 * "RUN:NUMBER": those after it; when the run was another one, all of this run.
 * "NUMBER" is one of this run; beyond the last it was of another.
 */
bool event_filter_since(const struct events *e, struct event_filter *f,
    const char *text, struct error *err);

/* "error", "warning", "info". */
bool event_filter_level(
    struct event_filter *f, const char *text, struct error *err);

typedef void event_line(const char *line, void *arg);

/* The next one of the filter goes to fn, with its newline, and the filter goes
 * on to it; false: there is none yet.  In place of events that were wanted and
 * are no longer kept comes one of type "lost". */
bool event_next(
    const struct events *e, struct event_filter *f, event_line *fn, void *arg);

/* All of the filter. */
void events_each(
    const struct events *e, struct event_filter f, event_line *fn, void *arg);

/* From now on fn sees each event; NULL: none does. */
void events_listen(struct events *e, event_line *fn, void *arg);

#endif
