/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/generate.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "rdata/number.h"

typedef VEC(char) generate_line;

static void
line_append(generate_line *line, const char *text, size_t len)
{
	vec_reserve(line, line->n + len + 1);
	memcpy(line->at + line->n, text, len);
	line->n += len;
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
		    "not an offset, width and base (d, o, x, X, n, N): $%.40s",
		    *p);
	*p += used + 1;
	return true;
}

static void
append_nibbles(generate_line *line, unsigned number, int width, char base)
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
append_number(
    generate_line *line, unsigned number, const struct place_holder *h)
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
	line_append(line, text, (size_t)len);
}

/* One template with $ replaced by the number, $$ by a dollar sign. */
static bool
expand(generate_line *line, const char *p, int64_t number, struct error *err)
{
	struct place_holder h;

	while (*p != '\0') {
		if (*p == '\\' && p[1] != '\0') {
			line_append(line, p, 2);
			p += 2;
		} else if (*p != '$' || p[1] == '$') {
			vec_push(line, *p);
			p += *p == '$' ? 2 : 1;
		} else {
			p++;
			if (!holder_parse(&p, &h, err))
				return false;
			if (number + h.offset < 0)
				return error_set(err, "a negative number");
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

/* "1-100/2" */
struct range {
	uint64_t start, stop, step;
};

enum { RANGE_END_MAX = INT32_MAX };

/* start-stop[/step] */
static bool
range_parse(struct lex *l, const struct lexeme *word, struct range *r)
{
	const char *end = word->at + word->len;
	const char *dash = memchr(word->at, '-', word->len);
	const char *slash = memchr(word->at, '/', word->len);

	*r = (struct range){.step = 1};
	if (slash == NULL)
		slash = end;
	if (word->kind != LEX_WORD || dash == NULL || dash > slash ||
	    !digits_value(word->at, (size_t)(dash - word->at), RANGE_END_MAX,
		&r->start) ||
	    !digits_value(dash + 1, (size_t)(slash - dash - 1), RANGE_END_MAX,
		&r->stop) ||
	    (slash < end &&
		!digits_value(slash + 1, (size_t)(end - slash - 1),
		    RANGE_END_MAX, &r->step)))
		return lex_fail(l, word,
		    "not start-stop[/step], of numbers up to %d",
		    RANGE_END_MAX);
	if (r->stop < r->start || r->step < 1 ||
	    (r->stop - r->start) / r->step >= GENERATE_MAX)
		return lex_fail(
		    l, word, "not a range of 1 to %d records", GENERATE_MAX);
	return true;
}

/* The rest of the entry, a blank between words. */
static bool
template_read(struct lex *l, generate_line *template)
{
	struct lexeme word;
	bool joined = true;

	while (lex_next(l, &word) != LEX_END) {
		bool quoted = word.kind == LEX_QUOTED;

		if (word.kind == LEX_WRONG)
			return false;
		if (!joined)
			vec_push(template, ' ');
		line_append(template, word.at - quoted, word.len + 2 * quoted);
		joined = word.joined;
	}
	vec_push(template, '\0');
	return *template->at != '\0' ||
	    lex_fail(l, &word, "a name, a type and data are missing");
}

bool
generate(struct lex *l, bool (*fn)(const char *line, void *arg), void *arg)
{
	generate_line template = {0}, line = {0};
	struct lexeme word;
	struct error err;
	struct range r;
	bool ok;

	lex_next(l, &word);
	ok = range_parse(l, &word, &r) && template_read(l, &template);
	if (ok)
		unquote_data(template.at);
	for (uint64_t i = r.start; ok && i <= r.stop; i += r.step) {
		line.n = 0;
		ok = expand(&line, template.at, (int64_t)i, &err) ||
		    lex_fail(l, &word, "%s", err.text);
		ok = ok && fn(line.at, arg);
	}
	vec_free(&line);
	vec_free(&template);
	if (l->wrong)
		lex_prefix(l, "$GENERATE");
	return ok;
}
