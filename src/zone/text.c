/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/text.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "input/bom.h"

/* Where a logical record is being read. */
struct scan {
	bool quoted, content;
	bool opened; /* by a parenthesis: what is blank is no missing owner */
	unsigned depth;
	const char *wrong;
};

void
text_append(text_record *record, const char *text, size_t len)
{
	vec_reserve(record, record->n + len + 1);
	memcpy(record->at + record->n, text, len);
	record->n += len;
}

static void
put(struct scan *s, char c, text_record *record)
{
	s->content = s->content || c != ' ';
	if (s->content || !s->opened)
		vec_push(record, c);
}

static void
skip_comment(struct text *t)
{
	while (t->at < t->end && *t->at != '\n')
		t->at++;
}

static bool
scan_newline(struct text *t, struct scan *s, text_record *record)
{
	t->line++;
	t->at++;
	if (s->depth == 0 || s->quoted)
		return false;
	put(s, ' ', record);
	return true;
}

static char
scan_parenthesis(struct scan *s, char c)
{
	if (c == ')' && s->depth == 0)
		s->wrong = "')' without '('";
	s->depth += c == '(' ? 1 : -1u;
	return ' ';
}

/* One octet of the record; false at its end. */
static bool
scan_octet(struct text *t, struct scan *s, text_record *record)
{
	char c = *t->at;

	if (c == '\n')
		return scan_newline(t, s, record);
	if (c == '\0') {
		s->wrong = "an octet 0";
	} else if (!s->quoted && bom_len(t->at, (size_t)(t->end - t->at)) > 0) {
		s->wrong =
		    "a byte order mark (U+FEFF), which a zone file must not "
		    "have (RFC 1035 5.1): save the file as UTF-8 without one";
	} else if (c == '\\' && t->end - t->at > 1 && t->at[1] > ' ') {
		vec_push(record, c);
		c = *++t->at;
	} else if (c == '"') {
		s->quoted = !s->quoted;
	} else if (!s->quoted && c == ';') {
		skip_comment(t);
		return true;
	} else if (!s->quoted && (c == '(' || c == ')')) {
		s->opened = s->opened || record->n == 0;
		c = scan_parenthesis(s, c);
	} else if (!s->quoted && isspace((unsigned char)c)) {
		c = ' ';
	}
	put(s, c, record);
	t->at++;
	return s->wrong == NULL;
}

enum text_result
text_next(
    struct text *t, text_record *record, unsigned *line, struct error *err)
{
	while (t->at < t->end) {
		struct scan s = {0};

		record->n = 0;
		*line = t->line;
		while (t->at < t->end && scan_octet(t, &s, record))
			;
		vec_push(record, '\0');
		if (s.wrong != NULL)
			skip_comment(t);
		else if (s.quoted)
			s.wrong = "a quote that does not end";
		else if (s.depth != 0)
			s.wrong = "'(' without ')'";
		if (s.wrong != NULL) {
			error_set(err, "%s", s.wrong);
			return TEXT_WRONG;
		}
		if (s.content)
			return TEXT_RECORD;
	}
	return TEXT_END;
}

/* "${offset,width,base}" and its shorter forms, or "$" alone. */
struct place_holder {
	int offset, width;
	char base;
};

enum { WIDTH_MAX = 100 };

/* Bases n and N are nibbles, the lowest first, as names below ip6.arpa have
 * them; the width counts their dots too, so that an even one ends with one. */
static const char bases[] = "doxXnN";

static bool
holder_parse(const char **p, struct place_holder *h, struct error *err)
{
	int used = 0, parts;

	*h = (struct place_holder){0, 0, 'd'};
	if (**p != '{')
		return true;
	parts = sscanf(*p, "{%9d%n,%9d%n,%c%n", &h->offset, &used, &h->width,
	    &used, &h->base, &used);
	if (parts < 1 || (*p)[used] != '}' || strchr(bases, h->base) == NULL ||
	    h->width < 0 || h->width > WIDTH_MAX)
		return error_set(err,
		    "$GENERATE: not an offset, width and "
		    "base (d, o, x, X, n, N): $%.40s",
		    *p);
	*p += used + 1;
	return true;
}

static void
append_nibbles(text_record *line, unsigned number, int width, char base)
{
	const char *digits =
	    base == 'N' ? "0123456789ABCDEF" : "0123456789abcdef";

	do {
		vec_push(line, digits[number & 0xf]);
		number >>= 4;
		width--;
		if (number != 0 || width > 0) {
			vec_push(line, '.');
			width--;
		}
	} while (number != 0 || width > 0);
}

static void
append_number(text_record *line, unsigned number, const struct place_holder *h)
{
	char text[WIDTH_MAX + 16];
	int len;

	if (h->base == 'n' || h->base == 'N') {
		append_nibbles(line, number, h->width, h->base);
		return;
	}
	if (h->base == 'o')
		len = snprintf(text, sizeof(text), "%0*o", h->width, number);
	else if (h->base == 'x')
		len = snprintf(text, sizeof(text), "%0*x", h->width, number);
	else if (h->base == 'X')
		len = snprintf(text, sizeof(text), "%0*X", h->width, number);
	else
		len = snprintf(text, sizeof(text), "%0*u", h->width, number);
	text_append(line, text, (size_t)len);
}

/* One template with $ replaced by the number, $$ by a dollar sign. */
static bool
expand(text_record *line, const char *p, int number, struct error *err)
{
	struct place_holder h;

	while (*p != '\0') {
		if (*p == '\\' && p[1] != '\0') {
			text_append(line, p, 2);
			p += 2;
		} else if (*p != '$' || p[1] == '$') {
			vec_push(line, *p);
			p += *p == '$' ? 2 : 1;
		} else {
			p++;
			if (!holder_parse(&p, &h, err))
				return false;
			if (number + h.offset < 0)
				return error_set(err, "$GENERATE: below 0");
			append_number(line, (unsigned)(number + h.offset), &h);
		}
	}
	vec_push(line, '\0');
	return true;
}

/* Past the word at p and the spaces behind it. */
static char *
next_word(char *p)
{
	p += strcspn(p, " ");
	return p + strspn(p, " ");
}

static bool
is_class(const char *p)
{
	return strncasecmp(p, "IN ", 3) == 0;
}

/* BIND takes one word as the data; quotes around all of it keep it together
 * and are no part of it. */
static void
unquote_data(char *line)
{
	char *p = next_word(line), *end = line + strlen(line);

	while (isdigit((unsigned char)*p) || is_class(p))
		p = next_word(p);
	p = next_word(p);
	while (end > p && end[-1] == ' ')
		end--;
	if (*p != '"' || strchr(p + 1, '"') != end - 1)
		return;
	*p = end[-1] = ' ';
}

bool
text_generate(const char *words, bool (*fn)(const char *line, void *arg),
    void *arg, struct error *err)
{
	int start, stop, step = 1, used = 0;
	text_record line = {0};
	bool ok = true;
	char *template;

	if (sscanf(words, " %9d-%9d%n/%9d%n", &start, &stop, &used, &step,
		&used) < 2 ||
	    words[used] != ' ')
		return error_set(err, "$GENERATE: not start-stop[/step]");
	if (start < 0 || stop < start || step < 1 ||
	    (stop - start) / step >= TEXT_GENERATE_MAX)
		return error_set(err,
		    "$GENERATE: a range of 1 to %d records "
		    "is meant",
		    TEXT_GENERATE_MAX);
	template = xstrdup(words + used + strspn(words + used, " "));
	unquote_data(template);
	for (int i = start; ok && i <= stop; i += step) {
		line.n = 0;
		ok = expand(&line, template, i, err) && fn(line.at, arg);
	}
	vec_free(&line);
	free(template);
	return ok;
}
