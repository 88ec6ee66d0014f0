/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/load.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_MAX = 40 };

/* "0.83", "83%" */
static bool
read_number(const char *text, size_t len, double *value)
{
	char buf[NUMBER_MAX], *end;

	if (len >= sizeof(buf))
		len = sizeof(buf) - 1;
	memcpy(buf, text, len);
	buf[len] = '\0';
	*value = strtod(buf, &end);
	return end != buf && (*end == '\0' || strchr(" \t\r%", *end) != NULL) &&
	    *value >= 0 && isfinite(*value);
}

/* What stands after the metric's name and its labels; NULL: another line. */
static const char *
after_name(const char *line, const char *end, const char *name)
{
	size_t len = strlen(name);

	if ((size_t)(end - line) <= len || memcmp(line, name, len) != 0)
		return NULL;
	line += len;
	if (*line == '{') {
		line = memchr(line, '}', (size_t)(end - line));
		line = line != NULL ? line + 1 : end;
	}
	return line < end && (*line == ' ' || *line == '\t') ? line : NULL;
}

/* The first of that name. */
static bool
find_metric(const char *name, const char *body, size_t len, double *value)
{
	const char *all_end = body + len;

	while (body < all_end) {
		const char *end = memchr(body, '\n', (size_t)(all_end - body));
		const char *at;

		if (end == NULL)
			end = all_end;
		at = after_name(body, end, name);
		if (at != NULL)
			return read_number(at, (size_t)(end - at), value);
		body = end + 1;
	}
	return false;
}

bool
load_find(const struct conf_load *l, const char *header, const char *body,
    size_t len, double *load)
{
	bool found;

	if (l->header != NULL)
		found =
		    header != NULL && read_number(header, strlen(header), load);
	else
		found = l->metric != NULL &&
		    find_metric(l->metric, body, len, load);
	*load = found ? *load / l->full : 0;
	return found;
}
