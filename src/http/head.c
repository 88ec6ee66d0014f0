/* SPDX-License-Identifier: BSD-3-Clause */
#include "http/head.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/arena.h"
#include "http/host.h"

enum http_wrong {
	BAD_REQUEST = 400,
	TOO_LARGE = 413,
	TARGET_TOO_LONG = 414,
	NOT_EXPECTED = 417,
	HEAD_TOO_LARGE = 431,
	NOT_IMPLEMENTED = 501,
	NO_SUCH_VERSION = 505,
};

static const char digits[] = "0123456789";
static const char letters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

static bool wrong(struct http_head *h, int status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static bool
wrong(struct http_head *h, int status, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(h->err.text, sizeof(h->err.text), fmt, ap);
	va_end(ap);
	h->status = status;
	return false;
}

/* All of text is letters, digits and others. */
static bool
is_of(const char *text, size_t len, const char *others)
{
	for (size_t i = 0; i < len; i++)
		if (text[i] == '\0' ||
		    (strchr(letters, text[i]) == NULL &&
			strchr(digits, text[i]) == NULL &&
			strchr(others, text[i]) == NULL))
			return false;
	return true;
}

/* RFC 9110 5.6.2 */
static bool
is_token(const char *text, size_t len)
{
	return len > 0 && is_of(text, len, "!#$%&'*+-.^_`|~");
}

static bool
is_word(const char *text, size_t len, const char *word)
{
	return len == strlen(word) && strncasecmp(text, word, len) == 0;
}

/* The request line ------------------------------------------------------- */

/* RFC 9112 3.2.2: a server must accept the absolute form, whose authority
 * overrides Host. */
static bool
absolute_form(struct http_head *h, const char **target, size_t *len)
{
	static const char scheme[] = "http://";
	const size_t skip = sizeof(scheme) - 1;
	size_t n;

	if (*len < skip || strncasecmp(*target, scheme, skip) != 0)
		return wrong(h, BAD_REQUEST,
		    "the request target is neither a path nor an http URI");
	*target += skip;
	*len -= skip;
	for (n = 0; n < *len; n++)
		if ((*target)[n] == '/' || (*target)[n] == '?')
			break;
	if (n == 0 || n >= sizeof(h->host))
		return wrong(h, BAD_REQUEST, "the request target has no host");
	memcpy(h->host, *target, n);
	h->host[n] = '\0';
	h->has_authority = true;
	*target += n;
	*len -= n;
	return true;
}

static bool
read_target(struct http_head *h, const char *target, size_t len)
{
	bool has_path;

	if (len > HTTP_TARGET_MAX)
		return wrong(h, TARGET_TOO_LONG,
		    "the request target is longer than %d octets",
		    HTTP_TARGET_MAX);
	/* RFC 3986 3.3, 3.4 */
	if (!is_of(target, len, "-._~%!$&'()*+,;=:@/?"))
		return wrong(h, BAD_REQUEST,
		    "the request target has a character that must be percent-encoded (RFC 3986)");
	if ((len == 0 || *target != '/') && !absolute_form(h, &target, &len))
		return false;
	has_path = len > 0 && *target == '/';
	h->target = xmalloc(len + 2);
	snprintf(h->target, len + 2, "%s%.*s", has_path ? "" : "/", (int)len,
	    target);
	return true;
}

static bool
read_method(struct http_head *h, const char *text, size_t len)
{
	static const struct {
		const char *name;
		enum http_method method;
	} methods[] = {
	    {"GET", HTTP_GET}, {"HEAD", HTTP_HEAD}, {"POST", HTTP_POST}};

	if (!is_token(text, len))
		return wrong(
		    h, BAD_REQUEST, "the request does not begin with a method");
	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
		if (len == strlen(methods[i].name) &&
		    memcmp(text, methods[i].name, len) == 0)
			h->method = methods[i].method;
	if (h->method == 0)
		return wrong(h, NOT_IMPLEMENTED,
		    "%.*s: method not supported by this server",
		    (int)(len < 32 ? len : 32), text);
	return true;
}

static bool
read_version(struct http_head *h, const char *text, size_t len)
{
	static const char name[] = "HTTP/";
	const size_t n = sizeof(name) - 1;

	/* RFC 9112 2.3: two digits, and case matters. */
	if (len != n + 3 || memcmp(text, name, n) != 0 || text[n + 1] != '.' ||
	    strspn(text + n, digits) != 1 || strspn(text + n + 2, digits) < 1)
		return wrong(h, BAD_REQUEST,
		    "the request line does not end with a version of HTTP");
	if (text[n] != '1')
		return wrong(h, NO_SUCH_VERSION,
		    "%.*s: this server speaks HTTP/1.1", (int)len, text);
	h->is_old = text[n + 2] == '0';
	return true;
}

/* RFC 9112 3: method SP request-target SP HTTP-version */
static bool
read_request_line(struct http_head *h, const char *line, size_t len)
{
	const char *first = memchr(line, ' ', len), *second;
	size_t rest;

	if (first == NULL)
		return wrong(h, BAD_REQUEST,
		    "the request line is not a method, a target and a version");
	rest = len - (size_t)(first + 1 - line);
	second = memchr(first + 1, ' ', rest);
	if (second == NULL)
		return wrong(h, BAD_REQUEST,
		    "the request line has no version (HTTP/0.9)");
	return read_method(h, line, (size_t)(first - line)) &&
	    read_version(h, second + 1, len - (size_t)(second + 1 - line)) &&
	    read_target(h, first + 1, (size_t)(second - first - 1));
}

/* Header fields ---------------------------------------------------------- */

static bool
read_host(struct http_head *h, const char *value, size_t len)
{
	if (h->has_host) /* RFC 9112 3.2 */
		return wrong(h, BAD_REQUEST, "Host: duplicate header field");
	h->has_host = true;
	if (len >= sizeof(h->host))
		return wrong(
		    h, BAD_REQUEST, "Host: neither a name nor an address");
	if (h->has_authority)
		return true;
	memcpy(h->host, value, len);
	h->host[len] = '\0';
	return true;
}

static bool
read_length(struct http_head *h, const char *value, size_t len)
{
	enum { LENGTH_DIGITS = 12 };

	/* RFC 9112 6.3: a list or a second one may be refused, and an invalid
	 * value must be. */
	if (h->has_length)
		return wrong(
		    h, BAD_REQUEST, "Content-Length: duplicate header field");
	h->has_length = true;
	if (len == 0)
		return wrong(h, BAD_REQUEST, "Content-Length: empty");
	for (size_t i = 0; i < len; i++) {
		if (value[i] < '0' || value[i] > '9')
			return wrong(h, BAD_REQUEST,
			    "Content-Length: not a decimal number");
		if (i >= LENGTH_DIGITS)
			return wrong(h, TOO_LARGE, "the body is too large");
		h->length = h->length * 10 + (size_t)(value[i] - '0');
	}
	return true;
}

static bool
read_coding(struct http_head *h, const char *value, size_t len)
{
	(void)value;
	(void)len;
	h->has_coding = true;
	return true;
}

/* RFC 9110 7.6.1, 5.6.1: a list of options */
static bool
read_connection(struct http_head *h, const char *value, size_t len)
{
	while (len > 0) {
		const char *comma = memchr(value, ',', len);
		size_t n = comma != NULL ? (size_t)(comma - value) : len;
		size_t skip = comma != NULL ? n + 1 : n;
		const char *word = value;

		for (; n > 0 && (*word == ' ' || *word == '\t'); word++)
			n--;
		while (n > 0 && (word[n - 1] == ' ' || word[n - 1] == '\t'))
			n--;
		if (n > 0 && !is_token(word, n))
			return wrong(h, BAD_REQUEST,
			    "Connection: not a list of options");
		h->close |= is_word(word, n, "close");
		h->keeps_alive |= is_word(word, n, "keep-alive");
		value += skip;
		len -= skip;
	}
	return true;
}

static bool
read_expect(struct http_head *h, const char *value, size_t len)
{
	if (!is_word(value, len, "100-continue"))
		return wrong(
		    h, NOT_EXPECTED, "Expect: only 100-continue is supported");
	h->expects_continue = !h->is_old; /* RFC 9110 10.1.1 */
	return true;
}

static bool
read_wanted(struct http_head *h, const char *value, size_t len)
{
	if (h->has_wanted)
		return wrong(
		    h, BAD_REQUEST, "%s: duplicate header field", h->wanted);
	h->has_wanted = true;
	if (len < sizeof(h->value))
		memcpy(h->value, value, len);
	return true;
}

static bool
read_value(struct http_head *h, const char *name, size_t name_len,
    const char *value, size_t len)
{
	static const struct {
		const char *name;
		bool (*read)(
		    struct http_head *h, const char *value, size_t len);
	} fields[] = {
	    {"host", read_host},
	    {"content-length", read_length},
	    {"transfer-encoding", read_coding},
	    {"connection", read_connection},
	    {"expect", read_expect},
	};

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++)
		if (is_word(name, name_len, fields[i].name))
			return fields[i].read(h, value, len);
	if (h->wanted != NULL && is_word(name, name_len, h->wanted))
		return read_wanted(h, value, len);
	return true;
}

static bool
read_field(struct http_head *h, const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len), *value;
	size_t name_len;

	/* RFC 9112 5.2, and 2.2 where it is the first. */
	if (*line == ' ' || *line == '\t')
		return wrong(
		    h, BAD_REQUEST, "a header field is folded over two lines");
	if (++h->fields > HTTP_FIELDS_MAX)
		return wrong(h, HEAD_TOO_LARGE,
		    "there are more than %d header fields", HTTP_FIELDS_MAX);
	if (colon == NULL)
		return wrong(h, BAD_REQUEST, "a header field has no colon");
	name_len = (size_t)(colon - line);
	if (name_len > 0 && (colon[-1] == ' ' || colon[-1] == '\t'))
		return wrong(h, BAD_REQUEST,
		    "a header field has whitespace before its colon (RFC 9112 5.1)");
	if (!is_token(line, name_len))
		return wrong(h, BAD_REQUEST, "a header field has no name");
	value = colon + 1;
	len -= name_len + 1;
	for (; len > 0 && (*value == ' ' || *value == '\t'); value++)
		len--;
	while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t'))
		len--;
	return read_value(h, line, name_len, value, len);
}

/* Lines ------------------------------------------------------------------ */

static bool
finish(struct http_head *h)
{
	if (h->is_old)
		h->close |= !h->keeps_alive; /* RFC 9112 9.3 */
	else if (!h->has_host)
		return wrong(h, BAD_REQUEST, "Host: missing (RFC 9112 3.2)");
	if (!http_host_is_valid(h->host))
		return wrong(
		    h, BAD_REQUEST, "Host: neither a name nor an address");
	/* RFC 9112 6.1: it could be a smuggled request. */
	if (h->has_coding && (h->has_length || h->is_old))
		return wrong(h, BAD_REQUEST,
		    "Transfer-Encoding: not allowed with %s",
		    h->is_old ? "HTTP/1.0" : "Content-Length");
	if (h->has_coding)
		return wrong(h, NOT_IMPLEMENTED,
		    "Transfer-Encoding: not supported, send a Content-Length");
	return true;
}

static bool
is_clean(struct http_head *h, const char *line, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)line[i];

		if (c == '\r')
			return wrong(h, BAD_REQUEST,
			    "a carriage return is not followed by a line feed (RFC 9112 2.2)");
		if ((c < 0x20 && c != '\t') || c == 0x7f)
			return wrong(h, BAD_REQUEST,
			    "the head has the control character 0x%02x", c);
	}
	return true;
}

/* One line, without its CRLF. */
static enum http_result
take_line(struct http_head *h, const char *line, size_t len)
{
	bool ok;

	if (!is_clean(h, line, len))
		return HTTP_WRONG;
	/* RFC 9112 2.2: one empty line before a request is ignored. */
	if (h->lines == 0 && len == 0 && !h->has_empty_line) {
		h->has_empty_line = true;
		return HTTP_MORE;
	}
	if (h->lines > 0 && len == 0)
		return finish(h) ? HTTP_DONE : HTTP_WRONG;
	ok = h->lines == 0 ? read_request_line(h, line, len)
			   : read_field(h, line, len);
	h->lines++;
	return ok ? HTTP_MORE : HTTP_WRONG;
}

static enum http_result
too_large(struct http_head *h)
{
	bool in_target = h->lines == 0;

	wrong(h, in_target ? TARGET_TOO_LONG : HEAD_TOO_LARGE,
	    "the head of the request is longer than %d octets", HTTP_HEAD_MAX);
	return HTTP_WRONG;
}

enum http_result
http_head_feed(struct http_head *h, const char *data, size_t len, size_t *used)
{
	enum http_result result = HTTP_MORE;

	*used = 0;
	while (result == HTTP_MORE) {
		const char *line = data + *used;
		size_t left = len - *used;
		const char *end = left > h->scanned
		    ? memchr(line + h->scanned, '\n', left - h->scanned)
		    : NULL;
		size_t n = end != NULL ? (size_t)(end - line) : left;

		if (h->octets + n >= HTTP_HEAD_MAX)
			return too_large(h);
		h->scanned = end != NULL ? 0 : left;
		if (end == NULL)
			return HTTP_MORE;
		if (n == 0 || line[n - 1] != '\r') {
			wrong(h, BAD_REQUEST,
			    "a line ends without a carriage return (RFC 9112 2.2)");
			return HTTP_WRONG;
		}
		h->octets += n + 1;
		*used += n + 1;
		result = take_line(h, line, n - 1);
	}
	return result;
}

void
http_head_fini(struct http_head *h)
{
	free(h->target);
	memset(h, 0, sizeof(*h));
}
