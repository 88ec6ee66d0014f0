/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The fields of records' data: each kind from text, from wire form, and to
 * text.  One row a kind; the kinds are in the other modules of this folder.
 * Pure; any thread.
 */
#ifndef RDATA_FIELD_H
#define RDATA_FIELD_H

#include "dns/cursor.h"
#include "dns/lex.h"
#include "dns/rr.h"
#include "dns/type.h"
#include "dns/wire.h"

/* Data that is read from text. */
struct field_text {
	struct lex *lex;
	const uint8_t *origin; /* of relative names */
	struct wire *w;
	struct lexeme unicode; /* the first name with octets beyond ASCII;
				  len 0: none */
};

/* Data in wire form. */
struct field_wire {
	struct cursor c;
	struct wire *w;  /* gets it, names in full and in lower case; or NULL */
	bool plain;      /* a compressed name is a mistake */
	const char *why; /* it is no such field, where the kind says so */
};

/* From the words of an entry.  False: t->lex->error says why. */
bool field_parse(enum field_kind kind, struct field_text *t);
/* Past a field.  False: it is none. */
bool field_read(enum field_kind kind, struct field_wire *f);
/* As text, a blank before it; what is at c was taken by field_read(). */
void field_format(enum field_kind kind, struct cursor *c, struct wire *text);

/* For the kinds: */

/* The next word, in quotes or not. */
bool field_any(struct field_text *t, struct lexeme *word);
/* The next word, which is not in quotes. */
bool field_word(struct field_text *t, struct lexeme *word);
/* The mistake that a word is not what. Returns false. */
bool field_not(
    struct field_text *t, const struct lexeme *word, const char *what);
/* Copies n octets on. */
bool field_copy(struct field_wire *f, size_t n);
/* Appends a blank and what is printed. */
void field_print(struct wire *text, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
