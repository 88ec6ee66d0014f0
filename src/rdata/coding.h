/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of octets and of words: hexadecimal, base64 and base32hex (RFC 4648),
 * type bit maps (RFC 4034 4.1.2), EUI-48 and EUI-64 (RFC 7043), locators (RFC
 * 6742), and numbers that have names.  Rows of rdata/field.  Pure; any thread.
 */
#ifndef RDATA_CODING_H
#define RDATA_CODING_H

#include "rdata/field.h"

/* Octets to the end, one at least. */
bool hex_parse(struct field_text *t);
/* The same, each word of whole octets (RFC 3597 5). */
bool hex_words_parse(struct field_text *t);
void hex_format(struct cursor *c, struct wire *text);
bool base64_parse(struct field_text *t);
bool base64_parse_optional(struct field_text *t);
void base64_format(struct cursor *c, struct wire *text);
bool rest_read(struct field_wire *f);

bool data_parse(struct field_text *t);
void data_format(struct cursor *c, struct wire *text);

bool salt_parse(struct field_text *t);
void salt_format(struct cursor *c, struct wire *text);
bool hash_parse(struct field_text *t);
bool hash_read(struct field_wire *f);
void hash_format(struct cursor *c, struct wire *text);

bool types_parse(struct field_text *t);
bool types_parse_some(struct field_text *t);
bool types_read(struct field_wire *f);
bool types_read_some(struct field_wire *f);
void types_format(struct cursor *c, struct wire *text);

bool type_parse(struct field_text *t);
bool type_read(struct field_wire *f);
void type_format(struct cursor *c, struct wire *text);

bool eui48_parse(struct field_text *t);
bool eui48_read(struct field_wire *f);
void eui48_format(struct cursor *c, struct wire *text);
bool eui64_parse(struct field_text *t);
bool eui64_read(struct field_wire *f);
void eui64_format(struct cursor *c, struct wire *text);
bool locator_parse(struct field_text *t);
void locator_format(struct cursor *c, struct wire *text);

/* For other kinds: the octets of one word, appended to t->w; false: the mistake
 * that it is not what.  Dots between the digits count for nothing, nor do the
 * first skip characters. */
bool hex_word(
    struct field_text *t, const struct lexeme *word, const char *what);
bool hex_dotted(struct field_text *t, const struct lexeme *word, size_t skip,
    const char *what);
bool base64_word(struct field_text *t, const struct lexeme *word);
/* The octets of base64 text; false: it is none. */
bool base64_put(const char *text, size_t len, struct wire *w);
/* n octets as digits, without a blank before. */
void hex_print(struct cursor *c, size_t n, struct wire *text);
void base64_print(struct cursor *c, size_t n, struct wire *text);

#endif
