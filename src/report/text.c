/* SPDX-License-Identifier: BSD-3-Clause */
#include "report/text.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/arena.h"

enum { TEXT_ROOM = 256 };

static void
text_grow(struct text *t, size_t room)
{
	if (t->cap - t->len > room)
		return;
	t->cap = 2 * t->cap + room + TEXT_ROOM;
	t->at = xreallocarray(t->at, t->cap, 1);
}

static void __attribute__((format(printf, 2, 0)))
text_add_list(struct text *t, const char *fmt, va_list list)
{
	size_t room;
	va_list again;
	int n;

	text_grow(t, 0);
	room = t->cap - t->len;
	va_copy(again, list);
	n = vsnprintf(t->at + t->len, room, fmt, list);
	if (n >= 0 && (size_t)n >= room) {
		text_grow(t, (size_t)n);
		n = vsnprintf(t->at + t->len, t->cap - t->len, fmt, again);
	}
	va_end(again);
	if (n > 0)
		t->len += (size_t)n;
}

void
text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	text_add_list(t, fmt, ap);
	va_end(ap);
}

void
text_add_label(struct text *t, const char *value)
{
	text_add(t, "\"");
	for (; *value != '\0'; value++) {
		if (*value == '\n')
			text_add(t, "\\n");
		else if (*value == '"' || *value == '\\')
			text_add(t, "\\%c", *value);
		else
			text_add(t, "%c", *value);
	}
	text_add(t, "\"");
}

void
text_fini(struct text *t)
{
	free(t->at);
	t->at = NULL;
	t->len = t->cap = 0;
}

json_t *
text_json(struct text *t)
{
	json_t *json = text_string(t->at != NULL ? t->at : "");

	text_fini(t);
	return json;
}

json_t *
text_error(enum exit_code code, const char *fmt, ...)
{
	struct text t = {0};
	va_list ap;

	va_start(ap, fmt);
	text_add_list(&t, fmt, ap);
	va_end(ap);
	return json_pack(
	    "{s:o, s:i}", "error", text_json(&t), "exit", (int)code);
}

json_t *
text_string(const char *s)
{
	json_t *json = json_string(s);
	char *ascii;

	if (json != NULL)
		return json;
	ascii = xstrdup(s);
	for (char *p = ascii; *p != '\0'; p++)
		if ((unsigned char)*p >= 0x80)
			*p = '?';
	json = json_string(ascii);
	free(ascii);
	return json;
}

void
text_add_lines(struct text *t, const char *lines, int column)
{
	for (; *lines != '\0'; lines++) {
		text_add(t, "%c", *lines);
		if (*lines == '\n')
			text_add(t, "%*s", column, "");
	}
	text_add(t, "\n");
}
