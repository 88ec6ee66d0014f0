/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text that grows.  struct text t = {0}; text_add(&t, ...); text_fini(&t).
 * One thread at a time.
 */
#ifndef REPORT_TEXT_H
#define REPORT_TEXT_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "base/exit.h"

struct text {
	char *at; /* NUL-terminated; NULL: nothing added */
	size_t len, cap;
};

void text_add(struct text *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* The value of a metric's label, in quotes: backslash, quote and newline are
 * escaped. */
void text_add_label(struct text *t, const char *value);
void text_fini(struct text *t);

/* Lines, the first one at the cursor, the others from the column on. */
void text_add_lines(struct text *t, const char *lines, int column);

/* What the word behind n ends with. */
static inline const char *
text_plural(uint64_t n)
{
	return n == 1 ? "" : "s";
}

/* As a JSON string, and finishes it. */
json_t *text_json(struct text *t);

/* {"error", "exit"}: why not. */
json_t *text_error(enum exit_code code, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* A JSON string; when s is not UTF-8, '?' for each octet beyond ASCII. */
json_t *text_string(const char *s);

#endif
