/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Events: what has changed, as JSON lines with a growing number, kept in a
 * ring, and each a line of the log.  Main thread.
 */
#ifndef CTL_EVENT_H
#define CTL_EVENT_H

#include <jansson.h>
#include <stdint.h>

#include "base/log.h"

enum { EVENTS_KEPT = 1000 };

struct events;

struct events *events_new(void);
void events_free(struct events *e);

/*
 * {"seq", "time", "type", "text", and what details has}; the text is logged.
 * details (NULL: none) is taken over.
 */
void event_put(struct events *e, enum log_level level, const char *type,
    json_t *details, const char *fmt, ...)
    __attribute__((format(printf, 5, 6)));

typedef void event_line(const char *line, void *arg);

/* Each event kept whose number is above since, oldest first; with newline. */
void events_since(
    const struct events *e, uint64_t since, event_line *fn, void *arg);

/* From now on fn sees each event; NULL: none does. */
void events_listen(struct events *e, event_line *fn, void *arg);

#endif
