/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/request.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/number.h"
#include "base/user.h"
#include "client/wait.h"
#include "config.h"

enum { CONNECT_TIMEOUT_MS = 5000, REPLY_TIMEOUT_S = 120 };

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

static int
curl_exit_code(CURLcode rc)
{
	if (rc == CURLE_OPERATION_TIMEDOUT)
		return EXIT_TIMED_OUT;
	return EXIT_NO_DAEMON;
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

/* libcurl does not say why. */
static int
not_connected(const char *path)
{
	if (access(path, F_OK) == 0 && access(path, R_OK | W_OK) != 0)
		return fail(EXIT_NO_DAEMON,
		    "%s: %s: the control socket is for its owner and group "
		    "(server.control_read is for everyone)",
		    path, strerror(errno));
	return fail(EXIT_NO_DAEMON, "%s: no daemon listens there", path);
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

/* One exchange; body NULL is a GET.  What comes goes to write. */
static int
exchange(const struct arguments *a, const char *path, const char *body,
    curl_write_callback write, void *arg, long *status)
{
	char url[4096], detail[CURL_ERROR_SIZE] = "";
	struct curl_slist *headers = NULL;
	CURL *curl = curl_easy_init();
	bool waits = wait_is_for(path);
	struct wait w = {0};
	CURLcode rc;

	if (curl == NULL)
		return fail(EXIT_NO_DAEMON, "libcurl cannot start");
	snprintf(url, sizeof(url), "http://localhost%s", path);
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket_path(a));
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
	curl_easy_setopt(
	    curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_TIMEOUT_MS);
	if (waits)
		wait_begin(&w, socket_path(a), curl);
	else if (!(a->given & OPT_FOLLOW))
		curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)REPLY_TIMEOUT_S);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, write);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, arg);
	if (body != NULL) {
		headers = curl_slist_append(
		    headers, "Content-Type: application/json");
		headers = add_behalf(headers);
		curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
	}
	rc = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
	if (w.lost)
		return fail(EXIT_TIMED_OUT,
		    "%s: the daemon is silent: whether it did this is not "
		    "known",
		    socket_path(a));
	if (rc == CURLE_COULDNT_CONNECT)
		return not_connected(socket_path(a));
	if (rc != CURLE_OK)
		return fail(curl_exit_code(rc), "%s: %s", socket_path(a),
		    *detail != '\0' ? detail : curl_easy_strerror(rc));
	return EXIT_DONE;
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
	json_t *exit_code;

	memset(r, 0, sizeof(*r));
	json_decref(body);
	r->code = exchange(a, path, text, reply_collect, r, &r->status);
	free(text);
	if (r->code != EXIT_DONE)
		return r->code;
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

int
request_stream(const struct arguments *a, const char *path,
    curl_write_callback write, void *arg)
{
	long status = 0;

	return exchange(a, path, NULL, write, arg, &status);
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
