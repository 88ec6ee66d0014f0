/* SPDX-License-Identifier: BSD-3-Clause */
#include "input/syntax.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { SHOWN_MAX = 60, KEY_MAX = 1024 /* of libyaml */ };

static const char comment_mend[] = "a comment begins with \"#\"";

/* A part of the text: a line without its end, or a word in one. */
struct part {
	const char *at;
	size_t len;
};

struct explain {
	const struct syntax *s;
	struct syntax_place *place;
	struct error *message;
};

static bool tell(struct explain *e, unsigned line, unsigned column,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static bool
tell(struct explain *e, unsigned line, unsigned column, const char *fmt, ...)
{
	va_list ap;

	*e->place = (struct syntax_place){line, column};
	va_start(ap, fmt);
	vsnprintf(e->message->text, sizeof(e->message->text), fmt, ap);
	va_end(ap);
	return true;
}

/* Lines and words ---------------------------------------------------------- */

static struct part
line_find(const struct syntax *s, unsigned number)
{
	const char *p = s->text, *end = s->text + s->len, *stop;

	for (; number > 1 && p < end; number--) {
		p = memchr(p, '\n', (size_t)(end - p));
		p = p != NULL ? p + 1 : end;
	}
	stop = memchr(p, '\n', (size_t)(end - p));
	stop = stop != NULL ? stop : end;
	while (stop > p && strchr(" \t\r", stop[-1]) != NULL)
		stop--;
	return (struct part){p, (size_t)(stop - p)};
}

/* Octets of the blanks that a line begins with. */
static size_t
indent_of(struct part line)
{
	size_t n = 0;

	while (n < line.len && line.at[n] == ' ')
		n++;
	return n;
}

static bool
is_blank(struct part line)
{
	size_t n = indent_of(line);

	return n == line.len || line.at[n] == '#';
}

/* The number of the last line above that says something; 0: there is none. */
static unsigned
line_above(const struct syntax *s, unsigned number)
{
	while (--number > 0)
		if (!is_blank(line_find(s, number)))
			return number;
	return 0;
}

/* What follows a place in its line. */
static struct part
rest_at(const struct syntax *s, struct syntax_place place)
{
	struct part line = line_find(s, place.line);

	for (unsigned i = 1; i < place.column && line.len > 0; i++) {
		do {
			line.at++;
			line.len--;
		} while (
		    line.len > 0 && ((unsigned char)*line.at & 0xc0) == 0x80);
	}
	return line;
}

static char
char_at(const struct syntax *s, struct syntax_place place)
{
	struct part rest = rest_at(s, place);

	return rest.len > 0 ? *rest.at : '\0';
}

static bool
begins_with(struct part p, const char *word)
{
	return p.len >= strlen(word) && memcmp(p.at, word, strlen(word)) == 0;
}

static bool
is_first(const struct syntax *s, struct syntax_place place)
{
	return indent_of(line_find(s, place.line)) + 1 == place.column;
}

static bool
ends_key(struct part p, size_t i)
{
	return p.at[i] == ':' &&
	    (i + 1 == p.len || strchr(" \t", p.at[i + 1]) != NULL);
}

/* Octets of a word that would need quotes; 0: none begins here. */
static size_t
word_length(struct part p)
{
	size_t n = 0;

	while (n < p.len && n < SHOWN_MAX &&
	    strchr(" \t,]}", p.at[n]) == NULL && !ends_key(p, n))
		n++;
	return n;
}

/* The text that would need quotes, which begins with what means something. */
static struct part
text_of(struct part p)
{
	struct part rest = {p.at + 1, p.len - 1};
	size_t n;

	if (p.len == 0)
		return p;
	while (rest.len > 0 && *rest.at == ' ') {
		rest.at++;
		rest.len--;
	}
	n = word_length(rest);
	return (struct part){p.at, n > 0 ? (size_t)(rest.at - p.at) + n : 1};
}

static int
shown(size_t len)
{
	return (int)(len < SHOWN_MAX ? len : SHOWN_MAX);
}

/* Behind "- ", what a line begins with. */
static struct part
content_of(struct part line)
{
	size_t n = indent_of(line);

	while (n + 1 < line.len && line.at[n] == '-' && line.at[n + 1] == ' ')
		for (n++; n < line.len && line.at[n] == ' ';)
			n++;
	return (struct part){line.at + n, line.len - n};
}

/* "interval:1s", as the length of its key; 0: it is none. */
static size_t
joined_key(struct part p)
{
	size_t n = 0;

	while (n < p.len &&
	    (isalnum((unsigned char)p.at[n]) || strchr("_-.", p.at[n]) != NULL))
		n++;
	return n > 0 && !isdigit((unsigned char)*p.at) && n + 1 < p.len &&
		p.at[n] == ':' && strchr(" \t/:", p.at[n + 1]) == NULL
	    ? n
	    : 0;
}

static bool
tell_joined(struct explain *e, unsigned number)
{
	struct part line = line_find(e->s, number), p = content_of(line);
	size_t n = number > 0 ? joined_key(p) : 0;

	return n > 0 &&
	    tell(e, number, (unsigned)(p.at - line.at) + (unsigned)n + 2,
		"a space is missing after \"%.*s:\": write \"%.*s: %.*s\"",
		(int)n, p.at, (int)n, p.at, shown(p.len - n - 1), p.at + n + 1);
}

static bool
tell_quotes(struct explain *e, struct syntax_place place)
{
	struct part word = text_of(rest_at(e->s, place));

	return word.len > 0 &&
	    tell(e, place.line, place.column,
		"a text that begins with \"%c\" needs quotes: \"%.*s\"",
		*word.at, (int)word.len, word.at);
}

/* Problems ----------------------------------------------------------------- */

static bool
explain_conflict(struct explain *e)
{
	const struct syntax *s = e->s;
	const char *end = s->text + s->len, *p = s->text;

	for (unsigned line = 1; p != NULL && p < end; line++) {
		struct part rest = {p, (size_t)(end - p)};

		if (begins_with(rest, "<<<<<<< "))
			return tell(e, line, 1,
			    "an unresolved merge conflict: choose one side, and remove the lines with <<<<<<<, ======= and >>>>>>>");
		p = memchr(p, '\n', rest.len);
		p = p != NULL ? p + 1 : NULL;
	}
	return false;
}

static bool
explain_tab(struct explain *e)
{
	struct part line = line_find(e->s, e->s->at.line);
	size_t tab = indent_of(line);

	if (tab == line.len || line.at[tab] != '\t')
		return false;
	return tell(e, e->s->at.line, (unsigned)tab + 1,
	    "a tab in the indentation: indent with spaces");
}

static bool
explain_start(struct explain *e)
{
	return explain_tab(e) || tell_quotes(e, e->s->at);
}

static bool
explain_context_quotes(struct explain *e)
{
	return e->s->from.line > 0 && tell_quotes(e, e->s->from);
}

/* "nsid=home" and "nsid = home". */
static bool
tell_equals(struct explain *e, unsigned line, unsigned column, struct part p)
{
	const char *equals = memchr(p.at, '=', p.len);
	size_t n = equals != NULL ? (size_t)(equals - p.at) : 0;

	while (n > 0 && p.at[n - 1] == ' ')
		n--;
	return n > 0 && memchr(p.at, ' ', n) == NULL &&
	    tell(e, line, column,
		"a key and its value are written \"%.*s: value\", not with \"=\"",
		shown(n), p.at);
}

/* The column behind the first ": " in a line, before that one; 0: none. */
static unsigned
value_column(const struct syntax *s, struct syntax_place colon)
{
	struct part line = line_find(s, colon.line);

	for (size_t i = 0; i + 1 < line.len && i + 1 < colon.column; i++)
		if (line.at[i] == ':' && line.at[i + 1] == ' ')
			return (unsigned)i + 3;
	return 0;
}

static bool
explain_second_colon(struct explain *e)
{
	const struct syntax *s = e->s;
	unsigned value = value_column(s, s->at);
	unsigned above = line_above(s, s->at.line);
	struct part line = line_find(s, s->at.line), before, content;
	size_t indent = indent_of(line);

	if (value > 0)
		return tell(e, s->at.line, value,
		    "a second \": \" in one line: a value that contains \": \" needs quotes, a nested map needs braces { } or lines of its own");
	if (above == 0)
		return false;
	if (tell_joined(e, above))
		return true;
	before = line_find(s, above);
	content = content_of(before);
	if (memchr(content.at, ':', content.len) == NULL)
		return tell_equals(e, above,
			   (unsigned)(content.at - before.at) + 1, content) ||
		    tell(e, above, (unsigned)before.len + 1,
			"\":\" is missing after \"%.*s\"", shown(content.len),
			content.at);
	return indent > indent_of(before) &&
	    tell(e, s->at.line, (unsigned)indent + 1,
		"indented deeper than line %u, whose key already has a value: keys of the same map begin in column %zu",
		above, indent_of(before) + 1);
}

static bool
tell_indent(struct explain *e, const char *what)
{
	const struct syntax *s = e->s;
	const char *how = s->at.column > s->from.column ? "deeper" : "less";

	if (s->at.column == s->from.column)
		return false;
	return tell(e, s->at.line, s->at.column,
	    "indented %s than the other %s, which begin in column %u (line %u)",
	    how, what, s->from.column, s->from.line);
}

/* What stands behind a value, in its line. */
static bool
tell_behind(struct explain *e)
{
	const struct syntax *s = e->s;
	struct part rest = rest_at(s, s->at), line;
	const char *before;

	if (rest.len == 0)
		return false;
	if (strchr("]}", *rest.at) != NULL)
		return tell(e, s->at.line, s->at.column,
		    "\"%c\" closes no open bracket: remove it, or open the bracket before it",
		    *rest.at);
	if (*rest.at == ',')
		return tell(e, s->at.line, s->at.column,
		    "a comma is allowed only between values within [ ] or { }: remove it");
	if (begins_with(rest, "//") || *rest.at == ';')
		return tell(e, s->at.line, s->at.column, "%s", comment_mend);
	line = line_find(s, s->at.line);
	for (before = rest.at; before > line.at && before[-1] == ' ';)
		before--;
	if (before > line.at && strchr("\"'", before[-1]) != NULL)
		return tell(e, s->at.line, s->at.column,
		    "text after a closing quote: put the whole value in one pair of quotes, in which %s",
		    before[-1] == '"' ? "\" is written \\\""
				      : "' is written ''");
	return tell(e, s->at.line, s->at.column,
	    "text after the end of a value: \"%.*s\"", shown(rest.len),
	    rest.at);
}

static bool
explain_no_key(struct explain *e)
{
	const struct syntax *s = e->s;

	if (!is_first(s, s->at))
		return tell_joined(e, s->at.line) || tell_behind(e);
	if (tell_indent(e, "keys of its map"))
		return true;
	return char_at(s, s->at) == '-' &&
	    tell(e, s->at.line, s->at.column,
		"a list item (\"- \") among the keys of a map: indent it below its key, or write \"key: value\"");
}

static bool
explain_no_item(struct explain *e)
{
	const struct syntax *s = e->s;

	if (!is_first(s, s->at))
		return tell_behind(e);
	if (tell_indent(e, "items of its list"))
		return true;
	if (begins_with(rest_at(s, s->at), "-"))
		return tell(e, s->at.line, s->at.column + 1,
		    "a space is missing after \"-\"");
	return tell(e, s->at.line, s->at.column,
	    "each item of a list begins with \"- \", this line does not");
}

static bool
explain_flow(struct explain *e)
{
	const struct syntax *s = e->s;
	char open = char_at(s, s->from), found = char_at(s, s->at);
	char close = open == '[' ? ']' : '}';
	struct part line = line_find(s, s->at.line);
	size_t outer = indent_of(line_find(s, s->from.line));

	if (s->from.line == 0)
		return false;
	if (s->at.line > s->from.line &&
	    (found == '\0' || indent_of(line) <= outer))
		return tell(e, s->from.line, s->from.column,
		    "\"%c\" is not closed: \"%c\" is missing", open, close);
	if (found != '\0' && strchr("]}", found) != NULL)
		return tell(e, s->at.line, s->at.column,
		    "\"%c\" found where \"%c\" must close the \"%c\" of line %u, column %u",
		    found, close, open, s->from.line, s->from.column);
	if (found == ':')
		return tell(e, s->at.line, s->at.column,
		    "\":\" where \",\" or \"%c\" is expected: a comma is missing before this key, or a value with \":\" needs quotes",
		    close);
	return tell(e, s->at.line, s->at.column,
	    "\",\" or \"%c\" is missing before this", close);
}

static bool
explain_no_value(struct explain *e)
{
	if (char_at(e->s, e->s->at) == ',' &&
	    strstr(e->s->context, "flow") != NULL)
		return tell(e, e->s->at.line, e->s->at.column,
		    "there is no value before this comma: remove it");
	return tell_quotes(e, e->s->at);
}

static bool
explain_no_colon(struct explain *e)
{
	const struct syntax *s = e->s;
	unsigned number = s->from.line, column = s->from.column;
	struct part rest = rest_at(s, s->from);

	if (number == 0 || rest.len == 0)
		return false;
	if (tell_joined(e, number))
		return true;
	if (rest.len > KEY_MAX)
		return tell(e, number, column,
		    "a key of more than %d characters", KEY_MAX);
	if (*rest.at == '-')
		return tell(
		    e, number, column + 1, "a space is missing after \"-\"");
	if (begins_with(rest, "//") || *rest.at == ';')
		return tell(e, number, column, "%s", comment_mend);
	return tell_equals(e, number, column, rest) ||
	    tell(e, number, column,
		"\":\" and a value are missing after \"%.*s\"", shown(rest.len),
		rest.at);
}

static bool
explain_open_quote(struct explain *e)
{
	return e->s->from.line > 0 &&
	    tell(e, e->s->from.line, e->s->from.column,
		"a quote that is not closed");
}

static bool
explain_escape(struct explain *e)
{
	return tell(e, e->s->at.line, e->s->at.column,
	    "not an escape of YAML: write \\ as \\\\ in double quotes, or as \\ in single quotes");
}

static bool
explain_item(struct explain *e)
{
	return tell(e, e->s->at.line, e->s->at.column,
	    "a list begins on its own line below its key, or is written in brackets [ ]");
}

/* The first line that says something. */
static unsigned
line_first(const struct syntax *s)
{
	unsigned line = 1;

	while (line < s->at.line && is_blank(line_find(s, line)))
		line++;
	return line;
}

static bool
explain_second_start(struct explain *e)
{
	const struct syntax *s = e->s;
	unsigned first = line_first(s), above = line_above(s, s->at.line);
	struct part begin = line_find(s, first);

	if (begins_with(begin, "%"))
		return tell(e, s->at.line, s->at.column,
		    "a line \"---\" is missing above, after the directive (%%) of line %u",
		    first);
	if (above > 0 && begins_with(line_find(s, above), "..."))
		return tell(e, s->at.line, s->at.column,
		    "text after \"...\", which ends the document: a file holds one document");
	if (is_first(s, s->at) && s->at.column <= indent_of(begin))
		return tell(e, s->at.line, s->at.column,
		    "indented less than the first key, of line %u", first);
	return tell_behind(e);
}

static bool
explain_directive(struct explain *e)
{
	return tell(e, e->s->at.line, 1,
	    "a directive (%%) unknown in YAML 1.1 and 1.2: remove the line, or put a text that begins with \"%%\" in quotes");
}

/* "eu:{}" and "[2001:db8::]" within braces. */
static bool
explain_colon_within(struct explain *e)
{
	const struct syntax *s = e->s;
	struct part rest = rest_at(s, s->at), word = rest_at(s, s->from);

	if (s->from.line != s->at.line || rest.at <= word.at)
		return false;
	word.len = (size_t)(rest.at - word.at);
	if (rest.len > 1 && strchr("{[", rest.at[1]) != NULL)
		return tell(e, s->at.line, s->at.column + 1,
		    "a space is missing after \"%.*s:\"", shown(word.len),
		    word.at);
	return tell(e, s->from.line, s->from.column,
	    "a value with \":\" at its end needs quotes: \"%.*s:\"",
	    shown(word.len), word.at);
}

static const struct rule {
	const char *problem, *context; /* parts of libyaml's words */
	bool (*explain)(struct explain *e);
} rules[] = {
    {"", "", explain_conflict},
    {"tab character", "", explain_tab},
    {"cannot start any token", "", explain_start},
    {"expected alphabetic or numeric", "", explain_context_quotes},
    {"", "scanning a tag", explain_context_quotes},
    {"tag handle", "", explain_start},
    {"mapping values are not allowed", "", explain_second_colon},
    {"did not find expected key", "", explain_no_key},
    {"expected '-' indicator", "", explain_no_item},
    {"did not find expected ',' or", "", explain_flow},
    {"expected node content", "", explain_no_value},
    {"could not find expected ':'", "", explain_no_colon},
    {"expected comment or line break", "block scalar", explain_context_quotes},
    {"end of stream", "quoted scalar", explain_open_quote},
    {"document indicator", "quoted scalar", explain_open_quote},
    {"", "quoted scalar", explain_escape},
    {"block sequence entries", "", explain_item},
    {"expected <document start>", "", explain_second_start},
    {"directive", "", explain_directive},
    {"incompatible YAML", "", explain_directive},
    {"", "scanning a directive", explain_directive},
    {"", "%YAML directive", explain_directive},
    {"found unexpected ':'", "", explain_colon_within},
};

void
syntax_explain(
    const struct syntax *s, struct syntax_place *place, struct error *message)
{
	struct explain e = {s, place, message};

	for (size_t i = 0; i < sizeof(rules) / sizeof(*rules); i++)
		if (strstr(s->problem, rules[i].problem) != NULL &&
		    strstr(s->context, rules[i].context) != NULL &&
		    rules[i].explain(&e))
			return;
	tell(&e, s->at.line, s->at.column, "%s%s%s%s", s->problem,
	    *s->context ? " (" : "", s->context, *s->context ? ")" : "");
}
