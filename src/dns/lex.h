/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The words of master files (RFC 1035 5.1): comments and parentheses gone,
 * each with its place.  Pure; a reader is used by one thread at a time, and
 * what it returns points into the text.
 *
 * An entry is one record or one directive: a line, or as many lines as its
 * parentheses hold together.
 */
#ifndef DNS_LEX_H
#define DNS_LEX_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum lex_kind {
	LEX_WORD,   /* escapes are still in it */
	LEX_QUOTED, /* a string without its quotes; escapes are still in it */
	LEX_END,    /* of the entry */
	LEX_WRONG   /* lex.error says what, and the entry cannot be read on */
};

struct lexeme {
	enum lex_kind kind;
	const char *at;
	size_t len;
	unsigned line, column; /* from 1 */
	bool joined;           /* a quote follows without a blank between */
};

struct lex {
	const char *at, *end;
	const char *line_at; /* where the line of at begins */
	unsigned line;       /* of at, from 1 */
	unsigned depth;      /* open parentheses */
	bool over;           /* the end of the entry was returned */
	bool wrong;          /* the first mistake of the entry is in error: */
	bool broken;         /* it is one of quotes, parentheses and escapes */
	struct error error;
	unsigned error_line, error_column;
	struct lexeme open; /* the first parenthesis that is open */
	struct lexeme held; /* returned by lex_peek() */
	bool holds;
};

void lex_init(struct lex *l, const char *text, size_t len);

/* Goes to the next entry, behind what is left of this one; *blank: it begins
 * with a blank, which stands for the last owner.  False: there is none. */
bool lex_begin(struct lex *l, bool *blank);

/* The next word of the entry, in *word; returns word->kind. */
enum lex_kind lex_next(struct lex *l, struct lexeme *word);

/* The same, and lex_next() will return it again. */
const struct lexeme *lex_peek(struct lex *l);

/* Keeps the first mistake of the entry, at this word.  Returns false. */
bool lex_fail(struct lex *l, const struct lexeme *word, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Puts "prefix: " before the mistake, unless it is one of the text itself. */
void lex_prefix(struct lex *l, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Is the word this, without case? */
bool lex_is(const struct lexeme *word, const char *text);

/* One octet of a word or string (RFC 1035 5.1: \X and \DDD); *p moves past it.
 * False: no number from 000 to 255 stands behind the backslash. */
bool lex_octet(const char **p, const char *end, unsigned char *octet);

#endif
