/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/load.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/file.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "input/input.h"
#include "rdata/number.h"
#include "rdata/rdata.h"
#include "rdata/text.h"
#include "zone/generate.h"
#include "zone/source.h"

enum {
	INCLUDE_DEPTH_MAX = 8,
	PATH_SIZE = 1100,
	LINE_SHOWN = 120,
	/* Types that ask or belong to a message (RFC 6895 3.1). */
	META_FIRST = 128,
	META_LAST = 255,
};

/* Records ---------------------------------------------------------------- */

static const uint8_t *
owner_store(struct loader *l, const uint8_t *owner)
{
	size_t len = name_len(owner);

	if (l->owner == NULL || l->owner_len != len ||
	    !name_same(l->owner, owner, len)) {
		l->owner = memcpy(arena_place(l->arena, len, 1), owner, len);
		l->owner_len = (uint8_t)len;
	}
	return l->owner;
}

static bool
type_is_meta(unsigned type)
{
	return type == DNS_OPT || (type >= META_FIRST && type <= META_LAST);
}

/* No TTL was said yet: for an SOA its minimum is taken, as BIND does; then it
 * is as if $TTL had said so. */
static bool
ttl_find(struct source *s, struct zone_record *r)
{
	struct loader *l = s->loader;
	uint32_t minimum;

	l->ttl = 0; /* said once is enough */
	if (r->type != DNS_SOA)
		return source_wrong_record(s, "no TTL, here or before ($TTL)");
	minimum = wire_get_u32(r->rdata + r->rdata_len - sizeof(minimum));
	if (minimum > INT32_MAX)
		return source_wrong_record(s,
		    "no TTL, and the SOA's minimum is not a valid one (RFC 2181 8)");
	source_say_at(
	    s, diag_warning, s->line, 1, "no TTL: the SOA's minimum is used");
	r->ttl = l->ttl = minimum;
	l->ttl_stated = true;
	return true;
}

/* Is there an asterisk that stands for nothing (RFC 4592 2.1.1)? */
static bool
has_inner_asterisk(const uint8_t *name, const uint8_t *origin)
{
	if (name_equal(name, origin))
		return false;
	for (name = name_parent(name); !name_equal(name, origin);
	     name = name_parent(name))
		if (name_is_wildcard(name))
			return true;
	return false;
}

/* r has all but its owner, which is s->previous. */
static bool
record_store(struct source *s, struct zone_record *r)
{
	struct loader *l = s->loader;
	const uint8_t *before = l->owner;

	if (!s->previous_within)
		return source_say_at(
		    s, diag_warning, s->line, 1, "out of the zone, ignored");
	r->owner = owner_store(l, s->previous);
	r->owner_len = l->owner_len;
	if (r->type == DNS_DS && name_equal(r->owner, l->zone->name))
		return source_wrong_record(s,
		    "a DS record of the apex belongs to the parent zone (RFC 4035 2.4)");
	if (r->owner != before && has_inner_asterisk(r->owner, l->zone->name))
		source_say_at(s, diag_warning, s->line, 1,
		    "an asterisk inside a name is not a wildcard");
	r->rdata_len = (uint16_t)l->wire.len;
	r->rdata = memcpy(
	    arena_place(l->scratch, l->wire.len, 1), l->wire.at, l->wire.len);
	if (l->ttl == TTL_NONE && !ttl_find(s, r))
		return false;
	vec_push(&l->records->all, *r);
	return true;
}

enum class_word { CLASS_NOT, CLASS_IN, CLASS_OTHER };

static enum class_word
class_parse(const struct lexeme *word)
{
	static const char *const others[] = {"CH", "HS", "CS", "ANY", "NONE"};

	if (lex_is(word, "IN") || lex_is(word, "CLASS1"))
		return CLASS_IN;
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (lex_is(word, others[i]))
			return CLASS_OTHER;
	return word->len > 5 && strncasecmp(word->at, "CLASS", 5) == 0
	    ? CLASS_OTHER
	    : CLASS_NOT;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* TTL and class in either order (RFC 1035 5.1), then the type. */
static bool
type_read(struct source *s, struct lex *l, uint32_t *ttl, uint16_t *type)
{
	bool has_ttl = false, has_class = false;
	struct lexeme word;

	for (;;) {
		enum class_word class;

		lex_next(l, &word);
		if (word.kind == LEX_WRONG)
			return source_complain(s, l);
		if (word.kind == LEX_END)
			return source_wrong(s, l, &word, "the type is missing");
		if (word.kind == LEX_QUOTED || word.joined)
			return source_wrong(s, l, &word,
			    "quotes before the type: write owner, TTL, class and type without quotes");
		class = class_parse(&word);
		if (class == CLASS_OTHER)
			return source_wrong(
			    s, l, &word, "a class other than IN");
		if (class == CLASS_IN && !has_class) {
			has_class = true;
		} else if (is_digit(*word.at) && !has_ttl) {
			has_ttl = true;
			if (!time_seconds(word.at, word.len, INT32_MAX, ttl))
				return source_wrong(s, l, &word,
				    "not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m");
		} else {
			break;
		}
	}
	*type = type_find(word.at, word.len);
	if (*type == 0)
		return source_wrong(s, l, &word,
		    "an unknown type: any type can be written as TYPE and its number (RFC 3597)");
	return !type_is_meta(*type) ||
	    source_wrong(s, l, &word, "a type that a zone cannot contain");
}

static bool
has_high_octet(const struct lexeme *word)
{
	for (size_t i = 0; i < word->len; i++)
		if ((unsigned char)word->at[i] >= 0x80)
			return true;
	return false;
}

static void
origin_set(struct source *s, const uint8_t *name)
{
	memcpy(s->origin, name, name_len(name));
	s->origin_within = name_is_under(name, s->loader->zone->name);
}

/* Does the origin end it? */
static bool
is_relative(const struct lexeme *name)
{
	return name->at[name->len - 1] != '.';
}

/* The first word of an entry, in s->previous. */
static bool
owner_read(struct source *s, struct lex *l, const struct lexeme *word)
{
	const char *why;

	if (word->kind == LEX_QUOTED || word->joined)
		return source_wrong(
		    s, l, word, "quotes around a name: write it without");
	why = field_name(word, s->origin, s->previous);
	s->has_previous = why == NULL;
	if (why != NULL) {
		lex_fail(l, word, "not a name: %s", why);
		return source_complain(s, l);
	}
	name_lower(s->previous);
	s->previous_within = (s->origin_within && is_relative(word)) ||
	    name_is_under(s->previous, s->loader->zone->name);
	if (has_high_octet(word))
		source_warn_unicode(s, word);
	return true;
}

/* What is behind the owner, which is s->previous. */
static bool
record_read(struct source *s, struct lex *l)
{
	struct loader *loader = s->loader;
	struct field_text t = {
	    .lex = l, .origin = s->origin, .w = &loader->wire};
	struct zone_record r = {.line = s->line, .file = s->path};
	uint32_t ttl = loader->ttl;

	if (!type_read(s, l, &ttl, &r.type))
		return false;
	if (!loader->ttl_stated)
		loader->ttl = ttl;
	loader->wire.len = 0;
	loader->wire.full = false;
	if (!rdata_parse(r.type, &t))
		return source_complain(s, l);
	if (t.unicode.len > 0)
		source_warn_unicode(s, &t.unicode);
	r.ttl = ttl == TTL_NONE ? 0 : ttl;
	return record_store(s, &r);
}

/* Directives ------------------------------------------------------------- */

/* The mistake of a directive that has more than its words. */
static bool
ends(struct lex *l)
{
	struct lexeme word;

	lex_next(l, &word);
	if (word.kind == LEX_END)
		return true;
	return lex_fail(l, &word,
	    "extra data after the last argument: \"%.*s\"",
	    (int)(word.len < LINE_SHOWN ? word.len : LINE_SHOWN), word.at);
}

static bool
origin_word(
    struct source *s, const struct lexeme *word, uint8_t name[DNS_NAME_MAX])
{
	const char *why;

	if (word->kind == LEX_WRONG)
		return false;
	if (word->kind != LEX_WORD || word->joined)
		return lex_fail(
		    &s->lex, word, "a name is expected, without quotes");
	why = field_name(word, s->origin, name);
	return why == NULL || lex_fail(&s->lex, word, "not a name: %s", why);
}

static bool
read_origin(struct source *s)
{
	uint8_t name[DNS_NAME_MAX];
	struct lexeme word;

	lex_next(&s->lex, &word);
	if (!origin_word(s, &word, name) || !ends(&s->lex))
		return false;
	origin_set(s, name);
	return true;
}

static bool
read_ttl(struct source *s)
{
	struct lexeme word;
	uint32_t ttl;

	lex_next(&s->lex, &word);
	if (word.kind == LEX_WRONG)
		return false;
	if (word.kind != LEX_WORD || word.joined ||
	    !time_seconds(word.at, word.len, INT32_MAX, &ttl))
		return lex_fail(&s->lex, &word,
		    "not a TTL: seconds up to 2147483647 (RFC 2181 8), or units as in 1h30m");
	if (!ends(&s->lex))
		return false;
	s->loader->ttl = ttl;
	s->loader->ttl_stated = true;
	return true;
}

static bool
is_open(const struct source *s, const char *path)
{
	while (s != NULL && strcmp(s->path, path) != 0)
		s = s->parent;
	return s != NULL;
}

static bool file_load(struct loader *l, struct source *parent, const char *path,
    const uint8_t *origin);

/* The words of $INCLUDE: file [origin]. */
static bool
include_words(struct source *s, struct lexeme *word, char file[PATH_SIZE],
    uint8_t origin[DNS_NAME_MAX])
{
	struct wire w;
	struct field_text t = {.lex = &s->lex, .w = &w};
	struct lexeme second;
	size_t len;

	lex_next(&s->lex, word);
	if (word->kind == LEX_WRONG)
		return false;
	if (word->kind == LEX_END || word->len == 0)
		return lex_fail(&s->lex, word, "the file name is missing");
	if (!octets_read(&t, word, (uint8_t *)file, PATH_SIZE - 1, &len,
		"a path may be"))
		return false;
	file[len] = '\0';
	if (lex_peek(&s->lex)->kind == LEX_END) {
		memcpy(origin, s->origin, name_len(s->origin));
		return true;
	}
	lex_next(&s->lex, &second);
	return origin_word(s, &second, origin) && ends(&s->lex);
}

static bool
read_include(struct source *s)
{
	uint8_t origin[DNS_NAME_MAX];
	char file[PATH_SIZE], *path;
	struct lexeme word;

	if (!include_words(s, &word, file, origin))
		return false;
	if (s->depth == INCLUDE_DEPTH_MAX)
		return lex_fail(
		    &s->lex, &word, "too deep: %d files", INCLUDE_DEPTH_MAX);
	path = file_beside(s->path, file);
	if (is_open(s, path))
		lex_fail(&s->lex, &word, "the file includes itself");
	else
		file_load(s->loader, s, path, origin);
	free(path);
	return !s->lex.wrong;
}

/* One line of $GENERATE: it is no entry with an owner, so that the last stated
 * one is the same behind it. */
static bool
generated_read(const char *line, void *arg)
{
	struct source *s = arg;
	uint8_t previous[DNS_NAME_MAX];
	struct lexeme word;
	struct lex l;
	bool blank, ok;

	s->generated = line;
	memcpy(previous, s->previous, sizeof(previous));
	lex_init(&l, line, strlen(line));
	ok = lex_begin(&l, &blank);
	if (ok) {
		bool has_previous = s->has_previous;
		bool within = s->previous_within;

		lex_next(&l, &word);
		ok = word.kind == LEX_WRONG
		    ? source_complain(s, &l)
		    : owner_read(s, &l, &word) && record_read(s, &l);
		s->has_previous = has_previous;
		s->previous_within = within;
	}
	memcpy(s->previous, previous, sizeof(previous));
	s->generated = NULL;
	return ok;
}

static bool
read_generate(struct source *s)
{
	return generate(&s->lex, generated_read, s);
}

static const struct directive {
	const char *name;
	bool (*read)(struct source *s);
} directives[] = {
    {"$ORIGIN", read_origin},
    {"$TTL", read_ttl},
    {"$INCLUDE", read_include},
    {"$GENERATE", read_generate},
};

static void
directive_read(struct source *s, const struct lexeme *word)
{
	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]);
	     i++) {
		if (!lex_is(word, directives[i].name))
			continue;
		if (!directives[i].read(s) && s->lex.wrong) {
			if (directives[i].read != read_generate)
				lex_prefix(&s->lex, "%s", directives[i].name);
			source_complain(s, &s->lex);
		}
		return;
	}
	source_wrong(s, &s->lex, word,
	    "unknown directive: known are $ORIGIN, $TTL, $INCLUDE and $GENERATE");
}

/* Files ------------------------------------------------------------------ */

static void
entry_read(struct source *s, bool blank)
{
	struct lex *l = &s->lex;
	struct lexeme word;

	s->line = l->line;
	word = *lex_peek(l);
	if (word.kind == LEX_WRONG) {
		source_complain(s, l);
		return;
	}
	if (word.kind == LEX_END)
		return;
	if (blank && !s->has_previous) {
		source_wrong(s, l, &word, "no owner, here or before");
		return;
	}
	if (!blank)
		lex_next(l, &word);
	if (!blank && word.kind == LEX_WORD && *word.at == '$')
		directive_read(s, &word);
	else if (blank || owner_read(s, l, &word))
		record_read(s, l);
}

static bool
file_load(struct loader *l, struct source *parent, const char *path,
    const uint8_t *origin)
{
	struct source s = {
	    .loader = l,
	    .parent = parent,
	    .path = arena_strdup(l->arena, path),
	    .depth = parent != NULL ? parent->depth + 1 : 0,
	};
	struct input file = {0};
	struct error err;
	bool blank, ok = input_read(path, ZONE_FILE_MAX, &file, &err);

	if (!ok && parent != NULL) {
		struct lexeme at = {.line = parent->line, .column = 1};

		return lex_fail(&parent->lex, &at, "%s", err.text);
	}
	if (!ok)
		return diag_error(l->diag, &l->zone->mark,
		    "zone %s: %s; a path is relative to the directory of the file that contains it",
		    l->zone->origin, err.text);
	origin_set(&s, origin);
	if (parent != NULL) {
		memcpy(s.previous, parent->previous, sizeof(s.previous));
		s.has_previous = parent->has_previous;
		s.previous_within = parent->previous_within;
	}
	s.text = file.octets;
	diag_read(l->diag, s.path, file.octets, file.size);
	lex_init(&s.lex, file.octets, file.size);
	while (lex_begin(&s.lex, &blank))
		entry_read(&s, blank);
	free(file.octets);
	return true;
}

bool
zone_load(struct arena *a, struct arena *scratch, const struct conf_zone *zone,
    struct zone_records *records, struct diag *d)
{
	size_t before = d->nerrors;
	uint8_t *octets = xmalloc(2 * DNS_MESSAGE_MAX);
	struct loader l = {
	    .arena = a,
	    .scratch = scratch,
	    .zone = zone,
	    .records = records,
	    .diag = d,
	    .ttl = TTL_NONE,
	};

	wire_init(&l.wire, octets, 2 * DNS_MESSAGE_MAX);
	file_load(&l, NULL, zone->path, zone->name);
	free(octets);
	return d->nerrors == before;
}
