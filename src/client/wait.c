/* SPDX-License-Identifier: BSD-3-Clause */
#include "client/wait.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/clock.h"

enum { LOOK_MS = 1000, LOOK_TIMEOUT_MS = 5000, SILENT_MS = 120000 };

static const char *const paths[] = {"/v1/reload", "/v1/check", "/v1/prove",
    "/v1/promote", "/v1/rollback", "/v1/geoip_accept", "/v1/geoip_rollback",
    "/v1/drain", "/v1/undrain", "/v1/signal", "/v1/force_up",
    "/v1/force_up_end"};

bool
wait_is_for(const char *path)
{
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		if (strcmp(paths[i], path) == 0)
			return true;
	return false;
}

static const char *
text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text != NULL ? text : "";
}

static bool
is_same_lane(const json_t *a, const json_t *b)
{
	return strcmp(text_of(a, "lane"), text_of(b, "lane")) == 0;
}

/* The job of that process in a list, or NULL. */
static const json_t *
job_of(const json_t *list, long pid)
{
	const json_t *job;
	size_t i;

	json_array_foreach(list, i, job)
	{
		if (json_integer_value(json_object_get(job, "pid")) == pid)
			return job;
	}
	return NULL;
}

size_t
wait_text(
    const json_t *status, long pid, int64_t *before, char *text, size_t size)
{
	const json_t *jobs = json_object_get(status, "jobs");
	const json_t *waiting = json_object_get(jobs, "waiting");
	const json_t *running = json_object_get(jobs, "running");
	const json_t *own = job_of(waiting, pid), *job, *now = NULL;
	size_t i;
	int n;

	*before = 0;
	if (own == NULL)
		return 0;
	json_array_foreach(waiting, i, job)
	{
		if (job == own)
			break;
		*before += is_same_lane(job, own);
	}
	json_array_foreach(running, i, job)
	{
		if (is_same_lane(job, own))
			now = job;
	}
	n = snprintf(text, size,
	    "waiting: %s has been running for %lld s, %lld more ahead of this one",
	    now != NULL ? text_of(now, "name") : "nothing",
	    (long long)json_integer_value(json_object_get(now, "for_s")),
	    (long long)*before);
	return n > 0 ? (size_t)n : 0;
}

/* Looking -------------------------------------------------------------------
 */

struct body {
	VEC(char) text;
};

static size_t
collect(char *data, size_t size, size_t n, void *arg)
{
	struct body *b = arg;

	for (size_t i = 0; i < size * n; i++)
		vec_push(&b->text, data[i]);
	return size * n;
}

/* NULL: the daemon does not say. */
static json_t *
look(const char *socket)
{
	struct body b = {0};
	json_t *status = NULL;
	CURL *curl = curl_easy_init();

	if (curl == NULL)
		return NULL;
	curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, socket);
	curl_easy_setopt(curl, CURLOPT_URL, "http://localhost/v1/status");
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)LOOK_TIMEOUT_MS);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &b);
	if (curl_easy_perform(curl) == CURLE_OK)
		status = json_loadb(b.text.at, b.text.n, 0, NULL);
	curl_easy_cleanup(curl);
	vec_free(&b.text);
	return status;
}

/* What is wrong with the state directory may be why there is no reply. */
static void
tell_faults(const json_t *status)
{
	const json_t *fault;
	size_t i;

	json_array_foreach(json_object_get(status, "state"), i, fault)
	{
		fprintf(stderr, "meridianctl: waiting: %s\n",
		    json_string_value(fault));
	}
}

static int
on_progress(void *arg, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
	struct wait *w = arg;
	uint64_t now_ms = clock_mono_ms();
	int64_t before;
	char text[256];
	json_t *status;

	(void)a;
	(void)b;
	(void)c;
	(void)d;
	if (now_ms - w->looked_ms < LOOK_MS)
		return 0;
	status = look(w->socket);
	w->looked_ms = clock_mono_ms();
	if (status != NULL)
		w->heard_ms = w->looked_ms;
	w->lost = w->looked_ms - w->heard_ms > SILENT_MS;
	if (wait_text(status, getpid(), &before, text, sizeof(text)) > 0 &&
	    before != w->before) {
		fprintf(stderr, "meridianctl: %s\n", text);
		w->before = before;
	}
	if (!w->told && json_array_size(json_object_get(status, "state")) > 0) {
		tell_faults(status);
		w->told = true;
	}
	json_decref(status);
	return w->lost;
}

void
wait_begin(struct wait *w, const char *socket, CURL *curl)
{
	uint64_t now_ms = clock_mono_ms();

	*w = (struct wait){.socket = socket,
	    .looked_ms = now_ms,
	    .heard_ms = now_ms,
	    .before = -1};
	curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
	curl_easy_setopt(curl, CURLOPT_XFERINFODATA, w);
	curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
}
