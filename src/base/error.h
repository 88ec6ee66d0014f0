/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * An expected failure, in words that a person can read.  Pure; any thread.
 */
#ifndef BASE_ERROR_H
#define BASE_ERROR_H

#include <stdbool.h>

struct error {
	char text[1024];
};

/* Always returns false, so that a failure reads: return error_set(...).
 * err may be NULL. */
bool error_set(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Puts "text: " before what err says already; returns false. */
bool error_prefix(struct error *err, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
