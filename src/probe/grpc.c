/* SPDX-License-Identifier: BSD-3-Clause */
#include "probe/grpc.h"

#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/arena.h"
#include "base/clock.h"
#include "probe/http.h"
#include "probe/serving.h"
#include "probe/tls.h"
#include "probe/transfer.h"

enum {
	HTTP_OK = 200,
	BODY_MAX = SERVING_MESSAGE_MAX + 5,
	REQUEST_MAX = 512, /* a service has at most 255 octets */
	NO_CODE = -1,
};

static const char path[] = "/grpc.health.v1.Health/Check";
static const char content_type[] = "application/grpc";
static const char not_http2[] = "the reply is not HTTP/2";
static const char closed[] = "closed before the reply ended";
static const char no_reply[] = "closed without a reply in HTTP/2";
static const char header[] = "header", body[] = "body";

struct call {
	CURL *curl; /* NULL: none */
	struct curl_slist *headers, *connect_to;
	struct tls tls;
	int no_socket; /* errno; 0: there is one */
	char error[CURL_ERROR_SIZE];
	/* The reply. */
	long code; /* grpc-status */
	char said[80];
	bool is_grpc;
	const char *too_long; /* "body"; NULL: nothing */
	size_t header_len, len;
	uint8_t body[BODY_MAX];
};

static void
call_end(struct call *c)
{
	if (c->curl != NULL)
		curl_easy_cleanup(c->curl);
	curl_slist_free_all(c->headers);
	curl_slist_free_all(c->connect_to);
	c->curl = NULL;
	c->headers = c->connect_to = NULL;
}

/* What came of it --------------------------------------------------------- */

struct outcome {
	bool ok;
	int error; /* errno, which says all; 0: what follows */
	const char *reason;
	char text[160];
};

static bool judge(struct outcome *o, const char *reason, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* True when all is well. */
static bool
judge(struct outcome *o, const char *reason, const char *fmt, ...)
{
	va_list ap;

	o->ok = strcmp(reason, "ok") == 0;
	o->reason = reason;
	va_start(ap, fmt);
	vsnprintf(o->text, sizeof(o->text), fmt, ap);
	va_end(ap);
	return o->ok;
}

static bool
judge_http(const struct call *c, struct outcome *o)
{
	long status = 0, version = 0;

	curl_easy_getinfo(c->curl, CURLINFO_HTTP_VERSION, &version);
	curl_easy_getinfo(c->curl, CURLINFO_RESPONSE_CODE, &status);
	if (version != CURL_HTTP_VERSION_2_0)
		return judge(o, "protocol", not_http2);
	if (status != HTTP_OK)
		return judge(o, "status", "status %ld, not 200", status);
	if (!c->is_grpc || c->code == NO_CODE)
		return judge(o, "protocol", "the reply is not gRPC: no %s",
		    c->is_grpc ? "grpc-status" : content_type);
	return true;
}

static bool
judge_reply(const struct probe *p, struct outcome *o)
{
	const struct call *c = p->state;
	char left[TLS_LEFT_MAX];
	const char *status;

	if (!judge_http(c, o))
		return false;
	if (c->code != 0)
		return judge(o, "status", "grpc-status %ld, %s%s%s", c->code,
		    serving_code_name(c->code), *c->said ? ": " : "", c->said);
	status = serving_read_reply(c->body, c->len);
	if (status == NULL)
		return judge(
		    o, "protocol", "the reply is no HealthCheckResponse");
	if (status != serving_yes)
		return judge(o, "status", "%s", status);
	return judge(o, "ok", "%s in %.1f ms%s", status,
	    (double)(clock_mono_us() - p->started_us) / 1000,
	    tls_left(left, p->watch));
}

/* OpenSSL's own words are the last part of libcurl's. */
static const char *
tls_words(const char *error)
{
	const char *next;

	while ((next = strstr(error, "::")) != NULL)
		error = next + 2;
	return error;
}

/* What libcurl says of a connection that was made. */
static void
judge_broken(const struct call *c, CURLcode code, struct outcome *o)
{
	static const struct {
		CURLcode code;
		const char *reason, *text; /* NULL: libcurl's */
	} rows[] = {
	    {CURLE_HTTP2, "protocol", not_http2},
	    {CURLE_WEIRD_SERVER_REPLY, "protocol", not_http2},
	    {CURLE_UNSUPPORTED_PROTOCOL, "protocol", not_http2},
	    {CURLE_HTTP2_STREAM, "reset", NULL},
	    {CURLE_GOT_NOTHING, "reset", no_reply},
	    {CURLE_PARTIAL_FILE, "reset", closed},
	    {CURLE_RECV_ERROR, "reset", closed},
	    {CURLE_SEND_ERROR, "reset", closed},
	};
	const char *reason = "error", *text = NULL;

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		if (rows[i].code == code) {
			reason = rows[i].reason;
			text = rows[i].text;
		}
	}
	if (text == NULL)
		text = *c->error ? c->error : curl_easy_strerror(code);
	judge(o, reason, "%s", text);
}

static void
judge_failure(const struct call *c, CURLcode code, struct outcome *o)
{
	long error = 0;

	curl_easy_getinfo(c->curl, CURLINFO_OS_ERRNO, &error);
	if (code == CURLE_OUT_OF_MEMORY)
		o->error = ENOMEM;
	else if (c->no_socket != 0)
		o->error = c->no_socket;
	else if (code == CURLE_COULDNT_CONNECT && error != 0)
		o->error = (int)error;
	else if (c->tls.wrong[0] != '\0')
		judge(o, "tls", "TLS: %s", c->tls.wrong);
	else if (code == CURLE_SSL_CONNECT_ERROR)
		judge(o, "tls", "TLS: %s", tls_words(c->error));
	else if (c->too_long != NULL)
		judge(o, "too_long", "the %s has more than %d octets",
		    c->too_long,
		    c->too_long == body ? BODY_MAX : HTTP_HEADERS_MAX);
	else
		judge_broken(c, code, o);
}

static void
call_done(void *arg, CURLcode code)
{
	struct outcome o = {.ok = false};
	struct probe *p = arg;

	if (code == CURLE_OK)
		judge_reply(p, &o);
	else
		judge_failure(p->state, code, &o);
	call_end(p->state);
	if (o.error != 0)
		probe_failed(p, o.error);
	else
		probe_done(p, o.ok, o.reason, "%s", o.text);
}

/* What comes -------------------------------------------------------------- */

/* "name: value\\r\\n" to value; NULL: it is another's. */
static const char *
value_of(const char *line, size_t len, const char *name, size_t *value_len)
{
	size_t n = strlen(name);

	if (len <= n || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	for (n++; n < len && line[n] == ' ';)
		n++;
	while (len > n && isspace((unsigned char)line[len - 1]))
		len--;
	*value_len = len - n;
	return line + n;
}

static long
parse_code(const char *s, size_t len)
{
	long code = 0;

	for (size_t i = 0; i < len; i++) {
		if (!isdigit((unsigned char)s[i]) || i == 4)
			return NO_CODE;
		code = 10 * code + (s[i] - '0');
	}
	return len > 0 ? code : NO_CODE;
}

/* Also as application/grpc+proto. */
static bool
type_is_grpc(const char *s, size_t len)
{
	size_t n = sizeof(content_type) - 1;

	return len >= n && strncasecmp(s, content_type, n) == 0 &&
	    (len == n || s[n] == '+' || s[n] == ';');
}

/* A line of the header, or of what follows the body (trailers). */
static size_t
call_header(char *line, size_t size, size_t n, void *arg)
{
	struct call *c = arg;
	size_t len;
	const char *value;

	c->header_len += size * n;
	if (c->header_len > HTTP_HEADERS_MAX) {
		c->too_long = header;
		return 0;
	}
	if ((value = value_of(line, n, "content-type", &len)) != NULL)
		c->is_grpc = type_is_grpc(value, len);
	else if ((value = value_of(line, n, "grpc-status", &len)) != NULL)
		c->code = parse_code(value, len);
	else if ((value = value_of(line, n, "grpc-message", &len)) != NULL)
		serving_format_message(c->said, sizeof(c->said), value, len);
	return size * n;
}

static size_t
call_body(char *data, size_t size, size_t n, void *arg)
{
	struct call *c = arg;

	if (size * n > sizeof(c->body) - c->len) {
		c->too_long = body;
		return 0;
	}
	memcpy(c->body + c->len, data, size * n);
	c->len += size * n;
	return size * n;
}

/* The request ------------------------------------------------------------- */

static curl_socket_t
call_socket(void *arg, curlsocktype purpose, struct curl_sockaddr *a)
{
	struct call *c = arg;
	int fd = socket(a->family, a->socktype | SOCK_CLOEXEC, a->protocol);

	(void)purpose;
	if (fd < 0)
		c->no_socket = errno;
	return fd < 0 ? CURL_SOCKET_BAD : fd;
}

static CURLcode
call_context(CURL *curl, void *context, void *arg)
{
	struct probe *p = arg;
	struct call *c = p->state;

	(void)curl;
	tls_adopt(&c->tls, probe_tls(p), p->watch, context);
	return CURLE_OK;
}

/* The URL's name is that in TLS; where to connect is said apart, so that
 * nothing is looked up. */
static void
set_address(struct call *c, const struct watch *w)
{
	const struct conf_monitor *m = w->monitor;
	char text[HTTP_HOST_MAX + 64], name[HTTP_HOST_MAX];
	char address[ADDR_TEXT_MAX];
	struct addr a;

	addr_format(address, &w->addr);
	if (m->tls)
		tls_name(name, sizeof(name), w);
	else
		snprintf(name, sizeof(name), "%s", address);
	snprintf(text, sizeof(text),
	    addr_parse(name, &a) && a.family == 6 ? "%s://[%s]%s" : "%s://%s%s",
	    m->tls ? "https" : "http", name, path);
	curl_easy_setopt(c->curl, CURLOPT_URL, text);
	curl_easy_setopt(c->curl, CURLOPT_PORT, (long)m->port);
	snprintf(text, sizeof(text),
	    w->addr.family == 6 ? "::[%s]:%u" : "::%s:%u", address, m->port);
	c->connect_to = curl_slist_append(NULL, text);
	curl_easy_setopt(c->curl, CURLOPT_CONNECT_TO, c->connect_to);
}

static void
add_header(struct call *c, const char *name, const char *value)
{
	char line[HTTP_HOST_MAX + 32];
	struct curl_slist *more;

	snprintf(line, sizeof(line), "%s: %s", name, value);
	more = curl_slist_append(c->headers, line);
	if (more == NULL)
		abort();
	c->headers = more;
}

static void
set_headers(struct call *c, const struct watch *w)
{
	char host[HTTP_HOST_MAX], timeout[16];

	snprintf(timeout, sizeof(timeout), "%um", w->monitor->timeout_ms);
	add_header(c, "Host", http_host(host, w, 0));
	add_header(c, "Content-Type", content_type);
	add_header(c, "TE", "trailers");
	add_header(c, "grpc-timeout", timeout);
	add_header(c, "User-Agent", "meridian-probe");
	curl_easy_setopt(c->curl, CURLOPT_HTTPHEADER, c->headers);
}

static void
set_request(struct call *c, const struct conf_monitor *m)
{
	uint8_t message[REQUEST_MAX];
	struct wire w;

	wire_init(&w, message, sizeof(message));
	serving_put_request(&w, m->service != NULL ? m->service : "");
	curl_easy_setopt(c->curl, CURLOPT_POSTFIELDSIZE, (long)w.len);
	curl_easy_setopt(c->curl, CURLOPT_COPYPOSTFIELDS, message);
}

static void
set_replies(struct call *c)
{
	curl_easy_setopt(c->curl, CURLOPT_ERRORBUFFER, c->error);
	curl_easy_setopt(c->curl, CURLOPT_HEADERFUNCTION, call_header);
	curl_easy_setopt(c->curl, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(c->curl, CURLOPT_WRITEFUNCTION, call_body);
	curl_easy_setopt(c->curl, CURLOPT_WRITEDATA, c);
}

/* A connection of its own, to nobody else. */
static void
set_connection(struct call *c)
{
	curl_easy_setopt(c->curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(c->curl, CURLOPT_PROXY, "");
	curl_easy_setopt(c->curl, CURLOPT_HTTP_VERSION,
	    (long)CURL_HTTP_VERSION_2_PRIOR_KNOWLEDGE);
	curl_easy_setopt(c->curl, CURLOPT_FRESH_CONNECT, 1L);
	curl_easy_setopt(c->curl, CURLOPT_FORBID_REUSE, 1L);
	curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETFUNCTION, call_socket);
	curl_easy_setopt(c->curl, CURLOPT_OPENSOCKETDATA, c);
}

/* probe/tls verifies within the handshake, as for https; libcurl needs not
 * load the system's authorities for it.  False: libcurl cannot be told so. */
static bool
set_tls(struct probe *p)
{
	struct call *c = p->state;

	curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYPEER, 0L);
	curl_easy_setopt(c->curl, CURLOPT_SSL_VERIFYHOST, 0L);
	curl_easy_setopt(c->curl, CURLOPT_SSL_SESSIONID_CACHE, 0L);
	return curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_FUNCTION,
		   call_context) == CURLE_OK &&
	    curl_easy_setopt(c->curl, CURLOPT_SSL_CTX_DATA, p) == CURLE_OK;
}

static void *
hub_make(struct probe *p)
{
	return transfers_new(probe_base(p), call_done);
}

static void
hub_end(void *shared)
{
	transfers_free(shared);
}

static void
grpc_abort(struct probe *p)
{
	struct call *c = p->state;

	transfer_stop(probe_shared(p, hub_make, hub_end), c->curl);
	call_end(c);
}

static void
grpc_start(struct probe *p)
{
	struct transfers *transfers = probe_shared(p, hub_make, hub_end);
	const struct conf_monitor *m = p->watch->monitor;
	struct call *c = p->state;

	if (c == NULL)
		p->state = c = xcalloc(1, sizeof(*c));
	call_end(c);
	*c = (struct call){.curl = curl_easy_init(), .code = NO_CODE};
	if (c->curl == NULL) {
		probe_failed(p, ENOMEM);
		return;
	}
	curl_easy_setopt(c->curl, CURLOPT_PRIVATE, p);
	set_address(c, p->watch);
	set_headers(c, p->watch);
	set_request(c, m);
	set_replies(c);
	set_connection(c);
	if (m->tls && !set_tls(p))
		probe_pass(p, p->watch->idle, "libcurl has not OpenSSL");
	else if (!transfer_start(transfers, c->curl))
		probe_failed(p, ENOMEM);
}

static void
grpc_free(struct probe *p)
{
	struct call *c = p->state;

	if (c != NULL)
		call_end(c);
	free(c);
}

const struct probe_type grpc_probe_type = {grpc_start, grpc_abort, grpc_free};
