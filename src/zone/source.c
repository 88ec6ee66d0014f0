/* SPDX-License-Identifier: BSD-3-Clause */
#include "zone/source.h"

#include <assert.h>
#include <idn2.h>
#include <string.h>

enum { LINE_SHOWN = 120 };

bool
source_say_at(struct source *s, diag_fn *fn, unsigned line, unsigned column,
    const char *what)
{
	struct conf_mark mark = {s->path, line, column};

	if (!diag_has_source(s->loader->diag, s->path))
		diag_source(s->loader->diag, s->path, s->text);
	if (s->generated == NULL)
		return fn(s->loader->diag, &mark, "%s", what);
	mark.line = s->line;
	mark.column = 1;
	return fn(
	    s->loader->diag, &mark, "%s: %.*s", what, LINE_SHOWN, s->generated);
}

bool
source_complain(struct source *s, const struct lex *l)
{
	return source_say_at(
	    s, diag_error, l->error_line, l->error_column, l->error.text);
}

bool
source_wrong(struct source *s, struct lex *l, const struct lexeme *word,
    const char *what)
{
	lex_fail(l, word, "%s", what);
	return source_complain(s, l);
}

bool
source_wrong_record(struct source *s, const char *what)
{
	return source_say_at(s, diag_error, s->line, 1, what);
}

void
source_warn(struct source *s, const struct lexeme *word, const char *what)
{
	source_say_at(s, diag_warning, word->line, word->column, what);
}

/* Octets beyond ASCII are octets of the label (RFC 2181 11), and not what who
 * writes them in UTF-8 means (RFC 5890 2.3.2.1). */
void
source_warn_unicode(struct source *s, const struct lexeme *word)
{
	char text[DNS_NAME_MAX * 4], *ascii = NULL;
	struct error what;

	/* At most four characters stand for an octet of a name. */
	assert(word->len < sizeof(text));
	memcpy(text, word->at, word->len);
	text[word->len] = '\0';
	if (idn2_to_ascii_8z(text, &ascii, IDN2_NONTRANSITIONAL) == IDN2_OK)
		error_set(&what,
		    "octets beyond ASCII are taken literally: write the internationalized name as %s",
		    ascii);
	else
		error_set(&what, "octets beyond ASCII are taken literally");
	source_warn(s, word, what.text);
	idn2_free(ascii);
}
