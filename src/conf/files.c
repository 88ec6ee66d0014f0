/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/files.h"

#include <ctype.h>
#include <glob.h>
#include <stdlib.h>
#include <string.h>

#include "base/file.h"
#include "conf/value.h"
#include "input/bom.h"
#include "input/input.h"

enum { LATENCY_FIELDS = 4, LATENCY_US_MAX = 60000 * 1000 };

/* The folder that a pattern is seen from is no pattern itself. */
static char *
escape(const char *path)
{
	char *escaped = xmalloc(2 * strlen(path) + 1), *p = escaped;

	for (; *path; path++) {
		if (strchr("*?[\\", *path))
			*p++ = '\\';
		*p++ = *path;
	}
	*p = '\0';
	return escaped;
}

static const char **
keep_matches(struct schema_reader *r, const glob_t *g, size_t *n)
{
	const char **paths =
	    arena_array(r->conf->arena, g->gl_pathc + 1, sizeof(*paths));
	size_t i;

	*n = g->gl_pathc;
	for (i = 0; i < *n; i++)
		paths[i] = arena_strdup(r->conf->arena, g->gl_pathv[i]);
	return paths;
}

static const char **
match(struct schema_reader *r, const struct yaml_node *node,
    const char *pattern, size_t *n)
{
	const char **paths = NULL;
	glob_t g;
	int rc = glob(pattern, 0, NULL, &g);

	*n = 0;
	if (rc == GLOB_NOMATCH && strpbrk(node->text, "*?[")) {
		diag_warning(
		    r->d, &node->mark, "\"%s\" matches no file", node->text);
		paths = arena_array(r->conf->arena, 1, sizeof(*paths));
	} else if (rc == GLOB_NOMATCH) {
		diag_error(
		    r->d, &node->mark, "there is no file \"%s\"", node->text);
	} else if (rc != 0) {
		diag_error(r->d, &node->mark, "\"%s\" cannot be looked up",
		    node->text);
	} else if (g.gl_pathc > FILES_MATCHES_MAX) {
		diag_error(r->d, &node->mark,
		    "\"%s\" matches more than %d "
		    "files",
		    node->text, FILES_MATCHES_MAX);
	} else {
		paths = keep_matches(r, &g, n);
	}
	globfree(&g);
	return paths;
}

static bool
may_look(struct schema_reader *r, const struct yaml_node *node)
{
	return r->files ||
	    diag_error(r->d, &node->mark, "no other file can be read here");
}

const char **
files_match(struct schema_reader *r, const struct yaml_node *node, size_t *n)
{
	const char **paths;
	char *base, *pattern;

	*n = 0;
	if (node->kind != NODE_SCALAR || *node->text == '\0') {
		if (node->kind != NODE_BAD)
			diag_error(r->d, &node->mark,
			    "a file or a pattern of files is needed here%s",
			    node->kind == NODE_MAP
				? ": a map of names to files has no \"- \""
				: "");
		return NULL;
	}
	if (!may_look(r, node))
		return NULL;
	base = escape(node->mark.file);
	pattern = file_beside(base, node->text);
	paths = match(r, node, pattern, n);
	free(pattern);
	free(base);
	return paths;
}

static bool
read_line(struct schema_reader *r, char *line, struct conf_mark *mark,
    files_line *read, void *arg)
{
	size_t skip, len;
	const char *bom;

	line[strcspn(line, "#")] = '\0';
	bom = bom_find(line, strlen(line));
	if (bom != NULL) {
		mark->column = (unsigned)(bom - line) + 1;
		return diag_error(r->d, mark,
		    "a byte order mark (U+FEFF) within the file: delete it");
	}
	skip = strspn(line, " \t");
	line += skip;
	for (len = strlen(line); len > 0 && strchr(" \t\r", line[len - 1]);)
		line[--len] = '\0';
	mark->column = (unsigned)skip + 1;
	return *line == '\0' || read(r, line, mark, arg);
}

/* Nothing is read of such a file: lines behind it may not be what they seem. */
static bool
check_controls(
    struct schema_reader *r, const char *path, const struct input *file)
{
	const char *at = input_control(file->text, file->len);
	struct conf_mark mark = {path, 1, 1};

	if (at == NULL)
		return true;
	for (const char *p = file->text; p < at; p++) {
		mark.column++;
		if (*p == '\n') {
			mark.line++;
			mark.column = 1;
		}
	}
	return diag_error(r->d, &mark, "the control character U+%04X: %s",
	    (unsigned)*at,
	    *at == '\r' ? "end each line with a line feed" : "delete it");
}

bool
files_lines(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, files_line *read, void *arg)
{
	struct conf_mark mark = {.line = 1};
	struct input file;
	struct error err;
	char *rest, *line;
	bool ok;

	if (!value_path(r, k, node, &mark.file) || !may_look(r, node))
		return false;
	if (!input_read(mark.file, FILES_SIZE_MAX, &file, &err))
		return diag_error(r->d, &node->mark, "%s", err.text);
	diag_source(r->d, mark.file, file.text);
	diag_read(r->d, mark.file, file.octets, file.size);
	ok = check_controls(r, mark.file, &file);
	for (rest = ok ? file.text : NULL; (line = strsep(&rest, "\n"));
	     mark.line++)
		if (!read_line(r, line, &mark, read, arg))
			ok = false;
	free(file.octets);
	return ok;
}

char *
files_word(char **line)
{
	char *word = *line;

	*line += strcspn(*line, " \t");
	if (**line != '\0')
		*(*line)++ = '\0';
	*line += strspn(*line, " \t");
	return word;
}

struct prefixes {
	VEC(struct prefix) all;
};

static bool
read_prefix(struct schema_reader *r, char *word, const struct conf_mark *mark,
    void *arg)
{
	struct prefixes *p = arg;
	struct prefix prefix;
	struct error err;

	if (!prefix_parse(word, &prefix, &err))
		return diag_error(r->d, mark, "%s", err.text);
	if (!value_check_native(r, mark, &prefix))
		return false;
	vec_push(&p->all, prefix);
	return true;
}

static bool
read_prefix_file(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, struct conf_net *net)
{
	struct prefixes p = {0};
	bool ok = files_lines(r, k, node, read_prefix, &p);

	net->nprefixes = p.all.n;
	net->prefixes =
	    arena_dup(r->conf->arena, p.all.at, p.all.n * sizeof(*p.all.at));
	vec_free(&p.all);
	return ok;
}

/* Up to three decimals; false: it is none, or a minute or more. */
static bool
parse_ms(const char *text, uint32_t *us)
{
	uint32_t unit = 1000;
	bool point = false;

	*us = 0;
	if (!isdigit((unsigned char)*text))
		return false;
	for (; *text != '\0' && *us < LATENCY_US_MAX; text++) {
		if (*text == '.' && !point) {
			point = true;
			continue;
		}
		if (!isdigit((unsigned char)*text) || (point && unit == 1))
			return false;
		if (point)
			unit /= 10;
		*us = point ? *us + (uint32_t)(*text - '0') * unit
			    : *us * 10 + (uint32_t)(*text - '0') * 1000;
	}
	return *text == '\0' && *us < LATENCY_US_MAX;
}

/* "192.0.2.0/24,eu,23.4,120" to its fields; false: there are not as many. */
static bool
split_row(char *line, char *fields[LATENCY_FIELDS])
{
	for (size_t i = 0; i < LATENCY_FIELDS; i++) {
		fields[i] = strsep(&line, ",");
		if (fields[i] == NULL)
			return false;
		fields[i] += strspn(fields[i], " \t");
		fields[i][strcspn(fields[i], " \t")] = '\0';
	}
	return line == NULL;
}

struct latencies {
	const struct schema_key *key;
	unsigned min_samples;
	VEC(struct conf_latency_row) all;
};

static bool
read_row(struct schema_reader *r, char *line, const struct conf_mark *mark,
    void *arg)
{
	static const char head[] = "prefix";
	const struct schema_key ref = {
	    SCHEMA_LATENCY, "region", value_ref, .of = SECTION_REGIONS};
	struct latencies *l = arg;
	struct conf_latency_row row = {.line = mark->line};
	struct yaml_node region = {.kind = NODE_SCALAR, .mark = *mark};
	char *fields[LATENCY_FIELDS];
	int64_t samples;
	struct error err;

	if (!split_row(line, fields))
		return diag_error(r->d, mark,
		    "a line is a prefix, a region, milliseconds and samples, "
		    "with commas between them");
	if (mark->line == 1 && strcmp(fields[0], head) == 0)
		return true;
	region.text = fields[1];
	if (!prefix_parse(fields[0], &row.prefix, &err))
		return diag_error(r->d, mark, "%s", err.text);
	if (!value_check_native(r, mark, &row.prefix))
		return false;
	if (!value_ref(r, &ref, &region, &row.region))
		return false;
	if (!parse_ms(fields[2], &row.us))
		return diag_error(r->d, mark,
		    "\"%s\" is no number of milliseconds, below 60000 and with "
		    "three "
		    "decimals at most",
		    fields[2]);
	if (!value_parse_integer(fields[3], strlen(fields[3]), &samples) ||
	    samples < 0)
		return diag_error(
		    r->d, mark, "\"%s\" is no number of samples", fields[3]);
	if (l->all.n == l->key->nmax)
		return diag_error(
		    r->d, mark, "more than %zu lines", l->key->nmax);
	if (samples >= l->min_samples)
		vec_push(&l->all, row);
	return true;
}

static int
compare_rows(const void *x, const void *y)
{
	const struct conf_latency_row *a = x, *b = y;
	int order = a->prefix.addr.family - b->prefix.addr.family;

	if (order == 0)
		order = memcmp(a->prefix.addr.bytes, b->prefix.addr.bytes, 16);
	if (order == 0)
		order = a->prefix.len - b->prefix.len;
	if (order == 0)
		order = a->region - b->region;
	return order != 0 ? order : a->line < b->line ? -1 : a->line > b->line;
}

static bool
check_rows(struct schema_reader *r, const struct conf_latency *latency)
{
	const struct conf_latency_row *rows = latency->rows;
	bool ok = true;

	for (size_t i = 1; i < latency->nrows; i++) {
		const struct conf_mark mark = {latency->path, rows[i].line, 1};

		if (rows[i].region == rows[i - 1].region &&
		    rows[i].prefix.len == rows[i - 1].prefix.len &&
		    addr_equal(&rows[i].prefix.addr, &rows[i - 1].prefix.addr))
			ok = diag_error(r->d, &mark,
			    "this prefix and region stand at line %u already",
			    rows[i - 1].line);
	}
	return ok;
}

bool
files_latency(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_latency *latency = field;
	struct latencies l = {.key = k, .min_samples = latency->min_samples};
	bool ok = value_path(r, k, node, &latency->path) &&
	    files_lines(r, k, node, read_row, &l);

	if (l.all.n > 0)
		qsort(l.all.at, l.all.n, sizeof(*l.all.at), compare_rows);
	latency->nrows = l.all.n;
	latency->rows =
	    arena_dup(r->conf->arena, l.all.at, l.all.n * sizeof(*l.all.at));
	vec_free(&l.all);
	return check_rows(r, latency) && ok;
}

struct secrets {
	VEC(struct cookie_secret) all;
};

static bool
read_secret(struct schema_reader *r, const char *word,
    const struct conf_mark *mark, void *arg)
{
	static const char digits[] = "0123456789abcdef";
	struct cookie_secret *secret = arg;
	const size_t n = 2 * sizeof(secret->key);

	memset(secret, 0, sizeof(*secret));
	for (size_t i = 0; i < n && isxdigit((unsigned char)word[i]); i++) {
		const char *digit = strchr(digits, tolower(word[i]));
		size_t value = (size_t)(digit - digits);

		secret->key[i / 2] |= (uint8_t)(i % 2 ? value : value << 4);
	}
	return (strlen(word) == n &&
		   strspn(word, "0123456789abcdefABCDEF") == n) ||
	    diag_error(r->d, mark, "a secret is %zu hexadecimal digits", n);
}

static bool
add_secret(struct schema_reader *r, char *word, const struct conf_mark *mark,
    void *arg)
{
	struct secrets *s = arg;
	struct cookie_secret secret;

	if (!read_secret(r, word, mark, &secret))
		return false;
	vec_push(&s->all, secret);
	return true;
}

bool
files_secret(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	(void)k;
	return read_secret(
	    r, node->kind == NODE_SCALAR ? node->text : "", &node->mark, field);
}

bool
files_secrets(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf_cookies *cookies = field;
	struct secrets s = {0};
	bool ok;

	if (cookies->nsecrets > 0)
		return diag_error(r->d, &node->mark,
		    "\"secrets\" stand in this file already");
	ok = files_lines(r, k, node, add_secret, &s);
	if (ok && (s.all.n == 0 || s.all.n > k->nmax))
		ok = diag_error(r->d, &node->mark,
		    "\"%s\" has %zu secrets, not 1 to %zu", node->text, s.all.n,
		    k->nmax);
	cookies->nsecrets = s.all.n;
	cookies->secrets =
	    arena_dup(r->conf->arena, s.all.at, s.all.n * sizeof(*s.all.at));
	vec_free(&s.all);
	return ok;
}

static bool
read_net(
    struct schema_reader *r, const struct yaml_pair *pair, struct conf_net *net)
{
	const struct schema_key k = {SCHEMA_GEOIP, pair->key->text,
	    value_prefix, .offset = offsetof(struct conf_net, prefixes),
	    .count = offsetof(struct conf_net, nprefixes),
	    .size = sizeof(struct prefix), .list = true, .nmin = 1,
	    .nmax = YAML_NODES_MAX};
	bool ok = schema_check_word(r, pair->key);
	struct prefix prefix;
	struct error err;

	net->name = arena_strdup(r->conf->arena, pair->key->text);
	net->mark = pair->key->mark;
	if (pair->value->kind == NODE_SCALAR &&
	    prefix_parse(pair->value->text, &prefix, &err))
		return diag_error(r->d, &pair->value->mark,
		    "\"%s\" would be a file name: write a prefix in brackets, [%s]",
		    pair->value->text, pair->value->text);
	if (pair->value->kind == NODE_SCALAR)
		return read_prefix_file(r, &k, pair->value, net) && ok;
	return schema_read_key(r, &k, pair->value, net) && ok;
}

bool
files_nets(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct conf *c = field;
	bool ok = true;
	size_t i;

	if (node->kind == NODE_BAD)
		return false;
	if (node->kind != NODE_MAP && !node->empty)
		return diag_error(r->d, &node->mark,
		    "\"%s\" must be a map of "
		    "a name to prefixes",
		    k->name);
	if (node->n > k->nmax)
		return diag_error(
		    r->d, &node->mark, "more than %zu nets", k->nmax);
	c->nnets = node->n;
	c->nets = arena_array(c->arena, node->n + 1, sizeof(*c->nets));
	for (i = 0; i < node->n; i++)
		if (!read_net(r, &node->pairs[i], &c->nets[i]))
			ok = false;
	return ok;
}

struct zones_read {
	VEC(struct conf_zone) all;
};

/* The name of a zone's file says the origin. */
static bool
zone_from_file(struct schema_reader *r, const struct yaml_node *pattern,
    const char *path, struct conf_zone *zone)
{
	static const char suffix[] = ".zone";
	const char *slash = strrchr(path, '/');
	const char *name = slash ? slash + 1 : path;
	size_t len = strlen(name), end = sizeof(suffix) - 1;
	struct yaml_node origin = *pattern;

	if (len <= end || strcmp(name + len - end, suffix) != 0)
		return diag_error(r->d, &pattern->mark,
		    "\"%s\": the name of "
		    "a zone's file must end in %s, or the zone be named: "
		    "ORIGIN: FILE",
		    path, suffix);
	origin.text = arena_strndup(r->conf->arena, name, len - end);
	zone->path = path;
	zone->mark = pattern->mark;
	return value_read_name(r, &origin, zone->name, &zone->origin);
}

static bool
match_zones(struct schema_reader *r, const struct yaml_node *pattern,
    struct zones_read *z)
{
	struct conf_zone zone = {0};
	bool ok = true;
	size_t i, n;
	const char **paths = files_match(r, pattern, &n);

	for (i = 0; i < n; i++) {
		if (zone_from_file(r, pattern, paths[i], &zone))
			vec_push(&z->all, zone);
		else
			ok = false;
	}
	return ok && paths;
}

static bool
name_zone(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_pair *pair, struct zones_read *z)
{
	const struct schema_key path = {
	    k->map, pair->key->text, value_path, .offset = 0};
	struct conf_zone zone = {.mark = pair->key->mark};

	if (!value_path(r, &path, pair->value, &zone.path) ||
	    !value_read_name(r, pair->key, zone.name, &zone.origin))
		return false;
	vec_push(&z->all, zone);
	return true;
}

bool
files_zones(struct schema_reader *r, const struct schema_key *k,
    const struct yaml_node *node, void *field)
{
	struct zones_read z = {0};
	struct conf *c = field;
	bool ok = true;
	size_t i;

	if (node->kind == NODE_BAD || node->empty)
		return node->empty;
	if (node->kind == NODE_SCALAR)
		ok = match_zones(r, node, &z);
	for (i = 0; i < node->n; i++) {
		if (node->kind == NODE_MAP
			? !name_zone(r, k, &node->pairs[i], &z)
			: !match_zones(r, node->items[i], &z))
			ok = false;
	}
	if (z.all.n > k->nmax)
		ok = diag_error(
		    r->d, &node->mark, "more than %zu zones", k->nmax);
	c->nzones = z.all.n;
	c->zones = arena_dup(c->arena, z.all.at, z.all.n * sizeof(*c->zones));
	vec_free(&z.all);
	return ok;
}
