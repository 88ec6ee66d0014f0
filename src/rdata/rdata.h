/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The data of records: from text as in a zone file, from messages, and to
 * text.  The rows of dns/type say which fields a type has.  Pure; any thread.
 */
#ifndef RDATA_RDATA_H
#define RDATA_RDATA_H

#include "rdata/field.h"

/*
 * The data of a record of that type, as its fields or as RFC 3597 5 has it
 * (\# LENGTH HEX), from the words that are left of an entry.  t->w gets the
 * uncompressed wire form, names as they are written.  False: t->lex->error
 * names the field and the mistake.
 */
bool rdata_parse(uint16_t type, struct field_text *t);

/*
 * The same of a text alone, where a name without a final dot is one below the
 * root, in the form that rdata_read() makes.
 */
bool rdata_parse_text(
    uint16_t type, const char *text, struct wire *w, struct error *err);

/* From a message: all octets up to the cursor's end, with the names in full and
 * in lower case, so that equal data has equal octets.  False: it is no data of
 * that type. */
bool rdata_read(uint16_t type, struct cursor *c, struct wire *w);

/* Is it the uncompressed data of a record of that type? */
bool rdata_check(
    uint16_t type, const uint8_t *rdata, size_t len, struct error *err);

/* As text that rdata_parse() reads, a blank before each field.  c: up to its
 * end; names may be compressed.  What is no data of its type is written as RFC
 * 3597 5 has it. */
void rdata_format(uint16_t type, struct cursor *c, struct wire *text);

#endif
