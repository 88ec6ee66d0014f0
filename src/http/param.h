/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The path and the parameters of a request target, decoded strictly: what is
 * no text (NUL, control characters, other than UTF-8) is refused, so that no
 * reader sees less of a value than another.  Pure; any one thread.
 */
#ifndef HTTP_PARAM_H
#define HTTP_PARAM_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/error.h"

struct http_param {
	const char *key, *value;
};

struct http_params {
	VEC(struct http_param) list;
	char *text; /* what they point into */
};

/* Decodes %XX in place; err names what. */
bool http_decode(char *text, const char *what, struct error *err);

/* "a=1&b=2", with "+" for a blank (as HTML forms write it); NULL is none.  The
 * caller calls fini in any case. */
bool http_params_parse(
    struct http_params *p, const char *query, struct error *err);
void http_params_fini(struct http_params *p);

#endif
