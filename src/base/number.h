/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Numbers as people write them: 8.8, not 8.8000000000000007.  Every JSON text
 * that leaves the process is made here.  Pure; any thread.
 */
#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H

#include <jansson.h>

enum { NUMBER_TEXT_MAX = 32 };

/* To six significant digits; from a million on to a whole number. */
double number_round(double v);

/* The shortest of at most 15 digits, without zeros at the end. Returns buf. */
char *number_format(char buf[NUMBER_TEXT_MAX], double v);

/* As json_dumps(), with flags; the fractions within json are rounded first, in
 * place.  The caller frees the text. */
char *number_json(json_t *json, size_t flags);

#endif
