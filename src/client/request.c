/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/number.h"
#include "base/user.h"
#include "client/wait.h"
#include "config.h"

enum { CONNECT_TIMEOUT_S = 5, REPLY_TIMEOUT_S = 120, TRIES = 3 };

int
fail(int code, const char *fmt, ...)
{
	va_list ap;

	fputs("meridianctl: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	return code;
}

int
fail_text(int code, const char *text)
{
	size_t len = strlen(text);

	if (len == 0 || text[len - 1] != '\n')
		return fail(code, "%s", text);
	fputs(text, stderr);
	return code;
}

static size_t
reply_collect(char *data, size_t size, size_t n, void *arg)
{
	struct reply *r = arg;

	vec_reserve(&r->text, r->text.n + size * n + 1);
	memcpy(r->text.at + r->text.n, data, size * n);
	r->text.n += size * n;
	r->text.at[r->text.n] = '\0';
	return size * n;
}

static const char *
socket_path(const struct arguments *a)
{
	const char *env = getenv("MERIDIAN_SOCKET");

	if (a->socket != NULL)
		return a->socket;
	return env != NULL && *env != '\0' ? env : MERIDIAN_SOCKET;
}

bool
request_has_socket(const struct arguments *a)
{
	return access(socket_path(a), F_OK) == 0;
}

/* The connection ------------------------------------------------------- */

/* libcurl does not say why it is not connected: errno of another try, or 0.  A
 * connection that waits to be accepted waits in connect(2). */
static int
find_why(const char *path)
{
	const struct timeval limit = {.tv_sec = CONNECT_TIMEOUT_S};
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd, error = 0;

	if (strlen(path) >= sizeof(sun.sun_path))
		return ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit)) !=
		0 ||
	    connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) != 0)
		error = errno;
	fd_close(&fd);
	return error;
}

static void outcome_set(struct outcome *o, int code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

static void
outcome_set(struct outcome *o, int code, const char *fmt, ...)
{
	va_list ap;

	o->code = code;
	va_start(ap, fmt);
	vsnprintf(o->why, sizeof(o->why), fmt, ap);
	va_end(ap);
}

static void
not_connected(struct outcome *o, const char *path, int error)
{
	if (error == EACCES || error == EPERM) {
		outcome_set(o, EXIT_WRONG,
		    "%s: %s: the control socket is for its owner and group "
		    "(server.control_read is for everyone)",
		    path, strerror(error));
	} else if (error == EAGAIN) {
		outcome_set(o, EXIT_WRONG,
		    "%s: busy: the daemon accepts no connection: try again",
		    path);
	} else if (error == ENOENT || error == ECONNREFUSED) {
		o->is_away = true;
		outcome_set(
		    o, EXIT_NO_DAEMON, "%s: no daemon listens there", path);
	} else if (error == 0) {
		o->may_again = true;
		outcome_set(o, EXIT_WRONG,
		    "%s: busy: the daemon accepts connections slowly: try again",
		    path);
	} else {
		outcome_set(o, EXIT_NO_DAEMON, "%s: %s", path, strerror(error));
	}
}

/* Who has become root by sudo is named, if that is a name. */
static struct curl_slist *
add_behalf(struct curl_slist *headers)
{
	const char *name = getenv("SUDO_USER");
	char header[128];

	if (geteuid() != 0 || name == NULL || !user_is_name(name))
		return headers;
	snprintf(header, sizeof(header), USER_BEHALF ": %s", name);
	return curl_slist_append(headers, header);
}

/* One exchange ----------------------------------------------------------- */

static void
set_options(
    CURL *curl, const struct arguments *a, curl_write_callback write, void *arg)
{
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path(a));
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, arg);
}

/* The connection ended before the reply did. */
static bool
is_cut(CURLcode rc)
{
	return rc == CURLE_GOT_NOTHING || rc == CURLE_SEND_ERROR ||
	    rc == CURLE_RECV_ERROR || rc == CURLE_PARTIAL_FILE;
}

static void
judge(struct outcome *o, CURLcode rc, const char *path, const char *detail,
    bool is_post)
{
	if (rc == CURLE_COULDNT_CONNECT) {
		not_connected(o, path, find_why(path));
	} else if (rc == CURLE_OPERATION_TIMEDOUT) {
		outcome_set(o, EXIT_TIMED_OUT, "%s: no reply within %d s", path,
		    REPLY_TIMEOUT_S);
	} else if (is_cut(rc)) {
		o->is_away = true;
		o->may_again = !is_post && o->status == 0;
		outcome_set(o, EXIT_NO_DAEMON,
		    "%s: the daemon closed the connection before it replied, as at shutdown%s",
		    path,
		    is_post ? ": check whether it did what was requested" : "");
	} else if (rc != CURLE_OK) {
		outcome_set(o, EXIT_NO_DAEMON, "%s: %s", path,
		    *detail != '\0' ? detail : curl_easy_strerror(rc));
	}
}

/* body NULL is a GET.  What comes goes to write. */
static struct outcome
exchange_once(const struct arguments *a, const char *path, const char *body,
    curl_write_callback write, void *arg)
{
	char url[4096], detail[CURL_ERROR_SIZE] = "";
	struct outcome o = {.code = EXIT_DONE};
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	bool waits = wait_is_for(path);
	struct wait w = {0};
	CURLcode rc;

	if (curl == NULL) {
		outcome_set(&o, EXIT_NO_DAEMON, "libcurl cannot start");
		return o;
	}
	snprintf(url, sizeof(url), "http://localhost%s", path);
	set_options(curl, a, write, arg);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	if (waits)
		wait_begin(&w, socket_path(a), curl);
	else if (!(a->given & OPT_FOLLOW))
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)REPLY_TIMEOUT_S);
	if (body != NULL) {
		headers = curl_slist_append(
		    headers, "Content-Type: application/json");
		headers = add_behalf(headers);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	rc = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &o.status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	if (w.lost)
		outcome_set(&o, EXIT_TIMED_OUT,
		    "%s: no reply from the daemon: it is unknown whether this was done",
		    socket_path(a));
	else
		judge(&o, rc, socket_path(a), detail, body != NULL);
	return o;
}

/* Again, where the daemon cannot have seen it, and a GET of which nothing came:
 * that changes nothing. */
static struct outcome
exchange(const struct arguments *a, const char *path, const char *body,
    curl_write_callback write, void *arg)
{
	struct outcome o = exchange_once(a, path, body, write, arg);

	for (int i = 1; i < TRIES && o.may_again; i++)
		o = exchange_once(a, path, body, write, arg);
	return o;
}

void
reply_fini(struct reply *r)
{
	json_decref(r->json);
	vec_free(&r->text);
}

int
request(
    const struct arguments *a, const char *path, json_t *body, struct reply *r)
{
	char *text = body != NULL ? number_json(body, JSON_COMPACT) : NULL;
	struct outcome o;
	json_t *exit_code;

	memset(r, 0, sizeof(*r));
	json_decref(body);
	o = exchange(a, path, text, reply_collect, r);
	free(text);
	r->status = o.status;
	r->code = o.code;
	if (r->code != EXIT_DONE)
		return fail(r->code, "%s", o.why);
	if (r->text.n > 0)
		r->json = json_loadb(r->text.at, r->text.n, 0, NULL);
	if (!json_is_object(r->json))
		return r->code = fail(EXIT_NO_DAEMON,
			   "%s: the reply (status %ld) is not JSON",
			   socket_path(a), r->status);
	exit_code = json_object_get(r->json, "exit");
	if (json_is_integer(exit_code))
		r->code = (int)json_integer_value(exit_code);
	else if (r->status >= 400)
		r->code = EXIT_WRONG;
	if (a->given & OPT_JSON) {
		fwrite(r->text.at, 1, r->text.n, stdout);
		if (r->text.at[r->text.n - 1] != '\n')
			putchar('\n');
	} else if (json_object_get(r->json, "error") != NULL) {
		fail_text(r->code,
		    json_string_value(json_object_get(r->json, "error")));
	}
	return r->code;
}

bool
reply_shows(const struct arguments *a, const struct reply *r)
{
	return r->json != NULL && !(a->given & OPT_JSON) &&
	    json_object_get(r->json, "error") == NULL;
}

struct outcome
request_stream(const struct arguments *a, const char *path,
    curl_write_callback write, void *arg)
{
	return exchange(a, path, NULL, write, arg);
}

void
request_add(char *path, size_t size, const char *key, const char *value)
{
	size_t len = strlen(path);
	char *escaped;

	if (value == NULL)
		return;
	escaped = curl_easy_escape(NULL, value, 0);
	snprintf(path + len, size - len, "%c%s=%s",
	    strchr(path, '?') != NULL ? '&' : '?', key, escaped);
	curl_free(escaped);
}
