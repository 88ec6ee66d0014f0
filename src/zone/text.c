/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/text.h"

#include <ctype.h>
#include <stdio.h>

enum { DEPTH_MAX = 1 };

/* Where a logical record is being read. */
struct scan {
	bool quoted, content;
	unsigned depth;
};

static void
skip_comment(struct text *t)
{
	while (t->at < t->end && *t->at != '\n')
		t->at++;
}

/* One octet of the record; false at its end. */
static bool
scan_octet(struct text *t, struct scan *s, text_record *record)
{
	char c = *t->at;

	if (c == '\\' && t->end - t->at > 1 && t->at[1] != '\n') {
		vec_push(record, c);
		c = *++t->at;
		s->content = true;
	} else if (c == '"') {
		s->quoted = !s->quoted;
		s->content = true;
	} else if (c == '\n') {
		t->line++;
		t->at++;
		if (s->depth == 0 || s->quoted)
			return false;
		vec_push(record, ' ');
		return true;
	} else if (!s->quoted && c == ';') {
		skip_comment(t);
		return true;
	} else if (!s->quoted && (c == '(' || c == ')')) {
		s->depth += c == '(' ? 1 : -1u;
		c = ' ';
	} else if (c == '\r' || c == '\t') {
		c = ' ';
	}
	s->content = s->content || c != ' ';
	vec_push(record, c);
	t->at++;
	return true;
}

enum text_result
text_next(struct text *t, text_record *record, unsigned *line,
    struct error *err)
{
	while (t->at < t->end) {
		struct scan s = {0};

		record->n = 0;
		*line = t->line;
		while (t->at < t->end && scan_octet(t, &s, record)) {
			if (s.depth <= DEPTH_MAX)
				continue;
			skip_comment(t);
			error_set(err, s.depth == -1u
			    ? "')' without '('" : "'(' within parentheses");
			return TEXT_WRONG;
		}
		vec_push(record, '\0');
		if (s.quoted || s.depth != 0) {
			error_set(err, s.quoted ? "a quote that does not end"
						: "'(' without ')'");
			return TEXT_WRONG;
		}
		if (s.content)
			return TEXT_RECORD;
	}
	return TEXT_END;
}

/* "${offset,width,base}" and its shorter forms, or "$" alone. */
struct place_holder {
	long offset;
	int width;
	char base;
};

static bool
holder_parse(const char **p, struct place_holder *h, struct error *err)
{
	int used = 0, parts;

	*h = (struct place_holder){0, 0, 'd'};
	if (**p != '{')
		return true;
	parts = sscanf(*p, "{%ld%n,%d%n,%c%n", &h->offset, &used, &h->width,
	    &used, &h->base, &used);
	if (parts < 1 || (*p)[used] != '}' || strchr("doxX", h->base) == NULL ||
	    h->width < 0 || h->width > 60)
		return error_set(err, "$GENERATE: not an offset, width and "
		    "base (d, o, x, X): $%.40s", *p);
	*p += used + 1;
	return true;
}

static bool
append(text_record *line, const char *text)
{
	for (; *text != '\0'; text++)
		vec_push(line, *text);
	return true;
}

/* One template with $ replaced by the number. */
static bool
expand(text_record *line, const char *p, long number, struct error *err)
{
	while (*p != '\0') {
		struct place_holder h;
		char text[80], format[] = "%0*ld";

		if (*p == '\\' && p[1] != '\0') {
			vec_push(line, *p++);
			vec_push(line, *p++);
			continue;
		}
		if (*p != '$') {
			vec_push(line, *p++);
			continue;
		}
		p++;
		if (*p == '$') {
			vec_push(line, *p++);
			continue;
		}
		if (!holder_parse(&p, &h, err))
			return false;
		format[4] = h.base;
		if (number + h.offset < 0)
			return error_set(err, "$GENERATE: below 0");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		snprintf(text, sizeof(text), format, h.width,
		    number + h.offset);
#pragma GCC diagnostic pop
		append(line, text);
	}
	return true;
}

bool
text_generate(const char *words, bool (*fn)(const char *line, void *arg),
    void *arg, struct error *err)
{
	long start, stop, step = 1;
	int used = 0;
	text_record line = {0};
	bool ok = true;

	if (sscanf(words, " %ld-%ld%n/%ld%n", &start, &stop, &used, &step,
	    &used) < 2 || !isspace((unsigned char)words[used]))
		return error_set(err, "$GENERATE: not start-stop[/step]");
	if (start < 0 || stop < start || step < 1 ||
	    (stop - start) / step >= TEXT_GENERATE_MAX)
		return error_set(err, "$GENERATE: a range of 1 to %d records "
		    "is meant", TEXT_GENERATE_MAX);
	for (words += used; isspace((unsigned char)*words);)
		words++;
	for (long i = start; ok && i <= stop; i += step) {
		line.n = 0;
		ok = expand(&line, words, i, err);
		vec_push(&line, '\0');
		ok = ok && fn(line.at, arg);
	}
	vec_free(&line);
	return ok;
}
