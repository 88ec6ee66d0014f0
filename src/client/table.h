/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What is printed for people: colours, tables, and what stands in JSON.  One
 * thread.
 */
#ifndef CLIENT_TABLE_H
#define CLIENT_TABLE_H

#include <jansson.h>
#include <libsmartcols/libsmartcols.h>

#include "base/clock.h"

/* Colours only where a person looks at a terminal (NO_COLOR turns them off). */
const char *colour(const char *sequence);

#define RED colour("\033[31m")
#define GREEN colour("\033[32m")
#define YELLOW colour("\033[33m")
#define BOLD colour("\033[1m")
#define PLAIN colour("\033[0m")

/* "", 0 and "-" where there is none. */
const char *text_of(const json_t *o, const char *key);
long long int_of(const json_t *o, const char *key);
const char *span_of(const json_t *o, const char *key, char buf[CLOCK_TEXT_MAX]);

/* A table of titles (NULL ends them); rows are added by table_row(), cells are
 * copied. */
struct libscols_table *table_new(const char *const *titles);
struct libscols_line *table_row(
    struct libscols_table *t, const char *const *cells);
/* Frees it, too; without rows nothing is printed. */
void table_print(struct libscols_table *t);

#endif
