/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/field.h"

#include <stdarg.h>
#include <stdio.h>

#include "dns/name.h"
#include "rdata/coding.h"
#include "rdata/loc.h"
#include "rdata/network.h"
#include "rdata/number.h"
#include "rdata/svcb.h"
#include "rdata/text.h"

enum { WORD_SHOWN = 60 };

/* Words ------------------------------------------------------------------ */

bool
field_not(struct field_text *t, const struct lexeme *word, const char *what)
{
	return lex_fail(t->lex, word, "\"%.*s%s\" is not %s",
	    (int)(word->len < WORD_SHOWN ? word->len : WORD_SHOWN), word->at,
	    word->len > WORD_SHOWN ? "..." : "", what);
}

/* A word or a string in quotes. */
bool
field_any(struct field_text *t, struct lexeme *word)
{
	switch (lex_next(t->lex, word)) {
	case LEX_END:
		return lex_fail(t->lex, word, "missing");
	case LEX_WRONG:
		return false;
	default:
		return !word->joined ||
		    lex_fail(t->lex, word,
			"a quote inside a word: put quotes around the whole word, or write \\\"");
	}
}

bool
field_word(struct field_text *t, struct lexeme *word)
{
	return field_any(t, word) &&
	    (word->kind != LEX_QUOTED ||
		lex_fail(t->lex, word, "in quotes: write it without"));
}

/* Wire form -------------------------------------------------------------- */

bool
field_copy(struct field_wire *f, size_t n)
{
	if (!cursor_has(&f->c, n))
		return false;
	if (f->w != NULL)
		wire_put(f->w, f->c.packet + f->c.at, n);
	f->c.at += n;
	return true;
}

void
field_print(struct wire *text, const char *fmt, ...)
{
	char buf[NAME_TEXT_MAX];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(buf, sizeof(buf), fmt, ap);
	va_end(ap);
	wire_put_u8(text, ' ');
	wire_put(text, buf, (size_t)n);
}

/* The table -------------------------------------------------------------- */

static const struct {
	bool (*parse)(struct field_text *t);
	bool (*read)(struct field_wire *f);
	void (*format)(struct cursor *c, struct wire *text);
} kinds[FIELD_KIND_COUNT] = {
    [FIELD_U8] = {u8_parse, u8_read, u8_format},
    [FIELD_U16] = {u16_parse, u16_read, u16_format},
    [FIELD_U32] = {u32_parse, u32_read, u32_format},
    [FIELD_TIME] = {time_parse, u32_read, u32_format},
    [FIELD_DATE] = {date_parse, u32_read, date_format},
    [FIELD_NAME] = {domain_parse, domain_read, domain_format},
    [FIELD_NAMES] = {domains_parse, domains_read, domains_format},
    [FIELD_A] = {a_parse, u32_read, a_format},
    [FIELD_AAAA] = {aaaa_parse, aaaa_read, aaaa_format},
    [FIELD_STRING] = {string_parse, string_read, string_format},
    [FIELD_STRING_OPTIONAL] = {string_optional_parse, string_optional_read,
	string_optional_format},
    [FIELD_STRINGS] = {strings_parse, strings_read, strings_format},
    [FIELD_DIGITS] = {digits_parse, digits_read, string_format},
    [FIELD_TAG] = {tag_parse, tag_read, tag_format},
    [FIELD_TEXT] = {text_parse, text_read, text_format},
    [FIELD_HEX] = {hex_parse, rest_read, hex_format},
    [FIELD_BASE64] = {base64_parse, rest_read, base64_format},
    [FIELD_BASE64_OPTIONAL] = {base64_parse_optional, text_read, base64_format},
    [FIELD_DATA] = {data_parse, text_read, data_format},
    [FIELD_SALT] = {salt_parse, string_read, salt_format},
    [FIELD_HASH] = {hash_parse, hash_read, hash_format},
    [FIELD_TYPES] = {types_parse, types_read, types_format},
    [FIELD_TYPES_SOME] = {types_parse_some, types_read_some, types_format},
    [FIELD_TYPE] = {type_parse, type_read, type_format},
    [FIELD_ALGORITHM] = {algorithm_parse, u8_read, u8_format},
    [FIELD_DIGEST] = {digest_parse, u8_read, u8_format},
    [FIELD_CERT] = {cert_parse, u16_read, u16_format},
    [FIELD_SCHEME] = {scheme_parse, u8_read, u8_format},
    [FIELD_USAGE] = {usage_parse, u8_read, u8_format},
    [FIELD_SELECTOR] = {selector_parse, u8_read, u8_format},
    [FIELD_MATCHING] = {matching_parse, u8_read, u8_format},
    [FIELD_PROTOCOL] = {protocol_parse, u8_read, u8_format},
    [FIELD_KEY_FLAGS] = {key_flags_parse, u16_read, u16_format},
    [FIELD_EUI48] = {eui48_parse, eui48_read, eui48_format},
    [FIELD_EUI64] = {eui64_parse, eui64_read, eui64_format},
    [FIELD_LOCATOR] = {locator_parse, eui64_read, locator_format},
    [FIELD_LOC] = {loc_parse, loc_read, loc_format},
    [FIELD_APL] = {apl_parse, apl_read, apl_format},
    [FIELD_GATEWAY] = {gateway_parse, gateway_read, gateway_format},
    [FIELD_RELAY] = {relay_parse, relay_read, relay_format},
    [FIELD_HIP] = {hip_parse, hip_read, hip_format},
    [FIELD_WKS] = {wks_parse, wks_read, wks_format},
    [FIELD_NXT] = {nxt_parse, nxt_read, nxt_format},
    [FIELD_NSAP] = {nsap_parse, rest_read, nsap_format},
    [FIELD_ATMA] = {atma_parse, atma_read, atma_format},
    [FIELD_A6] = {a6_parse, a6_read, a6_format},
    [FIELD_SVCB] = {svcb_parse, svcb_read, svcb_format},
};

bool
field_parse(enum field_kind kind, struct field_text *t)
{
	return kinds[kind].parse(t);
}

bool
field_read(enum field_kind kind, struct field_wire *f)
{
	return kinds[kind].read(f);
}

void
field_format(enum field_kind kind, struct cursor *c, struct wire *text)
{
	kinds[kind].format(c, text);
}
