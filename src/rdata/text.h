/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of names, addresses and character strings (RFC 1035 3.3, 5.1).  Rows
 * of rdata/field.  Pure; any thread.
 */
#ifndef RDATA_TEXT_H
#define RDATA_TEXT_H

#include "rdata/field.h"

bool domain_parse(struct field_text *t);
bool domain_read(struct field_wire *f);
void domain_format(struct cursor *c, struct wire *text);
bool domains_parse(struct field_text *t);
bool domains_read(struct field_wire *f);
void domains_format(struct cursor *c, struct wire *text);

bool a_parse(struct field_text *t);
void a_format(struct cursor *c, struct wire *text);
bool aaaa_parse(struct field_text *t);
bool aaaa_read(struct field_wire *f);
void aaaa_format(struct cursor *c, struct wire *text);

/* RFC 2874 3.1: bits of the prefix, suffix, the prefix's name. */
bool a6_parse(struct field_text *t);
bool a6_read(struct field_wire *f);
void a6_format(struct cursor *c, struct wire *text);

bool string_parse(struct field_text *t);
bool string_read(struct field_wire *f);
void string_format(struct cursor *c, struct wire *text);
bool string_optional_parse(struct field_text *t);
bool string_optional_read(struct field_wire *f);
void string_optional_format(struct cursor *c, struct wire *text);
bool strings_parse(struct field_text *t);
bool strings_read(struct field_wire *f);
void strings_format(struct cursor *c, struct wire *text);
bool digits_parse(struct field_text *t);
bool digits_read(struct field_wire *f);
bool tag_parse(struct field_text *t);
bool tag_read(struct field_wire *f);
void tag_format(struct cursor *c, struct wire *text);
bool text_parse(struct field_text *t);
bool text_read(struct field_wire *f);
void text_format(struct cursor *c, struct wire *text);

/* The name that a word stands for, "@" being the origin.  NULL, or what is
 * wrong with it. */
const char *field_name(const struct lexeme *word, const uint8_t *origin,
    uint8_t name[DNS_NAME_MAX]);
/* What a word stands for, appended to t->w. */
bool domain_put(struct field_text *t, const struct lexeme *word);
bool addr_put(struct field_text *t, const struct lexeme *word, uint8_t family);

/* The octets of a word or string, escapes undone; *len of them. */
bool octets_read(struct field_text *t, const struct lexeme *word,
    uint8_t *octets, size_t cap, size_t *len, const char *what);
/* One octet as it stands in a string in quotes. */
void octet_print(struct wire *text, uint8_t octet);

#endif
