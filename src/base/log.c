/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/log.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"

enum { GATE_MS = 60000 };

/* Stored before threads start. */
static enum log_level maximum = LOG_LEVEL_INFO;

void
log_set_level(enum log_level level)
{
	maximum = level;
}

static void __attribute__((format(printf, 2, 0)))
log_line(enum log_level level, const char *fmt, va_list ap)
{
	static const char *const names[] = {
	    "error: ", "warning: ", "", "debug: "};
	char line[2048], now[CLOCK_TEXT_MAX];
	int len, more;

	if (level > maximum)
		return;
	len = snprintf(line, sizeof(line), "%s %s",
	    clock_format(now, clock_wall_s()), names[level]);
	more = vsnprintf(line + len, sizeof(line) - (size_t)len - 1, fmt, ap);
	len += more;
	if (len > (int)sizeof(line) - 2)
		len = (int)sizeof(line) - 2;
	/* What others said may be in it: it makes no line, and no colours. */
	for (int i = 0; i < len; i++)
		if (iscntrl((unsigned char)line[i]) && line[i] != '\t')
			line[i] = '?';
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		return; /* nowhere is left to say so */
}

#define LOG_FUNCTION(name, level) \
	void name(const char *fmt, ...) \
	{ \
		va_list ap; \
		va_start(ap, fmt); \
		log_line(level, fmt, ap); \
		va_end(ap); \
	}

LOG_FUNCTION(log_error, LOG_LEVEL_ERROR)
LOG_FUNCTION(log_warning, LOG_LEVEL_WARNING)
LOG_FUNCTION(log_info, LOG_LEVEL_INFO)
LOG_FUNCTION(log_debug, LOG_LEVEL_DEBUG)

bool
log_is_due(struct log_gate *g)
{
	uint64_t now_ms = clock_mono_ms();

	if (now_ms < g->next_ms)
		return false;
	g->next_ms = now_ms + GATE_MS;
	return true;
}
