/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * $GENERATE: one directive that stands for many records, as BIND has it.  Pure;
 * one thread.
 */
#ifndef ZONE_GENERATE_H
#define ZONE_GENERATE_H

#include "dns/lex.h"

enum { GENERATE_MAX = 1 << 20 }; /* records of one directive */

/*
 * The words behind $GENERATE: "start-stop[/step] lhs [ttl] [class] type rhs",
 * up to the end of the entry.  Calls fn with each line that it stands for;
 * false: l->error, or what fn said.
 */
bool generate(
    struct lex *l, bool (*fn)(const char *line, void *arg), void *arg);

#endif
