/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Files of text that people edit, whole.  Any thread.
 */
#ifndef INPUT_INPUT_H
#define INPUT_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

struct input {
	char *octets; /* as they are stored; the caller frees them */
	size_t size;
	char *text; /* the same behind a byte order mark; NUL-terminated */
	size_t len;
};

/* Reads a regular file of at most max octets.  A UTF-8 byte order mark that it
 * begins with is left out of the text; UTF-16 and UTF-32 are refused. */
bool input_read(
    const char *path, size_t max, struct input *input, struct error *err);

/* The first control character in text of lines that no line may have, or NULL.
 * A tab may stand anywhere, a carriage return before a line feed alone, or at
 * the end: one by itself would join what looks like two lines, and behind NUL
 * nothing would be read. */
const char *input_control(const char *text, size_t len);

#endif
