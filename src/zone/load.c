/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/load.h"

#include <ctype.h>
#include <ldns/ldns.h>
#include <string.h>

#include "base/file.h"
#include "dns/name.h"
#include "zone/text.h"

enum {
	INCLUDE_DEPTH_MAX = 8,
	FILE_SIZE_MAX = 1 << 30,
	TTL_DEFAULT = 3600,
	LINE_SHOWN = 120,
};

/* Reading one zone; includes share it. */
struct loader {
	struct arena *arena;
	const struct conf_zone *zone;
	struct zone_records *records;
	struct diag *diag;
	ldns_buffer *buffer;
	ldns_rdf *previous; /* owner */
	uint32_t ttl;
	bool ttl_stated; /* by $TTL; else the last record's is taken */
	const uint8_t *owner; /* of the last record, in the arena */
};

/* One file. */
struct source {
	struct loader *loader;
	const char *path;
	const char *text;
	ldns_rdf *origin;
	unsigned line; /* of the record being read */
	unsigned depth;
	bool shown;    /* the text is with the diag */
};

static bool
complain(struct source *s, const char *why, const char *record)
{
	struct conf_mark mark = {s->path, s->line, 1};

	if (!s->shown)
		diag_source(s->loader->diag, s->path, s->text);
	s->shown = true;
	while (isspace((unsigned char)*record))
		record++;
	return diag_error(s->loader->diag, &mark, "%s: %.*s", why, LINE_SHOWN,
	    record);
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
record_store(struct source *s, ldns_rr *rr, const char *text)
{
	struct loader *l = s->loader;
	struct zone_record r = {
	    .owner = owner_store(l, ldns_rr_owner(rr)),
	    .ttl = ldns_rr_ttl(rr),
	    .type = (uint16_t)ldns_rr_get_type(rr),
	    .line = s->line,
	    .file = s->path,
	};

	if (ldns_rr_get_class(rr) != LDNS_RR_CLASS_IN)
		return complain(s, "a class but IN", text);
	if (!name_is_under(r.owner, l->zone->name))
		return complain(s, "out of the zone", text);
	/* RFC 2181 8: a TTL with the top bit set counts as 0. */
	if (r.ttl > INT32_MAX)
		r.ttl = 0;
	if (!l->ttl_stated)
		l->ttl = r.ttl;
	ldns_buffer_clear(l->buffer);
	if (ldns_rr_rdata2buffer_wire(l->buffer, rr) != LDNS_STATUS_OK ||
	    ldns_buffer_position(l->buffer) > UINT16_MAX)
		return complain(s, "too large a record", text);
	r.rdata_len = (uint16_t)ldns_buffer_position(l->buffer);
	r.rdata = arena_dup(l->arena, ldns_buffer_begin(l->buffer),
	    r.rdata_len);
	vec_push(&l->records->all, r);
	return true;
}

static bool
record_read(const char *text, void *arg)
{
	struct source *s = arg;
	struct loader *l = s->loader;
	ldns_rr *rr = NULL;
	ldns_status status = ldns_rr_new_frm_str(&rr, text, l->ttl, s->origin,
	    &l->previous);

	if (status != LDNS_STATUS_OK)
		return complain(s, ldns_get_errorstr_by_id(status), text);
	record_store(s, rr, text);
	ldns_rr_free(rr);
	return true;
}

static bool file_load(struct loader *l, struct source *parent,
    const char *path, ldns_rdf *origin);

static ldns_rdf *
name_read(struct source *s, const char *word)
{
	ldns_rdf *name = NULL;

	if (ldns_str2rdf_dname(&name, word) != LDNS_STATUS_OK)
		return NULL;
	if (!ldns_dname_str_absolute(word) &&
	    ldns_dname_cat(name, s->origin) != LDNS_STATUS_OK) {
		ldns_rdf_deep_free(name);
		return NULL;
	}
	return name;
}

static bool
read_origin(struct source *s, const char *args)
{
	char word[1100];
	ldns_rdf *name;

	if (sscanf(args, " %1099s", word) != 1 ||
	    (name = name_read(s, word)) == NULL)
		return complain(s, "$ORIGIN: not a name", args);
	ldns_rdf_deep_free(s->origin);
	s->origin = name;
	return true;
}

static bool
read_ttl(struct source *s, const char *args)
{
	const char *end;
	uint32_t ttl;

	while (isspace((unsigned char)*args))
		args++;
	ttl = ldns_str2period(args, &end);
	if (!isdigit((unsigned char)*args) ||
	    (*end != '\0' && !isspace((unsigned char)*end)) || ttl > INT32_MAX)
		return complain(s, "$TTL: not a TTL", args);
	s->loader->ttl = ttl;
	s->loader->ttl_stated = true;
	return true;
}

static bool
read_include(struct source *s, const char *args)
{
	char file[1024], word[1100];
	int words = sscanf(args, " %1023s %1099s", file, word);
	char *unquoted = file, *path;
	ldns_rdf *origin;
	bool ok;

	if (words < 1)
		return complain(s, "$INCLUDE: no file", args);
	if (s->depth == INCLUDE_DEPTH_MAX)
		return complain(s, "$INCLUDE: too deep", args);
	if (*file == '"' && strlen(file) > 1) {
		unquoted = file + 1;
		file[strlen(file) - 1] = '\0';
	}
	origin = words == 2 ? name_read(s, word) : ldns_rdf_clone(s->origin);
	if (origin == NULL)
		return complain(s, "$INCLUDE: not a name", args);
	path = file_beside(s->path, unquoted);
	ok = file_load(s->loader, s, path, origin);
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
file_load(struct loader *l, struct source *parent, const char *path,
    ldns_rdf *origin)
{
	struct source s = {
	    .loader = l,
	    .path = arena_strdup(l->arena, path),
	    .origin = origin,
	    .depth = parent != NULL ? parent->depth + 1 : 0,
	};
	struct error err;
	char *data = NULL;
	size_t len;
	bool ok = file_read(path, FILE_SIZE_MAX, &data, &len, &err);

	if (ok) {
		struct text t = {data, data + len, 1};

		s.text = data;
		source_read(&s, &t);
	} else if (parent != NULL) {
		complain(parent, err.text, "");
	} else {
		diag_error(l->diag, &l->zone->mark, "zone %s: %s",
		    l->zone->origin, err.text);
	}
	ldns_rdf_deep_free(s.origin);
	free(data);
	return ok;
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
	    .ttl = TTL_DEFAULT,
	};
	ldns_rdf *origin = ldns_dname_new_frm_str(zone->origin);

	l.previous = ldns_rdf_clone(origin);
	file_load(&l, NULL, zone->path, origin);
	ldns_rdf_deep_free(l.previous);
	ldns_buffer_free(l.buffer);
	return d->nerrors == before;
}
