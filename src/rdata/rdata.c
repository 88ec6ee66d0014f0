/* SPDX-License-Identifier: BSD-3-Clause */
#include "rdata/rdata.h"

#include <assert.h>
#include <string.h>

#include "dns/name.h"
#include "rdata/coding.h"
#include "rdata/number.h"

static const struct rr_field *
fields_of(uint16_t type)
{
	static const struct rr_field none = {FIELD_NONE, NULL};
	const struct rr_type *row = type_get(type);

	return row != NULL ? row->fields : &none;
}

/* What the fields alone do not say --------------------------------------- */

/* Octets of a digest of its kind: RFC 3658, 4509, 5933, 6605; RFC 4255, 6594;
 * RFC 8976. */
static const struct digest {
	uint16_t type;
	uint8_t kind_at, kind, size; /* the digest is behind its kind */
} digests[] = {
    {DNS_DS, 3, 1, 20},
    {DNS_DS, 3, 2, 32},
    {DNS_DS, 3, 3, 32},
    {DNS_DS, 3, 4, 48},
    {DNS_TA, 3, 1, 20},
    {DNS_TA, 3, 2, 32},
    {DNS_TA, 3, 3, 32},
    {DNS_TA, 3, 4, 48},
    {DNS_DLV, 3, 1, 20}, /* RFC 4431 2 */
    {DNS_DLV, 3, 2, 32},
    {DNS_DLV, 3, 3, 32},
    {DNS_DLV, 3, 4, 48},
    {DNS_CDS, 3, 1, 20},
    {DNS_CDS, 3, 2, 32},
    {DNS_CDS, 3, 3, 32},
    {DNS_CDS, 3, 4, 48},
    {DNS_SSHFP, 1, 1, 20},
    {DNS_SSHFP, 1, 2, 32},
    {DNS_ZONEMD, 5, 1, 48},
    {DNS_ZONEMD, 5, 2, 64},
};

/* RFC 8976 2.2.2: SIMPLE is the only scheme that is standardized.  How others
 * use a hash algorithm is theirs to say; A.3 has a record of scheme 241 with
 * algorithm 1 and 20 octets. */
static bool
is_other_scheme(uint16_t type, const uint8_t *p)
{
	enum { SCHEME_AT = 4, SIMPLE = 1 };

	return type == DNS_ZONEMD && p[SCHEME_AT] != SIMPLE;
}

static const char *
digest_wrong(uint16_t type, const uint8_t *p, size_t len)
{
	if (is_other_scheme(type, p))
		return NULL;
	for (size_t i = 0; i < sizeof(digests) / sizeof(digests[0]); i++) {
		const struct digest *d = &digests[i];

		if (d->type == type && p[d->kind_at] == d->kind &&
		    len != (size_t)d->kind_at + 1 + d->size)
			return "the length of the digest does not match its type";
	}
	return NULL;
}

enum { KEY_NONE = 0xc000, KEY_FIXED = 4 };

/* RFC 2535 3.1.2: flags say that there is no key; RFC 4025 2.4: algorithm 0
 * does. */
static const char *
key_wrong(uint16_t type, const uint8_t *p, size_t len)
{
	bool none = type == DNS_KEY ? (wire_get_u16(p) & KEY_NONE) == KEY_NONE
				    : p[2] == 0;
	size_t fixed = KEY_FIXED;
	struct cursor c = {.packet = p, .at = 1, .end = len};
	struct field_wire f = {.c = c};

	if (type == DNS_IPSECKEY) {
		field_read(FIELD_GATEWAY, &f);
		fixed = f.c.at;
	}
	if (none)
		return len > fixed ? "a key, though it says that there is none"
				   : NULL;
	return len == fixed ? "the key is missing" : NULL;
}

/* RFC 5155 11: hash algorithm 1 is SHA-1. */
static const char *
hash_wrong(uint16_t type, const uint8_t *p, size_t len)
{
	enum { SALT_AT = 4, SHA1 = 1, SHA1_SIZE = 20 };
	size_t hash_at = SALT_AT + 1u + p[SALT_AT];

	assert(type == DNS_NSEC3 && len > hash_at);
	return p[0] == SHA1 && p[hash_at] != SHA1_SIZE
	    ? "the length of the next hash does not match its algorithm"
	    : NULL;
}

/* RFC 4035 5.3.1: the owner is in the signer's zone, so that it has as many
 * labels at least. */
static const char *
labels_wrong(uint16_t type, const uint8_t *p, size_t len)
{
	enum { LABELS_AT = 3, SIGNER_AT = 18 };

	assert(type == DNS_RRSIG && len > SIGNER_AT);
	return p[LABELS_AT] < name_labels(p + SIGNER_AT)
	    ? "fewer labels than its signer has"
	    : NULL;
}

static const struct {
	uint16_t type;
	const char *(*wrong)(uint16_t type, const uint8_t *p, size_t len);
} checks[] = {
    {DNS_DS, digest_wrong},
    {DNS_CDS, digest_wrong},
    {DNS_SSHFP, digest_wrong},
    {DNS_ZONEMD, digest_wrong},
    {DNS_TA, digest_wrong},
    {DNS_DLV, digest_wrong},
    {DNS_KEY, key_wrong},
    {DNS_IPSECKEY, key_wrong},
    {DNS_NSEC3, hash_wrong},
    {DNS_RRSIG, labels_wrong},
};

/* rdata: fields that were read. */
static const char *
check_wrong(uint16_t type, const uint8_t *rdata, size_t len)
{
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (checks[i].type == type)
			return checks[i].wrong(type, rdata, len);
	return NULL;
}

/* Wire form -------------------------------------------------------------- */

/* All fields up to the cursor's end.  NULL, or the one that is none. */
static const char *
fields_read(uint16_t type, struct field_wire *f)
{
	const struct rr_field *field = fields_of(type);

	if (field->kind == FIELD_NONE)
		field_copy(f, f->c.end - f->c.at);
	for (; field->kind != FIELD_NONE; field++)
		if (!field_read(field->kind, f) || f->c.bad)
			return field->name;
	return f->c.at == f->c.end ? NULL : "trailing octets";
}

bool
rdata_read(uint16_t type, struct cursor *c, struct wire *w)
{
	struct field_wire f = {.c = *c, .w = w};
	bool ok = fields_read(type, &f) == NULL && !w->full;

	*c = f.c;
	return ok;
}

bool
rdata_check(uint16_t type, const uint8_t *rdata, size_t len, struct error *err)
{
	struct field_wire f = {
	    .c = {.packet = rdata, .end = len}, .plain = true};
	const char *field = fields_read(type, &f);
	const char *wrong;

	if (field != NULL)
		return error_set(err, "%s: %s", field,
		    f.why != NULL ? f.why : "invalid or truncated");
	wrong = check_wrong(type, rdata, len);
	return wrong == NULL || error_set(err, "%s", wrong);
}

/* From text -------------------------------------------------------------- */

static bool
is_generic(const struct lexeme *word)
{
	return word->kind == LEX_WORD && word->len == 2 &&
	    memcmp(word->at, "\\#", 2) == 0;
}

/* RFC 3597 5: \# LENGTH HEX ... */
static bool
generic_parse(uint16_t type, struct field_text *t)
{
	size_t start = t->w->len;
	struct lexeme word, digits;
	struct error err;
	uint64_t len;

	lex_next(t->lex, &word);
	if (!number_parse(t, UINT16_MAX, &len)) {
		lex_prefix(t->lex, "\\# LENGTH (RFC 3597 5)");
		return false;
	}
	digits = *lex_peek(t->lex);
	if (digits.kind != LEX_END && !hex_words_parse(t))
		return false;
	if (t->w->full)
		return true;
	if (t->w->len - start != len)
		return lex_fail(t->lex, &digits,
		    "\\# %llu does not match the number of octets that follow, %zu",
		    (unsigned long long)len, t->w->len - start);
	return rdata_check(type, t->w->at + start, len, &err) ||
	    lex_fail(t->lex, &word, "%s", err.text);
}

static bool
fields_parse(uint16_t type, struct field_text *t)
{
	const struct rr_field *field = fields_of(type);
	struct lexeme first = *lex_peek(t->lex);
	size_t start = t->w->len;
	const char *wrong;

	if (first.kind == LEX_WRONG)
		return false;
	if (field->kind == FIELD_NONE)
		return lex_fail(t->lex, &first,
		    "its data must be written as \\# LENGTH HEX (RFC 3597 5)");
	for (; field->kind != FIELD_NONE; field++) {
		if (!field_parse(field->kind, t)) {
			lex_prefix(t->lex, "%s", field->name);
			return false;
		}
	}
	if (t->w->full)
		return true;
	wrong = check_wrong(type, t->w->at + start, t->w->len - start);
	return wrong == NULL || lex_fail(t->lex, &first, "%s", wrong);
}

static bool
end_parse(struct field_text *t)
{
	struct lexeme word;

	switch (lex_next(t->lex, &word)) {
	case LEX_END:
		return true;
	case LEX_WRONG:
		return false;
	default:
		return lex_fail(t->lex, &word,
		    "extra data after the last field: \"%.*s\"",
		    (int)(word.len < 60 ? word.len : 60), word.at);
	}
}

bool
rdata_parse(uint16_t type, struct field_text *t)
{
	size_t start = t->w->len;
	struct lexeme first = *lex_peek(t->lex);
	char name[RR_TEXT_MAX];
	bool ok =
	    is_generic(&first) ? generic_parse(type, t) : fields_parse(type, t);

	ok = ok && end_parse(t);
	if (ok && (t->w->full || t->w->len - start > UINT16_MAX))
		ok = lex_fail(t->lex, &first, "longer than 65535 octets");
	if (!ok)
		lex_prefix(t->lex, "%s", rr_type_format(name, type));
	return ok;
}

bool
rdata_parse_text(
    uint16_t type, const char *text, struct wire *w, struct error *err)
{
	static const uint8_t root[] = {0};
	uint8_t octets[DNS_MESSAGE_MAX];
	struct lex lex;
	struct wire raw;
	struct field_text t = {.lex = &lex, .origin = root, .w = &raw};
	struct cursor c = {.packet = octets};
	bool blank;

	wire_init(&raw, octets, sizeof(octets));
	lex_init(&lex, text, strlen(text));
	/* Without a word the fields are missing, or there are none. */
	lex_begin(&lex, &blank);
	if (!rdata_parse(type, &t))
		return error_set(err, "%s", lex.error.text);
	if (lex_begin(&lex, &blank))
		return error_set(err, "more than one line");
	c.end = raw.len;
	return rdata_read(type, &c, w) ||
	    error_set(err, "too long for a DNS message");
}

/* To text ---------------------------------------------------------------- */

void
rdata_format(uint16_t type, struct cursor *c, struct wire *text)
{
	const struct rr_field *field = fields_of(type);
	struct field_wire f = {.c = *c};

	if (field->kind == FIELD_NONE || fields_read(type, &f) != NULL) {
		field_print(text, "\\# %zu", c->end - c->at);
		if (c->at < c->end)
			hex_format(c, text);
		return;
	}
	for (; field->kind != FIELD_NONE; field++)
		field_format(field->kind, c, text);
}
