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

void
text_add(struct text *t, const char *fmt, ...)
{
	va_list ap;
	size_t room;
	int n;

	text_grow(t, 0);
	room = t->cap - t->len;
	va_start(ap, fmt);
	n = vsnprintf(t->at + t->len, room, fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= room) {
		text_grow(t, (size_t)n);
		va_start(ap, fmt);
		n = vsnprintf(t->at + t->len, t->cap - t->len, fmt, ap);
		va_end(ap);
	}
	if (n > 0)
		t->len += (size_t)n;
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
