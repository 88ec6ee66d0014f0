/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/record.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/file.h"
#include "dns/name.h"
#include "zone/load.h"

/* A file's text is not kept beyond its reading, unless something was wrong. */
static void
show_source(struct diag *d, const char *file)
{
	char *text;
	size_t len;

	if (diag_has_source(d, file) ||
	    !file_read(file, ZONE_FILE_MAX, &text, &len, NULL))
		return;
	diag_source(d, file, text);
	free(text);
}

static bool __attribute__((format(printf, 4, 0))) say(diag_fn *fn,
    struct diag *d, const struct zone_record *r, const char *fmt, va_list ap)
{
	struct conf_mark mark = {r->file, r->line, 1};
	char name[NAME_TEXT_MAX];
	struct error e;

	show_source(d, r->file);
	vsnprintf(e.text, sizeof(e.text), fmt, ap);
	return fn(d, &mark, "%s: %s", name_format(name, r->owner), e.text);
}

bool
record_error(struct diag *d, const struct zone_record *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(diag_error, d, r, fmt, ap);
	va_end(ap);
	return false;
}

bool
record_warning(
    struct diag *d, const struct zone_record *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(diag_warning, d, r, fmt, ap);
	va_end(ap);
	return false;
}
