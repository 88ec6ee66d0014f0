/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The head of an HTTP/1.1 request, read strictly: what two readers could read
 * as two different requests is refused (RFC 9112).  Pure; any one thread.
 */
#ifndef HTTP_HEAD_H
#define HTTP_HEAD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/error.h"

enum {
	HTTP_HEAD_MAX = 16 << 10,  /* octets */
	HTTP_TARGET_MAX = 8 << 10, /* RFC 9112 3: at least 8000 */
	HTTP_FIELDS_MAX = 100,
	HTTP_HOST_MAX = 272, /* a name of 255 octets and a port */
	HTTP_VALUE_MAX = 128,
};

enum http_method { HTTP_GET = 1, HTTP_HEAD = 2, HTTP_POST = 4 };

enum http_result { HTTP_MORE, HTTP_DONE, HTTP_WRONG };

struct http_head {
	enum http_method method;
	char *target;               /* "/path?query", as it came */
	char host[HTTP_HOST_MAX];   /* "": none */
	size_t length;              /* of the body */
	const char *wanted;         /* a field that the caller wants, or NULL */
	char value[HTTP_VALUE_MAX]; /* its value; "": none, or too long */
	bool is_old;                /* HTTP/1.0 */
	bool close;                 /* the connection ends with the reply */
	bool expects_continue;      /* RFC 9110 10.1.1 */

	int status; /* HTTP_WRONG: that of the reply, and why */
	struct error err;

	/* While it is read. */
	size_t octets, scanned;
	unsigned lines, fields;
	bool has_empty_line, has_host, has_authority, has_length, has_coding;
	bool has_wanted, keeps_alive;
};

/* A zeroed head is ready, with wanted or without; fini makes it so again. */
void http_head_fini(struct http_head *h);

/*
 * Takes the lines that are complete, the first *used octets of data; the caller
 * removes these, and gives the rest again when there is more.  HTTP_DONE: what
 * follows is the body.  After HTTP_DONE and HTTP_WRONG it is not called again.
 */
enum http_result http_head_feed(
    struct http_head *h, const char *data, size_t len, size_t *used);

#endif
