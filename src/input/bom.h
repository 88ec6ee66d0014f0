/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The encoding of text that people edit: byte order marks (U+FEFF), and what is
 * not UTF-8 but UTF-16 or UTF-32.  Pure; any thread.
 */
#ifndef INPUT_BOM_H
#define INPUT_BOM_H

#include <stddef.h>

#define BOM_UTF8 "\xef\xbb\xbf"

/* The octets of a UTF-8 byte order mark that the text begins with: 3, or 0. */
size_t bom_len(const char *text, size_t len);

/* "UTF-16" or "UTF-32" where the text is in it, with a byte order mark or
 * without one (YAML 1.2.2 5.2 has the table); NULL where it is in neither. */
const char *bom_encoding(const char *text, size_t len);

/* The first UTF-8 byte order mark in the text, or NULL. */
const char *bom_find(const char *text, size_t len);

#endif
