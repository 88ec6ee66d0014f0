/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/response.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

enum {
	SWITCHING = 101,
	NO_CONTENT = 204,
	NOT_MODIFIED = 304,
	SIZE_DIGITS = 16,
	/* Chunks of one octet have six octets around it. */
	OVERHEAD = 8
};

static enum response_result wrong(struct response_reader *r, const char *fmt,
    ...) __attribute__((format(printf, 2, 3)));

static enum response_result
wrong(struct response_reader *r, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(r->err.text, sizeof(r->err.text), fmt, ap);
	va_end(ap);
	return RESPONSE_WRONG;
}

void
response_begin(struct response_reader *r, bool is_head, size_t body_max,
    const char *wanted)
{
	response_fini(r);
	r->is_head = is_head;
	r->body_max = body_max;
	r->wanted = wanted;
}

void
response_fini(struct response_reader *r)
{
	vec_free(&r->body);
	memset(r, 0, sizeof(*r));
}

static bool
is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* The status line --------------------------------------------------------- */

/* RFC 9112 4: HTTP-version SP status-code SP [ reason-phrase ]; the second
 * blank is often left out with the phrase. */
static enum response_result
status_line(struct response_reader *r, const char *line, size_t len)
{
	static const char version[] = "HTTP/1.";
	const size_t at = sizeof(version) + 1; /* of the code */

	if (len < at + 3 || memcmp(line, version, sizeof(version) - 1) != 0 ||
	    !is_digit(line[at - 2]) || line[at - 1] != ' ')
		return wrong(r, "no HTTP/1.1 status line");
	if (!is_digit(line[at]) || !is_digit(line[at + 1]) ||
	    !is_digit(line[at + 2]) || line[at] == '0' ||
	    (len > at + 3 && line[at + 3] != ' '))
		return wrong(
		    r, "a status that is not three digits (RFC 9112 4)");
	r->status = (unsigned)(line[at] - '0') * 100 +
	    (unsigned)(line[at + 1] - '0') * 10 +
	    (unsigned)(line[at + 2] - '0');
	if (r->status == SWITCHING)
		return wrong(
		    r, "status 101, although no upgrade was requested");
	r->is_old = line[at - 2] == '0';
	r->keeps = !r->is_old;
	r->has_length = r->has_coding = r->is_chunked = false;
	r->value[0] = '\0';
	r->part = RESPONSE_FIELDS;
	return RESPONSE_MORE;
}

/* Fields ------------------------------------------------------------------ */

/* The next item of a list (RFC 9110 5.6.1), without blanks; false: none. */
static bool
item_next(const char **list, size_t *left, const char **item, size_t *len)
{
	while (*left > 0) {
		const char *comma = memchr(*list, ',', *left);
		size_t n = comma != NULL ? (size_t)(comma - *list) : *left;

		*item = *list;
		*len = n;
		*list += n + (comma != NULL);
		*left -= n + (comma != NULL);
		for (; *len > 0 && (**item == ' ' || **item == '\t'); (*len)--)
			(*item)++;
		while (*len > 0 &&
		    ((*item)[*len - 1] == ' ' || (*item)[*len - 1] == '\t'))
			(*len)--;
		if (*len > 0)
			return true;
	}
	return false;
}

static bool
is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* RFC 9112 6.3: the same number again says nothing new, another one is an
 * unrecoverable error. */
static enum response_result
length_field(struct response_reader *r, const char *value, size_t len)
{
	const char *item;
	size_t n;

	if (len == 0)
		return wrong(r, "a Content-Length without a number");
	while (item_next(&value, &len, &item, &n)) {
		uint64_t length = 0;

		for (size_t i = 0; i < n; i++) {
			if (!is_digit(item[i]) || i == SIZE_DIGITS)
				return wrong(
				    r, "a Content-Length that is not a number");
			length = length * 10 + (uint64_t)(item[i] - '0');
		}
		if (r->has_length && length != r->left)
			return wrong(r, "conflicting Content-Lengths");
		r->has_length = true;
		r->left = length;
	}
	return RESPONSE_MORE;
}

/* RFC 9112 6.1: chunked is the last coding. */
static enum response_result
coding_field(struct response_reader *r, const char *value, size_t len)
{
	const char *item;
	size_t n;

	r->has_coding = true;
	while (item_next(&value, &len, &item, &n)) {
		if (r->is_chunked)
			return wrong(r, "a Transfer-Encoding after chunked");
		r->is_chunked = is_word(item, n, "chunked");
	}
	return RESPONSE_MORE;
}

static enum response_result
connection_field(struct response_reader *r, const char *value, size_t len)
{
	const char *item;
	size_t n;

	while (item_next(&value, &len, &item, &n)) {
		if (is_word(item, n, "close"))
			r->keeps = false;
		else if (is_word(item, n, "keep-alive") && r->is_old)
			r->keeps = true;
	}
	return RESPONSE_MORE;
}

static enum response_result
field(struct response_reader *r, const char *line, size_t len)
{
	static const struct {
		const char *name;
		enum response_result (*read)(
		    struct response_reader *r, const char *value, size_t len);
	} fields[] = {
	    {"content-length", length_field},
	    {"transfer-encoding", coding_field},
	    {"connection", connection_field},
	};
	const char *colon = memchr(line, ':', len), *value;
	size_t name_len;

	if (*line == ' ' || *line == '\t') /* RFC 9112 5.2: folded */
		return RESPONSE_MORE;
	if (colon == NULL || colon == line)
		return wrong(r, "a header field without a name and a colon");
	name_len = (size_t)(colon - line);
	while (name_len > 0 &&
	    (line[name_len - 1] == ' ' || line[name_len - 1] == '\t'))
		name_len--;
	value = colon + 1;
	len -= (size_t)(value - line);
	for (; len > 0 && (*value == ' ' || *value == '\t'); len--)
		value++;
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	if (r->wanted != NULL && is_word(line, name_len, r->wanted) &&
	    len < sizeof(r->value)) {
		memcpy(r->value, value, len);
		r->value[len] = '\0';
	}
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_word(line, name_len, fields[i].name))
			return fields[i].read(r, value, len);
	return RESPONSE_MORE;
}

/* RFC 9112 6.3: what says how long the body is, in this order. */
static enum response_result
head_ends(struct response_reader *r)
{
	if (r->status < 200) { /* RFC 9110 15.2: the final reply follows */
		r->part = RESPONSE_STATUS_LINE;
		return RESPONSE_MORE;
	}
	if (r->is_head || r->status == NO_CONTENT || r->status == NOT_MODIFIED)
		return RESPONSE_DONE;
	/* RFC 9112 6.1: with HTTP/1.0, or a length beside it, the connection
	 * ends. */
	if (r->has_coding && (r->is_old || r->has_length))
		r->keeps = false;
	if (r->is_chunked) {
		r->part = RESPONSE_CHUNK_SIZE;
		return RESPONSE_MORE;
	}
	r->part = RESPONSE_BODY;
	r->to_the_end = r->has_coding || !r->has_length;
	if (r->to_the_end)
		r->keeps = false;
	else if (r->left == 0)
		return RESPONSE_DONE;
	return RESPONSE_MORE;
}

/* Chunks ------------------------------------------------------------------ */

static int
hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* RFC 9112 7.1: digits, then extensions, which are ignored (7.1.1). */
static enum response_result
chunk_size(struct response_reader *r, const char *line, size_t len)
{
	size_t i = 0;

	r->left = 0;
	for (; i < len && hex_value(line[i]) >= 0; i++) {
		if (r->left >> (64 - 8) != 0)
			return wrong(r, "a chunk size that is too large");
		r->left = r->left << 4 | (uint64_t)hex_value(line[i]);
	}
	if (i == 0)
		return wrong(r, "a chunk without its size");
	while (i < len && (line[i] == ' ' || line[i] == '\t'))
		i++;
	if (i < len && line[i] != ';')
		return wrong(r, "a chunk size that is not a number");
	r->part = r->left > 0 ? RESPONSE_CHUNK : RESPONSE_TRAILERS;
	return RESPONSE_MORE;
}

static enum response_result
take_line(struct response_reader *r, const char *line, size_t len)
{
	switch (r->part) {
	case RESPONSE_STATUS_LINE:
		return status_line(r, line, len);
	case RESPONSE_FIELDS:
		return len == 0 ? head_ends(r) : field(r, line, len);
	case RESPONSE_CHUNK_SIZE:
		return chunk_size(r, line, len);
	case RESPONSE_CHUNK_END:
		r->part = RESPONSE_CHUNK_SIZE;
		return len == 0 ? RESPONSE_MORE
				: wrong(r, "a chunk longer than its size");
	default: /* RESPONSE_TRAILERS: whatever they are */
		return len == 0 ? RESPONSE_DONE : RESPONSE_MORE;
	}
}

static enum response_result
too_long(struct response_reader *r, const char *what, size_t octets)
{
	error_set(&r->err, "%s more than %zu octets", what, octets);
	return RESPONSE_TOO_LONG;
}

enum { LINE_MAX_READ = 2 * RESPONSE_LINE_MAX };

/* All octets that are no body, or those of a line. */
static enum response_result
head_too_long(struct response_reader *r, size_t line)
{
	if (r->part == RESPONSE_STATUS_LINE || r->part == RESPONSE_FIELDS)
		return too_long(r, "the header has", RESPONSE_HEAD_MAX);
	if (line > LINE_MAX_READ)
		return too_long(
		    r, "a line around the chunks has", LINE_MAX_READ);
	return too_long(r, "the framing around the chunks has",
	    RESPONSE_HEAD_MAX + OVERHEAD * r->body_max);
}

static bool
is_within(const struct response_reader *r, size_t more)
{
	size_t most =
	    r->part == RESPONSE_STATUS_LINE || r->part == RESPONSE_FIELDS
	    ? RESPONSE_HEAD_MAX
	    : RESPONSE_HEAD_MAX + OVERHEAD * r->body_max;

	return more <= LINE_MAX_READ && r->octets + more <= most;
}

/* One line, if it is there; RFC 9112 2.2: a line feed alone ends it, too. */
static enum response_result
feed_line(struct response_reader *r, const char *data, size_t len, size_t *used)
{
	const char *end = len > r->scanned
	    ? memchr(data + r->scanned, '\n', len - r->scanned)
	    : NULL;
	size_t n = end != NULL ? (size_t)(end - data) : len;

	*used = 0;
	if (!is_within(r, n))
		return head_too_long(r, n);
	r->scanned = end != NULL ? 0 : len;
	if (end == NULL)
		return RESPONSE_MORE;
	*used = n + 1;
	r->octets += n + 1;
	n -= n > 0 && data[n - 1] == '\r';
	for (size_t i = 0; i < n; i++)
		if (data[i] == '\0' || data[i] == '\r')
			return wrong(r, "NUL, or a carriage return, in a line");
	return take_line(r, data, n);
}

static enum response_result
feed_body(struct response_reader *r, const char *data, size_t len, size_t *used)
{
	size_t n = len;

	if (!r->to_the_end && n > r->left)
		n = (size_t)r->left;
	if (n > r->body_max - r->body.n)
		return too_long(r, "the body has", r->body_max);
	vec_reserve(&r->body, r->body.n + n);
	if (n > 0)
		memcpy(r->body.at + r->body.n, data, n);
	r->body.n += n;
	*used = n;
	if (r->to_the_end)
		return RESPONSE_MORE;
	r->left -= n;
	if (r->left > 0)
		return RESPONSE_MORE;
	if (r->part == RESPONSE_BODY)
		return RESPONSE_DONE;
	r->part = RESPONSE_CHUNK_END;
	return RESPONSE_MORE;
}

enum response_result
response_feed(
    struct response_reader *r, const char *data, size_t len, size_t *used)
{
	enum response_result result = RESPONSE_MORE;
	size_t n = 1;

	for (*used = 0; result == RESPONSE_MORE && n > 0 && *used < len;
	     *used += n)
		result = r->part == RESPONSE_BODY || r->part == RESPONSE_CHUNK
		    ? feed_body(r, data + *used, len - *used, &n)
		    : feed_line(r, data + *used, len - *used, &n);
	return result;
}

enum response_result
response_end(struct response_reader *r)
{
	return r->part == RESPONSE_BODY && r->to_the_end
	    ? RESPONSE_DONE
	    : wrong(r, "closed before the reply ended");
}
