/* SPDX-License-Identifier: BSD-3-Clause */
#include "prove/finding.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/error.h"

void
findings_add(struct findings *f, enum claim claim, const struct conf_mark *mark,
    const char *fmt, ...)
{
	struct finding one = {.claim = claim};
	struct error text;
	va_list ap;

	if (f->count[claim]++ >= FINDINGS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(text.text, sizeof(text.text), fmt, ap);
	va_end(ap);
	if (mark != NULL)
		one.mark = *mark;
	one.text = xstrdup(text.text);
	vec_push(&f->all, one);
}

void
findings_fini(struct findings *f)
{
	for (size_t i = 0; i < f->all.n; i++)
		free(f->all.at[i].text);
	vec_free(&f->all);
}
