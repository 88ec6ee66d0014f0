/* SPDX-License-Identifier: BSD-3-Clause */
#include "conf/diag.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum {
	ENTRIES_MAX = 1000,
	MESSAGE_MAX = 512,
	WORD_MAX = 128,  /* longer ones are near to nothing */
	SHOWN_MAX = 100, /* characters of a source line */
};

void
diag_init(struct diag *d)
{
	memset(d, 0, sizeof(*d));
	d->arena = arena_new();
}

void
diag_fini(struct diag *d)
{
	vec_free(&d->entries);
	vec_free(&d->sources);
	vec_free(&d->files);
	arena_free(d->arena);
	memset(d, 0, sizeof(*d));
}

static struct diag_source *
source_get(struct diag *d, const char *file)
{
	struct diag_source fresh = {0};
	size_t i;

	for (i = 0; i < d->sources.n; i++)
		if (strcmp(d->sources.at[i].file, file) == 0)
			return &d->sources.at[i];
	fresh.file = arena_strdup(d->arena, file);
	vec_push(&d->sources, fresh);
	return &d->sources.at[d->sources.n - 1];
}

void
diag_source(struct diag *d, const char *file, const char *text)
{
	source_get(d, file)->text = arena_strdup(d->arena, text);
}

void
diag_read(struct diag *d, const char *path, const void *data, size_t len)
{
	struct diag_file f = {.size = len};

	f.path = arena_strdup(d->arena, path);
	digest_make(&f.digest, data, len);
	vec_push(&d->files, f);
}

bool
diag_has_source(const struct diag *d, const char *file)
{
	for (size_t i = 0; i < d->sources.n; i++)
		if (strcmp(d->sources.at[i].file, file) == 0)
			return d->sources.at[i].text != NULL;
	return false;
}

/* What an operator's file says must not reach the terminal as a command. */
static void
defuse(char *text)
{
	for (; *text; text++)
		if (iscntrl((unsigned char)*text))
			*text = '?';
}

static void diag_add(struct diag *d, enum diag_level level,
    const struct conf_mark *mark, const char *fmt, va_list ap)
    __attribute__((format(printf, 4, 0)));

static void
diag_add(struct diag *d, enum diag_level level, const struct conf_mark *mark,
    const char *fmt, va_list ap)
{
	struct diag_entry e = {.level = level, .mark = *mark};
	char text[MESSAGE_MAX], by[64] = "";

	if (d->entries.n >= ENTRIES_MAX)
		return;
	if (mark->alias_line > 0)
		snprintf(by, sizeof(by), " (repeated by the alias at %u:%u)",
		    mark->alias_line, mark->alias_column);
	if (vsnprintf(text, sizeof(text) - strlen(by), fmt, ap) >=
	    (int)(sizeof(text) - strlen(by)))
		strcpy(text + sizeof(text) - strlen(by) - 4, "...");
	strcat(text, by);
	defuse(text);
	e.message = arena_strdup(d->arena, text);
	e.mark.file = source_get(d, mark->file ? mark->file : "")->file;
	vec_push(&d->entries, e);
}

bool
diag_error(struct diag *d, const struct conf_mark *mark, const char *fmt, ...)
{
	va_list ap;

	d->nerrors++;
	va_start(ap, fmt);
	diag_add(d, DIAG_ERROR, mark, fmt, ap);
	va_end(ap);
	return false;
}

bool
diag_warning(struct diag *d, const struct conf_mark *mark, const char *fmt, ...)
{
	va_list ap;

	d->nwarnings++;
	va_start(ap, fmt);
	diag_add(d, DIAG_WARNING, mark, fmt, ap);
	va_end(ap);
	return false;
}

void
diag_note(struct diag *d, const char *text)
{
	struct diag_entry *e;

	if (text == NULL || d->nerrors + d->nwarnings > d->entries.n)
		return; /* the last one was one too many */
	e = &d->entries.at[d->entries.n - 1];
	e->note = arena_strdup(d->arena, text);
}

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

static bool
is_same(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* Insertions, deletions, replacements and swaps of neighbours, without
 * case. */
static size_t
distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1], i, j, na = strlen(a), nb = strlen(b);
	size_t *before = rows[0], *last = rows[1], *row = rows[2], *spare;

	for (j = 0; j <= nb; j++)
		last[j] = j;
	for (i = 1; i <= na; i++) {
		row[0] = i;
		for (j = 1; j <= nb; j++) {
			row[j] =
			    least(last[j - 1] + !is_same(a[i - 1], b[j - 1]),
				least(last[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && is_same(a[i - 1], b[j - 2]) &&
			    is_same(a[i - 2], b[j - 1]))
				row[j] = least(row[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = row;
		row = spare;
	}
	return last[nb];
}

const char *
diag_nearest(const char *word, const char *const *words, size_t n)
{
	size_t len = strlen(word), best = (len + 2) / 3, i, wlen, dist;
	const char *nearest = NULL;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	for (i = 0; i < n; i++) {
		wlen = strlen(words[i]);
		if (wlen > WORD_MAX || wlen > len + best || len > wlen + best)
			continue;
		dist = distance(word, words[i]);
		if (dist < best || (dist == best && !nearest)) {
			best = dist;
			nearest = words[i];
		}
	}
	return nearest;
}

/* Where the text of a line begins; entries come in order. */
struct cursor {
	const struct diag_source *source;
	const char *p;
	unsigned line;
};

static const char *
cursor_seek(struct cursor *c, const struct diag_source *s, unsigned line)
{
	if (c->source != s || line < c->line)
		*c = (struct cursor){s, s->text, 1};
	while (c->p && c->line < line) {
		c->p = strchr(c->p, '\n');
		if (!c->p)
			break;
		c->p++;
		c->line++;
	}
	return c->p;
}

static const char *
skip_chars(const char *s, size_t n)
{
	while (n > 0 && *s && *s != '\n') {
		s++;
		while (((unsigned char)*s & 0xc0) == 0x80)
			s++;
		n--;
	}
	return s;
}

/* Columns count characters, not octets, and a tab is one; 0: no caret. */
static void
put_line(FILE *f, const char *line, unsigned column)
{
	size_t skip = column > SHOWN_MAX ? column - SHOWN_MAX / 2 : 0;
	const char *s = skip_chars(line, skip);
	const char *end = skip_chars(s, SHOWN_MAX);

	fputs("    ", f);
	for (; s < end; s++)
		if (*s != '\r')
			fputc(iscntrl((unsigned char)*s) ? ' ' : *s, f);
	fputc('\n', f);
	if (column > 0)
		fprintf(f, "    %*s\n", (int)(column - skip), "^");
}

static size_t
source_index(const struct diag *d, const struct diag_entry *e)
{
	size_t i;

	for (i = 0; d->sources.at[i].file != e->mark.file; i++)
		;
	return i;
}

struct order {
	size_t source, entry;
	unsigned line, column;
};

static int
compare_order(const void *a, const void *b)
{
	const struct order *x = a, *y = b;

	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->line != y->line)
		return x->line < y->line ? -1 : 1;
	if (x->column != y->column)
		return x->column < y->column ? -1 : 1;
	return (x->entry > y->entry) - (x->entry < y->entry);
}

static void
put_note(FILE *f, const char *note)
{
	bool begins = true;

	for (; *note; note++) {
		if (begins)
			fputs("    ", f);
		begins = *note == '\n';
		fputc(
		    iscntrl((unsigned char)*note) && !begins ? '?' : *note, f);
	}
}

static void
put_entry(FILE *f, const struct diag_entry *e, const struct diag_source *s,
    struct cursor *c)
{
	const char *line;

	fputs(e->mark.file, f);
	if (e->mark.line)
		fprintf(f, ":%u", e->mark.line);
	if (e->mark.line && e->mark.column)
		fprintf(f, ":%u", e->mark.column);
	fprintf(f, ": %s: %s\n", e->level == DIAG_ERROR ? "error" : "warning",
	    e->message);
	if (e->mark.line == 0)
		return;
	line = cursor_seek(c, s, e->mark.line);
	if (line)
		put_line(f, line, e->mark.column);
	if (e->note)
		put_note(f, e->note);
}

char *
diag_text(const struct diag *d)
{
	struct order *orders = xcalloc(d->entries.n + 1, sizeof(*orders));
	struct cursor c = {0};
	const struct diag_entry *e;
	char *text = NULL;
	size_t len = 0, i, total = d->nerrors + d->nwarnings;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	for (i = 0; i < d->entries.n; i++) {
		e = &d->entries.at[i];
		orders[i] = (struct order){
		    source_index(d, e), i, e->mark.line, e->mark.column};
	}
	qsort(orders, d->entries.n, sizeof(*orders), compare_order);
	for (i = 0; i < d->entries.n; i++)
		put_entry(f, &d->entries.at[orders[i].entry],
		    &d->sources.at[orders[i].source], &c);
	if (total > d->entries.n)
		fprintf(f, "and %zu more\n", total - d->entries.n);
	fclose(f);
	free(orders);
	return text;
}
