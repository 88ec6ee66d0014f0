/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Log lines to standard error: sentences that a stranger can grep.
 * Any thread but workers, which never log.  One write per line.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_INFO,
	LOG_LEVEL_DEBUG
};

void log_set_level(enum log_level level);

void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warning(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_info(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_debug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Lines that might come often: once a minute at most, of one thread. */
struct log_gate {
	uint64_t next_ms;
};
bool log_is_due(struct log_gate *g);

#endif
