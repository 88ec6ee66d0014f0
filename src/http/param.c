/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/param.h"

#include <ctype.h>
#include <jansson.h>
#include <stdint.h>
#include <string.h>

static int
hex_value(char c)
{
	static const char hex[] = "0123456789abcdef";
	const char *at =
	    c != '\0' ? strchr(hex, tolower((unsigned char)c)) : NULL;

	return at != NULL ? (int)(at - hex) : -1;
}

static bool
is_utf8(const char *text)
{
	json_t *string = json_string(text);

	json_decref(string);
	return string != NULL;
}

bool
http_decode(char *text, const char *what, struct error *err)
{
	char *to = text;

	for (const char *from = text; *from != '\0'; from++) {
		int c = (unsigned char)*from, high, low;

		if (c == '%') {
			high = hex_value(from[1]);
			low = high >= 0 ? hex_value(from[2]) : -1;
			if (low < 0)
				return error_set(err,
				    "%s: %% must be followed by two hexadecimal digits (%%25 is a %% itself)",
				    what);
			c = high * 16 + low;
			from += 2;
		}
		if (c < 0x20 || c == 0x7f)
			return error_set(err,
			    "%s: %%%02X is a control character, not allowed in a value",
			    what, (unsigned)c);
		*to++ = (char)c;
	}
	*to = '\0';
	if (!is_utf8(text))
		return error_set(err, "%s: not UTF-8", what);
	return true;
}

static void
plus_to_blank(char *text)
{
	for (; *text != '\0'; text++)
		if (*text == '+')
			*text = ' ';
}

static bool
take(struct http_params *p, char *pair, struct error *err)
{
	char *value = strchr(pair, '=');

	if (value == NULL || value == pair)
		return error_set(
		    err, "the parameters must be KEY=VALUE, joined by &");
	*value++ = '\0';
	plus_to_blank(pair);
	plus_to_blank(value);
	if (!http_decode(pair, "a parameter's name", err) ||
	    !http_decode(value, pair, err))
		return false;
	vec_push(&p->list, ((struct http_param){pair, value}));
	return true;
}

bool
http_params_parse(struct http_params *p, const char *query, struct error *err)
{
	char *pair, *next;

	memset(p, 0, sizeof(*p));
	if (query == NULL || *query == '\0')
		return true;
	p->text = xstrdup(query);
	for (pair = p->text; pair != NULL; pair = next) {
		next = strchr(pair, '&');
		if (next != NULL)
			*next++ = '\0';
		if (!take(p, pair, err))
			return false;
	}
	return true;
}

void
http_params_fini(struct http_params *p)
{
	vec_free(&p->list);
	free(p->text);
	p->text = NULL;
}
