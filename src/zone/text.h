/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The text of master files (RFC 1035 5.1) as logical records: comments gone,
 * parentheses joined; and $GENERATE lines expanded.  Pure; one thread.
 */
#ifndef ZONE_TEXT_H
#define ZONE_TEXT_H

#include "base/arena.h"
#include "base/error.h"

enum { TEXT_GENERATE_MAX = 1 << 20 };

struct text {
	const char *at, *end;
	unsigned line; /* of at */
};

typedef VEC(char) text_record;

void text_append(text_record *record, const char *text, size_t len);

/*
 * The next logical record that is not blank, ended by NUL, in *record (reused);
 * *line is where it begins.  False: no more, or err says what is wrong with
 * it, and the next call goes on behind it.
 */
enum text_result { TEXT_RECORD, TEXT_END, TEXT_WRONG };

enum text_result text_next(
    struct text *t, text_record *record, unsigned *line, struct error *err);

/*
 * The words behind $GENERATE: "start-stop[/step] lhs [ttl] [class] type rhs".
 * Calls fn with each line that it stands for; false: err, or what fn said.
 */
bool text_generate(const char *words, bool (*fn)(const char *line, void *arg),
    void *arg, struct error *err);

#endif
