/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Long texts that tests expect word for word, in files beside the tests.
 * MERIDIAN_STORY=FOLDER writes them there as they are now, to be compared by
 * eye and taken over.
 */
#ifndef EXPECTED_H
#define EXPECTED_H

#include <jansson.h>

/* Cuts the folder of files out of a text: it has another name in each run. */
void expected_without(char *text, const char *folder);

/* All real numbers in it to four digits, as the rest depends on the compiler.
 */
json_t *expected_rounded(json_t *o);

/* Compares the text with the file of that name, or writes the file. */
void expected_file(const char *text, const char *name);

#endif
