/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Fields of numbers: counts, times, dates, and numbers that have names.  Rows
 * of rdata/field.  Pure; any thread.
 */
#ifndef RDATA_NUMBER_H
#define RDATA_NUMBER_H

#include "rdata/field.h"

bool u8_parse(struct field_text *t);
bool u8_read(struct field_wire *f);
void u8_format(struct cursor *c, struct wire *text);
bool u16_parse(struct field_text *t);
bool u16_read(struct field_wire *f);
void u16_format(struct cursor *c, struct wire *text);
bool u32_parse(struct field_text *t);
bool u32_read(struct field_wire *f);
void u32_format(struct cursor *c, struct wire *text);

bool time_parse(struct field_text *t);
bool date_parse(struct field_text *t);
void date_format(struct cursor *c, struct wire *text);

bool algorithm_parse(struct field_text *t);
bool digest_parse(struct field_text *t);
bool cert_parse(struct field_text *t);
bool scheme_parse(struct field_text *t);
bool usage_parse(struct field_text *t);
bool selector_parse(struct field_text *t);
bool matching_parse(struct field_text *t);
bool protocol_parse(struct field_text *t);
bool key_flags_parse(struct field_text *t);

/* Decimal digits alone, up to most. */
bool digits_value(const char *text, size_t len, uint64_t most, uint64_t *value);

/* The next word is a number from 0 to most. */
bool number_parse(struct field_text *t, uint64_t most, uint64_t *value);

/* Seconds up to most, or with units as in 1h30m, each number with its own. */
bool time_seconds(
    const char *text, size_t len, uint64_t most, uint32_t *seconds);

#endif
