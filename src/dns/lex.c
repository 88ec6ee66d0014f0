/* SPDX-License-Identifier: BSD-3-Clause */
#include "dns/lex.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "input/bom.h"

#define CONTROL "a control character: write it as \\%03u"

#define BYTE_ORDER_MARK \
	"a byte order mark (U+FEFF), which a zone file must not have (RFC " \
	"1035 5.1): save the file as UTF-8 without one"

/* What an octet outside of quotes is. */
enum octet_class {
	OCTET_PLAIN,
	OCTET_BLANK,
	OCTET_RETURN, /* a blank before a newline alone */
	OCTET_NEWLINE,
	OCTET_QUOTE,
	OCTET_OPEN,
	OCTET_CLOSE,
	OCTET_COMMENT,
	OCTET_ESCAPE,
	OCTET_CONTROL,
	OCTET_MARK /* begins a byte order mark, or another character */
};

static const unsigned char classes[256] = {
    [0 ... 0x08] = OCTET_CONTROL,
    [0x0b ... 0x0c] = OCTET_CONTROL,
    [0x0e ... 0x1f] = OCTET_CONTROL,
    [0x7f] = OCTET_CONTROL,
    [' '] = OCTET_BLANK,
    ['\t'] = OCTET_BLANK,
    ['\r'] = OCTET_RETURN,
    ['\n'] = OCTET_NEWLINE,
    ['"'] = OCTET_QUOTE,
    ['('] = OCTET_OPEN,
    [')'] = OCTET_CLOSE,
    [';'] = OCTET_COMMENT,
    ['\\'] = OCTET_ESCAPE,
    [0xef] = OCTET_MARK,
};

static enum octet_class
class_of(char c)
{
	return (enum octet_class)classes[(unsigned char)c];
}

void
lex_init(struct lex *l, const char *text, size_t len)
{
	*l = (struct lex){.at = text,
	    .end = text + len,
	    .line_at = text,
	    .line = 1,
	    .over = true};
}

static void
mark(const struct lex *l, struct lexeme *word)
{
	word->at = l->at;
	word->len = 0;
	word->line = l->line;
	word->column = (unsigned)(l->at - l->line_at) + 1;
	word->joined = false;
}

bool
lex_fail(struct lex *l, const struct lexeme *word, const char *fmt, ...)
{
	va_list ap;

	if (l->wrong)
		return false;
	va_start(ap, fmt);
	vsnprintf(l->error.text, sizeof(l->error.text), fmt, ap);
	va_end(ap);
	l->wrong = true;
	l->error_line = word->line;
	l->error_column = word->column;
	return false;
}

void
lex_prefix(struct lex *l, const char *fmt, ...)
{
	char prefix[sizeof(l->error.text)];
	va_list ap;

	if (l->broken)
		return;
	va_start(ap, fmt);
	vsnprintf(prefix, sizeof(prefix), fmt, ap);
	va_end(ap);
	error_prefix(&l->error, "%s", prefix);
}

/* A mistake where the reader is; the rest of the line is not read. */
static enum lex_kind
wrong_here(struct lex *l, struct lexeme *word, const char *what)
{
	mark(l, word);
	word->kind = LEX_WRONG;
	l->broken = !l->wrong;
	lex_fail(l, word, "%s", what);
	return LEX_WRONG;
}

static enum lex_kind
wrong_octet(struct lex *l, struct lexeme *word)
{
	mark(l, word);
	word->kind = LEX_WRONG;
	l->broken = !l->wrong;
	lex_fail(l, word, CONTROL, (unsigned char)*l->at);
	return LEX_WRONG;
}

/* The text ends within parentheses. */
static enum lex_kind
wrong_open(struct lex *l, struct lexeme *word)
{
	*word = l->open;
	word->kind = LEX_WRONG;
	l->broken = !l->wrong;
	lex_fail(l, word, "'(' without ')'");
	return LEX_WRONG;
}

/* Behind a backslash: the octet that it keeps.  False: there is none. */
static bool
escape_skip(struct lex *l)
{
	if (l->end - l->at < 2 || l->at[1] == '\n' || l->at[1] == '\0')
		return false;
	l->at += 2;
	return true;
}

static enum lex_kind
read_quoted(struct lex *l, struct lexeme *word)
{
	const char *open = l->at++;

	for (;;) {
		if (l->at == l->end || *l->at == '\n') {
			l->at = open;
			return wrong_here(
			    l, word, "a quote that is not closed on its line");
		}
		if (*l->at == '"')
			break;
		if (*l->at == '\0')
			return wrong_octet(l, word);
		if (*l->at != '\\')
			l->at++;
		else if (!escape_skip(l))
			return wrong_here(l, word,
			    "a backslash without a character after it");
	}
	word->kind = LEX_QUOTED;
	word->at = open + 1;
	word->len = (size_t)(l->at - word->at);
	l->at++;
	word->joined = l->at < l->end &&
	    (class_of(*l->at) == OCTET_PLAIN ||
		class_of(*l->at) == OCTET_ESCAPE || *l->at == '"');
	return LEX_QUOTED;
}

static enum lex_kind
read_word(struct lex *l, struct lexeme *word)
{
	for (;;) {
		while (l->at < l->end && class_of(*l->at) == OCTET_PLAIN)
			l->at++;
		if (l->at == l->end)
			break;
		if (class_of(*l->at) == OCTET_MARK) {
			if (bom_len(l->at, (size_t)(l->end - l->at)) > 0)
				return wrong_here(l, word, BYTE_ORDER_MARK);
			l->at++;
			continue;
		}
		if (*l->at != '\\')
			break;
		if (!escape_skip(l))
			return wrong_here(l, word,
			    "a backslash without a character after it");
	}
	word->kind = LEX_WORD;
	word->len = (size_t)(l->at - word->at);
	word->joined = l->at < l->end && *l->at == '"';
	return LEX_WORD;
}

static void
skip_comment(struct lex *l)
{
	const char *newline = memchr(l->at, '\n', (size_t)(l->end - l->at));

	l->at = newline != NULL ? newline : l->end;
}

static void
pass_newline(struct lex *l)
{
	l->line++;
	l->line_at = ++l->at;
}

/* A carriage return stands before a newline, or it is none. */
static bool
ends_line(const struct lex *l)
{
	return l->at + 1 == l->end || l->at[1] == '\n';
}

static enum lex_kind
end_entry(struct lex *l, struct lexeme *word)
{
	mark(l, word);
	word->kind = LEX_END;
	l->over = true;
	if (l->at < l->end)
		pass_newline(l);
	return LEX_END;
}

static enum lex_kind
scan(struct lex *l, struct lexeme *word)
{
	for (;;) {
		if (l->at == l->end)
			return l->depth == 0 ? end_entry(l, word)
					     : wrong_open(l, word);
		switch (class_of(*l->at)) {
		case OCTET_BLANK:
			l->at++;
			break;
		case OCTET_RETURN:
			if (!ends_line(l))
				return wrong_octet(l, word);
			l->at++;
			break;
		case OCTET_NEWLINE:
			if (l->depth == 0)
				return end_entry(l, word);
			pass_newline(l);
			break;
		case OCTET_COMMENT:
			skip_comment(l);
			break;
		case OCTET_OPEN:
			if (l->depth++ == 0)
				mark(l, &l->open);
			l->at++;
			break;
		case OCTET_CLOSE:
			if (l->depth == 0)
				return wrong_here(l, word, "')' without '('");
			l->depth--;
			l->at++;
			break;
		case OCTET_CONTROL:
			return wrong_octet(l, word);
		case OCTET_QUOTE:
			mark(l, word);
			return read_quoted(l, word);
		case OCTET_PLAIN:
		case OCTET_MARK:
		case OCTET_ESCAPE:
			mark(l, word);
			return read_word(l, word);
		}
	}
}

enum lex_kind
lex_next(struct lex *l, struct lexeme *word)
{
	if (l->holds) {
		*word = l->held;
		l->holds = false;
		return word->kind;
	}
	if (l->over) {
		mark(l, word);
		return word->kind = LEX_END;
	}
	return scan(l, word);
}

const struct lexeme *
lex_peek(struct lex *l)
{
	if (!l->holds) {
		lex_next(l, &l->held);
		l->holds = true;
	}
	return &l->held;
}

/* What is left of an entry; behind a mistake of the text itself the next line
 * is the next entry. */
static void
skip_entry(struct lex *l)
{
	struct lexeme word;
	enum lex_kind kind;

	l->holds = false;
	while (!l->over) {
		kind = scan(l, &word);
		if (kind != LEX_WRONG)
			continue;
		skip_comment(l);
		l->depth = 0;
		end_entry(l, &word);
	}
}

bool
lex_begin(struct lex *l, bool *blank)
{
	skip_entry(l);
	l->wrong = l->broken = false;
	while (l->at < l->end) {
		*blank = class_of(*l->at) == OCTET_BLANK;
		while (l->at < l->end &&
		    (class_of(*l->at) == OCTET_BLANK ||
			(*l->at == '\r' && ends_line(l))))
			l->at++;
		if (l->at < l->end && *l->at == ';')
			skip_comment(l);
		if (l->at == l->end)
			break;
		if (*l->at != '\n') {
			l->over = false;
			return true;
		}
		pass_newline(l);
	}
	return false;
}

bool
lex_is(const struct lexeme *word, const char *text)
{
	return (*word->at ^ *text) % 32 == 0 && word->len == strlen(text) &&
	    strncasecmp(word->at, text, word->len) == 0;
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool
lex_octet(const char **p, const char *end, unsigned char *octet)
{
	const char *at = *p;
	unsigned v;

	if (*at != '\\') {
		*octet = (unsigned char)*at;
		*p = at + 1;
		return true;
	}
	if (end - at < 2)
		return false;
	if (!is_digit(at[1])) {
		*octet = (unsigned char)at[1];
		*p = at + 2;
		return true;
	}
	if (end - at < 4 || !is_digit(at[2]) || !is_digit(at[3]))
		return false;
	v = (unsigned)(at[1] - '0') * 100 + (unsigned)(at[2] - '0') * 10 +
	    (unsigned)(at[3] - '0');
	*octet = (unsigned char)v;
	*p = at + 4;
	return v <= 255;
}
