/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/error.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

bool
error_set(struct error *err, const char *fmt, ...)
{
	va_list ap;

	if (err == NULL)
		return false;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	return false;
}

bool
error_prefix(struct error *err, const char *fmt, ...)
{
	struct error old;
	va_list ap;
	size_t len;

	if (err == NULL)
		return false;
	old = *err;
	va_start(ap, fmt);
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	len = strlen(err->text);
	snprintf(
	    err->text + len, sizeof(err->text) - len, ": %.900s", old.text);
	return false;
}
