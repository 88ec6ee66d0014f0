/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/load.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <stdio.h>
#include <string.h>

#include "base/file.h"
#include "dns/name.h"
#include "dns/wire.h"
#include "input/input.h"
#include "zone/field.h"
#include "zone/rdata.h"
#include "zone/text.h"

enum {
	INCLUDE_DEPTH_MAX = 8,
	LINE_SHOWN = 120,
	WORD_SIZE = 1100, /* the longest name in text, and more */
	/* Types that ask or belong to a message (RFC 6895 3.1). */
	META_FIRST = 128,
	META_LAST = 255,
};

#define TTL_NONE UINT32_MAX

/* Reading one zone; includes share it. */
struct loader {
	struct arena *arena;
	const struct conf_zone *zone;
	struct zone_records *records;
	struct diag *diag;
	ldns_buffer *buffer;
	text_record line; /* what ldns gets to read */
	uint32_t ttl;
	bool ttl_stated;      /* by $TTL; else the last record's is taken;
				 TTL_NONE before any */
	const uint8_t *owner; /* of the last record, in the arena */
};

/* One file. */
struct source {
	struct loader *loader;
	const struct source *parent; /* that includes it */
	const char *path;
	const char *text;
	ldns_rdf *origin;
	ldns_rdf *previous; /* owner */
	unsigned line;      /* of the record being read */
	unsigned depth;
};

static bool
say(struct source *s, diag_fn *fn, const char *why, const char *record)
{
	struct conf_mark mark = {s->path, s->line, 1};

	if (!diag_has_source(s->loader->diag, s->path))
		diag_source(s->loader->diag, s->path, s->text);
	while (isspace((unsigned char)*record))
		record++;
	return fn(s->loader->diag, &mark, "%s%s%.*s", why,
	    *record != '\0' ? ": " : "", LINE_SHOWN, record);
}

static bool
complain(struct source *s, const char *why, const char *record)
{
	return say(s, diag_error, why, record);
}

static const uint8_t *
owner_store(struct loader *l, const ldns_rdf *owner)
{
	uint8_t name[DNS_NAME_MAX];
	size_t len = ldns_rdf_size(owner);

	memcpy(name, ldns_rdf_data(owner), len);
	name_lower(name);
	if (l->owner == NULL || name_len(l->owner) != len ||
	    memcmp(l->owner, name, len) != 0)
		l->owner = arena_dup(l->arena, name, len);
	return l->owner;
}

static bool
type_is_meta(unsigned type)
{
	return type == 0 || type == DNS_OPT ||
	    (type >= META_FIRST && type <= META_LAST);
}

/* No TTL was said yet: for an SOA its minimum is taken, as BIND does; then it
 * is as if $TTL had said so. */
static bool
ttl_find(struct source *s, struct zone_record *r, const char *text)
{
	struct loader *l = s->loader;
	uint32_t minimum;

	l->ttl = 0; /* said once is enough */
	if (r->type != DNS_SOA)
		return complain(s, "no TTL, here or before ($TTL)", text);
	minimum = wire_get_u32(r->rdata + r->rdata_len - sizeof(minimum));
	if (minimum > INT32_MAX)
		return complain(
		    s, "no TTL, and the minimum is none (RFC 2181 8)", text);
	say(s, diag_warning, "no TTL: the SOA's minimum is taken", text);
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

/* Whether a record may stand at this owner. */
static bool
owner_check(struct source *s, const struct zone_record *r, const char *text)
{
	const struct loader *l = s->loader;

	if (type_is_meta(r->type))
		return complain(s, "a type that no zone holds", text);
	if (r->type == DNS_DS && name_equal(r->owner, l->zone->name))
		return complain(s,
		    "a DS at the apex is the zone's above (RFC 4035 2.4)",
		    text);
	return true;
}

/* rdata: where its text begins. */
static bool
record_store(struct source *s, ldns_rr *rr, const char *rdata, const char *text)
{
	struct loader *l = s->loader;
	struct zone_record r = {
	    .ttl = ldns_rr_ttl(rr),
	    .type = (uint16_t)ldns_rr_get_type(rr),
	    .line = s->line,
	    .file = s->path,
	};
	const uint8_t *before = l->owner;
	const char *wrong;

	if (ldns_rdf_size(ldns_rr_owner(rr)) > DNS_NAME_MAX)
		return complain(s, "too long a name", text);
	r.owner = owner_store(l, ldns_rr_owner(rr));
	if (!name_is_under(r.owner, l->zone->name))
		return say(s, diag_warning, "out of the zone, left out", text);
	if (!owner_check(s, &r, text))
		return false;
	if (r.owner != before && has_inner_asterisk(r.owner, l->zone->name))
		say(s, diag_warning,
		    "an asterisk within a name stands for itself alone", text);
	wrong = rdata_put(l->buffer, rr, rdata);
	if (wrong != NULL)
		return complain(s, wrong, text);
	r.rdata_len = (uint16_t)ldns_buffer_position(l->buffer);
	r.rdata =
	    arena_dup(l->arena, ldns_buffer_begin(l->buffer), r.rdata_len);
	if (l->ttl == TTL_NONE && !ttl_find(s, &r, text))
		return false;
	vec_push(&l->records->all, r);
	return true;
}

/* Past the word at p, in which a backslash escapes the next character. */
static const char *
word_end(const char *p)
{
	for (; *p != ' ' && *p != '\0'; p++)
		if (*p == '\\' && p[1] != '\0')
			p++;
	return p;
}

static const char *
skip_spaces(const char *p)
{
	return p + strspn(p, " ");
}

/* A TTL, or with units as in 1h30m; at most 2^31 - 1 (RFC 2181 8). */
static bool
ttl_parse(const char *p, const char *end, uint32_t *ttl)
{
	uint64_t sum = 0, n = 0;

	if (!isdigit((unsigned char)*p))
		return false;
	for (; p < end && sum + n <= INT32_MAX; p++) {
		static const char units[] = "smhdw";
		static const unsigned seconds[] = {1, 60, 3600, 86400, 604800};
		const char *unit = strchr(units, tolower((unsigned char)*p));

		if (isdigit((unsigned char)*p)) {
			n = n * 10 + (unsigned)(*p - '0');
		} else if (unit != NULL && isdigit((unsigned char)p[-1])) {
			sum += n * seconds[unit - units];
			n = 0;
		} else {
			return false;
		}
	}
	*ttl = (uint32_t)(sum + n);
	return sum + n <= INT32_MAX;
}

enum class_word { CLASS_NOT, CLASS_IN, CLASS_OTHER };

static enum class_word
class_parse(const char *p, size_t len)
{
	if ((len == 2 && strncasecmp(p, "IN", 2) == 0) ||
	    (len == 6 && strncasecmp(p, "CLASS1", 6) == 0))
		return CLASS_IN;
	if ((len == 2 &&
		(strncasecmp(p, "CH", 2) == 0 || strncasecmp(p, "HS", 2) == 0 ||
		    strncasecmp(p, "CS", 2) == 0)) ||
	    (len > 5 && strncasecmp(p, "CLASS", 5) == 0))
		return CLASS_OTHER;
	return CLASS_NOT;
}

/* TTL and class in either order (RFC 1035 5.1), of which ldns reads but one;
 * *p moves on to the type.  False: said what is wrong. */
static bool
ttl_and_class(struct source *s, const char **p, uint32_t *ttl, const char *text)
{
	bool has_ttl = false, has_class = false;

	for (;;) {
		const char *end = word_end(*p);
		enum class_word class = class_parse(*p, (size_t)(end - *p));

		if (class == CLASS_OTHER)
			return complain(s, "a class but IN", text);
		if (class == CLASS_IN && !has_class)
			has_class = true;
		else if (isdigit((unsigned char)**p) && !has_ttl)
			has_ttl = true;
		else
			return true;
		if (class == CLASS_NOT && !ttl_parse(*p, end, ttl))
			return complain(s, "not a TTL", text);
		*p = skip_spaces(end);
	}
}

/* ldns has names of types that it cannot read. */
static bool
is_type(const char *word)
{
	char name[RR_TEXT_MAX];
	size_t len = (size_t)(word_end(word) - word);
	ldns_rr_type type;

	if (len == 0 || len >= sizeof(name))
		return len == 0;
	memcpy(name, word, len);
	name[len] = '\0';
	type = ldns_get_rr_type_by_name(name);
	return type != 0 &&
	    ldns_rr_descriptor_maximum(ldns_rr_descript(type)) > 0;
}

static ldns_rdf *name_read(struct source *s, const char *word);

/* owner: its own, or NULL where ldns reads it with the rest. */
static bool
record_parse(
    struct source *s, const char *type, const char *text, ldns_rdf *owner)
{
	struct loader *l = s->loader;
	ldns_rr *rr = NULL;
	ldns_status status =
	    ldns_rr_new_frm_str(&rr, l->line.at, 0, s->origin, &s->previous);

	if (owner != NULL) {
		ldns_rdf_deep_free(s->previous);
		s->previous = owner;
	}
	if (status != LDNS_STATUS_OK)
		return complain(s,
		    is_type(type)
			? ldns_get_errorstr_by_id(status)
			: "not a type that is known; any is read as TYPE and "
			  "its number (RFC 3597)",
		    text);
	if (owner != NULL) {
		ldns_rdf_deep_free(ldns_rr_owner(rr));
		ldns_rr_set_owner(rr, ldns_rdf_clone(owner));
	}
	record_store(s, rr, skip_spaces(word_end(type)), text);
	ldns_rr_free(rr);
	return true;
}

/* ldns takes owners of fewer characters than a name may have octets; escapes
 * make a name up to four times as long. */
static ldns_rdf *
long_owner_read(struct source *s, const char *text, size_t len)
{
	char word[WORD_SIZE];

	if (len >= sizeof(word))
		return NULL;
	memcpy(word, text, len);
	word[len] = '\0';
	return name_read(s, word);
}

static bool
record_read(const char *text, void *arg)
{
	struct source *s = arg;
	struct loader *l = s->loader;
	const char *owner_end = word_end(text), *type = skip_spaces(owner_end);
	size_t owner_len = (size_t)(owner_end - text);
	uint32_t ttl = l->ttl;
	ldns_rdf *owner = NULL;
	char between[32];

	if (!ttl_and_class(s, &type, &ttl, text))
		return false;
	if (owner_len >= LDNS_MAX_DOMAINLEN) {
		owner = long_owner_read(s, text, owner_len);
		if (owner == NULL)
			return complain(s, "the owner is not a name", text);
		owner_len = 1;
	}
	if (!l->ttl_stated)
		l->ttl = ttl;
	snprintf(
	    between, sizeof(between), " %u IN ", ttl == TTL_NONE ? 0 : ttl);
	l->line.n = 0;
	text_append(&l->line, owner != NULL ? "." : text, owner_len);
	text_append(&l->line, between, strlen(between));
	field_append(&l->line, type);
	return record_parse(s, type, text, owner);
}

/* The next word of a directive's arguments, which may stand in quotes; what
 * does not fit counts as none. */
static bool
word_next(const char **p, char word[WORD_SIZE])
{
	const char *start = skip_spaces(*p), *end = word_end(start);
	bool quoted = *start == '"';

	if (quoted) {
		end = strchr(++start, '"');
		end = end != NULL ? end : start + strlen(start);
	}
	if ((end == start && !quoted) || end - start >= WORD_SIZE)
		return false;
	memcpy(word, start, (size_t)(end - start));
	word[end - start] = '\0';
	*p = end + (quoted && *end == '"');
	return true;
}

static bool
is_over(const char *p)
{
	return *skip_spaces(p) == '\0';
}

static bool file_load(struct loader *l, struct source *parent, const char *path,
    ldns_rdf *origin);

static ldns_rdf *
name_read(struct source *s, const char *word)
{
	ldns_rdf *name = NULL;

	if (strcmp(word, "@") == 0)
		return ldns_rdf_clone(s->origin);
	if (ldns_str2rdf_dname(&name, word) != LDNS_STATUS_OK)
		return NULL;
	if (!ldns_dname_str_absolute(word))
		ldns_dname_cat(name, s->origin);
	if (ldns_rdf_size(name) > DNS_NAME_MAX) {
		ldns_rdf_deep_free(name);
		return NULL;
	}
	return name;
}

static bool
read_origin(struct source *s, const char *args)
{
	const char *p = args;
	char word[WORD_SIZE];
	ldns_rdf *name;

	if (!word_next(&p, word) || !is_over(p) ||
	    (name = name_read(s, word)) == NULL)
		return complain(s, "$ORIGIN: not a name", args);
	ldns_rdf_deep_free(s->origin);
	s->origin = name;
	return true;
}

static bool
read_ttl(struct source *s, const char *args)
{
	const char *p = args;
	char word[WORD_SIZE];
	uint32_t ttl;

	if (!word_next(&p, word) || !is_over(p) ||
	    !ttl_parse(word, word + strlen(word), &ttl))
		return complain(s, "$TTL: not a TTL", args);
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

static bool
read_include(struct source *s, const char *args)
{
	const char *p = args;
	char file[WORD_SIZE], word[WORD_SIZE];
	char *path;
	ldns_rdf *origin;
	bool ok;

	if (!word_next(&p, file))
		return complain(s, "$INCLUDE: no file", args);
	if (s->depth == INCLUDE_DEPTH_MAX)
		return complain(s, "$INCLUDE: too deep", args);
	if (!word_next(&p, word))
		strcpy(word, "@");
	origin = is_over(p) ? name_read(s, word) : NULL;
	if (origin == NULL)
		return complain(s, "$INCLUDE: not a name", args);
	path = file_beside(s->path, file);
	if (is_open(s, path)) {
		ldns_rdf_deep_free(origin);
		ok = complain(s, "$INCLUDE: the file includes itself", args);
	} else {
		ok = file_load(s->loader, s, path, origin);
	}
	free(path);
	return ok;
}

static bool
read_generate(struct source *s, const char *args)
{
	struct error err = {""};

	if (!text_generate(args, record_read, s, &err) && err.text[0] != '\0')
		return complain(s, err.text, args);
	return true;
}

static const struct directive {
	const char *name;
	bool (*read)(struct source *s, const char *args);
} directives[] = {
    {"$ORIGIN", read_origin},
    {"$TTL", read_ttl},
    {"$INCLUDE", read_include},
    {"$GENERATE", read_generate},
};

static bool
directive_read(struct source *s, const char *text)
{
	size_t len = strcspn(text, " ");

	for (size_t i = 0; i < sizeof(directives) / sizeof(directives[0]); i++)
		if (strlen(directives[i].name) == len &&
		    strncasecmp(directives[i].name, text, len) == 0)
			return directives[i].read(s, text + len);
	return complain(s, "not a directive", text);
}

static void
source_read(struct source *s, struct text *t)
{
	text_record record = {0};
	enum text_result result;
	struct error err;

	while ((result = text_next(t, &record, &s->line, &err)) != TEXT_END) {
		if (result == TEXT_WRONG)
			complain(s, err.text, "");
		else if (record.at[0] == '$')
			directive_read(s, record.at);
		else
			record_read(record.at, s);
	}
	vec_free(&record);
}

/* origin is taken over. */
static bool
file_load(
    struct loader *l, struct source *parent, const char *path, ldns_rdf *origin)
{
	struct source s = {
	    .loader = l,
	    .parent = parent,
	    .path = arena_strdup(l->arena, path),
	    .origin = origin,
	    .previous =
		ldns_rdf_clone(parent != NULL ? parent->previous : origin),
	    .depth = parent != NULL ? parent->depth + 1 : 0,
	};
	struct input file = {0};
	struct error err;
	bool ok = input_read(path, ZONE_FILE_MAX, &file, &err);

	if (ok) {
		struct text t = {file.octets, file.octets + file.size, 1};

		s.text = file.octets;
		diag_read(l->diag, s.path, file.octets, file.size);
		source_read(&s, &t);
	} else if (parent != NULL) {
		complain(parent, err.text, "");
	} else {
		diag_error(l->diag, &l->zone->mark,
		    "zone %s: %s; a path is seen from the folder of the file "
		    "that says it",
		    l->zone->origin, err.text);
	}
	ldns_rdf_deep_free(s.origin);
	ldns_rdf_deep_free(s.previous);
	if (ok)
		free(file.octets);
	return ok;
}

/*
 * For each record ldns takes and returns blocks of 64 KiB, which malloc hands
 * to the system each time, until a larger block was freed: it then keeps as
 * much for later.
 */
static void
keep_memory(void)
{
	free(xmalloc(4 << 20));
}

bool
zone_load(struct arena *a, const struct conf_zone *zone,
    struct zone_records *records, struct diag *d)
{
	size_t before = d->nerrors;
	struct loader l = {
	    .arena = a,
	    .zone = zone,
	    .records = records,
	    .diag = d,
	    .buffer = ldns_buffer_new(LDNS_MAX_PACKETLEN),
	    .ttl = TTL_NONE,
	};
	ldns_rdf *origin = ldns_dname_new_frm_str(zone->origin);

	keep_memory();
	file_load(&l, NULL, zone->path, origin);
	vec_free(&l.line);
	ldns_buffer_free(l.buffer);
	return d->nerrors == before;
}
